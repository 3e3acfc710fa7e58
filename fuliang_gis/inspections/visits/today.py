"""Reading what there is to do: one task for each location and purpose, however much it owes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import SRID

Urgency = Literal["overdue", "due_soon", "open"]
#: Words for people, the most urgent first.
URGENCIES: Mapping[str, str] = {"overdue": "已逾期", "due_soon": "即将到期", "open": "待巡查"}


@dataclass(frozen=True)
class Wanted:
    """Which tasks; ``near`` (lon, lat) puts the nearest first."""

    urgency: str | None = None
    mine: bool = False
    division: str | None = None
    layer: str | None = None
    near: tuple[float, float] | None = None


@dataclass(frozen=True)
class Task:
    """A visit to make: where, by when, how many are owed, and how far it is [m]."""

    layer: str
    code: str
    name: str
    kind: str | None
    division_name: str
    township_name: str
    purpose: str
    urgency: Urgency
    due_on: date
    planned_on: date | None
    owed: int
    mine: bool
    open_defects: int
    lon: float
    lat: float
    distance_m: float | None


@dataclass(frozen=True)
class Tasks:
    """One page of tasks, and how many there are of each urgency before that is chosen."""

    rows: Sequence[Task]
    counts: Mapping[str, int]
    mine: int
    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        """Number of pages, at least one."""
        return max(1, -(-self.total // self.size))


#: What an office has planned for somebody comes before the rest of the division.
_TASKS = """
with task as (
    select location_id, purpose, min(due_on) as due_on, min(warn_on) as warn_on,
        min(planned_on) as planned_on, count(*) as owed, min(kind) as kind,
        coalesce(bool_or(assignee_id = :me), false) as mine
    from obligation
    where state = 'open' and opens_on <= :today and starts_with(division_code, :division)
        and division_code ~>=~ :division and division_code ~<~ :beyond
        and (cast(:layer as text) is null or layer = :layer)
    group by location_id, purpose
), told as (
    select task.*, l.layer, l.code, l.name, l.division_code, l.geom,
        case when task.due_on < :today then 'overdue' when task.warn_on <= :today then 'due_soon'
            else 'open' end as urgency
    from task join location l on l.id = task.location_id and l.deleted_at is null
)
"""

_COUNTS = text(f"{_TASKS} select urgency, mine, count(*) from told group by urgency, mine")  # noqa: S608

_PAGE = """
select t.layer, t.code, t.name, t.kind, d.name as division_name,
    coalesce(p.name, d.name) as township_name, t.purpose, t.urgency, t.due_on, t.planned_on,
    t.owed, t.mine, coalesce(s.open_defects, 0) as open_defects,
    ST_X(ST_PointOnSurface(t.geom)) as lon, ST_Y(ST_PointOnSurface(t.geom)) as lat,
    {distance} as distance_m
from told t join division d on d.code = t.division_code
left join division p on p.code = left(t.division_code, 9)
left join location_state s on s.location_id = t.location_id
where (cast(:urgency as text) is null or t.urgency = :urgency) and (t.mine or not :mine)
order by {order}, t.due_on, t.layer, t.code limit :size offset :offset
"""
_DISTANCE = (
    f"ST_Distance(t.geom::geography, ST_SetSRID(ST_MakePoint(:lon, :lat), {SRID})::geography)"
)


def tasks(
    session: Session, actor: Actor, wanted: Wanted, today: date, *, page: int = 1, size: int = 50
) -> Tasks:
    """Return one page of what is to do in the actor's own division."""
    division = actor.scope
    if wanted.division and wanted.division.startswith(actor.scope):
        division = wanted.division
    given: dict[str, Any] = {
        "me": actor.account_id,
        "today": today,
        "division": division,
        "beyond": division[:-1] + chr(ord(division[-1]) + 1),
        "layer": wanted.layer,
    }
    counts = dict.fromkeys(URGENCIES, 0)
    mine = total = 0
    for urgency, own, number in session.execute(_COUNTS, given):
        mine += number if own else 0
        if own or not wanted.mine:
            counts[urgency] += number
            total += number if wanted.urgency in (None, urgency) else 0
    place = {} if wanted.near is None else {"lon": wanted.near[0], "lat": wanted.near[1]}
    statement = _PAGE.format(
        distance=_DISTANCE if place else "null::float", order="16" if place else "t.mine desc"
    )
    more = {"urgency": wanted.urgency, "mine": wanted.mine, "size": size}
    rows = session.execute(
        text(_TASKS + statement), given | more | place | {"offset": (page - 1) * size}
    )
    return Tasks([Task(*row) for row in rows], counts, mine, total, page, size)


@dataclass(frozen=True)
class Owed:
    """What one location owes for one purpose."""

    purpose: str
    due_on: date
    owed: int


_OWED = text("""
select purpose, min(due_on), count(*) from obligation
where location_id = :location and state = 'open' and opens_on <= :today
group by purpose order by min(due_on), purpose
""")


def owed_at(session: Session, location_id: int, today: date) -> list[Owed]:
    """Return what a location owes by purpose, the most urgent first."""
    rows = session.execute(_OWED, {"location": location_id, "today": today})
    return [Owed(*row) for row in rows]
