"""The calendar's page: groups instead of hundreds of chips, moves that can be undone, refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.inspections.models import Obligation
from fuliang_gis.locations.registry import layer
from tests.factories import FULIANG_TOWN, FULIANG_VILLAGE, YAOLI_TOWN, make_location
from tests.inspections.factories import make_obligation
from tests.web.conftest import World, csrf_of

#: The database judges by its own clock whether a period is closed, so this is about now.
TODAY = clock.today()
DAY, END = TODAY + timedelta(days=5), TODAY + timedelta(days=40)
PAGE = "/inspections/calendar"
POOL = {"kind": "pool", "day": "", "key": FULIANG_TOWN}


@pytest.fixture
def laid_out(world: World) -> Iterator[World]:
    """A place in 浮梁镇 that owes 300 visits, three of them planned, and one in 瑶里镇."""
    with Session(world.owner) as session, session.begin():
        county = world.actors["county"]
        water = make_location(session, county, layer("water_projects"), name="<i>水厂</i>")
        solar = make_location(session, county, layer("pv_stations"), division_code="360222105201")
        start = TODAY - timedelta(days=20)
        dates: dict[str, Any] = {
            "period_start": start,
            "opens_on": start,
            "period_end": END,
            "due_on": END,
        }
        for number in range(1, 301):
            planned = DAY if number <= 3 else None
            make_obligation(session, water, TODAY, ordinal=number, planned_on=planned, **dates)
        make_obligation(session, solar, TODAY, **dates)
    yield world
    with Session(world.owner) as session, session.begin():
        session.execute(delete(Obligation))


@pytest.fixture
def staff(laid_out: World) -> FlaskClient:
    """A browser of county staff, on the rows above."""
    return laid_out.browser("county")


def send(client: FlaskClient, body: object, path: str = "/plan", query: str = "") -> Any:  # noqa: ANN401  # A test's answer.
    """Post JSON as the page's script does."""
    headers = {"X-CSRFToken": csrf_of(client), "Accept": "application/json"}
    return client.post(f"{PAGE}{path}{query}", json=body, headers=headers)


def plans(world: World) -> dict[date | None, int]:
    """Return how many obligations are planned for each day."""
    found: dict[date | None, int] = {}
    with Session(world.owner) as session:
        for day in session.scalars(select(Obligation.planned_on)):
            found[day] = found.get(day, 0) + 1
    return found


def test_hundreds_of_obligations_are_one_chip(staff: FlaskClient) -> None:
    """Groups with their number and time; the rows come on demand, a hundred at most."""
    page = staff.get(f"{PAGE}?day={DAY}").get_data(as_text=True)
    assert len(re.findall(r'<li class="chip', page)) == 3
    assert 'data-kind="pool" data-day="" data-key="360222100" data-count="297"' in page
    assert f'data-kind="planned" data-day="{DAY}" data-key="360222100" data-count="3"' in page
    assert "待安排（298）" in page
    minutes = layer("water_projects").sheet.inspection.service_minutes
    assert f"现场约 {3 * minutes / 60:.1f} 时".replace(".0 ", " ") in page
    found = staff.get(f"{PAGE}/items?day={DAY}&kind=pool&key={FULIANG_TOWN}").get_data(as_text=True)
    assert found.count('data-id="') == 100
    assert "只列出截止最早的 100 项" in found
    assert "&lt;i&gt;水厂" in found
    assert "<html" not in found


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?view=quarter&day=2024-08-15", "2024年第3季度"),
        ("?day=2024-02", "2024年2月"),
        (f"?day={DAY}&division={FULIANG_TOWN}", f'data-key="{FULIANG_VILLAGE}"'),
        ("?by=person", "未指派"),
        ("?person=-", 'data-count="297"'),
        ("?layer=pv_stations", "待安排（1）"),
        ("?purpose=safety", "没有待安排的任务"),
        (f"?day={END}", "截止 </span>301"),
    ],
)
def test_what_is_chosen_is_shown(staff: FlaskClient, query: str, said: str) -> None:
    """Each choice stands in the address."""
    answer = staff.get(f"{PAGE}{query}")
    assert answer.status_code == 200
    assert said in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?view=day", 400),
        ("?day=2024-13-01", 400),
        ("?day=0001-01-01", 400),
        ("?day=9999-12-31", 400),
        ("?division=x", 400),
        ("?person=1;2", 400),
        ("?person=99999999999999999999", 200),
        ("?layer=no", 400),
        ("?by=layer", 400),
        ("?division=110101001", 403),
        ("/items", 400),
        ("/items?kind=done", 400),
        ("/items?kind=pool&on=2024-08-01", 400),
        ("/items?kind=planned&on=x", 400),
        ("/items?kind=planned&on=2024-08-20&key=%00%27", 200),
        ("/items?kind=pool&division=110101001", 403),
    ],
)
def test_what_cannot_be_used_is_refused(staff: FlaskClient, query: str, status: int) -> None:
    """And never with a fault of our own."""
    assert staff.get(f"{PAGE}{query}").status_code == status


def test_a_group_is_moved_and_moved_back(laid_out: World, staff: FlaskClient) -> None:
    """As a drag and its undo do it."""
    group = {"kind": "planned", "day": DAY.isoformat(), "key": FULIANG_TOWN}
    to = DAY + timedelta(days=4)
    told = json.loads(send(staff, {"groups": [group], "to": to.isoformat()}).data)
    assert (told["done"], told["refused"]) == (3, 0)
    assert plans(laid_out) == {to: 3, None: 298}
    back = send(staff, {"former": told["former"]}, "/undo")
    assert json.loads(back.data)["done"] == 3
    assert plans(laid_out) == {DAY: 3, None: 298}
    again = send(staff, {"former": told["former"]}, "/undo")
    assert again.status_code == 409


def test_a_part_of_the_pool_is_planned_and_assigned(laid_out: World, staff: FlaskClient) -> None:
    """The first due first, as many as wanted; single ones by id; and taken out again."""
    told = json.loads(send(staff, {"groups": [POOL], "to": DAY.isoformat(), "most": 7}).data)
    assert told["done"] == 7
    assert plans(laid_out) == {DAY: 10, None: 291}
    one = told["former"][0]["id"]
    who = laid_out.actors["county"].account_id
    assert json.loads(send(staff, {"ids": [one], "assignee": who}).data)["done"] == 1
    with Session(laid_out.owner) as session:
        row = session.get_one(Obligation, one)
        assert (row.assignee_id, row.planned_on) == (who, DAY)
    assert json.loads(send(staff, {"ids": [one], "to": None}).data)["done"] == 1
    assert plans(laid_out) == {DAY: 9, None: 292}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ({}, 400),
        ({"ids": "1"}, 400),
        ({"ids": [True]}, 400),
        ({"ids": [2**70]}, 400),
        ({"ids": [10**15], "to": DAY.isoformat()}, 400),
        ({"groups": [1]}, 400),
        ({"groups": [{"kind": "x"}]}, 400),
        ({"groups": [{"kind": "planned", "day": "", "key": "1"}]}, 400),
        ({"groups": [{"kind": "pool", "key": 5}]}, 400),
        ({"groups": [POOL] * 501}, 400),
        ({"groups": [POOL], "to": "soon"}, 400),
        ({"groups": [POOL], "to": DAY.isoformat(), "most": 0}, 400),
        ({"groups": [POOL], "to": DAY.isoformat(), "most": "9"}, 400),
        ({"groups": [POOL], "assignee": "me"}, 400),
        ({"groups": [POOL], "assignee": 2**40}, 400),
        ({"groups": [POOL], "assignee": 999999, "most": 1}, 422),
        ({"groups": [POOL], "to": (TODAY - timedelta(days=1)).isoformat(), "most": 1}, 422),
        ({"groups": [POOL], "to": (END + timedelta(days=1)).isoformat(), "most": 1}, 422),
    ],
)
def test_a_move_that_cannot_be_is_refused(
    laid_out: World, staff: FlaskClient, body: object, status: int
) -> None:
    """With a reason in Chinese, and nothing written."""
    before = plans(laid_out)
    answer = send(staff, body)
    assert answer.status_code == status
    assert json.loads(answer.data)["detail"]
    assert plans(laid_out) == before


@pytest.mark.parametrize("former", [[], [{}], [{"id": 1}], [{"id": "1", "version": 1}], "x"])
def test_an_undo_that_cannot_be_read_is_refused(staff: FlaskClient, former: object) -> None:
    """As a bad request."""
    assert send(staff, {"former": former}, "/undo").status_code == 400


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("yaoli", 400), ("fuliang", 200)])
def test_who_may_move_what(laid_out: World, who: str, status: int) -> None:
    """A viewer nothing, a township its own."""
    client = laid_out.browser(who)
    group = {"kind": "pool", "day": "", "key": FULIANG_VILLAGE if who != "viewer" else FULIANG_TOWN}
    body = {"groups": [group], "to": DAY.isoformat(), "most": 1}
    assert send(client, body).status_code == status
    page = client.get(PAGE).get_data(as_text=True)
    assert ('draggable="true"' in page) == (who != "viewer")
    if who == "yaoli":
        assert FULIANG_TOWN not in page
        assert client.get(f"{PAGE}?division={YAOLI_TOWN}").status_code == 200
        assert send(client, body, query=f"?division={FULIANG_TOWN}").status_code == 403


def test_nobody_moves_without_sign_in_and_token(laid_out: World, staff: FlaskClient) -> None:
    """A stranger is sent to sign in; a forged request is refused."""
    assert laid_out.browser().get(PAGE).status_code == 302
    body = {"groups": [POOL], "to": DAY.isoformat()}
    assert laid_out.browser().post(f"{PAGE}/plan", json=body).status_code in (401, 403)
    assert staff.post(f"{PAGE}/plan", json=body).status_code == 403
    assert plans(laid_out) == {DAY: 3, None: 298}


def test_the_page_asks_little(
    laid_out: World,
    staff: FlaskClient,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    """However many obligations there are."""
    staff.get(PAGE)
    with count_queries(laid_out.database.engine) as seen:
        staff.get(f"{PAGE}?by=person")
        staff.get(f"{PAGE}/items?kind=pool")
    assert len(seen) <= 9
