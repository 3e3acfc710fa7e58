"""Every page is usable by everybody, on every screen; the daily round of work runs through."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.e2e.conftest import DESKTOP, PHONE, Watched

pytestmark = pytest.mark.browser

PAGES = [
    "/",
    "/locations/villages",
    "/locations/sanitation_facilities?use_status=idle",
    "/areas",
    "/help",
    "/account",
]
GRAVE = ("serious", "critical")


def first_of(watched: Watched, layer: str) -> str:
    """Return the address of the first location of a layer's list."""
    watched.open(f"/locations/{layer}")
    link = watched.page.locator("#list tbody a").first.get_attribute("href")
    assert link is not None
    return link


def grave_faults(watched: Watched) -> list[str]:
    """Return the serious faults that axe finds in the page as it is."""
    found = Axe().run(watched.page)
    return [
        f"{fault['id']}: {node['target']} {node['html'][:120]}"
        for fault in found.response["violations"]
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("path", PAGES)
def test_pages_have_no_grave_fault(desktop: Watched, path: str) -> None:
    """No page may shut anybody out: axe must find nothing serious or critical."""
    desktop.open(path)
    desktop.page.wait_for_timeout(500)
    assert grave_faults(desktop) == []


@pytest.mark.parametrize("kind", ["", "/edit", "/history"])
def test_pages_of_a_location_have_no_grave_fault(desktop: Watched, kind: str) -> None:
    """The same for a card, its form and its history."""
    desktop.open(first_of(desktop, "water_projects") + kind)
    desktop.page.wait_for_timeout(500)
    assert grave_faults(desktop) == []


def test_sign_in_has_no_grave_fault(visit: Callable[[tuple[int, int]], Watched]) -> None:
    """The same for the first page that anybody sees, on both screens."""
    for size in (DESKTOP, PHONE):
        watched = visit(size)
        watched.open("/sign-in")
        assert grave_faults(watched) == []


@pytest.mark.parametrize("path", PAGES)
def test_phone_needs_no_sideways_scroll(phone: Watched, path: str) -> None:
    """On a phone no page may be wider than the screen."""
    phone.open(path)
    phone.page.wait_for_timeout(300)
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_filters_fold_on_a_phone(visit: Callable[[tuple[int, int]], Watched]) -> None:
    """The list begins on the first screen; a button tells what narrows it, and opens the rest."""
    phone = visit(PHONE)
    phone.sign_in("county")
    page, address = phone.page, "/defects?severity=serious"
    phone.open(address)
    severity = page.get_by_label("严重程度")
    expect(severity).to_be_hidden()
    button = page.get_by_role("button", name="筛选（已选 1）")
    button.click()
    expect(severity).to_be_visible()
    severity.select_option("")
    expect(page.get_by_role("button", name="筛选", exact=True)).to_have_attribute(
        "aria-expanded", "true"
    )
    page.wait_for_url(lambda url: "severity=serious" not in url)
    desk = visit(DESKTOP)
    desk.sign_in("county")
    desk.open(address)
    expect(desk.page.get_by_label("严重程度")).to_be_visible()
    expect(desk.page.locator(".toolbar__fold")).to_be_hidden()


def test_find_change_and_see_the_history(desktop: Watched) -> None:
    """List, search, open, edit, save, history: the daily round must run with the mouse and keys."""
    page = desktop.page
    desktop.open("/locations/water_projects")
    name = page.locator("#list tbody a").first.inner_text()
    page.get_by_label("搜索").fill(name)
    page.get_by_role("button", name="查询").click()
    page.wait_for_url(re.compile(r"q="))
    page.locator("#list tbody a", has_text=name).first.click()
    expect(page.locator("[data-location-map] canvas").first).to_be_visible()
    page.get_by_role("link", name="修改").click()
    page.get_by_label("备注").fill("浏览器测试填写")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("浏览器测试填写")).to_be_visible()
    page.get_by_role("link", name="历史").first.click()
    expect(page.locator(".diff ins", has_text="浏览器测试填写")).to_be_visible()


def test_place_can_be_typed(desktop: Watched) -> None:
    """Typed coordinates must move the point and reach the server."""
    page = desktop.page
    path = first_of(desktop, "villages")
    desktop.open(f"{path}/edit")
    page.locator("[data-location-map] canvas").first.wait_for()
    east = page.get_by_label("经度（°E）")
    moved = f"{float(east.input_value()) + 0.0005:.6f}"
    east.fill(moved)
    east.press("Tab")
    page.get_by_role("button", name="保存").click()
    page.wait_for_url(lambda url: not url.endswith("/edit"))
    expect(page.get_by_text(moved)).to_be_visible()


def test_refusal_is_told_in_words(desktop: Watched) -> None:
    """A link to a location that is gone must be told as a message, in Chinese."""
    desktop.expected = ("404", "Response Status Error Code")
    desktop.open("/?layer=villages&code=no-such-code")
    told = desktop.page.locator("#toasts [role=alert]")
    expect(told).to_contain_text("没有找到")
    told.get_by_role("button", name="关闭消息").click()
    expect(told).to_have_count(0)
