"""Two plans side by side: their totals, and what each makes on another day or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fuliang_gis.inspections.rounds.views import PlanRow, RoundView, StopView, Totals, totals_of


@dataclass(frozen=True)
class Slot:
    """Where a plan puts a stop."""

    team_id: int
    team_name: str
    day: date
    ordinal: int


@dataclass(frozen=True)
class Change:
    """A stop that the plans place differently, or that only one has (the other slot is None).

    ``kinds`` tells in what they differ: ``team``, ``day``, ``order``, ``only_a``, ``only_b``.
    """

    obligation_id: int | None
    location_id: int
    layer: str
    code: str
    name: str
    a: Slot | None
    b: Slot | None
    kinds: tuple[str, ...]


CHANGE_NAMES = {
    "team": "换队伍",
    "day": "换日期",
    "order": "换次序",
    "only_a": "仅前者有",
    "only_b": "仅后者有",
}


@dataclass(frozen=True)
class Comparison:
    """Two plans with totals, and every stop on which they differ; ``same`` counts the others."""

    a: PlanRow
    b: PlanRow
    totals_a: Totals
    totals_b: Totals
    changes: tuple[Change, ...]
    same: int

    @property
    def moved(self) -> tuple[Change, ...]:
        """What both have, with another team, on another day or in another order."""
        return tuple(each for each in self.changes if each.a is not None and each.b is not None)

    @property
    def only_a(self) -> tuple[Change, ...]:
        """What only the first has."""
        return tuple(each for each in self.changes if each.b is None)

    @property
    def only_b(self) -> tuple[Change, ...]:
        """What only the second has."""
        return tuple(each for each in self.changes if each.a is None)


#: What tells one stop of a plan from the others: its obligation, else its location.
_Key = tuple[str, int]


def compared(
    a: PlanRow, b: PlanRow, rounds_a: Sequence[RoundView], rounds_b: Sequence[RoundView]
) -> Comparison:
    """Compare two plans by their rounds."""
    in_a, in_b = _placed(rounds_a), _placed(rounds_b)
    reordered = _reordered(in_a, in_b)
    changes = []
    for key in [*in_a, *(key for key in in_b if key not in in_a)]:
        kinds = _kinds(in_a.get(key), in_b.get(key), reordered=key in reordered)
        if kinds:
            changes.append(_change(in_a.get(key), in_b.get(key), kinds))
    totals = totals_of(rounds_a, a.left_over), totals_of(rounds_b, b.left_over)
    both = sum(change.a is not None and change.b is not None for change in changes)
    return Comparison(a, b, *totals, tuple(changes), len(in_a.keys() & in_b.keys()) - both)


def _placed(rounds: Sequence[RoundView]) -> dict[_Key, tuple[RoundView, StopView]]:
    return {_key(stop): (each, stop) for each in rounds for stop in each.stops}


def _key(stop: StopView) -> _Key:
    if stop.obligation_id is not None:
        return "obligation", stop.obligation_id
    return "location", stop.location_id


def _kinds(
    a: tuple[RoundView, StopView] | None,
    b: tuple[RoundView, StopView] | None,
    *,
    reordered: bool,
) -> tuple[str, ...]:
    if a is None or b is None:
        return ("only_b",) if a is None else ("only_a",)
    told = {
        "team": a[0].team_id != b[0].team_id,
        "day": a[0].day != b[0].day,
        "order": reordered,
    }
    return tuple(kind for kind, so in told.items() if so)


def _reordered(
    in_a: dict[_Key, tuple[RoundView, StopView]], in_b: dict[_Key, tuple[RoundView, StopView]]
) -> set[_Key]:
    """Return what both make on the same day with the same team, but not in the same order.

    Stops that only one of the plans makes there do not count, or everything behind them would.
    """
    alike: dict[tuple[int, date], list[_Key]] = {}
    for key, (home, _) in in_a.items():
        other = in_b.get(key)
        if other and (other[0].team_id, other[0].day) == (home.team_id, home.day):
            alike.setdefault((home.team_id, home.day), []).append(key)
    found: set[_Key] = set()
    for keys in alike.values():
        first = sorted(keys, key=lambda key: in_a[key][1].ordinal)
        second = sorted(keys, key=lambda key: in_b[key][1].ordinal)
        found |= {x for x, y in zip(first, second, strict=True) if x != y}
    return found


def _change(
    a: tuple[RoundView, StopView] | None,
    b: tuple[RoundView, StopView] | None,
    kinds: tuple[str, ...],
) -> Change:
    _, stop = a or b or (None, None)
    assert stop is not None  # noqa: S101  # One of them has it.
    return Change(
        stop.obligation_id,
        stop.location_id,
        stop.layer,
        stop.code,
        stop.name,
        _slot(a),
        _slot(b),
        kinds,
    )


def _slot(placed: tuple[RoundView, StopView] | None) -> Slot | None:
    if placed is None:
        return None
    home, stop = placed
    return Slot(home.team_id, home.team_name, home.day, stop.ordinal)
