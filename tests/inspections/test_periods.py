"""Calendar periods and their windows."""

from __future__ import annotations

import doctest
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fuliang_gis.inspections.duties import periods
from fuliang_gis.inspections.duties.periods import PeriodKind, Span, period_of, windows

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
KINDS = st.sampled_from(PeriodKind)


@given(KINDS, DAYS)
def test_periods_tile_the_calendar(kind: PeriodKind, day: date) -> None:
    """A day lies in its period, and the next day after the period begins the next one."""
    found = period_of(kind, day)
    assert day in found
    following = period_of(kind, found.end + timedelta(days=1))
    assert following.start == found.end + timedelta(days=1)
    assert period_of(kind, found.start) == period_of(kind, found.end) == found


@given(KINDS, DAYS, DAYS)
def test_periods_cover_a_span_once(kind: PeriodKind, one: date, other: date) -> None:
    """Every day of a span lies in exactly one of its periods."""
    within = Span(min(one, other), min(max(one, other), min(one, other) + timedelta(days=800)))
    found = list(periods.periods(kind, within))
    assert found[0].start <= within.start
    assert within.end <= found[-1].end
    assert sum(span.days for span in found) == (found[-1].end - found[0].start).days + 1


@given(KINDS, DAYS, st.integers(1, 31))
def test_windows_split_a_period_evenly(kind: PeriodKind, day: date, count: int) -> None:
    """Windows follow each other without gap or overlap and differ by one day at most."""
    period = period_of(kind, day)
    found = windows(period, count)
    assert len(found) == min(count, period.days)
    assert (found[0].start, found[-1].end) == (period.start, period.end)
    pairs = pairwise(found)
    assert all(b.start - a.end == timedelta(days=1) for a, b in pairs)
    assert max(w.days for w in found) - min(w.days for w in found) <= 1


def test_leap_days_and_year_ends() -> None:
    """Quarters end on the last day of their month, leap years included."""
    assert period_of(PeriodKind.QUARTER, date(2023, 12, 31)).end == date(2023, 12, 31)
    assert period_of(PeriodKind.MONTH, date(2024, 2, 1)).end == date(2024, 2, 29)
    assert period_of(PeriodKind.WEEK, date(2021, 1, 1)).start == date(2020, 12, 28)


def test_examples_run() -> None:
    """The examples in the documentation are right."""
    result = doctest.testmod(periods)
    assert (result.failed, result.attempted > 0) == (0, True)
