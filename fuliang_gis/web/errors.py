"""The one table from refusal to HTTP status, and how a refusal is told: problem+json or a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NoReturn

import structlog
from flask import Flask, Response, g, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from fuliang_gis import errors
from fuliang_gis.errors import FuliangError, Problem
from fuliang_gis.web.context import request_id
from fuliang_gis.web.security import UPLOAD_LIMIT

STATUS: Mapping[type[FuliangError], HTTPStatus] = {
    errors.FuliangError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.OutsideDivision: HTTPStatus.FORBIDDEN,
    errors.SignInRequired: HTTPStatus.UNAUTHORIZED,
    errors.SignInFailed: HTTPStatus.UNAUTHORIZED,
    errors.LockedOut: HTTPStatus.TOO_MANY_REQUESTS,
    errors.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.VersionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    errors.Duplicate: HTTPStatus.CONFLICT,
    errors.DemoPresent: HTTPStatus.CONFLICT,
    errors.KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.CsrfFailed: HTTPStatus.FORBIDDEN,
    errors.BadRequest: HTTPStatus.BAD_REQUEST,
    errors.BadParameter: HTTPStatus.BAD_REQUEST,
    errors.FilterRefused: HTTPStatus.BAD_REQUEST,
    errors.NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    errors.MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    errors.UnsupportedMedia: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.SheetError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.WrongState: HTTPStatus.CONFLICT,
    errors.PlanStepRefused: HTTPStatus.CONFLICT,
    errors.FileRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ImportRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.SetUpError: HTTPStatus.SERVICE_UNAVAILABLE,
}
#: Seconds after which the caller may try again.
RETRY_AFTER: Mapping[type[FuliangError], int] = {
    errors.Unavailable: 10,
    errors.TooManyRequests: 60,
    errors.SetUpError: 60,
}
_MACHINE_PATHS = ("/api/", "/ogc", "/tiles/", "/healthz", "/readyz", "/metrics")
_log = structlog.get_logger("fuliang_gis.web")


def status_of(kind: type[FuliangError]) -> HTTPStatus:
    """Return the HTTP status of a refusal, its own or its nearest parent's."""
    return next(STATUS[parent] for parent in kind.__mro__ if parent in STATUS)


def wants_problem_json() -> bool:
    """Tell whether the caller is a program (API, map, htmx) rather than a browser's window."""
    if request.path.startswith(_MACHINE_PATHS) or "HX-Request" in request.headers:
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def problem_document(error: FuliangError) -> dict[str, Any]:
    """Describe a refusal as an RFC 9457 problem."""
    status = status_of(type(error))
    document: dict[str, Any] = {
        "type": f"urn:fuliang:error:{error.code}",
        "title": status.phrase,
        "status": status.value,
        "code": error.code,
        "detail": error.text_zh,
        "detail_en": error.text_en,
        "instance": request_id(),
        "field": error.field,
    }
    if isinstance(error, errors.Invalid):
        document["errors"] = [fault_document(problem) for problem in error.problems]
    if isinstance(error, errors.Conflict):
        document["current"] = error.facts.get("record")
        document["current_version"] = error.facts.get("current")
    return document


def fault_document(problem: Problem) -> dict[str, Any]:
    """Describe one fault in one value."""
    return {"field": problem.field, "code": problem.code, "zh": problem.zh, "en": problem.en}


def answer(error: FuliangError) -> Response:
    """Tell the refusal in the form that the caller reads."""
    note_refusal(error)
    response = _problem_response(error) if wants_problem_json() else _page(error)
    _add_headers(response, error)
    return response


def note_refusal(error: FuliangError) -> None:
    """Remember that this request was refused, for the audit record and the log."""
    g.refusal = error.code


def _problem_response(error: FuliangError) -> Response:
    body = json.dumps(problem_document(error), ensure_ascii=False, default=str)
    status = status_of(type(error))
    return Response(body, status, content_type="application/problem+json; charset=utf-8")


def _page(error: FuliangError) -> Response:
    if isinstance(error, errors.SignInRequired) and request.method == "GET":
        here = request.full_path.rstrip("?")
        return make_response(redirect(url_for("accounts.sign_in", next=here)))
    status = status_of(type(error))
    problems = error.problems if isinstance(error, errors.Invalid) else ()
    # The page of an error asks the database nothing: that may be what fails.
    g.asks_nothing = True
    page = render_template("error.html", error=error, status=status, problems=problems)
    return make_response(page, status)


def _add_headers(response: Response, error: FuliangError) -> None:
    if isinstance(error, errors.LockedOut):
        response.headers["Retry-After"] = str(int(str(error.facts["minutes"])) * 60)
    elif type(error) in RETRY_AFTER:
        response.headers["Retry-After"] = str(RETRY_AFTER[type(error)])
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        # A Basic challenge would make browsers ask in a window of their own; QGIS sends it unasked.
        response.headers["WWW-Authenticate"] = 'Bearer realm="fuliang-gis"'
    if isinstance(error, errors.SignInRequired) and "HX-Request" in request.headers:
        response.headers["HX-Redirect"] = url_for("accounts.sign_in")


def _limit_mb() -> int:
    return (request.max_content_length or UPLOAD_LIMIT) // 1_000_000


_FROM_STATUS: Mapping[int, Callable[[HTTPException], FuliangError]] = {
    400: lambda error: errors.BadRequest(reason=error.description or ""),
    401: lambda _: errors.SignInRequired(),
    404: lambda _: errors.NotFound(what="页面", key=request.path),
    405: lambda _: errors.MethodNotAllowed(method=request.method),
    413: lambda _: errors.TooLarge(limit_mb=_limit_mb()),
    415: lambda _: errors.UnsupportedMedia(given=request.mimetype, wanted="application/json"),
    429: lambda _: errors.TooManyRequests(),
}


def _on_http(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None or status < HTTPStatus.BAD_REQUEST:
        return make_response(error.get_response())
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return answer(FuliangError())
    make = _FROM_STATUS.get(status, _FROM_STATUS[400])
    response = answer(errors.CsrfFailed() if isinstance(error, CSRFError) else make(error))
    if valid := getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(valid))
    return response


def _on_refusal(error: FuliangError) -> Response:
    if status_of(type(error)) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("refused", code=error.code, exc_info=error)
    return answer(error)


def _on_unexpected(error: Exception) -> Response:
    _log.error("unexpected", kind=type(error).__name__, exc_info=error)
    return answer(FuliangError())


_PYDANTIC_ZH: Mapping[str, str] = {
    "missing": "必填，不能缺少。",
    "extra_forbidden": "没有这个字段，请删除。",
    "string_type": "应为文字。",
    "int_parsing": "应为整数。",
    "int_type": "应为整数。",
    "bool_parsing": "应为 true 或 false。",
    "dict_type": "应为 JSON 对象。",
    "model_type": "应为 JSON 对象。",
    "list_type": "应为 JSON 数组。",
    "literal_error": "不在可选值之内。",
    "greater_than_equal": "小于允许的最小值。",
    "less_than_equal": "大于允许的最大值。",
    "string_too_short": "文字太短。",
    "string_too_long": "文字太长。",
    "string_pattern_mismatch": "格式不正确。",
    "date_from_datetime_parsing": "应为日期，如 2022-10-31。",
}


def refuse_invalid(error: ValidationError) -> NoReturn:
    """Turn what pydantic found into our own refusal.

    Raises:
        Invalid: Always, with one problem a fault.
    """
    problems = [
        Problem(
            code=fault["type"],
            zh=_PYDANTIC_ZH.get(fault["type"], "内容不符合要求。"),
            en=fault["msg"],
            field=".".join(str(part) for part in fault["loc"]) or None,
        )
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    raise errors.Invalid(problems) from None


def init_app(app: Flask) -> None:
    """Answer every refusal and every failure of the application."""
    app.register_error_handler(FuliangError, _on_refusal)
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(Exception, _on_unexpected)
