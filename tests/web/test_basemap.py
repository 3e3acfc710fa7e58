"""The office's own basemap is served to those signed in; only its host is opened to the page."""

from __future__ import annotations

import sqlite3
from http import HTTPStatus
from pathlib import Path

import pytest

from fuliang_gis.errors import SetUpError
from fuliang_gis.settings import Settings
from fuliang_gis.web.app import create_app
from tests.web.conftest import World

PICTURE = b"\x89PNG picture"


def image_sources(world: World, settings: Settings, basemap: str) -> list[str]:
    """Return where pages may show pictures from."""
    app = create_app(settings.model_copy(update={"basemap": basemap}), world.database)
    policy = app.test_client().get("/healthz").headers["Content-Security-Policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";") if part.strip())
    assert "example.org" not in policy.replace(parts["img-src"], "")
    return parts["img-src"].split()


def test_only_the_set_host_is_opened(world: World, settings: Settings) -> None:
    """Without an outside address nothing is opened; with one, its host, for pictures alone."""
    usual = image_sources(world, settings, "")
    assert usual == ["'self'", "data:", "blob:"]
    opened = image_sources(world, settings, "https://t{0-1}.example.org/{z}/{x}/{y}.png?tk=KEY")
    assert opened == [*usual, "https://t0.example.org", "https://t1.example.org"]


def test_file_is_served_to_those_signed_in(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    """Pictures come from the file; where it has none, nothing; strangers get neither."""
    path = tmp_path / "county.mbtiles"
    connection = sqlite3.connect(path)
    connection.executescript(
        "create table metadata (name text, value text);"
        "create table tiles (zoom_level int, tile_column int, tile_row int, tile_data blob);"
    )
    connection.execute("insert into tiles values (3, 6, 5, ?)", [PICTURE])
    connection.commit()
    connection.close()
    assert image_sources(world, settings, str(path)) == image_sources(world, settings, "")
    app = create_app(settings.model_copy(update={"basemap": str(path)}), world.database)
    client, token = app.test_client(), world.token("viewer")
    found = client.get("/tiles/basemap/3/6/2", headers=token)
    assert (found.status_code, found.data) == (HTTPStatus.OK, PICTURE)
    assert found.content_type == "image/png"
    empty = client.get("/tiles/basemap/3/0/0", headers=token)
    assert empty.status_code == HTTPStatus.NO_CONTENT
    assert client.get("/tiles/basemap/3/6/2").status_code == HTTPStatus.UNAUTHORIZED
    config = client.get("/api/v1/map-config", headers=token).get_json()
    assert [each["url"] for each in config["pictures"]] == ["/tiles/basemap/{z}/{x}/{y}"]


def test_no_pictures_without_the_setting(world: World) -> None:
    """The address must be told as not found where no basemap is set."""
    answer = world.app.test_client().get("/tiles/basemap/3/6/2", headers=world.token("viewer"))
    assert answer.status_code == HTTPStatus.NOT_FOUND


def test_missing_file_stops_the_start(world: World, settings: Settings) -> None:
    """A wrong path must be told when the service starts, not by an empty map."""
    wrong = settings.model_copy(update={"basemap": "/nowhere/county.mbtiles"})
    with pytest.raises(SetUpError):
        create_app(wrong, world.database)
