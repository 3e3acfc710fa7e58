"""The private PostGIS cluster under the state folder.

It listens on a Unix socket in a folder of its own and nowhere else. Started by root, the server
runs as the user ``postgres``; where that user cannot reach the state folder (a checkout under
``/root``), the cluster lives in ``/var/lib/fuliang-gis`` and ``<state>/postgres`` links to it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from fuliang_gis.clock import ZONE
from fuliang_gis.db import binaries as programs
from fuliang_gis.db import cluster_trouble as trouble
from fuliang_gis.db import tuning
from fuliang_gis.db.binaries import Binaries
from fuliang_gis.db.server_account import ServerAccount
from fuliang_gis.errors import SetUpError
from fuliang_gis.settings import Settings

OWNER = "fuliang_owner"
SERVICE = "fuliang_service"
SUPERUSER = "postgres"
DATABASE = "fuliang"

#: Where the cluster goes when the server's user cannot reach the state folder.
ELSEWHERE = Path("/var/lib/fuliang-gis")

#: A socket's path may take 107 bytes; the longest name in the folder is ``.s.PGSQL.5432.lock``.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")


@dataclass(frozen=True)
class Cluster:
    """One PostgreSQL cluster of our own; no other cluster is ever looked at."""

    settings: Settings
    disposable: bool = False

    # --- where things are ---

    @property
    def base(self) -> Path:
        """The folder that holds data, log and socket."""
        return self.settings.state_dir / "postgres"

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.base.resolve() / "data"

    @property
    def log(self) -> Path:
        """The folder of the server's JSON log."""
        return self.base.resolve() / "log"

    @cached_property
    def socket_folder(self) -> Path:
        """The folder of the Unix socket; a short one when the state folder's path is too long."""
        folder = self.base.resolve() / "run"
        if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
            return folder
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir(), f"fuliang-{digest}")

    # --- addresses ---

    def owner_url(self, database: str = DATABASE) -> str:
        """Return the address for migrations, demo and administration."""
        return self._url(OWNER, database)

    def service_url(self, database: str = DATABASE) -> str:
        """Return the address for the running service, which owns nothing."""
        return self._url(SERVICE, database)

    def _url(self, role: str, database: str) -> str:
        return f"postgresql://{role}:{self._password(role)}@/{database}?host={quote(str(self.socket_folder))}"

    def _password(self, role: str) -> str:
        return self.settings.secret(f"database.{role}").hex()

    @contextmanager
    def superuser(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        """Open one autocommit connection as the cluster's superuser."""
        with psycopg.connect(self._url(SUPERUSER, database), autocommit=True) as connection:
            yield connection

    # --- life ---

    @contextmanager
    def in_use(self) -> Iterator[Cluster]:
        """Keep the cluster running for the block; the last user to leave stops it.

        Users hold a shared file lock, which the kernel drops even when a process is killed.
        """
        with self._locked("postgres.users", fcntl.LOCK_SH) as lock:
            try:
                self.start()
                yield self
            finally:
                with suppress(BlockingIOError):
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self.stop()

    def start(self) -> None:
        """Make the cluster when missing, start it when down, and prepare its roles and database.

        Raises:
            SetUpError: PostgreSQL is missing or of another version, the folder is broken or
                somebody else's, the disk is full.
        """
        with self._locked("postgres.start", fcntl.LOCK_EX):
            if self.running_pid() is None:
                self._make()
                self._recover()
                self._launch()
            self._prepare()

    def stop(self) -> None:
        """Stop our own server, and end its connections; after half a minute by force."""
        for mode, seconds in (("fast", 30), ("immediate", 10)):
            if self.running_pid() is None:
                return
            self._run("pg_ctl", "stop", "-D", self.data, "-m", mode, "-w", "-t", str(seconds))

    def running_pid(self) -> int | None:
        """Return the process id of our own running server, if any.

        A number left in ``postmaster.pid`` may belong to something else by now, so the process must
        be a PostgreSQL server whose working folder is our data folder.
        """
        pid = self._noted_pid()
        return pid if pid is not None and self._is_ours(pid) else None

    def _noted_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text("ascii").split("\n", 1)[0])
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        except PermissionError as error:
            raise self._foreign() from error

    def _is_ours(self, pid: int) -> bool:
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return Path(process.cwd()) == self.data and process.name().startswith("postgres")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def _recover(self) -> None:
        """Clear what a killed server left: its orphaned backends, then a reused process id."""
        orphans = [process for process in psutil.process_iter() if self._is_ours(process.pid)]
        _, stubborn = psutil.wait_procs(orphans, timeout=5)
        for process in stubborn:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(stubborn, timeout=5)
        pid = self._noted_pid()
        if pid is not None and psutil.pid_exists(pid):
            # PostgreSQL would take what runs under that number now for itself, and not start.
            (self.data / "postmaster.pid").unlink()

    def _require_space(self) -> None:
        if not self.disposable:
            trouble.require_space(self.base)

    def _launch(self) -> None:
        self._require_space()
        self._configure()
        notes = self.log / "start.log"
        done = self._run("pg_ctl", "start", "-D", self.data, "-w", "-t", "120", "-l", notes)
        if done.returncode != 0:
            raise self._broken(
                "内置数据库无法启动", "The embedded database does not start", done.stdout
            )

    # --- making ---

    @cached_property
    def binaries(self) -> Binaries:
        """The PostgreSQL programs that fit this cluster."""
        found = programs.installed()
        try:
            made_by = (self.data / "PG_VERSION").read_text("ascii").strip()
        except FileNotFoundError:
            return programs.newest(found)
        except PermissionError as error:
            raise self._foreign() from error
        if not made_by.isdigit():
            raise self._broken(
                "内置数据库的版本文件已损坏", "The cluster's version file is damaged"
            )
        return programs.fitting(found, int(made_by), self.data)

    def _make(self) -> None:
        self._place()
        if (self.data / "PG_VERSION").exists():
            return
        if self.data.exists() and any(self.data.iterdir()):
            raise self._broken(
                "内置数据库不完整（缺少 PG_VERSION）", "The cluster lacks PG_VERSION"
            )
        self._require_space()
        self._initialise()

    def _initialise(self) -> None:
        # Renamed when complete, so that a killed start leaves nothing that looks like a cluster.
        draft = self.data.with_name("data.new")
        shutil.rmtree(draft, ignore_errors=True)
        password = self.data.with_name("superuser")
        password.touch(mode=0o600)
        password.write_text(self._password(SUPERUSER), "ascii")
        self._account.give(password)
        done = self._run(
            "initdb", "-D", draft, "-U", SUPERUSER, "--encoding=UTF8", "--locale=C.UTF-8",
            "--data-checksums", "--auth=scram-sha-256", f"--pwfile={password}",
            *(["--no-sync"] if self.disposable else []),
        )  # fmt: skip
        password.unlink()
        if done.returncode != 0:
            raise self._broken(
                "无法建立内置数据库", "The embedded database cannot be made", done.stdout
            )
        if self.data.exists():
            self.data.rmdir()
        draft.rename(self.data)

    def _place(self) -> None:
        """Make the folders, reachable by the server's user alone."""
        if not self.base.is_symlink() and not self.base.exists():
            self._folder(self.base)
            if not self._account.can_write(self.base):
                self.base.rmdir()
                self.base.symlink_to(self._elsewhere())
        elif not self.base.exists():
            raise self._broken(
                "内置数据库文件夹的链接已失效", "The link to the cluster's folder dangles"
            )
        self._own(self.base.resolve())
        for folder in (self.log, self.socket_folder):
            self._folder(folder)
            self._own(folder)

    def _elsewhere(self) -> Path:
        ELSEWHERE.mkdir(mode=0o755, exist_ok=True)
        folder = ELSEWHERE / secrets.token_hex(4)
        self._folder(folder)
        return folder

    def _folder(self, folder: Path) -> None:
        if not folder.exists():
            folder.mkdir(mode=0o700)
            self._account.give(folder)

    def _own(self, folder: Path) -> None:
        if not self._account.owns(folder):
            raise self._foreign()

    def _configure(self) -> None:
        connections = max(100, 40 + 3 * self.settings.web_workers * self.settings.web_threads)
        chosen = self.data / "fuliang.conf"
        chosen.write_text(
            tuning.configuration(
                self.binaries.major,
                socket_folder=str(self.socket_folder),
                log_folder=str(self.log),
                connections=connections,
                disposable=self.disposable,
            ),
            "utf-8",
        )
        self._account.give(chosen)
        main = self.data / "postgresql.conf"
        if "fuliang.conf" not in (text := main.read_text("utf-8")):
            main.write_text(f"{text}\ninclude 'fuliang.conf'\n", "utf-8")

    def _prepare(self) -> None:
        with self.superuser() as connection:
            ensure_role(connection, OWNER, self._password(OWNER), "createrole")
            ensure_role(connection, SERVICE, self._password(SERVICE), "nocreaterole nobypassrls")
            self._ensure_database(connection)
        self.prepare(DATABASE)

    def prepare(self, database: str) -> None:
        """Do what only a superuser may: extensions, and the owner's right to the schema."""
        with self.superuser(database) as connection:
            for extension in ("postgis", "pgcrypto"):
                statement = sql.SQL("create extension if not exists {}")
                connection.execute(statement.format(sql.Identifier(extension)))
            connection.execute(f"alter schema public owner to {OWNER}")
            connection.execute("revoke create on schema public from public")

    def _ensure_database(self, connection: psycopg.Connection) -> None:
        query = "select 1 from pg_database where datname = %s"
        if connection.execute(query, [DATABASE]).fetchone() is None:
            self.create_database(DATABASE, connection=connection)

    # --- databases of tests and restores ---

    def create_database(
        self,
        name: str,
        *,
        template: str = "template0",
        connection: psycopg.Connection | None = None,
    ) -> None:
        """Create a database that belongs to the owner role."""
        statement = sql.SQL("create database {} owner {} template {}").format(
            sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)
        )
        if connection is not None:
            connection.execute(statement)
            return
        with self.superuser() as opened:
            opened.execute(statement)

    def copy_database(self, template: str, name: str) -> None:
        """Copy a database whole; nobody may be connected to the template."""
        self.create_database(name, template=template)

    def drop_database(self, name: str) -> None:
        """Drop a database, ending connections to it."""
        with self.superuser() as connection:
            statement = sql.SQL("drop database if exists {} with (force)")
            connection.execute(statement.format(sql.Identifier(name)))

    def replace_database(self, name: str, *, by: str) -> str:
        """Put one database in the place of another; return the name that the old one has now.

        Raises:
            SetUpError: Somebody is connected to the database.
        """
        kept = f"{name}_{datetime.now(ZONE):%Y%m%d_%H%M%S}"
        rename = sql.SQL("alter database {} rename to {}")
        with self.superuser() as connection, connection.transaction():
            try:
                connection.execute(rename.format(sql.Identifier(name), sql.Identifier(kept)))
            except psycopg.errors.ObjectInUse as error:
                raise SetUpError(
                    reason="数据库正在使用，未恢复。请先停止服务（Ctrl-C）并关闭 psql，再重试。",
                    reason_en="The database is in use; nothing was restored. Stop the service.",
                ) from error
            connection.execute(rename.format(sql.Identifier(by), sql.Identifier(name)))
        return kept

    # --- helpers ---

    @cached_property
    def _account(self) -> ServerAccount:
        return ServerAccount.of(self.data)

    def _run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return self._account.run([self.binaries.folder / program, *arguments])

    @contextmanager
    def _locked(self, name: str, how: int) -> Iterator[Any]:
        with (self.settings.state_dir / f"{name}.lock").open("a") as lock:
            fcntl.flock(lock, how)
            yield lock

    def _foreign(self) -> SetUpError:
        return trouble.foreign(self.base, self._account.name)

    def _broken(self, zh: str, en: str, printed: str = "") -> SetUpError:
        return trouble.broken(zh, en, self.data, printed=printed, log=self.log)


def ensure_role(
    connection: psycopg.Connection, role: str, password: str, powers: LiteralString
) -> None:
    """Make a sign-in role without the powers to pass row-level security, or renew its password."""
    exists = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
    connection.execute(
        sql.SQL("{} role {} login {} password {}").format(
            sql.SQL("alter" if exists else "create"),
            sql.Identifier(role),
            sql.SQL(powers),
            sql.Literal(password),
        )
    )
