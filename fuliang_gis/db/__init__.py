"""The database: base, connections, acting context, upgrades, guards, the embedded PostGIS."""
