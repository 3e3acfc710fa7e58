"""The web processes as they run, but for their throttle, which would soon end a measurement."""

from fuliang_gis.cli.web import run
from fuliang_gis.settings import Settings
from fuliang_gis.web.security import limiter

if __name__ == "__main__":
    limiter.enabled = False
    # The throttle must be off before the application is built.
    from fuliang_gis.web.wsgi import app

    run(Settings(), app)
