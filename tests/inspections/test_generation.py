"""Obligations in the database: made ahead, kept up after changes, completed by visits."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.clock import ZONE
from fuliang_gis.inspections.duties.operations import follow, fulfil, generate, horizon, unfulfil
from fuliang_gis.inspections.duties.periods import PeriodKind
from fuliang_gis.inspections.models import (
    InspectionException,
    InspectionRule,
    LocationState,
    Obligation,
)
from fuliang_gis.locations import operations as locations
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from tests.factories import make_actor, make_location
from tests.inspections.factories import make_obligation, make_visit

#: Collects the statements sent through an engine or connection.
Counter = Callable[[Any], AbstractContextManager[list[str]]]

TODAY = date(2026, 11, 25)
QUARTER_END = date(2026, 12, 31)
LONG_AGO = datetime(2020, 1, 1, tzinfo=ZONE)


@pytest.fixture
def actor(session: Session) -> Actor:
    """County staff."""
    return make_actor(session)


@pytest.fixture
def quarterly(session: Session) -> InspectionRule:
    """The county's rule for public-welfare assets."""
    return make_rule(session, asset_class="public_welfare")


@pytest.fixture
def asset(session: Session, actor: Actor) -> Location:
    """A public-welfare asset that has long been there."""
    return make_asset(session, actor)


def make_rule(session: Session, **given: object) -> InspectionRule:
    """Add a rule: routine, once a quarter."""
    usual = {
        "title": "每季度巡查",
        "purpose": "routine",
        "period": "quarter",
        "basis": "测试",
        "valid_from": date(2020, 1, 1),
    }
    made = InspectionRule(**usual | given)
    session.add(made)
    session.flush()
    return made


def make_asset(
    session: Session, actor: Actor, added: datetime = LONG_AGO, **given: object
) -> Location:
    """Add an assistance asset at a moment."""
    values = {"asset_class": "public_welfare"} | given
    made = make_location(session, actor, layer("assistance_assets"), **values)
    session.execute(update(Location).where(Location.id == made.id).values(created_at=added))
    return made


def owed(session: Session, asset: Location) -> list[tuple[str, str, str]]:
    """Return what a location owes: dates and state."""
    rows = session.scalars(
        select(Obligation).where(Obligation.location_id == asset.id).order_by(Obligation.due_on)
    )
    session.expire_all()
    return [(f"{row.opens_on:%y-%m-%d}", f"{row.due_on:%y-%m-%d}", row.state) for row in rows]


Q4 = ("26-10-01", "26-12-31", "open")
Q1 = ("27-01-01", "27-03-31", "open")


def test_a_generation_makes_this_quarter_and_the_next(
    session: Session, quarterly: InspectionRule, asset: Location
) -> None:
    """What the rule asks stands with its rule, class and place as they are now."""
    done = generate(session, horizon(TODAY), today=TODAY)
    assert (done.made, done.changed, done.removed) == (2, 0, 0)
    assert done.location_ids == (asset.id,)
    assert owed(session, asset) == [Q4, Q1]
    first = session.scalars(select(Obligation).order_by(Obligation.due_on)).first()
    assert first is not None
    assert (first.rule_id, first.asset_class, first.kind, first.division_code) == (
        quarterly.id,
        "public_welfare",
        getattr(asset, "kind"),  # noqa: B009  # A column of its layer alone.
        asset.division_code,
    )
    state = session.get_one(LocationState, asset.id)
    assert (state.next_due_on, state.has_duty) == (QUARTER_END, True)


@pytest.mark.usefixtures("quarterly", "asset")
def test_doing_it_again_changes_nothing(session: Session) -> None:
    """Not a row, not a version."""
    generate(session, horizon(TODAY), today=TODAY)
    before = session.execute(select(Obligation.id, Obligation.version)).all()
    for day in (TODAY, TODAY + timedelta(days=1)):
        done = generate(session, horizon(day), today=day)
        assert (done.made, done.changed, done.removed) == (0, 0, 0)
    assert session.execute(select(Obligation.id, Obligation.version)).all() == before


def test_household_toilets_owe_nothing(session: Session, actor: Actor) -> None:
    """Their survey inspects them; a rule for every asset does not."""
    make_rule(session)
    toilet = make_location(session, actor, layer("sanitation_facilities"), kind="household_toilet")
    public = make_location(session, actor, layer("sanitation_facilities"), kind="public_toilet")
    session.execute(update(Location).values(created_at=LONG_AGO))
    done = generate(session, horizon(TODAY), today=TODAY)
    assert done.location_ids == (public.id,)
    assert owed(session, toilet) == []


@pytest.mark.usefixtures("quarterly")
def test_a_changed_class_changes_the_open_periods_alone(
    session: Session, actor: Actor, asset: Location
) -> None:
    """The third quarter stays owed as it was; November and what follows go by the month."""
    make_rule(session, period="month", asset_class="operating")
    make_obligation(session, asset, date(2026, 8, 1))
    generate(session, horizon(TODAY), today=TODAY)
    locations.update(
        session, actor, asset.layer, asset.code, {"asset_class": "operating"}, expected_version=1
    )
    follow(session, [asset.id], TODAY)
    found = owed(session, asset)
    assert found[:2] == [("26-07-01", "26-09-30", "open"), ("26-11-01", "26-11-30", "open")]
    assert [due for _, due, _ in found[2:]] == ["26-12-31", "27-01-31", "27-02-28", "27-03-31"]


@pytest.mark.parametrize("status", ["idle", "underused", "damaged", "lost"])
@pytest.mark.usefixtures("quarterly")
def test_only_disposal_ends_what_is_owed(
    session: Session, actor: Actor, asset: Location, status: str
) -> None:
    """What is idle, damaged or lost is looked after all the more."""
    locations.update(
        session, actor, asset.layer, asset.code, {"use_status": status}, expected_version=1
    )
    follow(session, [asset.id], TODAY)
    assert owed(session, asset) == [Q4, Q1]
    locations.update(
        session, actor, asset.layer, asset.code, {"use_status": "disposed"}, expected_version=2
    )
    follow(session, [asset.id], TODAY)
    assert owed(session, asset) == []


@pytest.mark.usefixtures("quarterly")
def test_a_deleted_location_owes_what_it_owed_and_nothing_new_until_it_is_restored(
    session: Session, actor: Actor, asset: Location
) -> None:
    """The closed quarter stays; restored, the open ones come back."""
    make_obligation(session, asset, date(2026, 8, 1))
    generate(session, horizon(TODAY), today=TODAY)
    locations.delete(session, actor, asset.layer, asset.code, "拆除", expected_version=1)
    follow(session, [asset.id], TODAY)
    assert owed(session, asset) == [("26-07-01", "26-09-30", "open")]
    locations.restore(session, actor, asset.layer, asset.code, expected_version=2)
    follow(session, [asset.id], TODAY)
    assert owed(session, asset)[1:] == [Q4, Q1]


@pytest.mark.usefixtures("quarterly")
def test_an_asset_added_late_in_the_quarter_starts_with_the_next(
    session: Session, actor: Actor
) -> None:
    """Thirty days of grace; the county's date decides, not Greenwich's."""
    late = make_asset(session, actor, datetime(2026, 12, 2, 23, tzinfo=ZONE))
    later = make_asset(session, actor, datetime(2026, 12, 3, 1, tzinfo=ZONE))
    generate(session, horizon(TODAY), today=TODAY)
    assert owed(session, late) == [("26-12-02", "26-12-31", "open"), Q1]
    assert owed(session, later) == [Q1]


@pytest.mark.parametrize(
    ("planned", "kept"),
    [(date(2026, 10, 20), date(2026, 10, 20)), (date(2026, 11, 20), None)],
    ids=["fits", "falls outside"],
)
@pytest.mark.usefixtures("quarterly")
def test_a_stricter_rule_splits_the_open_period_and_keeps_the_plan_that_fits(
    session: Session, actor: Actor, asset: Location, planned: date, kept: date | None
) -> None:
    """Of three visits in a quarter the first is due at the end of October."""
    early = date(2026, 10, 5)
    generate(session, QUARTER_END, today=early)
    row = session.scalars(select(Obligation)).one()
    row.planned_on, row.assignee_id = planned, actor.account_id
    make_rule(session, count=3, asset_class="public_welfare")
    generate(session, QUARTER_END, today=early)
    assert [due for _, due, _ in owed(session, asset)] == ["26-10-31", "26-12-01", "26-12-31"]
    assert (row.due_on, row.planned_on) == (date(2026, 10, 31), kept)
    assert row.assignee_id == actor.account_id


def test_windows_that_ended_before_a_rule_was_made_are_owed_by_nobody(
    session: Session, asset: Location
) -> None:
    """Of the thirds of the quarter (31, 31 and 30 days) the first lies behind."""
    make_rule(session, count=3, asset_class="public_welfare")
    generate(session, QUARTER_END, today=date(2026, 11, 25))
    assert owed(session, asset) == [
        ("26-11-01", "26-12-01", "open"),
        ("26-12-02", "26-12-31", "open"),
    ]


def test_what_was_done_or_excused_stays(
    session: Session, quarterly: InspectionRule, asset: Location
) -> None:
    """A rule withdrawn afterwards takes back only what is still open."""
    make_obligation(session, asset, TODAY, done_on=TODAY)
    make_obligation(session, asset, date(2027, 1, 1), excuse="封山")
    make_obligation(session, asset, date(2027, 4, 1))
    quarterly.withdrawn_at = datetime(2026, 11, 25, 8, tzinfo=ZONE)
    generate(session, horizon(TODAY), today=TODAY)
    assert [state for *_, state in owed(session, asset)] == ["done", "excused"]


@pytest.mark.usefixtures("quarterly")
def test_an_exception_counts_until_it_is_revoked(session: Session, asset: Location) -> None:
    """Revoked today, it is as though it had ended yesterday."""
    waiver = InspectionException(
        location_id=asset.id,
        division_code=asset.division_code,
        reason="道路封闭",
        valid_from=date(2026, 10, 1),
        valid_to=QUARTER_END,
    )
    session.add(waiver)
    follow(session, [asset.id], TODAY)
    assert owed(session, asset) == [Q1]
    waiver.revoked_at = datetime(2026, 11, 25, 9, tzinfo=ZONE)
    follow(session, [asset.id], TODAY)
    assert owed(session, asset) == [("26-11-25", "26-12-31", "open"), Q1]


def test_a_visit_made_before_the_obligation_completes_it(session: Session, asset: Location) -> None:
    """A rule made after the visit asks for no second one in the same window."""
    visit = make_visit(session, asset, date(2026, 11, 3))
    make_rule(session, period="month")
    generate(session, QUARTER_END, today=TODAY)
    assert owed(session, asset) == [
        ("26-11-01", "26-11-30", "done"),
        ("26-12-01", "26-12-31", "open"),
    ]
    assert session.scalar(select(Obligation.visit_id).where(Obligation.state == "done")) == visit.id


# --- visits ---


def _month(
    session: Session, asset: Location, month: int, purpose: str = "routine", **given: object
) -> Obligation:
    return make_obligation(
        session, asset, date(2026, month, 5), period=PeriodKind.MONTH, purpose=purpose, **given
    )


def _done(session: Session, *obligations: Obligation) -> list[str | None]:
    session.expire_all()
    return [f"{row.done_on:%m-%d}" if row.done_on else None for row in obligations]


def test_a_visit_completes_its_window_and_everything_overdue_before_it(
    session: Session, asset: Location
) -> None:
    """Late what was overdue, on time what is open, and nothing that is not open yet."""
    rows = [_month(session, asset, month) for month in (8, 9, 10, 11, 12)]
    visit = make_visit(session, asset, date(2026, 11, 25))
    assert fulfil(session, visit) == [row.id for row in rows[:4]]
    assert _done(session, *rows) == ["11-25", "11-25", "11-25", "11-25", None]
    assert fulfil(session, visit) == []


def test_another_purpose_and_what_is_excused_stay(session: Session, asset: Location) -> None:
    """A water sample is no safety check."""
    safety = _month(session, asset, 11, purpose="safety")
    excused = _month(session, asset, 10, excuse="封山")
    assert fulfil(session, make_visit(session, asset, date(2026, 11, 25))) == []
    assert _done(session, safety, excused) == [None, None]


def test_visits_count_in_whatever_order_they_arrive(session: Session, asset: Location) -> None:
    """A visit sent late by a phone without signal still counts on the day it was made."""
    september, october = (_month(session, asset, month) for month in (9, 10))
    fulfil(session, make_visit(session, asset, date(2026, 10, 8)))
    assert _done(session, september, october) == ["10-08", "10-08"]
    fulfil(session, make_visit(session, asset, date(2026, 9, 29)))
    assert _done(session, september, october) == ["09-29", "10-08"]


def test_the_day_of_a_visit_is_the_county_s(session: Session, asset: Location) -> None:
    """Half past midnight in Fuliang is still yesterday in Greenwich."""
    october = _month(session, asset, 10)
    moment = datetime(2026, 11, 1, 0, 30, tzinfo=ZONE)
    fulfil(session, make_visit(session, asset, date(2026, 11, 1), visited_at=moment))
    assert _done(session, october) == ["11-01"]


def test_a_superseded_visit_gives_back_what_it_completed(session: Session, asset: Location) -> None:
    """What another visit completes as well stays done, by that one."""
    october, november = (_month(session, asset, month) for month in (10, 11))
    first = make_visit(session, asset, date(2026, 10, 20))
    second = make_visit(session, asset, date(2026, 11, 20))
    fulfil(session, first)
    fulfil(session, second)
    assert unfulfil(session, first) == [october.id]
    assert _done(session, october, november) == ["11-20", "11-20"]
    first.superseded_at = datetime(2026, 11, 21, tzinfo=ZONE)
    assert unfulfil(session, second) == [october.id, november.id]
    assert _done(session, october, november) == [None, None]


@pytest.mark.usefixtures("quarterly")
def test_a_generation_asks_as_much_of_the_database_however_many_locations(
    session: Session, actor: Actor, count_queries: Counter
) -> None:
    """A statement for all of them, not one each."""
    counted = []
    for _ in range(2):
        for _ in range(3):
            make_asset(session, actor)
        with count_queries(session.get_bind()) as seen:
            generate(session, horizon(TODAY), today=TODAY)
        counted.append(len(seen))
    assert counted[0] == counted[1]
