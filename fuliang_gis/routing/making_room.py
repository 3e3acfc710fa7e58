"""Rounds into which tasks are put one by one: where one fits, and who may give way (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fuliang_gis.routing.rounds import Problem, Round, Task, able, timetable

#: A team and a day.
Key = tuple[str, int]

#: Tasks in the order in which a round makes them.
Order = tuple[str, ...]

#: How many stops at most are asked to give way for one task, the best placed first.
MOST_ASKED = 150

#: Of how many of them it is asked who would give way to them in turn.
MOST_ASKED_AGAIN = 12


@dataclass(frozen=True, order=True)
class Spot:
    """Where a task may go: driving that it adds [s], and before which stop of which round."""

    added: float
    day: int
    team: str
    position: int

    @property
    def key(self) -> Key:
        """Return the team and day."""
        return (self.team, self.day)


class Rooms:
    """The rounds of all teams from a day on, empty ones too, while they change.

    Stops that no longer fit where they were (another travel time, another lock) are ``loose``;
    those left out for others are ``displaced``.
    """

    def __init__(
        self, problem: Problem, first_day: int, rounds: Iterable[Round], *, leave_out: set[str]
    ) -> None:
        self.problem = problem
        self.displaced: set[str] = set()
        self.loose: list[Task] = []
        known = {task.id for task in problem.tasks}
        self._orders: dict[Key, Order] = {
            (team.id, day): ()
            for team in problem.teams
            for day in sorted(team.hours)
            if first_day <= day < problem.days
        }
        self._day_of: dict[str, int] = {}
        self._found: dict[tuple[str, Key, Order], Spot | None] = {}
        self._apart: dict[str, list[str]] = {}
        for a, b in problem.apart:
            self._apart.setdefault(a, []).append(b)
            self._apart.setdefault(b, []).append(a)
        for each in rounds:
            ids = [stop.task for stop in each.stops]
            self._take(
                (each.team, each.day),
                [problem.task(i) for i in ids if i in known and i not in leave_out],
            )

    def rounds(self) -> Iterator[Round]:
        """Yield every round that makes something."""
        for key, order in self._orders.items():
            if order:
                made = self._made(key, order)
                assert made is not None  # noqa: S101  # Only orders that can be driven are kept.
                yield made

    def cheapest(self, task: Task, *, but: Key | None = None) -> Spot | None:
        """Return where a task adds least driving while nothing else moves."""
        return min((spot for spot in self._spots(task) if spot.key != but), default=None)

    def regret(self, task: Task) -> float:
        """Return how much more driving [s] the second best round for a task would add."""
        best = sorted(spot.added for spot in self._spots(task))[:2]
        return best[1] - best[0] if len(best) == 2 else self.problem.weights.unplanned

    def put(self, task: Task, spot: Spot) -> None:
        """Put a task where it fits."""
        order = self._orders[spot.key]
        self._set(spot.key, (*order[: spot.position], task.id, *order[spot.position :]))

    def make_room(self, task: Task, moves: int, *, still: frozenset[str] = frozenset()) -> bool:
        """Put a task in by moving so many other stops to other rounds; tell whether it worked.

        Stops named in ``still`` are not asked.
        """
        best: tuple[float, dict[Key, Order], dict[str, int]] | None = None
        still |= {task.id}
        for added, key, other in self._gives_way(task, still, moves):
            if best is not None and added >= best[0]:
                break
            saved = (dict(self._orders), dict(self._day_of))
            total = self._swap(task, key, other)
            if total is not None:
                total = self._elsewhere(other, key, moves, still, total)
            if total is not None and (best is None or total < best[0]):
                best = (total, self._orders, self._day_of)
            self._orders, self._day_of = saved
        if best is not None:
            _, self._orders, self._day_of = best
        return best is not None

    def displace_for(self, task: Task) -> bool:
        """Put a task in place of one of lower priority, which is left out then."""
        lower = [
            (other.priority, added, key, other)
            for added, key, other in self._others(task, frozenset({task.id}))
            if other.priority < task.priority
        ]
        for _, _, key, other in sorted(lower, key=lambda one: (*one[:3], one[3].id)):
            saved = (dict(self._orders), dict(self._day_of))
            if self._swap(task, key, other) is not None:
                self.displaced.add(other.id)
                return True
            self._orders, self._day_of = saved
        return False

    def settle(self, tasks: Sequence[Task]) -> None:
        """Move the given tasks, and no others, while that saves driving."""
        for _ in range(3):
            better = [task for task in tasks if self._better(task)]
            if not better:
                return

    def _better(self, task: Task) -> bool:
        key = next((k for k, order in self._orders.items() if task.id in order), None)
        if key is None or (task.day is not None and task.team is not None):
            return False
        order = self._orders[key]
        rest = tuple(each for each in order if each != task.id)
        if self._made(key, rest) is None:
            return False
        was = self._driving(key, order) - self._driving(key, rest)
        self._set(key, rest)
        spot = self.cheapest(task)
        if spot is not None and spot.added < was - 1:
            self.put(task, spot)
            return True
        self._set(key, order)
        return False

    def _take(self, key: Key, tasks: list[Task]) -> None:
        """Take a round over as it is, without what no longer fits."""
        if key not in self._orders:
            self.loose += tasks
            return
        kept: list[Task] = []
        for task in tasks:
            # What cannot be made even alone must not put others out.
            fits = self._fits(task, key) and self._made(key, (task.id,)) is not None
            (kept if fits else self.loose).append(task)
            if fits:
                self._day_of[task.id] = key[1]
        while kept and self._made(key, tuple(task.id for task in kept)) is None:
            out = min(reversed(kept), key=lambda task: (self._locked(task), task.priority))
            kept.remove(out)
            del self._day_of[out.id]
            self.loose.append(out)
        self._orders[key] = tuple(task.id for task in kept)

    def _set(self, key: Key, order: Order) -> None:
        for gone in set(self._orders[key]) - set(order):
            self._day_of.pop(gone, None)
        for task in order:
            self._day_of[task] = key[1]
        self._orders[key] = order

    def _fits(self, task: Task, key: Key) -> bool:
        if not task.may_be_on(key[1]) or not able(self.problem.team(key[0]), task):
            return False
        return all(self._day_of.get(other) != key[1] for other in self._apart.get(task.id, ()))

    def _spots(self, task: Task) -> Iterator[Spot]:
        for key, order in self._orders.items():
            if self._fits(task, key) and (spot := self._best_in(task, key, order)) is not None:
                yield spot

    def _best_in(self, task: Task, key: Key, order: Order) -> Spot | None:
        """Return the best place for a task in a round, its order otherwise as it is."""
        asked = (task.id, key, order)
        if asked not in self._found:
            self._found[asked] = self._searched(task, key, order)
        return self._found[asked]

    def _searched(self, task: Task, key: Key, order: Order) -> Spot | None:
        added = self._added(task, key, order)
        room = self._room(key, order) - task.service
        for extra, position in sorted((extra, n) for n, extra in enumerate(added)):
            if not extra <= room:
                return None
            tried = (*order[:position], task.id, *order[position:])
            if self._made(key, tried) is not None:
                return Spot(extra, key[1], key[0], position)
        return None

    def _added(self, task: Task, key: Key, order: Order) -> list[float]:
        """Return the driving that a task adds at each position [s]."""
        seconds, place = self.problem.seconds, task.place
        return [
            float(seconds[a, place] + seconds[place, b] - seconds[a, b])
            for a, b in pairwise(self._places(key, order))
        ]

    def _room(self, key: Key, order: Order) -> float:
        """Return the time of a day that neither driving, work nor break takes [s]."""
        team = self.problem.team(key[0])
        begins, ends = team.hours[key[1]]
        work = sum(self.problem.task(each).service for each in order)
        pause = team.pause.seconds if team.pause else 0
        # Half seconds that rounding takes are no reason to refuse.
        return ends - begins - pause - work - self._driving(key, order) + 1

    def _driving(self, key: Key, order: Order) -> float:
        seconds = self.problem.seconds
        return float(sum(seconds[a, b] for a, b in pairwise(self._places(key, order))))

    def _places(self, key: Key, order: Order) -> list[int]:
        station = self.problem.team(key[0]).station
        return [station, *(self.problem.task(each).place for each in order), station]

    def _made(self, key: Key, order: Order) -> Round | None:
        team = self.problem.team(key[0])
        return timetable(self.problem, team, key[1], [self.problem.task(each) for each in order])

    def _locked(self, task: Task) -> bool:
        return task.day is not None or task.team is not None

    def _others(self, task: Task, still: frozenset[str]) -> Iterator[tuple[float, Key, Task]]:
        """Yield the stops that could give way to a task, with what the swap adds at best [s]."""
        for key, order in self._orders.items():
            if not task.may_be_on(key[1]) or not able(self.problem.team(key[0]), task):
                continue
            driving = self._driving(key, order)
            for each in order:
                other = self.problem.task(each)
                if each in still or self._locked(other):
                    continue
                rest = tuple(one for one in order if one != each)
                saved = driving - self._driving(key, rest)
                yield min(self._added(task, key, rest)) - saved, key, other

    def _gives_way(
        self, task: Task, still: frozenset[str], moves: int
    ) -> list[tuple[float, Key, Task]]:
        others = sorted(self._others(task, still), key=lambda one: (*one[:2], one[2].id))
        if moves > 1:
            return others[:MOST_ASKED_AGAIN]
        able_to = (one for one in others if self.cheapest(one[2], but=one[1]) is not None)
        return [one for one, _ in zip(able_to, range(MOST_ASKED), strict=False)]

    def _swap(self, task: Task, key: Key, other: Task) -> float | None:
        """Put a task into a round in place of another; return the driving added, or None."""
        order = self._orders[key]
        rest = tuple(each for each in order if each != other.id)
        saved = self._driving(key, order) - self._driving(key, rest)
        self._set(key, rest)
        spot = self._best_in(task, key, rest) if self._fits(task, key) else None
        if spot is None:
            return None
        self.put(task, spot)
        return spot.added - saved

    def _elsewhere(
        self, other: Task, key: Key, moves: int, still: frozenset[str], spent: float
    ) -> float | None:
        """Put a stop that gave way into another round; return all driving added, or None."""
        if moves > 1:
            before = self._all_driving()
            made = self.make_room(other, moves - 1, still=still)
            return spent + self._all_driving() - before if made else None
        spot = self.cheapest(other, but=key)
        if spot is None:
            return None
        self.put(other, spot)
        return spent + spot.added

    def _all_driving(self) -> float:
        return sum(self._driving(key, order) for key, order in self._orders.items())
