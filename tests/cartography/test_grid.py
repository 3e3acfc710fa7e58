"""An address outside the grid must be refused before any statement runs."""

from __future__ import annotations

import pytest

from fuliang_gis.cartography.grid import MAX_ZOOM, TileAddress
from fuliang_gis.errors import BadRequest


@pytest.mark.parametrize(
    ("z", "x", "y"),
    [(-1, 0, 0), (MAX_ZOOM + 1, 0, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0), (3, 0, -1), (0, 1, 0)],
)
def test_refused_outside_the_grid(z: int, x: int, y: int) -> None:
    """There must be no such tile."""
    with pytest.raises(BadRequest):
        TileAddress(z, x, y)


@pytest.mark.parametrize(("z", "x", "y"), [(0, 0, 0), (3, 7, 7), (MAX_ZOOM, 2**MAX_ZOOM - 1, 0)])
def test_taken_inside_the_grid(z: int, x: int, y: int) -> None:
    """The grid's corners must be served."""
    assert TileAddress(z, x, y).params == {"z": z, "x": x, "y": y}
