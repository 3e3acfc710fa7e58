"""Village plans as rows: plan, schemes, their versions, parcels, and what they are drawn upon."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

# Divisions and accounts are named by foreign keys here and must be known beside these.
import fuliang_gis.accounts.models
import fuliang_gis.areas.models  # noqa: F401
from fuliang_gis.db.base import Base, BigId

#: Plans are drawn on the plane: shared corners stay equal to the last digit, as they would not
#: if each were turned into degrees and back (CGCS2000, 3° zone, central meridian 117° E).
PLAN_SRID = 4548

PLAN_STATE_NAMES: Mapping[str, tuple[str, str]] = {
    "draft": ("编制中", "draft"),
    "assembly": ("村民会议讨论", "before the village assembly"),
    "township": ("乡镇审查", "under township review"),
    "notice": ("公示中", "on public notice"),
    "county": ("县级审查", "under county review"),
    "approved": ("已批准", "approved"),
    "published": ("已公布", "published"),
    "in_force": ("实施中", "in force"),
    "replaced": ("已被替代", "replaced"),
}
PLAN_STATES = tuple(PLAN_STATE_NAMES)
#: Until a plan is decided.
UNDECIDED = ("draft", "assembly", "township", "notice", "county")


class VillagePlan(Base):
    """A plan of one village; ``boundary`` is frozen, ``goals`` are rows of the table of goals.

    ``profile`` names a file of ``data/norms/profiles``; ``edition`` is that of the land-use codes.
    From the day it is submitted, ``frozen_scheme`` and ``frozen_ordinal`` say what is on its way;
    ``replaces_id`` is the plan that a change of plan takes the place of.
    """

    __tablename__ = "village_plan"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    title: Mapped[str]
    base_year: Mapped[int]
    target_year: Mapped[int]
    edition: Mapped[str]
    profile: Mapped[str]
    boundary: Mapped[WKBElement] = mapped_column(
        Geometry("MULTIPOLYGON", PLAN_SRID, spatial_index=False)
    )
    population: Mapped[int | None]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("village_plan.id"))
    frozen_scheme: Mapped[int | None] = mapped_column(
        ForeignKey("plan_scheme.id", use_alter=True), comment="The scheme that goes its way."
    )
    frozen_ordinal: Mapped[int | None]
    notice_from: Mapped[date | None]
    notice_until: Mapped[date | None]
    approval_number: Mapped[str | None]
    approved_on: Mapped[date | None]
    published_on: Mapped[date | None]
    goals: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    state: Mapped[str] = mapped_column(server_default="draft", default="draft")
    invented: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    version: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        CheckConstraint(f"state in {PLAN_STATES}", name="state"),
        CheckConstraint("target_year > base_year", name="years"),
        CheckConstraint("notice_until > notice_from", name="notice"),
        CheckConstraint("(frozen_scheme is null) = (frozen_ordinal is null)", name="frozen"),
        CheckConstraint("ST_IsValid(boundary)", name="boundary_valid"),
        Index("ix_village_plan_division", "division_code"),
    )


class PlanScheme(Base):
    """One way to lay out the village (方案); ``head`` is its newest version."""

    __tablename__ = "plan_scheme"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("village_plan.id", ondelete="CASCADE"))
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    title: Mapped[str]
    head: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    branched_from: Mapped[int | None] = mapped_column(ForeignKey("plan_scheme.id"))
    chosen: Mapped[bool] = mapped_column(server_default=text("false"), default=False)

    __table_args__ = (UniqueConstraint("plan_id", "title"),)


class PlanVersion(Base):
    """A version of a scheme, never changed: who saved what, and the digest of all its parcels."""

    __tablename__ = "plan_version"

    scheme_id: Mapped[int] = mapped_column(
        ForeignKey("plan_scheme.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    digest: Mapped[str]
    message: Mapped[str] = mapped_column(server_default="", default="")
    parcels: Mapped[int]
    changed: Mapped[int]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class PlanParcel(Base):
    """A parcel as it was from one version on until before another (null: still)."""

    __tablename__ = "plan_parcel"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    scheme_id: Mapped[int] = mapped_column(ForeignKey("plan_scheme.id", ondelete="CASCADE"))
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    name: Mapped[str] = mapped_column(comment="The parcel's id, stable over versions.")
    since: Mapped[int]
    until: Mapped[int | None]
    use_code: Mapped[str]
    label: Mapped[str] = mapped_column(server_default="", default="")
    households: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    geom: Mapped[WKBElement] = mapped_column(Geometry("POLYGON", PLAN_SRID, spatial_index=False))

    __table_args__ = (
        CheckConstraint("until > since", name="interval"),
        CheckConstraint("ST_IsValid(geom)", name="geom_valid"),
        Index(
            "uq_plan_parcel_scheme_id_name",
            "scheme_id",
            "name",
            unique=True,
            postgresql_where=text("until is null"),
        ),
        Index("ix_plan_parcel_scheme_since", "scheme_id", "since"),
    )


class PlanBaseParcel(Base):
    """A parcel of the base year (现状图斑)."""

    __tablename__ = "plan_base_parcel"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("village_plan.id", ondelete="CASCADE"))
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    name: Mapped[str]
    use_code: Mapped[str]
    geom: Mapped[WKBElement] = mapped_column(Geometry("POLYGON", PLAN_SRID, spatial_index=False))

    __table_args__ = (
        UniqueConstraint("plan_id", "name"),
        CheckConstraint("ST_IsValid(geom)", name="geom_valid"),
    )


class PlanControlLine(Base):
    """A control line (管控边界) of a plan; codes are those of ``data/norms/control_lines.toml``."""

    __tablename__ = "plan_control_line"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("village_plan.id", ondelete="CASCADE"))
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    name: Mapped[str]
    line_code: Mapped[str]
    label: Mapped[str] = mapped_column(server_default="", default="")
    geom: Mapped[WKBElement] = mapped_column(
        Geometry("MULTIPOLYGON", PLAN_SRID, spatial_index=False)
    )

    __table_args__ = (
        UniqueConstraint("plan_id", "name"),
        CheckConstraint("ST_IsValid(geom)", name="geom_valid"),
    )


class PlanWaiver(Base):
    """A finding that was granted, by parcel and article; the record stays when it is revoked.

    It is for a scheme's parcel as it stood at ``granted_at``, and for ``land``, the part of it that
    control lines and base asked a permit for then: see ``reach``.
    """

    __tablename__ = "plan_waiver"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("village_plan.id", ondelete="CASCADE"))
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    parcel: Mapped[str]
    article: Mapped[str]
    reason: Mapped[str]
    scheme_id: Mapped[int] = mapped_column(ForeignKey("plan_scheme.id", ondelete="CASCADE"))
    #: Null: granted before it was kept, by a rule of the county's own.
    land: Mapped[WKBElement | None] = mapped_column(
        Geometry("MULTIPOLYGON", PLAN_SRID, spatial_index=False)
    )
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    granted_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("length(trim(reason)) > 0", name="reason"),
        CheckConstraint("ST_IsValid(land)", name="land_valid"),
        Index("ix_plan_waiver_plan", "plan_id"),
    )
