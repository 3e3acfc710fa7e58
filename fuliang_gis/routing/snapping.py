"""Places beside roads: the nearest one, where along it, on which side, the walk to it (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely

from fuliang_gis.geo import crs
from fuliang_gis.routing.graph import Floats, RoadGraph
from fuliang_gis.routing.labels import Ways

#: How fast people walk from the road to a location [m/s].
WALKING = 1.2

Side = Literal["left", "right"]


@dataclass(frozen=True)
class Snap:
    """A place at a road: ``share`` of the edge's length from its first end (0–1).

    ``offset_m`` is the way from the road to the place [m], ``side`` where it lies as the edge is
    drawn, ``place`` where one leaves the road (lon/lat, EPSG:4490).
    """

    edge: int
    share: float
    offset_m: float
    side: Side
    place: tuple[float, float]

    @property
    def walk_seconds(self) -> float:
        """Time on foot from the road to the place, one way [s]."""
        return self.offset_m / WALKING


class Snapper:
    """Finds the road nearest to places, on the plane (EPSG:4548)."""

    def __init__(self, graph: RoadGraph) -> None:
        self.graph = graph
        counts = [len(each.line) for each in graph.edges]
        on_plane = crs.to_plane(np.concatenate([each.line for each in graph.edges]))
        owner = np.repeat(np.arange(len(counts)), counts)
        self._lines = np.atleast_1d(np.asarray(shapely.linestrings(on_plane, indices=owner)))
        self._tree = shapely.STRtree(self._lines)

    def snap(self, lonlat: Floats, farthest_m: float = np.inf) -> list[Snap | None]:
        """Snap places (n, 2), lon/lat EPSG:4490; None where no road lies within so many metres."""
        if not len(lonlat):
            return []
        points = np.atleast_1d(np.asarray(shapely.points(crs.to_plane(lonlat))))
        nearest = np.full(len(points), -1)
        wanted = None if np.isinf(farthest_m) else farthest_m
        (given, found) = self._tree.query_nearest(points, max_distance=wanted, all_matches=False)
        nearest[given] = found
        return [
            None if edge < 0 else self._snapped(int(edge), point)
            for edge, point in zip(nearest, points, strict=True)
        ]

    def _snapped(self, edge: int, point: shapely.Point) -> Snap:
        line = self._lines[edge]
        along = float(shapely.line_locate_point(line, point))
        foot = shapely.line_interpolate_point(line, along)
        length = float(shapely.length(line))
        (lon, lat) = crs.to_geographic(np.array([[foot.x, foot.y]]))[0]
        return Snap(
            edge,
            min(max(along / length, 0.0), 1.0),
            float(shapely.distance(point, foot)),
            _side(line, along, point),
            (float(lon), float(lat)),
        )


def _side(line: shapely.LineString, along: float, point: shapely.Point) -> Side:
    step = min(1.0, line.length / 2)
    a = line.interpolate(max(along - step, 0.0))
    b = line.interpolate(min(along + step, line.length))
    cross = (b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x)
    return "left" if cross > 0 else "right"


def departures(graph: RoadGraph, seconds: Floats, snap: Snap | None) -> Ways:
    """Return the nodes that can be reached first from a snapped place, with the seconds to them."""
    if snap is None:
        return ()
    return [
        (int(graph.head[arc]), share * float(seconds[arc]))
        for backward, share in ((False, 1 - snap.share), (True, snap.share))
        # All copies of an arc lead to the same node.
        for arc in graph.arcs_of.get((snap.edge, backward), ())[:1]
        if np.isfinite(seconds[arc])
    ]


def arrivals(graph: RoadGraph, seconds: Floats, snap: Snap | None) -> Ways:
    """Return the nodes from which a snapped place is reached last, with the seconds from them."""
    if snap is None:
        return ()
    return [
        (int(graph.tail[arc]), share * float(seconds[arc]))
        for backward, share in ((False, snap.share), (True, 1 - snap.share))
        for arc in graph.arcs_of.get((snap.edge, backward), ())
        if np.isfinite(seconds[arc])
    ]


def along_one_edge(graph: RoadGraph, seconds: Floats, start: Snap, goal: Snap) -> float:
    """Return the seconds along the road that both places lie at; infinite at different ones."""
    if start.edge != goal.edge:
        return float(np.inf)
    backward = goal.share < start.share
    arcs: Sequence[int] = graph.arcs_of.get((start.edge, backward), ())
    return abs(goal.share - start.share) * float(seconds[arcs[0]]) if arcs else float(np.inf)
