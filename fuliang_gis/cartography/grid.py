"""The Web Mercator tile grid (EPSG:3857, row 0 in the north)."""

from __future__ import annotations

from dataclasses import dataclass

from fuliang_gis.errors import BadRequest

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
