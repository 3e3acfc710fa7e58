"""Roads in a real browser: a closure drawn, told, declared and lifted; the report and its map."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import driver_url
from tests.e2e.conftest import Watched
from tests.e2e.test_pages import grave_faults

pytestmark = pytest.mark.browser

CLOSURES = "/roads/closures"


@pytest.fixture(autouse=True)
def none_declared(cluster: Cluster, address: str) -> Iterator[None]:
    """No closure is there before, none stays for the other tests."""
    assert address
    engine = create_engine(driver_url(cluster.owner_url(f"run_{os.getpid()}_e2e")))
    _lift_all(engine)
    yield
    _lift_all(engine)
    engine.dispose()


def _lift_all(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        session.execute(text("delete from road_closure"))


def draw_area(page: Page, half: int = 25) -> None:
    """Draw a square around the middle of the map."""
    page.get_by_role("button", name="画范围").click()
    box = page.locator("#closures-map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for dx, dy in ((-half, -half), (half, -half), (half, half)):
        page.mouse.click(x + dx, y + dy)
        # Two clicks at once would be a double click, which ends the drawing.
        page.wait_for_timeout(350)
    page.mouse.dblclick(x - half, y + half)


def test_a_closure_is_drawn_declared_and_lifted(desktop: Watched) -> None:
    """What it touches is told before; then it is listed, shown, and lifted after a question."""
    desktop.open(CLOSURES)
    page = desktop.page
    assert grave_faults(desktop) == []
    draw_area(page)
    touched = page.locator("#closure-touched")
    expect(touched).to_contain_text(re.compile(r"碰到 \d+ 段道路，共 [\d.]+ 公里"))
    told = re.search(r"碰到 (\d+) 段", touched.inner_text())
    assert told is not None
    page.get_by_label("原因").fill("路面淹水")
    page.get_by_label("缓行", exact=True).check()
    page.get_by_label("缓行时用时是平时的").fill("3")
    page.get_by_role("button", name="登记管制").click()
    expect(page.get_by_role("status").first).to_contain_text(f"涉及 {told[1]} 段道路")
    row = page.locator("tbody tr", has_text="路面淹水")
    expect(row).to_contain_text("缓行（3 倍用时）")
    expect(row).to_contain_text("正在管制")
    row.get_by_role("button", name="在图上看").click()
    expect(page.locator("#closures-map")).to_be_focused()
    page.mouse.move(0, 0)
    questions: list[str] = []

    def decline(dialog: Dialog) -> None:
        questions.append(dialog.message)
        dialog.dismiss()

    page.once("dialog", decline)
    row.get_by_role("button", name="解除").click()
    assert questions == ["解除“路面淹水”的道路管制？行车时间立即恢复。"]
    expect(row).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="解除").click()
    expect(page.get_by_text("现在没有道路管制")).to_be_visible()


def test_a_closure_is_drawn_by_keyboard(desktop: Watched) -> None:
    """Arrow keys move the map under the crosshair, Enter puts a corner, a button ends it."""
    desktop.open(CLOSURES)
    page = desktop.page
    page.get_by_role("button", name="画线").press("Enter")
    holder = page.locator("#closures-map")
    expect(holder).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(700)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="完成").press("Enter")
    expect(page.locator("#closure-touched")).to_contain_text(re.compile("碰到 .* 段|没有道路"))
    assert '"LineString"' in page.locator("#geom").input_value()
    page.get_by_role("button", name="清除").click()
    assert page.locator("#geom").input_value() == ""


def test_what_is_wrong_comes_back_with_the_drawing(desktop: Watched) -> None:
    """Without a reason it is refused; the shape is still there and its roads are told again."""
    desktop.expected = ("422",)
    desktop.open(CLOSURES)
    page = desktop.page
    draw_area(page)
    expect(page.locator("#closure-touched")).to_contain_text("碰到")
    page.get_by_role("button", name="登记管制").click()
    expect(page.get_by_role("alert")).to_contain_text("请填写管制原因")
    expect(page.locator("#closure-touched")).to_contain_text("碰到")
    assert '"Polygon"' in page.locator("#geom").input_value()
    assert grave_faults(desktop) == []


def test_places_typed_are_drawn(desktop: Watched) -> None:
    """Coordinates typed into the form are drawn and told like a drawing."""
    desktop.open(CLOSURES)
    page = desktop.page
    page.get_by_text("用坐标填写").click()
    page.get_by_label("画的是").select_option("area")
    page.locator("#geom").fill("117.24,29.36; 117.26,29.36; 117.26,29.38; 117.24,29.38")
    page.get_by_label("原因").click()
    expect(page.locator("#closure-touched")).to_contain_text("碰到")
    desktop.expected = ("422",)
    page.locator("#geom").fill("这里")
    page.get_by_label("原因").click()
    expect(page.locator("#closure-touched")).to_contain_text("请在地图上画出")


def test_the_report_and_its_map(desktop: Watched) -> None:
    """Figures of the demo county, the list narrowed, the map with what the list holds."""
    with desktop.page.expect_response(re.compile(r"/roads/report\.json")) as answered:
        desktop.open("/roads")
    page = desktop.page
    assert answered.value.ok
    expect(page.locator(".roads__figures")).to_contain_text("主网占比")
    expect(page.locator("#roads-map canvas").first).to_be_visible()
    assert grave_faults(desktop) == []
    page.get_by_label("离路多少米算远").fill("800")
    page.get_by_role("button", name="查询").click()
    page.wait_for_url(re.compile("farther=800"))
    expect(page.locator(".roads__figures")).to_contain_text("离路 800 米以上")


@pytest.mark.parametrize("path", ["/roads", CLOSURES])
def test_they_fit_a_phone(phone: Watched, path: str) -> None:
    """No sideways scrolling, nothing grave for screen readers."""
    phone.open(path)
    page = phone.page
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert grave_faults(phone) == []
