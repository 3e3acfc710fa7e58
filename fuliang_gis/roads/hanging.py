"""How a road graph hangs together: islands, dead one-ways, what lies off the main network (pure).

The main network is the largest part in which every place can be driven to and back, turn
restrictions kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from fuliang_gis.geo import crs
from fuliang_gis.routing.graph import Floats, Ints, RoadGraph

Flags = NDArray[np.bool_]

#: What a road is to the main network: part of it, on an island, or by a one-way into nowhere.
MAIN: Final = 0
ISLAND: Final = 1
TRAP: Final = 2


@dataclass(frozen=True)
class Part:
    """Roads that hang together: how many, how long [km], and a place to look at (lon/lat)."""

    edges: int
    kilometres: float
    place: tuple[float, float]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Nearness:
    """For each of many places: metres to the nearest road [m], that road, what it is (MAIN…)."""

    metres: Floats
    edge: Ints
    standing: NDArray[np.int8]


class Hanging:
    """One graph's parts.

    Args:
        graph: The road network; it has at least one edge.
    """

    def __init__(self, graph: RoadGraph) -> None:
        self.graph = graph
        self._component = _pieces([(e.from_node, e.to_node) for e in graph.edges])
        self._kilometres = np.array([e.metres for e in graph.edges]) / 1000

    @cached_property
    def standing(self) -> NDArray[np.int8]:
        """What each edge is to the main network."""
        found = np.full(len(self.graph.edges), ISLAND, dtype=np.int8)
        on_main_land = self._component == self._component[self._main_edge]
        found[on_main_land] = TRAP
        found[on_main_land & self._come_and_go] = MAIN
        return found

    @property
    def components(self) -> int:
        """Into how many pieces the network falls, one-ways aside."""
        return int(self._component.max()) + 1

    @property
    def share(self) -> float:
        """Part of the network's length that is the main network's (0–1)."""
        return float(self._kilometres[self.standing == MAIN].sum() / self._kilometres.sum())

    def islands(self) -> list[Part]:
        """Return the pieces that no road joins to the main network, longest first."""
        return self._parts(self.standing == ISLAND)

    def traps(self) -> list[Part]:
        """Return roads that one cannot both get to and leave, by one-ways or restrictions."""
        return self._parts(self.standing == TRAP)

    def nearest(self, lonlat: Floats) -> Nearness:
        """Find the road nearest to each place (n, 2), lon/lat EPSG:4490, on the plane."""
        if not len(lonlat):
            return Nearness(np.empty(0), np.empty(0, np.int64), np.empty(0, np.int8))
        points = np.atleast_1d(np.asarray(shapely.points(crs.to_plane(lonlat))))
        (given, found), metres = self._tree.query_nearest(
            points, return_distance=True, all_matches=False
        )
        edge = np.empty(len(points), dtype=np.int64)
        apart = np.empty(len(points))
        edge[given], apart[given] = found, metres
        return Nearness(apart, edge, self.standing[edge])

    @cached_property
    def _tree(self) -> shapely.STRtree:
        counts = [len(e.line) for e in self.graph.edges]
        on_plane = crs.to_plane(np.concatenate([e.line for e in self.graph.edges]))
        owner = np.repeat(np.arange(len(counts)), counts)
        return shapely.STRtree(
            np.atleast_1d(np.asarray(shapely.linestrings(on_plane, indices=owner)))
        )

    @cached_property
    def _main_edge(self) -> int:
        """Any edge of the main network."""
        graph, parts = self.graph, self.graph.parts()
        inside = parts[graph.tail] == parts[graph.head]
        lengths = np.bincount(
            parts[graph.tail], np.where(inside, graph.metres, 0.0), int(parts.max()) + 1
        )
        if lengths.max() == 0:
            return int(np.argmax(self._kilometres))
        main = int(lengths.argmax())
        return int(graph.edge[np.flatnonzero(inside & (parts[graph.tail] == main))[0]])

    @cached_property
    def _come_and_go(self) -> Flags:
        """Tell for each edge whether one gets to it from the main network and back from it."""
        graph = self.graph
        shape = (graph.nodes, graph.nodes)
        links = coo_array((np.ones(graph.arcs), (graph.tail, graph.head)), shape=shape)
        start = int(graph.tail[np.flatnonzero(graph.edge == self._main_edge)[0]])
        reached, leaving = np.zeros(graph.nodes, bool), np.zeros(graph.nodes, bool)
        forward = links.tocsr()
        reached[breadth_first_order(forward, start, return_predecessors=False)] = True
        backward = links.T.tocsr()
        leaving[breadth_first_order(backward, start, return_predecessors=False)] = True
        count = len(graph.edges)
        come = np.bincount(graph.edge, reached[graph.tail], count) > 0
        go = np.bincount(graph.edge, leaving[graph.head], count) > 0
        return np.asarray(come & go, dtype=np.bool_)

    def _parts(self, chosen: Flags) -> list[Part]:
        edges = np.flatnonzero(chosen)
        if not len(edges):
            return []
        graph = self.graph
        roads = [graph.edges[i] for i in edges.tolist()]
        part = _pieces([(road.from_node, road.to_node) for road in roads])
        grouped = [edges[part == number] for number in range(int(part.max()) + 1)]
        return sorted((self._part(each) for each in grouped), key=lambda p: -p.kilometres)

    def _part(self, edges: Sequence[int] | Ints) -> Part:
        longest = self.graph.edges[int(max(edges, key=lambda i: self._kilometres[i]))]
        lon, lat = longest.line[len(longest.line) // 2]
        named = dict.fromkeys(
            name for i in edges if (name := self.graph.edges[int(i)].name) is not None
        )
        return Part(
            len(edges),
            float(self._kilometres[np.asarray(edges)].sum()),
            (round(float(lon), 6), round(float(lat), 6)),
            tuple(named)[:3],
        )


def _pieces(ends: Sequence[tuple[int, int]]) -> Ints:
    """Number the piece that each edge belongs to, by the junctions at its ends."""
    names, numbers = np.unique(np.array(ends, dtype=np.int64).ravel(), return_inverse=True)
    pairs = numbers.reshape(-1, 2)
    links = coo_array((np.ones(len(pairs)), pairs.T), shape=(len(names), len(names)))
    return np.asarray(connected_components(links, directed=False)[1][pairs[:, 0]], dtype=np.int64)
