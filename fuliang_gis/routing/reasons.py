"""Why a task cannot be planned, even by a team that does nothing else (pure)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fuliang_gis.routing.rounds import Problem, Task, Team, able, timetable


def outside(problem: Problem) -> Iterable[tuple[str, str]]:
    """Yield the tasks that no team could make even alone, with the reason."""
    for task in problem.tasks:
        capable = [team for team in problem.teams if able(team, task)]
        if not capable:
            yield task.id, "no_skill"
            continue
        reached = [team for team in capable if _reaches(problem, team, task)]
        if not reached:
            yield task.id, "unreachable"
            continue
        days = [(t, d) for t in reached for d in t.hours if task.may_be_on(d)]
        if not any(timetable(problem, team, day, [task]) for team, day in days):
            longest = task.service + 2 * min(
                problem.seconds[team.station, task.place] for team in reached
            )
            room = max((h[1] - h[0] for team in reached for h in team.hours.values()), default=0)
            yield task.id, "no_capacity" if days and longest > room else "no_window"


def _reaches(problem: Problem, team: Team, task: Task) -> bool:
    there = problem.seconds[team.station, task.place]
    back = problem.seconds[task.place, team.station]
    return bool(np.isfinite(there) and np.isfinite(back))
