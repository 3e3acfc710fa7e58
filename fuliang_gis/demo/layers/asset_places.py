"""Where assets lie: roads on the network, bases in the fields, the rest about the hamlets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.demo.rows import point
from fuliang_gis.demo.world import World, geographic
from fuliang_gis.geo import crs

#: Distances from the hamlet [m] by category.
_REACH = {
    "drinking_water": (60.0, 700.0),
    "irrigation": (150.0, 1100.0),
    "industry_base": (200.0, 1200.0),
    "pv": (200.0, 800.0),
    "tourism": (80.0, 600.0),
    "livestock": (5.0, 70.0),
}
_ABOUT = (20.0, 160.0)


@dataclass(frozen=True)
class AssetPlaces:
    """The world, and for each village the village roads and tracks that lie inside it."""

    world: World
    roads: list[list[shapely.LineString]]

    @classmethod
    def of(cls, world: World) -> AssetPlaces:
        """Sort roads of 150 m to 2.5 km into the villages that hold them whole."""
        lines = [
            edge.geom
            for edge in world.edges
            if edge.road_class in {"unclassified", "track", "tertiary"}
            and 150 < edge.length_m < 2500
        ]
        polygons = [crs.reproject(s.polygon, crs.PLANE, crs.GEOGRAPHIC) for s in world.sites]
        inside, village = shapely.STRtree(polygons).query(lines, predicate="covered_by")
        roads: list[list[shapely.LineString]] = [[] for _ in polygons]
        for line, number in zip(inside.tolist(), village.tolist(), strict=True):
            roads[number].append(lines[line])
        return cls(world, roads)

    def place(
        self, kind: str, noun: str, village: int, hamlet: int, rng: np.random.Generator
    ) -> BaseGeometry:
        """Return an asset's geometry, EPSG:4490."""
        if kind == "road" and not noun.endswith("桥") and self.roads[village]:
            return self.roads[village][int(rng.integers(len(self.roads[village])))]
        near, far = _REACH.get(kind, _ABOUT)
        spot = self.world.around(hamlet, near, far, 16, rng)[0]
        if noun.endswith("基地"):
            field = _field(spot, rng)
            if self.world.sites[village].polygon.buffer(-5).covers(field):
                return shapely.Polygon(geographic(shapely.get_coordinates(field)))
        return point(geographic(spot)[0])


def _field(middle: np.ndarray, rng: np.random.Generator) -> shapely.Polygon:
    """Return a patch of four to seven corners, 0.3 to 4 ha, on the plane."""
    corners = int(rng.integers(4, 8))
    angle = np.sort(rng.uniform(0, 0.7, corners) + np.arange(corners)) * 2 * np.pi / corners
    radius = rng.uniform(35, 120) * rng.uniform(0.75, 1.15, corners)
    ring = middle + radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return shapely.Polygon(ring)
