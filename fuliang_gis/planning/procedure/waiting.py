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
from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.procedure.models import PlanOpinion
from fuliang_gis.planning.procedure.rules import ARTICLE_26, DAY, STEPS, Course
from fuliang_gis.planning.procedure.timeline import publish_by

#: Plans that are listed; the page of plans lists all.
SHOWN = 20
#: The kind of what is no step: opinions are answered before the notice is closed.
ANSWER = "answer"

_UNANSWERED = (
    select(func.count())
    .where(PlanOpinion.plan_id == VillagePlan.id, PlanOpinion.verdict.is_(None))
    .correlate(VillagePlan)
    .scalar_subquery()
)


@dataclass(frozen=True)
class WaitingPlan:
    """A plan that waits: what is to be done with it, and how many opinions have no answer yet.

    ``day`` is when: the last day by law, the first one that is possible, or today; ``term`` says
    which it is, and ``overdue`` that the last one is over.
    """

    id: int
    title: str
    village: str
    kind: str
    step: str
    day: date
    term: str
    overdue: bool
    unanswered: int

    @property
    def path(self) -> str:
        """Where it is done."""
        page = "opinions?only=unanswered" if self.kind == ANSWER else "procedure"
        return f"/plans/{self.id}/{page}"

    @property
    def told(self) -> str:
        """Say where it is, by when it is to be done, and what is still to be answered."""
        opinions = f"；待答复意见 {self.unanswered} 条" if self.unanswered else ""
        late = "，已逾期" if self.overdue else ""
        return f"{self.village}，{self.term}{late}{opinions}"


def waiting_plans(
    session: Session, actor: Actor, today: date, *, ahead: bool = False
) -> Sequence[WaitingPlan]:
    """Return the first plans that wait for a post, the oldest first.

    Args:
        ahead: Also those whose notice still runs, for whoever closes it.
    """
    statement = (
        select(
            VillagePlan.id,
            VillagePlan.title,
            Division.name,
            VillagePlan.profile,
            VillagePlan.state,
            VillagePlan.notice_until,
            VillagePlan.approved_on,
            _UNANSWERED,
        )
        .join(Division, Division.code == VillagePlan.division_code)
        .where(_waits(actor, today, ahead=ahead))
        .order_by(VillagePlan.id)
        .limit(SHOWN)
    )
    found = []
    for key, title, village, numbers, state, until, approved_on, opinions in session.execute(
        statement
    ):
        course = Course(state, notice_until=until, approved_on=approved_on, unanswered=opinions)
        found.append(_waiting(actor, today, key, title, village, numbers, course))
    return found


def waiting_count(session: Session, actor: Actor, today: date) -> int:
    """Count the plans that wait for a post, in one statement; drafts are work, no reminder."""
    if not any(has(actor, each) for step in STEPS.values() for each in step.permissions):
        return 0
    counted = select(func.count()).select_from(VillagePlan).where(_waits(actor, today))
    return session.scalar(counted) or 0


def _waiting(
    actor: Actor, today: date, key: int, title: str, village: str, numbers: str, course: Course
) -> WaitingPlan:
    step = next(each for each in STEPS.values() if each.before == course.state)
    kind, told, day, term = step.kind, step.zh, today, "没有法定期限"
    until = course.notice_until
    if step.kind == "forward" and until is not None:
        closes = today > until and any(has(actor, each) for each in step.permissions)
        if course.unanswered and not closes:
            kind, told, day = ANSWER, "答复意见", until
            term = f"公示至 {until}，报县前须逐条答复（{ARTICLE_26}）"
        elif today > until:
            term = f"公示已于 {until} 期满（{ARTICLE_26}）"
        else:
            day = until + DAY
            term = f"公示至 {until}，最早 {day} 可以结束（{ARTICLE_26}）"
    elif step.kind == "publish" and course.approved_on is not None:
        given = profile(numbers)
        day = publish_by(course.approved_on, given)
        term = f"最晚 {day}（批准后 {given.publish_working_days} 个工作日内，{step.article}）"
    overdue = step.kind == "publish" and day < today
    return WaitingPlan(
        key, title, village, kind, told, max(day, today), term, overdue, course.unanswered
    )


def _waits(actor: Actor, today: date, *, ahead: bool = False) -> ColumnElement[bool]:
    kinds: list[ColumnElement[bool]] = []
    for step in STEPS.values():
        if step.before == "draft" or not any(has(actor, each) for each in step.permissions):
            continue
        here = VillagePlan.state == step.before
        if step.judges:
            here = and_(here, VillagePlan.created_by.is_distinct_from(actor.account_id))
        if step.kind == "forward" and not ahead:
            here = and_(here, VillagePlan.notice_until < today)
        kinds.append(here)
    if has(actor, Permission.DRAFT_PLANS) or has(actor, Permission.REVIEW_TOWNSHIP):
        kinds.append(and_(VillagePlan.state == "notice", _UNANSWERED > 0))
    return and_(within(actor, VillagePlan.division_code), or_(false(), *kinds))
