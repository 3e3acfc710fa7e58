"""What the status of a location is told from, kept beside the rows it is counted from."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from fuliang_gis.db.base import Base, BigId


class LocationState(Base):
    """The facts of one location's status; dates, so that a new day needs no new row.

    ``next_*`` are the earliest of the unfinished obligations, each by itself; ``has_duty`` says
    that one not excused reaches the day of the last change or beyond; ``defect_due_on`` is the
    earliest deadline of an open defect. Locations without duty and defect may have no row.
    """

    __tablename__ = "location_state"

    location_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("location.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    layer: Mapped[str]
    next_opens_on: Mapped[date | None]
    next_warn_on: Mapped[date | None]
    next_due_on: Mapped[date | None]
    has_duty: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    last_visit_at: Mapped[datetime | None]
    last_result: Mapped[str | None]
    open_defects: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    worst_severity: Mapped[str | None]
    defect_due_on: Mapped[date | None]

    __table_args__ = (
        CheckConstraint("(open_defects = 0) = (worst_severity is null)", name="worst"),
        Index("ix_location_state_due", "next_due_on"),
    )


class CalendarFeed(Base):
    """An account's address for its calendar program; only the SHA-256 of its secret is kept."""

    __tablename__ = "calendar_feed"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class MailSent(Base):
    """A reminder sent to an account for a day, so that none is sent twice."""

    __tablename__ = "mail_sent"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    day: Mapped[date]
    sent_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (Index("uq_mail_sent_account_day", "account_id", "day", unique=True),)
