"""Plans of rounds changed by hand: what a move costs, moves, removals, locks."""

from __future__ import annotations

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import Json
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.inspections.rounds import moves, operations, queries, replanning
from fuliang_gis.web.api import rounds_documents as documents
from fuliang_gis.web.api import rounds_schemas as schemas
from fuliang_gis.web.api import rounds_told as told
from fuliang_gis.web.api.replies import answers, reply_document, write_answers
from fuliang_gis.web.api.rounds_schemas import (
    HereBody,
    MissedBody,
    PlanPath,
    StopMoveBody,
    StopPath,
)
from fuliang_gis.web.api.schemas import ChangeHeader
from fuliang_gis.web.api.writes import Act, attempt, change
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

TAGS = [Tag(name="rounds", description="巡查路线 Inspection rounds")]
_ONE = "/round-plans/<plan_id>"


def register(api: APIBlueprint) -> None:
    """Add the operations."""
    priced, moved = answers(told.PriceOut, 409, 415), write_answers(told.MovedOut)
    saved = write_answers(schemas.PlanSummary)
    api.post(f"{_ONE}/locks", tags=TAGS, responses=saved)(lock_plan)
    api.post(f"{_ONE}/moves/price", tags=TAGS, responses=priced)(price_move)
    api.post(f"{_ONE}/moves", tags=TAGS, responses=moved)(move_stop)
    again, rest = write_answers(told.ReplannedOut), write_answers(told.RestedOut)
    foreseen = answers(told.ReplanOut, 409, 415)
    api.post(f"{_ONE}/missed/price", tags=TAGS, responses=foreseen)(price_missed)
    api.post(f"{_ONE}/missed", tags=TAGS, responses=again)(replan_missed)
    api.post(f"{_ONE}/rest-of-day", tags=TAGS, responses=rest)(replan_today)
    api.delete(f"{_ONE}/stops/<stop_id>", tags=TAGS, responses=moved)(remove_stop)


def lock_plan(path: PlanPath, header: ChangeHeader, body: schemas.LockBody) -> Response:
    """Lock or unlock a stop, a round, a day or a team; what is locked stays when solved again."""
    given = body.model_dump(exclude_unset=True)

    def act(session: Transaction, actor: Actor) -> None:
        version = header.version()
        operations.set_lock(session, actor, path.plan_id, expected_version=version, **given)

    return change(header.idempotency_key, act, read(path.plan_id))


def price_move(path: PlanPath, body: StopMoveBody) -> Response:
    """Tell what a move costs and what stands against it; nothing is saved."""
    actor = require_actor()
    where = (body.team_id, body.day, body.ordinal)
    with database().session() as session:
        if body.stop_id is not None:
            found = moves.price_move(session, actor, path.plan_id, body.stop_id, *where)
        else:
            owed = body.obligation_id or 0
            found = moves.price_left_over(session, actor, path.plan_id, owed, *where)
        return reply_document(documents.price(found))


def move_stop(path: PlanPath, header: ChangeHeader, body: StopMoveBody) -> Response:
    """Move a stop to another team, day or place, or take in what is left over."""
    where = (body.team_id, body.day, body.ordinal)

    def act(session: Transaction, actor: Actor) -> Json:
        version = header.version()
        if body.stop_id is not None:
            moved = moves.move_stop(
                session, actor, path.plan_id, body.stop_id, *where, expected_version=version
            )
        else:
            owed = body.obligation_id or 0
            moved = moves.add_left_over(
                session, actor, path.plan_id, owed, *where, expected_version=version
            )
        return {"price": documents.price(moved.price)}

    return _told(path.plan_id, header, act)


def remove_stop(path: StopPath, header: ChangeHeader) -> Response:
    """Take a stop out of its round; it is left over then."""

    def act(session: Transaction, actor: Actor) -> Json:
        version = header.version()
        moved = moves.remove_stop(
            session, actor, path.plan_id, path.stop_id, expected_version=version
        )
        return {"price": documents.price(moved.price)}

    return _told(path.plan_id, header, act)


def price_missed(path: PlanPath, body: MissedBody) -> Response:
    """Tell what giving missed visits another day would change; nothing is saved."""
    actor = require_actor()
    with database().session(actor.account_id) as session:
        found = replanning.price_missed(session, actor, path.plan_id, from_day=body.from_day)
        return reply_document(documents.replan(found))


def replan_missed(path: PlanPath, header: ChangeHeader, body: MissedBody) -> Response:
    """Give missed visits another day; no other stop moves unless it must make room."""

    def act(session: Transaction, actor: Actor) -> Json:
        found = replanning.replan_missed(
            session,
            actor,
            path.plan_id,
            from_day=body.from_day,
            expected_version=header.version(),
        )
        return {"replan": documents.replan(found)}

    return _told(path.plan_id, header, act)


def replan_today(path: PlanPath, header: ChangeHeader, body: HereBody) -> Response:
    """Put the rest of a team's round of today in the best order from where it is."""

    def act(session: Transaction, actor: Actor) -> Json:
        found = replanning.replan_today(
            session,
            actor,
            path.plan_id,
            body.team_id,
            (body.lon, body.lat),
            expected_version=header.version(),
        )
        return {"rest": documents.rest(found)}

    return _told(path.plan_id, header, act)


def read(plan_id: int) -> Act:
    """Return what reads a plan as lists tell it."""
    return lambda session, actor: documents.summary(
        queries.plan_detail(session, actor, plan_id).plan
    )


def _told(plan_id: int, header: ChangeHeader, act: Act) -> Response:
    """Run an act; the answer is the plan with its next version, and what the act tells."""

    def done(session: Transaction, actor: Actor) -> Json:
        told = act(session, actor)
        return read(plan_id)(session, actor) | told

    return attempt(header.idempotency_key, done, read(plan_id))
