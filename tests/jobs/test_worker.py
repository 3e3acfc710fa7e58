"""The queue on a real database: periodic upkeep, and jobs whose worker was killed."""

from __future__ import annotations

from datetime import timedelta

import psycopg
from procrastinate import App
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.models import Account, IdempotencyKey
from fuliang_gis.db.session import Database
from fuliang_gis.jobs import operations, tasks
from tests.jobs import working


def _account(session: Session) -> Account:
    account = Account(
        username="keeper",
        display_name="县级管理岗",
        role="administrator",
        division_code="360222",
        password_hash="x",
        stamp="x",
    )
    session.add(account)
    session.flush()
    return account


def test_only_answers_too_old_to_replay_are_removed(owner_session: Session) -> None:
    """An answer stays for 24 hours and is gone after them."""
    account = _account(owner_session)
    for key, hours in (("old", 25), ("young", 23)):
        made = clock.now() - timedelta(hours=hours)
        owner_session.add(
            IdempotencyKey(
                account_id=account.id, key=key, request_digest="x", headers={}, created_at=made
            )
        )
    owner_session.flush()
    assert operations.purge_idempotency_keys(owner_session) == 1
    assert owner_session.scalars(select(IdempotencyKey.key)).all() == ["young"]


def test_the_purge_runs_as_the_service_role(
    app: App, service_database: Database, owner_session: Session
) -> None:
    """Upkeep needs no owner: the service role may remove what has served its time."""
    account = _account(owner_session)
    made = clock.now() - timedelta(hours=30)
    owner_session.add(
        IdempotencyKey(
            account_id=account.id, key="old", request_digest="x", headers={}, created_at=made
        )
    )
    owner_session.commit()
    working.defer(app, "purge")
    working.work(app, service_database)
    assert owner_session.scalar(select(func.count()).select_from(IdempotencyKey)) == 0


def test_a_job_of_a_killed_worker_is_done_again(
    app: App, service_database: Database, owner: psycopg.Connection
) -> None:
    """A job left half-way by a worker that gives no sign any more is taken up again."""
    stalled = _stalled_job(owner, attempts=1)
    working.defer(app, "retry_stalled")
    working.work(app, service_database)
    assert _status(owner, stalled) == "succeeded"


def test_a_job_that_kills_its_workers_is_given_up(
    app: App, service_database: Database, owner: psycopg.Connection
) -> None:
    """After enough attempts a job is failed, so that it cannot take every worker with it."""
    stalled = _stalled_job(owner, attempts=tasks.MOST_ATTEMPTS)
    working.defer(app, "retry_stalled")
    working.work(app, service_database)
    assert _status(owner, stalled) == "failed"


def test_a_job_of_a_living_worker_is_left_alone(
    app: App, service_database: Database, owner: psycopg.Connection
) -> None:
    """A worker that still gives signs keeps its job, however long it takes."""
    running = _stalled_job(owner, attempts=1, silent_seconds=5)
    working.defer(app, "retry_stalled")
    working.work(app, service_database)
    assert _status(owner, running) == "doing"


def _stalled_job(owner: psycopg.Connection, *, attempts: int, silent_seconds: int = 600) -> int:
    worker = owner.execute(
        "insert into procrastinate_workers (last_heartbeat) "
        "values (now() - make_interval(secs => %s)) returning id",
        [silent_seconds],
    ).fetchone()
    assert worker is not None
    job = owner.execute(
        "insert into procrastinate_jobs (queue_name, task_name, args, status, attempts, worker_id) "
        "values ('default', 'remove_old_jobs', '{\"timestamp\": 0}', 'doing', %s, %s) "
        "returning id",
        [attempts, worker[0]],
    ).fetchone()
    assert job is not None
    return int(job[0])


def _status(owner: psycopg.Connection, job: int) -> str:
    row = owner.execute("select status from procrastinate_jobs where id = %s", [job]).fetchone()
    assert row is not None
    return str(row[0])
