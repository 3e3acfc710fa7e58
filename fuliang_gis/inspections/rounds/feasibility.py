"""What stands against a round in a given order, by name, and where one more stop fits best (pure).

The solver says only whether a round can be driven. People who move a stop by hand are told which
of its conditions do not hold, so each is tried while the others are let go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from fuliang_gis.routing.rounds import DAY, Problem, Round, Task, Team, timetable

#: What a round may break, in the order in which people are told.
CONDITIONS: Mapping[str, tuple[str, str]] = {
    "past": ("这一天已过去", "the day is over"),
    "locked": ("停靠点、路线、日期或队伍已锁定，请先解锁", "it is locked; unlock it first"),
    "begun": ("已巡查的停靠点不能再移动", "a visit that was made does not move"),
    "day_off": ("队伍当天不上班", "the team does not work on that day"),
    "period": ("不在任务可巡查的日期内", "the day is outside the obligation's dates"),
    "skill": ("队伍没有所需技能", "the team lacks the skill"),
    "unreachable": ("道路不通，无法到达", "there is no way by road"),
    "hours": ("到达时该点不开放", "the location is closed by then"),
    "shift": ("下班前回不到工作站", "the team is not back before its shift ends"),
    "driving": ("超过队伍每日最长行车时间", "the team would drive too long"),
    "break": ("排不出午休", "there is no time for the break"),
    "apart": ("与不得同日的点位排在了同一天", "two locations must not share a day"),
}

#: The hours that a day off is reckoned with, to tell times all the same.
_USUAL = (8 * 3600, 18 * 3600)


def broken(
    problem: Problem, team: Team, day: int, order: Sequence[Task], placed: Sequence[str] = ()
) -> list[str]:
    """Return the names of the conditions that a round in this order breaks.

    Args:
        placed: The tasks whose dates and skills are in question; the others were there before.
    """
    found = [] if day in team.hours else ["day_off"]
    asked = [task for task in order if task.id in placed]
    if any(not task.days[0] <= day <= task.days[1] for task in asked):
        found.append("period")
    if any(not task.skills <= team.skills for task in asked):
        found.append("skill")
    if not _reached(problem, team, order):
        return [*found, "unreachable"]
    return [*found, *_untimely(problem, team, day, order)]


def loosely(problem: Problem, team: Team, day: int, order: Sequence[Task]) -> Round | None:
    """Return the round in this order, by its conditions if it can be, else without them.

    None only where there is no way by road.
    """
    return timetable(problem, team, day, order) or _let_go(problem, team, day, order)


def best_order(
    problem: Problem, team: Team, day: int, order: Sequence[Task], task: Task, *, first: int = 0
) -> list[Task]:
    """Return the order with a task where it adds the least driving, if it can be where all holds.

    Args:
        first: Before which stop it may go at the earliest, from 0.
    """
    found = []
    for place in range(min(first, len(order)), len(order) + 1):
        tried = [*order[:place], task, *order[place:]]
        fits = timetable(problem, team, day, tried)
        made = fits or _let_go(problem, team, day, tried)
        driving, end = (made.driving, made.end) if made else (DAY, DAY)
        found.append((fits is None, driving, end, place, tried))
    return min(found, key=lambda each: each[:4])[4]


def _reached(problem: Problem, team: Team, order: Sequence[Task]) -> bool:
    places = [team.station, *(task.place for task in order), team.station]
    return all(np.isfinite(problem.seconds[a, b]) for a, b in pairwise(places))


def _untimely(problem: Problem, team: Team, day: int, order: Sequence[Task]) -> Iterator[str]:
    if day not in team.hours:
        team = _working(team, day)
    if timetable(problem, team, day, order) is not None:
        return
    names = ("hours", "shift", "driving", "break")
    alone = [n for n in names if _let_go(problem, team, day, order, hold=n) is None]
    # What holds by itself may still not hold together with the rest.
    helped = [n for n in names if _let_go(problem, team, day, order, only=n) is not None]
    yield from alone or helped or ["shift"]


def _let_go(
    problem: Problem,
    team: Team,
    day: int,
    order: Sequence[Task],
    *,
    hold: str | None = None,
    only: str | None = None,
) -> Round | None:
    """Return the round without conditions of time, but for one that holds.

    Args:
        hold: The one condition that holds.
        only: The one condition that does not hold; the others do.
    """
    gone = {only} if only else {"hours", "shift", "driving", "break"} - {hold}
    begins, ends = team.hours.get(day, _USUAL)
    ends = 7 * DAY if "shift" in gone else ends
    team = replace(team, hours={**team.hours, day: (begins, ends)})
    if "driving" in gone:
        team = replace(team, most_driving=None)
    if "break" in gone:
        team = replace(team, pause=None)
    if "hours" in gone:
        order = [replace(task, hours=()) for task in order]
    return timetable(problem, team, day, order)


def _working(team: Team, day: int) -> Team:
    """Return the team as if it worked on the day, as on its other days."""
    hours = next(iter(team.hours.values()), _USUAL)
    return replace(team, hours={**team.hours, day: hours})
