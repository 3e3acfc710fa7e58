"""How far a waiver reaches: the scheme, the parcel and the ground that it was granted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from geoalchemy2.shape import to_shape
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy import CTE, DateTime, cast, func, literal, null, or_, select
from sqlalchemy.orm import Session, aliased

from fuliang_gis.planning.checks.ground import Ground
from fuliang_gis.planning.checks.lines import land_against
from fuliang_gis.planning.models import PlanParcel, PlanScheme, PlanVersion, PlanWaiver
from fuliang_gis.planning.norms import line_norms, profile
from fuliang_gis.planning.parcels import Draft

#: Less land than this is the rounding of corners [m²].
ROUNDING_M2 = 0.1

_Now, _Was = aliased(PlanParcel), aliased(PlanParcel)
_Saved, _Gone = aliased(PlanVersion), aliased(PlanVersion)
_Source = aliased(PlanScheme)


class Void(StrEnum):
    """Why a waiver that nobody took back does not count."""

    SCHEME = "other_scheme"
    GONE = "parcel_gone"
    PARCEL = "parcel_changed"
    GROUND = "ground_changed"


@dataclass(frozen=True)
class Reach:
    """A waiver that nobody took back, and why it does not count where it was asked for."""

    waiver: PlanWaiver
    void: Void | None


def reaches(
    session: Session, scheme: PlanScheme, version: int, draft: Draft, profile_name: str
) -> list[Reach]:
    """Return the plan's waivers as they stand for a scheme at a version, in one statement.

    One counts in the scheme that it was granted for and in copies made of it since, as long as its
    parcel lies within what it was, for the same use and households, and control lines and base
    ask there for a permit of the same land: then no finding is larger than the one granted.
    """
    lineage = _lineage(scheme)
    descends = (
        select(lineage.c.id)
        .where(
            lineage.c.id == PlanWaiver.scheme_id,
            or_(lineage.c.left_at.is_(None), lineage.c.left_at >= PlanWaiver.granted_at),
        )
        .exists()
    )
    as_granted = (
        select(_Now.id)
        .join(_Was, _Was.name == _Now.name)
        .join(_Saved, (_Saved.scheme_id == _Was.scheme_id) & (_Saved.ordinal == _Was.since))
        .outerjoin(_Gone, (_Gone.scheme_id == _Was.scheme_id) & (_Gone.ordinal == _Was.until))
        .where(
            _Now.scheme_id == scheme.id,
            _Now.name == PlanWaiver.parcel,
            _Now.since <= version,
            or_(_Now.until.is_(None), _Now.until > version),
            _Was.scheme_id == PlanWaiver.scheme_id,
            _Was.use_code == _Now.use_code,
            _Was.households == _Now.households,
            _Saved.created_at <= PlanWaiver.granted_at,
            or_(_Gone.created_at.is_(None), _Gone.created_at > PlanWaiver.granted_at),
            func.ST_Area(func.ST_Difference(_Now.geom, _Was.geom)) < ROUNDING_M2,
        )
        .exists()
    )
    statement = (
        select(PlanWaiver, descends, as_granted)
        .where(PlanWaiver.plan_id == scheme.plan_id, PlanWaiver.revoked_at.is_(None))
        .order_by(PlanWaiver.id)
    )
    rows = session.execute(statement).all()
    ground = _ground(draft, [row[0].parcel for row in rows], profile_name)
    return [Reach(row[0], _void(ground, *row)) for row in rows]


def land_of(draft: Draft, parcel: str, article: str, profile_name: str) -> MultiPolygon:
    """Return the land of a parcel that an article asks a permit for, as drawn and not before."""
    return land_against(_ground(draft, [parcel], profile_name), parcel, article)


def same_ground(now: BaseGeometry, granted: BaseGeometry, parcel: BaseGeometry) -> bool:
    """Tell whether a permit is asked for the same land of a parcel as was granted.

    >>> from shapely import box
    >>> east, parcel = box(5, 0, 10, 10), box(0, 0, 8, 10)
    >>> same_ground(box(5, 0, 8, 10), east, parcel)
    True
    >>> same_ground(box(6, 0, 8, 10), east, parcel)
    False
    """
    differs = now.symmetric_difference(granted.intersection(parcel))
    return float(differs.area) < ROUNDING_M2


def _void(ground: Ground, waiver: PlanWaiver, descends: object, as_granted: object) -> Void | None:
    parcel = ground.draft.parcels.get(waiver.parcel)
    if not descends:
        return Void.SCHEME
    if parcel is None:
        return Void.GONE
    if not as_granted:
        return Void.PARCEL
    # Granted before the land was kept, by a rule that the county has written itself.
    if waiver.land is None:
        return None
    now = land_against(ground, waiver.parcel, waiver.article)
    return None if same_ground(now, to_shape(waiver.land), parcel.geom) else Void.GROUND


def _ground(draft: Draft, names: Sequence[str], profile_name: str) -> Ground:
    """Return a draft of some parcels alone, to be held against lines and base."""
    few = {name: draft.parcels[name] for name in names if name in draft.parcels}
    return Ground(replace(draft, parcels=few), profile(profile_name), line_norms())


def _lineage(scheme: PlanScheme) -> CTE:
    """Return a scheme and those of its plan that it was copied from, and when it left each."""
    own = select(
        literal(scheme.id).label("id"),
        literal(scheme.branched_from, PlanScheme.id.type).label("source"),
        cast(null(), DateTime(timezone=True)).label("left_at"),
    ).cte("lineage", recursive=True)
    first = (PlanVersion.scheme_id == own.c.id) & (PlanVersion.ordinal == 1)
    return own.union_all(
        select(_Source.id, _Source.branched_from, PlanVersion.created_at)
        .select_from(own)
        .join(_Source, _Source.id == own.c.source)
        .join(PlanVersion, first)
        .where(_Source.plan_id == scheme.plan_id)
    )
