"""Rules in the database: those of files, those of the county, and who may make them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.models import AuditEvent
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.clock import ZONE
from fuliang_gis.db.session import Database
from fuliang_gis.errors import (
    Conflict,
    Forbidden,
    FuliangError,
    Invalid,
    NotFound,
    PeriodClosed,
    VersionRequired,
    WrongState,
)
from fuliang_gis.inspections.duties import operations, queries
from fuliang_gis.inspections.duties.operations import ExceptionGiven, RuleGiven
from fuliang_gis.inspections.duties.records import load_rules
from fuliang_gis.inspections.models import (
    InspectionRule,
    InspectionRuleChange,
    LocationState,
    Obligation,
)
from fuliang_gis.inspections.norms import norms
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from fuliang_gis.locations.sheets import ChecklistItem
from tests.factories import FULIANG_TOWN, YAOLI_TOWN, make_account, make_actor, make_location
from tests.inspections.factories import make_obligation, make_visit

NOON = datetime(2026, 11, 25, 12, tzinfo=ZONE)
TODAY = NOON.date()
MONTHLY = RuleGiven(
    title="帮扶资产每月巡查",
    purpose="routine",
    period="month",
    count=1,
    basis="县里通知",
    valid_from=date(2026, 11, 1),
    layer="assistance_assets",
)
WAIVER = ExceptionGiven("道路施工封闭", TODAY, date(2026, 12, 31))


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """Hold the clock."""
    with clock.frozen(NOON):
        yield


@pytest.fixture
def county(session: Session) -> Actor:
    """County staff."""
    return make_actor(session)


@pytest.fixture
def asset(session: Session, county: Actor) -> Location:
    """An asset of 浮梁镇 that has long been there."""
    made = make_location(session, county, layer("assistance_assets"))
    made.created_at = datetime(2020, 1, 1, tzinfo=ZONE)
    session.flush()
    return made


def _dues(session: Session) -> list[date]:
    return list(session.scalars(select(Obligation.due_on).order_by(Obligation.due_on)))


# --- rules of files ---


def test_the_rules_of_the_files_come_in_once(session: Session) -> None:
    """The county's two of 2020 and the water samples of the sheet, with their history."""
    number = operations.synchronise_norms(session)
    rules = load_rules(session)
    assert number == len(rules) >= len(norms().rules) + 1
    assert {rule.norm_key for rule in rules} >= {
        "public_welfare_quarterly",
        "operating_monthly",
        "water_projects.water_sample_yearly",
    }
    assert operations.synchronise_norms(session) == 0
    changes = session.scalars(select(InspectionRuleChange)).all()
    assert {(change.action, change.actor_id) for change in changes} == {("create", None)}


def test_a_file_that_changed_changes_its_rule(session: Session) -> None:
    """What differs is written back, with a row of history; a rule the files lack is withdrawn."""
    operations.synchronise_norms(session)
    row = session.scalars(select(InspectionRule).where(InspectionRule.asset_class == "operating"))
    rule = row.one()
    rule.count, rule.title = 3, "另一个名称"
    gone = InspectionRule(**MONTHLY.values(), norm_key="no_longer_there")
    session.add(gone)
    session.flush()
    assert operations.synchronise_norms(session) == 2
    assert (rule.count, rule.version) == (1, 2)
    assert gone.withdrawn_at is not None
    change = session.scalars(
        select(InspectionRuleChange).where(InspectionRuleChange.action == "update")
    ).one()
    assert (change.before["count"], change.after["count"]) == (3, 1)


def test_what_the_county_withdrew_stays_withdrawn(session: Session, county: Actor) -> None:
    """A start of the service does not overrule a person."""
    operations.synchronise_norms(session)
    rule = session.scalars(select(InspectionRule).order_by(InspectionRule.id)).first()
    assert rule is not None
    operations.withdraw_rule(session, county, rule.id, expected_version=1)
    assert operations.synchronise_norms(session) == 0
    assert rule.withdrawn_at == NOON


# --- rules of the county ---


def test_a_rule_is_added_with_its_history_and_counts_at_once(
    session: Session, county: Actor, asset: Location
) -> None:
    """Obligations, history and audit stand in the same transaction."""
    row = operations.create_rule(session, county, MONTHLY)
    assert _dues(session)[:2] == [date(2026, 11, 30), date(2026, 12, 31)]
    assert session.get_one(LocationState, asset.id).next_due_on == date(2026, 11, 30)
    change = session.scalars(select(InspectionRuleChange)).one()
    assert (change.action, change.after["period"]) == ("create", "month")
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "create_rule")).one()
    assert event.subject == f"rule/{row.id}"


@pytest.mark.usefixtures("asset")
def test_a_changed_rule_changes_what_is_open(session: Session, county: Actor) -> None:
    """From every month to every quarter, with before and after in the history."""
    row = operations.create_rule(session, county, MONTHLY)
    given = replace(MONTHLY, period="quarter", valid_from=date(2026, 10, 1))
    operations.update_rule(session, county, row.id, given, expected_version=1)
    assert _dues(session) == [date(2026, 12, 31), date(2027, 3, 31)]
    change = session.scalars(
        select(InspectionRuleChange).where(InspectionRuleChange.action == "update")
    ).one()
    assert change.before == {"period": "month", "valid_from": "2026-11-01"}
    assert change.after == {"period": "quarter", "valid_from": "2026-10-01"}
    operations.update_rule(session, county, row.id, given, expected_version=2)
    assert row.version == 2


@pytest.mark.usefixtures("asset")
def test_a_withdrawn_rule_asks_for_nothing_until_it_is_restored(
    session: Session, county: Actor
) -> None:
    """It stays in the table for what it asked for before."""
    row = operations.create_rule(session, county, MONTHLY)
    before = _dues(session)
    operations.withdraw_rule(session, county, row.id, expected_version=1)
    assert _dues(session) == []
    operations.restore_rule(session, county, row.id, expected_version=2)
    assert _dues(session) == before


def test_a_rule_s_own_questions_are_kept(session: Session, county: Actor) -> None:
    """They come back as questions."""
    items = (ChecklistItem("q1", "门窗是否完好", "", severity="serious"),)
    operations.create_rule(session, county, replace(MONTHLY, checklist=items))
    assert load_rules(session)[0].checklist == items


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"title": " "}, "title"),
        ({"basis": ""}, "basis"),
        ({"title": "长" * 201}, "title"),
        ({"purpose": "fishing"}, "purpose"),
        ({"asset_class": "golden"}, "asset_class"),
        ({"layer": "moons"}, "layer"),
        ({"layer": None, "kind": "road"}, "layer"),
        ({"kind": "moon"}, "kind"),
        ({"layer": "sanitation_facilities", "kind": "household_toilet"}, "kind"),
        ({"period": "day"}, "period"),
        ({"count": 0}, "count"),
        ({"period": "week", "count": 8}, "count"),
        ({"period": "month", "count": 29}, "count"),
        ({"valid_to": date(2026, 10, 31)}, "valid_to"),
        ({"valid_from": date(1, 1, 1)}, "valid_from"),
        ({"valid_to": date(9999, 12, 31)}, "valid_to"),
        ({"checklist": (ChecklistItem("q1", " ", ""),)}, "checklist"),
        ({"checklist": (ChecklistItem("q1", "门锁", "", severity="awful"),)}, "checklist"),
        ({"checklist": (ChecklistItem("q1", "门锁", "", category="moon"),)}, "checklist"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(
    session: Session, county: Actor, changed: dict[str, Any], field: str
) -> None:
    """The fault names its field."""
    with pytest.raises(Invalid) as refusal:
        operations.create_rule(session, county, replace(MONTHLY, **changed))
    assert [problem.field for problem in refusal.value.problems] == [field]


_Act = Callable[[Session, Actor, InspectionRule], object]
RULE_REFUSALS: dict[str, tuple[Role, _Act, type[FuliangError]]] = {
    "township staff add": (
        Role.TOWNSHIP_STAFF,
        lambda s, a, _: operations.create_rule(s, a, MONTHLY),
        Forbidden,
    ),
    "township staff withdraw": (
        Role.TOWNSHIP_STAFF,
        lambda s, a, r: operations.withdraw_rule(s, a, r.id, expected_version=1),
        Forbidden,
    ),
    "an old version": (
        Role.COUNTY_STAFF,
        lambda s, a, r: operations.update_rule(s, a, r.id, MONTHLY, expected_version=7),
        Conflict,
    ),
    "no version": (
        Role.COUNTY_STAFF,
        lambda s, a, r: operations.withdraw_rule(s, a, r.id, expected_version=None),
        VersionRequired,
    ),
    "no such rule": (
        Role.COUNTY_STAFF,
        lambda s, a, _: operations.withdraw_rule(s, a, 0, expected_version=1),
        NotFound,
    ),
    "restore what counts": (
        Role.COUNTY_STAFF,
        lambda s, a, r: operations.restore_rule(s, a, r.id, expected_version=1),
        WrongState,
    ),
    "change what a file says": (
        Role.COUNTY_STAFF,
        lambda s, a, r: operations.update_rule(s, a, r.id, MONTHLY, expected_version=1),
        WrongState,
    ),
}


@pytest.mark.parametrize("case", RULE_REFUSALS)
def test_what_may_not_be_done_with_a_rule(session: Session, case: str) -> None:
    """Only county staff, on the newest version, and never past a file."""
    operations.synchronise_norms(session)
    rule = session.scalars(select(InspectionRule).order_by(InspectionRule.id)).first()
    role, act, refusal = RULE_REFUSALS[case]
    division = FULIANG_TOWN if role is Role.TOWNSHIP_STAFF else "360222"
    with pytest.raises(refusal):
        act(session, make_actor(session, role, division), rule)  # type: ignore[arg-type]


# --- plans, excuses, exceptions ---


def test_a_day_and_a_person_are_planned(session: Session, county: Actor, asset: Location) -> None:
    """One may be given without the other, and taken back."""
    row = make_obligation(session, asset, TODAY)
    inspector = make_account(session, Role.INSPECTOR, FULIANG_TOWN)
    day = date(2026, 12, 3)
    operations.plan(session, county, row.id, planned_on=day, expected_version=1)
    operations.plan(session, county, row.id, assignee_id=inspector.id, expected_version=2)
    assert (row.planned_on, row.assignee_id, row.version) == (day, inspector.id, 3)
    operations.plan(session, county, row.id, planned_on=None, expected_version=3)
    assert (row.planned_on, row.assignee_id) == (None, inspector.id)


def test_an_excused_obligation_is_no_longer_owed(
    session: Session, county: Actor, asset: Location
) -> None:
    """The reason stays with it, and the status tells at once."""
    row = make_obligation(session, asset, TODAY)
    operations.excuse(session, county, row.id, " 封山 ", expected_version=1)
    assert (row.state, row.excuse, row.excused_by) == ("excused", "封山", county.account_id)
    assert session.get_one(LocationState, asset.id).next_due_on is None


def _excused(session: Session, county: Actor) -> Obligation:
    """What the fourth quarter asks of the asset by a rule, excused."""
    operations.create_rule(session, county, replace(MONTHLY, period="quarter"))
    row = session.scalars(select(Obligation).order_by(Obligation.due_on)).first()
    assert row is not None
    return operations.excuse(session, county, row.id, "封山", expected_version=row.version)


def _reinstate(session: Session, actor: Actor, row: Obligation) -> Obligation:
    return operations.reinstate(session, actor, row.id, expected_version=row.version)


@pytest.mark.usefixtures("asset")
def test_an_excuse_that_is_taken_back_leaves_the_obligation_owed(
    session: Session, county: Actor
) -> None:
    """Every step stays in its history; a planned day that has passed does not come back."""
    row = _excused(session, county)
    row.planned_on = TODAY - timedelta(days=3)
    before = row.version
    _reinstate(session, county, row)
    left: tuple[object, ...] = (row.state, row.excuse, row.excused_by, row.planned_on)
    assert left == ("open", None, None, None)
    assert row.version > before
    assert session.get_one(LocationState, row.location_id).next_due_on == row.due_on
    steps = queries.history(session, row)
    assert [step.action for step in steps] == ["reinstate_obligation", "excuse_obligation"]
    assert steps[0].detail["excuse"] == "封山"


def test_a_visit_made_while_it_was_excused_completes_it(
    session: Session, county: Actor, asset: Location
) -> None:
    """The earliest of them; nobody has to go there again."""
    row = _excused(session, county)
    for day in (date(2026, 10, 30), date(2026, 11, 20), date(2026, 11, 23)):
        make_visit(session, asset, day)
    _reinstate(session, county, row)
    assert (row.state, row.done_on) == ("done", date(2026, 11, 20))


def test_an_obligation_follows_the_rules_that_changed_while_it_was_excused(
    session: Session, county: Actor, asset: Location
) -> None:
    """It takes on what is asked today; what nothing asks for any more stays excused."""
    row = _excused(session, county)
    asset.asset_class = "operating"
    session.flush()
    _reinstate(session, county, row)
    assert row.asset_class == "operating"
    operations.excuse(session, county, row.id, "封山", expected_version=row.version)
    operations.withdraw_rule(session, county, row.rule_id or 0, expected_version=1)
    with pytest.raises(WrongState) as refusal, session.begin_nested():
        _reinstate(session, county, row)
    assert "已不需要" in refusal.value.text_zh
    session.refresh(row)
    assert (row.state, row.excuse) == ("excused", "封山")


_DutyAct = Callable[[Session, Actor, Obligation], object]
DUTY_REFUSALS: dict[str, tuple[Role, str, dict[str, object], _DutyAct, type[FuliangError]]] = {
    "an inspector plans": (
        Role.INSPECTOR,
        FULIANG_TOWN,
        {},
        lambda s, a, o: operations.plan(s, a, o.id, planned_on=TODAY, expected_version=1),
        Forbidden,
    ),
    "another township plans": (
        Role.TOWNSHIP_STAFF,
        YAOLI_TOWN,
        {},
        lambda s, a, o: operations.plan(s, a, o.id, planned_on=TODAY, expected_version=1),
        NotFound,
    ),
    "after the due date": (
        Role.TOWNSHIP_STAFF,
        FULIANG_TOWN,
        {},
        lambda s, a, o: operations.plan(
            s, a, o.id, planned_on=date(2027, 1, 1), expected_version=1
        ),
        Invalid,
    ),
    "before today": (
        Role.TOWNSHIP_STAFF,
        FULIANG_TOWN,
        {},
        lambda s, a, o: operations.plan(
            s, a, o.id, planned_on=TODAY - timedelta(days=1), expected_version=1
        ),
        Invalid,
    ),
    "to somebody who does not visit": (
        Role.TOWNSHIP_STAFF,
        FULIANG_TOWN,
        {},
        lambda s, a, o: operations.plan(
            s, a, o.id, assignee_id=make_account(s, Role.VIEWER).id, expected_version=1
        ),
        Invalid,
    ),
    "to somebody of another township": (
        Role.TOWNSHIP_STAFF,
        FULIANG_TOWN,
        {},
        lambda s, a, o: operations.plan(
            s,
            a,
            o.id,
            assignee_id=make_account(s, Role.INSPECTOR, YAOLI_TOWN).id,
            expected_version=1,
        ),
        Invalid,
    ),
    "on an old version": (
        Role.TOWNSHIP_STAFF,
        FULIANG_TOWN,
        {},
        lambda s, a, o: operations.plan(s, a, o.id, planned_on=TODAY, expected_version=3),
        Conflict,
    ),
    "what is done": (
        Role.TOWNSHIP_STAFF,
        FULIANG_TOWN,
        {"done_on": TODAY},
        lambda s, a, o: operations.plan(s, a, o.id, planned_on=TODAY, expected_version=1),
        WrongState,
    ),
    "in a closed period": (
        Role.TOWNSHIP_STAFF,
        FULIANG_TOWN,
        {"day": date(2026, 9, 1)},
        lambda s, a, o: operations.plan(s, a, o.id, planned_on=TODAY, expected_version=1),
        PeriodClosed,
    ),
    "excuse in a closed period": (
        Role.TOWNSHIP_STAFF,
        FULIANG_TOWN,
        {"day": date(2026, 9, 1)},
        lambda s, a, o: operations.excuse(s, a, o.id, "封山", expected_version=1),
        PeriodClosed,
    ),
    "excuse without a reason": (
        Role.TOWNSHIP_STAFF,
        FULIANG_TOWN,
        {},
        lambda s, a, o: operations.excuse(s, a, o.id, "  ", expected_version=1),
        Invalid,
    ),
    "excuse by an inspector": (
        Role.INSPECTOR,
        FULIANG_TOWN,
        {},
        lambda s, a, o: operations.excuse(s, a, o.id, "封山", expected_version=1),
        Forbidden,
    ),
    "taking back no excuse": (
        Role.TOWNSHIP_STAFF,
        FULIANG_TOWN,
        {},
        lambda s, a, o: operations.reinstate(s, a, o.id, expected_version=1),
        WrongState,
    ),
    "taking back an excuse of a closed period": (
        Role.TOWNSHIP_STAFF,
        FULIANG_TOWN,
        {"day": date(2026, 9, 1), "excuse": "封山"},
        lambda s, a, o: operations.reinstate(s, a, o.id, expected_version=1),
        PeriodClosed,
    ),
    "taking back an excuse by an inspector": (
        Role.INSPECTOR,
        FULIANG_TOWN,
        {"excuse": "封山"},
        lambda s, a, o: operations.reinstate(s, a, o.id, expected_version=1),
        Forbidden,
    ),
    "taking back an excuse in another township": (
        Role.TOWNSHIP_STAFF,
        YAOLI_TOWN,
        {"excuse": "封山"},
        lambda s, a, o: operations.reinstate(s, a, o.id, expected_version=1),
        NotFound,
    ),
    "taking back an excuse that somebody changed": (
        Role.TOWNSHIP_STAFF,
        FULIANG_TOWN,
        {"excuse": "封山"},
        lambda s, a, o: operations.reinstate(s, a, o.id, expected_version=2),
        Conflict,
    ),
    "taking back an excuse without a version": (
        Role.TOWNSHIP_STAFF,
        FULIANG_TOWN,
        {"excuse": "封山"},
        lambda s, a, o: operations.reinstate(s, a, o.id, expected_version=None),
        VersionRequired,
    ),
}


@pytest.mark.parametrize("case", DUTY_REFUSALS)
def test_what_may_not_be_done_with_an_obligation(
    session: Session, asset: Location, case: str
) -> None:
    """By whom, when, and in which state."""
    role, division, given, act, refusal = DUTY_REFUSALS[case]
    row = make_obligation(session, asset, **{"day": TODAY} | given)  # type: ignore[arg-type]
    with pytest.raises(refusal):
        act(session, make_actor(session, role, division), row)


def test_an_exception_takes_back_what_it_covers_until_it_is_revoked(
    session: Session, county: Actor, asset: Location
) -> None:
    """Granted to the end of December it covers the fourth quarter."""
    operations.create_rule(session, county, replace(MONTHLY, period="quarter"))
    row = operations.grant(session, county, asset.layer, asset.code, WAIVER)
    assert _dues(session) == [date(2027, 3, 31)]
    operations.revoke(session, county, row.id)
    assert _dues(session) == [date(2026, 12, 31), date(2027, 3, 31)]
    actions = session.scalars(
        select(AuditEvent.action).where(AuditEvent.action.endswith("_exception"))
    )
    assert sorted(actions) == ["grant_exception", "revoke_exception"]
    with pytest.raises(WrongState):
        operations.revoke(session, county, row.id)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"purpose": "fishing"}, "purpose"),
        ({"period": "month"}, "period"),
        ({"count": 2}, "period"),
        ({"period": "day", "count": 1}, "period"),
        ({"period": "week", "count": 8}, "period"),
        ({"valid_to": TODAY - timedelta(days=1)}, "valid_to"),
        ({"valid_from": date(2026, 1, 1), "valid_to": date(2026, 6, 1)}, "valid_to"),
        ({"valid_to": date(2028, 1, 1)}, "valid_to"),
        ({"valid_from": date(1, 1, 1), "valid_to": TODAY - timedelta(days=1)}, "valid_from"),
    ],
)
def test_an_exception_needs_a_reason_and_an_end(
    session: Session, county: Actor, asset: Location, changed: dict[str, Any], field: str
) -> None:
    """The fault names its field."""
    with pytest.raises(Invalid) as refusal:
        operations.grant(session, county, asset.layer, asset.code, replace(WAIVER, **changed))
    assert refusal.value.problems[0].field == field


@pytest.mark.parametrize(
    ("role", "division", "refusal"),
    [
        (Role.INSPECTOR, FULIANG_TOWN, Forbidden),
        (Role.REVIEWER, "360222", Forbidden),
        (Role.TOWNSHIP_STAFF, YAOLI_TOWN, NotFound),
    ],
)
def test_who_may_not_except_a_location(
    session: Session,
    asset: Location,
    role: Role,
    division: str,
    refusal: type[FuliangError],
) -> None:
    """Staff of the township itself and of the county alone."""
    actor = make_actor(session, role, division)
    with pytest.raises(refusal):
        operations.grant(session, actor, asset.layer, asset.code, WAIVER)


def test_the_database_lets_every_post_do_its_part(
    owner_session: Session, service_database: Database
) -> None:
    """What operations allow, row-level security allows as well: as the service role, for real."""
    county = make_actor(owner_session)
    town = make_actor(owner_session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    asset = make_location(owner_session, county, layer("assistance_assets"))
    asset.created_at = datetime(2020, 1, 1, tzinfo=ZONE)
    owner_session.commit()
    with service_database.session(county.account_id) as session:
        rule = operations.create_rule(session, county, MONTHLY)
        operations.withdraw_rule(session, county, rule.id, expected_version=1)
        operations.restore_rule(session, county, rule.id, expected_version=2)
    with service_database.session(town.account_id) as session:
        rows = session.scalars(select(Obligation).order_by(Obligation.due_on)).all()
        operations.plan(session, town, rows[0].id, planned_on=TODAY, expected_version=1)
        operations.excuse(session, town, rows[1].id, "封山", expected_version=1)
        operations.reinstate(session, town, rows[1].id, expected_version=2)
        waived = operations.grant(session, town, asset.layer, asset.code, WAIVER)
        operations.revoke(session, town, waived.id)
