"""Planning again while rounds are driven: after a missed day, and in the middle of one."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.inspections.models import (
    InspectionRound,
    Obligation,
    RoundLeftOver,
    RoundPlan,
    RoundStop,
)
from fuliang_gis.inspections.rounds import following
from fuliang_gis.inspections.rounds.access import fetch_plan, plan_there, touch, wrong
from fuliang_gis.inspections.rounds.asking import Asked
from fuliang_gis.inspections.rounds.keeping import kept_plan, left_over
from fuliang_gis.inspections.rounds.nearby import reinsert_nearby
from fuliang_gis.inspections.rounds.problems import (
    editing,
    standings,
    teams_of,
    with_stop_locks,
    without,
)
from fuliang_gis.inspections.rounds.rewriting import Key, rewrite
from fuliang_gis.inspections.rounds.times import seconds_of
from fuliang_gis.inspections.rounds.today import RestOfDay, replan_today
from fuliang_gis.routing.replanning import Replanned
from fuliang_gis.routing.rounds import Round

__all__ = ["Replan", "RestOfDay", "price_missed", "replan_missed", "replan_today"]

#: Left-overs that wait for a day with room.
_WAITING = ("missed", "dropped")


@dataclass(frozen=True)
class Replan:
    """What planning again has changed; ids are those of obligations.

    ``missed`` were to be made up for: ``inserted`` of them have a new day, ``left_over`` have none.
    ``moved`` are other stops with another team or day, or left out, ``rounds`` the teams and days
    that are not as they were, ``added_seconds`` the driving on top [s]; it took ``seconds`` [s].
    """

    plan: RoundPlan
    from_day: date
    missed: tuple[int, ...]
    inserted: tuple[int, ...]
    left_over: tuple[int, ...]
    moved: tuple[int, ...]
    rounds: tuple[Key, ...]
    added_seconds: int
    seconds: float


@dataclass(frozen=True)
class _Found:
    """What a search for room has brought."""

    asked: Asked
    made: Replanned
    replan: Replan

    def changed(self) -> dict[Key, Round | None]:
        """Return the rounds that are not as they were, by team and day."""
        rounds = {(each.team, each.day): each for each in self.made.plan.rounds}
        return {_key(self.asked, key): rounds.get(key) for key in self.made.changed}


def price_missed(
    session: Session, actor: Actor, plan_id: int, *, from_day: date | None = None
) -> Replan:
    """Return what ``replan_missed`` would change; nothing is saved.

    Raises:
        NotFound, Forbidden, OutsideDivision, WrongState, Invalid: As ``replan_missed``.
    """
    plan = plan_there(session, actor, plan_id)
    return _searched(session, plan, from_day).replan


def replan_missed(
    session: Session,
    actor: Actor,
    plan_id: int,
    *,
    from_day: date | None = None,
    expected_version: int | None,
) -> Replan:
    """Put what was missed into later rounds; no other stop moves unless it must make room.

    Locked stops keep team and day; rounds that are locked or begun stay as they are.

    Args:
        from_day: The first day whose rounds may change; the first one that no team has begun.

    Raises:
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict: As they say.
        WrongState: It has not been solved, or is being solved.
        Invalid: There are no roads.
    """
    plan = fetch_plan(session, actor, plan_id, expected_version)
    found = _searched(session, plan, from_day)
    replan = found.replan
    if not replan.missed and not replan.rounds:
        return replan
    rewrite(session, plan, found.asked, found.changed())
    out = {each.task for each in found.made.plan.unplanned}
    _note_left_over(session, plan, found, out)
    if plan.state == "published":
        following.give_days(session, plan.id)
        following.free(session, [int(each) for each in out])
    told: dict[str, object] = {
        "replanned": len(replan.missed),
        "inserted": len(replan.inserted),
        "moved": len(replan.moved),
        "from": replan.from_day.isoformat(),
    }
    touch(session, actor, plan, "change_plan", told)
    return replan


def _searched(session: Session, plan: RoundPlan, from_day: date | None) -> _Found:
    if plan.state not in ("published", "solved", "withdrawn"):
        raise wrong(plan, "重新安排漏巡任务", "请先求解。")
    began = time.perf_counter()
    today = clock.today()
    first = max(from_day or _first_free_day(session, plan, today), today)
    rounds = standings(session, plan, today)
    fixed = {each.id for each in rounds if each.stays or each.day < first}
    ahead = _obligations(session, [each.id for each in rounds if each.id not in fixed])
    staying = [each.id for each in rounds if each.stays and each.day >= today]
    missed = _missed(session, plan, first) - ahead - _obligations(session, staying)
    asked = editing(session, plan, ahead | missed, teams_of(plan), today)
    asked = without(asked, plan, rounds, first)
    asked = with_stop_locks(session, plan, asked, fixed)
    made = reinsert_nearby(
        asked.problem,
        kept_plan(session, plan.id, asked, but=fixed),
        [str(each) for each in sorted(missed)],
        first_day=(first - asked.first_day).days,
    )
    inserted = {int(each) for each in made.inserted}
    replan = Replan(
        plan,
        first,
        tuple(sorted(missed)),
        tuple(sorted(inserted)),
        tuple(sorted(missed - inserted)),
        tuple(sorted(int(each) for each in made.moved)),
        tuple(_key(asked, key) for key in made.changed),
        made.added,
        time.perf_counter() - began,
    )
    return _Found(asked, made, replan)


def _key(asked: Asked, key: tuple[str, int]) -> Key:
    return int(key[0]), asked.first_day + timedelta(days=key[1])


def _first_free_day(session: Session, plan: RoundPlan, today: date) -> date:
    """Return today while nobody has set out, else tomorrow."""
    starts = session.scalars(
        select(InspectionRound.starts).where(
            InspectionRound.plan_id == plan.id, InspectionRound.day == today
        )
    ).all()
    now = clock.now().astimezone(clock.ZONE).time()
    out = any(seconds_of(start) <= seconds_of(now) for start in starts)
    return today + timedelta(days=1) if out else today


def _obligations(session: Session, round_ids: Collection[int]) -> set[int]:
    """Return the obligations that rounds are still to make."""
    wanted = (
        select(RoundStop.obligation_id)
        .join(Obligation, Obligation.id == RoundStop.obligation_id)
        .where(
            RoundStop.round_id.in_(list(round_ids)),
            RoundStop.state == "planned",
            Obligation.state == "open",
        )
    )
    return {one for one in session.scalars(wanted) if one is not None}


def _missed(session: Session, plan: RoundPlan, first: date) -> set[int]:
    """Return what is still owed of rounds before a day, and what waits for room since then."""
    earlier = (
        select(RoundStop.obligation_id)
        .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
        .join(Obligation, Obligation.id == RoundStop.obligation_id)
        .where(
            InspectionRound.plan_id == plan.id,
            # What is under way today may still be made.
            InspectionRound.day < min(first, clock.today()),
            RoundStop.state != "done",
            Obligation.state == "open",
        )
    )
    waiting = (
        select(RoundLeftOver.obligation_id)
        .join(Obligation, Obligation.id == RoundLeftOver.obligation_id)
        .where(
            RoundLeftOver.plan_id == plan.id,
            RoundLeftOver.reason.in_(_WAITING),
            Obligation.state == "open",
        )
    )
    found = [*session.scalars(earlier), *session.scalars(waiting)]
    return {one for one in found if one is not None}


def _note_left_over(session: Session, plan: RoundPlan, found: _Found, out: set[str]) -> None:
    """Note what has no day now; what has one is left over no more."""
    replan = found.replan
    settled = {*replan.missed, *replan.moved}
    session.execute(
        delete(RoundLeftOver).where(
            RoundLeftOver.plan_id == plan.id, RoundLeftOver.obligation_id.in_(settled)
        )
    )
    rows = [
        left_over(
            found.asked,
            plan.id,
            each,
            "missed" if int(each) in replan.missed else "no_capacity",
        )
        for each in sorted(out)
    ]
    if rows:
        session.execute(insert(RoundLeftOver), rows)
