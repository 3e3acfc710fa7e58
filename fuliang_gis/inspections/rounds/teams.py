"""Teams: who inspects from where and when; making, changing and retiring them, and reading them."""

from __future__ import annotations

from dataclasses import replace

import shapely
from geoalchemy2.shape import from_shape
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import audit
from fuliang_gis.accounts.policies import within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import SRID
from fuliang_gis.errors import Conflict, Duplicate, Invalid, NotFound, VersionRequired, WrongState
from fuliang_gis.inspections.models import InspectionRound, RoundPlan, RoundStop, Team, TeamMember
from fuliang_gis.inspections.rounds.access import require_there
from fuliang_gis.inspections.rounds.team_checks import TeamGiven, skills, team_problems
from fuliang_gis.inspections.rounds.team_queries import (
    Member,
    TeamRow,
    candidates,
    team,
    teams,
    teams_by_id,
)

__all__ = [
    "Member",
    "TeamGiven",
    "TeamRow",
    "candidates",
    "change_team",
    "create_team",
    "restore_team",
    "retire_team",
    "skills",
    "team",
    "teams",
    "teams_by_id",
]


def create_team(session: Session, actor: Actor, given: TeamGiven) -> Team:
    """Add a team.

    Raises:
        Forbidden, OutsideDivision: The actor may not manage rounds there.
        Invalid: Name, station, members, skills, days or hours cannot be used.
    """
    require_there(session, actor, given.division_code)
    if problems := team_problems(session, actor, given):
        raise Invalid(problems)
    made = Team(division_code=given.division_code, created_by=actor.account_id)
    _fill(made, given)
    session.add(made)
    _flush(session, given)
    _set_members(session, made, given)
    _audit(session, actor, made, "create_team")
    return made


def change_team(
    session: Session, actor: Actor, team_id: int, given: TeamGiven, *, expected_version: int | None
) -> Team:
    """Change a team; its division stays. Plans made before keep what they were made with.

    Raises:
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict, Invalid: As they say.
    """
    found = _fetch(session, actor, team_id, expected_version)
    given = replace(given, division_code=found.division_code)
    if problems := team_problems(session, actor, given, team_id=team_id):
        raise Invalid(problems)
    _fill(found, given)
    found.version += 1
    _flush(session, given)
    _set_members(session, found, given)
    _audit(session, actor, found, "change_team")
    return found


def retire_team(
    session: Session, actor: Actor, team_id: int, *, expected_version: int | None
) -> Team:
    """Take a team out of use; what it did stays.

    Raises:
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict: As they say.
        WrongState: It is retired already, or has published rounds still to drive.
    """
    found = _fetch(session, actor, team_id, expected_version)
    if not found.active:
        raise WrongState(name=found.name, state="已停用", act="再次停用", advice="无需操作。")
    if ahead := _rounds_ahead(session, team_id):
        advice = f"它在已发布的方案中还有 {ahead} 个待巡查的点，请先改派或撤回方案。"
        raise WrongState(name=found.name, state="在用", act="停用", advice=advice)
    return _switch(session, actor, found, active=False)


def restore_team(
    session: Session, actor: Actor, team_id: int, *, expected_version: int | None
) -> Team:
    """Put a retired team to use again.

    Raises:
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict: As they say.
        WrongState: It is in use.
    """
    found = _fetch(session, actor, team_id, expected_version)
    if found.active:
        raise WrongState(name=found.name, state="在用", act="启用", advice="无需操作。")
    return _switch(session, actor, found, active=True)


def _fill(made: Team, given: TeamGiven) -> None:
    made.name = given.name.strip()
    made.station = from_shape(shapely.Point(given.lon, given.lat), SRID)
    made.skills = sorted(set(given.skills))
    made.vehicle = (given.vehicle or "").strip() or None
    made.weekdays = sorted(set(given.weekdays))
    for name in (
        "starts",
        "ends",
        "break_from",
        "break_to",
        "break_minutes",
        "most_driving_minutes",
    ):
        setattr(made, name, getattr(given, name))


def _set_members(session: Session, made: Team, given: TeamGiven) -> None:
    session.execute(delete(TeamMember).where(TeamMember.team_id == made.id))
    rows = [{"team_id": made.id, "account_id": one} for one in sorted(set(given.member_ids))]
    if rows:
        session.execute(insert(TeamMember), rows)


def _flush(session: Session, given: TeamGiven) -> None:
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        # Somebody else took the name at the same moment.
        raise Duplicate(label="队伍名称", value=given.name.strip(), field="name") from error


def _rounds_ahead(session: Session, team_id: int) -> int:
    wanted = (
        select(func.count(RoundStop.id))
        .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
        .join(RoundPlan, RoundPlan.id == InspectionRound.plan_id)
        .where(
            InspectionRound.team_id == team_id,
            InspectionRound.day >= clock.today(),
            RoundPlan.state == "published",
            RoundStop.state == "planned",
        )
    )
    return session.scalar(wanted) or 0


def _switch(session: Session, actor: Actor, found: Team, *, active: bool) -> Team:
    found.active = active
    found.version += 1
    session.flush()
    _audit(session, actor, found, "change_team")
    return found


def _fetch(session: Session, actor: Actor, team_id: int, expected_version: int | None) -> Team:
    bound = within(actor, Team.division_code)
    wanted = select(Team).where(Team.id == team_id, bound).with_for_update()
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound(what="巡查队伍", key=team_id)
    require_there(session, actor, found.division_code)
    if expected_version is None:
        raise VersionRequired
    if found.version != expected_version:
        raise Conflict(name=found.name, current=found.version, expected=expected_version)
    return found


def _audit(session: Session, actor: Actor, changed: Team, action: str) -> None:
    audit.record(
        session,
        actor,
        action,
        f"team/{changed.id}",
        division_code=changed.division_code,
        detail={"name": changed.name, "version": changed.version, "active": changed.active},
    )
    session.flush()
