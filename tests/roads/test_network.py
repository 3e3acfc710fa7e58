"""The invented network: connected, noded, of the right length, winding more in the mountains."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from fuliang_gis.geo import crs
from fuliang_gis.roads.edges import Edge, road_edges
from fuliang_gis.roads.invented import CLASSES, Place, Plan, plan_roads
from fuliang_gis.roads.mesh import Settlement
from fuliang_gis.roads.models import ROAD_CLASSES

WEST, SOUTH = 520_000.0, 3_255_000.0
OUTLINE = shapely.box(WEST, SOUTH, WEST + 16_000, SOUTH + 16_000)
#: Four towns, a village half-way between each two, and hamlets about.
TOWNS = [(3000, 3000), (13000, 3000), (3000, 13000), (13000, 13000)]
VILLAGES = [(8000, 3000), (3000, 8000), (13000, 8000), (8000, 13000), (8000, 8000)]
HAMLETS = [(x, y) for x in range(1500, 16000, 2600) for y in range(1200, 16000, 2700)]


def _places() -> list[Place]:
    ranked = [(VILLAGES, Place.VILLAGE, 9), (HAMLETS, Place.HAMLET, 6), (TOWNS, Place.TOWN, 1)]
    return [
        Place(Settlement(WEST + x, SOUTH + y, lanes, 0.3 * n), f"甲{n}", f"乙{n}", rank)
        for spots, rank, lanes in ranked
        for n, (x, y) in enumerate(spots)
    ]


def _height(points: np.ndarray) -> np.ndarray:
    """Flat in the south, waves of hills in the north."""
    north = np.clip((points[:, 1] - SOUTH - 6000) / 4000, 0, 1)
    return np.asarray(200 * north * np.sin(points[:, 0] / 300) * np.sin(points[:, 1] / 350))


def _plan(kilometres: float = 240, seed: int = 1) -> Plan:
    return plan_roads(OUTLINE, _places(), _height, kilometres, np.random.default_rng(seed))


def _level(points: np.ndarray) -> np.ndarray:
    return np.zeros(len(points))


@pytest.fixture(scope="module")
def edges() -> list[Edge]:
    """One network for tests that only look at it."""
    return road_edges(_plan(), _level)


def _groups(edges: list[Edge]) -> int:
    group: dict[int, int] = {}

    def root(node: int) -> int:
        while group.setdefault(node, node) != node:
            node = group[node]
        return node

    for edge in edges:
        group[root(edge.from_node)] = root(edge.to_node)
    return len({root(node) for node in list(group)})


def test_connected(edges: list[Edge]) -> None:
    """Every road must be reachable from every other."""
    assert _groups(edges) == 1


def test_every_place_is_reached(edges: list[Edge]) -> None:
    """A road must lead exactly to the middle of every settlement."""
    ends = shapely.union_all([shapely.get_point(edge.geom, [0, -1]) for edge in edges])
    for place in _places():
        spot = crs.to_geographic(np.array([[place.settlement.x, place.settlement.y]]))[0]
        assert shapely.Point(spot).distance(ends) < 1e-6, place.name


def test_junction_numbers_stand_for_places(edges: list[Edge]) -> None:
    """Edges that share a junction number must meet there, and nowhere else do two numbers meet."""
    where: dict[int, tuple[float, ...]] = {}
    for edge in edges:
        for node, at in ((edge.from_node, 0), (edge.to_node, -1)):
            assert where.setdefault(node, edge.geom.coords[at]) == edge.geom.coords[at]
    assert len(set(where.values())) == len(where)
    assert all(edge.from_node != edge.to_node for edge in edges)


def test_roads_cross_at_junctions_only(edges: list[Edge]) -> None:
    """Hardly any two roads may cross without a junction (rounded corners may touch)."""
    lines = np.array([edge.geom for edge in edges])
    a, b = shapely.STRtree(lines).query(lines, predicate="crosses")
    assert (a < b).sum() < 0.005 * len(lines)


def test_length_and_classes(edges: list[Edge]) -> None:
    """The network must have about the length asked for, in every class that the database knows."""
    assert sum(edge.length_m for edge in edges) / 1000 == pytest.approx(240, rel=0.06)
    assert {edge.road_class for edge in edges} == set(CLASSES) == set(ROAD_CLASSES)


def test_speeds_fall_with_the_class_and_in_mountains(edges: list[Edge]) -> None:
    """Higher classes must be faster, and every class slower in the mountains."""
    level = {edge.road_class: edge.speed_kmh for edge in edges}
    assert sorted(level.values(), reverse=True) == [level[name] for name in CLASSES]
    steep = road_edges(_plan(), lambda points: np.ones(len(points)))
    assert all(edge.speed_kmh < level[edge.road_class] for edge in steep)


def test_mountain_roads_wind() -> None:
    """Between towns, the way over hills must be longer than the way over level ground."""
    plan = _plan()
    first = len(VILLAGES) + len(HAMLETS)
    towns = np.arange(first, first + 4)
    meetings = {(m.a - first, m.b - first): m for m in plan.mesh.meetings(towns)}
    flat, hilly = (plan.mesh.way(meetings[pair]) for pair in ((0, 1), (2, 3)))
    assert 1.0 <= plan.mesh.length[flat].sum() / 10_000 < plan.mesh.length[hilly].sum() / 10_000


def test_names_say_that_they_are_invented(edges: list[Edge]) -> None:
    """Numbered roads must carry the mark; village roads are named after their places."""
    numbered = {e.name for e in edges if e.road_class in {"trunk", "primary", "secondary"}}
    assert numbered
    assert all(name and "示意" in name for name in numbered)
    assert any(e.name and e.name.endswith("公路") for e in edges if e.road_class == "tertiary")


def test_same_seed_same_network() -> None:
    """The same seed must give the same edges, another seed others."""
    one, again, other = (road_edges(_plan(120, seed), _level) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_more_kilometres_keep_the_roads_there_are() -> None:
    """A longer network must contain the shorter one's village roads."""
    short, long = _plan(150), _plan(240)
    assert short.kilometres < long.kilometres
    assert _groups(road_edges(short, _level)) == 1
