"""A change to one or two rounds, laid out before it is made: as they are, and as they would be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.inspections.models import InspectionRound, RoundPlan, RoundStop, Team
from fuliang_gis.inspections.rounds.apart import partners
from fuliang_gis.inspections.rounds.asking import Asked
from fuliang_gis.inspections.rounds.feasibility import CONDITIONS, best_order, broken, loosely
from fuliang_gis.inspections.rounds.keeping import metres_of
from fuliang_gis.inspections.rounds.problems import editing, locked_days, locked_teams
from fuliang_gis.inspections.rounds.rewriting import Key
from fuliang_gis.inspections.rounds.times import clock_time
from fuliang_gis.routing.rounds import Round, Task


@dataclass(frozen=True)
class RoundCost:
    """What a round asks: times, driving [s] and [m]; a round without stops asks nothing."""

    team_id: int
    team_name: str
    day: date
    stops: int
    starts: time | None
    ends: time | None
    driving_seconds: int
    driving_metres: int


@dataclass(frozen=True)
class Broken:
    """A condition that does not hold, for whoever asked; ``field`` is what to change."""

    code: str
    zh: str
    en: str
    field: str


@dataclass(frozen=True)
class MovePrice:
    """The rounds that a change touches, before and after it, and what stands against it.

    ``ordinal`` is which stop of the round it becomes, from 1; 0 when it goes out.
    """

    before: tuple[RoundCost, ...]
    after: tuple[RoundCost, ...]
    ordinal: int
    broken: tuple[Broken, ...]

    @property
    def feasible(self) -> bool:
        """Whether it can be done."""
        return not self.broken

    @property
    def added_seconds(self) -> int:
        """Driving that comes on top [s]; negative when it saves some."""
        was = sum(each.driving_seconds for each in self.before)
        return sum(each.driving_seconds for each in self.after) - was

    @property
    def added_metres(self) -> int:
        """Driving that comes on top [m]; negative when it saves some."""
        was = sum(each.driving_metres for each in self.before)
        return sum(each.driving_metres for each in self.after) - was


@dataclass(frozen=True)
class _Half:
    """One round of a change: its tasks in order, before and after it."""

    key: Key
    before: tuple[Task, ...]
    after: tuple[Task, ...]


@dataclass(frozen=True)
class Scene:
    """A change laid out: the rounds, the task that moves, and what is known to be against it."""

    plan: RoundPlan
    asked: Asked
    task: Task
    halves: tuple[_Half, ...]
    ordinal: int
    against: tuple[str, ...]

    def rounds(self) -> dict[Key, Round | None]:
        """Return the rounds as they would be."""
        return {half.key: self.driven(half.key, half.after) for half in self.halves}

    def driven(self, key: Key, order: Sequence[Task]) -> Round | None:
        """Return a round in an order, its conditions let go where they do not hold."""
        if not order:
            return None
        team, day = self.asked.problem.team(str(key[0])), (key[1] - self.asked.first_day).days
        return loosely(self.asked.problem, team, day, order)


def setting(
    session: Session,
    plan: RoundPlan,
    obligation_id: int,
    team_id: int,
    day: date,
    ordinal: int | None,
    *,
    source: tuple[RoundStop, InspectionRound] | None,
) -> Scene:
    """Lay out a task going into a round, from another one (or another place of it) or from none."""
    target = (team_id, day)
    home = None if source is None else (source[1].team_id, source[1].day)
    keys: list[Key] = [target] if home is None or home == target else [home, target]
    orders = _orders(session, plan, keys)
    asked = _asked(session, plan, orders, obligation_id)
    task = asked.problem.task(str(obligation_id))
    against = _against(session, plan, source, keys, asked, task, day)
    halves = []
    if home is not None and home != target:
        before = _tasks(asked, orders[home])
        halves.append(_Half(home, before, tuple(t for t in before if t.id != task.id)))
    before = _tasks(asked, orders[target])
    rest = [t for t in before if t.id != task.id]
    made = sum(state == "done" for _, state in orders[target])
    after = _placed(asked, target, rest, task, ordinal, made)
    place = after.index(task) + 1
    if place <= made:
        against.append("begun")
    halves.append(_Half(target, before, tuple(after)))
    return Scene(plan, asked, task, tuple(halves), place, tuple(against))


def removal(session: Session, plan: RoundPlan, stop: RoundStop, home: InspectionRound) -> Scene:
    """Lay out a task going out of its round."""
    key = (home.team_id, home.day)
    orders = _orders(session, plan, [key])
    asked = _asked(session, plan, orders, stop.obligation_id or 0)
    task = asked.problem.task(str(stop.obligation_id))
    against = _standing_against(session, plan, (stop, home), [key])
    before = _tasks(asked, orders[key])
    half = _Half(key, before, tuple(t for t in before if t.id != task.id))
    return Scene(plan, asked, task, (half,), 0, tuple(against))


def priced(scene: Scene) -> MovePrice:
    """Return what a change costs, and what stands against it."""
    names = list(scene.against)
    half = scene.halves[-1]
    if scene.ordinal:
        team = scene.asked.problem.team(str(half.key[0]))
        day = (half.key[1] - scene.asked.first_day).days
        names += broken(scene.asked.problem, team, day, half.after, [scene.task.id])
    fields = {"skill": "team_id", "driving": "ordinal", "hours": "ordinal", "begun": "ordinal"}
    return MovePrice(
        tuple(_cost(scene, each.key, each.before) for each in scene.halves),
        tuple(_cost(scene, each.key, each.after) for each in scene.halves),
        scene.ordinal,
        tuple(
            Broken(name, *CONDITIONS[name], fields.get(name, "day"))
            for name in dict.fromkeys(names)
        ),
    )


def _cost(scene: Scene, key: Key, order: Sequence[Task]) -> RoundCost:
    team_id, day = key
    name = scene.asked.teams[str(team_id)].name
    made = scene.driven(key, order)
    if made is None:
        return RoundCost(team_id, name, day, len(order), None, None, 0, 0)
    times = clock_time(made.start), clock_time(made.end)
    return RoundCost(
        team_id, name, day, len(order), *times, made.driving, metres_of(scene.asked, made)
    )


#: Obligation and state of the stops of a round, in order.
_Order = list[tuple[int, str]]


def _orders(session: Session, plan: RoundPlan, keys: Iterable[Key]) -> dict[Key, _Order]:
    found: dict[Key, _Order] = {key: [] for key in keys}
    wanted = (
        select(
            InspectionRound.team_id, InspectionRound.day, RoundStop.obligation_id, RoundStop.state
        )
        .join(RoundStop, RoundStop.round_id == InspectionRound.id)
        .where(
            InspectionRound.plan_id == plan.id,
            InspectionRound.day.in_([day for _, day in found]),
            RoundStop.state != "missed",
        )
        .order_by(InspectionRound.id, RoundStop.ordinal)
    )
    for team_id, day, owed, state in session.execute(wanted):
        if (team_id, day) in found and owed is not None:
            found[team_id, day].append((owed, state))
    return found


def _asked(
    session: Session, plan: RoundPlan, orders: dict[Key, _Order], obligation_id: int
) -> Asked:
    ids = {owed for order in orders.values() for owed, _ in order} | {obligation_id}
    return editing(session, plan, ids, {team for team, _ in orders}, clock.today())


def _tasks(asked: Asked, order: _Order) -> tuple[Task, ...]:
    return tuple(asked.problem.task(str(owed)) for owed, _ in order)


def _placed(
    asked: Asked, key: Key, rest: list[Task], task: Task, ordinal: int | None, made: int
) -> list[Task]:
    if ordinal is not None:
        place = min(max(ordinal, 1), len(rest) + 1) - 1
        return [*rest[:place], task, *rest[place:]]
    team, day = asked.problem.team(str(key[0])), (key[1] - asked.first_day).days
    return best_order(asked.problem, team, day, rest, task, first=made)


def _against(
    session: Session,
    plan: RoundPlan,
    source: tuple[RoundStop, InspectionRound] | None,
    keys: Sequence[Key],
    asked: Asked,
    task: Task,
    day: date,
) -> list[str]:
    found = _standing_against(session, plan, source, keys)
    location = asked.obligations[task.id].location_id
    if _meets_apart(session, plan, location, int(task.id), day):
        found.append("apart")
    if not session.get_one(Team, keys[-1][0]).active:
        found.append("day_off")
    return found


def _standing_against(
    session: Session,
    plan: RoundPlan,
    source: tuple[RoundStop, InspectionRound] | None,
    keys: Sequence[Key],
) -> list[str]:
    """Return what time and locks have against a change of some rounds."""
    today = clock.today()
    days, teams = locked_days(plan), locked_teams(plan)
    locked = {
        (each.team_id, each.day)
        for each in session.scalars(
            select(InspectionRound).where(
                InspectionRound.plan_id == plan.id, InspectionRound.locked
            )
        )
    }
    found = []
    if any(day < today for _, day in keys):
        found.append("past")
    if any(key in locked or key[1] in days or key[0] in teams for key in keys) or (
        source is not None and source[0].locked
    ):
        found.append("locked")
    if source is not None and source[0].state != "planned":
        found.append("begun")
    return found


def _meets_apart(
    session: Session, plan: RoundPlan, location: int, obligation_id: int, day: date
) -> bool:
    """Tell whether the day has a stop at a location that must keep apart from this one."""
    own = plan.asked.get("apart", ())
    others = {b if a == location else a for a, b in own if location in (a, b)}
    others |= partners(session, location)
    if not others:
        return False
    wanted = (
        select(RoundStop.id)
        .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
        .where(
            InspectionRound.plan_id == plan.id,
            InspectionRound.day == day,
            RoundStop.location_id.in_(others),
            RoundStop.obligation_id.is_distinct_from(obligation_id),
        )
    )
    return session.scalar(wanted.limit(1)) is not None
