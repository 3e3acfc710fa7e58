"""The rest of one's own day, put in a better order: what changes, what never does, who may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, time

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.errors import Conflict, Forbidden, Invalid, NotFound
from fuliang_gis.inspections.models import (
    InspectionRound,
    Obligation,
    RoundLeftOver,
    RoundPlan,
    RoundStop,
    Team,
    TeamMember,
)
from fuliang_gis.inspections.rounds import moves, operations, queries
from fuliang_gis.inspections.rounds.own_day import price_own_day, replan_own_day
from fuliang_gis.locations.models import Location
from fuliang_gis.roads.closures import ClosureGiven, declare
from tests.factories import FULIANG_TOWN, make_actor
from tests.inspections.factories import make_visit
from tests.inspections.rounds.laying_out import MONDAY, NORTH, WEST, solved, stop_of

EAST = (WEST + 0.07, NORTH)


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    """It is nine on Monday."""
    with at(9):
        yield


def at(hour: int, minute: int = 0) -> AbstractContextManager[None]:
    """Let it be a time of Monday."""
    return clock.frozen(datetime.combine(MONDAY, time(hour, minute), clock.ZONE))


@pytest.fixture
def inspector(session: Session) -> Actor:
    """An inspector of 浮梁镇."""
    return make_actor(session, Role.INSPECTOR, FULIANG_TOWN)


@pytest.fixture
def plan(
    session: Session, actor: Actor, inspector: Actor, team: Team, owed: list[Obligation]
) -> RoundPlan:
    """The works of the road, in a published round of today that the inspector drives."""
    assert owed
    session.add(TeamMember(team_id=team.id, account_id=inspector.account_id))
    session.flush()
    made = solved(session, actor, team)
    return operations.publish(session, actor, made.id, expected_version=made.version)


def today(session: Session, plan: RoundPlan) -> InspectionRound:
    """Return the round of today."""
    return session.scalars(
        select(InspectionRound).where(
            InspectionRound.plan_id == plan.id, InspectionRound.day == MONDAY
        )
    ).one()


def met(session: Session, owed: Obligation) -> None:
    """Let an obligation be met by a visit."""
    visit = make_visit(session, session.get_one(Location, owed.location_id), MONDAY)
    owed.state, owed.visit_id, owed.done_on = "done", visit.id, MONDAY
    session.flush()


def order(session: Session, driven: InspectionRound) -> list[int]:
    """Return the stops of a round in order."""
    wanted = select(RoundStop.id).where(RoundStop.round_id == driven.id)
    return list(session.scalars(wanted.order_by(RoundStop.ordinal)))


def test_the_rest_of_the_day_begins_where_one_is(
    session: Session, inspector: Actor, actor: Actor, plan: RoundPlan, owed: list[Obligation]
) -> None:
    """From the road's eastern end the way home takes the stops one after the other."""
    driven = today(session, plan)
    before = order(session, driven)
    assert len(before) == 5
    found = price_own_day(session, inspector, driven.id, EAST)
    assert order(session, driven) == before
    assert found.was == tuple(before)
    assert found.order == tuple(stop_of(session, plan, each).id for each in reversed(owed[:5]))
    assert found.before is not None
    assert found.after.seconds < found.before.seconds
    assert found.after.metres < found.before.metres
    assert (found.origin, found.late, found.changed) == ("device", False, True)
    version = plan.version
    replan_own_day(session, inspector, driven.id, EAST, shown=found.order)
    session.expire_all()
    assert order(session, driven) == list(found.order)
    assert plan.version == version + 1
    # Legs are kept in whole seconds.
    assert driven.driving_seconds == pytest.approx(found.after.seconds, abs=6)
    assert driven.driving_metres == found.after.metres
    event = queries.plan_history(session, actor, plan.id)[0]
    assert (event.action, event.detail["stops"]) == ("replan_own_day", 5)
    again = price_own_day(session, inspector, driven.id, EAST)
    assert not again.changed
    assert again.before == again.after


def test_without_a_position_the_last_visit_counts_then_the_station(
    session: Session, inspector: Actor, plan: RoundPlan, owed: list[Obligation]
) -> None:
    """A phone that tells nothing has its answer too."""
    driven = today(session, plan)
    found = price_own_day(session, inspector, driven.id, None)
    assert (found.origin, found.place) == ("station", (WEST, NORTH))
    far = max(owed[:5], key=lambda each: each.location_id)
    with at(10):
        place = session.get_one(Location, far.location_id)
        make_visit(session, place, MONDAY, inspector_id=inspector.account_id)
        found = price_own_day(session, inspector, driven.id, None)
    assert found.origin == "visit"
    assert found.since == datetime.combine(MONDAY, time(10), clock.ZONE)
    assert found.origin_name
    assert found.place == pytest.approx((WEST + 0.06, NORTH + 0.0005))


def test_nothing_is_left_out_however_late(
    session: Session, inspector: Actor, plan: RoundPlan
) -> None:
    """After hours every stop stays in the list, and the page can tell when it would end."""
    driven = today(session, plan)
    left = select(RoundLeftOver.id)
    before = session.scalars(left).all()
    with at(17, 10):
        found = price_own_day(session, inspector, driven.id, EAST)
        assert found.late
        replan_own_day(session, inspector, driven.id, EAST, shown=found.order)
    assert order(session, driven) == list(found.order)
    assert session.scalars(left).all() == before
    with at(23, 40), pytest.raises(Invalid) as refused:
        price_own_day(session, inspector, driven.id, EAST)
    assert [each.code for each in refused.value.problems] == ["no_capacity"]


def test_overtime_has_its_break(
    session: Session, inspector: Actor, plan: RoundPlan, team: Team
) -> None:
    """A day that grows too long is told as it would be: with the hour at noon, then late."""
    driven = today(session, plan)
    team.ends = time(13)
    session.flush()
    with at(11, 30):
        found = price_own_day(session, inspector, driven.id, EAST)
    assert found.late
    # Five visits of about half an hour, the hour's break, and some driving.
    assert time(14, 40) < found.after.ends < time(15, 10)


def test_other_rounds_stay_as_they_are(
    session: Session, actor: Actor, inspector: Actor, plan: RoundPlan, team: Team
) -> None:
    """Tomorrow's round of the same team, and what is left over."""
    driven = today(session, plan)
    moved, *_ = order(session, driven)
    tomorrow = MONDAY.replace(day=MONDAY.day + 1)
    moves.move_stop(
        session, actor, plan.id, moved, team.id, tomorrow, expected_version=plan.version
    )
    others = select(RoundStop.id, RoundStop.ordinal, RoundStop.begin).where(
        RoundStop.round_id != driven.id
    )
    before = session.execute(others).all()
    assert [row.id for row in before] == [moved]
    found = price_own_day(session, inspector, driven.id, EAST)
    replan_own_day(session, inspector, driven.id, EAST, shown=found.order)
    session.expire_all()
    assert session.execute(others).all() == before
    assert moved not in found.order


def test_only_ones_own_published_round_of_today(
    session: Session, actor: Actor, inspector: Actor, plan: RoundPlan, team: Team
) -> None:
    """Not another team's, not tomorrow, not once withdrawn; a viewer's role makes no visits."""
    driven = today(session, plan)
    stranger = make_actor(session, Role.INSPECTOR, FULIANG_TOWN)
    with pytest.raises(NotFound):
        price_own_day(session, stranger, driven.id, EAST)
    viewer = make_actor(session, Role.VIEWER, FULIANG_TOWN)
    session.add(TeamMember(team_id=team.id, account_id=viewer.account_id))
    session.flush()
    with pytest.raises(Forbidden):
        price_own_day(session, viewer, driven.id, EAST)
    with (
        clock.frozen(datetime.combine(MONDAY.replace(day=MONDAY.day + 1), time(9), clock.ZONE)),
        pytest.raises(NotFound),
    ):
        price_own_day(session, inspector, driven.id, EAST)
    operations.withdraw(session, actor, plan.id, expected_version=plan.version)
    with pytest.raises(NotFound):
        price_own_day(session, inspector, driven.id, EAST)


def test_what_was_shown_is_what_is_done(
    session: Session, inspector: Actor, plan: RoundPlan, owed: list[Obligation]
) -> None:
    """A visit made meanwhile changes what is left: it is shown anew, not done unseen."""
    driven = today(session, plan)
    found = price_own_day(session, inspector, driven.id, EAST)
    met(session, owed[0])
    before = order(session, driven)
    with pytest.raises(Conflict):
        replan_own_day(session, inspector, driven.id, EAST, shown=found.order)
    assert order(session, driven) == before


def test_a_closed_road_is_told(
    session: Session, actor: Actor, inspector: Actor, plan: RoundPlan
) -> None:
    """No order helps where there is no way."""
    line = {
        "type": "LineString",
        "coordinates": [[WEST + 0.035, NORTH - 0.001], [WEST + 0.035, NORTH + 0.001]],
    }
    declare(session, actor, ClosureGiven(FULIANG_TOWN, "塌方", line, MONDAY, MONDAY, None))
    driven = today(session, plan)
    with pytest.raises(Invalid) as refused:
        price_own_day(session, inspector, driven.id, (WEST, NORTH))
    assert [each.code for each in refused.value.problems] == ["no_road"]
    with pytest.raises(Invalid) as refused:
        price_own_day(session, inspector, driven.id, (118.5, 30.9))
    assert [each.code for each in refused.value.problems] == ["no_road"]


def test_a_round_outside_its_plans_days_is_driven_too(
    session: Session, inspector: Actor, plan: RoundPlan
) -> None:
    """Somebody has moved the plan's first day since; the round is still today's."""
    driven = today(session, plan)
    plan.first_day = MONDAY.replace(day=MONDAY.day + 1)
    session.flush()
    assert price_own_day(session, inspector, driven.id, EAST).changed


def test_nothing_left_is_told(
    session: Session, inspector: Actor, plan: RoundPlan, owed: list[Obligation]
) -> None:
    """A day that is done has no order."""
    for each in owed:
        met(session, each)
    with pytest.raises(Invalid) as refused:
        price_own_day(session, inspector, today(session, plan).id, EAST)
    assert [each.code for each in refused.value.problems] == ["nothing_left"]
