"""Composing statements from small pieces: text written in our own code, values always bound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import psycopg
from sqlalchemy.orm import Session

from fuliang_gis.errors import Unavailable

#: What statements are run over, by a name for those who hand it on and ask nothing of it.
Reading: TypeAlias = Session


@dataclass(frozen=True)
class Fragment:
    """A piece of SQL with the values of its ``%(name)s`` parameters."""

    sql: str
    params: Mapping[str, object] = field(default_factory=dict)

    def __and__(self, other: Fragment) -> Fragment:
        """Join two conditions; both must hold."""
        return Fragment(f"{self.sql} and {other.sql}", {**self.params, **other.params})


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


def fetch_all(session: Session, statement: Fragment) -> list[tuple[Any, ...]]:
    """Run a statement that reads; binary results, so that a ``bytea`` arrives as it is.

    It is planned anew each time (under 1 ms): a prepared one would soon run by a plan made for any
    layer and any place, which is many times slower for the small ones.

    Raises:
        Unavailable: The database does not answer.
    """
    connection: psycopg.Connection = session.connection().connection.driver_connection  # type: ignore[assignment]
    try:
        with connection.cursor(binary=True) as cursor:
            cursor.execute(statement.sql.encode(), statement.params, prepare=False)
            return cursor.fetchall()
    except psycopg.OperationalError as error:
        raise Unavailable from error
