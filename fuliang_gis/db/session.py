"""Connections as the service role, and the acting context that the database verifies on writes.

The service role may read, but row-level security lets it write only inside the division of the
account it acts for. The account is named by a signed token, so that plain SQL under the service
role cannot pretend to be somebody: the key is known to the service and to the owner alone.
"""

from __future__ import annotations

import hashlib
import hmac
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import psycopg
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from fuliang_gis.db.glances import Glances
from fuliang_gis.errors import Forbidden, Unavailable

#: Many short statements at once: neither compiling one nor a second process for it pays.
_OPTIONS = "-c timezone=Asia/Shanghai -c jit=off -c max_parallel_workers_per_gather=0"

#: Who the queue's own upkeep signs as; no account has this id, and few tables let it write.
UPKEEP = 0

#: Name of the transaction-local setting that ``guard.actor_id()`` reads.
ACTOR_SETTING = "fuliang.actor"


def context_token(key: bytes, account_id: int, backend_pid: int) -> str:
    """Return the signed acting context for one account on one database connection."""
    stated = f"{account_id}:{backend_pid}"
    return f"{account_id}:{hmac.new(key, stated.encode(), hashlib.sha256).hexdigest()}"


def driver_url(url: str) -> str:
    """Return a ``postgresql://`` address with the psycopg 3 driver named."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


@dataclass(frozen=True)
class Database:
    """One PostGIS database, as the service role sees it."""

    engine: Engine
    context_key: bytes

    @classmethod
    def connect(cls, url: str, context_key: bytes, *, pool_size: int = 5) -> Database:
        """Prepare a pool; nothing is opened before the first use."""
        engine = create_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            connect_args={
                "connect_timeout": 5,
                "options": _OPTIONS,
                "client_encoding": "UTF8",
            },
            # Values of people's rows have no place in logs and error messages.
            hide_parameters=True,
        )
        event.listen(engine, "checkout", _require_open)
        return cls(engine, context_key)

    @contextmanager
    def session(self, actor_id: int | None = None) -> Iterator[Session]:
        """Open one transaction: committed at the end of the block, rolled back whole on any error.

        Args:
            actor_id: Account on whose behalf rows may be written, or ``UPKEEP``; without it the
                database refuses writes to everything that belongs to a division.

        Raises:
            Unavailable: The database does not answer.
            Forbidden: The database refused the write (a second line; operations refuse first).
        """
        with _translated(), Session(self.engine, expire_on_commit=False) as session:
            if actor_id is not None:
                event.listen(session, "after_begin", self._acting_as(actor_id))
            with session.begin():
                yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session whose statements each read by themselves, without a transaction around.

        A tile or a page then costs one round trip to the database instead of three.

        Raises:
            Unavailable: The database does not answer.
        """
        with _translated(), Session(self._autocommit, expire_on_commit=False) as session:
            yield session

    @cached_property
    def glances(self) -> Glances:
        """What reads one row by one statement, for what every request asks."""
        address = self.engine.url.set(drivername="postgresql")
        return Glances(address.render_as_string(hide_password=False), _OPTIONS)

    @cached_property
    def _autocommit(self) -> Engine:
        return self.engine.execution_options(isolation_level="AUTOCOMMIT")

    def _acting_as(self, actor_id: int) -> Callable[[Session, object, Connection], None]:
        def announce(_session: Session, _transaction: object, connection: Connection) -> None:
            act_as(connection, self.context_key, actor_id)

        return announce

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()
        self.glances.close()


def _require_open(connection: psycopg.Connection, *_pool: object) -> None:
    """Have the pool open another connection when the server has closed this one.

    A closed connection can be read from (its end is what is read), an idle one cannot; so this
    costs no round trip, where asking the server would cost one a request.
    """
    if connection.closed or _readable(connection.fileno()):
        raise InvalidatePoolError


def _readable(descriptor: int) -> bool:
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN | select.POLLHUP)
    return bool(waiting.poll(0))


def act_as(connection: Connection, key: bytes, account_id: int) -> None:
    """Let the rest of the connection's transaction write as the account."""
    pid = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
    connection.execute(
        text("select set_config(:name, :token, true)"),
        {"name": ACTOR_SETTING, "token": context_token(key, account_id, pid)},
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, PoolTimeout) as error:
        raise Unavailable from error
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "42501":
            raise Forbidden(role="—", act="写入该行政区划的数据") from error
        if error.connection_invalidated:
            raise Unavailable from error
        raise
