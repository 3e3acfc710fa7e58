"""Plan rounds with PyVRP; which day a visit falls on is the solver's choice (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pyvrp import Solution

from fuliang_gis.routing.merging import merged
from fuliang_gis.routing.modelling import Model, model
from fuliang_gis.routing.reasons import outside
from fuliang_gis.routing.replanning import reinsert
from fuliang_gis.routing.rounds import Plan, Problem, Round, Task, Team, Unplanned, timetable
from fuliang_gis.routing.searching import Effort, Progress, search

__all__ = ["Effort", "Progress", "plan"]


def plan(
    problem: Problem,
    effort: Effort | None = None,
    *,
    start_from: Plan | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Plan rounds, in this process.

    Args:
        problem: What is to be planned.
        effort: How long to search; the same seed and number of iterations give the same plan.
        start_from: A plan to begin with; what does not fit the problem any more is left aside.
        progress: Watches the search and may end it; the best plan so far is kept.
    """
    effort = effort or Effort()
    alone = dict(outside(problem))
    narrowed = replace(problem, tasks=tuple(t for t in problem.tasks if t.id not in alone))
    rounds: tuple[Round, ...] = ()
    for _ in range(_APART_TRIES):
        rounds = _solved(narrowed, effort, start_from, progress)
        together = list(in_one_day(narrowed, rounds))
        if not together:
            break
        narrowed, start_from = _kept_apart(narrowed, together), Plan(rounds, ())
    left = tuple(Unplanned(each, reason) for each, reason in alone.items())
    return completed(problem, Plan(rounds, left))


#: How often pairs that came to share a day are moved apart and planned again.
_APART_TRIES = 4

#: So many visits without a place are worth moving others for.
_FEW = 10


def completed(problem: Problem, made: Plan) -> Plan:
    """Return a plan with every task told: where rounds have room for what they lack, it goes in."""
    rounds = without(problem, made.rounds, {b for _, b, _ in in_one_day(problem, made.rounds)})
    known = {stop.task for each in rounds for stop in each.stops}
    told = {each.task: each for each in made.unplanned if each.task not in known}
    lacking = [task.id for task in problem.tasks if task.id not in known | told.keys()]
    if not lacking:
        return Plan(rounds, _in_order(problem, told.values()))
    before = Plan(rounds, tuple(told.values()))
    filled = reinsert(problem, before, lacking, first_day=0, moves=int(len(lacking) <= _FEW))
    return replace(filled.plan, unplanned=_in_order(problem, filled.plan.unplanned))


def _in_order(problem: Problem, left: Iterable[Unplanned]) -> tuple[Unplanned, ...]:
    told = {each.task: each for each in left}
    return tuple(told[task.id] for task in problem.tasks if task.id in told)


def _solved(
    problem: Problem, effort: Effort, start_from: Plan | None, progress: Progress | None
) -> tuple[Round, ...]:
    if not problem.tasks or not problem.teams:
        return ()
    fewer = merged(problem)
    built = model(fewer.problem)
    begin = fewer.together(start_from) if start_from else None
    best = search(fewer.problem, built, effort, begin, progress)
    found = []
    for team, day, order in _orders(fewer.problem, built, best):
        made = _feasible(problem, team, day, fewer.apart(order, problem))
        found += [made] if made is not None else []
    return tuple(sorted(found, key=lambda each: (each.day, each.team)))


def _orders(
    problem: Problem, built: Model, best: Solution
) -> Iterable[tuple[Team, int, list[Task]]]:
    """Yield what each team makes on which day, in order."""
    by_shift: dict[int, list[list[Task]]] = {}
    for route in best.routes():
        order = [problem.tasks[built.tasks[a.idx]] for a in route.schedule() if a.is_client()]
        if order:
            by_shift.setdefault(route.vehicle_type(), []).append(order)
    for kind, orders in by_shift.items():
        shift = built.shifts[kind]
        # Days of one shift are alike, so the most pressing visits get the first of them.
        orders.sort(key=lambda order: -max(task.priority for task in order))
        for (day, team), order in zip(shift.turns, orders, strict=False):
            yield team, day, order


def _feasible(problem: Problem, team: Team, day: int, order: list[Task]) -> Round | None:
    """Return the round, leaving out what the break leaves no time for, the least pressing first."""
    kept = list(order)
    while kept:
        made = timetable(problem, team, day, kept)
        if made is not None:
            return made
        kept.remove(min(reversed(kept), key=lambda task: task.priority))
    return None


def in_one_day(problem: Problem, rounds: Iterable[Round]) -> Iterable[tuple[str, str, int]]:
    """Yield the pairs that must not share a day and do, with the day."""
    day_of = {stop.task: each.day for each in rounds for stop in each.stops}
    for a, b in problem.apart:
        if a in day_of and b in day_of and day_of[a] == day_of[b]:
            yield a, b, day_of[a]


def _kept_apart(problem: Problem, together: Iterable[tuple[str, str, int]]) -> Problem:
    """Part the days of each pair at the day they shared, where the second has days left."""
    days = {task.id: task.days for task in problem.tasks}
    locked = {task.id for task in problem.tasks if task.day is not None}
    for first, second, day in together:
        if not all(days[one][0] <= day <= days[one][1] for one in (first, second)):
            # Another pair has parted one of them from this day already.
            continue
        before, after = (days[second][0], day - 1), (day + 1, days[second][1])
        later = after[1] - after[0] >= before[1] - before[0]
        rest = after if later else before
        if second in locked or rest[0] > rest[1]:
            continue
        days[second] = rest
        if first not in locked:
            days[first] = (days[first][0], day) if later else (day, days[first][1])
    return replace(problem, tasks=tuple(replace(t, days=days[t.id]) for t in problem.tasks))


def without(problem: Problem, rounds: Iterable[Round], left_out: set[str]) -> tuple[Round, ...]:
    """Return the rounds without some tasks."""
    kept = []
    for each in rounds:
        order = [problem.task(s.task) for s in each.stops if s.task not in left_out]
        if len(order) == len(each.stops):
            kept.append(each)
        elif order:
            made = timetable(problem, problem.team(each.team), each.day, order)
            kept += [made] if made else []
    return tuple(kept)
