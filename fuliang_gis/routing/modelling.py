"""A problem of rounds in PyVRP's words.

Every team's day is a vehicle, every visit a client that may be left out. Days lie one after the
other on one time axis; those that are alike (the same hours, the same visits possible) share one
place on it. Only visits with hours of their own are given as one client a day, of which at most
one is made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyvrp import (
    Client,
    ClientGroup,
    Depot,
    Location,
    ProblemData,
    Route,
    Solution,
    VehicleType,
)

from fuliang_gis.routing.rounds import DAY, Break, Hours, Plan, Problem, Team, able

#: Travel that is not to be driven [s]: longer than any horizon.
NEVER = 10**8


@dataclass(frozen=True)
class Shift:
    """Days of teams that are alike for the solver: one vehicle each, in order of the days."""

    turns: tuple[tuple[int, Team], ...]
    slot: int
    hours: Hours
    profile: int
    station: int


@dataclass(frozen=True)
class Model:
    """A problem in PyVRP's words; ``tasks`` names the task of each client.

    ``constant`` is what every solution costs: of the clients that stand for one task at different
    hours, all but one are left out.
    """

    data: ProblemData
    shifts: tuple[Shift, ...]
    tasks: tuple[int, ...]
    constant: int


def model(problem: Problem) -> Model:
    """Put a problem into the solver's words."""
    edges = {0, problem.days}
    for task in problem.tasks:
        first, last = (task.day, task.day) if task.day is not None else task.days
        edges |= {first, last + 1}
    starts = sorted(edge for edge in edges if 0 <= edge <= problem.days)
    slot_of = np.searchsorted(starts, np.arange(problem.days), side="right") - 1
    restricted = [n for n, t in enumerate(problem.tasks) if t.skills or t.team is not None]
    own_place = {n: len(problem.seconds) + i for i, n in enumerate(restricted)}
    profiles, matrices = _profiles(problem, restricted, own_place)
    shifts = tuple(_shifts(problem, slot_of, profiles))
    clients, groups, owners = _clients(problem, slot_of, shifts, own_place)
    stations = sorted({shift.station for shift in shifts})
    data = ProblemData(
        [Location(0, 0) for _ in range(len(problem.seconds) + len(restricted))],
        clients,
        [Depot(station) for station in stations],
        [_vehicle(shift, stations.index(shift.station), problem) for shift in shifts],
        matrices,
        matrices,
        groups,
    )
    constant = sum(
        client.prize for group in groups for client in [clients[n] for n in group.clients][1:]
    )
    return Model(data, shifts, tuple(owners), constant)


def _shifts(
    problem: Problem, slot_of: NDArray[np.int64], profiles: Mapping[str, int]
) -> Iterable[Shift]:
    """Yield days that differ neither in hours nor in what may be done on them, nor by whom."""
    stations = sorted({team.station for team in problem.teams})
    home = {
        each: next(one for one in stations if _one_place(problem, one, each)) for each in stations
    }
    alike: dict[tuple[object, ...], list[tuple[int, Team]]] = {}
    for team in problem.teams:
        same = (profiles[team.id], home[team.station], team.pause, team.most_driving, team.room)
        for day, hours in team.hours.items():
            if 0 <= day < problem.days:
                alike.setdefault((int(slot_of[day]), hours, *same), []).append((day, team))
    for turns in alike.values():
        turns.sort(key=lambda turn: turn[0])
        day, team = turns[0]
        slot = int(slot_of[day])
        yield Shift(tuple(turns), slot, team.hours[day], profiles[team.id], home[team.station])


def _one_place(problem: Problem, a: int, b: int) -> bool:
    return a == b or not (problem.seconds[a, b] or problem.seconds[b, a])


def _vehicle(shift: Shift, depot: int, problem: Problem) -> VehicleType:
    team, (begins, ends) = shift.turns[0][1], shift.hours
    pause = team.pause.seconds if team.pause else 0
    length = max(ends - begins - pause, 0)
    usual, price = usual_day(problem, length)
    return VehicleType(
        len(shift.turns),
        capacity=[team.room if team.room is not None else NEVER],
        start_depot=depot,
        end_depot=depot,
        tw_early=shift.slot * DAY + begins,
        tw_late=shift.slot * DAY + begins + length,
        max_distance=team.most_driving if team.most_driving is not None else NEVER,
        unit_distance_cost=1,
        profile=shift.profile,
        shift_duration=usual,
        max_overtime=length - usual,
        unit_overtime_cost=price,
    )


def usual_day(problem: Problem, length: int) -> tuple[int, int]:
    """Return the work of a usual day [s] of that length, and the price of each second beyond."""
    price = round(problem.weights.balance)
    days = sum(len(team.hours) for team in problem.teams)
    if not price or not days:
        return length, 0
    service = sum(task.service for task in problem.tasks)
    return min(length, round(1.3 * service / days)), price


def _clients(
    problem: Problem,
    slot_of: NDArray[np.int64],
    shifts: Sequence[Shift],
    own_place: Mapping[int, int],
) -> tuple[list[Client], list[ClientGroup], list[int]]:
    clients: list[Client] = []
    groups: list[ClientGroup] = []
    owners: list[int] = []
    manned = {shift.slot for shift in shifts}
    pauses = {team.pause for team in problem.teams}
    for number, task in enumerate(problem.tasks):
        first, last = (task.day, task.day) if task.day is not None else task.days
        slots = (int(slot_of[max(first, 0)]), int(slot_of[min(last, problem.days - 1)]))
        windows = [(slots[0] * DAY, (slots[1] + 1) * DAY - 1)]
        if task.hours:
            windows = [
                (slot * DAY + opens, slot * DAY + closes)
                for slot in range(slots[0], slots[1] + 1)
                if slot in manned
                for opens, closes in _without_pause(task.hours, pauses)
            ]
        group = len(groups) if len(windows) > 1 else None
        if group is not None:
            members = range(len(clients), len(clients) + len(windows))
            groups.append(ClientGroup(list(members), required=False))
        for early, late in windows:
            clients.append(
                Client(
                    own_place.get(number, task.place),
                    delivery=[task.load],
                    service_duration=task.service,
                    tw_early=early,
                    tw_late=late,
                    prize=round(problem.weights.unplanned * task.priority),
                    required=False,
                    group=group,
                )
            )
            owners.append(number)
    return clients, groups, owners


def _without_pause(hours: Iterable[Hours], pauses: Collection[Break | None]) -> list[Hours]:
    """Return hours as they lie in a day without its break.

    The solver's day is shorter by the break: what follows it comes sooner by as much. Hours that
    the break might cut are taken at their narrowest.
    """
    length = max((pause.seconds for pause in pauses if pause is not None), default=0)
    if not length:
        return list(hours)
    begins = min(pause.earliest for pause in pauses if pause is not None)
    over = max(pause.latest for pause in pauses if pause is not None) + length
    alike = len(pauses) == 1
    return [
        (
            opens - length if alike and opens >= over else opens,
            closes - length if closes > begins else closes,
        )
        for opens, closes in hours
        if closes - length >= opens or closes <= begins or (alike and opens >= over)
    ]


def _profiles(
    problem: Problem, restricted: Sequence[int], own_place: Mapping[int, int]
) -> tuple[dict[str, int], list[Any]]:
    """Return each team's profile, and the travel times of each: not to what it may not make."""
    finite = np.where(np.isfinite(problem.seconds), problem.seconds, NEVER)
    places = [*range(len(finite)), *(problem.tasks[n].place for n in restricted)]
    whole = np.rint(finite)[np.ix_(places, places)].astype(np.int64)
    np.fill_diagonal(whole, 0)
    barred = {
        team.id: tuple(n for n in restricted if not able(team, problem.tasks[n]))
        for team in problem.teams
    }
    numbers = {bars: i for i, bars in enumerate(dict.fromkeys(barred.values()))}
    matrices = []
    for bars in numbers:
        matrix = whole.copy()
        closed = [own_place[n] for n in bars]
        matrix[closed, :] = matrix[:, closed] = NEVER
        np.fill_diagonal(matrix, 0)
        matrices.append(matrix)
    return {team: numbers[bars] for team, bars in barred.items()}, matrices


def initial(built: Model, problem: Problem, start_from: Plan) -> Solution:
    """Return a plan as the solver's solution; what does not fit any more is left aside."""
    clients: dict[str, list[int]] = {}
    for client, number in enumerate(built.tasks):
        clients.setdefault(problem.tasks[number].id, []).append(client)
    vehicles = {
        (team.id, day): kind for kind, shift in enumerate(built.shifts) for day, team in shift.turns
    }
    routes = []
    for each in start_from.rounds:
        kind = vehicles.get((each.team, each.day))
        visits = [
            _client_of(built, clients[stop.task], built.shifts[kind].slot)
            for stop in each.stops
            if kind is not None and stop.task in clients
        ]
        known = [visit for visit in visits if visit is not None]
        if kind is not None and known:
            routes.append(Route(built.data, known, kind))
    return Solution(built.data, routes)


def _client_of(built: Model, candidates: Sequence[int], slot: int) -> int | None:
    """Return the client that stands for a task on a day of the slot."""
    for client in candidates:
        found = built.data.client(client)
        if found.tw_early <= slot * DAY + DAY - 1 and found.tw_late >= slot * DAY:
            return client
    return None
