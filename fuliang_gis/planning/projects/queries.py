"""Reading the projects of a plan with what they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis.db.paging import Page
from fuliang_gis.errors import NotFound
from fuliang_gis.locations.models import Location
from fuliang_gis.planning.projects.models import PlanFacility, PlanProject
from fuliang_gis.planning.projects.rules import NUMBERS, Totals


@dataclass(frozen=True)
class ProjectRow:
    """A project with the names of its facility and of the asset that stands already."""

    project: PlanProject
    facility: str | None
    layer: str | None
    code: str | None
    location: str | None


def projects(session: Session, plan_id: int, page: int = 1, size: int = 500) -> Page[ProjectRow]:
    """Return one page of a plan's projects in their order; by default all of them."""
    of_plan = PlanProject.plan_id == plan_id
    total = session.scalar(select(func.count()).select_from(PlanProject).where(of_plan)) or 0
    statement = (
        _ROWS.where(of_plan)
        .order_by(PlanProject.ordinal, PlanProject.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    rows = [ProjectRow(*row) for row in session.execute(statement)]
    return Page(rows, total, page, size)


def project(session: Session, plan_id: int, project_id: int) -> ProjectRow:
    """Return one project of a plan.

    Raises:
        NotFound: The plan has none of that number.
    """
    wanted = _ROWS.where(PlanProject.plan_id == plan_id, PlanProject.id == project_id)
    row = session.execute(wanted).first()
    if row is None:
        raise NotFound(what="规划项目", key=project_id)
    return ProjectRow(*row)


def sums(session: Session, plan_id: int) -> Totals:
    """Return the sums of a plan's whole table."""
    summed = [func.coalesce(func.sum(getattr(PlanProject, name)), 0) for name in NUMBERS]
    row = session.execute(
        select(func.count(PlanProject.id), *summed).where(PlanProject.plan_id == plan_id)
    ).one()
    return Totals(*row)


def facilities(session: Session, plan_id: int) -> Sequence[PlanFacility]:
    """Return the facilities that a plan proposes, to choose from."""
    wanted = select(PlanFacility).where(PlanFacility.plan_id == plan_id)
    return session.scalars(wanted.order_by(PlanFacility.id)).all()


_ROWS = (
    select(PlanProject, PlanFacility.name, Location.layer, Location.code, Location.name)
    .outerjoin(PlanFacility, PlanFacility.id == PlanProject.facility_id)
    .outerjoin(Location, (Location.id == PlanProject.location_id) & Location.deleted_at.is_(None))
)
