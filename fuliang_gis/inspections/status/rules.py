"""The status of a location (pure): one code and one sentence from its facts and today.

``queries.STATUS_SQL`` tells the same code in the database; a test holds the two to each other.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache

from fuliang_gis.material import MAPS


class StatusCode(StrEnum):
    """What a location's colour stands for, the gravest first."""

    DANGER = "danger"
    OVERDUE = "overdue"
    DEFECT = "defect"
    IDLE = "idle"
    DUE_SOON = "due_soon"
    TO_VISIT = "to_visit"
    FINE = "fine"
    DISPOSED = "disposed"
    NO_DUTY = "no_duty"


@dataclass(frozen=True)
class Facts:
    """What the status of one location is told from; see ``models.LocationState``."""

    use_status: str
    next_opens_on: date | None = None
    next_warn_on: date | None = None
    next_due_on: date | None = None
    has_duty: bool = False
    open_defects: int = 0
    worst_severity: str | None = None
    defect_due_on: date | None = None
    asset_class: str = "public_welfare"

    @property
    def in_use(self) -> bool:
        """Whether its use gives no status; a household's follows the survey, not inspections."""
        return self.asset_class == "household" or self.use_status == "in_use"


@dataclass(frozen=True)
class Style:
    """How a status is named and drawn; ``shape`` is an SVG path (evenodd) on 24 × 24.

    A ``marked`` one is told at the corner of symbols that are coloured by something else.
    """

    code: StatusCode
    zh: str
    en: str
    colour: str
    shape: str
    marked: bool


@dataclass(frozen=True)
class Status:
    """One location's status: code, name, colour, shape and the sentence that says why."""

    code: StatusCode
    zh: str
    en: str
    colour: str
    shape: str
    sentence: str


@cache
def styles() -> Mapping[StatusCode, Style]:
    """Read ``maps/styles/status.toml`` once, in the order of gravity.

    Raises:
        KeyError: The file lacks a status.
    """
    raw = tomllib.loads((MAPS / "styles" / "status.toml").read_text("utf-8"))["statuses"]
    return {code: Style(code, **raw[code]) for code in StatusCode}


def code_of(facts: Facts, today: date) -> StatusCode:
    """Return the gravest status that the facts give.

    >>> code_of(Facts("in_use", has_duty=True, next_due_on=date(2022, 9, 30)), date(2022, 10, 1))
    <StatusCode.OVERDUE: 'overdue'>
    """
    if facts.use_status == "disposed":
        return StatusCode.DISPOSED
    late = facts.defect_due_on is not None and facts.defect_due_on < today
    gone = not facts.in_use and facts.use_status in ("damaged", "lost")
    if gone or facts.worst_severity == "serious" or late:
        return StatusCode.DANGER
    if facts.next_due_on is not None and facts.next_due_on < today:
        return StatusCode.OVERDUE
    if facts.open_defects:
        return StatusCode.DEFECT
    if not facts.in_use and facts.use_status in ("idle", "underused"):
        return StatusCode.IDLE
    if facts.next_warn_on is not None and facts.next_warn_on <= today:
        return StatusCode.DUE_SOON
    if facts.next_opens_on is not None and facts.next_opens_on <= today:
        return StatusCode.TO_VISIT
    return StatusCode.FINE if facts.has_duty else StatusCode.NO_DUTY


def status_of(facts: Facts, today: date) -> Status:
    """Return the status with its name, colour and sentence."""
    code = code_of(facts, today)
    style = styles()[code]
    sentence = _sentence(code, facts, today)
    return Status(code, style.zh, style.en, style.colour, style.shape, sentence)


def _sentence(code: StatusCode, facts: Facts, today: date) -> str:
    if code is StatusCode.DISPOSED:
        return "资产已处置，不再巡查。"
    parts = [*_use(facts), *_defects(facts, today), *_duty(facts, today)]
    return "；".join(parts) + "。"


def _use(facts: Facts) -> list[str]:
    words = {"damaged": "资产损毁", "lost": "资产流失", "idle": "资产闲置", "underused": "使用低效"}
    return [words[facts.use_status]] if facts.use_status in words else []


def _defects(facts: Facts, today: date) -> list[str]:
    if not facts.open_defects:
        return []
    grave = "（含严重问题）" if facts.worst_severity == "serious" else ""
    said = f"{facts.open_defects} 个问题未销号{grave}"
    if facts.defect_due_on is not None:
        left = (facts.defect_due_on - today).days
        said += (
            f"，整改已超期 {-left} 天"
            if left < 0
            else f"，整改期限 {_day(facts.defect_due_on, today)}"
        )
    return [said]


def _duty(facts: Facts, today: date) -> list[str]:
    if facts.next_due_on is None or facts.next_opens_on is None:
        return ["本期巡查已完成" if facts.has_duty else "不设巡查任务"]
    left = (facts.next_due_on - today).days
    if left < 0:
        return [f"巡查已逾期 {-left} 天（应于 {facts.next_due_on:%Y-%m-%d} 前完成）"]
    if facts.next_opens_on > today:
        return [f"目前无待巡任务，下次巡查自 {_day(facts.next_opens_on, today)} 起"]
    rest = f"还有 {left} 天" if left else "今天到期"
    return [f"待巡查，{_day(facts.next_due_on, today)} 前完成，{rest}"]


def _day(day: date, today: date) -> str:
    return f"{day:%m-%d}" if day.year == today.year else f"{day:%Y-%m-%d}"


class Phase(StrEnum):
    """How an obligation stands on a day, as its location's ledger shows it."""

    DONE = "done"
    LATE = "late"
    MISSED = "missed"
    EXCUSED = "excused"
    OPEN = "open"
    UPCOMING = "upcoming"


PHASE_NAMES: Mapping[Phase, tuple[str, str]] = {
    Phase.DONE: ("按期完成", "done in time"),
    Phase.LATE: ("逾期补巡", "done late"),
    Phase.MISSED: ("逾期未巡", "missed"),
    Phase.EXCUSED: ("免检", "excused"),
    Phase.OPEN: ("待巡查", "open"),
    Phase.UPCOMING: ("未开始", "upcoming"),
}


def phase_of(state: str, opens_on: date, due_on: date, done_on: date | None, today: date) -> Phase:
    """Return how an obligation stands on a day.

    >>> phase_of("done", date(2022, 7, 1), date(2022, 9, 30), date(2022, 10, 2), date(2022, 11, 1))
    <Phase.LATE: 'late'>
    """
    if state == "excused":
        return Phase.EXCUSED
    if done_on is not None:
        return Phase.LATE if done_on > due_on else Phase.DONE
    if due_on < today:
        return Phase.MISSED
    return Phase.OPEN if opens_on <= today else Phase.UPCOMING
