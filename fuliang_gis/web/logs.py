"""Structured logs on standard error: one line a request, never a password, token or cookie."""

from __future__ import annotations

import logging
import re
import sys
import time
import uuid
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, request

from fuliang_gis.settings import Settings
from fuliang_gis.web.context import request_id

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SECRET = re.compile(r"password|passwd|secret|token|cookie|authorization|csrf|otp", re.IGNORECASE)
#: Whose addresses are a secret themselves: the log tells the rule instead.
_SECRET_ADDRESSES = frozenset({"reminders.feed", "reports.show_receipt"})
_QUIET = frozenset({"static", "health.alive", "health.ready", "health.metrics"})
_log = structlog.get_logger("fuliang_gis.web")

Event = MutableMapping[str, Any]


def mask_secrets(_logger: object, _method: str, event: Event) -> Event:
    """Blank every value whose name tells of a secret."""
    for name in event:
        if _SECRET.search(name):
            event[name] = "***"
    return event


def _name_request(_logger: object, _method: str, event: Event) -> Event:
    if (named := request_id()) != "-":
        event.setdefault("request_id", named)
    return event


def configure(settings: Settings) -> None:
    """Send every log record of the process, our own and the libraries', to standard error."""
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=False),
        _name_request,
        mask_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=_rendering(settings)
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    # It tells each step of each page it sets, beginning with its own style sheets.
    logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)


def _rendering(settings: Settings) -> list[structlog.types.Processor]:
    # The plain traceback holds no local variables, which could be somebody's password.
    last: list[structlog.types.Processor] = (
        [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
        if settings.log_format == "json"
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    return [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]


def init_app(app: Flask) -> None:
    """Number every request and write one line when it is answered."""
    app.before_request(_begin)
    app.after_request(_finish)


def _begin() -> None:
    g.request_id = name_of(request.headers.get("X-Request-ID", ""))
    g.began = time.perf_counter()


def name_of(given: str) -> str:
    """Return the name of a request: the one it came with when that is harmless, or a new one."""
    return given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = request_id()
    level = logging.DEBUG if request.endpoint in _QUIET else logging.INFO
    _log.log(
        level,
        "request",
        method=request.method,
        path=_path(),
        status=response.status_code,
        ms=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
        actor=g.get("actor_name", "-"),
    )
    return response


def _path() -> str:
    secret = request.url_rule is not None and request.endpoint in _SECRET_ADDRESSES
    return str(request.url_rule) if secret else request.path
