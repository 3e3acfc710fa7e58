"""What the service says about itself: landing page, conformance, collections and their schemas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fuliang_gis.locations.geometry import county_extent
from fuliang_gis.ogc.collections import GEOMETRY, Collection, Property
from fuliang_gis.ogc.crs import CRS84, offered, stored

#: A JSON document on its way out.
Document = dict[str, Any]

TITLE = "浮梁县乡村空间与资产 OGC API"
DESCRIPTION = (
    "浮梁县村庄、水利、光伏、环卫设施和帮扶资产的要素与矢量瓦片。"
    "Features and vector tiles of Fuliang County."
)

JSON = "application/json"
GEOJSON = "application/geo+json"
HTML = "text/html"
CSV = "text/csv"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
SCHEMA = "application/schema+json"
MVT = "application/vnd.mapbox-vector-tile"

_FEATURES = "http://www.opengis.net/spec/ogcapi-features-%s"
_TILES = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/%s"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/%s"
_COMMON = "http://www.opengis.net/spec/ogcapi-common-%s"
_RELATION = "http://www.opengis.net/def/rel/ogc/1.0/%s"
CONFORMANCE: tuple[str, ...] = (
    *(_COMMON % name for name in ("1/1.0/conf/core", "2/1.0/conf/collections")),
    *(
        _FEATURES % name
        for name in (
            "1/1.0/conf/core",
            "1/1.0/conf/geojson",
            "1/1.0/conf/html",
            "1/1.0/conf/oas30",
            "2/1.0/conf/crs",
            "3/1.0/conf/queryables",
            "3/1.0/conf/queryables-query-parameters",
            "3/1.0/conf/filter",
            "3/1.0/conf/features-filter",
        )
    ),
    *(
        _CQL2 % name
        for name in (
            "cql2-text",
            "cql2-json",
            "basic-cql2",
            "advanced-comparison-operators",
            "case-insensitive-comparison",
            "basic-spatial-functions",
            "basic-spatial-functions-plus",
            "arithmetic",
        )
    ),
    *(_TILES % name for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt")),
)

_JSON_TYPES: Mapping[str, Document] = {
    "text": {"type": "string"},
    "choice": {"type": "string"},
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
}


@dataclass(frozen=True)
class Place:
    """Where the service answers: the address of its landing page, without a slash at the end."""

    root: str

    def link(
        self, relation: str, path: str, media: str, title: str = "", **query: object
    ) -> Document:
        """Return one link."""
        made = {"rel": relation, "href": self.address(path, **query), "type": media}
        return made | ({"title": title} if title else {})

    def address(self, path: str, **query: object) -> str:
        """Return the address of a path below the landing page."""
        return f"{self.root}{path}" + (f"?{urlencode(query)}" if query else "")


def landing(place: Place) -> Document:
    """Return the landing page."""
    return {
        "title": TITLE,
        "description": DESCRIPTION,
        "links": [
            place.link("self", "", JSON, "本页"),
            place.link("alternate", "", HTML, "网页", f="html"),
            place.link("service-desc", "/api", OPENAPI, "接口定义（OpenAPI 3.0）"),
            place.link("service-doc", "/api", HTML, "接口说明", f="html"),
            place.link("conformance", "/conformance", JSON, "符合的标准"),
            place.link("data", "/collections", JSON, "数据集"),
            place.link(_RELATION % "conformance", "/conformance", JSON),
            place.link(_RELATION % "data", "/collections", JSON),
            place.link(_RELATION % "tiling-schemes", "/tileMatrixSets", JSON, "瓦片方案"),
        ],
    }


def conformance() -> Document:
    """Return the classes of the standards that are kept to."""
    return {"conformsTo": list(CONFORMANCE)}


def collections_document(place: Place, listed: Iterable[Collection]) -> Document:
    """Return the collections that somebody may read."""
    return {
        "links": [
            place.link("self", "/collections", JSON),
            place.link("alternate", "/collections", HTML, "网页", f="html"),
        ],
        "crs": list(offered()),
        "collections": [collection_document(place, each) for each in listed],
    }


def collection_document(place: Place, collection: Collection) -> Document:
    """Return one collection's description."""
    path = f"/collections/{collection.name}"
    items = f"{path}/items"
    links = [
        place.link("self", path, JSON),
        place.link("alternate", path, HTML, "网页", f="html"),
        place.link("items", items, GEOJSON, "要素（GeoJSON）"),
        place.link("items", items, HTML, "要素（网页）", f="html"),
        place.link("items", items, CSV, "要素（CSV）", f="csv"),
        place.link(_RELATION % "queryables", f"{path}/queryables", SCHEMA, "可查询字段"),
        place.link(_RELATION % "schema", f"{path}/schema", SCHEMA, "字段定义"),
    ]
    if collection.layer:
        links.append(place.link(_RELATION % "tilesets-vector", f"{path}/tiles", JSON, "矢量瓦片"))
    return {
        "id": collection.name,
        "title": collection.title.zh,
        "description": f"{collection.description.zh}。{collection.description.en}.",
        "itemType": "feature",
        "extent": {"spatial": {"bbox": [list(county_extent())], "crs": CRS84}}
        | _temporal(collection),
        "crs": list(offered()),
        "storageCrs": stored().uri,
        "links": links,
    }


def _temporal(collection: Collection) -> Document:
    if collection.date is None:
        return {}
    gregorian = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
    return {"temporal": {"interval": [[None, None]], "trs": gregorian}}


def queryables(place: Place, collection: Collection) -> Document:
    """Return what may be asked about in a filter, as a JSON Schema."""
    return _schema(place, collection, "queryables") | {"additionalProperties": False}


def schema(place: Place, collection: Collection) -> Document:
    """Return what the features carry, as a JSON Schema."""
    return _schema(place, collection, "schema")


def _schema(place: Place, collection: Collection, name: str) -> Document:
    described = {each.name: _described(each) for each in collection.properties}
    if collection.date:
        described[collection.date]["x-ogc-role"] = "primary-instant"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": place.address(f"/collections/{collection.name}/{name}"),
        "type": "object",
        "title": collection.title.zh,
        "description": collection.description.en,
        "properties": {GEOMETRY: _geometry(collection), **described},
    }


def _geometry(collection: Collection) -> Document:
    types = collection.geometry_types
    form = f"geometry-{types[0].lower()}" if len(types) == 1 else "geometry-any"
    return {"title": "位置", "format": form, "x-ogc-role": "primary-geometry"}


def _described(item: Property) -> Document:
    """Describe one property; labels of choices stand beside their values."""
    values = {"enum": [choice.value for choice in item.choices]} if item.choices else {}
    made: Document = {"title": item.label.zh, "description": item.help or item.label.en}
    if item.type == "choices":
        made |= {"type": "array", "items": {"type": "string", **values}}
    else:
        made |= _JSON_TYPES[item.type] | values
    optional = {
        "minimum": item.minimum,
        "maximum": item.maximum,
        "x-ogc-unit": item.unit,
        "x-labels": {choice.value: choice.zh for choice in item.choices} or None,
    }
    return made | {name: value for name, value in optional.items() if value is not None}
