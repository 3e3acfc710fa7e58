"""Closed and slow roads: declared on the map for a time, lifted again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import shapely
from geoalchemy2.shape import from_shape, to_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import audit
from fuliang_gis.accounts.policies import require
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas.models import Division
from fuliang_gis.db.base import SRID
from fuliang_gis.db.guard import county_extent
from fuliang_gis.errors import Invalid, NotFound, Problem, WrongState
from fuliang_gis.roads.closure_checks import (
    MOST_FACTOR,
    outside_division,
    read_shape,
    told_problems,
)
from fuliang_gis.roads.models import Road, RoadClosure

__all__ = [
    "MOST_FACTOR",
    "ClosureGiven",
    "HinderedRoad",
    "declare",
    "hindered_roads",
    "hindrances",
    "lift",
    "touched_roads",
]

#: Roads that are drawn on one map at most.
MOST_DRAWN = 3000


@dataclass(frozen=True)
class ClosureGiven:
    """A closure as told: GeoJSON geometry (EPSG:4490), its time, and how slow (None: closed)."""

    division_code: str
    reason: str
    geometry: object
    valid_from: date
    valid_to: date | None = None
    factor: float | None = None


def declare(session: Session, actor: Actor, given: ClosureGiven) -> RoadClosure:
    """Close roads, or slow them down, where a shape touches them.

    Raises:
        Invalid: Reason, dates, factor or shape are wrong, or no road lies there.
        Forbidden, OutsideDivision: The actor may not manage rounds there.
    """
    division = session.get(Division, given.division_code)
    require(
        actor,
        Permission.MANAGE_ROUNDS,
        given.division_code,
        division.name if division else None,
    )
    geometry = _checked(given, division)
    closure = RoadClosure(
        division_code=given.division_code,
        reason=given.reason.strip(),
        factor=given.factor,
        geom=from_shape(geometry, SRID),
        valid_from=given.valid_from,
        valid_to=given.valid_to,
        created_by=actor.account_id,
    )
    session.add(closure)
    session.flush()
    if not _touched(session, closure.id):
        raise Invalid(
            [Problem("no_road", "所画范围内没有道路。", "There is no road here.", "geom")]
        )
    audit.record(
        session,
        actor,
        "declare_closure",
        f"closure/{closure.id}",
        division_code=given.division_code,
        detail={"reason": closure.reason, "factor": closure.factor},
    )
    return closure


def lift(session: Session, actor: Actor, closure_id: int) -> RoadClosure:
    """Open the roads of a closure again; its record stays.

    Raises:
        NotFound: There is no such closure.
        WrongState: It is lifted already.
    """
    closure = session.get(RoadClosure, closure_id, with_for_update=True)
    if closure is None:
        raise NotFound(what="道路管制", key=closure_id)
    require(actor, Permission.MANAGE_ROUNDS, closure.division_code)
    if closure.lifted_at is not None:
        raise WrongState(name=closure.reason, state="已解除", act="再次解除", advice="无需操作。")
    closure.lifted_by, closure.lifted_at = actor.account_id, clock.now()
    audit.record(
        session,
        actor,
        "lift_closure",
        f"closure/{closure.id}",
        division_code=closure.division_code,
    )
    session.flush()
    return closure


def hindrances(session: Session, on: date) -> dict[int, float]:
    """Return by what the time along each hindered road is multiplied on a day; infinite: closed."""
    factor = func.coalesce(func.max(RoadClosure.factor), 1.0)
    statement = (
        select(Road.id, func.bool_or(RoadClosure.factor.is_(None)), factor)
        .join(RoadClosure, func.ST_Intersects(Road.geom, RoadClosure.geom))
        .where(
            RoadClosure.lifted_at.is_(None),
            RoadClosure.valid_from <= on,
            or_(RoadClosure.valid_to.is_(None), RoadClosure.valid_to >= on),
        )
        .group_by(Road.id)
    )
    return {
        road: math.inf if closed else float(slow or 1.0)
        for road, closed, slow in session.execute(statement)
    }


@dataclass(frozen=True)
class HinderedRoad:
    """A road that a closure touches: its line (GeoJSON, EPSG:4490), name, class and length [m]."""

    closure: int
    name: str | None
    road_class: str
    metres: float
    geometry: str


def hindered_roads(session: Session, closure_ids: Sequence[int]) -> list[HinderedRoad]:
    """Return the roads that closures touch, for a map; of very many only the first."""
    statement = (
        select(
            RoadClosure.id,
            Road.name,
            Road.road_class,
            Road.length_m,
            func.ST_AsGeoJSON(Road.geom, 6),
        )
        .join(Road, func.ST_Intersects(Road.geom, RoadClosure.geom))
        .where(RoadClosure.id.in_(closure_ids))
        .order_by(RoadClosure.id, Road.id)
        .limit(MOST_DRAWN)
    )
    return [HinderedRoad(*row) for row in session.execute(statement)]


def touched_roads(session: Session, given: object) -> list[HinderedRoad]:
    """Return the roads that a shape would close, before it is declared.

    Raises:
        Invalid: It is no line or area in the county.
    """
    geometry, problem = read_shape(given, _county())
    if problem is not None or geometry is None:
        raise Invalid([problem] if problem else [])
    statement = (
        select(Road.name, Road.road_class, Road.length_m, func.ST_AsGeoJSON(Road.geom, 6))
        .where(func.ST_Intersects(Road.geom, from_shape(geometry, SRID)))
        .order_by(Road.id)
        .limit(MOST_DRAWN)
    )
    return [HinderedRoad(0, *row) for row in session.execute(statement)]


def _checked(given: ClosureGiven, division: Division | None) -> BaseGeometry:
    problems = [*told_problems(given.reason, given.factor, given.valid_from, given.valid_to)]
    if division is None:
        told = ("没有这个行政区划，请从列表中选择。", "There is no such division.")
        problems.append(Problem("unknown_division", *told, "division_code"))
    geometry, fault = read_shape(given.geometry, _county())
    if geometry is not None and division is not None and division.level != "county":
        boundary = to_shape(division.boundary) if division.boundary is not None else None
        fault = outside_division(geometry, boundary, division.name)
    if fault is not None:
        problems.append(fault)
    if problems or geometry is None:
        raise Invalid(problems)
    return geometry


def _county() -> BaseGeometry:
    return shapely.box(*county_extent())


def _touched(session: Session, closure_id: int) -> int:
    statement = (
        select(func.count())
        .select_from(Road)
        .join(RoadClosure, func.ST_Intersects(Road.geom, RoadClosure.geom))
        .where(RoadClosure.id == closure_id)
    )
    return session.scalar(statement) or 0
