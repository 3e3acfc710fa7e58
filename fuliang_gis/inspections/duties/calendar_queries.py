"""The calendar of obligations: counted a day and a group, listed only when somebody asks.

A day may hold hundreds of obligations, so days carry counts of groups (a township, a village or a
person), and the rows of one group are read on demand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.policies import require
from fuliang_gis.accounts.roles import ROLE_PERMISSIONS, Actor, Permission
from fuliang_gis.db.fragments import Fragment, fetch_all
from fuliang_gis.inspections.duties.compliance_queries import DIGITS
from fuliang_gis.inspections.duties.periods import Span

#: Nothing is done so long before or after it is due; it keeps the search to one part of the index.
_REACH = timedelta(days=366)

KINDS = ("planned", "due", "done", "pool")


@dataclass(frozen=True)
class Look:
    """What the calendar shows: its days, today, and what it is narrowed to."""

    span: Span
    today: date
    by: str = "division"
    division: str | None = None
    layer: str | None = None
    purpose: str | None = None
    person: str | None = None


@dataclass(frozen=True)
class Group:
    """Obligations that a calendar shows as one: planned for a day, due, done, or not planned."""

    kind: str
    day: date | None
    key: str | None


@dataclass(frozen=True)
class Chip:
    """One counted group of one layer; ``moved`` is how many were done on another day than meant."""

    kind: str
    day: date | None
    key: str
    layer: str
    count: int
    moved: int
    first_due: date
    overdue: int


@dataclass(frozen=True)
class Item:
    """One obligation of an opened group."""

    id: int
    version: int
    layer: str
    code: str
    name: str
    village: str
    purpose: str
    opens_on: date
    due_on: date
    period_end: date
    planned_on: date | None
    done_on: date | None
    state: str
    assignee: str
    visitor: str


def days(session: Session, actor: Actor, look: Look) -> list[Chip]:
    """Count what is planned, due and done on each day of the span; one statement.

    Only what is planned is told apart by group, since only that is moved.

    Raises:
        OutsideDivision: The wanted division lies outside the actor's own.
    """
    where, key = _narrowed(actor, look), _key(actor, look)
    moved = "planned_on is not null and planned_on <> done_on"
    sql = f"""
with own as (
    select o.layer, o.state, o.due_on, o.planned_on, o.done_on, {key.sql} as key
    from obligation o where {where.sql} and (o.state = 'open' or o.state = 'done'
        and o.due_on between %(start)s - interval '366 days' and %(end)s + interval '366 days')
), shown as (
    select 'planned' as kind, planned_on as day, key, layer, false as moved, due_on from own
    where state = 'open' and planned_on between %(start)s and %(end)s
    union all
    select 'due', due_on, '', layer, planned_on is null, due_on from own
    where state = 'open' and due_on between %(start)s and %(end)s
    union all
    select 'done', done_on, '', layer, {moved}, due_on from own
    where state = 'done' and done_on between %(start)s and %(end)s
)
select kind, day, key, layer, count(*), count(*) filter (where moved), min(due_on),
    count(*) filter (where due_on < %(today)s)
from shown group by kind, day, key, layer order by kind, day, key, layer"""  # noqa: S608  # Our own pieces; values are bound.
    return [Chip(*row) for row in fetch_all(session, Fragment(sql, {**where.params, **key.params}))]


def pool(session: Session, actor: Actor, look: Look) -> list[Chip]:
    """Count what may still be planned and is not: open by the end of the span, its period not over.

    Raises:
        OutsideDivision: As above.
    """
    where, key = _narrowed(actor, look), _key(actor, look)
    sql = f"""
select 'pool', null::date, {key.sql}, o.layer, count(*), 0::bigint, min(o.due_on),
    count(*) filter (where o.due_on < %(today)s)
from obligation o where {where.sql} and {_POOL}
group by 3, o.layer order by 3, o.layer"""  # noqa: S608  # As above.
    return [Chip(*row) for row in fetch_all(session, Fragment(sql, {**where.params, **key.params}))]


_POOL = (
    "o.state = 'open' and o.planned_on is null and o.opens_on <= %(end)s"
    " and o.period_end >= %(today)s"
)


def items(
    session: Session, actor: Actor, look: Look, group: Group, *, most: int, skip: int = 0
) -> list[Item]:
    """Return the obligations of one group, the first due first.

    Raises:
        OutsideDivision: As above.
    """
    where = _of_group(actor, look, group)
    sql = f"""
select o.id, o.version, o.layer, l.code, l.name, coalesce(w.short_name, ''), o.purpose, o.opens_on,
    o.due_on, o.period_end, o.planned_on, o.done_on, o.state, coalesce(a.display_name, ''),
    coalesce(v.inspector_name, '')
from (select * from obligation o where {where.sql}
    order by o.due_on, o.division_code, o.id limit %(most)s offset %(skip)s) as o
join location l on l.id = o.location_id
left join division w on w.code = o.division_code
left join account a on a.id = o.assignee_id
left join visit v on v.id = o.visit_id
order by o.due_on, o.division_code, o.id"""  # noqa: S608  # As above.
    found = fetch_all(session, Fragment(sql, {**where.params, "most": most, "skip": skip}))
    return [Item(*row) for row in found]


def members(
    session: Session, actor: Actor, look: Look, group: Group, *, most: int
) -> list[tuple[int, int]]:
    """Return id and version of a group's obligations that are still open, the first due first.

    Raises:
        OutsideDivision: As above.
    """
    where = _of_group(actor, look, group)
    sql = (
        f"select o.id, o.version from obligation o where {where.sql} and o.state = 'open'"  # noqa: S608  # As above.
        " order by o.due_on, o.division_code, o.id limit %(most)s"
    )
    found = fetch_all(session, Fragment(sql, {**where.params, "most": most}))
    return [(key, version) for key, version in found]


def versions(session: Session, actor: Actor, ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return id and version of the obligations of those ids that the actor may read."""
    where = _narrowed(actor, Look(Span(date.min, date.max), date.min))
    sql = f"select o.id, o.version from obligation o where {where.sql} and o.id = any(%(ids)s)"  # noqa: S608  # As above.
    found = dict(fetch_all(session, Fragment(sql, {**where.params, "ids": list(ids)})))
    return [(key, found[key]) for key in ids if key in found]


def _narrowed(actor: Actor, look: Look) -> Fragment:
    """Return the condition that obligation ``o`` is among what the calendar is narrowed to."""
    scope = look.division or actor.scope
    require(actor, Permission.READ, scope)
    conditions = ["o.division_code ~>=~ %(scope)s and o.division_code ~<~ %(beyond)s"]
    given = [name for name in ("layer", "purpose") if getattr(look, name) is not None]
    conditions += [f"o.{name} = %({name})s" for name in given]
    if look.person is not None:
        conditions.append("coalesce(o.assignee_id::text, '') = %(person)s")
    params = {
        "scope": scope,
        "beyond": scope[:-1] + chr(ord(scope[-1]) + 1),
        "start": look.span.start,
        "end": look.span.end,
        "today": look.today,
        "layer": look.layer,
        "purpose": look.purpose,
        "person": look.person,
    }
    return Fragment(" and ".join(conditions), params)


def _key(actor: Actor, look: Look) -> Fragment:
    if look.by == "person":
        return Fragment("coalesce(o.assignee_id::text, '')")
    digits = DIGITS[level(actor, look)]
    return Fragment("left(o.division_code, %(digits)s)", {"digits": digits})


def level(actor: Actor, look: Look) -> str:
    """Return the level of divisions that groups stand for: townships, or villages inside one."""
    scope = look.division or actor.scope
    return "village" if len(scope) >= DIGITS["township"] else "township"


def _of_group(actor: Actor, look: Look, group: Group) -> Fragment:
    where, key = _narrowed(actor, look), _key(actor, look)
    day = {
        "planned": "o.state = 'open' and o.planned_on = %(day)s",
        "due": "o.state = 'open' and o.due_on = %(day)s",
        "done": "o.state = 'done' and o.done_on = %(day)s and"
        " o.due_on between %(day)s - interval '366 days' and %(day)s + interval '366 days'",
        "pool": _POOL,
    }[group.kind]
    conditions = f"{where.sql} and {day}"
    if group.key is not None:
        conditions += f" and {key.sql} = %(key)s"
    values = {"day": group.day, "key": group.key}
    return Fragment(conditions, {**where.params, **key.params, **values})


def inspectors(session: Session, actor: Actor, scope: str) -> list[tuple[int, str]]:
    """Return id and name of the accounts that may record visits somewhere in a division."""
    roles = [
        role.value for role, may in ROLE_PERMISSIONS.items() if Permission.RECORD_VISITS in may
    ]
    above = [scope[:digits] for digits in (6, 9, 12) if len(scope) >= digits]
    wanted = (
        select(Account.id, Account.display_name)
        .where(
            Account.active,
            Account.role.in_(roles),
            or_(Account.division_code.startswith(scope), Account.division_code.in_(above)),
            Account.division_code.startswith(actor.scope),
        )
        .order_by(Account.division_code, Account.display_name)
        .limit(300)
    )
    return [(key, name) for key, name in session.execute(wanted)]
