"""Working days and hours of the county, and the span of the invented year (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from fuliang_gis.clock import ZONE
from fuliang_gis.inspections.duties.operations import horizon
from fuliang_gis.inspections.duties.periods import Span
from fuliang_gis.inspections.rounds.working_days import works

#: Whole months before the one of the day as of which the county is shown.
MONTHS = 13
_OPENING, _CLOSING = time(8, 30), time(17, 20)
_DAY = timedelta(days=1)
_WEEKDAYS = range(1, 6)


@dataclass(frozen=True)
class Year:
    """The days of which the demo county tells.

    Everything has happened before ``now``, the first moment of the day as of which it is shown, so
    that nothing lies in the future whatever the hour.
    """

    as_of: date

    @property
    def start(self) -> date:
        """The first day, the first of a month."""
        months = self.as_of.year * 12 + self.as_of.month - 1 - MONTHS
        return date(months // 12, months % 12 + 1, 1)

    @property
    def past(self) -> Span:
        """The days on which something may have happened."""
        return Span(self.start, self.as_of - _DAY)

    @property
    def span(self) -> Span:
        """The days whose duties are laid out, as far ahead as the service keeps them."""
        return Span(self.start, horizon(self.as_of))

    @property
    def now(self) -> datetime:
        """The moment before which everything has happened."""
        return datetime.combine(self.as_of, time(), ZONE)

    def share(self, day: date) -> float:
        """Return how much of the past lies before a day, from 0 to 1."""
        return min(1.0, max(0.0, (day - self.start).days / self.past.days))


@cache
def workdays(first: date, last: date) -> Sequence[date]:
    """Return the days on which offices work, both ends included.

    >>> [day.day for day in workdays(date(2024, 2, 28), date(2024, 3, 4))]
    [28, 29, 1, 4]
    """
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if works(day, _WEEKDAYS)]


def next_workday(day: date) -> date:
    """Return the day, or the next one on which offices work.

    >>> next_workday(date(2024, 3, 2)).isoformat()
    '2024-03-04'
    """
    while not works(day, _WEEKDAYS):
        day += _DAY
    return day


def at_work(moment: datetime) -> datetime:
    """Return the moment, or the next one at which offices are open.

    >>> at_work(datetime(2024, 3, 1, 19, 40, tzinfo=ZONE)).isoformat()
    '2024-03-04T08:40:00+08:00'
    """
    local = moment.astimezone(ZONE)
    if local.time() > _CLOSING:
        local = datetime.combine(local.date() + _DAY, time(8, local.minute), ZONE)
    if local.time() < _OPENING:
        local = datetime.combine(local.date(), time(8, 30 + local.minute // 2), ZONE)
    return local + (next_workday(local.date()) - local.date())
