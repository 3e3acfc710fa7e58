"""Reading visits: lists, one visit with its versions and files; bounded to the actor's division."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.policies import inside, within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.clock import ZONE
from fuliang_gis.db import paging
from fuliang_gis.errors import BadRequest, NotFound
from fuliang_gis.inspections.models import Attachment, Defect, Obligation, Visit
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.queries import matches

MAX_PAGE = 500
_TOWNSHIP_DIGITS = 9


@dataclass(frozen=True)
class Filters:
    """What a list of visits is narrowed to; None means all, days are the county's.

    Versions that were corrected are left out unless ``superseded``.
    """

    division: str | None = None
    layer: str | None = None
    code: str | None = None
    inspector_id: int | None = None
    result: str | None = None
    purpose: str | None = None
    off_site: bool | None = None
    since: date | None = None
    until: date | None = None
    text: str | None = None
    superseded: bool = False


@dataclass(frozen=True)
class Row:
    """One visit of a list, with where it was made and what came with it."""

    visit: Visit
    layer: str
    code: str
    name: str
    division_name: str
    township_name: str
    photos: int
    defects: int


#: One page of visits.
Page: TypeAlias = paging.Page[Row]


def list_page(
    session: Session, actor: Actor, filters: Filters, *, page: int = 1, size: int = 50
) -> Page:
    """Return one page of visits, the latest first.

    Raises:
        BadRequest: The page cannot be served.
    """
    if not 1 <= size <= MAX_PAGE or page < 1:
        raise BadRequest(reason=f"每页 1～{MAX_PAGE} 条，页码从 1 开始")
    wanted = _conditions(actor, filters)
    latest = (Visit.visited_at.desc(), Visit.id.desc())
    # The page is chosen from visits alone, so that names are looked up for its rows only.
    chosen = select(Visit.id).where(*wanted).order_by(*latest).limit(size).offset((page - 1) * size)
    statement = _rows().where(Visit.id.in_(chosen)).order_by(*latest)
    counted = select(func.count()).select_from(Visit).where(*wanted)
    total = session.scalar(counted) or 0
    return Page([Row(*row) for row in session.execute(statement)], total, page, size)


def of_location(session: Session, actor: Actor, layer: str, code: str, size: int = 100) -> Page:
    """Return a location's latest visits, corrected versions too."""
    return list_page(session, actor, Filters(layer=layer, code=code, superseded=True), size=size)


def of_person(session: Session, actor: Actor, account_id: int, *, page: int = 1) -> Page:
    """Return what one account has recorded, the latest first."""
    return list_page(session, actor, Filters(inspector_id=account_id), page=page)


#: The base table alone: the typed tables have nothing that a list of visits shows.
_LOCATION = Location.__table__


def _rows() -> Select[*tuple[Any, ...]]:
    township = aliased(Division)
    photos = (
        select(func.count())
        .where(Attachment.visit_id == Visit.id, Attachment.role == "visit")
        .scalar_subquery()
    )
    found = select(func.count()).where(Defect.visit_id == Visit.id).scalar_subquery()
    place = _LOCATION.c
    return (
        select(
            Visit,
            place.layer,
            place.code,
            place.name,
            Division.name,
            func.coalesce(township.name, Division.name),
            photos,
            found,
        )
        .join(_LOCATION, place.id == Visit.location_id)
        .join(Division, Division.code == Visit.division_code)
        .outerjoin(township, township.code == func.left(Visit.division_code, _TOWNSHIP_DIGITS))
    )


def _conditions(actor: Actor, filters: Filters) -> list[ColumnElement[bool]]:
    wanted = [within(actor, Visit.division_code)]
    if not filters.superseded:
        wanted.append(Visit.superseded_at.is_(None))
    if filters.division:
        wanted.append(inside(filters.division, Visit.division_code))
    if filters.since:
        wanted.append(Visit.visited_at >= datetime.combine(filters.since, time(), ZONE))
    if filters.until:
        after = datetime.combine(filters.until + timedelta(days=1), time(), ZONE)
        wanted.append(Visit.visited_at < after)
    if filters.layer or filters.code or filters.text:
        wanted.append(Visit.location_id.in_(_locations(filters)))
    equal: Mapping[Any, object] = {
        Visit.inspector_id: filters.inspector_id,
        Visit.result: filters.result,
        Visit.purpose: filters.purpose,
        Visit.off_site: filters.off_site,
    }
    return [*wanted, *(column == value for column, value in equal.items() if value is not None)]


def _locations(filters: Filters) -> Select[tuple[int]]:
    place = _LOCATION.c
    wanted = select(place.id)
    if filters.layer:
        wanted = wanted.where(place.layer == filters.layer)
    if filters.code:
        wanted = wanted.where(place.code == filters.code)
    return wanted.where(matches(filters.text.strip())) if filters.text else wanted


@dataclass(frozen=True)
class Detail:
    """One visit with everything that belongs to it; ``writer`` is whose account stored it.

    ``versions`` are all of them, the first first; ``attachments`` belong to any of them.
    """

    visit: Visit
    location: Location
    path: Sequence[str]
    writer: str | None
    versions: Sequence[Visit]
    attachments: Sequence[Attachment]
    defects: Sequence[Defect]
    obligations: Sequence[Obligation]

    def of(self, visit: Visit) -> Sequence[Attachment]:
        """Return the files that came with one version."""
        return [each for each in self.attachments if each.visit_id == visit.id]


def one(session: Session, actor: Actor, uuid: UUID) -> Detail:
    """Return one visit, any version of it, with its files, defects and duties.

    Raises:
        NotFound: There is none that the actor may read.
    """
    statement = (
        select(Visit, Account.display_name)
        .outerjoin(Account, Account.id == Visit.inspector_id)
        .where(Visit.uuid == uuid, within(actor, Visit.division_code))
    )
    row = session.execute(statement).first()
    if row is None:
        raise NotFound(what="巡查记录", key=uuid)
    visit, writer = row
    versions = _versions(session, visit)
    ids = [each.id for each in versions]
    files = select(Attachment).where(Attachment.visit_id.in_(ids)).order_by(Attachment.id)
    found = select(Defect).where(Defect.visit_id.in_(ids)).order_by(Defect.id)
    owed = select(Obligation).where(Obligation.visit_id == visit.id).order_by(Obligation.due_on)
    names = (
        select(Division.name)
        .where(func.starts_with(visit.division_code, Division.code))
        .order_by(func.length(Division.code))
    )
    return Detail(
        visit,
        session.get_one(Location, visit.location_id),
        session.scalars(names).all(),
        writer,
        versions,
        session.scalars(files).all(),
        session.scalars(found).all(),
        session.scalars(owed).all(),
    )


def _versions(session: Session, visit: Visit) -> list[Visit]:
    """Return all versions of a visit; at a location they are few."""
    if visit.revision == 1 and visit.superseded_at is None:
        return [visit]
    corrected = (Visit.revision > 1) | Visit.superseded_at.is_not(None)
    statement = (
        select(Visit)
        .where(Visit.location_id == visit.location_id, corrected)
        .order_by(Visit.revision)
    )
    rows = session.scalars(statement).all()
    later = {row.revises_id: row for row in rows if row.revises_id}
    known = {row.id: row for row in rows}
    first = visit
    while first.revises_id and first.revises_id in known:
        first = known[first.revises_id]
    found = [first]
    while (following := later.get(found[-1].id)) is not None:
        found.append(following)
    return found


def file_of(session: Session, actor: Actor, digest: str) -> Attachment:
    """Return what is known of a stored file that the actor may see.

    Raises:
        NotFound: There is none in the actor's divisions.
    """
    statement = (
        select(Attachment)
        .where(Attachment.digest == digest, within(actor, Attachment.division_code))
        .order_by(Attachment.id)
        .limit(1)
    )
    found = session.scalar(statement)
    if found is None:
        raise NotFound(what="文件", key=digest[:12])
    return found
