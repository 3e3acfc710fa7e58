"""``fuliang db …``: upgrade, look at, open, back up and restore the database."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy.engine import make_url

from fuliang_gis.cli import files_archive
from fuliang_gis.cli.context import follow_norms, load_settings, say
from fuliang_gis.db import binaries
from fuliang_gis.db.cluster import DATABASE, Cluster
from fuliang_gis.db.place import database_running
from fuliang_gis.db.upgrade import revise, status, upgrade
from fuliang_gis.errors import SetUpError
from fuliang_gis.settings import Settings

if TYPE_CHECKING:
    from fuliang_gis.inspections.visits.files import FileStore

app = typer.Typer(help="数据库：升级、状态、命令行、备份与恢复。", no_args_is_help=True)


@app.command("upgrade", help="升级数据库结构到最新版本（serve 启动时会自动执行）。")
def upgrade_command() -> None:
    """Upgrade the schema and re-apply its guards."""
    settings = load_settings()
    with database_running(settings) as found:
        upgrade(found.owner, settings)
        follow_norms(found.owner)
    say("数据库结构已是最新。")


@app.command("revise", help="（开发）比较模型与数据库，生成一个迁移脚本。")
def revise_command(message: Annotated[str, typer.Argument(help="迁移说明（英文）。")]) -> None:
    """Write the migration that the models need."""
    settings = load_settings()
    with database_running(settings) as found:
        upgrade(found.owner, settings)
        file = revise(found.owner, message)
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", file], check=False)
    typer.echo(file)


@app.command("status", help="显示数据库位置、是否运行、结构版本与大小。")
def status_command() -> None:
    """Tell where the database is, whether it ran before, and its revision."""
    settings = load_settings()
    where = "外部数据库" if settings.database_url else f"内置集群 {Cluster(settings).base}"
    ran = settings.database_url is not None or Cluster(settings).running_pid() is not None
    with database_running(settings) as found:
        seen = status(found.owner)
    typer.echo(f"位置：{where}")
    typer.echo(f"运行：{'是' if ran else '否（为本次查询临时启动）'}")
    typer.echo(f"PostgreSQL {seen.postgresql}，PostGIS {seen.postgis or '未安装'}")
    typer.echo(f"结构版本：{seen.revision or '无'}（程序需要 {seen.needed}）")
    typer.echo(f"大小：{seen.size_bytes / 2**20:.0f} MB")


@app.command(
    "psql",
    help="以属主身份打开 psql；其余参数交给 psql。",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def psql_command(context: typer.Context) -> None:
    """Open psql as the database's owner."""
    settings = load_settings()
    # Ctrl-C cancels a statement in psql; it may not take the database away beneath it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with database_running(settings) as found:
        raise typer.Exit(_client("psql", found.owner, settings, context.args).returncode)


@app.command("backup", help="把数据库和照片备份到文件（服务可以继续运行）。")
def backup_command(
    file: Annotated[Path, typer.Argument(help="备份文件，例如 fuliang-2026-01-01.dump。")],
) -> None:
    """Write a dump of the whole database, and the stored files into an archive beside it."""
    settings = load_settings()
    # Nothing that the dump's rows name is removed before it is in the archive.
    with _store(settings).held():
        _back_up(file, settings)


def _store(settings: Settings) -> FileStore:
    # It brings the picture libraries, which no other command of this group needs.
    from fuliang_gis.inspections.visits.files import FileStore

    return FileStore(settings.state_dir / "files")


def _back_up(file: Path, settings: Settings) -> None:
    draft = file.with_name(f".{file.name}.part")
    with database_running(settings) as found, draft.open("wb") as out:
        os.fchmod(out.fileno(), 0o600)
        options = ["--format=custom", "--no-owner", "--no-privileges"]
        done = _client("pg_dump", found.owner, settings, options, stdout=out.fileno())
    if done.returncode != 0:
        draft.unlink()
        raise SetUpError(
            reason="备份未完成，原因见上方输出。",
            reason_en="The backup failed; see the output above.",
        )
    draft.replace(file)
    archive = files_archive.beside(file)
    # After the dump, so that every file that its rows name is in it.
    number = files_archive.pack(settings.state_dir / "files", archive)
    say(f"数据库已备份到 {file}（{file.stat().st_size / 2**20:.1f} MB）。")
    say(
        f"照片等附件（{number} 个文件）已备份到 {archive}"
        f"（{archive.stat().st_size / 2**20:.1f} MB）。请把两个文件一起存到另一台机器上。"
    )


@app.command(
    "restore", help="用备份替换数据库的全部内容并补回照片；须先停止服务，原数据库改名保留。"
)
def restore_command(
    file: Annotated[
        Path, typer.Argument(help="db backup 写出的文件。", exists=True, dir_okay=False)
    ],
) -> None:
    """Replace the embedded database by a dump; the database before is kept under another name."""
    settings = load_settings()
    if settings.database_url is not None:
        raise SetUpError(
            reason="外部数据库请由数据库管理员用 pg_restore 恢复，然后执行 ./fuliang db upgrade。",
            reason_en="Restore it with pg_restore, then run ./fuliang db upgrade.",
        )
    cluster = Cluster(settings)
    archive = files_archive.beside(file)
    with cluster.in_use():
        # Before the rows that name them; what lies there already is the same by its name.
        number = (
            files_archive.unpack(archive, settings.state_dir / "files")
            if archive.exists()
            else None
        )
        # What rows of another day do not name is kept for a month from now: one may go back.
        _store(settings).renew_all()
        kept = _restore_into(cluster, file, settings)
        upgrade(cluster.owner_url(), settings)
    if number is None:
        say(f"没有找到 {archive}，照片等附件未恢复；找到后放在备份旁再执行一次即可补回。")
    else:
        say(f"已补回 {number} 个附件文件。")
    say(f"已恢复。原数据库保留为 {kept}，确认无误后可用 db psql 执行 drop database {kept}。")


def _restore_into(cluster: Cluster, file: Path, settings: Settings) -> str:
    fresh = f"{DATABASE}_restored"
    cluster.drop_database(fresh)
    cluster.create_database(fresh)
    cluster.prepare(fresh)
    options = ["--no-owner", "--no-privileges", "--exit-on-error"]
    with _contents(cluster.owner_url(fresh), settings, file) as contents:
        # The superuser has made the extensions already; the owner may not.
        done = _client(
            "pg_restore",
            cluster.owner_url(fresh),
            settings,
            [*options, f"--use-list={contents}", str(file)],
        )
    if done.returncode != 0:
        cluster.drop_database(fresh)
        raise SetUpError(
            reason=f"{file} 无法恢复，原因见上方输出；现有数据库未改动。",
            reason_en=f"{file} cannot be restored; the present database is unchanged.",
        )
    return cluster.replace_database(DATABASE, by=fresh)


@contextmanager
def _contents(url: str, settings: Settings, file: Path) -> Iterator[str]:
    """List what to restore from a dump: everything but the extensions and their tables."""
    listed = _client("pg_restore", url, settings, ["--list", str(file)], stdout=subprocess.PIPE)
    passed_over = re.compile(r" EXTENSION | TABLE DATA public spatial_ref_sys ")
    lines = [line for line in listed.stdout.splitlines() if not passed_over.search(f"{line} ")]
    with tempfile.NamedTemporaryFile("w", suffix=".list") as kept:
        kept.write("\n".join(lines))
        kept.flush()
        yield kept.name


def _client(
    program: str,
    url: str,
    settings: Settings,
    arguments: Sequence[str] = (),
    stdout: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a client program of PostgreSQL; the password goes by the environment, out of sight."""
    address = make_url(url)
    command = [_program(program, settings), *arguments]
    if "--list" not in arguments:
        command.append(f"--dbname={address._replace(password=None).render_as_string()}")
    environment = os.environ | {"PGPASSWORD": str(address.password or "")}
    return subprocess.run(command, env=environment, stdout=stdout, text=True, check=False)


def _program(name: str, settings: Settings) -> str:
    if settings.database_url is None:
        return str(Cluster(settings).binaries.folder / name)
    found = binaries.installed()
    # An external server may be of any version; the newest clients speak to all older ones.
    return str(found[0].folder / name) if found else name
