"""Fixtures on a real PostGIS: a private cluster, a migrated template, a copy of it for this run.

The cluster and the template stay in ``var/test`` between runs. The template is made anew when
anything changes that shapes it; each run works on its own copy, and each test inside a savepoint.
"""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as property_settings
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session

from fuliang_gis.db import upgrade as schema
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import Database, driver_url
from fuliang_gis.material import ROOT
from fuliang_gis.settings import Settings

# How fast this machine is at the moment is no property of the code.
property_settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
property_settings.register_profile(
    "repeated", property_settings.get_profile("untimed"), derandomize=True
)
property_settings.load_profile("untimed")

#: What shapes the template: models, migrations, guard, and the divisions loaded into it.
SHAPING = (
    "fuliang_gis/**/models.py",
    "fuliang_gis/locations/**/*.py",
    "fuliang_gis/accounts/*.py",
    "fuliang_gis/areas/*.py",
    "fuliang_gis/geo/*.py",
    "fuliang_gis/db/*.py",
    "fuliang_gis/migrations/**/*.py",
    "data/areas/*",
    "layers/*",
)

#: Names the run's own database; a dead run's database is dropped by the next.
RUN = f"run_{os.getpid()}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the browser tests for the end: their driver keeps an event loop to the last."""
    items.sort(key=lambda item: item.path.is_relative_to(ROOT / "tests" / "e2e"))


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Settings of this run: state in a folder of its own, nothing read from the environment."""
    for name in list(os.environ):
        if name.startswith("FULIANG_") and name != "FULIANG_MATERIAL":
            del os.environ[name]
    return Settings(state=ROOT / "var" / "test", demo=False)


@pytest.fixture(scope="session")
def cluster(settings: Settings) -> Iterator[Cluster]:
    """The private test cluster, stopped by the last run that uses it."""
    with Cluster(settings, disposable=True).in_use() as running:
        yield running


@pytest.fixture(scope="session")
def template(cluster: Cluster, settings: Settings) -> str:
    """The name of a database migrated to head, with the county's divisions."""
    name = f"template_{_fingerprint()}"
    with cluster.superuser() as connection:
        connection.execute("select pg_advisory_lock(360222)")
        _drop_leftovers(cluster, connection, keep=name)
        if not _exists(connection, name):
            _build(cluster, settings, f"{name}_new")
            connection.execute(f"alter database {name}_new rename to {name}".encode())
    return name


@pytest.fixture(scope="session")
def database_name(cluster: Cluster, template: str) -> Iterator[str]:
    """The run's own database, copied from the template."""
    with cluster.superuser() as connection:
        # Two runs may not copy one template at the same moment.
        connection.execute("select pg_advisory_lock(360222)")
        cluster.drop_database(RUN)
        cluster.copy_database(template, RUN)
    yield RUN
    cluster.drop_database(RUN)


@pytest.fixture(scope="session")
def engine(cluster: Cluster, database_name: str) -> Iterator[Engine]:
    """Connections to the run's database as its owner."""
    made = create_engine(driver_url(cluster.owner_url(database_name)))
    yield made
    made.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """One connection as the owner, rolled back whole after the test."""
    with engine.connect() as opened:
        outer = opened.begin()
        yield opened
        outer.rollback()


@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    """A session as the owner; what it commits stays inside the test's savepoint."""
    with Session(
        connection, join_transaction_mode="create_savepoint", expire_on_commit=False
    ) as opened:
        yield opened


@pytest.fixture
def fresh_database(cluster: Cluster, template: str) -> Iterator[str]:
    """A database of the test's own, for tests that must really commit; dropped afterwards."""
    name = f"{RUN}_own"
    with cluster.superuser() as connection:
        connection.execute("select pg_advisory_lock(360222)")
        cluster.copy_database(template, name)
    yield name
    cluster.drop_database(name)


@pytest.fixture
def owner_session(cluster: Cluster, fresh_database: str) -> Iterator[Session]:
    """A really committing session as the owner of ``fresh_database``, to lay out a test's rows."""
    made = create_engine(driver_url(cluster.owner_url(fresh_database)))
    with Session(made, expire_on_commit=False) as opened:
        yield opened
    made.dispose()


@pytest.fixture
def service_database(
    cluster: Cluster, fresh_database: str, settings: Settings
) -> Iterator[Database]:
    """The service role on ``fresh_database``: row-level security applies, commits are real."""
    made = Database.connect(
        cluster.service_url(fresh_database), settings.secret("context.key"), pool_size=2
    )
    yield made
    made.dispose()


@pytest.fixture
def count_queries() -> Callable[[Engine], AbstractContextManager[list[str]]]:
    """Return a context manager that collects the statements sent through an engine."""
    return _collected


@contextmanager
def _collected(target: Engine | Connection) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(target, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(target, "before_cursor_execute", note)


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for pattern in SHAPING:
        for file in sorted(ROOT.glob(pattern)):
            digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _exists(connection: psycopg.Connection, name: str) -> bool:
    query = "select 1 from pg_database where datname = %s"
    return connection.execute(query, [name]).fetchone() is not None


def _drop_leftovers(cluster: Cluster, connection: psycopg.Connection, keep: str) -> None:
    """Drop databases of runs that died, half-made templates, and all templates but the last few."""
    query = "select datname from pg_database where datname ~ '^(run|template)_' order by oid desc"
    names = [name for (name,) in connection.execute(query).fetchall()]
    stale = [name for name in names if name.startswith("run_") and not _alive(name)]
    stale += [name for name in names if name.endswith("_new")]
    stale += [name for name in names if name.startswith("template_") and name != keep][4:]
    for name in stale:
        cluster.drop_database(name)


def _alive(run: str) -> bool:
    return Path("/proc", run.split("_")[1]).exists()


def _build(cluster: Cluster, settings: Settings, name: str) -> None:
    cluster.drop_database(name)
    cluster.create_database(name)
    cluster.prepare(name)
    schema.upgrade(cluster.owner_url(name), settings)
    made = create_engine(driver_url(cluster.owner_url(name)))
    with Session(made) as session, session.begin():
        _load_divisions(session)
    made.dispose()


def _load_divisions(session: Session) -> None:
    try:
        operations = importlib.import_module("fuliang_gis.areas.operations")
    except ModuleNotFoundError:
        return
    operations.load_reference(session)
