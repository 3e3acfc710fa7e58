"""How the API answers: JSON with the row version as ETag, each keyed write done exactly once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Response, request, url_for
from flask_openapi3.types import ResponseDict
from pydantic import BaseModel

from fuliang_gis.accounts.idempotency import Answer, once
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Conflict
from fuliang_gis.locations import queries
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.records import as_record
from fuliang_gis.locations.registry import layer
from fuliang_gis.web.api.schemas import LocationPath
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

_JSON = "application/json; charset=utf-8"
_PROBLEM = {
    "content": {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}
    }
}


def answers(
    model: type[BaseModel] | dict[Any, Any], *statuses: int, done: int = 200
) -> ResponseDict:
    """Return an operation's documented answers: when done, and every refusal it knows."""
    known = {400, 401, 403, 404, 405, 413, 422, 429, 500, 503, *statuses}
    refused: ResponseDict = {
        str(s): {"description": HTTPStatus(s).phrase, **_PROBLEM} for s in sorted(known)
    }
    return {str(done): model, **refused}


def write_answers(model: type[BaseModel], done: int = 200) -> ResponseDict:
    """Return a write's documented answers."""
    return answers(model, 409, 415, 428, done=done)


def dump(document: object) -> str:
    """Write a document as JSON; Chinese stays readable."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str)


def reply(model: BaseModel) -> Response:
    """Answer with a model."""
    return Response(model.model_dump_json(), HTTPStatus.OK, content_type=_JSON)


def reply_document(document: object) -> Response:
    """Answer with a document that is plain already."""
    return Response(dump(document), HTTPStatus.OK, content_type=_JSON)


def reply_location(location: Location) -> Response:
    """Answer with a location; a caller who already holds this version gets 304."""
    response = Response(
        dump(as_record(layer(location.layer), location)), HTTPStatus.OK, content_type=_JSON
    )
    response.set_etag(str(location.version))
    response.make_conditional(request)
    return response


def written(location: Location, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """Describe a done write: the location as it is now, where it is, and its version."""
    address = url_for("api.get_location", layer=location.layer, code=location.code)
    headers = {"ETag": f'"{location.version}"'}
    if status == HTTPStatus.CREATED:
        headers["Location"] = address
    return Answer(status, dump(as_record(layer(location.layer), location)), headers)


def write(
    key: str | None,
    act: Callable[..., Location],
    *given: object,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    """Run one operation as the person asking, in one transaction, once for each key."""
    actor = require_actor()
    with database().session(actor.account_id) as session:
        answer = once(
            session,
            actor,
            key,
            request_digest(),
            lambda: written(act(session, actor, *given), status),
        )
    headers: Mapping[str, str] = {**answer.headers, "Idempotency-Replayed": "true"}
    response = Response(answer.body, answer.status, content_type=_JSON)
    response.headers.update(headers if answer.replayed else answer.headers)
    return response


def change(
    key: str | None,
    path: LocationPath,
    act: Callable[..., Location],
    *given: object,
    **named: object,
) -> Response:
    """Run one operation on an existing location; a conflict tells what the other one saved."""
    try:
        return write(key, partial(act, **named), path.layer, path.code, *given)
    except Conflict as refusal:
        raise _with_record(refusal, require_actor(), path) from None


def _with_record(refusal: Conflict, actor: Actor, path: LocationPath) -> Conflict:
    with database().session(actor.account_id) as session:
        location = queries.get(session, actor, path.layer, path.code)
        record = as_record(layer(path.layer), location)
    facts: dict[str, Any] = {**refusal.facts, "current": location.version, "record": record}
    return Conflict(**facts)


def request_digest() -> str:
    """Return the digest of everything that makes this request what it is."""
    digest = hashlib.sha256()
    stated = (request.method, request.full_path, request.headers.get("If-Match", ""))
    digest.update("\0".join(stated).encode() + b"\0" + request.get_data(cache=True))
    return digest.hexdigest()
