"""Closed and slow roads."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import Json
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.roads import closures
from fuliang_gis.roads.closure_queries import ClosureRow, closure, closure_page
from fuliang_gis.roads.closures import ClosureGiven
from fuliang_gis.web.api import closures_schemas as schemas
from fuliang_gis.web.api.closures_schemas import ClosurePath
from fuliang_gis.web.api.replies import answers, reply_document, reply_page, write_answers
from fuliang_gis.web.api.schemas import WriteHeader
from fuliang_gis.web.api.writes import write
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

TAGS = [Tag(name="closures", description="道路管制 Closed and slow roads")]
_ONE = "/closures/<closure_id>"


def register(api: APIBlueprint) -> None:
    """Add the operations."""
    declared = write_answers(schemas.ClosureOut, 201)
    api.get("/closures", tags=TAGS, responses=answers(schemas.ClosurePage))(list_closures)
    api.post("/closures", tags=TAGS, responses=declared)(declare_closure)
    api.get(_ONE, tags=TAGS, responses=answers(schemas.ClosureOut))(get_closure)
    api.post(f"{_ONE}/lift", tags=TAGS, responses=write_answers(schemas.ClosureOut))(lift_closure)


def list_closures(query: schemas.ClosureFilter) -> Response:
    """List closures, the newest first."""
    actor = require_actor()
    with database().session() as session:
        found = closure_page(
            session,
            actor,
            on=query.on,
            lifted=query.lifted,
            page=query.page,
            size=query.size,
        )
    return reply_page([_document(row) for row in found.rows], found)


def declare_closure(header: WriteHeader, body: schemas.ClosureBody) -> Response:
    """Close roads for a time, or make them slow; plans solved afterwards keep to it."""
    given = ClosureGiven(
        body.division_code,
        body.reason,
        body.geom.model_dump(),
        body.valid_from,
        body.valid_to,
        body.factor,
    )

    def act(session: Transaction, actor: Actor) -> Json:
        made = closures.declare(session, actor, given)
        return _document(closure(session, actor, made.id))

    return write(
        header.idempotency_key,
        act,
        status=HTTPStatus.CREATED,
        at=lambda made: url_for("api.get_closure", closure_id=made["id"]),
    )


def get_closure(path: ClosurePath) -> Response:
    """Read a closure."""
    actor = require_actor()
    with database().session() as session:
        return reply_document(_document(closure(session, actor, path.closure_id)))


def lift_closure(path: ClosurePath, header: WriteHeader) -> Response:
    """Open the roads of a closure again; its record stays."""

    def act(session: Transaction, actor: Actor) -> Json:
        closures.lift(session, actor, path.closure_id)
        return _document(closure(session, actor, path.closure_id))

    return write(header.idempotency_key, act)


def _document(row: ClosureRow) -> Json:
    return asdict(row)
