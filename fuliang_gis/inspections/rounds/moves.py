"""Changing rounds by hand: what a move costs and breaks, and carrying it out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Invalid, NotFound, Problem
from fuliang_gis.inspections.models import (
    InspectionRound,
    Obligation,
    RoundLeftOver,
    RoundPlan,
    RoundStop,
)
from fuliang_gis.inspections.rounds import following
from fuliang_gis.inspections.rounds.access import (
    fetch_plan,
    plan_there,
    require_editable,
    touch,
)
from fuliang_gis.inspections.rounds.keeping import left_over
from fuliang_gis.inspections.rounds.problems import teams_of
from fuliang_gis.inspections.rounds.rewriting import rewrite
from fuliang_gis.inspections.rounds.scenes import (
    Broken,
    MovePrice,
    RoundCost,
    Scene,
    priced,
    removal,
    setting,
)

__all__ = [
    "Broken",
    "MovePrice",
    "Moved",
    "RoundCost",
    "add_left_over",
    "move_stop",
    "price_left_over",
    "price_move",
    "remove_stop",
]


@dataclass(frozen=True)
class Moved:
    """A changed plan, with its next version, and what the change cost."""

    plan: RoundPlan
    price: MovePrice


def price_move(
    session: Session,
    actor: Actor,
    plan_id: int,
    stop_id: int,
    team_id: int,
    day: date,
    ordinal: int | None = None,
) -> MovePrice:
    """Return what moving a stop costs, and what stands against it; nothing is saved.

    Args:
        ordinal: Which stop of the other round it becomes, from 1; None takes the best place.

    Raises:
        NotFound: The plan has no such stop or team.
        Forbidden, OutsideDivision: The actor may not manage rounds there.
        WrongState: The plan is being solved.
        Invalid: The plan has no such day.
    """
    plan = _plan(session, actor, plan_id)
    return priced(_move(session, plan, stop_id, team_id, day, ordinal))


def price_left_over(
    session: Session,
    actor: Actor,
    plan_id: int,
    obligation_id: int,
    team_id: int,
    day: date,
    ordinal: int | None = None,
) -> MovePrice:
    """Return what taking an obligation in costs, and what stands against it; nothing is saved.

    Raises:
        NotFound, Forbidden, OutsideDivision, WrongState, Invalid: As ``price_move``.
    """
    plan = _plan(session, actor, plan_id)
    return priced(_addition(session, plan, obligation_id, team_id, day, ordinal))


def move_stop(
    session: Session,
    actor: Actor,
    plan_id: int,
    stop_id: int,
    team_id: int,
    day: date,
    ordinal: int | None = None,
    *,
    expected_version: int | None,
) -> Moved:
    """Move a stop to another place, day or team; both rounds get new times.

    Raises:
        VersionRequired, Conflict: The plan has another version by now.
        NotFound, Forbidden, OutsideDivision, WrongState: As ``price_move``.
        Invalid: A condition does not hold; each problem names one.
    """
    plan = fetch_plan(session, actor, plan_id, expected_version)
    require_editable(plan, "调整路线")
    scene = _move(session, plan, stop_id, team_id, day, ordinal)
    detail: dict[str, object] = {"moved": int(scene.task.id)}
    return _carried_out(session, actor, scene, detail)


def add_left_over(
    session: Session,
    actor: Actor,
    plan_id: int,
    obligation_id: int,
    team_id: int,
    day: date,
    ordinal: int | None = None,
    *,
    expected_version: int | None,
) -> Moved:
    """Take an obligation that is left over, or any open one of the division, into a round.

    Raises:
        VersionRequired, Conflict, NotFound, Forbidden, OutsideDivision, WrongState, Invalid: As
            ``move_stop``; it is not found either when a round makes it already.
    """
    plan = fetch_plan(session, actor, plan_id, expected_version)
    require_editable(plan, "加入任务")
    scene = _addition(session, plan, obligation_id, team_id, day, ordinal)
    return _carried_out(session, actor, scene, {"added": obligation_id})


def remove_stop(
    session: Session, actor: Actor, plan_id: int, stop_id: int, *, expected_version: int | None
) -> Moved:
    """Take a stop out of its round; its obligation is left over, and may be planned elsewhere.

    Raises:
        VersionRequired, Conflict, NotFound, Forbidden, OutsideDivision, WrongState: As
            ``move_stop``.
        Invalid: It is locked, made already, or its day is over.
    """
    plan = fetch_plan(session, actor, plan_id, expected_version)
    require_editable(plan, "移出任务")
    stop, home = _stop(session, plan, stop_id)
    owed = stop.obligation_id
    if owed is None:
        return _cleared(session, actor, plan, stop)
    scene = removal(session, plan, stop, home)
    price = _carried_out(session, actor, scene, {"removed": owed}).price
    row = left_over(scene.asked, plan.id, str(owed), "removed")
    session.execute(insert(RoundLeftOver), [row])
    if plan.state == "published":
        following.free(session, [owed])
    return Moved(plan, price)


def _carried_out(session: Session, actor: Actor, scene: Scene, detail: dict[str, object]) -> Moved:
    price = priced(scene)
    if price.broken:
        raise Invalid(
            [
                Problem(each.code, f"不能这样安排：{each.zh}。", f"{each.en}.", each.field)
                for each in price.broken
            ]
        )
    plan = scene.plan
    rewrite(session, plan, scene.asked, scene.rounds())
    session.execute(
        delete(RoundLeftOver).where(
            RoundLeftOver.plan_id == plan.id,
            RoundLeftOver.obligation_id == int(scene.task.id),
        )
    )
    if plan.state == "published":
        following.give_days(session, plan.id)
    where = {
        "to": [f"{each.team_id}/{each.day.isoformat()}" for each in price.after],
        "added_seconds": price.added_seconds,
    }
    touch(session, actor, plan, "change_plan", detail | where)
    return Moved(plan, price)


def _cleared(session: Session, actor: Actor, plan: RoundPlan, stop: RoundStop) -> Moved:
    """Remove a stop whose obligation is no more; the round keeps its times."""
    session.delete(stop)
    touch(session, actor, plan, "change_plan", {"removed": None})
    return Moved(plan, MovePrice((), (), 0, ()))


def _plan(session: Session, actor: Actor, plan_id: int) -> RoundPlan:
    plan = plan_there(session, actor, plan_id)
    require_editable(plan, "调整路线")
    return plan


def _move(
    session: Session,
    plan: RoundPlan,
    stop_id: int,
    team_id: int,
    day: date,
    ordinal: int | None,
) -> Scene:
    stop, home = _stop(session, plan, stop_id)
    if stop.obligation_id is None:
        raise NotFound(what="停靠点的巡查任务", key=stop_id)
    _require_place(plan, team_id, day)
    return setting(session, plan, stop.obligation_id, team_id, day, ordinal, source=(stop, home))


def _addition(
    session: Session,
    plan: RoundPlan,
    obligation_id: int,
    team_id: int,
    day: date,
    ordinal: int | None,
) -> Scene:
    owed = session.get(Obligation, obligation_id)
    made = (
        select(RoundStop.id)
        .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
        .where(
            InspectionRound.plan_id == plan.id,
            RoundStop.obligation_id == obligation_id,
            RoundStop.state != "missed",
        )
    )
    if (
        owed is None
        or owed.state != "open"
        or not owed.division_code.startswith(plan.division_code)
        or session.scalar(made.limit(1)) is not None
    ):
        raise NotFound(what="可加入的巡查任务", key=obligation_id)
    _require_place(plan, team_id, day)
    return setting(session, plan, obligation_id, team_id, day, ordinal, source=None)


def _require_place(plan: RoundPlan, team_id: int, day: date) -> None:
    if team_id not in teams_of(plan):
        raise NotFound(what="方案内的巡查队伍", key=team_id)
    if not plan.first_day <= day <= plan.last_day:
        told = f"日期应在方案的 {plan.first_day} 至 {plan.last_day} 之内。"
        raise Invalid([Problem("out_of_range", told, "The day is outside the plan.", "day")])


def _stop(session: Session, plan: RoundPlan, stop_id: int) -> tuple[RoundStop, InspectionRound]:
    wanted = (
        select(RoundStop, InspectionRound)
        .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
        .where(RoundStop.id == stop_id, InspectionRound.plan_id == plan.id)
    )
    found = session.execute(wanted).one_or_none()
    if found is None:
        raise NotFound(what="停靠点", key=stop_id)
    return found[0], found[1]
