"""Files that a page sends."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote

from flask import Response

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.session import Database
from fuliang_gis.exchange.tables import Sheet, write_book

#: What is sent of a workbook at a time [bytes].
_PIECE = 256_000

#: Makes the sheets of a workbook from a session and the person who reads.
Sheets = Callable[..., Iterable[Sheet]]


def attachment(
    body: Iterator[bytes], title: str, kind: str, content_type: str, *, invented: bool
) -> Response:
    """Answer with a file to keep, named by its title and day."""
    name = f"{title}-{clock.now():%Y%m%d}{'-演示' if invented else ''}.{kind}"
    return named_file(body, content_type, name)


def named_file(
    body: bytes | Iterator[bytes],
    content_type: str,
    name: str,
    *,
    inline: bool = False,
    plain: str = "",
) -> Response:
    """Answer with a file that is called so.

    Args:
        inline: Shown by the browser, not kept at once.
        plain: Its name for programs that read Latin letters alone.
    """
    response = Response(body, content_type=content_type)
    kind = "inline" if inline else "attachment"
    latin = f'; filename="{plain}"' if plain else ""
    response.headers["Content-Disposition"] = f"{kind}{latin}; filename*=UTF-8''{quote(name)}"
    return response


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
