"""Short looks into the database, as cheap as the driver makes them.

A session of the ORM, its connection and its result cost several times what a small statement does,
and the driver's own cursors, which wait in Python, as much again.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq.abc import PGresult

from fuliang_gis.db.fragments import Fragment, Undecoded
from fuliang_gis.errors import Unavailable

if TYPE_CHECKING:
    from psycopg.abc import Buffer

#: A connection that has prepared more statements than this is closed: each costs it memory.
MOST_PREPARED = 200

Taken = TypeVar("Taken")


class Glances:
    """Connections that read one statement at a time; each is lent to one caller at a time.

    There are as many as callers have ever looked at once; what reads here sees what is committed.
    """

    def __init__(self, address: str, options: str) -> None:
        self._address = address
        self._options = options
        self._idle: deque[_Line] = deque()
        #: Statements run so far; for tests, which cannot listen here.
        self.looks = 0

    def row(self, statement: Fragment, *, prepared: bool = True) -> tuple[Any, ...] | None:
        """Return the first row of what a statement reads.

        Args:
            prepared: The plan is made once a connection, for all values. Without it, anew each
                time, for statements whose best plan depends on the values.

        Raises:
            Unavailable: The database does not answer.
        """
        found = self._found(lambda line: line.rows(statement, prepared=prepared))
        return found[0] if found else None

    def rows(self, statement: Fragment) -> list[tuple[Any, ...]]:
        """Return the rows that a statement reads, planned anew for its values.

        Raises:
            Unavailable: The database does not answer.
        """
        return self._found(lambda line: line.rows(statement, prepared=False))

    def undecoded(self, statement: Fragment, *, prepared: bool = False) -> Undecoded:
        """Return the rows that a statement reads, as they came over the line.

        Args:
            prepared: The plan is made once a connection, for what is written in the statement.

        Raises:
            Unavailable: The database does not answer.
        """
        return self._found(lambda line: Undecoded(line.run(statement, prepared=prepared)))

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()

    def _found(self, look: Callable[[_Line], Taken]) -> Taken:
        self.looks += 1
        try:
            line = self._idle.pop()
        except IndexError:
            return self._fresh(look)
        try:
            return self._lent(line, look)
        except psycopg.OperationalError:
            # The server has closed it, as a restart does; whatever else was idle then is no better.
            self.close()
            return self._fresh(look)

    def _fresh(self, look: Callable[[_Line], Taken]) -> Taken:
        try:
            return self._lent(_Line(self._address, self._options), look)
        except psycopg.OperationalError as error:
            raise Unavailable from error

    def _lent(self, line: _Line, look: Callable[[_Line], Taken]) -> Taken:
        try:
            found = look(line)
        except BaseException:
            line.close()
            raise
        if line.is_full:
            line.close()
        else:
            self._idle.append(line)
        return found


class _Line:
    """One connection, and the statements that are prepared on it.

    Statements are run by the library of PostgreSQL itself, which waits beside Python's threads.
    """

    def __init__(self, address: str, options: str) -> None:
        self._connection = psycopg.connect(
            address, autocommit=True, connect_timeout=5, options=options, client_encoding="UTF8"
        )
        self._values = Transformer(self._connection)
        self._prepared: dict[tuple[bytes, tuple[int, ...]], bytes] = {}

    @property
    def is_full(self) -> bool:
        return len(self._prepared) > MOST_PREPARED

    def rows(self, statement: Fragment, *, prepared: bool) -> list[tuple[Any, ...]]:
        result = self.run(statement, prepared=prepared)
        self._values.set_pgresult(result)
        return self._values.load_rows(0, result.ntuples, tuple)

    def run(self, statement: Fragment, *, prepared: bool) -> PGresult:
        sql, names = _numbered(statement.sql)
        given = [statement.params[name] for name in names]
        values = self._values.dump_sequence(given, [PyFormat.AUTO] * len(given))
        types, formats = self._values.types or (), self._values.formats
        server = self._connection.pgconn
        if prepared:
            name = self._name(sql, types)
            # A null is None here too, whatever the driver's own types say.
            known = cast("Sequence[Buffer]", values)
            return self._right(server.exec_prepared(name, known, formats, pq.Format.BINARY))
        return self._right(server.exec_params(sql, values, types, formats, pq.Format.BINARY))

    def close(self) -> None:
        self._connection.close()

    def _name(self, sql: bytes, types: tuple[int, ...]) -> bytes:
        known = self._prepared.get((sql, types))
        if known is None:
            known = b"look_%d" % len(self._prepared)
            self._right(self._connection.pgconn.prepare(known, sql, types))
            self._prepared[sql, types] = known
        return known

    def _right(self, result: PGresult) -> PGresult:
        if result.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
            return result
        if self._connection.pgconn.status != pq.ConnStatus.OK:
            raise psycopg.OperationalError(self._connection.pgconn.get_error_message())
        raise error_from_result(result)


_NAMED = re.compile(r"%(?:\((\w+)\)s|%)")


@lru_cache(maxsize=512)
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """Return a statement as the server reads it (``$1``), and the names of its values in order."""
    places: dict[str, int] = {}

    def numbered(found: re.Match[str]) -> str:
        name: str | None = found[1]
        return f"${places.setdefault(name, len(places) + 1)}" if name else "%"

    return _NAMED.sub(numbered, sql).encode(), tuple(places)
