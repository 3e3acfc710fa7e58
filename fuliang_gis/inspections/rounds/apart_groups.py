"""The office's groups of locations that keep apart: read, made, let go, and their history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts import audit
from fuliang_gis.accounts.models import Account, AuditEvent
from fuliang_gis.accounts.policies import within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.db.base import Json
from fuliang_gis.db.paging import Page
from fuliang_gis.errors import Invalid, NotFound, Problem
from fuliang_gis.inspections.models import KeptApart, KeptApartLocation
from fuliang_gis.inspections.rounds.access import require_there
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.queries import matches

#: Locations of one group, and letters of its reason.
MOST_LOCATIONS = 10
LONGEST_REASON = 100
MAX_PAGE = 500
_MOST_FOUND = 20
_MOST_EVENTS = 200
_ACTIONS = ("keep_apart", "let_together")
#: Digits of the codes of the levels that have an office: county and township.
_OFFICES = (9, 6)
#: What a location is called to whoever has no sight of it.
_ELSEWHERE = "其他辖区的点位"
_PLACE = (
    Location.id,
    Location.layer,
    Location.code,
    Location.name,
    Division.name,
    Location.deleted_at.is_not(None),
)


@dataclass(frozen=True)
class Place:
    """A location of a group; ``deleted`` ones are visited no more."""

    id: int
    layer: str
    code: str
    name: str
    division_name: str
    deleted: bool = False


@dataclass(frozen=True)
class ApartRow:
    """A group of locations that keep apart, and why."""

    id: int
    division_code: str
    division_name: str
    reason: str
    locations: tuple[Place, ...]
    created_by: str | None
    created_at: datetime


@dataclass(frozen=True)
class ApartGiven:
    """A group as told: ids of its locations, and why they keep apart."""

    location_ids: Sequence[int]
    reason: str


@dataclass(frozen=True)
class ApartEvent:
    """One group made or let go, as the audit record has it."""

    at: datetime
    actor: str
    action: str
    detail: Json


def apart_groups(
    session: Session, actor: Actor, *, text: str | None = None, page: int = 1, size: int = 50
) -> Page[ApartRow]:
    """Return one page of the groups that bind the actor's division, the newest first.

    Args:
        text: Only those with a location of such a name or code, or such a reason.
    """
    conditions = [_bind(actor)]
    if text and text.strip():
        wanted = text.strip()
        reason = KeptApart.reason.icontains(wanted, autoescape=True)
        conditions.append(or_(reason, _holds(matches(wanted))))
    total = session.scalar(select(func.count(KeptApart.id)).where(*conditions)) or 0
    number, size = max(page, 1), min(max(size, 1), MAX_PAGE)
    rows = _rows(session, actor, *conditions, limit=size, offset=(number - 1) * size)
    return Page(rows, total, number, size)


def apart_group(session: Session, actor: Actor, group_id: int) -> ApartRow:
    """Return a group.

    Raises:
        NotFound: There is none that binds the actor's division.
    """
    rows = _rows(session, actor, _bind(actor), KeptApart.id == group_id)
    if not rows:
        raise NotFound(what="不得同日的点位组", key=group_id)
    return rows[0]


def places(session: Session, actor: Actor, location_ids: Sequence[int]) -> list[Place]:
    """Return locations of the actor's division by their ids, in that order."""
    found = _places(session, within(actor, Location.division_code), Location.id.in_(location_ids))
    known = {place.id: place for place in found}
    return [known[one] for one in dict.fromkeys(location_ids) if one in known]


def find_places(session: Session, actor: Actor, text: str) -> list[Place]:
    """Return the locations of the actor's division that a name, code or initials mean; a few."""
    wanted = text.strip()
    if not wanted:
        return []
    there = (within(actor, Location.division_code), Location.deleted_at.is_(None))
    return _places(session, *there, matches(wanted), limit=_MOST_FOUND)


def keep_apart(session: Session, actor: Actor, given: ApartGiven) -> KeptApart:
    """Keep locations apart: plans solved or changed from now on visit no two of them on one day.

    The group belongs to the lowest office that has charge of all of them.

    Raises:
        Invalid: There are too few or too many, one is unknown, or the group is there already.
        Forbidden, OutsideDivision: The actor may not manage rounds there.
    """
    ids = sorted(set(given.location_ids))
    # Whose role does not plan is refused first, wherever the locations lie.
    require_there(session, actor, actor.scope)
    found = places(session, actor, ids)
    if problems := _problems(session, given, ids, found):
        raise Invalid(problems)
    division = _office(session, ids)
    require_there(session, actor, division)
    made = KeptApart(
        division_code=division, reason=given.reason.strip(), created_by=actor.account_id
    )
    session.add(made)
    session.flush()
    rows = [{"kept_apart_id": made.id, "location_id": one} for one in ids]
    session.execute(insert(KeptApartLocation), rows)
    _note(session, actor, "keep_apart", made, found)
    return made


def let_together(session: Session, actor: Actor, group_id: int) -> ApartRow:
    """Let the locations of a group share a day again; return what it was.

    Raises:
        NotFound, Forbidden, OutsideDivision: As they say.
    """
    row = apart_group(session, actor, group_id)
    # Whoever has charge of the group has sight of all its locations.
    require_there(session, actor, row.division_code)
    kept = session.get_one(KeptApart, group_id)
    _note(session, actor, "let_together", kept, row.locations)
    session.execute(delete(KeptApart).where(KeptApart.id == group_id))
    session.expunge(kept)
    return row


def apart_history(session: Session, actor: Actor) -> list[ApartEvent]:
    """Return which groups of the actor's division were made and let go, the latest first."""
    wanted = (
        select(AuditEvent.at, AuditEvent.actor, AuditEvent.action, AuditEvent.detail)
        .where(
            AuditEvent.action.in_(_ACTIONS),
            AuditEvent.outcome == "done",
            within(actor, AuditEvent.division_code),
        )
        .order_by(AuditEvent.id.desc())
        .limit(_MOST_EVENTS)
    )
    return [ApartEvent(*row) for row in session.execute(wanted)]


def _bind(actor: Actor) -> ColumnElement[bool]:
    """Return the filter of the groups that are of, or hold a location of, the actor's division."""
    holds = _holds(within(actor, Location.division_code))
    return or_(within(actor, KeptApart.division_code), holds)


def _holds(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        select(KeptApartLocation.location_id)
        .join(Location, Location.id == KeptApartLocation.location_id)
        .where(KeptApartLocation.kept_apart_id == KeptApart.id, *conditions)
        .exists()
    )


def _rows(
    session: Session, actor: Actor, *conditions: ColumnElement[bool], **paged: int
) -> list[ApartRow]:
    statement = (
        select(KeptApart, Division.name, Account.display_name)
        .join(Division, Division.code == KeptApart.division_code)
        .outerjoin(Account, Account.id == KeptApart.created_by)
        .where(*conditions)
        .order_by(KeptApart.id.desc())
    )
    if paged:
        statement = statement.limit(paged["limit"]).offset(paged["offset"])
    rows = session.execute(statement).all()
    held = _held(session, actor, [row[0].id for row in rows])
    return [
        ApartRow(
            kept.id,
            kept.division_code,
            division_name,
            kept.reason,
            tuple(held.get(kept.id, ())),
            creator,
            kept.created_at,
        )
        for kept, division_name, creator in rows
    ]


def _held(session: Session, actor: Actor, group_ids: Sequence[int]) -> dict[int, list[Place]]:
    """Return the locations of groups; those outside the actor's division keep their names."""
    statement = (
        select(KeptApartLocation.kept_apart_id, within(actor, Location.division_code), *_PLACE)
        .join(Location, Location.id == KeptApartLocation.location_id)
        .join(Division, Division.code == Location.division_code)
        .where(KeptApartLocation.kept_apart_id.in_(group_ids))
        .order_by(Location.code, Location.id)
    )
    found: dict[int, list[Place]] = {}
    for row in session.execute(statement):
        told: tuple[Any, ...] = tuple(row)
        group, own, *place = told
        held = Place(*place)
        if not own:
            held = replace(held, layer="", code="", name=_ELSEWHERE)
        found.setdefault(group, []).append(held)
    return found


def _places(
    session: Session, *conditions: ColumnElement[bool], limit: int | None = None
) -> list[Place]:
    statement = (
        select(*_PLACE)
        .join(Division, Division.code == Location.division_code)
        .where(*conditions)
        .order_by(Location.code, Location.id)
        .limit(limit)
    )
    return [Place(*row) for row in session.execute(statement)]


def _problems(
    session: Session, given: ApartGiven, ids: Sequence[int], found: Sequence[Place]
) -> list[Problem]:
    problems = []
    if not 2 <= len(ids) <= MOST_LOCATIONS:
        told = f"请选 2～{MOST_LOCATIONS} 个点位。"
        english = f"Name 2 to {MOST_LOCATIONS} locations."
        problems.append(Problem("out_of_range", told, english, "location_ids"))
    elif len(found) != len(ids) or any(place.deleted for place in found):
        told = "有的点位不在本区划内或已删除，请重新选择。"
        english = "A location is deleted or outside the division."
        problems.append(Problem("not_allowed", told, english, "location_ids"))
    elif _there_already(session, ids):
        told = "这几个点位已设为不得同日，不用重复设置。"
        english = "These locations keep apart already."
        problems.append(Problem("duplicate", told, english, "location_ids"))
    reason = given.reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON or "\0" in reason:
        told = f"请填写原因（不超过 {LONGEST_REASON} 字），方便以后核对。"
        problems.append(Problem("required", told, "A reason is required.", "reason"))
    return problems


def _there_already(session: Session, ids: Sequence[int]) -> bool:
    """Tell whether one group holds all of these locations."""
    wanted = (
        select(KeptApartLocation.kept_apart_id)
        .where(KeptApartLocation.location_id.in_(ids))
        .group_by(KeptApartLocation.kept_apart_id)
        .having(func.count() == len(ids))
    )
    return session.scalar(wanted.limit(1)) is not None


def _office(session: Session, ids: Sequence[int]) -> str:
    """Return the lowest division with an office that holds all of these locations."""
    codes = session.scalars(select(Location.division_code).where(Location.id.in_(ids))).all()
    shared = ({code[:digits] for code in codes} for digits in _OFFICES)
    return next(found.pop() for found in shared if len(found) == 1)


def _note(
    session: Session, actor: Actor, action: str, kept: KeptApart, held: Sequence[Place]
) -> None:
    audit.record(
        session,
        actor,
        action,
        f"apart/{kept.id}",
        division_code=kept.division_code,
        detail={"reason": kept.reason, "locations": [f"{one.name}（{one.code}）" for one in held]},
    )
    session.flush()
