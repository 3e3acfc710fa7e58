"""Spatial planning and asset management for a county."""

__version__ = "0.1.0"
