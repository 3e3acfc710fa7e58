"""Files that a page sends."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote

from flask import Response, request

from fuliang_gis import clock
from fuliang_gis.accounts import audit
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import Json
from fuliang_gis.db.session import Database
from fuliang_gis.exchange.tables import Sheet, write_book
from fuliang_gis.web.context import database
from fuliang_gis.web.session import current_actor

#: What is sent of a workbook at a time [bytes].
_PIECE = 256_000

#: What is kept of the address that a file was asked for by: values, and characters of each.
_MOST_ASKED, _LONGEST = 30, 200

#: Makes the sheets of a workbook from a session and the person who reads.
Sheets = Callable[..., Iterable[Sheet]]


def attachment(
    body: Iterator[bytes], title: str, kind: str, content_type: str, *, invented: bool, rows: int
) -> Response:
    """Answer with a file to keep, named by its title and day."""
    name = f"{title}-{clock.now():%Y%m%d}{'-演示' if invented else ''}.{kind}"
    return named_file(body, content_type, name, rows=rows)


def named_file(
    body: bytes | Iterator[bytes],
    content_type: str,
    name: str,
    *,
    rows: int | None = None,
    inline: bool = False,
    plain: str = "",
) -> Response:
    """Answer with a file that is called so; the audit record says who took what.

    It is recorded before the first byte is sent, so that no file leaves without its record.

    Args:
        rows: How many rows, parcels or locations it holds, where it holds such.
        inline: Shown by the browser, not kept at once.
        plain: Its name for programs that read Latin letters alone.
    """
    _record(name, rows)
    response = Response(body, content_type=content_type)
    kind = "inline" if inline else "attachment"
    latin = f'; filename="{plain}"' if plain else ""
    response.headers["Content-Disposition"] = f"{kind}{latin}; filename*=UTF-8''{quote(name)}"
    return response


def _record(name: str, rows: int | None) -> None:
    actor = current_actor()
    # What anybody may have without a sign-in is no secret; a head alone takes nothing away.
    if actor is None or request.method == "HEAD":
        return
    asked = {key: value[:_LONGEST] for key, value in request.args.items() if value}
    detail: Json = {"file": name[:_LONGEST]}
    if rows is not None:
        detail["rows"] = rows
    if asked:
        detail["filter"] = dict(list(asked.items())[:_MOST_ASKED])
    with database().session(actor.account_id) as session:
        audit.record(
            session, actor, "export", request.path, division_code=actor.scope, detail=detail
        )


def book_pieces(
    source: Database, actor: Actor, sheets: Sheets, *, invented: bool
) -> Iterator[bytes]:
    """Write a workbook and give it piece by piece; it opens a session of its own."""
    with tempfile.TemporaryFile() as file:
        with source.session() as session:
            write_book(file, sheets(session, actor), invented=invented)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
