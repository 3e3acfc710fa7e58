"""What people hold on to when a plan is solved again: locks, and pairs that keep apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.policies import inside
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Invalid, NotFound, Problem
from fuliang_gis.inspections.models import InspectionRound, RoundPlan, RoundStop
from fuliang_gis.inspections.rounds.access import fetch_plan, require_editable, require_open, touch
from fuliang_gis.inspections.rounds.problems import locked_days, locked_teams, teams_of
from fuliang_gis.locations.models import Location

MOST_PAIRS = 200


def set_lock(
    session: Session,
    actor: Actor,
    plan_id: int,
    *,
    stop_id: int | None = None,
    round_id: int | None = None,
    day: date | None = None,
    team_id: int | None = None,
    locked: bool,
    expected_version: int | None,
) -> RoundPlan:
    """Lock or unlock one of: a stop, a round, a whole day, a team's whole plan.

    A locked stop keeps its team and day, everything else locked stays as it is (a locked day or
    team without rounds gets none).

    Raises:
        NotFound: The plan has no such stop, round, day or team.
    """
    plan = fetch_plan(session, actor, plan_id, expected_version)
    require_editable(plan, "锁定")
    detail: dict[str, object] = {"locked": locked}
    if day is not None:
        _lock_day(plan, day, locked=locked)
        detail["day"] = day.isoformat()
    elif team_id is not None:
        _lock_team(plan, team_id, locked=locked)
        detail["team"] = team_id
    else:
        _row(session, plan, stop_id, round_id).locked = locked
        detail |= {"stop": stop_id} if round_id is None else {"round": round_id}
    touch(session, actor, plan, "change_plan", detail)
    return plan


def set_apart(
    session: Session,
    actor: Actor,
    plan_id: int,
    pairs: Sequence[tuple[int, int]],
    *,
    expected_version: int | None,
) -> RoundPlan:
    """Name the pairs of locations (ids) that must not be visited on the same day; all of them.

    Raises:
        Invalid: A pair names one location twice, or one outside the plan's division.
    """
    plan = fetch_plan(session, actor, plan_id, expected_version)
    require_open(plan, "设置不得同日的点位")
    if problems := apart_problems(session, plan.division_code, pairs):
        raise Invalid(problems)
    plan.asked = plan.asked | {"apart": kept_pairs(pairs)}
    touch(session, actor, plan, "change_plan", {"apart": len(pairs)})
    return plan


def kept_pairs(pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Return pairs as a plan keeps them: each once, in order."""
    return [list(pair) for pair in sorted({(min(pair), max(pair)) for pair in pairs})]


def apart_problems(
    session: Session, division_code: str, pairs: Sequence[tuple[int, int]]
) -> list[Problem]:
    """Return what stands against pairs of locations that are to keep apart."""
    if len(pairs) > MOST_PAIRS:
        told = f"不得同日的点位最多 {MOST_PAIRS} 对。"
        return [Problem("too_many", told, "Too many pairs.", "apart")]
    named = {one for pair in pairs for one in pair}
    wanted = select(func.count(Location.id)).where(
        Location.id.in_(named), inside(division_code, Location.division_code)
    )
    if any(a == b for a, b in pairs) or session.scalar(wanted) != len(named):
        told = "不得同日的两个点位应是本方案区划内的不同点位。"
        return [Problem("not_allowed", told, "Name two locations of the division.", "apart")]
    return []


def _lock_day(plan: RoundPlan, day: date, *, locked: bool) -> None:
    if not plan.first_day <= day <= plan.last_day:
        raise NotFound(what="方案内的日期", key=day)
    days = locked_days(plan) | {day} if locked else locked_days(plan) - {day}
    plan.asked = plan.asked | {"locked_days": sorted(each.isoformat() for each in days)}


def _lock_team(plan: RoundPlan, team_id: int, *, locked: bool) -> None:
    if team_id not in teams_of(plan):
        raise NotFound(what="方案内的巡查队伍", key=team_id)
    teams = locked_teams(plan) | {team_id} if locked else locked_teams(plan) - {team_id}
    plan.asked = plan.asked | {"locked_teams": sorted(teams)}


def _row(
    session: Session, plan: RoundPlan, stop_id: int | None, round_id: int | None
) -> InspectionRound | RoundStop:
    wanted: InspectionRound | RoundStop | None
    if round_id is not None:
        home = wanted = session.get(InspectionRound, round_id)
    else:
        stop = wanted = session.get(RoundStop, stop_id) if stop_id is not None else None
        home = session.get(InspectionRound, stop.round_id) if stop else None
    if wanted is None or home is None or home.plan_id != plan.id:
        raise NotFound(what="停靠点或路线", key=stop_id if round_id is None else round_id)
    return wanted
