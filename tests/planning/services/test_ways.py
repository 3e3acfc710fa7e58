"""Times over hand-made networks: on foot, by car, off the road, one-way, out of reach."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from fuliang_gis.geo import crs
from fuliang_gis.planning.services.ways import Ways, distances, on_foot, straight_minutes
from fuliang_gis.routing.graph import RoadEdge, RoadGraph, road_graph

#: A corner of the county on the plane [m].
CORNER = np.array([520_000.0, 3_247_000.0])
EVERYWHERE = shapely.Point(CORNER).buffer(5000)


def _edge(
    number: int, start: int, end: int, *places: tuple[float, float], **said: object
) -> RoadEdge:
    line = CORNER + np.array(places)
    metres = float(np.hypot(*np.diff(line, axis=0).T).sum())
    given = {"speed_kmh": 60.0, **said}
    return RoadEdge(number, start, end, metres, line=crs.to_geographic(line), **given)  # type: ignore[arg-type]


def _network() -> RoadGraph:
    """A road of 1,000 m east, then a one-way street of 500 m north."""
    return road_graph(
        [
            _edge(1, 1, 2, (0, 0), (1000, 0)),
            _edge(2, 2, 3, (1000, 0), (1000, 500), oneway=True),
        ]
    )


def _at(*places: tuple[float, float]) -> np.ndarray:
    return CORNER + np.array(places, dtype=np.float64).reshape(-1, 2)


def test_on_foot_every_road_is_as_fast() -> None:
    """1,000 m at 5 km/h take twelve minutes; what is 50 m off the road walks there first."""
    ways = Ways(_network(), "walk", 5.0, 800.0)
    found = ways.minutes(_at((0, 0), (0, 50)), _at((1000, 0)))
    assert found[:, 0] == pytest.approx([12.0, 12.6], abs=0.01)


def test_on_foot_nobody_minds_one_way_streets() -> None:
    """By car a one-way street is closed the other way; on foot it is not."""
    start, goal = _at((1000, 400)), _at((1000, 0))
    assert Ways(_network(), "walk", 5.0, 800.0).minutes(start, goal)[0, 0] == pytest.approx(
        4.8, abs=0.01
    )
    assert np.isinf(Ways(_network(), "drive", 5.0, 800.0).minutes(start, goal)[0, 0])


def test_by_car_class_speeds_and_walks() -> None:
    """1,000 m at 60 km/h take a minute, 50 m off the road 0.6 more on foot."""
    ways = Ways(_network(), "drive", 5.0, 800.0)
    assert ways.minutes(_at((0, 50)), _at((1000, 0)))[0, 0] == pytest.approx(1.6, abs=0.01)


def test_neighbours_do_not_walk_round_by_the_road() -> None:
    """Who stands beside a facility far off the road goes straight to it."""
    ways = Ways(_network(), "walk", 5.0, 800.0)
    assert ways.minutes(_at((500, 300)), _at((520, 300)))[0, 0] == pytest.approx(0.24, abs=0.01)


def test_far_from_every_road_there_is_no_way() -> None:
    """Beyond the longest leg off the road a place has no way, and is told."""
    ways = Ways(_network(), "walk", 5.0, 200.0)
    places = _at((500, 300), (500, 100))
    assert ways.off_road(places).tolist() == [True, False]
    assert np.isfinite(ways.minutes(places, _at((0, 0)))[:, 0]).tolist() == [False, True]
    assert ways.minutes(places, np.empty((0, 2))).shape == (2, 0)


def test_area_reaches_as_far_as_people_get() -> None:
    """In six minutes one walks 500 m along the road, no farther, and up the street too."""
    area = Ways(_network(), "walk", 5.0, 800.0).area(_at((1000, 0)), 6.0, EVERYWHERE)
    assert area.contains(shapely.Point(_at((510, 0))[0]))
    assert not area.contains(shapely.Point(_at((430, 0))[0]))
    assert area.contains(shapely.Point(_at((1000, 490))[0]))
    assert Ways(_network(), "walk", 5.0, 800.0).area(np.empty((0, 2)), 6.0, EVERYWHERE).is_empty


def test_area_follows_one_way_streets_towards_the_facility() -> None:
    """From the street behind a facility one cannot drive back to it."""
    ways = Ways(_network(), "drive", 5.0, 800.0)
    area = ways.area(_at((1000, 0)), 5.0, EVERYWHERE)
    assert area.contains(shapely.Point(_at((10, 0))[0]))
    assert not area.contains(shapely.Point(_at((1000, 300))[0]))


def test_area_looks_no_farther_than_its_window() -> None:
    """Roads that neither begin nor end in the window are not shown."""
    ways = Ways(_network(), "drive", 5.0, 800.0)
    away = shapely.Point(CORNER).buffer(100)
    assert ways.area(_at((1000, 0)), 15.0, away).contains(shapely.Point(_at((500, 0))[0]))
    assert not ways.area(_at((1000, 0)), 15.0, away).contains(shapely.Point(_at((1000, 400))[0]))


@pytest.mark.parametrize("limit", [1.0, 3.0, 7.0, 14.0])
def test_area_agrees_with_times(limit: float) -> None:
    """Places on a road lie in the area just when their time is within the limit."""
    ways = Ways(_network(), "walk", 5.0, 800.0)
    goal = _at((700, 20))
    places = np.concatenate([_at((float(x), 0)) for x in range(0, 1001, 25)])
    minutes = ways.minutes(places, goal)[:, 0]
    area = ways.area(goal, limit, EVERYWHERE)
    inside = shapely.contains_xy(area, places[:, 0], places[:, 1])
    # What is shown is wider than the road by its buffer, so it ends a little later.
    assert inside[minutes <= limit].all()
    assert not inside[minutes > limit + 70 / (5000 / 60)].any()


def test_walking_keeps_the_order_of_the_network() -> None:
    """Where nothing is one-way, the known order of contraction serves walkers too."""
    graph = road_graph([_edge(1, 1, 2, (0, 0), (1000, 0))])
    known = RoadGraph(**{**vars(graph), "order": np.array([1, 0])})
    found = on_foot(known, 5.0)
    assert found.order is not None
    assert found.order.tolist() == [1, 0]
    assert on_foot(graph, 5.0).order is not None


def test_straight_lines() -> None:
    """Distances on the plane, and what they take at a speed."""
    assert distances(_at((0, 0)), _at((300, 400))).tolist() == [[500.0]]
    assert straight_minutes(_at((0, 0)), _at((300, 400)), 5.0)[0, 0] == pytest.approx(6.0)
