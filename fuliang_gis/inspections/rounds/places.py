"""Where a location is visited, told by the database."""

from __future__ import annotations

from sqlalchemy import ColumnElement, case, func

from fuliang_gis.locations.models import Location


def place() -> tuple[ColumnElement[float], ColumnElement[float]]:
    """Return lon and lat of a place on the location of a statement (EPSG:4490)."""
    on_it = func.ST_PointOnSurface(Location.geom)
    point = case((func.ST_Dimension(Location.geom) == 0, Location.geom), else_=on_it)
    return func.ST_X(point), func.ST_Y(point)
