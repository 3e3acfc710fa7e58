"""Village plans: made, drawn upon, checked; coordinates are those of the plane EPSG:4548."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas import queries as areas
from fuliang_gis.db.base import Json
from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.planning import operations, queries
from fuliang_gis.planning.given import PlanGiven
from fuliang_gis.planning.listing import Wanted, plan_page
from fuliang_gis.planning.parcels import ControlLine, Parcel
from fuliang_gis.planning.standing import report_at
from fuliang_gis.web.api import village_plans_documents as documents
from fuliang_gis.web.api import village_plans_schemas as schemas
from fuliang_gis.web.api.replies import JSON, answers, reply_document, reply_page, write_answers
from fuliang_gis.web.api.schemas import ChangeHeader, WriteHeader
from fuliang_gis.web.api.village_plans_schemas import SchemePath, VillagePlanPath
from fuliang_gis.web.api.writes import Act, attempt, change, tagged, write
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

TAGS = [Tag(name="village-plans", description="村庄规划 Village layout plans")]
_ALL, _ONE = "/village-plans", "/village-plans/<plan_id>"
_SCHEME = "/plan-schemes/<scheme_id>"


def register(api: APIBlueprint) -> None:
    """Add the operations."""
    one, made = answers(schemas.VillagePlanOut), write_answers(schemas.VillagePlanOut, 201)
    scheme, branched = answers(schemas.SchemeOut), write_answers(schemas.SchemeOut, 201)
    restored = write_answers(schemas.SchemeOut)
    saved, listed = write_answers(schemas.SchemeSavedOut), answers(schemas.SchemeVersionPage)
    api.get(_ALL, tags=TAGS, responses=answers(schemas.VillagePlanPage))(list_village_plans)
    api.post(_ALL, tags=TAGS, responses=made)(create_village_plan)
    api.get(_ONE, tags=TAGS, responses=one)(get_village_plan)
    based = write_answers(schemas.VillagePlanOut)
    api.put(f"{_ONE}/base", tags=TAGS, responses=based)(set_plan_base)
    api.get(_SCHEME, tags=TAGS, responses=scheme)(get_scheme)
    api.get(f"{_SCHEME}/sketch", tags=TAGS, responses=answers(schemas.SchemeSketchOut))(
        get_scheme_sketch
    )
    api.get(f"{_SCHEME}/report", tags=TAGS, responses=answers(schemas.SchemeReportOut))(
        get_scheme_report
    )
    api.get(f"{_SCHEME}/versions", tags=TAGS, responses=listed)(list_scheme_versions)
    api.post(f"{_SCHEME}/changes", tags=TAGS, responses=saved)(save_scheme)
    api.post(f"{_SCHEME}/branches", tags=TAGS, responses=branched)(branch_scheme)
    api.post(f"{_SCHEME}/restore", tags=TAGS, responses=restored)(restore_scheme)


def list_village_plans(query: schemas.VillagePlanFilter) -> Response:
    """List plans, by village."""
    actor = require_actor()
    with database().session() as session:
        wanted = Wanted(division=query.division or "", state=query.state or "")
        found = plan_page(session, actor, wanted, query.page, query.size)
        items = [documents.summary(row) for row in found.rows]
    return reply_page(items, found)


def create_village_plan(header: WriteHeader, body: schemas.VillagePlanBody) -> Response:
    """Add a plan with a first, empty scheme."""

    def act(session: Transaction, actor: Actor) -> Json:
        village = areas.get(session, body.division_code)
        boundary = (
            _shape(body.boundary, "boundary")
            if body.boundary
            else queries.village_boundary(session, village.code)
        )
        given = PlanGiven(
            village.code,
            body.title,
            body.base_year,
            body.target_year,
            boundary,
            body.edition,
            population=body.population,
        )
        made = operations.create_plan(session, actor, given)
        return _read(made.id)(session, actor)

    return write(header.idempotency_key, act, status=HTTPStatus.CREATED, at=_plan_address)


def get_village_plan(path: VillagePlanPath) -> Response:
    """Read a plan with its schemes; ETag is its row version."""
    actor = require_actor()
    with database().session() as session:
        return tagged(_read(path.plan_id)(session, actor))


def set_plan_base(
    path: VillagePlanPath, header: ChangeHeader, body: schemas.PlanBaseBody
) -> Response:
    """Put base year and control lines in place of those the plan has."""
    parcels = [Parcel(p.id, p.code, _shape(p.geometry, p.id)) for p in body.parcels]
    lines = [ControlLine(each.id, each.code, _shape(each.geometry, each.id), each.label)
             for each in body.lines]  # fmt: skip

    def act(session: Transaction, actor: Actor) -> None:
        version = header.version()
        operations.set_base(session, actor, path.plan_id, parcels, lines, expected_version=version)

    return change(header.idempotency_key, act, _read(path.plan_id))


def get_scheme(path: SchemePath) -> Response:
    """Read a scheme; ETag is its newest version, which a save names."""
    actor = require_actor()
    with database().session() as session:
        return tagged(_read_scheme(path.scheme_id)(session, actor))


def get_scheme_sketch(path: SchemePath, query: schemas.SchemeAt) -> Response:
    """Read everything that is drawn: boundary, parcels, base year, control lines."""
    actor = require_actor()
    with database().session() as session:
        plan, scheme = queries.scheme(session, actor, path.scheme_id)
        version = queries.version_of(scheme, query.version)
        drawn = queries.sketch(session, plan.id, scheme.id, version)
    body = f'{{"version":{version},{drawn[1:]}'
    response = Response(body, HTTPStatus.OK, content_type=JSON)
    response.set_etag(str(version))
    return response


def get_scheme_report(path: SchemePath, query: schemas.SchemeAt) -> Response:
    """Check a scheme and reckon its tables."""
    actor = require_actor()
    with database().session() as session:
        plan, scheme = queries.scheme(session, actor, path.scheme_id)
        version = queries.version_of(scheme, query.version)
        return reply_document(documents.report(report_at(session, plan, scheme, version)[1]))


def list_scheme_versions(path: SchemePath, query: schemas.SchemeVersionFilter) -> Response:
    """List a scheme's versions, the newest first."""
    actor = require_actor()
    with database().session() as session:
        _, scheme = queries.scheme(session, actor, path.scheme_id)
        found = queries.versions(session, scheme.id, query.page, query.size)
        items = [documents.version(row) for row in found.rows]
    return reply_page(items, found)


def save_scheme(
    path: SchemePath, header: ChangeHeader, body: schemas.SchemeChangesBody
) -> Response:
    """Save drawn, changed and removed parcels as a new version; ``If-Match`` names the old one."""
    changes = {
        name: None
        if each is None
        else Parcel(
            name,
            each.code,
            _shape(each.geometry, name),
            name=each.label,
            households=each.households,
        )
        for name, each in body.changes.items()
    }

    def act(session: Transaction, actor: Actor) -> Json:
        done = operations.save(
            session,
            actor,
            path.scheme_id,
            changes,
            expected=header.version(),
            message=body.message,
        )
        return documents.saved(done)

    return attempt(header.idempotency_key, act, _read_scheme(path.scheme_id))


def branch_scheme(
    path: SchemePath, header: WriteHeader, body: schemas.SchemeBranchBody
) -> Response:
    """Add a scheme that begins as this one is."""

    def act(session: Transaction, actor: Actor) -> Json:
        made = operations.branch(session, actor, path.scheme_id, body.title)
        return _read_scheme(made.id)(session, actor)

    return write(header.idempotency_key, act, status=HTTPStatus.CREATED, at=_scheme_address)


def restore_scheme(
    path: SchemePath, header: ChangeHeader, body: schemas.SchemeRestoreBody
) -> Response:
    """Make a scheme again what it was at a version."""

    def act(session: Transaction, actor: Actor) -> None:
        version = header.version()
        operations.restore(session, actor, path.scheme_id, body.ordinal, expected=version)

    return change(header.idempotency_key, act, _read_scheme(path.scheme_id))


def _read(plan_id: int) -> Act:
    def read(session: Transaction, actor: Actor) -> Json:
        row = queries.plan(session, actor, plan_id)
        return documents.detail(row, queries.schemes(session, plan_id))

    return read


def _read_scheme(scheme_id: int) -> Act:
    def read(session: Transaction, actor: Actor) -> Json:
        plan, _ = queries.scheme(session, actor, scheme_id)
        (row,) = [r for r in queries.schemes(session, plan.id) if r.scheme.id == scheme_id]
        return documents.scheme(row)

    return read


def _shape(given: schemas.PlanePolygon | schemas.PlaneArea, field: str) -> BaseGeometry:
    try:
        return shape(given.model_dump())
    except (ValueError, TypeError, IndexError):
        told = "图形的坐标无法读取：每个环至少 4 个点，首尾相同。"
        problem = Problem("bad_geometry", told, "The coordinates cannot be read.", field)
        raise Invalid([problem]) from None


def _plan_address(made: Json) -> str:
    return url_for("api.get_village_plan", plan_id=made["id"])


def _scheme_address(made: Json) -> str:
    return url_for("api.get_scheme", scheme_id=made["id"])
