"""A post is reminded of what it should do, no more, and the calendar tells the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import operations as accounts
from fuliang_gis.accounts.models import Account, AuditEvent
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.db.session import Database
from fuliang_gis.errors import Forbidden
from fuliang_gis.inspections.duties.periods import PeriodKind
from fuliang_gis.inspections.models import (
    CalendarFeed,
    Defect,
    DefectMeasure,
    Disposal,
    Obligation,
    ProblemReport,
)
from fuliang_gis.inspections.reminders import calendar, operations, queries
from fuliang_gis.inspections.reminders.entries import AHEAD, entries
from fuliang_gis.inspections.reminders.queries import Counts
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from tests.factories import (
    COUNTY,
    FULIANG_TOWN,
    FULIANG_VILLAGE,
    YAOLI_TOWN,
    make_actor,
    make_location,
)
from tests.inspections.factories import make_defect, make_obligation

TODAY = date(2026, 11, 25)
LATE, SOON, LATER = date(2026, 10, 31), date(2026, 11, 30), date(2026, 12, 31)
CountQueries = Callable[[Engine | Connection], AbstractContextManager[list[str]]]


@pytest.fixture
def place(session: Session) -> Location:
    """A water project in 浮梁镇."""
    return make_location(session, make_actor(session), layer("water_projects"))


def owe(
    session: Session, place: Location, due_on: date, owner: Actor | None = None, **given: object
) -> Obligation:
    """Add an open obligation of a month; it is warned of all month."""
    purpose = f"purpose {session.scalar(select(func.count()).select_from(Obligation))}"
    usual: dict[str, Any] = {"due_on": due_on, "warn_on": due_on.replace(day=1)}
    values: dict[str, Any] = {"purpose": purpose, **usual, **given}
    assignee = owner.account_id if owner else None
    return make_obligation(
        session, place, due_on, period=PeriodKind.MONTH, assignee_id=assignee, **values
    )


def measure(session: Session, defect: Defect, fixed_by: Actor) -> None:
    """Add a measure of a defect that somebody carried out."""
    session.add(
        DefectMeasure(
            defect_id=defect.id,
            division_code=defect.division_code,
            ordinal=1,
            text="整改",
            state="fixed",
            fixed_by=fixed_by.account_id,
            fixed_at=clock.now(),
        )
    )
    session.flush()


# --- counts and lists ---


def test_duties_are_counted_for_those_who_visit(session: Session, place: Location) -> None:
    """Mine and the division's; neither what is done, nor what is not due yet, nor elsewhere."""
    staff = make_actor(session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    owe(session, place, LATE, staff)
    owe(session, place, LATE)
    owe(session, place, SOON)
    owe(session, place, LATER)
    owe(session, place, LATE, staff, done_on=TODAY)
    assert queries.counts(session, staff, TODAY) == Counts(my_overdue=1, overdue=2, due_soon=1)
    for role, division in ((Role.VIEWER, FULIANG_TOWN), (Role.TOWNSHIP_STAFF, YAOLI_TOWN)):
        other = make_actor(session, role, division)
        assert not queries.counts(session, other, TODAY).anything
        assert queries.badge(session, other, TODAY) == 0
    mine = queries.my_duties(session, staff, TODAY)
    assert [(each.code, each.due_on) for each in mine] == [(place.code, LATE)]


def test_a_planned_visit_is_listed_when_its_day_comes(session: Session, place: Location) -> None:
    """Before anybody would be warned of it."""
    inspector = make_actor(session, Role.INSPECTOR, FULIANG_TOWN)
    owe(
        session,
        place,
        LATER,
        inspector,
        opens_on=TODAY.replace(day=1),
        period_start=TODAY.replace(day=1),
        planned_on=TODAY,
    )
    assert len(queries.my_duties(session, inspector, TODAY)) == 1
    assert queries.my_duties(session, inspector, TODAY - timedelta(days=1)) == []


def test_places_are_one_level_below(session: Session, place: Location) -> None:
    """The county sees townships, a township its villages, a village itself."""
    owe(session, place, LATE)
    owe(session, place, SOON)
    for division, code in (
        (COUNTY, FULIANG_TOWN),
        (FULIANG_TOWN, FULIANG_VILLAGE),
        (FULIANG_VILLAGE, FULIANG_VILLAGE),
    ):
        actor = make_actor(session, Role.TOWNSHIP_STAFF, division)
        [found] = queries.places(session, actor, TODAY)
        assert (found.code, found.overdue, found.due_soon) == (code, 1, 1)


def test_defects_wait_for_those_who_may_act(session: Session, place: Location) -> None:
    """The owner fixes, the office assigns, others verify and close; nobody verifies their own."""
    staff = make_actor(session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    fixer = make_actor(session, Role.INSPECTOR, FULIANG_TOWN)
    county = make_actor(session, Role.COUNTY_STAFF)
    day = TODAY - timedelta(days=5)
    make_defect(session, place, day)
    make_defect(session, place, day, state="assigned", owner_id=fixer.account_id)
    fixed = make_defect(session, place, day, state="fixed")
    measure(session, fixed, staff)
    measure(session, make_defect(session, place, day, state="fixed"), fixer)
    make_defect(session, place, day, state="verified")
    make_defect(session, place, date(2026, 9, 1), state="closed", closed_at=clock.now())
    assert queries.counts(session, fixer, TODAY) == Counts(to_fix=1)
    assert queries.counts(session, staff, TODAY) == Counts(to_assign=1, to_verify=1)
    found = queries.counts(session, county, TODAY)
    assert found == Counts(to_assign=1, to_verify=2, to_close=1)
    assert queries.badge(session, fixer, TODAY) == 1
    assert queries.badge(session, county, TODAY) == 4
    [waiting] = queries.problems(session, fixer, "to_fix", TODAY)
    assert (waiting.title, waiting.location) == ("围栏破损", place.name)
    assert queries.problems(session, fixer, "to_close", TODAY) == ()


def test_late_defects_are_told_to_owner_and_office(session: Session, place: Location) -> None:
    """Whoever only mends sees the own ones; the badge does not count them twice."""
    staff = make_actor(session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    fixer = make_actor(session, Role.INSPECTOR, FULIANG_TOWN)
    long_ago = date(2026, 10, 1)
    make_defect(session, place, long_ago, state="assigned", owner_id=fixer.account_id)
    make_defect(session, place, long_ago, state="assigned")
    assert queries.counts(session, fixer, TODAY) == Counts(to_fix=1, late_defects=1)
    assert queries.counts(session, staff, TODAY) == Counts(late_defects=2)
    assert (queries.badge(session, fixer, TODAY), queries.badge(session, staff, TODAY)) == (1, 0)


def test_decisions_wait_for_those_who_may_take_them(session: Session, place: Location) -> None:
    """Reports for the office, disposals for those who approve and did not propose them."""
    staff = make_actor(session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    county = make_actor(session, Role.COUNTY_STAFF)
    where = {"location_id": place.id, "division_code": place.division_code}
    session.add(ProblemReport(**where, receipt="AAAAA-BBBBB", text="坏了", state="waiting"))
    session.add(
        Disposal(
            **where,
            act="revive",
            trigger="闲置",
            proposal="盘活",
            state="proposed",
            proposed_by=county.account_id,
        )
    )
    session.flush()
    other = make_actor(session, Role.COUNTY_STAFF)
    assert queries.counts(session, staff, TODAY) == Counts(reports=1)
    assert queries.counts(session, county, TODAY) == Counts(reports=1)
    assert queries.counts(session, other, TODAY) == Counts(reports=1, disposals=1)
    assert queries.badge(session, other, TODAY) == 2


def test_the_badge_is_one_bounded_statement(
    session: Session, connection: Connection, place: Location, count_queries: CountQueries
) -> None:
    """It counts no farther than people read, and unassigned visits only for smaller posts."""
    staff = make_actor(session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    county = make_actor(session, Role.COUNTY_STAFF)
    for _ in range(queries.MOST + 5):
        owe(session, place, LATE)
    with count_queries(connection) as statements:
        assert queries.badge(session, staff, TODAY) == queries.MOST
    assert len(statements) == 1
    assert queries.badge(session, county, TODAY) == 0


# --- the calendar ---


def test_the_calendar_is_read_by_others(session: Session, place: Location) -> None:
    """One entry a day and village, whole days, stable identifiers, links; parsed back."""
    staff = make_actor(session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    second = make_location(session, make_actor(session), layer("water_projects"), name="乙")
    owe(session, place, SOON)
    owe(session, second, SOON)
    owe(session, place, LATER, staff, planned_on=date(2026, 12, 10))
    owe(session, place, date(2025, 1, 31))
    owe(session, place, TODAY + AHEAD + timedelta(days=40))
    make_defect(session, place, TODAY, title="门;锁,\n坏", due_on=date(2026, 12, 5))

    def read() -> Calendar:
        found = entries(session, staff, TODAY)
        return Calendar.from_ical(
            calendar.feed(
                "提醒", found, domain="360222.fuliang-gis", site="https://g.cn", today=TODAY
            )
        )

    parsed = read()
    events = parsed.walk("VEVENT")
    told = [(str(each["SUMMARY"]), each.decoded("DTSTART")) for each in events]
    village = "查村" if "查村" in told[0][0] else told[0][0].removeprefix("巡查：").split(" ")[0]
    assert told == [
        (f"巡查：{village} 2 处", SOON),
        ("整改期限：门;锁,\n坏", date(2026, 12, 5)),
        (f"我的巡查：{village} 1 处", date(2026, 12, 10)),
    ]
    assert all(not isinstance(day, datetime) for _, day in told)
    assert events[0].decoded("DTEND") == SOON + timedelta(days=1)
    assert {place.name, "乙"} <= set(str(events[0]["DESCRIPTION"]).partition("。")[2].split("、"))
    assert "最晚 2026-12-31" in str(events[2]["DESCRIPTION"])
    assert str(events[1]["URL"]).startswith("https://g.cn/defects/")
    assert str(parsed["X-WR-TIMEZONE"]) == "Asia/Shanghai"
    uids = [str(each["UID"]) for each in events]
    assert len(set(uids)) == len(uids)
    assert uids == [str(each["UID"]) for each in read().walk("VEVENT")]


def test_a_countys_calendar_stays_small(session: Session, place: Location) -> None:
    """Too many villages become townships; deadlines keep their room."""
    county = make_actor(session, Role.COUNTY_STAFF)
    for number in range(calendar.MOST + 20):
        due_on = TODAY + timedelta(days=number % 90)
        village = FULIANG_VILLAGE if number % 2 else "360222100202"
        owe(session, place, due_on, division_code=village, period_start=due_on, period_end=due_on,
            opens_on=due_on, warn_on=due_on, ordinal=number + 1)  # fmt: skip
    few = entries(session, county, TODAY)
    assert len(few) == 90
    for number in range(calendar.MOST):
        make_defect(session, place, TODAY, due_on=TODAY + timedelta(days=number % 90))
    many = entries(session, county, TODAY)
    assert len(many) <= calendar.MOST
    assert {each.key.partition("-")[0] for each in many} == {"visits", "defect"}


def test_entries_cost_few_statements(
    session: Session, connection: Connection, place: Location, count_queries: CountQueries
) -> None:
    """However many locations are named."""
    staff = make_actor(session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    for _ in range(4):
        owe(session, place, SOON)
        make_defect(session, place, TODAY)
    with count_queries(connection) as statements:
        entries(session, staff, TODAY)
    assert len(statements) <= 5


# --- the calendar's address ---


def test_an_address_is_made_replaced_and_dropped(
    service_database: Database, owner_session: Session
) -> None:
    """Only a digest is kept, the audit record tells, an earlier address ends."""
    actor = make_actor(owner_session, Role.INSPECTOR, FULIANG_TOWN)
    owner_session.commit()
    secrets = []
    for _ in range(2):
        with service_database.session(actor.account_id) as session:
            secrets.append(operations.make_feed(session, actor))
    kept = owner_session.scalars(select(CalendarFeed)).one()
    assert not any(secret in str(vars(kept)) for secret in secrets)
    with service_database.session() as session:
        assert operations.owner_of_feed(session, secrets[0]) is None
        assert operations.owner_of_feed(session, secrets[1]) == actor
    with service_database.session(actor.account_id) as session:
        operations.drop_feed(session, actor)
    with service_database.session() as session:
        assert operations.owner_of_feed(session, secrets[1]) is None
    actions = owner_session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert actions == ["make_feed", "make_feed", "drop_feed"]


def test_an_address_ends_with_the_account(session: Session) -> None:
    """Switched off, the account has no calendar; switched on again, it has."""
    actor = make_actor(session, Role.INSPECTOR, FULIANG_TOWN)
    secret = operations.make_feed(session, actor)
    session.flush()
    account = session.get_one(Account, actor.account_id)
    accounts.deactivate(session, None, account)
    session.flush()
    assert operations.owner_of_feed(session, secret) is None
    accounts.activate(session, None, account)
    session.flush()
    assert operations.owner_of_feed(session, secret) == actor


@pytest.mark.parametrize("secret", ["", "x", "甲", "x" * 101, "\ud800"])
def test_other_secrets_are_nobodys(session: Session, secret: str) -> None:
    """Whatever is asked, nothing fails."""
    assert operations.owner_of_feed(session, secret) is None


def test_nobody_makes_anothers_address(service_database: Database, owner_session: Session) -> None:
    """The database refuses it too."""
    actor, other = make_actor(owner_session), make_actor(owner_session)
    owner_session.commit()
    with pytest.raises(Forbidden), service_database.session(actor.account_id) as session:
        operations.make_feed(session, other)
