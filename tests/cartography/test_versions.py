"""A version changes with every committed change and with nothing else, whoever commits first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from fuliang_gis.cartography.versions import BASE_SUBJECTS, entity_tag, version
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import Database, driver_url
from fuliang_gis.locations import operations
from fuliang_gis.locations.registry import layers
from tests.factories import make_actor, make_location

WATER = "water_projects"

#: Each makes one change of one location whose id is bound.
CHANGES = {
    "update": "update location set name = name || '2', version = version + 1 where id = :id",
    "delete": "delete from location where id = :id",
}


@pytest.fixture
def owner(cluster: Cluster, fresh_database: str) -> Iterator[Engine]:
    """Really committing connections to a database of the test's own."""
    made = create_engine(driver_url(cluster.owner_url(fresh_database)))
    yield made
    made.dispose()


@contextmanager
def opened(owner: Engine) -> Iterator[Session]:
    """A transaction that waits for nobody."""
    with Session(owner, expire_on_commit=False) as session:
        session.execute(text("set local lock_timeout = '2s'"))
        yield session


def now(owner: Engine, *subjects: str) -> int:
    """Return the committed version."""
    with Session(owner) as session:
        return version(session, subjects or (WATER,))


def add(session: Session) -> int:
    """Add a water project; return its id."""
    return make_location(session, make_actor(session), layers()[WATER]).id


def test_creation_counts_when_committed(owner: Engine) -> None:
    """A new location must change the version, but only once it is committed."""
    before = now(owner)
    with opened(owner) as session:
        add(session)
        session.flush()
        assert now(owner) == before
        session.commit()
    assert now(owner) > before


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_counts(owner: Engine, change: str) -> None:
    """Whatever statement changes a location must change the version."""
    with opened(owner) as session:
        made = add(session)
        session.commit()
    before = now(owner)
    with opened(owner) as session:
        session.execute(text(change), {"id": made})
        session.commit()
    assert now(owner) > before


def test_later_commit_of_an_earlier_write_counts(owner: Engine) -> None:
    """A writer that began first and commits last must still change the version.

    A version made of the latest time of change or the largest number would miss it.
    """
    with opened(owner) as first, opened(owner) as second:
        add(first)
        first.flush()
        add(second)
        second.commit()
        between = now(owner)
        first.commit()
    assert now(owner) > between


def test_writers_do_not_wait_for_each_other(owner: Engine) -> None:
    """Counting must not let one open transaction hold up another in the same layer."""
    with opened(owner) as first, opened(owner) as second:
        add(first)
        first.flush()
        add(second)
        second.commit()
        first.commit()


def test_undone_changes_do_not_count(owner: Engine) -> None:
    """A transaction rolled back must leave the version as it was."""
    before = now(owner)
    with opened(owner) as session:
        add(session)
        session.flush()
        session.rollback()
    assert now(owner) == before


def test_other_layers_keep_their_version(owner: Engine) -> None:
    """A change in one layer must not make tiles of another be fetched again."""
    others = tuple(name for name in layers() if name != WATER)
    before = now(owner, *others)
    with opened(owner) as session:
        add(session)
        session.commit()
    assert now(owner, *others) == before


def test_statement_without_rows_does_not_count(owner: Engine) -> None:
    """A statement that changes nothing must leave the version as it was."""
    before = now(owner, *BASE_SUBJECTS), now(owner)
    with opened(owner) as session:
        for table in ("location", "division", "road"):
            session.execute(text(f"update {table} set invented = invented where false"))  # noqa: S608
        session.commit()
    assert (now(owner, *BASE_SUBJECTS), now(owner)) == before


@pytest.mark.parametrize(
    ("subject", "statement"),
    [
        ("division", "update division set short_name = '浮梁县城' where code = '360222100'"),
        (
            "road",
            (
                "insert into road (road_class, speed_kmh, length_m, oneway, from_node, to_node,"
                " geom, invented) values ('track', 10, 100, false, 1, 2,"
                " ST_GeomFromText('LINESTRING(117.2 29.4, 117.3 29.4)', 4490), false)"
            ),
        ),
    ],
)
def test_base_map_has_versions(owner: Engine, subject: str, statement: str) -> None:
    """Divisions and roads must be counted too."""
    before = now(owner, subject)
    with opened(owner) as session:
        session.execute(text(statement))
        session.commit()
    assert now(owner, subject) == before + 1


def test_service_counts_what_it_may_not_write(
    service_database: Database, owner: Engine, owner_session: Session
) -> None:
    """A change by the service must count, though it may not touch the counters itself."""
    actor = make_actor(owner_session)
    made = make_location(owner_session, actor, layers()[WATER])
    owner_session.commit()
    before = now(owner)
    with service_database.session(actor.account_id) as session:
        operations.delete(
            session, actor, WATER, made.code, "重复登记", expected_version=made.version
        )
    assert now(owner) > before


@pytest.mark.parametrize("other", [(2, "a", "b"), (1, "ab", ""), (1, "b", "a"), (1, "a")])
def test_tags_differ_with_what_they_stand_for(other: tuple[int, str]) -> None:
    """A tag must change with the version and with every part of what is shown."""
    make: Callable[..., str] = entity_tag
    assert make(*other) != make(1, "a", "b")
