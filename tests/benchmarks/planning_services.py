"""Service areas and siting beside naive ways: networkx, straight lines."""

from __future__ import annotations

import time
from dataclasses import dataclass

import networkx as nx
import numpy as np

from fuliang_gis.geo import crs
from fuliang_gis.planning.services.siting import Question, site
from fuliang_gis.planning.services.ways import Ways, straight_minutes
from fuliang_gis.routing.graph import Floats, RoadEdge, RoadGraph, road_graph

#: Junctions along each side of the network, and how far apart they are [m].
SIDE, APART_M = 60, 160.0
HOMES, PLACES, SITES, LIMIT = 150, 60, 8, 12.0
CORNER = np.array([515_000.0, 3_245_000.0])


@dataclass(frozen=True)
class Ground:
    """A network of winding lanes, homes with their households, and places to choose from."""

    graph: RoadGraph
    homes: Floats
    households: Floats
    places: Floats


def ground() -> Ground:
    """Return the same ground each time: a lattice that is bent, and lacks a third of its lanes."""
    rng = np.random.default_rng(7)
    lattice = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=-1).reshape(-1, 2)
    nodes = CORNER + (lattice + rng.uniform(-0.3, 0.3, lattice.shape)) * APART_M
    tree = _maze(rng)
    edges = []
    for number, (a, b) in enumerate(sorted(tree)):
        middle = (nodes[a] + nodes[b]) / 2 + rng.uniform(-40, 40, 2)
        line = np.array([nodes[a], middle, nodes[b]])
        metres = float(np.hypot(*np.diff(line, axis=0).T).sum())
        edges.append(RoadEdge(number, a, b, metres, 25.0, crs.to_geographic(line)))
    chosen = rng.choice(len(nodes), HOMES + PLACES, replace=False)
    return Ground(
        road_graph(edges),
        nodes[chosen[:HOMES]],
        rng.integers(1, 9, HOMES).astype(np.float64),
        nodes[chosen[HOMES:]],
    )


def _maze(rng: np.random.Generator) -> set[tuple[int, int]]:
    """Return lanes between neighbours: a spanning tree and a third of the others."""
    number = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    across = zip(number[:, :-1].ravel().tolist(), number[:, 1:].ravel().tolist(), strict=True)
    along = zip(number[:-1].ravel().tolist(), number[1:].ravel().tolist(), strict=True)
    every = [*across, *along]
    full = nx.Graph()
    full.add_weighted_edges_from((a, b, float(rng.uniform())) for a, b in every)
    tree = {tuple(sorted(pair)) for pair in nx.minimum_spanning_edges(full, data=False)}
    more = {pair for pair in every if rng.uniform() < 1 / 3}
    return {(int(a), int(b)) for a, b in tree | more}


def by_networkx(at: Ground) -> Floats:
    """Return minutes on foot as networkx finds them, home by home."""
    graph = nx.Graph()
    for edge in at.graph.edges:
        graph.add_edge(edge.from_node, edge.to_node, minutes=edge.metres / (5000 / 60))
    names = sorted(graph.nodes)
    where = crs.to_plane(at.graph.lonlat)
    goals = [names[_nearest(where, place)] for place in at.places]
    table = np.full((len(at.homes), len(goals)), np.inf)
    for row, home in enumerate(at.homes):
        start = names[_nearest(where, home)]
        found = nx.single_source_dijkstra_path_length(graph, start, weight="minutes")
        table[row] = [found.get(goal, np.inf) for goal in goals]
    return table


def covered(at: Ground, minutes: Floats, chosen: tuple[int, ...]) -> float:
    """Return how many households sites have in time."""
    return float(at.households[minutes[:, list(chosen)].min(axis=1) <= LIMIT].sum())


def measured() -> tuple[dict[str, float], dict[str, float]]:
    """Return figures and conditions; both ways agree by assertion."""
    at = ground()
    ways = Ways(at.graph, "walk", 5.0, 800.0)
    ways.minutes(at.homes[:1], at.places[:1])
    began = time.perf_counter()
    ours = ways.minutes(at.homes, at.places)
    spent = time.perf_counter() - began
    began = time.perf_counter()
    theirs = by_networkx(at)
    spent_naively = time.perf_counter() - began
    assert np.allclose(ours, theirs, atol=0.02)
    straight = straight_minutes(at.homes, at.places, 5.0)
    none = np.full(HOMES, np.inf)
    began = time.perf_counter()
    found = site(Question("most_covered", ours, none, at.households, LIMIT, SITES))
    siting = time.perf_counter() - began
    naive = site(Question("most_covered", straight, none, at.households, LIMIT, SITES))
    ours_covers = covered(at, ours, found.chosen)
    figures = {
        "service_times_vs_networkx": round(spent_naively / spent, 1),
        "siting_vs_straight": round(ours_covers / covered(at, ours, naive.chosen), 2),
        "straight_overstates": round(covered(at, straight, found.chosen) / ours_covers, 2),
    }
    conditions = {
        "service_times_ms": round(spent * 1000, 1),
        "siting_seconds": round(siting, 2),
        "service_homes": HOMES,
        "service_places": PLACES,
    }
    return figures, conditions


def _nearest(where: Floats, place: Floats) -> int:
    return int(np.argmin(np.hypot(*(where - place).T)))
