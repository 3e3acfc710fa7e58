"""The road graph: directed arcs between nodes, with turn restrictions built in (pure).

A node where turning is restricted is split for the arc that the restriction names: the arc then
leads to a copy of the node from which only the allowed arcs go on. So a shortest path needs no
memory of where it came from, and any method for plain graphs respects the restrictions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RoadEdge:
    """One road between two junctions, as drawn from ``from_node`` to ``to_node``.

    ``line`` holds its places, lon/lat (EPSG:4490), shape (points, 2); ``speed_kmh`` may differ
    backwards; ``oneway`` closes the way back.
    """

    id: int
    from_node: int
    to_node: int
    metres: float
    speed_kmh: float
    line: Floats
    oneway: bool = False
    name: str | None = None
    road_class: str = "unclassified"


@dataclass(frozen=True)
class Turn:
    """A restriction at a junction: after ``from_edge``, ``to_edge`` is forbidden.

    With ``only``, every other way than ``to_edge`` is.
    """

    from_edge: int
    via_node: int
    to_edge: int
    only: bool = False


@dataclass(frozen=True)
class RoadGraph:
    """Arcs as parallel arrays; node numbers start at 0.

    ``lonlat`` has shape (nodes, 2); ``tail``, ``head``, ``edge`` (index into ``edges``),
    ``backward`` and ``metres``, ``seconds`` have shape (arcs,). Nodes from ``junctions`` on are
    copies that stand for a junction reached by a restricted arc. ``order`` is the nodes' order of
    contraction, where somebody has computed it: it depends on the graph alone, not on times.
    """

    edges: tuple[RoadEdge, ...]
    lonlat: Floats
    tail: Ints
    head: Ints
    edge: Ints
    backward: NDArray[np.bool_]
    metres: Floats
    seconds: Floats
    junctions: int
    order: Ints | None = None

    @property
    def nodes(self) -> int:
        """Number of nodes, copies included."""
        return len(self.lonlat)

    @property
    def arcs(self) -> int:
        """Number of arcs."""
        return len(self.tail)

    @cached_property
    def index_of(self) -> Mapping[int, int]:
        """Index of each edge by its id."""
        return {each.id: index for index, each in enumerate(self.edges)}

    @cached_property
    def arcs_of(self) -> Mapping[tuple[int, bool], tuple[int, ...]]:
        """Arcs by (edge index, backward); copies of one arc share the key."""
        found: dict[tuple[int, bool], list[int]] = {}
        keys = zip(self.edge.tolist(), self.backward.tolist(), strict=True)
        for arc, key in enumerate(keys):
            found.setdefault(key, []).append(arc)
        return {key: tuple(arcs) for key, arcs in found.items()}

    def parts(self) -> Ints:
        """Number each node's part of the network; one part means that all can be reached."""
        ends = (self.tail, self.head)
        links = coo_array((np.ones(self.arcs), ends), shape=(self.nodes, self.nodes))
        return np.asarray(connected_components(links, connection="strong")[1], dtype=np.int64)


class _Growing:
    """Arcs and nodes while restrictions are built in."""

    def __init__(self, junctions: int) -> None:
        self.tail: list[int] = []
        self.head: list[int] = []
        self.edge: list[int] = []
        self.backward: list[bool] = []
        self.place = list(range(junctions))
        self.leaving: dict[int, list[int]] = {}
        self.along: dict[int, list[int]] = {}

    def add(self, tail: int, head: int, edge: int, *, backward: bool) -> None:
        arc = len(self.tail)
        self.tail.append(tail)
        self.head.append(head)
        self.edge.append(edge)
        self.backward.append(backward)
        self.leaving.setdefault(tail, []).append(arc)
        self.along.setdefault(edge, []).append(arc)

    def copy_of(self, node: int) -> int:
        self.place.append(node)
        return len(self.place) - 1


def road_graph(edges: Sequence[RoadEdge], turns: Iterable[Turn] = ()) -> RoadGraph:
    """Build the graph of a network.

    Raises:
        ValueError: An edge has no length or speed, or fewer than two places.
    """
    for each in edges:
        if each.metres <= 0 or each.speed_kmh <= 0 or len(each.line) < 2:
            raise ValueError(f"edge {each.id} has no length, speed or line")
    names = sorted({node for each in edges for node in (each.from_node, each.to_node)})
    number = {name: index for index, name in enumerate(names)}
    places = np.zeros((len(names), 2))
    grown = _Growing(len(names))
    for index, each in enumerate(edges):
        a, b = number[each.from_node], number[each.to_node]
        places[a], places[b] = each.line[0], each.line[-1]
        for tail, head, backward in ((a, b, False), (b, a, True))[: 1 if each.oneway else 2]:
            grown.add(tail, head, index, backward=backward)
    _restrict(grown, edges, number, turns)
    edge = np.array(grown.edge, dtype=np.int64)
    metres = np.array([each.metres for each in edges])[edge]
    speeds = np.array([each.speed_kmh for each in edges])[edge]
    return RoadGraph(
        tuple(edges),
        places[grown.place],
        np.array(grown.tail, dtype=np.int64),
        np.array(grown.head, dtype=np.int64),
        edge,
        np.array(grown.backward, dtype=np.bool_),
        metres,
        metres / speeds * 3.6,
        len(names),
    )


def _restrict(
    grown: _Growing, edges: Sequence[RoadEdge], number: Mapping[int, int], turns: Iterable[Turn]
) -> None:
    index = {each.id: position for position, each in enumerate(edges)}
    by_arrival: dict[tuple[int, int], list[Turn]] = {}
    for turn in turns:
        known = turn.from_edge in index and turn.to_edge in index and turn.via_node in number
        if known:
            key = (index[turn.from_edge], number[turn.via_node])
            by_arrival.setdefault(key, []).append(turn)
    for (edge, via), found in by_arrival.items():
        allowed = [a for a in grown.leaving[via] if _allowed(grown.edge[a], found, index)]
        copy = grown.copy_of(via)
        # Copies of the arc that an earlier restriction made arrive here as well.
        for arc in [a for a in grown.along[edge] if grown.head[a] == via]:
            grown.head[arc] = copy
        for arc in allowed:
            grown.add(copy, grown.head[arc], grown.edge[arc], backward=grown.backward[arc])


def _allowed(edge: int, turns: Sequence[Turn], index: Mapping[int, int]) -> bool:
    required = {index[turn.to_edge] for turn in turns if turn.only}
    forbidden = {index[turn.to_edge] for turn in turns if not turn.only}
    return edge not in forbidden and (not required or edge in required)
