"""Plans as they would be made without a solver, under the same rules as ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from fuliang_gis.routing.rounds import Plan, Problem, Round, Task, Team, Unplanned, able, timetable

#: Nobody waits longer than this before a closed door while there is other work [s].
PATIENCE = 1800

#: Tells what is to be tried next, the best first: from where, what is left, what was done last.
Choice = Callable[[int, Sequence[Task], Task | None], Sequence[Task]]


def clerk(problem: Problem, villages: Mapping[str, str]) -> Plan:
    """Return the clerk's plan: village by village, the nearest first, each day filled."""

    def next_ones(place: int, left: Sequence[Task], last: Task | None) -> Sequence[Task]:
        near = _by_nearness(problem, place, left)
        nearest: dict[str, int] = {}
        for task in near:
            nearest.setdefault(villages[task.id], len(nearest))
        here = villages[last.id] if last is not None else None
        # The village that was begun is done first; then the one with the nearest work.
        return sorted(
            near, key=lambda task: (villages[task.id] != here, nearest[villages[task.id]])
        )

    return _filled(problem, next_ones)


def nearest_then_2opt(problem: Problem) -> Plan:
    """Return the plan that goes to the nearest location next, each day then put right by 2-opt."""

    def next_ones(place: int, left: Sequence[Task], _last: Task | None) -> Sequence[Task]:
        return _by_nearness(problem, place, left)

    made = _filled(problem, next_ones)
    rounds = tuple(_two_opt(problem, each) for each in made.rounds)
    return Plan(rounds, made.unplanned)


def _by_nearness(problem: Problem, place: int, left: Sequence[Task]) -> list[Task]:
    row = problem.seconds[place]
    return sorted(left, key=lambda task: (float(row[task.place]), task.id))


def _filled(problem: Problem, choice: Choice) -> Plan:
    """Fill the days in order, each team's in turn, until nothing more fits."""
    left = {task.id: task for task in problem.tasks}
    rounds = []
    for day in range(problem.days):
        for team in problem.teams:
            fit = [task for task in left.values() if able(team, task) and task.may_be_on(day)]
            made = _day(problem, team, day, fit, choice)
            if made is not None and made.stops:
                rounds.append(made)
                for stop in made.stops:
                    del left[stop.task]
    return Plan(tuple(rounds), tuple(Unplanned(task, "no_capacity") for task in left))


def _day(problem: Problem, team: Team, day: int, fit: list[Task], choice: Choice) -> Round | None:
    order: list[Task] = []
    made = timetable(problem, team, day, order)
    while made is not None and fit:
        place = order[-1].place if order else team.station
        found = _next(problem, team, day, order, choice(place, fit, order[-1] if order else None))
        if found is None:
            break
        made, task = found
        order.append(task)
        fit.remove(task)
    return made


def _next(
    problem: Problem, team: Team, day: int, order: Sequence[Task], tried: Sequence[Task]
) -> tuple[Round, Task] | None:
    """Return the round with the first that fits without a long wait, else the first that fits."""
    waiting = None
    for task in tried:
        made = timetable(problem, team, day, [*order, task])
        if made is None:
            continue
        if made.stops[-1].begin - made.stops[-1].arrive <= PATIENCE:
            return made, task
        waiting = waiting or (made, task)
    return waiting


def _two_opt(problem: Problem, driven: Round) -> Round:
    """Turn parts of a round about while that saves driving and the day still holds."""
    team = problem.team(driven.team)
    best, better = driven, True
    while better:
        better = False
        order = [problem.task(stop.task) for stop in best.stops]
        for a in range(len(order) - 1):
            for b in range(a + 2, len(order) + 1):
                turned = [*order[:a], *order[a:b][::-1], *order[b:]]
                if _driving(problem, team, turned) < best.driving - 1:
                    made = timetable(problem, team, driven.day, turned)
                    if made is not None:
                        best, order, better = made, turned, True
    return best


def _driving(problem: Problem, team: Team, order: Sequence[Task]) -> float:
    places = [team.station, *(task.place for task in order), team.station]
    return sum(float(problem.seconds[a, b]) for a, b in pairwise(places))
