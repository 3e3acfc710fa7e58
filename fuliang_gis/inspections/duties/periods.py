"""Calendar periods and the windows in them (pure; dates are the county's, Asia/Shanghai).

A period is a whole week (Monday to Sunday), month, quarter, half-year or year. A rule that asks for
several visits a period splits it into as many windows of nearly equal length.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

_DAY = timedelta(days=1)


class PeriodKind(StrEnum):
    """The calendar periods a rule may count in."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


PERIOD_NAMES: dict[PeriodKind, tuple[str, str]] = {
    PeriodKind.WEEK: ("每周", "week"),
    PeriodKind.MONTH: ("每月", "month"),
    PeriodKind.QUARTER: ("每季度", "quarter"),
    PeriodKind.HALF_YEAR: ("每半年", "half-year"),
    PeriodKind.YEAR: ("每年", "year"),
}

_MONTHS = {
    PeriodKind.MONTH: 1,
    PeriodKind.QUARTER: 3,
    PeriodKind.HALF_YEAR: 6,
    PeriodKind.YEAR: 12,
}

#: Periods in a year, to compare how demanding intervals are.
PER_YEAR = {
    PeriodKind.WEEK: 52.1775,
    PeriodKind.MONTH: 12.0,
    PeriodKind.QUARTER: 4.0,
    PeriodKind.HALF_YEAR: 2.0,
    PeriodKind.YEAR: 1.0,
}


@dataclass(frozen=True, order=True)
class Span:
    """Days from ``start`` to ``end``, both included.

    Raises:
        ValueError: The end lies before the start.
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"{self.end} lies before {self.start}")

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.end - self.start).days + 1

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.start <= day <= self.end


def period_of(kind: PeriodKind, day: date) -> Span:
    """Return the calendar period that holds a day.

    >>> period_of(PeriodKind.QUARTER, date(2024, 2, 29))
    Span(start=datetime.date(2024, 1, 1), end=datetime.date(2024, 3, 31))
    >>> period_of(PeriodKind.WEEK, date(2024, 12, 31))
    Span(start=datetime.date(2024, 12, 30), end=datetime.date(2025, 1, 5))
    """
    if kind is PeriodKind.WEEK:
        monday = day - timedelta(days=day.weekday())
        return Span(monday, monday + timedelta(days=6))
    months = _MONTHS[kind]
    first = (day.month - 1) // months * months + 1
    last = first + months - 1
    return Span(date(day.year, first, 1), date(day.year, last, monthrange(day.year, last)[1]))


def periods(kind: PeriodKind, within: Span) -> Iterator[Span]:
    """Yield every period that shares a day with the span, in order."""
    found = period_of(kind, within.start)
    while found.start <= within.end:
        yield found
        found = period_of(kind, found.end + _DAY)


def windows(period: Span, count: int) -> list[Span]:
    """Split a period into ``count`` windows, without gap or overlap; earlier ones are the longer.

    A period with fewer days than visits gives one window a day.

    >>> [w.days for w in windows(Span(date(2023, 2, 1), date(2023, 2, 28)), 3)]
    [10, 9, 9]
    """
    parts = min(count, period.days)
    length, longer = divmod(period.days, parts)
    found, start = [], period.start
    for number in range(parts):
        end = start + timedelta(days=length + (number < longer) - 1)
        found.append(Span(start, end))
        start = end + _DAY
    return found


def label(kind: PeriodKind, start: date) -> str:
    """Return what people here call a period.

    >>> label(PeriodKind.QUARTER, date(2022, 7, 1))
    '2022年第3季度'
    """
    if kind is PeriodKind.WEEK:
        year, week, _ = start.isocalendar()
        return f"{year}年第{week}周"
    if kind is PeriodKind.MONTH:
        return f"{start.year}年{start.month}月"
    if kind is PeriodKind.QUARTER:
        return f"{start.year}年第{(start.month + 2) // 3}季度"
    if kind is PeriodKind.HALF_YEAR:
        return f"{start.year}年{'上' if start.month == 1 else '下'}半年"
    return f"{start.year}年"
