"""What stands against a closure as it is told (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from fuliang_gis import clock
from fuliang_gis.errors import Problem
from fuliang_gis.geo.validity import explain, looks_projected, looks_swapped

#: Slowest a zone may be made: times as slow.
MOST_FACTOR = 20.0
#: More places than a hand draws.
MOST_PLACES = 2000
#: How far beyond its division a closure may reach: a flood does not end at a border [degrees].
BEYOND = 0.02
LONGEST_REASON = 200
_KINDS = frozenset({"LineString", "MultiLineString", "Polygon", "MultiPolygon"})
_DRAW = "请在地图上画出管制的路段或范围。"


def told_problems(
    reason: str, factor: float | None, valid_from: date, valid_to: date | None
) -> Iterator[Problem]:
    """Yield what is wrong with all but the shape."""
    if not reason.strip():
        yield Problem("required", "请填写管制原因。", "A reason is required.", "reason")
    if len(reason.strip()) > LONGEST_REASON:
        zh = f"管制原因不超过 {LONGEST_REASON} 字。"
        yield Problem("too_long", zh, "The reason is too long.", "reason")
    if not clock.is_meant(valid_from):
        told = ("请填写开始日期，如 2026-07-01。", "A first day such as 2026-07-01.")
        yield Problem("bad_date", *told, "valid_from")
    if valid_to is not None and valid_to < valid_from:
        told = ("结束日期早于开始日期。", "It ends before it begins.")
        yield Problem("out_of_order", *told, "valid_to")
    # Written so that what is no number is out of range too.
    if factor is not None and not 1 < factor <= MOST_FACTOR:
        told = (f"缓行倍数应大于 1、不超过 {MOST_FACTOR:g}。", "The factor is out of range.")
        yield Problem("out_of_range", *told, "factor")


def read_shape(given: object, county: BaseGeometry) -> tuple[BaseGeometry | None, Problem | None]:
    """Read a GeoJSON line or area (EPSG:4490); give it, or what stands against it."""
    try:
        # What is no number is told below; the library would warn of it.
        with np.errstate(invalid="ignore"):
            geometry = shapely.force_2d(shape(given))  # type: ignore[arg-type]
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, ShapelyError):
        return None, _fault("bad_geometry", _DRAW, "Draw the stretch or area.")
    if geometry.geom_type not in _KINDS or geometry.is_empty:
        return None, _fault("bad_geometry", _DRAW, "Draw a line or an area.")
    if shapely.get_num_coordinates(geometry) > MOST_PLACES:
        zh = f"所画图形超过 {MOST_PLACES} 个点，请画得简单些。"
        return None, _fault("too_large", zh, "The shape has too many places.")
    return _placed(geometry, county)


def _placed(
    geometry: BaseGeometry, county: BaseGeometry
) -> tuple[BaseGeometry | None, Problem | None]:
    fault = explain(geometry)
    if fault is not None:
        zh = f"所画图形有误：{fault.zh}。请重新画。"
        return None, _fault("bad_geometry", zh, f"Invalid shape: {fault.en}.")
    if looks_projected(geometry):
        zh = "坐标像是平面坐标（米），应为 CGCS2000 经纬度。"
        return None, _fault("wrong_crs", zh, "Degrees are expected.")
    if looks_swapped(geometry, county):
        return None, _fault("swapped_axes", "经度和纬度似乎填反了。", "Axes look swapped.")
    if not county.covers(geometry):
        zh = "管制范围应在本县之内。"
        return None, _fault("outside_county", zh, "It lies outside the county.")
    return geometry, None


def outside_division(
    geometry: BaseGeometry, boundary: BaseGeometry | None, name: str
) -> Problem | None:
    """Refuse a shape that reaches far beyond the division it is declared for."""
    if boundary is None or boundary.buffer(BEYOND).covers(geometry):
        return None
    zh = f"所画范围超出{name}太多。请只画本辖区的路段，或请县级人员登记。"
    return _fault("outside_division", zh, f"It reaches far beyond {name}.")


def _fault(code: str, zh: str, en: str) -> Problem:
    return Problem(code, zh, en, "geom")
