"""Every refusal: its status, its form for programs and for people, and nothing leaked."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from http import HTTPStatus
from string import Formatter

import pytest
from flask import Response, abort

from fuliang_gis import errors
from fuliang_gis.db.session import Database
from fuliang_gis.errors import FuliangError, Problem
from fuliang_gis.settings import Settings
from fuliang_gis.web.app import Application, create_app
from fuliang_gis.web.errors import STATUS, status_of
from fuliang_gis.web.security import limiter
from tests.web.conftest import World, csrf_of

SECRET = "postgresql://owner:hunter2@db/private"

#: Facts that are no plain words.
FACTS: dict[str, object] = {"minutes": 15, "current": 2, "expected": 1, "limit_mb": 1}


def raised(kind: type[FuliangError]) -> FuliangError:
    """Return a refusal of the class, with facts for every brace in its words."""
    missing = [Problem("required", "请填写名称。", "Name is required.", "name")]
    if kind is errors.Invalid:
        return errors.Invalid(missing)
    if kind is errors.PlanStepRefused:
        return errors.PlanStepRefused("<b>x</b>", "批准", missing)
    named = {name for _, name, _, _ in Formatter().parse(kind.zh + kind.en) if name}
    facts = {name: FACTS.get(name, "<b>x</b>") for name in named}
    return kind(field="name", **facts)


@pytest.fixture(scope="module")
def app(settings: Settings) -> Iterator[Application]:
    """An application without a database, with addresses that fail in every way."""
    database = Database.connect("postgresql://nobody@127.0.0.1:1/none", b"k")
    made = create_app(settings, database)
    limiter.enabled = False

    def refuse(code: str) -> Response:
        raise raised(next(kind for kind in errors.all_errors() if kind.code == code))

    def fail() -> Response:
        raise RuntimeError(SECRET)

    def stop(status: int) -> Response:
        abort(status)

    for prefix in ("/api/try", "/try"):
        made.add_url_rule(f"{prefix}/refuse/<code>", f"{prefix}refuse", refuse)
        made.add_url_rule(f"{prefix}/fail", f"{prefix}fail", fail)
        made.add_url_rule(f"{prefix}/abort/<int:status>", f"{prefix}abort", stop)
    yield made
    database.dispose()


def test_every_refusal_has_a_status_of_its_own() -> None:
    """No class falls back to 500 for want of a row, and the code of each is used once."""
    classes = errors.all_errors()
    for kind in classes:
        nearest = next(parent for parent in kind.__mro__ if parent in STATUS)
        assert nearest is not FuliangError or kind is FuliangError, kind
    assert len({kind.code for kind in classes}) == len(classes)


@pytest.mark.parametrize("kind", errors.all_errors(), ids=lambda kind: str(kind.code))
def test_programs_get_a_problem_document(app: Application, kind: type[FuliangError]) -> None:
    """A program gets RFC 9457 JSON with the stable code, both languages and the request's id."""
    asked = {"X-Request-ID": "test-0123456789"}
    response = app.test_client().get(f"/api/try/refuse/{kind.code}", headers=asked)
    problem = response.get_json()
    assert response.status_code == problem["status"] == status_of(kind)
    assert response.content_type.startswith("application/problem+json")
    assert (problem["code"], problem["instance"]) == (kind.code, "test-0123456789")
    assert problem["detail"] == raised(kind).text_zh
    assert problem["detail_en"] == raised(kind).text_en
    assert problem["title"]
    if kind is errors.Invalid:
        fault = {
            "field": "name",
            "code": "required",
            "zh": "请填写名称。",
            "en": "Name is required.",
        }
        assert problem["errors"] == [fault]


@pytest.mark.parametrize("kind", errors.all_errors(), ids=lambda kind: str(kind.code))
def test_people_get_a_page_that_says_what_to_do(app: Application, kind: type[FuliangError]) -> None:
    """A person gets a Chinese page with words, a way on and the request's id; markup is text."""
    response = app.test_client().get(f"/try/refuse/{kind.code}", headers={"Accept": "text/html"})
    if kind is errors.SignInRequired:
        assert response.headers["Location"].startswith("/sign-in?next=")
        return
    page = response.get_data(as_text=True)
    assert response.status_code == status_of(kind)
    assert response.content_type.startswith("text/html")
    assert "请求编号" in page
    assert response.headers["X-Request-ID"] in page
    assert 'href="/help"' in page
    assert "<b>x</b>" not in page


def test_htmx_and_json_callers_are_programs(app: Application) -> None:
    """Scripts of our own pages, and whoever prefers JSON, get a problem document."""
    for header in ({"HX-Request": "true"}, {"Accept": "application/json"}):
        response = app.test_client().get("/try/refuse/not_found", headers=header)
        assert response.content_type.startswith("application/problem+json"), header


@pytest.mark.parametrize("prefix", ["/api/try", "/try"])
def test_an_unexpected_failure_tells_nothing_and_is_logged(
    app: Application, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A defect answers 500 without any of its detail; the log has the traceback."""
    app.testing = False
    with caplog.at_level(logging.ERROR):
        response = app.test_client().get(f"{prefix}/fail")
    body = response.get_data(as_text=True)
    assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "hunter2" not in body
    assert "Traceback" not in body
    assert "RuntimeError" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nowhere", 404, "not_found"),
        ("PUT", "/api/v1/me", 405, "method_not_allowed"),
        ("GET", "/api/try/abort/400", 400, "bad_request"),
        ("GET", "/api/try/abort/401", 401, "sign_in_required"),
        ("GET", "/api/try/abort/413", 413, "too_large"),
        ("GET", "/api/try/abort/415", 415, "unsupported_media_type"),
        ("GET", "/api/try/abort/429", 429, "too_many_requests"),
        ("GET", "/api/try/abort/418", 400, "bad_request"),
        ("GET", "/api/try/abort/503", 500, "internal"),
        ("POST", "/api/v1/layers/villages/locations", 403, "csrf_failed"),
    ],
)
def test_what_the_framework_refuses_is_told_in_the_same_form(
    app: Application, method: str, path: str, status: int, code: str
) -> None:
    """Unknown addresses, methods, types and sizes are refusals like any other."""
    response = app.test_client().open(path, method=method)
    assert (response.status_code, response.get_json()["code"]) == (status, code)
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_when_the_database_is_down_the_caller_is_told_when_to_try_again(app: Application) -> None:
    """A request that needs the database gets 503 and a time; the page has no need of it."""
    app.testing = True
    bearer = {"Authorization": "Bearer fgt_0123456789"}
    answer = app.test_client().get("/api/try/refuse/unavailable", headers=bearer)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    client = app.test_client()
    with client.session_transaction() as kept:
        kept["_user_id"] = "1:stamp"
    page = client.get("/try/refuse/unavailable", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["Retry-After"]) == (503, "10")
    assert "数据库暂时无法连接" in page.get_data(as_text=True)


def test_rests_and_sign_in_say_how_to_go_on(app: Application) -> None:
    """A locked account tells how long; 401 names the scheme that programs use."""
    rest = app.test_client().get("/api/try/refuse/locked_out")
    assert rest.headers["Retry-After"] == "900"
    unknown = app.test_client().get("/api/try/refuse/sign_in_required")
    assert unknown.headers["WWW-Authenticate"].startswith("Bearer")
    lost = app.test_client().get("/try/refuse/sign_in_required", headers={"HX-Request": "true"})
    assert lost.headers["HX-Redirect"] == "/sign-in"


def test_forgery_is_refused_and_a_true_form_is_not(world: World) -> None:
    """A write by session needs the form's token; by bearer token it does not."""
    browser = world.browser("county")
    address = "/api/v1/layers/villages/locations"
    assert browser.post(address, json={}).get_json()["code"] == "csrf_failed"
    true = {"X-CSRFToken": csrf_of(browser)}
    assert browser.post(address, json={}, headers=true).get_json()["code"] == "invalid"
    program = world.app.test_client()
    assert (
        program.post(address, json={}, headers=world.token("county")).get_json()["code"]
        == "invalid"
    )


def test_a_wrong_token_does_not_fall_back_to_the_session(world: World) -> None:
    """Credentials that fail are refused, even when a session would do; forgery gains nothing."""
    browser = world.browser("county")
    address = "/api/v1/layers/villages/locations"
    forged = browser.post(address, json={}, headers={"Authorization": "Bearer fgt_wrong"})
    assert forged.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def test_a_number_that_no_row_has_is_not_found(world: World) -> None:
    """However large a number somebody puts into an address, no page breaks on it."""
    client, large = world.browser("county"), "99999999999999999999"
    asked = []
    for rule in world.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or "<int" not in rule.rule:
            continue
        numbered = re.sub(r"<int[^>]*>", large, rule.rule)
        asked.append(re.sub(r"<[^>]*>", "x", numbered))
    answers = {path: client.get(path).status_code for path in asked}
    assert len(answers) > 30
    assert {path: status for path, status in answers.items() if status != 404} == {}
