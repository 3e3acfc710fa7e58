"""Divisions as rows; a code starts with its parent's code, so a scope is a prefix."""

from __future__ import annotations

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from fuliang_gis.db.base import SRID, Base


class Division(Base):
    """A county (6 digits), township (9) or village-level division (12) with its statistical code.

    ``boundary_source`` says where the polygon comes from; ``invented`` marks a generated polygon.
    """

    __tablename__ = "division"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    short_name: Mapped[str]
    initials: Mapped[str] = mapped_column(comment="Pinyin initials, for search.")
    level: Mapped[str]
    kind: Mapped[str]
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("division.code"), index=True)
    seat: Mapped[WKBElement | None] = mapped_column(Geometry("POINT", SRID, spatial_index=False))
    boundary: Mapped[WKBElement | None] = mapped_column(Geometry("MULTIPOLYGON", SRID))
    boundary_source: Mapped[str]
    invented: Mapped[bool]

    __table_args__ = (
        CheckConstraint("level in ('county', 'township', 'village')", name="level"),
        CheckConstraint("length(code) in (6, 9, 12)", name="code"),
        CheckConstraint("boundary is null or ST_IsValid(boundary)", name="boundary_valid"),
        CheckConstraint("parent_code is null or starts_with(code, parent_code)", name="nested"),
        Index("ix_division_code_prefix", "code", postgresql_ops={"code": "text_pattern_ops"}),
    )
