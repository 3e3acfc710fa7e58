"""Vector tiles over HTTP: what PostgreSQL built, revalidated by tag, compressed when large."""

from __future__ import annotations

import gzip
from collections.abc import Sequence

from flask import Blueprint, Flask, Response, request

from fuliang_gis.cartography.basemap import base_tile
from fuliang_gis.cartography.grid import TileAddress
from fuliang_gis.cartography.sql import TileBuilder
from fuliang_gis.cartography.tiles import location_filter, location_tile
from fuliang_gis.cartography.versions import BASE_SUBJECTS, entity_tag, version
from fuliang_gis.locations.registry import layer
from fuliang_gis.web.context import database
from fuliang_gis.web.session import reader_of, require_actor

CONTENT_TYPE = "application/vnd.mapbox-vector-tile"

#: Smaller tiles are sent as they are: compressing them saves less than a packet [bytes].
COMPRESS_FROM = 1000

blueprint = Blueprint("tiles", __name__, url_prefix="/tiles")


def register(app: Flask) -> None:
    """Add the tiles to the application."""
    app.register_blueprint(blueprint)


@blueprint.get("/base/<int:z>/<int:x>/<int:y>.mvt")
def base(z: int, x: int, y: int) -> Response:
    """Answer one tile of the base map."""
    require_actor()
    address = TileAddress(z, x, y)
    return _answer(BASE_SUBJECTS, "", lambda session: base_tile(session, address))


@blueprint.get("/locations/<layer_name>/<int:z>/<int:x>/<int:y>.mvt")
def locations(layer_name: str, z: int, x: int, y: int) -> Response:
    """Answer one tile of a layer, within the reader's division and narrowed by the query."""
    actor = reader_of(layer_name)
    address, found = TileAddress(z, x, y), layer(layer_name)
    wanted = location_filter(found, actor.scope, request.args.to_dict())
    return _answer(
        (found.name,),
        wanted.digest,
        lambda session: location_tile(session, found, address, wanted),
    )


def _answer(subjects: Sequence[str], shown: str, build: TileBuilder) -> Response:
    """Answer a tile, or 304 without building it when the asker's copy is still right."""
    with database().session() as session:
        # Read before the tile is built: a change in between makes the tile newer than its tag,
        # which costs one more request; the other order would let an old tile pass for new.
        tag = entity_tag(version(session, subjects), request.path, shown)
        held = request.if_none_match.contains_weak(tag)
        body = b"" if held else build(session)
    response = Response(status=304) if held else _tile(body)
    response.set_etag(tag, weak=True)
    # What may be seen depends on who asks, so shared caches keep nothing; no-cache: ask first.
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(["Cookie", "Authorization", "Accept-Encoding"])
    return response


def _tile(body: bytes) -> Response:
    compress = len(body) >= COMPRESS_FROM and request.accept_encodings["gzip"] > 0
    response = Response(gzip.compress(body, 1) if compress else body, content_type=CONTENT_TYPE)
    if compress:
        response.content_encoding = "gzip"
    return response
