"""Turn a planned network into road edges: chains between junctions, smoothed, measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from fuliang_gis.geo import crs
from fuliang_gis.geo.measures import line_lengths
from fuliang_gis.roads.invented import CLASSES, Plan

Array = NDArray[np.float64]

#: Usual speed on level ground [km/h].
SPEEDS = {
    "trunk": 70.0,
    "primary": 60.0,
    "secondary": 45.0,
    "tertiary": 35.0,
    "unclassified": 25.0,
    "track": 12.0,
}


@dataclass(frozen=True)
class Edge:
    """One road edge: EPSG:4490 line between two junctions, length [m], speed [km/h]."""

    name: str | None
    road_class: str
    speed_kmh: float
    length_m: float
    from_node: int
    to_node: int
    geom: shapely.LineString


def road_edges(plan: Plan, mountainous: Callable[[Array], Array]) -> list[Edge]:
    """Return the network's edges; junction numbers start at 1."""
    chains = list(_chains(plan))
    lines = [_smoothed(plan.mesh.points[nodes]) for nodes, _ in chains]
    bends = np.cumsum([len(line) for line in lines])[:-1]
    placed = np.split(np.round(crs.to_geographic(np.concatenate(lines)), 7), bends)
    share = mountainous(np.array([line[len(line) // 2] for line in lines]))
    numbers: dict[int, int] = {}
    geoms = [shapely.LineString(line) for line in placed]
    return [
        _edge(plan, nodes, first, geom, float(length), float(up), numbers)
        for (nodes, first), geom, length, up in zip(
            chains, geoms, line_lengths(geoms), share, strict=True
        )
    ]


def _edge(
    plan: Plan,
    nodes: list[int],
    first: int,
    geom: shapely.LineString,
    length: float,
    share: float,
    numbers: dict[int, int],
) -> Edge:
    road_class = CLASSES[plan.road_class[first]]
    name = plan.names[plan.name[first]]
    speed = round(SPEEDS[road_class] * (1 - 0.35 * share))
    start = numbers.setdefault(nodes[0], len(numbers) + 1)
    end = numbers.setdefault(nodes[-1], len(numbers) + 1)
    return Edge(name, road_class, float(speed), round(length, 2), start, end, geom)


def _chains(plan: Plan) -> Iterator[tuple[list[int], int]]:
    """Yield the nodes of each stretch without a junction, and its first mesh edge."""
    incident: dict[int, list[int]] = {}
    ends = plan.mesh.edges.tolist()
    laid = np.flatnonzero(plan.road_class >= 0).tolist()
    for edge in laid:
        for node in ends[edge]:
            incident.setdefault(node, []).append(edge)
    places = int(plan.mesh.settlement.max()) + 1
    kind = list(zip(plan.road_class.tolist(), plan.name.tolist(), strict=True))
    passed = {
        node
        for node, edges in incident.items()
        if len(edges) == 2 and node >= places and kind[edges[0]] == kind[edges[1]]
    }
    done: set[int] = set()
    # Stretches start at junctions; what is left afterwards are rings without one.
    for node in [*(n for n in incident if n not in passed), *sorted(passed)]:
        for edge in incident[node]:
            if edge not in done:
                nodes = _walk(node, edge, ends, incident, passed, done)
                for part in _opened(nodes):
                    yield part, edge


def _opened(nodes: list[int]) -> list[list[int]]:
    """Return a stretch; a ring comes as two halves, so that no edge ends where it begins."""
    if nodes[0] != nodes[-1]:
        return [nodes]
    middle = len(nodes) // 2
    return [nodes[: middle + 1], nodes[middle:]]


def _walk(
    node: int,
    edge: int,
    ends: list[list[int]],
    incident: dict[int, list[int]],
    passed: set[int],
    done: set[int],
) -> list[int]:
    nodes = [node]
    while True:
        done.add(edge)
        a, b = ends[edge]
        node = b if a == node else a
        nodes.append(node)
        onward = [e for e in incident[node] if e not in done]
        if node not in passed or not onward:
            return nodes
        edge = onward[0]


def _smoothed(points: Array) -> Array:
    """Cut the corners of a line twice (Chaikin); its ends stay."""
    for _ in range(2 if len(points) > 2 else 0):
        a, b = points[:-1], points[1:]
        cut = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], cut[1:-1], points[-1:]])
    return points
