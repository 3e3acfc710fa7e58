"""One search by PyVRP: how long, watched by whom, and what a plan costs (pure)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from pyvrp import Result, Solution, SolveParams, solve

from fuliang_gis.routing.modelling import Model, initial, usual_day
from fuliang_gis.routing.rounds import Plan, Problem

#: Told now and then: seconds since the start, the best cost so far; False ends the search.
Progress = Callable[[float, float], bool]


@dataclass(frozen=True)
class Effort:
    """How long to search [s], and the seed that makes a search repeatable by its iterations.

    ``workers`` is how many processes search at once; None means one for each processor, or one
    alone where iterations are counted or there is little to do. ``own_time`` counts the processor
    time of the search instead of the clock's, so that other work on the machine takes none away.
    """

    seconds: float = 30.0
    seed: int = 1
    iterations: int | None = None
    workers: int | None = None
    own_time: bool = False


@dataclass
class _Stop:
    """When PyVRP ends: time is up, iterations are done, or whoever watches says so."""

    effort: Effort
    progress: Progress | None
    #: What the solver counts though it can never be saved.
    constant: float
    began: float | None = None
    done: int = 0

    def __call__(self, best_cost: float) -> bool:
        now = time.process_time() if self.effort.own_time else time.perf_counter()
        self.began = now if self.began is None else self.began
        self.done += 1
        passed = now - self.began
        if self.effort.iterations is not None:
            ended = self.done > self.effort.iterations
        else:
            ended = passed > self.effort.seconds
        if self.progress is not None and not self.progress(passed, best_cost - self.constant):
            return True
        return ended


def search(
    problem: Problem,
    built: Model,
    effort: Effort,
    start_from: Plan | None,
    progress: Progress | None,
) -> Solution:
    """Return the best solution that a search finds; an empty one where none holds every rule."""
    begin = initial(built, problem, start_from) if start_from else None
    result: Result = solve(
        built.data,
        _Stop(effort, progress, built.constant),
        seed=effort.seed,
        collect_stats=False,
        params=SolveParams(),
        initial_solution=begin,
    )
    return result.best if result.best.is_feasible() else Solution(built.data, [])


def cost_of(problem: Problem, made: Plan) -> float:
    """Return what a plan costs by the problem's weights, in seconds of driving."""
    weights = problem.weights
    left = sum(problem.task(each.task).priority for each in made.unplanned)
    over = 0.0
    if weights.balance:
        for each in made.rounds:
            pause = problem.team(each.team).pause
            work = each.end - each.start - (pause.seconds if pause else 0)
            over += max(work - usual_day(problem, work)[0], 0)
    return made.driving + weights.unplanned * left + weights.balance * over
