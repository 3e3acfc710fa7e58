"""Acts on problems: each fetches, refuses, then writes row, measures, event and audit together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.inspections.defects import rules
from fuliang_gis.inspections.defects.assigning import assign, change
from fuliang_gis.inspections.defects.given import Feedback, check_feedback, check_words
from fuliang_gis.inspections.defects.handling import (
    Handled,
    add_event,
    fetch,
    finish,
    keep_photos,
    require_act,
)
from fuliang_gis.inspections.defects.opening import find, open_from_visit
from fuliang_gis.inspections.defects.rules import Act
from fuliang_gis.inspections.models import Defect
from fuliang_gis.inspections.visits.files import Kept

__all__ = [
    "assign",
    "change",
    "close",
    "comment",
    "escalate",
    "find",
    "fix",
    "open_from_visit",
    "reject",
    "reopen",
    "send_back",
    "verify",
]


def fix(
    session: Session,
    actor: Actor,
    number: str,
    ordinal: int,
    feedback: Feedback,
    kept: Sequence[Kept] = (),
    *,
    expected_version: int | None,
) -> Defect:
    """Report one measure as carried out, with what it cost and photos of after.

    Raises:
        Invalid: Nothing is told.
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict, WrongState: As they say.
    """
    handled = Handled(session, actor, number, Act.FIX, expected_version)
    check_feedback(feedback)
    handled.settle(rules.fixed(handled.case, ordinal, actor.account_id))
    measure = handled.measure(ordinal)
    measure.feedback, measure.opinion = feedback.text.strip(), None
    measure.cost_yuan = feedback.cost_yuan
    costs = [each.cost_yuan for each in handled.measures if each.cost_yuan is not None]
    handled.defect.cost_yuan = sum(costs, Decimal()) if costs else None
    photos = keep_photos(session, actor, handled.defect, kept, "after")
    cost = str(feedback.cost_yuan) if feedback.cost_yuan is not None else None
    handled.tell(measure.feedback, {"photos": photos, "cost_yuan": cost}, measure=measure)
    return handled.done({"measure": ordinal})


def verify(
    session: Session,
    actor: Actor,
    number: str,
    ordinal: int,
    opinion: str | None = None,
    *,
    expected_version: int | None,
) -> Defect:
    """Accept one measure that another person carried out.

    Raises:
        SelfApproval: The actor carried it out.
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict, WrongState: As they say.
    """
    handled = Handled(session, actor, number, Act.VERIFY, expected_version)
    check_words("opinion", "验收意见", opinion, required=False)
    handled.settle(rules.verified(handled.case, ordinal, actor.account_id))
    measure = handled.measure(ordinal)
    measure.opinion = _plain(opinion)
    handled.tell(measure.opinion, measure=measure)
    return handled.done({"measure": ordinal})


def reject(
    session: Session,
    actor: Actor,
    number: str,
    ordinal: int,
    opinion: str,
    *,
    expected_version: int | None,
) -> Defect:
    """Refuse one measure that another person carried out; the rejection is kept and counted.

    Raises:
        Invalid: No reason is given.
        SelfApproval: The actor carried it out.
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict, WrongState: As they say.
    """
    handled = Handled(session, actor, number, Act.REJECT, expected_version)
    check_words("opinion", "驳回原因", opinion, required=True)
    handled.settle(rules.rejected(handled.case, ordinal, actor.account_id))
    measure = handled.measure(ordinal)
    measure.opinion = opinion.strip()
    handled.tell(measure.opinion, {"feedback": measure.feedback}, measure=measure)
    return handled.done({"measure": ordinal})


def close(
    session: Session,
    actor: Actor,
    number: str,
    note: str | None = None,
    *,
    expected_version: int | None,
) -> Defect:
    """Strike a problem off (销号).

    Raises:
        MeasuresOpen: A measure is not verified.
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict, WrongState: As they say.
    """
    handled = Handled(session, actor, number, Act.CLOSE, expected_version)
    check_words("note", "销号意见", note, required=False)
    handled.settle(rules.closed(handled.case))
    defect = handled.defect
    defect.closed_by, defect.closed_at = actor.account_id, clock.now()
    defect.closing_note = _plain(note)
    handled.tell(defect.closing_note)
    return handled.done()


def send_back(
    session: Session, actor: Actor, number: str, reason: str, *, expected_version: int | None
) -> Defect:
    """Send a problem back a step; measures that were reported count as rejected.

    Raises:
        Invalid: No reason is given.
        SelfApproval: It is fixed, and the actor carried out one of its measures.
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict, WrongState: As they say.
    """
    handled = Handled(session, actor, number, Act.SEND_BACK, expected_version)
    check_words("reason", "退回原因", reason, required=True)
    before = handled.case
    handled.settle(rules.sent_back(before, actor.account_id))
    handled.tell(reason.strip(), {"from": before.state, "to": handled.defect.state})
    for measure in handled.measures:
        if measure.rejections > before.measure(measure.ordinal).rejections:
            measure.opinion = reason.strip()
            told = {"feedback": measure.feedback, "sent_back": True}
            handled.tell(measure.opinion, told, measure=measure, act=Act.REJECT)
    return handled.done({"from": before.state})


def reopen(
    session: Session,
    actor: Actor,
    number: str,
    reason: str,
    ordinals: Collection[int] = (),
    due_on: date | None = None,
    *,
    expected_version: int | None,
) -> Defect:
    """Take up a closed problem again, with some or all of its measures, and a new deadline.

    Raises:
        Invalid: No reason is given.
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict, WrongState: As they say.
    """
    handled = Handled(session, actor, number, Act.REOPEN, expected_version)
    check_words("reason", "重新打开的原因", reason, required=True)
    today, defect = clock.today(), handled.defect
    if due_on is not None and due_on < today:
        zh = "新的整改期限不能早于今天。"
        raise Invalid([Problem("out_of_range", zh, "The deadline lies in the past.", "due_on")])
    handled.settle(rules.reopened(handled.case, ordinals))
    defect.closed_at = defect.closed_by = defect.closing_note = None
    defect.escalated_to = defect.escalated_at = None
    defect.due_on = due_on or rules.deadline(defect.severity, today)
    handled.tell(reason.strip(), {"measures": sorted(ordinals), "due_on": str(defect.due_on)})
    return handled.done()


def comment(session: Session, actor: Actor, number: str, text: str) -> Defect:
    """Leave a word on a problem; this changes nothing else of it, nor its version.

    Raises:
        Invalid: Nothing is said.
        NotFound, Forbidden, OutsideDivision: As they say.
    """
    defect = fetch(session, number)
    require_act(session, actor, Act.COMMENT, defect.state, defect.division_code)
    check_words("text", "留言", text, required=True)
    add_event(session, actor, defect, Act.COMMENT, text.strip(), {})
    finish(session, actor, defect, Act.COMMENT)
    return defect


def escalate(session: Session, today: date) -> int:
    """Raise what is overdue to the township or the county; return how many problems rose.

    A problem never sinks again by itself. The service's own upkeep runs this every night.
    """
    overdue = select(Defect).where(Defect.state != "closed", Defect.due_on < today)
    risen = 0
    for defect in session.scalars(overdue.order_by(Defect.id).with_for_update(skip_locked=True)):
        level = rules.escalation(defect.severity, defect.due_on, today)
        if level is None or level == defect.escalated_to or defect.escalated_to == "county":
            continue
        late = (today - defect.due_on).days
        defect.escalated_to, defect.escalated_at = level, clock.now()
        defect.version += 1
        add_event(
            session,
            None,
            defect,
            Act.ESCALATE,
            f"已超期 {late} 天，{rules.ESCALATION_NAMES[level][0]}督办。",
            {"to": level, "days": late},
        )
        risen += 1
    session.flush()
    return risen


def _plain(text: str | None) -> str | None:
    return (text or "").strip() or None
