"""The rest of a day in its best order, with nothing left out (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fuliang_gis.errors import Invalid
from fuliang_gis.errors import Problem as Refusal
from fuliang_gis.routing.graph import Floats
from fuliang_gis.routing.replanning import rest_of_day
from fuliang_gis.routing.rounds import DAY, Plan, Problem, Round, Task, timetable
from fuliang_gis.routing.solving import Effort, plan

#: A day's few stops are in their best order long before.
_ITERATIONS = 300


@dataclass(frozen=True)
class Left:
    """What is left of a team's day: from ``now`` [s after midnight], the tasks in present order.

    ``from_here`` are travel times from where the team is [s], ``driven`` what it drove today [s].
    """

    team: str
    day: int
    now: int
    from_here: Floats
    driven: int
    order: tuple[str, ...]


def in_best_order(problem: Problem, left: Left, seed: int) -> tuple[Problem, Round | None, Round]:
    """Return the problem of what is left, its present round, and the best one.

    The present round is None where a road on it is closed. Hours and limits hold where all can be
    made within them; else they are let go step by step, for to leave something out is not the
    driver's matter.

    Raises:
        Invalid: A stop cannot be reached, or the day is too short whatever the order.
    """
    steps = _steps(problem, left)
    was = _present(steps, left)
    effort = Effort(seed=seed, iterations=_ITERATIONS)
    base, made = _best(steps, effort, was)
    if was is not None and was.driving <= made.driving and was.end <= made.end:
        made = was
    return base, was, made


def _steps(problem: Problem, left: Left) -> list[Problem]:
    """Return the problem as it is, then with overtime, then at any time, then without a break."""
    args = (left.team, left.day, left.now, left.from_here)
    strict = rest_of_day(problem, *args, driven=left.driven)
    whole = replace(
        problem, tasks=tuple(_today(task, left.day) for task in problem.tasks), apart=()
    )
    longer = _until_midnight(rest_of_day(whole, *args), left)
    any_time = replace(longer, tasks=tuple(replace(task, hours=()) for task in longer.tasks))
    crew = replace(any_time.teams[0], pause=None)
    found = [longer, any_time, replace(any_time, teams=(crew,))]
    return [strict, *found] if len(strict.tasks) == len(left.order) else found


def _present(steps: Sequence[Problem], left: Left) -> Round | None:
    """Return the present order as it would be driven, under the first conditions that allow it."""
    for each in steps:
        order = [each.task(name) for name in left.order]
        if made := timetable(each, each.teams[0], left.day, order):
            return made
    return None


def _best(steps: Sequence[Problem], effort: Effort, was: Round | None) -> tuple[Problem, Round]:
    """Return the best round that makes everything, and the conditions under which it does."""
    found = Plan((), ())
    for each in steps:
        found = plan(each, effort, start_from=Plan((was,), ()) if was else None)
        if found.rounds and not found.unplanned:
            return each, found.rounds[0]
    if away := [each for each in found.unplanned if each.reason == "unreachable"]:
        told = f"有 {len(away)} 个点现在道路不通，无法重排。请联系办公室调整。"
        raise Invalid([Refusal("no_road", told, "A stop cannot be reached.", "round_id")])
    told = "剩余的点今天无论怎样排都做不完。做不完的夜里会退回，由办公室补排。"
    raise Invalid([Refusal("no_capacity", told, "The day is too short.", "round_id")])


def _today(task: Task, day: int) -> Task:
    """Return a task that is for this day, and for whoever drives it."""
    return replace(task, days=(day, day), day=None, team=None, skills=frozenset())


def _until_midnight(rest: Problem, left: Left) -> Problem:
    team = rest.teams[0]
    begins = max(left.now, team.hours.get(left.day, (left.now, 0))[0])
    crew = replace(team, hours={left.day: (begins, DAY - 1)}, most_driving=None)
    return replace(rest, teams=(crew,))
