"""Rows of a plan's projects (近期建设项目) and of the facilities that it proposes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Numeric, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

# Locations are named by a foreign key here and must be known beside these.
import fuliang_gis.locations.models
import fuliang_gis.planning.models
from fuliang_gis.db.base import Base, BigId

PLAN_SRID = fuliang_gis.planning.models.PLAN_SRID

#: Facilities that a plan may propose.
FACILITY_KINDS = ("water_point", "toilet", "waste_point", "clinic", "pv_station", "other")


class PlanFacility(Base):
    """A facility that a plan proposes, drawn or suggested by an analysis (``origin``)."""

    __tablename__ = "plan_facility"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("village_plan.id", ondelete="CASCADE"))
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    kind: Mapped[str]
    name: Mapped[str]
    origin: Mapped[str] = mapped_column(server_default="drawn", default="drawn")
    detail: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), comment="What the analysis found of the site."
    )
    geom: Mapped[WKBElement] = mapped_column(Geometry("POINT", PLAN_SRID, spatial_index=False))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        CheckConstraint(f"kind in {FACILITY_KINDS}", name="kind"),
        Index("ix_plan_facility_plan", "plan_id"),
    )


class PlanProject(Base):
    """One row of the table of projects, its twelve columns; areas [m²], funds [万元].

    It may belong to a parcel, to a proposed facility, and to an asset that stands already.
    """

    __tablename__ = "plan_project"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("village_plan.id", ondelete="CASCADE"))
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    ordinal: Mapped[int]
    kind: Mapped[str]
    name: Mapped[str]
    place: Mapped[str] = mapped_column(server_default="", default="")
    land_m2: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    floor_m2: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    funds: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    source: Mapped[str] = mapped_column(server_default="", default="")
    responsible: Mapped[str] = mapped_column(server_default="", default="")
    cooperating: Mapped[str] = mapped_column(server_default="", default="")
    manner: Mapped[str] = mapped_column(server_default="", default="")
    remark: Mapped[str] = mapped_column(server_default="", default="")
    parcel: Mapped[str | None]
    facility_id: Mapped[int | None] = mapped_column(
        ForeignKey("plan_facility.id", ondelete="SET NULL")
    )
    location_id: Mapped[int | None] = mapped_column(ForeignKey("location.id", ondelete="SET NULL"))
    version: Mapped[int] = mapped_column(server_default=text("1"), default=1)

    __table_args__ = (
        CheckConstraint("least(land_m2, floor_m2, funds) >= 0", name="amounts"),
        Index("ix_plan_project_plan", "plan_id", "ordinal"),
    )
