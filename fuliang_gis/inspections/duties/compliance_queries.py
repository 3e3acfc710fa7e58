"""Counting obligations for the board, inside the actor's division, in as few passes as may be.

Every statement asks by due date and division, which is what ``ix_obligation_due_division`` holds.
What became of each row is told by the same words as in ``compliance.outcome_of``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.policies import require
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas.models import Division
from fuliang_gis.db.fragments import Fragment, fetch_all
from fuliang_gis.inspections.duties.compliance import AGES, Counts, Outcome
from fuliang_gis.inspections.duties.periods import Span

#: Digits of the codes by which divisions are told apart.
DIGITS = {"township": 9, "village": 12}

_OUTCOMES: Mapping[Outcome, str] = {
    Outcome.ON_TIME: "o.state = 'done' and o.done_on <= o.due_on",
    Outcome.LATE: "o.state = 'done' and o.done_on > o.due_on",
    Outcome.MISSED: "o.state = 'open' and o.due_on < %(today)s",
    Outcome.PENDING: "o.state = 'open' and o.due_on >= %(today)s",
    Outcome.EXCUSED: "o.state = 'excused'",
}
_COUNTED = ", ".join(f"count(*) filter (where {how}) as {o.value}" for o, how in _OUTCOMES.items())

#: Who an obligation is counted for: who visited, else who was meant to.
_PERSON = "coalesce(v.inspector_id::text, 'n:' || v.inspector_name, o.assignee_id::text, '')"
_VISIT = "left join visit v on v.id = o.visit_id"


@dataclass(frozen=True)
class Wanted:
    """Which obligations: due in the span, narrowed by what is given, as seen today."""

    span: Span
    today: date
    division: str | None = None
    layer: str | None = None
    asset_class: str | None = None
    purpose: str | None = None


@dataclass(frozen=True)
class Listing:
    """What of the wanted is listed: one outcome, one age of the overdue, one person."""

    outcome: Outcome | None = Outcome.MISSED
    age: str | None = None
    person: str | None = None


@dataclass(frozen=True)
class Row:
    """One obligation as a list tells it."""

    id: int
    layer: str
    code: str
    name: str
    deleted: bool
    division_code: str
    township: str
    village: str
    asset_class: str
    purpose: str
    period: str
    period_start: date
    due_on: date
    planned_on: date | None
    done_on: date | None
    state: str
    assignee: str
    visitor: str
    excuse: str

    @property
    def person(self) -> str:
        """Who visited, else who was meant to."""
        return self.visitor or self.assignee


@dataclass(frozen=True)
class Ages:
    """How many are overdue, by how long; keys are those of ``compliance.AGES``."""

    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All that are overdue."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Tallies:
    """Counts of one search: of each due date for a trend, of each area, of each group."""

    days: Sequence[tuple[date, Counts]]
    areas: Mapping[str, Counts]
    groups: Mapping[str, Counts]


#: What obligations are grouped by; a person is an account's id, ``n:`` and a name, or ''.
GROUPS = {
    "layer": "o.layer",
    "asset_class": "o.asset_class",
    "purpose": "o.purpose",
    "person": _PERSON,
    "division": "''",
}


def tally(
    session: Session, actor: Actor, wanted: Wanted, *, trend: Span, level: str, by: str
) -> Tallies:
    """Count by area (a code shorter than the level's stands for itself), by group and by due date.

    The due dates are those of the trend, from which any period follows; all else is of the span.

    Raises:
        OutsideDivision: The wanted division lies outside the actor's own.
    """
    found: dict[str, dict[str, Counts]] = {"day": {}, "area": {}, "group": {}}
    for what, key, *counts in fetch_all(session, tallying(actor, wanted, trend, level, by)):
        found[what][key] = Counts(*counts)
    days = [(date.fromisoformat(key), counts) for key, counts in found["day"].items()]
    return Tallies(sorted(days, key=lambda each: each[0]), found["area"], found["group"])


def tallying(actor: Actor, wanted: Wanted, trend: Span, level: str, by: str) -> Fragment:
    """Compose the statement that counts everything in one pass.

    The rows are read and judged once, into counts a due date, area and group; what is asked is
    added up from those few. Periods are told from due dates in Python, since telling them row by
    row costs more than counting.
    """
    span = wanted.span
    whole = Span(min(span.start, trend.start), max(span.end, trend.end))
    where = _where(actor, replace(wanted, span=whole))
    summed = ", ".join(f"sum({each.value})::bigint" for each in _OUTCOMES)
    # Before the span only due dates matter; telling areas apart there would cost for nothing.
    inside = "o.due_on between %(span_start)s and %(span_end)s"
    sql = f"""
with counted as (
    select o.due_on as day, case when {inside} then left(o.division_code, %(digits)s) end as area,
        case when {inside} then {GROUPS[by]} end as cluster,
        {_COUNTED}
    from obligation o {_VISIT if by == "person" else ""} where {where.sql} group by 1, 2, 3
)
select 'day', day::text, {summed} from counted
where day between %(trend_start)s and %(trend_end)s group by day
union all select 'area', area, {summed} from counted
where area is not null group by area
union all select 'group', cluster, {summed} from counted
where area is not null group by cluster"""  # noqa: S608  # Our own pieces; values are bound.
    own = {
        "digits": DIGITS[level],
        "span_start": span.start,
        "span_end": span.end,
        "trend_start": trend.start,
        "trend_end": trend.end,
    }
    return Fragment(sql, {**where.params, **own})


def _where(actor: Actor, wanted: Wanted) -> Fragment:
    """Return the condition on obligation ``o``.

    Raises:
        OutsideDivision: The wanted division lies outside the actor's own.
    """
    scope = wanted.division or actor.scope
    require(actor, Permission.READ, scope)
    given = {
        name: value
        for name in ("layer", "asset_class", "purpose")
        if (value := getattr(wanted, name)) is not None
    }
    conditions = [
        "o.due_on between %(start)s and %(end)s",
        # The operators of the text_pattern_ops indexes, as in ``accounts.policies.inside``.
        "o.division_code ~>=~ %(scope)s and o.division_code ~<~ %(beyond)s",
        *(f"o.{name} = %({name})s" for name in given),
    ]
    params = {
        "start": wanted.span.start,
        "end": wanted.span.end,
        "scope": scope,
        "beyond": scope[:-1] + chr(ord(scope[-1]) + 1),
        "today": wanted.today,
    }
    return Fragment(" and ".join(conditions), {**params, **given})


def overdue_ages(session: Session, actor: Actor, wanted: Wanted) -> Ages:
    """Count what is overdue of the wanted, by how long.

    Raises:
        OutsideDivision: As above.
    """
    where = _where(actor, wanted)
    counted = ", ".join(f"count(*) filter (where {_aged(name)})" for name, *_ in AGES)
    sql = (
        f"select {counted} from obligation o"  # noqa: S608  # Our own pieces; values are bound.
        f" where {where.sql} and {_OUTCOMES[Outcome.MISSED]}"
    )
    (row,) = fetch_all(session, Fragment(sql, where.params))
    return Ages({name: number for (name, *_), number in zip(AGES, row, strict=True)})


def _aged(name: str) -> str:
    _, least, most = next(age for age in AGES if age[0] == name)
    days = "(%(today)s::date - o.due_on)"
    return f"{days} >= {least}" if most is None else f"{days} between {least} and {most}"


def count_listed(session: Session, actor: Actor, wanted: Wanted, listing: Listing) -> int:
    """Return how many obligations the list has.

    Raises:
        OutsideDivision: As above.
    """
    where = _listed(actor, wanted, listing)
    join = _VISIT if listing.person is not None else ""
    sql = f"select count(*) from obligation o {join} where {where.sql}"  # noqa: S608  # Our own.
    ((number,),) = fetch_all(session, Fragment(sql, where.params))
    return int(number)


def rows(
    session: Session,
    actor: Actor,
    wanted: Wanted,
    listing: Listing,
    *,
    skip: int = 0,
    most: int = 100,
) -> Iterator[Row]:
    """Yield obligations, the longest due first.

    Raises:
        OutsideDivision: As above.
    """
    where = _listed(actor, wanted, listing)
    # The page is cut out first; what it is called is read for its rows alone.
    sql = f"""
with chosen as (
    select o.* from obligation o {_VISIT if listing.person is not None else ""}
    where {where.sql} order by o.due_on, o.division_code, o.id limit %(most)s offset %(skip)s
)
select o.id, o.layer, l.code, l.name, l.deleted_at is not null, o.division_code,
    coalesce(t.short_name, ''), coalesce(w.short_name, ''), o.asset_class, o.purpose, o.period,
    o.period_start, o.due_on, o.planned_on, o.done_on, o.state, coalesce(a.display_name, ''),
    coalesce(v.inspector_name, ''), coalesce(o.excuse, '')
from chosen o join location l on l.id = o.location_id
left join division t on t.code = left(o.division_code, 9) and t.level = 'township'
left join division w on w.code = o.division_code and w.level = 'village'
left join account a on a.id = o.assignee_id
{_VISIT}
order by o.due_on, o.division_code, o.id"""  # noqa: S608  # Our own pieces; values are bound.
    params = {**where.params, "most": most, "skip": skip}
    for row in fetch_all(session, Fragment(sql, params)):
        yield Row(*row)


def _listed(actor: Actor, wanted: Wanted, listing: Listing) -> Fragment:
    conditions = []
    if listing.outcome is not None:
        conditions.append(_OUTCOMES[listing.outcome])
    if listing.age is not None:
        conditions.append(_aged(listing.age))
    if listing.person is not None:
        conditions.append(f"{_PERSON} = %(person)s")
    where = _where(actor, wanted)
    sql = " and ".join([where.sql, *conditions])
    return Fragment(sql, {**where.params, "person": listing.person or ""})


def division_names(session: Session, scope: str, level: str) -> dict[str, tuple[str, str]]:
    """Return township and own name of every division of a level inside a scope, by code."""
    above = _named(session, scope[:9], "township")
    if level == "township":
        return {code: ("", name) for code, name in above.items()}
    return {
        code: (above.get(code[:9], ""), name)
        for code, name in _named(session, scope, "village").items()
    }


def _named(session: Session, scope: str, level: str) -> dict[str, str]:
    wanted = select(Division.code, Division.short_name).where(
        Division.level == level, Division.code.startswith(scope)
    )
    return {code: name for code, name in session.execute(wanted.order_by(Division.code))}  # noqa: C416  # Rows unpack, and dict() takes only tuples.


def account_names(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Return the names of accounts by id."""
    wanted = select(Account.id, Account.display_name).where(Account.id.in_(ids))
    return {key: name for key, name in session.execute(wanted)}  # noqa: C416  # As above.
