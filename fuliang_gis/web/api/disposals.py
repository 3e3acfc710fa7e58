"""Assets that are not in good use, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import Json
from fuliang_gis.inspections.defects import disposal_queries as queries
from fuliang_gis.inspections.defects import disposals as operations
from fuliang_gis.inspections.defects import evidence
from fuliang_gis.inspections.defects.disposal_rules import Finish, Proposal
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.web.api import defects_documents as documents
from fuliang_gis.web.api import defects_schemas as schemas
from fuliang_gis.web.api.defects_schemas import DisposalPath
from fuliang_gis.web.api.files import stated
from fuliang_gis.web.api.replies import answers, reply_document, write_answers
from fuliang_gis.web.api.schemas import ChangeHeader, WriteHeader
from fuliang_gis.web.api.writes import change, write
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor
from fuliang_gis.web.uploads import keep

TAGS = [Tag(name="disposals", description="资产处置 Disposal of assets")]
_ONE = "/disposals/<id>"


def register(api: APIBlueprint) -> None:
    """Add the operations."""
    saved = write_answers(schemas.DisposalOut)
    added = write_answers(schemas.DisposalOut, 201)
    api.get("/disposals", tags=TAGS, responses=answers(schemas.AssetPage))(list_disposals)
    api.post("/disposals", tags=TAGS, responses=added)(propose_disposal)
    api.get(_ONE, tags=TAGS, responses=answers(schemas.DisposalOut))(get_disposal)
    api.post(f"{_ONE}/approve", tags=TAGS, responses=saved)(approve_disposal)
    api.post(f"{_ONE}/refuse", tags=TAGS, responses=saved)(refuse_disposal)
    api.post(f"{_ONE}/finish", tags=TAGS, responses=saved)(finish_disposal)
    api.post(f"{_ONE}/withdraw", tags=TAGS, responses=saved)(withdraw_disposal)
    papers = f"{_ONE}/attachments"
    api.get(papers, tags=TAGS, responses=answers(schemas.Papers))(list_disposal_attachments)
    api.post(papers, tags=TAGS, responses=write_answers(schemas.PaperOut, 201))(
        add_disposal_attachment
    )


def list_disposals(query: schemas.AssetFilter) -> Response:
    """List idle, underused, damaged and lost assets with their disposals, filtered and paged."""
    filters = queries.Filters(query.division, query.layer, query.use_status, query.state, query.q)
    with database().session() as session:
        found = queries.list_page(
            session,
            require_actor(),
            filters,
            sort=query.sort,
            descending=query.descending,
            page=query.page,
            size=query.size,
        )
    return reply_document(
        {
            "items": [documents.asset(row) for row in found.rows],
            "total": found.total,
            "original_value_yuan": found.value_yuan,
            "page": found.page,
            "size": found.size,
        }
    )


def propose_disposal(header: WriteHeader, body: schemas.ProposeBody) -> Response:
    """Propose what becomes of an asset: revive, transfer or scrap."""
    given = Proposal(body.act, body.trigger, body.proposal, body.way, body.class_)

    def act(session: Transaction, actor: Actor) -> Json:
        made = operations.propose(session, actor, body.layer, body.code, given)
        return _document(session, actor, made.id)

    return write(header.idempotency_key, act, status=HTTPStatus.CREATED, at=_address)


def get_disposal(path: DisposalPath) -> Response:
    """Read a disposal; ETag is its row version."""
    actor = require_actor()
    with database().session() as session:
        document = _document(session, actor, path.id)
    response = reply_document(document)
    response.set_etag(str(document["version"]))
    return response


def approve_disposal(
    path: DisposalPath, header: ChangeHeader, body: schemas.ApproveBody
) -> Response:
    """Approve another person's proposal under its number."""
    return _change(
        path,
        header,
        operations.decide,
        approved=True,
        approval_no=body.approval_no,
        opinion=body.opinion,
    )


def refuse_disposal(path: DisposalPath, header: ChangeHeader, body: schemas.RefuseBody) -> Response:
    """Refuse another person's proposal."""
    return _change(path, header, operations.decide, approved=False, opinion=body.opinion)


def finish_disposal(path: DisposalPath, header: ChangeHeader, body: schemas.FinishBody) -> Response:
    """End an approved disposal; the asset's use status follows."""
    given = Finish(body.result, body.income_yuan, body.done_on)
    return _change(path, header, operations.finish, given)


def withdraw_disposal(
    path: DisposalPath, header: ChangeHeader, body: schemas.ReasonBody
) -> Response:
    """Take back a disposal that is not done."""
    return _change(path, header, operations.withdraw, body.reason)


def list_disposal_attachments(path: DisposalPath) -> Response:
    """List a disposal's papers."""
    actor = require_actor()
    with database().session() as session:
        _, layer_name, code = queries.get(session, actor, path.id)
        shown = queries.of_location(session, actor, layer_name, code)
        found = [documents.paper(shown, each) for each in shown.papers[path.id]]
    return reply_document({"attachments": found})


def add_disposal_attachment(
    path: DisposalPath, header: WriteHeader, form: schemas.PaperForm
) -> Response:
    """Add a paper, photographed or scanned, to a disposal; the same picture is kept once."""
    actor = require_actor()
    with database().session(actor.account_id) as session:
        evidence.may_add_papers(session, actor, path.id)
    kept = keep(form.file)

    def act(session: Transaction, actor: Actor) -> Json:
        evidence.add_paper(session, actor, path.id, kept, form.caption)
        _, layer_name, code = queries.get(session, actor, path.id)
        shown = queries.of_location(session, actor, layer_name, code)
        told = (each for each in shown.papers[path.id] if each.digest == kept.digest)
        return documents.paper(shown, next(told))

    return write(
        header.idempotency_key,
        act,
        status=HTTPStatus.CREATED,
        at=lambda document: str(document["public"]),
        stated=stated(kept, form.caption),
    )


def _document(session: Any, actor: Actor, disposal_id: int) -> dict[str, Any]:  # noqa: ANN401  # Routes know no session's class.
    found, layer_name, code = queries.get(session, actor, disposal_id)
    return documents.disposal(found, queries.of_location(session, actor, layer_name, code))


def _change(
    path: DisposalPath,
    header: ChangeHeader,
    act: Callable[..., Any],
    *given: object,
    **named: object,
) -> Response:
    version = header.version()
    return change(
        header.idempotency_key,
        lambda session, actor: act(
            session, actor, path.id, *given, **named, expected_version=version
        ),
        lambda session, actor: _document(session, actor, path.id),
    )


def _address(document: Json) -> str:
    return url_for("api.get_disposal", id=document["id"])
