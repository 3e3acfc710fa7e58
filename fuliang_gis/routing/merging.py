"""Visits to one place that ask for the same are planned as one stop (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fuliang_gis.routing.rounds import Plan, Problem, Task

#: Stops do not grow longer than this by merging, so that they still fit into what is left of a day.
LONGEST = 7200


@dataclass(frozen=True)
class Merged:
    """A problem with fewer tasks; ``members`` are the tasks that each stands for."""

    problem: Problem
    members: Mapping[str, tuple[str, ...]]

    def apart(self, order: list[Task], whole: Problem) -> list[Task]:
        """Return the tasks of the whole problem that an order of merged ones stands for."""
        return [whole.task(each) for task in order for each in self.members[task.id]]

    def together(self, plan: Plan) -> Plan:
        """Return a plan of the whole problem in terms of the merged one.

        A merged task is where the first of its members is; rounds that do not hold then are left
        to whoever takes the plan as a start.
        """
        head = {each: name for name, members in self.members.items() for each in members}
        seen: set[str] = set()
        rounds = []
        for each in plan.rounds:
            stops = []
            for stop in each.stops:
                name = head.get(stop.task)
                if name is not None and name not in seen:
                    seen.add(name)
                    stops.append(replace(stop, task=name))
            rounds.append(replace(each, stops=tuple(stops)))
        return Plan(tuple(rounds), ())


def merged(problem: Problem) -> Merged:
    """Merge the tasks that differ in nothing but how long they take.

    What has hours of its own, or must not share a day with another, stays by itself.
    """
    alone = {each for pair in problem.apart for each in pair}
    growing: dict[object, list[Task]] = {}
    groups: list[list[Task]] = []
    for task in problem.tasks:
        like = (task.place, task.days, task.skills, task.priority, task.team, task.day)
        key: object = task.id if task.hours or task.id in alone else like
        found = growing.get(key)
        if found is None or sum(each.service for each in found) + task.service > LONGEST:
            found = growing[key] = []
            groups.append(found)
        found.append(task)
    tasks = tuple(
        replace(
            found[0],
            service=sum(each.service for each in found),
            priority=sum(each.priority for each in found),
            load=sum(each.load for each in found),
        )
        for found in groups
    )
    members = {found[0].id: tuple(each.id for each in found) for found in groups}
    return Merged(replace(problem, tasks=tasks), members)
