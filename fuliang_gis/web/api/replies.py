"""How the API answers: documented answers and refusals, JSON, pages of lists."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask import Response
from flask_openapi3.types import ResponseDict
from pydantic import BaseModel

from fuliang_gis.db.paging import Page

JSON = "application/json; charset=utf-8"
_PROBLEM = {
    "content": {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}
    }
}


def answers(
    model: type[BaseModel] | dict[Any, Any], *statuses: int, done: int = 200
) -> ResponseDict:
    """Return an operation's documented answers: when done, and every refusal it knows."""
    known = {400, 401, 403, 404, 405, 413, 422, 429, 500, 503, *statuses}
    refused: ResponseDict = {
        str(s): {"description": HTTPStatus(s).phrase, **_PROBLEM} for s in sorted(known)
    }
    return {str(done): model, **refused}


def write_answers(model: type[BaseModel], done: int = 200) -> ResponseDict:
    """Return a write's documented answers."""
    return answers(model, 409, 415, 428, done=done)


def dump(document: object) -> str:
    """Write a document as JSON; Chinese stays readable."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str)


def reply(model: BaseModel) -> Response:
    """Answer with a model."""
    return Response(model.model_dump_json(), HTTPStatus.OK, content_type=JSON)


def reply_document(document: object) -> Response:
    """Answer with a document that is plain already."""
    return Response(dump(document), HTTPStatus.OK, content_type=JSON)


def reply_page(items: Sequence[object], found: Page[Any]) -> Response:
    """Answer with one page of a list, which counts every page."""
    counted = {"total": found.total, "page": found.page, "size": found.size}
    return reply_document({"items": items, **counted})
