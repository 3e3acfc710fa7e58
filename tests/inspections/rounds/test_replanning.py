"""Living with published rounds: visits made and missed, a day made up for, the rest of a day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.errors import Invalid, NotFound, OutsideDivision, WrongState
from fuliang_gis.inspections.duties.operations import fulfil, unfulfil
from fuliang_gis.inspections.models import (
    InspectionRound,
    Obligation,
    RoundLeftOver,
    RoundPlan,
    RoundStop,
    Team,
)
from fuliang_gis.inspections.rounds import operations, queries
from fuliang_gis.inspections.rounds.following import follow, note_missed
from fuliang_gis.inspections.rounds.replanning import (
    price_missed,
    replan_missed,
    replan_today,
)
from fuliang_gis.inspections.visits import operations as visits
from fuliang_gis.inspections.visits.rules import Answer, Given, Position, Read
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from tests.factories import FULIANG_TOWN, YAOLI_TOWN, make_actor, make_location, point
from tests.inspections.factories import kind_of, make_obligation, make_visit
from tests.inspections.rounds.laying_out import FRIDAY, MONDAY, NORTH, WEST, lay_team, solved

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


@contextmanager
def on(day: date, hour: int = 7) -> Iterator[None]:
    """Let it be an hour of a day."""
    with clock.frozen(datetime.combine(day, time(hour), clock.ZONE)):
        yield


@pytest.fixture
def plan(session: Session, actor: Actor, team: Team, owed: list[Obligation]) -> RoundPlan:
    """The five works of the road, all on Monday, published."""
    assert owed
    with on(MONDAY):
        made = solved(session, actor, team)
        return operations.publish(session, actor, made.id, expected_version=made.version)


def stops(session: Session, plan: RoundPlan) -> list[tuple[date, int | None, str]]:
    """Return day, obligation and state of each stop, in order."""
    rows = session.execute(
        select(InspectionRound.day, RoundStop.obligation_id, RoundStop.state)
        .join(RoundStop, RoundStop.round_id == InspectionRound.id)
        .where(InspectionRound.plan_id == plan.id)
        .order_by(InspectionRound.day, RoundStop.ordinal)
    )
    return [(day, owed, state) for day, owed, state in rows]


def states(session: Session, plan: RoundPlan) -> dict[int | None, str]:
    """Return the state of each stop by obligation, the latest day's."""
    return {owed: state for _, owed, state in stops(session, plan)}


def test_a_visit_makes_its_stop(
    session: Session, actor: Actor, plan: RoundPlan, owed: list[Obligation]
) -> None:
    """Recorded through the operation that the phone reaches; a correction keeps it."""
    location = session.get_one(Location, owed[0].location_id)
    inspector = make_actor(session, Role.INSPECTOR, FULIANG_TOWN)
    with on(MONDAY, 10):
        given = _visit(location)
        visits.record(session, inspector, given)
        assert states(session, plan)[owed[0].id] == "done"
        assert states(session, plan)[owed[1].id] == "planned"
        (row,) = queries.plans(session, actor, queries.PlanFilter()).rows
        assert (row.done, row.missed) == (1, 0)


def _visit(location: Location) -> Given:
    sheet = layer(location.layer).sheet.inspection
    asked = sheet.checklist
    return Given(
        uuid4(),
        location.layer,
        location.code,
        position=Position(WEST + 0.012, NORTH + 0.0005, 5.0),
        condition="good",
        answers=[Answer(each.name, "ok") for each in asked if each.applies_to(kind_of(location))],
        readings=[
            Read(each.name, each.minimum or 0.0)
            for each in sheet.readings
            if each.applies_to(kind_of(location))
        ],
    )


def test_a_visit_taken_back_opens_its_stop(
    session: Session, plan: RoundPlan, owed: list[Obligation]
) -> None:
    """And what was missed stays missed when a later visit makes up for it."""
    location = session.get_one(Location, owed[0].location_id)
    made = make_visit(session, location, MONDAY)
    with on(MONDAY, 12):
        follow(session, FULIANG_TOWN, fulfil(session, made))
        assert states(session, plan)[owed[0].id] == "done"
        follow(session, FULIANG_TOWN, unfulfil(session, made))
        assert states(session, plan)[owed[0].id] == "planned"
    with on(WEDNESDAY):
        note_missed(session, WEDNESDAY)
        late = make_visit(session, location, TUESDAY)
        follow(session, FULIANG_TOWN, fulfil(session, late))
        assert states(session, plan)[owed[0].id] == "missed"


def test_a_team_of_another_division_is_told_at_night(
    session: Session, actor: Actor, plan: RoundPlan, owed: list[Obligation]
) -> None:
    """Whoever may not write its stops leaves them; readers see the visit all the same."""
    location = session.get_one(Location, owed[0].location_id)
    with on(MONDAY, 12):
        follow(session, YAOLI_TOWN, fulfil(session, make_visit(session, location, MONDAY)))
        assert states(session, plan)[owed[0].id] == "planned"
        found = queries.plan_detail(session, actor, plan.id)
        shown = {stop.obligation_id: stop.state for stop in found.rounds[0].stops}
        assert (shown[owed[0].id], found.plan.done) == ("done", 1)
        note_missed(session, MONDAY)
    assert states(session, plan)[owed[0].id] == "done"


def test_what_nobody_visited_returns_to_the_pool(
    session: Session, plan: RoundPlan, owed: list[Obligation]
) -> None:
    """At the day's end it is missed, and its obligation has no day any more; once."""
    with on(MONDAY, 20):
        assert note_missed(session, MONDAY) == 0
    owed[4].state, owed[4].excuse = "excused", "停用检修"
    with on(TUESDAY, 0):
        assert note_missed(session, TUESDAY) == 4
        assert note_missed(session, TUESDAY) == 0
    session.expire_all()
    assert {each.id for each in owed[:4]} == {
        owed_id for _, owed_id, state in stops(session, plan) if state == "missed"
    }
    assert {each.planned_on for each in owed[:4]} == {None}
    assert {each.state for each in owed[:4]} == {"open"}


def test_a_missed_day_goes_into_the_days_that_come(
    session: Session, actor: Actor, team: Team, plan: RoundPlan, owed: list[Obligation]
) -> None:
    """Nothing else moves where there is room; the missed stops stay as history."""
    with on(TUESDAY):
        note_missed(session, TUESDAY)
        priced = price_missed(session, actor, plan.id)
        version = plan.version
        assert {day for day, *_ in stops(session, plan)} == {MONDAY}
        found = replan_missed(session, actor, plan.id, expected_version=version)
    assert set(found.missed) == set(found.inserted) == {each.id for each in owed[:5]}
    assert (found.moved, found.left_over, found.from_day) == ((), (), TUESDAY)
    assert (priced.inserted, priced.rounds) == (found.inserted, found.rounds)
    # One round takes all of them, for the driving of one.
    assert found.rounds == ((team.id, TUESDAY),)
    assert found.added_seconds == pytest.approx(2 * 5820 / 35 * 3.6, rel=0.02)
    later = [(day, state) for day, _, state in stops(session, plan) if day > MONDAY]
    assert later == [(TUESDAY, "planned")] * 5
    assert [state for day, _, state in stops(session, plan) if day == MONDAY] == ["missed"] * 5
    session.expire_all()
    assert {each.planned_on for each in owed[:5]} == {TUESDAY}
    with on(TUESDAY):
        assert plan.version == version + 1
        again = replan_missed(session, actor, plan.id, expected_version=plan.version)
        assert (again.missed, again.rounds, plan.version) == ((), (), version + 1)


def test_only_what_must_moves(
    session: Session, actor: Actor, team: Team, roads: list[object]
) -> None:
    """A day that is full but for one place takes one; each of its own stops stays there."""
    assert roads
    team.ends, team.break_from, team.break_to = time(11), None, None
    works = []
    for n in range(12):
        place = point(WEST + 0.006 * (n + 1), NORTH)
        made = make_location(session, actor, layer("water_projects"), geometry=place)
        works.append(make_obligation(session, made, MONDAY, due_on=FRIDAY, opens_on=MONDAY))
    with on(MONDAY):
        plan = solved(session, actor, team)
        operations.publish(session, actor, plan.id, expected_version=plan.version)
    before = {owed: day for day, owed, _ in stops(session, plan)}
    assert len(before) == 12
    missed = {owed for owed, day in before.items() if day == min(before.values())}
    day = min(before.values()) + timedelta(days=1)
    with on(day):
        note_missed(session, day)
        found = replan_missed(session, actor, plan.id, expected_version=plan.version)
    assert set(found.missed) == missed
    assert set(found.inserted) | set(found.left_over) == missed
    after = {owed: day for day, owed, state in stops(session, plan) if state == "planned"}
    others = before.keys() - missed - set(found.moved)
    assert {owed: before[owed] for owed in others} == {owed: after[owed] for owed in others}


def test_without_room_it_is_left_over_with_what_to_do(
    session: Session, actor: Actor, team: Team, plan: RoundPlan, owed: list[Obligation]
) -> None:
    """A team that does not come to work any more takes nothing in; better days make up for it."""
    team.weekdays = [1]
    session.flush()
    with on(TUESDAY):
        note_missed(session, TUESDAY)
        found = replan_missed(session, actor, plan.id, expected_version=plan.version)
        assert set(found.left_over) == {each.id for each in owed[:5]}
        left = {
            each.obligation_id: each
            for each in queries.plan_detail(session, actor, plan.id).left_over
        }
        assert left[owed[0].id].reason == "missed"
        assert "手工加入" in left[owed[0].id].advice
        team.weekdays = [1, 2, 3, 4, 5]
        session.flush()
        found = replan_missed(session, actor, plan.id, expected_version=plan.version)
        assert set(found.inserted) == {each.id for each in owed[:5]}
    reasons = session.scalars(select(RoundLeftOver.reason)).all()
    assert "missed" not in reasons


def test_the_rest_of_the_day_begins_where_the_team_is(
    session: Session, actor: Actor, team: Team, plan: RoundPlan, owed: list[Obligation]
) -> None:
    """Two are made; from the far end the others are driven on the way back."""
    order = [owed_id for _, owed_id, _ in stops(session, plan)]
    with on(MONDAY, 11):
        for stop in session.scalars(select(RoundStop).order_by(RoundStop.ordinal).limit(2)):
            stop.state = "done"
        session.flush()
        far = (WEST + 0.085, NORTH + 0.0001)
        found = replan_today(session, actor, plan.id, team.id, far, expected_version=plan.version)
    assert found.dropped == ()
    after = [owed_id for _, owed_id, _ in stops(session, plan)]
    assert after[:2] == order[:2]
    # The nearest to the far end comes first, so the rest is sorted from there.
    assert after[2:] == sorted(after[2:], key=lambda each: -(each or 0))
    rows = session.scalars(select(RoundStop).order_by(RoundStop.ordinal)).all()
    assert [row.ordinal for row in rows] == [1, 2, 3, 4, 5]
    assert rows[2].arrive > time(11)
    assert rows[2].drive_metres > 2000
    kept = session.scalars(select(InspectionRound)).one()
    assert kept.ends == found.ends > rows[-1].leave
    home = kept.driving_metres - sum(row.drive_metres for row in rows)
    last = session.get_one(Location, rows[-1].location_id)
    number = [each.location_id for each in owed].index(last.id)
    assert home == pytest.approx(1164 * (number + 1), rel=0.03)


def test_what_the_day_has_no_time_for_is_dropped(
    session: Session, actor: Actor, team: Team, plan: RoundPlan, owed: list[Obligation]
) -> None:
    """Late in the afternoon some stops go, and come back when missed ones are planned again."""
    with on(MONDAY, 16):
        found = replan_today(
            session, actor, plan.id, team.id, (WEST, NORTH), expected_version=plan.version
        )
        assert 1 <= len(found.dropped) <= 4
        assert found.ends <= team.ends
        session.expire_all()
        gone = [each for each in owed if each.id in found.dropped]
        assert {each.planned_on for each in gone} == {None}
        reasons = {r.obligation_id: r.reason for r in session.scalars(select(RoundLeftOver))}
        assert {reasons[each] for each in found.dropped} == {"dropped"}
        made = replan_missed(session, actor, plan.id, expected_version=plan.version)
    assert made.from_day == TUESDAY
    assert set(made.inserted) == set(found.dropped)
    assert made.moved == ()


def test_who_may_not_plan_again_and_when(
    session: Session, actor: Actor, team: Team, plan: RoundPlan
) -> None:
    """Others, off the road, another day, or a plan that nobody drives."""
    other = make_actor(session, Role.TOWNSHIP_STAFF, YAOLI_TOWN)
    place = (WEST, NORTH)
    with on(MONDAY, 10):
        for act in (
            lambda: replan_missed(session, other, plan.id, expected_version=plan.version),
            lambda: replan_today(
                session, other, plan.id, team.id, place, expected_version=plan.version
            ),
        ):
            with pytest.raises(OutsideDivision):
                act()
        for far in ((0.0, 0.0), (float("nan"), 29.0)):
            with pytest.raises(Invalid):
                replan_today(session, actor, plan.id, team.id, far, expected_version=plan.version)
        with pytest.raises(NotFound):
            replan_today(session, actor, plan.id, 999_999, place, expected_version=plan.version)
    with on(TUESDAY), pytest.raises(NotFound):
        replan_today(session, actor, plan.id, team.id, place, expected_version=plan.version)
    with on(MONDAY):
        operations.withdraw(session, actor, plan.id, expected_version=plan.version)
        with pytest.raises(WrongState):
            replan_today(session, actor, plan.id, team.id, place, expected_version=plan.version)


def test_a_copy_is_tried_beside_the_plan(
    session: Session, actor: Actor, team: Team, plan: RoundPlan, owed: list[Obligation]
) -> None:
    """It has the same rounds, follows its own solver, and is not published beside the other."""
    with on(MONDAY):
        copy = operations.copy_plan(session, actor, plan.id)
        assert (copy.based_on, copy.state, copy.version) == (plan.id, "solved", 1)
        assert copy.title == "第48周（副本）"
        assert queries.compare(session, actor, plan.id, copy.id).changes == ()
        assert stops(session, copy) == stops(session, plan)
        second = lay_team(session, "二队", skills=["water_quality"])
        copy.asked = copy.asked | {"teams": [team.id, second.id]}
        copy = operations.solve(session, copy.id, today=MONDAY)
        found = queries.compare(session, actor, plan.id, copy.id)
        assert [each.obligation_id for each in found.only_b] == [owed[6].id]
        assert found.totals_b.stops == 6
        with pytest.raises(WrongState):
            operations.publish(session, actor, copy.id, expected_version=copy.version)
        operations.withdraw(session, actor, plan.id, expected_version=plan.version)
        operations.publish(session, actor, copy.id, expected_version=copy.version)


def test_solving_again_leaves_what_is_past_and_locked(
    session: Session, actor: Actor, team: Team, plan: RoundPlan, owed: list[Obligation]
) -> None:
    """Withdrawn on Tuesday: Monday stays history; a locked day and team get nothing new."""
    with on(TUESDAY):
        note_missed(session, TUESDAY)
        operations.withdraw(session, actor, plan.id, expected_version=plan.version)
        operations.set_lock(
            session, actor, plan.id, day=TUESDAY, locked=True, expected_version=plan.version
        )
        operations.solve(session, plan.id, today=TUESDAY)
    days = {day for day, *_ in stops(session, plan)}
    assert MONDAY in days
    assert TUESDAY not in days
    again = [each for day, each, _ in stops(session, plan) if day > TUESDAY]
    assert set(again) == {each.id for each in owed[:5]}
    with on(TUESDAY):
        operations.set_lock(
            session, actor, plan.id, team_id=team.id, locked=True, expected_version=plan.version
        )
        before = stops(session, plan)
        operations.solve(session, plan.id, today=TUESDAY)
        assert stops(session, plan) == before
        detail = queries.plan_detail(session, actor, plan.id)
        assert (detail.locked_days, detail.locked_teams) == ((TUESDAY,), (team.id,))
        assert all(each.locked for each in detail.rounds)
