"""Visits and their photos; a UUID made by the device lets everything be sent again safely."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.inspections.models import Visit
from fuliang_gis.inspections.visits import operations, queries
from fuliang_gis.inspections.visits.places import place_of
from fuliang_gis.web.api import files
from fuliang_gis.web.api import visits_schemas as schemas
from fuliang_gis.web.api.replies import (
    JSON,
    answers,
    dump,
    reply_document,
    reply_page,
    write_answers,
)
from fuliang_gis.web.api.visits_schemas import VisitPath
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor
from fuliang_gis.web.uploads import keep

TAGS = [Tag(name="visits", description="巡查记录 Visits")]
_ONE = "/visits/<uuid>"


def register(api: APIBlueprint) -> None:
    """Add the operations."""
    added = write_answers(schemas.VisitOut, 201)
    api.get("/visits", tags=TAGS, responses=answers(schemas.VisitPage))(list_visits)
    api.post("/visits", tags=TAGS, responses=added)(record_visit)
    api.get(_ONE, tags=TAGS, responses=answers(schemas.VisitOut))(get_visit)
    api.post(f"{_ONE}/corrections", tags=TAGS, responses=added)(correct_visit)
    api.post(f"{_ONE}/photos", tags=TAGS, responses=added)(add_visit_photo)


def list_visits(query: schemas.VisitFilter) -> Response:
    """List visits, filtered and paged."""
    actor = require_actor()
    filters = queries.Filters(
        division=query.division,
        layer=query.layer,
        code=query.code,
        inspector_id=actor.account_id if query.mine else None,
        result=query.result,
        purpose=query.purpose,
        off_site=query.off_site,
        since=query.since,
        until=query.until,
        text=query.q,
        superseded=query.superseded,
    )
    with database().session() as session:
        found = queries.list_page(session, actor, filters, page=query.page, size=query.size)
    items = [_summary(row.visit, row.layer, row.code, row.name) for row in found.rows]
    return reply_page(items, found)


def record_visit(body: schemas.VisitBody) -> Response:
    """Store a visit; sent again, it is answered as the first time."""
    actor = require_actor()
    given = body.given(body.layer, body.code)
    with database().session(actor.account_id) as session:
        recorded = operations.record(session, actor, given)
        return _stored(queries.one(session, actor, given.uuid), repeated=recorded.repeated)


def get_visit(path: VisitPath) -> Response:
    """Read a visit with its files, versions, and what followed from it."""
    actor = require_actor()
    with database().session() as session:
        return reply_document(_document(queries.one(session, actor, path.uuid)))


def correct_visit(path: VisitPath, body: schemas.CorrectionBody) -> Response:
    """Store a corrected version; the one before stays and is marked."""
    actor = require_actor()
    with database().session(actor.account_id) as session:
        location = queries.one(session, actor, path.uuid).location
        given = body.given(location.layer, location.code)
        recorded = operations.correct(session, actor, path.uuid, given, body.reason)
        return _stored(queries.one(session, actor, given.uuid), repeated=recorded.repeated)


def add_visit_photo(path: VisitPath, form: schemas.PhotoForm) -> Response:
    """Add a photo or the signature to one's own visit; the same picture is kept once."""
    actor = require_actor()
    _refuse_stranger(actor, path.uuid)
    kept = keep(form.file)
    photos, signature = ([], kept) if form.role == "signature" else ([kept], None)
    with database().session(actor.account_id) as session:
        operations.add_photos(session, actor, path.uuid, photos, signature)
        return _stored(queries.one(session, actor, path.uuid))


def _refuse_stranger(actor: Actor, uuid: UUID) -> None:
    """Refuse before a picture is unpacked and stored for nothing."""
    with database().session(actor.account_id) as session:
        operations.add_photos(session, actor, uuid, [])


def _stored(detail: queries.Detail, *, repeated: bool = False) -> Response:
    headers = {"Location": url_for("api.get_visit", uuid=detail.visit.uuid)}
    if repeated:
        headers["Idempotency-Replayed"] = "true"
    return Response(
        dump(_document(detail)),
        HTTPStatus.CREATED,
        headers,
        content_type=JSON,
    )


def _summary(visit: Visit, layer: str, code: str, name: str) -> dict[str, Any]:
    place = place_of(visit)
    return {
        "uuid": visit.uuid,
        "layer": layer,
        "code": code,
        "name": name,
        "division_code": visit.division_code,
        "purpose": visit.purpose,
        "inspector": visit.inspector_name,
        "visited_at": visit.visited_at.isoformat(),
        "received_at": visit.received_at.isoformat(),
        "result": visit.result,
        "condition": visit.condition,
        "use_status": visit.use_status,
        "note": visit.note,
        "position": place
        and {
            "lon": place[0],
            "lat": place[1],
            "accuracy_m": _number(visit.accuracy_m),
            "distance_m": _number(visit.distance_m),
        },
        "off_site": visit.off_site,
        "off_site_reason": visit.off_site_reason,
        "revision": visit.revision,
        "superseded_at": visit.superseded_at and visit.superseded_at.isoformat(),
    }


def _document(detail: queries.Detail) -> dict[str, Any]:
    visit, location = detail.visit, detail.location
    by_id = {each.id: each.uuid for each in detail.versions}
    later = [each.uuid for each in detail.versions if each.revises_id == visit.id]
    return _summary(visit, location.layer, location.code, location.name) | {
        "answers": visit.answers,
        "readings": visit.readings,
        "revision_reason": visit.revision_reason,
        "revises": by_id.get(visit.revises_id or 0),
        "revised_by": later[0] if later else None,
        "files": [files.document(each) for each in detail.of(visit)],
        "defects": [
            {"number": d.number, "title": d.title, "severity": d.severity, "state": d.state}
            for d in detail.defects
            if d.visit_id == visit.id
        ],
        "obligations": [
            {
                "purpose": each.purpose,
                "period": each.period,
                "period_start": each.period_start.isoformat(),
                "due_on": each.due_on.isoformat(),
                "done_on": each.done_on and each.done_on.isoformat(),
            }
            for each in detail.obligations
        ],
    }


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))
