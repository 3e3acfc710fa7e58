"""Plans, rounds, moves and comparisons as the API tells them."""

from __future__ import annotations

from dataclasses import asdict

from fuliang_gis.db.base import Json
from fuliang_gis.inspections.rounds.comparing import Comparison
from fuliang_gis.inspections.rounds.lines import RoundLine, TurnLeg
from fuliang_gis.inspections.rounds.moves import MovePrice
from fuliang_gis.inspections.rounds.queries import (
    Event,
    LeftOver,
    PlanDetail,
    PlanRow,
    RoundView,
    SolvingProgress,
    StopView,
)
from fuliang_gis.inspections.rounds.replanning import Replan, RestOfDay
from fuliang_gis.web.api.teams import document as team

_STOP = (
    *("id", "ordinal", "obligation_id", "layer", "code", "name", "kind", "division_name"),
    *("purpose", "due_on", "arrive", "begin", "leave", "drive_seconds", "drive_metres"),
    *("walk_metres", "lon", "lat", "locked", "state"),
)
_ROUND = (
    *("id", "plan_id", "team_id", "team_name", "day", "starts", "ends", "pause_at"),
    *("pause_minutes", "driving_seconds", "driving_metres", "service_seconds", "work_seconds"),
    "locked",
)
_REPLANNED = ("missed", "inserted", "left_over", "moved")
_LEFT_OVER = (
    *("id", "obligation_id", "layer", "code", "name", "division_name", "purpose", "due_on"),
    *("reason", "advice", "lon", "lat"),
)


def summary(row: PlanRow) -> Json:
    """Return a plan as lists tell it."""
    return asdict(row)


def detail(found: PlanDetail) -> Json:
    """Return a plan as a whole."""
    return summary(found.plan) | {
        "asked": dict(found.asked),
        "curve": [list(point) for point in found.curve],
        "locked_days": list(found.locked_days),
        "locked_teams": list(found.locked_teams),
        "teams": [team(each.team) for each in found.teams],
        "plan": [one_round(each) for each in found.rounds],
        "unplanned": [_left_over(each) for each in found.left_over],
        "totals": asdict(found.totals),
    }


def one_round(each: RoundView) -> Json:
    """Return a round with its stops."""
    told = {name: getattr(each, name) for name in _ROUND}
    stops = [_stop(stop) for stop in each.stops]
    return told | {"share": round(each.share, 4), "stops": stops}


def progress(found: SolvingProgress) -> Json:
    """Return how far a search is."""
    return asdict(found) | {"curve": [list(point) for point in found.curve]}


def event(each: Event) -> Json:
    """Return one act on a plan."""
    return {"at": each.at.isoformat(), **{n: getattr(each, n) for n in ("actor", "action")}} | {
        "detail": each.detail
    }


def price(found: MovePrice) -> Json:
    """Return what a move costs, and what stands against it."""
    return asdict(found) | {
        "added_seconds": found.added_seconds,
        "added_metres": found.added_metres,
        "feasible": found.feasible,
    }


def replan(found: Replan) -> Json:
    """Return what planning again changes."""
    told = {name: list(getattr(found, name)) for name in _REPLANNED}
    rounds = [{"team_id": team_id, "day": day} for team_id, day in found.rounds]
    return told | {
        "from_day": found.from_day,
        "rounds": rounds,
        "added_seconds": found.added_seconds,
        "seconds": round(found.seconds, 3),
    }


def rest(found: RestOfDay) -> Json:
    """Return what is left of a day."""
    told = {"stops": list(found.stops), "dropped": list(found.dropped)}
    return {"round_id": found.round_id, **told, "ends": found.ends}


def collection(lines: list[RoundLine]) -> Json:
    """Return rounds as a GeoJSON feature collection."""
    features = [feature for line in lines for feature in _features(line)]
    return {"type": "FeatureCollection", "features": features}


def leg(each: TurnLeg) -> Json:
    """Return the way to one stop."""
    told = asdict(each)
    told["geometry"] = line_string(told.pop("line"))
    return told


def line_string(line: object) -> Json:
    """Return places as a GeoJSON line."""
    return {"type": "LineString", "coordinates": line}


def comparison(found: Comparison) -> Json:
    """Return two plans side by side."""
    changes = []
    for each in found.changes:
        told = asdict(each)
        del told["location_id"]
        changes.append(told)
    return {
        "a": summary(found.a),
        "b": summary(found.b),
        "totals_a": asdict(found.totals_a),
        "totals_b": asdict(found.totals_b),
        "changes": changes,
        "same": found.same,
    }


def _stop(stop: StopView) -> Json:
    status = {name: getattr(stop.status, name) for name in ("code", "zh", "en", "colour")}
    told = {name: getattr(stop, name) for name in _STOP}
    return told | {"status": status | {"sentence": stop.status.sentence}}


def _left_over(each: LeftOver) -> Json:
    told = {name: getattr(each, name) for name in _LEFT_OVER}
    return told | {"reason_zh": each.reason_name}


def _features(line: RoundLine) -> list[Json]:
    whose: Json = {"round_id": line.round_id, "team_id": line.team_id, "day": line.day}
    driven: Json = {"kind": "round", "team_name": line.team_name, "broken": line.broken}
    marks: list[tuple[str, tuple[float, float], Json]] = [
        ("station", line.station, {"name": line.team_name})
    ]
    marks += [
        ("stop", (lon, lat), {"stop_id": key, "ordinal": ordinal, "name": name})
        for key, ordinal, name, lon, lat in line.stops
    ]
    way = _feature(line_string(line.line) if len(line.line) > 1 else None, whose | driven)
    return [
        way,
        *(
            _feature({"type": "Point", "coordinates": place}, {"kind": kind, **whose, **more})
            for kind, place, more in marks
        ),
    ]


def _feature(geometry: Json | None, properties: Json) -> Json:
    return {"type": "Feature", "geometry": geometry, "properties": properties}
