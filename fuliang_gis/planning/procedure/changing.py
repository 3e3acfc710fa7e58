"""Changing a plan in force: a new plan that begins as its copy and goes the same road."""

from __future__ import annotations

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Invalid, Problem, WrongState
from fuliang_gis.planning.drafts import digest, draft_of
from fuliang_gis.planning.fetching import locked, note, of_version, require_any
from fuliang_gis.planning.models import (
    PLAN_STATE_NAMES,
    PlanBaseParcel,
    PlanControlLine,
    PlanParcel,
    PlanScheme,
    PlanVersion,
    VillagePlan,
)
from fuliang_gis.planning.procedure.models import PlanAct
from fuliang_gis.planning.procedure.queries import course
from fuliang_gis.planning.procedure.rules import LONGEST_NOTE, fits, permissions
from fuliang_gis.planning.projects.models import PlanFacility, PlanProject

#: Columns that a copy sets itself.
_OWN = frozenset({"id", "plan_id", "scheme_id", "since", "until", "created_by", "created_at"})


def begin_change(
    session: Session, actor: Actor, plan_id: int, reason: str, *, expected: int | None
) -> VillagePlan:
    """Add a plan that is to take the place of one in force, and begins as its copy.

    Raises:
        NotFound, VersionRequired, Conflict, Forbidden, OutsideDivision: As they say.
        WrongState: The plan is not in force, or is being changed already.
        Invalid: No reason is given, or a too long one.
    """
    former = locked(session, actor, plan_id)
    now = course(session, former)
    require_any(session, actor, former, permissions(now, "change"))
    of_version(former, expected)
    if not fits(now, "change"):
        raise _misfit(former, "只有实施中的规划可以启动修改。")
    if not 0 < len(reason.strip()) <= LONGEST_NOTE:
        zh = f"请写明修改的原因，最多 {LONGEST_NOTE} 字。"
        raise Invalid([Problem("required", zh, "Give the reason of the change.", "note")])
    open_change = select(VillagePlan.title).where(
        VillagePlan.replaces_id == former.id, VillagePlan.state.not_in(("in_force", "replaced"))
    )
    if (title := session.scalar(open_change)) is not None:
        raise _misfit(former, f"它的修改《{title}》正在办理，请在其中继续。")
    made = _copied(session, actor, former)
    session.add(
        PlanAct(
            plan_id=made.id,
            division_code=made.division_code,
            kind="change",
            from_state="draft",
            to_state="draft",
            held_on=clock.today(),
            note=reason.strip(),
            detail={"replaces": former.id},
            actor_id=actor.account_id,
        )
    )
    note(session, actor, made, "begin_plan_change", {"replaces": former.id})
    session.flush()
    return made


def _misfit(plan: VillagePlan, advice: str) -> WrongState:
    state = PLAN_STATE_NAMES[plan.state][0]
    return WrongState(name=plan.title, state=state, act="启动修改", advice=advice)


def _copied(session: Session, actor: Actor, former: VillagePlan) -> VillagePlan:
    made = VillagePlan(
        division_code=former.division_code,
        title=f"{former.title.removesuffix('（修改）')}（修改）",
        base_year=former.base_year,
        target_year=former.target_year,
        edition=former.edition,
        profile=former.profile,
        boundary=former.boundary,
        population=former.population,
        goals=list(former.goals),
        replaces_id=former.id,
        state="draft",
        invented=former.invented,
        created_by=actor.account_id,
    )
    session.add(made)
    session.flush()
    for table in (PlanBaseParcel, PlanControlLine):
        _copy(session, table, table.plan_id, former.id, made.id)
    _copy_scheme(session, actor, former, made)
    _copy_projects(session, former, made, actor)
    return made


def _copy_scheme(session: Session, actor: Actor, former: VillagePlan, made: VillagePlan) -> None:
    scheme = PlanScheme(
        plan_id=made.id,
        division_code=made.division_code,
        title="方案一",
        head=1,
        branched_from=former.frozen_scheme,
        chosen=True,
    )
    session.add(scheme)
    session.flush()
    source = session.get_one(PlanScheme, former.frozen_scheme)
    was = draft_of(session, former, source, former.frozen_ordinal)
    session.add(
        PlanVersion(
            scheme_id=scheme.id,
            ordinal=1,
            division_code=made.division_code,
            digest=digest(was.parcels),
            message=f"复制自《{former.title}》",
            parcels=len(was.parcels),
            changed=len(was.parcels),
            author_id=actor.account_id,
        )
    )
    session.flush()
    names = _shared(PlanParcel)
    then = former.frozen_ordinal or 0
    kept = select(*(getattr(PlanParcel, name) for name in names)).where(
        PlanParcel.scheme_id == source.id,
        PlanParcel.since <= then,
        PlanParcel.until.is_(None) | (PlanParcel.until > then),
    )
    rows = kept.add_columns(literal(scheme.id), literal(1)).order_by(PlanParcel.id)
    session.execute(insert(PlanParcel).from_select([*names, "scheme_id", "since"], rows))


def _copy_projects(session: Session, former: VillagePlan, made: VillagePlan, actor: Actor) -> None:
    """Copy facilities and projects; a project keeps to the copy of its facility."""
    copies: dict[int, PlanFacility] = {}
    of_former = select(PlanFacility).where(PlanFacility.plan_id == former.id)
    for facility in session.scalars(of_former.order_by(PlanFacility.id)):
        said = {name: getattr(facility, name) for name in _shared(PlanFacility)}
        copies[facility.id] = PlanFacility(**said, plan_id=made.id, created_by=actor.account_id)
    session.add_all(copies.values())
    session.flush()
    rows = select(PlanProject).where(PlanProject.plan_id == former.id)
    for project in session.scalars(rows.order_by(PlanProject.ordinal, PlanProject.id)):
        said = {name: getattr(project, name) for name in _shared(PlanProject)}
        copy = copies.get(project.facility_id) if project.facility_id else None
        said |= {"facility_id": copy.id if copy else None, "version": 1}
        session.add(PlanProject(**said, plan_id=made.id))


def _copy(
    session: Session,
    table: type[DeclarativeBase],
    key: InstrumentedAttribute[int],
    former: int,
    made: int,
) -> None:
    names = _shared(table)
    rows = select(*(getattr(table, name) for name in names)).where(key == former)
    rows = rows.add_columns(literal(made)).order_by(table.__table__.c.id)
    session.execute(insert(table).from_select([*names, "plan_id"], rows))


def _shared(table: type[DeclarativeBase]) -> list[str]:
    return [column.name for column in table.__table__.columns if column.name not in _OWN]
