"""Where a place lies in the tile grid, worked out by pyproj and not by the code under test."""

from __future__ import annotations

from fractions import Fraction

from pyproj import Transformer

from fuliang_gis.cartography.grid import TileAddress

_TO_MERCATOR = Transformer.from_crs(4490, 3857, always_xy=True)
_HALF_WORLD_M = 20_037_508.342789244


def position(lon: float, lat: float, z: int) -> tuple[Fraction, Fraction]:
    """Return how many tiles a place lies east and south of the grid's corner at a zoom level."""
    east, north = _TO_MERCATOR.transform(lon, lat)
    tile = Fraction(2 * _HALF_WORLD_M) / 2**z
    across = (Fraction(east) + Fraction(_HALF_WORLD_M)) / tile
    down = (Fraction(_HALF_WORLD_M) - Fraction(north)) / tile
    return across, down


def tile_at(lon: float, lat: float, z: int) -> TileAddress:
    """Return the tile that holds a place."""
    across, down = position(lon, lat, z)
    return TileAddress(z, int(across), int(down))
