"""Keep child processes running: start, restart with growing pauses, stop; leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import structlog

_log = structlog.get_logger("fuliang_gis.serve")

#: Pause before the next start after each death in a row [s].
PAUSES = (0.2, 1.0, 3.0, 10.0, 30.0)

#: A child that stayed up this long has recovered [s].
STEADY = 60.0

#: How long children may take to finish what they are doing [s].
GRACE = 15.0


@dataclass
class Child:
    """One program in a session of its own: Ctrl-C in a terminal reaches the supervisor alone.

    ``setpriv`` makes the kernel stop it when the supervisor is killed.
    """

    name: str
    command: Sequence[str]
    output: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    deaths: int = 0
    not_before: float = 0.0

    def start(self) -> None:
        """Start the program."""
        self.began = time.monotonic()
        command = ["setpriv", "--pdeathsig", "TERM", *self.command]
        if self.output is None:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, start_new_session=True
            )
            return
        with self.output.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        """Whether the program runs."""
        return self.process is not None and self.process.poll() is None

    def keep(self) -> None:
        """Start the program again when it has died and its pause is over."""
        if self.running:
            if self.deaths and time.monotonic() - self.began > STEADY:
                self.deaths = 0
            return
        if self.process is not None:
            self._note_death(self.process)
        if time.monotonic() >= self.not_before:
            self.start()

    def _note_death(self, process: subprocess.Popen[bytes]) -> None:
        # Its own children may still hold the port.
        self._signal_group(process.pid, signal.SIGKILL)
        pause = PAUSES[min(self.deaths, len(PAUSES) - 1)]
        self.deaths += 1
        self.not_before = time.monotonic() + pause
        self.process = None
        _log.warning("child died", child=self.name, status=process.returncode, pause_s=pause)

    def ask_to_stop(self) -> None:
        """Ask the program to finish."""
        if self.process is not None and self.running:
            self.process.terminate()

    def stop(self, deadline: float) -> None:
        """Wait until the deadline (monotonic clock), then end the program and all it started."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.1, deadline - time.monotonic()))
        self._signal_group(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    @staticmethod
    def _signal_group(pid: int, number: signal.Signals) -> None:
        # The child leads a session of its own, so its group is its process id.
        with suppress(ProcessLookupError):
            os.killpg(pid, number)


@dataclass
class Supervisor:
    """Children, and further things to look after between two looks at them."""

    children: list[Child]
    chores: list[Callable[[], None]] = field(default_factory=list)
    interrupted: Event = field(default_factory=Event)

    def listen(self) -> None:
        """Let SIGINT and SIGTERM end the run."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.interrupted.set())

    def look(self) -> None:
        """Look once after everything."""
        for chore in self.chores:
            chore()
        for child in self.children:
            child.keep()

    def run(self) -> None:
        """Look after everything until interrupted."""
        while not self.interrupted.wait(0.3):
            self.look()

    def stop(self) -> None:
        """Stop every child, all at the same time."""
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + GRACE
        for child in self.children:
            child.stop(deadline)
