"""Large plans by parts, each station with what lies nearest to it, on several processors (pure)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fuliang_gis.routing.processes import Crew, Job, crew
from fuliang_gis.routing.rounds import Plan, Problem, Round, Task, Team, Unplanned, able
from fuliang_gis.routing.searching import Effort, Progress, cost_of
from fuliang_gis.routing.solving import completed, plan

#: Problems of up to so many tasks are planned as a whole, whatever stations they have.
WHOLE = 450

#: Stations that lie so near to each other [s] share their work.
NEAR = 900

#: Below either, starting processes costs more than they bring: tasks, and seconds of search.
_FEW, _SHORT = 80, 4.0

#: More processes than this find little more on one problem.
_MOST_ON_ONE = 4


def parts(problem: Problem) -> list[Problem]:
    """Split a problem by station; each task goes to the nearest one with a team able to make it.

    Stations near to each other are one. A task that no team may make stays with the first station,
    whose plan tells why.
    """
    groups = _near_stations(problem)
    tasks: list[list[Task]] = [[] for _ in groups]
    for task in problem.tasks:
        fitting = {team.station for team in problem.teams if able(team, task)}
        away = [
            min(
                (float(problem.seconds[s, task.place]) for s in group if s in fitting), default=None
            )
            for group in groups
        ]
        known = [(far, number) for number, far in enumerate(away) if far is not None]
        tasks[min(known, default=(0.0, 0))[1]].append(task)
    return [
        _part(problem, [team for team in problem.teams if team.station in group], own)
        for group, own in zip(groups, tasks, strict=True)
    ]


def plan_by_station(
    problem: Problem,
    effort: Effort,
    *,
    start_from: Plan | None = None,
    progress: Progress | None = None,
    whole: int = WHOLE,
) -> Plan:
    """Plan on all processors; what is large station by station, each with its share of the effort.

    ``progress`` is told the time and cost of all stations together. Problems of up to ``whole``
    tasks are not split.
    """
    split = [problem] if len(problem.tasks) <= whole else parts(problem)
    workers = _workers(problem, effort, len(split))
    if workers > 1:
        with crew(workers) as children:
            if len(split) == 1:
                return _best(children, workers, problem, effort, start_from, progress)
            efforts = _shares(problem, split, effort, workers)
            jobs = [Job(*pair, start_from) for pair in zip(split, efforts, strict=True)]
            return _joined(problem, children.plans(_largest_first(jobs), progress))
    if len(split) == 1:
        return plan(problem, effort, start_from=start_from, progress=progress)
    told = _Whole(progress)
    plans = []
    for part, share in zip(split, _shares(problem, split, effort, 1), strict=True):
        plans.append(plan(part, share, start_from=start_from, progress=told.watch))
        told.next_part()
    return _joined(problem, plans)


def _near_stations(problem: Problem) -> list[list[int]]:
    groups: list[list[int]] = []
    for station in sorted({team.station for team in problem.teams}):
        for group in groups:
            there, back = problem.seconds[station, group[0]], problem.seconds[group[0], station]
            if max(there, back) <= NEAR:
                group.append(station)
                break
        else:
            groups.append([station])
    return groups


def _part(problem: Problem, teams: Sequence[Team], tasks: Sequence[Task]) -> Problem:
    """Return the problem of some teams and tasks, with no other places than theirs."""
    places = sorted({team.station for team in teams} | {task.place for task in tasks})
    number = {place: n for n, place in enumerate(places)}
    own = {task.id for task in tasks}
    return replace(
        problem,
        teams=tuple(replace(team, station=number[team.station]) for team in teams),
        tasks=tuple(replace(task, place=number[task.place]) for task in tasks),
        seconds=problem.seconds[np.ix_(places, places)],
        apart=tuple((a, b) for a, b in problem.apart if a in own and b in own),
    )


def _workers(problem: Problem, effort: Effort, number: int) -> int:
    if effort.workers is not None:
        return effort.workers
    if effort.iterations is not None or len(problem.tasks) < _FEW or effort.seconds < _SHORT:
        return 1
    return min(os.cpu_count() or 1, _MOST_ON_ONE if number == 1 else number)


def _shares(
    problem: Problem, split: Sequence[Problem], effort: Effort, workers: int
) -> list[Effort]:
    """Return the effort for each part: the share that its tasks are of all."""
    every = max(len(problem.tasks), 1)
    return [_share(effort, len(part.tasks) / every, workers) for part in split]


def _share(effort: Effort, share: float, workers: int = 1) -> Effort:
    iterations = effort.iterations
    return replace(
        effort,
        seconds=effort.seconds * min(share * workers, 1.0),
        iterations=None if iterations is None else max(1, round(iterations * share)),
        workers=1,
    )


def _largest_first(jobs: Sequence[Job]) -> list[Job]:
    return sorted(jobs, key=lambda job: -len(job.problem.tasks))


def _best(
    children: Crew,
    workers: int,
    problem: Problem,
    effort: Effort,
    start_from: Plan | None,
    progress: Progress | None,
) -> Plan:
    """Search one problem with several seeds at once, and take the best."""
    jobs = [
        Job(problem, replace(effort, seed=effort.seed + number, workers=1), start_from)
        for number in range(workers)
    ]
    watch = None if progress is None else _Best(progress, workers).watch
    return min(children.plans(jobs, watch), key=lambda made: cost_of(problem, made))


def _joined(problem: Problem, plans: Sequence[Plan]) -> Plan:
    """Return the plans of all parts as one; what one had no room for may find it with another."""
    rounds: list[Round] = []
    left: list[Unplanned] = []
    for made in plans:
        rounds += made.rounds
        left += [each for each in made.unplanned if each.reason != "no_capacity"]
    whole = Plan(tuple(sorted(rounds, key=lambda each: (each.day, each.team))), tuple(left))
    return completed(problem, whole)


class _Best:
    """Tells the cost of one where several search the same."""

    def __init__(self, progress: Progress, number: int) -> None:
        self._progress = progress
        self._number = number

    def watch(self, seconds: float, cost: float) -> bool:
        return self._progress(seconds, cost / self._number)


class _Whole:
    """Tells time and cost of all parts together, and ends every later part once one was ended."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._before = (0.0, 0.0)
        self._now = (0.0, 0.0)
        self._goes_on = True

    def watch(self, seconds: float, cost: float) -> bool:
        self._now = (seconds, cost)
        if self._progress is not None and self._goes_on:
            spent, paid = self._before
            self._goes_on = self._progress(spent + seconds, paid + cost)
        return self._goes_on

    def next_part(self) -> None:
        self._before = (self._before[0] + self._now[0], self._before[1] + self._now[1])
        self._now = (0.0, 0.0)
