"""Signing in and looking after accounts, as browsers, programs and desktop GIS do it."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from pyotp.totp import TOTP
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fuliang_gis import clock
from fuliang_gis.accounts import passwords
from fuliang_gis.accounts.models import Account, AuditEvent
from fuliang_gis.accounts.roles import Role
from fuliang_gis.accounts.sign_in import FAILURES
from fuliang_gis.web.pages.accounts import safe_address
from tests.factories import COUNTY, YAOLI_TOWN, make_account
from tests.web.conftest import World, csrf_of

PASSWORD = "wukong-baigu-1986"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def person(world: World) -> Account:
    """An account of county staff whose password is ``PASSWORD``."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        account = make_account(session)
        account.password_hash = passwords.hashed(PASSWORD)
    return account


def send(client: FlaskClient, address: str, **form: str) -> TestResponse:
    """Send a form with its token."""
    return client.post(address, data={"csrf_token": csrf_of(client), **form})


def sign_in(client: FlaskClient, person: Account, password: str = PASSWORD) -> TestResponse:
    """Fill in the sign-in form."""
    return send(client, "/sign-in", username=person.username, password=password)


def set_columns(world: World, account: Account, **values: object) -> None:
    """Change an account behind the service's back."""
    with world.owner.begin() as owner:
        owner.execute(update(Account).where(Account.id == account.id).values(**values))


def refusals(world: World, subject: str) -> list[tuple[str, str]]:
    """Return who was refused what, by the audit record, for this request."""
    with world.owner.connect() as owner:
        rows = owner.execute(
            select(AuditEvent.actor, AuditEvent.detail).where(
                AuditEvent.subject == subject, AuditEvent.outcome == "refused"
            )
        )
        return [(actor, detail["code"]) for actor, detail in rows]


# --- a browser's session ---


def test_a_person_signs_in_and_out(world: World, person: Account) -> None:
    """The session begins with the right password, leads on, and ends by a form alone."""
    client = world.browser()
    answer = send(
        client, "/sign-in", username=person.username, password=PASSWORD, next="/areas?x=1"
    )
    assert (answer.status_code, answer.location) == (HTTPStatus.FOUND, "/areas?x=1")
    assert client.get("/account").status_code == HTTPStatus.OK
    assert client.get("/sign-out").status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert send(client, "/sign-out").status_code == HTTPStatus.FOUND
    assert client.get("/account").location == "/sign-in?next=/account"


def test_the_cookie_is_kept_from_scripts_and_other_sites(world: World, person: Account) -> None:
    """HttpOnly, SameSite, and bound to the settings' hours."""
    client = world.browser()
    given = sign_in(client, person).headers.getlist("Set-Cookie")
    cookie = next(value for value in given if value.startswith("session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Expires=" in cookie


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/areas", "/areas"),
        ("/locations/villages?q=瑶里", "/locations/villages?q=瑶里"),
        ("", "/"),
        ("areas", "/"),
        ("https://example.org/", "/"),
        ("//example.org", "/"),
        ("///example.org", "/"),
        ("/\\example.org", "/"),
        ("\\\\example.org", "/"),
        ("/\t/example.org", "/"),
        ("javascript:alert(1)", "/"),
        ("http:/areas", "/"),
        ("/\n/example.org", "/"),
        ("//[", "/"),
    ],
)
def test_only_our_own_pages_are_led_to(wanted: str, led_to: str) -> None:
    """Signing in never sends a person to another site."""
    assert safe_address(wanted) == led_to


def test_a_wrong_password_and_an_unknown_name_look_alike(world: World, person: Account) -> None:
    """Both pages are the same but for what was typed and the forgery token."""

    def page(name: str) -> str:
        client = world.browser()
        answer = send(client, "/sign-in", username=name, password="wrong-password")
        assert answer.status_code == HTTPStatus.UNAUTHORIZED
        shown = answer.get_data(as_text=True).replace(name, "NAME")
        return re.sub(r'(content|value|hx-headers)=(["\']).*?\2', "", shown)

    assert page(person.username) == page(f"u{uuid4().hex[:12]}")


def test_too_many_failures_lock_the_account(world: World, person: Account) -> None:
    """The right password too is answered with the rest and its minutes."""
    client = world.browser()
    for _ in range(FAILURES):
        sign_in(client, person, "wrong-password")
    answer = sign_in(client, person)
    assert answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert "15 分钟" in answer.get_data(as_text=True)


def test_one_address_is_throttled(world: World) -> None:
    """Guessing through many names from one address ends soon."""
    world.app.config["RATELIMIT_ENABLED"] = True
    limiter = next(iter(world.app.extensions["limiter"]))
    limiter.enabled = True
    client = world.browser()
    token = csrf_of(client)
    try:
        statuses = [
            client.post("/sign-in", data={"csrf_token": token, "username": "x"}).status_code
            for _ in range(31)
        ]
    finally:
        limiter.reset()
        limiter.enabled = False
    assert statuses[-1] == HTTPStatus.TOO_MANY_REQUESTS


@pytest.mark.parametrize("change", [{"stamp": "other"}, {"active": False}])
def test_sessions_end_when_the_account_changes(
    world: World, person: Account, change: dict[str, object]
) -> None:
    """Another stamp or a switched-off account ends every session with the next request."""
    client = world.browser()
    sign_in(client, person)
    assert client.get("/account").status_code == HTTPStatus.OK
    set_columns(world, person, **change)
    assert client.get("/account").status_code == HTTPStatus.FOUND


def test_only_pages_prolong_a_session(world: World, person: Account) -> None:
    """What a page fetches carries no cookie: on its way, it would put back an older one."""
    client = world.app.test_client()
    sign_in(client, person)
    page = client.get("/help", headers={"Accept": "text/html,application/xhtml+xml"})
    fetched = client.get("/api/v1/me", headers={"Accept": "*/*"})
    assert "session=" in page.headers.get("Set-Cookie", "")
    assert fetched.status_code == 200
    assert "Set-Cookie" not in fetched.headers


def test_another_browser_does_not_take_the_cookie_over(world: World, person: Account) -> None:
    """A cookie carried to another browser signs nobody in there."""
    client = world.browser()
    sign_in(client, person)
    stolen = client.get("/account", headers={"User-Agent": "another"})
    assert stolen.status_code == HTTPStatus.FOUND


def test_a_form_without_its_token_changes_nothing(world: World) -> None:
    """Forged requests are refused, and the refusal is in the audit record."""
    client = world.browser("administrator")
    address = f"/accounts/{world.actors['viewer'].username}/deactivate"
    assert client.post(address).status_code == HTTPStatus.FORBIDDEN
    assert refusals(world, f"POST {address}") == [
        (world.actors["administrator"].username, "csrf_failed")
    ]


# --- one's own account ---


def test_a_one_time_password_opens_one_page_only(world: World, person: Account) -> None:
    """Until it is changed, every page leads to changing it; then the session goes on."""
    set_columns(world, person, must_change_password=True)
    client = world.browser()
    assert sign_in(client, person).location == "/account/password"
    assert client.get("/").location == "/account/password"
    assert client.get("/api/v1/me").status_code == HTTPStatus.FORBIDDEN
    new = "laoshan-daoshi-88"
    token = client.get("/account/password").text.partition('name="csrf_token" value="')[2]
    form = {"current": PASSWORD, "password": new, "again": new}
    form["csrf_token"] = token.partition('"')[0]
    assert client.post("/account/password", data=form).location == "/account"
    assert client.get("/account").status_code == HTTPStatus.OK
    assert sign_in(world.browser(), person, new).status_code == HTTPStatus.FOUND


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"current": "wrong", "password": "laoshan-daoshi", "again": "laoshan-daoshi"}, "当前密码"),
        ({"current": PASSWORD, "password": "short", "again": "short"}, "至少 10"),
        ({"current": PASSWORD, "password": "laoshan-daoshi", "again": "another"}, "不一致"),
    ],
)
def test_a_refused_password_is_explained(
    world: World, person: Account, form: dict[str, str], told: str
) -> None:
    """The page says what to do, and nothing changes."""
    client = world.browser()
    sign_in(client, person)
    answer = send(client, "/account/password", **form)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert told in answer.get_data(as_text=True)
    assert sign_in(world.browser(), person).status_code == HTTPStatus.FOUND


def test_a_second_factor_is_set_up_by_qr_code(world: World, person: Account) -> None:
    """Code drawn, first code confirmed, then asked for at sign-in, then taken away."""
    client = world.browser()
    sign_in(client, person)
    assert client.get("/account/totp.svg").status_code == HTTPStatus.NOT_FOUND
    page = send(client, "/account/totp/begin")
    assert page.location == "/account/totp"
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", client.get("/account/totp").text)
    assert secret is not None
    assert client.get("/account/totp.svg").content_type == "image/svg+xml"
    assert send(client, "/account/totp", code="000000").status_code == 422
    code = TOTP(secret[1]).at(clock.now())
    assert send(client, "/account/totp", code=code).location == "/account"
    assert sign_in(world.browser(), person).status_code == HTTPStatus.UNAUTHORIZED
    send(client, "/account/totp/remove", current=PASSWORD)
    assert sign_in(world.browser(), person).status_code == HTTPStatus.FOUND


def test_a_token_is_shown_once(world: World, person: Account) -> None:
    """It works, its page does not show it again, and revoked it works no more."""
    client = world.browser()
    sign_in(client, person)
    page = send(client, "/account/tokens", label="QGIS", days="30").text
    found = re.search(r"flg_[\w-]+", page)
    assert found is not None
    header = {"Authorization": f"Bearer {found[0]}"}
    assert world.browser().get("/api/v1/me", headers=header).status_code == HTTPStatus.OK
    again = client.get("/account").text
    assert found[0] not in again
    revoke = re.search(r"/account/tokens/\d+/revoke", again)
    assert revoke is not None
    send(client, revoke[0])
    answer = world.browser().get("/api/v1/me", headers=header)
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert send(client, "/account/tokens", label="x", days="0").status_code == 422


# --- programs ---


def basic(person: Account, password: str = PASSWORD) -> dict[str, str]:
    """Return the header of HTTP Basic."""
    given = base64.b64encode(f"{person.username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {given}"}


def sign_ins(world: World, person: Account) -> int:
    """Return how often the password was really checked with success."""
    with world.owner.connect() as owner:
        count = select(func.count()).where(
            AuditEvent.actor == person.username, AuditEvent.outcome == "done"
        )
        return int(owner.scalar(count) or 0)


def test_basic_is_checked_once_for_many_requests(world: World, person: Account) -> None:
    """A desktop GIS asks hundreds of times; a changed stamp ends the shortcut at once."""
    client = world.browser()
    for _ in range(5):
        assert client.get("/api/v1/me", headers=basic(person)).status_code == HTTPStatus.OK
    assert sign_ins(world, person) == 1
    set_columns(world, person, stamp="other")
    assert client.get("/api/v1/me", headers=basic(person)).status_code == HTTPStatus.OK
    assert sign_ins(world, person) == 2
    set_columns(world, person, active=False)
    answer = client.get("/api/v1/me", headers=basic(person))
    assert answer.status_code == HTTPStatus.UNAUTHORIZED


def test_basic_counts_towards_the_lock(world: World, person: Account) -> None:
    """Guessing by Basic locks the account like guessing by form, and keeps no session."""
    client = world.browser()
    for _ in range(FAILURES):
        answer = client.get("/api/v1/me", headers=basic(person, "wrong-password"))
        assert answer.status_code == HTTPStatus.UNAUTHORIZED
        assert "Set-Cookie" not in answer.headers
    answer = client.get("/api/v1/me", headers=basic(person))
    assert answer.status_code == HTTPStatus.TOO_MANY_REQUESTS


def test_headers_do_not_open_pages(world: World, person: Account) -> None:
    """Credentials in a header are for programs; pages ask for a session."""
    assert world.browser().get("/account", headers=basic(person)).status_code == HTTPStatus.FOUND


def test_a_one_time_password_serves_no_program(world: World, person: Account) -> None:
    """It must be changed on the website first."""
    set_columns(world, person, must_change_password=True)
    answer = world.browser().get("/api/v1/me", headers=basic(person))
    assert answer.get_json()["code"] == "password_change_required"


@pytest.mark.parametrize("header", ["Bearer x", "Bearer flg_x", "Basic !!!", "Digest x", "Bearer"])
def test_wrong_credentials_are_refused(world: World, header: str) -> None:
    """Nothing that is not ours counts as a sign-in."""
    answer = world.browser().get("/api/v1/me", headers={"Authorization": header})
    assert answer.status_code == HTTPStatus.UNAUTHORIZED


# --- administrators ---

ADMINISTRATION = ["/accounts", "/accounts/new", "/audit"]


@pytest.mark.parametrize("address", ADMINISTRATION)
def test_other_roles_are_refused_and_recorded(world: World, address: str) -> None:
    """A viewer sees none of it, and each try is in the audit record."""
    answer = world.browser("viewer").get(address)
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert (world.actors["viewer"].username, "forbidden") in refusals(world, f"GET {address}")
    assert world.browser().get(address).status_code == HTTPStatus.FOUND


def test_an_administrator_looks_after_an_account(
    world: World, csrf: Callable[[FlaskClient], str]
) -> None:
    """Created, found, signed in with the shown password, changed, reset, switched off and on."""
    client, name = world.browser("administrator"), f"town-{uuid4().hex[:6]}"
    form = {
        "username": name,
        "display_name": HOSTILE,
        "role": Role.TOWNSHIP_STAFF.value,
        "division_code": YAOLI_TOWN,
    }
    page = send(client, "/accounts/new", **form).text
    password = re.search(r"<code>([\w-]+)</code>", page)
    assert password is not None
    assert HOSTILE not in page
    listed = client.get(f"/accounts?q={name}").text
    assert "瑶里镇" in listed
    assert HOSTILE not in listed
    with Session(world.owner) as session:
        account = session.scalars(select(Account).where(Account.username == name)).one()
    assert sign_in(world.browser(), account, password[1]).location == "/account/password"
    send(client, f"/accounts/{name}", **form | {"display_name": "瑶里镇工作人员"})
    assert "瑶里镇工作人员" in client.get(f"/accounts/{name}").text
    again = re.search(
        r"<code>([\w-]+)</code>", send(client, f"/accounts/{name}/reset-password").text
    )
    assert again is not None
    assert again[1] != password[1]
    for act in ("unlock", "deactivate", "revoke-tokens", "activate"):
        assert send(client, f"/accounts/{name}/{act}").status_code == HTTPStatus.FOUND, act
    assert csrf(client)
    record = client.get(f"/audit?subject={name}").text
    for told in ("新建账号", "修改账号", "重置密码", "停用账号", "启用账号", "解锁账号"):
        assert f'操作">{told}' in record


def test_faults_stand_beside_their_field(world: World) -> None:
    """What was typed stays in the form."""
    form = {"username": "A B", "display_name": "甲", "role": "", "division_code": COUNTY}
    answer = send(world.browser("administrator"), "/accounts/new", **form)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'id="username-fault"' in answer.text
    assert 'id="role-fault"' in answer.text
    assert 'value="A B"' in answer.text


def test_the_own_account_is_not_switched_off(world: World) -> None:
    """Refused with its reason, and recorded."""
    name = world.actors["administrator"].username
    answer = send(world.browser("administrator"), f"/accounts/{name}/deactivate")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "自己的账号" in answer.text


@pytest.mark.parametrize(
    "query", ["?page=0", "?page=x", "?page=99999999999999", "?actor=%00", "?since=never", "?q=%25"]
)
@pytest.mark.parametrize("address", ["/accounts", "/audit"])
def test_lists_take_any_query(world: World, address: str, query: str) -> None:
    """Nonsense in the address is no failure."""
    assert world.browser("administrator").get(address + query).status_code == HTTPStatus.OK


def test_what_the_database_refused_is_shown(world: World) -> None:
    """A statement refused to the service's role appears to administrators, whoever ran it."""
    marker = f"u{uuid4().hex[:8]}"
    with world.database.engine.connect() as raw, pytest.raises(DBAPIError, match="security"):
        raw.execute(text(f"insert into division (code) values ('{marker}')"))  # noqa: S608
    deadline = time.monotonic() + 10
    while marker not in (page := world.browser("administrator").get("/audit").text):
        # The server hands its log lines to a process of its own, which writes them when it can.
        assert time.monotonic() < deadline, "the refusal never reached the log"
        time.sleep(0.1)
    assert "fuliang_service" in page
    assert marker not in world.browser("county").get("/audit").text
