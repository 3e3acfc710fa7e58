"""Reading plans: one plan with its schemes, versions, and a scheme as plane GeoJSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session, aliased

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.policies import within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.db.paging import Page
from fuliang_gis.errors import NotFound
from fuliang_gis.planning.models import PLAN_SRID, PlanScheme, PlanVersion, VillagePlan

_AREA = func.ST_Area(VillagePlan.boundary)


@dataclass(frozen=True)
class PlanRow:
    """A plan with what stands beside it; ``area_m2`` is that of the village on the plane."""

    plan: VillagePlan
    village: str
    township: str | None
    schemes: int
    area_m2: float
    author: str | None


@dataclass(frozen=True)
class SchemeRow:
    """A scheme with what its newest version holds."""

    scheme: PlanScheme
    parcels: int
    saved_at: datetime | None
    author: str | None


@dataclass(frozen=True)
class VersionRow:
    """A version with its author's name."""

    version: PlanVersion
    author: str | None


def plan(session: Session, actor: Actor, plan_id: int) -> PlanRow:
    """Return one plan.

    Raises:
        NotFound: There is no such plan in the actor's division.
    """
    statement = _PLANS.where(VillagePlan.id == plan_id, within(actor, VillagePlan.division_code))
    row = session.execute(statement).first()
    if row is None:
        raise NotFound(what="村庄规划", key=plan_id)
    return _plan_row(row)


def schemes(session: Session, plan_id: int) -> list[SchemeRow]:
    """Return a plan's schemes in the order they were made."""
    statement = (
        select(PlanScheme, PlanVersion.parcels, PlanVersion.created_at, Account.display_name)
        .outerjoin(
            PlanVersion,
            (PlanVersion.scheme_id == PlanScheme.id) & (PlanVersion.ordinal == PlanScheme.head),
        )
        .outerjoin(Account, Account.id == PlanVersion.author_id)
        .where(PlanScheme.plan_id == plan_id)
        .order_by(PlanScheme.id)
    )
    return [
        SchemeRow(scheme, parcels or 0, at, author)
        for scheme, parcels, at, author in session.execute(statement)
    ]


def scheme(session: Session, actor: Actor, scheme_id: int) -> tuple[VillagePlan, PlanScheme]:
    """Return one scheme and its plan.

    Raises:
        NotFound: There is no such scheme in the actor's division.
    """
    statement = (
        select(VillagePlan, PlanScheme)
        .join(PlanScheme, PlanScheme.plan_id == VillagePlan.id)
        .where(PlanScheme.id == scheme_id, within(actor, VillagePlan.division_code))
    )
    found = session.execute(statement).first()
    if found is None:
        raise NotFound(what="规划方案", key=scheme_id)
    return found[0], found[1]


def main_scheme(session: Session, plan: VillagePlan) -> tuple[PlanScheme, int] | None:
    """Return the scheme that a plan stands for, and at which version.

    It is what is on its way, or the chosen one as it is; None where there is none.
    """
    if plan.frozen_scheme is not None and plan.frozen_ordinal is not None:
        return session.get_one(PlanScheme, plan.frozen_scheme), plan.frozen_ordinal
    wanted = select(PlanScheme).where(PlanScheme.plan_id == plan.id, PlanScheme.chosen)
    chosen = session.scalar(wanted.order_by(PlanScheme.id).limit(1))
    return None if chosen is None else (chosen, chosen.head)


def version_of(scheme: PlanScheme, asked: int | None) -> int:
    """Return which version of a scheme is asked for, by default its newest.

    Raises:
        NotFound: It has no such version.
    """
    if asked is None:
        return scheme.head
    if not 0 <= asked <= scheme.head:
        raise NotFound(what="方案版本", key=asked)
    return asked


def versions(session: Session, scheme_id: int, page: int = 1, size: int = 50) -> Page[VersionRow]:
    """Return one page of a scheme's versions, the newest first."""
    of_scheme = PlanVersion.scheme_id == scheme_id
    total = session.scalar(select(func.count()).select_from(PlanVersion).where(of_scheme)) or 0
    statement = (
        select(PlanVersion, Account.display_name)
        .outerjoin(Account, Account.id == PlanVersion.author_id)
        .where(of_scheme)
        .order_by(PlanVersion.ordinal.desc())
        .limit(size)
        .offset((page - 1) * size)
    )
    rows = [VersionRow(version, author) for version, author in session.execute(statement)]
    return Page(rows, total, page, size)


def sketch(session: Session, plan_id: int, scheme_id: int, ordinal: int) -> str:
    """Return boundary, parcels, base and control lines as one JSON document, in one statement.

    Coordinates are those of EPSG:4548 [m], x (east) before y (north), to a tenth of a millimetre.
    """
    given = {"plan": plan_id, "scheme": scheme_id, "version": ordinal}
    return str(session.scalar(_SKETCH, given))


def village_boundary(session: Session, code: str) -> BaseGeometry:
    """Return the boundary of a village on the plane of plans; empty where none is known."""
    on_plane = func.ST_AsBinary(func.ST_Transform(Division.boundary, PLAN_SRID))
    found = session.scalar(select(on_plane).where(Division.code == code))
    shape: BaseGeometry = shapely.Polygon() if found is None else shapely.from_wkb(bytes(found))
    return shape


_TOWNSHIP = aliased(Division)
_SCHEMES = (
    select(func.count(PlanScheme.id)).where(PlanScheme.plan_id == VillagePlan.id).scalar_subquery()
)
_PLANS = (
    select(
        VillagePlan,
        Division.name,
        _TOWNSHIP.name,
        _SCHEMES,
        _AREA,
        Account.display_name,
    )
    .join(Division, Division.code == VillagePlan.division_code)
    .outerjoin(_TOWNSHIP, _TOWNSHIP.code == Division.parent_code)
    .outerjoin(Account, Account.id == VillagePlan.created_by)
)


def _plan_row(row: Row[*tuple[Any, ...]]) -> PlanRow:
    return PlanRow(*row)


_FEATURE = (
    """'{"type":"Feature","id":' || to_json(name) || ',"geometry":' || ST_AsGeoJSON(geom, 4, 0)"""
    """ || ',"properties":{%s}}'"""
)


def _features(table: str, properties: str, condition: str) -> str:
    feature = _FEATURE % properties
    # Texts of our own alone; values come as parameters.
    return (
        f"(select '[' || coalesce(string_agg({feature}, ',' order by id), '') || ']'"  # noqa: S608
        f" from {table} where {condition})"
    )


_USE = """"code":' || to_json(use_code) || '"""
_PARCEL = _USE + ""","label":' || to_json(label) || ',"households":' || households || '"""
_LINE = """"code":' || to_json(line_code) || ',"label":' || to_json(label) || '"""

_SKETCH = text(
    """select concat('{"crs":"EPSG:4548","boundary":',
        (select ST_AsGeoJSON(boundary, 4, 0) from village_plan where id = :plan),
        ',"parcels":', """  # noqa: S608  # Texts of our own.
    + _features(
        "plan_parcel",
        _PARCEL,
        "scheme_id = :scheme and since <= :version and (until is null or until > :version)",
    )
    + """, ',"base":', """
    + _features("plan_base_parcel", _USE, "plan_id = :plan")
    + """, ',"lines":', """
    + _features("plan_control_line", _LINE, "plan_id = :plan")
    + """, '}')"""
)
