"""Tiles answered before Flask: the same answer as Flask's, by one look, or none at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fuliang_gis.errors import Unavailable
from fuliang_gis.locations.registry import layers
from fuliang_gis.web import tiles
from fuliang_gis.web.plain_tiles import PlainTiles
from tests.cartography.places import tile_at
from tests.factories import FULIANG_VILLAGE, PLACE, make_location
from tests.web.conftest import World, counted_tiles

WATER = "water_projects"


def addresses(z: int, layer: str = WATER) -> tuple[str, str]:
    """Return both addresses of the tile that holds ``PLACE``."""
    t = tile_at(*PLACE, z)
    return (
        f"/tiles/locations/{layer}/{t.z}/{t.x}/{t.y}.mvt",
        f"/ogc/collections/{layer}/tiles/WebMercatorQuad/{t.z}/{t.y}/{t.x}",
    )


@pytest.fixture(scope="module")
def watered(world: World) -> World:
    """A world in which one tile holds enough locations to be worth compressing."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        for number in range(30):
            make_location(
                session,
                world.actors["county"],
                layers()[WATER],
                code=f"PLAIN-{number}",
                division_code=FULIANG_VILLAGE,
            )
    return world


@contextmanager
def flask_alone(world: World) -> Iterator[None]:
    """Take the layer before Flask away for the block."""
    plain = world.app.wsgi_app
    assert isinstance(plain, PlainTiles)
    world.app.wsgi_app = plain.inner  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        world.app.wsgi_app = plain  # type: ignore[assignment,method-assign]


def seen(answer: TestResponse) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return all that an answer says; a session's cookie is signed anew each second."""
    headers = [
        (name, _SECONDS.sub("", value) if name == "Set-Cookie" else value)
        for name, value in answer.headers
    ]
    return answer.status, headers, answer.data


_SECONDS = re.compile("(?<=session=)[^;]+|(?<=Expires=)[^;]+")


def looks(world: World) -> int:
    """Return how many statements the service has looked by."""
    return world.database.glances.looks


@pytest.mark.parametrize("z", [9, 13])
@pytest.mark.parametrize("query", ["", "?use_status=in_use", "?graded=1", "?division=360222100"])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
@pytest.mark.parametrize("who", ["county", "fuliang", "yaoli"])
def test_answer_is_flasks(watered: World, who: str, z: int, query: str, coding: str) -> None:
    """By session and by token, in both addresses, the layer must answer as Flask does."""
    headers = {"X-Request-ID": "plain-tile-1", "Accept-Encoding": coding}
    browser = watered.browser(who), headers
    program = watered.browser(), headers | watered.token(who)
    for client, sent in (browser, program):
        for path in addresses(z):
            # The first to ask for a wide tile has it built by a second look.
            client.get(path + query, headers=sent)
            before = looks(watered)
            plain = client.get(path + query, headers=sent)
            assert looks(watered) == before + 1, "answered by Flask"
            with flask_alone(watered):
                flasks = client.get(path + query, headers=sent)
            assert seen(plain) == seen(flasks)
            assert plain.status_code == HTTPStatus.OK


def test_tile_for_an_old_tag_is_flasks(watered: World) -> None:
    """A tag that is not right any more must bring the tile, as Flask gives it."""
    client, (path, _) = watered.browser("county"), addresses(13)
    sent = {"If-None-Match": '"another"', "X-Request-ID": "plain-tile-2"}
    before = looks(watered)
    plain = client.get(path, headers=sent)
    # Nothing is built before it is known that the tag is wrong.
    assert looks(watered) == before + 2
    with flask_alone(watered):
        assert seen(plain) == seen(client.get(path, headers=sent))


@pytest.mark.parametrize(("z", "built"), [(tiles.WIDE_TO, 0), (tiles.WIDE_TO + 1, 1)])
def test_wide_tile_is_built_once_a_version(watered: World, z: int, built: int) -> None:
    """Everybody's map begins with wide tiles; what another division may see is another tile."""
    (path, _) = addresses(z)
    county, yaoli = watered.browser("county"), watered.browser("yaoli")
    sent = {"If-None-Match": '"another"'}
    first = county.get(path, headers=sent)
    before = looks(watered)
    assert county.get(path, headers=sent).data == first.data
    assert looks(watered) == before + 1 + built
    elsewhere = yaoli.get(path)
    assert elsewhere.headers["ETag"] != first.headers["ETag"]
    assert elsewhere.data != first.data
    with Session(watered.owner) as session, session.begin():
        make_location(
            session,
            watered.actors["county"],
            layers()[WATER],
            code=f"WIDE-{z}",
            division_code=FULIANG_VILLAGE,
        )
    before = looks(watered)
    changed = county.get(path, headers=sent)
    assert looks(watered) == before + 2
    assert changed.data != first.data


def test_secure_answers_say_so(watered: World) -> None:
    """What Flask adds to answers over HTTPS must be there too."""
    client, (path, _) = watered.browser("county"), addresses(13)
    sent = {"X-Request-ID": "plain-tile-3", "X-Forwarded-Proto": "https"}
    plain = client.get(path, headers=sent, base_url="https://localhost")
    with flask_alone(watered):
        assert seen(plain) == seen(client.get(path, headers=sent, base_url="https://localhost"))


@pytest.mark.parametrize(
    "path",
    [
        "/tiles/locations/no_such_layer/3/0/0.mvt",
        f"/tiles/locations/{WATER}/3/0/8.mvt",
        f"/tiles/locations/{WATER}/3/0/{'9' * 5000}.mvt",
        f"/tiles/locations/{WATER}/3/0/0.mvt?kind=nothing",
        f"/tiles/locations/{WATER}/3/0/0.mvt?division=1",
        f"/tiles/locations/{WATER}/3/0/0.mvt?division=known.division_code",
    ],
    ids=range(6),
)
def test_what_is_wrong_is_flasks(watered: World, path: str) -> None:
    """What is refused must be refused by Flask, in words."""
    client = watered.browser("county")
    plain = client.get(path, headers={"X-Request-ID": "plain-tile-4"})
    assert plain.status_code in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
    assert plain.get_json()["detail"]


def test_failure_is_told_in_words(watered: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database out of reach must be told by Flask, as everywhere."""

    def gone(*_given: object, **_named: object) -> None:
        raise Unavailable

    client, (path, _) = watered.browser("county"), addresses(13)
    monkeypatch.setattr(type(watered.database.glances), "row", gone)
    answer = client.get(path)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.get_json()["code"] == "unavailable"


def test_every_tile_is_counted_once(watered: World) -> None:
    """The figures must hold what is answered before Flask, and nothing twice."""
    client, (path, _) = watered.browser("county"), addresses(13)
    client.get(path)
    before = counted_tiles(client, HTTPStatus.OK)
    client.get(path)
    assert counted_tiles(client, HTTPStatus.OK) == before + 1
