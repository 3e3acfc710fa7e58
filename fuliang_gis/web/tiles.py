"""Vector tiles over HTTP: what PostgreSQL built, revalidated by tag, compressed when large."""

from __future__ import annotations

import gzip
from collections.abc import Sequence

from flask import Blueprint, Flask, Response, current_app, request

from fuliang_gis.cartography.basemap import base_tile
from fuliang_gis.cartography.grid import TileAddress
from fuliang_gis.cartography.raster_basemap import PictureTiles, open_tiles
from fuliang_gis.cartography.sql import TileBuilder
from fuliang_gis.cartography.tiles import location_filter, location_tile
from fuliang_gis.cartography.versions import BASE_SUBJECTS, entity_tag, version
from fuliang_gis.errors import NotFound
from fuliang_gis.locations.registry import layer
from fuliang_gis.settings import Settings
from fuliang_gis.web.context import database
from fuliang_gis.web.session import reader_of, require_actor

CONTENT_TYPE = "application/vnd.mapbox-vector-tile"

#: Smaller tiles are sent as they are: compressing them saves less than a packet [bytes].
COMPRESS_FROM = 1000

_PICTURES = "fuliang_basemap"
#: How long a browser may show a picture of the basemap before it asks again [s].
_PICTURE_AGE = 24 * 3600

blueprint = Blueprint("tiles", __name__, url_prefix="/tiles")


def register(app: Flask, settings: Settings) -> None:
    """Add the tiles to the application.

    Raises:
        SetUpError: The setting names a basemap file that cannot be used.
    """
    app.extensions[_PICTURES] = open_tiles(settings.basemap)
    app.register_blueprint(blueprint)


@blueprint.get("/base/<int:z>/<int:x>/<int:y>.mvt")
def base(z: int, x: int, y: int) -> Response:
    """Answer one tile of the base map."""
    require_actor()
    address = TileAddress(z, x, y)
    return _answer(BASE_SUBJECTS, "", lambda session: base_tile(session, address))


@blueprint.get("/basemap/<int:z>/<int:x>/<int:y>")
def picture(z: int, x: int, y: int) -> Response:
    """Answer one picture of the basemap file that the office set; 204 where it has none."""
    require_actor()
    address = TileAddress(z, x, y)
    source: PictureTiles | None = current_app.extensions[_PICTURES]
    if source is None:
        raise NotFound(what="底图", key="FULIANG_BASEMAP")
    body = source.read(address)
    response = Response(body or b"", 200 if body else 204, content_type=source.content_type)
    response.headers["Cache-Control"] = f"private, max-age={_PICTURE_AGE}"
    return response


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
    with database().reading() as session:
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
