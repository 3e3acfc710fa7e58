"""Positions of visits and locations as plain numbers (EPSG:4490, lon/lat)."""

from __future__ import annotations

from geoalchemy2 import WKBElement
from geoalchemy2.shape import to_shape

from fuliang_gis.inspections.models import Visit


def place_of(visit: Visit) -> tuple[float, float] | None:
    """Return where the device was; None when it told nothing."""
    return None if visit.geom is None else point_of(visit.geom)


def point_of(geom: WKBElement) -> tuple[float, float]:
    """Return a place on a shape: the point itself, or one that surely lies on it."""
    shape = to_shape(geom).representative_point()
    return round(shape.x, 7), round(shape.y, 7)
