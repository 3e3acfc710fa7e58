"""Groups of locations that must not share a day."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import Json
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.inspections.rounds import apart_groups
from fuliang_gis.inspections.rounds.apart_groups import ApartGiven, ApartRow
from fuliang_gis.web.api import apart_schemas as schemas
from fuliang_gis.web.api.apart_schemas import ApartPath
from fuliang_gis.web.api.replies import answers, reply_document, reply_page, write_answers
from fuliang_gis.web.api.schemas import WriteHeader
from fuliang_gis.web.api.writes import write
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

TAGS = [Tag(name="apart", description="不得同日的点位 Locations that must not share a day")]
_ALL = "/kept-apart"
_ONE = f"{_ALL}/<group_id>"


def register(api: APIBlueprint) -> None:
    """Add the operations."""
    made, gone = write_answers(schemas.ApartOut, 201), write_answers(schemas.ApartOut)
    api.get(_ALL, tags=TAGS, responses=answers(schemas.ApartPage))(list_kept_apart)
    api.post(_ALL, tags=TAGS, responses=made)(keep_apart)
    api.get(_ONE, tags=TAGS, responses=answers(schemas.ApartOut))(get_kept_apart)
    api.delete(_ONE, tags=TAGS, responses=gone)(let_together)


def list_kept_apart(query: schemas.ApartFilter) -> Response:
    """List the groups that bind one's own division, the newest first."""
    actor = require_actor()
    with database().session() as session:
        found = apart_groups.apart_groups(
            session, actor, text=query.q, page=query.page, size=query.size
        )
    return reply_page([_document(row) for row in found.rows], found)


def keep_apart(header: WriteHeader, body: schemas.ApartBody) -> Response:
    """Keep locations apart: plans solved or changed from now on visit no two on one day."""
    given = ApartGiven(body.location_ids, body.reason)

    def act(session: Transaction, actor: Actor) -> Json:
        made = apart_groups.keep_apart(session, actor, given)
        return _document(apart_groups.apart_group(session, actor, made.id))

    return write(
        header.idempotency_key,
        act,
        status=HTTPStatus.CREATED,
        at=lambda made: url_for("api.get_kept_apart", group_id=made["id"]),
    )


def get_kept_apart(path: ApartPath) -> Response:
    """Read a group of locations that keep apart."""
    actor = require_actor()
    with database().session() as session:
        return reply_document(_document(apart_groups.apart_group(session, actor, path.group_id)))


def let_together(path: ApartPath, header: WriteHeader) -> Response:
    """Let the locations of a group share a day again; the answer is what it was."""

    def act(session: Transaction, actor: Actor) -> Json:
        return _document(apart_groups.let_together(session, actor, path.group_id))

    return write(header.idempotency_key, act)


def _document(row: ApartRow) -> Json:
    return asdict(row)
