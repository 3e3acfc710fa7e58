"""Travel over roads, held to scipy's Dijkstra on the same arcs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from fuliang_gis.geo import crs
from fuliang_gis.routing.directions import directions, line_of
from fuliang_gis.routing.graph import Floats, RoadEdge, RoadGraph, Turn, road_graph
from fuliang_gis.routing.hierarchy import Hierarchy, contraction_order
from fuliang_gis.routing.labels import Labels, tree_of
from fuliang_gis.routing.travel import Travel

ORIGIN = np.array([500_000.0, 3_254_000.0])


def on_earth(x: float, y: float) -> Floats:
    """Return a place [m] on the plane as lon/lat."""
    return np.asarray(crs.to_geographic((ORIGIN + np.array([x, y]))[None, :])[0])


def edge(
    number: int, a: int, b: int, at: dict[int, tuple[float, float]], **given: object
) -> RoadEdge:
    """Return a straight road between two junctions, driven at 36 km/h (10 m/s)."""
    metres = float(np.hypot(at[a][0] - at[b][0], at[a][1] - at[b][1]))
    line = np.array([on_earth(*at[a]), on_earth(*at[b])])
    return RoadEdge(number, a, b, metres, 36.0, line, **given)  # type: ignore[arg-type]


#: A square of 1 km with a spur to the east of its north-east corner.
SQUARE = {
    1: (0.0, 0.0),
    2: (1000.0, 0.0),
    3: (1000.0, 1000.0),
    4: (0.0, 1000.0),
    5: (2000.0, 1000.0),
}


def square(*turns: Turn, **given: object) -> RoadGraph:
    """Return the square: 1→2 south, 2→3 east side, 3→4 north, 4→1 west side, 3→5 the spur."""
    ends = [(12, 1, 2), (23, 2, 3), (34, 3, 4), (41, 4, 1), (35, 3, 5)]
    names = {12: "南街", 23: "东街", 34: "北街", 41: "西街", 35: "瓷都路"}
    edges = [edge(n, a, b, SQUARE, name=names[n], **(given if n == 23 else {})) for n, a, b in ends]
    return road_graph(edges, turns)


def plain(graph: RoadGraph, seconds: Floats) -> Floats:
    """Return all shortest times between nodes by scipy."""
    best: dict[tuple[int, int], float] = {}
    for tail, head, cost in zip(graph.tail, graph.head, seconds, strict=True):
        key = (int(tail), int(head))
        best[key] = min(best.get(key, np.inf), float(cost))
    rows, columns = zip(*best, strict=True)
    weights = coo_array((list(best.values()), (rows, columns)), shape=(graph.nodes, graph.nodes))
    return np.asarray(dijkstra(weights.tocsr()))


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_times_are_those_of_dijkstra(count: int, seed: int) -> None:
    """On any network, with ways closed or not, every time is scipy's to a millisecond an arc."""
    random = np.random.default_rng(seed)
    at = {n: (float(x), float(y)) for n, (x, y) in enumerate(random.uniform(0, 20_000, (count, 2)))}
    pairs = {tuple(sorted(random.choice(count, 2, replace=False))) for _ in range(2 * count)}
    edges = [
        edge(n, int(a), int(b), at, oneway=bool(random.random() < 0.3))
        for n, (a, b) in enumerate(sorted(pairs))
    ]
    graph = road_graph(edges)
    seconds = np.where(random.random(graph.arcs) < 0.1, np.inf, graph.seconds)
    nodes = [[(node, 0.0)] for node in range(graph.nodes)]
    hierarchy = Hierarchy(graph)
    hierarchy.customise(seconds)
    table = hierarchy.seconds(nodes, nodes)
    expected = plain(graph, seconds)
    assert np.array_equal(np.isinf(table), np.isinf(expected))
    finite = np.isfinite(expected)
    assert np.allclose(table[finite], expected[finite], atol=0.001 * graph.arcs)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_labels_tell_the_same_times(count: int, seed: int) -> None:
    """Starts and goals of none, one or several nodes, ways closed or not: as the sweeps tell."""
    random = np.random.default_rng(seed)
    at = {n: (float(x), float(y)) for n, (x, y) in enumerate(random.uniform(0, 20_000, (count, 2)))}
    pairs = {tuple(sorted(random.choice(count, 2, replace=False))) for _ in range(count)}
    edges = [
        edge(n, int(a), int(b), at, oneway=bool(random.random() < 0.3))
        for n, (a, b) in enumerate(sorted(pairs))
    ]
    graph = road_graph(edges)
    seconds = np.where(random.random(graph.arcs) < 0.1, np.inf, graph.seconds)
    sides = [
        [
            [
                (int(node), float(random.integers(0, 500)))
                for node in random.choice(graph.nodes, min(int(number), graph.nodes), replace=False)
            ]
            for number in random.integers(0, 4, 12)
        ]
        for _ in range(2)
    ]
    hierarchy = Hierarchy(graph, seconds)
    labels = Labels(tree_of(graph, contraction_order(graph)), seconds)
    expected, table = hierarchy.seconds(*sides), labels.seconds(*sides)
    assert np.array_equal(np.isinf(table), np.isinf(expected))
    finite = np.isfinite(expected)
    assert np.allclose(table[finite], expected[finite], atol=0.001 * graph.arcs)


def test_a_large_table_follows_closures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels are made anew when a road is closed, and again when it is opened."""
    monkeypatch.setattr("fuliang_gis.routing.hierarchy.LARGE", 1)
    travel = Travel(square())
    places = travel.snap(np.array([on_earth(900, 0), on_earth(900, 1000)]))
    for closed, expected in (({}, 120), ({23: np.inf}, 280), ({23: np.inf, 41: np.inf}, np.inf)):
        travel.hinder(closed)
        assert travel.seconds(places, places, walks=False)[0, 1] == pytest.approx(expected, abs=0.1)
    travel.hinder({})
    assert travel.seconds(places, places, walks=False)[1, 0] == pytest.approx(120, abs=0.1)


def test_places_beside_roads_are_reached_over_them() -> None:
    """From the middle of the south street to the north one, by the shorter side."""
    travel = Travel(square())
    start, goal = travel.snap(np.array([on_earth(500, -30), on_earth(400, 1060)]))
    assert start is not None
    assert goal is not None
    assert start.offset_m == pytest.approx(30, abs=0.01)
    assert (start.side, goal.side) == ("right", "right")
    leg = travel.leg(start, goal)
    assert leg is not None
    assert leg.metres == pytest.approx(1900, abs=0.5)
    assert leg.driving_seconds == pytest.approx(190, abs=0.1)
    assert leg.seconds == pytest.approx(190 + (30 + 60) / 1.2, abs=0.1)
    table = travel.seconds([start, goal], [start, goal])
    assert table[0, 1] == pytest.approx(leg.seconds, abs=0.01)
    assert table[0, 0] == pytest.approx(2 * start.walk_seconds, abs=0.01)


def test_two_places_at_one_road_need_not_go_round() -> None:
    """Both on the south street, against and along the way it is drawn."""
    travel = Travel(square())
    a, b = travel.snap(np.array([on_earth(200, 5), on_earth(700, 5)]))
    assert a is not None
    assert b is not None
    for start, goal in ((a, b), (b, a)):
        leg = travel.leg(start, goal)
        assert leg is not None
        assert leg.metres == pytest.approx(500, abs=0.1)
        assert travel.seconds([start], [goal], walks=False)[0, 0] == pytest.approx(50, abs=0.01)


def test_a_oneway_is_not_driven_backwards() -> None:
    """On a one-way street the place behind is reached by going round the block."""
    travel = Travel(square(oneway=True))
    behind, ahead = travel.snap(np.array([on_earth(1000, 300), on_earth(1000, 600)]))
    assert ahead is not None
    assert behind is not None
    assert travel.seconds([behind], [ahead], walks=False)[0, 0] == pytest.approx(30, abs=0.01)
    leg = travel.leg(ahead, behind)
    assert leg is not None
    assert leg.metres == pytest.approx(3700, abs=0.5)


@pytest.mark.parametrize(
    ("turn", "metres"),
    [
        (None, 2000),
        # Round by the west, which comes a metre shorter than turning about behind the corner.
        (Turn(23, 3, 35), 3998),
        (Turn(23, 3, 34, only=True), 3998),
        (Turn(23, 3, 35, only=True), 2000),
        (Turn(12, 2, 23), 3998),
        (Turn(99, 3, 35), 2000),
        (Turn(23, 3, 99, only=True), 2000),
    ],
)
def test_turn_restrictions_are_kept(turn: Turn | None, metres: float) -> None:
    """From a metre before the end of the south street to a metre before the end of the spur."""
    travel = Travel(square(*([turn] if turn else [])))
    start, goal = travel.snap(np.array([on_earth(999, 0.5), on_earth(1999, 1000.5)]))
    assert start is not None
    assert goal is not None
    leg = travel.leg(start, goal)
    assert leg is not None
    assert leg.metres == pytest.approx(metres, abs=0.5)
    assert travel.seconds([start], [goal], walks=False)[0, 0] == pytest.approx(metres / 10, abs=0.1)


def test_a_restriction_holds_for_every_way_of_arriving() -> None:
    """Two restrictions in a row: neither lets a driver through by way of the other's copy."""
    turns = [Turn(12, 2, 23, only=True), Turn(23, 3, 35)]
    graph = square(*turns)
    travel = Travel(graph)
    start, goal = travel.snap(np.array([on_earth(999, 0.5), on_earth(1999, 1000.5)]))
    assert start is not None
    assert goal is not None
    leg = travel.leg(start, goal)
    assert leg is not None
    driven = [graph.edges[part.edge].id for part in leg.stretches]
    assert (23, 35) not in set(pairwise(driven))
    assert leg.metres == pytest.approx(3998, abs=0.5)


def test_a_closed_road_is_driven_round_and_reopened() -> None:
    """Closing the east side sends the way round the west; closing both leaves no way."""
    travel = Travel(square())
    start, goal = travel.snap(np.array([on_earth(900, 0), on_earth(900, 1000)]))
    assert start is not None
    assert goal is not None
    assert travel.seconds([start], [goal], walks=False)[0, 0] == pytest.approx(120, abs=0.1)
    travel.hinder({23: np.inf})
    assert travel.seconds([start], [goal], walks=False)[0, 0] == pytest.approx(280, abs=0.1)
    travel.hinder({23: np.inf, 41: np.inf})
    assert np.isinf(travel.seconds([start], [goal])[0, 0])
    assert travel.leg(start, goal) is None
    travel.hinder({23: 3.0})
    assert travel.seconds([start], [goal], walks=False)[0, 0] == pytest.approx(280, abs=0.1)
    travel.hinder({})
    assert travel.seconds([start], [goal], walks=False)[0, 0] == pytest.approx(120, abs=0.1)


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan")])
def test_no_road_is_driven_in_no_time(factor: float) -> None:
    """A factor that is not positive is refused."""
    with pytest.raises(ValueError, match="positive"):
        Travel(square()).hinder({12: factor})


def test_places_without_a_road_near_are_told() -> None:
    """A place farther than allowed has no snap, and no time to it is made up."""
    travel = Travel(square())
    near, far = travel.snap(np.array([on_earth(500, 10), on_earth(500, -900)]), farthest_m=500)
    assert near is not None
    assert far is None
    table = travel.seconds([near, far], [near, far])
    assert np.isinf(table[[0, 1, 1], [1, 0, 1]]).all()


def test_nobody_drives_from_a_place_to_itself() -> None:
    """Two duties at one location are no drive apart, on a closed road neither."""
    travel = Travel(square())
    for closed in ({}, {23: np.inf}):
        travel.hinder(closed)
        first, again = travel.snap(np.array([on_earth(900, 1000)] * 2))
        assert first is not None
        assert again is not None
        leg = travel.leg(first, again)
        assert leg is not None
        assert (leg.driving_seconds, leg.metres, leg.stretches) == (0.0, 0.0, ())


def test_the_way_is_told_in_chinese() -> None:
    """Roads by name, turns, distances, and on which side the place lies."""
    graph = square()
    travel = Travel(graph)
    start, goal = travel.snap(np.array([on_earth(500, 0), on_earth(1500, 1040)]))
    assert start is not None
    assert goal is not None
    leg = travel.leg(start, goal)
    assert leg is not None
    told = [step.text for step in directions(graph, leg, goal)]
    assert told == [
        "向东沿南街出发，行驶500 米",
        "左转进入东街，行驶1.0 公里",
        "右转进入瓷都路，行驶500 米",
        "目的地在道路左侧，步行40 米",
    ]
    line = line_of(graph, leg.stretches)
    assert np.allclose(line[[0, -1]], [start.place, goal.place])
