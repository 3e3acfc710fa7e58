"""A plan laid out as its board shows it: a week or a month of days, a row a team (pure)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import url_for

from fuliang_gis.inspections.rounds.queries import PlanDetail, PlanRow, RoundLine, RoundView
from fuliang_gis.inspections.rounds.team_queries import TeamRow
from fuliang_gis.inspections.rounds.working_days import works
from fuliang_gis.web.pages.asked import day_or_none
from fuliang_gis.web.pages.rounds_asked import whole

VIEWS: Mapping[str, str] = {"week": "周", "month": "月"}
#: How many colours rounds are told apart by; further ones are dashed.
TINTS = 8
#: From this share of the shift a day counts as full.
FULL = 0.98


@dataclass(frozen=True)
class Look:
    """What of a plan is looked at: a week or month of it, and one round."""

    plan_id: int
    view: str
    first: date
    last: date
    before: date | None
    after: date | None
    round_id: int | None

    def address(self, endpoint: str = "round_board.show", **changed: object) -> str:
        """Return the address of the same board with something changed."""
        asked: dict[str, object] = {
            "plan_id": self.plan_id,
            "view": self.view,
            "day": self.first,
            "round": self.round_id,
        }
        kept = {n: v for n, v in (asked | changed).items() if v not in (None, "")}
        return url_for(endpoint, **kept)  # type: ignore[arg-type]

    @property
    def days(self) -> list[date]:
        """The days in sight."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


@dataclass(frozen=True)
class Cell:
    """One team's day: its round, or whether the team works at all."""

    day: date
    works: bool
    round: RoundView | None
    tint: int

    @property
    def tint_class(self) -> str:
        """The class of the round's colour."""
        return tint_class(self.tint)


@dataclass(frozen=True)
class Row:
    """One team's days in sight."""

    team: TeamRow
    locked: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Board:
    """A plan's days in sight, with the round that is looked at."""

    rows: tuple[Row, ...]
    chosen: RoundView | None
    chosen_tint: int

    @property
    def tint_class(self) -> str:
        """The class of the colour of the round that is looked at."""
        return tint_class(self.chosen_tint)


def look_at(plan: PlanRow, given: Mapping[str, str], today: date) -> Look:
    """Read which part of a plan is asked for; what makes no sense is left to the usual."""
    view = given.get("view", "")
    view = view if view in VIEWS else "week"
    day = day_or_none(given.get("day", "")) or today
    day = min(max(day, plan.first_day), plan.last_day)
    if view == "week":
        first = day - timedelta(days=day.weekday())
        last = first + timedelta(days=6)
    else:
        first = day.replace(day=1)
        last = day.replace(day=monthrange(day.year, day.month)[1])
    before = first - timedelta(days=1) if first > plan.first_day else None
    after = last + timedelta(days=1) if last < plan.last_day else None
    shown = (max(first, plan.first_day), min(last, plan.last_day))
    return Look(plan.id, view, *shown, before, after, whole(given.get("round", "")))


def tint_class(tint: int) -> str:
    """Return the class of a round's colour."""
    return f"tint-{tint % TINTS}" + (" tint--dashed" if tint // TINTS % 2 else "")


def numbered(rounds: Iterable[tuple[date, str, int, int]]) -> dict[int, int]:
    """Return the number of each round's colour by its id, which comes last.

    Neighbours in day and team get different ones.
    """
    return {each[-1]: number for number, each in enumerate(sorted(rounds))}


def map_line(line: RoundLine, tint: int) -> dict[str, object]:
    """Return a round's line as the map of rounds takes it."""
    return {
        "id": line.round_id,
        "tint": tint,
        "title": f"{line.team_name} {line.day:%m-%d}",
        "line": line.line,
        "station": line.station,
        "stops": line.stops,
        "broken": line.broken,
    }


def board_of(detail: PlanDetail, look: Look, today: date) -> Board:
    """Lay a plan out."""
    seen = [each for each in detail.rounds if look.first <= each.day <= look.last]
    tints = numbered((each.day, each.team_name, each.team_id, each.id) for each in seen)
    by_place = {(each.team_id, each.day): each for each in seen}
    rows = []
    for each in detail.teams:
        cells = tuple(
            Cell(
                day,
                works(day, each.team.weekdays),
                found := by_place.get((each.team.id, day)),
                tints.get(found.id, 0) if found else 0,
            )
            for day in look.days
        )
        rows.append(Row(each.team, each.team.id in detail.locked_teams, cells))
    chosen = _chosen(seen, look.round_id, today)
    tint = tints.get(chosen.id, 0) if chosen else 0
    return Board(tuple(rows), chosen, tint)


def _chosen(seen: Sequence[RoundView], round_id: int | None, today: date) -> RoundView | None:
    """Return the round asked for, else the first from today on, else the first."""
    named = (each for each in seen if each.id == round_id)
    ahead = (each for each in seen if each.day >= today)
    return next(named, None) or next(ahead, None) or next(iter(seen), None)
