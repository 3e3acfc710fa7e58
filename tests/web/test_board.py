"""The compliance board: figures with their denominators, bounded, linked, exported; or refused."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.locations.registry import layer
from tests.factories import FULIANG_TOWN, FULIANG_VILLAGE, YAOLI_TOWN, make_location
from tests.inspections.factories import make_obligation
from tests.web.conftest import World

NOW = datetime(2024, 8, 15, 9, tzinfo=clock.ZONE)
TODAY = NOW.date()
YAOLI_VILLAGE = "360222105201"


@pytest.fixture(autouse=True)
def then() -> Iterator[None]:
    """It is August 2024."""
    with clock.frozen(NOW):
        yield


@pytest.fixture(scope="module")
def laid_out(world: World) -> World:
    """Five obligations of this quarter in two townships, and one overdue since spring."""
    with Session(world.owner) as session, session.begin():
        county = world.actors["county"]
        water = make_location(
            session,
            county,
            layer("water_projects"),
            name="<b>一号</b>水厂",
            asset_class="public_welfare",
        )
        solar = make_location(
            session,
            county,
            layer("pv_stations"),
            name="瑶里电站",
            division_code=YAOLI_VILLAGE,
            asset_class="operating",
        )
        july, july_end = TODAY.replace(month=7, day=9), TODAY.replace(month=7, day=31)
        make_obligation(session, water, TODAY, done_on=july)
        make_obligation(session, water, TODAY, purpose="safety")
        make_obligation(session, solar, TODAY, done_on=TODAY, due_on=july_end)
        boss = county.account_id
        make_obligation(session, solar, TODAY, purpose="safety", assignee_id=boss, due_on=july_end)
        make_obligation(session, solar, TODAY, purpose="water_quality", excuse="停用检修")
        make_obligation(session, solar, TODAY.replace(month=3))
    return world


@pytest.fixture
def staff(laid_out: World) -> FlaskClient:
    """A browser of county staff, on the rows above."""
    return laid_out.browser("county")


def words(client: FlaskClient, query: str = "") -> str:
    """Return the page's text without its marks."""
    answer = client.get(f"/inspections/board{query}")
    assert answer.status_code == 200
    text = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))
    return re.sub(r"\s+", " ", html.unescape(text))


def figures(client: FlaskClient, query: str = "") -> dict[str, object]:
    """Return what the page hands its map and charts."""
    page = client.get(f"/inspections/board{query}").get_data(as_text=True)
    found = re.search(r'data-figures="([^"]*)"', page)
    assert found is not None
    told: dict[str, object] = json.loads(html.unescape(found[1]))
    return told


def test_every_figure_names_its_denominator(staff: FlaskClient) -> None:
    """One on time, one late, one missed of three judged; one is pending and one excused."""
    text = words(staff)
    assert "应巡 4 本期到截止日的任务，不含免检 1" in text
    assert "已巡 2 其中按期 1，逾期后补巡 1" in text
    assert "逾期未巡 1 过了截止日" in text
    assert "未到期 1 尚未巡查" in text
    assert "按期合规率 33.3% 按期 1 ÷ 已到期或已完成 3" in text
    assert "最终完成率 66.6% 已巡 2 ÷ 已到期或已完成 3" in text
    assert "2024年第3季度" in text


def test_the_map_and_the_table_tell_the_same(staff: FlaskClient) -> None:
    """Areas, bars and trend come from the counts of the table."""
    told = figures(staff)
    assert told["map"]["areas"] == {  # type: ignore[index]
        FULIANG_TOWN: ["", "浮梁", 100.0],
        YAOLI_TOWN: ["", "瑶里", 0.0],
    }
    assert told["judged"] == {FULIANG_TOWN: [1, 1], YAOLI_TOWN: [0, 2]}
    assert told["bars"] == [["瑶里", 0.0, 0, 2], ["浮梁", 100.0, 1, 1]]
    assert told["trend"][-1] == ["2024年第3季度", 33.3, 66.6, 1, 3]  # type: ignore[index]
    assert told["trend"][-3] == ["2024年第1季度", 0.0, 0.0, 0, 1]  # type: ignore[index]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (f"?division={FULIANG_TOWN}", "应巡 2 本期"),
        (f"?division={FULIANG_VILLAGE}", "应巡 2 本期"),
        ("?level=village", "各村（社区）"),
        ("?layer=pv_stations", "应巡 2 本期"),
        ("?class=public_welfare&purpose=safety", "应巡 1 本期"),
        ("?by=person", "未指派"),
        ("?by=layer", "光伏"),
        ("?by=purpose", "安全检查"),
        ("?by=asset_class", "合计"),
        ("?span=last_quarter", "没有巡查任务"),
        ("?span=custom&from=2024-03-01&to=2024-03-31", "应巡 1 本期"),
        ("?span=year", "应巡 5 本期"),
        ("?outcome=missed", "逾期未巡（含以前各期"),
        ("?outcome=missed", "137 天"),
        ("?age=91-", "137 天"),
        ("?age=8-30", "15 天"),
        ("?outcome=missed&since=span", "共 1 项"),
        ("?outcome=late", "2024-08-15，晚 15 天"),
        ("?outcome=excused", "停用检修"),
        ("?outcome=all", "共 5 项"),
        ("?outcome=all&person=-", "只看：未指派"),
        ("?page=99999", "共 2 项"),
        ("?trend=month", "2024年8月"),
    ],
)
def test_what_is_chosen_is_shown(staff: FlaskClient, query: str, said: str) -> None:
    """Each choice stands in the address and changes the page."""
    assert said in words(staff, query)


def test_the_overdue_lead_to_their_cards_and_escape_their_names(staff: FlaskClient) -> None:
    """A name is text, whatever it holds."""
    page = staff.get("/inspections/board?outcome=all").get_data(as_text=True)
    assert "&lt;b&gt;一号&lt;/b&gt;水厂" in page
    assert "<b>一号" not in page
    assert 'href="/locations/water_projects/' in page


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?span=week", 400),
        ("?span=custom", 400),
        ("?span=custom&from=2024-05-01&to=2024-04-01", 400),
        ("?span=custom&from=1024-05-01&to=2024-04-01", 400),
        ("?span=custom&from=2001-05-01&to=2024-04-01", 400),
        ("?division=36'", 400),
        ("?division=36", 400),
        ("?division=３６０２２２", 400),
        ("?layer=nothing", 400),
        ("?class=x", 400),
        ("?purpose=%00", 400),
        ("?by=excuse", 400),
        ("?sort=id;drop", 400),
        ("?outcome=none", 400),
        ("?age=1", 400),
        ("?level=county", 400),
        ("?trend=day", 400),
        ("?since=then", 400),
        ("?division=110101001", 403),
        ("?page=-1", 200),
        ("?person=%00%27x", 200),
        ("?division=360222999999", 200),
    ],
)
def test_what_cannot_be_used_is_refused(staff: FlaskClient, query: str, status: int) -> None:
    """With the form to put it right, and never with a fault of our own."""
    answer = staff.get(f"/inspections/board{query}")
    assert answer.status_code == status
    if status == 400:
        page = answer.get_data(as_text=True)
        assert 'role="alert"' in page
        assert 'id="board-form"' in page
    if status != 200:
        for kind in ("table.csv", "list.xlsx"):
            assert staff.get(f"/inspections/board/{kind}{query}").status_code == status


def test_nobody_sees_it_without_a_sign_in(laid_out: World) -> None:
    """Neither the page nor a file."""
    stranger = laid_out.browser()
    for path in ("", "/table.csv", "/list.csv"):
        answer = stranger.get(f"/inspections/board{path}")
        assert answer.status_code == 302
        assert "/sign-in" in answer.headers["Location"]


def test_a_township_sees_its_own(laid_out: World) -> None:
    """Its villages are told apart; the neighbour's are refused."""
    yaoli = laid_out.browser("yaoli")
    text = words(yaoli)
    assert "应巡 2 本期" in text
    assert "一号" not in words(yaoli, "?outcome=all")
    assert yaoli.get(f"/inspections/board?division={FULIANG_TOWN}").status_code == 403
    assert yaoli.get(f"/inspections/board/list.csv?division={FULIANG_TOWN}").status_code == 403
    viewer = laid_out.browser("viewer")
    assert "应巡 4 本期" in words(viewer)


def test_files_hold_what_the_page_shows(staff: FlaskClient) -> None:
    """The table ends with the sum; the list is whole."""
    text = staff.get("/inspections/board/table.csv").get_data().decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text)))
    assert lines[0][:3] == ["代码", "乡镇 / 村", "应巡"]
    assert lines[-1][1:] == ["合计", "4", "2", "1", "1", "1", "1", "1", "3", "33.3", "66.6"]
    book = openpyxl.load_workbook(
        io.BytesIO(staff.get("/inspections/board/list.xlsx?outcome=all").data)
    )
    rows = [[cell.value for cell in row] for row in book.worksheets[0]]
    assert rows[0][0] == "编码"
    assert len(rows) == 6
    assert {str(row[11]) for row in rows[1:]} == {
        "按期完成",
        "逾期后补巡",
        "逾期未巡",
        "未到期",
        "免检",
    }


def test_the_page_asks_little(
    laid_out: World,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    """The mapper sends no statement a row; counting and listing are statements of their own."""
    browser = laid_out.browser("county")
    browser.get("/inspections/board")
    with count_queries(laid_out.database.engine) as seen:
        browser.get("/inspections/board?outcome=all&by=person")
    assert len(seen) <= 6
