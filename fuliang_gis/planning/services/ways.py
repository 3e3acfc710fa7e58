"""How long people are on the way over roads, on foot or by car, with legs off the road (pure).

Places are plane points (EPSG:4548 [m]), shape ``(n, 2)``; times are minutes.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import Literal

import numpy as np
import shapely
import shapely.ops
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from shapely.geometry.base import BaseGeometry

from fuliang_gis.geo import crs
from fuliang_gis.routing.graph import Floats, Ints, RoadGraph, road_graph
from fuliang_gis.routing.hierarchy import contraction_order
from fuliang_gis.routing.snapping import Snap, arrivals
from fuliang_gis.routing.travel import Travel

Mode = Literal["walk", "drive"]
MODES: dict[Mode, tuple[str, str]] = {"walk": ("步行", "on foot"), "drive": ("驾车", "by car")}

#: How wide a reached road is shown [m].
_SHOWN_M = 60.0
#: An outline is shown no finer than this [m].
_OUTLINE_M = 4.0


class Ways:
    """Times over one network in one mode; may be asked by several threads.

    Args:
        graph: The road network.
        mode: On foot every road is as fast, and none is one-way.
        walk_kmh: Speed on foot, off the road too [km/h].
        farthest_m: Whoever lives farther from every road has no way [m].
    """

    def __init__(self, graph: RoadGraph, mode: Mode, walk_kmh: float, farthest_m: float) -> None:
        self._graph = on_foot(graph, walk_kmh) if mode == "walk" else graph
        self._walk_m_per_min = walk_kmh * 1000 / 60
        self._farthest = farthest_m
        self._travel = Travel(self._graph)
        self._nodes = crs.to_plane(self._graph.lonlat)
        self._lock = Lock()

    def minutes(self, starts: Floats, goals: Floats) -> Floats:
        """Return the time of each way, shape ``(starts, goals)``; infinite where there is none.

        Who stands so near that the legs to the road are longer than the straight way goes straight.
        """
        if not len(starts) or not len(goals):
            return np.full((len(starts), len(goals)), np.inf)
        with self._lock:
            first, second = self._snapped(starts), self._snapped(goals)
            over_road = self._travel.seconds(first, second, walks=False) / 60
        legs = _offsets(first)[:, None] + _offsets(second)[None, :]
        straight = distances(starts, goals)
        by_road = over_road + legs / self._walk_m_per_min
        near = np.isfinite(legs) & (straight <= legs)
        directly = np.where(near, straight / self._walk_m_per_min, np.inf)
        return np.minimum(by_road, directly)

    def off_road(self, places: Floats) -> NDArray[np.bool_]:
        """Tell which places lie too far from every road."""
        with self._lock:
            return np.array([snap is None for snap in self._snapped(places)], dtype=np.bool_)

    def area(self, goals: Floats, limit_min: float, window: BaseGeometry) -> BaseGeometry:
        """Return, for show, the land along the roads from which a goal is reached in time.

        Only roads that begin or end inside a window are looked at.
        """
        if not len(goals):
            return shapely.Polygon()
        with self._lock:
            snaps = [snap for snap in self._snapped(goals) if snap is not None]
        west, south, east, north = window.bounds
        x, y = self._nodes.T
        inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
        among = inside[self._graph.tail] | inside[self._graph.head]
        lines = reached(self._graph, snaps, limit_min, self._walk_m_per_min, among)
        roads = shapely.buffer(np.array(lines, dtype=object), _SHOWN_M, quad_segs=3)
        disc = min(limit_min * self._walk_m_per_min, _SHOWN_M)
        places = np.array(shapely.points(goals), dtype=object)
        yards = shapely.buffer(places, disc, quad_segs=6)
        whole: BaseGeometry = shapely.union_all(np.concatenate([roads, yards]))
        return shapely.simplify(whole, _OUTLINE_M)

    def _snapped(self, places: Floats) -> list[Snap | None]:
        return self._travel.snap(crs.to_geographic(places), self._farthest)


def on_foot(graph: RoadGraph, walk_kmh: float) -> RoadGraph:
    """Return a network as people walk it: one speed, both ways, turns free."""
    edges = [replace(each, speed_kmh=walk_kmh, oneway=False) for each in graph.edges]
    made = road_graph(edges)
    alike = made.nodes == graph.nodes and np.array_equal(made.tail, graph.tail)
    kept = graph.order if alike and np.array_equal(made.head, graph.head) else None
    return replace(made, order=contraction_order(made) if kept is None else kept)


def distances(starts: Floats, goals: Floats) -> Floats:
    """Return straight distances [m], shape ``(starts, goals)``.

    >>> distances(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])).tolist()
    [[5.0]]
    """
    apart = starts[:, None, :] - goals[None, :, :]
    return np.asarray(np.hypot(apart[..., 0], apart[..., 1]))


def straight_minutes(starts: Floats, goals: Floats, kmh: float) -> Floats:
    """Return how long it would take as the crow flies, as maps without roads reckon."""
    return distances(starts, goals) * 60 / (kmh * 1000)


def reached(
    graph: RoadGraph,
    goals: list[Snap],
    limit_min: float,
    walk_m_per_min: float,
    among: NDArray[np.bool_] | None = None,
) -> list[BaseGeometry]:
    """Return the parts of roads (EPSG:4548) from which one of some goals is reached in time.

    ``among`` tells which arcs are looked at, shape ``(arcs,)``; None: all.
    """
    left = limit_min * 60 - _seconds_to(graph, goals, walk_m_per_min)
    looked_at = left[graph.head] > 0
    if among is not None:
        looked_at &= among
    arcs: list[int] = np.flatnonzero(looked_at).tolist()
    parts = [part for arc in arcs for part in _part(graph, arc, left)]
    for snap in goals:
        parts += _around(graph, snap, limit_min, walk_m_per_min)
    return parts


def _seconds_to(graph: RoadGraph, goals: list[Snap], walk_m_per_min: float) -> Floats:
    """Return the time from every node to the nearest goal [s]; infinite where there is no way."""
    sink, tails, costs = graph.nodes, [], []
    for snap in goals:
        leg = snap.offset_m / walk_m_per_min * 60
        for node, seconds in arrivals(graph, graph.seconds, snap):
            tails.append(node)
            costs.append(seconds + leg)
    tail = np.concatenate([graph.tail, np.array(tails, dtype=np.int64)])
    head = np.concatenate([graph.head, np.full(len(tails), sink, dtype=np.int64)])
    # A way without any length would be taken for none.
    cost = np.maximum(np.concatenate([graph.seconds, np.array(costs, dtype=np.float64)]), 1e-6)
    tail, head, cost = _quickest(tail, head, cost)
    backwards = coo_array((cost, (head, tail)), shape=(sink + 1, sink + 1)).tocsr()
    found = dijkstra(backwards, indices=np.array([sink]))
    return np.asarray(found[0, :sink])


def _quickest(tail: Ints, head: Ints, cost: Floats) -> tuple[Ints, Ints, Floats]:
    """Keep one arc of those between the same nodes: sparse matrices would add them up."""
    order = np.lexsort((cost, head, tail))
    tail, head, cost = tail[order], head[order], cost[order]
    first = np.ones(len(tail), dtype=np.bool_)
    first[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
    return tail[first], head[first], cost[first]


def _part(graph: RoadGraph, arc: int, left: Floats) -> list[BaseGeometry]:
    """Return the end of an arc from which its head is reached with time to spare."""
    share = min(float(left[graph.head[arc]]) / float(graph.seconds[arc]), 1.0)
    backward = bool(graph.backward[arc])
    start, end = (0.0, share) if backward else (1 - share, 1.0)
    return _stretch(graph, int(graph.edge[arc]), start, end)


def _around(
    graph: RoadGraph, snap: Snap, limit_min: float, walk_m_per_min: float
) -> list[BaseGeometry]:
    """Return the stretch of its own road from which a goal is reached in time."""
    edge = graph.edges[snap.edge]
    spare = limit_min - snap.offset_m / walk_m_per_min
    reach = spare * edge.speed_kmh * 1000 / 60 / edge.metres
    if reach <= 0:
        return []
    ahead = snap.share if edge.oneway else min(snap.share + reach, 1.0)
    return _stretch(graph, snap.edge, max(snap.share - reach, 0.0), ahead)


def _stretch(graph: RoadGraph, edge: int, start: float, end: float) -> list[BaseGeometry]:
    line = shapely.LineString(crs.to_plane(graph.edges[edge].line))
    if end - start >= 1 - 1e-9:
        return [line]
    if end - start <= 1e-9:
        return []
    return [shapely.ops.substring(line, start, end, normalized=True)]


def _offsets(snaps: list[Snap | None]) -> Floats:
    return np.array([np.inf if snap is None else snap.offset_m for snap in snaps])
