"""Rounds: who drives where on which day, in what order (pure): the problem, a plan, its timetable.

Times of day are seconds after midnight; days are numbered from 0 within the horizon. Places index
the rows of the table of travel times.

**What a plan is judged by**, all in seconds of driving; less is better:

- *driving*: every second from station to station, the walks excluded. Weight 1.
- *left out*: ``Weights.unplanned`` (40,000 s, about eleven hours) times ``Task.priority`` for each
  visit that no round makes. It is more than any single visit costs to reach, so a visit is left out
  only where hours, days, skills or limits leave no room. The county asks for 3 for what is overdue,
  0.4 for what could wait until after the span, 1 for the rest (``inspections.rounds.asking``).
- *balance*: ``Weights.balance`` (0 unless asked for; 0–100) times every second of work (driving,
  visits, waiting) of a day beyond the usual day's, which is 1.3 times the mean of all visits' time
  over all days of all teams.

Never broken, at any price: a team's hours and break, the hours and days of a visit, skills, locks,
the most driving of a day, what a team can take along, and pairs that must not share a day. Teams
and days have no price of their own: driving alone decides how many are used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite

from fuliang_gis.routing.graph import Floats

#: Seconds from one midnight to the next.
DAY = 86_400

#: From and to, in seconds after midnight, both included.
Hours = tuple[int, int]


@dataclass(frozen=True)
class Break:
    """A pause of ``seconds`` that begins between ``earliest`` and ``latest``."""

    earliest: int
    latest: int
    seconds: int

    def __post_init__(self) -> None:
        if not 0 <= self.earliest <= self.latest < DAY or self.seconds < 0:
            raise ValueError("a break needs a time to begin in, and a length")


@dataclass(frozen=True)
class Team:
    """A team with its station (a place), skills, and working hours by day of the horizon.

    ``most_driving`` limits the driving of a day [s], ``room`` what can be taken along.
    """

    id: str
    station: int
    hours: Mapping[int, Hours]
    skills: frozenset[str] = frozenset()
    pause: Break | None = None
    most_driving: int | None = None
    room: int | None = None


@dataclass(frozen=True)
class Task:
    """A visit to make: at a place, on one of its days, within its hours, for ``service`` seconds.

    ``days`` are first and last day of the horizon on which it may be made. ``hours`` bind only when
    given. ``priority`` tells what leaving it out costs, in multiples of a usual visit. ``team`` and
    ``day`` are locks. ``load`` is what it takes of the team's room: spare parts, samples.
    """

    id: str
    place: int
    service: int
    days: tuple[int, int]
    hours: tuple[Hours, ...] = ()
    skills: frozenset[str] = frozenset()
    priority: float = 1.0
    team: str | None = None
    day: int | None = None
    load: int = 0

    def __post_init__(self) -> None:
        if self.service < 0 or self.priority <= 0:
            raise ValueError(f"task {self.id}: service and priority must be positive")
        if self.day is not None and not self.days[0] <= self.day <= self.days[1]:
            raise ValueError(f"task {self.id} is locked to a day that is not one of its days")

    def may_be_on(self, day: int) -> bool:
        """Tell whether it may be made on a day, its lock considered."""
        return self.days[0] <= day <= self.days[1] and self.day in (None, day)


@dataclass(frozen=True)
class Weights:
    """What a plan is judged by: seconds of driving count 1, everything else in seconds of driving.

    ``unplanned`` is what leaving out a visit of priority 1 costs; ``balance`` what each second of a
    day's work beyond the usual day's costs.
    """

    unplanned: float = 40_000
    balance: float = 0.0


@dataclass(frozen=True)
class Problem:
    """What is to be planned.

    ``seconds`` (places, places) are travel times, infinite where there is no way; ``apart`` names
    pairs of tasks that must not be made on the same day.
    """

    days: int
    teams: tuple[Team, ...]
    tasks: tuple[Task, ...]
    seconds: Floats
    apart: tuple[tuple[str, str], ...] = ()
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        for kind, ids in (("team", self.teams), ("task", self.tasks)):
            if len({each.id for each in ids}) != len(ids):
                raise ValueError(f"two {kind}s have one id")
        if self.seconds.shape != (len(self.seconds),) * 2:
            raise ValueError("travel times must be a square table")

    def team(self, team_id: str) -> Team:
        """Return a team by its id."""
        return self._teams[team_id]

    def task(self, task_id: str) -> Task:
        """Return a task by its id."""
        return self._tasks[task_id]

    @cached_property
    def _teams(self) -> Mapping[str, Team]:
        return {team.id: team for team in self.teams}

    @cached_property
    def _tasks(self) -> Mapping[str, Task]:
        return {task.id: task for task in self.tasks}


@dataclass(frozen=True)
class Stop:
    """One visit of a round: when the team arrives, when work begins and ends [s after midnight]."""

    task: str
    arrive: int
    begin: int
    leave: int


@dataclass(frozen=True)
class Round:
    """One team's day: leaving the station, the stops in order, and coming back."""

    team: str
    day: int
    start: int
    stops: tuple[Stop, ...]
    end: int
    driving: int
    pause_at: int | None = None


@dataclass(frozen=True)
class Unplanned:
    """A task that no round makes, and why: ``no_skill``, ``unreachable``, ``no_window`` or
    ``no_capacity``.
    """

    task: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """Rounds in order of day and team, and what could not be planned."""

    rounds: tuple[Round, ...]
    unplanned: tuple[Unplanned, ...]

    @property
    def driving(self) -> int:
        """All driving [s]."""
        return sum(each.driving for each in self.rounds)


def able(team: Team, task: Task) -> bool:
    """Tell whether a team has the skills for a task and is not kept from it by a lock."""
    return task.skills <= team.skills and task.team in (None, team.id)


UNPLANNED_REASONS: Mapping[str, str] = {
    "no_skill": "没有具备所需技能的队伍",
    "unreachable": "道路不通，无法到达",
    "no_window": "可巡查的日期和时段内没有队伍上班",
    "no_capacity": "工作时间不够，排不下",
}


def timetable(problem: Problem, team: Team, day: int, order: Sequence[Task]) -> Round | None:
    """Return the round that makes tasks in this order, as late a start as it allows.

    The break is taken where the day ends soonest by it; whoever is back before it would have to
    begin takes it at the station. None when the order cannot be driven within hours, windows and
    limits, or there is no way.
    """
    hours = team.hours.get(day)
    if hours is None or (team.room is not None and sum(t.load for t in order) > team.room):
        return None
    free = _driven(problem, team, day, order, hours, None)
    if free is None or team.pause is None or free.end <= team.pause.latest:
        return free
    tried = [
        _driven(problem, team, day, order, hours, number)
        for number in _pauses(team.pause, [free.start, *(stop.leave for stop in free.stops)])
    ]
    return min((made for made in tried if made is not None), key=_end, default=None)


def _end(driven: Round) -> int:
    return driven.end


def _pauses(pause: Break, free_at: Sequence[int]) -> list[int]:
    """Return the stops before which a break may lie, by when the team is free to go there.

    Before the break's earliest beginning, only the last of them: all others would just be waiting.
    """
    before = [n for n, clock in enumerate(free_at) if clock < pause.earliest]
    within = [n for n, clock in enumerate(free_at) if pause.earliest <= clock <= pause.latest]
    # Whoever need not leave before has the break at the station.
    return [*(before[-1:] or [0]), *within]


def _driven(
    problem: Problem,
    team: Team,
    day: int,
    order: Sequence[Task],
    hours: Hours,
    pause_before: int | None,
) -> Round | None:
    start = _latest_start(problem, team, order, hours, at_station=pause_before == 0)
    clock, at, driving = float(start), team.station, 0.0
    stops: list[Stop] = []
    pause_at = None
    for number, task in enumerate([*order, None]):
        if number == pause_before and team.pause is not None:
            pause_at = int(max(clock, team.pause.earliest))
            if pause_at > team.pause.latest:
                return None
            clock = pause_at + team.pause.seconds
        place = team.station if task is None else task.place
        travel = float(problem.seconds[at, place])
        if not isfinite(travel):
            return None
        clock, driving, at = clock + travel, driving + travel, place
        if task is not None:
            begin = _begin(task, clock)
            if begin is None:
                return None
            stops.append(Stop(task.id, round(clock), round(begin), round(begin + task.service)))
            clock = begin + task.service
    limit = team.most_driving
    if not clock <= hours[1] or (limit is not None and driving > limit):
        return None
    return Round(team.id, day, start, tuple(stops), round(clock), round(driving), pause_at)


def _latest_start(
    problem: Problem, team: Team, order: Sequence[Task], hours: Hours, *, at_station: bool
) -> int:
    """Return when to leave so that nobody waits at the first stop's closed door.

    With the break ``at_station``, when it begins there.
    """
    if not order or not order[0].hours:
        return hours[0]
    travel = float(problem.seconds[team.station, order[0].place])
    if not travel < DAY:
        return hours[0]
    leave = int(min(begin for begin, _ in order[0].hours) - travel)
    if at_station and team.pause is not None:
        leave = min(leave - team.pause.seconds, team.pause.latest)
    return max(hours[0], leave)


def _begin(task: Task, clock: float) -> float | None:
    """Return when work may begin after arriving, within the task's hours."""
    if not task.hours:
        return clock
    for opens, closes in sorted(task.hours):
        if clock <= closes:
            return max(clock, opens)
    return None
