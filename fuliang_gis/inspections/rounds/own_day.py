"""What is left of one's own round of today, put in a better order from where one is.

Whoever drives a round changes nothing but its order: no stop goes to another team or day, and none
is taken out. What does not fit into the working day stays in the list, and is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Literal

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.policies import require_role
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import Conflict, Invalid, NotFound
from fuliang_gis.errors import Problem as Refusal
from fuliang_gis.inspections.models import InspectionRound, RoundPlan, Team, TeamMember, Visit
from fuliang_gis.inspections.rounds.access import touch
from fuliang_gis.inspections.rounds.asking import Asked
from fuliang_gis.inspections.rounds.keeping import count_totals, round_told
from fuliang_gis.inspections.rounds.own_order import Left, in_best_order
from fuliang_gis.inspections.rounds.places import place
from fuliang_gis.inspections.rounds.problems import wishes_of
from fuliang_gis.inspections.rounds.team_queries import teams_by_id
from fuliang_gis.inspections.rounds.times import clock_time, seconds_of
from fuliang_gis.inspections.rounds.today import Day, asked_today, day_of, here_on, write_rest
from fuliang_gis.locations.models import Location
from fuliang_gis.routing.rounds import Problem, Round
from fuliang_gis.routing.snapping import Snap

#: From where it is reckoned: the device, the last visit made today, or the station.
Origin = Literal["device", "visit", "station"]


@dataclass(frozen=True)
class Drive:
    """What the rest of a day takes: driving [s] and [m] back to the station, and when it ends."""

    seconds: int
    metres: int
    ends: time


@dataclass(frozen=True)
class OwnStopTime:
    """A stop (id) in its new place, when it would be visited."""

    stop_id: int
    begin: time
    leave: time


@dataclass(frozen=True)
class OwnDay:
    """The rest of one's own day in its best order; ``before`` is None where a road is closed now.

    ``since`` is when the visit was made that it is reckoned from, ``ends`` when the shift ends.
    """

    round_id: int
    origin: Origin
    origin_name: str | None
    since: datetime | None
    place: tuple[float, float]
    at: time
    before: Drive | None
    after: Drive
    stops: tuple[OwnStopTime, ...]
    was: tuple[int, ...]
    ends: time

    @property
    def order(self) -> tuple[int, ...]:
        """The stops (ids) in their new order."""
        return tuple(each.stop_id for each in self.stops)

    @property
    def changed(self) -> bool:
        """Whether the order is another one."""
        return self.order != self.was

    @property
    def late(self) -> bool:
        """Whether the team would be back only after its shift."""
        return self.after.ends > self.ends


@dataclass(frozen=True)
class _From:
    """Where one is, lon/lat (EPSG:4490), and how that is known."""

    place: tuple[float, float]
    origin: Origin
    name: str | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class _Found:
    """A new order as it would be written."""

    kept: RoundPlan
    day: Day
    rest: Asked
    made: Round
    station: Snap | None
    here: Snap
    now: int
    told: OwnDay


def price_own_day(
    session: Session,
    actor: Actor,
    round_id: int,
    place: tuple[float, float] | None,
    *,
    at: datetime | None = None,
) -> OwnDay:
    """Return the best order of what is left of the actor's own round; nothing is saved.

    Args:
        place: Where the device is, lon/lat (EPSG:4490); without it, the last visit or the station.
        at: When it is there; now.

    Raises:
        Forbidden: The role makes no visits.
        NotFound: The actor drives no such published round today.
        Invalid: Nothing is left, no road is near, a stop cannot be reached, the day is too short.
    """
    kept, row = _own(session, actor, round_id)
    return _found(session, actor, kept, row, place, at).told


def replan_own_day(
    session: Session,
    actor: Actor,
    round_id: int,
    place: tuple[float, float] | None,
    *,
    at: datetime | None = None,
    shown: Sequence[int],
) -> OwnDay:
    """Give what is left of the actor's own round the order that was shown.

    Args:
        shown: The stops (ids) in the order that the actor has seen and accepts.

    Raises:
        Forbidden, NotFound, Invalid: As ``price_own_day``.
        Conflict: Meanwhile something has changed, and another order is the best.
    """
    kept, row = _own(session, actor, round_id, change=True)
    found = _found(session, actor, kept, row, place, at)
    if found.told.order != tuple(shown):
        raise Conflict(name=kept.title, current=kept.version, expected=kept.version)
    write_rest(session, found.rest, found.day, found.made, found.station, found.here, found.now)
    count_totals(session, kept)
    before = found.told.before
    told: dict[str, object] = {
        "team": row.team_id,
        "day": row.day.isoformat(),
        "stops": len(found.told.order),
        "from": found.told.origin,
    }
    if before is not None:
        told["added_seconds"] = found.told.after.seconds - before.seconds
    touch(session, actor, kept, "replan_own_day", told)
    return found.told


def _own(
    session: Session, actor: Actor, round_id: int, *, change: bool = False
) -> tuple[RoundPlan, InspectionRound]:
    """Return the actor's own published round of today, and its plan."""
    require_role(actor, Permission.RECORD_VISITS)
    member = exists().where(
        TeamMember.team_id == InspectionRound.team_id, TeamMember.account_id == actor.account_id
    )
    wanted = (
        select(RoundPlan, InspectionRound)
        .join(InspectionRound, InspectionRound.plan_id == RoundPlan.id)
        .where(
            InspectionRound.id == round_id,
            InspectionRound.day == clock.today(),
            RoundPlan.state == "published",
            member,
        )
    )
    if change:
        wanted = wanted.with_for_update(of=RoundPlan).execution_options(populate_existing=True)
    found = session.execute(wanted).one_or_none()
    if found is None:
        raise NotFound(what="您今天的巡查路线", key=round_id)
    return found[0], found[1]


def _found(
    session: Session,
    actor: Actor,
    kept: RoundPlan,
    row: InspectionRound,
    given: tuple[float, float] | None,
    at: datetime | None,
) -> _Found:
    day = day_of(session, kept, row.team_id)
    ids = [stop.obligation_id for stop in day.ahead if stop.obligation_id is not None]
    if not ids:
        told = "今天的点都已巡查，没有要重排的。"
        raise Invalid([Refusal("nothing_left", told, "Nothing is left of today.", "round_id")])
    moment = (at or clock.now()).astimezone(clock.ZONE).time()
    now = seconds_of(moment)
    asked = asked_today(session, kept, row.team_id, ids)
    team = session.get_one(Team, row.team_id)
    start = _From(given, "device") if given else _last_known(session, actor, team)
    here = here_on(asked, start.place)
    base, was, made = _ordered(kept, asked, day, here, now)
    rest = replace(asked, problem=base, snaps=(*asked.snaps, here))
    numbers = {stop.obligation_id: stop.id for stop in day.ahead}
    station = asked.snaps[0]
    own = OwnDay(
        row.id,
        start.origin,
        start.name,
        start.since,
        start.place,
        moment.replace(second=0, microsecond=0),
        None if was is None else _drive(rest, was, station, here),
        _drive(rest, made, station, here),
        tuple(
            OwnStopTime(numbers[int(stop.task)], clock_time(stop.begin), clock_time(stop.leave))
            for stop in made.stops
        ),
        tuple(stop.id for stop in day.ahead),
        team.ends,
    )
    return _Found(kept, day, rest, made, station, here, now, own)


def _last_known(session: Session, actor: Actor, team: Team) -> _From:
    """Return where the actor's last visit of today was, else the team's station."""
    begins = datetime.combine(clock.today(), time(), clock.ZONE)
    wanted = (
        select(Location.name, Visit.visited_at, *place())
        .join(Location, Location.id == Visit.location_id)
        .where(
            Visit.inspector_id == actor.account_id,
            Visit.superseded_at.is_(None),
            Visit.visited_at >= begins,
        )
        .order_by(Visit.visited_at.desc())
        .limit(1)
    )
    if last := session.execute(wanted).first():
        name, visited_at, lon, lat = last
        return _From((lon, lat), "visit", name, visited_at)
    (station,) = teams_by_id(session, [team.id]).values()
    return _From((station.lon, station.lat), "station")


def _ordered(
    kept: RoundPlan, asked: Asked, day: Day, here: Snap, now: int
) -> tuple[Problem, Round | None, Round]:
    left = Left(
        str(day.row.team_id),
        (day.row.day - asked.first_day).days,
        now,
        asked.travel.seconds([here], asked.snaps, walks=False)[0],
        sum(stop.drive_seconds for stop in day.made),
        tuple(str(stop.obligation_id) for stop in day.ahead),
    )
    return in_best_order(asked.problem, left, wishes_of(kept).seed)


def _drive(rest: Asked, made: Round, station: Snap | None, here: Snap) -> Drive:
    """Return what a round takes from here to its station."""
    stops = round_told(rest, made).stops
    last = rest.snaps[rest.places[rest.obligations[stops[-1].task].location_id]] or here
    home = None if station is None else rest.travel.leg(last, station)
    metres = sum(int(stop.values["drive_metres"]) for stop in stops)
    return Drive(made.driving, metres + (round(home.metres) if home else 0), clock_time(made.end))
