"""Visits over HTTP: the API, the photos, who may see what, and five sendings at once."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Role
from fuliang_gis.inspections.models import Defect, Obligation, Visit
from fuliang_gis.inspections.visits.files import FILE_LIMIT
from fuliang_gis.inspections.visits.today import Wanted, tasks
from fuliang_gis.locations.registry import layer
from tests.factories import make_actor, make_location, point
from tests.inspections.factories import make_obligation
from tests.inspections.pictures import MAKER, multipart, phone_picture, picture
from tests.web.conftest import World, csrf_of

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>'\"{{7*7}}"


@pytest.fixture(scope="module")
def code(world: World) -> str:
    """The code of a PV station in 浮梁镇 that owes a visit this quarter."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        actor = make_actor(session, Role.COUNTY_STAFF)
        station = make_location(session, actor, layer("pv_stations"), use_status="in_use")
        make_obligation(session, station, clock.today())
    return station.code


def body(place: str, **given: object) -> dict[str, Any]:
    """Return a visit at which everything was all right, as a program sends it."""
    items = layer("pv_stations").sheet.inspection.checklist
    usual: dict[str, Any] = {
        "uuid": str(uuid4()),
        "layer": "pv_stations",
        "code": place,
        "visited_at": clock.now().isoformat(),
        "position": {"lon": 117.247, "lat": 29.376, "accuracy_m": 5},
        "answers": [{"name": item.name, "answer": "ok"} for item in items],
        "readings": [{"name": "meter_kwh", "value": 1234.5}],
    }
    return usual | given


def post(world: World, who: str, address: str, sent: Mapping[str, Any]) -> TestResponse:
    """Send a JSON body for a person."""
    headers = world.token(who)
    return world.app.test_client().post(f"/api/v1{address}", json=sent, headers=headers)


def send_photo(
    world: World, who: str, uuid: str, content: bytes, name: str = "IMG.jpg", role: str = "visit"
) -> TestResponse:
    """Send one picture for a person."""
    sent, kind = multipart(content, name, role=role)
    return world.app.test_client().post(
        f"/api/v1/visits/{uuid}/photos", data=sent, content_type=kind, headers=world.token(who)
    )


def picture_at(world: World, who: str | None, address: str, etag: str = "") -> TestResponse:
    """Fetch a picture in a person's browser, whole."""
    return world.browser(who).get(address, headers={"If-None-Match": etag}, buffered=True)


def test_record_read_list_and_correct(world: World, code: str) -> None:
    """A visit goes in, comes out alike, is listed, and is corrected into a second version."""
    sent = body(code, note=HOSTILE)
    answer = post(world, "fuliang", "/visits", sent)
    assert answer.status_code == 201, answer.get_json()
    stored = answer.get_json()
    assert stored["note"] == HOSTILE
    assert (stored["result"], stored["position"]["distance_m"]) == ("normal", 0.0)
    client, token = world.app.test_client(), world.token("fuliang")
    assert client.get(answer.headers["Location"], headers=token).get_json() == stored
    again = post(world, "fuliang", "/visits", sent)
    assert again.status_code == 201
    assert again.get_json() == stored
    assert again.headers["Idempotency-Replayed"] == "true"
    listed = client.get("/api/v1/visits?mine=true&q=" + code, headers=token).get_json()
    assert [each["uuid"] for each in listed["items"]] == [sent["uuid"]]
    correction = {k: v for k, v in body(code).items() if k not in ("layer", "code")}
    told = post(
        world, "fuliang", f"/visits/{sent['uuid']}/corrections", correction | {"reason": "漏填"}
    )
    assert told.status_code == 201, told.get_json()
    assert (told.get_json()["revision"], told.get_json()["revises"]) == (2, sent["uuid"])
    old = client.get(f"/api/v1/visits/{sent['uuid']}", headers=token).get_json()
    assert old["revised_by"] == correction["uuid"]


def test_the_same_visit_sent_five_times_at_once_is_stored_once(world: World) -> None:
    """Five equal requests at the same moment: one visit, one duty done, one defect opened."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        actor = make_actor(session, Role.COUNTY_STAFF)
        station = make_location(session, actor, layer("pv_stations"), use_status="in_use")
        make_obligation(session, station, clock.today())
    sent = body(station.code, use_status="damaged")
    sent["answers"][0]["answer"] = "fail"
    token = world.token("fuliang")

    def send(_: int) -> TestResponse:
        return world.app.test_client().post("/api/v1/visits", json=sent, headers=token)

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(send, range(5)))
    assert [answer.status_code for answer in answers] == [201] * 5
    assert len({answer.get_data() for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    with Session(world.owner) as session:
        at = station.id
        assert session.scalar(select(func.count()).where(Visit.location_id == at)) == 1
        assert session.scalar(select(func.count()).where(Defect.location_id == at)) == 1
        assert session.scalars(
            select(Obligation.state).where(Obligation.location_id == at)
        ).all() == ["done"]
        changes = session.execute(
            select(func.count()).select_from(Visit).where(Visit.use_status == "damaged")
        )
        assert changes.scalar_one() == 1


REFUSALS: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("elsewhere", "yaoli", {}, 403, "outside_division"),
    ("viewer", "viewer", {}, 403, "forbidden"),
    ("no such place", "fuliang", {"code": "NONE"}, 404, "not_found"),
    ("no such layer", "fuliang", {"layer": "castles"}, 404, "not_found"),
    ("unanswered", "fuliang", {"answers": []}, 422, "invalid"),
    ("unknown field", "fuliang", {"colour": "red"}, 422, "invalid"),
    ("no UUID", "fuliang", {"uuid": "17"}, 422, "invalid"),
    ("future", "fuliang", {"visited_at": "2099-01-01T00:00:00+08:00"}, 422, "invalid"),
    ("no zone", "fuliang", {"visited_at": "2026-11-20T00:00:00"}, 422, "invalid"),
    ("NUL", "fuliang", {"note": "a\0b"}, 422, "invalid"),
    ("answer", "fuliang", {"answers": [{"name": "no_shade", "answer": "maybe"}]}, 422, "invalid"),
]


@pytest.mark.parametrize(
    ("who", "changed", "status", "refusal"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS]
)
def test_refusals(
    world: World, code: str, who: str, changed: dict[str, Any], status: int, refusal: str
) -> None:
    """Each refusal has its status and code."""
    answer = post(world, who, "/visits", body(code, **changed))
    assert (answer.status_code, answer.get_json()["code"]) == (status, refusal)


def test_another_content_is_a_conflict(world: World, code: str) -> None:
    """The same UUID with other words is refused, and so is another person's UUID."""
    sent = body(code)
    assert post(world, "fuliang", "/visits", sent).status_code == 201
    for who, changed in (("fuliang", sent | {"note": "另一段"}), ("county", sent)):
        answer = post(world, who, "/visits", changed)
        assert (answer.status_code, answer.get_json()["code"]) == (409, "visit_differs")


@pytest.mark.parametrize("path", ["", "/corrections", "/photos"])
def test_other_townships_visits_stay_hidden(world: World, code: str, path: str) -> None:
    """Somebody from another township neither reads, corrects nor adds to a visit."""
    uuid = body(code)["uuid"]
    assert post(world, "fuliang", "/visits", body(code, uuid=uuid)).status_code == 201
    if path == "/photos":
        answer = send_photo(world, "yaoli", uuid, phone_picture())
    elif path == "/corrections":
        correction = {k: v for k, v in body(code).items() if k not in ("layer", "code")}
        answer = post(world, "yaoli", f"/visits/{uuid}{path}", correction | {"reason": "x"})
    else:
        answer = world.app.test_client().get(f"/api/v1/visits/{uuid}", headers=world.token("yaoli"))
    assert answer.status_code in (403, 404)


@pytest.fixture(scope="module")
def pictured(world: World, code: str) -> dict[str, Any]:
    """A visit with a photo, sent twice, and a signature."""
    sent = body(code)
    assert post(world, "fuliang", "/visits", sent).status_code == 201
    for _ in range(2):
        answer = send_photo(world, "fuliang", sent["uuid"], phone_picture())
        assert answer.status_code == 201, answer.get_json()
    signed = send_photo(
        world, "fuliang", sent["uuid"], picture("PNG", (80, 30)), "s.png", role="signature"
    )
    found: dict[str, Any] = signed.get_json()
    return found


def test_photos_are_kept_once_and_given_without_metadata(
    world: World, pictured: dict[str, Any]
) -> None:
    """The same photo is one; its public form tells nothing, its original tells the office all."""
    assert [each["role"] for each in pictured["files"]] == ["visit", "signature"]
    photo = pictured["files"][0]
    assert photo["taken_at"].startswith("2026-11-20T09:30:00")
    public = picture_at(world, "fuliang", photo["public"])
    assert (public.status_code, public.mimetype) == (200, "image/jpeg")
    assert MAKER.encode() not in public.data
    assert public.headers["X-Content-Type-Options"] == "nosniff"
    assert {"private", "immutable"} <= {
        part.strip() for part in public.headers["Cache-Control"].split(",")
    }
    unchanged = picture_at(world, "fuliang", photo["public"], public.headers["ETag"])
    assert unchanged.status_code == 304
    small = picture_at(world, "fuliang", photo["thumbnail"])
    assert max(Image.open(BytesIO(small.data)).size) <= 320
    assert MAKER.encode() in picture_at(world, "fuliang", photo["original"]).data


@pytest.mark.parametrize(
    ("who", "form", "status"),
    [
        ("yaoli", "public", 404),
        ("yaoli", "original", 404),
        ("viewer", "public", 200),
        ("viewer", "original", 403),
        (None, "public", 302),
        ("county", "raw", 404),
    ],
)
def test_photos_are_shown_to_their_division_alone(
    world: World, pictured: dict[str, Any], who: str | None, form: str, status: int
) -> None:
    """Another township sees nothing, a viewer no original, a stranger only the sign-in."""
    digest = pictured["files"][0]["digest"]
    assert picture_at(world, who, f"/files/{digest}/{form}").status_code == status


BROKEN: list[tuple[str, bytes, str, int, str]] = [
    ("HTML", b"<!doctype html><script>alert(1)</script>", "a.jpg", 422, "file_refused"),
    ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", 422, "file_refused"),
    ("cut", phone_picture((900, 900))[:9000], "a.jpg", 422, "file_refused"),
    ("too large", phone_picture() + bytes(FILE_LIMIT), "a.jpg", 413, "too_large"),
]


@pytest.mark.parametrize(
    ("content", "name", "status", "refusal"), [r[1:] for r in BROKEN], ids=[r[0] for r in BROKEN]
)
def test_broken_photos_are_refused(
    world: World, code: str, content: bytes, name: str, status: int, refusal: str
) -> None:
    """What is no picture or too large is refused in clear words, and the visit stays."""
    sent = body(code)
    post(world, "fuliang", "/visits", sent)
    answer = send_photo(world, "fuliang", sent["uuid"], content, name)
    told = answer.get_json()
    assert (answer.status_code, told["code"]) == (status, refusal)
    assert status != 413 or "40 MB" in told["detail"]


def test_a_far_too_large_request_is_refused_unread(world: World, code: str) -> None:
    """What says that it is far too large is refused before anything of it is taken in."""
    sent = body(code)
    post(world, "fuliang", "/visits", sent)
    answer = world.app.test_client().post(
        f"/api/v1/visits/{sent['uuid']}/photos",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(10**9)},
        headers=world.token("fuliang"),
    )
    assert answer.status_code == 413
    assert "40 MB" in answer.get_json()["detail"]


def test_heic_is_taken(world: World, code: str) -> None:
    """A picture as iPhones take it is kept, and shown as JPEG."""
    sent = body(code)
    post(world, "fuliang", "/visits", sent)
    answer = send_photo(world, "fuliang", sent["uuid"], picture("HEIF"), "IMG_1.HEIC")
    assert answer.status_code == 201
    photo = answer.get_json()["files"][0]
    assert photo["mime"] == "image/heic"
    assert picture_at(world, "fuliang", photo["public"]).mimetype == "image/jpeg"


def test_only_the_photo_operation_takes_files(world: World, code: str) -> None:
    """JSON elsewhere, files there; a large JSON body is refused as before."""
    client, token = world.app.test_client(), world.token("fuliang")
    sent = body(code)
    post(world, "fuliang", "/visits", sent)
    as_file = client.post("/api/v1/visits", data={"file": (BytesIO(b"x"), "a")}, headers=token)
    assert as_file.status_code == 415
    as_json = client.post(f"/api/v1/visits/{sent['uuid']}/photos", json={}, headers=token)
    assert as_json.status_code == 415
    large = client.post("/api/v1/visits", json=body(code, note="x" * 2_000_000), headers=token)
    assert large.status_code == 413


def csrf(client: FlaskClient) -> str:
    """Return the token that this browser's forms carry."""
    return csrf_of(client)


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        (None, "/today", 302),
        ("viewer", "/today", 403),
        ("fuliang", "/today", 200),
        ("county", "/today?show=overdue&mine=1&layer=pv_stations&near=117.2,29.3&page=2", 200),
        ("county", "/today?show=x&division=x&layer=x&near=x,y&page=x", 200),
        ("fuliang", "/today/pv_stations/{code}", 200),
        ("fuliang", "/today/pv_stations/{code}?purpose=tea", 200),
        ("viewer", "/today/pv_stations/{code}", 403),
        ("yaoli", "/today/pv_stations/{code}", 404),
        ("fuliang", "/today/pv_stations/NONE", 404),
        ("fuliang", "/today/castles/NONE", 404),
        (None, "/today/worker.js", 302),
        (None, "/today/token", 302),
        ("fuliang", "/visits", 200),
        ("viewer", "/visits?q=%00x&result=x&since=x&off_site=1&mine=1&page=9", 200),
        (None, "/visits", 302),
        ("fuliang", "/visits/00000000-0000-0000-0000-000000000000", 404),
        ("fuliang", "/visits/nonsense", 404),
    ],
)
def test_pages_open_to_those_who_may(
    world: World, code: str, who: str | None, path: str, status: int
) -> None:
    """Each page answers its people, whatever stands in the address, and nobody else."""
    answer = world.browser(who).get(path.format(code=code), buffered=True)
    assert answer.status_code == status


def filled(code: str, **given: str) -> dict[str, str]:
    """Return the form of a visit as a browser without scripts sends it."""
    items = layer("pv_stations").sheet.inspection.checklist
    answers = {f"answer.{item.name}": "ok" for item in items}
    return {"uuid": str(uuid4()), "purpose": "routine", "code": code} | answers | given


def test_the_form_works_without_scripts(world: World, code: str) -> None:
    """Filled in, sent, shown with every hostile word as text, and corrected."""
    browser = world.browser("fuliang")
    sent = filled(code, note=HOSTILE, **{"note.no_shade": HOSTILE, "reading.meter_kwh": "12.5"})
    token = {"csrf_token": csrf(browser)}
    photo = {"photos": (BytesIO(phone_picture()), "a.jpg")}
    saved = browser.post(f"/today/pv_stations/{code}", data=sent | token | photo)
    assert saved.status_code == 303, saved.get_data(as_text=True)
    page = browser.get(saved.headers["Location"]).get_data(as_text=True)
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "{{7*7}}" in page
    assert "/thumbnail" in page
    form = browser.get(saved.headers["Location"] + "/correct").get_data(as_text=True)
    assert "&lt;script&gt;alert(1)" in form
    corrected = browser.post(
        saved.headers["Location"] + "/correct",
        data=filled(code, reason="补记", note="更正") | token,
    )
    assert corrected.status_code == 303, corrected.get_data(as_text=True)
    latest = browser.get(corrected.headers["Location"]).get_data(as_text=True)
    assert "补记" in latest
    assert "第 2 版" in latest
    other = world.browser("yaoli")
    assert other.get(corrected.headers["Location"]).status_code == 404


@pytest.mark.parametrize(
    ("given", "status", "told"),
    [
        ({"answer.no_shade": ""}, 422, "还没有回答"),
        ({"reading.meter_kwh": "many"}, 422, "请填写数字"),
        ({"reading.meter_kwh": "-5"}, 422, "请核对读数"),
        ({"visited_at": "yesterday"}, 422, "时间格式有误"),
        ({"visited_at": "2099-01-01T00:00"}, 422, "校准手机时间"),
        ({"lon": "500", "lat": "1"}, 422, "定位坐标有误"),
    ],
)
def test_a_form_with_faults_comes_back_filled(
    world: World, code: str, given: dict[str, str], status: int, told: str
) -> None:
    """What is wrong stands beside its field, and what was filled in stays."""
    browser = world.browser("fuliang")
    sent = filled(code, note="保留这句话", csrf_token=csrf(browser)) | given
    answer = browser.post(f"/today/pv_stations/{code}", data=sent)
    assert answer.status_code == status
    page = answer.get_data(as_text=True)
    assert told in page
    assert "保留这句话" in page


def test_a_form_sent_twice_is_one_visit(world: World, code: str) -> None:
    """A double click on the button is one visit."""
    browser = world.browser("fuliang")
    sent = filled(code, csrf_token=csrf(browser))
    places = {
        browser.post(f"/today/pv_stations/{code}", data=sent).headers["Location"] for _ in range(2)
    }
    assert places == {f"/visits/{sent['uuid']}"}


def test_tasks_of_the_own_division_alone(world: World) -> None:
    """What is owed is counted and listed by urgency, the nearest first when asked."""
    today = clock.today()
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        actor = make_actor(session, Role.COUNTY_STAFF)
        near = make_location(session, actor, layer("pv_stations"), geometry=point(117.30, 29.40))
        far = make_location(session, actor, layer("pv_stations"), geometry=point(117.25, 29.38))
        late = today - timedelta(days=100)
        make_obligation(session, far, late)
        make_obligation(session, far, today)
        make_obligation(session, near, today, assignee_id=world.actors["fuliang"].account_id)
    with world.database.session() as session:
        found = tasks(session, world.actors["fuliang"], Wanted(near=(117.30, 29.40)), today)
        mine = tasks(session, world.actors["fuliang"], Wanted(mine=True), today)
        overdue = tasks(session, world.actors["fuliang"], Wanted(urgency="overdue"), today)
        none = tasks(session, world.actors["yaoli"], Wanted(), today)
    assert found.rows[0].code == near.code
    assert found.rows[0].distance_m == 0
    assert [task.code for task in mine.rows] == [near.code]
    assert [(task.code, task.owed, task.urgency) for task in overdue.rows] == [
        (far.code, 2, "overdue")
    ]
    assert (found.counts["overdue"], found.mine, none.total) == (1, 1, 0)
    page = world.browser("fuliang").get("/today").get_data(as_text=True)
    assert far.name in page
    assert "共欠 2 次" in page
