"""The land of an invented village: where its roads, river, houses and fields lie (pure)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from shapely.geometry.base import BaseGeometry

from fuliang_gis.demo.plans.faces import Array, points_of
from fuliang_gis.demo.world import World
from fuliang_gis.geo import crs

#: Half the width of a road with its verges [m], by class.
HALF_WIDTHS = {
    "trunk": 8.0,
    "primary": 7.0,
    "secondary": 5.0,
    "tertiary": 4.0,
    "unclassified": 2.6,
    "track": 2.0,
}
#: Half the width of the river [m].
_RIVER = 7.0
#: Mesh of the ground that the river looks for its bed on [m].
_MESH = 90.0
#: How far fields reach from the houses [m].
_FIELDS = 440.0
#: How far the fringe reaches from the houses' yards [m].
_FRINGE = 48.0


@dataclass(frozen=True)
class Place:
    """A hamlet: its middle, and its houses, one a household, shape ``(households, 2)``."""

    name: str
    middle: tuple[float, float]
    houses: Array
    people: int


@dataclass(frozen=True)
class Land:
    """A village before it is cut into parcels.

    Roads (strips by class) lie on the river, it on the cores, they inside the fringe, that inside
    the fields; they may reach beyond the outline. ``height`` gives metres above the sea at points
    ``(n, 2)``.
    """

    outline: BaseGeometry
    places: Sequence[Place]
    roads: dict[str, BaseGeometry]
    river: BaseGeometry
    cores: BaseGeometry
    fringe: BaseGeometry
    fields: BaseGeometry
    height: Callable[[Array], Array]


def land_of(world: World, number: int) -> Land:
    """Return the land of a village of the invented county."""
    site = world.sites[number]
    places = [_place(world, hamlet) for hamlet in world.hamlets_of[number]]
    houses = np.concatenate([place.houses for place in places])
    yards = shapely.union_all(shapely.buffer(points_of(houses), 15, quad_segs=3))
    cores = shapely.simplify(yards.buffer(9).buffer(-10), 2.5)
    fringe = shapely.simplify(cores.buffer(_FRINGE, quad_segs=4), 2.5)
    fields = shapely.simplify(cores.buffer(_FIELDS, quad_segs=4), 2.5)
    height = world.landscape.height
    river = _river(site.polygon, houses, height)
    roads = _roads(world, site.polygon)
    return Land(site.polygon, places, roads, river, cores, fringe, fields, height)


def _place(world: World, hamlet: int) -> Place:
    found = world.hamlets[hamlet]
    houses = np.array(world.houses[hamlet], dtype=np.float64).reshape(-1, 2)
    return Place(found.name, (found.x, found.y), houses, found.population)


def _roads(world: World, outline: BaseGeometry) -> dict[str, BaseGeometry]:
    lines = np.array([edge.geom for edge in world.edges], dtype=object)
    near = shapely.STRtree(lines).query(
        crs.reproject(outline, crs.PLANE, crs.GEOGRAPHIC), predicate="intersects"
    )
    placed = shapely.simplify(shapely.transform(lines[near], crs.to_plane), 0.8)
    classes = np.array([world.edges[index].road_class for index in near])
    return {
        name: shapely.union_all(shapely.buffer(placed[classes == name], half, quad_segs=2))
        for name, half in HALF_WIDTHS.items()
        if (classes == name).any()
    }


def _river(outline: BaseGeometry, houses: Array, height: Callable[[Array], Array]) -> BaseGeometry:
    """Return a river that runs along the lowest ground, from end to end and past the houses."""
    west, south, east, north = outline.bounds
    across = np.arange(west, east + _MESH, _MESH)
    along = np.arange(south, north + _MESH, _MESH)
    points = np.stack(np.meshgrid(across, along), axis=-1).reshape(-1, 2)
    shape = (len(along), len(across))
    heights = height(points)
    near = np.asarray(
        shapely.STRtree(points_of(houses)).query_nearest(
            points_of(points), return_distance=True, all_matches=False
        )[1]
    )
    cost = np.exp((heights - heights.min()) / 60) + 6 * np.exp(-((near / 70) ** 2))
    within = shapely.contains_xy(outline, points[:, 0], points[:, 1])
    inside = np.flatnonzero(within)
    end = int(inside[np.argmin(heights[inside])])
    far = np.hypot(*(points - points[end]).T)
    start = int(inside[np.argmax(far[inside] - heights[inside])])
    _, before = dijkstra(_mesh(shape, cost), indices=np.array([end]), return_predecessors=True)
    bed = [start]
    while bed[-1] != end:
        bed.append(int(before[0, bed[-1]]))
    course = shapely.LineString(_rounded(points[bed]))
    return course.buffer(_RIVER, quad_segs=2)


def _mesh(shape: tuple[int, int], cost: Array) -> csr_matrix:
    numbers = np.arange(shape[0] * shape[1]).reshape(shape)
    pairs = [
        (numbers[:, :-1], numbers[:, 1:], 1.0),
        (numbers[:-1], numbers[1:], 1.0),
        (numbers[:-1, :-1], numbers[1:, 1:], 2**0.5),
        (numbers[:-1, 1:], numbers[1:, :-1], 2**0.5),
    ]
    starts = np.concatenate([a.ravel() for a, _, _ in pairs])
    ends = np.concatenate([b.ravel() for _, b, _ in pairs])
    steps = np.concatenate([np.full(a.size, step) for a, _, step in pairs])
    weights = steps * (cost[starts] + cost[ends])
    size = numbers.size
    return csr_matrix(
        (
            np.tile(weights, 2),
            (np.concatenate([starts, ends]), np.concatenate([ends, starts])),
        ),
        shape=(size, size),
    )


def _rounded(points: NDArray[np.float64]) -> Array:
    """Cut the corners of a line three times (Chaikin); its ends stay."""
    for _ in range(3 if len(points) > 2 else 0):
        a, b = points[:-1], points[1:]
        cut = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], cut[1:-1], points[-1:]])
    return shapely.get_coordinates(shapely.simplify(shapely.LineString(points), 1.5))
