"""What anybody sees who scans a label, sends a report, asks by a receipt; and its review."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from http import HTTPStatus
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fuliang_gis.inspections.models import Attachment, Defect, ProblemReport
from fuliang_gis.locations.registry import layer
from fuliang_gis.web.security import limiter
from tests.factories import make_location
from tests.inspections.pictures import phone_picture, picture
from tests.web.conftest import World, csrf_of

HOSTILE = "<img src=x onerror=alert(1)>{{ 7*7 }}"


@pytest.fixture(scope="module")
def code(world: World) -> str:
    """The code of a water project in 浮梁镇."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        found = make_location(
            session, world.actors["county"], layer("water_projects"), name="查村水厂"
        )
    return found.code


@pytest.fixture(scope="module")
def household(world: World) -> str:
    """The code of a household's toilet."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        found = make_location(session, world.actors["county"], layer("sanitation_facilities"))
    return found.code


def send(client: FlaskClient, code: str, **form: object) -> TestResponse:
    """Send the public form with its token."""
    given = {"csrf_token": csrf_of(client), "text": f"坏了 {uuid4().hex}", **form}
    return client.post(f"/r/water_projects/{code}", data=given)


def reported(world: World, client: FlaskClient, code: str, **form: object) -> ProblemReport:
    """Report a problem from an address of its own; return how it is stored."""
    client.environ_base["REMOTE_ADDR"] = f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"
    answer = send(client, code, **form)
    assert answer.status_code == HTTPStatus.FOUND, answer.text
    receipt = answer.location.rpartition("/")[2]
    with Session(world.owner, expire_on_commit=False) as session:
        return session.scalars(select(ProblemReport).where(ProblemReport.receipt == receipt)).one()


def judge(world: World, who: str, report: ProblemReport, act: str, **form: str) -> TestResponse:
    """Judge a report as a post does on the page."""
    client = world.browser(who)
    data = {"csrf_token": csrf_of(client), **form}
    return client.post(f"/reports/{report.id}/{act}", data=data)


# --- the page behind a label ---


def test_anybody_may_look_and_report(world: World, code: str) -> None:
    """Name, code and place; a token for the form; nothing of the office's own."""
    page = world.browser().get(f"/r/water_projects/{code}")
    assert page.status_code == HTTPStatus.OK
    for stated in ("查村水厂", code, "浮梁县 › 浮梁镇", "不收集姓名和电话", "csrf_token"):
        assert stated in page.text
    for private in ("打开点位卡片", "data-geometry", "custodian"):
        assert private not in page.text


def test_staff_go_straight_on(world: World, code: str) -> None:
    """To the card; another township's staff see what the public sees."""
    card = f"/locations/water_projects/{code}"
    assert card in world.browser("fuliang").get(f"/r/water_projects/{code}").text
    assert card not in world.browser("yaoli").get(f"/r/water_projects/{code}").text


def test_a_household_is_not_there(world: World, household: str) -> None:
    """Outside it answers as an unknown code does; its own staff are led to the card."""
    answers = [
        world.browser().get(f"/r/sanitation_facilities/{each}") for each in (household, "UNKNOWN")
    ]
    assert [each.status_code for each in answers] == [HTTPStatus.NOT_FOUND] * 2
    texts = {
        re.sub(r'content="[^"]*"', "", each.text).replace(name, "")
        for each, name in zip(answers, (household, "UNKNOWN"), strict=True)
    }
    assert len(texts) == 1
    staff = world.browser("fuliang").get(f"/r/sanitation_facilities/{household}")
    assert staff.location == f"/locations/sanitation_facilities/{household}"
    unknown = world.browser("fuliang").get("/r/sanitation_facilities/UNKNOWN")
    assert unknown.status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("path", ["/r/nothing/X", "/r/water_projects/%00", "/r/receipt/X"])
def test_unknown_addresses_are_not_found(world: World, path: str) -> None:
    """And nothing fails."""
    assert world.browser().get(path).status_code == HTTPStatus.NOT_FOUND


# --- reporting ---


def test_a_report_with_photos_gives_a_receipt(world: World, code: str) -> None:
    """Two photos and an empty field; the receipt tells that it waits."""
    client = world.browser()
    photos = [(io.BytesIO(phone_picture()), "a.jpg"), (io.BytesIO(picture("PNG")), "b.png"),
              (io.BytesIO(b""), "")]  # fmt: skip
    report = reported(world, client, code, text="门锁坏了", category="unlocked", photos=photos)
    with Session(world.owner) as session:
        kept = session.scalars(select(Attachment).where(Attachment.report_id == report.id)).all()
    assert {each.mime for each in kept} == {"image/jpeg", "image/png"}
    assert report.origin is not None
    assert "127.0.0.1" not in report.origin
    page = client.get(f"/r/receipt/{report.receipt.lower()}").text
    for stated in (report.receipt, "待审核", "门锁坏了", "查村水厂", "未上锁"):
        assert stated in page
    found = client.get(f"/r/receipt?receipt={report.receipt}")
    assert found.location == f"/r/receipt/{report.receipt}"


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"text": " "}, "请写明哪里有问题"),
        ({"text": "坏" * 1001}, "请写明哪里有问题"),
        ({"category": "nothing"}, "请从列表中选择"),
        ({"website": "https://example.org"}, "隐藏的栏目"),
        ({"photos": (io.BytesIO(b"no picture"), "a.jpg")}, "无法保存"),
        ({"photos": [(io.BytesIO(picture(seed=n)), f"{n}.jpg") for n in range(4)]}, "最多 3 张"),
    ],
)
def test_what_cannot_be_taken_in_is_told(
    world: World, code: str, form: dict[str, object], told: str
) -> None:
    """Beside the form, with what was typed still in it."""
    given = {"text": HOSTILE, **form}
    answer = send(world.browser(), code, **given)
    assert answer.status_code in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.BAD_REQUEST)
    assert told in answer.text
    assert "<img src=x" not in answer.text
    if given["text"] == HOSTILE:
        assert "&lt;img src=x onerror=alert(1)&gt;{{ 7*7 }}" in answer.text


def test_a_report_needs_the_forms_token(world: World, code: str) -> None:
    """Another site cannot make a visitor report."""
    answer = world.browser().post(f"/r/water_projects/{code}", data={"text": "坏了"})
    assert answer.status_code == HTTPStatus.FORBIDDEN


def test_a_household_takes_no_report(world: World, household: str) -> None:
    """Sent without the page, it is refused like an unknown code."""
    client = world.browser()
    form = {"csrf_token": csrf_of(client), "text": "坏了"}
    for each in (household, "UNKNOWN"):
        answer = client.post(f"/r/sanitation_facilities/{each}", data=form)
        assert answer.status_code == HTTPStatus.NOT_FOUND


@pytest.fixture
def throttled() -> Iterator[None]:
    """The throttle, at work for one test."""
    limiter.enabled = True
    limiter.reset()
    yield
    limiter.reset()
    limiter.enabled = False


@pytest.mark.usefixtures("throttled")
def test_one_address_reports_so_often(world: World, code: str) -> None:
    """The eleventh within ten minutes is told to wait; another address is not."""
    client = world.browser()
    statuses = [send(client, code).status_code for _ in range(11)]
    assert statuses == [HTTPStatus.FOUND] * 10 + [HTTPStatus.TOO_MANY_REQUESTS]
    other = world.browser()
    other.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    assert send(other, code).status_code == HTTPStatus.FOUND


# --- the review ---


def test_a_post_accepts_refuses_and_links(world: World, code: str) -> None:
    """From the page to the ledger, and back to the receipt."""
    client = world.browser()
    first, second, third = (
        reported(
            world, client, code, text=f"{HOSTILE}{n}", photos=(io.BytesIO(phone_picture()), "a.jpg")
        )
        for n in range(3)
    )
    page = world.browser("fuliang").get("/reports").text
    assert first.receipt in page
    assert "<img src=x" not in page
    assert f"/reports/{first.id}/accept" in page
    form = {"title": HOSTILE, "category": "unlocked", "severity": "serious", "reply": "已安排"}
    assert judge(world, "fuliang", first, "accept", **form).status_code == HTTPStatus.FOUND
    with Session(world.owner) as session:
        number = session.scalars(select(Defect.number).order_by(Defect.id.desc()).limit(1)).one()
    linked = judge(world, "fuliang", second, "link", defect_number=number)
    assert linked.status_code == HTTPStatus.FOUND
    refused = judge(world, "county", third, "refuse", reply="不属于本县设施")
    assert refused.status_code == HTTPStatus.FOUND
    for report, stated in ((first, "已安排"), (second, "已受理"), (third, "不属于本县设施")):
        assert stated in client.get(f"/r/receipt/{report.receipt}").text
    accepted = world.browser("fuliang").get("/reports?state=accepted").text
    assert number in accepted
    assert third.receipt in world.browser("fuliang").get("/reports?state=refused").text


@pytest.mark.parametrize(
    ("act", "form", "status"),
    [
        ("accept", {"title": "", "category": "other", "severity": "minor"},
         HTTPStatus.UNPROCESSABLE_ENTITY),
        ("accept", {"title": "坏", "category": "no", "severity": "no"},
         HTTPStatus.UNPROCESSABLE_ENTITY),
        ("refuse", {"reply": ""}, HTTPStatus.UNPROCESSABLE_ENTITY),
        ("refuse", {"reply": "不" * 501}, HTTPStatus.UNPROCESSABLE_ENTITY),
        ("link", {"defect_number": "WT-0000-00000"}, HTTPStatus.NOT_FOUND),
    ],
)  # fmt: skip
def test_a_judgement_that_lacks_something_changes_nothing(
    world: World, code: str, act: str, form: dict[str, str], status: HTTPStatus
) -> None:
    """The report goes on waiting."""
    report = reported(world, world.browser(), code)
    assert judge(world, "fuliang", report, act, **form).status_code == status
    assert "待审核" in world.browser().get(f"/r/receipt/{report.receipt}").text


def test_a_second_judgement_is_told(world: World, code: str) -> None:
    """Two posts with the same page open: the second learns that it is done."""
    report = reported(world, world.browser(), code)
    assert judge(world, "fuliang", report, "refuse", reply="重复").status_code == HTTPStatus.FOUND
    again = judge(world, "county", report, "refuse", reply="重复")
    assert again.status_code == HTTPStatus.CONFLICT
    assert "刚由他人审核" in again.text


def test_only_those_who_handle_defects_review(world: World, code: str) -> None:
    """Others are refused, other townships see and touch nothing."""
    report = reported(world, world.browser(), code)
    assert world.browser("viewer").get("/reports").status_code == HTTPStatus.FORBIDDEN
    assert world.browser().get("/reports").status_code == HTTPStatus.FOUND
    assert report.receipt not in world.browser("yaoli").get("/reports").text
    answer = judge(world, "yaoli", report, "refuse", reply="不")
    assert answer.status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(
    "query", ["?page=0", "?page=x", "?page=99999", "?state=no", "?division=%00", "?division=٣"]
)
def test_the_review_takes_any_query(world: World, query: str) -> None:
    """What cannot be read is left out."""
    assert world.browser("county").get(f"/reports{query}").status_code == HTTPStatus.OK
