"""Locations: everything the county looks after that has a place, in typed layers."""
