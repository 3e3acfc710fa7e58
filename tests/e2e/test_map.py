"""The county's map draws, answers clicks and keys, and keeps to its own machine."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Page, Request, expect

from tests.e2e.conftest import Watched

pytestmark = pytest.mark.browser

MAP = "#map canvas"
#: A place with several symbols, close enough for single ones: zoom/lon/lat.
CLOSE = "17.30/117.43000/29.46500"


def settled(watched: Watched, path: str = "/") -> Page:
    """Open the map and wait until its tiles have come and it stands still."""
    page = watched.page
    watched.open(path)
    page.wait_for_selector(MAP)
    page.wait_for_selector("#map[data-drawn]")
    page.wait_for_load_state("networkidle")
    return page


def colours(page: Page) -> int:
    """Return how many different colours the map shows."""
    picture = Image.open(io.BytesIO(page.locator("#map").screenshot())).convert("RGB")
    return len(picture.getcolors(maxcolors=2**24) or [])


def symbol_at(page: Page, colour: tuple[int, int, int]) -> tuple[float, float]:
    """Return where in the window a symbol of the colour is drawn."""
    box = page.locator("#map").bounding_box()
    assert box is not None
    picture = Image.open(io.BytesIO(page.locator("#map").screenshot())).convert("RGB")
    pixels = picture.load()
    assert pixels is not None
    width, height = picture.size
    for y in range(60, height - 60, 2):
        for x in range(60, width - 60, 2):
            near = [pixels[x + dx, y] for dx in (-3, 0, 3)]
            if all(each == colour for each in near):
                return box["x"] + x, box["y"] + y
    raise AssertionError(f"no symbol of colour {colour}")


def test_map_draws(desktop: Watched) -> None:
    """Tiles must arrive and be drawn: land, roads, names and symbols, not a blank canvas."""
    page = settled(desktop)
    assert colours(page) > 200
    expect(page.get_by_text("演示数据：随机生成，非真实资产")).to_be_visible()


@pytest.mark.parametrize("path", ["/", f"/?colour=status#map={CLOSE}"])
def test_first_sight_is_asked_for_once(desktop: Watched, path: str) -> None:
    """What is asked for ahead of the map's scripts must be what the map wants to show."""
    asked: list[Request] = []
    desktop.page.on("request", lambda request: asked.append(request))
    settled(desktop, path)
    tiles = [each.url for each in asked if "/tiles/" in each.url]
    assert any("/tiles/base/" in url for url in tiles)
    assert any("/tiles/locations/" in url for url in tiles)
    assert sorted(tiles) == sorted(set(tiles))


def test_legend_counts_and_switches(desktop: Watched) -> None:
    """The legend must tell the county's numbers, and a layer switched off must vanish."""
    page = settled(desktop)
    row = page.locator(".legend__layer", has_text="光伏电站")
    expect(row).to_contain_text("27")
    before = page.locator("#map").screenshot()
    for box in page.locator(".legend__layer input").all():
        box.uncheck()
    page.wait_for_timeout(500)
    assert page.locator("#map").screenshot() != before


def test_symbol_opens_its_card(desktop: Watched) -> None:
    """A click on a symbol must show its card, and the address must lead back to it."""
    page = settled(desktop, f"/#map={CLOSE}")
    page.mouse.click(*symbol_at(page, (127, 191, 123)))
    card = page.locator("#card .card")
    expect(card).to_be_visible()
    code = card.get_attribute("data-code")
    assert f"code={code}" in page.url
    address = page.url.removeprefix(desktop.address)
    page.goto("about:blank")
    settled(desktop, address)
    expect(page.locator(f'#card [data-code="{code}"]')).to_be_visible()


def test_cluster_opens_up(desktop: Watched) -> None:
    """A click on a counted circle must go closer."""
    page = settled(desktop)
    before = float(re.search(r"#map=([\d.]+)", page.url)[1])  # type: ignore[index]
    page.mouse.click(*symbol_at(page, (27, 120, 55)))
    zoomed = "zoom => Number(/#map=([\\d.]+)/.exec(location.hash)[1]) > zoom"
    page.wait_for_function(zoomed, arg=before)


def test_township_can_be_gone_to(desktop: Watched) -> None:
    """Choosing a township must take the map there."""
    page = settled(desktop)
    before = page.url
    page.locator("#filter-division").select_option(label="瑶里")
    page.wait_for_function("before => location.href !== before", arg=before)
    page.wait_for_function("() => Number(/#map=([\\d.]+)/.exec(location.hash)[1]) > 11")
    zoom, lon, _ = re.search(r"#map=([\d.]+)/([\d.]+)/([\d.]+)", page.url).groups()  # type: ignore[union-attr]
    assert float(zoom) > 10
    assert float(lon) > 117.45


def test_keyboard_is_enough(desktop: Watched) -> None:
    """Without a mouse the map must zoom and move, and Enter must open what is in its middle."""
    page = settled(desktop, f"/#map={CLOSE}")
    page.locator("#map").focus()
    before = page.url
    page.keyboard.press("ArrowRight")
    page.wait_for_function("before => location.href !== before", arg=before)
    x, y = symbol_at(page, (127, 191, 123))
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=12)
    # Held still for a moment, so that the map does not glide on.
    page.wait_for_timeout(400)
    page.mouse.up()
    page.wait_for_load_state("networkidle")
    page.locator("#map").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#card .card")).to_be_visible()


def test_repeated_visit_asks_but_does_not_fetch(desktop: Watched) -> None:
    """Tiles already held must be confirmed with 304, not sent again."""
    page = settled(desktop)
    held = page.evaluate(
        """async () => {
            const loaded = performance.getEntriesByType("resource");
            const { name } = loaded.find((entry) => entry.name.includes("/tiles/"));
            const first = await fetch(name, { cache: "no-store" });
            const headers = { "If-None-Match": first.headers.get("ETag") };
            const again = await fetch(name, { cache: "no-store", headers });
            return [first.status, again.status];
        }"""
    )
    assert held == [200, 304]


def test_phone_shows_map_and_legend(phone: Watched) -> None:
    """A phone must show the map, the layers below it, and nothing cut off at the side."""
    page = settled(phone)
    assert colours(page) > 200
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator(".legend__layer").first).to_be_attached()
