"""The present moment, replaceable in tests; periods are calendar periods in Asia/Shanghai."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")


def _system_now() -> datetime:
    return datetime.now(ZONE)


_source: Callable[[], datetime] = _system_now


def now() -> datetime:
    """Return the present moment, aware, in Asia/Shanghai."""
    return _source()


def today() -> date:
    """Return the county's calendar date."""
    return now().date()


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
