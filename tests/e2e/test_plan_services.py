"""A plan's services in the browser: who is missed, on the map; a site chosen and taken up."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESKTOP, PHONE, Watched
from tests.e2e.test_pages import grave_faults


@pytest.fixture
def planner(visit: Callable[[tuple[int, int]], Watched]) -> Watched:
    """A planner at a desk."""
    watched = visit(DESKTOP)
    watched.sign_in("planner")
    return watched


def open_services(watched: Watched) -> Page:
    """Go to the services of the demo county's plan that is being drafted."""
    page = watched.page
    watched.open("/plans?state=draft&q=示意")
    page.get_by_role("row").filter(has_text="演示").get_by_role("link").first.click()
    page.get_by_role("link", name="设施服务").click()
    served(page)
    return page


def served(page: Page) -> None:
    """Wait until the map tells who is reached."""
    expect(page.locator(".services-map[data-served]")).to_be_attached()


def test_who_is_missed_becomes_a_site(planner: Watched) -> None:
    """The planner reads shares, looks at a missed home, chooses sites and takes one up."""
    page = open_services(planner)
    expect(page.get_by_text("沿道路步行 15 分钟内到公厕")).to_be_visible()
    expect(page.get_by_text("直线会高估")).to_be_visible()
    missed = page.locator("#missed")
    missed.locator("[data-show-parcels]").first.click()
    expect(page.locator("[data-told]")).to_contain_text(re.compile(r"图斑 \S+（\d+ 户）.*直线估算"))
    siting = page.locator("#siting")
    siting.get_by_label("目标").select_option("most_covered")
    siting.get_by_label("站点数").fill("2")
    siting.get_by_role("button", name="选址").click()
    served(page)
    expect(siting.get_by_role("row")).to_have_count(3)
    siting.locator("[data-show-site]").first.click()
    expect(page.locator("[data-told]")).to_contain_text("站点 1 服务")
    siting.get_by_label("2", exact=True).uncheck()
    siting.get_by_label("站点 1 的名称").fill("<b>东头公厕</b>")
    siting.get_by_role("button", name="采纳勾选的站点").click()
    expect(page.get_by_text("已采纳 1 个站点")).to_be_visible()
    taken = page.locator("#proposed-facilities")
    expect(taken).to_contain_text("<b>东头公厕</b>")
    page.once("dialog", lambda dialog: dialog.accept())
    taken.get_by_role("button", name=re.compile("删除规划设施 <b>东头公厕")).click()
    expect(page.get_by_text("已删除规划设施")).to_be_visible()


def test_the_sun_beside_meters(planner: Watched) -> None:
    """An estimate has twelve bars and stands beside what the county's meters say."""
    page = open_services(planner)
    sun = page.locator("#pv")
    sun.get_by_label("装机容量").fill("100")
    sun.get_by_role("button", name="估算").click()
    served(page)
    expect(page.locator(".services-months__bar")).to_have_count(12)
    expect(page.locator("#pv")).to_contain_text("座有一年电表读数的电站")
    page.locator("#pv").get_by_label("倾角").fill("200")
    page.locator("#pv").get_by_role("button", name="估算").click()
    expect(page.locator("#tilt-error")).to_contain_text("0 到 90")
    assert grave_faults(planner) == []


def test_services_fit_a_phone(visit: Callable[[tuple[int, int]], Watched]) -> None:
    """At 390 pixels nothing is wider than the window, and a viewer has no buttons to change."""
    watched = visit(PHONE)
    watched.sign_in("viewer")
    page = open_services(watched)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.get_by_role("button", name="采纳勾选的站点")).to_have_count(0)
    assert grave_faults(watched) == []
