"""Services of a plan: who is reached in time, where sites fit, what the sun yields."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import Json
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.planning import queries
from fuliang_gis.planning.services.pv import Station, pv_yield
from fuliang_gis.planning.serving import Asked, Laid, ground_of, laid_out
from fuliang_gis.planning.siting import SiteTaken, siting_of, take_up
from fuliang_gis.planning.sun import PvTaken, take_up_pv
from fuliang_gis.web.api import plan_services_documents as documents
from fuliang_gis.web.api import plan_services_schemas as schemas
from fuliang_gis.web.api.replies import answers, reply_document, write_answers
from fuliang_gis.web.api.schemas import ChangeHeader
from fuliang_gis.web.api.village_plans import TAGS
from fuliang_gis.web.api.village_plans_schemas import VillagePlanPath
from fuliang_gis.web.api.writes import write
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

_ONE = "/village-plans/<plan_id>"


def register(api: APIBlueprint) -> None:
    """Add the operations."""
    covered, sited = answers(schemas.CoverageOut), answers(schemas.SitingOut)
    adopted, sun = write_answers(schemas.AdoptedSitesOut, 201), answers(schemas.PvYieldOut)
    api.get(f"{_ONE}/coverage", tags=TAGS, responses=covered)(get_plan_coverage)
    api.get(f"{_ONE}/siting", tags=TAGS, responses=sited)(get_plan_siting)
    api.post(f"{_ONE}/sites", tags=TAGS, responses=adopted)(adopt_plan_sites)
    api.post(f"{_ONE}/pv-stations", tags=TAGS, responses=adopted)(adopt_plan_pv)
    api.get("/pv-yield", tags=TAGS, responses=sun)(get_pv_yield)


def get_plan_coverage(path: VillagePlanPath, query: schemas.CoverageQuery) -> Response:
    """Reckon who reaches a service in time, over roads and as the crow flies."""
    actor = require_actor()
    with database().session() as session:
        laid = _laid(session, actor, path.plan_id, query)
        ground = ground_of(session, actor, laid, _asked(query))
        return reply_document(documents.coverage(ground, laid.ordinal))


def get_plan_siting(path: VillagePlanPath, query: schemas.SitingQuery) -> Response:
    """Choose sites for a service among places that nothing forbids."""
    actor = require_actor()
    with database().session() as session:
        laid = _laid(session, actor, path.plan_id, query)
        ground = ground_of(session, actor, laid, _asked(query))
        found = siting_of(
            session, laid.plan, ground, query.model, query.sites, with_permits=query.permits
        )
        return reply_document(documents.siting(found))


def adopt_plan_sites(
    path: VillagePlanPath, header: ChangeHeader, body: schemas.AdoptSitesBody
) -> Response:
    """Take sites up: a proposed facility and a row of the table of projects each."""

    def act(session: Transaction, actor: Actor) -> Json:
        row = queries.plan(session, actor, path.plan_id)
        taken = [
            SiteTaken(each.name, each.parcel, each.x, each.y, each.households)
            for each in body.sites
        ]
        made = take_up(
            session,
            actor,
            row.plan.id,
            body.service,
            taken,
            minutes=body.minutes,
            expected=header.version(),
        )
        return documents.adopted(row.plan, made)

    return write(header.idempotency_key, act, status=HTTPStatus.CREATED)


def adopt_plan_pv(
    path: VillagePlanPath, header: ChangeHeader, body: schemas.AdoptPvBody
) -> Response:
    """Take an estimated PV station up: a proposed facility and a row of the table of projects."""

    def act(session: Transaction, actor: Actor) -> Json:
        row = queries.plan(session, actor, path.plan_id)
        taken = PvTaken(**body.model_dump())
        made = take_up_pv(session, actor, row.plan.id, taken, expected=header.version())
        return documents.adopted(row.plan, [made])

    return write(header.idempotency_key, act, status=HTTPStatus.CREATED)


def get_pv_yield(query: schemas.PvYieldQuery) -> Response:
    """Estimate what a PV station yields in a usual year."""
    require_actor()
    station = Station(query.kw, query.tilt, query.azimuth, query.losses, query.lat, query.lon)
    return reply_document(documents.pv(pv_yield(station)))


def _laid(session: Transaction, actor: Actor, plan_id: int, query: schemas.CoverageQuery) -> Laid:
    return laid_out(session, actor, plan_id, query.scheme, query.version)


def _asked(query: schemas.CoverageQuery) -> Asked:
    return Asked(query.service, query.mode, query.minutes, query.year, query.proposed)
