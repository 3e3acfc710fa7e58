"""A running application over a database of the test module's own, with one account a role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from uuid import uuid4

import flask
import pytest
import structlog
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from fuliang_gis.accounts import queries, tokens
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import Database, driver_url
from fuliang_gis.settings import Settings
from fuliang_gis.web.app import Application, create_app
from fuliang_gis.web.security import limiter
from fuliang_gis.web.session import begin
from tests.conftest import RUN
from tests.factories import COUNTY, FULIANG_TOWN, YAOLI_TOWN, make_actor

ROLES = {
    "county": (Role.COUNTY_STAFF, COUNTY),
    "administrator": (Role.ADMINISTRATOR, COUNTY),
    "viewer": (Role.VIEWER, COUNTY),
    "fuliang": (Role.TOWNSHIP_STAFF, FULIANG_TOWN),
    "yaoli": (Role.TOWNSHIP_STAFF, YAOLI_TOWN),
}


@dataclass(frozen=True)
class World:
    """One application, its database as the service and as the owner see it, and its people."""

    app: Application
    database: Database
    owner: Engine
    actors: dict[str, Actor]

    def browser(self, who: str | None = None) -> FlaskClient:
        """Return a browser in which the person has signed in."""
        client = self.app.test_client()
        if who is not None:
            with self.database.session() as session:
                known = queries.known(session, self.actors[who].account_id)
            assert known is not None
            with self.app.test_request_context(environ_base=client.environ_base):
                begin(known)
                cookies = dict(flask.session)
            with client.session_transaction() as kept:
                kept.update(cookies)
        return client

    def token(self, who: str) -> dict[str, str]:
        """Return the header of a program that acts for the person."""
        actor = self.actors[who]
        with self.database.session(actor.account_id) as session:
            account = session.get_one(Account, actor.account_id)
            token = tokens.create(session, actor, account, f"test-{uuid4().hex[:6]}", 1)
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """Hand every event to the standard library, whose records pytest keeps."""
    structlog.configure(
        processors=[structlog.stdlib.render_to_log_kwargs],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


@pytest.fixture(scope="module")
def world(cluster: Cluster, template: str, settings: Settings) -> Iterator[World]:
    """An application whose commits are real, on a database dropped after the module."""
    name = f"{RUN}_web_{uuid4().hex[:8]}"
    with cluster.superuser() as connection:
        connection.execute("select pg_advisory_lock(360222)")
        cluster.copy_database(template, name)
    database = Database.connect(
        cluster.service_url(name), settings.secret("context.key"), pool_size=5
    )
    owner = create_engine(driver_url(cluster.owner_url(name)))
    with Session(owner, expire_on_commit=False) as session, session.begin():
        actors = {who: make_actor(session, *place) for who, place in ROLES.items()}
    # Set up whole, then resting: a limiter that is off when an application is made never joins it.
    limiter.enabled = True
    app = create_app(settings, database)
    limiter.enabled = False
    yield World(app, database, owner, actors)
    database.dispose()
    owner.dispose()
    cluster.drop_database(name)


@pytest.fixture
def county(world: World) -> FlaskClient:
    """A browser in which county staff have signed in."""
    return world.browser("county")


@pytest.fixture
def csrf() -> Callable[[FlaskClient], str]:
    """Return the token that a browser's forms carry."""
    return csrf_of


def csrf_of(client: FlaskClient) -> str:
    """Return the token that this browser's forms carry."""
    page = client.get("/help").get_data(as_text=True)
    return page.partition('name="csrf-token" content="')[2].partition('"')[0]


def counted_tiles(client: FlaskClient, status: HTTPStatus) -> int:
    """Return how many tiles of layers the figures hold that were answered so."""
    figures = client.get("/metrics").get_data(as_text=True)
    [line] = [
        line
        for line in figures.splitlines()
        if line.startswith("fuliang_request_seconds_count{")
        and "/tiles/locations/" in line
        and f'status="{status}"' in line
    ]
    return int(float(line.rpartition(" ")[2]))
