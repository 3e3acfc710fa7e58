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


@dataclass(frozen=True)
class Undecoded:
    """Rows as they came over the line: large texts are not worth decoding, rows not a tuple."""

    result: PGresult

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.result.ntuples

    def column(self, place: int) -> list[bytes]:
        """Return every value of a column, in the binary form; a null is empty."""
        value = self.result.get_value
        return [value(row, place) or b"" for row in range(self.result.ntuples)]

    def value(self, row: int, place: int) -> bytes:
        """Return one value, in the binary form; a null is empty."""
        return self.result.get_value(row, place) or b""


class Reader(Protocol):
    """Whatever reads the rows of one statement outside a transaction."""

    def rows(self, statement: Fragment) -> list[tuple[Any, ...]]:
        """Return the rows that a statement reads, planned anew."""
        ...

    def undecoded(self, statement: Fragment, *, prepared: bool = False) -> Undecoded:
        """Return the rows that a statement reads, as they came over the line."""
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


def digits(code: str) -> str:
    """Return the code of a division to be written into a statement, which is then planned for it.

    Bound, it would be any division to a plan that is kept, and all of the county looked through.
    """
    if not (code.isascii() and code.isdecimal()):
        raise ValueError(f"not a code of digits: {code!r}")
    return f"'{code}'"


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


def fetch_undecoded(session: Reading, statement: Fragment, *, prepared: bool = False) -> Undecoded:
    """Return the rows of a statement as they come, texts in UTF-8.

    Args:
        prepared: Where a reader can, it keeps the statement's plan for the next who asks the same.

    Raises:
        Unavailable: The database does not answer.
    """
    if not isinstance(session, Session):
        return session.undecoded(statement, prepared=prepared)
    with _reading(session, statement) as cursor:
        assert cursor.pgresult is not None  # noqa: S101  # Something was executed.
        return Undecoded(cursor.pgresult)


@contextmanager
def _reading(session: Session, statement: Fragment) -> Iterator[psycopg.Cursor[Any]]:
    connection: psycopg.Connection = session.connection().connection.driver_connection  # type: ignore[assignment]
    try:
        with connection.cursor(binary=True) as cursor:
            cursor.execute(statement.sql.encode(), statement.params, prepare=False)
            yield cursor
    except psycopg.OperationalError as error:
        raise Unavailable from error
