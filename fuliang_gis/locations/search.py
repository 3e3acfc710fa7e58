"""Finding a place by what a person types: divisions and the locations of every layer together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Function, Label, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from fuliang_gis.accounts.policies import within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.queries import matches
from fuliang_gis.locations.registry import layers

#: What a found division stands for instead of a layer.
DIVISION = "division"

_TOWNSHIP_DIGITS = 9


@dataclass(frozen=True)
class Found:
    """One place found: of a layer, or a division; ``extent`` is its box (EPSG:4490) [degrees]."""

    layer: str
    layer_title: str
    code: str
    name: str
    where: str
    extent: tuple[float, float, float, float]


def search(session: Session, actor: Actor, text: str, limit: int = 12) -> list[Found]:
    """Return what fits best: whole names first, then beginnings, then the rest; by code.

    An empty text finds nothing.
    """
    wanted = text.strip()
    if not wanted:
        return []
    divisions = _divisions(session, actor, wanted, max(1, limit // 3))
    return divisions + _locations(session, actor, wanted, limit - len(divisions))


def _divisions(session: Session, actor: Actor, text: str, limit: int) -> list[Found]:
    parent = aliased(Division)
    names = (Division.name, Division.short_name)
    hit = or_(
        *(name.icontains(text, autoescape=True) for name in names),
        Division.initials.startswith(text.lower(), autoescape=True),
        Division.code.startswith(text, autoescape=True),
    )
    statement = (
        select(
            Division.code,
            Division.name,
            func.coalesce(parent.name, ""),
            *_box(Division.boundary),
        )
        .outerjoin(parent, parent.code == Division.parent_code)
        .where(hit, Division.boundary.is_not(None), within(actor, Division.code))
        .order_by(case((Division.short_name == text, 0), else_=1), func.length(Division.code))
        .order_by(Division.code)
        .limit(limit)
    )
    return [_found(DIVISION, "行政区划", tuple(row)) for row in session.execute(statement)]


def _locations(session: Session, actor: Actor, text: str, limit: int) -> list[Found]:
    # The best are picked before names and boxes are fetched for them.
    best = (
        select(Location.id, _rank(text))
        .where(Location.deleted_at.is_(None), within(actor, Location.division_code), matches(text))
        .order_by("rank", Location.code)
        .limit(limit)
        .subquery()
    )
    township = aliased(Division)
    statement = (
        select(
            Location.layer,
            Location.code,
            Location.name,
            func.concat_ws(" ", township.name, func.nullif(Division.name, township.name)),
            *_box(Location.geom),
        )
        .join(best, best.c.id == Location.id)
        .join(Division, Division.code == Location.division_code)
        .outerjoin(township, township.code == func.left(Location.division_code, _TOWNSHIP_DIGITS))
        .order_by(best.c.rank, Location.code)
    )
    titles = {name: found.sheet.title.zh for name, found in layers().items()}
    return [_found(row[0], titles[row[0]], tuple(row)[1:]) for row in session.execute(statement)]


def _rank(text: str) -> Label[int]:
    return case(
        (or_(Location.name == text, Location.code == text), 0),
        (Location.name.startswith(text, autoescape=True), 1),
        else_=2,
    ).label("rank")


def _box(geometry: object) -> tuple[Function[float], ...]:
    return (
        func.ST_XMin(geometry),
        func.ST_YMin(geometry),
        func.ST_XMax(geometry),
        func.ST_YMax(geometry),
    )


def _found(layer: str, title: str, row: Sequence[Any]) -> Found:
    code, name, where, west, south, east, north = row
    return Found(layer, title, code, name, where, (west, south, east, north))
