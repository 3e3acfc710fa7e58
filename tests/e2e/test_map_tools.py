"""What people do with the county's map: find, narrow, list, export, move, measure, print."""

from __future__ import annotations

import io
import math
import re
import unicodedata
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from pyproj import Geod

from tests.e2e.conftest import Watched
from tests.e2e.test_map import CLOSE, settled
from tests.e2e.test_pages import grave_faults

pytestmark = pytest.mark.browser

#: A4 across [points].
A4 = (842, 595)


def search(page: Page, text: str) -> None:
    """Type into the map's search box and wait for what it finds."""
    page.locator("#map-search").fill(text)
    expect(page.locator("#map-found")).to_be_visible()


def show_list(page: Page, layer: str) -> None:
    """Open the list beside the map for a layer."""
    page.get_by_role("tab", name="列表").click()
    page.locator("#list-layer").select_option(layer)
    rows = page.locator(f'[data-layer="{layer}"] .map-list__item')
    expect(rows.first).to_be_visible()


def zoom_of(page: Page) -> float:
    """Return the zoom level that the address tells."""
    found = re.search(r"#map=([\d.]+)", page.url)
    assert found is not None
    return float(found[1])


def test_search_is_chosen_by_keys(desktop: Watched) -> None:
    """Typing must suggest, arrows and Enter choose, and the map go there with the card open."""
    page = settled(desktop)
    search(page, "瑶里镇")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    name = page.locator('#map-found [aria-selected="true"] .map-found__name').inner_text()
    assert grave_faults(desktop) == []
    page.keyboard.press("ArrowDown")
    name = page.locator('#map-found [aria-selected="true"] .map-found__name').inner_text()
    layer = page.locator('#map-found [aria-selected="true"] .map-found__layer').inner_text()
    assert layer != "行政区划"
    page.keyboard.press("Enter")
    expect(page.locator("#card .card__title")).to_have_text(name)
    page.wait_for_function("() => Number(/#map=([\\d.]+)/.exec(location.hash)[1]) >= 16")
    expect(page.locator("#map-found")).to_be_hidden()


def test_search_finds_by_initials_and_tells_when_not(desktop: Watched) -> None:
    """Pinyin initials must find a township; what is nowhere must be told."""
    page = settled(desktop)
    search(page, "ylz")
    expect(page.locator("#map-found")).to_contain_text("瑶里镇")
    page.locator("#map-search").fill("没有这个地方")
    expect(page.locator("#map-found")).to_contain_text("没有找到")


def test_filters_narrow_map_counts_and_list_together(desktop: Watched) -> None:
    """One choice must change tiles, counts and list, stay in the address, and be cleared."""
    page = settled(desktop)
    row = page.locator(".legend__row", has_text="环卫设施").locator(".legend__count")
    every = row.inner_text()
    with page.expect_request(re.compile(r"/tiles/locations/.*use_status=idle")):
        page.locator("#filter-status").select_option("idle")
    expect(row).not_to_have_text(every)
    narrowed = row.inner_text()
    show_list(page, "sanitation_facilities")
    expect(page.locator("#map-list .map-list__head strong")).to_have_text(narrowed)
    expect(page.locator("#map-list .map-list__item").first).to_contain_text("闲置")
    assert "use_status=idle" in page.url
    address = page.url.removeprefix(desktop.address)
    page.goto("about:blank")
    settled(desktop, address)
    expect(row).to_have_text(narrowed)
    page.get_by_role("button", name="清除筛选").click()
    expect(row).to_have_text(every)
    assert "use_status" not in page.url


def test_kind_of_a_layer_is_a_filter(desktop: Watched) -> None:
    """A kind in the legend must narrow its own layer only, and give way when pressed again."""
    page = settled(desktop)
    row = page.locator(".legend__row", has_text="环卫设施")
    every = row.locator(".legend__count").inner_text()
    row.locator("summary").click()
    kind = row.get_by_role("button", name="公厕")
    kind.click()
    expect(kind).to_have_attribute("aria-pressed", "true")
    expect(row.locator(".legend__count")).not_to_have_text(every)
    assert "kind.sanitation_facilities=public_toilet" in page.url
    kind.click()
    expect(row.locator(".legend__count")).to_have_text(every)


def test_list_follows_the_view_and_opens_cards(desktop: Watched) -> None:
    """The list must hold what is in sight; a row shows its card and goes there."""
    page = settled(desktop)
    show_list(page, "water_projects")
    total = page.locator("#map-list .map-list__head strong")
    every = int(total.inner_text().replace(",", ""))
    page.locator(".ol-zoom-in").click()
    expect(total).not_to_have_text(f"{every:,}")
    assert int(total.inner_text().replace(",", "")) < every
    assert grave_faults(desktop) == []
    first = page.locator("#map-list .map-list__item").first
    first.hover()
    code = first.get_attribute("data-code")
    first.click()
    expect(page.locator(f'#card [data-code="{code}"]')).to_be_visible()
    assert f"code={code}" in page.url


def test_list_is_exported_as_it_is_shown(desktop: Watched) -> None:
    """The file must hold every row of the list, and say that the data is invented."""
    page = settled(desktop, "/?use_status=idle")
    show_list(page, "assistance_assets")
    total = int(page.locator("#map-list .map-list__head strong").inner_text())
    with page.expect_download() as started:
        page.locator("#map-list").get_by_role("link", name="导出 CSV").click()
    lines = Path(started.value.path()).read_text("utf-8-sig").splitlines()
    assert "虚构" in lines[0]
    assert len(lines) == total + 2


def test_point_is_moved_and_moved_back(desktop: Watched) -> None:
    """Who may edit must move a point on the map, and undo it."""
    page = settled(desktop)
    show_list(page, "pv_stations")
    page.locator("#map-list .map-list__item").first.click()
    card = page.locator("#card .card")
    expect(card).to_be_visible()
    page.wait_for_function("() => Number(/#map=([\\d.]+)/.exec(location.hash)[1]) >= 16")
    before = card.get_attribute("data-geometry")
    page.get_by_role("button", name="移动位置").click()
    page.wait_for_timeout(400)
    box = page.locator("#map").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(middle[0] + 30, middle[1] + 20)
    expect(page.locator("#map-task")).to_contain_text("离原位置")
    page.locator("#map-task").get_by_role("button", name="保存").click()
    expect(page.locator("#toasts")).to_contain_text("位置已保存")
    expect(card).not_to_have_attribute("data-geometry", str(before))
    page.locator("#toasts").get_by_role("button", name="撤销").click()
    expect(page.locator("#toasts")).to_contain_text("已恢复原位置")
    expect(card).to_have_attribute("data-geometry", str(before))


def test_conflict_of_a_move_is_told(desktop: Watched) -> None:
    """When somebody else saved first, the move must be refused in Chinese and nothing lost."""
    desktop.expected = ("409",)
    page = settled(desktop)
    show_list(page, "pv_stations")
    page.locator("#map-list .map-list__item").nth(1).click()
    card = page.locator("#card .card")
    expect(card).to_be_visible()
    held = card.get_attribute("data-geometry")
    page.wait_for_function("() => Number(/#map=([\\d.]+)/.exec(location.hash)[1]) >= 16")
    # As if the card had been read before another person's change.
    card.evaluate("card => { card.dataset.version = String(Number(card.dataset.version) + 7); }")
    page.get_by_role("button", name="移动位置").click()
    page.wait_for_timeout(400)
    page.locator("#map").click(position={"x": 300, "y": 300})
    page.locator("#map-task").get_by_role("button", name="保存").click()
    told = page.locator("#toasts [role=alert]")
    expect(told).to_contain_text(re.compile("修改|版"))
    expect(card).to_have_attribute("data-geometry", str(held))


def test_lengths_and_areas_are_measured(desktop: Watched) -> None:
    """Clicks must give a length, and an area in three units; Escape must end it."""
    page = settled(desktop, f"/#map={CLOSE}")
    task = page.locator("#map-task")
    page.get_by_role("button", name="测距").click()
    expect(task).to_contain_text("依次点击")
    for x, y in ((300, 300), (700, 300)):
        page.mouse.click(x, y + 80)
        page.wait_for_timeout(300)
    expect(task).to_contain_text(re.compile(r"距离 [\d.]+ 米"))
    page.keyboard.press("Escape")
    expect(task).to_be_hidden()
    page.get_by_role("button", name="测面积").click()
    for x, y in ((300, 300), (700, 300), (500, 500)):
        page.mouse.click(x, y + 80)
        page.wait_for_timeout(300)
    for unit in ("平方米", "亩", "公顷"):
        expect(task).to_contain_text(unit)
    # While measuring, no click opens a card.
    expect(page.locator("#card .card")).to_have_count(0)
    page.locator("#map-task").get_by_role("button", name="结束测量").click()
    expect(task).to_be_hidden()


def test_measured_length_is_geodesic(desktop: Watched) -> None:
    """A length must be that on the ellipsoid, not that of the map's plane."""
    page = settled(desktop, "/#map=12.00/117.40000/29.50000")
    page.get_by_role("button", name="测距").click()
    # The tool is loaded when it is taken up.
    expect(page.locator("#map-task")).to_be_visible()
    box = page.locator("#map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(x - 200, y)
    page.wait_for_timeout(300)
    page.mouse.click(x + 200, y)
    page.wait_for_timeout(300)
    told = re.search(r"距离 ([\d.]+) 公里", page.locator("#map-task").inner_text())
    assert told is not None
    half = 200 * 156543.034 / 2**12 / 6378137 * 180 / math.pi
    *_, metres = Geod(ellps="GRS80").inv(117.4 - half, 29.5, 117.4 + half, 29.5)
    # On a sphere it would be 2 per mille less, in the map's plane 15 % more.
    assert float(told[1]) * 1000 == pytest.approx(metres, rel=5e-4)
    page.keyboard.press("Escape")


def test_map_is_printed_on_one_sheet(desktop: Watched) -> None:
    """Printing must give one A4 page across with title, legend, scale, date and the note."""
    page = settled(desktop)
    page.get_by_role("button", name="打印").first.click()
    page.locator("#print-title").fill("浮梁县设施分布图")
    page.wait_for_load_state("networkidle")
    assert grave_faults(desktop) == []
    sheet = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert len(sheet.pages) == 1
    box = sheet.pages[0].mediabox
    assert (round(box.width), round(box.height)) == A4
    text = unicodedata.normalize("NFKC", sheet.pages[0].extract_text())
    for wanted in ("浮梁县设施分布图", "光伏电站", "比例尺约", "制图日期", "随机生成", "北"):
        assert wanted in text, wanted
    page.get_by_role("button", name="返回地图").click()
    expect(page.locator("#map canvas").first).to_be_visible()


def test_header_is_one_row_and_its_menu_opens_by_keys(desktop: Watched) -> None:
    """At a desk the header must be one row; the layers' menu must work without a mouse."""
    page = settled(desktop)
    box = page.locator("header.site").bounding_box()
    assert box is not None
    assert box["height"] < 64
    menu = page.locator("details.menu").first
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(menu.get_by_role("link", name="光伏电站")).to_be_visible()
    assert grave_faults(desktop) == []
    page.keyboard.press("Escape")
    expect(menu.get_by_role("link", name="光伏电站")).to_be_hidden()


def test_phone_sheet_comes_up_and_goes(phone: Watched) -> None:
    """On a phone the panel must come up from the bottom and leave the map in sight."""
    page = settled(phone)
    grip = page.locator("#map-side-grip")
    grip.click()
    expect(page.get_by_label("乡镇").first).to_be_in_viewport()
    assert grave_faults(phone) == []
    grip.click()
    expect(page.locator("#filter-division")).not_to_be_in_viewport()
    page.locator("#map-search").fill("瑶里")
    page.locator("#map-found [role=option]", has_text="公厕").first.click()
    expect(page.locator("#card .card")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_townships_are_not_cut_off(desktop: Watched) -> None:
    """The table of townships must fit its panel."""
    page = settled(desktop)
    page.get_by_role("tab", name="乡镇").click()
    wider = "e => e.scrollWidth - e.clientWidth"
    assert page.locator("#panel-townships .table-scroll").evaluate(wider) <= 0
