"""Reading locations: lists, one card, counts, history; all bounded to the actor's division."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVarTuple

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.policies import inside, within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.db import paging
from fuliang_gis.db.base import SRID
from fuliang_gis.errors import BadRequest, NotFound
from fuliang_gis.locations.models import PINYIN, Location, LocationChange
from fuliang_gis.locations.registry import Layer, layer

#: The largest page a caller may ask for.
MAX_PAGE = 1000

Columns = TypeVarTuple("Columns")

_SHARED_SORTS = ("code", "name", "division_code", "use_status", "review_state", "updated_at")
_TOWNSHIP_DIGITS = 9


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to; None means all. ``text`` finds name, code and pinyin initials.

    ``bbox`` is a box of a map: west, south, east, north (EPSG:4490, lon/lat) [degrees].
    """

    division: str | None = None
    kind: str | None = None
    use_status: str | None = None
    asset_class: str | None = None
    review_state: str | None = None
    text: str | None = None
    bbox: tuple[float, float, float, float] | None = None
    deleted: bool = False


@dataclass(frozen=True)
class Beside:
    """What a package above keeps beside locations, for lists to narrow to and sort by.

    ``table`` is joined from the left, at most one row a location.
    """

    table: type[Any]
    on: ColumnElement[bool]
    conditions: tuple[ColumnElement[bool], ...] = ()
    sorts: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One location of a list, with the names of its division and township."""

    location: Any
    division_name: str
    township_name: str


#: One page of a layer's list.
Page: TypeAlias = paging.Page[Row]


def list_page(
    session: Session,
    actor: Actor,
    layer_name: str,
    filters: Filters,
    *,
    sort: str = "code",
    descending: bool = False,
    page: int = 1,
    size: int = 50,
    beside: Beside | None = None,
) -> Page:
    """Return one page of a layer's locations.

    Raises:
        NotFound: There is no such layer.
        BadRequest: The sort or the page cannot be served.
    """
    found = layer(layer_name)
    if not 1 <= size <= MAX_PAGE or page < 1:
        raise BadRequest(reason=f"每页 1～{MAX_PAGE} 条，页码从 1 开始")
    wanted = conditions(found, actor, filters)
    township = aliased(Division)
    statement = (
        select(found.cls, Division.name, func.coalesce(township.name, Division.name))
        .join(Division, Division.code == Location.division_code)
        .outerjoin(township, township.code == func.left(Location.division_code, _TOWNSHIP_DIGITS))
        .where(*wanted)
        .order_by(*order(found, sort, descending=descending, beside=beside))
        .limit(size)
        .offset((page - 1) * size)
    )
    if beside:
        statement = joined(statement, beside)
    total = count(session, actor, layer_name, filters, beside)
    rows = [Row(*row) for row in session.execute(statement)]
    return Page(rows, total, page, size)


def joined(statement: Select[*Columns], beside: Beside) -> Select[*Columns]:
    """Join what stands beside the locations of a statement, and narrow to it."""
    return statement.outerjoin(beside.table, beside.on).where(*beside.conditions)


def conditions(found: Layer, actor: Actor, filters: Filters) -> list[ColumnElement[bool]]:
    """Return the WHERE clauses that a filter stands for."""
    deleted = Location.deleted_at
    wanted: list[ColumnElement[bool]] = [
        # Said of the base table too, so that the index on (layer, division) is used.
        Location.layer == found.name,
        within(actor, Location.division_code),
        deleted.is_not(None) if filters.deleted else deleted.is_(None),
    ]
    if filters.division:
        wanted.append(inside(filters.division, Location.division_code))
    if filters.kind:
        wanted.append(_kind_column(found) == filters.kind)
    wanted.extend(
        getattr(Location, name) == value
        for name in ("use_status", "asset_class", "review_state")
        if (value := getattr(filters, name))
    )
    if filters.text:
        wanted.append(matches(filters.text.strip()))
    if filters.bbox:
        # The box is the literal, the column stays as it is: so the index on it is used.
        wanted.append(Location.geom.op("&&")(func.ST_MakeEnvelope(*filters.bbox, SRID)))
    return wanted


def count(
    session: Session,
    actor: Actor,
    layer_name: str,
    filters: Filters,
    beside: Beside | None = None,
) -> int:
    """Count a layer's locations that a filter lets through."""
    found = layer(layer_name)
    wanted = conditions(found, actor, filters)
    statement = select(func.count()).select_from(_counted(found, filters)).where(*wanted)
    if beside and beside.conditions:
        statement = joined(statement, beside)
    return session.scalar(statement) or 0


def _counted(found: Layer, filters: Filters) -> type[Location]:
    # The typed table is joined only where a field of its own decides.
    return found.cls if filters.kind else Location


def matches(text: str) -> ColumnElement[bool]:
    """Return the filter for what is typed in a search box: name, code, pinyin initials."""
    return or_(
        Location.name.icontains(text, autoescape=True),
        Location.code.icontains(text, autoescape=True),
        Location.initials.startswith(text.lower(), autoescape=True),
    )


def _kind_column(found: Layer) -> ColumnElement[str]:
    if not found.sheet.kind_field:
        raise BadRequest(reason=f"“{found.sheet.title.zh}”不分类型")
    column: ColumnElement[str] = getattr(found.cls, found.sheet.kind_field)
    return column


def _sort_column(found: Layer, sort: str, beside: Beside | None) -> ColumnElement[Any]:
    if beside and sort in beside.sorts:
        return beside.sorts[sort]
    listed = {field.name for field in found.sheet.fields if field.list}
    if sort not in _SHARED_SORTS and sort not in listed:
        raise BadRequest(reason=f"不能按“{sort}”排序")
    column: ColumnElement[Any] = getattr(found.cls, sort)
    # Names read as in a dictionary, by pinyin; in this form the index on them serves.
    return Location.name.collate(PINYIN) if sort == "name" else column


def order(
    found: Layer, sort: str, *, descending: bool, beside: Beside | None = None
) -> list[ColumnElement[Any]]:
    """Return the ORDER BY of a list; ties are broken so that it never changes between pages.

    Raises:
        BadRequest: The layer's list has no such column.
    """
    columns = [_sort_column(found, sort, beside), Location.id]
    ordered: list[ColumnElement[Any]] = [
        column.desc() if descending else column.asc() for column in columns
    ]
    # What is empty comes last either way; said of a column that is never empty, it would only
    # keep the index from being read backwards.
    optional = found.sheet.field(sort)
    return [ordered[0].nulls_last(), ordered[1]] if optional else ordered


def get(session: Session, actor: Actor, layer_name: str, code: str) -> Location:
    """Return one location, deleted ones too.

    Raises:
        NotFound: There is none of that code in the layer that the actor may read.
    """
    found = layer(layer_name)
    statement = _one(found, code).where(within(actor, Location.division_code))
    location = session.scalar(statement)
    if location is None:
        raise NotFound(what=found.sheet.title.zh, key=code)
    return location


def fetch_for_write(session: Session, layer_name: str, code: str) -> Location:
    """Return one location wherever it lies, locked until the transaction ends; the caller decides.

    Raises:
        NotFound: There is none of that code in the layer.
    """
    found = layer(layer_name)
    location = session.scalar(_one(found, code).with_for_update(of=Location.__table__))
    if location is None:
        raise NotFound(what=found.sheet.title.zh, key=code)
    return location


def _one(found: Layer, code: str) -> Select[Location]:
    return select(found.cls).where(Location.layer == found.name, Location.code == code)


@dataclass(frozen=True)
class Counts:
    """How many locations the actor may see, by layer and by layer and township code."""

    by_layer: Mapping[str, int]
    by_township: Mapping[str, Mapping[str, int]]


def counts(session: Session, actor: Actor, division: str | None = None) -> Counts:
    """Count locations in one pass over the index."""
    township = func.left(Location.division_code, _TOWNSHIP_DIGITS).label("township")
    statement = (
        select(Location.layer, township, func.count())
        .where(Location.deleted_at.is_(None), within(actor, Location.division_code))
        .group_by(Location.layer, township)
    )
    if division:
        statement = statement.where(inside(division, Location.division_code))
    by_layer: dict[str, int] = {}
    by_township: dict[str, dict[str, int]] = {}
    for name, code, number in session.execute(statement):
        by_layer[name] = by_layer.get(name, 0) + number
        by_township.setdefault(code, {})[name] = number
    return Counts(by_layer, by_township)


def kind_counts(
    session: Session, actor: Actor, layer_name: str, filters: Filters
) -> dict[str, int]:
    """Count a layer's locations by kind."""
    found = layer(layer_name)
    column = _kind_column(found)
    statement = (
        select(column, func.count()).where(*conditions(found, actor, filters)).group_by(column)
    )
    return {kind: number for kind, number in session.execute(statement)}  # noqa: C416  # Rows are no pairs.


@dataclass(frozen=True)
class Change:
    """One entry of a location's history."""

    version: int
    action: str
    at: Any
    actor_name: str | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def history(session: Session, location: Location) -> list[Change]:
    """Return a location's changes, newest first."""
    statement = (
        select(LocationChange, Account.display_name)
        .outerjoin(Account, Account.id == LocationChange.actor_id)
        .where(LocationChange.location_id == location.id)
        .order_by(LocationChange.version.desc())
    )
    return [
        Change(c.version, c.action, c.at, name, c.before, c.after)
        for c, name in session.execute(statement)
    ]


def has_invented(session: Session) -> bool:
    """Tell whether any invented row is held, so that pages can say so."""
    return bool(session.scalar(select(select(Location.id).where(Location.invented).exists())))
