"""The application as any WSGI server loads it, set up from the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuliang_gis.db.place import addresses
from fuliang_gis.db.session import Database
from fuliang_gis.settings import Settings
from fuliang_gis.web.workers import share_metrics

if TYPE_CHECKING:
    from fuliang_gis.web.app import Application


def _build() -> Application:
    settings = Settings()
    share_metrics(settings)
    # Imported only now: the metrics library looks for the shared folder when it is imported.
    from fuliang_gis.roads import network
    from fuliang_gis.web import logs
    from fuliang_gis.web.app import create_app

    logs.configure(settings)
    network.keep_in(settings.state_dir / "cache")
    database = Database.connect(
        addresses(settings).service,
        settings.secret("context.key"),
        pool_size=settings.web_threads,
    )
    return create_app(settings, database)


app = _build()
