"""Reading closures as people see them: where, for how long, how many roads, who declared them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.policies import within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.db.base import Json
from fuliang_gis.db.paging import Page
from fuliang_gis.errors import NotFound
from fuliang_gis.roads.models import Road, RoadClosure

MAX_PAGE = 500


@dataclass(frozen=True)
class ClosureRow:
    """A closure; ``geometry`` is GeoJSON (EPSG:4490), ``factor`` None where roads are closed.

    ``roads`` counts the road edges that it touches.
    """

    id: int
    division_code: str
    division_name: str
    reason: str
    factor: float | None
    geometry: Json
    valid_from: date
    valid_to: date | None
    declared_by: str | None
    declared_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None
    roads: int
    invented: bool


def closure_page(
    session: Session,
    actor: Actor,
    *,
    on: date | None = None,
    lifted: bool = False,
    page: int = 1,
    size: int = 50,
) -> Page[ClosureRow]:
    """Return one page of the closures in the actor's division, the newest first.

    Args:
        on: Only those that hold on this day or later.
        lifted: Those that were lifted too.
    """
    conditions = [within(actor, RoadClosure.division_code)]
    if not lifted:
        conditions.append(RoadClosure.lifted_at.is_(None))
    if on is not None:
        conditions.append(or_(RoadClosure.valid_to.is_(None), RoadClosure.valid_to >= on))
    total = session.scalar(select(func.count(RoadClosure.id)).where(*conditions)) or 0
    number, size = max(page, 1), min(max(size, 1), MAX_PAGE)
    rows = _fetch(session, *conditions, limit=size, offset=(number - 1) * size)
    return Page(rows, total, number, size)


def closure(session: Session, actor: Actor, closure_id: int) -> ClosureRow:
    """Return a closure.

    Raises:
        NotFound: There is none in the actor's division.
    """
    bound = within(actor, RoadClosure.division_code)
    rows = _fetch(session, bound, RoadClosure.id == closure_id)
    if not rows:
        raise NotFound(what="道路管制", key=closure_id)
    return rows[0]


def _fetch(
    session: Session, *conditions: ColumnElement[bool], limit: int = 1, offset: int = 0
) -> list[ClosureRow]:
    declared, lifted = aliased(Account), aliased(Account)
    touched = (
        select(func.count(Road.id))
        .where(func.ST_Intersects(Road.geom, RoadClosure.geom))
        .scalar_subquery()
    )
    statement = (
        select(
            RoadClosure,
            Division.name,
            func.ST_AsGeoJSON(RoadClosure.geom, 7),
            declared.display_name,
            lifted.display_name,
            touched,
        )
        .join(Division, Division.code == RoadClosure.division_code)
        .outerjoin(declared, declared.id == RoadClosure.created_by)
        .outerjoin(lifted, lifted.id == RoadClosure.lifted_by)
        .where(*conditions)
        .order_by(RoadClosure.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [_row(row) for row in session.execute(statement)]


def _row(row: Any) -> ClosureRow:  # noqa: ANN401  # A row of _fetch.
    kept, division_name, geometry, declared, lifted, roads = row
    return ClosureRow(
        kept.id,
        kept.division_code,
        division_name,
        kept.reason,
        kept.factor,
        json.loads(geometry),
        kept.valid_from,
        kept.valid_to,
        declared,
        kept.created_at,
        lifted,
        kept.lifted_at,
        roads,
        kept.invented,
    )
