"""Tiles answered before Flask, by one look into the database.

A map asks for a hundred tiles at every pan, and most of them it has. One statement tells who asks,
whether the layer has changed since, and what the tile holds; whatever is not plain goes on to Flask
as it came, which then decides alone, and alone refuses.
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask import Flask, Request
from werkzeug.http import parse_etags

from fuliang_gis.accounts.queries import Known, glance_at
from fuliang_gis.accounts.tokens import PREFIX
from fuliang_gis.cartography.grid import TileAddress
from fuliang_gis.cartography.tiles import ASKERS, location_filter, location_statement
from fuliang_gis.cartography.versions import entity_tag, version_statement
from fuliang_gis.db.fragments import Fragment
from fuliang_gis.db.session import Database
from fuliang_gis.errors import BadRequest
from fuliang_gis.locations.registry import Layer, layers
from fuliang_gis.ogc.tilesets import GRID
from fuliang_gis.web import logs, metrics, security, tiles
from fuliang_gis.web.session import kept_in_session

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_OGC_TILE = f"/ogc/collections/<name>/tiles/{GRID}/<int:z>/<int:y>/<int:x>"
_OUR_TILE = "/tiles/locations/<layer_name>/<int:z>/<int:x>/<int:y>.mvt"
_NUMBER = "([0-9]{1,8})"
_TILE = re.compile(
    rf"/ogc/collections/(\w+)/tiles/{GRID}/{_NUMBER}/{_NUMBER}/{_NUMBER}"
    rf"|/tiles/locations/(\w+)/{_NUMBER}/{_NUMBER}/{_NUMBER}\.mvt"
)
_BEARER = "Bearer "

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class _Asked:
    """A request for one tile of a layer."""

    environ: WSGIEnvironment
    path: str
    layer: Layer
    address: TileAddress

    @cached_property
    def request(self) -> Request:
        return Request(self.environ)

    @property
    def route(self) -> str:
        return _OGC_TILE if self.path.startswith("/ogc/") else _OUR_TILE


@dataclass(frozen=True)
class _Found:
    """Who asks, and what was read beside."""

    known: Known
    values: tuple[Any, ...]


@dataclass(frozen=True)
class _Answer:
    status: str
    headers: Headers
    body: bytes = b""


class PlainTiles:
    """A layer around the application that answers tiles where it can tell what is right."""

    def __init__(self, app: Flask, database: Database, inner: WSGIApplication) -> None:
        self._app = app
        self._glances = database.glances
        self.inner = inner

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer, or let the application answer."""
        asked = _asked(environ)
        if asked is None or (answer := self._counted(asked)) is None:
            return self.inner(environ, start)
        start(answer.status, answer.headers)
        return [answer.body] if answer.body else []

    def _counted(self, asked: _Asked) -> _Answer | None:
        began = time.perf_counter()
        metrics.UNDER_WAY.inc()
        try:
            answer = self._answer(asked)
        except Exception:  # noqa: BLE001  # Whatever it is, the application tells it in words.
            return None
        finally:
            metrics.UNDER_WAY.dec()
        if answer is not None:
            elapsed = time.perf_counter() - began
            metrics.count(asked.route, "GET", answer.status[:3], elapsed)
        return answer

    def _answer(self, asked: _Asked) -> _Answer | None:
        """Return the answer, which Flask would give too, or None where it is for Flask to give."""
        environ, layer = asked.environ, asked.layer
        query = asked.request.args.to_dict() if environ.get("QUERY_STRING") else {}
        wanted = location_filter(layer, ASKERS, query)
        beside = [version_statement((layer.name,))]
        held = environ.get("HTTP_IF_NONE_MATCH")
        wide = asked.address.z <= tiles.WIDE_TO
        if held is None and not wide:
            # Read with the version by one statement, so that tile and tag belong together.
            beside.append(location_statement(layer, asked.address, wanted))
        found = self._look(asked, *beside)
        if found is None:
            return None
        wanted = replace(wanted, scope=found.known.actor.scope)
        tag = entity_tag(found.values[0], asked.path, wanted.digest)
        if held is not None and parse_etags(held).contains_weak(tag):
            return _Answer("304 NOT MODIFIED", _unchanged(asked, tag))
        if held is None and not wide:
            return self._whole(asked, tag, found.values[1])

        def build() -> bytes:
            (tile,) = self._glances.row(location_statement(layer, asked.address, wanted)) or (b"",)
            return bytes(tile)

        return self._whole(asked, tag, tiles.kept(self._app).of(tag, build) if wide else build())

    def _whole(self, asked: _Asked, tag: str, tile: bytes) -> _Answer:
        body, packed = tiles.packed(tile, asked.request)
        headers = [("Content-Type", tiles.CONTENT_TYPE), ("Content-Length", str(len(body)))]
        if packed:
            headers.append(("Content-Encoding", "gzip"))
        headers += _tagged(tag)
        headers += security.fixed_headers(self._app, asked.environ)
        headers.append(_named(asked))
        return _Answer("200 OK", headers, body)

    def _look(self, asked: _Asked, *beside: Fragment) -> _Found | None:
        """Return who asks, and what is read beside; None for whom Flask has to look at."""
        environ = asked.environ
        given = environ.get("HTTP_AUTHORIZATION")
        if given is None:
            return self._by_session(asked, beside) if "HTTP_COOKIE" in environ else None
        token = given.removeprefix(_BEARER)
        if not token.startswith(PREFIX) or "HTTP_COOKIE" in environ:
            return None
        found = glance_at(self._glances, token, *beside)
        return _Found(*found) if found else None

    def _by_session(self, asked: _Asked, beside: tuple[Fragment, ...]) -> _Found | None:
        session = self._app.session_interface.open_session(self._app, asked.request)
        kept = str(session["_user_id"]) if session and "_user_id" in session else ""
        account_id = kept.partition(":")[0]
        if session is None or not (account_id.isascii() and account_id.isdigit()):
            return None
        found = glance_at(self._glances, int(account_id), *beside)
        if found is None or found[0].must_change_password:
            return None
        agent = asked.environ.get("HTTP_USER_AGENT", "")
        right = kept_in_session(found[0].actor.account_id, found[0].stamp, agent)
        if not hmac.compare_digest(right.encode(), kept.encode()):
            return None
        return _Found(*found)


def _asked(environ: WSGIEnvironment) -> _Asked | None:
    path = environ["PATH_INFO"]
    named = _TILE.fullmatch(path) if environ["REQUEST_METHOD"] == "GET" else None
    if named is None:
        return None
    ogc, z, y, x, ours, our_z, our_x, our_y = named.groups()
    layer = layers().get(ogc or ours)
    if layer is None:
        return None
    place = (z, x, y) if ogc else (our_z, our_x, our_y)
    try:
        return _Asked(environ, path, layer, TileAddress(*map(int, place)))
    except BadRequest:
        return None


def _tagged(tag: str) -> Headers:
    return [
        ("ETag", f'W/"{tag}"'),
        ("Cache-Control", tiles.CACHE_CONTROL),
        ("Vary", ", ".join(tiles.VARY)),
    ]


def _unchanged(asked: _Asked, tag: str) -> Headers:
    return [*_tagged(tag), ("X-Content-Type-Options", "nosniff"), _named(asked)]


def _named(asked: _Asked) -> tuple[str, str]:
    return "X-Request-ID", logs.name_of(asked.environ.get("HTTP_X_REQUEST_ID", ""))
