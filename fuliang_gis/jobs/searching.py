"""A search in a process of its own, so that the worker goes on with everything else.

In a thread PyVRP hardly holds Python's lock (of 200 visits: the longest wait 12 ms), but a thread
cannot be ended: a worker told to stop would wait for the whole search, and a crash in the solver
would take the worker with it. The process tells how far it is, ends early when it is asked to, and
ends at once when whoever started it is gone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeAlias

import fuliang_gis
from fuliang_gis.inspections.rounds.work import Work, search
from fuliang_gis.routing.rounds import Plan

#: How often a search tells how far it is [s].
EVERY = 0.5

#: What is told on the way: seconds since the start and the best cost so far.
Point: TypeAlias = tuple[float, float]

_HOME = Path(fuliang_gis.__file__).resolve().parents[1]
#: Costs beyond stand for "nothing found yet".
_NOTHING = 1e15

Channel: TypeAlias = "Connection[Any, Any]"


class SearchFailed(Exception):
    """The process has ended without a plan."""


class Searching:
    """A search that goes on in another process."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def hear(self, seconds: float) -> Point | Plan | None:
        """Wait so long [s] for a sign: how far it is, or the plan; None when there was none.

        Raises:
            SearchFailed: The process has ended without a plan.
        """
        try:
            if not self._channel.poll(seconds):
                return None
            told = self._channel.recv()
        except (EOFError, OSError) as error:
            raise SearchFailed("the process is gone") from error
        if isinstance(told, str):
            raise SearchFailed(told)
        found: Point | Plan = told
        return found

    def stop(self) -> None:
        """Ask it to end with the best that it has."""
        with suppress(OSError):
            self._channel.send("stop")


@contextmanager
def searching(work: Work) -> Iterator[Searching]:
    """Search in another process while the block runs; afterwards it is gone."""
    ours, theirs = Pipe()
    with ours:
        with theirs:
            process = subprocess.Popen(  # Our own module, with a number.
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=_HOME,
                stdin=subprocess.DEVNULL,
            )
        try:
            with suppress(OSError):
                ours.send(work)
            yield Searching(ours)
        finally:
            process.kill()
            process.wait()


class _Teller:
    """Tells now and then how far the search is, and whether it is to go on."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._next = 0.0
        self._ends = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def watch(self, seconds: float, cost: float) -> bool:
        now = time.monotonic()
        if now >= self._next and cost < _NOTHING:
            self._next = now + EVERY
            self._channel.send((round(seconds, 2), float(cost)))
        return not self._ends.is_set()

    def _listen(self) -> None:
        try:
            self._channel.recv()
        except (EOFError, OSError):
            # Whoever wanted the plan is gone.
            os._exit(1)
        self._ends.set()


def main() -> None:
    """Take the work from the channel that the command names, and send the plan back."""
    channel: Channel = Connection(int(sys.argv[1]))
    work: Work = channel.recv()
    teller = _Teller(channel)
    try:
        made = search(work, teller.watch)
    except Exception as error:  # Whatever it is, the other side is told.
        channel.send(f"{type(error).__name__}: {error}")
        raise
    channel.send(made)


if __name__ == "__main__":
    main()
