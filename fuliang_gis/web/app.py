"""The application factory: one Flask application over one database."""

from __future__ import annotations

from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from werkzeug.middleware.proxy_fix import ProxyFix

from fuliang_gis import __version__
from fuliang_gis.db.session import Database
from fuliang_gis.settings import Settings
from fuliang_gis.web import api, errors, health, logs, metrics, ogc, pages, security, session, tiles
from fuliang_gis.web.context import Shared, attach

#: Built files carry their content's digest in their name, so they never change [s].
_FOR_EVER = 365 * 24 * 3600


class Application(OpenAPI):
    """Flask with a documented API; only the lifetime of built files differs from the library's."""

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Return how long a browser may keep a static file [s]."""
        return _FOR_EVER if filename and filename.startswith("build/assets/") else None


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
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    attach(app, Shared(settings, database))
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
