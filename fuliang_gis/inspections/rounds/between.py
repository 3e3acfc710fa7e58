"""The way between any two places over roads, and travel times between many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy.orm import Session

from fuliang_gis.errors import NotFound
from fuliang_gis.inspections.rounds.asking import FARTHEST_M
from fuliang_gis.inspections.rounds.lines import Line, TurnStep, thinned
from fuliang_gis.inspections.rounds.travelling import travel_on
from fuliang_gis.routing.directions import directions, line_of

#: Longitude and latitude, EPSG:4490.
LonLat = tuple[float, float]


@dataclass(frozen=True)
class Between:
    """The way between two places: driving [s], [m], the walks at its ends [m], line, directions.

    ``seconds`` counts the walks too [s].
    """

    driving_seconds: int
    metres: int
    walk_from_metres: int
    walk_to_metres: int
    seconds: int
    line: Line
    steps: tuple[TurnStep, ...]


def way_between(session: Session, day: date, start: LonLat, goal: LonLat) -> Between:
    """Return the quickest way between two places, under the closures of a day.

    Raises:
        NotFound: A place is too far from any road, or there is no way.
        Invalid: There are no roads.
    """
    travel = travel_on(session, day)
    first, last = travel.snap(np.array([start, goal], dtype=np.float64), FARTHEST_M)
    for place, snap in ((start, first), (goal, last)):
        if snap is None:
            raise NotFound(what=f"{FARTHEST_M / 1000:g} 公里内的道路", key=_told(place))
    if first is None or last is None:
        raise AssertionError("both places lie at a road")
    leg = travel.leg(first, last)
    if leg is None:
        raise NotFound(what="可通行的道路", key=f"{_told(start)} → {_told(goal)}")
    steps = directions(travel.graph, leg, last) if leg.stretches else []
    return Between(
        round(leg.driving_seconds),
        round(leg.metres),
        round(first.offset_m),
        round(last.offset_m),
        round(leg.driving_seconds + first.walk_seconds + last.walk_seconds),
        thinned(line_of(travel.graph, leg.stretches)) if leg.stretches else (),
        tuple(TurnStep(step.text, step.road, round(step.metres, 1)) for step in steps),
    )


def times_between(session: Session, day: date, places: Sequence[LonLat]) -> list[list[int | None]]:
    """Return driving times [s] from each place to each, without walks; None where there is no way.

    Raises:
        Invalid: There are no roads.
    """
    travel = travel_on(session, day)
    snaps = travel.snap(np.array(places, dtype=np.float64).reshape(-1, 2), FARTHEST_M)
    seconds = travel.seconds(snaps, snaps, walks=False)
    np.fill_diagonal(seconds, 0.0)
    return [
        [round(value) if np.isfinite(value) else None for value in row] for row in seconds.tolist()
    ]


def _told(place: LonLat) -> str:
    return f"{place[0]:.5f},{place[1]:.5f}"
