"""Pure geometry: coordinate systems, measures, validity, invented boundaries; no database."""
