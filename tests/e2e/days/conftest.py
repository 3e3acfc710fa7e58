"""The demo county, served by the process that tests run in, so that they set the day."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser
from werkzeug.serving import WSGIRequestHandler, make_server

from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import Database
from fuliang_gis.settings import Settings
from fuliang_gis.web.app import create_app
from tests.e2e.conftest import Watched, watch
from tests.e2e.days.windows import Visit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class _Quiet(WSGIRequestHandler):
    """A server that tells of no request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def _read_whole(app: WSGIApplication) -> WSGIApplication:
    """Read each answer before it is sent: this server leaves files open when a browser hangs up."""

    def whole(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        answer = app(environ, start)
        try:
            return [b"".join(answer)]
        finally:
            if close := getattr(answer, "close", None):
                close()

    return whole


@pytest.fixture(scope="module")
def database(address: str, cluster: Cluster, settings: Settings) -> Iterator[Database]:
    """The demo county's database as the service sees it."""
    assert address.startswith("http")
    name = f"run_{os.getpid()}_e2e"
    made = Database.connect(cluster.service_url(name), settings.secret("context.key"), pool_size=5)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def own_address(database: Database, settings: Settings) -> Iterator[str]:
    """The demo county, served by this process, so that a test sets the day."""
    made = _read_whole(create_app(settings, database))
    server = make_server("127.0.0.1", 0, made, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def window(browser: Browser, own_address: str) -> Iterator[Visit]:
    """Open windows on the service of this process; nothing may go wrong in any of them."""
    opened: list[Watched] = []

    def made(size: tuple[int, int]) -> Watched:
        watched = watch(browser, own_address, size)
        watched.page.on("dialog", lambda dialog: dialog.accept())
        opened.append(watched)
        return watched

    yield made
    faults = [fault for each in opened for fault in (*each.faults, *each.breaches())]
    for each in opened:
        each.page.context.close()
    assert faults == []
