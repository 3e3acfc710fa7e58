"""Writing a solved plan into its rows, and reading it back as the solver takes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from fuliang_gis.inspections.models import InspectionRound, RoundLeftOver, RoundPlan, RoundStop
from fuliang_gis.inspections.rounds.asking import Asked
from fuliang_gis.inspections.rounds.times import clock_time, seconds_of
from fuliang_gis.routing.rounds import Plan, Round, Stop
from fuliang_gis.routing.travel import Leg


def keep(
    session: Session,
    kept: RoundPlan,
    asked: Asked,
    made: Plan,
    *,
    fixed: Collection[int] = (),
) -> None:
    """Put the rounds of a plan in place of those it had, but for the fixed ones.

    Locks stay with what is still there. The plan's totals are counted anew.
    """
    locked_rounds, locked_stops = _locks(session, kept.id)
    session.execute(
        delete(InspectionRound).where(
            InspectionRound.plan_id == kept.id, InspectionRound.id.not_in(list(fixed))
        )
    )
    session.execute(delete(RoundLeftOver).where(RoundLeftOver.plan_id == kept.id))
    told = [round_told(asked, each) for each in made.rounds]
    rows = [InspectionRound(plan_id=kept.id, **each.values) for each in told]
    for row in rows:
        row.locked = (row.team_id, row.day) in locked_rounds
    session.add_all(rows)
    session.flush()
    stops = [
        {"round_id": row.id, "locked": int(stop.task) in locked_stops, **stop.values}
        for row, each in zip(rows, told, strict=True)
        for stop in each.stops
    ]
    if stops:
        session.execute(insert(RoundStop), stops)
    left = [left_over(asked, kept.id, one.task, one.reason) for one in made.unplanned]
    if left:
        session.execute(insert(RoundLeftOver), left)
    count_totals(session, kept)


def count_totals(session: Session, kept: RoundPlan) -> None:
    """Count a plan's driving anew from its rounds."""
    session.flush()
    wanted = select(
        func.coalesce(func.sum(InspectionRound.driving_seconds), 0),
        func.coalesce(func.sum(InspectionRound.driving_metres), 0),
    ).where(InspectionRound.plan_id == kept.id)
    kept.driving_seconds, kept.driving_metres = session.execute(wanted).one()


def metres_of(asked: Asked, made: Round) -> int:
    """Return the driving of a round [m]."""
    return _metres(_legs(asked, made))


@dataclass(frozen=True)
class StopTold:
    """The columns of a stop but for its round and lock, by name, and the task that it is for."""

    task: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class RoundTold:
    """The columns of a round but for its plan and lock, by name, and its stops in order."""

    values: Mapping[str, Any]
    stops: tuple[StopTold, ...]


def round_told(asked: Asked, made: Round) -> RoundTold:
    """Return what is written of a round."""
    team, legs = asked.teams[made.team], list(_legs(asked, made))
    values = {
        "division_code": team.division_code,
        "team_id": team.id,
        "day": asked.first_day + timedelta(days=made.day),
        "starts": clock_time(made.start),
        "ends": clock_time(made.end),
        "pause_at": None if made.pause_at is None else clock_time(made.pause_at),
        "driving_seconds": made.driving,
        "driving_metres": _metres(legs),
    }
    stops = [
        StopTold(stop.task, _stop(asked, made, number, stop, leg))
        for number, (stop, leg) in enumerate(zip(made.stops, legs[:-1], strict=True), 1)
    ]
    return RoundTold(values, tuple(stops))


def kept_plan(session: Session, plan_id: int, asked: Asked, *, but: Collection[int] = ()) -> Plan:
    """Return the rounds that a plan has as the solver takes them, without those of some ids.

    Stops that are missed, or whose obligation is not asked for, are left aside.
    """
    known = {task.id for task in asked.problem.tasks}
    rows = session.execute(
        select(InspectionRound, RoundStop)
        .join(RoundStop, RoundStop.round_id == InspectionRound.id)
        .where(
            InspectionRound.plan_id == plan_id,
            InspectionRound.id.not_in(list(but)),
            RoundStop.state != "missed",
        )
        .order_by(InspectionRound.day, InspectionRound.team_id, RoundStop.ordinal)
    )
    rounds: dict[int, Round] = {}
    for kept, stop in rows:
        if str(stop.obligation_id) not in known:
            continue
        found = rounds.get(kept.id) or _round(asked, kept)
        times = (seconds_of(stop.arrive), seconds_of(stop.begin), seconds_of(stop.leave))
        made = Stop(str(stop.obligation_id), *times)
        rounds[kept.id] = Round(
            found.team,
            found.day,
            found.start,
            (*found.stops, made),
            found.end,
            found.driving,
            found.pause_at,
        )
    return Plan(tuple(rounds.values()), ())


def _round(asked: Asked, kept: InspectionRound) -> Round:
    day = (kept.day - asked.first_day).days
    times = (seconds_of(kept.starts), seconds_of(kept.ends))
    pause = None if kept.pause_at is None else seconds_of(kept.pause_at)
    return Round(str(kept.team_id), day, times[0], (), times[1], kept.driving_seconds, pause)


def _locks(session: Session, plan_id: int) -> tuple[set[tuple[int, object]], set[int]]:
    rounds = session.execute(
        select(InspectionRound.team_id, InspectionRound.day).where(
            InspectionRound.plan_id == plan_id, InspectionRound.locked
        )
    )
    stops = session.scalars(
        select(RoundStop.obligation_id)
        .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
        .where(InspectionRound.plan_id == plan_id, RoundStop.locked)
    )
    return {(team, day) for team, day in rounds}, {one for one in stops if one is not None}


def _legs(asked: Asked, driven: Round) -> Iterable[Leg | None]:
    """Yield the way to each stop, and the way home."""
    station = asked.problem.team(driven.team).station
    places = [asked.places[asked.obligations[stop.task].location_id] for stop in driven.stops]
    for a, b in zip([station, *places], [*places, station], strict=True):
        start, goal = asked.snaps[a], asked.snaps[b]
        yield None if start is None or goal is None else asked.travel.leg(start, goal)


def _metres(legs: Iterable[Leg | None]) -> int:
    return round(sum(leg.metres for leg in legs if leg is not None))


def _stop(asked: Asked, made: Round, number: int, stop: Stop, leg: Leg | None) -> dict[str, object]:
    owed = asked.obligations[stop.task]
    snap = asked.snaps[asked.places[owed.location_id]]
    return {
        "division_code": asked.teams[made.team].division_code,
        "ordinal": number,
        "obligation_id": owed.id,
        "location_id": owed.location_id,
        "arrive": clock_time(stop.arrive),
        "begin": clock_time(stop.begin),
        "leave": clock_time(stop.leave),
        "drive_seconds": 0 if leg is None else round(leg.driving_seconds),
        "drive_metres": 0 if leg is None else round(leg.metres),
        "walk_metres": 0 if snap is None else round(snap.offset_m),
    }


def left_over(asked: Asked, plan_id: int, task: str, reason: str) -> dict[str, object]:
    """Return the columns of what a plan could not take in."""
    owed = asked.obligations[task]
    return {
        "plan_id": plan_id,
        "division_code": owed.division_code,
        "obligation_id": owed.id,
        "location_id": owed.location_id,
        "reason": reason,
    }
