"""The calendar and the board in a real browser: dragged, undone, by keyboard, on a phone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import driver_url
from fuliang_gis.inspections.duties.periods import PeriodKind, period_of
from tests.e2e.conftest import Watched
from tests.e2e.test_pages import grave_faults
from tests.inspections.factories import lay_out_years

pytestmark = pytest.mark.browser

TODAY = clock.today()


def _day() -> date:
    """Return a day to plan for: soon, its neighbour in the same month, its quarter not ending."""
    quarter = period_of(PeriodKind.QUARTER, TODAY)
    day = TODAY + timedelta(days=1)
    if (quarter.end - day).days < 8:
        day = quarter.end + timedelta(days=3)
    return day if (day + timedelta(days=1)).month == day.month else day + timedelta(days=1)


DAY = _day()
TO = DAY + timedelta(days=1)
CALENDAR = f"/inspections/calendar?day={DAY}"
BOARD = "/inspections/board"


@pytest.fixture(scope="module", autouse=True)
def owed(cluster: Cluster, address: str) -> Iterator[None]:
    """What the demo county owes, where it holds nothing yet, with some of it planned."""
    assert address
    engine = create_engine(driver_url(cluster.owner_url(f"run_{os.getpid()}_e2e")))
    with Session(engine) as session, session.begin():
        if not session.scalar(text("select count(*) from obligation")):
            last = period_of(PeriodKind.QUARTER, DAY).start
            lay_out_years(session, last.replace(year=last.year - 2), last, TODAY)
        _plan_some(session)
    yield
    engine.dispose()


def _plan_some(session: Session) -> None:
    """Plan what one village owes for one day, and leave the rest of two days empty."""
    session.execute(
        text("""
with waiting as (
    select id, left(division_code, 9) as town from obligation
    where state = 'open' and opens_on <= :day and due_on > :day + 3 and period_end > :day + 3
), chosen as (select town from waiting group by town order by count(*) desc, town limit 1)
update obligation set assignee_id = null, planned_on = case when id in (select id from waiting
    where town = (select town from chosen) order by id limit 12) then :day end
where state = 'open' and (planned_on between :day - 1 and :day + 2 or id in (
    select id from waiting where town = (select town from chosen)))"""),
        {"day": DAY},
    )


def chips(page: Page, day: date) -> list[int]:
    """Return the numbers on the chips of a day."""
    found = page.locator(f'.day[data-day="{day}"] .chip[data-count]')
    return [int(each) for each in found.evaluate_all("all => all.map(c => c.dataset.count)")]


def test_a_chip_is_dragged_to_another_day_and_back(desktop: Watched) -> None:
    """Both days tell the new numbers; undo brings the former plan."""
    desktop.open(CALENDAR)
    page = desktop.page
    assert chips(page, DAY) == [12]
    assert chips(page, TO) == []
    source = page.locator(f'.day[data-day="{DAY}"] .chip').first
    with page.expect_response(re.compile("/inspections/calendar/plan")):
        source.drag_to(page.locator(f'.day[data-day="{TO}"]'))
    expect(page.locator(f'.day[data-day="{TO}"] .chip')).to_have_count(1)
    assert (chips(page, DAY), chips(page, TO)) == ([], [12])
    page.reload()
    assert chips(page, TO) == [12]
    page.locator(f'.day[data-day="{TO}"] .chip').first.drag_to(page.locator("#calendar-pool"))
    expect(page.locator(f'.day[data-day="{TO}"] .chip')).to_have_count(0)
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(f'.day[data-day="{TO}"] .chip')).to_have_count(1)
    page.locator(f'.day[data-day="{TO}"] .chip').first.drag_to(
        page.locator(f'.day[data-day="{DAY}"]')
    )
    expect(page.locator(f'.day[data-day="{DAY}"] .chip')).to_have_count(1)
    assert chips(page, DAY) == [12]


def test_by_keyboard_a_part_of_the_pool_is_moved(desktop: Watched) -> None:
    """Choose with the space bar, give a date and a number, move, and undo."""
    desktop.open(CALENDAR)
    page = desktop.page
    box = page.locator("#calendar-pool [data-choose]").first
    box.focus()
    page.keyboard.press("Space")
    expect(page.locator("#calendar-bar")).to_be_visible()
    page.locator("#calendar-to").fill(TO.isoformat())
    page.locator("#calendar-most").fill("2")
    page.get_by_role("button", name="移动", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator(f'.day[data-day="{TO}"] .chip')).to_have_count(1)
    assert chips(page, TO) == [2]
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(f'.day[data-day="{TO}"] .chip')).to_have_count(0)
    assert grave_faults(desktop) == []


def test_a_group_opens_and_one_of_it_is_moved(desktop: Watched) -> None:
    """A single obligation is dragged out of its group."""
    desktop.open(CALENDAR)
    page = desktop.page
    page.locator(f'.day[data-day="{DAY}"] .chip__more').first.click()
    rows = page.locator("#calendar-detail .chip--one")
    expect(rows).to_have_count(12)
    rows.first.drag_to(page.locator(f'.day[data-day="{TO}"]'))
    expect(page.locator(f'.day[data-day="{TO}"] .chip')).to_have_count(1)
    assert (chips(page, DAY), chips(page, TO)) == ([11], [1])
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(f'.day[data-day="{TO}"] .chip')).to_have_count(0)


def test_a_day_that_cannot_be_is_told(desktop: Watched) -> None:
    """The reason comes from the server, in Chinese, and nothing moves."""
    desktop.expected = ("422",)
    desktop.open(CALENDAR)
    page = desktop.page
    page.locator(f'.day[data-day="{DAY}"] [data-choose]').first.check()
    page.locator("#calendar-to").fill((TODAY + timedelta(days=400)).isoformat())
    page.get_by_role("button", name="移动", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("需要改正")
    assert chips(page, DAY) == [12]


def test_the_calendar_is_a_list_on_a_phone(phone: Watched) -> None:
    """Days below each other, no sideways scrolling, and a group moved with the bar."""
    phone.open(CALENDAR)
    page = phone.page
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    day = page.locator(f'.day[data-day="{DAY}"]')
    box = day.bounding_box()
    assert box is not None
    assert box["width"] > 300
    day.locator("[data-choose]").first.check()
    page.locator("#calendar-to").fill(TO.isoformat())
    page.get_by_role("button", name="移动", exact=True).click()
    expect(page.locator(f'.day[data-day="{TO}"] .chip')).to_have_count(1)
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(f'.day[data-day="{TO}"] .chip')).to_have_count(0)
    assert grave_faults(phone) == []
    phone.open(f"{CALENDAR}&view=quarter")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_board_draws_map_bars_and_trend(desktop: Watched) -> None:
    """The map holds colours of its legend; choosing a class changes page and address."""
    with desktop.page.expect_response(re.compile(r"/thematic/areas\.json")):
        desktop.open(BOARD)
    page = desktop.page
    expect(page.locator(".board__canvas canvas").first).to_be_visible()
    expect(page.locator(".board__chart canvas")).to_have_count(2)
    page.wait_for_timeout(800)
    stated = page.locator(".board__swatch rect").evaluate_all(
        "all => all.map(each => each.getAttribute('fill'))"
    )
    painted = page.locator(".board__canvas canvas").first.evaluate(
        """canvas => {
            const { width, height } = canvas;
            const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
            const found = new Set();
            for (let at = 0; at < data.length; at += 4) {
                const parts = [data[at], data[at + 1], data[at + 2]];
                found.add('#' + parts.map(part => part.toString(16).padStart(2, '0')).join(''));
            }
            return [...found];
        }"""
    )
    assert set(stated) & set(painted)
    assert grave_faults(desktop) == []
    page.get_by_label("资产类别").select_option("operating")
    page.wait_for_url(re.compile("class=operating"))
    expect(page.locator(".board__chart canvas")).to_have_count(2)
    page.get_by_label("分组").select_option("person")
    expect(page.locator("#table-title")).to_have_text("按责任人员")


def test_the_board_leads_from_township_to_village_to_obligations(desktop: Watched) -> None:
    """Down by the table's links, back by the path; every figure stays within its place."""
    desktop.open(BOARD)
    page = desktop.page
    page.locator(".board__table tbody tr[data-code] a").first.click()
    expect(page.locator("#map-title")).to_contain_text("各村")
    page.locator(".board__table tbody tr[data-code] a").first.click()
    expect(page.locator(".breadcrumb b")).to_be_visible()
    page.locator(".figure").first.click()
    expect(page.locator("#list-title")).to_contain_text("全部")
    card = page.locator("#list tbody a").first
    name = card.inner_text()
    card.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_the_board_fits_a_phone_and_paper(phone: Watched) -> None:
    """No sideways scrolling; printed, filters and buttons are gone."""
    phone.open(BOARD)
    page = phone.page
    expect(page.locator(".board__chart canvas")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert grave_faults(phone) == []
    page.emulate_media(media="print")
    expect(page.locator("#board-form")).to_be_hidden()
    expect(page.locator(".board__figures")).to_be_visible()
