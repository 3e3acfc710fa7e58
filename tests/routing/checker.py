"""An independent check of a plan: it knows the problem and what was planned, not how."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from fuliang_gis.routing.rounds import Plan, Problem, Round, Stop, Task, Team

#: Rounding of whole seconds [s].
NEAR = 2


def faults(problem: Problem, plan: Plan) -> list[str]:
    """Return every hard rule that a plan breaks."""
    found = [fault for each in plan.rounds for fault in _round_faults(problem, each)]
    made = Counter(stop.task for each in plan.rounds for stop in each.stops)
    made.update(left.task for left in plan.unplanned)
    found += [
        f"{task.id}: told {made[task.id]} times" for task in problem.tasks if made[task.id] != 1
    ]
    found += [f"{task}: unknown" for task in made.keys() - {task.id for task in problem.tasks}]
    shifts = Counter((each.team, each.day) for each in plan.rounds)
    found += [f"{shift}: {number} rounds" for shift, number in shifts.items() if number > 1]
    day_of = {stop.task: each.day for each in plan.rounds for stop in each.stops}
    found += [
        f"{a} and {b} share day {day_of[a]}"
        for a, b in problem.apart
        if a in day_of and day_of[a] == day_of.get(b)
    ]
    return found


def _round_faults(problem: Problem, driven: Round) -> list[str]:
    team = problem.team(driven.team)
    told = f"{driven.team} on day {driven.day}"
    hours = team.hours.get(driven.day)
    if hours is None:
        return [f"{told}: does not work"]
    found = []
    if driven.start < hours[0] or driven.end > hours[1] + NEAR:
        found.append(f"{told}: works {driven.start}–{driven.end}, not within {hours}")
    for stop in driven.stops:
        found += [f"{told}: {fault}" for fault in _stop_faults(problem.task(stop.task), stop)]
        found += [
            f"{told}: {fault}" for fault in _wrong_team(problem.task(stop.task), team, driven)
        ]
    places = [problem.task(stop.task).place for stop in driven.stops]
    ends = pairwise([team.station, *places, team.station])
    legs = [float(problem.seconds[a, b]) for a, b in ends]
    found += [f"{told}: {fault}" for fault in _time_faults(driven, legs, team)]
    if team.most_driving is not None and sum(legs) > team.most_driving + NEAR:
        found.append(f"{told}: drives {sum(legs):.0f} s")
    load = sum(problem.task(stop.task).load for stop in driven.stops)
    if team.room is not None and load > team.room:
        found.append(f"{told}: takes {load} along")
    if abs(sum(legs) - driven.driving) > NEAR:
        found.append(f"{told}: says {driven.driving} s of driving, not {sum(legs):.0f}")
    return found


def _stop_faults(task: Task, stop: Stop) -> list[str]:
    found = []
    if stop.begin < stop.arrive or abs(stop.leave - stop.begin - task.service) > NEAR:
        found.append(f"works {stop.begin}–{stop.leave} at {stop.task}")
    if task.hours and not any(a - NEAR <= stop.begin <= b + NEAR for a, b in task.hours):
        found.append(f"{stop.task} outside its hours")
    return found


def _wrong_team(task: Task, team: Team, driven: Round) -> list[str]:
    found = []
    if not task.days[0] <= driven.day <= task.days[1] or task.day not in (None, driven.day):
        found.append(f"{task.id} on a wrong day")
    if not task.skills <= team.skills or task.team not in (None, team.id):
        found.append(f"{task.id} is not for this team")
    return found


def _time_faults(driven: Round, legs: list[float], team: Team) -> list[str]:
    """Walk through the day: no leg may be quicker than the road, and the break must fit in."""
    begins = [driven.start, *(stop.leave for stop in driven.stops)]
    ends = [*(stop.arrive for stop in driven.stops), driven.end]
    spare = [end - begin - leg for begin, end, leg in zip(begins, ends, legs, strict=True)]
    found = [f"leg {n} is {-left:.0f} s too quick" for n, left in enumerate(spare) if left < -NEAR]
    if team.pause is None:
        return found
    at, length = driven.pause_at, team.pause.seconds
    if at is None and driven.end <= team.pause.latest:
        # Back at the station in time for it.
        return found
    if at is None or not team.pause.earliest <= at <= team.pause.latest:
        return [*found, "has no break in its hours"]
    waits = [stop.begin - stop.arrive for stop in driven.stops]
    if not any(
        begin - NEAR <= at <= end + NEAR and left + wait >= length - NEAR
        for begin, end, left, wait in zip(begins, ends, spare, [*waits, 0], strict=True)
    ):
        found.append("works through its break")
    return found
