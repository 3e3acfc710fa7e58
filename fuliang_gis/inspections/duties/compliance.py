"""What "compliant" means: every figure of the board with its denominator (pure).

Counted are obligations whose due date lies in a span of days:

* excused (免检): not owed, so in no figure below;
* owed (应巡): all others;
* on time (按期): done not later than the due date;
* late (逾期后补巡): done after it;
* missed (逾期未巡): not done, and the due date has passed;
* pending (未到期): not done, but there is still time, the due date itself included;
* judged (已到期或已完成): on time + late + missed, the denominator of both rates. What is pending
  can still turn out either way; leaving it out keeps a running period from looking bad.

The compliance rate (按期合规率) is on time / judged, the completion rate (最终完成率) is
(on time + late) / judged. A rate over nothing is unknown, never 0 or 100 %.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from fuliang_gis.inspections.duties.periods import PeriodKind, Span, period_of, periods

#: How long something is overdue [days]: name, from, to (None: without end).
AGES: tuple[tuple[str, int, int | None], ...] = (
    ("1-7", 1, 7),
    ("8-30", 8, 30),
    ("31-90", 31, 90),
    ("91-", 91, None),
)
AGE_NAMES = {"1-7": "1–7 天", "8-30": "8–30 天", "31-90": "31–90 天", "91-": "90 天以上"}

#: A trend tells this many years back.
TREND_YEARS = 5


class Outcome(StrEnum):
    """What became of one obligation."""

    ON_TIME = "on_time"
    LATE = "late"
    MISSED = "missed"
    PENDING = "pending"
    EXCUSED = "excused"


OUTCOME_NAMES = {
    Outcome.MISSED: "逾期未巡",
    Outcome.LATE: "逾期后补巡",
    Outcome.ON_TIME: "按期完成",
    Outcome.PENDING: "未到期",
    Outcome.EXCUSED: "免检",
}


def outcome_of(state: str, due_on: date, done_on: date | None, today: date) -> Outcome:
    """Return what became of an obligation, as seen today.

    >>> outcome_of("open", date(2024, 3, 31), None, date(2024, 3, 31)).value
    'pending'
    """
    if state == "excused":
        return Outcome.EXCUSED
    if done_on is not None:
        return Outcome.ON_TIME if done_on <= due_on else Outcome.LATE
    return Outcome.MISSED if due_on < today else Outcome.PENDING


@dataclass(frozen=True)
class Counts:
    """How many obligations came out how; see the module for what each figure means."""

    on_time: int = 0
    late: int = 0
    missed: int = 0
    pending: int = 0
    excused: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Add figure by figure."""
        return Counts(
            self.on_time + other.on_time,
            self.late + other.late,
            self.missed + other.missed,
            self.pending + other.pending,
            self.excused + other.excused,
        )

    @property
    def owed(self) -> int:
        """All that were not excused."""
        return self.judged + self.pending

    @property
    def done(self) -> int:
        """Done, on time or not."""
        return self.on_time + self.late

    @property
    def judged(self) -> int:
        """Done, or past their due date: the denominator of both rates."""
        return self.on_time + self.late + self.missed

    @property
    def rate(self) -> float | None:
        """The compliance rate [%], to a tenth; on time / judged."""
        return percent(self.on_time, self.judged)

    @property
    def done_rate(self) -> float | None:
        """The completion rate [%], to a tenth; (on time + late) / judged."""
        return percent(self.done, self.judged)


def percent(part: int, whole: int) -> float | None:
    """Return a share [%], cut to a tenth: 100 means all and 0 means none.

    >>> percent(1999, 2000), percent(1, 2000), percent(2, 3), percent(0, 0)
    (99.9, 0.1, 66.6, None)
    """
    if whole == 0:
        return None
    tenths = part * 1000 // whole
    return max(tenths, 1 if part else 0) / 10


def total(counts: Iterable[Counts]) -> Counts:
    """Add up."""
    return sum(counts, Counts())


def age_of(days: int) -> str:
    """Return the age class of something overdue for that many days (1 or more).

    >>> age_of(7), age_of(8), age_of(91)
    ('1-7', '8-30', '91-')
    """
    return next(name for name, _, to in AGES if to is None or days <= to)


def trend_span(kind: PeriodKind, last: date, years: int = TREND_YEARS) -> Span:
    """Return whole periods back to ``years`` before the one that holds ``last``.

    >>> trend_span(PeriodKind.QUARTER, date(2026, 11, 25))
    Span(start=datetime.date(2022, 1, 1), end=datetime.date(2026, 12, 31))
    """
    found = period_of(kind, last)
    after = found.end + timedelta(days=1)
    return Span(after.replace(year=after.year - years), found.end)


def by_period(
    kind: PeriodKind, span: Span, by_day: Iterable[tuple[date, Counts]]
) -> list[tuple[date, Counts]]:
    """Gather counts a due date into counts a period, every period of the span once."""
    gathered = {each.start: Counts() for each in periods(kind, span)}
    for day, counts in by_day:
        gathered[period_of(kind, day).start] += counts
    return list(gathered.items())
