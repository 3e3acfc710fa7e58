"""Which plans wait for a post: a step that it takes, or opinions that it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.policies import has, within
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas.models import Division
from fuliang_gis.planning.models import VillagePlan
from fuliang_gis.planning.procedure.models import PlanOpinion
from fuliang_gis.planning.procedure.rules import STEPS

#: Plans that are listed; the page of plans lists all.
SHOWN = 20

_UNANSWERED = (
    select(func.count())
    .where(PlanOpinion.plan_id == VillagePlan.id, PlanOpinion.verdict.is_(None))
    .correlate(VillagePlan)
    .scalar_subquery()
)


@dataclass(frozen=True)
class WaitingPlan:
    """A plan that waits: which step is next, and how many opinions have no answer yet."""

    id: int
    title: str
    village: str
    step: str
    notice_until: date | None
    unanswered: int


def waiting_plans(session: Session, actor: Actor, today: date) -> Sequence[WaitingPlan]:
    """Return the first plans that wait for a post, the oldest first."""
    statement = (
        select(
            VillagePlan.id,
            VillagePlan.title,
            Division.name,
            VillagePlan.state,
            VillagePlan.notice_until,
            _UNANSWERED,
        )
        .join(Division, Division.code == VillagePlan.division_code)
        .where(_waits(actor, today))
        .order_by(VillagePlan.id)
        .limit(SHOWN)
    )
    steps = {step.before: step.zh for step in STEPS.values()}
    return [
        WaitingPlan(key, title, village, steps[state], until, unanswered)
        for key, title, village, state, until, unanswered in session.execute(statement)
    ]


def waiting_count(session: Session, actor: Actor, today: date) -> int:
    """Count the plans that wait for a post, in one statement; drafts are work, no reminder."""
    if not any(has(actor, each) for step in STEPS.values() for each in step.permissions):
        return 0
    counted = select(func.count()).select_from(VillagePlan).where(_waits(actor, today))
    return session.scalar(counted) or 0


def _waits(actor: Actor, today: date) -> ColumnElement[bool]:
    kinds: list[ColumnElement[bool]] = []
    for step in STEPS.values():
        if step.before == "draft" or not any(has(actor, each) for each in step.permissions):
            continue
        here = VillagePlan.state == step.before
        if step.judges:
            here = and_(here, VillagePlan.created_by.is_distinct_from(actor.account_id))
        if step.kind == "forward":
            here = and_(here, VillagePlan.notice_until < today)
        kinds.append(here)
    if has(actor, Permission.DRAFT_PLANS) or has(actor, Permission.REVIEW_TOWNSHIP):
        kinds.append(and_(VillagePlan.state == "notice", _UNANSWERED > 0))
    return and_(within(actor, VillagePlan.division_code), or_(false(), *kinds))
