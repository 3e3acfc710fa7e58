"""OGC API Features and Tiles over HTTP: negotiation, links and headers around ``ogc``."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.cartography.grid import MAX_ZOOM
from fuliang_gis.cartography.versions import entity_tag, version
from fuliang_gis.db.fragments import Reading
from fuliang_gis.errors import BadParameter, NotAcceptable, NotFound, SignInRequired
from fuliang_gis.ogc import documents, openapi, queries, tables, tilesets
from fuliang_gis.ogc.collections import Collection, collection, collections
from fuliang_gis.ogc.crs import CRS84, Crs, find
from fuliang_gis.ogc.documents import Document, Place
from fuliang_gis.ogc.requests import ItemsRequest, cursor, read_items_request
from fuliang_gis.web import errors, tiles
from fuliang_gis.web.context import database
from fuliang_gis.web.session import current_actor, public_layers, reader_of

_ACCEPTED = {
    "application/geo+json": "json",
    "application/json": "json",
    "application/schema+json": "json",
    documents.OPENAPI: "json",
    "application/vnd.oai.openapi+json": "json",
    "text/html": "html",
    "text/csv": "csv",
}
#: Smaller answers are sent as they are [bytes].
_COMPRESS_FROM = 2000

blueprint = Blueprint("ogc", __name__, url_prefix="/ogc")


def register(app: Flask) -> None:
    """Add the OGC surface to the application."""
    app.register_blueprint(blueprint)


# --- the service ---


@blueprint.get("")
@blueprint.get("/")
def landing() -> Response:
    """Answer the landing page."""
    _listed()
    return _document(documents.landing(_place()), "ogc/landing.html")


@blueprint.get("/conformance")
def conformance() -> Response:
    """Answer the classes of the standards that are kept to."""
    _listed()
    return _document(documents.conformance(), "ogc/conformance.html")


@blueprint.get("/api")
def api() -> Response:
    """Answer the OpenAPI 3.0 document of the OGC surface."""
    document = openapi.openapi(_place(), _listed())
    return _document(document, "ogc/api.html", media=documents.OPENAPI)


@blueprint.get("/collections")
def show_collections() -> Response:
    """Answer the collections that the reader may read."""
    document = documents.collections_document(_place(), _listed())
    return _document(document, "ogc/collections.html")


@blueprint.get("/tileMatrixSets")
def tile_matrix_sets() -> Response:
    """Answer the list of tile grids."""
    _listed()
    return _document(tilesets.grids(_place()), None)


@blueprint.get(f"/tileMatrixSets/{tilesets.GRID}")
def tile_matrix_set() -> Response:
    """Answer the definition of the tile grid."""
    _listed()
    return _document(tilesets.grid(MAX_ZOOM), None)


# --- one collection ---


@blueprint.get("/collections/<name>")
def show_collection(name: str) -> Response:
    """Answer one collection's description."""
    found = _readable(name)
    return _document(documents.collection_document(_place(), found), "ogc/collection.html", found)


@blueprint.get("/collections/<name>/queryables")
def queryables(name: str) -> Response:
    """Answer what may be asked about in a filter, as a JSON Schema."""
    found = _readable(name)
    document = documents.queryables(_place(), found)
    return _document(document, "ogc/schema.html", found, documents.SCHEMA)


@blueprint.get("/collections/<name>/schema")
def schema(name: str) -> Response:
    """Answer what the features carry, as a JSON Schema."""
    found = _readable(name)
    return _document(documents.schema(_place(), found), "ogc/schema.html", found, documents.SCHEMA)


@blueprint.get("/collections/<name>/items")
def items(name: str) -> Response:
    """Answer one page of a collection's features: GeoJSON, CSV or HTML."""
    actor, found = reader_of(name), collection(name)
    form = _form("json", "html", "csv")
    wanted = read_items_request(found, request.args)
    if form == "json":
        return _tagged(found, actor, form, lambda session: _features(session, actor, wanted))
    if wanted.crs.uri != CRS84:
        reason = "表格只提供经纬度，请去掉 crs"
        raise BadParameter(name="crs", field="crs", reason=reason, reason_en="tables are lon/lat")
    write = _csv if form == "csv" else _items_page
    return _tagged(found, actor, form, lambda session: write(session, actor, wanted))


@blueprint.get("/collections/<name>/items/<code>")
def item(name: str, code: str) -> Response:
    """Answer one feature: GeoJSON or HTML."""
    actor, found = reader_of(name), collection(name)
    crs, form = find(request.args.get("crs"), "crs"), _form("json", "html")
    write = _feature_page if form == "html" else _feature
    return _tagged(found, actor, form, lambda session: write(session, actor, found, code, crs))


# --- tiles ---


@blueprint.get("/collections/<name>/tiles")
def show_tilesets(name: str) -> Response:
    """Answer the list of a layer's tile sets."""
    return _document(tilesets.tilesets(_place(), _tiled(name)), None)


@blueprint.get(f"/collections/<name>/tiles/{tilesets.GRID}")
def tileset(name: str) -> Response:
    """Answer the metadata of a layer's tile set, or its TileJSON."""
    found = _tiled(name)
    if _form("json", "tilejson") == "tilejson":
        return _json(tilesets.tilejson(_place(), found, MAX_ZOOM), documents.JSON)
    return _json(tilesets.tileset(_place(), found), documents.JSON)


@blueprint.get(f"/collections/<name>/tiles/{tilesets.GRID}/<int:z>/<int:y>/<int:x>")
def tile(name: str, z: int, y: int, x: int) -> Response:
    """Answer one vector tile; the row comes before the column."""
    return tiles.locations(name, z, x, y)


# --- who reads ---


def _listed() -> list[Collection]:
    """Return the collections that the asker may read.

    Raises:
        SignInRequired: Nobody has signed in, and no layer is public.
    """
    every = collections().values()
    if current_actor() is not None:
        return list(every)
    public = [each for each in every if each.name in public_layers()]
    if not public:
        raise SignInRequired
    return public


def _readable(name: str) -> Collection:
    reader_of(name)
    return collection(name)


def _tiled(name: str) -> Collection:
    found = _readable(name)
    if found.layer is None:
        raise NotFound(what="瓦片集", key=name)
    return found


@blueprint.errorhandler(SignInRequired)
def _challenge(error: SignInRequired) -> AnyResponse:
    """Send people to the sign-in page, and tell programs that Basic will do."""
    if _prefers_html():
        here = request.full_path.rstrip("?")
        return redirect(url_for("accounts.sign_in", next=here))
    return errors.answer(error)


@blueprint.after_request
def _offer_basic(response: Response) -> Response:
    if response.status_code == HTTPStatus.UNAUTHORIZED and not _prefers_html():
        offered = 'Basic realm="fuliang-gis", charset="UTF-8", Bearer realm="fuliang-gis"'
        response.headers["WWW-Authenticate"] = offered
    return response


# --- forms ---


def _place() -> Place:
    return Place(f"{request.root_url}ogc")


def _prefers_html() -> bool:
    if given := request.args.get("f"):
        return given == "html"
    return request.accept_mimetypes.best == documents.HTML


def _form(*offered: str) -> str:
    """Return the form to answer in: as ``f`` says, else as ``Accept`` does, else the first.

    Raises:
        NotAcceptable: The form asked for by name is not on offer.
    """
    given = request.args.get("f")
    if given is None:
        media = [kind for kind, form in _ACCEPTED.items() if form in offered]
        best = request.accept_mimetypes.best_match(media, default=media[0])
        return _ACCEPTED[best]
    wanted = "json" if given == "geojson" else given
    if wanted not in offered:
        raise NotAcceptable(given=given, offered=", ".join(offered))
    return wanted


def _document(
    document: Document,
    template: str | None,
    found: Collection | None = None,
    media: str = documents.JSON,
) -> Response:
    offered = ("json",) if template is None else ("json", "html")
    if _form(*offered) == "json" or template is None:
        return _json(document, media)
    page = render_template(template, document=document, collection=found)
    return Response(page, content_type="text/html; charset=utf-8")


def _json(document: Document, media: str) -> Response:
    return Response(json.dumps(document, ensure_ascii=False), content_type=media)


def _tagged(
    found: Collection, actor: Actor, form: str, write: Callable[[Reading], Response]
) -> Response:
    """Answer what ``write`` makes, or 304 without making it when the asker's copy is right."""
    reading = database().glances
    # Read before the rows: a change in between makes the answer newer than its tag, not older.
    changes = version(reading, (found.subject,))
    tag = entity_tag(changes, request.url, actor.scope, actor.role, form)
    if request.if_none_match.contains_weak(tag):
        response = Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        response = _compressed(write(reading))
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(["Accept", "Accept-Encoding", "Authorization", "Cookie"])
    return response


def _compressed(response: Response) -> Response:
    body = response.get_data()
    if len(body) >= _COMPRESS_FROM and request.accept_encodings["gzip"] > 0:
        response.set_data(gzip.compress(body, 1))
        response.content_encoding = "gzip"
    return response


def _next(last: str | int | None) -> str:
    query = {**request.args.to_dict(), "cursor": cursor(last if last is not None else "")}
    return Place(request.base_url).address("", **query)


# --- features ---


def _features(session: Reading, actor: Actor, wanted: ItemsRequest) -> Response:
    if wanted.hits_only:
        counted = queries.count(session, actor, wanted)
        body = _collection_text(queries.Page([], None, more=False), counted)
    else:
        page = queries.page(session, actor, wanted)
        whole = wanted.after is None and not page.more
        body = _collection_text(page, len(page.features) if whole else None)
    response = Response(body, content_type=documents.GEOJSON)
    response.headers["Content-Crs"] = f"<{wanted.crs.uri}>"
    return response


def _collection_text(page: queries.Page, matched: int | None) -> bytes:
    """Put the features into their collection; the count of all is told where it costs nothing."""
    links = [{"rel": "self", "href": request.url, "type": documents.GEOJSON}]
    if page.more:
        links.append({"rel": "next", "href": _next(page.last), "type": documents.GEOJSON})
    rest: dict[str, Any] = {"numberReturned": len(page.features), "links": links}
    rest["timeStamp"] = clock.now().isoformat(timespec="seconds")
    if matched is not None:
        rest["numberMatched"] = matched
    head = b'{"type":"FeatureCollection","features":['
    tail = b"]," + json.dumps(rest, ensure_ascii=False).encode()[1:]
    if not page.features:
        return head + tail
    # Joined once: each further sum would copy the whole page.
    pieces = list(page.features)
    pieces[0] = head + pieces[0]
    pieces[-1] += tail
    return b",".join(pieces)


def _feature(session: Reading, actor: Actor, found: Collection, code: str, crs: Crs) -> Response:
    text = queries.item(session, actor, found, code, crs)
    links = [
        {"rel": "self", "href": request.url, "type": documents.GEOJSON},
        _place().link("collection", f"/collections/{found.name}", documents.JSON),
    ]
    tail = json.dumps({"links": links}, ensure_ascii=False).encode()
    response = Response(text[:-1] + b"," + tail[1:], content_type=documents.GEOJSON)
    response.headers["Content-Crs"] = f"<{crs.uri}>"
    return response


def _feature_page(
    session: Reading, actor: Actor, found: Collection, code: str, crs: Crs
) -> Response:
    feature = json.loads(queries.item(session, actor, found, code, crs))
    page = render_template("ogc/item.html", feature=feature, collection=found)
    return Response(page, content_type="text/html; charset=utf-8")


def _csv(session: Reading, actor: Actor, wanted: ItemsRequest) -> Response:
    table = queries.table(session, actor, wanted)
    response = Response(tables.as_csv(table), content_type="text/csv; charset=utf-8")
    name = f"{wanted.collection.name}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if table.more:
        response.headers["Link"] = f'<{_next(table.last)}>; rel="next"; type="text/csv"'
    return response


def _items_page(session: Reading, actor: Actor, wanted: ItemsRequest) -> Response:
    table = queries.table(session, actor, wanted)
    page = render_template(
        "ogc/items.html",
        collection=wanted.collection,
        table=table,
        following=_next(table.last) if table.more else None,
        shown=tables.shown,
    )
    return Response(page, content_type="text/html; charset=utf-8")
