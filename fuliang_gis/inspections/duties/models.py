"""Rules, exceptions and obligations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from fuliang_gis.db.base import Base, BigId, Json
from fuliang_gis.inspections.duties.periods import PeriodKind

OBLIGATION_STATES = ("open", "done", "excused")

_PERIODS = ", ".join(f"'{kind.value}'" for kind in PeriodKind)


class InspectionRule(Base):
    """How often what is inspected: a layer, kind or asset class (null: any) owes visits.

    Rules with a ``norm_key`` come from ``data/norms`` and the sheets and follow those files; the
    others are the county's own. A withdrawn rule stays for the obligations made by it.
    """

    __tablename__ = "inspection_rule"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    norm_key: Mapped[str | None] = mapped_column(unique=True)
    title: Mapped[str]
    purpose: Mapped[str]
    layer: Mapped[str | None]
    kind: Mapped[str | None]
    asset_class: Mapped[str | None]
    period: Mapped[str]
    count: Mapped[int] = mapped_column(default=1)
    checklist: Mapped[list[Any] | None] = mapped_column(
        JSONB, comment="Questions in place of the sheet's; null keeps the sheet's."
    )
    basis: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    withdrawn_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        CheckConstraint(f"period in ({_PERIODS})", name="period"),
        CheckConstraint("count between 1 and 31", name="count"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="validity"),
    )


class InspectionRuleChange(Base):
    """One change of one rule: who, when, before and after."""

    __tablename__ = "inspection_rule_change"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    rule_id: Mapped[int] = mapped_column(
        ForeignKey("inspection_rule.id", ondelete="CASCADE"), index=True
    )
    version: Mapped[int]
    action: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    before: Mapped[Json]
    after: Mapped[Json]

    __table_args__ = (
        CheckConstraint("action in ('create', 'update', 'withdraw', 'restore')", name="action"),
    )


class InspectionException(Base):
    """Another interval, or none at all (``period`` null), for one location and a limited time."""

    __tablename__ = "inspection_exception"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    location_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("location.id", ondelete="CASCADE"), index=True
    )
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    purpose: Mapped[str | None] = mapped_column(comment="Null: every purpose.")
    period: Mapped[str | None]
    count: Mapped[int | None]
    reason: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(f"period is null or period in ({_PERIODS})", name="period"),
        CheckConstraint("(period is null) = (count is null)", name="interval"),
        CheckConstraint("count between 1 and 31", name="count"),
        CheckConstraint("valid_to >= valid_from", name="validity"),
        CheckConstraint("length(trim(reason)) > 0", name="reason"),
    )


class Obligation(Base):
    """One location, one purpose, one rule, one window of one calendar period (Asia/Shanghai).

    A period with several visits has as many windows (``ordinal``), each with its own dates.
    Division, layer, kind and class are those of the time it was made, so that a closed period
    keeps adding up; ``warn_on`` is when "due soon" begins. Stored is only what was decided; whether
    an obligation is upcoming, due soon or overdue follows from its dates and today.
    """

    __tablename__ = "obligation"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    location_id: Mapped[int] = mapped_column(BigId, ForeignKey("location.id", ondelete="CASCADE"))
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    layer: Mapped[str]
    kind: Mapped[str | None]
    asset_class: Mapped[str]
    purpose: Mapped[str]
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("inspection_rule.id"))
    exception_id: Mapped[int | None] = mapped_column(ForeignKey("inspection_exception.id"))
    period: Mapped[str]
    period_start: Mapped[date]
    period_end: Mapped[date]
    ordinal: Mapped[int] = mapped_column(default=1)
    opens_on: Mapped[date]
    warn_on: Mapped[date]
    due_on: Mapped[date]
    planned_on: Mapped[date | None]
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    state: Mapped[str] = mapped_column(server_default="open", default="open")
    visit_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("visit.id", ondelete="SET NULL"), index=True
    )
    done_on: Mapped[date | None]
    excuse: Mapped[str | None]
    excused_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    invented: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    version: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        UniqueConstraint("location_id", "purpose", "period", "period_start", "ordinal"),
        CheckConstraint(f"state in {OBLIGATION_STATES}", name="state"),
        CheckConstraint(f"period in ({_PERIODS})", name="period"),
        CheckConstraint("(state = 'done') = (done_on is not null)", name="done"),
        CheckConstraint("(state = 'excused') = (excuse is not null)", name="excused"),
        CheckConstraint(
            "period_start <= opens_on and opens_on <= warn_on and warn_on <= due_on"
            " and due_on <= period_end",
            name="dates",
        ),
        # The board asks by due date and division; a location's ledger by location.
        Index(
            "ix_obligation_due_division",
            "due_on",
            "division_code",
            postgresql_ops={"division_code": "text_pattern_ops"},
        ),
        Index(
            "ix_obligation_open",
            "location_id",
            "due_on",
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_obligation_assignee",
            "assignee_id",
            "due_on",
            postgresql_where=text("state = 'open'"),
        ),
    )
