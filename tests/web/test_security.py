"""Headers, request ids, throttling, logs and figures of every answer."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from http import HTTPStatus

import pytest
import structlog

from fuliang_gis.db.session import Database
from fuliang_gis.settings import Settings
from fuliang_gis.web import logs, security
from fuliang_gis.web.app import create_app
from fuliang_gis.web.workers import forget_dead
from tests.web.conftest import World

ADDRESSES = [
    "/sign-in",
    "/help",
    "/api/v1/openapi.json",
    "/nowhere",
    "/healthz",
    "/static/icon.svg",
]


def no_database() -> Database:
    """Return a database that never answers."""
    return Database.connect("postgresql://nobody@127.0.0.1:1/none", b"k")


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_carries_the_protections(world: World, address: str) -> None:
    """Pages, data, errors and files alike: nothing inline, nothing framed, nothing sniffed."""
    with world.app.test_client().get(address) as response:
        headers = response.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "geolocation=(self)" in headers["Permissions-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert "Strict-Transport-Security" not in headers


def test_answers_are_kept_by_nobody(world: World) -> None:
    """What one person sees is in no shared cache; built files, named by content, may be kept."""
    client = world.browser("county")
    for address in ("/help", "/api/v1/me"):
        assert client.get(address).headers["Cache-Control"] == "private, no-store"


def test_behind_https_cookies_and_transport_are_strict(settings: Settings) -> None:
    """With secure cookies set, the cookie is HTTPS-only and browsers are told to stay there."""
    strict = settings.model_copy(update={"secure_cookies": True, "trusted_proxies": 1})
    app = create_app(strict, no_database())
    asked = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    answer = app.test_client().get("/sign-in", headers=asked)
    assert "Strict-Transport-Security" in answer.headers
    cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax"))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abc-DEF_1.23", True),
        ("short", False),
        ("a b c d e f g", False),
        ("x" * 65, False),
        ("", False),
    ],
)
def test_a_safe_request_id_is_kept_and_another_replaced(
    world: World, given: str, *, kept: bool
) -> None:
    """A caller's own id comes back when it is safe to log; every answer has one."""
    answer = world.app.test_client().get("/help", headers={"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"] == given) is kept
    assert len(answer.headers["X-Request-ID"]) >= 8


@pytest.fixture
def throttled() -> Iterator[None]:
    """Let requests be counted for one test."""
    security.limiter.enabled = True
    yield
    security.limiter.reset()
    security.limiter.enabled = False


@pytest.mark.usefixtures("throttled")
def test_too_many_requests_are_refused(settings: Settings) -> None:
    """Beyond the allowance an address is told to wait; tiles and health are not counted."""
    app = create_app(settings, no_database())
    client = app.test_client()
    allowed = int(security.WRITES_PER_MINUTE.split()[0])
    statuses = [client.post("/sign-out").status_code for _ in range(allowed + 1)]
    assert statuses[-1] == HTTPStatus.TOO_MANY_REQUESTS
    assert HTTPStatus.TOO_MANY_REQUESTS not in statuses[:-1]
    assert client.get("/healthz").status_code == HTTPStatus.OK


@pytest.fixture
def logged(settings: Settings) -> Iterator[io.StringIO]:
    """Logs in JSON, as the service writes them, into a string."""
    before, handlers = structlog.get_config(), logging.getLogger().handlers[:]
    level = logging.getLogger().level
    logs.configure(settings.model_copy(update={"log_format": "json"}))
    stream = io.StringIO()
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    structlog.configure(**before)
    logging.basicConfig(handlers=handlers, level=level, force=True)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    """Return the logged events."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_line_a_request_without_secrets(world: World, logged: io.StringIO) -> None:
    """A request leaves method, path, status, time, id, person; never what was typed or carried."""
    token = world.token("county")
    client = world.app.test_client()
    client.get("/api/v1/me?q=secretquery", headers=token | {"X-Request-ID": "log-test-1"})
    client.post("/sign-in", data={"username": "u", "password": "hunter2hunter2"})
    events = [event for event in lines(logged) if event["event"] == "request"]
    first = events[0]
    assert (first["method"], first["path"], first["status"]) == ("GET", "/api/v1/me", 200)
    assert first["request_id"] == "log-test-1"
    assert first["actor"] == world.actors["county"].username
    assert isinstance(first["ms"], float)
    assert len(events) == 2
    written = logged.getvalue()
    for secret in ("hunter2", "secretquery", token["Authorization"].split()[1]):
        assert secret not in written


def fail_holding(secret: str) -> None:
    """Fail while a local variable holds a secret."""
    raise ValueError(len(secret))


def test_named_secrets_are_masked_and_tracebacks_hold_no_variables(logged: io.StringIO) -> None:
    """An event cannot carry a password by name, nor a traceback by its local variables."""
    log = structlog.get_logger("test")
    password = "hunter2"
    log.info("event", password=password, api_token=password, Cookie=password, note="kept")
    try:
        fail_holding(password)
    except ValueError:
        log.exception("failed")
    assert "hunter2" not in logged.getvalue()
    assert lines(logged)[0]["note"] == "kept"
    assert "ValueError: 7" in str(lines(logged)[1]["exception"])


def test_console_tracebacks_hold_no_variables(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """The form for people at a terminal leaks no more than the one for machines."""
    before, handlers = structlog.get_config(), logging.getLogger().handlers[:]
    level = logging.getLogger().level
    logs.configure(settings)
    try:
        fail_holding("hunter" + "2")
    except ValueError:
        structlog.get_logger("test").exception("failed")
    finally:
        structlog.configure(**before)
        logging.basicConfig(handlers=handlers, level=level, force=True)
    written = capsys.readouterr().err
    assert "ValueError: 7" in written
    assert "hunter2" not in written


def test_ready_only_with_database_postgis_and_schema(world: World, settings: Settings) -> None:
    """Readiness tells which part is missing; the process being alive needs none of them."""
    ready = world.app.test_client().get("/readyz")
    checks = {"database": True, "postgis": True, "migrations": True}
    assert (ready.status_code, ready.get_json()["checks"]) == (HTTPStatus.OK, checks)
    down = create_app(settings, no_database()).test_client()
    answer = down.get("/readyz")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.get_json()["checks"] == dict.fromkeys(checks, False)
    assert answer.headers["Retry-After"] == "10"
    assert down.get("/healthz").get_json() == {"status": "ok"}


def test_an_older_schema_is_not_ready(world: World) -> None:
    """A database of another revision is refused by name."""
    with world.owner.begin() as connection:
        kept = connection.exec_driver_sql("select version_num from alembic_version").scalar_one()
        connection.exec_driver_sql("update alembic_version set version_num = '0000'")
    answer = world.app.test_client().get("/readyz")
    with world.owner.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = %s", (kept,))
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.get_json()["checks"]["migrations"] is False


def test_figures_are_for_this_machine_and_for_auditors(world: World) -> None:
    """A collector on this machine reads the figures; from elsewhere only who may read the audit."""
    from_here = world.app.test_client().get("/metrics")
    assert from_here.status_code == HTTPStatus.OK
    text = from_here.get_data(as_text=True)
    assert 'fuliang_request_seconds_count{endpoint="/readyz"' in text
    assert "fuliang_requests_in_progress" in text
    assert "fuliang_database_connections_in_use" in text
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    assert world.app.test_client().get("/metrics", headers=forwarded).status_code == 401
    assert world.browser("yaoli").get("/metrics", headers=forwarded).status_code == 403
    assert world.browser("county").get("/metrics", headers=forwarded).status_code == 200


def test_figures_name_routes_not_paths(world: World) -> None:
    """Whatever somebody tries, the number of series stays that of the routes."""
    client = world.app.test_client()
    client.get("/locations/villages/V-UNIQUE-1")
    client.get("/no-such-page-UNIQUE-2")
    assert "UNIQUE" not in client.get("/metrics").get_data(as_text=True)


def test_what_a_killed_worker_had_under_way_is_forgotten(tmp_path: object) -> None:
    """The files of a dead process stop counting as under way; its totals stay."""
    from pathlib import Path

    folder = Path(str(tmp_path))
    dead = 2**22 + 1
    for name in (f"gauge_livesum_{dead}.db", f"histogram_{dead}.db", "gauge_livesum_1.db"):
        (folder / name).touch()
    forget_dead(folder)
    assert {file.name for file in folder.iterdir()} == {
        f"histogram_{dead}.db",
        "gauge_livesum_1.db",
    }
