"""Bring the demo county into the database by COPY."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time

import psycopg

from fuliang_gis.clock import ZONE
from fuliang_gis.db.bulk import as_hex, copy, new_ids
from fuliang_gis.demo.rows import DATA_SOURCE, Row, Survey, Value
from fuliang_gis.locations.registry import Layer
from fuliang_gis.roads.edges import Edge

_SHARED = (
    "id",
    "layer",
    "code",
    "name",
    "initials",
    "division_code",
    "geom",
    "asset_class",
    "use_status",
    "review_state",
    "custodian",
    "data_source",
    "survey_date",
    "invented",
    "version",
    "created_at",
)
_ROAD = (
    "name",
    "road_class",
    "speed_kmh",
    "length_m",
    "oneway",
    "from_node",
    "to_node",
    "geom",
    "invented",
)
_SURVEY = (
    "division_code",
    "household_no",
    "toilet_id",
    "review_state",
    "surveyed_on",
    "entered_on",
    "invented",
)

Cell = Value | int


def copy_locations(
    connection: psycopg.Connection, layers: Mapping[str, Layer], rows: Sequence[Row]
) -> dict[str, int]:
    """Write locations with their typed halves; return each one's id by code."""
    ids = new_ids(connection, "location", len(rows))
    shapes = as_hex([row.geom for row in rows])
    shared = (_shared(row, i, shape) for row, i, shape in zip(rows, ids, shapes, strict=True))
    copy(connection, "location", _SHARED, shared)
    for name, layer in layers.items():
        every = layer.cls.__table__.columns.keys()
        columns = [column for column in every if column != "location_id"]
        typed = (
            (i, *(row.fields.get(column) for column in columns))
            for row, i in zip(rows, ids, strict=True)
            if row.layer == name
        )
        copy(connection, layer.cls.__tablename__, ("location_id", *columns), typed)
    return {row.code: i for row, i in zip(rows, ids, strict=True)}


def copy_surveys(
    connection: psycopg.Connection, surveys: Sequence[Survey], ids: Mapping[str, int]
) -> None:
    """Write household surveys, each with its toilet."""
    copy(connection, "household_survey", _SURVEY, (_survey(survey, ids) for survey in surveys))


def copy_roads(connection: psycopg.Connection, edges: Sequence[Edge]) -> None:
    """Write road edges; their junctions are numbered after those already there."""
    found = connection.execute(
        "select coalesce(max(greatest(from_node, to_node)), 0) from road"
    ).fetchone()
    first = int(found[0]) if found else 0
    shapes = as_hex([edge.geom for edge in edges])
    copy(
        connection,
        "road",
        _ROAD,
        (_road(edge, first, shape) for edge, shape in zip(edges, shapes, strict=True)),
    )


def _shared(row: Row, number: int, shape: str) -> tuple[Cell, ...]:
    return (
        number,
        row.layer,
        row.code,
        row.name,
        row.initials,
        row.division_code,
        shape,
        row.asset_class,
        row.use_status,
        row.review_state,
        row.custodian,
        DATA_SOURCE,
        row.survey_date,
        True,
        1,
        # Known since it was surveyed: inspections of it may be told from then on.
        datetime.combine(row.survey_date, time(9), ZONE),
    )


def _survey(survey: Survey, ids: Mapping[str, int]) -> tuple[Cell, ...]:
    return (
        survey.division_code,
        survey.household_no,
        ids[survey.toilet] if survey.toilet else None,
        survey.review_state,
        survey.surveyed_on,
        survey.entered_on,
        True,
    )


def _road(edge: Edge, first: int, shape: str) -> tuple[Cell, ...]:
    return (
        edge.name,
        edge.road_class,
        edge.speed_kmh,
        edge.length_m,
        False,
        edge.from_node + first,
        edge.to_node + first,
        shape,
        True,
    )
