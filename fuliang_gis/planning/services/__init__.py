"""Who reaches which service in what time, where further ones fit, what the sun yields (pure)."""
