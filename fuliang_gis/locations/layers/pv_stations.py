"""Village photovoltaic stations."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from fuliang_gis.locations.models import Location


class PvStation(Location):
    """A PV station: capacity, grid connection, operation and what its income is used for."""

    __tablename__ = "pv_station"
    __mapper_args__ = {"polymorphic_identity": "pv_stations"}  # noqa: RUF012  # SQLAlchemy's form

    location_id: Mapped[int] = mapped_column(
        ForeignKey("location.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str]
    capacity_kwp: Mapped[Decimal]
    commissioned_on: Mapped[date | None]
    grid_voltage: Mapped[str | None]
    grid_account: Mapped[str | None]
    in_subsidy_catalogue: Mapped[bool | None]
    tilt_deg: Mapped[Decimal | None]
    azimuth_deg: Mapped[Decimal | None]
    inverters: Mapped[int | None]
    operator: Mapped[str | None]
    contract_end: Mapped[date | None]
    online_state: Mapped[str]
    revenue_use: Mapped[list[str]]
