"""From a label to the ledger in a browser: scanned, reported, reviewed; labels; reminders."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from tests.e2e.conftest import DESKTOP, PHONE, Watched
from tests.e2e.plan_editing import make_plan
from tests.e2e.test_pages import first_of, grave_faults
from tests.inspections.pictures import phone_picture

pytestmark = pytest.mark.browser

Visit = Callable[[tuple[int, int]], Watched]
WORDS = "水泵房门锁坏了，<b>很久</b>没人管"


def no_wider(watched: Watched) -> bool:
    """Tell whether the page fits the window."""
    return bool(watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_scanned_label_becomes_a_defect(visit: Visit, tmp_path: Path) -> None:
    """Somebody with a phone reports with a photo; the office accepts; the receipt tells."""
    office = visit(DESKTOP)
    office.sign_in("county")
    path = first_of(office, "water_projects").replace("/locations/", "/r/")
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(phone_picture())
    anybody = visit(PHONE)
    anybody.open(path)
    assert no_wider(anybody)
    assert grave_faults(anybody) == []
    anybody.page.get_by_label("哪里有问题").fill(WORDS)
    anybody.page.get_by_label("问题类型").select_option(label="未上锁、围栏破损")
    anybody.page.get_by_label(re.compile("照片")).set_input_files(str(photo))
    anybody.page.get_by_role("button", name="提交").click()
    expect(anybody.page.get_by_role("heading", name="问题反映回执")).to_be_visible()
    expect(anybody.page.get_by_text("待审核")).to_be_visible()
    expect(anybody.page.get_by_text(WORDS)).to_be_visible()
    assert no_wider(anybody)
    assert grave_faults(anybody) == []
    receipt = anybody.page.locator(".receipt").inner_text()
    office.open("/reports")
    card = office.page.locator("article", has_text=receipt)
    expect(card.get_by_text(WORDS)).to_be_visible()
    picture = card.get_by_role("img")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", value=True)
    assert picture.evaluate("image => image.naturalWidth") > 0
    assert grave_faults(office) == []
    card.get_by_text("受理", exact=True).click()
    card.get_by_label("问题标题").fill("水泵房门锁损坏")
    card.get_by_label("答复（可选）").first.fill("已安排维修")
    card.get_by_role("button", name="登记为问题").click()
    expect(office.page.get_by_role("status")).to_contain_text("已受理，问题编号 WT-")
    anybody.page.reload()
    expect(anybody.page.get_by_text("已受理")).to_be_visible()
    expect(anybody.page.get_by_text("已安排维修")).to_be_visible()


def test_staff_who_scan_go_straight_on(phone: Watched) -> None:
    """The page behind a label leads signed-in staff to the card."""
    path = first_of(phone, "water_projects")
    phone.open(path.replace("/locations/", "/r/"))
    phone.page.get_by_role("link", name="打开点位卡片").click()
    expect(phone.page).to_have_url(re.compile(re.escape(path)))


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_labels_are_chosen_on_the_page(visit: Visit, size: tuple[int, int]) -> None:
    """The number follows every choice; too many are divided into files."""
    watched = visit(size)
    watched.sign_in("county")
    watched.open("/labels")
    assert no_wider(watched)
    assert grave_faults(watched) == []
    watched.page.get_by_label("图层").select_option("water_projects")
    expect(watched.page.get_by_text("请分批打印")).to_be_visible()
    watched.page.get_by_label("乡镇").select_option(label="瑶里镇")
    link = watched.page.get_by_role("link", name="生成标签（PDF）")
    expect(link).to_be_visible()
    address = link.get_attribute("href")
    assert address is not None
    answer = watched.page.request.get(f"{watched.address}{address}")
    assert answer.body().startswith(b"%PDF")
    assert "township=360222" in watched.page.url


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_calendar_address_is_made(visit: Visit, owner: Engine, size: tuple[int, int]) -> None:
    """Shown once; the page fits and shuts nobody out."""
    watched = visit(size)
    watched.sign_in("county")
    make_plan(owner, "一个没有空格可以换行的规划名称_" + "0123456789" * 8)
    watched.open("/reminders")
    assert no_wider(watched)
    assert grave_faults(watched) == []
    watched.page.once("dialog", lambda dialog: dialog.accept())
    watched.page.get_by_role("button", name="生成").click()
    shown = watched.page.locator("code", has_text="/feeds/")
    expect(shown).to_be_visible()
    assert no_wider(watched)
    answer = watched.page.request.get(shown.inner_text())
    assert answer.text().startswith("BEGIN:VCALENDAR")
