"""Many rows at once by COPY, on a session's own connection and in its transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
import psycopg
import shapely
from psycopg import sql
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from fuliang_gis.db.base import SRID


def connection_of(session: Session) -> psycopg.Connection:
    """Return the driver's connection under a session."""
    # The dialect is psycopg's, whose connection SQLAlchemy knows by the DBAPI's protocol alone.
    return cast("psycopg.Connection", session.connection().connection.dbapi_connection)


def new_ids(connection: psycopg.Connection, table: str, count: int) -> list[int]:
    """Take so many ids of a table; rows that name each other are copied with theirs."""
    query = """select nextval(pg_get_serial_sequence(%s, 'id'))
        from generate_series(1, %s)"""
    return [row[0] for row in connection.execute(query, [table, count])]


def as_hex(shapes: Sequence[BaseGeometry]) -> list[str]:
    """Return shapes (EPSG:4490) as COPY takes them."""
    placed = shapely.set_srid(np.array(shapes), SRID)
    return [str(text) for text in shapely.to_wkb(placed, hex=True, include_srid=True)]


def copy(
    connection: psycopg.Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
) -> None:
    """Write rows by COPY."""
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        for row in rows:
            stream.write_row(row)
