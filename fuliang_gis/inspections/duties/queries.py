"""Reading obligations: the list of tasks, and what one location owes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from fuliang_gis.accounts.models import Account, AuditEvent
from fuliang_gis.accounts.policies import inside, within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.db import paging
from fuliang_gis.db.base import Json
from fuliang_gis.errors import BadRequest, NotFound
from fuliang_gis.inspections.duties.states import State, state_of
from fuliang_gis.inspections.models import Obligation
from fuliang_gis.locations.models import Location

#: The largest page a caller may ask for.
MAX_PAGE = 1000
_TOWNSHIP_DIGITS = 9
_MOST_STEPS = 200

#: What stands for every state in which somebody has to go there now.
TODO = "todo"


@dataclass(frozen=True)
class Filters:
    """What the list of tasks is narrowed to; None means all. ``state`` is a ``State`` or TODO."""

    division: str | None = None
    layer: str | None = None
    purpose: str | None = None
    state: str | None = None
    assignee_id: int | None = None
    due_from: date | None = None
    due_to: date | None = None
    location_id: int | None = None


@dataclass(frozen=True)
class Task:
    """One obligation with the names that go with it, and what it is today."""

    obligation: Obligation
    layer: str
    code: str
    name: str
    division_name: str
    township_name: str
    assignee_name: str | None
    state: State


@dataclass(frozen=True)
class Step:
    """One thing that somebody decided about an obligation: ``audit.ACTION_NAMES`` names it."""

    at: datetime
    actor: str
    action: str
    detail: Json


#: One page of tasks.
Page: TypeAlias = paging.Page[Task]


_SORTS: dict[str, ColumnElement[Any]] = {
    "due_on": Obligation.due_on.expression,
    "planned_on": Obligation.planned_on.expression,
    "division_code": Obligation.division_code.expression,
    "code": Location.code.expression,
    "purpose": Obligation.purpose.expression,
    "layer": Obligation.layer.expression,
    "done_on": Obligation.done_on.expression,
}


def list_obligations(
    session: Session,
    actor: Actor,
    filters: Filters,
    today: date,
    *,
    sort: str = "due_on",
    descending: bool = False,
    page: int = 1,
    size: int = 50,
) -> Page:
    """Return one page of the tasks that the actor may see.

    Raises:
        BadRequest: The sort, the state or the page cannot be served.
    """
    if not 1 <= size <= MAX_PAGE or page < 1:
        raise BadRequest(reason=f"每页 1～{MAX_PAGE} 条，页码从 1 开始")
    wanted = _conditions(actor, filters, today)
    statement = _tasks().where(*wanted).order_by(*_order(sort, descending=descending))
    rows = session.execute(statement.limit(size).offset((page - 1) * size))
    total = session.scalar(
        select(func.count())
        .select_from(Obligation)
        .join(Location, Location.id == Obligation.location_id)
        .where(*wanted)
    )
    return Page([_task(row, today) for row in rows], total or 0, page, size)


def every_obligation(
    session: Session, actor: Actor, filters: Filters, today: date, *, sort: str, descending: bool
) -> Iterator[Task]:
    """Yield every task of a list, for a file; rows are fetched as they are written."""
    statement = _tasks().where(*_conditions(actor, filters, today))
    statement = statement.order_by(*_order(sort, descending=descending))
    rows = session.execute(statement, execution_options={"yield_per": 2000})
    yield from (_task(row, today) for row in rows)


def obligation(session: Session, actor: Actor, obligation_id: int, today: date) -> Task:
    """Return one task.

    Raises:
        NotFound: There is none that the actor may see.
    """
    seen = within(actor, Obligation.division_code)
    row = session.execute(_tasks().where(Obligation.id == obligation_id, seen)).one_or_none()
    if row is None:
        raise NotFound(what="巡查任务", key=obligation_id)
    return _task(row, today)


def history(session: Session, found: Obligation) -> list[Step]:
    """Return what people decided about an obligation, the latest first; from the audit record."""
    statement = (
        select(
            AuditEvent.at,
            func.coalesce(Account.display_name, AuditEvent.actor),
            AuditEvent.action,
            AuditEvent.detail,
        )
        .outerjoin(Account, Account.id == AuditEvent.actor_id)
        .where(
            AuditEvent.subject == f"obligation/{found.id}",
            AuditEvent.outcome == "done",
            # The record is indexed by time.
            AuditEvent.at >= found.created_at,
        )
        .order_by(AuditEvent.id.desc())
        .limit(_MOST_STEPS)
    )
    return [Step(*row) for row in session.execute(statement)]


def of_location(session: Session, actor: Actor, location_id: int, today: date) -> Sequence[Task]:
    """Return everything that one location owes or owed, the newest first."""
    statement = (
        _tasks()
        .where(Obligation.location_id == location_id, within(actor, Obligation.division_code))
        .order_by(Obligation.due_on.desc(), Obligation.purpose, Obligation.ordinal.desc())
    )
    return [_task(row, today) for row in session.execute(statement)]


def assignable(session: Session, actor: Actor) -> Sequence[tuple[int, str]]:
    """Return id and name of accounts that tasks are assigned to within the actor's division."""
    statement = (
        select(Account.id, Account.display_name)
        .where(
            Account.active,
            Account.role.in_(("inspector", "village_informant", "township_staff")),
            inside(actor.scope, Account.division_code),
        )
        .order_by(Account.division_code, Account.display_name)
    )
    return [(row.id, row.display_name) for row in session.execute(statement)]


def state_condition(state: str, today: date) -> ColumnElement[bool]:
    """Return the filter that ``states.state_of`` is in Python.

    Raises:
        BadRequest: There is no such state.
    """
    o = Obligation
    is_open, is_done = o.state == "open", o.state == "done"
    known = {
        State.UPCOMING: and_(is_open, o.opens_on > today, o.warn_on > today, o.due_on >= today),
        State.OPEN: and_(is_open, o.opens_on <= today, o.warn_on > today),
        State.DUE_SOON: and_(is_open, o.warn_on <= today, o.due_on >= today),
        State.OVERDUE: and_(is_open, o.due_on < today),
        State.DONE: and_(is_done, o.done_on <= o.due_on),
        State.DONE_LATE: and_(is_done, o.done_on > o.due_on),
        State.EXCUSED: o.state == "excused",
        TODO: and_(is_open, o.opens_on <= today),
    }
    if state not in known:
        raise BadRequest(reason=f"没有“{state}”这一状态")
    return known[state]


def _conditions(actor: Actor, filters: Filters, today: date) -> list[ColumnElement[bool]]:
    o = Obligation
    wanted: list[ColumnElement[bool]] = [
        within(actor, o.division_code),
        # What was owed stays in the figures; nobody is sent to what is no longer there.
        or_(
            o.state != "open",
            and_(Location.deleted_at.is_(None), Location.use_status != "disposed"),
        ),
    ]
    if filters.division:
        wanted.append(inside(filters.division, o.division_code))
    if filters.state:
        wanted.append(state_condition(filters.state, today))
    if filters.due_from:
        wanted.append(o.due_on >= filters.due_from)
    if filters.due_to:
        wanted.append(o.due_on <= filters.due_to)
    equal = {
        o.layer: filters.layer,
        o.purpose: filters.purpose,
        o.assignee_id: filters.assignee_id,
        o.location_id: filters.location_id,
    }
    return wanted + [column == value for column, value in equal.items() if value is not None]


def _order(sort: str, *, descending: bool) -> Sequence[ColumnElement[Any]]:
    if sort not in _SORTS:
        raise BadRequest(reason=f"不能按“{sort}”排序")
    column = _SORTS[sort]
    first = column.desc().nulls_last() if descending else column.asc().nulls_last()
    return [first, Obligation.due_on.expression, Obligation.id.expression]


def _tasks() -> Select[Obligation, str, str, str, str, str, str]:
    township = aliased(Division)
    return (
        select(
            Obligation,
            Location.layer,
            Location.code,
            Location.name,
            Division.name,
            func.coalesce(township.name, Division.name),
            Account.display_name,
        )
        .join(Location, Location.id == Obligation.location_id)
        .join(Division, Division.code == Obligation.division_code)
        .outerjoin(township, township.code == func.left(Obligation.division_code, _TOWNSHIP_DIGITS))
        .outerjoin(Account, Account.id == Obligation.assignee_id)
    )


def _task(row: Row[Obligation, str, str, str, str, str, str], today: date) -> Task:
    found, layer, code, name, division, township, assignee = row
    state = state_of(found.state, found.opens_on, found.warn_on, found.due_on, found.done_on, today)
    return Task(found, layer, code, name, division, township, assignee, state)
