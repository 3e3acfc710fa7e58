"""Where the database is: the embedded cluster, or what ``FULIANG_DATABASE_URL`` names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from sqlalchemy.engine import make_url

from fuliang_gis.db.cluster import SERVICE, Cluster, ensure_role
from fuliang_gis.errors import SetUpError
from fuliang_gis.settings import Settings


@dataclass(frozen=True)
class Addresses:
    """The two connection strings: the owner's and the running service's."""

    owner: str
    service: str


def addresses(settings: Settings) -> Addresses:
    """Return the addresses; nothing is started or opened."""
    if settings.database_url is None:
        cluster = Cluster(settings)
        return Addresses(cluster.owner_url(), cluster.service_url())
    owner = _plain(settings.database_url)
    return Addresses(owner, _plain(settings.service_database_url or _derived(owner, settings)))


@contextmanager
def database_running(settings: Settings) -> Iterator[Addresses]:
    """Keep the database reachable for the block, whichever it is.

    Raises:
        SetUpError: The embedded cluster cannot start, or the external database does not let us in.
    """
    found = addresses(settings)
    if settings.database_url is None:
        with Cluster(settings).in_use():
            yield found
    else:
        _prepare_external(found, settings)
        yield found


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _derived(owner: str, settings: Settings) -> str:
    password = settings.secret(f"database.{SERVICE}").hex()
    url = make_url(owner).set(username=SERVICE, password=password)
    return url.render_as_string(hide_password=False)


def _prepare_external(found: Addresses, settings: Settings) -> None:
    try:
        with psycopg.connect(found.owner, autocommit=True, connect_timeout=10) as connection:
            if settings.service_database_url is None and not _opens(found.service):
                _make_service_role(connection, settings)
    except psycopg.OperationalError as error:
        where = make_url(found.owner).render_as_string(hide_password=True)
        raise SetUpError(
            reason=f"无法连接 FULIANG_DATABASE_URL 所指的数据库（{where}）：{error}。"
            "请检查地址、端口、用户名、密码以及数据库是否已启动。",
            reason_en=f"Cannot connect to {where}: {error}. Check address, user and password.",
        ) from error


def _opens(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.OperationalError:
        return False
    return True


def _make_service_role(connection: psycopg.Connection, settings: Settings) -> None:
    password = settings.secret(f"database.{SERVICE}").hex()
    query = "select 1 from pg_roles where rolname = %s"
    if connection.execute(query, [SERVICE]).fetchone() is not None:
        # Another installation may live by the password that this role has.
        raise _no_service_role(
            "该角色已存在，但密码不是本安装的", "it exists with another password"
        )
    try:
        ensure_role(connection, SERVICE, password, "nocreaterole")
    except psycopg.errors.InsufficientPrivilege as error:
        raise _no_service_role("当前角色无权建立角色", "this role may not create roles") from error


def _no_service_role(zh: str, en: str) -> SetUpError:
    return SetUpError(
        reason=f"无法准备服务角色 {SERVICE}：{zh}。请由数据库管理员建立或重设该角色"
        "（login nosuperuser nobypassrls），再用 FULIANG_SERVICE_DATABASE_URL 给出它的连接串。",
        reason_en=f"Cannot prepare the role {SERVICE}: {en}. Ask the database administrator for it "
        "(login nosuperuser nobypassrls) and set FULIANG_SERVICE_DATABASE_URL.",
    )
