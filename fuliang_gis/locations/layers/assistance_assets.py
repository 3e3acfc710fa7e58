"""Assets formed with assistance funds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from fuliang_gis.locations.models import Location


class AssistanceAsset(Location):
    """An assistance asset: value, funds, ownership, manager and income [yuan]."""

    __tablename__ = "assistance_asset"
    __mapper_args__ = {"polymorphic_identity": "assistance_assets"}  # noqa: RUF012  # SQLAlchemy's form

    location_id: Mapped[int] = mapped_column(
        ForeignKey("location.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str]
    form: Mapped[str]
    formed_year: Mapped[int]
    fund_source: Mapped[str]
    original_value_yuan: Mapped[Decimal]
    book_value_yuan: Mapped[Decimal | None]
    owner_level: Mapped[str]
    ownership_confirmed: Mapped[bool]
    confirmed_on: Mapped[date | None]
    certificate_no: Mapped[str | None]
    manager: Mapped[str | None]
    operation_mode: Mapped[str | None]
    contract_end: Mapped[date | None]
    annual_income_yuan: Mapped[Decimal | None]
    beneficiary_workers: Mapped[int | None]
    revival: Mapped[str | None]
