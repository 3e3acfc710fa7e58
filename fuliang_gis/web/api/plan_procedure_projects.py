"""The table of projects of a plan over the API."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import Json
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.locations import queries as locations
from fuliang_gis.planning import queries as plans
from fuliang_gis.planning.projects import operations, queries
from fuliang_gis.planning.projects.rules import ProjectGiven
from fuliang_gis.web.api import plan_procedure_documents as documents
from fuliang_gis.web.api import plan_procedure_schemas as schemas
from fuliang_gis.web.api.plan_procedure_schemas import PlanProjectPath
from fuliang_gis.web.api.replies import answers, reply_document, write_answers
from fuliang_gis.web.api.schemas import ChangeHeader, WriteHeader
from fuliang_gis.web.api.village_plans_schemas import VillagePlanPath
from fuliang_gis.web.api.writes import Act, attempt, change, tagged, write
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

_ALL = "/village-plans/<plan_id>/projects"
_ONE = f"{_ALL}/<project_id>"


def register(api: APIBlueprint, tags: list[Tag]) -> None:
    """Add the operations."""
    one, saved = answers(schemas.PlanProjectOut), write_answers(schemas.PlanProjectOut)
    made, summed = write_answers(schemas.PlanProjectOut, 201), schemas.PlanProjectSums
    api.get(_ALL, tags=tags, responses=answers(schemas.PlanProjectPage))(list_plan_projects)
    api.post(_ALL, tags=tags, responses=made)(add_plan_project)
    api.get(_ONE, tags=tags, responses=one)(get_plan_project)
    api.put(_ONE, tags=tags, responses=saved)(change_plan_project)
    api.delete(_ONE, tags=tags, responses=write_answers(summed))(remove_plan_project)
    api.post(f"{_ONE}/move", tags=tags, responses=saved)(move_plan_project)


def list_plan_projects(path: VillagePlanPath, query: schemas.PlanRowsFilter) -> Response:
    """List a plan's projects in their order, with the sums of all."""
    actor = require_actor()
    with database().session() as session:
        plans.plan(session, actor, path.plan_id)
        found = queries.projects(session, path.plan_id, query.page, query.size)
        sums = queries.sums(session, path.plan_id)
        items = [documents.project(row) for row in found.rows]
    counted = {"total": found.total, "page": found.page, "size": found.size}
    return reply_document({"items": items, **counted, "sums": documents.sums(sums)})


def add_plan_project(
    path: VillagePlanPath, header: WriteHeader, body: schemas.PlanProjectBody
) -> Response:
    """Add a project at the end of the table."""

    def act(session: Transaction, actor: Actor) -> Json:
        given = _given(session, actor, body)
        made = operations.add(session, actor, path.plan_id, given)
        return _read(path.plan_id, made.id)(session, actor)

    def address(made: Json) -> str:
        return url_for("api.get_plan_project", plan_id=path.plan_id, project_id=made["id"])

    return write(header.idempotency_key, act, status=HTTPStatus.CREATED, at=address)


def get_plan_project(path: PlanProjectPath) -> Response:
    """Read one project; ETag is its row version."""
    actor = require_actor()
    with database().session() as session:
        return tagged(_read(path.plan_id, path.project_id)(session, actor))


def change_plan_project(
    path: PlanProjectPath, header: ChangeHeader, body: schemas.PlanProjectBody
) -> Response:
    """Change a project."""

    def act(session: Transaction, actor: Actor) -> None:
        given, version = _given(session, actor, body), header.version()
        operations.change(session, actor, path.plan_id, path.project_id, given, expected=version)

    return change(header.idempotency_key, act, _read(path.plan_id, path.project_id))


def remove_plan_project(path: PlanProjectPath, header: ChangeHeader) -> Response:
    """Take a project away; answer with the sums of those that stay."""

    def act(session: Transaction, actor: Actor) -> Json:
        version = header.version()
        operations.remove(session, actor, path.plan_id, path.project_id, expected=version)
        return documents.sums(queries.sums(session, path.plan_id))

    return attempt(header.idempotency_key, act, _read(path.plan_id, path.project_id))


def move_plan_project(
    path: PlanProjectPath, header: ChangeHeader, body: schemas.PlanProjectMoveBody
) -> Response:
    """Put a project at a place of the table."""

    def act(session: Transaction, actor: Actor) -> None:
        version = header.version()
        operations.move(session, actor, path.plan_id, path.project_id, body.to, expected=version)

    return change(header.idempotency_key, act, _read(path.plan_id, path.project_id))


def _read(plan_id: int, project_id: int) -> Act:
    def read(session: Transaction, actor: Actor) -> Json:
        plans.plan(session, actor, plan_id)
        return documents.project(queries.project(session, plan_id, project_id))

    return read


def _given(session: Transaction, actor: Actor, body: schemas.PlanProjectBody) -> ProjectGiven:
    said = body.model_dump(exclude={"facility", "location"})
    location = None
    if body.location is not None:
        layer, _, code = body.location.partition("/")
        location = locations.get(session, actor, layer, code).id
    return ProjectGiven(**said, facility_id=body.facility, location_id=location)
