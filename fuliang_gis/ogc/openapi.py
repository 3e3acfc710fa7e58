"""The OpenAPI 3.0 document of the OGC surface, made from the collections."""

from __future__ import annotations

from collections.abc import Iterable

from fuliang_gis import __version__
from fuliang_gis.ogc.collections import Collection, Property
from fuliang_gis.ogc.crs import CRS84, offered
from fuliang_gis.ogc.documents import (
    CSV,
    DESCRIPTION,
    GEOJSON,
    HTML,
    JSON,
    MVT,
    OPENAPI,
    SCHEMA,
    TITLE,
    Document,
    Place,
)
from fuliang_gis.ogc.requests import DEFAULT_LIMIT, MAX_LIMIT
from fuliang_gis.ogc.tilesets import GRID

_TEXT: Document = {"type": "string"}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}}
_OBJECT: Document = {"schema": {"type": "object"}}


def openapi(place: Place, listed: Iterable[Collection]) -> Document:
    """Return the document; one path for each collection, with its own queryables."""
    paths = dict(_service_paths())
    for collection in listed:
        paths |= _collection_paths(collection)
    return {
        "openapi": "3.0.3",
        "info": {"title": TITLE, "description": DESCRIPTION, "version": __version__},
        "servers": [{"url": place.root}],
        "security": [{"basic": []}, {"bearer": []}],
        "tags": [{"name": name} for name in ("service", "data", "tiles")],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
            "parameters": _parameters(),
            "schemas": {"problem": _problem()},
            "responses": {"refused": {"description": "拒绝 / refused", "content": _PROBLEM}},
        },
    }


def _service_paths() -> dict[str, Document]:
    html: Document = {HTML: {"schema": _TEXT}}
    return {
        "/": _get("landingPage", "首页", "service", {JSON: _OBJECT, **html}),
        "/conformance": _get("conformance", "符合的标准", "service", {JSON: _OBJECT, **html}),
        "/api": _get("api", "本文档", "service", {OPENAPI: _OBJECT, **html}),
        "/collections": _get("collections", "数据集", "data", {JSON: _OBJECT, **html}),
        "/tileMatrixSets": _get("tileMatrixSets", "瓦片方案", "tiles", {JSON: _OBJECT}),
        f"/tileMatrixSets/{GRID}": _get(f"tileMatrixSet.{GRID}", GRID, "tiles", {JSON: _OBJECT}),
    }


def _collection_paths(collection: Collection) -> dict[str, Document]:
    name, title = collection.name, collection.title.zh
    path = f"/collections/{name}"
    html: Document = {HTML: {"schema": _TEXT}}
    features: Document = {GEOJSON: _OBJECT, **html}
    shared = [
        {"$ref": f"#/components/parameters/{each}"} for each in _parameters() if each != "code"
    ]
    own = [_query(each.name, each.label.zh, _value(each)) for each in collection.properties]
    code = [{"$ref": "#/components/parameters/code"}, {"$ref": "#/components/parameters/crs"}]
    paths = {
        path: _get(f"collection.{name}", title, "data", {JSON: _OBJECT, **html}),
        f"{path}/queryables": _get(
            f"queryables.{name}", f"{title}：可查询字段", "data", {SCHEMA: _OBJECT, **html}
        ),
        f"{path}/schema": _get(
            f"schema.{name}", f"{title}：字段", "data", {SCHEMA: _OBJECT, **html}
        ),
        f"{path}/items": _get(
            f"items.{name}",
            f"{title}：要素",
            "data",
            {**features, CSV: {"schema": _TEXT}},
            [*shared, *own],
        ),
        f"{path}/items/{{code}}": _get(
            f"item.{name}", f"{title}：一个要素", "data", features, code
        ),
    }
    return paths | (_tile_paths(collection) if collection.layer else {})


def _tile_paths(collection: Collection) -> dict[str, Document]:
    name, title = collection.name, collection.title.zh
    path = f"/collections/{name}/tiles"
    binary: Document = {MVT: {"schema": {"type": "string", "format": "binary"}}}
    number: Document = {"type": "integer", "minimum": 0}
    places = [
        {"name": each, "in": "path", "required": True, "schema": number}
        for each in ("tileMatrix", "tileRow", "tileCol")
    ]
    return {
        path: _get(f"tilesets.{name}", f"{title}：瓦片集", "tiles", {JSON: _OBJECT}),
        f"{path}/{GRID}": _get(f"tileset.{name}", f"{title}：瓦片集说明", "tiles", {JSON: _OBJECT}),
        f"{path}/{GRID}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": _get(
            f"tile.{name}", f"{title}：一个瓦片", "tiles", binary, places
        ),
    }


def _get(
    operation: str,
    summary: str,
    tag: str,
    content: Document,
    parameters: list[Document] | None = None,
) -> Document:
    responses = {
        "200": {"description": "OK", "content": content},
        "default": {"$ref": "#/components/responses/refused"},
    }
    made: Document = {
        "operationId": operation,
        "summary": summary,
        "tags": [tag],
        "responses": responses,
    }
    return {"get": made | ({"parameters": parameters} if parameters else {})}


def _query(name: str, description: str, schema: Document) -> Document:
    lists = schema.get("type") == "array"
    style = {"style": "form", "explode": False} if lists else {}
    return {"name": name, "in": "query", "description": description, "schema": schema, **style}


def _value(item: Property) -> Document:
    types = {"integer": "integer", "decimal": "number", "boolean": "boolean"}
    made: Document = {"type": types.get(item.type, "string")}
    return made | ({"enum": [each.value for each in item.choices]} if item.choices else {})


def _parameters() -> dict[str, Document]:
    systems: Document = {
        "type": "string",
        "format": "uri",
        "default": CRS84,
        "enum": list(offered()),
    }
    numbers: Document = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
    limit: Document = {
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_LIMIT,
        "default": DEFAULT_LIMIT,
    }
    languages: Document = {
        "type": "string",
        "enum": ["cql2-text", "cql2-json"],
        "default": "cql2-text",
    }
    found = {
        "f": _query("f", "格式", {"type": "string", "enum": ["json", "html", "csv"]}),
        "limit": _query("limit", "每页要素数", limit),
        "cursor": _query("cursor", "下一页的标记，取自 next 链接", _TEXT),
        "bbox": _query("bbox", "范围，轴序随 bbox-crs", numbers),
        "bbox-crs": _query("bbox-crs", "bbox 的坐标系", systems),
        "crs": _query("crs", "返回坐标的坐标系", systems),
        "datetime": _query("datetime", "调查日期或时间段", _TEXT),
        "properties": _query("properties", "只返回这些字段", {"type": "array", "items": _TEXT}),
        "skipGeometry": _query("skipGeometry", "不返回几何", {"type": "boolean", "default": False}),
        "filter": _query("filter", "CQL2 条件", _TEXT),
        "filter-lang": _query("filter-lang", "条件的写法", languages),
        "filter-crs": _query("filter-crs", "条件中几何的坐标系", systems),
        "resultType": _query(
            "resultType", "hits 只返回总数", {"type": "string", "enum": ["results", "hits"]}
        ),
    }
    code = {"name": "code", "in": "path", "required": True, "schema": _TEXT, "description": "编码"}
    return {**found, "code": code}


def _problem() -> Document:
    texts = ("type", "title", "code", "detail", "detail_en", "instance")
    return {
        "type": "object",
        "required": ["code", "detail", "status"],
        "properties": {
            **dict.fromkeys(texts, _TEXT),
            "status": {"type": "integer"},
            "field": {"type": "string", "nullable": True},
        },
    }
