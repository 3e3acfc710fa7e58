"""How long one step of a drag takes in the plan editor with thousands of parcels in sight.

A corner is dragged with all of its parcels in headless Chromium. A step is what the page's main
thread works on one movement of the pointer: its handlers, and the frame that they ask for.
"""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import shapely
from playwright.sync_api import Page, ViewportSize, sync_playwright
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts import passwords
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Role
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import driver_url
from fuliang_gis.material import ROOT
from fuliang_gis.planning import operations
from fuliang_gis.planning.given import PlanGiven
from fuliang_gis.planning.models import PlanScheme
from fuliang_gis.planning.parcels import Draft, Parcel, on_grid
from fuliang_gis.settings import Settings
from tests.factories import FULIANG_VILLAGE, make_actor
from tests.processes import Service

STATE = ROOT / "var" / "bench-planning"
SIZE: ViewportSize = {"width": 1440, "height": 900}
PASSWORD = "celadon-kiln-1004"
#: Where the village lies on the plane [m].
CORNER = (520_000.0, 3_250_000.0)
STEPS = 60
PATIENCE_MS = 120_000

#: Notes the work [ms] of every movement of the pointer: its handlers, and the frame after them.
WATCH = """
window.steps = [];
window.addEventListener("pointermove", () => {
  const step = { from: performance.now(), handled: 0, frame: 0 };
  window.step = step;
  requestAnimationFrame(() => {
    const begun = performance.now();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      step.frame = performance.now() - begun;
      window.steps.push(step.handled + step.frame);
    };
    port2.postMessage(null);
  });
}, true);
window.addEventListener("pointermove", () => {
  window.step.handled = performance.now() - window.step.from;
});
"""


def drag_steps(draft: Draft) -> dict[str, list[float]]:
    """Return how long each step of a drag takes [ms], with all parcels in sight and closer."""
    STATE.mkdir(parents=True, exist_ok=True)
    service = Service(STATE)
    try:
        service.start()
        username, scheme = _laid_out(draft)
        with _page(service, username) as page:
            page.goto(f"{service.url}/plan-schemes/{scheme}/edit")
            page.wait_for_selector(
                "#plan-editor[data-ready]", state="attached", timeout=PATIENCE_MS
            )
            page.wait_for_timeout(3000)
            whole = _dragged(page)
            for _ in range(5):
                page.mouse.wheel(0, -300)
                page.wait_for_timeout(400)
            page.wait_for_timeout(1500)
            return {"whole": whole, "close": _dragged(page)}
    finally:
        service.destroy()


def _laid_out(draft: Draft) -> tuple[str, int]:
    """Give the served database a planner and a plan; return the name and the scheme's id."""
    engine = create_engine(driver_url(Cluster(Settings(state=STATE)).owner_url()))
    try:
        return _plan(engine, draft)
    finally:
        engine.dispose()


def _plan(engine: Engine, draft: Draft) -> tuple[str, int]:
    moved = {name: _moved(each) for name, each in draft.parcels.items()}
    boundary = shapely.affinity.translate(draft.boundary, *CORNER)
    with Session(engine) as session, session.begin():
        actor = make_actor(session, Role.PLANNER)
        account = session.get_one(Account, actor.account_id)
        account.password_hash = passwords.hashed(PASSWORD)
        given = PlanGiven(FULIANG_VILLAGE, "五千图斑", 2023, 2035, boundary)
        plan = operations.create_plan(session, actor, given)
        operations.set_base(
            session, actor, plan.id, list(moved.values()), [], expected_version=plan.version
        )
        scheme = select(PlanScheme.id).where(PlanScheme.plan_id == plan.id)
        return account.username, session.scalars(scheme).one()


def _moved(parcel: Parcel) -> Parcel:
    return replace(parcel, geom=on_grid(shapely.affinity.translate(parcel.geom, *CORNER)))


@contextmanager
def _page(service: Service, username: str) -> Iterator[Page]:
    program = shutil.which("chromium")
    assert program is not None, "Chromium is not installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_context(viewport=SIZE, locale="zh-CN").new_page()
        page.add_init_script(WATCH)
        page.goto(f"{service.url}/sign-in")
        page.get_by_label("用户名").fill(username)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        yield page
        browser.close()


def _dragged(page: Page) -> list[float]:
    """Drag a corner of the parcel in the map's middle to and fro; return the steps' work [ms]."""
    frame = page.locator("#pe-map").bounding_box()
    assert frame is not None
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    page.mouse.click(x, y)
    page.wait_for_timeout(1000)
    page.locator("#pe-parcels h2").wait_for()
    corner = _corner_near(page, x, y)
    page.mouse.move(*corner)
    page.mouse.down()
    page.evaluate("window.steps = []")
    for step in range(STEPS):
        page.mouse.move(corner[0] + (step % 7) - 3, corner[1] + (step % 5) - 2)
        page.wait_for_timeout(60)
    steps: list[float] = page.evaluate("window.steps")
    page.keyboard.press("Escape")
    page.mouse.up()
    page.wait_for_timeout(1000)
    assert len(steps) >= STEPS / 2, "the drag was not seen"
    return steps


def _corner_near(page: Page, x: float, y: float) -> tuple[float, float]:
    """Return where a corner of the chosen parcel is held, looked for in rings around the middle."""
    for radius in range(0, 400, 6):
        for dx, dy in ((radius, 0), (-radius, 0), (0, radius), (0, -radius)):
            page.mouse.move(x + dx, y + dy)
            page.mouse.down()
            page.mouse.move(x + dx + 2, y + dy + 2)
            page.wait_for_timeout(40)
            held = "公顷" in (page.locator("#pe-told").text_content() or "")
            if held:
                page.keyboard.press("Escape")
            page.mouse.up()
            if held:
                return x + dx, y + dy
    raise AssertionError("no corner was found")


def measured(draft: Draft) -> tuple[dict[str, float], dict[str, float]]:
    """Return the figure of the bench and what goes with it, rounded."""
    steps = drag_steps(draft)
    figure = {"drag_step_ms": round(statistics.median(steps["whole"]), 1)}
    return figure, {
        "drag_step_ms_p95": round(statistics.quantiles(steps["whole"], n=20)[-1], 1),
        "drag_step_close_ms": round(statistics.median(steps["close"]), 1),
    }
