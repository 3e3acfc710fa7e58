"""Inspection rules, exceptions and obligations."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import Json
from fuliang_gis.inspections.duties import operations, queries, rule_queries
from fuliang_gis.inspections.duties.operations import ExceptionGiven, RuleGiven, Transaction
from fuliang_gis.locations.sheets import ChecklistItem
from fuliang_gis.web.api import duties_documents as documents
from fuliang_gis.web.api import duties_schemas as schemas
from fuliang_gis.web.api.duties_schemas import ExceptionPath, ObligationPath, RulePath
from fuliang_gis.web.api.replies import answers, reply_document, reply_page, write_answers
from fuliang_gis.web.api.schemas import ChangeHeader, LocationPath, WriteHeader
from fuliang_gis.web.api.writes import change, tagged, write
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

TAGS = [Tag(name="duties", description="巡查规则与任务 Rules and obligations")]
_RULES, _RULE = "/inspection-rules", "/inspection-rules/<rule_id>"
_EXCEPTIONS = "/inspection-exceptions"
_TASKS, _TASK = "/obligations", "/obligations/<obligation_id>"


def register(api: APIBlueprint) -> None:
    """Add the operations."""
    rule, rule_saved = answers(schemas.RuleOut), write_answers(schemas.RuleOut)
    task, task_saved = answers(schemas.ObligationOut), write_answers(schemas.ObligationOut)
    excepted = write_answers(schemas.ExceptionOut, 201)
    api.get(_RULES, tags=TAGS, responses=answers(schemas.Rules))(list_rules)
    api.post(_RULES, tags=TAGS, responses=write_answers(schemas.RuleOut, 201))(create_rule)
    api.get(_RULE, tags=TAGS, responses=rule)(get_rule)
    api.put(_RULE, tags=TAGS, responses=rule_saved)(update_rule)
    api.post(f"{_RULE}/withdraw", tags=TAGS, responses=rule_saved)(withdraw_rule)
    api.post(f"{_RULE}/restore", tags=TAGS, responses=rule_saved)(restore_rule)
    api.get(f"{_RULE}/history", tags=TAGS, responses=answers(schemas.RuleHistory))(get_rule_history)
    api.get(_EXCEPTIONS, tags=TAGS, responses=answers(schemas.Exceptions))(list_exceptions)
    api.post("/layers/<layer>/locations/<code>/exceptions", tags=TAGS, responses=excepted)(
        grant_exception
    )
    api.post(
        f"{_EXCEPTIONS}/<exception_id>/revoke",
        tags=TAGS,
        responses=write_answers(schemas.ExceptionOut),
    )(revoke_exception)
    api.get(_TASKS, tags=TAGS, responses=answers(schemas.ObligationPage))(list_obligations)
    api.get(_TASK, tags=TAGS, responses=task)(get_obligation)
    api.post(f"{_TASK}/plan", tags=TAGS, responses=task_saved)(plan_obligation)
    api.post(f"{_TASK}/excuse", tags=TAGS, responses=task_saved)(excuse_obligation)
    api.post(f"{_TASK}/reinstate", tags=TAGS, responses=task_saved)(reinstate_obligation)
    api.get(f"{_TASK}/history", tags=TAGS, responses=answers(schemas.ObligationHistory))(
        get_obligation_history
    )


def list_rules() -> Response:
    """List every rule, those in use first."""
    require_actor()
    with database().session() as session:
        found = [documents.rule(row.rule) for row in rule_queries.list_rules(session)]
    return reply_document({"rules": found})


def get_rule(path: RulePath) -> Response:
    """Read a rule; ETag is its row version."""
    require_actor()
    with database().session() as session:
        document = documents.rule(rule_queries.get_rule(session, path.rule_id))
    return tagged(document)


def get_rule_history(path: RulePath) -> Response:
    """List every change of a rule, the newest first."""
    require_actor()
    with database().session() as session:
        rule_queries.get_rule(session, path.rule_id)
        found = [
            documents.change(each) for each in rule_queries.rule_history(session, path.rule_id)
        ]
    return reply_document({"changes": found})


def create_rule(header: WriteHeader, body: schemas.RuleBody) -> Response:
    """Add a rule; obligations of open periods follow at once."""
    return write(
        header.idempotency_key,
        lambda session, actor: documents.rule(operations.create_rule(session, actor, _given(body))),
        status=HTTPStatus.CREATED,
        at=lambda document: url_for("api.get_rule", rule_id=document["id"]),
    )


def update_rule(path: RulePath, header: ChangeHeader, body: schemas.RuleBody) -> Response:
    """Replace what a rule says; closed periods stay as they were."""
    return _change_rule(
        path,
        header,
        lambda session, actor: operations.update_rule(
            session, actor, path.rule_id, _given(body), expected_version=header.version()
        ),
    )


def withdraw_rule(path: RulePath, header: ChangeHeader) -> Response:
    """Let a rule count no longer from today."""
    return _change_rule(
        path,
        header,
        lambda session, actor: operations.withdraw_rule(
            session, actor, path.rule_id, expected_version=header.version()
        ),
    )


def restore_rule(path: RulePath, header: ChangeHeader) -> Response:
    """Let a withdrawn rule count again."""
    return _change_rule(
        path,
        header,
        lambda session, actor: operations.restore_rule(
            session, actor, path.rule_id, expected_version=header.version()
        ),
    )


def list_exceptions(query: schemas.ExceptionFilter) -> Response:
    """List exceptions, the newest first."""
    actor = require_actor()
    with database().session() as session:
        rows = rule_queries.list_exceptions(session, actor, clock.today(), current=query.current)
        found = [documents.exception(row) for row in rows]
    return reply_document({"exceptions": found})


def grant_exception(
    path: LocationPath, header: WriteHeader, body: schemas.ExceptionBody
) -> Response:
    """Except a location from the rules for a limited time, for a reason."""

    def act(session: Transaction, actor: Actor) -> Json:
        given = ExceptionGiven(**body.model_dump())
        made = operations.grant(session, actor, path.layer, path.code, given)
        return _exception(session, actor, made.id)

    return write(header.idempotency_key, act, status=HTTPStatus.CREATED)


def revoke_exception(path: ExceptionPath, header: WriteHeader) -> Response:
    """End an exception today."""

    def act(session: Transaction, actor: Actor) -> Json:
        operations.revoke(session, actor, path.exception_id)
        return _exception(session, actor, path.exception_id)

    return write(header.idempotency_key, act)


def list_obligations(query: schemas.ObligationFilter) -> Response:
    """List obligations, filtered, sorted and paged."""
    actor, today = require_actor(), clock.today()
    filters = queries.Filters(
        division=query.division,
        layer=query.layer,
        purpose=query.purpose,
        state=query.state,
        assignee_id=query.assignee_id,
        due_from=query.due_from,
        due_to=query.due_to,
    )
    with database().session() as session:
        found = queries.list_obligations(
            session,
            actor,
            filters,
            today,
            sort=query.sort,
            descending=query.descending,
            page=query.page,
            size=query.size,
        )
    return reply_page([documents.task(row) for row in found.rows], found)


def get_obligation(path: ObligationPath) -> Response:
    """Read an obligation; ETag is its row version."""
    actor = require_actor()
    with database().session() as session:
        found = queries.obligation(session, actor, path.obligation_id, clock.today())
    return tagged(documents.task(found))


def plan_obligation(path: ObligationPath, header: ChangeHeader, body: schemas.PlanBody) -> Response:
    """Say on which day an obligation is to be met, and by whom."""
    given = {name: getattr(body, name) for name in body.model_fields_set}

    def act(session: Transaction, actor: Actor) -> None:
        operations.plan(
            session, actor, path.obligation_id, expected_version=header.version(), **given
        )

    return _change_task(path, header, act)


def excuse_obligation(
    path: ObligationPath, header: ChangeHeader, body: schemas.ExcuseBody
) -> Response:
    """Free a location of one obligation, for a reason."""

    def act(session: Transaction, actor: Actor) -> None:
        operations.excuse(
            session, actor, path.obligation_id, body.reason, expected_version=header.version()
        )

    return _change_task(path, header, act)


def reinstate_obligation(path: ObligationPath, header: ChangeHeader) -> Response:
    """Take an excuse back while the period is open; a visit made meanwhile completes it."""

    def act(session: Transaction, actor: Actor) -> None:
        operations.reinstate(session, actor, path.obligation_id, expected_version=header.version())

    return _change_task(path, header, act)


def get_obligation_history(path: ObligationPath) -> Response:
    """List what people decided about an obligation, the latest first."""
    actor = require_actor()
    with database().session() as session:
        found = queries.obligation(session, actor, path.obligation_id, clock.today())
        steps = [documents.step(each) for each in queries.history(session, found.obligation)]
    return reply_document({"steps": steps})


def _given(body: schemas.RuleBody) -> RuleGiven:
    items = None
    if body.checklist is not None:
        items = tuple(
            ChecklistItem(f"q{number}", each.zh, each.en, (), each.severity, each.category)
            for number, each in enumerate(body.checklist, 1)
        )
    return RuleGiven(**body.model_dump(exclude={"checklist"}), checklist=items)


def _exception(session: Transaction, actor: Actor, exception_id: int) -> Json:
    return documents.exception(rule_queries.get_exception(session, actor, exception_id))


def _change_rule(
    path: RulePath, header: ChangeHeader, act: Callable[[Transaction, Actor], object]
) -> Response:
    def read(session: Transaction, _actor: Actor) -> Json:
        return documents.rule(rule_queries.get_rule(session, path.rule_id))

    return change(header.idempotency_key, act, read)


def _change_task(
    path: ObligationPath, header: ChangeHeader, act: Callable[[Transaction, Actor], object]
) -> Response:
    def read(session: Transaction, actor: Actor) -> Json:
        found = queries.obligation(session, actor, path.obligation_id, clock.today())
        return documents.task(found)

    return change(header.idempotency_key, act, read)
