"""Processes that plan rounds beside this one: plain children, problems in and plans out.

A search holds Python's lock, so several at once take several processes. They are started with a
clean interpreter, not forked: whoever plans may have threads and connections of its own. A child
whose parent is gone ends.
"""

from __future__ import annotations

import os
import pickle
import queue
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from fuliang_gis.routing.rounds import Plan, Problem
from fuliang_gis.routing.searching import Effort, Progress, cost_of
from fuliang_gis.routing.solving import plan

#: A child tells how far it is no more often than this [s].
_PERIOD = 0.25

#: What a search that begins after the whole was ended is given, to find any plan at all [s].
_LAST_SECONDS = 0.5

_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True)
class Job:
    """One search: a problem, how long, and a plan to begin with."""

    problem: Problem
    effort: Effort
    start_from: Plan | None = None


class Crew:
    """Children that take jobs in turn; closed by leaving its block."""

    def __init__(self, size: int) -> None:
        self._heard: queue.Queue[tuple[int, Any]] = queue.Queue()
        self._children = [_start() for _ in range(size)]
        for number, child in enumerate(self._children):
            threading.Thread(target=self._hear, args=(number, child), daemon=True).start()
        self.ended = False

    @property
    def processes(self) -> list[int]:
        """Return the children's process ids."""
        return [child.pid for child in self._children]

    def plans(self, jobs: Sequence[Job], progress: Progress | None = None) -> list[Plan]:
        """Plan every job; ``progress`` is told the time and cost of all of them together.

        Raises:
            RuntimeError: A child ended before its work was done.
        """
        waiting = list(range(len(jobs)))[::-1]
        idle = list(range(len(self._children)))[::-1]
        busy: dict[int, int] = {}
        costs: dict[int, float] = {}
        spent: dict[int, float] = {}
        plans: dict[int, Plan] = {}
        while len(plans) < len(jobs):
            while waiting and idle:
                child, number = idle.pop(), waiting.pop()
                busy[child] = number
                self._tell(child, self._shortened(jobs[number]))
            child, told = self._next()
            if isinstance(told, tuple):
                spent[busy[child]], costs[busy[child]] = told
            elif isinstance(told, Plan):
                number = busy.pop(child)
                plans[number] = told
                costs[number] = cost_of(jobs[number].problem, told)
                idle.append(child)
            elif told is not None:
                raise RuntimeError(f"a planning process ended: {told}")
            if progress is not None and costs and not self.ended:
                passed = sum(spent.values()) / len(self._children)
                self.ended = not progress(passed, _whole_cost(jobs, costs))
                for other in busy if self.ended else ():
                    self._tell(other, None)
        return [plans[number] for number in range(len(jobs))]

    def close(self) -> None:
        """End all children."""
        for child in self._children:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                with suppress(OSError):
                    _pipe(pipe).close()

    def _tell(self, child: int, message: Job | None) -> None:
        # One that is gone is told of by whoever listens to it.
        with suppress(OSError):
            _send(_pipe(self._children[child].stdin), message)

    def _next(self) -> tuple[int, Any]:
        try:
            return self._heard.get(timeout=_PERIOD)
        except queue.Empty:
            return -1, None

    def _shortened(self, job: Job) -> Job:
        if not self.ended:
            return job
        return replace(job, effort=Effort(_LAST_SECONDS, job.effort.seed))

    def _hear(self, number: int, child: subprocess.Popen[bytes]) -> None:
        try:
            for told in _messages(_pipe(child.stdout)):
                self._heard.put((number, told))
        except (OSError, ValueError):
            pass
        self._heard.put((number, f"exit code {child.wait()}"))


def _whole_cost(jobs: Sequence[Job], costs: Mapping[int, float]) -> float:
    """Return the cost of all jobs; those not begun are reckoned by how far away their tasks are."""
    known = sum(_away(jobs[number].problem) for number in costs)
    everything = sum(_away(job.problem) for job in jobs)
    return sum(costs.values()) * everything / max(known, 1)


def _away(problem: Problem) -> float:
    """Return the ways from the first station to all tasks [s]; where there is none counts 0."""
    station = problem.teams[0].station if problem.teams else 0
    ways = problem.seconds[station, [task.place for task in problem.tasks]]
    return float(ways[np.isfinite(ways)].sum())


@contextmanager
def crew(size: int) -> Iterator[Crew]:
    """Keep so many children for the block."""
    made = Crew(size)
    try:
        yield made
    finally:
        made.close()


def _start() -> subprocess.Popen[bytes]:
    package = str(Path(__file__).parents[2])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-m", "fuliang_gis.routing.processes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )


def _pipe(given: IO[bytes] | None) -> IO[bytes]:
    assert given is not None  # noqa: S101  # Every child is started with pipes.
    return given


def _send(pipe: IO[bytes], message: object) -> None:
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(_LENGTH.pack(len(data)) + data)
    pipe.flush()


def _messages(pipe: IO[bytes]) -> Iterator[Any]:
    """Yield what the other side sends until it closes the pipe."""
    while len(head := pipe.read(_LENGTH.size)) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        data = pipe.read(length)
        if len(data) < length:
            # It was killed in the middle of a message.
            return
        # Both sides are this program; nothing from outside comes this way.
        yield pickle.loads(data)  # noqa: S301


class _Worker:
    """The child's side."""

    def __init__(self) -> None:
        # What a library prints must not come between the messages.
        self._out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        self._jobs: queue.Queue[Job] = queue.Queue()
        self._ended = threading.Event()
        self._told = 0.0

    def work(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            job = self._jobs.get()
            self._told = 0.0
            made = plan(job.problem, job.effort, start_from=job.start_from, progress=self._watch)
            self._ended.clear()
            _send(self._out, made)

    def _watch(self, seconds: float, cost: float) -> bool:
        now = time.perf_counter()
        if now - self._told >= _PERIOD:
            self._told = now
            _send(self._out, (seconds, float(cost)))
        return not self._ended.is_set()

    def _listen(self) -> None:
        for told in _messages(sys.stdin.buffer):
            if told is None:
                self._ended.set()
            else:
                self._jobs.put(told)
        # Nobody waits for the plan any more.
        os._exit(0)


if __name__ == "__main__":
    # People who wait for a page come first.
    os.nice(5)
    _Worker().work()
