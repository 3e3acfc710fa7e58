"""Reading rounds, stops and left-overs in one statement each, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session, aliased

from fuliang_gis.accounts.models import Account
from fuliang_gis.areas.models import Division
from fuliang_gis.inspections.models import (
    InspectionRound,
    LocationState,
    Obligation,
    RoundLeftOver,
    RoundPlan,
    RoundStop,
    Team,
)
from fuliang_gis.inspections.rounds.places import place
from fuliang_gis.inspections.rounds.times import seconds_between
from fuliang_gis.inspections.rounds.views import (
    PLAN_STATE_NAMES,
    LeftOver,
    PlanRow,
    RoundView,
    StopView,
)
from fuliang_gis.inspections.status.queries import FACTS, facts_of
from fuliang_gis.inspections.status.rules import status_of
from fuliang_gis.locations.models import PINYIN, Location


def fetch_plans(
    session: Session,
    *conditions: ColumnElement[bool],
    sort: str = "first_day",
    descending: bool = True,
    **paged: int,
) -> list[PlanRow]:
    """Return plans with their counts, the latest day first; ``limit`` and ``offset`` page.

    Args:
        sort: One of ``PLAN_SORTS``; plans that have nothing there come last.
    """
    creator = aliased(Account)
    column = PLAN_SORTS[sort]()
    statement = (
        select(
            RoundPlan,
            Division.name,
            creator.display_name,
            _rounds(),
            _stops(),
            _stops("done"),
            _stops("missed"),
            _left(),
        )
        .join(Division, Division.code == RoundPlan.division_code)
        .outerjoin(creator, creator.id == RoundPlan.created_by)
        .where(*conditions)
        .order_by((column.desc() if descending else column.asc()).nulls_last())
        .order_by(RoundPlan.first_day.desc(), RoundPlan.id.desc())
    )
    if "limit" in paged:
        statement = statement.limit(paged["limit"]).offset(paged.get("offset", 0))
    # A plan changes in other sessions while it is solved.
    fresh = statement.execution_options(populate_existing=True)
    return [_plan(row) for row in session.execute(fresh)]


def _rounds() -> ColumnElement[int]:
    wanted = select(func.count(InspectionRound.id)).where(InspectionRound.plan_id == RoundPlan.id)
    return wanted.scalar_subquery()


def _left() -> ColumnElement[int]:
    wanted = select(func.count(RoundLeftOver.id)).where(RoundLeftOver.plan_id == RoundPlan.id)
    return wanted.scalar_subquery()


def _stops(state: str | None = None) -> ColumnElement[int]:
    wanted = (
        select(func.count(RoundStop.id))
        .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
        .where(InspectionRound.plan_id == RoundPlan.id)
    )
    if state is not None:
        wanted = wanted.outerjoin(Obligation, Obligation.id == RoundStop.obligation_id)
        wanted = wanted.where(_state() == state)
    return wanted.scalar_subquery()


#: What a list of plans can be ordered by.
PLAN_SORTS: Mapping[str, Callable[[], ColumnElement[Any]]] = {
    # Names read as in a dictionary, by pinyin.
    "title": lambda: RoundPlan.title.collate(PINYIN),
    "state": lambda: case(
        {state: number for number, state in enumerate(PLAN_STATE_NAMES)}, value=RoundPlan.state
    ),
    "first_day": lambda: RoundPlan.first_day.expression,
    "division_code": lambda: RoundPlan.division_code.expression,
    "rounds": _rounds,
    "stops": _stops,
    "left_over": _left,
    "driving_seconds": lambda: RoundPlan.driving_seconds.expression,
    "created_at": lambda: RoundPlan.created_at.expression,
}


def _state() -> ColumnElement[str]:
    """Return whether a stop was made; a visit recorded by whoever it was makes it so."""
    made = and_(Obligation.state == "done", RoundStop.state == "planned")
    return case((made, "done"), else_=RoundStop.state)


def _plan(row: Any) -> PlanRow:  # noqa: ANN401  # A row of fetch_plans.
    plan, division_name, creator, rounds, stops, done, missed, left = row
    return PlanRow(
        plan.id,
        plan.version,
        plan.title,
        plan.division_code,
        division_name,
        plan.first_day,
        plan.last_day,
        plan.state,
        rounds,
        stops,
        done,
        missed,
        left,
        plan.driving_seconds,
        plan.driving_metres,
        plan.based_on,
        plan.fault,
        plan.cancel_asked,
        creator,
        plan.created_at,
        plan.solved_at,
        plan.published_at,
        plan.invented,
    )


def fetch_rounds(
    session: Session, today: date, *conditions: ColumnElement[bool]
) -> list[RoundView]:
    """Return rounds with their stops, by day and team; two statements.

    Args:
        today: The day on which locations' statuses are told.
        conditions: On ``InspectionRound``, ``RoundPlan`` and ``Team``.
    """
    statement = (
        select(InspectionRound, Team, RoundPlan.asked)
        .join(Team, Team.id == InspectionRound.team_id)
        .join(RoundPlan, RoundPlan.id == InspectionRound.plan_id)
        .where(*conditions)
        .order_by(InspectionRound.day, Team.name, InspectionRound.id)
        .execution_options(populate_existing=True)
    )
    rows = session.execute(statement).all()
    stops: dict[int, list[StopView]] = {row[0].id: [] for row in rows}
    for stop in _fetch_stops(session, stops, today):
        stops[stop.round_id].append(stop)
    return [_round(kept, team, asked, tuple(stops[kept.id])) for kept, team, asked in rows]


def _fetch_stops(session: Session, round_ids: Iterable[int], today: date) -> list[StopView]:
    statement = (
        select(
            RoundStop,
            Location.layer,
            Location.code,
            Location.name,
            Division.name,
            Obligation.kind,
            Obligation.purpose,
            Obligation.opens_on,
            Obligation.due_on,
            Obligation.state,
            _state(),
            *place(),
            *FACTS,
        )
        .join(Location, Location.id == RoundStop.location_id)
        .join(Division, Division.code == Location.division_code)
        .outerjoin(Obligation, Obligation.id == RoundStop.obligation_id)
        .outerjoin(LocationState, LocationState.location_id == Location.id)
        .where(RoundStop.round_id.in_(list(round_ids)))
        .order_by(RoundStop.round_id, RoundStop.ordinal)
        .execution_options(populate_existing=True)
    )
    return [_stop(tuple(row), today) for row in session.execute(statement)]


def _stop(row: tuple[Any, ...], today: date) -> StopView:
    stop, layer, code, name, division, kind, purpose, opens, due, owed, state, *rest = row
    lon, lat, *facts = rest
    return StopView(
        stop.id,
        stop.round_id,
        stop.ordinal,
        stop.obligation_id,
        stop.location_id,
        layer,
        code,
        name,
        kind,
        division,
        purpose,
        opens,
        due,
        owed,
        status_of(facts_of(tuple(facts)), today),
        stop.arrive,
        stop.begin,
        stop.leave,
        stop.drive_seconds,
        stop.drive_metres,
        stop.walk_metres,
        round(lon, 6),
        round(lat, 6),
        stop.locked,
        state,
    )


def _round(
    kept: InspectionRound, team: Team, asked: dict[str, Any], stops: tuple[StopView, ...]
) -> RoundView:
    pause = team.break_minutes if team.break_from is not None else 0
    locked = kept.locked or kept.day.isoformat() in asked.get("locked_days", ())
    return RoundView(
        kept.id,
        kept.plan_id,
        kept.team_id,
        team.name,
        kept.day,
        kept.starts,
        kept.ends,
        kept.pause_at,
        pause,
        kept.driving_seconds,
        kept.driving_metres,
        max(seconds_between(team.starts, team.ends) - pause * 60, 0),
        locked or kept.team_id in asked.get("locked_teams", ()),
        stops,
    )


def fetch_left_over(session: Session, plan_id: int) -> list[LeftOver]:
    """Return what a plan could not take in, the first due first; one statement."""
    statement = (
        select(
            RoundLeftOver.id,
            RoundLeftOver.obligation_id,
            Location.id,
            Location.layer,
            Location.code,
            Location.name,
            Division.name,
            Obligation.purpose,
            Obligation.due_on,
            Obligation.state,
            RoundLeftOver.reason,
            *place(),
        )
        .join(Location, Location.id == RoundLeftOver.location_id)
        .join(Division, Division.code == Location.division_code)
        .outerjoin(Obligation, Obligation.id == RoundLeftOver.obligation_id)
        .where(RoundLeftOver.plan_id == plan_id)
        .order_by(RoundLeftOver.reason, Obligation.due_on, RoundLeftOver.id)
    )
    return [_left_over(row) for row in session.execute(statement)]


def _left_over(row: Any) -> LeftOver:  # noqa: ANN401  # A row of fetch_left_over.
    key, obligation, location, layer, code, name, division, purpose, due, state, reason = row[:-2]
    lon, lat = row[-2:]
    return LeftOver(
        key,
        obligation,
        location,
        layer,
        code,
        name,
        division,
        purpose,
        due,
        state,
        reason,
        round(lon, 6),
        round(lat, 6),
    )
