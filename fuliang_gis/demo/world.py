"""The invented county as one frozen whole: villages, hamlets, relief, roads, houses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from fuliang_gis.demo.houses import House, house_slots
from fuliang_gis.demo.settlements import Hamlet, Site, hamlets, peopled
from fuliang_gis.geo import crs
from fuliang_gis.geo.landscape import Landscape
from fuliang_gis.roads.edges import Edge, road_edges
from fuliang_gis.roads.invented import Place, Plan, plan_roads
from fuliang_gis.roads.mesh import Settlement

Array = NDArray[np.float64]
Progress = Callable[[str], None]

HOUSEHOLDS = 76_304
POPULATION = 262_000
ROAD_KM = 4_000
#: Rounding the corners shortens a planned network by about this part.
_CORNERS = 1.033


@dataclass(frozen=True)
class Town:
    """A township and its seat on the plane of EPSG:4548."""

    code: str
    name: str
    x: float
    y: float


@dataclass(frozen=True)
class World:
    """Everything that the layers of the demo county are drawn from; plane coordinates [m]."""

    seed: int
    sites: Sequence[Site]
    towns: Sequence[Town]
    hamlets: Sequence[Hamlet]
    landscape: Landscape
    edges: Sequence[Edge]
    houses: Sequence[Sequence[House]]

    def rng(self, layer: int) -> np.random.Generator:
        """Return a generator of a layer's own, so that layers do not disturb each other."""
        return np.random.default_rng([self.seed, layer])

    def site(self, hamlet: int) -> Site:
        """Return the village of a hamlet."""
        return self.sites[self.hamlets[hamlet].site]

    @cached_property
    def rural(self) -> list[int]:
        """Numbers of the villages proper, without communities and farms."""
        return [n for n, site in enumerate(self.sites) if site.kind == "village"]

    @cached_property
    def hamlets_of(self) -> list[list[int]]:
        """Hamlet numbers of each village, the committee's first."""
        found: list[list[int]] = [[] for _ in self.sites]
        for number, hamlet in enumerate(self.hamlets):
            found[hamlet.site].append(number)
        return found

    def nearest_village(self, town: Town) -> int:
        """Return the number of the township's village proper that lies nearest to its seat."""
        own = [n for n in self.rural if self.sites[n].township == town.code]
        far = [np.hypot(self.sites[n].x - town.x, self.sites[n].y - town.y) for n in own]
        return own[int(np.argmin(far))]

    def around(
        self, hamlet: int, near: float, far: float, count: int, rng: np.random.Generator
    ) -> Array:
        """Return up to ``count`` random points of the village between two distances [m].

        Points keep away from the village's border; the hamlet itself stands in when none fits.
        """
        place = self.hamlets[hamlet]
        angle, reach = rng.uniform(0, 2 * np.pi, count), rng.uniform(near, far, count)
        offsets = np.column_stack([np.cos(angle) * reach, np.sin(angle) * reach])
        points = offsets + np.array([place.x, place.y])
        inner = self._inner[place.site]
        fitting = points[shapely.contains_xy(inner, points[:, 0], points[:, 1])]
        return np.asarray(fitting if len(fitting) else np.array([[place.x, place.y]]))

    @cached_property
    def _inner(self) -> list[BaseGeometry]:
        inner: list[BaseGeometry] = [site.polygon.buffer(-30) for site in self.sites]
        shapely.prepare(inner)
        return inner


def build_world(
    sites: Sequence[Site], towns: Sequence[Town], outline: BaseGeometry, seed: int, say: Progress
) -> World:
    """Invent a county for real divisions (plane EPSG:4548); the same seed gives the same county."""
    rng = np.random.default_rng([seed, 0])
    seats = np.array([[town.x, town.y] for town in towns])
    landscape = Landscape.seeded(rng, outline.bounds, seats)
    homes = peopled(sites, HOUSEHOLDS, POPULATION, rng)
    clusters = hamlets(homes, landscape.height, rng)
    say(f"已布置 {len(clusters)} 个自然村（示意）")
    plan = plan_roads(
        outline, _places(homes, clusters, towns), landscape.height, ROAD_KM * _CORNERS, rng
    )
    edges = road_edges(plan, landscape.mountainous)
    length = sum(edge.length_m for edge in edges) / 1000
    say(f"已生成道路 {len(edges)} 段，共 {length:.0f} 公里（示意）")
    houses = _houses(homes, clusters, plan, rng)
    return World(seed, homes, towns, clusters, landscape, edges, houses)


def _places(
    sites: Sequence[Site], clusters: Sequence[Hamlet], towns: Sequence[Town]
) -> list[Place]:
    return [
        *(
            Place(
                cluster.settlement,
                sites[cluster.site].spoken if cluster.main else cluster.name,
                sites[cluster.site].spoken,
                Place.VILLAGE if cluster.main else Place.HAMLET,
            )
            for cluster in clusters
        ),
        *(Place(Settlement(t.x, t.y, 1, 0.0), t.name[:-1], t.name, Place.TOWN) for t in towns),
    ]


def _houses(
    sites: Sequence[Site], clusters: Sequence[Hamlet], plan: Plan, rng: np.random.Generator
) -> list[list[House]]:
    polygons = [sites[cluster.site].polygon for cluster in clusters]
    wanted = [cluster.households for cluster in clusters]
    return house_slots(plan, polygons, wanted, rng)


def geographic(points: Array) -> Array:
    """Return lon/lat of plane points, rounded to about a decimetre."""
    return np.round(crs.to_geographic(np.atleast_2d(points)), 6)
