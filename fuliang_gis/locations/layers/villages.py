"""Administrative villages and communities, at the place of their committee."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from fuliang_gis.locations.models import Location


class Village(Location):
    """A village: key level, people, workroom and the state of its plan."""

    __tablename__ = "village"
    __mapper_args__ = {"polymorphic_identity": "villages"}  # noqa: RUF012  # SQLAlchemy's form

    location_id: Mapped[int] = mapped_column(
        ForeignKey("location.id", ondelete="CASCADE"), primary_key=True
    )
    key_level: Mapped[str]
    village_class: Mapped[str | None]
    households: Mapped[int]
    population: Mapped[int]
    workroom: Mapped[bool]
    informants: Mapped[int | None]
    plan_status: Mapped[str]
    plan_name: Mapped[str | None]
    approval_no: Mapped[str | None]
    approved_on: Mapped[date | None]
    honours: Mapped[str | None]
