"""Plans of rounds: listed, made, solved, published and withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas import queries as areas
from fuliang_gis.db.base import Json
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.inspections.rounds import operations, queries
from fuliang_gis.web.api import rounds_documents as documents
from fuliang_gis.web.api import rounds_schemas as schemas
from fuliang_gis.web.api.replies import answers, reply_document, reply_page, write_answers
from fuliang_gis.web.api.rounds_moves import read
from fuliang_gis.web.api.rounds_schemas import PlanPath
from fuliang_gis.web.api.schemas import ChangeHeader, WriteHeader
from fuliang_gis.web.api.writes import change, tagged, write
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

TAGS = [Tag(name="rounds", description="巡查路线 Inspection rounds")]
_ALL, _ONE = "/round-plans", "/round-plans/<plan_id>"


def register(api: APIBlueprint) -> None:
    """Add the operations."""
    one, made = answers(schemas.PlanOut), write_answers(schemas.PlanSummary, 201)
    saved, history = write_answers(schemas.PlanSummary), answers(schemas.PlanHistory)
    api.get(_ALL, tags=TAGS, responses=answers(schemas.PlanPage))(list_plans)
    api.post(_ALL, tags=TAGS, responses=made)(create_plan)
    api.get(_ONE, tags=TAGS, responses=one)(get_plan)
    api.put(_ONE, tags=TAGS, responses=saved)(change_plan)
    api.get(f"{_ONE}/progress", tags=TAGS, responses=answers(schemas.ProgressOut))(get_progress)
    api.get(f"{_ONE}/history", tags=TAGS, responses=history)(get_plan_history)
    api.post(f"{_ONE}/solve", tags=TAGS, responses=saved)(solve_plan)
    api.post(f"{_ONE}/cancel", tags=TAGS, responses=saved)(cancel_plan)
    api.post(f"{_ONE}/publish", tags=TAGS, responses=saved)(publish_plan)
    api.post(f"{_ONE}/withdraw", tags=TAGS, responses=saved)(withdraw_plan)
    api.post(f"{_ONE}/copies", tags=TAGS, responses=made)(copy_plan)


def list_plans(query: schemas.PlanFilter) -> Response:
    """List plans, the latest days first unless another order is asked for."""
    actor = require_actor()
    wanted = queries.PlanFilter(
        division=query.division,
        state=query.state,
        text=query.q,
        first_day=query.first_day,
        last_day=query.last_day,
        team=query.team_id,
        creator_id=actor.account_id if query.mine else None,
    )
    with database().session() as session:
        found = queries.plans(
            session,
            actor,
            wanted,
            query.page,
            query.size,
            sort=query.sort,
            descending=query.descending,
        )
    return reply_page([documents.summary(row) for row in found.rows], found)


def create_plan(header: WriteHeader, body: schemas.RoundPlanBody) -> Response:
    """Add a plan that is to be solved."""

    def act(session: Transaction, actor: Actor) -> Json:
        areas.get(session, body.division_code)
        made = operations.create_plan(session, actor, body.given(body.division_code))
        return read(made.id)(session, actor)

    return write(header.idempotency_key, act, status=HTTPStatus.CREATED, at=_address)


def get_plan(path: PlanPath) -> Response:
    """Read a plan with its rounds, stops and what is left over; ETag is its row version."""
    actor = require_actor()
    with database().session() as session:
        return tagged(documents.detail(queries.plan_detail(session, actor, path.plan_id)))


def get_progress(path: PlanPath) -> Response:
    """Tell how far the search for a plan is."""
    actor = require_actor()
    with database().session() as session:
        found = queries.plan_progress(session, actor, path.plan_id)
    return reply_document(documents.progress(found))


def get_plan_history(path: PlanPath) -> Response:
    """List what was done with a plan, the latest first."""
    actor = require_actor()
    with database().session() as session:
        events = queries.plan_history(session, actor, path.plan_id)
    return reply_document({"events": [documents.event(each) for each in events]})


def change_plan(path: PlanPath, header: ChangeHeader, body: schemas.PlanValues) -> Response:
    """Replace what a plan is asked for; its rounds stay until it is solved again."""

    def act(session: Transaction, actor: Actor) -> None:
        version = header.version()
        operations.change_plan(session, actor, path.plan_id, body.given(), expected_version=version)

    return change(header.idempotency_key, act, read(path.plan_id))


def solve_plan(path: PlanPath, header: ChangeHeader) -> Response:
    """Have a plan solved by a worker; ``progress`` tells how far it is."""
    return _step(path, header, operations.queue_plan)


def publish_plan(path: PlanPath, header: ChangeHeader) -> Response:
    """Publish a plan: obligations get their day, members see their rounds."""
    return _step(path, header, operations.publish)


def withdraw_plan(path: PlanPath, header: ChangeHeader) -> Response:
    """Take a published plan back."""
    return _step(path, header, operations.withdraw)


def cancel_plan(path: PlanPath, header: WriteHeader) -> Response:
    """Ask a running search to end; what it has found is kept."""

    def act(session: Transaction, actor: Actor) -> Json:
        operations.cancel(session, actor, path.plan_id)
        return read(path.plan_id)(session, actor)

    return write(header.idempotency_key, act)


def copy_plan(path: PlanPath, header: WriteHeader, body: schemas.CopyBody) -> Response:
    """Add a plan based on this one, with its rounds and locks, to compare or change."""

    def act(session: Transaction, actor: Actor) -> Json:
        made = operations.copy_plan(session, actor, path.plan_id, title=body.title)
        return read(made.id)(session, actor)

    return write(header.idempotency_key, act, status=HTTPStatus.CREATED, at=_address)


def _step(path: PlanPath, header: ChangeHeader, act: Callable[..., object]) -> Response:
    def step(session: Transaction, actor: Actor) -> object:
        return act(session, actor, path.plan_id, expected_version=header.version())

    return change(header.idempotency_key, step, read(path.plan_id))


def _address(made: Json) -> str:
    return url_for("api.get_plan", plan_id=made["id"])
