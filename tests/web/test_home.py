"""The home page carries what its map needs, counts anew what has changed, and sends little."""

from __future__ import annotations

import gzip
import html
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from http import HTTPStatus
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from fuliang_gis.web import assets
from tests.web.conftest import World
from tests.web.test_pages import place, read

BASE = "/tiles/base/9/422/211.mvt"


@pytest.fixture(scope="module")
def county(world: World) -> FlaskClient:
    """County staff's browser."""
    return world.browser("county")


def carried(page: str, name: str) -> Any:  # noqa: ANN401  # JSON.
    """Return what an element of the page carries for scripts."""
    found = re.search(rf'data-{name}="([^"]*)"', page)
    assert found is not None
    return json.loads(html.unescape(found[1]))


def number_of(client: FlaskClient, layer_name: str) -> int:
    """Return how many locations of a layer the page tells its map."""
    (count,) = [
        each["count"]
        for each in carried(read(client, "/"), "config")["layers"]
        if each["name"] == layer_name
    ]
    return int(count)


def test_page_carries_the_configuration_of_its_map(county: FlaskClient) -> None:
    """It must be the one that programs read, so that the map need not ask."""
    stated = county.get("/api/v1/map-config").get_json()
    assert carried(read(county, "/"), "config") == stated
    west, south, east, north = carried(read(county, "/"), "county")
    assert west < stated["extent"][0] < stated["extent"][2] < east
    assert south < stated["extent"][1] < stated["extent"][3] < north
    assert carried(read(county, "/"), "known") == county.get("/map/changes").get_json()


def test_numbers_are_counted_anew_after_a_change(world: World, county: FlaskClient) -> None:
    """A kept number must not outlive what it counts, nor reach who may see less."""
    before = number_of(county, "pv_stations")
    elsewhere = number_of(world.browser("yaoli"), "pv_stations")
    place(world)
    assert number_of(county, "pv_stations") == before + 1
    assert number_of(world.browser("yaoli"), "pv_stations") == elsewhere


def test_numbers_are_kept_while_nothing_changes(
    world: World,
    county: FlaskClient,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    """The second reader must not have every location counted again."""
    read(county, "/")
    with count_queries(world.database.engine) as seen:
        read(county, "/")
    assert not [each for each in seen if re.search(r"\bfrom location\b", each, re.IGNORECASE)]


def test_division_without_a_boundary_has_no_map(world: World) -> None:
    """The page must be shown all the same; its script says what is missing."""
    with world.owner.begin() as connection:
        boundary = connection.execute(
            text("select boundary from division where code = '360222'")
        ).scalar_one()
        connection.execute(text("update division set boundary = null where code = '360222'"))
    try:
        assert carried(read(world.browser("county"), "/"), "config") is None
    finally:
        with world.owner.begin() as connection:
            connection.execute(
                text("update division set boundary = :boundary where code = '360222'"),
                {"boundary": boundary},
            )
    assert carried(read(world.browser("county"), "/"), "config") is not None


def test_base_tile_is_built_once_and_anew_after_a_change(world: World, county: FlaskClient) -> None:
    """Everybody sees the same base map, so a process builds each tile once a version."""
    looks = world.database.glances
    first = county.get(BASE)
    before = looks.looks
    again = county.get(BASE)
    kept = looks.looks - before
    assert first.data == again.data
    with world.owner.begin() as connection:
        connection.execute(text("update division set short_name = short_name || '＊'"))
    before = looks.looks
    changed = county.get(BASE)
    assert looks.looks - before == kept + 1
    assert changed.headers["ETag"] != first.headers["ETag"]
    with world.owner.begin() as connection:
        connection.execute(text("update division set short_name = replace(short_name, '＊', '')"))


def test_scripts_are_sent_as_the_build_compressed_them(county: FlaskClient) -> None:
    """What is unpacked must be the file itself; who takes no gzip gets it plain."""
    address = next(
        each
        for each in re.findall(r'src="(/static/build/assets/[^"]+\.js)"', read(county, "/"))
        if "county" in each
    )
    with county.get(address) as answer:
        plain, kind = answer.data, answer.content_type
    with county.get(address, headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.content_encoding == "gzip"
        assert packed.content_type == kind
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert "max-age=31536000" in packed.headers["Cache-Control"]
        assert len(packed.data) < len(plain)
        assert gzip.decompress(packed.data) == plain
    assert not assets.is_packed("build/assets/../manifest.json")
    assert county.get("/static/build/assets/nothing.js").status_code == HTTPStatus.NOT_FOUND


def test_imported_modules_are_named_in_the_page(county: FlaskClient) -> None:
    """All scripts must be fetched at once, not one after the other's imports are read."""
    page = read(county, "/")
    named = set(re.findall(r'<link rel="modulepreload" href="([^"]+)"', page))
    manifest = json.loads((assets.BUILD / "manifest.json").read_text("utf-8"))
    for each in manifest["maps/src/county.ts"]["imports"]:
        assert f"/static/build/{manifest[each]['file']}" in named
