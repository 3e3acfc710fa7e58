"""Locations of every layer: list, read, create, change, move, delete, restore, undo, history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import Json
from fuliang_gis.errors import SignInRequired
from fuliang_gis.inspections.duties import locations as operations
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.inspections.status.queries import beside
from fuliang_gis.inspections.status.records import with_status
from fuliang_gis.locations import queries
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.queries import Filters
from fuliang_gis.web.api import schemas
from fuliang_gis.web.api.replies import answers, reply, reply_page, write_answers
from fuliang_gis.web.api.schemas import ChangeHeader, LayerPath, LocationPath, WriteHeader
from fuliang_gis.web.api.writes import attempt, tagged, write
from fuliang_gis.web.context import database
from fuliang_gis.web.session import reader_of

TAGS = [Tag(name="locations", description="点位 Locations")]
_LIST = "/layers/<layer>/locations"
_ONE = "/layers/<layer>/locations/<code>"


def register(api: APIBlueprint) -> None:
    """Add the operations on locations."""
    page, one = answers(schemas.LocationPage), answers(schemas.LocationOut)
    saved, added = write_answers(schemas.LocationOut), write_answers(schemas.LocationOut, 201)
    api.get(_LIST, tags=TAGS, responses=page)(list_locations)
    api.post(_LIST, tags=TAGS, responses=added)(create_location)
    api.get(_ONE, tags=TAGS, responses=one)(get_location)
    api.patch(_ONE, tags=TAGS, responses=saved)(update_location)
    api.delete(_ONE, tags=TAGS, responses=saved)(delete_location)
    api.get(f"{_ONE}/history", tags=TAGS, responses=answers(schemas.History))(get_history)
    api.post(f"{_ONE}/move", tags=TAGS, responses=saved)(move_location)
    api.post(f"{_ONE}/undo", tags=TAGS, responses=saved)(undo_location)
    api.post(f"{_ONE}/restore", tags=TAGS, responses=saved)(restore_location)


def list_locations(path: LayerPath, query: schemas.LocationFilter) -> Response:
    """List a layer's locations, filtered, sorted and paged."""
    actor = reader_of(path.layer)
    if query.status and not actor.account_id:
        raise SignInRequired
    filters = Filters(
        division=query.division,
        kind=query.kind,
        use_status=query.use_status,
        asset_class=query.asset_class,
        review_state=query.review_state,
        text=query.q,
    )
    with database().session() as session:
        found = queries.list_page(
            session,
            actor,
            path.layer,
            filters,
            sort=query.sort,
            descending=query.descending,
            page=query.page,
            size=query.size,
            beside=beside(clock.today(), query.status) if actor.account_id else None,
        )
        items = with_status(session, actor, [row.location for row in found.rows])
    return reply_page(items, found)


def create_location(path: LayerPath, header: WriteHeader, body: schemas.CreateBody) -> Response:
    """Add a location."""

    def act(session: Transaction, actor: Actor) -> Json:
        made = operations.create(session, actor, path.layer, body.values, body.geom.model_dump())
        return with_status(session, actor, [made])[0]

    return write(header.idempotency_key, act, status=HTTPStatus.CREATED, at=_address)


def get_location(path: LocationPath) -> Response:
    """Read a location; ETag is its row version."""
    actor = reader_of(path.layer)
    with database().session() as session:
        location = queries.get(session, actor, path.layer, path.code)
        [record] = with_status(session, actor, [location])
    # It is never answered by 304: the status changes while the version stays.
    return tagged(record)


def update_location(path: LocationPath, header: ChangeHeader, body: schemas.ChangeBody) -> Response:
    """Change values of a location."""
    return _change(path, header, operations.update, body.values)


def delete_location(
    path: LocationPath, header: ChangeHeader, query: schemas.DeleteQuery
) -> Response:
    """Take a location out of use; its row and history stay."""
    return _change(path, header, operations.delete, query.reason)


def get_history(path: LocationPath) -> Response:
    """List every change of a location, the newest first."""
    actor = reader_of(path.layer)
    with database().session() as session:
        location = queries.get(session, actor, path.layer, path.code)
        changes = queries.history(session, location)
    entries = [
        {**asdict(entry), "actor": entry.actor_name, "at": entry.at.isoformat()}
        for entry in changes
    ]
    return reply(schemas.History.model_validate({"changes": entries}))


def move_location(path: LocationPath, header: ChangeHeader, body: schemas.MoveBody) -> Response:
    """Change where a location is."""
    return _change(path, header, operations.move, body.geom.model_dump())


def undo_location(path: LocationPath, header: ChangeHeader, body: schemas.UndoBody) -> Response:
    """Set a location back to an earlier version, as a new change."""
    return _change(path, header, operations.undo, body.to_version)


def restore_location(path: LocationPath, header: ChangeHeader) -> Response:
    """Bring a deleted location back."""
    return _change(path, header, operations.restore)


def _change(
    path: LocationPath, header: ChangeHeader, act: Callable[..., Location], *given: object
) -> Response:
    version = header.version()

    def done(session: Transaction, actor: Actor) -> Json:
        changed = act(session, actor, path.layer, path.code, *given, expected_version=version)
        return with_status(session, actor, [changed])[0]

    def read(session: Transaction, actor: Actor) -> Json:
        location = queries.get(session, actor, path.layer, path.code)
        return with_status(session, actor, [location])[0]

    return attempt(header.idempotency_key, done, read)


def _address(record: Json) -> str:
    return url_for("api.get_location", layer=record["layer"], code=record["code"])
