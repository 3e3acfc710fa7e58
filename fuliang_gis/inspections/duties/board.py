"""The compliance board: what is told of a span, from one pass over what was owed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.inspections.duties import compliance_queries as queries
from fuliang_gis.inspections.duties.compliance import Counts, by_period, total, trend_span
from fuliang_gis.inspections.duties.compliance_queries import DIGITS, Ages, Wanted
from fuliang_gis.inspections.duties.periods import PeriodKind, Span
from fuliang_gis.inspections.norms import norms
from fuliang_gis.locations.models import ASSET_CLASSES
from fuliang_gis.locations.registry import layers

#: What the board counts by.
BREAKDOWNS = {
    "division": "乡镇 / 村",
    "asset_class": "资产类别",
    "layer": "设施图层",
    "purpose": "巡查事项",
    "person": "责任人员",
}
TRENDS = {"quarter": PeriodKind.QUARTER, "month": PeriodKind.MONTH}
#: Before this nothing was owed.
FIRST_DAY = date(2000, 1, 1)

UNASSIGNED = "未指派"


@dataclass(frozen=True)
class Line:
    """One row of a breakdown; ``above`` is the township of a village."""

    key: str
    title: str
    counts: Counts
    above: str = ""


@dataclass(frozen=True)
class Board:
    """Everything counted for one page; ``areas`` are what the map shows."""

    total: Counts
    areas: Sequence[Line]
    lines: Sequence[Line]
    trend: Sequence[tuple[date, Counts]]
    overdue: Ages


def build(
    session: Session, actor: Actor, wanted: Wanted, *, by: str, level: str, trend: str
) -> Board:
    """Count one page of the board.

    ``overdue`` is everything overdue by the end of the span, however long ago it was due; the rest
    is of the span alone.

    Raises:
        OutsideDivision: The wanted division lies outside the actor's own.
    """
    kind = TRENDS[trend]
    span = trend_span(kind, wanted.span.end)
    found = queries.tally(session, actor, wanted, trend=span, level=level, by=by)
    names = queries.division_names(session, wanted.division or actor.scope, level)
    areas = _areas(found.areas, names)
    return Board(
        total(found.areas.values()),
        areas,
        areas if by == "division" else _lines(session, found.groups, by),
        by_period(kind, span, found.days),
        queries.overdue_ages(session, actor, up_to_date(wanted)),
    )


def up_to_date(wanted: Wanted) -> Wanted:
    """Return the wanted without a beginning, for what is still overdue from before."""
    return replace(wanted, span=Span(FIRST_DAY, max(wanted.span.end, FIRST_DAY)))


def _areas(counted: Mapping[str, Counts], names: Mapping[str, tuple[str, str]]) -> list[Line]:
    found = []
    for code, counts in sorted(counted.items()):
        # What is recorded to a township or the county itself belongs to none of the areas.
        own = ("", "县本级" if len(code) < DIGITS["township"] else "乡镇本级")
        above, title = names.get(code, own)
        found.append(Line(code, title, counts, above))
    return found


def _lines(session: Session, counted: Mapping[str, Counts], by: str) -> list[Line]:
    if by == "person":
        ids = [int(key) for key in counted if key.isdigit()]
        names = {str(key): name for key, name in queries.account_names(session, ids).items()}
        named = {key: key.removeprefix("n:") or UNASSIGNED for key in counted} | names
    else:
        named = labels(by)
    return [Line(key, named.get(key, key), counts) for key, counts in sorted(counted.items())]


def labels(column: str) -> dict[str, str]:
    """Return the Chinese names of the values of a column that is counted by."""
    if column == "asset_class":
        return dict(ASSET_CLASSES)
    if column == "layer":
        return {name: found.sheet.title.zh for name, found in layers().items()}
    return {key: words.zh for key, words in norms().purposes.items()}


#: Orders of the table: by name, by number owed or overdue, by rate; a minus turns one round.
SORTS = ("title", "owed", "missed", "rate")


def in_order(lines: Iterable[Line], sort: str) -> list[Line]:
    """Return the lines in an order; those without a rate come last."""
    name, turned = sort.removeprefix("-"), sort.startswith("-")
    if name == "title":
        return sorted(lines, key=lambda line: line.key, reverse=turned)

    def placed(line: Line) -> tuple[bool, float, str]:
        value = line.counts.rate if name == "rate" else getattr(line.counts, name)
        return value is None, (value or 0) * (-1 if turned else 1), line.key

    return sorted(lines, key=placed)
