"""A plausible year of inspections for the demo county: invented, by seed and day."""
