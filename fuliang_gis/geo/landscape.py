"""An invented relief: low in the south-west, mountains to the north and east, seats in valleys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from fuliang_gis.geo.noise import SmoothField

Array = NDArray[np.float64]

#: Reach of the lowland around a seat [m].
_BASIN = 3500.0


@dataclass(frozen=True)
class Landscape:
    """A seeded height field over the plane of EPSG:4548.

    ``west``, ``south`` and ``size`` [m] place the rise towards the north-east; ``basins`` are the
    plane points of the seats, shape ``(seats, 2)``.
    """

    west: float
    south: float
    size: float
    basins: Array
    ridges: SmoothField
    hills: SmoothField

    @classmethod
    def seeded(
        cls, rng: np.random.Generator, bounds: tuple[float, float, float, float], basins: Array
    ) -> Landscape:
        """Draw a landscape over bounds (west, south, east, north) [m]."""
        west, south, east, north = bounds
        ridges = SmoothField.seeded(rng, 9000.0, octaves=2)
        hills = SmoothField.seeded(rng, 2600.0, octaves=3)
        return cls(west, south, max(east - west, north - south), basins, ridges, hills)

    def mountainous(self, points: Array) -> Array:
        """Return how far up the mountains points lie, from 0 (lowland) to 1."""
        east = (points[:, 0] - self.west) / self.size
        north = (points[:, 1] - self.south) / self.size
        rise = np.clip(0.15 + 0.75 * east + 0.55 * north, 0.05, 1.0)
        near = np.asarray(cKDTree(self.basins).query(points)[0])
        return np.asarray(rise * (1 - 0.75 * np.exp(-((near / _BASIN) ** 2))))

    def height(self, points: Array) -> Array:
        """Return heights above the sea [m] at plane points [m], shape ``(n, 2)``."""
        ridge = 1 - np.tanh(np.abs(self.ridges(points)) * 1.4)
        rough = 330 * ridge + 90 * self.hills(points)
        share = self.mountainous(points)
        return np.asarray(np.maximum(30 + 420 * share**2 + share * (rough + 60), 25))

    def slope(self, points: Array, step: float = 60.0) -> tuple[Array, Array]:
        """Return the slope [m/m] and the direction it faces [degrees from north, clockwise]."""
        across, along = np.array([step, 0.0]), np.array([0.0, step])
        east = self.height(points + across) - self.height(points - across)
        north = self.height(points + along) - self.height(points - along)
        facing = np.degrees(np.arctan2(-east, -north)) % 360
        return np.hypot(east, north) / (2 * step), facing
