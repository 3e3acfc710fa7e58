"""The supervisor with real processes: it starts, survives deaths, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.processes import Service, fresh_state, service, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def running() -> Iterator[Service]:
    """One service for the tests that leave it running."""
    with service() as made:
        yield made


def test_it_says_where_it_is_and_how_to_sign_in(running: Service) -> None:
    """A start ends with one line that holds the address, and with the way to a first account."""
    wait_until(lambda: "已就绪" in running.output(), "the address is printed")
    assert running.output().count(running.url) == 1
    assert "./fuliang accounts create" in running.output()


def test_a_second_service_on_the_same_state_is_refused(running: Service) -> None:
    """Two services on one state folder would fight over it; the second says so and ends."""
    second = Service(running.state)
    done = second.run("serve")
    assert done.returncode == 1
    assert "已有一个服务在运行" in done.stderr
    assert running.ready()


def test_a_port_in_use_is_named_before_anything_is_made() -> None:
    """A taken port is told with its number and a way out, before a database is made."""
    with fresh_state() as state, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = Service(state, port=port).run("serve")
        assert done.returncode == 1
        assert f"端口 {port} 已被占用" in done.stderr
        assert "FULIANG_PORT=" in done.stderr
        assert not (state / "postgres").exists()


def test_a_wrong_setting_is_named() -> None:
    """A setting out of range is told with its name instead of a traceback."""
    with fresh_state() as state:
        done = Service(state, FULIANG_WEB_WORKERS="many").run("serve")
    assert done.returncode == 1
    assert "FULIANG_WEB_WORKERS='many'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("title", "words"),
    [("web", ("web", "fuliang_gis")), ("worker", ("worker", "fuliang_gis")), ("database", ())],
)
def test_a_killed_part_comes_back(running: Service, title: str, words: tuple[str, ...]) -> None:
    """Whatever part is killed, a new one takes its place and the service is ready again."""
    victim = psutil.Process(running.database_pid()) if title == "database" else running.find(*words)
    victim.kill()
    victim.wait(10)

    def replaced() -> bool:
        if title == "database":
            return not _lives(victim) and _database_is_new(running, victim.pid)
        return any(
            set(words) <= set(one.cmdline()) and one.create_time() > victim.create_time()
            for one in _alive(running)
        )

    wait_until(replaced, f"{title} is replaced")
    running.wait_ready()


def _database_is_new(running: Service, killed: int) -> bool:
    try:
        return running.database_pid() != killed
    except (FileNotFoundError, ValueError):
        return False


def _alive(running: Service) -> list[psutil.Process]:
    return [one for one in running.processes() if _lives(one)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_nothing_behind(number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end everything that was started, the database too, with status 0."""
    with service() as made:
        started = made.processes()
        assert len(started) >= 4
        assert made.stop(number) == 0
        assert made.processes() == []
        assert not any(_lives(one) for one in started)


def _lives(process: psutil.Process) -> bool:
    # Where nobody collects orphans, an ended process stays in the table as a zombie.
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_it_takes_over_after_its_own_violent_death() -> None:
    """When the supervisor is killed, web and worker end too, and the next start just works."""
    with service() as made:
        orphaned = made.database_pid()
        assert made.stop(signal.SIGKILL) == -signal.SIGKILL
        wait_until(
            lambda: not any("fuliang_gis" in " ".join(one.cmdline()) for one in _alive(made)),
            "web and worker have ended",
        )
        made.start()
        assert made.database_pid() == orphaned
        assert made.stop() == 0
        assert made.processes() == []


def test_ctrl_c_does_not_reach_the_children() -> None:
    """A terminal sends Ctrl-C to a whole group; the children leave the ending to the parent."""
    with service() as made:
        assert made.process is not None
        group = os.getpgid(made.process.pid)
        children = [one for one in made.processes() if one.pid != made.process.pid]
        assert all(os.getpgid(one.pid) != group for one in children)
        os.killpg(group, signal.SIGINT)
        assert made.process.wait(60) == 0


def test_a_stop_during_start_leaves_nothing_behind() -> None:
    """Interrupted before it is ready, a start ends as cleanly as a running service.

    It was started as a shell starts a background command: with SIGINT ignored.
    """
    with fresh_state() as state:
        made = Service(state)
        made.process = subprocess.Popen(
            [sys.executable, "-m", "fuliang_gis", "serve"],
            env=made.environment,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        )
        wait_until((state / "postgres").exists, "the database is being made")
        time.sleep(1)
        made.process.send_signal(signal.SIGINT)
        assert made.process.wait(120) == 130
        wait_until(lambda: not made.processes(), "everything is gone")
