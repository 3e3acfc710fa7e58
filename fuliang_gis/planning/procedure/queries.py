"""Reading how far a plan got: its acts, its course, who drafted it, what villagers took part in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.db.paging import Page
from fuliang_gis.planning.models import PlanScheme, PlanVersion, VillagePlan
from fuliang_gis.planning.procedure.models import PlanAct, PlanOpinion, PlanParticipation
from fuliang_gis.planning.procedure.rules import Course

#: Acts on one page.
PAGE = 50


@dataclass(frozen=True)
class ActRow:
    """An act with the name of the post that took it."""

    act: PlanAct
    actor: str | None


@dataclass(frozen=True)
class ParticipationRow:
    """What villagers took part in, with the name of the post that recorded it."""

    row: PlanParticipation
    recorder: str | None


def acts(session: Session, plan_id: int, page: int = 1, size: int = PAGE) -> Page[ActRow]:
    """Return one page of a plan's acts, the newest first."""
    of_plan = PlanAct.plan_id == plan_id
    total = session.scalar(select(func.count()).select_from(PlanAct).where(of_plan)) or 0
    statement = (
        select(PlanAct, Account.display_name)
        .outerjoin(Account, Account.id == PlanAct.actor_id)
        .where(of_plan)
        .order_by(PlanAct.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    )
    rows = [ActRow(act, actor) for act, actor in session.execute(statement)]
    return Page(rows, total, page, size)


def course(session: Session, plan: VillagePlan) -> Course:
    """Return how far a plan got since it was last given back; findings are not looked at."""
    days = {act.kind: act.held_on for act in _since_return(session, plan.id)}
    return Course(
        plan.state,
        days.get("submit"),
        days.get("vote"),
        plan.notice_from,
        plan.notice_until,
        days.get("forward"),
        plan.approved_on,
        plan.published_on,
        days.get("force"),
        unanswered(session, plan.id),
    )


def unanswered(session: Session, plan_id: int) -> int:
    """Count the opinions that wait for an answer, hidden ones too."""
    waiting = select(func.count()).where(
        PlanOpinion.plan_id == plan_id, PlanOpinion.verdict.is_(None)
    )
    return session.scalar(waiting) or 0


def drafters(session: Session, plan: VillagePlan) -> set[int]:
    """Return the accounts that made or submitted a plan, or drew any scheme of it.

    A scheme may begin as another one is, so its own versions do not tell who drew it.
    """
    drawn = (
        select(PlanVersion.author_id)
        .join(PlanScheme, PlanScheme.id == PlanVersion.scheme_id)
        .where(PlanScheme.plan_id == plan.id)
    )
    sent = select(PlanAct.actor_id).where(PlanAct.plan_id == plan.id, PlanAct.kind == "submit")
    found = session.scalars(drawn.union(sent)).all()
    return {each for each in (*found, plan.created_by) if each is not None}


def parcels_of(session: Session, scheme_id: int, ordinal: int) -> int:
    """Count the parcels of a scheme at a version."""
    version = session.get(PlanVersion, (scheme_id, ordinal))
    return version.parcels if version else 0


def participation(session: Session, plan_id: int) -> list[ParticipationRow]:
    """Return what villagers took part in, by day; a plan has some dozens at most."""
    statement = (
        select(PlanParticipation, Account.display_name)
        .outerjoin(Account, Account.id == PlanParticipation.recorded_by)
        .where(PlanParticipation.plan_id == plan_id)
        .order_by(PlanParticipation.held_on, PlanParticipation.id)
    )
    return [ParticipationRow(row, name) for row, name in session.execute(statement)]


def bound(session: Session, plan_id: int) -> set[int]:
    """Return the participation rows that acts refer to, which therefore stay."""
    named = PlanAct.detail["participation"].as_integer()
    statement = select(named).where(PlanAct.plan_id == plan_id, named.is_not(None))
    return {each for each in session.scalars(statement) if each is not None}


def _since_return(session: Session, plan_id: int) -> Sequence[PlanAct]:
    last = (
        select(func.coalesce(func.max(PlanAct.id), 0))
        .where(PlanAct.plan_id == plan_id, PlanAct.kind == "return")
        .scalar_subquery()
    )
    since = select(PlanAct).where(PlanAct.plan_id == plan_id, PlanAct.id > last)
    return session.scalars(since.order_by(PlanAct.id)).all()
