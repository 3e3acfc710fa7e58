"""Large tables of travel times by labels on the elimination tree of a road network (pure).

When junctions are taken out of a network one after the other, each leaving its neighbours joined,
every shortest path passes over a junction that comes above both its ends in the tree of who was
left. So a place needs only the times to and from the junctions above it, a few dozen; the time
between two places is the least sum over those that both have. Whole blocks of a table share a
junction, and arithmetic on blocks is quick. After "Hierarchical 2-Hop" labels (Ouyang et al. 2018)
with the weights of customisable contraction hierarchies (Dibbelt, Strasser, Wagner 2016).
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fuliang_gis.routing.graph import Floats, Ints, RoadGraph

#: A node with what it costs [s] to get from a start to it, or from it to a goal.
Ways = Sequence[tuple[int, float]]


@dataclass(frozen=True)
class Tree:
    """What depends on the network alone.

    ``head`` are the junctions above, node by node from ``first`` on. ``arcs`` tells which of these
    links each arc is, and whether upwards; ``triangles`` are (to a, to b, from a to b) by links, in
    the order in which they must be settled. Nodes under ``node`` have numbers (``place``) from its
    own on, ``size`` of them.
    """

    first: Ints
    head: Ints
    parent: Ints
    depth: Ints
    place: Ints
    size: Ints
    links: Ints
    upwards: NDArray[np.bool_]
    triangles: tuple[tuple[Ints, Ints, Ints], ...]

    @property
    def height(self) -> int:
        """Return the greatest number of nodes on a way from a root down."""
        return int(self.depth.max()) + 1


def tree_of(graph: RoadGraph, order: Ints) -> Tree:
    """Return a network's tree, taking nodes out in this order; kept while the graph is."""
    global _kept
    if _kept is None or _kept[0]() is not graph:
        _kept = (weakref.ref(graph), _built(graph, order))
    return _kept[1]


_kept: tuple[weakref.ref[RoadGraph], Tree] | None = None


def _built(graph: RoadGraph, order: Ints) -> Tree:
    nodes, sequence = graph.nodes, order.tolist()
    rank = np.empty(nodes, dtype=np.int64)
    rank[order] = np.arange(nodes)
    ranks = rank.tolist()
    above: list[set[int]] = [set() for _ in range(nodes)]
    for a, b in zip(graph.tail.tolist(), graph.head.tolist(), strict=True):
        if a != b:
            low, high = (a, b) if ranks[a] < ranks[b] else (b, a)
            above[low].add(high)
    parent = [-1] * nodes
    for node in sequence:
        if above[node]:
            up = parent[node] = min(above[node], key=ranks.__getitem__)
            above[up] |= above[node]
            above[up].discard(up)
    ordered = [sorted(each, key=ranks.__getitem__) for each in above]
    first = np.concatenate([[0], np.cumsum([len(each) for each in ordered])]).astype(np.int64)
    starts = first.tolist()
    link = [{up: starts[node] + n for n, up in enumerate(ups)} for node, ups in enumerate(ordered)]
    size, depth, place = _numbered(sequence, parent)
    upwards = rank[graph.tail] < rank[graph.head]
    links = [
        link[a if up else b].get(b if up else a, -1)
        for a, b, up in zip(graph.tail.tolist(), graph.head.tolist(), upwards.tolist(), strict=True)
    ]
    return Tree(
        first,
        np.array([up for ups in ordered for up in ups], dtype=np.int64),
        np.array(parent, dtype=np.int64),
        depth,
        place,
        size,
        np.array(links, dtype=np.int64),
        upwards,
        tuple(_triangles(sequence, parent, ordered, link)),
    )


def _numbered(sequence: list[int], parent: list[int]) -> tuple[Ints, Ints, Ints]:
    """Return the size under each node, its depth, and its number from above."""
    size, depth, place = [1] * len(parent), [0] * len(parent), [0] * len(parent)
    for node in sequence:
        if parent[node] >= 0:
            size[parent[node]] += size[node]
    free = [0] * (len(parent) + 1)
    for node in reversed(sequence):
        # Roots are numbered under a last node that is none.
        place[node] = free[parent[node]]
        free[parent[node]] += size[node]
        free[node] = place[node] + 1
        depth[node] = depth[parent[node]] + 1 if parent[node] >= 0 else 0
    return np.array(size), np.array(depth), np.array(place)


def _triangles(
    sequence: list[int], parent: list[int], above: list[list[int]], link: list[dict[int, int]]
) -> list[tuple[Ints, Ints, Ints]]:
    height = [0] * len(parent)
    by_height: list[list[tuple[int, int, int]]] = []
    for node in sequence:
        if height[node] == len(by_height):
            by_height.append([])
        ups, own = above[node], link[node]
        by_height[height[node]] += [
            (own[a], own[b], link[a][b]) for n, a in enumerate(ups) for b in ups[n + 1 :]
        ]
        if parent[node] >= 0:
            height[parent[node]] = max(height[parent[node]], height[node] + 1)
    settled = (np.array(each, dtype=np.int64).reshape(-1, 3).T for each in by_height if each)
    return [(a, b, across) for a, b, across in settled]


class Labels:
    """Travel times over one network under one set of weights."""

    def __init__(self, tree: Tree, seconds: Floats) -> None:
        """Settle what the links take; ``seconds`` (arcs,) may be infinite."""
        self.tree = tree
        self._up = np.full(len(tree.head), np.inf)
        self._down = np.full(len(tree.head), np.inf)
        for weights, those in ((self._up, tree.upwards), (self._down, ~tree.upwards)):
            arcs = np.flatnonzero(those & (tree.links >= 0))
            np.minimum.at(weights, tree.links[arcs], seconds[arcs])
        for a, b, across in tree.triangles:
            np.minimum.at(self._up, across, self._down[a] + self._up[b])
            np.minimum.at(self._down, across, self._down[b] + self._up[a])

    def seconds(self, starts: Sequence[Ways], goals: Sequence[Ways]) -> Floats:
        """Return travel times (starts, goals) [s]; infinite where there is no way."""
        rows, columns = _Side(self.tree, self._up, starts), _Side(self.tree, self._down, goals)
        table = np.full((len(rows.node), len(columns.node)), np.inf)
        if table.size:
            self._fill(table, rows, columns)
        return columns.joined(rows.joined(table).T).T

    def _fill(self, table: Floats, rows: _Side, columns: _Side) -> None:
        """Let every junction offer its sums to all that have it above them on both sides."""
        tree = self.tree
        shared = np.intersect1d(rows.above, columns.above)
        ends = tree.place[shared] + tree.size[shared]
        spans = [
            np.searchsorted(tree.place[side.node], edge)
            for side in (rows, columns)
            for edge in (tree.place[shared], ends)
        ]
        depths = tree.depth[shared]
        for top, bottom, left, right, depth in zip(
            *(span.tolist() for span in spans), depths.tolist(), strict=True
        ):
            block = table[top:bottom, left:right]
            sums = rows.times[depth, top:bottom, None] + columns.times[depth, None, left:right]
            np.minimum(block, sums, out=block)


class _Side:
    """Starts, or goals, each with the times to all junctions above it.

    ``node`` is in the order of the tree; ``times`` has shape (depth, nodes). A place between two
    junctions, one above the other, takes one row; else it takes several, ``owner`` of which it is.
    """

    def __init__(self, tree: Tree, weights: Floats, given: Sequence[Ways]) -> None:
        self._number = len(given)
        rows: list[tuple[int, int, float]] = []
        folded: list[tuple[int, int, float]] = []
        place, size, depth = tree.place, tree.size, tree.depth
        for number, ways in enumerate(given):
            begun = len(rows)
            for node, cost in sorted(ways, key=lambda way: -depth[way[0]]):
                below = next(
                    (
                        n
                        for n in range(begun, len(rows))
                        if 0 <= place[rows[n][1]] - place[node] < size[node]
                    ),
                    None,
                )
                if below is None:
                    rows.append((number, node, cost))
                else:
                    folded.append((below, node, cost))
        owner, nodes, costs = _columns(rows)
        self.above = _closure(tree, nodes)
        index = np.zeros(len(tree.parent), dtype=np.int64)
        index[self.above] = np.arange(len(self.above))
        labels = _labels(tree, weights, self.above, index)
        times = labels[index[nodes]] + costs[:, None]
        at, over, extra = _columns(folded)
        np.minimum.at(times, at, labels[index[over]] + extra[:, None])
        order = np.argsort(place[nodes], kind="stable")
        self.node, self._owner = nodes[order], owner[order]
        self.times = np.ascontiguousarray(times[order].T)

    def joined(self, table: Floats) -> Floats:
        """Return a table with one row for each that was given, instead of one a node."""
        whole = np.full((self._number, table.shape[1]), np.inf)
        if len(np.unique(self._owner)) == len(self._owner):
            whole[self._owner] = table
        else:
            np.minimum.at(whole, self._owner, table)
        return whole


def _columns(rows: list[tuple[int, int, float]]) -> tuple[Ints, Ints, Floats]:
    a, b, c = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(a, dtype=np.int64), np.array(b, dtype=np.int64), np.array(c, dtype=np.float64)


def _closure(tree: Tree, nodes: Ints) -> Ints:
    """Return nodes and all above them."""
    found = np.zeros(len(tree.parent), dtype=np.bool_)
    level = np.unique(nodes)
    while len(level):
        found[level] = True
        level = np.unique(tree.parent[level])
        level = level[(level >= 0) & ~found[level]]
    return np.flatnonzero(found)


def _labels(tree: Tree, weights: Floats, nodes: Ints, index: Ints) -> Floats:
    """Return the times between each node and all above it, shape (nodes, depth) [s]."""
    times = np.full((len(nodes), tree.height), np.inf)
    depth = tree.depth[nodes]
    times[np.arange(len(nodes)), depth] = 0.0
    for level in range(1, tree.height):
        rows = np.flatnonzero(depth == level)
        begins, ends = tree.first[nodes[rows]], tree.first[nodes[rows] + 1]
        for number in range(int((ends - begins).max(initial=0))):
            has = ends - begins > number
            links = begins[has] + number
            onward = weights[links, None] + times[index[tree.head[links]], :level]
            times[rows[has], :level] = np.minimum(times[rows[has], :level], onward)
    return times
