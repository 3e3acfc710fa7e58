"""Rounds and comparisons for programs: JSON, GeoJSON, directions."""

from __future__ import annotations

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis.inspections.rounds import queries
from fuliang_gis.web.api import rounds_documents as documents
from fuliang_gis.web.api import rounds_schemas as schemas
from fuliang_gis.web.api import rounds_told as told
from fuliang_gis.web.api.replies import answers, dump, reply_document
from fuliang_gis.web.api.rounds_schemas import PlanPath, RoundFilter, RoundPath
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

TAGS = [Tag(name="rounds", description="巡查路线 Inspection rounds")]
_ONE, _ROUND = "/round-plans/<plan_id>", "/rounds/<round_id>"
_GEOJSON = "application/geo+json"


def register(api: APIBlueprint) -> None:
    """Add the operations."""
    lines, compared = answers(_COLLECTION), answers(told.ComparisonOut)
    api.get(f"{_ONE}/rounds", tags=TAGS, responses=answers(schemas.Rounds))(list_rounds)
    api.get(f"{_ONE}/rounds.geojson", tags=TAGS, responses=lines)(get_round_lines)
    api.get(f"{_ONE}/comparison", tags=TAGS, responses=compared)(compare_plans)
    api.get(_ROUND, tags=TAGS, responses=answers(schemas.RoundOut))(get_round)
    api.get(f"{_ROUND}/directions", tags=TAGS, responses=answers(told.Directions))(get_directions)


_COLLECTION = {
    "description": "Each round's line, its station and its stops",
    "content": {_GEOJSON: {"schema": told.FeatureCollection.model_json_schema()}},
}


def list_rounds(path: PlanPath, query: RoundFilter) -> Response:
    """List a plan's rounds with their stops, by day and team."""
    actor = require_actor()
    with database().session() as session:
        found = queries.plan_detail(session, actor, path.plan_id).rounds
    chosen = [
        each
        for each in found
        if query.team_id in (None, each.team_id) and query.day in (None, each.day)
    ]
    return reply_document({"rounds": [documents.one_round(each) for each in chosen]})


def get_round_lines(path: PlanPath, query: RoundFilter) -> Response:
    """Give a plan's rounds as GeoJSON, EPSG:4490: lines over real roads, stations, stops."""
    actor = require_actor()
    with database().session() as session:
        found = queries.round_geometry(
            session, actor, path.plan_id, team_id=query.team_id, day=query.day
        )
    return Response(dump(documents.collection(found)), content_type=_GEOJSON)


def compare_plans(path: PlanPath, query: schemas.CompareQuery) -> Response:
    """Hold a plan against another one: totals, and every stop on which they differ."""
    actor = require_actor()
    with database().session() as session:
        found = queries.compare(session, actor, path.plan_id, query.other)
    return reply_document(documents.comparison(found))


def get_round(path: RoundPath) -> Response:
    """Read a round; members of its team read it too, once it is published."""
    actor = require_actor()
    with database().session() as session:
        found = queries.one_round(session, actor, path.round_id)
    return reply_document(documents.one_round(found))


def get_directions(path: RoundPath) -> Response:
    """Tell a driver each leg of a round in Chinese, under the closures of its day."""
    actor = require_actor()
    with database().session() as session:
        legs = queries.turn_list(session, actor, path.round_id)
    return reply_document({"legs": [documents.leg(each) for each in legs]})
