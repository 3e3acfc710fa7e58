"""How the county's data is drawn: vector tiles, symbols and the configuration of the maps."""
