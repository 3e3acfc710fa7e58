"""What a plan would have to take in, counted before it is made, and the time of its teams."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.policies import within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.inspections.duties.periods import Span
from fuliang_gis.inspections.models import Obligation
from fuliang_gis.inspections.rounds.asking import wanted
from fuliang_gis.inspections.rounds.team_queries import TeamRow
from fuliang_gis.inspections.rounds.times import seconds_between
from fuliang_gis.inspections.rounds.working_days import working_days
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layers


@dataclass(frozen=True)
class LayerCount:
    """How many obligations of a layer are open, how many of those overdue or not urgent."""

    layer: str
    open: int
    overdue: int
    early: int

    @property
    def service_seconds(self) -> int:
        """Time on site that they ask for together [s]."""
        found = layers().get(self.layer)
        return self.open * (found.sheet.inspection.service_minutes if found else 15) * 60


@dataclass(frozen=True)
class Waiting:
    """What waits to be planned: ``skilled`` counts by purpose what takes a skill."""

    by_layer: tuple[LayerCount, ...]
    skilled: Mapping[str, int]

    @property
    def open(self) -> int:
        """All of them."""
        return sum(each.open for each in self.by_layer)

    @property
    def overdue(self) -> int:
        """Those that are late already."""
        return sum(each.overdue for each in self.by_layer)

    @property
    def early(self) -> int:
        """Those that are due only after the span."""
        return sum(each.early for each in self.by_layer)

    @property
    def service_seconds(self) -> int:
        """Time on site [s], without any driving."""
        return sum(each.service_seconds for each in self.by_layer)


def waiting(
    session: Session, actor: Actor, division: str, span: Span, today: date, *, early: bool
) -> Waiting:
    """Count the open obligations that a plan of the span would be asked to take in.

    Args:
        early: Count what is due only after the span too, as ``Wishes.early`` does.
    """
    late = Obligation.due_on < max(today, span.start)
    after = Obligation.due_on > span.end
    statement = (
        select(
            Obligation.layer,
            Obligation.purpose,
            func.count(),
            func.count().filter(late),
            func.count().filter(after),
        )
        .join(Location, Location.id == Obligation.location_id)
        .where(
            within(actor, Obligation.division_code),
            *wanted(division, span, early=early),
        )
        .group_by(Obligation.layer, Obligation.purpose)
    )
    rows = [(*row,) for row in session.execute(statement)]
    return Waiting(_by_layer(rows), _skilled(rows))


def _by_layer(rows: Sequence[tuple[str, str, int, int, int]]) -> tuple[LayerCount, ...]:
    found: dict[str, LayerCount] = {}
    for layer, _, *counts in rows:
        before = found.get(layer, LayerCount(layer, 0, 0, 0))
        held = (before.open, before.overdue, before.early)
        found[layer] = LayerCount(layer, *(a + b for a, b in zip(held, counts, strict=True)))
    return tuple(sorted(found.values(), key=lambda each: -each.open))


def _skilled(rows: Iterable[tuple[str, str, int, int, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for _, purpose, count, *_rest in rows:
        if purpose != "routine":
            found[purpose] = found.get(purpose, 0) + count
    return found


def team_days(teams: Iterable[TeamRow], span: Span) -> tuple[int, int]:
    """Return how many days the teams work in a span, and for how long altogether [s]."""
    days = seconds = 0
    for team in teams:
        worked = sum(1 for _ in working_days(span, team.weekdays))
        pause = team.break_minutes * 60 if team.break_from is not None else 0
        days += worked
        seconds += worked * max(seconds_between(team.starts, team.ends) - pause, 0)
    return days, seconds
