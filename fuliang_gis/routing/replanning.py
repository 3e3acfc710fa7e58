"""Planning again with as little change as can be: missed visits go into the rounds to come (pure).

A missed visit goes where it costs the least driving. Only where no round has room, another stop
moves to make it, as few as will do; where that is not enough, a stop of lower priority is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fuliang_gis.routing.graph import Floats
from fuliang_gis.routing.making_room import Rooms
from fuliang_gis.routing.reasons import outside
from fuliang_gis.routing.rounds import Hours, Plan, Problem, Round, Task, Unplanned

#: How many stops at most move for one visit.
MOST_MOVES = 2


@dataclass(frozen=True)
class Replanned:
    """The plan from the first open day on, and what became different.

    Where travel times or locks have changed since the plan was made, stops that no longer fit their
    round are treated like missed ones, and count as moved.

    ``inserted`` are the missed tasks that rounds make now, ``moved`` other tasks whose team or day
    changed or that were left out, ``changed`` the (team, day) of every round that is not as it was.
    ``added`` is the driving that came on top [s].
    """

    plan: Plan
    inserted: tuple[str, ...]
    moved: tuple[str, ...]
    changed: tuple[tuple[str, int], ...]
    added: int


def reinsert(
    problem: Problem,
    plan: Plan,
    missed: Iterable[str],
    *,
    first_day: int,
    moves: int = MOST_MOVES,
) -> Replanned:
    """Put missed tasks into the rounds from ``first_day`` on.

    Args:
        problem: Holds every task of those rounds and every missed one. What is locked stays.
        plan: The plan as it is. Rounds before ``first_day`` are history and not returned.
        missed: Tasks that were not made, or are not planned yet; an unknown one raises KeyError.
        first_day: The first day whose rounds may change.
        moves: How many other stops at most move for one task.
    """
    wanted = [problem.task(each) for each in dict.fromkeys(missed)]
    names = {task.id for task in wanted}
    before = [each for each in plan.rounds if each.day >= first_day]
    rooms = Rooms(problem, first_day, before, leave_out=names)
    loose = [task for task in rooms.loose if task.id not in names]
    left = {task.id for task in _inserted(rooms, [*wanted, *loose], moves)}
    rooms.settle([task for task in (*wanted, *loose) if task.id not in left | rooms.displaced])
    out = left | rooms.displaced
    after = tuple(sorted(rooms.rounds(), key=lambda each: (each.day, each.team)))
    kept_out = [each for each in plan.unplanned if each.task not in names]
    reasons = dict(outside(_only(problem, out, first_day)))
    told = [Unplanned(each, reasons.get(each, "no_capacity")) for each in sorted(out)]
    made = Plan(after, (*kept_out, *told))
    return Replanned(
        made,
        tuple(task.id for task in wanted if task.id not in out),
        _moved(before, after, names),
        _changed(before, after),
        made.driving - sum(each.driving for each in before),
    )


def rest_of_day(
    problem: Problem, team_id: str, day: int, now: int, from_here: Floats, *, driven: int = 0
) -> Problem:
    """Return the problem of what is left of a team's day, which begins where the team now is.

    Args:
        problem: Only the tasks still to be made; those of other days are left out here.
        team_id: Whose day it is.
        day: The day, as the problem numbers it.
        now: Seconds after midnight.
        from_here: Travel times from where the team is to every place [s], shape (places,).
        driven: What the team has driven today [s].
    """
    team = problem.team(team_id)
    places = len(problem.seconds)
    seconds = np.zeros((places + 1, places + 1))
    seconds[:places, :places] = problem.seconds
    # The new place is where the day begins; the way back to it is the way to the station.
    seconds[places, :places] = from_here
    seconds[:places, places] = problem.seconds[:, team.station]
    seconds[places, places] = from_here[team.station]
    hours: dict[int, Hours] = {}
    if day in team.hours and now < team.hours[day][1]:
        hours[day] = (max(now, team.hours[day][0]), team.hours[day][1])
    pause = team.pause if team.pause is not None and now <= team.pause.latest else None
    limit = None if team.most_driving is None else max(team.most_driving - driven, 0)
    going_on = replace(team, station=places, hours=hours, pause=pause, most_driving=limit)
    tasks = tuple(task for task in problem.tasks if task.may_be_on(day))
    kept = {task.id for task in tasks}
    apart = tuple((a, b) for a, b in problem.apart if a in kept and b in kept)
    return replace(problem, teams=(going_on,), tasks=tasks, seconds=seconds, apart=apart)


def _inserted(rooms: Rooms, wanted: Iterable[Task], most_moves: int) -> list[Task]:
    """Insert tasks, first those that would suffer most by waiting; return what found no room."""
    waiting = list(wanted)
    while found := [task for task in waiting if rooms.cheapest(task) is not None]:
        task = max(found, key=lambda each: (rooms.regret(each), each.priority, each.id))
        spot = rooms.cheapest(task)
        assert spot is not None  # noqa: S101  # Narrows for the type checkers.
        rooms.put(task, spot)
        waiting.remove(task)
    waiting.sort(key=lambda each: (-each.priority, each.id))
    for moves in range(1, most_moves + 1):
        waiting = [task for task in waiting if not rooms.make_room(task, moves)]
    return [task for task in waiting if not (most_moves and rooms.displace_for(task))]


def _only(problem: Problem, names: Iterable[str], first_day: int) -> Problem:
    """Return the problem of a few tasks, from a day on."""
    tasks = tuple(problem.task(each) for each in names)
    teams = tuple(
        replace(team, hours={day: at for day, at in team.hours.items() if day >= first_day})
        for team in problem.teams
    )
    return replace(problem, teams=teams, tasks=tasks, apart=())


def _moved(before: Sequence[Round], after: Sequence[Round], missed: set[str]) -> tuple[str, ...]:
    was, is_now = _where(before), _where(after)
    return tuple(each for each in was if each not in missed and was[each] != is_now.get(each))


def _where(rounds: Iterable[Round]) -> dict[str, tuple[str, int]]:
    return {stop.task: (each.team, each.day) for each in rounds for stop in each.stops}


def _changed(before: Iterable[Round], after: Iterable[Round]) -> tuple[tuple[str, int], ...]:
    was = {(each.team, each.day): each for each in before}
    is_now = {(each.team, each.day): each for each in after}
    keys = sorted(was.keys() | is_now.keys(), key=lambda key: (key[1], key[0]))
    return tuple(key for key in keys if not _alike(was.get(key), is_now.get(key)))


def _alike(was: Round | None, is_now: Round | None) -> bool:
    if was is None or is_now is None or len(was.stops) != len(is_now.stops):
        return False
    return all(
        a.task == b.task and abs(a.arrive - b.arrive) <= _NEAR
        for a, b in zip(was.stops, is_now.stops, strict=True)
    )


#: Arrivals that differ by no more are the same: times of day are kept in whole seconds [s].
_NEAR = 2
