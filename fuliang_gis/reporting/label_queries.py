"""Which locations get a label: a layer's public things, narrowed and divided into parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, not_, select
from sqlalchemy.orm import Session, aliased

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.locations.households import of_households
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.queries import Filters, conditions
from fuliang_gis.locations.registry import Layer, layer

_TOWNSHIP_DIGITS = 9


@dataclass(frozen=True)
class Wanted:
    """What to make labels of; empty values keep everything, ``codes`` only these."""

    layer: str
    division: str = ""
    kind: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Labelled:
    """What stands on one label."""

    layer: str
    layer_title: str
    code: str
    name: str
    township: str
    village: str
    invented: bool


def count(session: Session, actor: Actor, wanted: Wanted) -> int:
    """Count the labels.

    Raises:
        NotFound: There is no such layer.
    """
    found = layer(wanted.layer)
    statement = select(func.count()).select_from(found.cls).where(*_where(found, actor, wanted))
    return session.scalar(statement) or 0


def labelled(
    session: Session, actor: Actor, wanted: Wanted, *, first: int, number: int
) -> Sequence[Labelled]:
    """Return some of the labels by division and code; ``first`` counts from zero."""
    found = layer(wanted.layer)
    township = aliased(Division)
    statement = (
        select(
            Location.code,
            Location.name,
            Location.division_code,
            Division.short_name.label("division"),
            township.name.label("township"),
            Location.invented,
        )
        .select_from(found.cls)
        .join(Division, Division.code == Location.division_code)
        .outerjoin(township, township.code == func.left(Location.division_code, _TOWNSHIP_DIGITS))
        .where(*_where(found, actor, wanted))
        .order_by(Location.division_code, Location.code)
        .limit(number)
        .offset(first)
    )
    return [
        Labelled(
            found.name,
            found.sheet.title.zh,
            row.code,
            row.name,
            row.township or "",
            row.division if len(row.division_code) > _TOWNSHIP_DIGITS else "",
            row.invented,
        )
        for row in session.execute(statement)
    ]


def _where(found: Layer, actor: Actor, wanted: Wanted) -> list[ColumnElement[bool]]:
    filters = Filters(division=wanted.division or None, kind=wanted.kind or None)
    narrowed = [*conditions(found, actor, filters), not_(of_households(found))]
    return [*narrowed, Location.code.in_(wanted.codes)] if wanted.codes else narrowed
