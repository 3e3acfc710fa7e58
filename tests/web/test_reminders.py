"""The page of reminders, the number in the header, the calendar by its secret address."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from http import HTTPStatus

import pytest
from icalendar import Calendar
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.models import Account
from fuliang_gis.locations.registry import layer
from fuliang_gis.web.pages import reminders
from tests.factories import make_location
from tests.inspections.factories import make_defect, make_obligation
from tests.web.conftest import World, csrf_of

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module", autouse=True)
def work(world: World) -> None:
    """Something overdue, something broken, in 浮梁镇."""
    today = clock.today()
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        place = make_location(
            session, world.actors["county"], layer("water_projects"), name=HOSTILE
        )
        owner = world.actors["fuliang"].account_id
        make_obligation(session, place, today - timedelta(days=120), assignee_id=owner)
        make_defect(session, place, today, title=HOSTILE, state="assigned", owner_id=owner)


def test_the_page_tells_what_waits(world: World) -> None:
    """For the post of the division; hostile names are text; others see nothing of it."""
    page = world.browser("fuliang").get("/reminders").text
    for stated in ("我的巡查任务", "待我整改", "本辖区巡查", "&lt;img src=x"):
        assert stated in page
    assert "<img src=x" not in page
    assert "没有待办事项" in world.browser("yaoli").get("/reminders").text
    assert "没有待办事项" in world.browser("viewer").get("/reminders").text
    assert world.browser("administrator").get("/reminders").status_code == HTTPStatus.OK
    assert world.browser().get("/reminders").status_code == HTTPStatus.FOUND


def test_the_number_is_kept_for_a_while(world: World) -> None:
    """Every page shows it, so it is counted once in half a minute."""
    with world.app.test_request_context():
        assert reminders.reminder_count(world.actors["fuliang"]) == 2
        with Session(world.owner) as session, session.begin():
            place = make_location(session, world.actors["county"], layer("water_projects"))
            make_defect(session, place, clock.today())
        assert reminders.reminder_count(world.actors["fuliang"]) == 2
        world.app.extensions.pop("fuliang_reminders")
        assert reminders.reminder_count(world.actors["fuliang"]) == 3
        assert reminders.reminder_count(world.actors["viewer"]) == 0


def make_feed(world: World, who: str) -> str:
    """Make a calendar address on the page; return its path."""
    client = world.browser(who)
    page = client.post("/reminders/feed", data={"csrf_token": csrf_of(client)})
    found = re.search(r"<code>http://localhost(/feeds/[\w-]+\.ics)</code>", page.text)
    assert found is not None, page.text
    return found[1]


def test_a_calendar_program_reads_the_feed(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Without signing in; unchanged, it is told so; the log does not tell the secret."""
    path = make_feed(world, "fuliang")
    anybody = world.browser()
    with caplog.at_level(logging.DEBUG):
        answer = anybody.get(path)
    assert answer.content_type == "text/calendar; charset=utf-8"
    events = Calendar.from_ical(answer.data).walk("VEVENT")
    assert f"整改期限：{HOSTILE}" in {str(each["SUMMARY"]) for each in events}
    assert str(events[0]["URL"]).startswith("http://localhost/")
    secret = path.removeprefix("/feeds/").removesuffix(".ics")
    logged = str([vars(record) for record in caplog.records])
    assert "/feeds/<secret>.ics" in logged
    assert secret not in logged
    again = anybody.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == HTTPStatus.NOT_MODIFIED


def test_an_address_ends(world: World) -> None:
    """By a new one, by dropping it, and with its account."""
    first = make_feed(world, "county")
    second = make_feed(world, "county")
    anybody = world.browser()
    assert anybody.get(first).status_code == HTTPStatus.NOT_FOUND
    with Session(world.owner) as session, session.begin():
        account = session.get_one(Account, world.actors["county"].account_id)
        account.active = False
    assert anybody.get(second).status_code == HTTPStatus.NOT_FOUND
    with Session(world.owner) as session, session.begin():
        session.get_one(Account, world.actors["county"].account_id).active = True
    assert anybody.get(second).status_code == HTTPStatus.OK
    client = world.browser("county")
    client.post("/reminders/feed/drop", data={"csrf_token": csrf_of(client)})
    assert anybody.get(second).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("secret", ["x", "x" * 101, "%ED%A0%80", "%00"])
def test_other_addresses_are_not_found(world: World, secret: str) -> None:
    """Whatever is tried."""
    assert world.browser().get(f"/feeds/{secret}.ics").status_code == HTTPStatus.NOT_FOUND


def test_one_sets_the_own_address(world: World) -> None:
    """On the account's page; what is none is told beside the field and kept there."""
    client = world.browser("viewer")
    token = csrf_of(client)
    wrong = client.post("/account/email", data={"csrf_token": token, "email": "no address"})
    assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'value="no address"' in wrong.text
    client.post("/account/email", data={"csrf_token": token, "email": "post@example.cn"})
    assert 'value="post@example.cn"' in client.get("/account").text
