"""How soon the county's map is drawn and what it weighs, beside one naive folium page, in one run.

The naive page holds what our map offers, as a first script with folium would: every location as a
marker of its own, the divisions and the roads as GeoJSON.
Both are opened in fresh windows of one headless browser; a page counts as drawn when neither the
network nor the page's main thread has been busy for a while. A worker paints part of our map, which
neither of these tells, so ours counts as drawn when its own mark says so, if that is later.
"""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import folium
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Request,
    ViewportSize,
    sync_playwright,
)
from sqlalchemy import create_engine, text

from fuliang_gis.accounts.demo import demo_accounts
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import driver_url
from fuliang_gis.material import ROOT
from fuliang_gis.settings import Settings
from tests.benchmarks.quiet import wait_until_quiet
from tests.processes import Service

STATE = ROOT / "var" / "bench-map"
ROUNDS = 7
SIZE: ViewportSize = {"width": 1440, "height": 900}
#: Quiet time after which a page counts as drawn [ms], and the longest wait for it [ms].
QUIET_MS, PATIENCE_MS = 1500, 240_000

#: Remembers when the page was last busy: a long task's end, or an answer's last byte.
WATCH = """
window.busyUntil = 0; window.longest = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    window.busyUntil = Math.max(window.busyUntil, entry.startTime + entry.duration);
    if (entry.entryType === "longtask") window.longest = Math.max(window.longest, entry.duration);
  }
}).observe({ entryTypes: ["longtask", "resource", "navigation", "paint"] });
"""


#: What the naive page reads: places of locations, and two collections with names.
LOCATIONS = """
select ST_Y(place), ST_X(place), name
from (select ST_PointOnSurface(geom) as place, name from location) as located"""
_COLLECTION = """
select json_build_object('type', 'FeatureCollection', 'features', json_agg(json_build_object(
    'type', 'Feature', 'properties', json_build_object('name', name),
    'geometry', ST_AsGeoJSON(geom, 6)::json)))
from ({}) as shapes"""
DIVISIONS = _COLLECTION.format(
    "select name, boundary as geom from division where boundary is not null"
)
ROADS = _COLLECTION.format("select name, geom from road")


#: When our map said that all in sight is drawn [ms]; 0 on other pages.
MARK = "performance.getEntriesByName('map-drawn')[0]?.startTime ?? 0"


@dataclass(frozen=True)
class Opened:
    """One opening of a page.

    ``drawn_ms`` is when it was drawn, ``mark_ms`` when it said so itself [ms; 0: it does not];
    ``size`` is what came over the network [bytes].
    """

    drawn_ms: float
    mark_ms: float
    size: int


def open_page(context: BrowserContext, address: str) -> tuple[Page, Opened]:
    """Open an address in a fresh window and wait until it is drawn."""
    page = context.new_page()
    page.add_init_script(WATCH)
    # Those of the page's workers too, which fetch tiles by themselves.
    answered: list[Request] = []
    page.on("requestfinished", lambda request: answered.append(request))
    page.goto(address, wait_until="load", timeout=PATIENCE_MS)
    settle(page)
    quiet, mark = float(page.evaluate("window.busyUntil")), float(page.evaluate(MARK))
    return page, Opened(max(quiet, mark), mark, sum(received(one) for one in answered))


def received(request: Request) -> int:
    """Return what came over the network in answer to a request [bytes]."""
    sizes = request.sizes()
    return sizes["responseHeadersSize"] + sizes["responseBodySize"]


def settle(page: Page) -> None:
    """Wait until the page has been quiet for a while."""
    # Asked from outside: the page's content security policy forbids it to compile a condition.
    until = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate(f"performance.now() - window.busyUntil > {QUIET_MS}"):
        if time.monotonic() > until:
            raise TimeoutError(page.url)
        page.wait_for_timeout(200)


def longest_block_ms(page: Page) -> float:
    """Pan and zoom the map as a hand does; return the longest time its main thread was held."""
    page.evaluate("window.longest = 0")
    page.mouse.move(500, 450)
    for turn in range(6):
        page.mouse.down()
        page.mouse.move(500 + 60 * (-1) ** turn, 450 + 40 * (-1) ** turn, steps=12)
        page.mouse.up()
        page.mouse.move(500, 450)
        page.mouse.wheel(0, -240 if turn < 3 else 240)
        page.wait_for_timeout(800)
    settle(page)
    return float(page.evaluate("window.longest"))


@contextmanager
def naive_page(settings: Settings) -> Iterator[str]:
    """Serve one folium page with all of it, and Leaflet beside it."""
    engine = create_engine(driver_url(Cluster(settings).owner_url()))
    with engine.connect() as connection:
        rows = connection.execute(text(LOCATIONS)).all()
        shapes = [connection.execute(text(asked)).scalar_one() for asked in (DIVISIONS, ROADS)]
    engine.dispose()
    chart = folium.Map(location=(29.5, 117.3), zoom_start=10, tiles=None)
    chart.default_js = [("leaflet", "leaflet.js")]
    chart.default_css = [("leaflet_css", "leaflet.css")]
    for collection in shapes:
        folium.GeoJson(collection).add_to(chart)
    for lat, lon, name in rows:
        folium.CircleMarker((lat, lon), radius=4, popup=name).add_to(chart)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("leaflet.js", "leaflet.css"):
            shutil.copy(ROOT / "node_modules" / "leaflet" / "dist" / name, folder)
        chart.save(str(Path(folder) / "index.html"))
        handler = functools.partial(_Quiet, directory=folder)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}/index.html"
            server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # Its signature.
        """Say nothing."""


def signed_in(browser: Browser, service: Service) -> BrowserContext:
    """Return a fresh window that holds a session and nothing else."""
    settings = Settings(state=service.state)
    (county,) = [
        each for each in demo_accounts(settings.state_dir / "secrets") if each.username == "county"
    ]
    context = browser.new_context(viewport=SIZE)
    page = context.new_page()
    page.goto(f"{service.url}/sign-in")
    page.get_by_label("用户名").fill(county.username)
    page.get_by_label("密码").fill(county.password)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    kept = context.storage_state()
    context.close()
    return browser.new_context(viewport=SIZE, storage_state=kept)


def measure(browser: Browser, service: Service, naive: str) -> dict[str, list[float]]:
    """Open both by turns; return every figure of every round."""
    figures: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        context = signed_in(browser, service)
        page, ours = open_page(context, service.url)
        figures.setdefault("mark_ms", []).append(ours.mark_ms)
        figures.setdefault("block_ms", []).append(longest_block_ms(page))
        context.close()
        context = browser.new_context(viewport=SIZE)
        _, theirs = open_page(context, naive)
        context.close()
        for name, one in (("ours", ours), ("theirs", theirs)):
            figures.setdefault(f"{name}_ms", []).append(one.drawn_ms)
            figures.setdefault(f"{name}_bytes", []).append(one.size)
    return figures


def main() -> None:
    """Run, print a table, and end with one line of JSON."""
    STATE.mkdir(parents=True, exist_ok=True)
    service = Service(STATE, FULIANG_DEMO="1")
    try:
        service.start()
        with naive_page(Settings(state=STATE)) as naive, sync_playwright() as playwright:
            wait_until_quiet()
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox"]
            )
            figures = measure(browser, service, naive)
            browser.close()
    finally:
        service.destroy()
    medians = {name: statistics.median(values) for name, values in figures.items()}
    for name, value in medians.items():
        print(f"{name:14} {value:>14,.0f}   {[round(each) for each in figures[name]]}")
    ratios = {
        "time_vs_folium": round(medians["theirs_ms"] / medians["ours_ms"], 2),
        "bytes_vs_folium": round(medians["theirs_bytes"] / medians["ours_bytes"], 2),
    }
    conditions = {"rounds": ROUNDS, "longest_block_ms": round(medians["block_ms"]), "window": SIZE}
    print(json.dumps({"bench": "map", "ratios": ratios, "conditions": conditions}))


if __name__ == "__main__":
    main()
