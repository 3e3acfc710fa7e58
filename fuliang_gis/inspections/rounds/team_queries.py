"""Reading teams: one page, one of them, and who may be a member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.policies import inside, within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.db.paging import Page
from fuliang_gis.errors import NotFound
from fuliang_gis.inspections.models import Team, TeamMember
from fuliang_gis.inspections.rounds.team_checks import FIELD_ROLES

MAX_PAGE = 500


@dataclass(frozen=True)
class Member:
    """An account that works in a team."""

    id: int
    name: str


@dataclass(frozen=True)
class TeamRow:
    """A team with its members; the station is lon/lat (EPSG:4490)."""

    id: int
    division_code: str
    division_name: str
    name: str
    lon: float
    lat: float
    members: tuple[Member, ...]
    skills: tuple[str, ...]
    vehicle: str | None
    weekdays: tuple[int, ...]
    starts: time
    ends: time
    break_from: time | None
    break_to: time | None
    break_minutes: int
    most_driving_minutes: int | None
    active: bool
    invented: bool
    version: int


def teams(
    session: Session,
    actor: Actor,
    *,
    division: str | None = None,
    active: bool | None = True,
    page: int = 1,
    size: int = 50,
) -> Page[TeamRow]:
    """Return one page of the teams in the actor's division, by division and name.

    Args:
        division: Only those inside it.
        active: Only those in use (True) or retired (False); None: all.
    """
    conditions = [within(actor, Team.division_code)]
    if division is not None:
        conditions.append(inside(division, Team.division_code))
    if active is not None:
        conditions.append(Team.active.is_(active))
    total = session.scalar(select(func.count(Team.id)).where(*conditions)) or 0
    size = min(max(size, 1), MAX_PAGE)
    number = max(page, 1)
    wanted = _rows(*conditions).limit(size).offset((number - 1) * size)
    return Page([_row(row) for row in session.execute(wanted)], total, number, size)


def team(session: Session, actor: Actor, team_id: int) -> TeamRow:
    """Return a team.

    Raises:
        NotFound: There is none in the actor's division.
    """
    found = session.execute(_rows(within(actor, Team.division_code), Team.id == team_id)).first()
    if found is None:
        raise NotFound(what="巡查队伍", key=team_id)
    return _row(found)


def teams_by_id(session: Session, team_ids: Sequence[int]) -> dict[int, TeamRow]:
    """Return teams by their ids, whoever asks; one statement."""
    found = (_row(row) for row in session.execute(_rows(Team.id.in_(team_ids))))
    return {each.id: each for each in found}


def candidates(session: Session, actor: Actor, division_code: str) -> list[Member]:
    """Return the accounts that may be members of a team of the division; at most 300."""
    above = [division_code[:digits] for digits in (6, 9, 12) if len(division_code) >= digits]
    wanted = (
        select(Account.id, Account.display_name)
        .where(
            Account.active,
            Account.role.in_(FIELD_ROLES),
            or_(Account.division_code.startswith(division_code), Account.division_code.in_(above)),
            Account.division_code.startswith(actor.scope),
        )
        .order_by(Account.division_code.desc(), Account.display_name, Account.id)
        .limit(300)
    )
    return [Member(*row) for row in session.execute(wanted)]


def _rows(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    member = func.json_build_array(Account.id, Account.display_name)
    members = (
        select(func.json_agg(aggregate_order_by(member, Account.id)))
        .join(TeamMember, TeamMember.account_id == Account.id)
        .where(TeamMember.team_id == Team.id)
        .scalar_subquery()
    )
    lon, lat = func.ST_X(Team.station), func.ST_Y(Team.station)
    return (
        select(Team, Division.name, lon, lat, members)
        .join(Division, Division.code == Team.division_code)
        .where(*conditions)
        .order_by(Team.division_code, Team.name, Team.id)
    )


def _row(row: Any) -> TeamRow:  # noqa: ANN401  # A row of _rows.
    found, division_name, lon, lat, members = row
    return TeamRow(
        found.id,
        found.division_code,
        division_name,
        found.name,
        round(lon, 6),
        round(lat, 6),
        tuple(Member(key, name) for key, name in members or ()),
        tuple(found.skills),
        found.vehicle,
        tuple(found.weekdays),
        found.starts,
        found.ends,
        found.break_from,
        found.break_to,
        found.break_minutes,
        found.most_driving_minutes,
        found.active,
        found.invented,
        found.version,
    )
