"""GeoJSON as raw layers, read without GDAL, which takes other things for JSON as well.

RFC 7946 knows WGS 84 only and the older standard a member ``crs``; both are understood.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.exchange.plans.coordinates import looks_like_degrees
from fuliang_gis.exchange.plans.notes import refusal
from fuliang_gis.exchange.plans.raw import RawLayer, RawRow, Reading, Value
from fuliang_gis.geo.crs import WGS84

#: The property by which a file tells its layers.
LAYER_COLUMN = "TC"
_CRS84 = ("CRS84", "OGC:1.3:CRS84")


def read_geojson(path: Path, reading: Reading) -> list[RawLayer]:  # noqa: ARG001  # As all readers.
    """Return the features of a collection, by the layer that they say they are of.

    Raises:
        Invalid: It is no collection of features.
    """
    try:
        given = json.loads(path.read_bytes().decode("utf-8-sig"))
        parts: dict[str, list[RawRow]] = {}
        for name, row in _rows(_features(given), str(given.get("name") or path.stem)):
            parts.setdefault(name, []).append(row)
        stated = _stated(given.get("crs"))
    # Nesting deeper than Python follows is no GeoJSON either.
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise refusal(
            "unreadable",
            f"文件 {path.name} 不是可读的 GeoJSON（应为 UTF-8 编码的 FeatureCollection）。"
            "请在原软件中重新导出。",
            f"{path.name} is no GeoJSON feature collection: {error}.",
        ) from error
    return [
        RawLayer(name, _columns(rows), rows, stated or _default(rows))
        for name, rows in parts.items()
    ]


def _features(given: Mapping[str, object]) -> list[Mapping[str, object]]:
    found = given["features"]
    if given["type"] != "FeatureCollection" or not isinstance(found, list):
        raise TypeError("no features")
    return found


def _rows(features: list[Mapping[str, object]], whole: str) -> Iterator[tuple[str, RawRow]]:
    numbers: dict[str, int] = {}
    for feature in features:
        properties = feature.get("properties") or {}
        if not isinstance(properties, Mapping):
            raise TypeError("properties")
        values = {str(key): _value(value) for key, value in properties.items()}
        name = str(values.pop(LAYER_COLUMN, None) or whole)
        if feature.get("id") is not None:
            values.setdefault("id", _value(feature["id"]))
        numbers[name] = numbers.get(name, 0) + 1
        geom, closed = _geometry(feature.get("geometry"))
        yield name, RawRow(numbers[name], geom, values, closed)


def _value(given: object) -> Value:
    if given is None or isinstance(given, str | int | float):
        return given
    return json.dumps(given, ensure_ascii=False)


def _geometry(given: object) -> tuple[BaseGeometry | None, bool]:
    """Return a geometry, and whether rings had to be closed; none where it cannot be read."""
    if given is None:
        return None, False
    found: BaseGeometry | None = shapely.from_geojson(json.dumps(given), on_invalid="ignore")
    if found is not None or not isinstance(given, Mapping):
        return found, False
    whole = {**given, "coordinates": _closed(given.get("coordinates"))}
    found = shapely.from_geojson(json.dumps(whole), on_invalid="ignore")
    return found, found is not None


def _closed(given: object) -> object:
    """Return coordinates with every ring among them ending where it begins."""
    if not isinstance(given, list) or not given:
        return given
    if all(isinstance(each, list) and each and isinstance(each[0], int | float) for each in given):
        return given if given[0] == given[-1] else [*given, given[0]]
    return [_closed(each) for each in given]


def _columns(rows: list[RawRow]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row.values))


def _stated(crs: object) -> str | None:
    if not isinstance(crs, Mapping):
        return None
    named = crs.get("properties", {}).get("name")
    if not isinstance(named, str):
        return None
    return f"EPSG:{WGS84}" if named.endswith(_CRS84) else named


def _default(rows: list[RawRow]) -> str | None:
    """Return what RFC 7946 says of a file that says nothing, unless it plainly breaks it."""
    shapes = [row.geom for row in rows if row.geom is not None and not row.geom.is_empty]
    if not shapes:
        return None
    left, bottom, right, top = shapely.total_bounds(np.array(shapes, dtype=object))
    plain = looks_like_degrees((float(left), float(bottom), float(right), float(top)))
    return f"EPSG:{WGS84}" if plain else None
