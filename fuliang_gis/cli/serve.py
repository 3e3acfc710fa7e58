"""``fuliang serve``: database, web and worker under one supervisor."""

from __future__ import annotations

import errno
import fcntl
import logging
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from fuliang_gis.cli.context import say
from fuliang_gis.cli.first_start import load_what_is_missing, signing_in
from fuliang_gis.cli.supervisor import Child, Supervisor
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.place import database_running
from fuliang_gis.db.upgrade import upgrade
from fuliang_gis.errors import SetUpError
from fuliang_gis.settings import Settings
from fuliang_gis.web import logs

_log = structlog.get_logger("fuliang_gis.serve")

#: Commands that run beside each other; the first answers requests.
PARTS = ("web", "worker")

#: How long the web processes may take until they answer [s].
PATIENCE = 60.0

#: A log larger than this is set aside at start [bytes].
LARGEST_LOG = 50 * 1024**2


def serve(settings: Settings) -> None:
    """Run the service until interrupted.

    Raises:
        SetUpError: The port is taken, a service runs on this state, or a part does not start.
    """
    logs.configure(settings)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # Said of both: a shell that starts a command in the background leaves SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    require_port(settings.host, settings.port)
    try:
        _serve(settings)
    except KeyboardInterrupt:
        say("已停止（尚未启动完成）。")
        raise SystemExit(130) from None
    say("已停止。")


def _serve(settings: Settings) -> None:
    with _only_one(settings):
        say("启动数据库 …")
        with database_running(settings) as found:
            upgrade(found.owner, settings)
            first = load_what_is_missing(found.owner, settings)
            _supervise(settings, first=first)
            say("正在停止 …")


def _supervise(settings: Settings, *, first: bool) -> None:
    log = _log_file(settings)
    parts = (Child(name, [sys.executable, "-m", "fuliang_gis", name], log) for name in PARTS)
    supervisor = Supervisor(list(parts))
    # From here on an interruption is a wish to stop in good order, no longer an exception.
    supervisor.listen()
    if settings.database_url is None:
        supervisor.chores.append(lambda: _revive(Cluster(settings)))
    try:
        say("启动网页服务 …")
        if _wait_until_ready(supervisor, settings, log):
            _announce(settings, log, first=first)
            supervisor.run()
    finally:
        supervisor.stop()


def require_port(host: str, port: int) -> None:
    """Refuse to go on when the address cannot be listened on.

    Raises:
        SetUpError: The port is taken, or the address is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        raise _no_port(host, port, error) from None


def _no_port(host: str, port: int, error: OSError) -> SetUpError:
    if error.errno == errno.EADDRINUSE:
        return SetUpError(
            reason=f"端口 {port} 已被占用。请停止占用它的程序，或换一个端口启动："
            f"FULIANG_PORT={port + 1 if port < 65535 else port - 1} ./fuliang serve",
            reason_en=f"Port {port} is in use. Stop the program that uses it, or choose another: "
            f"FULIANG_PORT={port + 1 if port < 65535 else port - 1} ./fuliang serve",
        )
    return SetUpError(
        reason=f"无法监听 {host}:{port}（{error.strerror}）。请检查 FULIANG_HOST 与 FULIANG_PORT。",
        reason_en=f"Cannot listen on {host}:{port} ({error.strerror}). Check FULIANG_HOST and "
        "FULIANG_PORT.",
    )


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    with (settings.state_dir / "serve.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetUpError(
                reason=f"状态文件夹 {settings.state_dir} 上已有一个服务在运行。请先停止它，"
                "或用 FULIANG_STATE 指定另一个文件夹。",
                reason_en=f"A service already runs on the state folder {settings.state_dir}. Stop "
                "it first, or set FULIANG_STATE to another folder.",
            ) from None
        yield


def _revive(cluster: Cluster) -> None:
    if cluster.running_pid() is None:
        _log.warning("database died")
        try:
            cluster.start()
        except SetUpError as error:
            # The next look tries again: a full disk may have been cleared by then.
            _log.exception("database does not start", reason=error.text_zh)


def _log_file(settings: Settings) -> Path | None:
    """Choose where children write: a file when a person watches, else standard error."""
    if not sys.stderr.isatty():
        return None
    folder = settings.state_dir / "log"
    folder.mkdir(mode=0o700, exist_ok=True)
    log = folder / "serve.log"
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(folder / "serve.log.1")
    return log


def _wait_until_ready(supervisor: Supervisor, settings: Settings, log: Path | None) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not supervisor.interrupted.wait(0.1):
        supervisor.look()
        if is_ready(settings):
            return True
        if time.monotonic() > deadline or supervisor.children[0].deaths >= 3:
            where = log or "上方输出 (the output above)"
            raise SetUpError(
                reason=f"网页服务未能启动，原因见 {where}。",
                reason_en=f"The web processes did not start; see {where}.",
            )
    return False


def address(settings: Settings) -> str:
    """Return the address a browser on this machine opens."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{host}:{settings.port}"


def is_ready(settings: Settings) -> bool:
    """Ask the running service whether it is ready."""
    # No proxy of the environment stands between a program and its own machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{address(settings)}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _announce(settings: Settings, log: Path | None, *, first: bool) -> None:
    where = f"；日志 {log}" if log else ""
    say(signing_in(settings, first=first))
    print(
        f"浮梁县空间规划与资产管理系统已就绪：{address(settings)}（按 Ctrl-C 停止{where}）",
        flush=True,
    )
