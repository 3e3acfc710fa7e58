"""Carrying data out of the service and into it."""
