"""Bring the demo county into the database by COPY."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import psycopg
import shapely
from psycopg import sql
from shapely.geometry.base import BaseGeometry

from fuliang_gis.db.base import SRID
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
    ids = _new_ids(connection, len(rows))
    shapes = _hex([row.geom for row in rows])
    shared = (_shared(row, i, shape) for row, i, shape in zip(rows, ids, shapes, strict=True))
    _copy(connection, "location", _SHARED, shared)
    for name, layer in layers.items():
        every = layer.cls.__table__.columns.keys()
        columns = [column for column in every if column != "location_id"]
        typed = (
            (i, *(row.fields.get(column) for column in columns))
            for row, i in zip(rows, ids, strict=True)
            if row.layer == name
        )
        _copy(connection, layer.cls.__tablename__, ("location_id", *columns), typed)
    return {row.code: i for row, i in zip(rows, ids, strict=True)}


def copy_surveys(
    connection: psycopg.Connection, surveys: Sequence[Survey], ids: Mapping[str, int]
) -> None:
    """Write household surveys, each with its toilet."""
    _copy(connection, "household_survey", _SURVEY, (_survey(survey, ids) for survey in surveys))


def copy_roads(connection: psycopg.Connection, edges: Sequence[Edge]) -> None:
    """Write road edges; their junctions are numbered after those already there."""
    found = connection.execute(
        "select coalesce(max(greatest(from_node, to_node)), 0) from road"
    ).fetchone()
    first = int(found[0]) if found else 0
    shapes = _hex([edge.geom for edge in edges])
    _copy(
        connection,
        "road",
        _ROAD,
        (_road(edge, first, shape) for edge, shape in zip(edges, shapes, strict=True)),
    )


def _new_ids(connection: psycopg.Connection, count: int) -> list[int]:
    query = """select nextval(pg_get_serial_sequence('location', 'id'))
        from generate_series(1, %s)"""
    return [row[0] for row in connection.execute(query, [count])]


def _hex(shapes: Sequence[BaseGeometry]) -> list[str]:
    placed = shapely.set_srid(np.array(shapes), SRID)
    return [str(text) for text in shapely.to_wkb(placed, hex=True, include_srid=True)]


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


def _copy(
    connection: psycopg.Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]] | Iterator[tuple[Cell, ...]],
) -> None:
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
