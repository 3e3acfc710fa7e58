"""A planar mesh over the county on which invented roads run: paths that meet share a junction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import Delaunay, cKDTree
from shapely.geometry.base import BaseGeometry

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]

#: Distance between mesh points in open country [m].
SPACING = 270.0
#: Distance between junctions of lanes in a settlement [m].
LANE = 46.0
#: Following an existing road costs this part of a new one.
_REUSE = 0.3


@dataclass(frozen=True)
class Settlement:
    """A place to be reached: plane centre [m], how many lane junctions it has, direction [rad]."""

    x: float
    y: float
    junctions: int
    direction: float


@dataclass(frozen=True)
class Reach:
    """Cost, predecessor and nearest source of every point, each of shape ``(points,)``."""

    cost: Array
    before: Numbers
    source: Numbers


@dataclass(frozen=True, eq=False)
class Meeting:
    """The way between the points ``a`` < ``b``, found from both ends, meeting on ``edge``."""

    a: int
    b: int
    cost: float
    edge: int
    reach: Reach


@dataclass
class Mesh:
    """Points [m] shape ``(n, 2)``, undirected edges ``(m, 2)``, and the settlement of each point.

    ``settlement`` is -1 in open country; the first ``len(settlements)`` points are their centres.
    """

    points: Array
    edges: Numbers
    settlement: Numbers
    cost: Array
    length: Array
    _graph: csr_array = field(init=False)
    _slots: Numbers = field(init=False)
    _edge_of: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.points)
        both = np.concatenate([self.edges, self.edges[:, ::-1]])
        keys = both[:, 0] * count + both[:, 1]
        order = np.argsort(keys)
        slots = np.empty(len(keys), dtype=np.int64)
        slots[order] = np.arange(len(keys))
        starts = np.searchsorted(both[order][:, 0], np.arange(count + 1))
        weights = np.concatenate([self.cost, self.cost])[order]
        self._graph = csr_array((weights, both[order][:, 1], starts), shape=(count, count))
        self._slots = slots.reshape(2, -1)
        numbers = np.tile(np.arange(len(self.edges)), 2)
        self._edge_of = dict(zip(keys.tolist(), numbers.tolist(), strict=True))

    def reuse(self, edges: Sequence[int]) -> None:
        """Make edges that carry a road cheap, so that later roads join them."""
        chosen = np.asarray(edges, dtype=np.int64)
        self._graph.data[self._slots[:, chosen].ravel()] = np.tile(self.cost[chosen] * _REUSE, 2)

    def reach(self, sources: Numbers) -> Reach:
        """Go from many points to every point, each from the nearest one."""
        cost, before, source = dijkstra(
            self._graph, indices=sources, return_predecessors=True, min_only=True
        )
        return Reach(np.asarray(cost), before.astype(np.int64), source.astype(np.int64))

    def meetings(self, sources: Numbers) -> list[Meeting]:
        """Return the cheapest way between sources whose surroundings touch, cheapest first."""
        reach = self.reach(sources)
        a, b = self.edges.T
        pairs = np.sort(reach.source[self.edges], axis=1)
        cost = reach.cost[a] + reach.cost[b] + self.cost
        touching = np.flatnonzero((pairs[:, 0] != pairs[:, 1]) & np.isfinite(cost))
        order = touching[np.argsort(cost[touching], kind="stable")]
        _, first = np.unique(pairs[order], axis=0, return_index=True)
        chosen = order[np.sort(first)]
        return [
            Meeting(int(pairs[edge, 0]), int(pairs[edge, 1]), float(cost[edge]), edge, reach)
            for edge in chosen.tolist()
        ]

    def apart(self, meeting: Meeting) -> float:
        """Return the straight distance between the ends of a meeting [m]."""
        return float(np.hypot(*(self.points[meeting.a] - self.points[meeting.b])))

    def way(self, meeting: Meeting) -> list[int]:
        """Return the edges of a meeting's way."""
        a, b = self.edges[meeting.edge].tolist()
        before = meeting.reach.before
        return [*self.path(before, a)[::-1], meeting.edge, *self.path(before, b)]

    def path(self, before: Numbers, target: int) -> list[int]:
        """Return the edges from a target back to the source of ``before``."""
        found = []
        node, count = target, len(self.points)
        while (previous := int(before[node])) >= 0:
            found.append(self._edge_of[previous * count + node])
            node = previous
        return found


def build(
    outline: BaseGeometry,
    settlements: Sequence[Settlement],
    height: Callable[[Array], Array],
    rng: np.random.Generator,
) -> Mesh:
    """Lay a mesh over an outline (EPSG:4548), denser in settlements."""
    points, settlement = _points(outline, settlements, rng)
    edges = _edges(points, outline)
    ends = points[edges]
    length = np.hypot(*(ends[:, 0] - ends[:, 1]).T)
    rise = np.abs(np.diff(height(points)[edges], axis=1)[:, 0])
    cost = length * (1 + np.minimum((rise / length / 0.07) ** 2, 30))
    return Mesh(points, edges, settlement, cost, length)


def _points(
    outline: BaseGeometry, settlements: Sequence[Settlement], rng: np.random.Generator
) -> tuple[Array, Numbers]:
    centres = np.array([[place.x, place.y] for place in settlements])
    dense = [_lanes(place, rng) for place in settlements]
    owner = np.repeat(np.arange(len(settlements)), [len(part) for part in dense])
    inner = np.concatenate(dense)
    nearest, distance = _nearest(centres, inner)
    kept = (nearest == owner) & (distance > LANE / 2) & _inside(outline, inner)
    inner, owner = inner[kept], owner[kept]
    taken = np.concatenate([centres, inner])
    open_country = _open(outline, rng)
    open_country = open_country[_nearest(taken, open_country)[1] > SPACING * 0.45]
    everywhere = np.concatenate([taken, open_country])
    free = np.full(len(open_country), -1)
    return everywhere, np.concatenate([np.arange(len(settlements)), owner, free])


def _nearest(targets: Array, points: Array) -> tuple[Numbers, Array]:
    distance, number = cKDTree(targets).query(points)
    return np.asarray(number, dtype=np.int64), np.asarray(distance)


def _inside(outline: BaseGeometry, points: Array) -> NDArray[np.bool_]:
    shapely.prepare(outline)
    return np.asarray(shapely.contains_xy(outline, points[:, 0], points[:, 1]))


def _lanes(place: Settlement, rng: np.random.Generator) -> Array:
    """Return lane junctions: the nearest points of a loose, turned lattice, longer than wide."""
    side = int(np.ceil(np.sqrt(place.junctions))) + 2
    x, y = np.meshgrid(np.arange(-side, side + 1), np.arange(-side, side + 1))
    lattice = np.column_stack([x.ravel(), y.ravel()]).astype(float)
    lattice += rng.uniform(-0.27, 0.27, lattice.shape)
    ragged = np.hypot(lattice[:, 0] / 1.4, lattice[:, 1]) + rng.uniform(0, 1.1, len(lattice))
    chosen = lattice[np.argsort(ragged)[: place.junctions]] * LANE
    c, s = np.cos(place.direction), np.sin(place.direction)
    return np.asarray(chosen @ np.array([[c, s], [-s, c]]) + (place.x, place.y))


def _open(outline: BaseGeometry, rng: np.random.Generator) -> Array:
    west, south, east, north = outline.bounds
    x, y = np.meshgrid(np.arange(west, east, SPACING), np.arange(south, north, SPACING))
    points = np.column_stack([x.ravel(), y.ravel()])
    points += rng.uniform(-0.4, 0.4, points.shape) * SPACING
    return points[_inside(outline, points)]


def _edges(points: Array, outline: BaseGeometry) -> Numbers:
    corners = Delaunay(points).simplices
    sides = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    edges = np.unique(np.sort(sides, axis=1), axis=0).astype(np.int64)
    inside = shapely.contains_properly(outline, shapely.linestrings(points[edges]))
    length = np.hypot(*(points[edges[:, 0]] - points[edges[:, 1]]).T)
    return np.asarray(edges[inside & (length < SPACING * 3)])
