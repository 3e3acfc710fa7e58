"""From open obligations and teams to the problem that ``routing`` solves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import shapely
from geoalchemy2.shape import to_shape
from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.policies import inside
from fuliang_gis.inspections.duties.periods import Span
from fuliang_gis.inspections.models import (
    InspectionRound,
    Obligation,
    RoundPlan,
    RoundStop,
    Team,
)
from fuliang_gis.inspections.rounds.apart import pairs_among, task_pairs
from fuliang_gis.inspections.rounds.places import place
from fuliang_gis.inspections.rounds.times import seconds_of
from fuliang_gis.inspections.rounds.travelling import travel_on
from fuliang_gis.inspections.rounds.working_days import working_days
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from fuliang_gis.locations.sheets import Inspection
from fuliang_gis.routing.rounds import Break, Hours, Problem, Task, Weights
from fuliang_gis.routing.rounds import Team as Crew
from fuliang_gis.routing.snapping import Snap
from fuliang_gis.routing.travel import Travel

#: Nobody walks farther from the road than this [m]; what lies beyond counts as unreachable.
FARTHEST_M = 3000.0


@dataclass(frozen=True)
class Wishes:
    """What a plan is asked for.

    ``early`` takes in obligations that are open but due only after the span; ``balance`` is what a
    second of work beyond the usual day costs; ``late_counts`` is how much more an overdue
    obligation counts, ``early_counts`` how much less one that could wait. The search lasts so many
    ``seconds`` [s], or ``iterations`` where they are given: with one seed these give one plan.
    """

    early: bool = True
    balance: float = 0.0
    late_counts: float = 3.0
    early_counts: float = 0.4
    seconds: float = 30.0
    seed: int = 1
    iterations: int | None = None


@dataclass(frozen=True)
class Asked:
    """A problem with what its numbers stand for.

    Places are the teams' stations, then the obligations' locations; ``snaps`` are theirs.
    """

    problem: Problem
    travel: Travel
    snaps: tuple[Snap | None, ...]
    obligations: Mapping[str, Obligation]
    teams: Mapping[str, Team]
    first_day: date
    places: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Owed:
    """An obligation and a place on its location (EPSG:4490).

    ``in_rounds`` tells that its day is that of published rounds, not of the calendar; ``late`` that
    a visit for it makes up for earlier ones too.
    """

    owed: Obligation
    lon: float
    lat: float
    in_rounds: bool
    late: bool = False


def ask(
    session: Session,
    scope: str,
    span: Span,
    team_ids: Sequence[int],
    wishes: Wishes,
    today: date,
) -> Asked:
    """Compose the problem of a division's open obligations for some teams.

    What one visit completes is asked for once. Closures are those of the span's first day.
    """
    owed = _owed(session, *wanted(scope, span, early=wishes.early))
    teams = _teams(session, Team.id.in_(team_ids), Team.active.is_(True))
    return _composed(session, _once(owed, max(today, span.start)), teams, span, wishes, today)


def wanted(scope: str, span: Span, *, early: bool) -> list[ColumnElement[bool]]:
    """Return what an obligation must be to be taken in, as conditions with its location.

    What is overdue, and what falls due before the span begins, is to be made up.
    """
    found = [
        inside(scope, Obligation.division_code),
        Obligation.state == "open",
        Location.deleted_at.is_(None),
        Obligation.opens_on <= span.end,
    ]
    return found if early else [*found, Obligation.due_on <= span.end]


def ask_for(
    session: Session,
    obligation_ids: Collection[int],
    span: Span,
    team_ids: Collection[int],
    wishes: Wishes,
    today: date,
) -> Asked:
    """Compose the problem of given obligations, done ones too, for given teams, retired ones too.

    People decide on the day here: that of the calendar does not bind.
    """
    owed = [
        replace(row, in_rounds=True)
        for row in _owed(session, Obligation.id.in_(list(obligation_ids)))
    ]
    teams = _teams(session, Team.id.in_(list(team_ids)))
    return _composed(session, owed, teams, span, wishes, today)


def _composed(
    session: Session,
    owed: Sequence[_Owed],
    teams: Sequence[Team],
    span: Span,
    wishes: Wishes,
    today: date,
) -> Asked:
    lonlat = [shapely.get_coordinates(to_shape(team.station))[0] for team in teams]
    travel = travel_on(session, span.start)
    places: dict[int, int] = {}
    for row in owed:
        if row.owed.location_id not in places:
            places[row.owed.location_id] = len(lonlat)
            lonlat.append(np.array([row.lon, row.lat]))
    snaps = travel.snap(np.array(lonlat).reshape(-1, 2), FARTHEST_M)
    seconds = travel.seconds(snaps, snaps, walks=False)
    np.fill_diagonal(seconds, 0.0)
    at = {str(row.owed.id): row.owed.location_id for row in owed}
    problem = Problem(
        span.days,
        tuple(_crew(team, number, span) for number, team in enumerate(teams)),
        tuple(_task(row, places, snaps, span, today, wishes) for row in owed),
        seconds,
        task_pairs(pairs_among(session, places), at),
        weights=Weights(balance=wishes.balance),
    )
    return Asked(
        problem,
        travel,
        tuple(snaps),
        {str(row.owed.id): row.owed for row in owed},
        {str(team.id): team for team in teams},
        span.start,
        places,
    )


def _teams(session: Session, *conditions: ColumnElement[bool]) -> list[Team]:
    return list(session.scalars(select(Team).where(*conditions).order_by(Team.id)))


def _owed(session: Session, *conditions: ColumnElement[bool]) -> list[_Owed]:
    """Return obligations with a place on the location of each."""
    in_rounds = (
        exists()
        .where(
            RoundStop.obligation_id == Obligation.id,
            InspectionRound.id == RoundStop.round_id,
            InspectionRound.day == Obligation.planned_on,
            RoundPlan.id == InspectionRound.plan_id,
            RoundPlan.state == "published",
        )
        .correlate(Obligation)
    )
    statement = (
        select(Obligation, *place(), in_rounds)
        .join(Location, Location.id == Obligation.location_id)
        .where(*conditions)
        .order_by(Obligation.id)
    )
    return [_Owed(*row) for row in session.execute(statement)]


def _once(owed: Sequence[_Owed], first: date) -> list[_Owed]:
    """Leave out what a visit for another obligation of the same location completes anyway.

    A visit completes the window that holds its day, and everything overdue before it. So the window
    that is open stands for what is overdue, and the latest of that for the rest of it.
    """
    by_visit: dict[tuple[int, str], list[_Owed]] = {}
    for row in owed:
        by_visit.setdefault((row.owed.location_id, row.owed.purpose), []).append(row)
    found = []
    for rows in by_visit.values():
        late = [row for row in rows if row.owed.due_on < first]
        ahead = [row for row in rows if row.owed.due_on >= first]
        ahead.sort(key=lambda row: (row.owed.opens_on, row.owed.due_on))
        if late and ahead and ahead[0].owed.opens_on <= first:
            found.append(replace(ahead.pop(0), late=True))
        elif late:
            found.append(max(late, key=lambda row: (row.owed.due_on, row.owed.id)))
        found += ahead
    return sorted(found, key=lambda row: row.owed.id)


def _crew(team: Team, station: int, span: Span) -> Crew:
    hours = (seconds_of(team.starts), seconds_of(team.ends))
    days = {(day - span.start).days: hours for day in working_days(span, team.weekdays)}
    pause = None
    if team.break_from is not None and team.break_to is not None and team.break_minutes:
        earliest, latest = seconds_of(team.break_from), seconds_of(team.break_to)
        pause = Break(earliest, latest, team.break_minutes * 60)
    driving = team.most_driving_minutes
    return Crew(
        str(team.id),
        station,
        days,
        frozenset(team.skills),
        pause,
        None if driving is None else driving * 60,
    )


def _task(
    row: _Owed,
    places: Mapping[int, int],
    snaps: Sequence[Snap | None],
    span: Span,
    today: date,
    wishes: Wishes,
) -> Task:
    owed = row.owed
    place = places[owed.location_id]
    snap = snaps[place]
    # The car waits at the road: the walk there and back belongs to the visit.
    walk = 0 if snap is None else round(2 * snap.walk_seconds)
    inspection = layer(owed.layer).sheet.inspection
    first = max((owed.opens_on - span.start).days, 0)
    last = min((owed.due_on - span.start).days, span.days - 1)
    priority = 1.0
    if owed.due_on < max(today, span.start):
        # Late already: as soon as may be, on whichever day.
        priority, last = wishes.late_counts, span.days - 1
    elif row.late:
        priority = wishes.late_counts
    elif owed.due_on > span.end:
        priority = wishes.early_counts
    day = None if row.in_rounds else _planned_day(owed, span, first, last)
    return Task(
        str(owed.id),
        place,
        inspection.service_minutes * 60 + walk,
        (first, max(first, last)),
        _hours(inspection, owed.kind),
        # Whoever works in the field inspects; what else is asked takes the skill for it.
        frozenset() if owed.purpose == "routine" else frozenset({owed.purpose}),
        priority,
        day=day,
    )


def _planned_day(owed: Obligation, span: Span, first: int, last: int) -> int | None:
    """Return the day that the calendar gives an obligation, where it is one of its days."""
    if owed.planned_on is None:
        return None
    day = (owed.planned_on - span.start).days
    return day if first <= day <= last else None


def _hours(inspection: Inspection, kind: str | None) -> tuple[Hours, ...]:
    service = inspection.service_minutes * 60
    return tuple(
        # Work ends before the door is closed.
        (seconds_of(each.opens), max(seconds_of(each.closes) - service, seconds_of(each.opens)))
        for each in inspection.hours
        if each.applies_to(kind)
    )
