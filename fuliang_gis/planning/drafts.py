"""Rows of a plan as the draft that checks, tables and edits work on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import shapely
from geoalchemy2.shape import to_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from fuliang_gis.planning.models import (
    PlanBaseParcel,
    PlanControlLine,
    PlanParcel,
    PlanScheme,
    PlanVersion,
    PlanWaiver,
    VillagePlan,
)
from fuliang_gis.planning.parcels import ControlLine, Draft, Goal, Parcel

#: Less land than this beyond what a parcel was is the rounding of its corners [m²].
_ROUNDING_M2 = 0.1

_Now, _Was = aliased(PlanParcel), aliased(PlanParcel)
_Saved, _Gone = aliased(PlanVersion), aliased(PlanVersion)
#: Whether a parcel is no more than it was, in any scheme of the plan, when a waiver was granted.
_AS_GRANTED = (
    select(_Was.id)
    .join(PlanScheme, PlanScheme.id == _Was.scheme_id)
    .join(_Saved, (_Saved.scheme_id == _Was.scheme_id) & (_Saved.ordinal == _Was.since))
    .outerjoin(_Gone, (_Gone.scheme_id == _Was.scheme_id) & (_Gone.ordinal == _Was.until))
    .where(
        PlanScheme.plan_id == PlanWaiver.plan_id,
        _Was.name == _Now.name,
        _Was.use_code == _Now.use_code,
        _Was.households == _Now.households,
        _Saved.created_at <= PlanWaiver.granted_at,
        or_(_Gone.created_at.is_(None), _Gone.created_at > PlanWaiver.granted_at),
        func.ST_Area(func.ST_Difference(_Now.geom, _Was.geom)) < _ROUNDING_M2,
    )
    .correlate(PlanWaiver, _Now)
    .exists()
)


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
    return Draft(
        to_shape(plan.boundary),
        _parcels(session, scheme.id, version, plan.edition),
        _base(session, plan),
        {name: ControlLine(name, code, _shape(wkb), label) for name, code, wkb, label in lines},
        tuple(Goal(**_goal(each)) for each in plan.goals),
        plan.edition,
        plan.population,
        frozenset((each.parcel, each.article) for each in waived(session, scheme, version)),
    )


def waived(session: Session, scheme: PlanScheme, version: int) -> Sequence[PlanWaiver]:
    """Return the waivers that hold for a scheme at a version, in one statement.

    One holds as long as its parcel lies within what it was when the waiver was granted, for the
    same use and households: then no finding of it is larger than the one that was granted.
    """
    statement = (
        select(PlanWaiver)
        .join(_Now, _Now.name == PlanWaiver.parcel)
        .where(
            PlanWaiver.plan_id == scheme.plan_id,
            PlanWaiver.revoked_at.is_(None),
            _Now.scheme_id == scheme.id,
            _Now.since <= version,
            or_(_Now.until.is_(None), _Now.until > version),
            _AS_GRANTED,
        )
        .order_by(PlanWaiver.id)
    )
    return session.scalars(statement).all()


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
