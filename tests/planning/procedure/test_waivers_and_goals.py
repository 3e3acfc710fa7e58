"""Waivers for what a permit allows, and the table of goals."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import pytest
import shapely
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.errors import (
    Conflict,
    Duplicate,
    Forbidden,
    FuliangError,
    Invalid,
    NotFound,
    PlanStepRefused,
    SelfApproval,
    VersionRequired,
    WrongState,
)
from fuliang_gis.planning import goals, operations, waivers
from fuliang_gis.planning.checks import Finding
from fuliang_gis.planning.drafts import draft_of
from fuliang_gis.planning.editing import Changes, applied, split
from fuliang_gis.planning.models import PlanScheme, VillagePlan
from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.parcels import Draft, Goal
from fuliang_gis.planning.procedure.operations import take_step
from fuliang_gis.planning.procedure.rules import ActGiven
from fuliang_gis.planning.reports import report
from tests.factories import FULIANG_TOWN, YAOLI_TOWN, make_actor
from tests.planning.edits import move_corner, recode
from tests.planning.procedure.road import START, at
from tests.planning.test_operations import EAST, WEST, X, Y, given, scheme_of
from tests.planning.village import line


@pytest.fixture
def planner(session: Session) -> Actor:
    """Return somebody who drafts plans in the county."""
    return make_actor(session, Role.PLANNER)


@pytest.fixture
def reviewer(session: Session) -> Actor:
    """Return somebody who reviews plans in the county."""
    return make_actor(session, Role.REVIEWER)


@pytest.fixture
def plan(session: Session, planner: Actor) -> VillagePlan:
    """Return a plan with a school inside the ecological redline, which needs a permit."""
    return with_school(session, planner)


def with_school(session: Session, planner: Actor) -> VillagePlan:
    """Make a plan and draw the school."""
    made = operations.create_plan(session, planner, given())
    redline = replace(line("r", "0102", 0, 0, 1, 1), geom=shapely.box(X, Y, X + 200, Y + 50))
    plan = operations.set_base(
        session, planner, made.id, [WEST, EAST], [redline], expected_version=made.version
    )
    scheme = scheme_of(session, plan)
    drawn = recode(draft_of(session, plan, scheme), "e", "0804")
    operations.save(session, planner, scheme.id, drawn, expected=1)
    return plan


def article(session: Session, plan: VillagePlan) -> str:
    """Return the article that the finding of the school names."""
    (finding,) = [each for each in waivers.waivable(session, plan) if each.parcels == ("e",)]
    return finding.article


def submit(session: Session, planner: Actor, plan: VillagePlan) -> None:
    """Send the plan on its way."""
    with at(START):
        step = ActGiven("submit", START)
        take_step(session, planner, plan.id, step, expected=plan.version)


def test_a_waiver_opens_the_way_and_closes_it_again(
    session: Session, planner: Actor, reviewer: Actor, plan: VillagePlan
) -> None:
    """The record of both stays."""
    with pytest.raises(PlanStepRefused) as refused:
        submit(session, planner, plan)
    assert [each.code for each in refused.value.problems] == ["permits_open"]
    named = article(session, plan)
    made = waivers.grant(session, reviewer, plan.id, "e", named, " 省级论证意见 ")
    assert waivers.waivable(session, plan) == []
    told = [f for f in report(session, plan, scheme_of(session, plan)).findings if f.parcels]
    assert any("已登记例外" in each.zh for each in told)
    with pytest.raises(Duplicate):
        waivers.grant(session, reviewer, plan.id, "e", named, "再次")
    waivers.revoke(session, reviewer, plan.id, made.id)
    with pytest.raises(WrongState):
        waivers.revoke(session, reviewer, plan.id, made.id)
    with pytest.raises(PlanStepRefused):
        submit(session, planner, plan)
    waivers.grant(session, reviewer, plan.id, "e", named, "重新论证")
    submit(session, planner, plan)
    rows = waivers.waivers(session, plan)
    assert [each.waiver.revoked_at is None for each in rows] == [True, False]
    assert rows[1].waiver.reason == "省级论证意见"


def test_a_waiver_taken_back_on_the_way_stops_the_approval(
    session: Session, planner: Actor, reviewer: Actor, plan: VillagePlan
) -> None:
    """The version on its way is checked once more."""
    made = waivers.grant(session, reviewer, plan.id, "e", article(session, plan), "论证")
    submit(session, planner, plan)
    plan.state, plan.notice_from, plan.notice_until = "county", START, START.replace(month=10)
    waivers.revoke(session, reviewer, plan.id, made.id)
    step = ActGiven("approve", START.replace(month=11), number="1")
    with at(START.replace(month=11)), pytest.raises(PlanStepRefused) as refused:
        take_step(session, reviewer, plan.id, step, expected=plan.version)
    assert [each.code for each in refused.value.problems] == ["permits_open"]


def smaller(draft: Draft) -> Changes:
    """Move the boundary between both parcels into the school's."""
    return move_corner(draft, (X + 100, Y), (X + 110, Y))


def larger(draft: Draft) -> Changes:
    """Move it the other way: more of the redline is built on."""
    return move_corner(draft, (X + 100, Y), (X + 90, Y))


def moved(draft: Draft) -> Changes:
    """Turn the boundary about its middle: the school is as large as before, and elsewhere."""
    turned = applied(draft, move_corner(draft, (X + 100, Y), (X + 90, Y)))
    return {**larger(draft), **move_corner(turned, (X + 100, Y + 100), (X + 110, Y + 100))}


def parted(draft: Draft) -> Changes:
    """Split the field beside it: the school gets a node more on its edge."""
    along = shapely.LineString([(X - 1, Y + 30), (X + 100, Y + 30)])
    return split(draft, "w", along, iter(["n"]))


def called(draft: Draft) -> Changes:
    """Give the school a name."""
    return {"e": replace(draft.parcels["e"], name="小学")}


def another(draft: Draft) -> Changes:
    """Plan houses instead."""
    return recode(draft, "e", "0703")


@dataclass(frozen=True)
class Office:
    """People and a plan whose every act is committed: waivers and versions have times apart."""

    session: Session
    planner: Actor
    reviewer: Actor
    plan: VillagePlan
    scheme: PlanScheme

    @property
    def draft(self) -> Draft:
        """The scheme as it is."""
        return draft_of(self.session, self.plan, self.scheme)

    def save(self, changes: Changes) -> None:
        """Save a version."""
        head = self.scheme.head
        operations.save(self.session, self.planner, self.scheme.id, changes, expected=head)
        self.session.commit()

    def grant(self) -> str:
        """Grant what the school needs; return the article."""
        named = article(self.session, self.plan)
        waivers.grant(self.session, self.reviewer, self.plan.id, "e", named, "论证")
        self.session.commit()
        return named

    def asked(self) -> list[Finding]:
        """Return what still needs a permit."""
        return waivers.waivable(self.session, self.plan)


@pytest.fixture
def office(owner_session: Session) -> Office:
    """Return the plan with the school in a database of its own."""
    made = make_actor(owner_session, Role.PLANNER)
    plan = with_school(owner_session, made)
    reviewer = make_actor(owner_session, Role.REVIEWER)
    owner_session.commit()
    return Office(owner_session, made, reviewer, plan, scheme_of(owner_session, plan))


@pytest.mark.parametrize(
    ("edit", "holds"),
    [
        (smaller, True),
        (parted, True),
        (called, True),
        (larger, False),
        (moved, False),
        (another, False),
    ],
)
def test_a_waiver_is_for_the_parcel_as_it_stood(
    office: Office, edit: Callable[[Draft], Changes], *, holds: bool
) -> None:
    """Whoever lets it grow, moves it or plans something else there asks once more."""
    named, before = office.grant(), office.draft
    office.save(edit(before))
    assert office.draft.parcels != before.parcels
    assert (("e", named) in office.draft.waivers) is holds
    assert ("e", named) in draft_of(office.session, office.plan, office.scheme, 2).waivers
    assert (not office.asked()) is holds
    (row,) = waivers.waivers(office.session, office.plan)
    assert row.holds is holds
    if not holds:
        office.grant()
        assert office.asked() == []
        rows = waivers.waivers(office.session, office.plan)
        assert [each.holds for each in rows] == [True, False]


def test_a_waiver_follows_copies_but_not_what_was_before(office: Office) -> None:
    """A copied scheme has the parcel as it was granted; a larger one of an old version is not."""
    office.save(smaller(office.draft))
    named = office.grant()
    copy = operations.branch(office.session, office.planner, office.scheme.id, "方案二")
    office.session.commit()
    assert ("e", named) in draft_of(office.session, office.plan, copy).waivers
    assert draft_of(office.session, office.plan, office.scheme, 2).waivers == frozenset()
    operations.restore(office.session, office.planner, office.scheme.id, 2, expected=3)
    office.session.commit()
    assert office.draft.waivers == frozenset()


def test_waivers_are_read_in_one_statement(
    session: Session,
    connection: Connection,
    reviewer: Actor,
    plan: VillagePlan,
    count_queries: Callable[[Connection], AbstractContextManager[list[str]]],
) -> None:
    """However many there are."""
    scheme = scheme_of(session, plan)
    waivers.grant(session, reviewer, plan.id, "e", article(session, plan), "论证")
    session.flush()
    with count_queries(connection) as seen:
        draft = draft_of(session, plan, scheme)
    assert draft.waivers
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("parcel", "named", "reason", "error"),
    [
        ("w", None, "论证", Invalid),
        ("e", "别的条款", "论证", Invalid),
        ("e", None, " ", Invalid),
        ("e", None, "长" * 1001, Invalid),
    ],
)
def test_waivers_are_for_findings_alone(
    session: Session,
    reviewer: Actor,
    plan: VillagePlan,
    parcel: str,
    named: str | None,
    reason: str,
    error: type[FuliangError],
) -> None:
    """With a reason."""
    with pytest.raises(error):
        waivers.grant(session, reviewer, plan.id, parcel, named or article(session, plan), reason)


def test_errors_are_never_waived(
    session: Session, planner: Actor, reviewer: Actor, plan: VillagePlan
) -> None:
    """Houses on permanent farmland."""
    farmland = replace(line("f", "0202", 0, 0, 1, 1), geom=shapely.box(X + 100, Y, X + 200, Y + 9))
    operations.set_base(
        session, planner, plan.id, [WEST, EAST], [farmland], expected_version=plan.version
    )
    errors = [
        each
        for each in report(session, plan, scheme_of(session, plan)).findings
        if each.severity == "error" and each.parcels == ("e",)
    ]
    assert errors
    with pytest.raises(Invalid) as refused:
        waivers.grant(session, reviewer, plan.id, "e", errors[0].article, "论证")
    assert [each.code for each in refused.value.problems] == ["not_waivable"]


def test_waivers_are_for_reviewers_who_did_not_draft(
    session: Session, planner: Actor, reviewer: Actor, plan: VillagePlan
) -> None:
    """Neither planners nor townships; nor an administrator who drew."""
    named = article(session, plan)
    town = make_actor(session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    away = make_actor(session, Role.REVIEWER, YAOLI_TOWN)
    for actor, error in ((planner, Forbidden), (town, Forbidden), (away, NotFound)):
        with pytest.raises(error):
            waivers.grant(session, actor, plan.id, "e", named, "论证")
    admin = make_actor(session, Role.ADMINISTRATOR)
    scheme = scheme_of(session, plan)
    drawn = recode(draft_of(session, plan, scheme), "w", "0102")
    operations.save(session, admin, scheme.id, drawn, expected=2)
    with pytest.raises(SelfApproval):
        waivers.grant(session, admin, plan.id, "e", named, "论证")
    plan.state = "approved"
    with pytest.raises(WrongState):
        waivers.grant(session, reviewer, plan.id, "e", named, "论证")


# --- goals ---

CROPLAND = Goal("cropland", "耕地保有量", "公顷", 1.0, 1.0, at_least=True)
FREE = Goal("", "户用厕所普及率", "%", 80.0, 100.0, binding=False, at_least=True)


def test_goals_are_set_whole(session: Session, planner: Actor, plan: VillagePlan) -> None:
    """Reckoned ones beside free ones; geometry suggests the base."""
    version = plan.version
    goals.set_goals(session, planner, plan.id, [CROPLAND, FREE], expected=version)
    draft = draft_of(session, plan, scheme_of(session, plan))
    assert draft.goals == (CROPLAND, FREE)
    told = goals.suggested(draft, profile())
    assert (told["cropland"].base, told["cropland"].target) == (1.0, 1.0)
    assert told["construction"].target == 1.0
    assert set(told) == set(goals.INDICATORS)
    with pytest.raises(Conflict):
        goals.set_goals(session, planner, plan.id, [], expected=version)
    with pytest.raises(VersionRequired):
        goals.set_goals(session, planner, plan.id, [], expected=None)
    goals.set_goals(session, planner, plan.id, [], expected=version + 1)
    assert plan.goals == []


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([replace(CROPLAND, key="weather")], "0.key"),
        ([CROPLAND, CROPLAND], "0.key"),
        ([replace(FREE, zh=" ")], "0.zh"),
        ([replace(FREE, unit="长" * 21)], "0.zh"),
        ([replace(FREE, target=-1.0)], "0.target"),
        ([FREE, replace(FREE, base=float("nan"))], "1.base"),
        ([FREE] * 61, "goals"),
    ],
)
def test_goals_that_cannot_be_are_refused(
    session: Session, planner: Actor, plan: VillagePlan, rows: list[Goal], field: str
) -> None:
    """Beside their row."""
    with pytest.raises(Invalid) as refused:
        goals.set_goals(session, planner, plan.id, rows, expected=plan.version)
    assert field in [each.field for each in refused.value.problems]


def test_goals_are_set_by_who_drafts(
    session: Session, planner: Actor, reviewer: Actor, plan: VillagePlan
) -> None:
    """While the plan is drafted."""
    with pytest.raises(Forbidden):
        goals.set_goals(session, reviewer, plan.id, [FREE], expected=plan.version)
    plan.state = "notice"
    with pytest.raises(WrongState):
        goals.set_goals(session, planner, plan.id, [FREE], expected=plan.version)
