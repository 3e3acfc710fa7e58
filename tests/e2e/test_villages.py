"""Key villages in a real browser: maps draw, nothing leaves the machine, no name becomes markup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from fuliang_gis.cartography.folium_assets import Build, inlined
from fuliang_gis.cartography.village_features import Area, FeatureGroup, RoadLine, VillageFeatures
from fuliang_gis.cartography.village_map import Document, village_map
from fuliang_gis.cartography.village_saved import Sheet, with_size
from fuliang_gis.clock import today
from fuliang_gis.locations.registry import layer
from fuliang_gis.web.assets import BUILD
from tests.e2e.conftest import PHONE, WATCH_POLICY, Watched
from tests.e2e.test_pages import grave_faults

pytestmark = pytest.mark.browser

LARGEST = "360222109206"
#: Every way out of text that we know: elements, ends of scripts, template literals, quotes.
HOSTILE = (
    '<img src=x onerror="window.hit=1"></script><script>window.hit=1</script>`${window.hit=1}`'
    "'\"><svg onload=window.hit=1>{{ 7 * 7 }}{% raw %}{# \\ue000"
)


def ready(watched: Watched) -> Frame:
    """Return the village's map once it is drawn."""
    watched.page.frame_locator(".village-frame").locator("[data-ready]").wait_for()
    frame = watched.page.frames[-1]
    assert frame.url.endswith("/map")
    return frame


def wait_until_painted(place: Frame | Page, least: int) -> None:
    """Wait until so many pixels of the map's canvas are painted."""
    place.wait_for_function(
        """least => { const c = document.querySelector("canvas");
        const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
        return d.filter((value, i) => i % 4 === 3 && value > 0).length >= least; }""",
        arg=least,
    )


def test_list_and_map_work_together(desktop: Watched) -> None:
    """57 villages must stand in the list; a filter must narrow list and points alike."""
    desktop.open("/villages")
    expect(desktop.page.locator("[data-village]")).to_have_count(57)
    desktop.page.locator("#villages-map canvas").first.wait_for()
    desktop.page.get_by_label("级别").select_option("province")
    expect(desktop.page.locator("[data-village]")).to_have_count(11)
    points = desktop.page.locator("#village-points").get_attribute("data-points")
    assert points is not None
    assert points.count('"province"') == 11
    assert "level=province" in desktop.page.url
    assert grave_faults(desktop) == []


def test_village_page_is_sound(desktop: Watched) -> None:
    """Map, charts and figures must draw under the strict policy, and shut nobody out."""
    desktop.open(f"/villages/{LARGEST}")
    frame = ready(desktop)
    wait_until_painted(frame, 10_000)
    assert frame.evaluate("window.breaches") == []
    expect(desktop.page.locator("[data-chart] canvas")).to_have_count(3)
    assert grave_faults(desktop) == []


def test_groups_switch_and_pop_ups_open(desktop: Watched) -> None:
    """A group must go and come again; a symbol must open its fields in Chinese, with the way on."""
    desktop.open(f"/villages/{LARGEST}")
    frame = ready(desktop)
    symbols = frame.locator(".symbol")
    before = symbols.count()
    switch = frame.get_by_label("农村供水工程")
    switch.uncheck()
    assert symbols.count() < before
    switch.check()
    expect(symbols).to_have_count(before)
    symbols.first.dispatch_event("click")
    expect(frame.locator(".popup dt").first).to_be_visible()
    link = frame.locator(".popup a").get_attribute("href")
    assert link is not None
    assert link.startswith("/locations/")


def test_measuring_gives_length_and_area(desktop: Watched) -> None:
    """Three clicks must give a length and an area, in metres and mu."""
    desktop.open(f"/villages/{LARGEST}")
    frame = ready(desktop)
    frame.get_by_role("button", name="测量").click()
    for x, y in ((300, 300), (420, 300), (420, 420)):
        frame.locator(".folium-map").click(position={"x": x, "y": y})
    told = frame.locator(".measure__told")
    expect(told).to_contain_text("长度")
    expect(told).to_contain_text("亩")


def test_phone_has_no_sideways_scroll(phone: Watched) -> None:
    """Both pages must fit a phone, with the layer switch folded."""
    for path in ("/villages", f"/villages/{LARGEST}"):
        phone.open(path)
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert ready(phone).locator(".leaflet-control-layers-expanded").count() == 0


def test_saved_map_opens_from_disk(desktop: Watched, browser: Browser, tmp_path: Path) -> None:
    """The saved file must draw from disk without asking for anything, and show no household."""
    desktop.open(f"/villages/{LARGEST}")
    with desktop.page.expect_download() as started:
        desktop.page.get_by_role("link", name="保存地图").click()
    file = tmp_path / "map.html"
    started.value.save_as(file)
    assert file.stat().st_size < 2_000_000
    asked, breaches, errors = open_from_disk(browser, file)
    assert asked == [file.as_uri()]
    assert breaches == []
    assert errors == []
    text = file.read_text("utf-8")
    assert "household_toilet" not in text.partition("fuliangVillage.configure")[2].replace(
        '"household_toilet":', ""
    )


def open_from_disk(browser: Browser, file: Path) -> tuple[list[str], list[str], list[str]]:
    """Open a file; return what it asked for, its breaches of policy and its script errors."""
    context = browser.new_context(offline=True)
    context.add_init_script(WATCH_POLICY)
    page = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: errors.append(dialog.message))
    page.goto(file.as_uri())
    page.locator("[data-ready]").wait_for()
    wait_until_painted(page, 1000)
    for symbol in page.locator(".symbol").all():
        symbol.dispatch_event("mouseover")
        symbol.dispatch_event("click")
    breaches = page.evaluate("window.breaches")
    if page.evaluate("window.hit"):
        errors.append("a name ran as script")
    strange = page.evaluate(
        "[...document.querySelectorAll('img, svg, script')].filter("
        "e => e.matches('[onerror], [onload], img:not([src^=\"data:image/svg\"]), svg')).length"
    )
    if strange:
        errors.append(f"{strange} elements were injected")
    context.close()
    return asked, breaches, errors


def square(west: float, south: float, side: float) -> dict[str, Any]:
    """Return a square."""
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def hostile_features() -> VillageFeatures:
    """Return a village in which every text from the database is hostile."""
    water = layer("water_projects")
    given = {field.name: HOSTILE for field in water.sheet.fields}
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [117.205, 29.305]},
        "properties": given | {"code": HOSTILE, "name": HOSTILE, "use_status": HOSTILE},
    }
    line = {"type": "LineString", "coordinates": [[117.2, 29.3], [117.21, 29.31]]}
    label = {"type": "Point", "coordinates": [117.212, 29.305]}
    return VillageFeatures(
        area=Area("1", HOSTILE, square(117.2, 29.3, 0.01)),
        bounds=(117.2, 29.3, 117.21, 29.31),
        neighbours=[Area("2", HOSTILE, square(117.21, 29.3, 0.01), label)],
        roads=[RoadLine("tertiary", HOSTILE, 1.0, line)],
        groups=[
            FeatureGroup(water, household=False, grid=False, count=1, hidden=0, features=[feature])
        ],
        invented=True,
    )


def test_hostile_text_shows_as_text(browser: Browser, tmp_path: Path) -> None:
    """Titles, names, labels and values that are markup must be read as text everywhere.

    The file is opened without its policy, so that escaping alone must hold.
    """
    sheet = Sheet(HOSTILE, [HOSTILE], HOSTILE, today(), HOSTILE)
    build = Build(BUILD, "/static/build/")
    document = Document(HOSTILE, "n", inlined(build, "n"), sheet)
    whole = with_size(village_map(hostile_features(), document)).decode()
    bare = whole.replace("Content-Security-Policy", "x-none", 1)
    assert bare != whole
    file = tmp_path / "hostile.html"
    file.write_text(bare, "utf-8")
    _, _, errors = open_from_disk(browser, file)
    assert errors == []
    page = browser.new_page()
    page.goto(file.as_uri())
    expect(page.locator("h1")).to_have_text(HOSTILE)
    assert page.title() == HOSTILE
    page.locator(".symbol").dispatch_event("click")
    expect(page.locator(".popup h3")).to_have_text(HOSTILE)
    expect(page.locator(".popup dd").first).to_have_text(HOSTILE)
    expect(page.locator(".area-name")).to_have_text(HOSTILE)
    page.close()
