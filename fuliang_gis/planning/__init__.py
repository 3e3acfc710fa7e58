"""Village layout plans (村庄规划): land-use codes, parcels, checks and tables."""
