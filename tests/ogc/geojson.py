"""The rules of RFC 7946 for what we answer, as a JSON Schema."""

from __future__ import annotations

from typing import Any

import jsonschema

_NUMBER: dict[str, Any] = {"type": "number"}
_POSITION: dict[str, Any] = {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 3}
_LINE: dict[str, Any] = {"type": "array", "items": _POSITION, "minItems": 2}
_RINGS: dict[str, Any] = {
    "type": "array",
    "items": {"type": "array", "items": _POSITION, "minItems": 4},
}
_COORDINATES = {
    "Point": _POSITION,
    "LineString": _LINE,
    "Polygon": _RINGS,
    "MultiPolygon": {"type": "array", "items": _RINGS},
}
_FEATURE: dict[str, Any] = {
    "type": "object",
    "required": ["type", "id", "geometry", "properties"],
    "properties": {
        "type": {"const": "Feature"},
        "id": {"type": ["string", "integer"]},
        "geometry": {
            "oneOf": [
                {"type": "null"},
                *(
                    {
                        "type": "object",
                        "required": ["type", "coordinates"],
                        "properties": {"type": {"const": kind}, "coordinates": coordinates},
                        "additionalProperties": False,
                    }
                    for kind, coordinates in _COORDINATES.items()
                ),
            ]
        },
        "properties": {"type": "object"},
    },
}
_COLLECTION: dict[str, Any] = {
    "type": "object",
    "required": ["type", "features"],
    "properties": {
        "type": {"const": "FeatureCollection"},
        "features": {"type": "array", "items": _FEATURE},
        "numberReturned": {"type": "integer", "minimum": 0},
        "numberMatched": {"type": "integer", "minimum": 0},
        "timeStamp": {"type": "string", "format": "date-time"},
        "links": {
            "type": "array",
            "items": {"type": "object", "required": ["rel", "href", "type"]},
        },
    },
    "not": {"required": ["crs"]},
}


def require_feature(document: object) -> None:
    """Fail unless the document is a GeoJSON feature."""
    jsonschema.validate(document, _FEATURE)


def require_collection(document: object) -> None:
    """Fail unless the document is a GeoJSON feature collection."""
    jsonschema.validate(document, _COLLECTION)
