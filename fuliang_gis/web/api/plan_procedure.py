"""A plan's road: its clock, steps, opinions, participation, goals and waivers."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import Json
from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.planning import goals, waivers
from fuliang_gis.planning import queries as plans
from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.parcels import Goal
from fuliang_gis.planning.procedure import (
    operations,
    opinion_queries,
    opinions,
    participation,
    queries,
)
from fuliang_gis.planning.procedure.changing import begin_change
from fuliang_gis.planning.procedure.participation import ParticipationGiven
from fuliang_gis.planning.procedure.rules import ActGiven, Vote
from fuliang_gis.planning.procedure.timeline import timeline
from fuliang_gis.web.api import plan_procedure_documents as documents
from fuliang_gis.web.api import plan_procedure_projects
from fuliang_gis.web.api import plan_procedure_schemas as schemas
from fuliang_gis.web.api.plan_procedure_schemas import (
    ParticipationPath,
    PlanOpinionPath,
    PlanWaiverPath,
)
from fuliang_gis.web.api.replies import answers, reply_document, reply_page, write_answers
from fuliang_gis.web.api.schemas import ChangeHeader, WriteHeader
from fuliang_gis.web.api.village_plans_schemas import VillagePlanPath
from fuliang_gis.web.api.writes import Act, change, tagged, write
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

TAGS = [Tag(name="plan-procedure", description="村庄规划程序 The road of village plans")]
_ONE = "/village-plans/<plan_id>"


def register(api: APIBlueprint) -> None:
    """Add the operations."""
    road, step = answers(schemas.PlanRoadOut), write_answers(schemas.PlanRoadOut)
    begun = write_answers(schemas.PlanRoadOut, 201)
    api.get(f"{_ONE}/road", tags=TAGS, responses=road)(get_plan_road)
    api.get(f"{_ONE}/acts", tags=TAGS, responses=answers(schemas.PlanActPage))(list_plan_acts)
    api.post(f"{_ONE}/acts", tags=TAGS, responses=step)(take_plan_step)
    api.post(f"{_ONE}/changes", tags=TAGS, responses=begun)(begin_plan_change)
    listed, one = answers(schemas.PlanOpinionPage), write_answers(schemas.PlanOpinionOut)
    api.get(f"{_ONE}/opinions", tags=TAGS, responses=listed)(list_plan_opinions)
    api.patch(f"{_ONE}/opinions/<opinion_id>", tags=TAGS, responses=one)(answer_plan_opinion)
    rows = schemas.ParticipationList
    api.get(f"{_ONE}/participation", tags=TAGS, responses=answers(rows))(list_participation)
    api.post(f"{_ONE}/participation", tags=TAGS, responses=write_answers(rows, 201))(
        add_participation
    )
    api.delete(f"{_ONE}/participation/<row_id>", tags=TAGS, responses=write_answers(rows))(
        remove_participation
    )
    stated = schemas.PlanGoalsOut
    api.get(f"{_ONE}/goals", tags=TAGS, responses=answers(stated))(get_plan_goals)
    api.put(f"{_ONE}/goals", tags=TAGS, responses=write_answers(stated))(set_plan_goals)
    granted = schemas.PlanWaiverList
    api.get(f"{_ONE}/waivers", tags=TAGS, responses=answers(granted))(list_plan_waivers)
    api.post(f"{_ONE}/waivers", tags=TAGS, responses=write_answers(granted, 201))(grant_plan_waiver)
    api.post(f"{_ONE}/waivers/<waiver_id>/revoke", tags=TAGS, responses=write_answers(granted))(
        revoke_plan_waiver
    )
    plan_procedure_projects.register(api, TAGS)


# --- the road ---


def get_plan_road(path: VillagePlanPath) -> Response:
    """Read how far a plan got: its clock, what is next and by when; ETag is its row version."""
    actor = require_actor()
    with database().session() as session:
        return tagged(_road(path.plan_id)(session, actor))


def list_plan_acts(path: VillagePlanPath, query: schemas.PlanRowsFilter) -> Response:
    """List a plan's acts, the newest first."""
    actor = require_actor()
    with database().session() as session:
        plans.plan(session, actor, path.plan_id)
        found = queries.acts(session, path.plan_id, query.page, query.size)
        items = [documents.act(row) for row in found.rows]
    return reply_page(items, found)


def take_plan_step(
    path: VillagePlanPath, header: ChangeHeader, body: schemas.PlanActBody
) -> Response:
    """Take one step of a plan's road; refusals name what is missing with the article of law."""

    def act(session: Transaction, actor: Actor) -> None:
        vote = None if body.vote is None else Vote(**body.vote.model_dump())
        day = body.held_on or clock.today()
        given = ActGiven(body.kind, day, body.note, vote, body.until, body.number)
        version = header.version()
        operations.take_step(
            session, actor, path.plan_id, given, expected=version, scheme_id=body.scheme
        )

    return change(header.idempotency_key, act, _road(path.plan_id))


def begin_plan_change(
    path: VillagePlanPath, header: ChangeHeader, body: schemas.PlanChangeBody
) -> Response:
    """Add a plan that is to replace one in force, and begins as its copy."""

    def act(session: Transaction, actor: Actor) -> Json:
        version = header.version()
        made = begin_change(session, actor, path.plan_id, body.note, expected=version)
        return _road(made.id)(session, actor)

    return write(header.idempotency_key, act, status=HTTPStatus.CREATED, at=_address)


def _road(plan_id: int) -> Act:
    def read(session: Transaction, actor: Actor) -> Json:
        plan = plans.plan(session, actor, plan_id).plan
        course = queries.course(session, plan)
        return documents.road(plan, course, timeline(course, clock.today(), profile(plan.profile)))

    return read


def _address(made: Json) -> str:
    return url_for("api.get_plan_road", plan_id=made["id"])


# --- opinions ---


def list_plan_opinions(path: VillagePlanPath, query: schemas.PlanOpinionFilter) -> Response:
    """List the opinions on a plan, those first that wait for an answer."""
    actor = require_actor()
    with database().session() as session:
        plans.plan(session, actor, path.plan_id)
        found = opinion_queries.opinions(
            session,
            path.plan_id,
            state=query.state,
            answered=query.answered,
            page=query.page,
            size=query.size,
        )
        items = [documents.opinion(row) for row in found.rows]
    return reply_page(items, found)


def answer_plan_opinion(
    path: PlanOpinionPath, header: ChangeHeader, body: schemas.PlanOpinionBody
) -> Response:
    """Show or hide an opinion, answer it, or both; ``If-Match`` names its version."""
    if body.state is None and body.verdict is None:
        told = ("请给出公开状态或答复。", "Give a state or an answer.")
        raise Invalid([Problem("required", *told, "verdict")])

    def act(session: Transaction, actor: Actor) -> None:
        version, one = header.version(), (path.plan_id, path.opinion_id)
        if body.verdict is not None:
            kept = opinions.answer(session, actor, *one, body.verdict, body.reply, expected=version)
            version = opinions.opinion_stamp(kept)
        if body.state is not None:
            opinions.judge(session, actor, *one, body.state, expected=version)

    def read(session: Transaction, actor: Actor) -> Json:
        plans.plan(session, actor, path.plan_id)
        found = opinion_queries.opinion(session, path.plan_id, path.opinion_id)
        return documents.opinion(found)

    return change(header.idempotency_key, act, read)


# --- participation ---


def list_participation(path: VillagePlanPath) -> Response:
    """List what villagers took part in, by day."""
    actor = require_actor()
    with database().session() as session:
        return reply_document(_participation(path.plan_id)(session, actor))


def add_participation(
    path: VillagePlanPath, header: WriteHeader, body: schemas.ParticipationBody
) -> Response:
    """Write down what villagers took part in."""

    def act(session: Transaction, actor: Actor) -> Json:
        given = ParticipationGiven(**body.model_dump())
        participation.add(session, actor, path.plan_id, given)
        return _participation(path.plan_id)(session, actor)

    return write(header.idempotency_key, act, status=HTTPStatus.CREATED)


def remove_participation(path: ParticipationPath, header: WriteHeader) -> Response:
    """Take away what was written down by mistake."""

    def act(session: Transaction, actor: Actor) -> Json:
        participation.remove(session, actor, path.plan_id, path.row_id)
        return _participation(path.plan_id)(session, actor)

    return write(header.idempotency_key, act)


def _participation(plan_id: int) -> Act:
    def read(session: Transaction, actor: Actor) -> Json:
        plans.plan(session, actor, plan_id)
        bound = queries.bound(session, plan_id)
        rows = queries.participation(session, plan_id)
        return {"items": [documents.participation(row, bound) for row in rows]}

    return read


# --- goals ---


def get_plan_goals(path: VillagePlanPath) -> Response:
    """Read the goals of a plan; ETag is the plan's row version."""
    actor = require_actor()
    with database().session() as session:
        return tagged(_goals(path.plan_id)(session, actor))


def set_plan_goals(
    path: VillagePlanPath, header: ChangeHeader, body: schemas.PlanGoalsBody
) -> Response:
    """Put goals in place of those a plan has."""
    given = [Goal(**each.model_dump()) for each in body.goals]

    def act(session: Transaction, actor: Actor) -> None:
        goals.set_goals(session, actor, path.plan_id, given, expected=header.version())

    return change(header.idempotency_key, act, _goals(path.plan_id))


def _goals(plan_id: int) -> Act:
    def read(session: Transaction, actor: Actor) -> Json:
        return documents.goals(plans.plan(session, actor, plan_id).plan)

    return read


# --- waivers ---


def list_plan_waivers(path: VillagePlanPath) -> Response:
    """List a plan's waivers, those first that hold."""
    actor = require_actor()
    with database().session() as session:
        return reply_document(_waivers(path.plan_id)(session, actor))


def grant_plan_waiver(
    path: VillagePlanPath, header: WriteHeader, body: schemas.PlanWaiverBody
) -> Response:
    """Grant what a finding says needs a permit."""

    def act(session: Transaction, actor: Actor) -> Json:
        waivers.grant(session, actor, path.plan_id, body.parcel, body.article, body.reason)
        return _waivers(path.plan_id)(session, actor)

    return write(header.idempotency_key, act, status=HTTPStatus.CREATED)


def revoke_plan_waiver(path: PlanWaiverPath, header: WriteHeader) -> Response:
    """Take a waiver back; its record stays."""

    def act(session: Transaction, actor: Actor) -> Json:
        waivers.revoke(session, actor, path.plan_id, path.waiver_id)
        return _waivers(path.plan_id)(session, actor)

    return write(header.idempotency_key, act)


def _waivers(plan_id: int) -> Act:
    def read(session: Transaction, actor: Actor) -> Json:
        plan = plans.plan(session, actor, plan_id).plan
        return {"items": [documents.waiver(row) for row in waivers.waivers(session, plan)]}

    return read
