"""The application factory: one Flask application over one database."""

from __future__ import annotations

import mimetypes
from http import HTTPStatus

from flask import Response, request
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from fuliang_gis import __version__
from fuliang_gis.db.session import Database
from fuliang_gis.settings import Settings
from fuliang_gis.web import api, errors, health, logs, metrics, ogc, pages, security, session, tiles
from fuliang_gis.web.assets import is_packed
from fuliang_gis.web.context import Shared, attach
from fuliang_gis.web.plain_tiles import PlainTiles

#: Built files carry their content's digest in their name, so they never change [s].
_FOR_EVER = 365 * 24 * 3600
#: What PostgreSQL's integer holds.
_LARGEST_ID = 2**31 - 1


class RowNumber(IntegerConverter):
    """A number in an address; one that no row can have leads nowhere, like any unknown one."""

    def __init__(self, urls: Map, *, max: int = _LARGEST_ID, **given: int) -> None:  # noqa: A002
        super().__init__(urls, max=max, **given)  # type: ignore[arg-type]


class Application(OpenAPI):
    """Flask with a documented API; built files are kept for ever and sent compressed."""

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Return how long a browser may keep a static file [s]."""
        return _FOR_EVER if filename and filename.startswith("build/assets/") else None

    def send_static_file(self, filename: str) -> Response:
        """Send a static file, as the build compressed it where the asker takes it so."""
        if not is_packed(filename):
            return self._sent(filename)
        packed = request.accept_encodings["gzip"] > 0
        response = self._sent(f"{filename}.gz" if packed else filename)
        if packed:
            response.content_encoding = "gzip"
            response.mimetype = mimetypes.guess_type(filename)[0] or "application/octet-stream"
        response.vary.add("Accept-Encoding")
        return response

    def _sent(self, filename: str) -> Response:
        response = super().send_static_file(filename)
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            # The file was opened for an answer that has no body, and nobody else closes it.
            response.close()
        return response


def create_app(settings: Settings, database: Database) -> Application:
    """Build the application; nothing is read from the environment and no connection is opened."""
    app = Application(
        "fuliang_gis.web",
        info=Info(title="fuliang-gis API", version=__version__),
        security_schemes=api.SECURITY_SCHEMES,
        doc_ui=False,
        validation_error_callback=errors.refuse_invalid,
        validation_error_model=api.ProblemDocument,
    )
    app.url_map.converters["int"] = RowNumber
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    attach(app, Shared(settings, database))
    app.wsgi_app = PlainTiles(app, database, app.wsgi_app)  # type: ignore[assignment,method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, hops)  # type: ignore[method-assign]
    _install(app, settings)
    return app


def _install(app: Application, settings: Settings) -> None:
    # A request goes through in this order: numbered, counted, limited, recognised, then asked for
    # its forgery token.
    logs.init_app(app)
    metrics.init_app(app)
    security.init_app(app, settings)
    session.init_app(app, settings)
    app.before_request(security.refuse_forgery)
    errors.init_app(app)
    app.register_blueprint(health.blueprint)
    tiles.register(app, settings)
    ogc.register(app)
    pages.register(app)
    api.register(app)
