"""The schema: the migrations build what the models say, and an upgrade can be repeated."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.orm import Session

from fuliang_gis.db import upgrade as schema
from fuliang_gis.db.base import Base
from fuliang_gis.db.cluster import SERVICE, Cluster
from fuliang_gis.db.session import driver_url
from fuliang_gis.errors import SetUpError
from fuliang_gis.settings import Settings


@pytest.fixture
def owner(cluster: Cluster, fresh_database: str) -> Iterator[Engine]:
    """Connections as the owner of a migrated database of the test's own."""
    made = create_engine(driver_url(cluster.owner_url(fresh_database)))
    yield made
    made.dispose()


def test_the_migrations_build_exactly_the_models(engine: Engine) -> None:
    """A model changed without a migration, or the other way round, fails here."""
    schema.load_models()
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": schema.is_compared}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_every_check_of_the_models_is_in_the_database(engine: Engine) -> None:
    """Alembic does not compare check constraints, so their names are compared here."""
    schema.load_models()
    stored = inspect(engine)
    for table in Base.metadata.sorted_tables:
        wanted = {
            str(each.name)
            for each in table.constraints
            if each.__visit_name__ == "check_constraint"
        }
        found = {each["name"] for each in stored.get_check_constraints(table.name)}
        missing = {name for name in wanted if not any(name in str(one) for one in found)}
        assert not missing, f"{table.name} lacks {missing}"


def test_an_upgrade_can_be_repeated(
    cluster: Cluster, fresh_database: str, owner: Engine, settings: Settings
) -> None:
    """A second upgrade changes nothing and keeps every row."""
    with owner.connect() as connection:
        before = connection.scalar(text("select count(*) from division"))
    schema.upgrade(cluster.owner_url(fresh_database), settings)
    with owner.connect() as connection:
        assert connection.scalar(text("select count(*) from division")) == before
        assert connection.scalar(text("select version_num from alembic_version")) == schema.newest()


def test_a_newer_schema_is_refused(
    cluster: Cluster, fresh_database: str, owner: Engine, settings: Settings
) -> None:
    """An older program does not touch a database that a newer one has upgraded."""
    with owner.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(SetUpError, match="9999 is newer"):
        schema.upgrade(cluster.owner_url(fresh_database), settings)


@pytest.mark.parametrize("extension", ["pgcrypto", "postgis"])
def test_a_missing_extension_is_named(
    cluster: Cluster, fresh_database: str, settings: Settings, extension: str
) -> None:
    """Where the owner may not add an extension, the message holds the statement to run."""
    with cluster.superuser(fresh_database) as connection:
        connection.execute(f"drop extension {extension} cascade".encode())
        # A database whose owner may create extensions would simply get pgcrypto, a trusted one.
        connection.execute(
            f"revoke create on database {fresh_database} from fuliang_owner".encode()
        )
        connection.execute(f"alter database {fresh_database} owner to postgres".encode())
    with pytest.raises(SetUpError, match=f"create extension {extension}"):
        schema.upgrade(cluster.owner_url(fresh_database), settings)


def test_the_service_role_may_use_the_queue(cluster: Cluster, fresh_database: str) -> None:
    """Jobs are deferred and fetched as the service role, which owns none of the queue's tables."""
    with psycopg.connect(cluster.service_url(fresh_database)) as connection:
        connection.execute("select * from procrastinate_jobs")
        connection.execute("delete from procrastinate_jobs")
        owner = connection.execute(
            "select tableowner from pg_tables where tablename = 'procrastinate_jobs'"
        ).fetchone()
    assert owner != (SERVICE,)


@pytest.mark.usefixtures("template")
def test_half_an_upgrade_is_no_upgrade(cluster: Cluster, settings: Settings) -> None:
    """When anything fails on the way, the database stays as it was."""
    cluster.drop_database("half")
    cluster.create_database("half")
    cluster.prepare("half")
    made = create_engine(driver_url(cluster.owner_url("half")))
    try:
        with Session(made) as session, session.begin():
            session.execute(text("create table location (id integer)"))
        with pytest.raises(Exception, match="location"):
            schema.upgrade(cluster.owner_url("half"), settings)
        assert set(inspect(made).get_table_names()) == {"location", "spatial_ref_sys"}
    finally:
        made.dispose()
        cluster.drop_database("half")
