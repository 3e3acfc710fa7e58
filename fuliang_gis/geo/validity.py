"""Explain, in Chinese and with a place, what is wrong with geometry given from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.geo.measures import ellipsoid_area

_REASONS = {
    "Ring Self-intersection": "环自相接",
    "Self-intersection": "边界自相交",
    "Hole lies outside shell": "洞落在外环之外",
    "Holes are nested": "洞互相嵌套",
    "Interior is disconnected": "内部不连通",
    "Nested shells": "外环互相嵌套",
    "Duplicate Rings": "环重复",
    "Too few points in geometry component": "点数太少",
    "Invalid Coordinate": "坐标不是数字",
    "Ring is not closed": "环未闭合",
}
_PLACED = re.compile(r"(?P<reason>[^\[]+)(?:\[(?P<x>\S+) (?P<y>[^\]]+)\])?")


@dataclass(frozen=True)
class Fault:
    """A broken geometry: the reason in both languages, and where (lon, lat) when known."""

    zh: str
    en: str
    place: tuple[float, float] | None


@dataclass(frozen=True)
class CoverageFault:
    """An overlap of two polygons or a gap between them, its area [m²] and a point in it."""

    kind: str
    names: tuple[str, ...]
    area: float
    place: tuple[float, float]


def explain(geometry: BaseGeometry) -> Fault | None:
    """Return what makes a geometry invalid, or None for a valid one.

    >>> bow = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    >>> explain(bow)
    Fault(zh='边界自相交', en='Self-intersection', place=(1.0, 1.0))
    >>> explain(shapely.box(0, 0, 1, 1)) is None
    True
    >>> explain(shapely.Polygon()).zh
    '没有坐标'
    """
    if geometry.is_empty:
        return Fault("没有坐标", "Empty geometry", None)
    if geometry.is_valid:
        return None
    stated = _PLACED.fullmatch(shapely.is_valid_reason(geometry))
    if stated is None:
        return Fault("图形有误", shapely.is_valid_reason(geometry), None)
    reason = stated["reason"].strip()
    place = (float(stated["x"]), float(stated["y"])) if stated["x"] else None
    return Fault(_REASONS.get(reason, "图形有误"), reason, place)


def looks_swapped(geometry: BaseGeometry, extent: BaseGeometry) -> bool:
    """Tell whether a geometry lies in the extent only with latitude and longitude exchanged.

    >>> county = shapely.box(117.0, 29.1, 117.8, 30.0)
    >>> looks_swapped(shapely.Point(29.5, 117.3), county)
    True
    >>> looks_swapped(shapely.Point(117.3, 29.5), county)
    False
    """
    turned = shapely.transform(geometry, lambda points: points[:, ::-1])
    return bool(not extent.covers(geometry) and extent.covers(turned))


def looks_projected(geometry: BaseGeometry) -> bool:
    """Tell whether coordinates are too large to be degrees.

    >>> looks_projected(shapely.Point(500000, 3264000))
    True
    """
    points = shapely.get_coordinates(geometry)
    return bool(len(points) and np.abs(points).max() > 360)


def coverage_faults(
    polygons: Mapping[str, BaseGeometry], tolerance: float = 1.0
) -> list[CoverageFault]:
    """Return overlaps between polygons and holes between them larger than a tolerance [m²].

    Args:
        polygons: Valid polygons by name, EPSG:4490.
        tolerance: Smaller faults are taken for the rounding of coordinates.

    >>> west, east = shapely.box(117, 29, 117.01, 29.01), shapely.box(117.009, 29, 117.02, 29.01)
    >>> [(fault.kind, fault.names) for fault in coverage_faults({"a": west, "b": east})]
    [('overlap', ('a', 'b'))]
    """
    if not polygons:
        return []
    return [*_overlaps(polygons, tolerance), *_gaps(polygons, tolerance)]


def coverage_valid(polygons: Mapping[str, BaseGeometry]) -> bool:
    """Tell whether polygons share their borders vertex by vertex, without overlap."""
    return bool(shapely.coverage_is_valid(np.array(list(polygons.values()), dtype=object)))


def _overlaps(polygons: Mapping[str, BaseGeometry], tolerance: float) -> Iterator[CoverageFault]:
    names, shapes = list(polygons), list(polygons.values())
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        if a < b:
            shared = shapely.intersection(shapes[a], shapes[b])
            area = _polygon_area(shared)
            if area > tolerance:
                yield CoverageFault("overlap", (names[a], names[b]), area, _inside(shared))


def _gaps(polygons: Mapping[str, BaseGeometry], tolerance: float) -> Iterator[CoverageFault]:
    own = [shapely.Polygon(ring) for shape in polygons.values() for ring in _holes(shape)]
    for ring in _holes(shapely.union_all(list(polygons.values()))):
        hole = shapely.Polygon(ring)
        area = ellipsoid_area(hole)
        # A hole that one polygon has by itself is an enclave, not a gap between neighbours.
        if area > tolerance and not any(each.equals(hole) for each in own):
            names = tuple(name for name, shape in polygons.items() if shape.intersects(hole))
            yield CoverageFault("gap", names, area, _inside(hole))


def _holes(shape: BaseGeometry) -> Iterator[shapely.LinearRing]:
    for part in shapely.get_parts(shape):
        if isinstance(part, shapely.Polygon):
            yield from part.interiors


def _polygon_area(shape: BaseGeometry) -> float:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return ellipsoid_area(shapely.MultiPolygon(parts))


def _inside(shape: BaseGeometry) -> tuple[float, float]:
    spot = shapely.point_on_surface(shape)
    return round(float(spot.x), 6), round(float(spot.y), 6)
