"""What was owed and when somebody came: each village has its days, each township its diligence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from fuliang_gis.demo.inspections.places import Place
from fuliang_gis.demo.inspections.posts import Post, Posts
from fuliang_gis.demo.inspections.times import Year, next_workday, workdays
from fuliang_gis.inspections.duties.periods import PeriodKind, Span
from fuliang_gis.inspections.duties.rules import Duty, DutyBook, Rule

#: Compliance rates of the townships over the year, the least and the most diligent.
RATES = (0.865, 0.985)
#: How much oftener something is missed at the beginning, and at the end, than over the year.
_BEGINNING, _END = 1.4, 0.7
#: Plans are made so far ahead [days].
_PLANNED = 45
#: So many places are inspected in a village on one day at most.
_A_DAY = 14
_EXCUSES = (
    "道路塌方，车辆和人员无法到达（虚构）",
    "施工改造期间停用，已告知乡镇（虚构）",
    "汛期封闭管理，暂停进入（虚构）",
)


@dataclass(frozen=True)
class Call:
    """One coming of one inspector to one place, still without what was found."""

    place: Place
    purpose: str
    day: date
    late: bool


@dataclass(frozen=True)
class Task:
    """One obligation and what became of it; ``call`` numbers the call that met it."""

    place: Place
    duty: Duty
    state: str = "open"
    call: int | None = None
    done_on: date | None = None
    planned_on: date | None = None
    assignee: Post | None = None
    excuse: str | None = None


@dataclass
class Schedule:
    """Works out, place after place, what was done when.

    Args:
        year: The days told of.
        posts: Who inspects where.
        rules: The inspection rules.
        rng: Where chance comes from.
        ended: The first day on which a place is no longer inspected, by its id.
    """

    year: Year
    posts: Posts
    rules: Sequence[Rule]
    rng: np.random.Generator
    ended: Mapping[int, date]

    def lay_out(self, places: Sequence[Place]) -> tuple[list[Task], list[Call]]:
        """Return the obligations of all places, and the calls that met them."""
        book = DutyBook(self.rules, self.year.span)
        self._towns = self._misses()
        self._turns = _turns(places)
        self._filled: dict[tuple[str, date], int] = {}
        tasks: list[Task] = []
        calls: list[Call] = []
        for place in places:
            chains: dict[str, list[Duty]] = {}
            for duty in book.of(place.profile(self.ended.get(place.id))):
                if duty.due_on >= self.year.start:
                    chains.setdefault(duty.purpose, []).append(duty)
            for chain in chains.values():
                tasks += self._chain(place, chain, calls)
        return tasks, calls

    def _misses(self) -> dict[str, float]:
        """Return how often each township misses a duty over the year."""
        towns = sorted(self.posts.inspectors)
        rates = np.linspace(*RATES, len(towns))
        return dict(zip(towns, (1 - self.rng.permutation(rates)).tolist(), strict=True))

    def _chain(self, place: Place, chain: Sequence[Duty], calls: list[Call]) -> Iterator[Task]:
        """Follow duties of one purpose; who comes late meets what was missed before as well."""
        waiting: list[tuple[Task, date]] = []
        for duty in chain:
            planned = self._planned(place, duty)
            task = Task(place, duty)
            if (excuse := self._excuse(duty)) is not None:
                yield replace(task, state="excused", excuse=excuse)
                continue
            day = self._came(place, duty, planned, waiting=bool(waiting))
            if day is None:
                waiting.append((task, planned))
                continue
            calls.append(Call(place, duty.purpose, day, late=bool(waiting)))
            met = {"state": "done", "call": len(calls) - 1, "done_on": day}
            missed = [each for each, _ in waiting]
            yield from (replace(each, **met) for each in (*missed, task))  # type: ignore[arg-type]
            waiting = []
        yield from (self._still_open(*each) for each in waiting)

    def _planned(self, place: Place, duty: Duty) -> date:
        """Return the village's day in the duty's window, on which few others are planned."""
        first = max(duty.opens_on, self.year.start)
        days = workdays(*self._month(duty, Span(first, duty.due_on)))
        days = days or workdays(first, duty.due_on) or [duty.due_on]
        number, of = self._turns[place.division_code]
        start = int((number + 0.5) / of * len(days) + self._shift(duty)) % len(days)
        for step in range(len(days)):
            day = days[(start + step) % len(days)]
            key = (place.division_code, day)
            if self._filled.get(key, 0) < _A_DAY:
                self._filled[key] = self._filled.get(key, 0) + 1
                return day
        return days[start]

    def _month(self, duty: Duty, window: Span) -> tuple[date, date]:
        """Return the part of a longer window in which this place has its turn."""
        parts = {PeriodKind.QUARTER: 3, PeriodKind.HALF_YEAR: 6, PeriodKind.YEAR: 8}
        length = window.days // parts.get(duty.period, 1)
        if length == window.days or length < 5:  # A week's work at least.
            return window.start, window.end
        turn = int(self.rng.integers(parts[duty.period]))
        start = window.start + timedelta(days=turn * length)
        return start, start + timedelta(days=length - 1)

    @staticmethod
    def _shift(duty: Duty) -> int:
        return duty.span.start.month * 5

    def _excuse(self, duty: Duty) -> str | None:
        past = duty.due_on < self.year.as_of and duty.period is not PeriodKind.YEAR
        if past and self.rng.uniform() < 0.0012:
            return _EXCUSES[int(self.rng.integers(len(_EXCUSES)))]
        return None

    def _came(self, place: Place, duty: Duty, planned: date, *, waiting: bool) -> date | None:
        """Return the day on which somebody came inside the window, if anybody did so far."""
        chance = float(self.rng.uniform())
        hurry = waiting and chance < 0.45
        if hurry:
            # What was missed is made good early in the next window.
            planned = next_workday(duty.opens_on + timedelta(days=int(self.rng.integers(1, 20))))
        elif self.rng.uniform() < 0.25:
            planned = next_workday(planned + timedelta(days=int(self.rng.integers(1, 4))))
        planned = min(max(planned, duty.opens_on, self.year.start), duty.due_on)
        if planned > self.year.past.end:
            return None
        if place.layer == "pv_stations":
            return planned
        miss = self._towns[place.township] * (
            _BEGINNING + (_END - _BEGINNING) * self.year.share(planned)
        )
        return planned if hurry or self.rng.uniform() >= miss else None

    def _still_open(self, task: Task, planned: date) -> Task:
        """Plan what is open: on its day, or for what was missed on one of the next days."""
        as_of, duty = self.year.as_of, task.duty
        if planned < as_of:
            if self.rng.uniform() < 0.4:
                return task
            planned = next_workday(as_of + timedelta(days=int(self.rng.integers(0, 15))))
        if (planned - as_of).days > _PLANNED or duty.opens_on > as_of + timedelta(days=_PLANNED):
            return task
        assignee = self.posts.inspectors[task.place.township]
        return replace(task, planned_on=planned, assignee=assignee)


def _turns(places: Sequence[Place]) -> dict[str, tuple[int, int]]:
    """Return the number of each village among those of its township, and how many these are."""
    towns: dict[str, list[str]] = {}
    for code in sorted({place.division_code for place in places}):
        towns.setdefault(code[:9], []).append(code)
    return {code: (n, len(codes)) for codes in towns.values() for n, code in enumerate(codes)}
