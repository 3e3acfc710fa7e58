"""Writing some changed rounds of a plan; stops that stay keep their rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import Session

from fuliang_gis.inspections.models import InspectionRound, RoundPlan, RoundStop
from fuliang_gis.inspections.rounds.asking import Asked
from fuliang_gis.inspections.rounds.keeping import count_totals, round_told
from fuliang_gis.routing.rounds import Round

#: A team's id and a day.
Key = tuple[int, date]


def rewrite(
    session: Session, plan: RoundPlan, asked: Asked, changed: Mapping[Key, Round | None]
) -> None:
    """Put changed rounds in place of what their teams had on those days; None takes one away.

    A stop keeps its row, and with it lock and state, wherever among these rounds it goes. Stops
    whose obligation is no more go with the old round; what was missed stays as history.
    """
    rows = _rows(session, plan, changed)
    pool = _stops(session, rows)
    for key, made in changed.items():
        if made is None or not made.stops:
            continue
        told = round_told(asked, made)
        row = rows.get(key) or InspectionRound(plan_id=plan.id)
        _fill(row, told.values)
        if key not in rows:
            session.add(row)
            session.flush()
        for each in told.stops:
            stop = pool.pop(int(each.task), None) or RoundStop()
            _fill(stop, {**each.values, "round_id": row.id})
            session.add(stop)
    for stop in pool.values():
        session.delete(stop)
    session.flush()
    for key, row in rows.items():
        made = changed[key]
        if made is None or not made.stops:
            session.delete(row)
    count_totals(session, plan)


def _fill(row: InspectionRound | RoundStop, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def _rows(
    session: Session, plan: RoundPlan, changed: Mapping[Key, Round | None]
) -> dict[Key, InspectionRound]:
    wanted = select(InspectionRound).where(
        InspectionRound.plan_id == plan.id,
        tuple_(InspectionRound.team_id, InspectionRound.day).in_(list(changed)),
    )
    return {(row.team_id, row.day): row for row in session.scalars(wanted)}


def _stops(session: Session, rows: Mapping[Key, InspectionRound]) -> dict[int, RoundStop]:
    """Return the stops of rounds by obligation; those without one count by what they are not."""
    ids = [row.id for row in rows.values()]
    wanted = select(RoundStop).where(
        RoundStop.round_id.in_(ids),
        or_(RoundStop.state != "missed", RoundStop.obligation_id.is_(None)),
    )
    found = session.scalars(wanted)
    return {stop.obligation_id or -stop.id: stop for stop in found}
