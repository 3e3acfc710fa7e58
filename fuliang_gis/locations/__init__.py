"""Locations: everything the county looks after that has a place, in typed layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fuliang_gis.locations.frames import read_layer

__all__ = ["read_layer"]


def __getattr__(name: str) -> object:
    """Give ``read_layer`` when asked for; pandas would otherwise cost each start of the service."""
    if name != "read_layer":
        raise AttributeError(name)
    from fuliang_gis.locations import frames

    return frames.read_layer
