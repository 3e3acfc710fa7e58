"""Searches in several processes: the same plans, told of and ended like one search."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest

from fuliang_gis.routing import processes
from fuliang_gis.routing.decomposing import parts, plan_by_station
from fuliang_gis.routing.processes import Job, crew
from fuliang_gis.routing.rounds import Problem
from fuliang_gis.routing.solving import Effort, plan
from tests.routing.checker import faults
from tests.routing.test_rounds import line, team, visit

QUICK = Effort(iterations=100, seed=3)


def scattered(number: int = 24, stations: int = 2) -> Problem:
    """Return visits around stations that lie far from each other."""
    random = np.random.default_rng(5)
    at = random.uniform(0, 3000, (number + stations, 2))
    at[:stations] = [(20_000 * n, 0) for n in range(stations)]
    at[stations:, 0] += 20_000 * (np.arange(number) % stations)
    seconds = np.hypot(*(at[:, None] - at[None, :]).T)
    teams = tuple(replace(team(f"{n}队", days=4), station=n) for n in range(stations))
    tasks = tuple(visit(f"v{n}", n + stations, days=(0, 3)) for n in range(number))
    return Problem(4, teams, tasks, seconds)


def test_children_plan_as_this_process_does() -> None:
    """The same seed and iterations give the same plans, in the order of the jobs."""
    split = parts(scattered())
    with crew(2) as children:
        found = children.plans([Job(part, QUICK) for part in split])
        again = children.plans([Job(part, QUICK) for part in split[::-1]])
    assert found == [plan(part, QUICK) for part in split] == again[::-1]


def test_parts_planned_by_several_are_one_plan() -> None:
    """Two processes make what one does; whoever watches is told of the cost of all parts."""
    problem = scattered()
    costs: list[float] = []

    def watch(_seconds: float, cost: float) -> bool:
        costs.append(cost)
        return True

    several = replace(QUICK, workers=2)
    found = plan_by_station(problem, several, progress=watch, whole=0)
    assert faults(problem, found) == []
    assert found == plan_by_station(problem, replace(QUICK, workers=1), whole=0)
    assert costs


def test_the_best_of_several_seeds_is_taken() -> None:
    """One problem searched by two: no worse than either seed alone."""
    problem = scattered(stations=1)
    found = plan_by_station(problem, replace(QUICK, workers=2))
    alone = [plan(problem, replace(QUICK, seed=seed)) for seed in (3, 4)]
    assert found.driving == min(each.driving for each in alone)


def test_searches_in_children_can_be_ended() -> None:
    """A watcher who has seen enough gets what was found, well before the time is up."""
    problem = scattered()
    long = Effort(seconds=120, workers=2)
    found = plan_by_station(problem, long, progress=lambda _passed, _cost: False, whole=0)
    assert faults(problem, found) == []
    assert found.unplanned == ()


def test_a_child_that_is_killed_is_told() -> None:
    """No plan is made up for it, and the others are ended."""
    problem = scattered()
    with crew(1) as children:
        (child,) = children.processes

        def kill(_passed: float, _cost: float) -> bool:
            os.kill(child, signal.SIGKILL)
            return True

        with pytest.raises(RuntimeError, match="planning process ended"):
            children.plans([Job(problem, Effort(seconds=60))], kill)


def test_half_a_message_is_the_end() -> None:
    """Of a child killed while it tells something, only what it told before is heard."""
    pipe = BytesIO()
    for told in ((0.5, 10.0), (1.0, 9.0)):
        processes._send(pipe, told)
    whole = pipe.getvalue()
    for cut in (1, len(whole) // 2 - 1):
        assert list(processes._messages(BytesIO(whole[:-cut]))) == [(0.5, 10.0)]


def test_stations_beside_each_other_share_their_work() -> None:
    """Two teams at one seat, each with a place of its own in the table, are planned together."""
    at = np.array([0.0, 0.0, 10, 100, 110]) * 60
    seconds = np.asarray(np.abs(at[:, None] - at[None, :]))
    teams = tuple(replace(team(name), station=n) for n, name in ((0, "甲"), (1, "乙"), (3, "丙")))
    tasks = tuple(visit(f"v{n}", place) for n, place in enumerate([2, 2, 4]))
    found = parts(Problem(1, teams, tasks, seconds))
    assert [[each.id for each in part.teams] for part in found] == [["甲", "乙"], ["丙"]]
    assert [[task.id for task in part.tasks] for part in found] == [["v0", "v1"], ["v2"]]
    assert [part.seconds.shape for part in found] == [(3, 3), (2, 2)]


def test_what_one_station_has_no_room_for_another_takes() -> None:
    """A full day at the near station: the rest is made from the far one."""
    tasks = tuple(visit(f"v{n}", 1, service=4 * 3600) for n in range(3))
    seconds = line(10, 60)
    teams = (team("甲"), replace(team("乙"), station=2))
    problem = Problem(1, teams, tasks, seconds)
    found = plan_by_station(problem, QUICK, whole=0)
    assert faults(problem, found) == []
    assert found.unplanned == ()
