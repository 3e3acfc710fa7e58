"""Taking a plan's steps: each is checked, written down as an act, and never undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import NotFound, PlanStepRefused, Problem, SelfApproval, WrongState
from fuliang_gis.planning.checks import Severity
from fuliang_gis.planning.fetching import locked, note, of_version, require_any
from fuliang_gis.planning.models import PLAN_STATE_NAMES, PlanScheme, VillagePlan
from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.procedure import queries
from fuliang_gis.planning.procedure.models import PlanAct, PlanParticipation
from fuliang_gis.planning.procedure.rules import (
    ACT_NAMES,
    LONGEST_NOTE,
    STEPS,
    ActGiven,
    Course,
    after,
    fits,
    permissions,
    step_problems,
)
from fuliang_gis.planning.reports import report


def take_step(
    session: Session,
    actor: Actor,
    plan_id: int,
    given: ActGiven,
    *,
    expected: int | None,
    scheme_id: int | None = None,
) -> PlanAct:
    """Take one step of a plan's road; ``held_on`` of what happens today is set to today.

    Args:
        expected: The plan's row version as it was seen.
        scheme_id: The scheme to submit; by default the chosen one.

    Raises:
        NotFound, VersionRequired, Conflict, Forbidden, OutsideDivision: As they say.
        WrongState: The step does not begin where the plan is.
        SelfApproval: Somebody judges what they drafted.
        PlanStepRefused: The law or the checks do not let it through yet.
    """
    plan = locked(session, actor, plan_id)
    course = queries.course(session, plan)
    if given.kind not in (*STEPS, "return"):
        raise PlanStepRefused(plan.title, given.kind, [_unknown_step()])
    require_any(session, actor, plan, permissions(course, given.kind))
    of_version(plan, expected)
    _refuse_misfit(plan, course, given.kind)
    step = STEPS.get(given.kind)
    if step is not None and step.judges and actor.account_id in queries.drafters(session, plan):
        raise SelfApproval(act=step.zh)
    today = clock.today()
    if given.kind in ("submit", "forward", "return"):
        given = replace(given, held_on=today)
    if given.kind == "submit":
        scheme = _scheme(session, plan, scheme_id)
        course = _checked(session, plan, scheme, scheme.head, course)
        plan.frozen_scheme, plan.frozen_ordinal = scheme.id, scheme.head
    elif given.kind == "approve" and plan.frozen_ordinal is not None:
        # A waiver may have been taken back on the way.
        scheme = session.get_one(PlanScheme, plan.frozen_scheme)
        course = _checked(session, plan, scheme, plan.frozen_ordinal, course)
    if problems := step_problems(course, given, today, profile(plan.profile)):
        raise PlanStepRefused(plan.title, ACT_NAMES[given.kind][0], problems)
    return _take(session, actor, plan, course, given)


def _take(
    session: Session, actor: Actor, plan: VillagePlan, course: Course, given: ActGiven
) -> PlanAct:
    detail = _detail(session, actor, plan, given)
    act = _act(plan, actor, given, after(course, given).state, detail)
    session.add(act)
    _move(plan, given, act.to_state)
    note(session, actor, plan, "plan_step", {"kind": given.kind, "to": act.to_state})
    if given.kind == "force" and plan.replaces_id:
        _replace_former(session, actor, plan, given)
    session.flush()
    return act


def _act(
    plan: VillagePlan, actor: Actor, given: ActGiven, state: str, detail: Mapping[str, object]
) -> PlanAct:
    return PlanAct(
        plan_id=plan.id,
        division_code=plan.division_code,
        kind=given.kind,
        from_state=plan.state,
        to_state=state,
        held_on=given.held_on,
        scheme_id=plan.frozen_scheme,
        ordinal=plan.frozen_ordinal,
        note=given.note.strip(),
        detail=dict(detail),
        actor_id=actor.account_id,
    )


def _move(plan: VillagePlan, given: ActGiven, state: str) -> None:
    plan.state = state
    plan.version += 1
    if given.kind == "notice":
        plan.notice_from, plan.notice_until = given.held_on, given.until
    elif given.kind == "approve":
        plan.approval_number, plan.approved_on = given.number.strip(), given.held_on
    elif given.kind == "publish":
        plan.published_on = given.held_on
    elif given.kind == "return":
        plan.frozen_scheme = plan.frozen_ordinal = None
        plan.notice_from = plan.notice_until = None


def _detail(
    session: Session, actor: Actor, plan: VillagePlan, given: ActGiven
) -> dict[str, object]:
    """Return what an act keeps beside its day and note; a vote becomes a row of participation."""
    if given.kind == "notice" and given.until is not None:
        return {"until": given.until.isoformat()}
    if given.kind == "approve":
        return {"number": given.number.strip()}
    if given.kind == "return" and plan.notice_from and plan.notice_until:
        began, ended = plan.notice_from.isoformat(), plan.notice_until.isoformat()
        return {"notice_from": began, "notice_until": ended}
    if given.vote is None:
        return {}
    vote = given.vote
    row = PlanParticipation(
        plan_id=plan.id,
        division_code=plan.division_code,
        kind="vote",
        held_on=given.held_on,
        place=vote.place.strip(),
        entitled=vote.entitled,
        attended=vote.attended,
        in_favour=vote.in_favour,
        against=vote.against,
        abstained=vote.abstained,
        summary=vote.summary.strip()[:LONGEST_NOTE],
        recorded_by=actor.account_id,
    )
    session.add(row)
    session.flush()
    return {"participation": row.id, "assembly": vote.assembly}


def _replace_former(session: Session, actor: Actor, plan: VillagePlan, given: ActGiven) -> None:
    """Take the plan that a change replaces out of force, on the day the new one comes into it."""
    former = session.get(VillagePlan, plan.replaces_id, with_for_update=True)
    if former is None or former.state != "in_force":
        return
    gone = ActGiven("replaced", given.held_on, f"由《{plan.title}》替代")
    session.add(_act(former, actor, gone, "replaced", {"by": plan.id}))
    former.state = "replaced"
    former.version += 1
    note(session, actor, former, "plan_step", {"kind": "replaced", "to": "replaced"})


def _refuse_misfit(plan: VillagePlan, course: Course, kind: str) -> None:
    if fits(course, kind):
        return
    raise WrongState(
        name=plan.title,
        state=PLAN_STATE_NAMES[plan.state][0],
        act=ACT_NAMES[kind][0],
        advice="可能刚由他人办理，请刷新页面查看下一步。",
    )


def _scheme(session: Session, plan: VillagePlan, scheme_id: int | None) -> PlanScheme:
    """Return the scheme that is submitted, and choose it; who saves waits for the plan."""
    wanted = select(PlanScheme).where(PlanScheme.plan_id == plan.id).order_by(PlanScheme.id)
    schemes = session.scalars(wanted.execution_options(populate_existing=True)).all()
    if scheme_id is None:
        found = next((each for each in schemes if each.chosen), None)
    else:
        found = next((each for each in schemes if each.id == scheme_id), None)
    if found is None:
        raise NotFound(what="规划方案", key=scheme_id or "—")
    for each in schemes:
        if each.chosen != (each is found):
            each.chosen = each is found
    return found


def _checked(
    session: Session, plan: VillagePlan, scheme: PlanScheme, ordinal: int, course: Course
) -> Course:
    """Return the course with what the checks find in a version of the scheme."""
    found = report(session, plan, scheme, ordinal).findings
    counts = Counter(each.severity for each in found)
    parcels = queries.parcels_of(session, scheme.id, ordinal)
    return replace(
        course, errors=counts[Severity.ERROR], permits=counts[Severity.PERMIT], parcels=parcels
    )


def _unknown_step() -> Problem:
    return Problem("unknown_choice", "没有这一步程序。", "No such step.", "kind")
