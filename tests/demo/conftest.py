"""One loaded demo county for all tests that only read it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import driver_url
from fuliang_gis.demo.operations import load

NAME = f"run_{os.getpid()}_demo"
#: The day on which the year ends; the same on every day that the tests run.
AS_OF = date(2026, 11, 25)


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo county keeps its pictures."""
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="session")
def demo_engine(cluster: Cluster, template: str, demo_files: Path) -> Iterator[Engine]:
    """A database of its own with the demo county of seed 1."""
    with cluster.superuser() as connection:
        connection.execute("select pg_advisory_lock(360222)")
        cluster.copy_database(template, NAME)
    engine = create_engine(driver_url(cluster.owner_url(NAME)))
    with Session(engine) as session, session.begin():
        load(session, seed=1, as_of=AS_OF, files_folder=demo_files)
    yield engine
    engine.dispose()
    cluster.drop_database(NAME)


@pytest.fixture
def demo(demo_engine: Engine) -> Iterator[Session]:
    """A session on the loaded demo county; what it does is rolled back."""
    with demo_engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        outer.rollback()
