"""Composing statements from small pieces: text written in our own code, values always bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import psycopg
from psycopg.pq.abc import PGresult
from sqlalchemy.orm import Session

from fuliang_gis.errors import Unavailable


@dataclass(frozen=True)
class Fragment:
    """A piece of SQL with the values of its ``%(name)s`` parameters."""

    sql: str
    params: Mapping[str, object] = field(default_factory=dict)

    def __and__(self, other: Fragment) -> Fragment:
        """Join two conditions; both must hold."""
        return Fragment(f"{self.sql} and {other.sql}", {**self.params, **other.params})


class Reader(Protocol):
    """Whatever reads the rows of one statement outside a transaction."""

    def rows(self, statement: Fragment) -> list[tuple[Any, ...]]:
        """Return the rows that a statement reads, planned anew."""
        ...

    def texts(self, statement: Fragment) -> list[list[bytes]]:
        """Return the columns of a statement that reads texts, as they came over the line."""
        ...


#: What statements are run over, by a name for those who hand it on and ask nothing of it.
Reading: TypeAlias = "Session | Reader"


def all_of(conditions: Iterable[Fragment]) -> Fragment:
    """Return the condition that all given ones hold (true when there is none)."""
    joined = Fragment("true")
    for condition in conditions:
        joined = joined & condition
    return joined


def identifier(name: str) -> str:
    """Return a table or column name, quoted; names come from the registry, never from requests."""
    if not name.isidentifier():
        raise ValueError(f"not a name: {name!r}")
    return f'"{name}"'


def fetch_all(session: Reading, statement: Fragment) -> list[tuple[Any, ...]]:
    """Run a statement that reads; binary results, so that a ``bytea`` arrives as it is.

    It is planned anew each time (under 1 ms): a prepared one would soon run by a plan made for any
    layer and any place, which is many times slower for the small ones.

    Raises:
        Unavailable: The database does not answer.
    """
    if not isinstance(session, Session):
        return session.rows(statement)
    with _reading(session, statement) as cursor:
        return cursor.fetchall()


def fetch_texts(session: Reading, statement: Fragment) -> list[list[bytes]]:
    """Return the columns of a statement that reads texts, none of them null, in UTF-8.

    Raises:
        Unavailable: The database does not answer.
    """
    if not isinstance(session, Session):
        return session.texts(statement)
    with _reading(session, statement) as cursor:
        return undecoded(cursor.pgresult)


def undecoded(result: PGresult | None) -> list[list[bytes]]:
    """Return the columns of what was read, as they came over the line.

    Large texts are not worth decoding, and a thousand rows not worth a tuple each.
    """
    assert result is not None  # noqa: S101  # Narrows for the type checker; something was executed.
    value, rows = result.get_value, range(result.ntuples)
    return [[value(row, column) or b"" for row in rows] for column in range(result.nfields)]


@contextmanager
def _reading(session: Session, statement: Fragment) -> Iterator[psycopg.Cursor[Any]]:
    connection: psycopg.Connection = session.connection().connection.driver_connection  # type: ignore[assignment]
    try:
        with connection.cursor(binary=True) as cursor:
            cursor.execute(statement.sql.encode(), statement.params, prepare=False)
            yield cursor
    except psycopg.OperationalError as error:
        raise Unavailable from error
