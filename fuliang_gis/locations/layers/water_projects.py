"""Rural water supply schemes."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from fuliang_gis.locations.models import Location


class WaterProject(Location):
    """A water supply scheme: capacity, source, treatment, people served and the four indicators."""

    __tablename__ = "water_project"
    __mapper_args__ = {"polymorphic_identity": "water_projects"}  # noqa: RUF012  # SQLAlchemy's form

    location_id: Mapped[int] = mapped_column(
        ForeignKey("location.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str]
    built_year: Mapped[int | None]
    design_m3d: Mapped[Decimal]
    actual_m3_year: Mapped[Decimal | None]
    source_type: Mapped[str]
    source_name: Mapped[str | None]
    source_stable: Mapped[bool | None]
    protected: Mapped[bool | None]
    treatment: Mapped[str | None]
    disinfection: Mapped[bool | None]
    supply_mode: Mapped[str | None]
    served_population: Mapped[int]
    served_households: Mapped[int | None]
    served_hamlets: Mapped[int | None]
    tariff_yuan_m3: Mapped[Decimal | None]
    run_status: Mapped[str]
    quantity: Mapped[str | None]
    quality: Mapped[str | None]
    convenience: Mapped[str | None]
    guarantee: Mapped[str | None]
