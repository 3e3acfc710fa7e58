"""Tiles over HTTP: signed in, within one's division, never stale, and not built when not needed."""

from __future__ import annotations

import gzip
from http import HTTPStatus

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Role
from fuliang_gis.locations.registry import layers
from tests.cartography.decoding import decode
from tests.cartography.places import tile_at
from tests.factories import COUNTY, FULIANG_VILLAGE, PLACE, make_actor, make_location
from tests.web.conftest import World, counted_tiles

Z = 9
WATER = "water_projects"
BASE = "/tiles/base/{z}/{x}/{y}.mvt"
LAYER = f"/tiles/locations/{WATER}/{{z}}/{{x}}/{{y}}.mvt"


def address(template: str, z: int = Z) -> str:
    """Return the address of the tile that holds ``PLACE``."""
    tile = tile_at(*PLACE, z)
    return template.format(z=tile.z, x=tile.x, y=tile.y)


def add_water(world: World) -> None:
    """Add a water project and commit."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        make_location(
            session, world.actors["county"], layers()[WATER], division_code=FULIANG_VILLAGE
        )


def counted(tile: bytes) -> int:
    """Return how many locations a tile stands for."""
    return sum(each.properties["count"] for each in decode(tile, "locations"))


@pytest.mark.parametrize("kind", [BASE, LAYER])
def test_strangers_get_nothing(world: World, kind: str) -> None:
    """Without a sign-in there must be no tile."""
    answer = world.browser().get(address(kind))
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert answer.content_type.startswith("application/problem+json")


@pytest.mark.parametrize("kind", [BASE, LAYER])
def test_tile_is_a_vector_tile(county: FlaskClient, kind: str) -> None:
    """A tile must say what it is, and that only its asker may keep it, and must ask again."""
    answer = county.get(address(kind))
    assert answer.status_code == HTTPStatus.OK
    assert answer.content_type == "application/vnd.mapbox-vector-tile"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert {"Cookie", "Authorization", "Accept-Encoding"} <= set(answer.vary)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tiles/base/99/0/0.mvt", HTTPStatus.BAD_REQUEST),
        ("/tiles/base/3/8/0.mvt", HTTPStatus.BAD_REQUEST),
        (f"/tiles/locations/{WATER}/3/0/8.mvt", HTTPStatus.BAD_REQUEST),
        (f"/tiles/locations/{WATER}/3/0/0.mvt?kind=nothing", HTTPStatus.BAD_REQUEST),
        (f"/tiles/locations/{WATER}/3/0/0.mvt?division=1", HTTPStatus.BAD_REQUEST),
        ("/tiles/locations/no_such_layer/3/0/0.mvt", HTTPStatus.NOT_FOUND),
        ("/tiles/base/3/-1/0.mvt", HTTPStatus.NOT_FOUND),
        ("/tiles/base/a/0/0.mvt", HTTPStatus.NOT_FOUND),
    ],
)
def test_wrong_addresses_are_refused(county: FlaskClient, path: str, status: HTTPStatus) -> None:
    """An address that names no tile must be refused in words."""
    answer = county.get(path)
    assert answer.status_code == status
    assert answer.get_json()["detail"]


def test_other_divisions_stay_hidden(world: World) -> None:
    """Township staff must see their own township's locations only."""
    add_water(world)
    seen = {
        who: counted(world.browser(who).get(address(LAYER)).data) for who in ("fuliang", "yaoli")
    }
    assert seen["fuliang"] > 0
    assert seen["yaoli"] == 0


def test_repeat_is_not_sent_again(county: FlaskClient) -> None:
    """Asking again with the tag must answer 304 without a body."""
    first = county.get(address(LAYER))
    again = county.get(address(LAYER), headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (HTTPStatus.NOT_MODIFIED, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "private, no-cache"


def test_change_makes_a_new_tile(world: World, county: FlaskClient) -> None:
    """After a committed change the old tag must not be right any more."""
    first = county.get(address(LAYER))
    add_water(world)
    again = county.get(address(LAYER), headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == HTTPStatus.OK
    assert counted(again.data) == counted(first.data) + 1


def test_tag_is_the_readers(world: World) -> None:
    """One reader's tag must not be right for another with a different division or filter."""
    held = world.browser("county").get(address(LAYER)).headers["ETag"]
    for who, query in (("fuliang", ""), ("county", "?use_status=idle")):
        answer = world.browser(who).get(address(LAYER) + query, headers={"If-None-Match": held})
        assert answer.status_code == HTTPStatus.OK


def test_large_tiles_are_compressed_for_who_can_read_them(county: FlaskClient) -> None:
    """A compressed tile must hold the same bytes, and come only when asked for."""
    plain = county.get(address(BASE, 11))
    packed = county.get(address(BASE, 11), headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data)


def test_public_layer_needs_no_sign_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that a setting makes public must be shown to anybody, and no other layer with it."""
    shared = world.app.extensions["fuliang"]
    opened = shared.settings.model_copy(update={"public_layers": frozenset({WATER})})
    monkeypatch.setitem(world.app.extensions, "fuliang", type(shared)(opened, shared.database))
    stranger = world.browser()
    assert stranger.get(address(LAYER)).status_code == HTTPStatus.OK
    closed = address(LAYER).replace(WATER, "villages")
    assert stranger.get(closed).status_code == HTTPStatus.UNAUTHORIZED


def test_program_is_not_sent_what_it_holds(world: World) -> None:
    """A bearer token must do for a 304 too, in both addresses of a tile."""
    token = world.token("county")
    stranger = world.browser()
    tile = tile_at(*PLACE, Z)
    ogc = f"/ogc/collections/{WATER}/tiles/WebMercatorQuad/{tile.z}/{tile.y}/{tile.x}"
    for path in (ogc, address(LAYER)):
        held = {"If-None-Match": stranger.get(path, headers=token).headers["ETag"]}
        again = stranger.get(path, headers=token | held | {"X-Request-ID": "held-tile-1"})
        assert (again.status_code, again.data) == (HTTPStatus.NOT_MODIFIED, b"")
        assert again.headers["X-Request-ID"] == "held-tile-1"
        assert stranger.get(path, headers=held).status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    "end",
    [
        "update account set active = false where id = :id",
        "update account set stamp = 'another' where id = :id",
        "update api_token set revoked_at = now() where account_id = :id",
        "update api_token set expires_at = now() where account_id = :id",
        "update account set division_code = '360222101' where id = :id",
    ],
)
def test_tag_is_no_key(world: World, end: str) -> None:
    """Whoever lost an account, a token, a session or a division must be refused a 304 at once."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        actor = make_actor(session, Role.VIEWER, COUNTY)
    world.actors["leaver"] = actor
    asked = [(world.browser("leaver"), {}), (world.browser(), world.token("leaver"))]
    held = [
        {**headers, "If-None-Match": client.get(address(LAYER), headers=headers).headers["ETag"]}
        for client, headers in asked
    ]
    for (client, _), headers in zip(asked, held, strict=True):
        assert client.get(address(LAYER), headers=headers).status_code == HTTPStatus.NOT_MODIFIED
    with world.owner.begin() as connection:
        connection.execute(text(end), {"id": actor.account_id})
    answers = [
        client.get(address(LAYER), headers=headers).status_code
        for (client, _), headers in zip(asked, held, strict=True)
    ]
    by_token, ends_sessions = "api_token" in end, "stamp" in end
    assert (answers[0] == HTTPStatus.NOT_MODIFIED) == by_token
    assert (answers[1] == HTTPStatus.NOT_MODIFIED) == ends_sessions


def test_stolen_session_gets_no_304(world: World) -> None:
    """A session in another browser must be worth nothing here either."""
    client = world.browser("county")
    held = {"If-None-Match": client.get(address(LAYER)).headers["ETag"]}
    other = client.get(address(LAYER), headers={**held, "User-Agent": "another browser"})
    assert other.status_code == HTTPStatus.UNAUTHORIZED


def test_held_tiles_are_counted(county: FlaskClient) -> None:
    """What is answered before the application must be in the figures."""
    held = {"If-None-Match": county.get(address(LAYER)).headers["ETag"]}
    county.get(address(LAYER), headers=held)
    before = counted_tiles(county, HTTPStatus.NOT_MODIFIED)
    county.get(address(LAYER), headers=held)
    assert counted_tiles(county, HTTPStatus.NOT_MODIFIED) == before + 1
