"""The web processes as they run, but for their throttle, which would soon end a measurement."""

from fuliang_gis.cli.web import run
from fuliang_gis.settings import Settings
from fuliang_gis.web.security import limiter

limiter.enabled = False

from fuliang_gis.web.wsgi import app  # noqa: E402  # The throttle must be off before it is built.

run(Settings(), app)
