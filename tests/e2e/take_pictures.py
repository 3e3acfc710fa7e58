"""Take the pictures of the README from a running service that holds the demo county.

Run ``python -m tests.e2e.take_pictures ADDRESS USER PASSWORD [NAME …]``; without names, every
picture is taken. ``today`` is best taken as the demo county's inspector, ``editor`` as its planner.
"""

from __future__ import annotations

import sys

from playwright.sync_api import Page, sync_playwright

from fuliang_gis.material import ROOT

PICTURES = ROOT / "docs" / "pictures"
DESKTOP, PHONE = (1280, 800), (390, 844)
#: Name, page and size of each picture.
SHOTS = (
    ("home", "/", DESKTOP),
    ("list", "/locations/water_projects?township=360222105", DESKTOP),
    ("village", "/villages/360222108200", DESKTOP),
    (
        "thematic",
        "/thematic?layer=sanitation_facilities&level=village",
        DESKTOP,
    ),
    ("phone", "/locations/water_projects/GS-360222108200-315", PHONE),
    ("today", "/today", PHONE),
    ("board", "/inspections/board", DESKTOP),
    ("defects", "/defects", DESKTOP),
    ("calendar", "/inspections/calendar", DESKTOP),
    ("rounds", "/rounds/1", DESKTOP),
    ("plan", "/plans/2/tables?cell=structure.construction.target", DESKTOP),
    ("editor", "/plan-schemes/1/edit#parcel=X0365", DESKTOP),
    ("notice", "/notices/2", PHONE),
)
#: What a map needs to come to rest [ms].
REST_MS = 3000


def main(address: str, username: str, password: str, *names: str) -> None:
    """Sign in and take the named pictures, or every one."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.goto(f"{address}/sign-in")
        page.get_by_label("用户名").fill(username)
        page.get_by_label("密码").fill(password)
        page.get_by_role("button", name="登录").click()
        page.wait_for_url(f"{address}/**")
        for name, path, size in SHOTS:
            if not names or name in names:
                _take(page, f"{address}{path}", name, size)
        browser.close()


def _take(page: Page, address: str, name: str, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(REST_MS)
    page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
