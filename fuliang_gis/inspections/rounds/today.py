"""The rest of a team's day, planned again from where the team is now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

import numpy as np
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Invalid, NotFound, Problem
from fuliang_gis.inspections.duties.periods import Span
from fuliang_gis.inspections.models import (
    InspectionRound,
    Obligation,
    RoundLeftOver,
    RoundPlan,
    RoundStop,
)
from fuliang_gis.inspections.rounds import following
from fuliang_gis.inspections.rounds.access import fetch_plan, touch, wrong
from fuliang_gis.inspections.rounds.asking import FARTHEST_M, Asked, ask_for
from fuliang_gis.inspections.rounds.keeping import count_totals, left_over, round_told
from fuliang_gis.inspections.rounds.problems import wishes_of
from fuliang_gis.inspections.rounds.times import clock_time, seconds_of
from fuliang_gis.routing.replanning import rest_of_day
from fuliang_gis.routing.rounds import Round
from fuliang_gis.routing.snapping import Snap
from fuliang_gis.routing.solving import Effort, plan
from fuliang_gis.routing.travel import Leg

#: A day's few stops are in their best order long before.
_ITERATIONS = 300


@dataclass(frozen=True)
class RestOfDay:
    """What is left of a day: the stops (ids) in order, what was dropped, and when it ends."""

    plan: RoundPlan
    round_id: int
    stops: tuple[int, ...]
    dropped: tuple[int, ...]
    ends: time


@dataclass(frozen=True)
class Day:
    """One round as it stands: stops made (or without a duty any more), and those to come."""

    row: InspectionRound
    made: Sequence[RoundStop]
    ahead: Sequence[RoundStop]


def replan_today(
    session: Session,
    actor: Actor,
    plan_id: int,
    team_id: int,
    place: tuple[float, float],
    *,
    at: datetime | None = None,
    expected_version: int | None,
) -> RestOfDay:
    """Put the remaining stops of a team's round of today in the best order from where it is.

    What no longer fits into the day is left over (``dropped``); no other round changes.

    Args:
        place: Where the team is, lon/lat (EPSG:4490).
        at: When it is there; now.

    Raises:
        NotFound: The plan has no round of this team today.
        Forbidden, OutsideDivision, VersionRequired, Conflict: As they say.
        WrongState: The plan is not published.
        Invalid: No road is near the place.
    """
    kept = fetch_plan(session, actor, plan_id, expected_version)
    if kept.state != "published":
        raise wrong(kept, "重新安排今天的路线", "只有已发布的方案可以在途中调整。")
    day = day_of(session, kept, team_id)
    now = seconds_of((at or clock.now()).astimezone(clock.ZONE).time())
    ids = [stop.obligation_id for stop in day.ahead if stop.obligation_id is not None]
    asked = asked_today(session, kept, team_id, ids)
    here = here_on(asked, place)
    rest, made = _searched(kept, asked, day, here, now)
    order = write_rest(session, rest, day, made, asked.snaps[0], here, now)
    dropped = [one for one in ids if one not in order]
    _drop(session, kept, asked, day, dropped)
    count_totals(session, kept)
    told: dict[str, object] = {
        "team": team_id,
        "day": day.row.day.isoformat(),
        "stops": len(order),
        "dropped": len(dropped),
    }
    touch(session, actor, kept, "change_plan", told)
    stops = {stop.obligation_id: stop.id for stop in day.ahead}
    return RestOfDay(
        kept, day.row.id, tuple(stops[one] for one in order), tuple(dropped), day.row.ends
    )


def day_of(session: Session, kept: RoundPlan, team_id: int) -> Day:
    row = session.scalars(
        select(InspectionRound).where(
            InspectionRound.plan_id == kept.id,
            InspectionRound.team_id == team_id,
            InspectionRound.day == clock.today(),
        )
    ).one_or_none()
    if row is None:
        raise NotFound(what="该队伍今天的巡查路线", key=team_id)
    stops = session.execute(
        select(RoundStop, Obligation.state)
        .outerjoin(Obligation, Obligation.id == RoundStop.obligation_id)
        .where(RoundStop.round_id == row.id)
        .order_by(RoundStop.ordinal)
    ).all()
    ahead = [stop for stop, state in stops if stop.state == "planned" and state == "open"]
    return Day(row, [stop for stop, _ in stops if stop not in ahead], ahead)


def asked_today(session: Session, kept: RoundPlan, team_id: int, ids: Collection[int]) -> Asked:
    """Return the problem of today alone, under today's closures; what shares the day may do so.

    A round may lie outside its plan's days, which somebody has changed since it was solved.
    """
    today = clock.today()
    asked = ask_for(session, ids, Span(today, today), [team_id], wishes_of(kept), today)
    return replace(asked, problem=replace(asked.problem, apart=()))


def here_on(asked: Asked, place: tuple[float, float]) -> Snap:
    usable = all(abs(each) <= 180 for each in place)
    (here,) = asked.travel.snap(np.array([place]), FARTHEST_M) if usable else (None,)
    if here is None:
        told = f"当前位置 {FARTHEST_M / 1000:g} 公里内没有道路，请核对位置后重试。"
        raise Invalid([Problem("no_road", told, "There is no road near this place.", "place")])
    return here


def _searched(
    kept: RoundPlan, asked: Asked, day: Day, here: Snap, now: int
) -> tuple[Asked, Round | None]:
    """Return the problem of the rest of the day, and the best round in it."""
    from_here = asked.travel.seconds([here], asked.snaps, walks=False)[0]
    number = (day.row.day - asked.first_day).days
    rest = rest_of_day(
        asked.problem,
        str(day.row.team_id),
        number,
        now,
        from_here,
        driven=sum(stop.drive_seconds for stop in day.made),
    )
    found = plan(rest, Effort(seed=wishes_of(kept).seed, iterations=_ITERATIONS))
    made = found.rounds[0] if found.rounds else None
    return replace(asked, problem=rest, snaps=(*asked.snaps, here)), made


def write_rest(
    session: Session,
    rest: Asked,
    day: Day,
    made: Round | None,
    station: Snap | None,
    here: Snap,
    now: int,
) -> list[int]:
    """Write the new order behind what was made; return its obligations."""
    row = day.row
    for number, stop in enumerate(day.made, 1):
        stop.ordinal = number
    known = {stop.obligation_id: stop for stop in day.ahead}
    order: list[int] = []
    last = here
    for told in round_told(rest, made).stops if made else ():
        stop, owed = known[int(told.task)], int(told.task)
        for name, value in told.values.items():
            setattr(stop, name, value)
        order.append(owed)
        stop.ordinal = len(day.made) + len(order)
        last = rest.snaps[rest.places[rest.obligations[told.task].location_id]] or last
    home = None if station is None else rest.travel.leg(last, station)
    _write_round(row, day, [known[one] for one in order], made, home, now)
    session.flush()
    return order


def _write_round(
    row: InspectionRound,
    day: Day,
    ahead: Sequence[RoundStop],
    made: Round | None,
    home: Leg | None,
    now: int,
) -> None:
    back = round(home.driving_seconds) if home else 0
    stops = [*day.made, *ahead]
    row.driving_seconds = sum(stop.drive_seconds for stop in stops) + back
    row.driving_metres = sum(stop.drive_metres for stop in stops)
    row.driving_metres += round(home.metres) if home else 0
    ends = made.end if made else now + back
    row.ends = clock_time(max(ends, seconds_of(row.starts)))
    if made and made.pause_at is not None:
        row.pause_at = clock_time(made.pause_at)


def _drop(
    session: Session, kept: RoundPlan, asked: Asked, day: Day, dropped: Sequence[int]
) -> None:
    for stop in day.ahead:
        if stop.obligation_id in dropped:
            session.delete(stop)
    session.flush()
    if not dropped:
        return
    session.execute(
        delete(RoundLeftOver).where(
            RoundLeftOver.plan_id == kept.id, RoundLeftOver.obligation_id.in_(dropped)
        )
    )
    rows = [left_over(asked, kept.id, str(one), "dropped") for one in dropped]
    session.execute(insert(RoundLeftOver), rows)
    following.free(session, dropped)
