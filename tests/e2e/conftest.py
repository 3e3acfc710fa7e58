"""A browser that may reach this machine only, and the demo county served to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect, sync_playwright
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import passwords
from fuliang_gis.accounts.models import Account
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import driver_url
from fuliang_gis.demo.operations import load
from fuliang_gis.settings import Settings
from fuliang_gis.web.assets import BUILD
from tests.e2e.serving import served

PASSWORD = "celadon-kiln-1004"
#: Posts of the demo county that tests sign in as.
POSTS = ("county", "reviewer", "planner", "township", "inspector", "viewer")
#: What a page may take to show something on a busy machine [ms].
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)

DESKTOP = (1440, 900)
PHONE = (390, 844)

#: Advice on speed that Chromium gives about how OpenLayers finds what lies under a click.
ADVICE = "Canvas2D: Multiple readback operations"

#: Notes every breach of the content security policy in the page itself.
WATCH_POLICY = """
window.breaches = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.breaches.push(`${event.violatedDirective}: ${event.blockedURI}`);
});
"""


@dataclass
class Watched:
    """A page and what went wrong in it."""

    page: Page
    address: str
    faults: list[str] = field(default_factory=list)
    #: What a test provokes on purpose, as the console tells it.
    expected: tuple[str, ...] = ()

    def open(self, path: str) -> None:
        """Go to a page of the service and wait until it has loaded."""
        self.page.goto(f"{self.address}{path}")
        self.page.wait_for_load_state("load")

    def sign_in(self, username: str) -> None:
        """Sign in as a person types it."""
        self.open("/sign-in")
        self.page.get_by_label("用户名").fill(username)
        self.page.get_by_label("密码").fill(PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def breaches(self) -> list[str]:
        """Return the breaches of the content security policy in the page as it is."""
        found: list[str] = self.page.evaluate("window.breaches ?? []")
        return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each browser test a second try, told as such at the end of the run.

    A browser on a busy machine may drop a click; what fails by the code's fault fails twice.
    """
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def address(
    cluster: Cluster, template: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The demo county, served."""
    assert (BUILD / "manifest.json").exists(), "build the front end first: npm run build"
    name = f"run_{os.getpid()}_e2e"
    with cluster.superuser() as connection:
        connection.execute("select pg_advisory_lock(360222)")
        cluster.copy_database(template, name)
    _lay_out(cluster, name, settings)
    with served(cluster, name, settings, tmp_path_factory.mktemp("serve") / "log") as found:
        yield found
    cluster.drop_database(name)


@pytest.fixture(scope="session")
def owner(cluster: Cluster, address: str) -> Iterator[Engine]:
    """The served database, as its owner."""
    assert address
    engine = create_engine(driver_url(cluster.owner_url(f"run_{os.getpid()}_e2e")))
    yield engine
    engine.dispose()


def _lay_out(cluster: Cluster, name: str, settings: Settings) -> None:
    engine = create_engine(driver_url(cluster.owner_url(name)))
    with Session(engine) as session, session.begin():
        load(session, seed=1, as_of=clock.today(), files_folder=settings.state_dir / "files")
        # The demo's posts have no password until somebody gives them one.
        posts = select(Account).where(Account.username.in_(POSTS))
        for account in session.scalars(posts):
            account.password_hash = passwords.hashed(PASSWORD)
    engine.dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=sandbox)
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[[tuple[int, int]], Watched]]:
    """Open windows of a given size; afterwards nothing may have gone wrong in any of them."""
    opened: list[Watched] = []

    def window(size: tuple[int, int] = DESKTOP) -> Watched:
        watched = watch(browser, address, size)
        opened.append(watched)
        return watched

    yield window
    faults = [fault for each in opened for fault in (*each.faults, *each.breaches())]
    for each in opened:
        each.page.context.close()
    assert faults == []


def watch(browser: Browser, address: str, size: tuple[int, int]) -> Watched:
    """Open a window of a size on a service, and note what goes wrong in it."""
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, locale="zh-CN")  # type: ignore[arg-type]
    context.add_init_script(WATCH_POLICY)
    watched = Watched(context.new_page(), address)
    _watch(watched)
    return watched


def _watch(watched: Watched) -> None:
    here = urlsplit(watched.address).netloc

    def only_here(route: Route) -> None:
        url = urlsplit(route.request.url)
        if url.scheme in ("http", "https") and url.netloc != here:
            watched.faults.append(f"left the machine: {route.request.url}")
            route.abort()
        else:
            route.continue_()

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(
            each in message.text for each in (*watched.expected, ADVICE)
        ):
            watched.faults.append(f"console: {message.text}")

    page = watched.page
    page.route("**/*", only_here)
    page.on("console", note)
    page.on("pageerror", lambda error: watched.faults.append(f"script: {error}"))


@pytest.fixture
def desktop(visit: Callable[[tuple[int, int]], Watched]) -> Watched:
    """County staff at a desk."""
    watched = visit(DESKTOP)
    watched.sign_in("county")
    return watched


@pytest.fixture
def phone(visit: Callable[[tuple[int, int]], Watched]) -> Watched:
    """County staff with a phone."""
    watched = visit(PHONE)
    watched.sign_in("county")
    return watched
