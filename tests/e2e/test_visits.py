"""An inspector with a phone: the form, a lost network, and the visit arriving once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESKTOP, PHONE, Watched
from tests.e2e.test_pages import grave_faults
from tests.inspections.pictures import phone_picture

pytestmark = pytest.mark.browser

#: What the console tells of a network that a test takes away.
OFFLINE = ("ERR_INTERNET_DISCONNECTED", "Failed to load resource", "TypeError: Failed to fetch")


@pytest.fixture
def station(desktop: Watched) -> str:
    """The address of the form of some PV station."""
    desktop.open("/locations/pv_stations")
    link = desktop.page.locator("#list tbody a").first.get_attribute("href")
    assert link is not None
    return link.replace("/locations/", "/today/")


def fill(page: Page, note: str) -> None:
    """Answer every question, and write a note."""
    for question in page.locator("[data-question]").all():
        question.get_by_label("正常", exact=True).check()
    page.get_by_label("备注").fill(note)


def visits_noted(watched: Watched, note: str) -> list[str]:
    """Return the addresses of the stored visits that carry a note."""
    answer = watched.page.request.get(f"{watched.address}/api/v1/visits?mine=true&size=200")
    return [each["uuid"] for each in answer.json()["items"] if each["note"] == note]


def test_fill_in_the_form_on_a_phone(phone: Watched, station: str, tmp_path: Path) -> None:
    """Position, answers, a reading out of plausibility, a photo, a signature: then it is sent."""
    page = phone.page
    phone.expected = ("422",)
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"longitude": 117.1, "latitude": 29.3, "accuracy": 12})
    phone.open(station)
    expect(page.locator("[data-position-text]")).to_contain_text("误差约 12 米")
    expect(page.get_by_label("不在现场的原因")).to_be_visible()
    page.get_by_label("不在现场的原因").fill("道路中断")
    fill(page, "手机填报")
    first = page.locator("[data-question]").first
    first.get_by_label("异常", exact=True).check()
    first.get_by_placeholder("异常说明（选填）").fill("杂草高")
    photo = tmp_path / "IMG_1.jpg"
    photo.write_bytes(phone_picture())
    page.locator("#photos").set_input_files(photo)
    expect(page.locator(".previews img")).to_have_count(1)
    large = tmp_path / "large.jpg"
    large.write_bytes(bytes(40_000_001))
    page.locator("#photos").set_input_files(large)
    expect(page.locator("[data-photo-fault]")).to_contain_text("超过 40 MB")
    pad = page.locator("[data-signature-pad]")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 60, steps=6)
    page.mouse.up()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert grave_faults(phone) == []
    page.get_by_role("button", name="提交巡查记录").click()
    page.wait_for_url("**/visits/*")
    expect(page.get_by_text("不在现场", exact=True).first).to_be_visible()
    expect(page.get_by_text("道路中断")).to_be_visible()
    expect(page.get_by_text("杂草高")).to_be_visible()
    expect(page.locator(".photos img")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    page.wait_for_timeout(500)
    assert grave_faults(phone) == []


def test_a_visit_filled_in_without_a_network_arrives_once(phone: Watched, station: str) -> None:
    """The form opens without a network, what is sent waits, and goes out by itself, once."""
    page = phone.page
    note = "断网时填写的记录"
    phone.expected = OFFLINE
    phone.open(station)
    page.evaluate("navigator.serviceWorker.ready")
    # The worker takes the page over, then what it has seen once is there without a network.
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    phone.open(station)
    page.context.set_offline(True)
    phone.open(station)
    expect(page.get_by_role("button", name="提交巡查记录")).to_be_visible()
    fill(page, note)
    page.get_by_role("button", name="提交巡查记录").click()
    expect(page.locator("[data-waiting]")).to_have_text("1")
    expect(page.locator("[data-outbox]")).to_contain_text("重试")
    page.context.set_offline(False)
    expect(page.locator("[data-outbox]")).to_be_hidden()
    assert len(visits_noted(phone, note)) == 1
    phone.open("/today")
    expect(page.locator("[data-outbox]")).to_be_hidden()
    assert len(visits_noted(phone, note)) == 1


def test_a_draft_outlives_a_closed_page(phone: Watched, station: str) -> None:
    """What was filled in is there again after a reload, and can be thrown away."""
    page = phone.page
    phone.open(station)
    fill(page, "写到一半")
    page.wait_for_timeout(900)
    phone.open(station)
    expect(page.get_by_label("备注")).to_have_value("写到一半")
    expect(page.get_by_text("已恢复上次未提交的内容")).to_be_visible()
    assert page.locator("[data-question] input[value=ok]:checked").count() > 0
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="清空重填").click()
    expect(page.get_by_label("备注")).to_have_value("")


def test_what_the_server_refuses_stands_beside_its_field(phone: Watched, station: str) -> None:
    """A time to come is refused, nothing waits, and everything filled in is still there."""
    page = phone.page
    phone.expected = ("422",)
    phone.open(station)
    fill(page, "时间不对")
    page.get_by_label("巡查时间").fill("2099-01-01T08:00")
    page.get_by_role("button", name="提交巡查记录").click()
    expect(page.get_by_text("请校准手机时间")).to_be_visible()
    expect(page.get_by_label("备注")).to_have_value("时间不对")
    expect(page.locator("[data-outbox]")).to_be_hidden()


def test_today_and_the_list_are_usable(
    phone: Watched, visit: Callable[[tuple[int, int]], Watched]
) -> None:
    """Tasks and records fit the phone, sort by distance, and shut nobody out."""
    page = phone.page
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"longitude": 117.25, "latitude": 29.37})
    for path in ("/today", "/visits"):
        phone.open(path)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        assert grave_faults(phone) == []
    phone.open("/today")
    nearest = page.get_by_role("button", name="离我最近的在前")
    if nearest.count():
        nearest.click()
        page.wait_for_url(f"**near={quote('117.25000,29.37000', safe='')}*")
    desk = visit(DESKTOP)
    desk.sign_in("county")
    for path in ("/today", "/visits"):
        desk.open(path)
        assert grave_faults(desk) == []
