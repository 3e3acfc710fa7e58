"""The Web Mercator tile grid (EPSG:3857, row 0 in the north)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fuliang_gis.errors import BadRequest

#: Level of the cells that locations are filed under (``Location.tile_cell``).
CELL_LEVEL = 30
#: Deepest zoom level served; a tile of 512 pixels is then drawn at 7 centimetres a pixel.
MAX_ZOOM = 20


@dataclass(frozen=True)
class TileAddress:
    """One tile of the grid.

    Raises:
        BadRequest: The grid has no such tile.
    """

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        if not 0 <= self.z <= MAX_ZOOM:
            raise BadRequest(reason=f"瓦片级别须在 0 到 {MAX_ZOOM} 之间")
        if not (0 <= self.x < 2**self.z and 0 <= self.y < 2**self.z):
            raise BadRequest(reason=f"第 {self.z} 级没有瓦片 {self.x}/{self.y}")

    @property
    def params(self) -> dict[str, object]:
        """The address as statement parameters."""
        return {"z": self.z, "x": self.x, "y": self.y}

    @property
    def cells(self) -> tuple[int, int]:
        """The first cell of the tile, and the first behind it.

        Cells are numbered along a Z-shaped curve, so that those of any tile follow each other.
        """
        size = 1 << cell_shift(self.z)
        first = (_spread(self.x) | _spread(self.y) << 1) * size
        return first, first + size

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north (EPSG:4490) [degrees]."""
        west, east = (self._longitude(self.x + side) for side in (0, 1))
        north, south = (self._latitude(self.y + side) for side in (0, 1))
        return west, south, east, north

    def _longitude(self, column: int) -> float:
        return float(column / 2**self.z * 360 - 180)

    def _latitude(self, row: int) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / 2**self.z))))


def cell_shift(z: int) -> int:
    """Return by how many bits a cell's number is longer than that of its tile of a level."""
    return 2 * (CELL_LEVEL - z)


def _spread(number: int) -> int:
    """Put a zero bit before each bit."""
    return int(f"{number:b}", 4)
