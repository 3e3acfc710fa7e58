"""Village plans in and out of files (pure): what is written can be read back as the same plan."""
