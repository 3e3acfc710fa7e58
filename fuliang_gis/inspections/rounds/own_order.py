"""The rest of a day in its best order, with nothing left out (pure)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fuliang_gis.errors import Invalid
from fuliang_gis.errors import Problem as Refusal
from fuliang_gis.inspections.rounds.feasibility import loosely
from fuliang_gis.routing.graph import Floats
from fuliang_gis.routing.replanning import rest_of_day
from fuliang_gis.routing.rounds import DAY, Plan, Problem, Round, Task
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
    made within them; else they are let go, for to leave something out is not the driver's matter.

    Raises:
        Invalid: A stop cannot be reached, or the day is too short whatever the order.
    """
    strict = rest_of_day(problem, left.team, left.day, left.now, left.from_here, driven=left.driven)
    free = _free(problem, left)
    held = len(strict.tasks) == len(left.order) and left.day in strict.teams[0].hours
    base = strict if held else free
    was = loosely(base, base.teams[0], left.day, [base.task(name) for name in left.order])
    effort = Effort(seed=seed, iterations=_ITERATIONS)
    made = _best(base, effort, was) or _loosely_best(base, free, effort, left.day)
    if was is not None and was.driving <= made.driving and was.end <= made.end:
        made = was
    return base, was, made


def _best(problem: Problem, effort: Effort, was: Round | None) -> Round | None:
    """Return the best round, if it makes everything."""
    found = plan(problem, effort, start_from=Plan((was,), ()) if was else None)
    return found.rounds[0] if found.rounds and not found.unplanned else None


def _loosely_best(base: Problem, free: Problem, effort: Effort, day: int) -> Round:
    """Return the best round when hours and limits do not hold."""
    found = plan(free, effort)
    if away := [each for each in found.unplanned if each.reason == "unreachable"]:
        told = f"有 {len(away)} 个点现在道路不通，无法重排。请联系办公室调整。"
        raise Invalid([Refusal("no_road", told, "A stop cannot be reached.", "round_id")])
    if found.unplanned or not found.rounds:
        told = "剩余的点今天无论怎样排都做不完。做不完的夜里会退回，由办公室补排。"
        raise Invalid([Refusal("no_capacity", told, "The day is too short.", "round_id")])
    order = [base.task(stop.task) for stop in found.rounds[0].stops]
    return loosely(base, base.teams[0], day, order) or found.rounds[0]


def _free(problem: Problem, left: Left) -> Problem:
    """Return what is left when it may be made at any time until midnight."""

    def freed(task: Task) -> Task:
        days = (left.day, left.day)
        return replace(task, days=days, day=None, team=None, hours=(), skills=frozenset())

    tasks = tuple(freed(task) for task in problem.tasks)
    rest = rest_of_day(
        replace(problem, tasks=tasks, apart=()), left.team, left.day, left.now, left.from_here
    )
    begins = max(left.now, rest.teams[0].hours.get(left.day, (left.now, 0))[0])
    team = replace(
        rest.teams[0], hours={left.day: (begins, DAY - 1)}, pause=None, most_driving=None
    )
    return replace(rest, teams=(team,))
