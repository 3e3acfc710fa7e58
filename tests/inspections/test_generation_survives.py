"""A generation killed half-way loses nothing and doubles nothing; nor do five at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg
import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.clock import ZONE
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import UPKEEP, Database
from fuliang_gis.inspections.duties.operations import generate, horizon, synchronise_norms
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from fuliang_gis.material import ROOT
from fuliang_gis.settings import Settings
from tests.factories import make_actor, make_location

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

LOCATIONS = 20

#: Who waits for the table that a test holds, in this database alone.
WAITING = """
select pid from pg_locks join pg_database on pg_database.oid = pg_locks.database
where not granted and datname = %s and locktype = 'relation'
"""

#: A worker that does what is due, then leaves; given its database and the key to sign with.
WORKER = """
import asyncio, sys
from fuliang_gis.db.session import Database
from fuliang_gis.jobs import queue

async def once(url, key):
    app = queue.build(url)
    async with app.open_async():
        if "--start" in sys.argv:
            await queue.at_start(app)
        await app.run_worker_async(
            wait=False, listen_notify=False,
            additional_context={"database": Database.connect(url, bytes.fromhex(key))},
        )

asyncio.run(once(sys.argv[1], sys.argv[2]))
"""


@pytest.fixture
def county(owner_session: Session) -> None:
    """Locations that have long been there, and the rules of the files."""
    actor = make_actor(owner_session)
    for _ in range(LOCATIONS):
        make_location(owner_session, actor, layer("assistance_assets"))
    owner_session.execute(update(Location).values(created_at=datetime(2020, 1, 1, tzinfo=ZONE)))
    synchronise_norms(owner_session)
    owner_session.commit()


@pytest.fixture
def owner(cluster: Cluster, fresh_database: str) -> Iterator[psycopg.Connection]:
    """An autocommit connection as the owner, to look from outside."""
    with psycopg.connect(cluster.owner_url(fresh_database), autocommit=True) as connection:
        yield connection


@pytest.fixture
def start(
    cluster: Cluster, fresh_database: str, settings: Settings
) -> Callable[..., subprocess.Popen[bytes]]:
    """Return how to start a worker process."""
    given = [cluster.service_url(fresh_database), settings.secret("context.key").hex()]

    def started(*options: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", WORKER, *given, *options], cwd=ROOT)

    return started


@contextmanager
def _held(url: str) -> Iterator[None]:
    """Stop every generation between its obligations and its statuses."""
    with psycopg.connect(url) as holder:
        holder.execute("lock table location_state in access exclusive mode")
        yield


def _seen(owner: psycopg.Connection) -> tuple[int, int, int]:
    """Return how many obligations, different ones, and statuses there are."""
    row = owner.execute(
        "select count(*), count(distinct (location_id, purpose, period, period_start, ordinal)),"
        " (select count(*) from location_state where has_duty) from obligation"
    ).fetchone()
    assert row is not None
    return row


def _waiting(owner: psycopg.Connection) -> int:
    """Return the backend that waits, as soon as one does."""
    deadline = time.monotonic() + 60
    while (row := owner.execute(WAITING, [owner.info.dbname]).fetchone()) is None:
        assert time.monotonic() < deadline, "the generation never came to its statuses"
        time.sleep(0.05)
    return int(row[0])


@pytest.mark.usefixtures("county")
def test_a_job_whose_process_is_killed_half_way_is_done_once(
    cluster: Cluster,
    fresh_database: str,
    owner: psycopg.Connection,
    start: Callable[..., subprocess.Popen[bytes]],
) -> None:
    """Its rows vanish with it; the next worker finds the job, and makes each obligation once."""
    with _held(cluster.owner_url(fresh_database)):
        worker = start("--start")
        _waiting(owner)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert _seen(owner) == (0, 0, 0)
    # The dead worker's last sign of life lies back long enough for others to notice.
    owner.execute("update procrastinate_workers set last_heartbeat = now() - interval '1 hour'")
    owner.execute(
        "insert into procrastinate_jobs (queue_name, task_name, args)"
        " values ('default', 'retry_stalled', '{\"timestamp\": 0}')"
    )
    assert start().wait() == 0
    made = _seen(owner)
    assert made == (made[0], made[0], LOCATIONS)
    assert made[0] >= 2 * LOCATIONS
    assert start("--start").wait() == 0
    assert _seen(owner) == made


@pytest.mark.usefixtures("county")
def test_five_generations_at_once_make_each_obligation_once(
    owner: psycopg.Connection, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    """Five jobs for five processes: one makes the obligations, the others find them made."""
    owner.execute(
        "insert into procrastinate_jobs (queue_name, task_name, args)"
        " select 'default', 'generate_duties', '{\"timestamp\": 0}' from generate_series(1, 5)"
    )
    workers = [start() for _ in range(5)]
    assert [worker.wait() for worker in workers] == [0] * 5
    done = owner.execute(
        "select count(*) from procrastinate_jobs"
        " where task_name = 'generate_duties' and status = 'succeeded'"
    ).fetchone()
    assert done == (5,)
    made = _seen(owner)
    assert made == (made[0], made[0], LOCATIONS)


@pytest.mark.usefixtures("county")
def test_a_backend_ended_half_way_leaves_nothing(
    cluster: Cluster,
    fresh_database: str,
    owner: psycopg.Connection,
    start: Callable[..., subprocess.Popen[bytes]],
    service_database: Database,
) -> None:
    """When the database itself ends the connection, it is all or nothing as well."""
    with _held(cluster.owner_url(fresh_database)):
        worker = start("--start")
        with cluster.superuser() as superuser:
            superuser.execute("select pg_terminate_backend(%s)", [_waiting(owner)])
        worker.wait()
    assert _seen(owner) == (0, 0, 0)
    today = clock.today()
    with service_database.session(UPKEEP) as session:
        done = generate(session, horizon(today), today=today)
    assert _seen(owner) == (done.made, done.made, LOCATIONS)
