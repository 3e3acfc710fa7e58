"""Facilities around a plan: those that stand, those that it proposes; proposed sites taken up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import shapely
from geoalchemy2.shape import from_shape, to_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.policies import within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import SRID
from fuliang_gis.errors import Invalid, NotFound, Problem
from fuliang_gis.geo import crs
from fuliang_gis.locations.registry import layers
from fuliang_gis.planning.fetching import drafted, note, of_version
from fuliang_gis.planning.models import PLAN_SRID, VillagePlan
from fuliang_gis.planning.projects import operations
from fuliang_gis.planning.projects.models import PlanFacility, PlanProject
from fuliang_gis.planning.projects.rules import ProjectGiven
from fuliang_gis.planning.services.coverage import Facility
from fuliang_gis.planning.services.norms import Service

#: What does not serve anybody any more.
_GONE = ("lost", "disposed")
#: As many facilities as a plan proposes at most.
MOST_FACILITIES = 500
#: What is done, as refusals tell it.
ADOPTING = "采纳选址"


@dataclass(frozen=True)
class SiteGiven:
    """A site as somebody takes it up: a place [m] in a parcel, and what the analysis found.

    ``found`` is told with it: households, shares before and after, minutes; or capacity and yield.
    ``row`` is what the table of projects is to say, where that is more than of any site.
    """

    name: str
    parcel: str
    place: tuple[float, float]
    found: dict[str, object]
    origin: str = "siting"
    row: ProjectGiven | None = None


def standing(
    session: Session, actor: Actor, service: Service, window: BaseGeometry
) -> list[Facility]:
    """Return facilities of a service inside a window (EPSG:4548), of the actor's division."""
    if not service.layer:
        return []
    cls = layers()[service.layer].cls
    box = shapely.box(*crs.reproject(window, crs.PLANE, crs.GEOGRAPHIC).bounds)
    place = func.ST_Transform(func.ST_PointOnSurface(cls.geom), PLAN_SRID)
    wanted = select(cls.id, cls.name, func.ST_X(place), func.ST_Y(place)).where(
        within(actor, cls.division_code),
        cls.deleted_at.is_(None),
        cls.use_status.not_in(_GONE),
        cls.geom.intersects(from_shape(box, SRID)),
    )
    if service.kinds:
        field = layers()[service.layer].sheet.kind_field
        wanted = wanted.where(getattr(cls, str(field)).in_(service.kinds))
    rows = session.execute(wanted.order_by(cls.id))
    return [
        Facility(f"location/{row[0]}", row[1], row[2], row[3])
        for row in rows
        if window.intersects(shapely.Point(row[2], row[3]))
    ]


def proposed(session: Session, plan_id: int, kind: str) -> list[Facility]:
    """Return the facilities of a kind that a plan proposes."""
    wanted = select(PlanFacility).where(PlanFacility.plan_id == plan_id, PlanFacility.kind == kind)
    rows = session.scalars(wanted.order_by(PlanFacility.id))
    return [_proposed(row) for row in rows]


def adopt(
    session: Session,
    actor: Actor,
    plan_id: int,
    service: Service,
    sites: Sequence[SiteGiven],
    *,
    expected: int | None,
) -> list[PlanProject]:
    """Make sites proposed facilities of a plan, each with a row of the table of projects.

    Args:
        expected: The plan's row version as it was seen.

    Raises:
        NotFound, Forbidden, OutsideDivision, WrongState, VersionRequired, Conflict: As they say.
        Invalid: There are none, too many, or a name is missing.
    """
    plan = drafted(session, actor, plan_id, ADOPTING)
    of_version(plan, expected)
    _refuse_faults(session, plan, sites)
    made = [_adopted(session, actor, plan, service, each) for each in sites]
    plan.version += 1
    note(session, actor, plan, "adopt_sites", {"service": service.key, "sites": len(made)})
    session.flush()
    return made


def remove(
    session: Session, actor: Actor, plan_id: int, facility_id: int, *, expected: int | None
) -> None:
    """Take a proposed facility away; its row of the table of projects stays without it.

    Raises:
        NotFound, Forbidden, OutsideDivision, WrongState, VersionRequired, Conflict: As they say.
    """
    plan = drafted(session, actor, plan_id, "删除规划设施")
    of_version(plan, expected)
    wanted = select(PlanFacility).where(
        PlanFacility.id == facility_id, PlanFacility.plan_id == plan.id
    )
    row = session.scalar(wanted)
    if row is None:
        raise NotFound(what="规划设施", key=facility_id)
    session.delete(row)
    plan.version += 1
    note(session, actor, plan, "remove_facility", {"facility": facility_id, "name": row.name})
    session.flush()


def _proposed(row: PlanFacility) -> Facility:
    place = to_shape(row.geom)
    x, y = float(shapely.get_x(place)), float(shapely.get_y(place))
    return Facility(f"facility/{row.id}", row.name, x, y, "proposed")


def _adopted(
    session: Session, actor: Actor, plan: VillagePlan, service: Service, given: SiteGiven
) -> PlanProject:
    facility = PlanFacility(
        plan_id=plan.id,
        division_code=plan.division_code,
        kind=service.key,
        name=given.name.strip(),
        origin=given.origin,
        detail={**given.found, "parcel": given.parcel},
        geom=from_shape(shapely.Point(given.place), PLAN_SRID),
        created_by=actor.account_id,
    )
    session.add(facility)
    session.flush()
    row = given.row or ProjectGiven(
        land_m2=Decimal(str(service.footprint_m2)), remark="由选址分析提出"
    )
    project = replace(
        row,
        kind=service.project,
        name=given.name.strip(),
        place=f"图斑 {given.parcel}",
        manner="新建",
        parcel=given.parcel,
        facility_id=facility.id,
    )
    return operations.add(session, actor, plan.id, project)


def _refuse_faults(session: Session, plan: VillagePlan, sites: Sequence[SiteGiven]) -> None:
    faults = []
    if not sites:
        told = "请至少选择一个站点再采纳。"
        faults.append(Problem("required", told, "Choose a site at least.", "sites"))
    if any(not each.name.strip() for each in sites):
        faults.append(Problem("required", "请填写站点名称。", "A name is required.", "name"))
    count = select(func.count()).where(PlanFacility.plan_id == plan.id)
    if (session.scalar(count) or 0) + len(sites) > MOST_FACILITIES:
        told = f"一个规划最多 {MOST_FACILITIES} 处规划设施。"
        faults.append(Problem("too_many", told, f"{MOST_FACILITIES} at most.", "sites"))
    if faults:
        raise Invalid(faults)
