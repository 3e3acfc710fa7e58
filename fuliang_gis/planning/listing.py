"""Plans as pages and API list them, without any geometry, and key villages that still have none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from fuliang_gis.accounts.policies import within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.db.paging import Page
from fuliang_gis.locations.layers.villages import Village
from fuliang_gis.planning.models import PlanScheme, PlanVersion, VillagePlan

_NOT_KEY = "none"


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to and sorted by; ``text`` is looked for in names and titles."""

    text: str = ""
    division: str = ""
    state: str = ""
    sort: str = "village"
    descending: bool = False


@dataclass(frozen=True)
class ListedPlan:
    """A plan in the list; ``area_m2`` is that of the village on the plane."""

    id: int
    division_code: str
    title: str
    state: str
    base_year: int
    target_year: int
    invented: bool
    village: str
    township: str | None
    area_m2: float
    schemes: int
    saved_at: datetime | None


@dataclass(frozen=True)
class Unplanned:
    """A key village without a plan."""

    code: str
    village: str
    township: str | None
    level: str
    population: int


def plan_page(
    session: Session, actor: Actor, wanted: Wanted, page: int = 1, size: int = 25
) -> Page[ListedPlan]:
    """Return one page of the plans inside the actor's division, in two statements."""
    conditions = _conditions(actor, wanted)
    counted = _joined(select(func.count(VillagePlan.id))).where(*conditions)
    total = session.scalar(counted) or 0
    by = _SORTS.get(wanted.sort, _SORTS["village"])
    order = by.desc().nulls_last() if wanted.descending else by.asc().nulls_last()
    statement = (
        _joined(select(*_COLUMNS))
        .where(*conditions)
        .order_by(order, VillagePlan.division_code, VillagePlan.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    rows = [ListedPlan(*row) for row in session.execute(statement)]
    return Page(rows, total, page, size)


def states(session: Session, actor: Actor) -> Mapping[str, int]:
    """Return how many plans inside the actor's division are in which state."""
    statement = (
        select(VillagePlan.state, func.count())
        .where(within(actor, VillagePlan.division_code))
        .group_by(VillagePlan.state)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def unplanned_count(session: Session, actor: Actor, wanted: Wanted | None = None) -> int:
    """Return how many key villages inside the actor's division have no plan."""
    asked = wanted or Wanted()
    counted = _villages(select(func.count(func.distinct(Village.division_code))))
    return session.scalar(counted.where(*_without_plan(actor, asked))) or 0


def unplanned(
    session: Session, actor: Actor, wanted: Wanted, page: int = 1, size: int = 25
) -> Page[Unplanned]:
    """Return one page of the key villages without a plan, by code, in two statements."""
    statement = (
        _villages(
            select(
                Division.code, Division.name, _TOWNSHIP.name, Village.key_level, Village.population
            )
        )
        .where(*_without_plan(actor, wanted))
        .ext(distinct_on(Division.code))
        .order_by(Division.code, Village.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    rows = [Unplanned(*row) for row in session.execute(statement)]
    return Page(rows, unplanned_count(session, actor, wanted), page, size)


_TOWNSHIP = aliased(Division)
_SCHEMES = (
    select(func.count(PlanScheme.id)).where(PlanScheme.plan_id == VillagePlan.id).scalar_subquery()
)
_SAVED = (
    select(func.max(PlanVersion.created_at))
    .join(PlanScheme, PlanScheme.id == PlanVersion.scheme_id)
    .where(PlanScheme.plan_id == VillagePlan.id)
    .scalar_subquery()
)
_AREA = func.ST_Area(VillagePlan.boundary)
_COLUMNS = (
    VillagePlan.id,
    VillagePlan.division_code,
    VillagePlan.title,
    VillagePlan.state,
    VillagePlan.base_year,
    VillagePlan.target_year,
    VillagePlan.invented,
    Division.name,
    _TOWNSHIP.name,
    _AREA,
    _SCHEMES,
    _SAVED,
)
#: Columns that the list can be sorted by.
_SORTS: Mapping[str, Any] = {
    "village": VillagePlan.division_code,
    "title": VillagePlan.title,
    "state": VillagePlan.state,
    "years": VillagePlan.target_year,
    "area": _AREA,
    "schemes": _SCHEMES,
    "saved": _SAVED,
}
SORTS = tuple(_SORTS)


def _joined(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        statement.select_from(VillagePlan)
        .join(Division, Division.code == VillagePlan.division_code)
        .outerjoin(_TOWNSHIP, _TOWNSHIP.code == Division.parent_code)
    )


def _conditions(actor: Actor, wanted: Wanted) -> Sequence[ColumnElement[bool]]:
    found = [within(actor, VillagePlan.division_code), *_place(VillagePlan.division_code, wanted)]
    if wanted.state:
        found.append(VillagePlan.state == wanted.state)
    if wanted.text:
        found.append(or_(_named(wanted), VillagePlan.title.icontains(wanted.text, autoescape=True)))
    return found


def _villages(statement: Any) -> Select[Any]:  # noqa: ANN401  # However many columns it has.
    found: Select[Any] = (
        statement.select_from(Village)
        .join(Division, and_(Division.code == Village.division_code, Division.level == "village"))
        .outerjoin(_TOWNSHIP, _TOWNSHIP.code == Division.parent_code)
    )
    return found


def _without_plan(actor: Actor, wanted: Wanted) -> Sequence[ColumnElement[bool]]:
    planned = exists().where(VillagePlan.division_code == Division.code)
    found = [
        Village.deleted_at.is_(None),
        Village.key_level != _NOT_KEY,
        within(actor, Village.division_code),
        ~planned,
        *_place(Division.code, wanted),
    ]
    return [*found, _named(wanted)] if wanted.text else found


def _place(column: Any, wanted: Wanted) -> list[ColumnElement[bool]]:  # noqa: ANN401  # Either kind.
    return [column.startswith(wanted.division, autoescape=True)] if wanted.division else []


def _named(wanted: Wanted) -> ColumnElement[bool]:
    return or_(
        Division.name.icontains(wanted.text, autoescape=True),
        Division.code == wanted.text,
        _TOWNSHIP.name.icontains(wanted.text, autoescape=True),
    )
