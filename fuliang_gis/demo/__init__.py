"""The demo county: invented, deterministic by seed, and true to the county's published figures."""
