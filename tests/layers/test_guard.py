"""The database refuses what the policy refuses, for every layer and whatever SQL is run."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.db.session import Database
from fuliang_gis.errors import Forbidden
from fuliang_gis.locations import operations, queries
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import Layer
from tests.factories import FULIANG_TOWN, YAOLI_TOWN, make_actor, make_location, sample_values


@pytest.fixture
def people(owner_session: Session) -> dict[str, Actor]:
    """People of the county, of the location's township and of another, really committed."""
    made = {
        "county": make_actor(owner_session),
        "own": make_actor(owner_session, Role.TOWNSHIP_STAFF, FULIANG_TOWN),
        "other": make_actor(owner_session, Role.TOWNSHIP_STAFF, YAOLI_TOWN),
        "viewer": make_actor(owner_session, Role.VIEWER),
    }
    owner_session.commit()
    return made


@pytest.fixture
def location(layer: Layer, people: dict[str, Actor], owner_session: Session) -> Location:
    """A location of 浮梁镇."""
    made = make_location(owner_session, people["county"], layer)
    owner_session.commit()
    return made


def test_the_service_writes_inside_the_actors_division(
    layer: Layer, people: dict[str, Actor], service_database: Database
) -> None:
    """The whole life of a location runs under the service role's own rights."""
    actor, values = people["own"], sample_values(layer)
    with service_database.session(actor.account_id) as session:
        made = make_location(session, actor, layer, **values)
    with service_database.session(actor.account_id) as session:
        operations.update(
            session, actor, layer.name, made.code, {"name": "改名"}, expected_version=1
        )
        operations.undo(session, actor, layer.name, made.code, 1, expected_version=2)
        operations.delete(session, actor, layer.name, made.code, "重复", expected_version=3)
        operations.restore(session, actor, layer.name, made.code, expected_version=4)
    with service_database.session() as session:
        found = queries.get(session, actor, layer.name, made.code)
        assert (found.name, found.version) == (values["name"], 5)
        assert len(queries.history(session, found)) == 5


REFUSED = (
    "update location set name = 'x' where id = :id",
    "update location set division_code = '360222105' where id = :id",
    "update location set deleted_at = now(), delete_reason = 'x' where id = :id",
    "delete from location where id = :id",
    "update {table} set {column} = {column} where location_id = :id",
    "delete from {table} where location_id = :id",
    (
        "insert into location_change (location_id, version, action, actor_id, before, after)"
        " values (:id, 9, 'update', null, '{{}}', '{{}}')"
    ),
    "alter table {table} disable trigger all",
    "alter table location disable row level security",
    "truncate {table}",
)


def test_raw_sql_out_of_bounds_is_refused(
    layer: Layer, location: Location, people: dict[str, Actor], service_database: Database
) -> None:
    """Another township, a viewer and nobody at all are refused loudly, and nothing changes."""
    table, column = layer.cls.__table__.name, layer.sheet.fields[0].name  # type: ignore[attr-defined]
    for actor_id in (people["other"].account_id, people["viewer"].account_id, None):
        for statement in REFUSED:
            sql = text(statement.format(table=table, column=column))
            with pytest.raises(Forbidden), service_database.session(actor_id) as session:
                session.execute(sql, {"id": location.id})
    with service_database.session() as session:
        found = queries.get(session, people["county"], layer.name, location.code)
        assert (found.name, found.version) == (location.name, 1)
