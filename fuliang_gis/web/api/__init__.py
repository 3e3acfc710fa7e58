"""The JSON API under /api/v1, documented at /api/v1/openapi.json."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.openapi import OpenAPI

from fuliang_gis.errors import BadRequest, UnsupportedMedia
from fuliang_gis.web.api import (
    apart,
    basics,
    closures,
    defects,
    duties,
    files,
    ledger,
    locations,
    plan_procedure,
    plan_services,
    reports,
    rounds,
    rounds_moves,
    rounds_reading,
    routes,
    teams,
    village_plans,
    visits,
)
from fuliang_gis.web.api.schemas import ProblemDocument
from fuliang_gis.web.uploads import takes_file

__all__ = ["SECURITY_SCHEMES", "ProblemDocument", "register"]

PREFIX = "/api/v1"
_FILES = "multipart/form-data"
SECURITY_SCHEMES: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "./fuliang accounts token USER"},
    "basic": {"type": "http", "scheme": "basic", "description": "For QGIS."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "session",
        "description": "Signed-in browser; writes also need X-CSRFToken.",
    },
}
_SECURITY: list[dict[str, list[Any]]] = [{name: []} for name in SECURITY_SCHEMES]


def register(app: OpenAPI) -> None:
    """Add every API operation to the application, and the document that describes them."""
    api = APIBlueprint(
        "api",
        __name__,
        url_prefix=PREFIX,
        abp_security=_SECURITY,
        operation_id_callback=lambda *, name, **_: name,
    )
    api.before_request(_refuse_unreadable)
    for module in (
        basics,
        locations,
        ledger,
        duties,
        visits,
        defects,
        files,
        reports,
        teams,
        apart,
        rounds,
        rounds_moves,
        rounds_reading,
        closures,
        routes,
        plan_services,
        village_plans,
        plan_procedure,
    ):
        module.register(api)
    app.register_api(api)

    def openapi_document() -> dict[str, Any]:
        """Give the OpenAPI document of this API."""
        return app.api_doc

    app.add_url_rule(f"{PREFIX}/openapi.json", view_func=openapi_document)


def _refuse_unreadable() -> None:
    """Refuse a body that is no JSON object, before anything is looked up.

    Raises:
        UnsupportedMedia: The body is said to be something else.
        BadRequest: It cannot be read.
    """
    if request.method not in {"POST", "PATCH", "PUT"}:
        return
    if takes_file():
        # Read as it arrives, never as a whole into memory.
        if request.mimetype != _FILES:
            raise UnsupportedMedia(given=request.mimetype or "—", wanted=_FILES)
        return
    if not request.get_data(cache=True):
        return
    if not request.is_json:
        raise UnsupportedMedia(given=request.mimetype or "—", wanted="application/json")
    if not isinstance(request.get_json(silent=True), dict):
        raise BadRequest(reason="正文应为 JSON 对象")
