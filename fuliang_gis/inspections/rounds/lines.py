"""Rounds on the map and for the driver: lines over real roads, and directions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import pairwise

import numpy as np
import shapely

from fuliang_gis.geo import crs
from fuliang_gis.inspections.rounds.asking import FARTHEST_M
from fuliang_gis.inspections.rounds.views import RoundView
from fuliang_gis.routing.directions import directions, line_of
from fuliang_gis.routing.graph import Floats
from fuliang_gis.routing.snapping import Snap
from fuliang_gis.routing.travel import Leg, Travel

#: How far a drawn line may lie from the road it stands for [m].
_TOLERANCE_M = 4.0

#: Places of a line: lon, lat (EPSG:4490) [degrees, 6 decimals].
Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class RoundLine:
    """One round as it is driven, from the station and back to it, as a GeoJSON LineString takes it.

    ``station`` and ``stops`` are where their markers stand; a stop is id, ordinal, name, lon, lat.
    ``broken`` tells that there is no way for some leg, which the line leaves out.
    """

    round_id: int
    team_id: int
    team_name: str
    day: date
    line: Line
    station: tuple[float, float]
    stops: tuple[tuple[int, int, str, float, float], ...]
    broken: bool


@dataclass(frozen=True)
class TurnStep:
    """One instruction in Chinese, the road it leads onto, and for how far [m]."""

    text: str
    road: str
    metres: float


@dataclass(frozen=True)
class TurnLeg:
    """The way to one stop (or home, without a stop): times, driving [s] and [m], and its steps."""

    stop_id: int | None
    ordinal: int | None
    start: str
    goal: str
    leave: time
    arrive: time
    driving_seconds: int
    metres: int
    walk_metres: int
    steps: tuple[TurnStep, ...]
    line: Line


HOME = "工作站"
_NO_WAY = "道路不通，请与乡镇核实后绕行。"


def lines_of(
    travel: Travel, rounds: Sequence[RoundView], stations: dict[int, tuple[float, float]]
) -> list[RoundLine]:
    """Return each round's line; ``stations`` are lon/lat by team."""
    found = []
    for each, snaps in zip(rounds, _snapped(travel, rounds, stations), strict=True):
        legs = [_leg(travel, a, b) for a, b in pairwise(snaps)]
        parts = [line_of(travel.graph, leg.stretches) for leg in legs if leg is not None]
        found.append(
            RoundLine(
                each.id,
                each.team_id,
                each.team_name,
                each.day,
                thinned(np.concatenate([np.empty((0, 2)), *parts])),
                stations[each.team_id],
                tuple((s.id, s.ordinal, s.name, s.lon, s.lat) for s in each.stops),
                any(leg is None for leg in legs),
            )
        )
    return found


def turns_of(travel: Travel, driven: RoundView, station: tuple[float, float]) -> list[TurnLeg]:
    """Return the legs of a round, with directions."""
    (snaps,) = _snapped(travel, [driven], {driven.team_id: station})
    return list(_turns(travel, driven, snaps))


def _turns(travel: Travel, driven: RoundView, snaps: Sequence[Snap | None]) -> Iterator[TurnLeg]:
    names = [HOME, *(stop.name for stop in driven.stops), HOME]
    leaves = [driven.starts, *(stop.leave for stop in driven.stops)]
    arrives = [*(stop.arrive for stop in driven.stops), driven.ends]
    stops = [*driven.stops, None]
    for number, (a, b) in enumerate(pairwise(snaps)):
        leg, stop = _leg(travel, a, b), stops[number]
        yield TurnLeg(
            stop.id if stop else None,
            stop.ordinal if stop else None,
            names[number],
            names[number + 1],
            leaves[number],
            arrives[number],
            round(leg.driving_seconds) if leg else 0,
            round(leg.metres) if leg else 0,
            round(b.offset_m) if b is not None else 0,
            _steps(travel, leg, b),
            thinned(line_of(travel.graph, leg.stretches)) if leg else (),
        )


def _steps(travel: Travel, leg: Leg | None, goal: Snap | None) -> tuple[TurnStep, ...]:
    if leg is None or goal is None:
        return (TurnStep(_NO_WAY, "", 0.0),)
    if not leg.stretches:
        return (TurnStep("原地继续，无需行车", "", 0.0),)
    told = directions(travel.graph, leg, goal)
    return tuple(TurnStep(step.text, step.road, round(step.metres, 1)) for step in told)


def _snapped(
    travel: Travel, rounds: Sequence[RoundView], stations: dict[int, tuple[float, float]]
) -> list[list[Snap | None]]:
    """Return the places of each round at their roads: the station, the stops, the station."""
    places = [
        [stations[each.team_id], *((s.lon, s.lat) for s in each.stops), stations[each.team_id]]
        for each in rounds
    ]
    flat = [place for each in places for place in each]
    snaps = travel.snap(np.array(flat, dtype=np.float64).reshape(-1, 2), FARTHEST_M)
    ends = np.cumsum([len(each) for each in places]).tolist()
    return [snaps[end - len(each) : end] for each, end in zip(places, ends, strict=True)]


def _leg(travel: Travel, start: Snap | None, goal: Snap | None) -> Leg | None:
    return None if start is None or goal is None else travel.leg(start, goal)


def thinned(line: Floats) -> Line:
    """Return a line without the places that hardly bend it; both ends stay."""
    if len(line) > 2:  # A straight line has nothing to leave out.
        flat = shapely.LineString(crs.to_plane(line))
        kept = shapely.get_coordinates(flat.simplify(_TOLERANCE_M, preserve_topology=False))
        line = np.asarray(crs.to_geographic(kept))
    return tuple((round(float(lon), 6), round(float(lat), 6)) for lon, lat in line)
