"""Writes of the API that read back what they changed: once for each key, with version and place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from http import HTTPStatus

from flask import Response, request

from fuliang_gis.accounts.idempotency import Answer, once
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import Json
from fuliang_gis.errors import Conflict
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.web.api.replies import JSON, dump, reply_document
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

#: Something done or read as the person asking, in the transaction that is open.
Act = Callable[[Transaction, Actor], Json]


def write(
    key: str | None,
    act: Act,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    at: Callable[[Json], str] | None = None,
    stated: bytes | None = None,
) -> Response:
    """Run an act in one transaction, once for each key; answer with the document it gives.

    Args:
        stated: What the body says, where it is a file that is not kept in memory.
    """
    actor = require_actor()
    with database().session(actor.account_id) as session:

        def done() -> Answer:
            document = act(session, actor)
            headers = {"Location": at(document)} if at else {}
            if "version" in document:
                headers["ETag"] = f'"{document["version"]}"'
            return Answer(status, dump(document), headers)

        answer = once(session, actor, key, _digest(stated), done)
    response = Response(answer.body, answer.status, answer.headers, content_type=JSON)
    if answer.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def change(key: str | None, act: Callable[[Transaction, Actor], object], read: Act) -> Response:
    """Run an act on something that is there; answer with that as it is then.

    Args:
        read: Reads it as documents tell it.
    """

    def done(session: Transaction, actor: Actor) -> Json:
        act(session, actor)
        return read(session, actor)

    return attempt(key, done, read)


def attempt(key: str | None, act: Act, read: Act) -> Response:
    """Run an act that gives its own answer; a conflict tells how what is read stands now."""
    try:
        return write(key, act)
    except Conflict as refusal:
        with database().session() as session:
            record = read(session, require_actor())
        told = {**refusal.facts, "current": record["version"], "record": record}
        raise Conflict(**told) from None


def tagged(document: Json) -> Response:
    """Answer with a document; its ETag is the row version that a change names."""
    response = reply_document(document)
    response.set_etag(str(document["version"]))
    return response


def _digest(body: bytes | None) -> str:
    """Return the digest of everything that makes this request what it is."""
    digest = hashlib.sha256()
    stated = (request.method, request.full_path, request.headers.get("If-Match", ""))
    said = request.get_data(cache=True) if body is None else body
    digest.update("\0".join(stated).encode() + b"\0" + said)
    return digest.hexdigest()
