"""Defects, measures and disposals."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import Json
from fuliang_gis.inspections.defects import evidence, operations, queries
from fuliang_gis.inspections.defects.given import (
    Assignment,
    Changed,
    Feedback,
    Given,
    MeasureGiven,
)
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.web.api import defects_documents as documents
from fuliang_gis.web.api import defects_schemas as schemas
from fuliang_gis.web.api import disposals
from fuliang_gis.web.api.defects_schemas import DefectPath, MeasurePath
from fuliang_gis.web.api.files import stated
from fuliang_gis.web.api.replies import answers, reply_document, reply_page, write_answers
from fuliang_gis.web.api.schemas import ChangeHeader, WriteHeader
from fuliang_gis.web.api.writes import Act, change, write
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor
from fuliang_gis.web.uploads import keep

TAGS = [Tag(name="defects", description="问题与整改 Defects and rectification")]
_ONE = "/defects/<number>"
_MEASURE = f"{_ONE}/measures/<ordinal>"


def register(api: APIBlueprint) -> None:
    """Add the operations."""
    one, saved = answers(schemas.DefectOut), write_answers(schemas.DefectOut)
    counted = answers(schemas.DefectStatistics)
    api.get("/defects", tags=TAGS, responses=answers(schemas.DefectPage))(list_defects)
    api.post("/defects", tags=TAGS, responses=write_answers(schemas.DefectOut, 201))(find_defect)
    api.get("/defects/statistics", tags=TAGS, responses=counted)(get_defect_statistics)
    api.get(_ONE, tags=TAGS, responses=one)(get_defect)
    api.patch(_ONE, tags=TAGS, responses=saved)(change_defect)
    api.post(f"{_ONE}/assign", tags=TAGS, responses=saved)(assign_defect)
    api.post(f"{_MEASURE}/fix", tags=TAGS, responses=saved)(fix_measure)
    api.post(f"{_MEASURE}/verify", tags=TAGS, responses=saved)(verify_measure)
    api.post(f"{_MEASURE}/reject", tags=TAGS, responses=saved)(reject_measure)
    api.post(f"{_ONE}/close", tags=TAGS, responses=saved)(close_defect)
    api.post(f"{_ONE}/return", tags=TAGS, responses=saved)(return_defect)
    api.post(f"{_ONE}/reopen", tags=TAGS, responses=saved)(reopen_defect)
    api.post(f"{_ONE}/comments", tags=TAGS, responses=saved)(comment_defect)
    photos = answers(schemas.Photos)
    api.get(f"{_ONE}/photos", tags=TAGS, responses=photos)(list_defect_photos)
    api.post(f"{_ONE}/photos", tags=TAGS, responses=write_answers(schemas.PhotoOut, 201))(
        add_defect_photo
    )
    disposals.register(api)


def list_defects(query: schemas.DefectFilter) -> Response:
    """List the ledger of problems, filtered, sorted and paged."""
    actor, today = require_actor(), clock.today()
    with database().session() as session:
        found = queries.list_page(
            session,
            actor,
            _filters(actor, query),
            today,
            sort=query.sort,
            descending=query.descending,
            page=query.page,
            size=query.size,
        )
        items = [documents.summary(row, today) for row in found.rows]
    return reply_page(items, found)


def get_defect_statistics(query: schemas.DefectNarrowed) -> Response:
    """Count problems by where they stand."""
    actor = require_actor()
    with database().session() as session:
        found = queries.statistics(session, actor, _filters(actor, query), clock.today())
    names = schemas.DefectStatistics.model_fields
    return reply_document({name: getattr(found, name) for name in names})


def find_defect(header: WriteHeader, body: schemas.FindBody) -> Response:
    """Enter a problem at a location, or in a division as a whole."""
    values = body.model_dump(exclude={"measures"})
    given = Given(**values, measures=_measures(body.measures))
    return _write(
        header.idempotency_key,
        lambda session, actor: operations.find(session, actor, given).number,
        status=HTTPStatus.CREATED,
    )


def get_defect(path: DefectPath) -> Response:
    """Read a problem with its measures, way and photos; ETag is its row version."""
    actor = require_actor()
    with database().session() as session:
        shown = queries.get(session, actor, path.number)
        response = reply_document(documents.document(shown))
    response.set_etag(str(shown.defect.version))
    return response


def change_defect(
    path: DefectPath, header: ChangeHeader, body: schemas.ChangeDefectBody
) -> Response:
    """Set right what is said of a problem, until it is fixed."""
    return _change(path, header, operations.change, Changed(**body.model_dump()))


def assign_defect(path: DefectPath, header: ChangeHeader, body: schemas.AssignBody) -> Response:
    """Give a problem to an owner with a deadline and its measures."""
    measures = None if body.measures is None else _measures(body.measures)
    given = Assignment(**body.model_dump(exclude={"measures"}), measures=measures)
    return _change(path, header, operations.assign, given)


def fix_measure(path: MeasurePath, header: ChangeHeader, body: schemas.FixBody) -> Response:
    """Report one measure as carried out."""
    feedback = Feedback(body.feedback, body.cost_yuan)
    return _change(path, header, operations.fix, path.ordinal, feedback)


def verify_measure(path: MeasurePath, header: ChangeHeader, body: schemas.OpinionBody) -> Response:
    """Accept one measure that another person carried out."""
    return _change(path, header, operations.verify, path.ordinal, body.opinion)


def reject_measure(path: MeasurePath, header: ChangeHeader, body: schemas.ReasonBody) -> Response:
    """Refuse one measure that another person carried out; the rejection counts."""
    return _change(path, header, operations.reject, path.ordinal, body.reason)


def close_defect(path: DefectPath, header: ChangeHeader, body: schemas.OpinionBody) -> Response:
    """Strike a problem off (销号), once every measure is verified."""
    return _change(path, header, operations.close, body.opinion)


def return_defect(path: DefectPath, header: ChangeHeader, body: schemas.ReasonBody) -> Response:
    """Send a problem back a step."""
    return _change(path, header, operations.send_back, body.reason)


def reopen_defect(path: DefectPath, header: ChangeHeader, body: schemas.ReopenBody) -> Response:
    """Take up a closed problem again."""
    return _change(path, header, operations.reopen, body.reason, body.measures, body.due_on)


def comment_defect(path: DefectPath, header: WriteHeader, body: schemas.CommentBody) -> Response:
    """Leave a word on a problem."""
    return _write(
        header.idempotency_key,
        lambda session, actor: operations.comment(session, actor, path.number, body.text).number,
    )


def list_defect_photos(path: DefectPath) -> Response:
    """List a problem's photos, before and after, with the measures that they show carried out."""
    actor = require_actor()
    with database().session() as session:
        shown = queries.get(session, actor, path.number)
        found = [documents.photo(shown, each) for each in shown.photos]
    return reply_document({"photos": found})


def add_defect_photo(
    path: DefectPath, header: WriteHeader, form: schemas.DefectPhotoForm
) -> Response:
    """Add a photo of before, or of after to one measure; the same picture is kept once."""
    actor = require_actor()
    with database().session(actor.account_id) as session:
        evidence.may_add_photos(session, actor, path.number, form.role)
    kept = keep(form.file)

    def act(session: Transaction, actor: Actor) -> Json:
        evidence.add_photos(session, actor, path.number, [kept], form.role, form.measure)
        shown = queries.get(session, actor, path.number)
        told = (e for e in shown.photos if (e.digest, e.role) == (kept.digest, form.role))
        return documents.photo(shown, next(told))

    return write(
        header.idempotency_key,
        act,
        status=HTTPStatus.CREATED,
        at=lambda document: str(document["public"]),
        stated=stated(kept, form.role, form.measure),
    )


def _filters(actor: Actor, query: schemas.DefectNarrowed) -> queries.Filters:
    return queries.Filters(
        division=query.division,
        state=query.state,
        severity=query.severity,
        category=query.category,
        source=query.source,
        aspect=query.aspect,
        owner_id=actor.account_id if query.mine else None,
        text=query.q,
    )


def _measures(given: list[schemas.MeasureBody]) -> list[MeasureGiven]:
    return [MeasureGiven(**each.model_dump()) for each in given]


def _change(
    path: DefectPath, header: ChangeHeader, act: Callable[..., Any], *given: object
) -> Response:
    """Run one act on a problem; a conflict tells how it stands now."""
    version = header.version()
    return change(
        header.idempotency_key,
        lambda session, actor: act(session, actor, path.number, *given, expected_version=version),
        _read(path.number),
    )


def _write(
    key: str | None, act: Callable[..., str], status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """Run one act; answer with the problem whose number it gives, as it is then."""
    return write(
        key,
        lambda session, actor: _read(act(session, actor))(session, actor),
        status=status,
        at=_address if status == HTTPStatus.CREATED else None,
    )


def _read(number: str) -> Act:
    return lambda session, actor: documents.document(queries.get(session, actor, number))


def _address(document: Json) -> str:
    return url_for("api.get_defect", number=document["number"])
