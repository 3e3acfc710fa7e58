"""The list of tasks, the rules that make them, and what frees a location from them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from fuliang_gis import clock
from tests.e2e.conftest import DESKTOP, PHONE, Watched
from tests.e2e.test_pages import first_of, grave_faults

pytestmark = pytest.mark.browser

TASKS = "/inspections/obligations"
RULES, EXCEPTIONS = "/inspections/rules", "/inspections/exceptions"
#: A form that comes back with its faults marked, as the console tells it.
REFUSED = ("422",)
Visit = Callable[[tuple[int, int]], Watched]


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def county(visit: Visit, request: pytest.FixtureRequest) -> Watched:
    """County staff at a desk and with a phone."""
    watched = visit(request.param)
    watched.sign_in("county")
    return watched


def fits(page: Page) -> bool:
    """Tell whether no part of the page lies beside the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def said(page: Page, words: str) -> None:
    """Wait for the message of a done act."""
    expect(page.locator(".notice--ok")).to_contain_text(words)


def agree(page: Page) -> None:
    """Say yes to the next question."""
    page.once("dialog", lambda dialog: dialog.accept())


def add_rule(page: Page, title: str) -> None:
    """Have every photovoltaic station inspected twice a month."""
    page.get_by_role("link", name="新增规则").click()
    page.locator("#title").fill(title)
    page.locator("#target").select_option(label="光伏电站（全部）")
    page.locator("#period").select_option(label="每月")
    page.locator("#count").fill("2")
    page.locator("#basis").fill("浮开办发〔2020〕4号")
    page.get_by_role("button", name="保存").click()


@pytest.mark.parametrize("path", [TASKS, RULES, f"{RULES}/new", EXCEPTIONS])
def test_pages_shut_nobody_out(county: Watched, path: str) -> None:
    """Axe must find nothing grave, and no page may be wider than its window."""
    county.open(path)
    assert grave_faults(county) == []
    assert fits(county.page)


def test_tasks_are_narrowed_and_opened(county: Watched) -> None:
    """What is chosen must stand in the address; a task must lead to its location."""
    page = county.page
    county.open(TASKS)
    page.locator("#state").select_option(label="全部状态")
    page.wait_for_url(re.compile("state=all"))
    more = page.locator(".toolbar__fold")
    if more.is_visible():
        more.click()
    page.locator("#layer").select_option(label="光伏电站")
    page.wait_for_url(re.compile("layer=pv_stations"))
    rows = page.locator("#list tbody tr")
    expect(rows.first).to_contain_text("光伏电站")
    assert all("光伏电站" in each for each in rows.all_inner_texts())
    rows.first.get_by_role("link", name="查看").click()
    page.wait_for_url(re.compile(r"/obligations/\d+$"))
    expect(page.locator("dl.facts")).to_contain_text("巡查事项")
    assert grave_faults(county) == []
    assert fits(page)
    page.get_by_role("link", name="该点位的任务与免检").click()
    expect(page.get_by_role("heading", name="免检与调整")).to_be_visible()


def test_a_rule_is_added_changed_and_withdrawn(county: Watched) -> None:
    """It must be told who is inspected how often from then on, and every change must be kept."""
    page, title = county.page, f"光伏电站半月一巡{uuid4().hex[:6]}"
    county.open(RULES)
    add_rule(page, title)
    said(page, f"已新增规则“{title}”")
    expect(page.get_by_role("region", name="历次修改")).to_contain_text("新增")
    page.locator("#count").fill("3")
    page.get_by_role("button", name="保存").click()
    history = page.get_by_role("region", name="历次修改")
    expect(history).to_contain_text("次数：2 → 3")
    assert grave_faults(county) == []
    assert fits(page)

    county.open(RULES)
    who = page.get_by_role("region", name="谁多久巡一次").locator("tr", has_text=title)
    expect(who.first).to_contain_text("每月 3 次")
    page.get_by_role("region", name="规则表格").get_by_role("link", name=title).click()
    agree(page)
    page.get_by_role("button", name="停用规则").click()
    expect(page.locator("h1 ~ .badge").first).to_have_text("已停用")
    expect(history).to_contain_text("停用")
    county.open(RULES)
    row = page.get_by_role("region", name="规则表格").locator("tr", has_text=title)
    expect(row).to_contain_text("已停用")


def test_a_rule_without_its_basis_is_refused(county: Watched) -> None:
    """The form must come back with what was typed and say what is missing."""
    page = county.page
    county.expected = REFUSED
    county.open(f"{RULES}/new")
    page.locator("#title").fill("没有依据的规则")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".notice--bad")).to_be_visible()
    expect(page.locator("#basis-fault")).to_be_visible()
    expect(page.locator("#title")).to_have_value("没有依据的规则")
    assert grave_faults(county) == []


def test_a_location_is_freed_for_a_time(county: Watched) -> None:
    """An exception must state its reason and its end, stand in the list, and can be taken back."""
    page, reason = county.page, f"检修停运{uuid4().hex[:6]}"
    county.expected = REFUSED
    code = first_of(county, "pv_stations").rpartition("/")[2]
    county.open(f"{EXCEPTIONS}/pv_stations/{code}")
    today = clock.today()
    page.locator("#valid_from").fill(today.isoformat())
    page.get_by_role("button", name="批准").click()
    expect(page.locator("#valid_to-fault")).to_be_visible()
    page.locator("#valid_to").fill((today + timedelta(days=30)).isoformat())
    page.get_by_role("button", name="批准").click()
    expect(page.locator("#reason-fault")).to_be_visible()
    assert grave_faults(county) == []

    page.locator("#reason").fill(reason)
    page.get_by_role("button", name="批准").click()
    granted = page.locator(".row", has_text=reason)
    expect(granted.last).to_contain_text("生效")
    assert fits(page)

    county.open(EXCEPTIONS)
    row = page.locator("tbody tr", has_text=reason)
    expect(row).to_contain_text((today + timedelta(days=30)).isoformat())
    row.get_by_role("link").first.click()
    agree(page)
    page.locator(".row", has_text=reason).get_by_role("button", name="取消").click()
    expect(page.locator(".row", has_text=reason).last).to_contain_text("已取消")
