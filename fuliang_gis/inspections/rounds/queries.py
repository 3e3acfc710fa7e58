"""Reading plans of rounds: lists, one plan, its lines and directions, one's own day, two of them.

Everybody reads the plans of the own division; members of a team read its published rounds too,
whichever division made the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.models import AuditEvent
from fuliang_gis.accounts.policies import inside, within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import Json
from fuliang_gis.db.paging import Page
from fuliang_gis.errors import BadParameter, NotFound
from fuliang_gis.inspections.models import InspectionRound, Obligation, RoundPlan, TeamMember
from fuliang_gis.inspections.rounds.comparing import CHANGE_NAMES, Comparison, compared
from fuliang_gis.inspections.rounds.fetching import (
    PLAN_SORTS,
    fetch_left_over,
    fetch_plans,
    fetch_rounds,
)
from fuliang_gis.inspections.rounds.lines import RoundLine, TurnLeg, lines_of, turns_of
from fuliang_gis.inspections.rounds.problems import locked_days, locked_teams, teams_of
from fuliang_gis.inspections.rounds.team_queries import TeamRow, teams_by_id
from fuliang_gis.inspections.rounds.travelling import travel_on
from fuliang_gis.inspections.rounds.views import (
    LEFT_OVER_ADVICE,
    LEFT_OVER_NAMES,
    PLAN_STATE_NAMES,
    STOP_STATE_NAMES,
    LeftOver,
    Load,
    PlanDetail,
    PlanRow,
    RoundView,
    StopView,
    TeamDays,
    Totals,
    totals_of,
)
from fuliang_gis.locations.models import Location

__all__ = [
    "CHANGE_NAMES",
    "LEFT_OVER_ADVICE",
    "LEFT_OVER_NAMES",
    "PLAN_SORTS",
    "PLAN_STATE_NAMES",
    "STOP_STATE_NAMES",
    "Comparison",
    "Event",
    "LeftOver",
    "Load",
    "PlanDetail",
    "PlanFilter",
    "PlanRow",
    "RoundLine",
    "RoundView",
    "SolvingProgress",
    "StopView",
    "TeamDays",
    "Totals",
    "TurnLeg",
    "compare",
    "moved_names",
    "my_rounds",
    "one_round",
    "plan_detail",
    "plan_history",
    "plan_progress",
    "plan_row",
    "plans",
    "round_geometry",
    "turn_list",
]

MAX_PAGE = 500
_MOST_EVENTS = 200


@dataclass(frozen=True)
class PlanFilter:
    """What the list of plans is narrowed to; None means all.

    ``first_day`` and ``last_day`` keep the plans that have a day in that span, ``team`` those that
    are for a team, ``creator_id`` those that an account has made.
    """

    division: str | None = None
    state: str | None = None
    text: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    team: int | None = None
    creator_id: int | None = None


@dataclass(frozen=True)
class Event:
    """One act on a plan, as the audit record has it."""

    at: datetime
    actor: str
    action: str
    detail: Json


@dataclass(frozen=True)
class SolvingProgress:
    """How far a search is: state, best cost over time as pairs of [s] and cost, and any fault."""

    state: str
    version: int
    curve: tuple[tuple[float, float], ...]
    fault: str | None
    cancel_asked: bool
    seconds: float

    @property
    def state_name(self) -> str:
        """The state in Chinese."""
        return PLAN_STATE_NAMES[self.state][0]


def plans(
    session: Session,
    actor: Actor,
    wanted: PlanFilter,
    page: int = 1,
    size: int = 50,
    *,
    sort: str = "first_day",
    descending: bool = True,
) -> Page[PlanRow]:
    """Return one page of the plans in the actor's division, the latest days first.

    Args:
        sort: One of ``PLAN_SORTS``.

    Raises:
        BadParameter: There is no such state, or no such order.
    """
    if sort not in PLAN_SORTS:
        known = "、".join(PLAN_SORTS)
        raise BadParameter(name="sort", reason=f"可用：{known}", reason_en="unknown order")
    conditions = [within(actor, RoundPlan.division_code), *_conditions(wanted)]
    total = session.scalar(select(func.count(RoundPlan.id)).where(*conditions)) or 0
    number, size = max(page, 1), min(max(size, 1), MAX_PAGE)
    rows = fetch_plans(
        session,
        *conditions,
        sort=sort,
        descending=descending,
        limit=size,
        offset=(number - 1) * size,
    )
    return Page(rows, total, number, size)


def plan_detail(session: Session, actor: Actor, plan_id: int) -> PlanDetail:
    """Return a plan with its rounds, stops, left-overs and loads; the same few statements always.

    Raises:
        NotFound: There is no such plan in the actor's division.
    """
    row = plan_row(session, actor, plan_id)
    # It has just been read, so the session holds it.
    kept = session.get_one(RoundPlan, plan_id)
    rounds = fetch_rounds(session, clock.today(), InspectionRound.plan_id == plan_id)
    asked = dict(kept.asked)
    wanted = {*teams_of(kept), *(each.team_id for each in rounds)}
    teams = teams_by_id(session, sorted(wanted))
    left = fetch_left_over(session, plan_id)
    return PlanDetail(
        row,
        asked,
        _curve(kept),
        tuple(sorted(locked_days(kept))),
        tuple(sorted(locked_teams(kept))),
        tuple(_team_days(each, rounds) for each in _by_name(teams)),
        tuple(left),
        totals_of(rounds, len(left)),
    )


def plan_progress(session: Session, actor: Actor, plan_id: int) -> SolvingProgress:
    """Return how far the search for a plan is; one statement, to be asked again and again.

    Raises:
        NotFound: There is no such plan in the actor's division.
    """
    wanted = (
        select(RoundPlan)
        .where(RoundPlan.id == plan_id, within(actor, RoundPlan.division_code))
        .execution_options(populate_existing=True)
    )
    kept = session.scalars(wanted).one_or_none()
    if kept is None:
        raise NotFound(what="巡查路线方案", key=plan_id)
    seconds = float(kept.asked.get("seconds", 0.0))
    return SolvingProgress(
        kept.state, kept.version, _curve(kept), kept.fault, kept.cancel_asked, seconds
    )


def plan_history(session: Session, actor: Actor, plan_id: int) -> list[Event]:
    """Return what was done with a plan, the latest first; from the audit record.

    Raises:
        NotFound: There is no such plan in the actor's division.
    """
    row = plan_row(session, actor, plan_id)
    wanted = (
        select(AuditEvent.at, AuditEvent.actor, AuditEvent.action, AuditEvent.detail)
        .where(
            AuditEvent.subject == f"plan/{plan_id}",
            AuditEvent.outcome == "done",
            # The record is indexed by time.
            AuditEvent.at >= row.created_at,
        )
        .order_by(AuditEvent.id.desc())
        .limit(_MOST_EVENTS)
    )
    return [Event(*row) for row in session.execute(wanted)]


def moved_names(session: Session, events: Iterable[Event]) -> dict[int, str]:
    """Return the name of the location of each obligation that acts on a plan have moved."""
    # Making up for what was missed counts what it moves.
    single = [each.detail for each in events if "replanned" not in each.detail]
    told = (detail.get(name) for detail in single for name in ("moved", "removed", "added"))
    ids = {one for one in told if isinstance(one, int)}
    wanted = (
        select(Obligation.id, Location.name)
        .join(Location, Location.id == Obligation.location_id)
        .where(Obligation.id.in_(ids))
    )
    return {row.id: row.name for row in session.execute(wanted)}


def round_geometry(
    session: Session,
    actor: Actor,
    plan_id: int,
    *,
    team_id: int | None = None,
    day: date | None = None,
) -> list[RoundLine]:
    """Return each round's line over real roads, under the closures of the plan's first day.

    Args:
        team_id: Only this team's rounds.
        day: Only the rounds of this day.

    Raises:
        NotFound: There is no such plan in the actor's division.
        Invalid: There are no roads.
    """
    row = plan_row(session, actor, plan_id)
    conditions: list[ColumnElement[bool]] = [InspectionRound.plan_id == plan_id]
    if team_id is not None:
        conditions.append(InspectionRound.team_id == team_id)
    if day is not None:
        conditions.append(InspectionRound.day == day)
    rounds = fetch_rounds(session, clock.today(), *conditions)
    return lines_of(travel_on(session, row.first_day), rounds, _stations(session, rounds))


def turn_list(session: Session, actor: Actor, round_id: int) -> list[TurnLeg]:
    """Return the legs of a round with directions in Chinese, under the closures of its day.

    Raises:
        NotFound: There is no such round for the actor.
        Invalid: There are no roads.
    """
    driven = one_round(session, actor, round_id)
    station = _stations(session, [driven])[driven.team_id]
    return turns_of(travel_on(session, driven.day), driven, station)


def my_rounds(session: Session, actor: Actor, day: date) -> list[RoundView]:
    """Return the published rounds of a day in whose team the actor works."""
    return fetch_rounds(
        session,
        day,
        RoundPlan.state == "published",
        InspectionRound.day == day,
        _member(actor),
    )


def one_round(session: Session, actor: Actor, round_id: int) -> RoundView:
    """Return one round with its stops.

    Raises:
        NotFound: There is no such round for the actor.
    """
    wanted = (InspectionRound.id == round_id, _readable_round(actor))
    rounds = fetch_rounds(session, clock.today(), *wanted)
    if not rounds:
        raise NotFound(what="巡查路线", key=round_id)
    return rounds[0]


def compare(session: Session, actor: Actor, a: int, b: int) -> Comparison:
    """Compare two plans: totals side by side, and every stop on which they differ.

    Raises:
        NotFound: One of them is not in the actor's division.
    """
    first, second = plan_row(session, actor, a), plan_row(session, actor, b)
    today = clock.today()
    rounds = fetch_rounds(session, today, InspectionRound.plan_id.in_((a, b)))
    return compared(
        first,
        second,
        [each for each in rounds if each.plan_id == a],
        [each for each in rounds if each.plan_id == b],
    )


def plan_row(session: Session, actor: Actor, plan_id: int) -> PlanRow:
    """Return a plan as lists show it.

    Raises:
        NotFound: There is no such plan in the actor's division.
    """
    bound = within(actor, RoundPlan.division_code)
    rows = fetch_plans(session, bound, RoundPlan.id == plan_id)
    if not rows:
        raise NotFound(what="巡查路线方案", key=plan_id)
    return rows[0]


def _conditions(wanted: PlanFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.division:
        found.append(inside(wanted.division, RoundPlan.division_code))
    if wanted.state:
        if wanted.state not in PLAN_STATE_NAMES:
            known = "、".join(PLAN_STATE_NAMES)
            raise BadParameter(name="state", reason=f"可用：{known}", reason_en="unknown state")
        found.append(RoundPlan.state == wanted.state)
    if wanted.text:
        found.append(RoundPlan.title.icontains(wanted.text.strip(), autoescape=True))
    if wanted.first_day:
        found.append(RoundPlan.last_day >= wanted.first_day)
    if wanted.team:
        found.append(RoundPlan.asked.contains({"teams": [wanted.team]}))
    if wanted.creator_id:
        found.append(RoundPlan.created_by == wanted.creator_id)
    if wanted.last_day:
        found.append(RoundPlan.first_day <= wanted.last_day)
    return found


def _member(actor: Actor) -> ColumnElement[bool]:
    return exists().where(
        TeamMember.team_id == InspectionRound.team_id, TeamMember.account_id == actor.account_id
    )


def _readable_round(actor: Actor) -> ColumnElement[bool]:
    own = and_(RoundPlan.state == "published", _member(actor))
    return or_(within(actor, InspectionRound.division_code), own)


def _curve(kept: RoundPlan) -> tuple[tuple[float, float], ...]:
    return tuple((float(seconds), float(cost)) for seconds, cost in kept.curve)


def _by_name(teams: dict[int, TeamRow]) -> list[TeamRow]:
    return sorted(teams.values(), key=lambda each: (each.division_code, each.name, each.id))


def _team_days(team: TeamRow, rounds: Sequence[RoundView]) -> TeamDays:
    return TeamDays(team, tuple(each for each in rounds if each.team_id == team.id))


def _stations(session: Session, rounds: Sequence[RoundView]) -> dict[int, tuple[float, float]]:
    teams = teams_by_id(session, sorted({each.team_id for each in rounds}))
    return {key: (each.lon, each.lat) for key, each in teams.items()}
