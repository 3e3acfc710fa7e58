"""The command line: ``./fuliang …``."""
