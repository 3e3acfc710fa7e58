"""Vector tiles over HTTP: what PostgreSQL built, revalidated by tag, compressed when large."""

from __future__ import annotations

import gzip
from collections.abc import Sequence

from flask import Blueprint, Flask, Request, Response, current_app, request

from fuliang_gis.cartography.basemap import base_statement
from fuliang_gis.cartography.grid import TileAddress
from fuliang_gis.cartography.raster_basemap import PictureTiles, open_tiles
from fuliang_gis.cartography.sql import Fragment
from fuliang_gis.cartography.tiles import location_filter, location_statement
from fuliang_gis.cartography.versions import BASE_SUBJECTS, entity_tag, version_statement
from fuliang_gis.errors import NotFound
from fuliang_gis.kept import Kept
from fuliang_gis.locations.registry import layer
from fuliang_gis.settings import Settings
from fuliang_gis.web.context import database
from fuliang_gis.web.session import reader_of, require_actor

CONTENT_TYPE = "application/vnd.mapbox-vector-tile"

#: Smaller tiles are sent as they are: compressing them saves less than a packet [bytes].
COMPRESS_FROM = 1000

# What may be seen depends on who asks, so shared caches keep nothing; no-cache: ask first.
CACHE_CONTROL = "private, no-cache"
VARY = ("Cookie", "Authorization", "Accept-Encoding")

_PICTURES = "fuliang_basemap"
#: How long a browser may show a picture of the basemap before it asks again [s].
_PICTURE_AGE = 24 * 3600

#: Tiles of locations up to this level gather most of the county each, and everybody's map begins
#: with them.
WIDE_TO = 10
_KEPT = "fuliang_tiles"
#: Tiles of the base map and wide ones that a process keeps, by their tags.
_MOST_KEPT = 500

blueprint = Blueprint("tiles", __name__, url_prefix="/tiles")


def register(app: Flask, settings: Settings) -> None:
    """Add the tiles to the application.

    Raises:
        SetUpError: The setting names a basemap file that cannot be used.
    """
    app.extensions[_PICTURES] = open_tiles(settings.basemap)
    app.extensions[_KEPT] = Kept[str, bytes](_MOST_KEPT)
    app.register_blueprint(blueprint)


@blueprint.get("/base/<int:z>/<int:x>/<int:y>.mvt")
def base(z: int, x: int, y: int) -> Response:
    """Answer one tile of the base map."""
    require_actor()
    address = TileAddress(z, x, y)
    # Its best plan depends on the level, which decides what is drawn at all.
    return _answer(BASE_SUBJECTS, "", base_statement(address), prepared=False, keep=True)


def kept(app: Flask) -> Kept[str, bytes]:
    """Return the tiles that this process keeps; a tag tells place, version and who may see it."""
    found: Kept[str, bytes] = app.extensions[_KEPT]
    return found


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
    public = not actor.account_id
    wanted = location_filter(found, actor.scope, request.args.to_dict(), public=public)
    statement = location_statement(found, address, wanted)
    return _answer((found.name,), wanted.digest, statement, keep=z <= WIDE_TO)


def _answer(
    subjects: Sequence[str],
    shown: str,
    tile: Fragment,
    *,
    prepared: bool = True,
    keep: bool,
) -> Response:
    """Answer a tile, or 304 without building it when the asker's copy is still right."""
    # Read before the tile is built: a change in between makes the tile newer than its tag,
    # which costs one more request; the other order would let an old tile pass for new.
    (changes,) = database().glances.row(version_statement(subjects)) or (0,)
    tag = entity_tag(changes, request.path, shown)
    held = request.if_none_match.contains_weak(tag)

    def build() -> bytes:
        (body,) = database().glances.row(tile, prepared=prepared) or (b"",)
        return bytes(body)

    if held:
        response = Response(status=304)
    else:
        response = _tile(kept(current_app).of(tag, build) if keep else build())
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = CACHE_CONTROL
    response.vary.update(VARY)
    return response


def _tile(tile: bytes) -> Response:
    body, compressed = packed(tile, request)
    response = Response(body, content_type=CONTENT_TYPE)
    if compressed:
        response.content_encoding = "gzip"
    return response


def packed(tile: bytes, asked: Request) -> tuple[bytes, bool]:
    """Return a tile as it is sent to who asks, and whether that is compressed."""
    if len(tile) < COMPRESS_FROM or not asked.accept_encodings["gzip"] > 0:
        return tile, False
    # Without the time of day, which gzip would note: the same tile is the same bytes.
    return gzip.compress(tile, 1, mtime=0), True
