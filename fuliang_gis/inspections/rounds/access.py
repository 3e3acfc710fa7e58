"""Fetching a plan to change it: who may, in which state, from which version; and the record."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.orm import Session

from fuliang_gis.accounts import audit
from fuliang_gis.accounts.policies import require
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas.models import Division
from fuliang_gis.db.base import Json
from fuliang_gis.errors import Conflict, NotFound, VersionRequired, WrongState
from fuliang_gis.inspections.models import RoundPlan
from fuliang_gis.inspections.rounds.views import PLAN_STATE_NAMES

#: States in which a plan may be solved again.
OPEN = ("draft", "solved", "failed", "withdrawn")

#: States in which people may change its rounds.
EDITABLE = (*OPEN, "published")


def fetch_plan(
    session: Session,
    actor: Actor,
    plan_id: int,
    expected_version: int | None,
    *,
    any_version: bool = False,
) -> RoundPlan:
    """Return a plan to change, its row locked until the transaction ends.

    Raises:
        NotFound: There is no such plan.
        Forbidden, OutsideDivision: The actor may not manage rounds there.
        VersionRequired, Conflict: It has another version by now.
    """
    plan = plan_there(session, actor, plan_id, lock="change")
    if any_version:
        return plan
    if expected_version is None:
        raise VersionRequired
    if plan.version != expected_version:
        raise Conflict(name=plan.title, current=plan.version, expected=expected_version)
    return plan


def plan_there(
    session: Session, actor: Actor, plan_id: int, *, lock: Literal["change", "read"] | None = None
) -> RoundPlan:
    """Return a plan of whose rounds the actor has charge.

    Args:
        lock: "change" where it will be changed, "read" where it must stay as it is until the
            transaction ends; None where nothing will be saved.

    Raises:
        NotFound: There is no such plan.
        Forbidden, OutsideDivision: The actor may not manage rounds there.
    """
    locked = None if lock is None else {"read": lock == "read"}
    plan = session.get(
        RoundPlan, plan_id, with_for_update=locked, populate_existing=lock is not None
    )
    if plan is None:
        raise NotFound(what="巡查路线方案", key=plan_id)
    require_there(session, actor, plan.division_code)
    return plan


def require_there(session: Session, actor: Actor, division_code: str) -> None:
    """Refuse unless the actor may manage rounds in the division."""
    division = session.get(Division, division_code)
    require(actor, Permission.MANAGE_ROUNDS, division_code, division.name if division else None)


def require_open(plan: RoundPlan, act: str) -> None:
    """Refuse what is only possible while a plan is neither being solved nor published.

    Raises:
        WrongState: It is.
    """
    if plan.state not in OPEN:
        advice = "请等待求解结束或先停止。" if plan.state == "solving" else "请先撤回。"
        raise wrong(plan, act, advice)


def require_editable(plan: RoundPlan, act: str) -> None:
    """Refuse what is not possible while a plan is being solved.

    Raises:
        WrongState: It is.
    """
    if plan.state not in EDITABLE:
        raise wrong(plan, act, "请等待求解结束或先停止。")


def wrong(plan: RoundPlan, act: str, advice: str) -> WrongState:
    """Return the refusal of an act that does not fit a plan's state."""
    state = PLAN_STATE_NAMES[plan.state][0]
    return WrongState(name=plan.title, state=state, act=act, advice=advice)


def touch(
    session: Session, actor: Actor, plan: RoundPlan, action: str, detail: Json | None = None
) -> None:
    """Give a changed plan its next version, and record who changed it."""
    plan.version += 1
    session.flush()
    note(session, actor, plan, action, detail)


def note(
    session: Session, actor: Actor, plan: RoundPlan, action: str, detail: Json | None = None
) -> None:
    """Record an act on a plan."""
    audit.record(
        session,
        actor,
        action,
        f"plan/{plan.id}",
        division_code=plan.division_code,
        detail={"title": plan.title, "version": plan.version, **(detail or {})},
    )
    session.flush()
