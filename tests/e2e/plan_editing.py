"""A small village in the editor: its plan in the served database, its places as pixels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Role
from fuliang_gis.planning import operations
from fuliang_gis.planning.drafts import draft_of
from fuliang_gis.planning.given import PlanGiven
from fuliang_gis.planning.models import PlanScheme, PlanVersion, VillagePlan
from fuliang_gis.planning.parcels import ControlLine, Draft, Parcel
from tests.e2e.conftest import Watched
from tests.factories import FULIANG_VILLAGE, make_actor

#: Where the village lies on the plane of EPSG:4548 [m].
X, Y = 520_000.0, 3_252_000.0
WIDTH, HEIGHT = 200.0, 100.0
BOUNDARY = shapely.box(X, Y, X + WIDTH, Y + HEIGHT)
#: What the map leaves free around the village when it opens [pixels].
AROUND = 50

Bounds = tuple[float, float, float, float]
VILLAGE: dict[str, tuple[str, Bounds]] = {
    "west": ("0101", (0, 0, 100, 100)),
    "south": ("0301", (100, 0, 200, 50)),
    "north": ("0401", (100, 50, 200, 100)),
}


def box(bounds: Bounds) -> shapely.Polygon:
    """Return a rectangle of the village, counted from its corner."""
    left, bottom, right, top = bounds
    return shapely.box(X + left, Y + bottom, X + right, Y + top)


def nodes(*places: tuple[float, float]) -> shapely.Polygon:
    """Return a polygon of the village, counted from its corner."""
    return shapely.Polygon([(X + east, Y + north) for east, north in places])


def make_plan(
    owner: Engine,
    title: str,
    parcels: Sequence[Parcel] | None = None,
    boundary: shapely.Polygon = BOUNDARY,
) -> int:
    """Make a plan with a first scheme; return the scheme's id."""
    drawn = parcels or [
        # The corner in the middle is a node of all three.
        Parcel("west", "0101", nodes((0, 0), (100, 0), (100, 50), (100, 100), (0, 100))),
        Parcel("south", "0301", box(VILLAGE["south"][1])),
        Parcel("north", "0401", box(VILLAGE["north"][1])),
    ]
    with Session(owner) as session, session.begin():
        actor = make_actor(session, Role.PLANNER)
        given = PlanGiven(FULIANG_VILLAGE, title, 2023, 2035, boundary)
        plan = operations.create_plan(session, actor, given)
        line = ControlLine("farmland", "0202", box((0, 0, 40, 40)), "永久基本农田")
        operations.set_base(session, actor, plan.id, drawn, [line], expected_version=plan.version)
        found = select(PlanScheme.id).where(PlanScheme.plan_id == plan.id)
        return session.scalars(found).one()


@dataclass
class Editor:
    """The editor of one scheme in a window."""

    watched: Watched
    owner: Engine
    scheme: int

    @property
    def page(self) -> Page:
        """The window's page."""
        return self.watched.page

    def agree(self, dialog: Dialog) -> None:
        """Say yes to whatever the page asks."""
        dialog.accept()

    def open(self) -> None:
        """Open the scheme and wait until it is drawn."""
        self.watched.open(f"/plan-schemes/{self.scheme}/edit")
        self.ready()

    def ready(self) -> None:
        """Wait until the scheme is drawn."""
        expect(self.page.locator("#plan-editor[data-ready]")).to_have_count(1)

    def pixel(self, east: float, north: float) -> tuple[float, float]:
        """Return where a place of the village, counted from its corner, lies in the window."""
        frame = self.page.locator("#pe-map").bounding_box()
        assert frame is not None
        free = (frame["width"] - 2 * AROUND, frame["height"] - 2 * AROUND)
        scale = min(free[0] / WIDTH, free[1] / HEIGHT)
        middle = (frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
        return (
            middle[0] + (east - WIDTH / 2) * scale,
            middle[1] - (north - HEIGHT / 2) * scale,
        )

    def click(self, east: float, north: float, *, shift: bool = False) -> None:
        """Click a place; two clicks in a row are no double click."""
        self.page.wait_for_timeout(320)
        if shift:
            self.page.keyboard.down("Shift")
        self.page.mouse.click(*self.pixel(east, north))
        if shift:
            self.page.keyboard.up("Shift")

    def recode_south(self) -> None:
        """Make the parcel in the south homesteads, by keys."""
        self.click(150, 25)
        self.page.keyboard.press("l")
        self.page.keyboard.type("0703")
        self.page.keyboard.press("Enter")

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag from a place to another."""
        self.page.mouse.move(*self.pixel(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.pixel(*end), steps=8)
        self.page.mouse.up()

    def tool(self, name: str) -> None:
        """Take a tool in hand."""
        self.page.locator("#pe-tools").get_by_role("button", name=name).click()

    def draw(self, name: str, *places: tuple[float, float]) -> None:
        """Draw a line or an outline with a tool, finished by Enter."""
        self.tool(name)
        for place in places:
            self.click(*place)
        self.page.locator("#pe-map").focus()
        self.page.keyboard.press("Enter")

    def tab(self, name: str) -> None:
        """Open a tab of the side panel."""
        self.page.get_by_role("tab", name=re.compile(name)).click()

    def saved(self, version: int) -> Draft:
        """Wait until a version is saved; return the scheme as the server has it then."""
        state = self.page.locator("#pe-state-words")
        expect(state).to_have_text(f"已保存 · 第 {version} 版")
        return self.draft()

    def draft(self) -> Draft:
        """Return the scheme as the server has it."""
        with Session(self.owner) as session:
            scheme = session.get_one(PlanScheme, self.scheme)
            return draft_of(session, session.get_one(VillagePlan, scheme.plan_id), scheme)

    def versions(self) -> list[PlanVersion]:
        """Return the scheme's versions, the oldest first."""
        with Session(self.owner, expire_on_commit=False) as session:
            found = select(PlanVersion).where(PlanVersion.scheme_id == self.scheme)
            return list(session.scalars(found.order_by(PlanVersion.ordinal)))

    def save_elsewhere(self, changes: dict[str, Parcel | None]) -> None:
        """Save as somebody else, upon the newest version."""
        with Session(self.owner) as session, session.begin():
            actor = make_actor(session, Role.PLANNER)
            scheme = session.get_one(PlanScheme, self.scheme)
            operations.save(session, actor, self.scheme, changes, expected=scheme.head)


def account_named(owner: Engine, username: str) -> int:
    """Return an account's id."""
    with Session(owner) as session:
        return session.scalars(select(Account.id).where(Account.username == username)).one()
