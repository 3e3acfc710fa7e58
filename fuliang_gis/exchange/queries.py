"""Reading a layer's rows for an export: one statement, rows as they come from the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.queries import Filters, conditions, order
from fuliang_gis.locations.registry import layer

_TOWNSHIP_DIGITS = 9
#: Rows that the server sends at a time.
_BATCH = 1000


def export_rows(
    session: Session,
    actor: Actor,
    layer_name: str,
    filters: Filters,
    columns: Sequence[str],
    *,
    sort: str,
    descending: bool,
) -> Iterator[tuple[Any, ...]]:
    """Yield the columns of every row of a list, then township, village, place and origin.

    The last five are: township name, division name, longitude and latitude of a place on it
    (EPSG:4490) [degrees], and whether the row is invented.
    """
    found = layer(layer_name)
    township = aliased(Division)
    place = func.ST_PointOnSurface(Location.geom)
    statement = (
        select(
            *(getattr(found.cls, name) for name in columns),
            func.coalesce(township.name, Division.name),
            Division.name,
            func.ST_X(place),
            func.ST_Y(place),
            Location.invented,
        )
        .join(Division, Division.code == Location.division_code)
        .outerjoin(township, township.code == func.left(Location.division_code, _TOWNSHIP_DIGITS))
        .where(*conditions(found, actor, filters))
        .order_by(*order(found, sort, descending=descending))
        .execution_options(yield_per=_BATCH)
    )
    for row in session.execute(statement):
        yield tuple(row)


def any_invented(session: Session, actor: Actor, layer_name: str, filters: Filters) -> bool:
    """Tell whether any row of the list is invented."""
    found = layer(layer_name)
    wanted = (*conditions(found, actor, filters), Location.invented)
    return bool(session.scalar(select(select(found.cls.id).where(*wanted).exists())))
