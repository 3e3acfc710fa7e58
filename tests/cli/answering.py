"""A small application behind the web processes as they run: large answers, and slow ones."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fuliang_gis.cli.web import run
from fuliang_gis.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LARGE = b"x" * 5_000_000
SLOW_S = 2.0


def _application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/slow":
        time.sleep(SLOW_S)
    body = LARGE if path == "/large" else f"{path} {environ['REMOTE_ADDR']}".encode()
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return (body,)


if __name__ == "__main__":
    run(Settings(), _application)
