"""Reading a layer's rows for an export: one statement, rows as they come from the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.inspections.status.queries import FACTS
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.queries import Beside, Filters, conditions, joined, order
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
    beside: Beside,
) -> Iterator[tuple[Any, ...]]:
    """Yield the columns of every row of a list, the facts of its status, and where it is.

    ``beside`` joins the facts. The last five are: township name, division name, longitude and
    latitude of a place on it
    (EPSG:4490) [degrees], and whether the row is invented.
    """
    found = layer(layer_name)
    township = aliased(Division)
    place = func.ST_PointOnSurface(Location.geom)
    statement = (
        select(
            *(getattr(found.cls, name) for name in columns),
            *FACTS,
            func.coalesce(township.name, Division.name),
            Division.name,
            func.ST_X(place),
            func.ST_Y(place),
            Location.invented,
        )
        .join(Division, Division.code == Location.division_code)
        .outerjoin(township, township.code == func.left(Location.division_code, _TOWNSHIP_DIGITS))
        .where(*conditions(found, actor, filters))
        .order_by(*order(found, sort, descending=descending, beside=beside))
        .execution_options(yield_per=_BATCH)
    )
    for row in session.execute(joined(statement, beside)):
        yield tuple(row)


def any_invented(
    session: Session, actor: Actor, layer_name: str, filters: Filters, beside: Beside
) -> bool:
    """Tell whether any row of the list is invented."""
    found = layer(layer_name)
    wanted = (*conditions(found, actor, filters), Location.invented)
    statement = joined(select(found.cls.id).where(*wanted), beside)
    return bool(session.scalar(select(statement.exists())))
