"""The present moment, replaceable in tests; periods are calendar periods in Asia/Shanghai."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")

#: Years that somebody may mean by a date.
FIRST_YEAR, LAST_YEAR = 2000, 2100


def _system_now() -> datetime:
    return datetime.now(ZONE)


_source: Callable[[], datetime] = _system_now


def now() -> datetime:
    """Return the present moment, aware, in Asia/Shanghai."""
    return _source()


def today() -> date:
    """Return the county's calendar date."""
    return now().date()


def is_meant(day: date) -> bool:
    """Tell whether a date is of a year that somebody may mean.

    >>> is_meant(date(2026, 11, 25)), is_meant(date(9999, 12, 31))
    (True, False)
    """
    return FIRST_YEAR <= day.year <= LAST_YEAR


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Hold the clock at a moment while the block runs.

    Raises:
        ValueError: If the moment carries no time zone.
    """
    global _source
    if moment.tzinfo is None:
        raise ValueError("a frozen moment needs a time zone")
    held, _source = _source, lambda: moment.astimezone(ZONE)
    try:
        yield
    finally:
        _source = held
