"""Geometry given from outside, checked before the database's own constraints see it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

import shapely
from geoalchemy2 import WKBElement
from geoalchemy2.shape import from_shape, to_shape
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from fuliang_gis.db.base import SRID
from fuliang_gis.errors import Problem
from fuliang_gis.locations.registry import Layer
from fuliang_gis.material import DATA

#: Surveyed outlines differ from the generalised one; the database keeps the same margin [°].
EXTENT_MARGIN = 0.05


@cache
def county_extent() -> tuple[float, float, float, float]:
    """Return west, south, east, north of the county with the margin (EPSG:4490) [°]."""
    outline = json.loads((DATA / "areas" / "county.geojson").read_text("utf-8"))
    west, south, east, north = shape(outline["features"][0]["geometry"]).bounds
    m = EXTENT_MARGIN
    return west - m, south - m, east + m, north + m


def read_geometry(layer: Layer, given: object) -> tuple[WKBElement | None, list[Problem]]:
    """Read a GeoJSON geometry (EPSG:4490, lon/lat); give it, or what stands against it."""
    try:
        parsed = dict(given) if isinstance(given, Mapping) else json.loads(str(given))
        geometry = shapely.force_2d(shape(parsed))
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
        shapely.errors.ShapelyError,
    ):
        zh = "位置无法识别，请重新在地图上点选。"
        return None, [_problem("bad_geometry", zh, "Not a GeoJSON geometry.")]
    problems = list(filter(None, (_type(layer, geometry), _validity(geometry))))
    problems = problems or list(filter(None, (_place(geometry),)))
    return (None, problems) if problems else (from_shape(geometry, srid=SRID), [])


def _problem(code: str, zh: str, en: str) -> Problem:
    return Problem(code, zh, en, "geom")


def _type(layer: Layer, geometry: BaseGeometry) -> Problem | None:
    if geometry.geom_type in layer.sheet.geometry:
        return None
    allowed = ", ".join(layer.sheet.geometry)
    zh = f"“{layer.sheet.title.zh}”不接受 {geometry.geom_type} 几何，可用：{allowed}。"
    return _problem("geometry_type", zh, f"Expected one of {allowed}.")


def _validity(geometry: BaseGeometry) -> Problem | None:
    if geometry.is_empty or not all(map(_finite, shapely.get_coordinates(geometry).flat)):
        zh = "缺少坐标，请在地图上点选位置。"
        return _problem("empty_geometry", zh, "The geometry has no coordinates.")
    if geometry.is_valid:
        return None
    reason = shapely.is_valid_reason(geometry)
    zh = f"图形自相交或有误（{reason}），请修正后再保存。"
    return _problem("invalid_geometry", zh, f"Invalid geometry: {reason}.")


def _finite(value: float) -> bool:
    return abs(value) < float("inf")


def _place(geometry: BaseGeometry) -> Problem | None:
    west, south, east, north = county_extent()
    extent = shapely.box(west, south, east, north)
    if extent.covers(geometry):
        return None
    if extent.covers(shapely.transform(geometry, lambda xy: xy[:, ::-1])):
        zh = "经度和纬度似乎填反了，请对调。"
        return _problem("swapped_axes", zh, "Longitude and latitude look swapped.")
    zh = f"位置不在本县范围内（经度 {west:.2f}～{east:.2f}，纬度 {south:.2f}～{north:.2f}）。"
    return _problem("outside_county", zh, "The place lies outside the county.")


def place_on(element: WKBElement) -> tuple[float, float]:
    """Return a place on a stored geometry (EPSG:4490, lon/lat) [degrees, 6 decimals]."""
    point = to_shape(element).representative_point()
    return round(point.x, 6), round(point.y, 6)


def as_geojson(element: WKBElement) -> dict[str, object]:
    """Return a stored geometry as a GeoJSON object with at most 7 decimals (about a centimetre)."""
    return dict(mapping(shapely.set_precision(to_shape(element), 1e-7, mode="pointwise")))
