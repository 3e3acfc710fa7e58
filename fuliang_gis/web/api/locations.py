"""Locations of every layer: list, read, create, change, move, delete, restore, undo, history."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis.locations import operations, queries
from fuliang_gis.locations.queries import Filters
from fuliang_gis.locations.records import as_record
from fuliang_gis.locations.registry import layer
from fuliang_gis.web.api import schemas
from fuliang_gis.web.api.replies import (
    answers,
    change,
    reply,
    reply_document,
    reply_location,
    write,
    write_answers,
)
from fuliang_gis.web.api.schemas import ChangeHeader, LayerPath, LocationPath, WriteHeader
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
        )
    items = [as_record(layer(path.layer), row.location) for row in found.rows]
    counted = {"total": found.total, "page": found.page, "size": found.size}
    return reply_document({"items": items, **counted})


def create_location(path: LayerPath, header: WriteHeader, body: schemas.CreateBody) -> Response:
    """Add a location."""
    return write(
        header.idempotency_key,
        operations.create,
        path.layer,
        body.values,
        body.geom.model_dump(),
        status=HTTPStatus.CREATED,
    )


def get_location(path: LocationPath) -> Response:
    """Read a location; ETag is its row version."""
    actor = reader_of(path.layer)
    with database().session() as session:
        return reply_location(queries.get(session, actor, path.layer, path.code))


def update_location(path: LocationPath, header: ChangeHeader, body: schemas.ChangeBody) -> Response:
    """Change values of a location."""
    return change(
        header.idempotency_key,
        path,
        operations.update,
        body.values,
        expected_version=header.version(),
    )


def delete_location(
    path: LocationPath, header: ChangeHeader, query: schemas.DeleteQuery
) -> Response:
    """Take a location out of use; its row and history stay."""
    return change(
        header.idempotency_key,
        path,
        operations.delete,
        query.reason,
        expected_version=header.version(),
    )


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
    return change(
        header.idempotency_key,
        path,
        operations.move,
        body.geom.model_dump(),
        expected_version=header.version(),
    )


def undo_location(path: LocationPath, header: ChangeHeader, body: schemas.UndoBody) -> Response:
    """Set a location back to an earlier version, as a new change."""
    return change(
        header.idempotency_key,
        path,
        operations.undo,
        body.to_version,
        expected_version=header.version(),
    )


def restore_location(path: LocationPath, header: ChangeHeader) -> Response:
    """Bring a deleted location back."""
    return change(
        header.idempotency_key, path, operations.restore, expected_version=header.version()
    )
