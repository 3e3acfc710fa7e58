"""A problem's whole way in the browser, by the posts that have a hand in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESKTOP, PHONE, Watched
from tests.e2e.test_pages import grave_faults
from tests.inspections.pictures import phone_picture

pytestmark = pytest.mark.browser

Visit = Callable[[tuple[int, int]], Watched]


def signed_in(visit: Visit, who: str, size: tuple[int, int] = DESKTOP) -> Watched:
    """Open a window in which the post has signed in."""
    watched = visit(size)
    watched.sign_in(who)
    return watched


def said(page: Page, words: str) -> None:
    """Wait for the message of a done act."""
    expect(page.locator(".notice--ok")).to_contain_text(words)


def fix(page: Page, words: str, photo: Path) -> None:
    """Report the first measure as carried out, with a photo."""
    measure = page.locator("#measure-1")
    measure.get_by_text("反馈整改", exact=True).click()
    measure.get_by_label("整改情况").fill(words)
    measure.get_by_label("整改费用").fill("860.5")
    measure.get_by_label("整改后照片").set_input_files(photo)
    measure.get_by_role("button", name="提交反馈").click()
    said(page, "反馈整改成功")


def test_from_found_to_struck_off(visit: Visit, tmp_path: Path) -> None:
    """Found, assigned, fixed with a photo, rejected, fixed again, verified, struck off."""
    before, after = tmp_path / "before.jpg", tmp_path / "after.jpg"
    before.write_bytes(phone_picture((320, 240)))
    after.write_bytes(phone_picture((240, 320)))
    county = signed_in(visit, "county")
    page = county.page
    county.open("/defects/new")
    page.get_by_label("问题标题").fill("公厕门锁损坏")
    page.get_by_label("问题类型").select_option(label="未上锁、围栏破损")
    page.get_by_label("整改前照片").set_input_files(before)
    page.get_by_label("行政区划").select_option(label="浮梁镇")
    page.get_by_label("整改措施（每行一条）").fill("更换门锁")
    page.get_by_role("button", name="登记").click()
    said(page, "已登记问题 WT-")
    address = re.sub(r"^https?://[^/]+", "", page.url)
    page.get_by_label("或责任岗位").fill("浮梁镇管护员")
    page.get_by_role("button", name="交办", exact=True).click()
    said(page, "交办成功")
    assert grave_faults(county) == []

    township = signed_in(visit, "township", PHONE)
    township.open(address)
    fix(township.page, "已换新锁", after)
    width = township.page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE[0]

    reviewer = signed_in(visit, "reviewer")
    reviewer.open(address)
    reviewer.page.get_by_label("验收意见").fill("照片看不清门锁")
    reviewer.page.get_by_role("button", name="驳回").click()
    said(reviewer.page, "驳回成功")

    township.open(address)
    expect(township.page.locator("#measure-1")).to_contain_text("驳回 1 次")
    fix(township.page, "已补拍", after)

    reviewer.open(address)
    expect(reviewer.page.locator(".compare img")).to_have_count(2)
    reviewer.page.get_by_role("button", name="验收通过").click()
    said(reviewer.page, "验收通过成功")
    assert grave_faults(reviewer) == []

    county.open(address)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_label("销号意见").fill("同意销号")
    page.get_by_role("button", name="销号", exact=True).click()
    said(page, "销号成功")
    expect(page.locator("h1 ~ .badge").first).to_have_text("已销号")
    steps = page.locator(".way__step b").all_inner_texts()
    assert steps == [
        "登记", "交办", "反馈整改", "驳回", "反馈整改", "验收通过", "销号",
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["/defects", "/defects/new", "/defects/supervision", "/disposals"])
def test_pages_shut_nobody_out(desktop: Watched, path: str) -> None:
    """Axe finds nothing grave."""
    desktop.open(path)
    assert grave_faults(desktop) == []


@pytest.mark.parametrize("path", ["/defects", "/defects/new", "/disposals"])
def test_pages_fit_a_phone(phone: Watched, path: str) -> None:
    """No page is wider than the phone."""
    phone.open(path)
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_filters_stay_in_the_address(desktop: Watched) -> None:
    """What is chosen in the ledger can be sent on as a link."""
    desktop.open("/defects")
    desktop.page.get_by_label("严重程度").select_option("serious")
    desktop.page.wait_for_url(re.compile(r"severity=serious"))
    desktop.page.reload()
    expect(desktop.page.get_by_label("严重程度")).to_have_value("serious")
