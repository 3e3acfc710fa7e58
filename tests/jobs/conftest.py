"""The queue on a database of the test's own."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from procrastinate import App

from fuliang_gis.db.cluster import Cluster
from fuliang_gis.jobs import queue


@pytest.fixture
def app(cluster: Cluster, fresh_database: str) -> App:
    """The queue as the service role."""
    return queue.build(cluster.service_url(fresh_database))


@pytest.fixture
def owner(cluster: Cluster, fresh_database: str) -> Iterator[psycopg.Connection]:
    """An autocommit connection as the owner, to look at the queue, to lay it out and to age it."""
    with psycopg.connect(cluster.owner_url(fresh_database), autocommit=True) as connection:
        yield connection
