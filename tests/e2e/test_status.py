"""Statuses on the map, and a location's ledger, as county staff see them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from fuliang_gis.inspections.status.rules import StatusCode, styles
from tests.e2e.conftest import Watched

LIST = "/locations/water_projects"


@pytest.fixture(params=["desktop", "phone"])
def watched(request: pytest.FixtureRequest) -> Watched:
    """County staff at a desk and with a phone."""
    found: Watched = request.getfixturevalue(request.param)
    return found


def test_the_map_is_coloured_and_narrowed_by_status(desktop: Watched) -> None:
    """The switch, the legend's nine statuses and the filter stand in the address and outlive it."""
    page = desktop.page
    with page.expect_request(lambda request: "graded=1" in request.url):
        desktop.open("/?colour=status")
    expect(page.get_by_label("按状态着色")).to_be_checked()
    legend = page.locator(".legend__statuses")
    for code in StatusCode:
        expect(legend.get_by_role("button", name=styles()[code].zh, exact=True)).to_be_visible()
    with page.expect_request(lambda request: "inspection=overdue" in request.url):
        legend.get_by_role("button", name="逾期未巡").click()
    expect(page.get_by_label("巡查状态")).to_have_value("overdue")
    page.wait_for_url(lambda url: "status=overdue" in url and "colour=status" in url)
    page.get_by_label("按类型着色").check()
    page.wait_for_url(lambda url: "colour=" not in url and "status=overdue" in url)
    expect(legend).to_be_hidden()


def test_an_open_map_asks_again_when_it_comes_back(desktop: Watched) -> None:
    """A map that comes back into sight asks whether its layers have changed."""
    page = desktop.page
    desktop.open("/")
    page.wait_for_selector("#map[data-drawn]")
    with page.expect_response(lambda response: "/map/changes" in response.url) as asked:
        page.evaluate("window.dispatchEvent(new Event('focus'))")
    assert "changes" in asked.value.json()


def test_list_card_and_ledger_tell_the_status(watched: Watched) -> None:
    """From the list to the card to the ledger, the same sentence."""
    page = watched.page
    watched.open(f"{LIST}?sort=status&size=25")
    row = page.locator("tbody tr").first
    sentence = row.locator(".status__sentence").inner_text()
    row.get_by_role("link").first.click()
    expect(page.locator(".standing__sentence")).to_have_text(sentence)
    page.get_by_role("link", name="台账", exact=True).click()
    expect(page.locator(".standing__sentence")).to_have_text(sentence)
    timeline = page.locator("#timeline")
    timeline.get_by_role("link", name="档案变更").click()
    page.wait_for_url(lambda url: "kind=change" in url)
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert width <= 0
