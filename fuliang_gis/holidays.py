"""Public holidays and the days worked in their place, and working days counted from a day (pure).

The dates are those that the State Council announces each year, in ``data/calendar/holidays.csv``.
A year that is not announced there yet is reckoned by weekdays alone.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache

from fuliang_gis.errors import SetUpError
from fuliang_gis.material import DATA

PATH = DATA / "calendar" / "holidays.csv"

_DAY = timedelta(days=1)
_FRIDAY = 5


@cache
def announced() -> Mapping[date, bool]:
    """Return the days whose kind an announcement changes: True for worked, False for free.

    Raises:
        SetUpError: The file is missing or unreadable.
    """
    try:
        with PATH.open(encoding="utf-8", newline="") as file:
            return {
                date.fromisoformat(row["date"]): {"workday": True, "holiday": False}[row["kind"]]
                for row in csv.DictReader(file)
            }
    except (OSError, ValueError, KeyError) as error:
        raise SetUpError(
            reason=f"无法读取节假日文件 {PATH}：{error}。请恢复或改正该文件后重试。",
            reason_en=f"Cannot read the holidays {PATH}: {error}. Restore it.",
        ) from error


def is_working_day(day: date) -> bool:
    """Tell whether offices work on a day.

    >>> is_working_day(date(2026, 10, 1)), is_working_day(date(2026, 10, 10))
    (False, True)
    """
    return announced().get(day, day.isoweekday() <= _FRIDAY)


def working_day_from(day: date) -> date:
    """Return the day itself where offices work, else the next one on which they do.

    >>> working_day_from(date(2026, 10, 1))
    datetime.date(2026, 10, 8)
    """
    while not is_working_day(day):
        day += _DAY
    return day


def after_working_days(day: date, number: int) -> date:
    """Return the last of so many working days that begin on the day after.

    >>> after_working_days(date(2026, 9, 30), 1)
    datetime.date(2026, 10, 8)
    """
    for _ in range(number):
        day = working_day_from(day + _DAY)
    return day


def working_days_until(day: date, last: date) -> int:
    """Count the working days after a day up to the last; negative once the last is past.

    >>> working_days_until(date(2026, 9, 30), date(2026, 10, 9))
    2
    >>> working_days_until(date(2026, 10, 9), date(2026, 9, 30))
    -2
    """
    if last < day:
        return -working_days_until(last, day)
    days = (day + _DAY * number for number in range(1, (last - day).days + 1))
    return sum(map(is_working_day, days))
