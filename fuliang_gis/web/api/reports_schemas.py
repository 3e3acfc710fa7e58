"""The shapes of reports and reminders in the API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from fuliang_gis.inspections.defects.report_rules import LONGEST, SHORTEST
from fuliang_gis.web.api.defects_schemas import Number, Severity
from fuliang_gis.web.api.schemas import DivisionCode, Plain

Told = Annotated[
    str, StringConstraints(pattern=r"^[^\x00]*$", min_length=SHORTEST, max_length=LONGEST)
]
Reply = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=500)]
Receipt = Annotated[str, StringConstraints(pattern=r"^[^\x00/]+$", max_length=40)]
State = Literal["waiting", "accepted", "refused"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReportBody(_Strict):
    """What is wrong at a location; nothing about who says it."""

    text: Told
    category: Plain | None = None


class ReceiptPath(BaseModel):
    """A report as the person who made it knows it."""

    receipt: Receipt


class ReportPath(BaseModel):
    """A report as the office knows it."""

    report_id: Annotated[int, Field(ge=1, le=2**63 - 1)]


class ReportFilter(_Strict):
    """Which reports to list."""

    state: State = "waiting"
    division: DivisionCode | None = None
    page: Annotated[int, Field(ge=1, le=100_000)] = 1


class AcceptBody(_Strict):
    """The defect to make of a report, and what the person reads by the receipt."""

    title: Plain
    category: Plain
    severity: Severity
    due_on: date | None = None
    reply: Reply | None = None


class LinkBody(_Strict):
    """The open defect of the same location that a report joins."""

    defect_number: Number
    reply: Reply | None = None


class ReportRefuseBody(_Strict):
    """Why a report is declined; the person reads it by the receipt."""

    reply: Reply


class ReceiptOut(BaseModel):
    """What became of a report; ``defect_state`` once it is one."""

    receipt: str
    location: str
    category: str | None
    text: str
    state: str
    received_at: str
    reviewed_at: str | None
    reply: str | None
    defect_state: str | None


class ReportOut(BaseModel):
    """One report as the office judges it; ``photos`` are digests of files."""

    id: int
    receipt: str
    layer: str
    code: str
    location: str
    division_code: str
    category: str | None
    text: str
    state: str
    received_at: str
    reviewed_at: str | None
    reviewer: str | None
    reply: str | None
    defect_number: str | None
    photos: list[str]
    invented: bool


class ReportPage(BaseModel):
    """One page of reports of one state; ``counts`` are those of every state."""

    items: list[ReportOut]
    total: int
    page: int
    size: int
    counts: dict[str, int]


class RemindersOut(BaseModel):
    """How much waits for the person asking; zero where the role has nothing to do with it."""

    my_overdue: int
    my_due_soon: int
    overdue: int
    due_soon: int
    to_fix: int
    to_assign: int
    to_verify: int
    to_close: int
    late_defects: int
    reports: int
    disposals: int
