"""What an obligation is today, told from its dates (pure)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum


class State(StrEnum):
    """Every state of an obligation, as people see it."""

    UPCOMING = "upcoming"
    OPEN = "open"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    DONE = "done"
    DONE_LATE = "done_late"
    EXCUSED = "excused"


STATE_NAMES: dict[State, tuple[str, str]] = {
    State.OVERDUE: ("已逾期", "overdue"),
    State.DUE_SOON: ("即将到期", "due soon"),
    State.OPEN: ("待巡查", "open"),
    State.UPCOMING: ("未开始", "upcoming"),
    State.DONE: ("已完成", "done"),
    State.DONE_LATE: ("逾期完成", "done late"),
    State.EXCUSED: ("已免除", "excused"),
}


def state_of(
    kept: str, opens_on: date, warn_on: date, due_on: date, done_on: date | None, today: date
) -> State:
    """Return what an obligation is today; ``queries`` says the same in SQL.

    >>> day = date(2024, 3, 31)
    >>> state_of("open", date(2024, 1, 1), date(2024, 3, 17), day, None, day).value
    'due_soon'
    """
    if kept == "excused":
        return State.EXCUSED
    if done_on is not None:
        return State.DONE if done_on <= due_on else State.DONE_LATE
    if due_on < today:
        return State.OVERDUE
    if warn_on <= today:
        return State.DUE_SOON
    return State.OPEN if opens_on <= today else State.UPCOMING
