"""Plans of rounds for every township at once: through the queue's workers, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.queries import account as account_named
from fuliang_gis.accounts.queries import actor_of
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.areas.models import Division
from fuliang_gis.errors import NotFound, SetUpError
from fuliang_gis.inspections.duties.periods import Span
from fuliang_gis.inspections.models import RoundLeftOver, RoundPlan, Team
from fuliang_gis.inspections.rounds import operations, solving
from fuliang_gis.inspections.rounds.asking import Wishes
from fuliang_gis.inspections.rounds.operations import PlanGiven
from fuliang_gis.inspections.rounds.problems import prepared
from fuliang_gis.jobs import province
from fuliang_gis.routing.rounds import Plan

#: A session in a transaction of its own.
Sessions = Callable[[], AbstractContextManager[Session]]

#: A worker that gave no sign for so long is not there [s].
_SILENCE = 60


@dataclass(frozen=True)
class Standing:
    """How far the plans are: numbers by state, driving [s] and [m], and stops left over."""

    waiting: int
    solved: int
    failed: int
    driving_seconds: int
    driving_metres: int
    left_over: int


def acting(session: Session, username: str | None) -> Actor:
    """Return the account that plans are made for: the named one, or the county's first clerk.

    Raises:
        NotFound: There is no such account.
    """
    if username is not None:
        found: Account | None = account_named(session, username)
    else:
        clerks = (Account.role == Role.COUNTY_STAFF.value, Account.active)
        found = session.scalars(select(Account).where(*clerks).order_by(Account.id)).first()
    if found is None:
        raise NotFound(what="账号", key=Role.COUNTY_STAFF.value)
    return actor_of(found, session.get_one(Division, found.division_code).name)


def make_plans(
    session: Session, actor: Actor, span: Span, wishes: Wishes, *, queued: bool
) -> list[int]:
    """Make one plan for every township that has a team at work; return their ids.

    With ``queued``, each is queued for the workers in the same transaction.
    """
    township = func.left(Team.division_code, 9)
    rows = session.execute(
        select(township, func.array_agg(Team.id), func.min(Division.name))
        .join(Division, Division.code == township)
        .where(Team.active, Team.division_code.startswith(actor.scope))
        .group_by(township)
        .order_by(township)
    )
    ids = []
    for code, team_ids, name in rows.all():
        title = f"{name} {span.start:%Y-%m-%d} 至 {span.end:%Y-%m-%d}"
        given = PlanGiven(title, code, span.start, span.end, team_ids, wishes)
        made = operations.create_plan(session, actor, given)
        if queued:
            operations.queue_plan(session, actor, made.id, expected_version=made.version)
        ids.append(made.id)
    return ids


def require_worker(session: Session) -> None:
    """Refuse when nobody would take a job out of the queue.

    Raises:
        SetUpError: No worker has given a sign.
    """
    alive = text(
        "select exists (select from procrastinate_workers"
        " where last_heartbeat > now() - make_interval(secs => :silence))"
    )
    if not session.scalar(alive, {"silence": _SILENCE}):
        raise SetUpError(
            reason="没有后台任务进程在运行，路线方案不会被求解。"
            "请先运行 ./fuliang serve，或另开 ./fuliang worker。",
            reason_en="No worker is running; start ./fuliang serve or ./fuliang worker first.",
        )


def standing(session: Session, plan_ids: Sequence[int]) -> Standing:
    """Return how far some plans are."""
    state, ours = RoundPlan.state, RoundPlan.id.in_(plan_ids)
    waiting, solved, failed, seconds, metres = session.execute(
        select(
            func.count().filter(state.in_(("draft", "solving"))),
            func.count().filter(state.in_(("solved", "published"))),
            func.count().filter(state == "failed"),
            func.coalesce(func.sum(RoundPlan.driving_seconds), 0),
            func.coalesce(func.sum(RoundPlan.driving_metres), 0),
        ).where(ours)
    ).one()
    left = select(func.count()).where(RoundLeftOver.plan_id.in_(plan_ids))
    left_over = session.scalar(left) or 0
    return Standing(waiting, solved, failed, seconds or 0, metres or 0, left_over)


def solve_on_dask(
    sessions: Sessions,
    plan_ids: Sequence[int],
    scheduler: str,
    today: date,
    told: Callable[[int], None],
) -> None:
    """Solve plans on a Dask cluster; ``told`` hears of each number of plans that are done.

    The database is read before and written after each search, never held during one.

    Raises:
        SetUpError: The scheduler cannot be reached.
    """
    with province.connected(scheduler) as client:
        ready, works = [], []
        for plan_id in plan_ids:
            with sessions() as session:
                plan = session.get_one(RoundPlan, plan_id)
                ready.append(prepared(session, plan, today))
                works.append(solving.work_of(plan, ready[-1]))
        done = 0

        def keep(number: int, made: Plan) -> None:
            nonlocal done
            with sessions() as session:
                solving.keep_found(session, plan_ids[number], ready[number], made)
            done += 1
            told(done)

        province.search_on(client, works, keep)
