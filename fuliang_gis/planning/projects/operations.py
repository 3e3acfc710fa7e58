"""Writing the table of projects: rows added, changed, removed, moved, or taken in from a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.policies import within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Conflict, Invalid, NotFound, Problem, VersionRequired
from fuliang_gis.locations.models import Location
from fuliang_gis.planning.fetching import drafted, note
from fuliang_gis.planning.models import PlanParcel, PlanScheme, VillagePlan
from fuliang_gis.planning.projects.models import PlanFacility, PlanProject
from fuliang_gis.planning.projects.rules import (
    MOST_PROJECTS,
    NUMBERS,
    ProjectGiven,
    project_problems,
    rounded,
)

_ACT = "修改项目表"


def add(session: Session, actor: Actor, plan_id: int, given: ProjectGiven) -> PlanProject:
    """Add a row at the end of the table.

    Raises:
        NotFound, Forbidden, OutsideDivision, WrongState: See ``drafted``.
        Invalid: Something is missing, or what it belongs to is not there.
    """
    plan = drafted(session, actor, plan_id, _ACT)
    _refuse_faults(session, actor, plan, given)
    last = _last(session, plan.id)
    made = _row(plan, given, last + 1)
    session.add(made)
    _refuse_too_many(session, plan.id, 1)
    session.flush()
    note(session, actor, plan, "change_projects", {"added": made.id, "name": made.name})
    return made


def change(
    session: Session,
    actor: Actor,
    plan_id: int,
    project_id: int,
    given: ProjectGiven,
    *,
    expected: int | None,
) -> PlanProject:
    """Change a row.

    Raises:
        NotFound, Forbidden, OutsideDivision, WrongState, VersionRequired, Conflict, Invalid: As
            they say.
    """
    plan = drafted(session, actor, plan_id, _ACT)
    row = _fetch(session, plan, project_id, expected)
    _refuse_faults(session, actor, plan, given)
    before = {name: getattr(row, name) for name in asdict(given)}
    for name, value in _values(given).items():
        setattr(row, name, value)
    row.version += 1
    session.flush()
    changed = [name for name, value in _values(given).items() if before[name] != value]
    note(session, actor, plan, "change_projects", {"changed": row.id, "fields": changed})
    return row


def remove(
    session: Session, actor: Actor, plan_id: int, project_id: int, *, expected: int | None
) -> None:
    """Take a row away; those after it move up.

    Raises:
        NotFound, Forbidden, OutsideDivision, WrongState, VersionRequired, Conflict: As they say.
    """
    plan = drafted(session, actor, plan_id, _ACT)
    row = _fetch(session, plan, project_id, expected)
    session.delete(row)
    session.flush()
    _number(session, plan.id)
    note(session, actor, plan, "change_projects", {"removed": project_id, "name": row.name})


def move(
    session: Session,
    actor: Actor,
    plan_id: int,
    project_id: int,
    to: int,
    *,
    expected: int | None,
) -> PlanProject:
    """Put a row at a place of the table, counted from 1; beyond its ends means at its ends.

    Raises:
        NotFound, Forbidden, OutsideDivision, WrongState, VersionRequired, Conflict: As they say.
    """
    plan = drafted(session, actor, plan_id, _ACT)
    row = _fetch(session, plan, project_id, expected)
    rows = [each for each in _ordered(session, plan.id) if each.id != row.id]
    rows.insert(max(0, min(to - 1, len(rows))), row)
    for number, each in enumerate(rows, 1):
        if each.ordinal != number:
            each.ordinal = number
    row.version += 1
    session.flush()
    note(session, actor, plan, "change_projects", {"moved": row.id, "to": row.ordinal})
    return row


def take_in(
    session: Session,
    actor: Actor,
    plan_id: int,
    rows: Sequence[ProjectGiven],
    *,
    replaces: bool,
) -> int:
    """Add rows of a file, or put them in place of the whole table; all of them or none.

    Returns:
        How many rows the table has then.

    Raises:
        NotFound, Forbidden, OutsideDivision, WrongState: See ``drafted``.
        Invalid: Rows cannot be used; the problems tell their number in the file's table, from 1.
    """
    plan = drafted(session, actor, plan_id, _ACT)
    faults = [
        replace(each, zh=f"第 {number} 行：{each.zh}", row=number)
        for number, given in enumerate(rows, 1)
        for each in project_problems(given)
    ]
    if not rows:
        faults = [Problem("no_rows", "文件里没有项目。", "The file holds no projects.", "file")]
    if faults:
        raise Invalid(faults)
    if replaces:
        session.execute(delete(PlanProject).where(PlanProject.plan_id == plan.id))
    last = _last(session, plan.id)
    session.add_all(_row(plan, each, last + number) for number, each in enumerate(rows, 1))
    session.flush()
    _refuse_too_many(session, plan.id, 0)
    note(session, actor, plan, "change_projects", {"imported": len(rows), "replaces": replaces})
    return last + len(rows)


def _row(plan: VillagePlan, given: ProjectGiven, ordinal: int) -> PlanProject:
    return PlanProject(
        plan_id=plan.id, division_code=plan.division_code, ordinal=ordinal, **_values(given)
    )


def _values(given: ProjectGiven) -> dict[str, object]:
    said: dict[str, object] = {
        name: value.strip() if isinstance(value, str) else value
        for name, value in asdict(given).items()
    }
    numbers = {name: rounded(getattr(given, name)) for name in NUMBERS}
    return said | numbers | {"parcel": (given.parcel or "").strip() or None}


def _refuse_faults(session: Session, actor: Actor, plan: VillagePlan, given: ProjectGiven) -> None:
    found = [*project_problems(given), *_link_problems(session, actor, plan, given)]
    if found:
        raise Invalid(found)


def _link_problems(
    session: Session, actor: Actor, plan: VillagePlan, given: ProjectGiven
) -> list[Problem]:
    found = []
    if (parcel := (given.parcel or "").strip()) and not _has_parcel(session, plan, parcel):
        zh = f"规划方案里没有编号为“{parcel}”的图斑。"
        found.append(Problem("unknown_choice", zh, "No scheme has such a parcel.", "parcel"))
    if given.facility_id is not None:
        facility = select(PlanFacility.id).where(
            PlanFacility.id == given.facility_id, PlanFacility.plan_id == plan.id
        )
        if session.scalar(facility) is None:
            zh = "本规划没有这处规划设施，请重新选择。"
            found.append(Problem("unknown_choice", zh, "No such facility.", "facility_id"))
    if given.location_id is not None:
        location = select(Location.id).where(
            Location.id == given.location_id,
            Location.deleted_at.is_(None),
            within(actor, Location.division_code),
        )
        if session.scalar(location) is None:
            zh = "没有这处已有设施，请重新查找。"
            found.append(Problem("unknown_choice", zh, "No such location.", "location_id"))
    return found


def _has_parcel(session: Session, plan: VillagePlan, name: str) -> bool:
    wanted = (
        select(PlanParcel.id)
        .join(PlanScheme, PlanScheme.id == PlanParcel.scheme_id)
        .where(PlanScheme.plan_id == plan.id, PlanParcel.name == name, PlanParcel.until.is_(None))
    )
    return session.scalar(wanted.limit(1)) is not None


def _fetch(
    session: Session, plan: VillagePlan, project_id: int, expected: int | None
) -> PlanProject:
    wanted = select(PlanProject).where(PlanProject.id == project_id, PlanProject.plan_id == plan.id)
    row = session.scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise NotFound(what="规划项目", key=project_id)
    if expected is None:
        raise VersionRequired
    if row.version != expected:
        raise Conflict(name=row.name, current=row.version, expected=expected)
    return row


def _last(session: Session, plan_id: int) -> int:
    last = select(func.max(PlanProject.ordinal)).where(PlanProject.plan_id == plan_id)
    return session.scalar(last) or 0


def _ordered(session: Session, plan_id: int) -> Sequence[PlanProject]:
    wanted = select(PlanProject).where(PlanProject.plan_id == plan_id)
    return session.scalars(wanted.order_by(PlanProject.ordinal, PlanProject.id)).all()


def _number(session: Session, plan_id: int) -> None:
    for number, each in enumerate(_ordered(session, plan_id), 1):
        if each.ordinal != number:
            each.ordinal = number
    session.flush()


def _refuse_too_many(session: Session, plan_id: int, more: int) -> None:
    count = select(func.count()).where(PlanProject.plan_id == plan_id)
    if (session.scalar(count) or 0) + more > MOST_PROJECTS:
        zh = f"项目表最多 {MOST_PROJECTS} 行。"
        raise Invalid([Problem("too_many", zh, f"{MOST_PROJECTS} rows at most.", "name")])
