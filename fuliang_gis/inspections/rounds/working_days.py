"""Working days of somebody who works on some weekdays: holidays, and days in their place (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from fuliang_gis.holidays import announced
from fuliang_gis.inspections.duties.periods import Span


def works(day: date, weekdays: Collection[int]) -> bool:
    """Tell whether somebody who works on these weekdays (1 is Monday) works on a day.

    A weekend day worked in place of a holiday counts for whoever works from Monday to Friday.

    >>> works(date(2026, 10, 1), {1, 2, 3, 4, 5}), works(date(2026, 10, 10), {1, 2, 3, 4, 5})
    (False, True)
    """
    told = announced().get(day)
    if told is None:
        return day.isoweekday() in weekdays
    return told and bool(set(weekdays) & {1, 2, 3, 4, 5})


def working_days(span: Span, weekdays: Collection[int]) -> Iterator[date]:
    """Yield the working days of a span."""
    for number in range(span.days):
        day = span.start + timedelta(days=number)
        if works(day, weekdays):
            yield day
