"""Solving a plan: whole in one transaction, or in steps between which nothing is held.

A worker takes the steps: ``begin``, the search itself in another process, ``note_progress`` now and
then, and ``finish`` or ``fail``. Each is a short transaction and does nothing once the plan belongs
to another job, so that a plan queued twice, or taken up again after its worker was killed, is kept
once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import cast

from sqlalchemy import CursorResult, select, text
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.inspections.models import Obligation, RoundPlan
from fuliang_gis.inspections.rounds.asking import Asked
from fuliang_gis.inspections.rounds.keeping import keep
from fuliang_gis.inspections.rounds.problems import Prepared, prepared, wishes_of
from fuliang_gis.inspections.rounds.work import Work, search
from fuliang_gis.locations.models import Location
from fuliang_gis.routing.rounds import Plan
from fuliang_gis.routing.solving import Effort, Progress, without

#: Points of the curve that are kept.
MOST_POINTS = 200


def work_of(plan: RoundPlan, ready: Prepared, effort: Effort | None = None) -> Work:
    """Return the search that a plan asks for."""
    wishes = wishes_of(plan)
    effort = effort or Effort(wishes.seconds, wishes.seed, wishes.iterations)
    return Work(ready.asked.problem, ready.before if ready.before.rounds else None, effort)


def solve(
    session: Session,
    plan_id: int,
    *,
    today: date,
    progress: Progress | None = None,
    effort: Effort | None = None,
) -> RoundPlan:
    """Solve a plan and keep the result, starting from the rounds it has.

    Locked stops keep team and day; rounds that are locked, past or begun stay as they are. Runs in
    the session's transaction, as the upkeep of the service or as its owner.
    """
    plan = session.get_one(RoundPlan, plan_id)
    ready = prepared(session, plan, today)
    made = search(work_of(plan, ready, effort), progress)
    _keep(session, plan, ready, made)
    return plan


def begin(session: Session, plan_id: int, job_id: int, today: date) -> tuple[Work, Prepared] | None:
    """Return what a job is to search for; None when the plan waits for no search of this job."""
    plan = _of_job(session, plan_id, job_id)
    if plan is None:
        return None
    plan.curve = []
    ready = prepared(session, plan, today)
    return work_of(plan, ready), ready


def note_progress(
    session: Session, plan_id: int, job_id: int, curve: Sequence[tuple[float, float]]
) -> bool:
    """Keep how far a search is; tell whether it is to go on."""
    plan = _of_job(session, plan_id, job_id)
    if plan is None:
        return False
    plan.curve = [list(point) for point in curve]
    return not plan.cancel_asked


def finish(
    session: Session,
    plan_id: int,
    job_id: int,
    ready: Prepared,
    made: Plan,
    curve: Sequence[tuple[float, float]],
) -> bool:
    """Keep what a job has found; False when the plan is no longer this job's."""
    plan = _of_job(session, plan_id, job_id)
    if plan is None:
        return False
    _keep(session, plan, ready, _still_wanted(session, ready.asked, made))
    plan.curve = [list(point) for point in curve]
    return True


def keep_found(session: Session, plan_id: int, ready: Prepared, made: Plan) -> bool:
    """Keep what was searched for outside the queue; False when the plan is no longer to be solved.

    One that was queued, published or removed meanwhile stays as it is.
    """
    plan = session.get(RoundPlan, plan_id, with_for_update=True)
    if plan is None or plan.state not in ("draft", "solved", "failed"):
        return False
    _keep(session, plan, ready, _still_wanted(session, ready.asked, made))
    return True


def fail(session: Session, plan_id: int, job_id: int, fault: str) -> None:
    """Tell why a job has found nothing; the rounds that the plan had stay."""
    plan = _of_job(session, plan_id, job_id)
    if plan is not None:
        plan.state, plan.fault, plan.cancel_asked = "failed", fault, False
        plan.version += 1


_ABANDONED = text("""
update round_plan p set state = 'failed', fault = :fault, cancel_asked = false,
    version = p.version + 1
where p.state = 'solving' and not exists (
    select from procrastinate_jobs j where j.id = p.job_id and j.status in ('todo', 'doing')
)
""")
_GIVEN_UP = "求解多次中断，已放弃。请减少点位、天数或求解时间后重新求解；仍不行请联系管理员。"


def give_up_abandoned(session: Session) -> int:
    """Fail the plans whose job is no more, so that none stays "solving" for ever."""
    found = cast("CursorResult[tuple[()]]", session.execute(_ABANDONED, {"fault": _GIVEN_UP}))
    return found.rowcount


def thinned(curve: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return at most ``MOST_POINTS`` points of a curve, evenly spread; both ends stay.

    >>> len(thinned([(float(n), 1.0) for n in range(1000)]))
    200
    """
    if len(curve) <= MOST_POINTS:
        return list(curve)
    last = len(curve) - 1
    return [curve[round(n * last / (MOST_POINTS - 1))] for n in range(MOST_POINTS)]


def _of_job(session: Session, plan_id: int, job_id: int) -> RoundPlan | None:
    wanted = (
        select(RoundPlan)
        .where(RoundPlan.id == plan_id, RoundPlan.state == "solving", RoundPlan.job_id == job_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(wanted).one_or_none()


def _keep(session: Session, plan: RoundPlan, ready: Prepared, made: Plan) -> None:
    keep(session, plan, ready.asked, made, fixed=ready.fixed)
    plan.state, plan.solved_at, plan.cancel_asked = "solved", clock.now(), False
    plan.fault = None
    plan.version += 1
    session.flush()


def _still_wanted(session: Session, asked: Asked, made: Plan) -> Plan:
    """Leave out what was done, excused or removed while the search went on."""
    ids = [int(task.id) for task in asked.problem.tasks]
    wanted = (
        select(Obligation.id)
        .join(Location, Location.id == Obligation.location_id)
        .where(Obligation.id.in_(ids), Obligation.state == "open", Location.deleted_at.is_(None))
    )
    open_now = {str(one) for one in session.scalars(wanted)}
    gone = {task.id for task in asked.problem.tasks} - open_now
    left = tuple(each for each in made.unplanned if each.task in open_now)
    return Plan(without(asked.problem, made.rounds, gone), left)
