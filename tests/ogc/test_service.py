"""The service describes itself as the standards ask: links answer, documents hold together."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest

from fuliang_gis.locations.registry import layers
from fuliang_gis.ogc import cql2
from fuliang_gis.ogc.collections import collections
from tests.web.conftest import World

TILES = "/ogc/collections/pv_stations/tiles"


def document(world: World, path: str, who: str = "county") -> dict[str, Any]:
    """Ask for a JSON document."""
    answer = world.browser(who).get(path)
    assert answer.status_code == 200, answer.text
    assert "json" in answer.content_type
    found: dict[str, Any] = answer.get_json(force=True)
    return found


def test_every_link_answers_with_its_own_type(stations: World) -> None:
    """From the landing page on, whatever is linked is there in the form that the link says."""
    client, waiting, seen = stations.browser("county"), ["/ogc/"], set()
    while waiting:
        path = waiting.pop()
        found = client.get(path).get_json(force=True)
        nested = [*found.get("collections", ()), *found.get("tilesets", ()),
                  *found.get("tileMatrixSets", ())]  # fmt: skip
        for link in (each for one in (found, *nested) for each in one.get("links", ())):
            if link["href"] in seen or link.get("templated"):
                continue
            seen.add(link["href"])
            parts = urlsplit(link["href"])
            address = f"{parts.path}?{parts.query}" if parts.query else parts.path
            answer = client.get(address)
            assert answer.status_code == 200, link
            assert answer.content_type.startswith(link["type"].partition(";")[0]), link
            if "json" in answer.content_type and "/items" not in address:
                waiting.append(address)
    assert len(seen) > 20


def test_conformance_names_what_is_tested_here(stations: World) -> None:
    """Features 1, 2 and 3, CQL2 in both forms, and Tiles."""
    named = "\n".join(document(stations, "/ogc/conformance")["conformsTo"])
    for part in ("features-1/1.0/conf/core", "features-1/1.0/conf/geojson",
                 "features-1/1.0/conf/oas30",
                 "features-2/1.0/conf/crs", "features-3/1.0/conf/filter", "cql2-text", "cql2-json",
                 "tiles-1/1.0/conf/core"):  # fmt: skip
        assert part in named


def test_every_layer_and_the_base_map_are_listed(stations: World) -> None:
    """Seven collections, layers first, each with its systems."""
    listed = document(stations, "/ogc/collections")["collections"]
    assert [each["id"] for each in listed] == [*layers(), "divisions", "roads"]
    for each in listed:
        assert each["storageCrs"].endswith("/4490")
        assert each["crs"][0].endswith("CRS84")
        assert {"4548", "3857", "4490"} <= {uri.rsplit("/", 1)[1] for uri in each["crs"]}


def test_the_openapi_document_holds_together(stations: World) -> None:
    """Every reference resolves, every operation is named once, every GET path is one of ours."""
    found = document(stations, "/ogc/api")
    assert found["openapi"].startswith("3.0")
    names: list[str] = []
    for path, methods in found["paths"].items():
        names.append(methods["get"]["operationId"])
        for parameter in methods["get"].get("parameters", ()):
            target: Any = parameter
            if "$ref" in parameter:
                target = found
                for part in parameter["$ref"].removeprefix("#/").split("/"):
                    target = target[part]
            assert {"name", "in", "schema"} <= target.keys()
            if target["in"] == "path":
                assert f"{{{target['name']}}}" in path
    assert len(names) == len(set(names))
    limit = found["components"]["parameters"]["limit"]["schema"]
    assert limit["maximum"] == 10_000


@pytest.mark.parametrize("name", list(collections()))
def test_schemas_are_schemas(stations: World, name: str) -> None:
    """Queryables and schema are valid JSON Schemas that say who they are."""
    for kind in ("queryables", "schema"):
        found = document(stations, f"/ogc/collections/{name}/{kind}")
        jsonschema.Draft202012Validator.check_schema(found)
        assert found["$id"].endswith(f"/{name}/{kind}")


@pytest.mark.parametrize(
    "path",
    ["", "/conformance", "/api", "/collections", "/collections/pv_stations", "/collections/roads",
     "/collections/pv_stations/queryables", "/collections/pv_stations/items",
     "/collections/pv_stations/items/S-01", "/collections/divisions/items",
     "/collections/divisions/items/360222", "/collections/roads/items"],
)  # fmt: skip
def test_pages_are_for_people(stations: World, path: str) -> None:
    """The same addresses answer a browser with a Chinese page."""
    answer = stations.browser("county").get(f"/ogc{path}", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert '<html lang="zh-Hans">' in answer.text


def test_tiles_are_those_of_the_map(stations: World) -> None:
    """The row comes before the column; bytes and tag are the map's own, and so is the filter."""
    client = stations.browser("county")
    ours = client.get(f"{TILES}/WebMercatorQuad/9/212/422")
    theirs = client.get("/tiles/locations/pv_stations/9/422/212.mvt")
    assert ours.status_code == theirs.status_code == 200
    assert ours.data == theirs.data
    assert ours.data
    assert ours.content_type == "application/vnd.mapbox-vector-tile"
    held = {"If-None-Match": ours.headers["ETag"]}
    assert client.get(f"{TILES}/WebMercatorQuad/9/212/422", headers=held).status_code == 304


def test_tile_sets_describe_the_grid(stations: World) -> None:
    """Metadata, TileJSON and the grid's definition agree."""
    listed = document(stations, TILES)["tilesets"]
    assert [each["tileMatrixSetId"] for each in listed] == ["WebMercatorQuad"]
    tileset = document(stations, f"{TILES}/WebMercatorQuad")
    (item,) = [link for link in tileset["links"] if link["rel"] == "item"]
    assert item["href"].endswith("/{tileMatrix}/{tileRow}/{tileCol}")
    tilejson = document(stations, f"{TILES}/WebMercatorQuad?f=tilejson")
    assert tilejson["tiles"][0].endswith("/{z}/{y}/{x}")
    grid = document(stations, "/ogc/tileMatrixSets/WebMercatorQuad")
    assert len(grid["tileMatrices"]) == tilejson["maxzoom"] + 1
    assert grid["tileMatrices"][1]["matrixWidth"] == 2
    assert grid["tileMatrices"][0]["scaleDenominator"] == pytest.approx(559082264.0287178)


def test_public_layers_need_no_sign_in(stations: World) -> None:
    """A setting opens a layer, and nothing beside it; none that shows single households."""
    settings = stations.app.extensions["fuliang"].settings
    before = settings.public_layers
    object.__setattr__(settings, "public_layers", frozenset({"villages", "pv_stations"}))
    try:
        nobody = stations.browser()
        listed = nobody.get("/ogc/collections").get_json()["collections"]
        assert [each["id"] for each in listed] == ["villages"]
        assert nobody.get("/ogc/collections/villages/items").status_code == 200
        tile = "/ogc/collections/villages/tiles/WebMercatorQuad/9/212/422"
        assert nobody.get(tile).status_code == 200
        assert nobody.get("/ogc/collections/pv_stations/items").status_code == 401
        assert nobody.get(f"{TILES}/WebMercatorQuad/9/212/422").status_code == 401
        assert nobody.get("/ogc/collections/divisions/items").status_code == 401
    finally:
        object.__setattr__(settings, "public_layers", before)


def test_basic_and_bearer_open_the_door(stations: World) -> None:
    """Desktop programs sign each request."""
    client = stations.app.test_client()
    header = stations.token("viewer")
    assert client.get("/ogc/collections", headers=header).status_code == 200
    wrong = {"Authorization": "Basic bm9ib2R5Ondyb25n"}
    assert client.get("/ogc/collections", headers=wrong).status_code == 401


def test_compression_is_given_when_asked_for(stations: World) -> None:
    """Over a thin line a page is a fraction of its size, and the same page."""
    client, path = stations.browser("county"), "/ogc/collections/pv_stations/items"
    small = client.get(path, headers={"Accept-Encoding": "gzip"})
    plain = client.get(path)
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert len(small.data) < len(plain.data) / 3


def test_text_and_json_are_one_language() -> None:
    """What the library reads from text is what the standard writes as JSON."""
    tree = cql2.read("code = 'x' AND capacity_kwp > 1", "cql2-text")
    assert tree == cql2.read(json.dumps(tree), "cql2-json")
