"""What a post is reminded of beside its page: inspections and plans, in calendar and mail."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.inspections.reminders import entries as inspections
from fuliang_gis.inspections.reminders import queries
from fuliang_gis.inspections.reminders.calendar import MOST, Entry
from fuliang_gis.inspections.reminders.mail import Letter
from fuliang_gis.planning.procedure.waiting import WaitingPlan, waiting_count, waiting_plans


def entries(session: Session, actor: Actor, today: date) -> list[Entry]:
    """Return a post's entries, at most ``MOST``; plans are few and never left out."""
    plans = [_entry(each) for each in waiting_plans(session, actor, today, ahead=True)]
    others = inspections.entries(session, actor, today, MOST - len(plans))
    return sorted([*plans, *others], key=lambda entry: (entry.day, entry.key))


def letter(session: Session, actor: Actor, address: str, today: date) -> Letter | None:
    """Return what a post is told on a day; None when nothing waits for it."""
    counts = queries.counts(session, actor, today)
    plans = waiting_count(session, actor, today)
    if not counts.anything and not plans:
        return None
    return Letter(
        actor.display_name,
        address,
        counts,
        queries.my_duties(session, actor, today) if queries.visits(actor) else (),
        queries.problems(session, actor, "to_fix", today),
        plans,
        [_line(each) for each in waiting_plans(session, actor, today)] if plans else (),
    )


def _entry(plan: WaitingPlan) -> Entry:
    summary = f"{plan.step}：{plan.title}"
    return Entry(f"plan-{plan.id}-{plan.kind}", plan.day, summary, f"{plan.told}。", plan.path)


def _line(plan: WaitingPlan) -> str:
    return f"{plan.step}：{plan.title}，{plan.told}"
