"""The compliance board over five years beside the same aggregation in plain SQL.

Both answer the same questions about the same rows, by turns: how each township, each asset class
and each quarter came out, and how long what is overdue has been so. The plain side is what a person
would type, one statement a question; that both come to the same figures is checked first.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.inspections.duties.board import Board, build
from fuliang_gis.inspections.duties.compliance import Counts
from fuliang_gis.inspections.duties.compliance_queries import Wanted
from fuliang_gis.inspections.duties.periods import PeriodKind, Span, period_of

YEARS = 5
ROUNDS = 7

_PLAIN = """
select {key},
    count(*) filter (where state = 'done' and done_on <= due_on),
    count(*) filter (where state = 'done' and done_on > due_on),
    count(*) filter (where state = 'open' and due_on < :today),
    count(*) filter (where state = 'open' and due_on >= :today),
    count(*) filter (where state = 'excused')
from obligation where due_on between :first and :last group by 1 order by 1
"""
_OVERDUE = """
select count(*) filter (where :today - due_on between 1 and 7),
    count(*) filter (where :today - due_on between 8 and 30),
    count(*) filter (where :today - due_on between 31 and 90),
    count(*) filter (where :today - due_on > 90)
from obligation where state = 'open' and due_on < :today and due_on <= :last
"""
_KEYS = ("left(division_code, 9)", "asset_class", "date_trunc('quarter', due_on)::date")


@dataclass(frozen=True)
class Measured:
    """Medians of both sides [s] over so many obligations."""

    board: float
    plain: float
    obligations: int

    @property
    def ratio(self) -> float:
        """The board's time / plain SQL's time; what ``board_vs_sql`` holds."""
        return self.board / self.plain


def measure(session: Session, actor: Actor, today: date, *, rounds: int = ROUNDS) -> Measured:
    """Time both sides over the five years that end with today's quarter, as the session has them.

    The table should have been analysed. The actor is of the county, so that both see every row.

    Raises:
        AssertionError: The two sides do not come to the same figures.
    """
    span = five_years(today)
    days = {"first": span.start, "last": span.end, "today": today}

    def plain() -> list[list[tuple[object, ...]]]:
        questions = [*(_PLAIN.format(key=key) for key in _KEYS), _OVERDUE]
        asked = [session.execute(text(each), _needed(each, days)) for each in questions]
        return [[tuple(row) for row in rows] for rows in asked]

    def board() -> Board:
        wanted = Wanted(span, today)
        return build(session, actor, wanted, by="asset_class", level="township", trend="quarter")

    _agree(board(), plain())
    times: dict[str, list[float]] = {"board": [], "plain": []}
    for _ in range(rounds):
        times["board"].append(_timed(board))
        times["plain"].append(_timed(plain))
    number = session.scalar(
        text("select count(*) from obligation where due_on between :first and :last"),
        _needed("first last", days),
    )
    medians = {side: statistics.median(taken) for side, taken in times.items()}
    return Measured(medians["board"], medians["plain"], int(number or 0))


def five_years(today: date) -> Span:
    """Return the twenty quarters that end with today's."""
    last = period_of(PeriodKind.QUARTER, today).end
    after = last + timedelta(days=1)
    return Span(after.replace(year=after.year - YEARS), last)


def _needed(statement: str, days: dict[str, date]) -> dict[str, date]:
    return {name: day for name, day in days.items() if name in statement}


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _agree(found: Board, plain: list[list[tuple[object, ...]]]) -> None:
    townships, classes, quarters, (ages,) = plain
    shown = (
        [(line.key, line.counts) for line in found.areas],
        [(line.key, line.counts) for line in found.lines],
        [(start, counts) for start, counts in found.trend if counts != Counts()],
    )
    for ours, theirs in zip(shown, (townships, classes, quarters), strict=True):
        assert ours == [(key, Counts(*counts)) for key, *counts in theirs]  # type: ignore[arg-type]
    assert tuple(found.overdue.counts.values()) == ages
