"""A plan's copy, to try something else beside it."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.inspections.models import InspectionRound, RoundLeftOver, RoundPlan, RoundStop
from fuliang_gis.inspections.rounds.access import note, plan_there, wrong

_LONGEST_TITLE = 80


def copy_plan(
    session: Session, actor: Actor, plan_id: int, *, title: str | None = None
) -> RoundPlan:
    """Return a new plan based on another, with its rounds and locks as they are.

    It may be changed, solved and compared by itself; it is published instead of the other only
    after that is withdrawn. One without rounds is a draft.

    Raises:
        NotFound: There is no such plan.
        Forbidden, OutsideDivision: The actor may not manage rounds there.
        WrongState: It is being solved.
    """
    source = plan_there(session, actor, plan_id, lock="read")
    if source.state == "solving":
        raise wrong(source, "复制", "请等待求解结束或先停止。")
    copy = RoundPlan(
        title=(title or f"{source.title}（副本）").strip()[:_LONGEST_TITLE],
        division_code=source.division_code,
        first_day=source.first_day,
        last_day=source.last_day,
        state="draft",
        asked=dict(source.asked),
        based_on=source.id,
        driving_seconds=source.driving_seconds,
        driving_metres=source.driving_metres,
        solved_at=source.solved_at,
        created_by=actor.account_id,
    )
    session.add(copy)
    session.flush()
    copy_rows(session, source, copy)
    note(session, actor, copy, "create_plan", {"based_on": source.id})
    return copy


def copy_rows(session: Session, source: RoundPlan, copy: RoundPlan) -> None:
    """Give a plan the rounds, stops and left-overs of another; with rounds it counts as solved."""
    if _copy_rounds(session, source, copy):
        copy.state = "solved"
    _copy_left_over(session, source, copy)


def _copy_rounds(session: Session, source: RoundPlan, copy: RoundPlan) -> int:
    rounds = session.scalars(
        select(InspectionRound)
        .where(InspectionRound.plan_id == source.id)
        .order_by(InspectionRound.id)
    ).all()
    made = {
        each.id: InspectionRound(plan_id=copy.id, **_values(each, "plan_id")) for each in rounds
    }
    session.add_all(made.values())
    session.flush()
    stops = session.scalars(
        select(RoundStop).where(RoundStop.round_id.in_(made)).order_by(RoundStop.id)
    )
    rows = [{**_values(stop, "round_id"), "round_id": made[stop.round_id].id} for stop in stops]
    if rows:
        session.execute(insert(RoundStop), rows)
    return len(rounds)


def _copy_left_over(session: Session, source: RoundPlan, copy: RoundPlan) -> None:
    left = session.scalars(select(RoundLeftOver).where(RoundLeftOver.plan_id == source.id))
    rows = [{**_values(each, "plan_id"), "plan_id": copy.id} for each in left]
    if rows:
        session.execute(insert(RoundLeftOver), rows)


def _values(row: InspectionRound | RoundStop | RoundLeftOver, owner: str) -> dict[str, object]:
    """Return the columns of a row but for its key and its owner."""
    names = [column.name for column in row.__table__.columns]
    return {name: getattr(row, name) for name in names if name not in ("id", owner)}
