"""Plans of rounds: from open obligations over real rows to published days."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.errors import (
    Conflict,
    Forbidden,
    FuliangError,
    Invalid,
    OutsideDivision,
    VersionRequired,
    WrongState,
)
from fuliang_gis.inspections.duties.periods import PeriodKind
from fuliang_gis.inspections.models import (
    InspectionRound,
    Obligation,
    RoundLeftOver,
    RoundPlan,
    RoundStop,
    Team,
)
from fuliang_gis.inspections.rounds import operations
from fuliang_gis.inspections.rounds.asking import Wishes
from fuliang_gis.inspections.rounds.problems import prepared
from fuliang_gis.locations.models import Location
from fuliang_gis.roads.closures import ClosureGiven, declare, hindrances, lift
from fuliang_gis.roads.models import Road
from tests.factories import FULIANG_TOWN, YAOLI_TOWN, make_actor
from tests.inspections.factories import make_obligation
from tests.inspections.rounds.laying_out import (
    FRIDAY,
    MONDAY,
    NORTH,
    QUICK,
    WEST,
    given,
    solved,
    stops_of,
)


def test_a_week_is_planned(
    session: Session, actor: Actor, team: Team, owed: list[Obligation]
) -> None:
    """What lies at the road is visited in one round; the rest is left over, with reasons."""
    plan = solved(session, actor, team)
    assert plan.state == "solved"
    assert {o for o, _ in stops_of(session, plan)} == {each.id for each in owed[:5]}
    left = session.execute(select(RoundLeftOver.obligation_id, RoundLeftOver.reason)).all()
    assert {(o, reason) for o, reason in left} == {
        (owed[5].id, "unreachable"),
        (owed[6].id, "no_skill"),
    }
    kept = session.scalars(select(InspectionRound)).one()
    # Out to 0.06 degrees and back, at 35 km/h.
    assert kept.driving_metres == pytest.approx(2 * 6 * 970, rel=0.02)
    assert kept.driving_seconds == pytest.approx(kept.driving_metres / 35 * 3.6, rel=0.01)
    assert plan.driving_metres == kept.driving_metres


def test_a_skill_lets_a_team_take_samples(
    session: Session, actor: Actor, team: Team, owed: list[Obligation]
) -> None:
    """The same week with a team that samples water: two visits at one place, no drive between."""
    team.skills = ["water_quality"]
    plan = solved(session, actor, team)
    assert owed[6].id in {o for o, _ in stops_of(session, plan)}


def test_locks_hold_when_solved_again(
    session: Session, actor: Actor, team: Team, owed: list[Obligation]
) -> None:
    """A stop moved to Thursday and locked stays there; the others go where they like."""
    plan = solved(session, actor, team)
    stop = session.scalars(select(RoundStop).where(RoundStop.obligation_id == owed[0].id)).one()
    home = session.get_one(InspectionRound, stop.round_id)
    thursday = InspectionRound(
        plan_id=plan.id,
        division_code=home.division_code,
        team_id=home.team_id,
        day=MONDAY + timedelta(days=3),
        starts=home.starts,
        ends=home.ends,
        driving_seconds=0,
        driving_metres=0,
    )
    session.add(thursday)
    session.flush()
    stop.round_id = thursday.id
    plan = operations.set_lock(
        session, actor, plan.id, stop_id=stop.id, locked=True, expected_version=plan.version
    )
    plan = operations.solve(session, plan.id, today=MONDAY, effort=QUICK)
    assert (owed[0].id, MONDAY + timedelta(days=3)) in stops_of(session, plan)
    again = session.scalars(select(RoundStop).where(RoundStop.obligation_id == owed[0].id)).one()
    assert again.locked
    assert len(stops_of(session, plan)) == 5


def test_publishing_gives_days_and_withdrawing_takes_them(
    session: Session, actor: Actor, team: Team, owed: list[Obligation]
) -> None:
    """Obligations of a published plan carry its day and its only member; withdrawn, no day."""
    with clock.frozen(datetime(2026, 11, 23, 9, tzinfo=clock.ZONE)):
        _publish_and_withdraw(session, actor, team, owed)


def _publish_and_withdraw(
    session: Session, actor: Actor, team: Team, owed: list[Obligation]
) -> None:
    plan = solved(session, actor, team)
    days = dict(stops_of(session, plan))
    plan = operations.publish(session, actor, plan.id, expected_version=plan.version)
    session.expire_all()
    assert {o.planned_on for o in owed[:5]} == {*days.values()}
    assert {o.assignee_id for o in owed[:5]} == {actor.account_id}
    assert owed[5].planned_on is None
    with pytest.raises(WrongState):
        operations.queue_plan(session, actor, plan.id, expected_version=plan.version)
    operations.withdraw(session, actor, plan.id, expected_version=plan.version)
    session.expire_all()
    assert {o.planned_on for o in owed[:5]} == {None}


def test_overdue_comes_first_and_any_day(
    session: Session, actor: Actor, team: Team, owed: list[Obligation]
) -> None:
    """What is overdue is planned though its own days are over; what can wait may be left out."""
    owed[0].opens_on = owed[0].warn_on = owed[0].due_on = MONDAY - timedelta(days=20)
    owed[1].due_on = owed[1].warn_on = FRIDAY + timedelta(days=10)
    session.flush()
    plan = solved(session, actor, team)
    assert {owed[0].id, owed[1].id} <= {o for o, _ in stops_of(session, plan)}
    later = solved(session, actor, team, title="不提前", wishes=Wishes(early=False, seconds=1))
    assert owed[1].id not in {o for o, _ in stops_of(session, later)}


def test_what_one_visit_completes_is_planned_once(
    session: Session, actor: Actor, team: Team, owed: list[Obligation]
) -> None:
    """The open window stands for the overdue ones, and counts like them."""
    place = session.get_one(Location, owed[0].location_id)
    for months in (1, 2):
        day = MONDAY - timedelta(days=31 * months)
        make_obligation(session, place, day, period=PeriodKind.MONTH)
    nowhere = session.get_one(Location, owed[1].location_id)
    session.delete(owed[1])
    older = make_obligation(session, nowhere, date(2026, 8, 1), period=PeriodKind.MONTH)
    newer = make_obligation(session, nowhere, date(2026, 9, 1), period=PeriodKind.MONTH)
    plan = operations.create_plan(session, actor, given(team))
    asked = prepared(session, plan, MONDAY).asked.problem
    priorities = {int(task.id): task.priority for task in asked.tasks}
    assert older.id not in priorities
    assert priorities.keys() == {owed[0].id, newer.id, *(each.id for each in owed[2:])}
    assert (priorities[owed[0].id], priorities[newer.id], priorities[owed[2].id]) == (3.0, 3.0, 1.0)


def test_a_closure_cuts_off_what_lies_behind(
    session: Session, actor: Actor, team: Team, owed: list[Obligation]
) -> None:
    """A landslide on the third stretch leaves the first work alone; lifted, all are planned."""
    area = {"type": "Polygon", "coordinates": [_box(WEST + 0.025, NORTH)]}
    closure = declare(session, actor, ClosureGiven(FULIANG_TOWN, "山体滑坡", area, MONDAY, FRIDAY))
    assert len(hindrances(session, MONDAY)) == 1
    assert hindrances(session, FRIDAY + timedelta(days=1)) == {}
    plan = solved(session, actor, team)
    assert {o for o, _ in stops_of(session, plan)} == {owed[0].id}
    lift(session, actor, closure.id)
    plan = operations.solve(session, plan.id, today=MONDAY, effort=QUICK)
    assert len(stops_of(session, plan)) == 5
    with pytest.raises(WrongState):
        lift(session, actor, closure.id)


def _box(lon: float, lat: float, half: float = 0.001) -> list[list[float]]:
    west, east, south, north = lon - half, lon + half, lat - half, lat + half
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"title": " "}, "title"),
        ({"last_day": MONDAY - timedelta(days=1)}, "last_day"),
        ({"last_day": MONDAY + timedelta(days=200)}, "last_day"),
        ({"team_ids": []}, "team_ids"),
        ({"team_ids": [999_999]}, "team_ids"),
        ({"wishes": Wishes(seconds=0)}, "seconds"),
        ({"wishes": Wishes(balance=-1)}, "balance"),
    ],
)
def test_what_cannot_be_asked(
    session: Session, actor: Actor, team: Team, changed: dict[str, object], field: str
) -> None:
    """Each refusal names its field, and no plan is kept."""
    with pytest.raises(Invalid) as refusal:
        operations.create_plan(session, actor, given(team, **changed))
    assert [each.field for each in refusal.value.problems] == [field]
    assert session.scalar(select(func.count()).select_from(RoundPlan)) == 0


@pytest.mark.parametrize(
    ("role", "division", "refusal"),
    [
        (Role.TOWNSHIP_STAFF, YAOLI_TOWN, OutsideDivision),
        (Role.INSPECTOR, FULIANG_TOWN, Forbidden),
        (Role.VIEWER, FULIANG_TOWN, Forbidden),
    ],
)
def test_who_may_not_plan(
    session: Session, team: Team, role: Role, division: str, refusal: type[FuliangError]
) -> None:
    """Only those who manage rounds, inside their own division."""
    with pytest.raises(refusal):
        operations.create_plan(session, make_actor(session, role, division), given(team))


def test_two_people_do_not_overwrite_each_other(
    session: Session, actor: Actor, team: Team, owed: list[Obligation]
) -> None:
    """A plan changed meanwhile refuses an older version, and one without any."""
    assert owed
    plan = solved(session, actor, team)
    with pytest.raises(Conflict):
        operations.publish(session, actor, plan.id, expected_version=plan.version - 1)
    with pytest.raises(VersionRequired):
        operations.publish(session, actor, plan.id, expected_version=None)


def test_without_roads_nothing_is_planned(session: Session, actor: Actor, team: Team) -> None:
    """A county that has not imported its roads yet is told so."""
    plan = operations.create_plan(session, actor, given(team))
    with pytest.raises(Invalid) as refusal:
        operations.solve(session, plan.id, today=MONDAY, effort=QUICK)
    assert [each.code for each in refusal.value.problems] == ["no_roads"]


def test_days_are_the_county_s(
    session: Session, actor: Actor, team: Team, roads: list[Road]
) -> None:
    """No round falls on a holiday of the calendar, one does on a day worked in its place."""
    assert roads
    with clock.frozen(datetime(2026, 9, 28, tzinfo=clock.ZONE)):
        plan = operations.create_plan(
            session,
            actor,
            given(team, first_day=date(2026, 9, 28), last_day=date(2026, 10, 11)),
        )
        asked = prepared(session, plan, clock.today()).asked
    days = [date(2026, 9, 28) + timedelta(days=d) for d in sorted(asked.problem.teams[0].hours)]
    assert [day.day for day in days] == [28, 29, 30, 8, 9, 10]


def test_a_plan_is_written_in_few_statements(
    session: Session,
    actor: Actor,
    team: Team,
    owed: list[Obligation],
    connection: Connection,
    count_queries: Callable[[Connection], AbstractContextManager[list[str]]],
) -> None:
    """However many rounds and stops it has: one statement for either."""
    owed[0].planned_on, owed[1].planned_on = MONDAY, FRIDAY
    session.flush()
    plan = operations.create_plan(session, actor, given(team))
    with count_queries(connection) as seen:
        operations.solve(session, plan.id, today=MONDAY, effort=QUICK)
    rounds = select(func.count(InspectionRound.id)).where(InspectionRound.plan_id == plan.id)
    assert session.scalar(rounds) == 2
    for table in ("inspection_round", "round_stop"):
        assert sum(each.startswith(f"INSERT INTO {table} ") for each in seen) == 1
