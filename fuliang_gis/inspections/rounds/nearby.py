"""Making up for missed visits county-wide: each near its own station first (pure).

To ask every day of every team for each visit takes long where there are many, and a team from the
other end of the county is hardly ever the answer. So a visit goes into the rounds of the nearest
station that can make it, without moving anything; only what finds no room there is asked for
everywhere, and may move others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from fuliang_gis.routing.replanning import Replanned, reinsert
from fuliang_gis.routing.rounds import Plan, Problem, Task, able

#: Stations nearer than this are one [s].
_SAME = 60.0


def reinsert_nearby(
    problem: Problem, plan: Plan, missed: Collection[str], *, first_day: int
) -> Replanned:
    """Put missed tasks into rounds to come, as ``reinsert`` does."""
    stations = _stations(problem)
    # Pairs that keep apart may be made from different stations.
    if len(set(stations.values())) == 1 or problem.apart or not missed:
        return reinsert(problem, plan, missed, first_day=first_day)
    found = [
        reinsert(part, rounds, wanted, first_day=first_day, moves=0)
        for part, rounds, wanted in _parts(problem, plan, missed, stations)
    ]
    inserted = [task for each in found for task in each.inserted]
    rounds = [one for each in found for one in each.plan.rounds]
    near = Plan(tuple(sorted(rounds, key=lambda each: (each.day, each.team))), plan.unplanned)
    moved = [task for each in found for task in each.moved]
    rest = [task for task in missed if task not in set(inserted)]
    last = reinsert(problem, near, [*rest, *_out(found, moved)], first_day=first_day)
    changed = {key for each in (*found, last) for key in each.changed}
    before = sum(each.driving for each in plan.rounds if each.day >= first_day)
    return replace(
        last,
        inserted=tuple(dict.fromkeys([*inserted, *(t for t in last.inserted if t in set(rest))])),
        moved=tuple(dict.fromkeys([*moved, *(t for t in last.moved if t not in set(missed))])),
        changed=tuple(sorted(changed, key=lambda key: (key[1], key[0]))),
        added=last.plan.driving - before,
    )


def _parts(
    problem: Problem, plan: Plan, missed: Collection[str], stations: Mapping[str, int]
) -> Iterable[tuple[Problem, Plan, list[str]]]:
    """Yield each station's teams with their rounds and the missed tasks that lie nearest to it."""
    own = {stop.task: stations[each.team] for each in plan.rounds for stop in each.stops}
    wanted = set(missed)
    at = {task.id: _nearest(problem, task, stations) for task in problem.tasks if task.id in wanted}
    for station in sorted(set(stations.values())):
        teams = tuple(team for team in problem.teams if stations[team.id] == station)
        names = {team.id for team in teams}
        tasks = tuple(
            task for task in problem.tasks if at.get(task.id, own.get(task.id)) == station
        )
        rounds = tuple(each for each in plan.rounds if each.team in names)
        near = [task for task in missed if at[task] == station]
        yield replace(problem, teams=teams, tasks=tasks), Plan(rounds, ()), near


def _stations(problem: Problem) -> dict[str, int]:
    """Return each team's station; those that are no drive apart are one."""
    found: dict[str, int] = {}
    for team in problem.teams:
        same = [at for at in found.values() if problem.seconds[at, team.station] < _SAME]
        found[team.id] = min(same, default=team.station)
    return found


def _nearest(problem: Problem, task: Task, stations: Mapping[str, int]) -> int:
    fitting = {stations[team.id] for team in problem.teams if able(team, task)}
    return min(
        fitting or stations.values(),
        key=lambda each: (float(problem.seconds[each, task.place]), each),
    )


def _out(found: Iterable[Replanned], moved: Sequence[str]) -> list[str]:
    """Return what rounds made before and none makes now."""
    made = {stop.task for each in found for one in each.plan.rounds for stop in one.stops}
    return [task for task in moved if task not in made]
