"""The one module that knows the contraction hierarchy: shortest travel times by RoutingKit's CCH.

Prepared once for a graph; other weights (a closed road, a slow zone) only customise it anew. Kept
this small so that another method can take its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import routingkit_cch as kit
from numpy.typing import NDArray

from fuliang_gis.routing.graph import Floats, Ints, RoadGraph
from fuliang_gis.routing.labels import Labels, Ways, tree_of

#: Weights are whole milliseconds; this many mean that an arc cannot be driven at all.
CLOSED: Final = 2_147_483_647

#: Tables of so many times are worth the labels.
LARGE = 20_000


@dataclass(frozen=True)
class Found:
    """A shortest path: seconds over roads, and the arcs it takes."""

    seconds: float
    arcs: tuple[int, ...]


def contraction_order(graph: RoadGraph) -> Ints:
    """Compute in which order nodes are contracted, which takes most of the time to prepare one."""
    tail, head, lonlat = graph.tail.tolist(), graph.head.tolist(), graph.lonlat
    found = kit.compute_order_inertial(
        graph.nodes, tail, head, lonlat[:, 1].tolist(), lonlat[:, 0].tolist()
    )
    return np.array(found, dtype=np.int64)


class Hierarchy:
    """Shortest paths over one graph under one set of weights at a time; not for several threads."""

    def __init__(self, graph: RoadGraph, seconds: Floats | None = None) -> None:
        """Prepare the graph; ``seconds`` (arcs,) replace the graph's own, infinite means closed."""
        self.graph = graph
        tail, head = graph.tail.tolist(), graph.head.tolist()
        self._order = contraction_order(graph) if graph.order is None else graph.order
        self._cch = kit.CCH(self._order.tolist(), tail, head, filter_always_inf_arcs=False)
        self._metric = kit.CCHMetric(self._cch, _weights(graph, seconds))
        self._seconds = seconds
        self._labels: Labels | None = None

    def customise(self, seconds: Floats | None = None) -> None:
        """Take other weights [s] (arcs,); infinite means closed, None the graph's own."""
        self._metric.reset(_weights(self.graph, seconds))
        self._seconds, self._labels = seconds, None

    def seconds(self, starts: Sequence[Ways], goals: Sequence[Ways]) -> Floats:
        """Return travel times (starts, goals) [s]; infinite where there is no way.

        Each start is a set of nodes with the seconds it takes to reach them, each goal a set of
        nodes with the seconds from there. Large tables come from labels, small ones from sweeps.
        """
        if len(starts) * len(goals) >= LARGE:
            if self._labels is None:
                given = self.graph.seconds if self._seconds is None else self._seconds
                self._labels = Labels(tree_of(self.graph, self._order), given)
            return self._labels.seconds(starts, goals)
        table = np.full((len(starts), len(goals)), np.inf)
        nodes, costs, first = _flattened(goals)
        if not len(nodes):
            return table
        sweep = kit.CCHOneToMany(self._metric, nodes)
        filled = np.flatnonzero(np.diff(np.append(first, len(nodes))) > 0)
        for row, ways in enumerate(starts):
            if not ways:
                continue
            reached = sweep.distances_from_multi([(node, _ms(cost)) for node, cost in ways])
            # What cannot be reached is None, which becomes no number and never the least.
            to_node = np.array(reached, dtype=np.float64)
            to_node *= 0.001
            to_node += costs
            table[row, filled] = np.fmin.reduceat(to_node, first[filled])
        table[np.isnan(table)] = np.inf
        return table

    def path(self, start: Ways, goal: Ways) -> Found | None:
        """Return the shortest path, or None where there is no way."""
        if not start or not goal:
            return None
        query = kit.CCHQuery(self._metric)
        found = query.run_multi(
            [(node, _ms(cost)) for node, cost in start], [(node, _ms(cost)) for node, cost in goal]
        )
        if found.distance is None:
            return None
        return Found(found.distance / 1000, tuple(found.arc_path))


def _weights(graph: RoadGraph, seconds: Floats | None) -> list[int]:
    given = graph.seconds if seconds is None else seconds
    if len(given) != graph.arcs or np.isnan(given).any() or (given < 0).any():
        raise ValueError("weights must be one number of seconds an arc, none of them negative")
    milliseconds: NDArray[np.int64] = np.full(graph.arcs, CLOSED, dtype=np.int64)
    open_ = np.isfinite(given)
    milliseconds[open_] = np.rint(given[open_] * 1000).astype(np.int64)
    return [int(each) for each in milliseconds]


def _flattened(goals: Sequence[Ways]) -> tuple[list[int], Floats, Ints]:
    """Return all goal nodes in a row, their costs, and where each goal's begin."""
    nodes = [node for ways in goals for node, _ in ways]
    costs = np.array([cost for ways in goals for _, cost in ways])
    counts = np.array([len(ways) for ways in goals], dtype=np.int64)
    return nodes, costs, np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
