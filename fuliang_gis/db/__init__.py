"""The database: declarative base, connections, acting context, schema upgrades, the embedded PostGIS."""
