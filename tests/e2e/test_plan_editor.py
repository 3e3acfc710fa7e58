"""A planner edits a scheme in a real browser: draws, splits, merges, saves, meets another."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import shapely
from playwright.sync_api import Browser, Dialog, Route, expect
from shapely import Polygon
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Role
from fuliang_gis.planning import operations
from fuliang_gis.planning.parcels import Draft, Parcel
from tests.e2e.conftest import DESKTOP, PHONE, Watched
from tests.e2e.plan_editing import Editor, X, Y, box, make_plan, nodes
from tests.e2e.test_pages import grave_faults
from tests.factories import make_actor

pytestmark = pytest.mark.browser

#: What a window says when the link is cut on purpose.
CUT = "net::ERR_INTERNET_DISCONNECTED"


@pytest.fixture
def opened(
    owner: Engine, visit: Callable[[tuple[int, int]], Watched], request: pytest.FixtureRequest
) -> Callable[..., Editor]:
    """Open a fresh scheme as somebody, in a window of some size."""

    def open_one(
        parcels: list[Parcel] | None = None,
        size: tuple[int, int] = DESKTOP,
        who: str = "planner",
    ) -> Editor:
        watched = visit(size)
        watched.sign_in(who)
        made = Editor(watched, owner, make_plan(owner, request.node.name[:60], parcels))
        watched.page.on("dialog", made.agree)
        made.open()
        return made

    return open_one


@pytest.fixture
def editor(opened: Callable[..., Editor]) -> Editor:
    """A planner at a desk, before a fresh scheme of three parcels."""
    return opened()


def is_coverage(draft: Draft) -> bool:
    """Tell whether parcels share every node and fill the village."""
    shapes = np.array([each.geom for each in draft.parcels.values()], dtype=object)
    whole = shapely.union_all(shapes)
    return bool(shapely.coverage_is_valid(shapes) and whole.equals(draft.boundary))


def areas(draft: Draft) -> list[float]:
    """Return the areas of the parcels [m²], the smallest first."""
    return sorted(round(each.geom.area, 1) for each in draft.parcels.values())


def fresh(draft: Draft) -> list[Parcel]:
    """Return the parcels that were drawn in the browser."""
    return [
        each for name, each in draft.parcels.items() if name.startswith("n") and name != "north"
    ]


def shell(parcel: Parcel) -> list[tuple[float, float]]:
    """Return a parcel's nodes, counted from the village's corner."""
    assert isinstance(parcel.geom, Polygon)
    return [(round(x - X, 4), round(y - Y, 4)) for x, y in parcel.geom.exterior.coords[:-1]]


# --- drawing ---


def test_a_parcel_is_split_and_the_neighbour_gets_the_node(editor: Editor) -> None:
    """The line ends on the shared edge by snapping; one step back joins the parts again."""
    editor.click(50, 50)
    editor.draw("分割", (0, 25), (100, 25))
    draft = editor.saved(2)
    assert is_coverage(draft)
    assert sorted(draft.parcels)[1:] == ["north", "south", "west"]
    south = draft.parcels["south"]
    # Where a click falls between two pixels is not known to the millimetre; both sides agree.
    (node,) = [place for place in shell(south) if place[0] == 100 and place[1] not in (0, 50)]
    assert all(node in shell(each) for each in (*fresh(draft), draft.parcels["west"]))
    editor.page.keyboard.press("Control+z")
    assert areas(editor.saved(3)) == [5000.0, 5000.0, 10000.0]
    editor.page.keyboard.press("Control+Shift+z")
    assert editor.saved(4).parcels == draft.parcels
    digests = [each.digest for each in editor.versions()]
    assert digests[1] == digests[3] != digests[2] == digests[0]


def test_a_new_parcel_is_cut_out_of_what_it_covers(editor: Editor) -> None:
    """Nothing lies on anything afterwards; corners that were clicked nearly are met exactly."""
    page = editor.page
    page.get_by_role("combobox", name="新画图斑的用地").fill("服务")
    page.get_by_role("option", name="0704 农村社区服务设施用地").click()
    editor.draw("画图斑", (100.8, 49.5), (99.4, 0.7), (140, 20))
    draft = editor.saved(2)
    assert is_coverage(draft)
    (made,) = fresh(draft)
    assert made.code == "0704"
    assert {(100.0, 50.0), (100.0, 0.0)} <= set(shell(made))
    page.reload()
    editor.ready()
    editor.click(110, 20)
    expect(page.locator("#pe-parcels h2")).to_contain_text("0704")
    assert editor.draft().parcels == draft.parcels


def test_tracing_follows_an_edge(opened: Callable[..., Editor]) -> None:
    """Two points on one border bring all nodes between them."""
    bent = [(100.0, 0.0), (110.0, 20.0), (95.0, 40.0), (108.0, 60.0), (100.0, 100.0)]
    west = Parcel("west", "0101", nodes((0, 0), *bent, (0, 100)))
    east = Parcel("east", "0301", nodes((200, 0), (200, 100), *reversed(bent)))
    editor = opened([west, east])
    editor.page.keyboard.press("t")
    expect(editor.page.get_by_role("button", name="追踪")).to_have_attribute("aria-pressed", "true")
    editor.draw("画图斑", (100, 0), (100, 100), (150, 50))
    draft = editor.saved(2)
    assert is_coverage(draft)
    (made,) = fresh(draft)
    assert set(bent) <= set(shell(made))
    assert draft.parcels["west"] == west


def test_control_lines_are_drawn_along(editor: Editor) -> None:
    """Their corners are met exactly, and their edges are traced."""
    editor.page.keyboard.press("t")
    editor.draw("画图斑", (0.4, 40.5), (40.4, 20), (20, 10))
    draft = editor.saved(2)
    assert is_coverage(draft)
    (made,) = fresh(draft)
    assert {(0.0, 40.0), (40.0, 40.0)} <= set(shell(made))


def test_a_hole_becomes_a_parcel_and_parcels_are_merged(editor: Editor) -> None:
    """What is cut out lies inside; merged again, the hole is closed."""
    page = editor.page
    editor.click(50, 50)
    editor.draw("挖洞", (60, 60), (80, 60), (80, 80), (60, 80))
    draft = editor.saved(2)
    assert is_coverage(draft)
    assert len(fresh(draft)) == 1
    west = draft.parcels["west"].geom
    assert isinstance(west, Polygon)
    assert len(west.interiors) == 1
    editor.click(50, 30)
    editor.click(70, 70, shift=True)
    expect(page.locator("#pe-parcels h2")).to_have_text("已选 2 个图斑")
    page.keyboard.press("m")
    assert areas(editor.saved(3)) == [5000.0, 5000.0, 10000.0]


def test_a_shared_corner_takes_all_its_parcels_along(editor: Editor) -> None:
    """The corner of three moves in all three; one of the village boundary does not."""
    page = editor.page
    editor.click(50, 50)
    editor.drag((100, 50), (120, 62))
    draft = editor.saved(2)
    assert is_coverage(draft)
    (corner,) = set(shell(draft.parcels["west"])) - {(0, 0), (100, 0), (100, 100), (0, 100)}
    assert corner == pytest.approx((120, 62), abs=0.5)
    assert all(corner in shell(draft.parcels[name]) for name in ("north", "south"))
    editor.drag((0, 100), (10, 90))
    expect(page.get_by_text("村界上的节点已冻结，不能移动。").first).to_be_visible()
    assert editor.draft().parcels == draft.parcels
    editor.drag((100, 50), (190, 20))
    page.wait_for_timeout(500)
    assert editor.draft().parcels == draft.parcels


def test_the_middle_of_an_edge_becomes_a_node(editor: Editor) -> None:
    """Dragged from its middle an edge bends, on both sides of it; one act, one step back."""
    editor.click(150, 25)
    editor.drag((150, 50), (150, 70))
    draft = editor.saved(2)
    assert is_coverage(draft)
    assert len(shell(draft.parcels["south"])) == len(shell(draft.parcels["north"])) == 5
    editor.page.get_by_role("button", name="撤销").click()
    assert areas(editor.saved(3)) == [5000.0, 5000.0, 10000.0]


def test_a_border_is_redrawn(editor: Editor) -> None:
    """What one parcel gains its neighbours lose."""
    editor.click(50, 50)
    editor.draw("改边界", (100, 10), (130, 30), (100, 45))
    draft = editor.saved(2)
    assert is_coverage(draft)
    assert len(draft.parcels) == 3
    assert draft.parcels["west"].geom.area > 10_400


def test_removed_land_falls_to_the_neighbour_or_stays_open(editor: Editor) -> None:
    """By default the longest border decides; an open gap is found by the checks and filled."""
    page = editor.page
    editor.click(150, 25)
    page.keyboard.press("Delete")
    draft = editor.saved(2)
    assert draft.parcels.keys() == {"west", "north"}
    assert is_coverage(draft)
    editor.click(150, 75)
    page.get_by_label("删除后土地划归").select_option("")
    page.get_by_role("button", name="删除图斑").click()
    assert editor.saved(3).parcels.keys() == {"west"}
    editor.tab("问题")
    page.get_by_role("button", name=re.compile("^补画为")).click()
    draft = editor.saved(4)
    assert is_coverage(draft)
    assert len(fresh(draft)) == 1


def test_a_box_chooses_and_a_use_is_given_to_all(editor: Editor) -> None:
    """Search by name, keys alone; labels are kept."""
    page = editor.page
    editor.tool("框选")
    editor.drag((105, 5), (195, 95))
    expect(page.locator("#pe-parcels h2")).to_have_text("已选 2 个图斑")
    page.keyboard.press("l")
    page.keyboard.type("广场")
    page.keyboard.press("Enter")
    page.get_by_label("名称", exact=True).fill("<b>村口</b>")
    page.keyboard.press("Tab")
    draft = editor.saved(2)
    assert {draft.parcels[name].code for name in ("north", "south")} == {"1403"}
    assert {draft.parcels[name].name for name in ("north", "south")} == {"<b>村口</b>"}
    assert draft.parcels["west"].code == "0101"


# --- what is wrong, and what it comes to ---


def test_findings_are_told_with_a_remedy(editor: Editor) -> None:
    """A house on permanent farmland is parted along the line that it crosses."""
    page = editor.page
    editor.click(50, 50)
    page.get_by_role("combobox", name="用地", exact=True).fill("0703")
    page.keyboard.press("Enter")
    editor.saved(2)
    editor.tab("问题")
    finding = page.locator(".pe-finding", has_text="永久基本农田")
    expect(finding).to_contain_text("1,600.00 平方米")
    finding.get_by_role("button", name="定位").click()
    finding.get_by_role("button", name="沿管控边界分开").click()
    draft = editor.saved(3)
    assert is_coverage(draft)
    assert areas(draft) == [1600.0, 5000.0, 5000.0, 8400.0]


def test_overlaps_and_slivers_of_a_base_year_are_remedied(opened: Callable[..., Editor]) -> None:
    """What came in wrong is put right from the list."""
    editor = opened(
        [
            Parcel("west", "0101", box((0, 0, 104, 100))),
            Parcel("east", "0301", box((100, 0, 199.7, 100))),
            Parcel("thin", "0401", box((199.7, 0, 200, 100))),
        ]
    )
    page = editor.page
    editor.tab("问题")
    page.get_by_role("button", name=re.compile("重叠处归 .*west")).click()
    assert areas(editor.saved(2)) == [30.0, 9570.0, 10400.0]
    page.locator(".pe-finding", has_text="碎图斑").get_by_role("button", name="并入").click()
    draft = editor.saved(3)
    assert areas(draft) == [9600.0, 10400.0]
    assert is_coverage(draft)


def test_the_balance_is_live_and_then_confirmed(editor: Editor) -> None:
    """Preliminary until the server has said the same."""
    page = editor.page
    editor.tab("平衡表")
    expect(page.locator("#pe-balance-state")).to_have_text("已由服务器核对（第 1 版）。")
    editor.click(150, 75)
    page.keyboard.press("l")
    page.keyboard.type("0703")
    page.keyboard.press("Enter")
    editor.tab("平衡表")
    expect(page.locator("#pe-balance-state")).to_contain_text("初步数")
    expect(page.locator("#pe-balance tr", has_text="村庄建设用地")).to_contain_text("+0.50")
    expect(page.locator("#pe-balance-state")).to_have_text("已由服务器核对（第 2 版）。")
    expect(page.locator("#pe-balance tr", has_text="合计")).to_contain_text("2.00")


# --- keyboard ---


def test_everything_is_drawn_without_a_pointer(editor: Editor) -> None:
    """Coordinates, bearing and distance; Tab steps through the nodes and tells them aloud."""
    page = editor.page
    editor.tab("键盘")
    for east, north in ((120, 10), (150, 10)):
        page.get_by_label("东坐标").fill(str(X + east))
        page.get_by_label("北坐标").fill(str(Y + north))
        page.get_by_role("button", name="加点", exact=True).click()
    page.get_by_label("方位角").fill("0")
    page.get_by_label("距离").fill("20")
    page.get_by_role("button", name="按方位加点").click()
    page.locator("#pe-keyboard").get_by_role("button", name="完成").click()
    draft = editor.saved(2)
    assert is_coverage(draft)
    (made,) = fresh(draft)
    assert set(shell(made)) == {(120, 10), (150, 10), (150, 30)}

    steps = page.locator(".pe-keys__nodes")
    steps.focus()
    aloud = page.locator("#pe-aloud")
    expect(aloud).to_contain_text("第 1/3 点")
    page.keyboard.press("Tab")
    expect(aloud).to_contain_text("第 2/3 点")
    expect(aloud).to_contain_text("300.00 m²")
    page.keyboard.press("Shift+Tab")
    expect(aloud).to_contain_text("第 1/3 点")
    before = aloud.text_content()
    page.keyboard.press("Shift+ArrowRight")
    expect(aloud).not_to_have_text(before or "")
    moved = editor.saved(3)
    assert is_coverage(moved)
    assert len(set(shell(made)) & set(shell(fresh(moved)[0]))) == 2
    for _ in range(3):
        page.keyboard.press("Tab")
    # After the last node the focus goes on.
    expect(steps).not_to_be_focused()


def test_other_pages_lead_to_a_parcel(editor: Editor) -> None:
    """It is chosen and in the middle of the view."""
    editor.page.goto(f"{editor.watched.address}/plans")
    editor.watched.open(f"/plan-schemes/{editor.scheme}/edit#parcel=south")
    editor.ready()
    expect(editor.page.locator("#pe-parcels h2")).to_have_text("0301 乔木林地")


def test_a_node_is_added_and_removed_by_key(editor: Editor) -> None:
    """Both neighbours have it, then neither."""
    page = editor.page
    page.locator("#pe-map").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#pe-parcels h2")).to_be_visible()
    editor.click(150, 25)
    editor.tab("键盘")
    page.locator(".pe-keys__nodes").focus()
    for _ in range(4):
        told = page.locator("#pe-aloud").text_content() or ""
        if "520200.0000，北 3252050.0000" in told:
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Insert")
    draft = editor.saved(2)
    assert len(shell(draft.parcels["south"])) == len(shell(draft.parcels["north"])) == 5
    page.keyboard.press("Delete")
    assert len(shell(editor.saved(3).parcels["north"])) == 4


# --- saving ---


def test_edits_wait_for_the_link_and_outlive_the_window(editor: Editor) -> None:
    """Cut off, edits are kept on the device; opened again, they go."""
    page = editor.page
    editor.watched.expected = (CUT,)
    editor.click(150, 25)
    page.context.set_offline(True)
    page.keyboard.press("l")
    page.keyboard.type("0703")
    page.keyboard.press("Enter")
    expect(page.locator("#pe-state-words")).to_contain_text("离线")
    editor.click(50, 50)
    editor.draw("分割", (0, 25), (100, 25))
    assert len(editor.versions()) == 1
    page.wait_for_timeout(500)
    page.goto("about:blank")  # before the link is back, or the page would send
    page.context.set_offline(False)
    assert len(editor.versions()) == 1
    editor.open()
    draft = editor.saved(2)
    assert draft.parcels["south"].code == "0703"
    assert len(draft.parcels) == 4
    assert is_coverage(draft)


def test_the_link_returns(editor: Editor) -> None:
    """What was drawn meanwhile is saved by itself, as one version."""
    page = editor.page
    editor.watched.expected = (CUT,)
    page.context.set_offline(True)
    for east in (50, 150):
        editor.click(east, 25)
        page.keyboard.press("l")
        page.keyboard.type("0703")
        page.keyboard.press("Enter")
    expect(page.locator("#pe-state-words")).to_contain_text("离线")
    page.context.set_offline(False)
    draft = editor.saved(2)
    assert [draft.parcels[name].code for name in ("west", "south")] == ["0703", "0703"]


def test_leaving_with_unsaved_edits_asks(editor: Editor) -> None:
    """Whoever follows a link before all is saved is asked, and may stay."""
    page = editor.page
    asked: list[str] = []
    page.context.set_offline(True)
    editor.watched.expected = (CUT,)
    page.remove_listener("dialog", editor.agree)

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    editor.recode_south()
    with page.expect_event("dialog"):
        page.get_by_role("link", name="重点村").click(no_wait_after=True)
    assert asked == ["beforeunload"]
    page.context.set_offline(False)
    assert editor.saved(2).parcels["south"].code == "0703"


def test_two_windows_keep_their_edits_apart(editor: Editor) -> None:
    """The same person twice: both are saved, the second joined to the first."""
    other = Editor(editor.watched, editor.owner, editor.scheme)
    tab = editor.page.context.new_page()
    other.watched = Watched(tab, editor.watched.address)
    other.open()
    for each, east in ((editor, 50), (other, 150)):
        each.page.bring_to_front()
        each.click(east, 25)
        each.page.keyboard.press("l")
        each.page.keyboard.type("0703")
        each.page.keyboard.press("Enter")
    expect(tab.locator("#pe-state-words")).to_contain_text("已保存")
    editor.page.bring_to_front()
    expect(editor.page.locator("#pe-state-words")).to_contain_text("已保存")
    draft = editor.draft()
    assert [draft.parcels[name].code for name in ("west", "south")] == ["0703", "0703"]


def test_who_signs_in_anew_goes_on(editor: Editor) -> None:
    """The session ends while something is drawn; after signing in elsewhere it is saved."""
    page = editor.page
    editor.watched.expected = ("status of 401", "status of 403")
    page.context.clear_cookies()
    editor.recode_south()
    expect(page.locator("#pe-state-words")).to_contain_text("请重新登录")
    tab = page.context.new_page()
    Watched(tab, editor.watched.address).sign_in("planner")
    tab.close()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    assert editor.saved(2).parcels["south"].code == "0703"


def test_who_is_signed_out_is_asked_once(editor: Editor) -> None:
    """However often it is tried; and what somebody else signs in for is not theirs to save."""
    page = editor.page
    editor.watched.expected = ("status of 401", "status of 403")
    page.context.clear_cookies()
    editor.recode_south()
    words = page.locator("#pe-state-words")
    expect(words).to_contain_text("请重新登录")
    for _ in range(2):
        with page.expect_response(lambda answer: answer.status == 401):
            page.evaluate("window.dispatchEvent(new Event('focus'))")
        expect(words).to_contain_text("请重新登录")
    expect(page.locator(".toast")).to_have_count(1)
    tab = page.context.new_page()
    Watched(tab, editor.watched.address).sign_in("county")
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(words).to_contain_text("另一个账号")
    assert len(editor.versions()) == 1
    page.context.clear_cookies()
    Watched(tab, editor.watched.address).sign_in("planner")
    tab.close()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    assert editor.saved(2).parcels["south"].code == "0703"
    expect(page.locator(".toast")).to_have_count(0)


@pytest.mark.parametrize("status", [500, 429, 200], ids=["fault", "too often", "a gate"])
def test_a_service_in_trouble_is_asked_again(editor: Editor, status: int) -> None:
    """It is told, nothing is lost, and the edit goes in once the service answers again."""
    page = editor.page
    editor.watched.expected = (f"status of {status}",)
    tried: list[str] = []

    def answer(route: Route) -> None:
        tried.append(route.request.method)
        route.fulfill(status=status, body="<h1>?</h1>", content_type="text/html")

    page.route("**/changes", answer)
    editor.recode_south()
    expect(page.locator("#pe-state")).to_have_attribute(
        "data-state", "offline" if status == 200 else "failing"
    )
    assert tried == ["POST"]
    assert len(editor.versions()) == 1
    page.unroute("**/changes")
    page.get_by_role("button", name="保存", exact=True).click()
    assert editor.saved(2).parcels["south"].code == "0703"


def test_what_another_window_left_is_found(editor: Editor) -> None:
    """Edits of a second window, closed before they were saved, come back in the first."""
    editor.watched.expected = (CUT,)
    tab = editor.page.context.new_page()
    other = Editor(
        Watched(tab, editor.watched.address, expected=(CUT,)), editor.owner, editor.scheme
    )
    other.open()
    tab.context.set_offline(True)
    tab.bring_to_front()
    other.recode_south()
    expect(tab.locator("#pe-state-words")).to_contain_text("离线")
    tab.wait_for_timeout(500)
    tab.close()
    editor.page.context.set_offline(False)
    assert len(editor.versions()) == 1
    editor.open()
    expect(editor.page.locator(".toast")).to_contain_text("找回了")
    assert editor.saved(2).parcels["south"].code == "0703"


def test_a_word_that_is_composed_chooses_nothing(editor: Editor) -> None:
    """Enter of an input method ends its word; a key that is held removes one parcel."""
    page = editor.page
    editor.click(150, 25)
    page.keyboard.press("l")
    page.keyboard.type("0703")
    use = page.get_by_role("combobox", name="用地", exact=True)
    use.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    expect(use).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    page.locator("#pe-map").focus()
    page.keyboard.down("Delete")
    page.keyboard.down("Delete")
    page.keyboard.up("Delete")
    assert len(editor.saved(2).parcels) == 2


def test_others_who_draw_elsewhere_are_joined(editor: Editor) -> None:
    """Nobody is asked; what they changed is seen."""
    other = editor.draft().parcels["north"]
    editor.save_elsewhere({"north": replace(other, code="0703")})
    editor.click(50, 50)
    editor.draw("分割", (0, 25), (99.9, 25))
    draft = editor.saved(3)
    assert draft.parcels["north"].code == "0703"
    assert is_coverage(draft)
    editor.click(150, 75)
    expect(editor.page.locator("#pe-parcels h2")).to_contain_text("0703")


@pytest.mark.parametrize("mine", [True, False], ids=["mine", "theirs"])
def test_who_changes_the_same_parcel_chooses(editor: Editor, *, mine: bool) -> None:
    """Both are shown side by side, and what is chosen is saved as a coverage."""
    page = editor.page
    editor.watched.expected = ("status of 409",)
    north = editor.draft().parcels["north"]
    smaller = nodes((100, 50), (200, 50), (200, 80), (100, 80))
    rest = nodes((100, 80), (200, 80), (200, 100), (100, 100))
    west = replace(
        editor.draft().parcels["west"],
        geom=nodes((0, 0), (100, 0), (100, 50), (100, 80), (100, 100), (0, 100)),
    )
    editor.click(150, 75)
    page.keyboard.press("l")
    editor.save_elsewhere(
        {
            "north": replace(north, geom=smaller),
            "theirs": Parcel("theirs", "1207", rest),
            "west": west,
        }
    )
    page.keyboard.type("0703")
    page.keyboard.press("Enter")
    clash = page.locator(".pe-clash", has_text="north")
    expect(clash.get_by_role("img", name="我的")).to_be_visible()
    expect(clash.get_by_role("img", name="对方的")).to_be_visible()
    assert grave_faults(editor.watched) == []
    if not mine:
        clash.get_by_role("radio", name="对方的").check()
    page.get_by_role("button", name="按所选保存").click()
    if mine:
        draft = editor.saved(3)
        assert draft.parcels["north"].code == "0703"
        assert draft.parcels["north"].geom.equals(north.geom)
        assert "theirs" not in draft.parcels
    else:
        draft = editor.saved(2)
        assert draft.parcels["theirs"].code == "1207"
    assert is_coverage(draft)


def test_the_own_work_is_kept_as_a_scheme(editor: Editor) -> None:
    """Neither of two that clash is lost."""
    page = editor.page
    editor.watched.expected = ("status of 409",)
    north = editor.draft().parcels["north"]
    editor.click(150, 75)
    page.keyboard.press("l")
    editor.save_elsewhere({"north": replace(north, code="1207")})
    page.keyboard.type("0703")
    page.keyboard.press("Enter")
    # Neither keys nor a second Esc lead past the question.
    clash = page.locator(".pe-clash", has_text="north")
    expect(clash).to_be_visible()
    for key in ("Escape", "Escape"):
        page.keyboard.press(key)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(clash).to_be_visible()
    page.get_by_label("另存的方案名称").fill("我的方案")
    page.get_by_role("button", name="把我的另存为新方案").click()
    expect(page.get_by_text("您的编辑已另存为方案“我的方案”。")).to_be_visible()
    assert editor.saved(2).parcels["north"].code == "1207"
    page.locator("#pe-map").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="打开它").click()
    page.wait_for_url(lambda url: f"/{editor.scheme}/" not in url)
    mine = Editor(editor.watched, editor.owner, int(page.url.split("/")[-2]))
    mine.ready()
    assert mine.draft().parcels["north"].code == "0703"


def test_what_the_server_moves_is_shown(opened: Callable[..., Editor]) -> None:
    """A gap of a hand's breadth is closed and told; one step back opens it again."""
    west = Parcel("west", "0101", box((0, 0, 100, 100)))
    editor = opened([west, Parcel("east", "0301", box((100.1, 0, 200, 100)))])
    page = editor.page
    editor.tab("问题")
    finding = page.locator(".pe-finding", has_text="边界与相邻图斑不一致").first
    finding.get_by_role("button", name="修补边界").click()
    expect(page.locator(".toast", has_text="自动对齐了")).to_contain_text("最宽 0.10 米")
    assert is_coverage(editor.saved(2))


def test_a_plan_on_its_way_is_refused(editor: Editor) -> None:
    """What was drawn stays unsaved and is told; opened again the page has no tools."""
    page = editor.page
    editor.watched.expected = ("status of 409",)
    with editor.owner.begin() as connection:
        connection.execute(
            text(
                "update village_plan set state = 'assembly' where id ="
                " (select plan_id from plan_scheme where id = :scheme)"
            ),
            {"scheme": editor.scheme},
        )
    editor.click(50, 50)
    page.keyboard.press("l")
    page.keyboard.type("0703")
    page.keyboard.press("Enter")
    expect(page.locator("#pe-state")).to_have_attribute("data-state", "refused")
    expect(page.locator(".toast", has_text="请先退回编制")).to_be_visible()
    page.reload()
    editor.ready()
    expect(page.get_by_text("图斑已不能修改")).to_be_visible()
    expect(page.locator("#pe-tools")).to_have_count(0)


# --- versions and other schemes ---


def test_versions_are_named_looked_at_and_restored(editor: Editor) -> None:
    """An older version is shown in place, then becomes the newest."""
    page = editor.page
    editor.click(50, 50)
    editor.draw("分割", (0, 25), (100, 25))
    editor.tab("版本")
    page.get_by_label("本次保存的说明").fill("按村民意见分开")
    page.get_by_role("button", name="保存为带说明的版本").click()
    editor.saved(2)
    expect(page.locator(".pe-version").first).to_contain_text("按村民意见分开")
    page.locator(".pe-version", has_text="第 1 版").get_by_role("button", name="查看").click()
    expect(page.get_by_text("正在查看第 1 版，不能编辑。")).to_be_visible()
    page.keyboard.press("d")
    expect(page.locator("#pe-sketch")).to_be_hidden()
    page.get_by_role("button", name="回到当前内容").click()
    page.locator(".pe-version", has_text="第 1 版").get_by_role("button", name="恢复").click()
    assert areas(editor.saved(3)) == [5000.0, 5000.0, 10000.0]
    editor.click(50, 10)
    expect(page.locator(".pe-area")).to_contain_text("10,000.00 m²")


def test_parcels_are_copied_from_another_scheme(editor: Editor) -> None:
    """Shape and use are laid upon this one, which stays a coverage."""
    with Session(editor.owner) as session, session.begin():
        actor = make_actor(session, Role.PLANNER)
        other = operations.branch(session, actor, editor.scheme, "方案二").id
        west = nodes((0, 0), (100, 0), (100, 50), (100, 100), (0, 100), (0, 60), (0, 20))
        house = nodes((0, 20), (40, 20), (40, 60), (0, 60))
        operations.save(
            session,
            actor,
            other,
            {
                "west": Parcel("west", "0101", west.difference(house)),
                "house": Parcel("house", "0703", house, name="新宅"),
            },
            expected=1,
        )
    page = editor.page
    page.reload()
    editor.ready()
    page.locator("#pe-layers summary").click()
    page.get_by_label("对照另一方案").select_option("方案二")
    page.get_by_role("button", name="从它复制…").click()
    editor.click(20, 40)
    page.get_by_role("button", name="复制图形和用地").click()
    draft = editor.saved(2)
    assert is_coverage(draft)
    assert (draft.parcels["house"].code, draft.parcels["house"].name) == ("0703", "新宅")
    assert draft.parcels["house"].geom.equals(house)
    with Session(editor.owner) as session, session.begin():
        south = replace(draft.parcels["south"], code="1403", name="广场")
        operations.save(session, actor, other, {"south": south}, expected=2)
    page.get_by_label("对照另一方案").select_option("不显示")
    page.get_by_label("对照另一方案").select_option("方案二")
    page.get_by_role("button", name="从它复制…").click()
    editor.click(150, 25)
    page.get_by_role("button", name="只复制用地").click()
    draft = editor.saved(3)
    assert (draft.parcels["south"].code, draft.parcels["south"].name) == ("1403", "广场")


# --- everybody ---


def test_a_viewer_looks_only(opened: Callable[..., Editor]) -> None:
    """No tools, no saving, and the page says why."""
    editor = opened(who="viewer")
    expect(editor.page.get_by_text("没有编制村庄规划的权限")).to_be_visible()
    expect(editor.page.locator("#pe-tools")).to_have_count(0)
    editor.click(50, 50)
    expect(editor.page.locator("#pe-parcels h2")).to_contain_text("0101")
    editor.tab("平衡表")
    expect(editor.page.locator("#pe-balance-state")).to_contain_text("已由服务器核对")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_nobody_is_shut_out(opened: Callable[..., Editor], size: tuple[int, int]) -> None:
    """No grave fault on any tab; no sideways scrolling."""
    editor = opened(size=size)
    page = editor.page
    for name in ("图斑", "平衡表", "问题", "版本", "键盘"):
        editor.tab(name)
        page.wait_for_timeout(300)
        assert grave_faults(editor.watched) == [], name
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.keyboard.press("Escape")
    page.locator("#pe-tools").get_by_role("button", name="帮助").click()
    expect(page.get_by_role("heading", name="快捷键")).to_be_visible()
    assert grave_faults(editor.watched) == []


def test_a_phone_draws_by_touch(
    owner: Engine, browser: Browser, address: str, request: pytest.FixtureRequest
) -> None:
    """Points by taps, finished by the button; a finger drags a corner with its neighbours."""
    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]},
        locale="zh-CN",
        has_touch=True,
        is_mobile=True,
    )
    watched = Watched(context.new_page(), address)
    page = watched.page
    watched.sign_in("planner")
    editor = Editor(watched, owner, make_plan(owner, request.node.name))
    editor.open()
    editor.tool("画图斑")
    for place in ((120, 10), (180, 10), (150, 40)):
        page.wait_for_timeout(320)
        page.touchscreen.tap(*editor.pixel(*place))
    page.locator("#pe-sketch").get_by_role("button", name="完成").tap()
    draft = editor.saved(2)
    assert is_coverage(draft)
    page.touchscreen.tap(*editor.pixel(150, 75))
    expect(page.locator("#pe-parcels h2")).to_contain_text("0401")
    finger = context.new_cdp_session(page)
    for kind, places in (
        ("touchStart", [(100, 50)]),
        ("touchMove", [(95, 55)]),
        ("touchMove", [(80, 60)]),
        ("touchEnd", []),
    ):
        points = [dict(zip("xy", editor.pixel(*place), strict=True)) for place in places]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.wait_for_timeout(50)
    moved = editor.saved(3)
    assert is_coverage(moved)
    assert moved.parcels["west"].geom.area < 9_100
    context.close()
