"""A plan to be acted upon: locked, of the version that was seen, by who may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.accounts import audit
from fuliang_gis.accounts.policies import may, require, within
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas.models import Division
from fuliang_gis.errors import Conflict, NotFound, VersionRequired, WrongState
from fuliang_gis.planning.models import PLAN_STATE_NAMES, UNDECIDED, PlanScheme, VillagePlan

#: Whoever drafts, forwards or reviews plans.
PLAN_POSTS = (Permission.DRAFT_PLANS, Permission.REVIEW_TOWNSHIP, Permission.REVIEW_PLANS)


def locked(session: Session, actor: Actor, plan_id: int) -> VillagePlan:
    """Return a plan of the actor's division, locked.

    Raises:
        NotFound: There is no such plan in the actor's division.
    """
    wanted = (
        select(VillagePlan)
        .where(VillagePlan.id == plan_id, within(actor, VillagePlan.division_code))
        # Its key stays as it is: opinions that refer to it need not wait.
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    plan = session.scalar(wanted)
    if plan is None:
        raise NotFound(what="村庄规划", key=plan_id)
    return plan


def of_version(plan: VillagePlan, expected: int | None) -> None:
    """Refuse to act on a plan that has changed since it was seen.

    Raises:
        VersionRequired: Nobody says which version was seen.
        Conflict: It was another one.
    """
    if expected is None:
        raise VersionRequired
    if plan.version != expected:
        raise Conflict(name=plan.title, current=plan.version, expected=expected)


def require_any(
    session: Session, actor: Actor, plan: VillagePlan, permissions: Sequence[Permission]
) -> None:
    """Refuse unless the actor holds one of the permissions where the plan lies.

    Raises:
        Forbidden, OutsideDivision: As they say.
    """
    if any(may(actor, each, plan.division_code) for each in permissions):
        return
    village = session.get(Division, plan.division_code)
    require(actor, permissions[0], plan.division_code, village.name if village else None)


def note(
    session: Session, actor: Actor, plan: VillagePlan, action: str, detail: Mapping[str, object]
) -> None:
    """Write what was done with a plan into the audit record."""
    audit.record(
        session,
        actor,
        action,
        f"village_plan/{plan.id}",
        division_code=plan.division_code,
        detail=dict(detail),
    )


def drafted(session: Session, actor: Actor, plan_id: int, act: str) -> VillagePlan:
    """Return a plan that is still drafted, locked, to be changed by who drafts plans there.

    Args:
        act: What is to be done, as the refusal tells it.

    Raises:
        NotFound, Forbidden, OutsideDivision: As they say.
        WrongState: The plan is no draft any more.
    """
    plan = locked(session, actor, plan_id)
    require_any(session, actor, plan, (Permission.DRAFT_PLANS,))
    if plan.state != "draft":
        raise _misfit(plan, act, "请先退回编制，或另开修改程序。")
    return plan


def drafted_scheme(
    session: Session, actor: Actor, scheme_id: int, act: str
) -> tuple[VillagePlan, PlanScheme]:
    """Return a scheme of a plan that is still drafted, as ``drafted`` does.

    Whoever changes a scheme holds its plan, so that nobody saves, chooses or submits meanwhile.

    Raises:
        NotFound, Forbidden, OutsideDivision, WrongState: As they say.
    """
    of = select(PlanScheme.plan_id).where(
        PlanScheme.id == scheme_id, within(actor, PlanScheme.division_code)
    )
    plan_id = session.scalar(of)
    if plan_id is None:
        raise NotFound(what="规划方案", key=scheme_id)
    plan = drafted(session, actor, plan_id, act)
    # Who waited for the plan reads what was saved meanwhile.
    return plan, session.get_one(PlanScheme, scheme_id, populate_existing=True)


def undecided(
    session: Session, actor: Actor, plan_id: int, permissions: Sequence[Permission], act: str
) -> VillagePlan:
    """Return a plan that is not decided yet, locked, to be acted upon by any of the permissions.

    Raises:
        NotFound, Forbidden, OutsideDivision: As they say.
        WrongState: The plan is decided.
    """
    plan = locked(session, actor, plan_id)
    require_any(session, actor, plan, permissions)
    if plan.state not in UNDECIDED:
        raise _misfit(plan, act, "已批准的规划不再改动。")
    return plan


def _misfit(plan: VillagePlan, act: str, advice: str) -> WrongState:
    state = PLAN_STATE_NAMES[plan.state][0]
    return WrongState(name=plan.title, state=state, act=act, advice=advice)
