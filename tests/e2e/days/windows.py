"""What people do in windows on the service of this process."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.conftest import DESKTOP, Watched
from tests.e2e.test_pages import grave_faults

Visit = Callable[[tuple[int, int]], Watched]


def signed_in(window: Visit, who: str, size: tuple[int, int] = DESKTOP) -> Watched:
    """Open a window in which a post of the demo has signed in."""
    watched = window(size)
    watched.sign_in(who)
    return watched


def sound(watched: Watched) -> None:
    """Nothing is shut out, nothing is wider than the window."""
    assert grave_faults(watched) == []
    assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def press(watched: Watched, name: str) -> None:
    """Press a button that sends a form; the next page tells that it is done."""
    watched.page.get_by_role("button", name=name, exact=True).click()
    expect(watched.page.get_by_role("status").first).to_be_visible()


def looked(watched: Watched, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    if folder := os.environ.get("LOOK"):
        watched.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
