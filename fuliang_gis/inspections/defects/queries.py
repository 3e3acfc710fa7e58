"""Reading problems: the ledger, its counts, and one problem; bounded to the actor's division."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.policies import inside, within
from fuliang_gis.accounts.roles import ROLE_PERMISSIONS, Actor, Permission
from fuliang_gis.areas.models import Division
from fuliang_gis.db import paging
from fuliang_gis.errors import BadRequest, NotFound
from fuliang_gis.inspections.models import (
    Attachment,
    Defect,
    DefectEvent,
    DefectMeasure,
    ProblemReport,
    Visit,
)
from fuliang_gis.locations.models import Location

#: Roles of the accounts that may be given problems.
MENDERS = frozenset(
    role.value for role, held in ROLE_PERMISSIONS.items() if Permission.FIX_DEFECTS in held
)

#: The largest page a caller may ask for.
MAX_PAGE = 500
_TOWNSHIP_DIGITS = 9
_STREAMED = 500


@dataclass(frozen=True)
class Filters:
    """What the ledger is narrowed to; None means all.

    ``state`` is one of the states, ``open`` (not closed) or ``overdue``; ``text`` finds number,
    title, description, owner, unit and location.
    """

    division: str | None = None
    state: str | None = None
    severity: str | None = None
    category: str | None = None
    source: str | None = None
    aspect: str | None = None
    owner_id: int | None = None
    location_id: int | None = None
    text: str | None = None


@dataclass(frozen=True)
class Row:
    """One problem of the ledger; its latest feedback and counts of measures and photos."""

    defect: Defect
    division_name: str
    township_name: str
    layer: str | None
    code: str | None
    place: str | None
    measures: int
    measures_verified: int
    feedback: str | None
    feedback_at: datetime | None
    photos: int

    def overdue_days(self, today: date) -> int:
        """Days it is overdue, zero when it is not."""
        late = (today - self.defect.due_on).days
        return max(late, 0) if self.defect.state != "closed" else 0


#: One page of the ledger.
Page: TypeAlias = paging.Page[Row]


@dataclass(frozen=True)
class Statistics:
    """How many problems stand where; the first five make up ``total``.

    ``awaiting`` (待反馈) are those on which nothing was reported yet, ``under_way`` (整改中/待验收)
    the other ones that are not closed.
    """

    found: int
    assigned: int
    fixed: int
    verified: int
    closed: int
    awaiting: int
    overdue: int

    @property
    def total(self) -> int:
        """Every problem."""
        return self.found + self.assigned + self.fixed + self.verified + self.closed

    @property
    def under_way(self) -> int:
        """Not closed, and reported on."""
        return self.total - self.closed - self.awaiting

    @property
    def rate(self) -> float | None:
        """Closed of all, from 0 to 1; None when there are none."""
        return self.closed / self.total if self.total else None


def _latest(column: ColumnElement[Any] | Any) -> ColumnElement[Any]:  # noqa: ANN401  # A mapped column.
    return (
        select(column)
        .where(DefectEvent.defect_id == Defect.id, DefectEvent.action == "fix")
        .order_by(DefectEvent.id.desc())
        .limit(1)
        .correlate(Defect)
        .scalar_subquery()
    )


def _measures(*wanted: ColumnElement[bool]) -> ColumnElement[int]:
    return (
        select(func.count())
        .select_from(DefectMeasure)
        .where(DefectMeasure.defect_id == Defect.id, *wanted)
        .scalar_subquery()
    )


_PHOTOS = (
    select(func.count())
    .select_from(Attachment)
    .where(Attachment.defect_id == Defect.id)
    .scalar_subquery()
)
_TOWNSHIP = aliased(Division)
_SEVERITY_ORDER = case({"serious": 0, "ordinary": 1}, value=Defect.severity, else_=2)
_STATE_ORDER = case(
    {"found": 0, "assigned": 1, "fixed": 2, "verified": 3}, value=Defect.state, else_=4
)
_SORTS: dict[str, ColumnElement[Any] | Any] = {
    "number": Defect.number,
    "title": Defect.title,
    "severity": _SEVERITY_ORDER,
    "state": _STATE_ORDER,
    "due_on": Defect.due_on,
    "found_at": Defect.found_at,
    "updated_at": Defect.updated_at,
    "division_code": Defect.division_code,
    "category": Defect.category,
    "rejections": Defect.rejections,
    "aspect": Defect.aspect,
}
SORTS = frozenset(_SORTS)


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Defect,
            Division.name,
            func.coalesce(_TOWNSHIP.name, Division.name),
            Location.layer,
            Location.code,
            Location.name,
            _measures(),
            _measures(DefectMeasure.state == "verified"),
            _latest(DefectEvent.text),
            _latest(DefectEvent.at),
            _PHOTOS,
        )
        .join(Division, Division.code == Defect.division_code)
        .outerjoin(_TOWNSHIP, _TOWNSHIP.code == func.left(Defect.division_code, _TOWNSHIP_DIGITS))
        .outerjoin(Location, Location.id == Defect.location_id)
    )


def conditions(actor: Actor, filters: Filters, today: date) -> list[ColumnElement[bool]]:
    """Return the WHERE clauses that a filter stands for."""
    wanted: list[ColumnElement[bool]] = [within(actor, Defect.division_code)]
    if filters.division:
        wanted.append(inside(filters.division, Defect.division_code))
    if filters.state == "overdue":
        wanted.append(_overdue(today))
    elif filters.state == "open":
        wanted.append(Defect.state != "closed")
    elif filters.state:
        wanted.append(Defect.state == filters.state)
    wanted.extend(
        getattr(Defect, name) == value
        for name in ("severity", "category", "source", "aspect", "owner_id", "location_id")
        if (value := getattr(filters, name)) is not None
    )
    if filters.text and (text := filters.text.strip()):
        columns = (
            Defect.number,
            Defect.title,
            Defect.description,
            Defect.owner_name,
            Defect.responsible_unit,
        )
        named = select(Location.id).where(
            Location.id == Defect.location_id, Location.name.icontains(text, autoescape=True)
        )
        found = [column.icontains(text, autoescape=True) for column in columns]
        wanted.append(or_(*found, named.correlate(Defect).exists()))
    return wanted


def _overdue(today: date) -> ColumnElement[bool]:
    return and_(Defect.state != "closed", Defect.due_on < today)


def list_page(
    session: Session,
    actor: Actor,
    filters: Filters,
    today: date,
    *,
    sort: str = "found_at",
    descending: bool = True,
    page: int = 1,
    size: int = 50,
) -> Page:
    """Return one page of the ledger.

    Raises:
        BadRequest: The sort or the page cannot be served.
    """
    if not 1 <= size <= MAX_PAGE or page < 1:
        raise BadRequest(reason=f"每页 1～{MAX_PAGE} 条，页码从 1 开始")
    wanted = conditions(actor, filters, today)
    statement = _rows().where(*wanted).order_by(*_order(sort, descending=descending))
    total = count(session, actor, filters, today)
    found = session.execute(statement.limit(size).offset((page - 1) * size))
    return Page([Row(*row) for row in found], total, page, size)


def count(session: Session, actor: Actor, filters: Filters, today: date) -> int:
    """Count the problems that a filter keeps."""
    wanted = conditions(actor, filters, today)
    return session.scalar(select(func.count()).select_from(Defect).where(*wanted)) or 0


def every_row(
    session: Session,
    actor: Actor,
    filters: Filters,
    today: date,
    *,
    sort: str = "number",
    descending: bool = False,
) -> Iterator[Row]:
    """Give the whole ledger row by row, so that its length needs no memory."""
    statement = (
        _rows()
        .where(*conditions(actor, filters, today))
        .order_by(*_order(sort, descending=descending))
        .execution_options(yield_per=_STREAMED)
    )
    for row in session.execute(statement):
        yield Row(*row)


def _order(sort: str, *, descending: bool) -> list[ColumnElement[Any]]:
    if sort not in _SORTS:
        raise BadRequest(reason=f"不能按“{sort}”排序")
    columns = (_SORTS[sort], Defect.id)
    return [column.desc() if descending else column.asc() for column in columns]


def statistics(session: Session, actor: Actor, filters: Filters, today: date) -> Statistics:
    """Count problems by where they stand, in one pass."""
    told = (
        select(DefectEvent.id)
        .where(DefectEvent.defect_id == Defect.id, DefectEvent.action == "fix")
        .exists()
    )
    states = [
        func.count().filter(Defect.state == state)
        for state in ("found", "assigned", "fixed", "verified", "closed")
    ]
    awaiting = or_(Defect.state == "found", and_(Defect.state == "assigned", ~told))
    counted: list[ColumnElement[int]] = [*states, func.count().filter(awaiting)]
    counted.append(func.count().filter(_overdue(today)))
    statement = select(*counted).where(*conditions(actor, filters, today))
    return Statistics(*map(int, session.execute(statement).one()))


@dataclass(frozen=True)
class Event:
    """One step of a problem's way; ``ordinal`` is that of its measure."""

    action: str
    actor_name: str
    at: datetime
    text: str | None
    detail: dict[str, Any]
    ordinal: int | None


@dataclass(frozen=True)
class Shown:
    """One problem with everything about it."""

    row: Row
    path: Sequence[str]
    measures: Sequence[DefectMeasure]
    people: dict[int, str]
    events: Sequence[Event]
    photos: Sequence[Attachment]
    visit: Visit | None
    report: ProblemReport | None
    geom: Any

    @property
    def defect(self) -> Defect:
        """The problem itself."""
        return self.row.defect

    def photos_of(self, measure: DefectMeasure) -> list[Attachment]:
        """Return the photos that show a measure carried out, the newest last."""
        # A picture sent twice is stored as one file, and shown once.
        found = {each.digest: each for each in self.photos if each.role == "after"}
        return [each for each in found.values() if measure.ordinal in self.measures_of(each)]

    def measures_of(self, photo: Attachment) -> list[int]:
        """Return the ordinals of the measures that a photo shows carried out."""
        return sorted(self._shown_by.get(photo.digest, ())) if photo.role == "after" else []

    @cached_property
    def _shown_by(self) -> dict[str, set[int]]:
        """The measures by the digest of what came with their feedback, or was added to it."""
        found: dict[str, set[int]] = {}
        for event in self.events:
            if event.ordinal is not None:
                for digest in event.detail.get("photos", ()):
                    found.setdefault(digest, set()).add(event.ordinal)
        return found

    @property
    def photos_before(self) -> list[Attachment]:
        """Return the photos that show what was wrong."""
        return [each for each in self.photos if each.role in ("before", "visit", "report")]


def get(session: Session, actor: Actor, number: str) -> Shown:
    """Return one problem with its measures, way and photos, in a constant number of queries.

    Raises:
        NotFound: There is none of that number that the actor may read.
    """
    statement = (
        _rows()
        .add_columns(Visit, ProblemReport, Location.geom)
        .outerjoin(Visit, Visit.id == Defect.visit_id)
        .outerjoin(ProblemReport, ProblemReport.defect_id == Defect.id)
        .where(Defect.number == number, within(actor, Defect.division_code))
        .limit(1)
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        raise NotFound(what="问题", key=number)
    *row, visit, report, geom = found
    defect: Defect = row[0]
    measures = session.scalars(
        select(DefectMeasure)
        .where(DefectMeasure.defect_id == defect.id)
        .order_by(DefectMeasure.ordinal)
    ).all()
    codes = [defect.division_code[:digits] for digits in (6, 9, 12)]
    path = session.scalars(
        select(Division.name).where(Division.code.in_(codes)).order_by(Division.code)
    ).all()
    return Shown(
        Row(*row),
        path,
        measures,
        _people(session, defect, measures),
        events(session, defect),
        _photos(session, defect, visit, report),
        visit,
        report,
        geom,
    )


def events(session: Session, defect: Defect) -> list[Event]:
    """Return a problem's way, the oldest step first."""
    statement = (
        select(
            DefectEvent.action,
            DefectEvent.actor_name,
            DefectEvent.at,
            DefectEvent.text,
            DefectEvent.detail,
            DefectMeasure.ordinal,
        )
        .outerjoin(DefectMeasure, DefectMeasure.id == DefectEvent.measure_id)
        .where(DefectEvent.defect_id == defect.id)
        .order_by(DefectEvent.id)
    )
    return [Event(*row) for row in session.execute(statement)]


def _people(session: Session, defect: Defect, measures: Sequence[DefectMeasure]) -> dict[int, str]:
    ids = {defect.owner_id, defect.found_by, defect.closed_by}
    ids |= {who for each in measures for who in (each.fixed_by, each.verified_by)}
    statement = select(Account.id, Account.display_name).where(Account.id.in_(ids - {None}))
    return {who: name for who, name in session.execute(statement)}  # noqa: C416  # Rows are no pairs.


def _photos(
    session: Session, defect: Defect, visit: Visit | None, report: ProblemReport | None
) -> Sequence[Attachment]:
    whose = [Attachment.defect_id == defect.id]
    if visit is not None:
        whose.append(and_(Attachment.visit_id == visit.id, Attachment.role == "visit"))
    if report is not None:
        whose.append(Attachment.report_id == report.id)
    return session.scalars(select(Attachment).where(or_(*whose)).order_by(Attachment.id)).all()


@dataclass(frozen=True)
class Attempt:
    """One reported rectification, or one rejection, of one measure, as the workbook lists it."""

    number: str
    title: str
    ordinal: int | None
    measure: str | None
    at: datetime
    actor_name: str
    text: str | None
    detail: dict[str, Any]


def attempts(
    session: Session, actor: Actor, filters: Filters, today: date, action: str
) -> Iterator[Attempt]:
    """Give every attempt (``fix``) or rejection (``reject``) of the problems kept by a filter."""
    statement = (
        select(
            Defect.number,
            Defect.title,
            DefectMeasure.ordinal,
            DefectMeasure.text,
            DefectEvent.at,
            DefectEvent.actor_name,
            DefectEvent.text,
            DefectEvent.detail,
        )
        .join(DefectEvent, DefectEvent.defect_id == Defect.id)
        .outerjoin(DefectMeasure, DefectMeasure.id == DefectEvent.measure_id)
        .where(DefectEvent.action == action, *conditions(actor, filters, today))
        .order_by(Defect.number, DefectEvent.id)
        .execution_options(yield_per=_STREAMED)
    )
    for row in session.execute(statement):
        yield Attempt(*row)


def measures_of(session: Session, defects: Sequence[Defect]) -> dict[int, list[DefectMeasure]]:
    """Return the measures of many problems by problem, in one query."""
    statement = (
        select(DefectMeasure)
        .where(DefectMeasure.defect_id.in_([each.id for each in defects]))
        .order_by(DefectMeasure.defect_id, DefectMeasure.ordinal)
    )
    found: dict[int, list[DefectMeasure]] = {}
    for each in session.scalars(statement):
        found.setdefault(each.defect_id, []).append(each)
    return found


def owners(session: Session, division_code: str) -> list[tuple[str, str, str]]:
    """Return user name, display name and role of the accounts that may mend in a division."""
    codes = [division_code[:digits] for digits in (6, 9, 12) if len(division_code) >= digits]
    statement = (
        select(Account.username, Account.display_name, Account.role)
        .where(Account.active, Account.division_code.in_(codes), Account.role.in_(MENDERS))
        .order_by(func.length(Account.division_code).desc(), Account.display_name)
    )
    return [tuple(row) for row in session.execute(statement)]  # type: ignore[misc]


def has_invented(session: Session, actor: Actor, filters: Filters, today: date) -> bool:
    """Tell whether any problem that a filter keeps is invented."""
    wanted = conditions(actor, filters, today)
    return bool(session.scalar(select(select(Defect.id).where(Defect.invented, *wanted).exists())))
