"""Toilets, waste and wastewater facilities, and black-odorous water bodies."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from fuliang_gis.locations.models import Location


class SanitationFacility(Location):
    """A sanitation facility; which fields apply depends on its kind."""

    __tablename__ = "sanitation_facility"
    __mapper_args__ = {"polymorphic_identity": "sanitation_facilities"}  # noqa: RUF012  # SQLAlchemy's form

    location_id: Mapped[int] = mapped_column(
        ForeignKey("location.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str]
    condition: Mapped[str]
    built_year: Mapped[int | None]
    toilet_type: Mapped[str | None]
    position: Mapped[str | None]
    volume_m3: Mapped[Decimal | None]
    excreta_route: Mapped[str | None]
    is_problem: Mapped[bool | None]
    problem_types: Mapped[list[str] | None]
    rectification: Mapped[str | None]
    seats: Mapped[int | None]
    capacity_t_d: Mapped[Decimal | None]
    process: Mapped[str | None]
    design_m3d: Mapped[Decimal | None]
    served_households: Mapped[int | None]
    task: Mapped[str | None]
    water_type: Mapped[str | None]
    area_m2: Mapped[Decimal | None]
    water_status: Mapped[str | None]
