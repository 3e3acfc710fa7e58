"""Which rule counts for a location, and what it owes when (pure; dates are the county's).

One principle decides every doubtful case. On each day a location has for each purpose one interval:
that of its exception, else that of the most demanding rule, or none, while it is waived, not yet
added, or gone. A window of a period is owed when its *last* day has that very interval, and has had
it since the window began or for at least the days of grace. So

- what is added, waived or ruled anew late in a period starts with the next one;
- what ends inside a period (asset, rule, waiver granted to its last day) asks no more of it;
- the days in which a location may meet one duty are never those of another of the same purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from fuliang_gis.inspections.duties.periods import PER_YEAR, PeriodKind, Span, periods, windows
from fuliang_gis.inspections.norms import Norms, norms
from fuliang_gis.locations.sheets import ChecklistItem

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Rule:
    """How often what is inspected; a layer, kind or asset class of None means any.

    ``withdrawn_on`` is the first day on which it no longer counts, ``valid_to`` the last on which
    it does. A ``checklist`` is asked in place of the sheet's.
    """

    id: int
    purpose: str
    period: PeriodKind
    valid_from: date
    count: int = 1
    layer: str | None = None
    kind: str | None = None
    asset_class: str | None = None
    valid_to: date | None = None
    withdrawn_on: date | None = None
    title: str = ""
    basis: str = ""
    norm_key: str | None = None
    checklist: tuple[ChecklistItem, ...] | None = None

    @property
    def interval(self) -> Interval:
        """The period and how often in it."""
        return Interval(self.period, self.count)

    @property
    def specificity(self) -> int:
        """How narrowly it says what it is for; a kind says more than a layer, that than a class."""
        named = (self.kind, 4), (self.layer, 2), (self.asset_class, 1)
        return sum(weight for value, weight in named if value is not None)

    def covers(self, layer: str, kind: str | None, asset_class: str) -> bool:
        """Tell whether it is for such locations."""
        return (
            self.layer in (None, layer)
            and self.kind in (None, kind)
            and self.asset_class in (None, asset_class)
        )

    def in_force(self, on: date) -> bool:
        """Tell whether it counts on a day."""
        return (
            self.valid_from <= on
            and (self.valid_to is None or on <= self.valid_to)
            and (self.withdrawn_on is None or on < self.withdrawn_on)
        )


@dataclass(frozen=True)
class Interval:
    """So many visits in each period of a kind."""

    period: PeriodKind
    count: int

    @property
    def per_year(self) -> float:
        """Visits a year: how demanding it is."""
        return self.count * PER_YEAR[self.period]


@dataclass(frozen=True)
class Exemption:
    """An exception of one location: another interval, or none at all, for a limited time.

    A ``purpose`` of None means every purpose.
    """

    id: int
    valid_from: date
    valid_to: date
    interval: Interval | None = None
    purpose: str | None = None

    def holds(self, purpose: str, on: date) -> bool:
        """Tell whether it says something about a purpose on a day."""
        return self.purpose in (None, purpose) and self.valid_from <= on <= self.valid_to


@dataclass(frozen=True)
class Profile:
    """What a location's duties follow from.

    ``ended_on`` is the first day on which it is no longer inspected: disposed or deleted.
    """

    layer: str
    kind: str | None
    asset_class: str
    active_from: date
    ended_on: date | None = None
    exemptions: tuple[Exemption, ...] = ()


@dataclass(frozen=True)
class Duty:
    """One visit owed: within ``span`` (the period) the days from ``opens_on`` to ``due_on``.

    ``window`` is the part of the period that it stands for, ``ordinal`` its number in it, and
    ``count`` how many the period was split for.
    """

    purpose: str
    period: PeriodKind
    span: Span
    window: Span
    ordinal: int
    opens_on: date
    warn_on: date
    due_on: date
    count: int = 1
    rule_id: int | None = None
    exception_id: int | None = None


def strongest(
    rules: Iterable[Rule],
    layer: str,
    kind: str | None,
    asset_class: str,
    purpose: str,
    on: date,
) -> Rule | None:
    """Return the most demanding rule in force; of equals the more specific, then the older one."""
    found = [
        rule
        for rule in rules
        if rule.purpose == purpose and rule.covers(layer, kind, asset_class) and rule.in_force(on)
    ]
    order = lambda rule: (-rule.interval.per_year, -rule.specificity, rule.id)  # noqa: E731
    return min(found, key=order, default=None)


def duties(profile: Profile, rules: Iterable[Rule], within: Span) -> tuple[Duty, ...]:
    """Return what one location owes, of every window that shares a day with the span.

    >>> quarterly = Rule(1, "routine", PeriodKind.QUARTER, date(2020, 1, 1))
    >>> added = Profile("villages", None, "public_welfare", date(2022, 5, 20))
    >>> [d.opens_on.isoformat() for d in duties(added, [quarterly], Span(*(
    ...     date(2022, 1, 1), date(2022, 12, 31))))]
    ['2022-05-20', '2022-07-01', '2022-10-01']
    """
    return DutyBook(rules, within).of(profile)


@dataclass(frozen=True)
class _Stretch:
    """Days in a row with one interval, and what it came from on each part of them."""

    span: Span
    interval: Interval
    parts: tuple[tuple[date, int | None, int | None], ...]

    def source(self, on: date) -> tuple[int | None, int | None]:
        """Return the ids of rule and exception that decide a day."""
        return next(part[1:] for part in reversed(self.parts) if part[0] <= on)


@dataclass
class DutyBook:
    """Works out duties for many locations: those alike share what they owe.

    Args:
        rules: Every rule, in force or not.
        within: The days of interest; windows that share a day with them count.
        norms: Days of warning and of grace; those of the file unless given.
    """

    rules: Iterable[Rule]
    within: Span
    norms: Norms = field(default_factory=norms)

    def __post_init__(self) -> None:
        self.rules = tuple(self.rules)
        #: Every period that touches the span lies in these days whole.
        self.horizon = Span(
            date(self.within.start.year, 1, 1) - _WEEK, date(self.within.end.year, 12, 31) + _WEEK
        )
        self._shared: dict[object, tuple[Duty, ...]] = {}
        self._clipped: dict[object, tuple[Duty, ...]] = {}

    def of(self, profile: Profile) -> tuple[Duty, ...]:
        """Return what a location owes, by due date."""
        alike = (profile.layer, profile.kind, profile.asset_class, profile.exemptions)
        key = (alike, profile.active_from, profile.ended_on)
        if (found := self._clipped.get(key)) is None:
            if (shared := self._shared.get(alike)) is None:
                shared = self._shared[alike] = self._lifelong(profile)
            found = self._clipped[key] = tuple(self._within_life(shared, profile))
        return found

    def grace(self, kind: PeriodKind, count: int) -> int:
        """Return how many days a window must have left to be owed by what begins inside it."""
        return max(1, -(-self.norms.grace_days[kind] // count))

    def _lifelong(self, profile: Profile) -> tuple[Duty, ...]:
        """Return what it would owe had it always been there."""
        found: list[Duty] = []
        rules = [
            r for r in self.rules if r.covers(profile.layer, profile.kind, profile.asset_class)
        ]
        named = {e.purpose for e in profile.exemptions if e.purpose and e.interval}
        for purpose in sorted({rule.purpose for rule in rules} | named):
            mine = [rule for rule in rules if rule.purpose == purpose]
            exemptions = [e for e in profile.exemptions if e.purpose in (None, purpose)]
            stretches = _stretches(purpose, mine, exemptions, self.horizon, profile)
            owed = [d for stretch in stretches for d in self._owed(purpose, stretch)]
            found += filter(self._touches, _numbered(owed))
        return tuple(sorted(found, key=lambda duty: (duty.due_on, duty.purpose)))

    def _owed(self, purpose: str, stretch: _Stretch) -> Iterator[Duty]:
        interval = stretch.interval
        for period in periods(interval.period, self.within):
            for ordinal, window in enumerate(windows(period, interval.count), 1):
                if window.end not in stretch.span:
                    continue
                opens = max(window.start, stretch.span.start)
                rule_id, exception_id = stretch.source(window.end)
                duty = Duty(
                    purpose,
                    interval.period,
                    period,
                    window,
                    ordinal,
                    window.start,
                    self._warn_on(interval.period, window.start, window.end),
                    window.end,
                    interval.count,
                    rule_id,
                    exception_id,
                )
                if (kept := self._opening(duty, opens)) is not None:
                    yield kept

    def _within_life(self, shared: Sequence[Duty], profile: Profile) -> Iterator[Duty]:
        for duty in shared:
            if profile.ended_on is not None and duty.due_on >= profile.ended_on:
                continue
            if duty.opens_on >= profile.active_from:
                yield duty
            elif (kept := self._opening(duty, profile.active_from)) is not None:
                yield kept

    def _touches(self, duty: Duty) -> bool:
        return duty.window.end >= self.within.start and duty.window.start <= self.within.end

    def _opening(self, duty: Duty, opens: date) -> Duty | None:
        """Return the duty as it opens on a day, or nothing when too few days are left."""
        if opens == duty.opens_on:
            return duty
        if (duty.due_on - opens).days + 1 < self.grace(duty.period, duty.count):
            return None
        warn_on = self._warn_on(duty.period, opens, duty.due_on)
        return replace(duty, opens_on=opens, warn_on=warn_on)

    def _warn_on(self, kind: PeriodKind, opens: date, due: date) -> date:
        return max(opens, due - timedelta(days=self.norms.due_soon_days[kind]))


def _stretches(
    purpose: str,
    rules: Sequence[Rule],
    exemptions: Sequence[Exemption],
    horizon: Span,
    profile: Profile,
) -> Iterator[_Stretch]:
    """Yield the days in a row that have one interval; days without any are left out."""
    edges = sorted({horizon.start, *_edges(rules, exemptions, horizon)})
    current: _Stretch | None = None
    for start, after in zip(edges, [*edges[1:], horizon.end + _DAY], strict=True):
        interval, rule_id, exception_id = _decided(purpose, rules, exemptions, start, profile)
        span, part = Span(start, after - _DAY), (start, rule_id, exception_id)
        if current is not None and interval == current.interval:
            current = _Stretch(
                Span(current.span.start, span.end), current.interval, (*current.parts, part)
            )
            continue
        if current is not None:
            yield current
        current = _Stretch(span, interval, (part,)) if interval else None
    if current is not None:
        yield current


def _edges(rules: Sequence[Rule], exemptions: Sequence[Exemption], horizon: Span) -> Iterator[date]:
    """Yield every day on which what holds may differ from the day before."""
    for rule in rules:
        after = rule.valid_to + _DAY if rule.valid_to else None
        for day in (rule.valid_from, after, rule.withdrawn_on):
            if day in horizon:
                assert day is not None  # noqa: S101
                yield day
    for exemption in exemptions:
        for day in (exemption.valid_from, exemption.valid_to + _DAY):
            if day in horizon:
                yield day


def _decided(
    purpose: str,
    rules: Sequence[Rule],
    exemptions: Sequence[Exemption],
    on: date,
    profile: Profile,
) -> tuple[Interval | None, int | None, int | None]:
    """Return what holds on a day: interval, rule, exception; a waiver beats another interval."""
    rule = strongest(rules, profile.layer, profile.kind, profile.asset_class, purpose, on)
    holding = [each for each in exemptions if each.holds(purpose, on)]
    if any(each.interval is None for each in holding):
        return None, None, None
    if holding:
        # The one that names the purpose, then the one granted last.
        chosen = max(holding, key=lambda each: (each.purpose is not None, each.id))
        # Another interval for every purpose calls no purpose into being that no rule asks for.
        if rule is not None or chosen.purpose is not None:
            return chosen.interval, rule.id if rule else None, chosen.id
    return (rule.interval, rule.id, None) if rule else (None, None, None)


def _numbered(owed: Iterable[Duty]) -> Iterator[Duty]:
    """Give duties of one period that a changed count gave the same number numbers of their own."""
    taken: dict[tuple[PeriodKind, date], set[int]] = {}
    for duty in owed:
        numbers = taken.setdefault((duty.period, duty.span.start), set())
        ordinal = duty.ordinal if duty.ordinal not in numbers else max(numbers) + 1
        numbers.add(ordinal)
        yield duty if ordinal == duty.ordinal else replace(duty, ordinal=ordinal)
