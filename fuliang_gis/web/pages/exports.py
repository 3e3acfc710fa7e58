"""A layer's list as a file: everything that the list shows, all pages of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from flask import Blueprint, Response

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.session import Database
from fuliang_gis.exchange.locations import Export
from fuliang_gis.exchange.tables import CSV_TYPE, XLSX_TYPE, csv_pieces, write_xlsx
from fuliang_gis.locations.registry import layer
from fuliang_gis.web.context import database
from fuliang_gis.web.pages.locations import choosing
from fuliang_gis.web.pages.sending import attachment
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("exports", __name__, url_prefix="/locations")

#: What is sent of a workbook at a time [bytes].
_PIECE = 256_000


@blueprint.get("/<layer_name>/export.<any(csv, xlsx):kind>")
def export(layer_name: str, kind: str) -> Response:
    """Answer the list that the address describes as CSV or XLSX."""
    actor = require_actor()
    chosen = choosing(layer(layer_name))
    wanted = Export(
        layer_name, chosen.filters, chosen.sort, chosen.descending, chosen.status or None
    )
    with database().session() as session:
        invented, rows = wanted.invented(session, actor), wanted.count(session, actor)
    write = _csv if kind == "csv" else _xlsx
    content_type = CSV_TYPE if kind == "csv" else XLSX_TYPE
    body = write(database(), actor, wanted, invented=invented)
    return attachment(
        body, wanted.layer.sheet.title.zh, kind, content_type, invented=invented, rows=rows
    )


# Both open their session where the rows are sent: the request is over by then.
def _csv(source: Database, actor: Actor, wanted: Export, *, invented: bool) -> Iterator[bytes]:
    with source.session() as session:
        yield from csv_pieces(wanted.headings, wanted.rows(session, actor), invented=invented)


def _xlsx(source: Database, actor: Actor, wanted: Export, *, invented: bool) -> Iterator[bytes]:
    title = wanted.layer.sheet.title.zh
    with tempfile.TemporaryFile() as file:
        with source.session() as session:
            rows = wanted.rows(session, actor)
            write_xlsx(file, title, wanted.headings, rows, invented=invented)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
