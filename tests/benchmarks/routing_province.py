"""A simulated province: twenty counties of eighteen townships, by one worker and by two."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from fuliang_gis.inspections.rounds.work import Work
from fuliang_gis.jobs.province import connected, search_on
from fuliang_gis.routing.rounds import Break, Plan, Problem, Task, Team
from fuliang_gis.routing.searching import Effort
from tests.routing.checker import faults

COUNTIES = int(os.environ.get("BENCH_COUNTIES", "20"))
TOWNSHIPS = 18
ITERATIONS = int(os.environ.get("BENCH_PROVINCE_ITERATIONS", "100"))
DAYS = 22


def township(county: int, number: int) -> Problem:
    """Draw a township's month: villages around a seat, works around villages, winding roads."""
    random = np.random.default_rng([county, number])
    villages = random.uniform(-1, 1, (int(random.integers(6, 14)), 2)) * 12_000
    tasks_n = int(random.integers(60, 140))
    home = random.integers(0, len(villages), tasks_n)
    at = np.vstack([[0.0, 0.0], villages[home] + random.normal(0, 700, (tasks_n, 2))])
    # Roads wind by a third; thirty kilometres an hour.
    seconds = np.hypot(*(at[:, None] - at[None, :]).T) * 1.33 / 8.3
    hours = dict.fromkeys((d for d in range(30) if d % 7 < 5), (30_600, 63_000))
    pause = Break(41_400, 46_800, 3600)
    teams = tuple(Team(f"{county}-{number}-{n}", 0, hours, pause=pause) for n in range(2))
    tasks = tuple(
        Task(
            f"{county}-{number}-{n}",
            n + 1,
            int(random.choice([1200, 1500, 2400])),
            (0, 29) if n % 4 else (0, 9),
            ((30_600, 39_600), (52_200, 61_200)) if n % 12 == 0 else (),
        )
        for n in range(tasks_n)
    )
    return Problem(30, teams, tasks, np.asarray(seconds))


def measure(ratios: dict[str, float], conditions: dict[str, object]) -> None:
    """Plan the province with one worker and with two; the plans must be the same."""
    works = [
        Work(township(county, number), None, Effort(iterations=ITERATIONS, seed=1))
        for county in range(COUNTIES)
        for number in range(TOWNSHIPS)
    ]
    taken: dict[int, float] = {}
    busiest: dict[int, float] = {}
    plans: dict[int, dict[int, Plan]] = {}
    for workers in (1, 2):
        plans[workers] = {}
        with connected(None, workers) as client:
            client.wait_for_workers(workers)
            # Whatever a worker loads first is loaded before the clock runs.
            search_on(client, works[: 2 * workers], lambda _number, _made: None)
            before: Any = client.run(time.process_time)
            began = time.perf_counter()
            search_on(client, works, plans[workers].__setitem__)
            taken[workers] = time.perf_counter() - began
            after: Any = client.run(time.process_time)
            busiest[workers] = max(after[each] - before[each] for each in after)
        print(f"province {workers} workers {taken[workers]:8.1f} s, load {os.getloadavg()[0]:.1f}")
    assert plans[1] == plans[2]
    for number, made in plans[1].items():
        assert not faults(works[number].problem, made)
    ratios["two_workers_vs_one"] = taken[1] / taken[2]
    conditions |= {
        "province_townships": len(works),
        "province_tasks": sum(len(work.problem.tasks) for work in works),
        "province_iterations_each": ITERATIONS,
        # What it would be were both processors free for it: the busiest worker's own time.
        "two_workers_vs_one_of_own_time": round(busiest[1] / busiest[2], 3),
        "province_one_worker_s": round(taken[1], 1),
        "province_two_workers_s": round(taken[2], 1),
    }
