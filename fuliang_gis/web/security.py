"""Security headers, forgery protection, throttling and limits on what is sent to us."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from flask import Flask, Response, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect

from fuliang_gis.cartography.raster_basemap import outside_hosts
from fuliang_gis.settings import Settings
from fuliang_gis.web.uploads import UPLOAD_REQUEST_LIMIT, takes_file

#: No script, style or frame from anywhere else, none inline; workers come from blobs (OpenLayers).
CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    "img-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
PERMISSIONS_POLICY = {
    "browsing-topics": "()",
    "camera": "(self)",
    "geolocation": "(self)",
    "microphone": "()",
    "payment": "()",
    "usb": "()",
}
#: Largest JSON body and largest upload [bytes].
JSON_LIMIT = 1_000_000
UPLOAD_LIMIT = 64_000_000
#: Largest JSON body of operations that take a whole plan in one act [bytes]: 582 polygons with
#: 48,000 vertices are some 1.4 MB, and there are larger villages.
PLAN_JSON_LIMIT = 16_000_000
_TAKES_PLAN = frozenset({"api.save_scheme", "api.set_plan_base"})

#: Map tiles and files arrive by the hundred at every pan, so they are not counted.
_UNCOUNTED = ("/static/", "/tiles/", "/healthz", "/readyz", "/metrics")
#: What one address may ask of one process; people of an office may share an address.
WRITES_PER_MINUTE = "240 per minute"
READS_PER_MINUTE = "2400 per minute"
_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

#: What anybody may do without an account: there is no person whose will could be forged.
_OPEN_TO_ALL = frozenset({"api.report_problem", "plan_notices.submit"})

_TALISMAN = "fuliang_talisman"

csrf = CSRFProtect()


def _allowance() -> str:
    return WRITES_PER_MINUTE if request.method in _WRITING else READS_PER_MINUTE


def _uncounted() -> bool:
    return request.path.startswith(_UNCOUNTED) or "/tiles/" in request.path


#: Counts in the memory of each process; sign-in adds its own, stricter limits.
limiter = Limiter(
    get_remote_address,
    default_limits=[_allowance],
    default_limits_exempt_when=_uncounted,
    storage_uri="memory://",
    headers_enabled=False,
)


def init_app(app: Flask, settings: Settings) -> None:
    """Put every protection in front of the application."""
    app.config.update(
        MAX_CONTENT_LENGTH=UPLOAD_LIMIT,
        MAX_FORM_MEMORY_SIZE=JSON_LIMIT,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=settings.session_hours * 3600,
        # Behind HTTPS the library would also demand a Referer, which our own policy may withhold.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.extensions[_TALISMAN] = Talisman(
        app,
        content_security_policy=_policy(settings),
        permissions_policy=PERMISSIONS_POLICY,
        referrer_policy="same-origin",
        frame_options="DENY",
        force_https=False,
        session_cookie_secure=settings.secure_cookies,
        strict_transport_security=settings.secure_cookies,
    )
    csrf.init_app(app)
    limiter.init_app(app)
    app.before_request(_limit_json)
    app.after_request(_keep_private)


def fixed_headers(app: Flask, environ: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return the headers that are the same on every answer to who asks in the same way."""
    secure = "https" in (environ["wsgi.url_scheme"], environ.get("HTTP_X_FORWARDED_PROTO"))
    return _fixed_headers(app, secure=secure)


@cache
def _fixed_headers(app: Flask, *, secure: bool) -> tuple[tuple[str, str], ...]:
    # Asked of the library once, for what does not change from request to request.
    with app.test_request_context(base_url="https://localhost" if secure else None):
        answer = app.extensions[_TALISMAN]._set_response_headers(Response())  # noqa: SLF001  # Its only way.
    del answer.headers["Content-Type"], answer.headers["Content-Length"]
    return tuple(answer.headers)


def _policy(settings: Settings) -> dict[str, str]:
    """Return the policy; pictures of a basemap that an office set may come from its host alone."""
    images = (CONTENT_SECURITY_POLICY["img-src"], *outside_hosts(settings.basemap))
    return CONTENT_SECURITY_POLICY | {"img-src": " ".join(images)}


def refuse_forgery() -> None:
    """Demand a CSRF token for every write that a browser could send without the person's will.

    A caller who proved a bearer token is exempt, since no browser adds one by itself. Browsers do
    repeat Basic credentials, so those are exempt only where no other site is asking.
    """
    if request.method not in _WRITING or request.routing_exception is not None:
        return
    if request.endpoint in _OPEN_TO_ALL:
        return
    means = g.get("signed_in_by", "session")
    same_site = request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
    if means == "token" or (means == "basic" and same_site):
        return
    csrf.protect()


def _limit_json() -> None:
    if request.path.startswith("/api/"):
        request.max_content_length = _api_limit()


def _api_limit() -> int:
    if takes_file():
        return UPLOAD_REQUEST_LIMIT
    return PLAN_JSON_LIMIT if request.endpoint in _TAKES_PLAN else JSON_LIMIT


def _keep_private(response: Response) -> Response:
    """Keep answers out of shared caches and out of the back button after signing out."""
    if "Cache-Control" not in response.headers and request.endpoint != "static":
        response.headers["Cache-Control"] = "private, no-store"
    return response
