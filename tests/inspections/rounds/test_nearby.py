"""Missed visits of several stations: near home first, everywhere when home is full."""

from __future__ import annotations

import numpy as np
import pytest

from fuliang_gis.inspections.rounds.nearby import reinsert_nearby
from fuliang_gis.routing.rounds import Plan, Problem, Round, Task, Team, timetable

#: Places on a line [s]: two stations far apart, then six works near the first, two near the second.
AT = np.array([0, 7200, 100, 200, 300, 400, 500, 600, 7000, 7100], dtype=float)
SECONDS = np.abs(AT[:, None] - AT[None, :])
HOURS = dict.fromkeys(range(3), (28800, 39600))


def problem(**hours: dict[int, tuple[int, int]]) -> Problem:
    """Return eight works, W0 to W7, of 50 minutes, for a team of three hours at either station."""
    teams = tuple(
        Team(name, station, hours.get(name, HOURS)) for station, name in enumerate(("1", "2"))
    )
    tasks = tuple(Task(f"W{n}", n + 2, 3000, (0, 2)) for n in range(8))
    return Problem(3, teams, tasks, SECONDS)


def made(given: Problem, team: str, day: int, *names: str) -> Round:
    """Return a round."""
    found = timetable(given, given.team(team), day, [given.task(each) for each in names])
    assert found is not None
    return found


def where(plan: Plan) -> dict[str, tuple[str, int]]:
    """Return team and day by task."""
    return {stop.task: (each.team, each.day) for each in plan.rounds for stop in each.stops}


def test_each_station_makes_up_for_its_own() -> None:
    """Works missed at both ends go into the next days of the teams there; nothing else moves."""
    given = problem()
    plan = Plan((made(given, "1", 1, "W0"), made(given, "2", 1, "W6")), ())
    found = reinsert_nearby(given, plan, ["W1", "W7"], first_day=1)
    places = where(found.plan)
    assert places["W1"][0] == "1"
    assert places["W7"][0] == "2"
    assert (places["W0"], places["W6"]) == (("1", 1), ("2", 1))
    assert (set(found.inserted), found.moved) == ({"W1", "W7"}, ())
    assert found.added == found.plan.driving - plan.driving


def test_what_finds_no_room_at_home_goes_elsewhere() -> None:
    """The first team has one full day left; the other comes over for what does not fit."""
    given = problem(**{"1": {1: (28_800, 39_600)}, "2": {1: (20_000, 60_000), 2: (20_000, 60_000)}})
    plan = Plan((made(given, "1", 1, "W0", "W1", "W2"),), ())
    found = reinsert_nearby(given, plan, ["W3", "W4"], first_day=1)
    places = where(found.plan)
    assert {places[each][0] for each in ("W3", "W4")} == {"2"}
    assert [places[each] for each in ("W0", "W1", "W2")] == [("1", 1)] * 3
    assert set(found.inserted) == {"W3", "W4"}
    assert {key for key in found.changed if key[0] == "1"} == set()


@pytest.mark.parametrize("missed", [["W5"], ["W5", "W6", "W7"]])
def test_without_any_room_it_is_left_out(missed: list[str]) -> None:
    """No team has a day left for it."""
    given = problem(**{"1": {0: (0, 1)}, "2": {0: (0, 1)}})
    found = reinsert_nearby(given, Plan((), ()), missed, first_day=1)
    assert (found.inserted, found.plan.rounds) == ((), ())
    assert {each.task for each in found.plan.unplanned} == set(missed)
