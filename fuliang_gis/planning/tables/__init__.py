"""Tables of a plan (pure): every number comes from parcels, to the last digit."""
