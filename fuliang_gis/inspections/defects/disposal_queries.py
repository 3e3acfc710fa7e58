"""Reading what is not in good use, and what becomes of it; bounded to the actor's division."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Numeric, Select, cast, func, null, select
from sqlalchemy.orm import Session, aliased

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.policies import inside, within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.db import paging
from fuliang_gis.errors import BadRequest, NotFound
from fuliang_gis.inspections.defects.disposal_rules import DISPOSABLE
from fuliang_gis.inspections.models import Attachment, Disposal
from fuliang_gis.locations.models import Location, LocationChange
from fuliang_gis.locations.queries import matches
from fuliang_gis.locations.registry import layers

MAX_PAGE = 500
VALUE_FIELD = "original_value_yuan"
_TOWNSHIP_DIGITS = 9
_STREAMED = 500


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; None means all.

    ``state`` is one of the disposal states, or ``none`` for assets without any disposal.
    """

    division: str | None = None
    layer: str | None = None
    use_status: str | None = None
    state: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class Row:
    """One asset that is not in good use, since when, its worth [yuan], and its latest disposal."""

    location_id: int
    layer: str
    code: str
    name: str
    use_status: str
    asset_class: str
    custodian: str | None
    invented: bool
    division_name: str
    township_name: str
    since: datetime
    value_yuan: Decimal | None
    disposal: Disposal | None


@dataclass(frozen=True)
class Page(paging.Page[Row]):
    """One page; ``total`` and ``value_yuan`` are of every match."""

    value_yuan: Decimal
    by_status: dict[str, int]


@dataclass(frozen=True)
class Shown:
    """One asset with every disposal of it, the newest first, their papers, and who did it all."""

    location: Any
    division_names: Sequence[str]
    since: datetime
    value_yuan: Decimal | None
    disposals: Sequence[Disposal]
    people: dict[int, str]
    papers: dict[int, list[Attachment]]


_SINCE = func.coalesce(
    select(func.max(LocationChange.at))
    .where(LocationChange.location_id == Location.id, LocationChange.after.has_key("use_status"))
    .correlate(Location)
    .scalar_subquery(),
    Location.created_at,
)
_TOWNSHIP = aliased(Division)
_ANY = aliased(Disposal)
_LATEST = (
    select(func.max(_ANY.id))
    .where(_ANY.location_id == Location.id)
    .correlate(Location)
    .scalar_subquery()
)


def _value() -> ColumnElement[Any]:
    """Return the original value, of whichever layer has the field."""
    tables = [
        each.cls.__table__
        for each in layers().values()
        if each.sheet.field(VALUE_FIELD) is not None
    ]
    found = [
        select(table.c[VALUE_FIELD])
        .where(next(iter(table.primary_key)) == Location.id)
        .correlate(Location)
        .scalar_subquery()
        for table in tables
    ]
    value: ColumnElement[Any] = func.coalesce(*found, cast(null(), Numeric))
    return value


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Location.id,
            Location.layer,
            Location.code,
            Location.name,
            Location.use_status,
            Location.asset_class,
            Location.custodian,
            Location.invented,
            Division.name,
            func.coalesce(_TOWNSHIP.name, Division.name),
            _SINCE.label("since"),
            _value().label("value_yuan"),
            Disposal,
        )
        .join(Division, Division.code == Location.division_code)
        .outerjoin(_TOWNSHIP, _TOWNSHIP.code == func.left(Location.division_code, _TOWNSHIP_DIGITS))
        .outerjoin(Disposal, Disposal.id == _LATEST)
    )


def _conditions(actor: Actor, filters: Filters) -> list[ColumnElement[bool]]:
    # Single households are matter of the survey, not of the county's assets.
    wanted: list[ColumnElement[bool]] = [
        within(actor, Location.division_code),
        Location.deleted_at.is_(None),
        Location.asset_class != "household",
    ]
    if filters.use_status:
        wanted.append(Location.use_status == filters.use_status)
    elif filters.state != "done":
        wanted.append(Location.use_status.in_(DISPOSABLE))
    if filters.division:
        wanted.append(inside(filters.division, Location.division_code))
    if filters.layer:
        wanted.append(Location.layer == filters.layer)
    if filters.state == "none":
        wanted.append(Disposal.id.is_(None))
    elif filters.state:
        wanted.append(Disposal.state == filters.state)
    if filters.text and filters.text.strip():
        wanted.append(matches(filters.text.strip()))
    return wanted


SORTS = ("since", "value_yuan", "code", "name", "layer", "use_status", "division_code")


def _order(sort: str, *, descending: bool) -> list[ColumnElement[Any]]:
    if sort not in SORTS:
        raise BadRequest(reason=f"不能按“{sort}”排序")
    chosen: ColumnElement[Any]
    if sort == "since":
        chosen = _SINCE
    elif sort == "value_yuan":
        chosen = _value()
    else:
        chosen = getattr(Location, sort)
    first = chosen.desc() if descending else chosen.asc()
    return [first.nulls_last(), Location.id.asc()]


def list_page(
    session: Session,
    actor: Actor,
    filters: Filters,
    *,
    sort: str = "since",
    descending: bool = False,
    page: int = 1,
    size: int = 50,
) -> Page:
    """Return one page of the assets that are not in good use, the longest first.

    Raises:
        BadRequest: The sort or the page cannot be served.
    """
    if not 1 <= size <= MAX_PAGE or page < 1:
        raise BadRequest(reason=f"每页 1～{MAX_PAGE} 条，页码从 1 开始")
    wanted = _conditions(actor, filters)
    statement = _rows().where(*wanted).order_by(*_order(sort, descending=descending))
    counted = (
        select(Location.use_status, func.count(), func.sum(_value()))
        .outerjoin(Disposal, Disposal.id == _LATEST)
        .where(*wanted)
        .group_by(Location.use_status)
    )
    sums = session.execute(counted).all()
    found = session.execute(statement.limit(size).offset((page - 1) * size))
    return Page(
        [Row(*row) for row in found],
        sum(number for _, number, _ in sums),
        page,
        size,
        sum((value for _, _, value in sums if value is not None), Decimal()),
        {status: number for status, number, _ in sums},
    )


def every_row(session: Session, actor: Actor, filters: Filters) -> Iterator[Row]:
    """Give the whole list row by row, the longest first."""
    statement = (
        _rows()
        .where(*_conditions(actor, filters))
        .order_by(*_order("since", descending=False))
        .execution_options(yield_per=_STREAMED)
    )
    for row in session.execute(statement):
        yield Row(*row)


def of_location(session: Session, actor: Actor, layer_name: str, code: str) -> Shown:
    """Return one asset with every disposal of it.

    Raises:
        NotFound: There is no such asset that the actor may read.
    """
    statement = select(Location, _SINCE, _value()).where(
        Location.layer == layer_name,
        Location.code == code,
        Location.asset_class != "household",
        within(actor, Location.division_code),
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        raise NotFound(what="资产", key=code)
    location, since, value = found
    disposals = session.scalars(
        select(Disposal).where(Disposal.location_id == location.id).order_by(Disposal.id.desc())
    ).all()
    papers = _papers(session, disposals)
    ids = {who for each in disposals for who in (each.proposed_by, each.decided_by) if who}
    ids |= {each.uploaded_by for found in papers.values() for each in found if each.uploaded_by}
    names = session.execute(select(Account.id, Account.display_name).where(Account.id.in_(ids)))
    codes = [location.division_code[:digits] for digits in (6, 9, 12)]
    divisions = session.scalars(
        select(Division.name).where(Division.code.in_(codes)).order_by(Division.code)
    ).all()
    people = {who: name for who, name in names}  # noqa: C416  # Rows are no pairs.
    return Shown(location, divisions, since, value, disposals, people, papers)


def _papers(session: Session, disposals: Sequence[Disposal]) -> dict[int, list[Attachment]]:
    statement = (
        select(Attachment)
        .where(Attachment.disposal_id.in_([each.id for each in disposals]))
        .order_by(Attachment.id)
    )
    found: dict[int, list[Attachment]] = {each.id: [] for each in disposals}
    for each in session.scalars(statement) if found else ():
        found[each.disposal_id or 0].append(each)
    return found


def get(session: Session, actor: Actor, disposal_id: int) -> tuple[Disposal, str, str]:
    """Return one disposal, with the layer and code of its asset.

    Raises:
        NotFound: There is none that the actor may read.
    """
    statement = (
        select(Disposal, Location.layer, Location.code)
        .join(Location, Location.id == Disposal.location_id)
        .where(Disposal.id == disposal_id, within(actor, Disposal.division_code))
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        raise NotFound(what="资产处置", key=disposal_id)
    disposal, layer_name, code = found
    return disposal, layer_name, code
