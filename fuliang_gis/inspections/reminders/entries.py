"""What stands in a post's calendar: visits by day and place, deadlines of defects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.policies import has, within
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas.models import Division
from fuliang_gis.inspections.models import Defect, Obligation
from fuliang_gis.inspections.reminders.calendar import MOST, Entry
from fuliang_gis.inspections.reminders.queries import visits
from fuliang_gis.locations.models import Location

#: How far back what is unfinished stays in the calendar, and how far ahead it looks.
BACK = timedelta(days=31)
AHEAD = timedelta(days=92)
#: Places named in one entry.
NAMED = 10
#: Digits of village and township codes.
_LEVELS = (12, 9)


def entries(session: Session, actor: Actor, today: date, most: int = MOST) -> list[Entry]:
    """Return a post's entries, no more than asked for; visits make way for deadlines."""
    deadlines = list(_deadlines(session, actor, today))[: most // 2]
    duties = _visits(session, actor, today, most - len(deadlines)) if visits(actor) else []
    return sorted([*duties, *deadlines], key=lambda entry: (entry.day, entry.key))


def _visits(session: Session, actor: Actor, today: date, most: int) -> Sequence[Entry]:
    mine = list(_groups(session, actor, today, _LEVELS[0], most, mine=True))
    others = list(_groups(session, actor, today, _LEVELS[0], most + 1, mine=False))
    if len(mine) + len(others) > most:
        others = list(_groups(session, actor, today, _LEVELS[1], most, mine=False))
    return [*mine, *others][:most]


def _groups(
    session: Session, actor: Actor, today: date, digits: int, most: int, *, mine: bool
) -> Iterator[Entry]:
    """Yield unfinished visits by day and division, those assigned to the post or all others."""
    own = Obligation.assignee_id == actor.account_id
    day = func.coalesce(Obligation.planned_on, Obligation.due_on) if mine else Obligation.due_on
    code = func.left(Obligation.division_code, digits)
    whose: ColumnElement[bool] = (
        own if mine else Obligation.assignee_id.is_distinct_from(actor.account_id)
    )
    grouped = (
        select(
            day.label("day"),
            code.label("code"),
            func.count().label("number"),
            func.min(Obligation.due_on).label("due_on"),
            func.array_agg(Obligation.location_id)[1:NAMED].label("ids"),
        )
        .where(
            Obligation.state == "open",
            whose,
            within(actor, Obligation.division_code),
            day.between(today - BACK, today + AHEAD),
        )
        .group_by(day, code)
        .order_by(day, code)
        .limit(most)
        .subquery()
    )
    rows = session.execute(
        select(grouped, Division.name)
        .join(Division, Division.code == grouped.c.code)
        .order_by(grouped.c.day, grouped.c.code)
    ).all()
    names = _names(session, [each for row in rows for each in row.ids])
    for row in rows:
        named = [names[each] for each in row.ids if each in names]
        group = _Group(row.day, row.code, row.name, row.number, row.due_on, named)
        yield _visit_entry(actor, group, mine=mine)


@dataclass(frozen=True)
class _Group:
    """Unfinished visits of one day in one division."""

    day: date
    code: str
    name: str
    number: int
    due_on: date
    named: Sequence[str]


def _visit_entry(actor: Actor, group: _Group, *, mine: bool) -> Entry:
    whose = f"mine-{actor.account_id}" if mine else "visits"
    until = f"最晚 {group.due_on:%Y-%m-%d} 前完成。" if group.due_on != group.day else "当天到期。"
    listed = "、".join(group.named) + ("等" if group.number > len(group.named) else "")
    return Entry(
        f"{whose}-{group.day:%Y%m%d}-{group.code}",
        group.day,
        f"{'我的' if mine else ''}巡查：{group.name} {group.number} 处",
        f"{until}{listed}",
        "/reminders",
    )


def _names(session: Session, ids: Sequence[int]) -> dict[int, str]:
    statement = select(Location.id, Location.name).where(Location.id.in_(ids))
    return {row.id: row.name for row in session.execute(statement)} if ids else {}


def _deadlines(session: Session, actor: Actor, today: date) -> Iterator[Entry]:
    here = within(actor, Defect.division_code)
    oversees = has(actor, Permission.HANDLE_DEFECTS) or has(actor, Permission.CLOSE_DEFECTS)
    mine = and_(Defect.owner_id == actor.account_id, here)
    statement = (
        select(Defect.number, Defect.title, Defect.due_on, Defect.responsible_unit, Location.name)
        .outerjoin(Location, Location.id == Defect.location_id)
        .where(
            Defect.state != "closed",
            or_(mine, here) if oversees else mine,
            Defect.due_on.between(today - BACK, today + AHEAD),
        )
        .order_by(Defect.due_on, Defect.number)
        .limit(MOST)
    )
    for row in session.execute(statement):
        where = f"地点：{row.name}。" if row.name else ""
        unit = f"责任单位：{row.responsible_unit}。" if row.responsible_unit else ""
        yield Entry(
            f"defect-{row.number}",
            row.due_on,
            f"整改期限：{row.title}",
            f"问题 {row.number}。{where}{unit}",
            f"/defects/{row.number}",
        )
