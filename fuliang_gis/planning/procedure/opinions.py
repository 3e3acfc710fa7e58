"""Opinions on a plan: taken in without an account, shown or hidden, answered by a post."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from geoalchemy2.shape import from_shape, to_shape
from shapely import Point
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import (
    Conflict,
    Invalid,
    NotFound,
    Problem,
    TooManyRequests,
    VersionRequired,
    WrongState,
)
from fuliang_gis.planning.fetching import PLAN_POSTS, locked, note, require_any
from fuliang_gis.planning.models import PLAN_SRID, PLAN_STATE_NAMES, VillagePlan
from fuliang_gis.planning.procedure.models import PlanOpinion
from fuliang_gis.planning.procedure.opinion_rules import (
    MOST_A_DAY,
    MOST_WAITING,
    OpinionGiven,
    answer_problems,
    opinion_problems,
    stamp,
)
from fuliang_gis.planning.procedure.public import parcel_names, public_plan

#: The same words about the same plan from the same origin within this time are one opinion.
REPEAT = timedelta(minutes=15)
#: Opinions are answered until the notice is closed; then the answers go up with the plan.
ANSWERABLE = ("draft", "assembly", "township", "notice")
ANSWERING = (Permission.DRAFT_PLANS, Permission.REVIEW_TOWNSHIP)


def submit(
    session: Session, plan_id: int, given: OpinionGiven, *, origin: str, receipt: str
) -> PlanOpinion:
    """Take in an opinion on a plan on notice; sent twice, it is taken in once.

    Args:
        origin: A keyed digest of the network address.
        receipt: What the person may ask by.

    Raises:
        NotFound: There is no such plan for the public.
        WrongState: Its notice has not begun, or is over.
        Invalid: Nothing, too much, or a wrong place is said.
        TooManyRequests: The origin, or all together on this plan, said something too often.
    """
    today = clock.today()
    found = public_plan(session, plan_id, today)
    if not found.open:
        raise WrongState(
            name=found.plan.title, state=found.standing, act="提交意见", advice=found.closed_why
        )
    boundary = to_shape(found.plan.boundary)
    names = {name for name, *_ in parcel_names(session, found.plan)} if given.parcel else set()
    if problems := opinion_problems(given, names, boundary):
        raise Invalid(problems)
    # Two requests of one origin meet here, so that the second sees what the first has stored.
    key = func.hashtextextended(f"opinion/{origin}", 0)
    session.execute(select(func.pg_advisory_xact_lock(key)))
    if (same := _repeated(session, plan_id, origin, given.text.strip())) is not None:
        return same
    _refuse_too_many(session, plan_id, origin)
    opinion = PlanOpinion(
        plan_id=plan_id,
        division_code=found.plan.division_code,
        receipt=receipt,
        parcel=given.parcel.strip() or None,
        place=None if given.place is None else from_shape(Point(given.place), PLAN_SRID),
        text=given.text.strip(),
        signed=given.signed.strip(),
        origin=origin,
        state="waiting",
    )
    session.add(opinion)
    session.flush()
    return opinion


def judge(
    session: Session,
    actor: Actor,
    plan_id: int,
    opinion_id: int,
    state: str,
    *,
    expected: int | None,
) -> PlanOpinion:
    """Let the public see an opinion, or not.

    Raises:
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict: As they say.
        Invalid: It is neither to be shown nor hidden.
    """
    plan, opinion = _fetch(session, actor, plan_id, opinion_id, expected, PLAN_POSTS)
    if state not in ("shown", "hidden"):
        told = ("请选择公开或不公开。", "Show it or hide it.")
        raise Invalid([Problem("unknown_choice", *told, "state")])
    opinion.state = state
    note(session, actor, plan, "judge_opinion", {"opinion": opinion.id, "state": state})
    session.flush()
    return opinion


def answer(
    session: Session,
    actor: Actor,
    plan_id: int,
    opinion_id: int,
    verdict: str,
    reply: str,
    *,
    expected: int | None,
) -> PlanOpinion:
    """Answer an opinion: adopted, partly or not, with the reason.

    Raises:
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict, Invalid: As they say.
        WrongState: The answers have gone up with the plan already.
    """
    plan, opinion = _fetch(session, actor, plan_id, opinion_id, expected, ANSWERING)
    if plan.state not in ANSWERABLE:
        raise WrongState(
            name=plan.title,
            state=PLAN_STATE_NAMES[plan.state][0],
            act="答复意见",
            advice="意见采纳情况已随规划报批。",
        )
    if problems := answer_problems(verdict, reply):
        raise Invalid(problems)
    opinion.verdict, opinion.reply = verdict, reply.strip()
    opinion.replied_by, opinion.replied_at = actor.account_id, clock.now()
    note(session, actor, plan, "answer_opinion", {"opinion": opinion.id, "verdict": verdict})
    session.flush()
    return opinion


def opinion_stamp(opinion: PlanOpinion) -> int:
    """Return the version of an opinion that a change names."""
    return stamp(opinion.state, opinion.verdict, opinion.reply, opinion.replied_at)


def _fetch(
    session: Session,
    actor: Actor,
    plan_id: int,
    opinion_id: int,
    expected: int | None,
    permissions: Sequence[Permission],
) -> tuple[VillagePlan, PlanOpinion]:
    plan = locked(session, actor, plan_id)
    require_any(session, actor, plan, permissions)
    wanted = select(PlanOpinion).where(PlanOpinion.id == opinion_id, PlanOpinion.plan_id == plan.id)
    opinion = session.scalar(wanted.with_for_update().execution_options(populate_existing=True))
    if opinion is None:
        raise NotFound(what="公示意见", key=opinion_id)
    if expected is None:
        raise VersionRequired
    if (current := opinion_stamp(opinion)) != expected:
        raise Conflict(name=f"意见 {opinion.receipt}", current=current, expected=expected)
    return plan, opinion


def _repeated(session: Session, plan_id: int, origin: str, words: str) -> PlanOpinion | None:
    return session.scalar(
        select(PlanOpinion)
        .where(
            PlanOpinion.plan_id == plan_id,
            PlanOpinion.origin == origin,
            PlanOpinion.text == words,
            PlanOpinion.received_at > func.now() - REPEAT,
        )
        .limit(1)
    )


def _refuse_too_many(session: Session, plan_id: int, origin: str) -> None:
    recent = PlanOpinion.received_at > func.now() - timedelta(days=1)
    waiting = (PlanOpinion.plan_id == plan_id, PlanOpinion.verdict.is_(None))
    for condition, most in (
        ((PlanOpinion.origin == origin, recent), MOST_A_DAY),
        (waiting, MOST_WAITING),
    ):
        count = select(func.count()).select_from(PlanOpinion).where(*condition)
        if (session.scalar(count) or 0) >= most:
            raise TooManyRequests
