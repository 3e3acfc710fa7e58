"""Real ``serve`` processes on state folders of their own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from fuliang_gis.material import ROOT

#: What a start may take on a busy machine [s].
PATIENCE = 120.0


@contextmanager
def fresh_state() -> Iterator[Path]:
    """Make a state folder below the checkout, and remove it with its cluster afterwards."""
    folder = ROOT / "var" / "test-states" / uuid.uuid4().hex[:8]
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree((folder / "postgres").resolve(), ignore_errors=True)
        shutil.rmtree(folder)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition.

    Raises:
        AssertionError: It did not come true in time.
    """
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.1)


class Service:
    """One running ``fuliang serve`` and everything it has started."""

    def __init__(self, state: Path, port: int | None = None, **settings: str) -> None:
        self.state = state
        self.port = port or free_port()
        self.log = state / "serve.out"
        self.environment = clean_environment() | {
            "FULIANG_STATE": str(state),
            "FULIANG_PORT": str(self.port),
            "FULIANG_DEMO": "0",
            "FULIANG_WEB_WORKERS": "1",
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the service."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until the service says that it is ready."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fuliang_gis", "serve"],
                cwd=ROOT, env=self.environment, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until ``/readyz`` answers 200."""
        wait_until(self._ready_or_ended, "the service is ready")
        assert self.running, f"serve ended:\n{self.output()}"

    def _ready_or_ended(self) -> bool:
        return not self.running or self.ready()

    def ready(self) -> bool:
        """Tell whether ``/readyz`` answers 200 now."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as refusal:
            refusal.close()
            return False
        except OSError:
            return False

    @property
    def running(self) -> bool:
        """Whether the supervisor runs."""
        return self.process is not None and self.process.poll() is None

    def output(self) -> str:
        """Return what the service has printed so far."""
        return self.log.read_text("utf-8")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the same state."""
        return subprocess.run(
            [sys.executable, "-m", "fuliang_gis", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def processes(self) -> list[psutil.Process]:
        """Return every process that belongs to this state folder, the database's included."""
        mark = {"FULIANG_STATE": str(self.state)}
        return [one for one in psutil.process_iter() if self._belongs(one, mark)]

    def _belongs(self, process: psutil.Process, mark: Mapping[str, str]) -> bool:
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                return False
            data = (self.state / "postgres").resolve() / "data"
            return mark.items() <= process.environ().items() or Path(process.cwd()) == data
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def find(self, *words: str) -> psutil.Process:
        """Return the oldest process of this service whose command line holds the words."""
        found = [one for one in self.processes() if set(words) <= set(_command(one))]
        assert found, f"no process with {words} among {[_command(one) for one in self.processes()]}"
        return min(found, key=lambda one: one.create_time())

    def database_pid(self) -> int:
        """Return the process id of the embedded server."""
        noted = (self.state / "postgres").resolve() / "data" / "postmaster.pid"
        return int(noted.read_text("ascii").split("\n")[0])

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask the service to stop; return its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def destroy(self) -> None:
        """Kill whatever is left."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        for process in self.processes():
            # Some end by themselves once their parent is gone.
            with suppress(psutil.NoSuchProcess):
                process.kill()
        wait_until(lambda: not self.processes(), "everything is gone")


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def clean_environment() -> dict[str, str]:
    """Return the environment without any of our settings, able to import the package."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FULIANG_")}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


@contextmanager
def service(**settings: str) -> Iterator[Service]:
    """Start a service on a fresh state folder; nothing of it is left afterwards."""
    with fresh_state() as state:
        made = Service(state, None, **settings)
        try:
            made.start()
            yield made
        finally:
            made.destroy()
