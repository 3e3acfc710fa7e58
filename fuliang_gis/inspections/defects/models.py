"""Defects, their measures and events; disposals; reports of the public."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from fuliang_gis.db.base import Base, BigId, Json

SEVERITIES = ("minor", "ordinary", "serious")
SOURCES = ("visit", "report", "manual", "supervision")
DEFECT_STATES = ("found", "assigned", "fixed", "verified", "closed")
MEASURE_STATES = ("open", "fixed", "verified")
DISPOSAL_ACTS = ("revive", "transfer", "scrap")
DISPOSAL_STATES = ("proposed", "approved", "refused", "done", "withdrawn")
REPORT_STATES = ("waiting", "accepted", "refused")


class Defect(Base):
    """One problem (问题) until it is struck off (销号).

    A problem of a supervision ledger may name no location. ``number`` is what people call it by,
    such as ``WT-2026-00017``. It closes only when every measure is verified; ``rejections`` and
    ``reopenings`` only grow.
    """

    __tablename__ = "defect"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    location_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("location.id", ondelete="CASCADE"), index=True
    )
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    aspect: Mapped[str | None] = mapped_column(comment="方面 of a supervision ledger.")
    title: Mapped[str]
    description: Mapped[str | None]
    category: Mapped[str]
    severity: Mapped[str]
    source: Mapped[str]
    visit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("visit.id"), index=True)
    checklist_item: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="found")
    lead_unit: Mapped[str | None] = mapped_column(comment="牵头单位")
    responsible_unit: Mapped[str | None] = mapped_column(comment="责任单位")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    owner_name: Mapped[str | None] = mapped_column(comment="责任人: a post, never a villager.")
    due_on: Mapped[date]
    found_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    found_by_name: Mapped[str]
    found_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    verified_at: Mapped[datetime | None]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    closed_at: Mapped[datetime | None]
    closing_note: Mapped[str | None] = mapped_column(comment="验收意见")
    cost_yuan: Mapped[Decimal | None]
    rejections: Mapped[int] = mapped_column(server_default=sql("0"), default=0)
    reopenings: Mapped[int] = mapped_column(server_default=sql("0"), default=0)
    escalated_to: Mapped[str | None] = mapped_column(comment="township or county")
    escalated_at: Mapped[datetime | None]
    invented: Mapped[bool] = mapped_column(server_default=sql("false"), default=False)
    version: Mapped[int] = mapped_column(server_default=sql("1"), default=1)
    updated_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))

    __table_args__ = (
        CheckConstraint(f"severity in {SEVERITIES}", name="severity"),
        CheckConstraint(f"source in {SOURCES}", name="source"),
        CheckConstraint(f"state in {DEFECT_STATES}", name="state"),
        CheckConstraint("(state = 'closed') = (closed_at is not null)", name="closed"),
        CheckConstraint("escalated_to in ('township', 'county')", name="escalated_to"),
        # A visit's failed item opens one defect, however often the visit is sent.
        Index(
            "uq_defect_visit_item",
            "visit_id",
            "checklist_item",
            unique=True,
            postgresql_where=sql("visit_id is not null and checklist_item is not null"),
        ),
        Index(
            "ix_defect_division_state",
            "division_code",
            "state",
            postgresql_ops={"division_code": "text_pattern_ops"},
        ),
        Index("ix_defect_due", "due_on", postgresql_where=sql("state <> 'closed'")),
        Index("ix_defect_owner", "owner_id", postgresql_where=sql("state <> 'closed'")),
    )


class DefectMeasure(Base):
    """One measure (整改措施) of a problem; who fixed it never verifies it."""

    __tablename__ = "defect_measure"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    defect_id: Mapped[int] = mapped_column(BigId, ForeignKey("defect.id", ondelete="CASCADE"))
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    ordinal: Mapped[int]
    text: Mapped[str]
    responsible_unit: Mapped[str | None]
    due_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(default="open")
    feedback: Mapped[str | None]
    cost_yuan: Mapped[Decimal | None]
    fixed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    fixed_at: Mapped[datetime | None]
    verified_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    verified_at: Mapped[datetime | None]
    opinion: Mapped[str | None]
    rejections: Mapped[int] = mapped_column(server_default=sql("0"), default=0)

    __table_args__ = (
        UniqueConstraint("defect_id", "ordinal"),
        CheckConstraint(f"state in {MEASURE_STATES}", name="state"),
        CheckConstraint("(state = 'open') = (fixed_at is null)", name="fixed"),
        CheckConstraint("(state = 'verified') = (verified_at is not null)", name="verified"),
        CheckConstraint("verified_by <> fixed_by", name="fixer_never_verifies"),
    )


class DefectEvent(Base):
    """One step of a problem's way: attempts, rejections and everything else, in order."""

    __tablename__ = "defect_event"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    defect_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("defect.id", ondelete="CASCADE"), index=True
    )
    measure_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("defect_measure.id", ondelete="CASCADE")
    )
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    action: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    actor_name: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    text: Mapped[str | None]
    detail: Mapped[Json]

    __table_args__ = (
        CheckConstraint(
            "action in ('find', 'assign', 'change', 'fix', 'verify', 'reject', 'close', 'return',"
            " 'reopen', 'escalate', 'comment')",
            name="action",
        ),
    )


class Disposal(Base):
    """Getting an idle, damaged or lost asset back into use, to another owner, or written off.

    It needs a trigger, an approval and, when done, the income; ``class_`` is the four-way class
    (巩固一批、升级一批、盘活一批、调整一批).
    """

    __tablename__ = "disposal"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    location_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("location.id", ondelete="CASCADE"), index=True
    )
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    act: Mapped[str]
    way: Mapped[str | None] = mapped_column(comment="转让、拍卖、报废、核销、调拨 …")
    class_: Mapped[str | None] = mapped_column("class")
    trigger: Mapped[str]
    proposal: Mapped[str]
    state: Mapped[str] = mapped_column(default="proposed")
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    proposed_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    approval_no: Mapped[str | None]
    opinion: Mapped[str | None]
    done_on: Mapped[date | None]
    income_yuan: Mapped[Decimal | None]
    result: Mapped[str | None]
    invented: Mapped[bool] = mapped_column(server_default=sql("false"), default=False)
    version: Mapped[int] = mapped_column(server_default=sql("1"), default=1)
    updated_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))

    __table_args__ = (
        CheckConstraint(f"act in {DISPOSAL_ACTS}", name="act"),
        CheckConstraint(f"state in {DISPOSAL_STATES}", name="state"),
        CheckConstraint("(state = 'done') = (done_on is not null)", name="done"),
        CheckConstraint(
            "state not in ('approved', 'done') or approval_no is not null", name="approval"
        ),
        CheckConstraint("decided_by <> proposed_by", name="proposer_never_approves"),
        # One location has one disposal under way.
        Index(
            "uq_disposal_under_way",
            "location_id",
            unique=True,
            postgresql_where=sql("state in ('proposed', 'approved')"),
        ),
    )


class ProblemReport(Base):
    """What somebody without an account reported at a location, until a post has looked at it.

    No name, telephone or address of the person is kept; ``origin`` is a keyed digest of the
    network address, kept for throttling alone.
    """

    __tablename__ = "problem_report"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    location_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("location.id", ondelete="CASCADE"), index=True
    )
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    receipt: Mapped[str] = mapped_column(unique=True, comment="What the person may ask by.")
    category: Mapped[str | None]
    text: Mapped[str]
    origin: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="waiting", default="waiting")
    received_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reviewed_at: Mapped[datetime | None]
    reply: Mapped[str | None]
    defect_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("defect.id"))
    invented: Mapped[bool] = mapped_column(server_default=sql("false"), default=False)

    __table_args__ = (
        CheckConstraint(f"state in {REPORT_STATES}", name="state"),
        CheckConstraint("(state = 'waiting') = (reviewed_at is null)", name="reviewed"),
        Index("ix_problem_report_state", "state", "division_code"),
    )
