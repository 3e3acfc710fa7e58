"""An address outside the grid must be refused before any statement runs."""

from __future__ import annotations

import pytest

from fuliang_gis.cartography.grid import CELL_LEVEL, MAX_ZOOM, TileAddress
from fuliang_gis.errors import BadRequest
from tests.cartography.places import position


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


@pytest.mark.parametrize("address", [TileAddress(0, 0, 0), TileAddress(9, 422, 212)])
def test_cells_of_four_tiles_are_those_of_the_one_above(address: TileAddress) -> None:
    """The cells of a tile's quarters must follow each other without a gap, and fill the tile."""
    z, x, y = address.z + 1, 2 * address.x, 2 * address.y
    quarters = sorted(TileAddress(z, x + i, y + j).cells for i in (0, 1) for j in (0, 1))
    assert [first for first, _ in quarters[1:]] == [behind for _, behind in quarters[:-1]]
    assert (quarters[0][0], quarters[-1][1]) == address.cells


def test_grid_has_its_number_of_cells() -> None:
    """The whole world must hold each cell once."""
    assert TileAddress(0, 0, 0).cells == (0, 4**CELL_LEVEL)


def test_box_has_the_corners_of_the_tile() -> None:
    """The box must be the tile's, worked out by pyproj too."""
    west, south, east, north = TileAddress(14, 13526, 6793).box
    corners = [
        float(each) for place in ((west, north), (east, south)) for each in position(*place, 14)
    ]
    assert corners == pytest.approx([13526, 6793, 13527, 6794], abs=1e-6)
