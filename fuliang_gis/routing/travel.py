"""Travel between places over roads: times, paths with their geometry, and what is unreachable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fuliang_gis.routing.graph import Floats, RoadGraph
from fuliang_gis.routing.hierarchy import Hierarchy
from fuliang_gis.routing.snapping import Snap, Snapper, along_one_edge, arrivals, departures


@dataclass(frozen=True)
class Stretch:
    """A part of one edge that a path drives: from ``start`` to ``end`` of its length (0–1).

    With ``end`` before ``start`` it is driven against the way it is drawn.
    """

    edge: int
    start: float
    end: float


@dataclass(frozen=True)
class Leg:
    """The way from one place to another: driving [s], [m], the walks at its ends [s], stretches."""

    driving_seconds: float
    metres: float
    walk_from_seconds: float
    walk_to_seconds: float
    stretches: tuple[Stretch, ...]

    @property
    def seconds(self) -> float:
        """The whole time [s]."""
        return self.driving_seconds + self.walk_from_seconds + self.walk_to_seconds


class Travel:
    """Travel over one graph, under weights that may change: closed edges and slow ones.

    Args:
        graph: The road network.
    """

    def __init__(self, graph: RoadGraph) -> None:
        self.graph = graph
        self._seconds = graph.seconds
        self._hierarchy = Hierarchy(graph)
        self._snapper = Snapper(graph)

    def hinder(self, factors: Mapping[int, float]) -> None:
        """Multiply the time along edges, by edge id; infinite closes one. Replaces what was before.

        Raises:
            ValueError: A factor is not positive.
        """
        if any(not factor > 0 for factor in factors.values()):
            raise ValueError("a factor of travel time must be positive")
        by_edge = np.ones(len(self.graph.edges))
        for edge_id, factor in factors.items():
            if edge_id in self.graph.index_of:
                by_edge[self.graph.index_of[edge_id]] = factor
        self._seconds = self.graph.seconds * by_edge[self.graph.edge]
        self._hierarchy.customise(self._seconds)

    def snap(self, lonlat: Floats, farthest_m: float = np.inf) -> list[Snap | None]:
        """Snap places (n, 2), lon/lat EPSG:4490, to their nearest roads."""
        return self._snapper.snap(lonlat, farthest_m)

    def seconds(
        self, starts: Sequence[Snap | None], goals: Sequence[Snap | None], *, walks: bool = True
    ) -> Floats:
        """Return travel times (starts, goals) [s]; infinite where there is no way.

        Args:
            walks: Add the walks from the first place to the road and from the road to the second.
        """
        table = self._hierarchy.seconds(
            [departures(self.graph, self._seconds, snap) for snap in starts],
            [arrivals(self.graph, self._seconds, snap) for snap in goals],
        )
        self._shorten_along_edges(table, starts, goals)
        if walks:
            table += np.array([snap.walk_seconds if snap else 0.0 for snap in starts])[:, None]
            table += np.array([snap.walk_seconds if snap else 0.0 for snap in goals])[None, :]
        return table

    def leg(self, start: Snap, goal: Snap) -> Leg | None:
        """Return the way between two places, or None where there is none.

        From a place to itself nobody drives, whatever is closed.
        """
        if start == goal:
            return Leg(0.0, 0.0, start.walk_seconds, goal.walk_seconds, ())
        direct = along_one_edge(self.graph, self._seconds, start, goal)
        found = self._hierarchy.path(
            departures(self.graph, self._seconds, start), arrivals(self.graph, self._seconds, goal)
        )
        if found is None and np.isinf(direct):
            return None
        if found is None or direct <= found.seconds:
            seconds = direct
            stretches: tuple[Stretch, ...] = (Stretch(start.edge, start.share, goal.share),)
        else:
            seconds, stretches = found.seconds, self._stretches(start, found.arcs, goal)
        metres = sum(
            abs(part.end - part.start) * self.graph.edges[part.edge].metres for part in stretches
        )
        return Leg(seconds, metres, start.walk_seconds, goal.walk_seconds, stretches)

    def _shorten_along_edges(
        self, table: Floats, starts: Sequence[Snap | None], goals: Sequence[Snap | None]
    ) -> None:
        # Places at the same road need not go round by its ends.
        by_edge: dict[int, list[int]] = {}
        for column, snap in enumerate(goals):
            if snap is not None:
                by_edge.setdefault(snap.edge, []).append(column)
        for row, start in enumerate(starts):
            for column in by_edge.get(start.edge, ()) if start is not None else ():
                goal = goals[column]
                assert start is not None  # noqa: S101  # Narrows for the type checkers.
                assert goal is not None  # noqa: S101
                direct = along_one_edge(self.graph, self._seconds, start, goal)
                table[row, column] = min(table[row, column], direct)

    def _stretches(self, start: Snap, arcs: tuple[int, ...], goal: Snap) -> tuple[Stretch, ...]:
        graph = self.graph
        whole = [
            Stretch(int(graph.edge[arc]), *((1.0, 0.0) if graph.backward[arc] else (0.0, 1.0)))
            for arc in arcs
        ]
        first_node = graph.tail[arcs[0]] if arcs else None
        parts = [self._out_of(start, first_node, goal), *whole, self._into(goal, arcs, start)]
        return tuple(part for part in parts if part.start != part.end)

    def _out_of(self, start: Snap, node: int | None, goal: Snap) -> Stretch:
        """Return the stretch from a place to the node that its path goes on from."""
        ends = {end: int(self.graph.head[arc]) for end, arc in self._first_arcs(start)}
        if node is None:
            node = self._meeting(start, goal)
        end = next(end for end, head in ends.items() if head == node)
        return Stretch(start.edge, start.share, end)

    def _into(self, goal: Snap, arcs: tuple[int, ...], start: Snap) -> Stretch:
        node = int(self.graph.head[arcs[-1]]) if arcs else self._meeting(start, goal)
        for backward, begin in ((False, 0.0), (True, 1.0)):
            for arc in self.graph.arcs_of.get((goal.edge, backward), ()):
                if int(self.graph.tail[arc]) == node and np.isfinite(self._seconds[arc]):
                    return Stretch(goal.edge, begin, goal.share)
        raise AssertionError("a path ends at its goal's edge")

    def _first_arcs(self, start: Snap) -> list[tuple[float, int]]:
        found = []
        for backward, end in ((False, 1.0), (True, 0.0)):
            found += [(end, a) for a in self.graph.arcs_of.get((start.edge, backward), ())[:1]]
        return found

    def _meeting(self, start: Snap, goal: Snap) -> int:
        """Return the node at which two neighbouring edges' places meet most quickly."""
        out = dict(departures(self.graph, self._seconds, start))
        into = dict(arrivals(self.graph, self._seconds, goal))
        return min(out.keys() & into.keys(), key=lambda node: out[node] + into[node])
