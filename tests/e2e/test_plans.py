"""A village plan in the browser: from its base file to tables, comparison and the way out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from shapely import Polygon

from fuliang_gis.exchange.plans.reading import read_plan
from fuliang_gis.exchange.plans.writing import write_plan
from tests.e2e.conftest import DESKTOP, PHONE, Watched
from tests.e2e.test_pages import grave_faults
from tests.exchange.plans.files import layer
from tests.exchange.plans.village import BOUNDARY, EAST, NORTH, village

HOSTILE = '"><img src=x onerror=alert(1)>'


@pytest.fixture
def planner(visit: Callable[[tuple[int, int]], Watched]) -> Watched:
    """A planner at a desk."""
    watched = visit(DESKTOP)
    watched.sign_in("planner")
    return watched


def drawn(page: Page, selector: str = "[data-plan-map]") -> None:
    """Wait until a map has its parcels."""
    expect(page.locator(f"{selector}[data-drawn]")).to_be_attached()


def test_from_a_base_file_to_an_export(planner: Watched, tmp_path: Path) -> None:
    """A planner makes a plan, takes its base year in, reads its numbers, and gives it out."""
    page = planner.page
    source = tmp_path / "base.gpkg"
    plan = village(20, 5)
    write_plan(plan, source, "gpkg")
    planner.open("/plans?without=1")
    page.get_by_role("link", name="新建", exact=False).nth(1).click()
    page.get_by_label("规划名称").fill(HOSTILE)
    page.get_by_label("村界文件").set_input_files(source)
    page.get_by_role("button", name="建立规划").click()
    expect(page.get_by_role("heading", name="导入预览：base.gpkg")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    drawn(page)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="导入", exact=True).click()
    expect(page.get_by_text("已导入现状图斑 8 个、管控边界 2 块")).to_be_visible()
    drawn(page)
    expect(page.locator("#plan-counts")).to_be_visible()
    home = page.url

    page.get_by_role("link", name="表格").click()
    drawn(page)
    page.get_by_role("link", name=re.compile("合计目标")).click()
    cell = page.locator("#cell[data-parcels]")
    expect(cell).to_contain_text("8 个图斑")
    expect(cell).to_contain_text(f"{BOUNDARY.area:,.2f}")
    cell.locator("[data-show-parcels]").first.click()
    expect(page.locator(".plan-chosen")).to_have_count(1)

    page.get_by_role("link", name="对比").click()
    drawn(page, "#plan-right")
    expect(page.get_by_text("两边的用途处处相同")).to_be_visible()
    for mode in ("卷帘", "变化图", "并排"):
        page.get_by_role("button", name=mode).click()
        expect(page.get_by_role("button", name=mode)).to_have_attribute("aria-pressed", "true")

    planner.open(f"{home.removeprefix(planner.address).partition('?')[0]}/files")
    card = page.locator("form.card", has_text="GeoPackage")
    card.get_by_role("button", name="往返校验").click()
    expect(card.get_by_text("一致。")).to_be_visible()
    with page.expect_download() as download:
        card.get_by_role("button", name="下载").click()
    back = tmp_path / "back.gpkg"
    download.value.save_as(back)
    read = read_plan(back)
    assert read.base.keys() == plan.base.keys()
    assert read.parcels.keys() == plan.base.keys()


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_broken_shapes_are_mended_on_the_way_in(
    visit: Callable[[tuple[int, int]], Watched], tmp_path: Path, size: tuple[int, int]
) -> None:
    """A planner looks at each, has all of them mended, sees what is left, and takes them in."""
    watched = visit(size)
    watched.sign_in("planner")
    page = watched.page
    frame = tmp_path / "frame.gpkg"
    write_plan(village(20, 5), frame, "gpkg")
    watched.open("/plans/new")
    page.locator("#division_code").fill("360222100200")
    page.get_by_label("规划名称").fill(f"修复 {size[0]}")
    page.get_by_label("村界文件").set_input_files(frame)
    page.get_by_role("button", name="建立规划").click()
    page.get_by_role("link", name="文件", exact=True).click()
    eight = [(0, 0), (200, 0), (100, 100), (200, 200), (0, 200), (100, 100)]
    spike = [(300, 0), (500, 0), (500, 200), (490, 200), (490, 260), (489.999, 200), (300, 200)]
    shapes = [Polygon([(EAST + x, NORTH + y) for x, y in each]) for each in (eight, spike)]
    columns = {"BSM": ["结", "刺"], "YDYHFLDM": ["0101", "0301"], "FLBB": ["2023", "2023"]}
    path = layer(tmp_path / "broken.gpkg", shapes, columns, name="GHYDYH")
    page.locator("#file").set_input_files(path)
    page.get_by_role("button", name="上传并预览").click()
    drawn(page)
    expect(page.get_by_role("heading", name="图形修复（2 个）")).to_be_visible()
    page.get_by_role("button", name="在图上看图斑 结").click()
    expect(page.locator(".plan-mends .plan-chosen")).to_have_count(1)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= size[0]
    assert grave_faults(watched) == []

    every = page.get_by_label("全部修复")
    every.check()
    expect(page.get_by_role("checkbox", name="图斑 刺")).to_be_checked()
    page.get_by_role("checkbox", name="图斑 刺").uncheck()
    expect(every).not_to_be_checked()
    every.check()
    page.get_by_role("button", name="按此修复并重新读取").click()
    expect(page.locator(".badge--ok", has_text="导入时修复")).to_have_count(2)
    expect(every).to_be_checked()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="导入", exact=True).click()
    expect(page.get_by_text("已导入现状图斑 3 个；修复图形 2 个")).to_be_visible()


def test_a_finding_is_shown_on_the_map(planner: Watched) -> None:
    """Its place comes into view; the matrix lists the parcels of a cell."""
    page = planner.page
    planner.open("/plans?q=韩源村")
    page.get_by_role("link", name=re.compile("韩源村")).click()
    drawn(page)
    page.get_by_role("link", name=re.compile("^错误")).click()
    drawn(page)
    page.get_by_role("button", name=re.compile("在图上看")).first.click()
    expect(page.locator(".plan-chosen")).to_have_count(1)
    page.locator(".plan-matrix .verdict--forbidden a").first.click()
    expect(page.locator("#cell[data-parcels]")).to_contain_text("依据")


def test_a_parcel_tells_its_facts_by_keyboard(planner: Watched) -> None:
    """Enter tells what lies in the middle of a focused map; years can be switched."""
    page = planner.page
    planner.open("/plans/1")
    drawn(page)
    page.get_by_role("button", name="基期").click()
    expect(page.get_by_role("button", name="基期")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name=re.compile("0703 农村宅基地")).click()
    canvas = page.locator(".plan-map__canvas")
    canvas.focus()
    canvas.press("Enter")
    expect(page.locator(".plan-map__facts")).to_contain_text("面积")


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_pages_are_fit_for_everybody(
    visit: Callable[[tuple[int, int]], Watched], size: tuple[int, int]
) -> None:
    """No page is wider than its window, and axe finds nothing grave."""
    watched = visit(size)
    watched.sign_in("planner")
    page = watched.page
    paths = ("", "/new", "/1", "/1/findings", "/1/tables?cell=structure.01.target", "/1/files",
             "/1/compare")  # fmt: skip
    for path in paths:
        watched.open(f"/plans{path}")
        if re.search(r"/1", path) and "files" not in path:
            expect(page.locator("[data-drawn]").first).to_be_attached()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size[0], path
        assert grave_faults(watched) == [], path


def test_readers_read(visit: Callable[[tuple[int, int]], Watched]) -> None:
    """A reader sees the plan and its files, and nothing that changes it."""
    watched = visit(DESKTOP)
    watched.sign_in("viewer")
    watched.open("/plans/1")
    drawn(watched.page)
    for words in ("编辑", "复制", "导入现状"):
        expect(watched.page.get_by_text(words, exact=True)).to_have_count(0)
    watched.open("/plans/1/files")
    expect(watched.page.get_by_role("button", name="上传并预览")).to_have_count(0)
    expect(watched.page.get_by_role("button", name="下载").first).to_be_visible()
