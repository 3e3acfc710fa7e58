"""What a location's ledger is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fuliang_gis.inspections.status.queries import Standing
from fuliang_gis.inspections.status.rules import Phase
from fuliang_gis.locations.queries import Change


@dataclass(frozen=True)
class Owed:
    """One obligation and how it stands; ``planned_on`` beside ``done_on`` is plan and reality."""

    purpose: str
    period: str
    period_start: date
    ordinal: int
    opens_on: date
    due_on: date
    planned_on: date | None
    done_on: date | None
    excuse: str | None
    rule: str | None
    assignee: str | None
    visit_id: int | None
    phase: Phase


@dataclass(frozen=True)
class Visited:
    """One visit as it was recorded; a superseded one stays in the ledger."""

    id: int
    uuid: str
    purpose: str
    inspector: str
    visited_at: datetime
    received_at: datetime
    distance_m: float | None
    off_site: bool
    off_site_reason: str | None
    answers: Sequence[Mapping[str, Any]]
    readings: Sequence[Mapping[str, Any]]
    result: str
    condition: str | None
    note: str | None
    revision: int
    revision_reason: str | None
    superseded_at: datetime | None
    photos: Sequence[str]


@dataclass(frozen=True)
class Step:
    """One event of a problem."""

    action: str
    actor: str
    at: datetime
    text: str | None


@dataclass(frozen=True)
class Measure:
    """One measure of a problem."""

    ordinal: int
    text: str
    state: str
    due_on: date | None
    rejections: int


@dataclass(frozen=True)
class Problem:
    """One problem with its measures and events."""

    id: int
    number: str
    title: str
    description: str | None
    category: str
    severity: str
    source: str
    state: str
    found_by: str
    found_at: datetime
    due_on: date
    closed_at: datetime | None
    closing_note: str | None
    cost_yuan: float | None
    rejections: int
    reopenings: int
    measures: Sequence[Measure]
    steps: Sequence[Step]


@dataclass(frozen=True)
class Disposed:
    """One disposal, from its proposal on."""

    act: str
    way: str | None
    trigger: str
    proposal: str
    state: str
    proposed_at: datetime
    decided_at: datetime | None
    approval_no: str | None
    opinion: str | None
    done_on: date | None
    income_yuan: float | None
    result: str | None


@dataclass(frozen=True)
class Excepted:
    """One exception from the rules, with its reason and its end."""

    purpose: str | None
    period: str | None
    count: int | None
    reason: str
    valid_from: date
    valid_to: date
    granted_by: str | None
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class Reported:
    """What somebody without an account reported."""

    text: str
    state: str
    received_at: datetime
    reply: str | None


@dataclass(frozen=True)
class Ledger:
    """Everything about one location; each part in the order of time, the newest first."""

    today: date
    standing: Standing
    owed: Sequence[Owed]
    visits: Sequence[Visited]
    problems: Sequence[Problem]
    disposals: Sequence[Disposed]
    exceptions: Sequence[Excepted]
    reports: Sequence[Reported]
    changes: Sequence[Change]
