"""Closures: what is refused, which roads they touch, and that travel follows at once."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.errors import Forbidden, Invalid, NotFound, OutsideDivision, WrongState
from fuliang_gis.roads.closure_queries import closure_page
from fuliang_gis.roads.closures import (
    ClosureGiven,
    declare,
    hindered_roads,
    hindrances,
    lift,
    touched_roads,
)
from fuliang_gis.roads.network import network
from fuliang_gis.roads.operations import bring_in
from fuliang_gis.roads.taken import Taken
from fuliang_gis.routing.travel import Travel
from tests.factories import COUNTY, FULIANG_TOWN, YAOLI_TOWN, make_actor
from tests.roads.osm_files import place
from tests.roads.test_connectivity import road

TODAY = date(2026, 11, 26)
TOMORROW = TODAY + timedelta(days=1)


def across(a: int, b: int) -> dict[str, Any]:
    """Return a short line across the middle of a road between two places."""
    (x, y), (to_x, to_y) = place(a), place(b)
    middle, side = ((x + to_x) / 2, (y + to_y) / 2), 0.001
    dx, dy = (0.0, side) if y == to_y else (side, 0.0)
    ends = [[middle[0] - dx, middle[1] - dy], [middle[0] + dx, middle[1] + dy]]
    return {"type": "LineString", "coordinates": ends}


def around(*nodes: int, margin: float = 0.001) -> dict[str, Any]:
    """Return the box around places."""
    x, y = zip(*(place(node) for node in nodes), strict=True)
    w, s, e, n = min(x) - margin, min(y) - margin, max(x) + margin, max(y) + margin
    return {"type": "Polygon", "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]]}


#: A square of four roads: east side 10–11 is the short way from 10 to 11.
GIVEN = ClosureGiven(COUNTY, "山体滑坡", across(10, 11), TODAY, TOMORROW)


@pytest.fixture
def actor(session: Session) -> Actor:
    """County staff, with the square laid down."""
    bring_in(session, Taken([road(0, 10), road(10, 11), road(11, 1), road(1, 0)]), "test")
    return make_actor(session)


def test_travel_follows_at_once(session: Session, actor: Actor) -> None:
    """Declared, the way goes round; slowed, it takes longer; lifted, it is as before.

    All on one prepared graph: only the weights are customised anew.
    """
    graph = network(session)
    travel = Travel(graph)
    prepared = travel._hierarchy._cch
    # A tenth of a road west of either end, so that neither lies at the road that is closed.
    start, goal = travel.snap(np.array([place(10), place(11)]) - [0.001, 0.0])
    assert start is not None
    assert goal is not None

    def seconds() -> float:
        travel.hinder(hindrances(session, TODAY))
        return float(travel.seconds([start], [goal], walks=False)[0, 0])

    open_ = seconds()
    closure = declare(session, actor, GIVEN)
    closed = seconds()
    assert closed == pytest.approx(
        open_ * (1.8 * 970.6 + 1108.5) / (0.2 * 970.6 + 1108.5), rel=0.01
    )
    lift(session, actor, closure.id)
    assert seconds() == pytest.approx(open_)
    slow = declare(session, actor, replace(GIVEN, factor=2.0))
    assert open_ < seconds() < min(2 * open_, closed)
    lift(session, actor, slow.id)
    declare(session, actor, replace(GIVEN, geometry=around(0, 1, 10, 11)))
    assert math.isinf(seconds())
    assert travel.leg(start, goal) is None
    assert network(session) is graph
    assert travel._hierarchy._cch is prepared


@pytest.mark.parametrize(
    ("day", "held"), [(-1, False), (0, True), (1, True), (2, False)], ids=lambda v: str(v)
)
def test_it_holds_from_its_first_day_to_its_last(
    session: Session,
    actor: Actor,
    day: int,
    held: bool,  # noqa: FBT001
) -> None:
    """Both days included; without a last day until it is lifted."""
    declare(session, actor, GIVEN)
    assert bool(hindrances(session, TODAY + timedelta(days=day))) is held
    forever = declare(session, actor, replace(GIVEN, valid_to=None, factor=3.0))
    assert bool(hindrances(session, TODAY + timedelta(days=day + 100))) is (day + 100 >= 0)
    lift(session, actor, forever.id)


def test_of_several_the_worst_holds(session: Session, actor: Actor) -> None:
    """A road that is slow by one closure and closed by another is closed."""
    declare(session, actor, replace(GIVEN, factor=2.0))
    declare(session, actor, replace(GIVEN, factor=5.0))
    assert list(hindrances(session, TODAY).values()) == [5.0]
    declare(session, actor, GIVEN)
    assert list(hindrances(session, TODAY).values()) == [math.inf]


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"reason": " "}, "required", "reason"),
        ({"reason": "长" * 201}, "too_long", "reason"),
        ({"valid_to": TODAY - timedelta(days=1)}, "out_of_order", "valid_to"),
        ({"factor": 1.0}, "out_of_range", "factor"),
        ({"factor": 21.0}, "out_of_range", "factor"),
        ({"factor": math.nan}, "out_of_range", "factor"),
        ({"division_code": "360222999"}, "unknown_division", "division_code"),
        ({"geometry": None}, "bad_geometry", "geom"),
        ({"geometry": "POINT"}, "bad_geometry", "geom"),
        ({"geometry": {"type": "Point", "coordinates": [117.2, 29.4]}}, "bad_geometry", "geom"),
        ({"geometry": {"type": "LineString", "coordinates": []}}, "bad_geometry", "geom"),
        (
            {"geometry": {"type": "LineString", "coordinates": [[1, 2], "x"]}},
            "bad_geometry",
            "geom",
        ),
        (
            {"geometry": {"type": "LineString", "coordinates": [[117.2, math.nan], [117.3, 29]]}},
            "bad_geometry",
            "geom",
        ),
        (
            {"geometry": {"type": "Polygon", "coordinates": [[[117.2, 29.4], [117.21, 29.41],
                [117.21, 29.4], [117.2, 29.41], [117.2, 29.4]]]}},
            "bad_geometry",
            "geom",
        ),
        (
            {"geometry": {"type": "LineString", "coordinates": [[117.2, 29.4]] * 2001}},
            "too_large",
            "geom",
        ),
        (
            {"geometry": {"type": "LineString", "coordinates": [[5e5, 3e6], [5e5, 3.1e6]]}},
            "wrong_crs",
            "geom",
        ),
        (
            {"geometry": {"type": "LineString", "coordinates": [[29.4, 117.2], [29.4, 117.3]]}},
            "swapped_axes",
            "geom",
        ),
        (
            {"geometry": {"type": "LineString", "coordinates": [[118.9, 29.4], [118.95, 29.4]]}},
            "outside_county",
            "geom",
        ),
        ({"geometry": across(50, 51)}, "no_road", "geom"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_beside_its_field(
    session: Session, actor: Actor, changed: dict[str, Any], code: str, field: str
) -> None:
    """Each fault has its code, and nothing is kept."""
    with pytest.raises(Invalid) as refused:
        declare(session, actor, replace(GIVEN, **changed))
    assert (code, field) in {(p.code, p.field) for p in refused.value.problems}
    if code != "no_road":
        assert session.scalar(text("select count(*) from road_closure")) == 0


def test_townships_close_their_own_roads(session: Session, actor: Actor) -> None:
    """Another township's closure is refused, and so is a shape that lies in another township."""
    assert actor
    own = make_actor(session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    declared = declare(session, own, replace(GIVEN, division_code=FULIANG_TOWN))
    other = make_actor(session, Role.TOWNSHIP_STAFF, YAOLI_TOWN)
    with pytest.raises(OutsideDivision):
        declare(session, other, replace(GIVEN, division_code=FULIANG_TOWN))
    with pytest.raises(Invalid) as refused:
        declare(session, other, replace(GIVEN, division_code=YAOLI_TOWN))
    assert [p.code for p in refused.value.problems] == ["outside_division"]
    with pytest.raises(OutsideDivision):
        lift(session, other, declared.id)
    with pytest.raises(Forbidden):
        declare(session, make_actor(session, Role.VIEWER), GIVEN)
    assert closure_page(session, other, on=TODAY).rows == []
    assert [each.id for each in closure_page(session, own, on=TODAY).rows] == [declared.id]


def test_it_is_lifted_once(session: Session, actor: Actor) -> None:
    """A second time is told so; what does not exist is not found."""
    closure = declare(session, actor, GIVEN)
    lift(session, actor, closure.id)
    assert closure_page(session, actor, on=TODAY).rows == []
    with pytest.raises(WrongState):
        lift(session, actor, closure.id)
    with pytest.raises(NotFound):
        lift(session, actor, closure.id + 1000)


def test_the_roads_that_it_touches(session: Session, actor: Actor) -> None:
    """Shown before it is declared and afterwards: the same roads."""
    before = touched_roads(session, GIVEN.geometry)
    assert [(each.name, each.road_class) for each in before] == [("10–11", "tertiary")]
    assert before[0].metres == pytest.approx(1108.5, abs=0.5)
    one = declare(session, actor, GIVEN)
    two = declare(session, actor, replace(GIVEN, geometry=around(0, 1)))
    found = hindered_roads(session, [one.id, two.id])
    assert [(each.closure, each.name) for each in found] == [
        (one.id, "10–11"),
        (two.id, "0–10"),
        (two.id, "11–1"),
        (two.id, "1–0"),
    ]
    assert found[0].geometry == before[0].geometry
    assert hindered_roads(session, []) == []
    with pytest.raises(Invalid):
        touched_roads(session, {"type": "Point", "coordinates": [117.2, 29.4]})
    assert touched_roads(session, across(50, 51)) == []
