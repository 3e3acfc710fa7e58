"""Visits to one place planned as one stop, and what comes out again."""

from __future__ import annotations

from dataclasses import replace

from fuliang_gis.routing.merging import LONGEST, merged
from fuliang_gis.routing.rounds import Problem
from fuliang_gis.routing.solving import Effort, plan
from tests.routing.checker import faults
from tests.routing.test_rounds import LUNCH, line, team, visit

HOUR = 3600


def test_only_what_is_alike_becomes_one_stop() -> None:
    """Place, days, skills, priority and locks must be the same; hours and pairs stay alone."""
    tasks = (
        visit("a", 1),
        visit("b", 1),
        visit("elsewhere", 2),
        visit("sample", 1, skills=frozenset({"水质"})),
        visit("late", 1, priority=3.0),
        visit("office", 1, hours=((0, HOUR),)),
        visit("one", 1),
        visit("other", 1),
        visit("c", 1),
    )
    problem = Problem(1, (team(),), tasks, line(10, 20), apart=(("one", "other"),))
    found = merged(problem)
    assert [members for members in found.members.values() if len(members) > 1] == [("a", "b", "c")]
    head = found.problem.task("a")
    assert (head.service, head.priority) == (1800, 3.0)
    assert found.apart([found.problem.task("late"), head], problem) == [
        problem.task(each) for each in ("late", "a", "b", "c")
    ]


def test_a_stop_does_not_outgrow_what_is_left_of_a_day() -> None:
    """Five visits of forty minutes at one place are two stops."""
    tasks = tuple(visit(f"v{n}", 1, service=2400) for n in range(5))
    found = merged(Problem(1, (team(),), tasks, line(10)))
    assert [task.service for task in found.problem.tasks] == [LONGEST, 4800]


def test_a_plan_can_be_put_in_merged_terms() -> None:
    """Starting from a plan of single visits, the merged one is where its first visit was."""
    tasks = tuple(visit(f"v{n}", 1 + n // 2, days=(0, 1)) for n in range(4))
    problem = Problem(2, (team(days=2),), tasks, line(10, 20))
    made = plan(problem, Effort(iterations=50))
    told = merged(problem).together(made)
    assert sorted(stop.task for each in told.rounds for stop in each.stops) == ["v0", "v2"]
    again = plan(problem, Effort(iterations=1), start_from=made)
    assert again.driving == made.driving


def test_an_afternoon_office_is_not_waited_for_twice() -> None:
    """Seven hours of work, a lunch, and an office open from two: all of it fits into one day."""
    tasks = (
        *(visit(f"v{n}", 1, service=HOUR) for n in range(5)),
        visit("office", 1, service=HOUR, hours=((14 * HOUR, 14 * HOUR + 600),)),
        visit("last", 1, service=HOUR),
    )
    problem = Problem(1, (team(pause=LUNCH),), tasks, line(10))
    found = plan(problem, Effort(iterations=300))
    assert faults(problem, found) == []
    assert found.unplanned == ()
    mixed = replace(problem, teams=(team("甲", pause=LUNCH), team("乙")))
    assert faults(mixed, plan(mixed, Effort(iterations=100))) == []
