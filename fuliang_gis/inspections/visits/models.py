"""Visits and the files kept with them, with defects, reports and disposals."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from fuliang_gis.db.base import SRID, Base, BigId, Json

ATTACHMENT_ROLES = ("visit", "signature", "before", "after", "report", "evidence")


class Visit(Base):
    """One visit as it was recorded; it is never changed, a correction is another row.

    ``uuid`` is made by the recording device, so that the same visit sent twice is stored once.
    ``visited_at`` is the device's time, ``received_at`` the server's. ``geom`` (EPSG:4490) is where
    the device was, ``accuracy_m`` its radius and ``distance_m`` the way to the location [m].
    """

    __tablename__ = "visit"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    uuid: Mapped[UUID] = mapped_column(Uuid, unique=True)
    location_id: Mapped[int] = mapped_column(BigId, ForeignKey("location.id", ondelete="CASCADE"))
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    purpose: Mapped[str]
    inspector_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    inspector_name: Mapped[str]
    visited_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    geom: Mapped[WKBElement | None] = mapped_column(Geometry("POINT", SRID, spatial_index=False))
    accuracy_m: Mapped[Decimal | None]
    distance_m: Mapped[Decimal | None]
    off_site: Mapped[bool] = mapped_column(default=False)
    off_site_reason: Mapped[str | None]
    answers: Mapped[list[Any]] = mapped_column(
        JSONB, comment="[{name, zh, answer: ok|fail|na, note}], as asked then."
    )
    readings: Mapped[list[Any]] = mapped_column(
        JSONB, comment="[{name, zh, unit, value, wrong}], as asked then."
    )
    result: Mapped[str]
    condition: Mapped[str | None]
    use_status: Mapped[str | None]
    note: Mapped[str | None]
    revision: Mapped[int] = mapped_column(default=1)
    revises_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("visit.id"), unique=True)
    revision_reason: Mapped[str | None]
    superseded_at: Mapped[datetime | None]
    invented: Mapped[bool] = mapped_column(server_default=text("false"), default=False)

    __table_args__ = (
        CheckConstraint("result in ('normal', 'abnormal')", name="result"),
        CheckConstraint("(revision = 1) = (revises_id is null) and revision >= 1", name="revision"),
        Index("ix_visit_location", "location_id", "visited_at"),
        Index("ix_visit_inspector", "inspector_id", "visited_at"),
        Index(
            "ix_visit_division",
            "division_code",
            "visited_at",
            postgresql_ops={"division_code": "text_pattern_ops"},
        ),
    )


class Attachment(Base):
    """One stored file, kept by the digest of its content; it belongs to exactly one thing.

    ``exif`` is for the office; public copies carry none of it.
    """

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    role: Mapped[str]
    digest: Mapped[str] = mapped_column(index=True)
    mime: Mapped[str]
    size: Mapped[int] = mapped_column(comment="[bytes]")
    width: Mapped[int | None]
    height: Mapped[int | None]
    taken_at: Mapped[datetime | None]
    exif: Mapped[Json]
    caption: Mapped[str | None]
    visit_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("visit.id", ondelete="CASCADE"), index=True
    )
    defect_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("defect.id", ondelete="CASCADE"), index=True
    )
    report_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("problem_report.id", ondelete="CASCADE"), index=True
    )
    disposal_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("disposal.id", ondelete="CASCADE"), index=True
    )
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    uploaded_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    invented: Mapped[bool] = mapped_column(server_default=text("false"), default=False)

    __table_args__ = (
        CheckConstraint(f"role in {ATTACHMENT_ROLES}", name="role"),
        CheckConstraint(
            "num_nonnulls(visit_id, defect_id, report_id, disposal_id) = 1", name="owner"
        ),
        CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
    )
