"""What waits for a post: counts in few queries, and the first rows of each list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.policies import COUNTY_DIGITS, has, within
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas.models import Division
from fuliang_gis.inspections.models import (
    Defect,
    DefectMeasure,
    Disposal,
    Obligation,
    ProblemReport,
)
from fuliang_gis.locations.models import Location

#: Visits of one's own, and defects of each kind, that are listed; pages of their own list all.
SHOWN = 20
SHOWN_PROBLEMS = 8
#: A badge counts no farther; a busy county would otherwise count thousands for it.
MOST = 100


@dataclass(frozen=True)
class Duty:
    """One visit that is assigned to the post."""

    layer: str
    code: str
    name: str
    purpose: str
    due_on: date
    planned_on: date | None


@dataclass(frozen=True)
class Place:
    """Unfinished visits of one division."""

    code: str
    name: str
    overdue: int
    due_soon: int


@dataclass(frozen=True)
class Problem:
    """One defect that the post should act on."""

    number: str
    title: str
    severity: str
    state: str
    due_on: date
    location: str | None


@dataclass(frozen=True)
class Counts:
    """How many of everything wait; zero where the role has nothing to do with it."""

    my_overdue: int = 0
    my_due_soon: int = 0
    overdue: int = 0
    due_soon: int = 0
    to_fix: int = 0
    to_assign: int = 0
    to_verify: int = 0
    to_close: int = 0
    late_defects: int = 0
    reports: int = 0
    disposals: int = 0

    @property
    def anything(self) -> bool:
        """Whether something waits."""
        return any(vars(self).values())


def counts(session: Session, actor: Actor, today: date) -> Counts:
    """Count what waits for a post, in at most five statements."""
    found: dict[str, int] = {}
    if visits(actor):
        found |= _named(session, _duty_counts(actor, today))
    if kinds := _defect_kinds(actor, today):
        found |= _named(session, _defect_counts(kinds))
    for name, statement in _decisions(actor).items():
        found[name] = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    return Counts(**found)


def badge(session: Session, actor: Actor, today: date) -> int:
    """Count what the post itself should do next, in one statement and up to ``MOST`` of a kind.

    Unassigned overdue visits count for posts of townships and villages; for the county's own
    thousands there is the board.
    """
    parts: list[Select[int]] = list(_decisions(actor).values())
    if visits(actor):
        mine = Obligation.assignee_id == actor.account_id
        parts.append(_open_duties(actor).where(mine, _warned(today)))
        if len(actor.scope) > COUNTY_DIGITS:
            nobodys = Obligation.assignee_id.is_(None)
            parts.append(_open_duties(actor).where(nobodys, Obligation.due_on < today))
    parts += [
        select(Defect.id).where(Defect.state != "closed", condition)
        for name, condition in _defect_kinds(actor, today).items()
        if name != "late_defects"
    ]
    if not parts:
        return 0
    bounded = [
        select(func.count()).select_from(part.limit(MOST).subquery()).scalar_subquery()
        for part in parts
    ]
    total: ColumnElement[int] = literal(0)
    for each in bounded:
        total = total + each
    return session.scalar(select(total)) or 0


def visits(actor: Actor) -> bool:
    """Tell whether the post has to do with visits."""
    return has(actor, Permission.RECORD_VISITS) or has(actor, Permission.MANAGE_ROUNDS)


def my_duties(session: Session, actor: Actor, today: date) -> Sequence[Duty]:
    """Return the first visits assigned to the post that are overdue, due soon or planned by now."""
    statement = (
        select(
            Location.layer,
            Location.code,
            Location.name,
            Obligation.purpose,
            Obligation.due_on,
            Obligation.planned_on,
        )
        .join(Location, Location.id == Obligation.location_id)
        .where(
            Obligation.state == "open",
            Obligation.assignee_id == actor.account_id,
            within(actor, Obligation.division_code),
            or_(_warned(today), Obligation.planned_on <= today),
        )
        .order_by(Obligation.due_on, Obligation.id)
        .limit(SHOWN)
    )
    return [Duty(*row) for row in session.execute(statement)]


def places(session: Session, actor: Actor, today: date) -> Sequence[Place]:
    """Return the divisions one level below the post's own that have visits overdue or due soon."""
    digits = min(len(actor.scope) + 3, 12)
    code = func.left(Obligation.division_code, digits).label("code")
    overdue, due_soon = _overdue_and_soon(today)
    inner = (
        select(code, overdue.label("overdue"), due_soon.label("due_soon"))
        .where(Obligation.state == "open", within(actor, Obligation.division_code), _warned(today))
        .group_by(code)
        .subquery()
    )
    statement = (
        select(inner.c.code, Division.name, inner.c.overdue, inner.c.due_soon)
        .join(Division, Division.code == inner.c.code)
        .order_by(inner.c.overdue.desc(), inner.c.due_soon.desc(), inner.c.code)
    )
    return [Place(*row) for row in session.execute(statement)]


def problems(session: Session, actor: Actor, kind: str, today: date) -> Sequence[Problem]:
    """Return the first defects of a kind (a field of ``Counts``), the most urgent first."""
    condition = _defect_kinds(actor, today).get(kind)
    if condition is None:
        return ()
    statement = (
        select(
            Defect.number,
            Defect.title,
            Defect.severity,
            Defect.state,
            Defect.due_on,
            Location.name,
        )
        .outerjoin(Location, Location.id == Defect.location_id)
        .where(Defect.state != "closed", condition)
        .order_by(Defect.due_on, Defect.id)
        .limit(SHOWN_PROBLEMS)
    )
    return [Problem(*row) for row in session.execute(statement)]


def _duty_counts(actor: Actor, today: date) -> Select[int, int, int, int]:
    overdue, due_soon = _overdue_and_soon(today)
    mine = Obligation.assignee_id == actor.account_id
    my_overdue, my_due_soon = (
        func.count().filter(mine, Obligation.due_on < today),
        func.count().filter(mine, Obligation.due_on >= today),
    )
    return select(
        my_overdue.label("my_overdue"),
        my_due_soon.label("my_due_soon"),
        overdue.label("overdue"),
        due_soon.label("due_soon"),
    ).where(Obligation.state == "open", within(actor, Obligation.division_code), _warned(today))


def _overdue_and_soon(today: date) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return (
        func.count().filter(Obligation.due_on < today),
        func.count().filter(Obligation.due_on >= today),
    )


def _warned(today: date) -> ColumnElement[bool]:
    return Obligation.warn_on <= today


def _open_duties(actor: Actor) -> Select[int]:
    return select(Obligation.id).where(
        Obligation.state == "open", within(actor, Obligation.division_code)
    )


def _defect_counts(kinds: Mapping[str, ColumnElement[bool]]) -> Select[*tuple[int, ...]]:
    counted = [func.count().filter(condition).label(name) for name, condition in kinds.items()]
    open_ones = select(*counted).select_from(Defect).where(Defect.state != "closed")
    return open_ones.where(or_(*kinds.values()))


def _defect_kinds(actor: Actor, today: date) -> dict[str, ColumnElement[bool]]:
    """Return which defects wait for the post, by what it is to do with them."""
    here = within(actor, Defect.division_code)
    mine = Defect.owner_id == actor.account_id
    fixed_by_me = exists().where(
        DefectMeasure.defect_id == Defect.id,
        DefectMeasure.state == "fixed",
        DefectMeasure.fixed_by == actor.account_id,
    )
    kinds = {
        Permission.FIX_DEFECTS: ("to_fix", and_(mine, Defect.state == "assigned")),
        Permission.HANDLE_DEFECTS: ("to_assign", and_(here, Defect.state == "found")),
        Permission.VERIFY_DEFECTS: (
            "to_verify",
            and_(here, Defect.state == "fixed", ~fixed_by_me),
        ),
        Permission.CLOSE_DEFECTS: ("to_close", and_(here, Defect.state == "verified")),
    }
    found = {
        name: condition for permission, (name, condition) in kinds.items() if has(actor, permission)
    }
    if found:
        oversees = has(actor, Permission.HANDLE_DEFECTS) or has(actor, Permission.CLOSE_DEFECTS)
        concern = or_(mine, here) if oversees else mine
        found["late_defects"] = and_(concern, Defect.due_on < today)
    return found


def _decisions(actor: Actor) -> dict[str, Select[int]]:
    """Return what waits for the post's decision."""
    found: dict[str, Select[int]] = {}
    if has(actor, Permission.HANDLE_DEFECTS):
        found["reports"] = select(ProblemReport.id).where(
            ProblemReport.state == "waiting", within(actor, ProblemReport.division_code)
        )
    if has(actor, Permission.APPROVE_DISPOSAL):
        found["disposals"] = select(Disposal.id).where(
            Disposal.state == "proposed",
            within(actor, Disposal.division_code),
            Disposal.proposed_by.is_distinct_from(actor.account_id),
        )
    return found


def _named(session: Session, statement: Select[*tuple[int, ...]]) -> dict[str, int]:
    return dict(session.execute(statement).one()._mapping)  # noqa: SLF001  # SQLAlchemy's public name
