"""Ways over the county's roads: between two places, and travel times between many."""

from __future__ import annotations

from dataclasses import asdict

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis import clock
from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.inspections.rounds.between import LonLat, times_between, way_between
from fuliang_gis.locations.geometry import county_extent
from fuliang_gis.web.api import rounds_told as schemas
from fuliang_gis.web.api.replies import answers, reply_document
from fuliang_gis.web.api.rounds_documents import line_string
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

TAGS = [Tag(name="routes", description="道路通行 Ways over roads")]


def register(api: APIBlueprint) -> None:
    """Add the operations."""
    matrix = answers(schemas.MatrixOut, 415)
    api.get("/routes", tags=TAGS, responses=answers(schemas.RouteOut))(get_route)
    api.post("/routes/matrix", tags=TAGS, responses=matrix)(get_matrix)


def get_route(query: schemas.RouteQuery) -> Response:
    """Find the quickest way between two places, with directions in Chinese."""
    require_actor()
    start, goal = _place(query.start, "from"), _place(query.goal, "to")
    with database().session() as session:
        found = way_between(session, query.on or clock.today(), start, goal)
    told = asdict(found)
    told["geometry"] = line_string(told.pop("line"))
    return reply_document(told)


def get_matrix(body: schemas.MatrixBody) -> Response:
    """Tell the driving times between places; nothing is saved."""
    require_actor()
    places = [_inside((lon, lat), "places") for lon, lat in body.places]
    with database().session() as session:
        seconds = times_between(session, body.on or clock.today(), places)
    return reply_document({"seconds": seconds})


def _place(text: str, field: str) -> LonLat:
    lon, lat = (float(part) for part in text.split(","))
    return _inside((lon, lat), field)


def _inside(place: LonLat, field: str) -> LonLat:
    """Return a place of the county.

    Raises:
        Invalid: It lies elsewhere.
    """
    west, south, east, north = county_extent()
    if not (west <= place[0] <= east and south <= place[1] <= north):
        told = "位置不在本县范围内，应为“经度,纬度”。"
        raise Invalid([Problem("outside_county", told, "It lies outside the county.", field)])
    return place
