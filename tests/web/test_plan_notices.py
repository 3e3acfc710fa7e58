"""Plans as anybody sees them: what is public and when, opinions without an account, receipts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fuliang_gis.planning.procedure import opinions
from fuliang_gis.planning.procedure.models import PlanOpinion
from fuliang_gis.planning.procedure.rules import ActGiven
from fuliang_gis.web.security import limiter
from tests.planning.procedure.road import DAY, END, START, Road, at, laid_out
from tests.planning.test_operations import X, Y
from tests.web.conftest import World
from tests.web.test_plan_procedure import HOSTILE, people

__all__ = ["people"]

LATER = END + DAY


@pytest.fixture
def road(people: World) -> Road:
    """The road before a new plan."""
    return laid_out(people.database, people.actors)


@pytest.fixture
def anybody(world: World) -> FlaskClient:
    """Somebody without an account, from an address of their own."""
    client = world.app.test_client(use_cookies=False)
    client.environ_base["REMOTE_ADDR"] = f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"
    return client


def get(client: FlaskClient, path: str, on: date = START) -> TestResponse:
    """Open a page on a day."""
    with at(on):
        return client.get(path)


def send(
    client: FlaskClient, road: Road, form: Mapping[str, str] | None = None, on: date = START
) -> TestResponse:
    """Send the public form: without token and without cookies."""
    with at(on):
        data = {"text": f"意见 {uuid4().hex}", **(form or {})}
        return client.post(f"/notices/{road.plan_id}", data=data)


def taken(road: Road, answer: TestResponse) -> PlanOpinion:
    """Return the opinion that an answer tells was taken in."""
    assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text
    receipt = answer.location.rpartition("/")[2].partition("?")[0]
    with road.database.session() as session:
        return session.scalars(select(PlanOpinion).where(PlanOpinion.receipt == receipt)).one()


def show(road: Road, opinion: PlanOpinion) -> None:
    """Let the public see an opinion."""
    town = road.actors["town"]
    stamp = opinions.opinion_stamp(opinion)
    with road.database.session(town.account_id) as session:
        opinions.judge(session, town, road.plan_id, opinion.id, "shown", expected=stamp)


@pytest.mark.parametrize(
    ("state", "on", "public", "form"),
    [
        ("draft", START, False, False),
        ("assembly", START, False, False),
        ("township", START, False, False),
        ("notice", START - DAY, False, False),
        ("notice", START, True, True),
        ("notice", END, True, True),
        ("notice", LATER, True, False),
        ("county", LATER, False, False),
        ("approved", LATER, False, False),
        ("published", LATER, True, False),
        ("in_force", LATER, True, False),
    ],
)
def test_plans_are_public_when_the_law_says(
    road: Road, anybody: FlaskClient, state: str, on: date, *, public: bool, form: bool
) -> None:
    """Page, sketch and list agree; otherwise it is as if there were no such plan."""
    road.walk(state)
    address = f"/notices/{road.plan_id}"
    status = HTTPStatus.OK if public else HTTPStatus.NOT_FOUND
    seen = get(anybody, address, on)
    assert seen.status_code == status
    assert ("opinion-form" in seen.text) == form
    assert get(anybody, f"{address}/sketch", on).status_code == status
    assert (f'href="{address}"' in get(anybody, "/notices", on).text) == public
    sent = send(anybody, road, on=on)
    expected = HTTPStatus.SEE_OTHER if form else HTTPStatus.CONFLICT if public else status
    assert sent.status_code == expected
    if public and not form:
        assert "结束" in seen.text


def test_drafts_stay_closed_to_the_public(road: Road, anybody: FlaskClient) -> None:
    """Also over every other address, and a plan that was given back is gone again."""
    road.walk("notice")
    (scheme,) = [road.plan.frozen_scheme]
    for path in (
        f"/plans/{road.plan_id}/annex.docx",
        f"/plans/{road.plan_id}/procedure",
        f"/api/v1/village-plans/{road.plan_id}",
        f"/api/v1/plan-schemes/{scheme}/sketch",
    ):
        assert get(anybody, path).status_code in (HTTPStatus.FOUND, HTTPStatus.UNAUTHORIZED)
    assert get(anybody, f"/notices/{road.plan_id}/sketch").status_code == HTTPStatus.OK
    road.take("town", ActGiven("return", START, "调整"))
    for path in ("", "/sketch"):
        answer = get(anybody, f"/notices/{road.plan_id}{path}")
        assert answer.status_code == HTTPStatus.NOT_FOUND
    assert get(anybody, "/notices/9999999999").status_code == HTTPStatus.NOT_FOUND


def test_the_public_sketch_is_asked_for_again(road: Road, anybody: FlaskClient) -> None:
    """It is not sent twice, nor kept beyond the notice."""
    road.walk("notice")
    first = get(anybody, f"/notices/{road.plan_id}/sketch")
    assert set(first.get_json()) == {"version", "crs", "boundary", "parcels", "lines", "base"}
    assert first.headers["Cache-Control"] == "no-cache"
    with at(START):
        again = anybody.get(
            f"/notices/{road.plan_id}/sketch", headers={"If-None-Match": first.headers["ETag"]}
        )
    assert again.status_code == HTTPStatus.NOT_MODIFIED


def test_an_opinion_goes_in_and_its_receipt_tells(road: Road, anybody: FlaskClient) -> None:
    """With hostile text, a name, a parcel and a place; shown once a post let it."""
    road.walk("notice")
    place = {"east": str(X + 20), "north": str(Y + 20)}
    form = {"text": HOSTILE, "signed": "<b>我</b>", "parcel": "e", **place}
    kept = taken(road, send(anybody, road, form))
    told = get(anybody, f"/notices/opinion/{kept.receipt}?new=1")
    assert HOSTILE not in told.text
    assert "已收到" in told.text
    assert f'href="/notices/{road.plan_id}"' in told.text
    typed = get(anybody, f"/notices/opinion?receipt={kept.receipt.lower().replace('-', ' ')}")
    assert typed.location.endswith(f"/notices/opinion/{kept.receipt}")
    assert "&lt;img src=x" not in get(anybody, f"/notices/{road.plan_id}").text
    show(road, kept)
    seen = get(anybody, f"/notices/{road.plan_id}").text
    assert "&lt;img src=x" in seen
    assert HOSTILE not in seen
    assert "<b>我</b>" not in seen
    assert f"[{X + 20:.1f}, {Y + 20:.1f}]" in seen
    none = get(anybody, "/notices/opinion/AAAAA-AAAAA")
    assert none.status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("form", "status", "told"),
    [
        ({"text": " "}, 422, "请写下您的意见"),
        ({"text": "长" * 1001}, 422, "1000 字"),
        ({"parcel": "nowhere"}, 422, "没有这个编号的图斑"),
        ({"east": "1", "north": "1"}, 422, "不在本村范围"),
        ({"signed": "名" * 41}, 422, "署名最多"),
        ({"website": "http://spam"}, 400, "隐藏的栏目"),
    ],
)
def test_what_cannot_be_taken_in_is_told_beside_the_form(
    road: Road, anybody: FlaskClient, form: dict[str, str], status: int, told: str
) -> None:
    """What was typed stays."""
    road.walk("notice")
    answer = send(anybody, road, {"text": "留着的话"} | form)
    assert answer.status_code == status
    assert told in answer.text
    if "text" not in form:
        assert "留着的话" in answer.text


@pytest.mark.parametrize("place", [{"east": "nan", "north": "inf"}, {"east": "x", "north": "1"}])
def test_an_unreadable_place_is_none(
    road: Road, anybody: FlaskClient, place: dict[str, str]
) -> None:
    """The words count."""
    road.walk("notice")
    assert taken(road, send(anybody, road, place)).place is None


def test_one_address_says_so_much(road: Road, anybody: FlaskClient) -> None:
    """Then it waits; others do not."""
    road.walk("notice")
    limiter.enabled = True
    try:
        for _ in range(10):
            assert send(anybody, road).status_code == HTTPStatus.SEE_OTHER
        assert send(anybody, road).status_code == HTTPStatus.TOO_MANY_REQUESTS
        anybody.environ_base["REMOTE_ADDR"] = "2001:db8:ffff::1"
        assert send(anybody, road).status_code == HTTPStatus.SEE_OTHER
    finally:
        limiter.enabled = False
        limiter.reset()


def test_published_plans_show_opinions_and_answers(
    people: World, road: Road, anybody: FlaskClient
) -> None:
    """How each was treated can be read by anybody; hidden ones cannot."""
    road.walk("notice")
    kept = taken(road, send(anybody, road, {"text": "建议设公厕"}))
    hidden = taken(road, send(anybody, road, {"text": "广告广告"}))
    show(road, kept)
    town = road.actors["town"]
    for each in (kept, hidden):
        with Session(people.owner) as session:
            stamp = opinions.opinion_stamp(session.get_one(PlanOpinion, each.id))
        with at(START), road.database.session(town.account_id) as session:
            opinions.answer(
                session, town, road.plan_id, each.id, "adopted", "已安排", expected=stamp
            )
    road.walk("published")
    seen = get(anybody, f"/notices/{road.plan_id}", LATER).text
    assert "建议设公厕" in seen
    assert "已安排" in seen
    assert "广告广告" not in seen
    assert "浮府字〔2026〕1号" in seen


def test_staff_see_the_way_to_the_notice(world: World, road: Road) -> None:
    """Every page's foot leads to what is public."""
    assert 'href="/notices"' in world.browser("viewer").get("/help").text
    road.walk("notice")
    with at(START):
        told = world.browser("viewer").get(f"/plans/{road.plan_id}/procedure").text
    assert f'href="/notices/{road.plan_id}"' in told
