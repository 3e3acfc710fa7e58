"""Plans solved by real workers: queued with their plan, watched, stopped, killed and taken up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta

import psutil
import psycopg
import pytest
from procrastinate import App
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import UPKEEP, Database
from fuliang_gis.inspections.models import InspectionRound, Obligation, RoundPlan, RoundStop, Team
from fuliang_gis.inspections.rounds import operations, solving
from fuliang_gis.inspections.rounds.asking import Wishes
from fuliang_gis.inspections.rounds.deferring import QUEUE, SOLVE_PLAN, defer
from fuliang_gis.inspections.rounds.solving import thinned
from fuliang_gis.inspections.rounds.work import search
from fuliang_gis.material import ROOT
from fuliang_gis.settings import Settings
from tests.factories import FULIANG_TOWN, make_actor
from tests.inspections.rounds.laying_out import given, lay_owed, lay_roads, lay_team
from tests.jobs import working
from tests.processes import wait_until


@pytest.fixture
def actor(owner_session: Session) -> Actor:
    """Township staff, with a road and works along it, all committed."""
    lay_roads(owner_session)
    actor = make_actor(owner_session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    first = clock.today()
    for owed in lay_owed(owner_session, actor):
        owed.period_start = owed.opens_on = first
        owed.period_end = owed.due_on = owed.warn_on = first + timedelta(days=13)
    owner_session.commit()
    return actor


@pytest.fixture
def team(owner_session: Session, actor: Actor) -> Team:
    """A team that works every weekday."""
    made = lay_team(owner_session, "一队", actor)
    owner_session.commit()
    return made


@pytest.fixture
def queued(
    service_database: Database, actor: Actor, team: Team
) -> Callable[[Wishes], tuple[int, int]]:
    """Return what makes a plan for two weeks, queues it, and tells its id and that of its job."""

    def make(wishes: Wishes) -> tuple[int, int]:
        first = clock.today()
        asked = given(team, first_day=first, last_day=first + timedelta(days=13), wishes=wishes)
        with service_database.session(actor.account_id) as session:
            plan = operations.create_plan(session, actor, asked)
            plan = operations.queue_plan(session, actor, plan.id, expected_version=plan.version)
            assert plan.job_id is not None
            return plan.id, plan.job_id

    return make


@pytest.fixture
def worker(
    cluster: Cluster, fresh_database: str, settings: Settings
) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Return what starts a worker in a process of its own; all of them are gone afterwards."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            working.ADDRESS: cluster.service_url(fresh_database),
            working.KEY: settings.secret("context.key").hex(),
        }
        command = [sys.executable, "-m", working.__name__]
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment))
        return started[-1]

    yield start
    for each in started:
        if each.poll() is None:
            each.kill()
        each.wait()


def _plan(session: Session, plan_id: int) -> RoundPlan:
    session.rollback()
    return session.get_one(RoundPlan, plan_id, populate_existing=True)


def _state(owner: psycopg.Connection, plan_id: int) -> tuple[str, int]:
    """Return the state of a plan, and how many points its curve has."""
    row = owner.execute(
        "select state, jsonb_array_length(curve) from round_plan where id = %s", [plan_id]
    ).fetchone()
    assert row is not None
    return str(row[0]), int(row[1])


def test_plan_and_job_stand_or_fall_together(
    service_database: Database, owner_session: Session, actor: Actor, team: Team
) -> None:
    """A plan whose transaction is rolled back leaves no job behind."""
    with service_database.session(actor.account_id) as session:
        plan_id = operations.create_plan(session, actor, given(team)).id
    with service_database.session(actor.account_id) as session:
        operations.queue_plan(session, actor, plan_id, expected_version=1)
        assert session.scalar(text("select count(*) from procrastinate_jobs")) == 1
        session.rollback()
    assert owner_session.scalar(text("select count(*) from procrastinate_jobs")) == 0
    assert _plan(owner_session, plan_id).state == "draft"


def test_a_worker_solves_a_queued_plan(
    app: App,
    service_database: Database,
    owner_session: Session,
    queued: Callable[[Wishes], tuple[int, int]],
) -> None:
    """As the service role and upkeep, with a curve; the same seed and iterations, the same plan."""
    found = []
    for _ in range(2):
        plan_id, _job = queued(Wishes(iterations=150, seed=7))
        working.work(app, service_database)
        plan = _plan(owner_session, plan_id)
        assert (plan.state, plan.fault, plan.cancel_asked) == ("solved", None, False)
        assert plan.solved_at is not None
        assert 1 <= len(plan.curve) <= 200
        rows = owner_session.execute(
            select(InspectionRound.day, RoundStop.ordinal, RoundStop.obligation_id)
            .join(RoundStop, RoundStop.round_id == InspectionRound.id)
            .where(InspectionRound.plan_id == plan_id)
            .order_by(InspectionRound.day, RoundStop.ordinal)
        ).all()
        found.append([tuple(row) for row in rows])
    assert len(found[0]) == 5
    assert found[0] == found[1]


def test_a_plan_queued_twice_is_solved_once(
    app: App,
    service_database: Database,
    owner_session: Session,
    queued: Callable[[Wishes], tuple[int, int]],
) -> None:
    """A job that is not the plan's own does nothing, before and after the plan is solved."""
    plan_id, job_id = queued(Wishes(iterations=50))
    with service_database.session() as session:
        other = defer(
            session, SOLVE_PLAN, {"plan_id": plan_id}, queue=QUEUE, lock=f"plan/{plan_id}"
        )
    assert other != job_id
    version = _plan(owner_session, plan_id).version
    working.work(app, service_database)
    plan = _plan(owner_session, plan_id)
    assert (plan.state, plan.version) == ("solved", version + 1)
    statuses = text("select status::text from procrastinate_jobs where task_name = 'solve_plan'")
    assert owner_session.scalars(statuses).all() == ["succeeded", "succeeded"]


def test_what_is_done_meanwhile_is_left_out(
    service_database: Database,
    owner_session: Session,
    queued: Callable[[Wishes], tuple[int, int]],
) -> None:
    """A visit made or a duty removed while the search goes on does not come back as a stop."""
    plan_id, job_id = queued(Wishes(iterations=50))
    with service_database.session(UPKEEP) as session:
        begun = solving.begin(session, plan_id, job_id, clock.today())
    assert begun is not None
    work, ready = begun
    made = search(work)
    ids = owner_session.scalars(select(Obligation.id).order_by(Obligation.id)).all()
    owner_session.delete(owner_session.get_one(Obligation, ids[0]))
    done = owner_session.get_one(Obligation, ids[1])
    done.state, done.done_on = "done", clock.today()
    owner_session.commit()
    with service_database.session(UPKEEP) as session:
        assert solving.finish(session, plan_id, job_id, ready, made, [])
    kept = set(owner_session.scalars(select(RoundStop.obligation_id)))
    assert kept == set(ids[2:5])


def test_a_plan_that_cannot_be_solved_says_why(
    app: App,
    service_database: Database,
    owner_session: Session,
    queued: Callable[[Wishes], tuple[int, int]],
) -> None:
    """Without roads it fails, in Chinese, and may be queued again."""
    plan_id, _job = queued(Wishes(iterations=50))
    owner_session.execute(text("delete from road"))
    owner_session.commit()
    working.work(app, service_database)
    plan = _plan(owner_session, plan_id)
    assert plan.state == "failed"
    assert "还没有道路数据" in (plan.fault or "")


def test_a_search_that_waits_is_called_off(
    app: App,
    service_database: Database,
    owner_session: Session,
    actor: Actor,
    queued: Callable[[Wishes], tuple[int, int]],
) -> None:
    """Nobody has begun it, so it never begins, and the plan is what it was."""
    plan_id, _job = queued(Wishes(seconds=600))
    with service_database.session(actor.account_id) as session:
        assert operations.cancel(session, actor, plan_id).state == "draft"
    working.work(app, service_database)
    assert _plan(owner_session, plan_id).state == "draft"


def test_a_running_search_is_stopped_with_what_it_has(
    service_database: Database,
    owner: psycopg.Connection,
    owner_session: Session,
    actor: Actor,
    queued: Callable[[Wishes], tuple[int, int]],
    worker: Callable[[], subprocess.Popen[bytes]],
) -> None:
    """The worker sees it within a moment, keeps the rounds, and goes when it is told to."""
    plan_id, _job = queued(Wishes(seconds=600))
    running = worker()
    wait_until(lambda: _state(owner, plan_id)[1] > 0, "the search tells how far it is")
    with service_database.session(actor.account_id) as session:
        operations.cancel(session, actor, plan_id)
    wait_until(lambda: _state(owner, plan_id)[0] == "solved", "the plan is kept")
    stops = select(func.count(RoundStop.id))
    assert owner_session.scalar(stops) == 5
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=60) == 0


def test_a_killed_worker_s_plan_is_taken_up_by_the_next(
    app: App,
    service_database: Database,
    owner: psycopg.Connection,
    actor: Actor,
    queued: Callable[[Wishes], tuple[int, int]],
    worker: Callable[[], subprocess.Popen[bytes]],
) -> None:
    """Killed half-way, it takes its search along; the upkeep queues the job again, once."""
    plan_id, job_id = queued(Wishes(seconds=600))
    first = worker()
    wait_until(lambda: _state(owner, plan_id)[1] > 0, "the search tells how far it is")
    searches = psutil.Process(first.pid).children()
    assert searches
    first.kill()
    first.wait()
    wait_until(lambda: not any(_lives(each) for each in searches), "the search is gone too")
    assert _state(owner, plan_id)[0] == "solving"
    owner.execute("update procrastinate_workers set last_heartbeat = now() - interval '1 hour'")
    working.defer(app, "retry_stalled")
    second = worker()
    wait_until(lambda: _attempts(owner, job_id) == 1, "the upkeep takes the job up again")
    wait_until(lambda: len(psutil.Process(second.pid).children()) > 0, "it is searched again")
    wait_until(lambda: _state(owner, plan_id)[1] > 0, "the search tells how far it is")
    with service_database.session(actor.account_id) as session:
        operations.cancel(session, actor, plan_id)
    wait_until(lambda: _state(owner, plan_id)[0] == "solved", "the plan is kept")
    row = owner.execute("select count(*) from round_stop").fetchone()
    assert row == (5,)


def test_a_worker_told_to_stop_hands_its_search_on(
    owner: psycopg.Connection,
    queued: Callable[[Wishes], tuple[int, int]],
    worker: Callable[[], subprocess.Popen[bytes]],
) -> None:
    """It leaves within its grace, and the job waits for the next worker."""
    plan_id, job_id = queued(Wishes(seconds=600))
    running = worker()
    wait_until(lambda: _state(owner, plan_id)[1] > 0, "the search tells how far it is")
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=90) == 0
    row = owner.execute(
        "select status::text from procrastinate_jobs where id = %s", [job_id]
    ).fetchone()
    assert row == ("todo",)
    assert _state(owner, plan_id)[0] == "solving"


def test_no_plan_is_solving_for_ever(
    app: App,
    service_database: Database,
    owner: psycopg.Connection,
    owner_session: Session,
    queued: Callable[[Wishes], tuple[int, int]],
) -> None:
    """Once its job was given up, the plan has failed; one whose job waits is left alone."""
    given_up, job_id = queued(Wishes(seconds=600))
    owner.execute("update procrastinate_jobs set status = 'failed' where id = %s", [job_id])
    waiting, other = queued(Wishes(seconds=600))
    owner.execute(
        "update procrastinate_jobs set scheduled_at = now() + interval '1 hour' where id = %s",
        [other],
    )
    working.defer(app, "mend_plans")
    working.work(app, service_database)
    plan = _plan(owner_session, given_up)
    assert plan.state == "failed"
    assert "重新求解" in (plan.fault or "")
    assert _state(owner, waiting)[0] == "solving"


def test_a_curve_is_thinned() -> None:
    """At most two hundred points, the first and the last among them."""
    curve = [(float(n), 1000.0 - n) for n in range(777)]
    found = thinned(curve)
    assert len(found) == 200
    assert (found[0], found[-1]) == (curve[0], curve[-1])
    assert thinned(curve[:200]) == curve[:200]


def _lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def _attempts(owner: psycopg.Connection, job_id: int) -> int:
    row = owner.execute(
        "select attempts from procrastinate_jobs where id = %s", [job_id]
    ).fetchone()
    assert row is not None
    return int(row[0])
