"""The service as it runs, but for its throttle, which would soon end a measurement."""

from fuliang_gis.web.security import limiter

limiter.enabled = False

from fuliang_gis.web.wsgi import app  # noqa: E402, F401  # The throttle must be off before it is built.
