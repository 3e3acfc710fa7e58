"""``/healthz`` (the process lives), ``/readyz`` (it can serve) and ``/metrics`` (figures)."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST

from fuliang_gis.accounts.roles import PERMISSION_NAMES, ROLE_PERMISSIONS, Permission
from fuliang_gis.db import readiness
from fuliang_gis.errors import Forbidden
from fuliang_gis.web import metrics
from fuliang_gis.web.context import database
from fuliang_gis.web.session import current_actor, require_actor

blueprint = Blueprint("health", __name__)

_LOOPBACK = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


@blueprint.get("/healthz")
def alive() -> Response:
    """Say that the process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> tuple[Response, HTTPStatus]:
    """Say whether requests can be served, and which part is missing."""
    found = readiness.check(database())
    parts = {"database": found.database, "postgis": found.postgis, "migrations": found.migrations}
    body = jsonify(status="ok" if found.ready else "unavailable", checks=parts)
    if found.ready:
        return body, HTTPStatus.OK
    body.headers["Retry-After"] = "10"
    return body, HTTPStatus.SERVICE_UNAVAILABLE


@blueprint.get("/metrics")
def figures() -> Response:
    """Return the figures, to this machine's own collector or to who may read the audit record.

    Raises:
        SignInRequired: The caller is neither on this machine nor known.
        Forbidden: The role may not read them.
    """
    if not _from_this_machine():
        actor = current_actor() or require_actor()
        if Permission.READ_AUDIT not in ROLE_PERMISSIONS[actor.role]:
            raise Forbidden(role=actor.role_name, act=PERMISSION_NAMES[Permission.READ_AUDIT][0])
    return Response(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)


def _from_this_machine() -> bool:
    # A proxy on this machine speaks from loopback for the whole world, and says so in a header.
    forwarded = any(name in request.headers for name in _FORWARDED)
    return request.remote_addr in _LOOPBACK and not forwarded
