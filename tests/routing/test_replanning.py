"""Planning again: what was missed finds its place, and what need not move stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuliang_gis.routing.replanning import reinsert, rest_of_day
from fuliang_gis.routing.rounds import Plan, Problem, Round, Task, timetable
from fuliang_gis.routing.solving import Effort, plan
from tests.routing.checker import faults
from tests.routing.test_rounds import EIGHT, LUNCH, line, team, visit

HOUR = 3600


def where(made: Plan) -> dict[str, tuple[str, int]]:
    """Return team and day of every stop."""
    return {stop.task: (each.team, each.day) for each in made.rounds for stop in each.stops}


def by_hand(problem: Problem, orders: dict[tuple[str, int], list[str]]) -> Plan:
    """Return the plan that makes tasks in the given orders."""
    rounds = []
    for (name, day), order in orders.items():
        made = timetable(problem, problem.team(name), day, [problem.task(each) for each in order])
        assert made is not None
        rounds.append(made)
    return Plan(tuple(rounds), ())


def later(problem: Problem, first_day: int, made: Plan, missed: set[str]) -> Problem:
    """Return the problem of what a plan still holds from a day on, and of what was missed."""
    kept = {
        stop.task for each in made.rounds for stop in each.stops if each.day >= first_day
    } | missed
    kept |= {each.task for each in made.unplanned}
    tasks = tuple(task for task in problem.tasks if task.id in kept)
    apart = tuple(pair for pair in problem.apart if set(pair) <= kept)
    return replace(problem, tasks=tasks, apart=apart)


def test_a_missed_visit_goes_where_it_lies_on_the_way() -> None:
    """Of two later rounds it joins the one that passes by; nothing else moves."""
    tasks = (
        visit("missed", 1, days=(0, 2)),
        visit("far", 2, days=(0, 2)),
        visit("other way", 3, days=(0, 2)),
    )
    seconds = line(10, 20, 5)
    seconds[3, 1:3] = seconds[1:3, 3] = [900, 1500]
    problem = Problem(3, (team(days=3),), tasks, seconds)
    before = by_hand(problem, {("甲", 1): ["other way"], ("甲", 2): ["far"]})
    found = reinsert(problem, before, ["missed"], first_day=1)
    assert faults(problem, found.plan) == []
    assert where(found.plan)["missed"] == ("甲", 2)
    assert (found.inserted, found.moved, found.added) == (("missed",), (), 0)
    assert found.changed == (("甲", 2),)


def test_one_stop_moves_where_no_round_has_room() -> None:
    """A full day that alone will do gives up the stop that another day can take, and only that."""
    tasks = (
        visit("missed", 1, days=(1, 1), service=3 * HOUR),
        visit("bound", 1, days=(1, 1), service=4 * HOUR),
        visit("free", 1, days=(0, 2), service=4 * HOUR),
        visit("elsewhere", 1, days=(0, 2), service=2 * HOUR),
    )
    problem = Problem(3, (team(days=3),), tasks, line(10))
    before = by_hand(problem, {("甲", 1): ["bound", "free"], ("甲", 2): ["elsewhere"]})
    found = reinsert(problem, before, ["missed"], first_day=1)
    assert faults(problem, found.plan) == []
    assert found.plan.unplanned == ()
    assert found.moved == ("free",)
    assert where(found.plan)["free"] == ("甲", 2)


def test_two_stops_move_one_into_the_place_of_the_other() -> None:
    """A chain: the missed visit takes a day, its stop the next day, that one's stop the last."""
    tasks = (
        visit("missed", 1, days=(1, 1), service=8 * HOUR),
        visit("first", 1, days=(1, 2), service=8 * HOUR),
        visit("second", 1, days=(1, 3), service=8 * HOUR),
    )
    problem = Problem(4, (team(days=4),), tasks, line(10))
    before = by_hand(problem, {("甲", 1): ["first"], ("甲", 2): ["second"]})
    found = reinsert(problem, before, ["missed"], first_day=1)
    assert faults(problem, found.plan) == []
    assert set(found.moved) == {"first", "second"}
    assert {name: day for name, (_, day) in where(found.plan).items()} == {
        "missed": 1,
        "first": 2,
        "second": 3,
    }


def test_what_could_wait_gives_way_to_what_is_late() -> None:
    """With no day left, the visit of lower priority is left out and told; a lock is not touched."""
    tasks = (
        visit("late", 1, days=(1, 1), service=5 * HOUR, priority=3.0),
        visit("early", 1, days=(1, 1), service=4 * HOUR, priority=0.4),
        visit("usual", 1, days=(1, 1), service=3 * HOUR),
    )
    problem = Problem(2, (team(days=2),), tasks, line(10))
    before = by_hand(problem, {("甲", 1): ["early", "usual"]})
    found = reinsert(problem, before, ["late"], first_day=1)
    assert faults(problem, found.plan) == []
    assert [(each.task, each.reason) for each in found.plan.unplanned] == [("early", "no_capacity")]
    assert found.moved == ("early",)
    locked = replace(problem, tasks=(tasks[0], replace(tasks[1], day=1, team="甲"), tasks[2]))
    kept = reinsert(locked, before, ["late"], first_day=1)
    assert "early" in where(kept.plan)


def test_a_visit_whose_days_are_over_says_so() -> None:
    """What may be made only before the first open day is left over, with the reason."""
    tasks = (visit("gone", 1, days=(0, 0)), visit("kept", 1, days=(0, 1)))
    problem = Problem(2, (team(days=2),), tasks, line(10))
    before = by_hand(problem, {("甲", 0): ["gone"], ("甲", 1): ["kept"]})
    found = reinsert(problem, before, ["gone"], first_day=1)
    assert [(each.task, each.reason) for each in found.plan.unplanned] == [("gone", "no_window")]
    assert (found.inserted, found.moved, found.changed) == ((), (), ())


def test_a_slower_road_squeezes_out_no_more_than_it_must() -> None:
    """A round that no longer fits its day loses the stop that another day takes."""
    tasks = tuple(visit(f"v{n}", n, days=(0, 1), service=4 * HOUR) for n in (1, 2))
    problem = Problem(2, (team(days=2),), tasks, line(10, 10))
    before = by_hand(problem, {("甲", 0): ["v1", "v2"]})
    slow = replace(problem, seconds=line(40, 40))
    found = reinsert(slow, before, [], first_day=0)
    assert faults(slow, found.plan) == []
    assert len(found.moved) == 1
    assert found.plan.unplanned == ()


@pytest.mark.parametrize("locked", [False, True])
def test_a_closed_road_takes_out_what_it_cuts_off(*, locked: bool) -> None:
    """The visit behind it is told as unreachable, a locked one too; the other stays as it was."""
    lock = {"team": "甲", "day": 0} if locked else {}
    tasks = (visit("cut off", 1, days=(0, 1), **lock), visit("kept", 2, days=(0, 1)))
    problem = Problem(2, (team(days=2),), tasks, line(10, 20))
    before = by_hand(problem, {("甲", 0): ["cut off", "kept"]})
    seconds = line(10, 20)
    seconds[1, [0, 2]] = seconds[[0, 2], 1] = np.inf
    closed = replace(problem, seconds=seconds)
    found = reinsert(closed, before, [], first_day=0)
    assert faults(closed, found.plan) == []
    told = [(each.task, each.reason) for each in found.plan.unplanned]
    assert told == [("cut off", "unreachable")]
    assert where(found.plan) == {"kept": ("甲", 0)}
    assert found.moved == ("cut off",)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 2**31),
    st.integers(8, 40),
    st.sampled_from([1200, 3600, 7200]),
    st.sampled_from([2, 5]),
)
def test_what_need_not_move_stays(seed: int, count: int, service: int, length: int) -> None:
    """After a missed day every rule holds, locks hold, and what is not told as moved has not."""
    random = np.random.default_rng(seed)
    at = random.uniform(0, 4000, (count + 1, 2))
    seconds = np.hypot(*(at[:, None] - at[None, :]).T)
    teams = (team("甲", 5, pause=LUNCH, skills=frozenset({"水质"})), team("乙", 5))
    first = random.integers(0, 5, count).tolist()
    tasks = tuple(
        Task(
            f"v{n}",
            n + 1,
            service,
            (first[n], min(first[n] + length, 4)),
            ((9 * HOUR, 11 * HOUR), (14 * HOUR, 16 * HOUR)) if n % 7 == 0 else (),
            frozenset({"水质"}) if n % 5 == 0 else frozenset(),
            (1.0, 3.0, 0.4)[n % 3],
        )
        for n in range(count)
    )
    problem = Problem(5, teams, tasks, seconds, apart=(("v1", "v2"), ("v3", "v4")))
    made = plan(problem, Effort(iterations=60, seed=1))
    missed = {stop.task for each in made.rounds if each.day == 0 for stop in each.stops}
    rest = later(problem, 1, made, missed)
    some = {name: at for name, at in where(made).items() if at[1] > 0 and int(name[1:]) % 4 == 0}
    rest = replace(
        rest,
        tasks=tuple(
            replace(task, team=some[task.id][0], day=some[task.id][1]) if task.id in some else task
            for task in rest.tasks
        ),
    )
    found = reinsert(rest, made, sorted(missed), first_day=1)
    assert faults(rest, found.plan) == []
    was, is_now = where(made), where(found.plan)
    stayed = {name for name, (_, day) in was.items() if day > 0} - set(found.moved)
    assert {name: is_now.get(name) for name in stayed} == {name: was[name] for name in stayed}
    assert not set(found.moved) & set(some)
    assert set(found.inserted) == missed & is_now.keys()
    assert len(found.moved) <= 2 * len(missed)
    untouched = [each for each in made.rounds if each.day > 0]
    changed = set(found.changed)
    assert [each for each in found.plan.rounds if (each.team, each.day) not in changed] == [
        each for each in untouched if (each.team, each.day) not in changed
    ]


def test_the_rest_of_a_day_begins_where_the_team_is() -> None:
    """At half past three, twenty minutes up the road: the near visit alone is made."""
    tasks = (visit("near", 1, days=(0, 1)), visit("far", 2, days=(0, 1), service=HOUR))
    problem = Problem(2, (team(days=2, pause=LUNCH, most_driving=2 * HOUR),), tasks, line(10, 30))
    here = np.abs(np.array([0.0, 10, 30]) - 20) * 60
    now = EIGHT + int(7.5 * HOUR)
    rest = rest_of_day(problem, "甲", 0, now, here, driven=HOUR)
    found = plan(rest, Effort(iterations=100))
    assert faults(rest, found) == []
    assert [round_.start for round_ in found.rounds] == [now]
    assert [stop.task for stop in _only(found).stops] == ["near"]
    assert _only(found).driving == 20 * 60
    late = rest_of_day(problem, "甲", 0, EIGHT + 10 * HOUR, here)
    assert plan(late, Effort(iterations=10)).rounds == ()


def _only(made: Plan) -> Round:
    (single,) = made.rounds
    return single
