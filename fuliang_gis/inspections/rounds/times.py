"""Times of a day, and the seconds in which the solver reckons (pure)."""

from __future__ import annotations

from datetime import time


def seconds_of(moment: time) -> int:
    """Return a time of day in seconds after midnight."""
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def clock_time(seconds: int) -> time:
    """Return a time of day from seconds after midnight; none goes beyond the day.

    >>> clock_time(30_605), clock_time(90_000)
    (datetime.time(8, 30, 5), datetime.time(23, 59, 59))
    """
    minutes, second = divmod(min(max(seconds, 0), 86_399), 60)
    return time(minutes // 60, minutes % 60, second)


def seconds_between(earlier: time, later: time) -> int:
    """Return the seconds from one time of a day to a later one.

    >>> seconds_between(time(8, 30), time(9, 0, 5))
    1805
    """
    return max(seconds_of(later) - seconds_of(earlier), 0)
