"""Plans of rounds: made, queued for solving, published, withdrawn, copied; solving itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.inspections.models import InspectionRound, RoundPlan, RoundStop, Team
from fuliang_gis.inspections.rounds import following
from fuliang_gis.inspections.rounds.access import (
    fetch_plan,
    note,
    require_open,
    require_there,
    touch,
    wrong,
)
from fuliang_gis.inspections.rounds.asking import Wishes
from fuliang_gis.inspections.rounds.copying import copy_plan
from fuliang_gis.inspections.rounds.deferring import QUEUE, SOLVE_PLAN, call_off, defer
from fuliang_gis.inspections.rounds.locking import (
    apart_problems,
    kept_pairs,
    set_apart,
    set_lock,
)
from fuliang_gis.inspections.rounds.solving import solve

__all__ = [
    "LONGEST_DAYS",
    "LONGEST_SECONDS",
    "PlanGiven",
    "cancel",
    "change_plan",
    "copy_plan",
    "create_plan",
    "publish",
    "queue_plan",
    "set_apart",
    "set_lock",
    "solve",
    "withdraw",
]

#: Longest span of one plan [days], and longest search [s].
LONGEST_DAYS = 100
LONGEST_SECONDS = 600
LONGEST_TITLE = 80


@dataclass(frozen=True)
class PlanGiven:
    """What a plan is to be: whose, when, with which teams and wishes.

    ``apart`` names pairs of locations (ids) that must not be visited on the same day.
    """

    title: str
    division_code: str
    first_day: date
    last_day: date
    team_ids: Sequence[int]
    wishes: Wishes = field(default_factory=Wishes)
    apart: Sequence[tuple[int, int]] = ()


def create_plan(session: Session, actor: Actor, given: PlanGiven) -> RoundPlan:
    """Add a plan that is to be solved.

    Raises:
        Invalid: Title, dates, teams, pairs or wishes cannot be used.
        Forbidden, OutsideDivision: The actor may not manage rounds there.
    """
    require_there(session, actor, given.division_code)
    if problems := _problems(session, given):
        raise Invalid(problems)
    plan = RoundPlan(
        title=given.title.strip(),
        division_code=given.division_code,
        first_day=given.first_day,
        last_day=given.last_day,
        state="draft",
        asked=_asked(given),
        created_by=actor.account_id,
    )
    session.add(plan)
    session.flush()
    note(session, actor, plan, "create_plan")
    return plan


def change_plan(
    session: Session, actor: Actor, plan_id: int, given: PlanGiven, *, expected_version: int | None
) -> RoundPlan:
    """Change what a plan is asked for; its division stays, and its rounds do until it is solved.

    Raises:
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict, Invalid: As they say.
        WrongState: It is being solved, or is published.
    """
    plan = fetch_plan(session, actor, plan_id, expected_version)
    require_open(plan, "修改")
    given = replace(given, division_code=plan.division_code)
    if problems := _problems(session, given):
        raise Invalid(problems)
    plan.title, plan.first_day, plan.last_day = given.title.strip(), given.first_day, given.last_day
    locks = {
        name: plan.asked[name] for name in ("locked_days", "locked_teams") if name in plan.asked
    }
    plan.asked = _asked(given) | locks
    touch(session, actor, plan, "change_plan")
    return plan


def queue_plan(
    session: Session, actor: Actor, plan_id: int, *, expected_version: int | None
) -> RoundPlan:
    """Have a plan solved by a worker; the job is queued in the same transaction.

    Raises:
        NotFound, Forbidden, VersionRequired, Conflict: As they say.
        WrongState: It is being solved, or is published.
    """
    plan = fetch_plan(session, actor, plan_id, expected_version)
    require_open(plan, "求解")
    plan.state, plan.curve, plan.fault, plan.cancel_asked = "solving", [], None, False
    told = {"plan_id": plan.id}
    plan.job_id = defer(session, SOLVE_PLAN, told, queue=QUEUE, lock=f"plan/{plan.id}")
    touch(session, actor, plan, "solve_plan")
    return plan


def cancel(session: Session, actor: Actor, plan_id: int) -> RoundPlan:
    """Ask a running search to end; what it has found is kept. One that waits is not begun.

    Raises:
        WrongState: It is not being solved.
    """
    plan = fetch_plan(session, actor, plan_id, None, any_version=True)
    if plan.state != "solving":
        raise wrong(plan, "停止求解", "请刷新页面查看结果。")
    if plan.job_id is not None and call_off(session, plan.job_id):
        plan.state = "draft" if plan.solved_at is None else "solved"
        touch(session, actor, plan, "change_plan", {"called_off": True})
        return plan
    plan.cancel_asked = True
    session.flush()
    return plan


def publish(
    session: Session, actor: Actor, plan_id: int, *, expected_version: int | None
) -> RoundPlan:
    """Publish a plan: its obligations get day and person, so that inspectors see them as theirs.

    A team with one member gives every stop to that account; with several, to none of them alone.

    Raises:
        WrongState: It has not been solved, or other published plans make the same visits.
    """
    plan = fetch_plan(session, actor, plan_id, expected_version)
    if plan.state not in ("solved", "withdrawn"):
        raise wrong(plan, "发布", "请先求解。")
    if count := following.taken(session, plan.id):
        advice = f"有 {count} 项任务已在其他已发布的方案中，请先撤回那个方案，或重新求解本方案。"
        raise wrong(plan, "发布", advice)
    plan.state, plan.published_by, plan.published_at = (
        "published",
        actor.account_id,
        clock.now(),
    )
    following.give_days(session, plan.id)
    following.follow(session, actor.scope, _obligations(session, plan.id))
    touch(session, actor, plan, "publish_plan")
    return plan


def withdraw(
    session: Session, actor: Actor, plan_id: int, *, expected_version: int | None
) -> RoundPlan:
    """Take a published plan back; obligations not yet met lose the day it gave them.

    Raises:
        WrongState: It is not published.
    """
    plan = fetch_plan(session, actor, plan_id, expected_version)
    if plan.state != "published":
        raise wrong(plan, "撤回", "只有已发布的方案可以撤回。")
    following.free_all(session, plan.id)
    plan.state, plan.published_by, plan.published_at = "withdrawn", None, None
    touch(session, actor, plan, "withdraw_plan")
    return plan


def _asked(given: PlanGiven) -> dict[str, object]:
    apart = {"apart": kept_pairs(given.apart)} if given.apart else {}
    return {"teams": sorted(set(given.team_ids)), **asdict(given.wishes), **apart}


def _obligations(session: Session, plan_id: int) -> list[int]:
    wanted = (
        select(RoundStop.obligation_id)
        .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
        .where(InspectionRound.plan_id == plan_id, RoundStop.obligation_id.is_not(None))
    )
    return [one for one in session.scalars(wanted) if one is not None]


def _problems(session: Session, given: PlanGiven) -> list[Problem]:
    found = []
    title = given.title.strip()
    if not 0 < len(title) <= LONGEST_TITLE or "\0" in title:
        told = f"请填写方案名称（不超过 {LONGEST_TITLE} 字）。"
        found.append(Problem("required", told, "A title is required.", "title"))
    days = (given.last_day - given.first_day).days + 1
    meant = clock.is_meant(given.first_day) and clock.is_meant(given.last_day)
    if not (meant and 1 <= days <= LONGEST_DAYS):
        told = f"起止日期应在 1～{LONGEST_DAYS} 天之内，结束不早于开始，年份在 2000～2100 之间。"
        found.append(Problem("out_of_range", told, "The span cannot be used.", "last_day"))
    found += _wish_problems(given.wishes)
    teams = session.scalars(select(Team).where(Team.id.in_(given.team_ids), Team.active)).all()
    inside = [team for team in teams if team.division_code.startswith(given.division_code)]
    if not inside or len(inside) != len(set(given.team_ids)):
        told = "请选择本区划内在用的巡查队伍；还没有队伍的，请先新建。"
        found.append(Problem("no_team", told, "Choose teams of this division.", "team_ids"))
    return [*found, *apart_problems(session, given.division_code, given.apart)]


def _wish_problems(wishes: Wishes) -> list[Problem]:
    found = []
    if not 1 <= wishes.seconds <= LONGEST_SECONDS:
        told = f"求解时间应为 1～{LONGEST_SECONDS} 秒。"
        found.append(Problem("out_of_range", told, "The time cannot be used.", "seconds"))
    if not 0 <= wishes.balance <= 100:
        told = "均衡权重应为 0～100。"
        found.append(Problem("out_of_range", told, "The weight cannot be used.", "balance"))
    for name in ("late_counts", "early_counts"):
        if not 0 < getattr(wishes, name) <= 100:
            told = "逾期和可提前任务的权重应大于 0、不超过 100。"
            found.append(Problem("out_of_range", told, "The weight cannot be used.", name))
    if not 0 <= wishes.seed < 2**31 or (wishes.iterations is not None and wishes.iterations < 1):
        told = "随机种子应为 0～2147483647；迭代次数应为正整数。"
        found.append(Problem("out_of_range", told, "The seed cannot be used.", "seed"))
    return found
