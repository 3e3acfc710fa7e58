"""Bring a database to the newest schema, and re-apply what guards it."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection, Engine, Index, create_engine, text
from sqlalchemy.pool import NullPool

import fuliang_gis
from fuliang_gis.db import guard
from fuliang_gis.db.base import Base
from fuliang_gis.db.cluster import SERVICE
from fuliang_gis.db.session import driver_url
from fuliang_gis.errors import SetUpError
from fuliang_gis.settings import Settings

SCRIPTS = Path(__file__).resolve().parent.parent / "migrations"

#: The oldest PostGIS that the service's statements run on.
OLDEST_POSTGIS = (3, 3)

#: Any number will do, as long as every upgrade takes the same.
LOCK = 360222

#: Tables of the queue; its own package defines them, so comparisons of models leave them out.
QUEUE = "procrastinate_"


def upgrade(owner_url: str, settings: Settings) -> None:
    """Upgrade the schema to the newest revision, then re-apply grants, policies and triggers.

    Two upgrades at once wait for each other; either everything is done or nothing.

    Raises:
        SetUpError: PostGIS is missing or too old, or the schema is newer than this program.
    """
    with _engine(owner_url).begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
        require_postgis(connection)
        _refuse_newer(connection)
        command.upgrade(configuration(connection), "head")
        _guard(connection, settings)
        _grant_queue(connection)


def revise(owner_url: str, message: str) -> Path:
    """Write the migration that takes the database's schema to the models'; return its file."""
    with _engine(owner_url).begin() as connection:
        number = f"{len(list(_scripts().walk_revisions())) + 1:04d}"
        made = command.revision(
            configuration(connection), message=message, autogenerate=True, rev_id=number
        )
    script = made[0] if isinstance(made, list) else made
    if script is None:
        raise RuntimeError("Alembic wrote no revision")
    return Path(script.path)


@cache
def newest() -> str | None:
    """Return the newest revision that this program brings."""
    return _scripts().get_current_head()


@dataclass(frozen=True)
class Status:
    """What a database is, and how large [bytes]."""

    postgresql: str
    postgis: str | None
    revision: str | None
    needed: str | None
    size_bytes: int


def status(owner_url: str) -> Status:
    """Look at a database without changing it."""
    with _engine(owner_url).connect() as connection:
        row = connection.execute(
            text(
                "select current_setting('server_version') postgresql, (select extversion from "
                "pg_extension where extname = 'postgis') postgis, "
                "pg_database_size(current_database()) size_bytes"
            )
        ).one()
        return Status(row.postgresql, row.postgis, _revision(connection), newest(), row.size_bytes)


def load_models() -> None:
    """Import every module that maps a table, so that the metadata is whole."""
    for module in pkgutil.walk_packages(fuliang_gis.__path__, "fuliang_gis."):
        parts = module.name.split(".")
        if parts[-1] == "models" or parts[1:3] == ["locations", "layers"]:
            importlib.import_module(module.name)


def is_compared(
    thing: object,
    name: str | None,
    kind: str,
    reflected: bool,  # noqa: FBT001
    other: object,
) -> bool:
    """Tell Alembic whether a thing of models or database takes part in a comparison."""
    if kind == "table" and (name == "spatial_ref_sys" or str(name).startswith(QUEUE)):
        return False
    # The database tells an index's columns without their collation, so both would always differ.
    if isinstance(thing, Index) and other is not None and _is_collated(thing):
        return False
    return bool(alembic_helpers.include_object(thing, name, kind, reflected, other))  # type: ignore[no-untyped-call]


def _is_collated(index: Index) -> bool:
    return any(" collate " in str(expression).lower() for expression in index.expressions)


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration; no ini file is needed."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = Base.metadata
    return config


def require_postgis(connection: Connection) -> None:
    """Refuse a database without PostGIS, after trying to add it.

    Raises:
        SetUpError: An extension is missing and the role may not add it, or PostGIS is too old.
    """
    for extension in ("postgis", "pgcrypto"):
        if not _has(connection, extension):
            _add(connection, extension)
    version = connection.scalar(
        text("select extversion from pg_extension where extname = 'postgis'")
    )
    numbers = tuple(int(part) for part in str(version).split(".")[:2])
    if numbers < OLDEST_POSTGIS:
        raise SetUpError(
            reason=f"PostGIS 版本 {version} 过低，至少需要 3.3。请升级 PostGIS"
            "（Debian 12、Ubuntu 24.04 自带的版本即可），再执行 alter extension postgis update。",
            reason_en=f"PostGIS {version} is too old; 3.3 is needed. Upgrade it (Debian 12 and "
            "Ubuntu 24.04 bring newer ones), then run: alter extension postgis update.",
        )


def _engine(url: str) -> Engine:
    return create_engine(driver_url(url), poolclass=NullPool)


def _has(connection: Connection, extension: str) -> bool:
    query = text("select exists (select from pg_extension where extname = :name)")
    return bool(connection.scalar(query, {"name": extension}))


def _add(connection: Connection, extension: str) -> None:
    try:
        with connection.begin_nested():
            connection.execute(text(f"create extension {extension}"))
    except Exception as error:
        raise SetUpError(
            reason=f"数据库中没有扩展 {extension}，且当前角色无权添加。"
            f"请由数据库管理员在该库执行：create extension {extension}。",
            reason_en=f"The database lacks the extension {extension} and this role may not add it. "
            f"Ask the database administrator to run: create extension {extension}.",
        ) from error


def _refuse_newer(connection: Connection) -> None:
    revision = _revision(connection)
    if revision is not None and revision not in {
        one.revision for one in _scripts().walk_revisions()
    }:
        raise SetUpError(
            reason=f"数据库结构版本 {revision} 比本程序（{newest()}）新。请升级程序，"
            "或用旧版本时的备份执行 ./fuliang db restore。",
            reason_en=f"The database's schema {revision} is newer than this program ({newest()}). "
            "Upgrade the program, or restore a backup of the older version.",
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration())


def _guard(connection: Connection, settings: Settings) -> None:
    # Roles are declared above this package, as the models are; both are found by name.
    roles = importlib.import_module("fuliang_gis.accounts.roles")
    guard.apply(
        connection,
        context_key=settings.secret("context.key"),
        role_permissions=roles.ROLE_PERMISSIONS,
        county_permissions=roles.COUNTY_PERMISSIONS,
    )


def _grant_queue(connection: Connection) -> None:
    """Let the service role use the queue, and read the schema's revision."""
    connection.execute(text(f"grant select on alembic_version to {SERVICE}"))
    query = text(
        "select format('%I', relname), relkind from pg_class "
        "where relnamespace = 'public'::regnamespace and starts_with(relname, :prefix) "
        "and relkind in ('r', 'S')"
    )
    for name, kind in connection.execute(query, {"prefix": QUEUE}).all():
        right = "usage on sequence" if kind == "S" else "select, insert, update, delete on"
        connection.execute(text(f"grant {right} {name} to {SERVICE}"))
