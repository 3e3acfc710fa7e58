"""Reading statuses: the same code as ``rules.code_of``, told in the database or from its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, String, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from fuliang_gis.errors import BadRequest
from fuliang_gis.inspections.models import Defect, LocationState
from fuliang_gis.inspections.status.rules import Facts, Status, StatusCode, status_of
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.queries import Beside

#: The column that lists are sorted by gravity with.
SORT = "status"


def status_case(location: str = "l", state: str = "s", today: str = "%(today)s") -> str:
    """Return the SQL expression of the status code; ``rules.code_of`` says the same in Python.

    Args:
        location: Alias of ``location``.
        state: Alias of ``location_state``, joined from the left.
        today: The placeholder of the county's date.
    """
    public = f"{location}.asset_class <> 'household' and {location}.use_status"
    return f"""case
    when {location}.use_status = 'disposed' then 'disposed'
    when {public} in ('damaged', 'lost') or {state}.worst_severity = 'serious'
        or {state}.defect_due_on < {today} then 'danger'
    when {state}.next_due_on < {today} then 'overdue'
    when {state}.open_defects > 0 then 'defect'
    when {public} in ('idle', 'underused') then 'idle'
    when {state}.next_warn_on <= {today} then 'due_soon'
    when {state}.next_opens_on <= {today} then 'to_visit'
    when {state}.has_duty then 'fine'
    else 'no_duty' end"""


def beside(today: date, wanted: str | None = None) -> Beside:
    """Return what lists of locations join for the status: narrow to one, sort by gravity.

    Raises:
        BadRequest: There is no such status.
    """
    code = _code_column(today)
    gravest_first: ColumnElement[int] = func.array_position(
        literal_column("array[" + ",".join(f"'{each.value}'" for each in StatusCode) + "]"), code
    )
    if wanted and wanted not in list(StatusCode):
        raise BadRequest(reason=f"没有状态“{wanted}”，请从列表中选择")
    return Beside(
        LocationState,
        LocationState.location_id == Location.id,
        (code == wanted,) if wanted else (),
        {SORT: gravest_first},
    )


def _code_column(today: date) -> ColumnElement[str]:
    case = status_case("location", "location_state", f"date '{today.isoformat()}'")
    return literal_column(f"({case})", String)


#: The columns that ``facts_of`` reads, in its order; of a statement that joins ``LocationState``.
FACTS: tuple[InstrumentedAttribute[Any], ...] = (
    Location.use_status,
    Location.asset_class,
    LocationState.next_opens_on,
    LocationState.next_warn_on,
    LocationState.next_due_on,
    LocationState.has_duty,
    LocationState.open_defects,
    LocationState.worst_severity,
    LocationState.defect_due_on,
)


def facts_of(row: tuple[Any, ...]) -> Facts:
    """Return the facts in the columns ``FACTS``; one without a row owes nothing."""
    use, owned, opens, warn, due, has_duty, defects, worst, defect_due = row
    return Facts(use, opens, warn, due, bool(has_duty), defects or 0, worst, defect_due, owned)


def statuses(session: Session, location_ids: Iterable[int], today: date) -> Mapping[int, Status]:
    """Return the status of each location by id, in one statement."""
    statement = (
        select(Location.id, *FACTS)
        .select_from(Location)
        .outerjoin(LocationState, LocationState.location_id == Location.id)
        .where(Location.id.in_(list(location_ids)))
    )
    return {
        location_id: status_of(facts_of(tuple(facts)), today)
        for location_id, *facts in session.execute(statement)
    }


@dataclass(frozen=True)
class OpenDefect:
    """A problem of a location that is not struck off yet."""

    number: str
    title: str
    severity: str
    state: str
    due_on: date


@dataclass(frozen=True)
class Standing:
    """What a card tells about a location's inspection."""

    status: Status
    next_opens_on: date | None
    next_due_on: date | None
    last_visit_at: datetime | None
    last_result: str | None
    defects: tuple[OpenDefect, ...]


def standing(session: Session, location: Location, today: date) -> Standing:
    """Return what a location's card tells; two statements, the gravest problems first."""
    state = session.get(LocationState, location.id)
    kept = [column.key for column in FACTS if column.class_ is LocationState]
    columns = tuple(getattr(state, name) if state else None for name in kept)
    worst_first = func.array_position(
        literal_column("array['serious','ordinary','minor']"), Defect.severity
    )
    defects = session.execute(
        select(Defect.number, Defect.title, Defect.severity, Defect.state, Defect.due_on)
        .where(Defect.location_id == location.id, Defect.state != "closed")
        .order_by(worst_first, Defect.due_on, Defect.id)
    )
    return Standing(
        status_of(facts_of((location.use_status, location.asset_class, *columns)), today),
        state.next_opens_on if state else None,
        state.next_due_on if state else None,
        state.last_visit_at if state else None,
        state.last_result if state else None,
        tuple(OpenDefect(*row) for row in defects),
    )
