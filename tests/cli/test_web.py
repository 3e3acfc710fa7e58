"""The web processes: many slow readers, stopping in the middle of an answer, what is told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import psutil
import pytest

from fuliang_gis.material import ROOT
from tests.cli.answering import SLOW_S
from tests.processes import Service, fresh_state

THREADS = 2
#: How long anything here may take on a busy machine [s].
PATIENCE = 30.0


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of two web processes of two threads each."""
    with _answering() as (_, found):
        yield found


@contextmanager
def _answering() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FULIANG_")},
        "FULIANG_PORT": str(port),
        "FULIANG_WEB_WORKERS": "2",
        "FULIANG_WEB_THREADS": str(THREADS),
    }
    command = [sys.executable, "-m", "tests.cli.answering"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        until = time.monotonic() + PATIENCE
        while _ask(port, "/") is None:
            assert time.monotonic() < until, "nobody answers"
            time.sleep(0.1)
        yield process, port
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _ask(port: int, path: str) -> str | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, OSError):
        return None


def test_slow_readers_do_not_hold_up_others(port: int) -> None:
    """Phones on weak networks take minutes for a large file; they must not take up the threads."""
    with ExitStack() as readers:
        for _ in range(20 * THREADS):
            reader = socket.socket()
            readers.enter_context(reader)
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(("127.0.0.1", port))
            reader.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            assert reader.recv(15) == b"HTTP/1.1 200 OK"
        for _ in range(20):
            assert _ask(port, "/small") == "/small 127.0.0.1"


def test_addresses_arrive_decoded(port: int) -> None:
    """Chinese in an address must arrive as UTF-8 in the form that WSGI asks for."""
    answer = _ask(port, "/" + urllib.parse.quote("浮梁"))
    assert answer is not None
    assert answer.split()[0].encode("latin-1").decode() == "/浮梁"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_being_answered_is_finished(number: signal.Signals) -> None:
    """Stopping lets an answer under way go out, and leaves no process behind."""
    with _answering() as (process, port), ThreadPoolExecutor(1) as pool:
        started = psutil.Process(process.pid).children()
        asked = pool.submit(_ask, port, "/slow")
        time.sleep(SLOW_S / 2)
        process.send_signal(number)
        assert asked.result() == "/slow 127.0.0.1"
        assert process.wait(PATIENCE) == 0
        assert len(started) == 2
        assert not any(one.is_running() for one in started)


def test_processes_wait_for_their_turn() -> None:
    """A web process must not take the processor from the database at every piece it sends."""
    with _answering() as (process, _):
        for one in psutil.Process(process.pid).children():
            assert os.sched_getscheduler(one.pid) == os.SCHED_BATCH


def test_a_wrong_setting_or_a_taken_port_is_told() -> None:
    """Either is told in words; the server by itself would share the port with another service."""
    with fresh_state() as state, socket.socket() as taken:
        wrong = Service(state, FULIANG_WEB_WORKERS="many").run("web")
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = Service(state, port=port).run("web")
    assert wrong.returncode == refused.returncode == 1
    assert "FULIANG_WEB_WORKERS='many'" in wrong.stderr
    assert f"端口 {port} 已被占用" in refused.stderr
    assert "Traceback" not in wrong.stderr + refused.stderr
