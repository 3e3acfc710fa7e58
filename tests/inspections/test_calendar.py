"""The calendar: what each day holds, and planning many at once without losing any."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.models import AuditEvent
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    FuliangError,
    Invalid,
    OutsideDivision,
    WrongState,
)
from fuliang_gis.inspections.duties import calendar_queries as queries
from fuliang_gis.inspections.duties.calendar_queries import Group, Look
from fuliang_gis.inspections.duties.moving import MOST, Former, move, undo
from fuliang_gis.inspections.duties.periods import PeriodKind, Span, period_of
from fuliang_gis.inspections.models import Obligation
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from tests.factories import FULIANG_TOWN, YAOLI_TOWN, make_account, make_actor, make_location
from tests.inspections.factories import make_obligation

NOW = datetime(2024, 8, 15, 9, tzinfo=clock.ZONE)
TODAY = NOW.date()
YAOLI_VILLAGE = "360222105201"
LOOK = Look(period_of(PeriodKind.MONTH, TODAY), TODAY)


@pytest.fixture(autouse=True)
def then() -> Iterator[None]:
    """It is August 2024."""
    with clock.frozen(NOW):
        yield


@pytest.fixture
def county(session: Session) -> Actor:
    """County staff."""
    return make_actor(session)


@pytest.fixture
def places(session: Session, county: Actor) -> list[Location]:
    """A waterworks in 浮梁镇 and a PV station in 瑶里镇."""
    water = make_location(session, county, layer("water_projects"))
    solar = make_location(session, county, layer("pv_stations"), division_code=YAOLI_VILLAGE)
    return [water, solar]


def owed(
    session: Session,
    place: Location,
    number: int,
    **given: Any,  # noqa: ANN401  # Columns of any kind.
) -> list[Obligation]:
    """Add so many obligations of one location in this quarter."""
    return [
        make_obligation(session, place, TODAY, ordinal=each + 1, **given) for each in range(number)
    ]


def test_each_day_holds_what_is_planned_due_and_done(
    session: Session, county: Actor, places: list[Location]
) -> None:
    """Planned by group; due tells what is unplanned, done tells what was meant for another day."""
    water, solar = places
    day = TODAY + timedelta(days=5)
    owed(session, water, 3, planned_on=day)
    owed(session, solar, 2, planned_on=day, purpose="safety")
    owed(session, solar, 4, due_on=TODAY + timedelta(days=9))
    make_obligation(session, water, TODAY, ordinal=20, done_on=TODAY, planned_on=day)
    make_obligation(session, water, TODAY, ordinal=21, done_on=TODAY, planned_on=TODAY)
    make_obligation(session, water, TODAY, ordinal=22, excuse="停用", planned_on=day)
    found = {
        (chip.kind, chip.day, chip.key, chip.layer): (chip.count, chip.moved)
        for chip in queries.days(session, county, LOOK)
    }
    assert found == {
        ("planned", day, FULIANG_TOWN, "water_projects"): (3, 0),
        ("planned", day, YAOLI_TOWN, "pv_stations"): (2, 0),
        ("due", TODAY + timedelta(days=9), "", "pv_stations"): (4, 4),
        ("done", TODAY, "", "water_projects"): (2, 1),
    }
    narrowed = Look(LOOK.span, TODAY, division=YAOLI_TOWN, purpose="safety")
    chips = queries.days(session, county, narrowed)
    assert [(chip.key, chip.count) for chip in chips] == [(YAOLI_VILLAGE, 2)]
    items = queries.items(session, county, LOOK, Group("done", TODAY, None), most=9)
    assert [(item.planned_on, item.done_on) for item in items] == [(day, TODAY), (TODAY, TODAY)]


def test_a_person_is_a_group_too(session: Session, county: Actor, places: list[Location]) -> None:
    """By assignee, and by nobody."""
    who = make_account(session, Role.INSPECTOR).id
    owed(session, places[0], 2, planned_on=TODAY, assignee_id=who)
    owed(session, places[1], 1, planned_on=TODAY)
    look = Look(LOOK.span, TODAY, by="person")
    assert [(c.key, c.count) for c in queries.days(session, county, look)] == [
        ("", 1),
        (str(who), 2),
    ]
    alone = Look(LOOK.span, TODAY, by="person", person=str(who))
    assert sum(chip.count for chip in queries.days(session, county, alone)) == 2
    nobody = queries.members(session, county, look, Group("planned", TODAY, ""), most=9)
    assert len(nobody) == 1
    assert (who, "测试岗位") in queries.inspectors(session, county, FULIANG_TOWN)


def test_the_pool_holds_what_may_still_be_planned(
    session: Session, county: Actor, places: list[Location]
) -> None:
    """Neither what is planned, done or excused, nor what a closed period owed."""
    water = places[0]
    owed(session, water, 2)
    make_obligation(session, water, TODAY, ordinal=8, due_on=TODAY - timedelta(days=1))
    make_obligation(session, water, TODAY, ordinal=9, planned_on=TODAY)
    make_obligation(session, water, TODAY, ordinal=10, done_on=TODAY)
    make_obligation(session, water, TODAY, ordinal=11, excuse="停用")
    make_obligation(session, water, date(2024, 5, 1))
    make_obligation(session, water, date(2024, 11, 1))
    (chip,) = queries.pool(session, county, LOOK)
    assert (chip.key, chip.count, chip.overdue) == (FULIANG_TOWN, 3, 1)
    assert chip.first_due == TODAY - timedelta(days=1)
    members = queries.members(session, county, LOOK, Group("pool", None, FULIANG_TOWN), most=2)
    assert len(members) == 2


def test_a_township_plans_and_sees_its_own(
    session: Session, county: Actor, places: list[Location]
) -> None:
    """Another's division is neither shown nor touched."""
    yaoli = make_actor(session, Role.TOWNSHIP_STAFF, YAOLI_TOWN)
    (ours,) = owed(session, places[1], 1)
    (theirs,) = owed(session, places[0], 1)
    assert [chip.key for chip in queries.pool(session, yaoli, LOOK)] == [YAOLI_VILLAGE]
    with pytest.raises(OutsideDivision):
        queries.days(session, yaoli, Look(LOOK.span, TODAY, division=FULIANG_TOWN))
    assert queries.versions(session, yaoli, [ours.id, theirs.id]) == [(ours.id, 1)]
    assert queries.versions(session, county, [theirs.id, 10**15]) == [(theirs.id, 1)]


def test_many_are_planned_at_once_and_taken_back(
    session: Session, county: Actor, places: list[Location]
) -> None:
    """Each with its entry in the audit record; undone, they are as they were."""
    who = make_account(session, Role.INSPECTOR).id
    rows = owed(session, places[0], 3)
    wanted = [(row.id, row.version) for row in rows]
    day = TODAY + timedelta(days=3)
    moved = move(session, county, wanted, planned_on=day, assignee_id=who)
    assert (len(moved.done), moved.refused) == (3, 0)
    assert {(row.planned_on, row.assignee_id) for row in rows} == {(day, who)}
    events = select(AuditEvent).where(AuditEvent.action == "plan_obligation")
    assert len(session.scalars(events).all()) == 3
    back = undo(session, county, moved.done)
    assert len(back.done) == 3
    assert {(row.planned_on, row.assignee_id, row.version) for row in rows} == {(None, None, 3)}


def test_what_cannot_take_the_day_stays(
    session: Session, county: Actor, places: list[Location]
) -> None:
    """The others are planned, and the reason is told."""
    (later,) = owed(session, places[0], 1)
    (soon,) = owed(session, places[1], 1, due_on=TODAY + timedelta(days=1))
    wanted = [(later.id, 1), (soon.id, 1)]
    moved = move(session, county, wanted, planned_on=TODAY + timedelta(days=20))
    assert ([each.id for each in moved.done], moved.refused) == ([later.id], 1)
    assert "计划日期应在" in moved.reason
    assert (soon.planned_on, soon.version) == (None, 1)


def test_an_undo_leaves_what_was_changed_since(
    session: Session, county: Actor, places: list[Location]
) -> None:
    """Somebody else's later plan is not overwritten."""
    rows = owed(session, places[0], 2)
    moved = move(session, county, [(row.id, 1) for row in rows], planned_on=TODAY)
    later = TODAY + timedelta(days=1)
    move(session, county, [(rows[0].id, 2)], planned_on=later)
    back = undo(session, county, moved.done)
    assert ([each.id for each in back.done], back.refused) == ([rows[1].id], 1)
    assert (rows[0].planned_on, rows[1].planned_on) == (later, None)


@pytest.mark.parametrize(
    ("role", "number", "given", "version", "refusal"),
    [
        (Role.COUNTY_STAFF, 0, {}, 1, BadRequest),
        (Role.COUNTY_STAFF, MOST + 1, {}, 1, BadRequest),
        (Role.COUNTY_STAFF, 1, {}, 7, Conflict),
        (Role.COUNTY_STAFF, 1, {"done_on": TODAY}, 1, WrongState),
        (Role.COUNTY_STAFF, 1, {"due_on": TODAY}, 1, Invalid),
        (Role.INSPECTOR, 1, {}, 1, Forbidden),
        (Role.VIEWER, 1, {}, 1, Forbidden),
    ],
)
def test_what_cannot_be_planned_at_all_is_refused(
    session: Session,
    places: list[Location],
    role: Role,
    number: int,
    given: dict[str, object],
    version: int,
    refusal: type[FuliangError],
) -> None:
    """With the first reason, and nothing written."""
    (row,) = owed(session, places[0], 1, **given)
    actor = make_actor(session, role)
    with pytest.raises(refusal):
        move(session, actor, [(row.id, version)] * number, planned_on=TODAY + timedelta(days=2))
    with pytest.raises(refusal):
        undo(session, actor, [Former(row.id, version, TODAY + timedelta(days=2), None)] * number)
    assert row.version == 1


def test_a_span_of_any_length_is_counted_in_one_statement(
    session: Session, county: Actor, places: list[Location]
) -> None:
    """A quarter of days tells the sum of its months."""
    for month in (7, 8, 9):
        make_obligation(session, places[0], TODAY, ordinal=month, planned_on=date(2024, month, 20))
    quarter = queries.days(session, county, Look(Span(date(2024, 7, 1), date(2024, 9, 30)), TODAY))
    assert sum(chip.count for chip in quarter if chip.kind == "planned") == 3
    assert sum(chip.count for chip in queries.days(session, county, LOOK)) == 1
