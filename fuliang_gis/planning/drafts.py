"""Rows of a plan as the draft that checks, tables and edits work on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import shapely
from geoalchemy2.shape import to_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from fuliang_gis.planning.models import (
    PlanBaseParcel,
    PlanControlLine,
    PlanParcel,
    PlanScheme,
    VillagePlan,
)
from fuliang_gis.planning.parcels import ControlLine, Draft, Goal, Parcel
from fuliang_gis.planning.reach import reaches


def draft_of(
    session: Session, plan: VillagePlan, scheme: PlanScheme, ordinal: int | None = None
) -> Draft:
    """Return a scheme as it is, or as it was at a version, in four statements."""
    version = scheme.head if ordinal is None else ordinal
    lines = session.execute(
        select(
            PlanControlLine.name,
            PlanControlLine.line_code,
            func.ST_AsBinary(PlanControlLine.geom),
            PlanControlLine.label,
        )
        .where(PlanControlLine.plan_id == plan.id)
        .order_by(PlanControlLine.id)
    )
    draft = Draft(
        to_shape(plan.boundary),
        _parcels(session, scheme.id, version, plan.edition),
        _base(session, plan),
        {name: ControlLine(name, code, _shape(wkb), label) for name, code, wkb, label in lines},
        tuple(Goal(**_goal(each)) for each in plan.goals),
        plan.edition,
        plan.population,
    )
    held = reaches(session, scheme, version, draft, plan.profile)
    counting = ((each.waiver.parcel, each.waiver.article) for each in held if each.void is None)
    return replace(draft, waivers=frozenset(counting))


def digest(parcels: Mapping[str, Parcel]) -> str:
    """Return what tells one state of all parcels from another, whatever their order."""
    told = hashlib.sha256()
    for name in sorted(parcels):
        each = parcels[name]
        told.update(f"{name}\0{each.code}\0{each.name}\0{each.households}\0".encode())
        told.update(shapely.to_wkb(each.geom, byte_order=1))
    return told.hexdigest()


def _parcels(session: Session, scheme_id: int, version: int, edition: str) -> dict[str, Parcel]:
    rows = session.execute(
        select(
            PlanParcel.name,
            PlanParcel.use_code,
            func.ST_AsBinary(PlanParcel.geom),
            PlanParcel.label,
            PlanParcel.households,
        )
        .where(
            PlanParcel.scheme_id == scheme_id,
            PlanParcel.since <= version,
            or_(PlanParcel.until.is_(None), PlanParcel.until > version),
        )
        .order_by(PlanParcel.id)
    )
    return {
        name: Parcel(name, code, _shape(wkb), edition, label, households=households)
        for name, code, wkb, label, households in rows
    }


def _base(session: Session, plan: VillagePlan) -> dict[str, Parcel]:
    rows: Iterable[Any] = session.execute(
        select(PlanBaseParcel.name, PlanBaseParcel.use_code, func.ST_AsBinary(PlanBaseParcel.geom))
        .where(PlanBaseParcel.plan_id == plan.id)
        .order_by(PlanBaseParcel.id)
    )
    return {name: Parcel(name, code, _shape(wkb), plan.edition) for name, code, wkb in rows}


def _shape(wkb: bytes) -> BaseGeometry:
    shape: BaseGeometry = shapely.from_wkb(bytes(wkb))
    return shape


def _goal(row: Mapping[str, Any]) -> dict[str, Any]:
    known = Goal.__dataclass_fields__
    return {name: value for name, value in row.items() if name in known}
