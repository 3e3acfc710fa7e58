"""Rounds: small cases checked by hand, and random ones by the independent checker."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuliang_gis.routing.decomposing import plan_by_station
from fuliang_gis.routing.rounds import Break, Plan, Problem, Task, Team, Weights, timetable
from fuliang_gis.routing.solving import Effort, plan
from tests.routing.checker import faults

EIGHT, FIVE = 8 * 3600, 17 * 3600
QUICK = Effort(iterations=150)
LUNCH = Break(11 * 3600, 13 * 3600, 3600)


def team(name: str = "甲", days: int = 1, **given_: object) -> Team:
    """Return a team that works from eight to five every day, stationed at place 0."""
    return Team(name, 0, dict.fromkeys(range(days), (EIGHT, FIVE)), **given_)  # type: ignore[arg-type]


def line(*minutes: float) -> np.ndarray:
    """Return travel times between places along one road, so many minutes from its beginning."""
    at = np.array([0.0, *minutes]) * 60
    return np.asarray(np.abs(at[:, None] - at[None, :]))


def visit(name: str, place: int, **given_: object) -> Task:
    """Return a visit of ten minutes, possible on the first day alone unless told otherwise."""
    wanted = {"days": (0, 0), "service": 600} | given_
    return Task(name, place, **wanted)  # type: ignore[arg-type]


def test_one_road_is_driven_out_and_back() -> None:
    """Three visits along one road: out to the farthest and back, sixty minutes of driving."""
    problem = Problem(1, (team(),), tuple(visit(f"v{n}", n) for n in (1, 2, 3)), line(10, 20, 30))
    found = plan(problem, QUICK)
    assert faults(problem, found) == []
    assert found.unplanned == ()
    assert found.driving == 3600
    assert len(found.rounds) == 1


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        (visit("a", 1, skills=frozenset({"水质"})), "no_skill"),
        (visit("a", 1, team="乙"), "no_skill"),
        (visit("a", 2), "unreachable"),
        (visit("a", 1, days=(1, 1)), "no_window"),
        (visit("a", 1, hours=((0, 3600),)), "no_window"),
        (visit("a", 1, service=9 * 3600), "no_capacity"),
    ],
)
def test_what_cannot_be_planned_says_why(task: Task, reason: str) -> None:
    """Each reason in its plainest case; the other visit is planned all the same."""
    seconds = line(10, 20)
    seconds[2, :2] = seconds[:2, 2] = np.inf
    problem = Problem(2, (team(),), (task, visit("b", 1)), seconds)
    found = plan(problem, QUICK)
    assert [(left.task, left.reason) for left in found.unplanned] == [("a", reason)]
    assert faults(problem, found) == []


def test_the_more_pressing_visit_is_kept() -> None:
    """A day that holds only one of two long visits makes the overdue one."""
    tasks = (visit("usual", 1, service=5 * 3600), visit("late", 1, service=5 * 3600, priority=3.0))
    found = plan(Problem(1, (team(),), tasks, line(10)), QUICK)
    assert [(left.task, left.reason) for left in found.unplanned] == [("usual", "no_capacity")]


def test_locks_are_kept() -> None:
    """A visit locked to a day and another locked to a team stay there though it costs more."""
    tasks = (
        visit("a", 1, days=(0, 4), day=3),
        visit("b", 1, days=(0, 4), team="乙"),
        visit("c", 1, days=(0, 4)),
    )
    problem = Problem(5, (team("甲", 5), team("乙", 5)), tasks, line(30))
    found = plan(problem, QUICK)
    assert faults(problem, found) == []
    where = {stop.task: (each.team, each.day) for each in found.rounds for stop in each.stops}
    assert where["a"][1] == 3
    assert where["b"][0] == "乙"


def test_pairs_apart_are_not_made_on_one_day() -> None:
    """Two samples at one place would be cheapest together, and are made on two days."""
    tasks = (visit("a", 1, days=(0, 2)), visit("b", 1, days=(0, 2)))
    problem = Problem(3, (team(days=3),), tasks, line(30), apart=(("a", "b"),))
    found = plan(problem, QUICK)
    assert faults(problem, found) == []
    assert found.unplanned == ()
    assert len(found.rounds) == 2


@pytest.mark.parametrize("count", [3, 4, 5])
def test_a_group_apart_is_made_on_as_many_days(count: int) -> None:
    """Of several visits at one place no two share a day, though one trip would be cheapest."""
    names = [f"v{n}" for n in range(count)]
    tasks = tuple(visit(name, 1, days=(0, 4)) for name in names)
    apart = tuple(combinations(names, 2))
    problem = Problem(5, (team(days=5),), tasks, line(30), apart=apart)
    found = plan(problem, QUICK)
    assert faults(problem, found) == []
    assert found.unplanned == ()
    assert len(found.rounds) == count


def test_a_break_is_taken_in_its_hours() -> None:
    """A full day holds its break between eleven and one, and one visit fewer than without."""
    tasks = tuple(visit(f"v{n}", 1, service=3600) for n in range(10))
    with_break = Problem(1, (team(pause=LUNCH),), tasks, line(10))
    without = Problem(1, (team(),), tasks, line(10))
    found, free = plan(with_break, QUICK), plan(without, QUICK)
    assert faults(with_break, found) == []
    assert len(found.rounds[0].stops) == 7
    assert len(free.rounds[0].stops) == 8


def test_a_short_day_is_not_spent_waiting_for_its_break() -> None:
    """Back before the break: none on the way. Longer: it lies where the day ends soonest."""
    problem = Problem(
        1, (team(pause=LUNCH),), tuple(visit(f"v{n}", 1) for n in range(40)), line(10)
    )
    crew = problem.teams[0]
    short = timetable(problem, crew, 0, problem.tasks[:6])
    assert short is not None
    assert (short.pause_at, short.end) == (None, EIGHT + 80 * 60)
    longer = timetable(problem, crew, 0, problem.tasks[:30])
    assert longer is not None
    assert longer.pause_at is not None
    assert LUNCH.earliest <= longer.pause_at <= LUNCH.latest
    assert longer.end == EIGHT + (320 + 60) * 60


def test_an_office_that_opens_after_lunch_is_reached_after_it() -> None:
    """Nothing but an afternoon office: the break is over before the team sets out."""
    office = visit("office", 1, hours=((14 * 3600, 14 * 3600 + 600),))
    problem = Problem(1, (team(pause=LUNCH),), (office,), line(10))
    made = timetable(problem, problem.teams[0], 0, [office])
    assert made is not None
    assert (made.start, made.pause_at) == (13 * 3600 - 600, 13 * 3600 - 600)
    assert made.stops[0].begin == 14 * 3600


def test_office_hours_are_waited_for() -> None:
    """An office open from three on is visited last, and its team leaves no earlier than needed."""
    tasks = (visit("office", 1, hours=((15 * 3600, 16 * 3600),)), visit("tap", 2))
    problem = Problem(1, (team(),), tasks, line(10, 20))
    found = plan(problem, QUICK)
    assert faults(problem, found) == []
    assert found.unplanned == ()


def test_a_plan_begins_where_another_ended() -> None:
    """With one iteration and a good plan to start from, the result is no worse than that plan."""
    random = np.random.default_rng(7)
    at = random.uniform(0, 3600, (31, 2))
    seconds = np.hypot(*(at[:, None] - at[None, :]).T)
    tasks = tuple(visit(f"v{n}", n, days=(0, 3)) for n in range(1, 31))
    problem = Problem(4, (team(days=4),), tasks, seconds)
    good = plan(problem, Effort(iterations=400))
    again = plan(problem, Effort(iterations=1), start_from=good)
    assert again.driving <= good.driving + 60
    gone = replace(problem, tasks=tasks[5:])
    after = plan(gone, Effort(iterations=1), start_from=good)
    assert faults(gone, after) == []


def test_a_search_can_be_watched_and_ended() -> None:
    """Whoever watches is told of the best cost, and ends the search with what it has found."""
    costs: list[float] = []

    def watch(_seconds: float, cost: float) -> bool:
        costs.append(cost)
        return len(costs) < 20

    tasks = tuple(visit(f"v{n}", 1) for n in range(5))
    found = plan(Problem(1, (team(),), tasks, line(10)), Effort(seconds=60), progress=watch)
    assert len(costs) == 20
    assert costs == sorted(costs, reverse=True)
    assert found.unplanned == ()


TASKS = st.builds(
    lambda place, service, first, length, hours, skill, priority, load: {
        "place": place,
        "service": service,
        "days": (first, min(first + length, 4)),
        "hours": ((9 * 3600, 11 * 3600), (14 * 3600, 16 * 3600)) if hours else (),
        "skills": frozenset({"水质"}) if skill else frozenset(),
        "priority": priority,
        "load": load,
    },
    st.integers(1, 9),
    st.sampled_from([600, 1800, 7200]),
    st.integers(0, 4),
    st.integers(0, 4),
    st.booleans(),
    st.booleans(),
    st.sampled_from([1.0, 3.0]),
    st.integers(0, 2),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TASKS, min_size=1, max_size=14), st.integers(0, 2**31), st.booleans())
def test_no_plan_breaks_a_rule(tasks: list[dict[str, object]], seed: int, limited: bool) -> None:  # noqa: FBT001
    """Whatever is asked, every round keeps every rule and every task is told exactly once."""
    random = np.random.default_rng(seed)
    at = random.uniform(0, 5400, (10, 2))
    seconds = np.hypot(*(at[:, None] - at[None, :]).T)
    seconds[9, :9] = seconds[:9, 9] = np.inf if random.random() < 0.3 else 900.0
    teams = (
        team("甲", 5, pause=LUNCH, skills=frozenset({"水质"})),
        team("乙", 3, most_driving=2 * 3600 if limited else None, room=3),
        team("丙", 3, most_driving=2 * 3600 if limited else None, room=3),
    )
    made = tuple(Task(f"t{n}", **each) for n, each in enumerate(tasks))  # type: ignore[arg-type]
    apart = (("t0", "t1"),) if len(made) > 1 else ()
    problem = Problem(5, teams, made, seconds, apart, Weights(balance=2.0))
    assert faults(problem, plan(problem, Effort(iterations=60, seed=seed % 1000))) == []


def test_the_same_seed_gives_the_same_plan() -> None:
    """A search bounded by iterations can be repeated."""
    random = np.random.default_rng(3)
    at = random.uniform(0, 3600, (21, 2))
    seconds = np.hypot(*(at[:, None] - at[None, :]).T)
    tasks = tuple(visit(f"v{n}", n, days=(0, 2)) for n in range(1, 21))
    problem = Problem(3, (team(days=3),), tasks, seconds)
    assert plan(problem, QUICK) == plan(problem, QUICK)


def test_a_timetable_of_nothing_is_a_day_at_the_station() -> None:
    """No stops: no driving; a day on which nobody works has no timetable at all."""
    problem = Problem(1, (team(),), (), line())
    driven = timetable(problem, problem.teams[0], 0, [])
    assert driven is not None
    assert (driven.driving, driven.stops) == (0, ())
    assert timetable(problem, problem.teams[0], 5, []) is None
    assert plan(problem, QUICK) == Plan((), ())


def test_large_plans_are_made_station_by_station() -> None:
    """Two stations at the ends of a road: each gets what is near, and the whole is one plan."""
    minutes = [0.0, 5, 10, 15, 100, 105, 110]
    at = np.array([*minutes, 115.0]) * 60
    seconds = np.asarray(np.abs(at[:, None] - at[None, :]))
    east = replace(team("乙"), station=7, skills=frozenset({"水质"}))
    tasks = (
        *(visit(f"v{n}", n) for n in range(1, 7)),
        visit("sample", 1, skills=frozenset({"水质"}), service=60),
        visit("nobody", 2, skills=frozenset({"焊接"})),
    )
    problem = Problem(1, (team(), east), tasks, seconds)
    seen: list[float] = []

    def watch(passed: float, _cost: float) -> bool:
        seen.append(passed)
        return True

    found = plan_by_station(problem, QUICK, progress=watch, whole=0)
    assert faults(problem, found) == []
    where = {stop.task: each.team for each in found.rounds for stop in each.stops}
    assert [where[f"v{n}"] for n in range(1, 7)] == ["甲"] * 3 + ["乙"] * 3
    assert where["sample"] == "乙"
    assert [(left.task, left.reason) for left in found.unplanned] == [("nobody", "no_skill")]
    assert seen
