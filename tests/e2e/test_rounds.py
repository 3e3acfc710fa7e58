"""A clerk plans rounds in a real browser: team, plan, board, a drag, a lock, publishing, Today."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text

from fuliang_gis import clock
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.material import ROOT
from fuliang_gis.settings import Settings
from tests.e2e.conftest import DESKTOP, PHONE, Watched
from tests.e2e.test_pages import grave_faults
from tests.jobs.working import ADDRESS, KEY

pytestmark = pytest.mark.browser

TODAY = clock.today()
TEAM, PLAN = "浏览器测试队", "浏览器测试方案"
#: What a search of a few seconds may take with a busy machine around it [ms].
SEARCH_MS = 120_000


@pytest.fixture(scope="module")
def owner(owner: Engine) -> Engine:
    """The served database, as its owner; nothing that the demo planned is in the way."""
    make_room(owner)
    return owner


def make_room(owner: Engine) -> None:
    """Put out of the way what is planned, by the demo or by a first try that failed."""
    with owner.begin() as connection:
        for statement in (
            "update round_plan set state = 'withdrawn' where state = 'published'",
            "update round_plan set title = title || id where title = :plan",
            "update team set name = name || id, active = false where name = :team",
            "update obligation set planned_on = null where state = 'open'",
        ):
            connection.execute(text(statement), {"plan": PLAN, "team": TEAM})


@pytest.fixture(scope="module")
def worker(cluster: Cluster, settings: Settings, owner: Engine) -> Iterator[None]:
    """A worker for what the pages queue."""
    name = owner.url.database
    assert name is not None
    environment = {
        **os.environ,
        ADDRESS: cluster.service_url(name),
        KEY: settings.secret("context.key").hex(),
    }
    command = [sys.executable, "-m", "tests.jobs.working"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    yield
    process.terminate()
    process.wait(timeout=60)


@pytest.fixture
def clerk(visit: Callable[[tuple[int, int]], Watched]) -> Watched:
    """Township staff at a desk, who say yes when asked."""
    watched = visit(DESKTOP)
    watched.page.on("dialog", lambda dialog: dialog.accept())
    watched.sign_in("township")
    return watched


def board_at_rest(page: Page) -> None:
    """Wait until the search has ended and the map shows its lines."""
    expect(page.locator("#progress")).to_have_count(0, timeout=SEARCH_MS)
    expect(page.locator(".rb__grid")).to_be_visible(timeout=SEARCH_MS)
    expect(page.locator("#rounds-map canvas").first).to_be_visible()


def make_team(clerk: Watched) -> None:
    """Make a team with the inspector in it, its station put on the map by a click."""
    page = clerk.page
    clerk.open("/rounds/teams/new")
    page.get_by_label("名称").fill(TEAM)
    page.get_by_label("浮梁镇巡查员").check()
    page.get_by_label("周六").check()
    page.get_by_label("周日").check()
    before = page.get_by_label("经度（°E）").input_value()
    page.locator("[data-location-map]").click(position={"x": 330, "y": 120})
    expect(page.get_by_label("经度（°E）")).not_to_have_value(before)
    assert grave_faults(clerk) == []
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text(f"已新建“{TEAM}”。")).to_be_visible()


@contextmanager
def counted_anew(page: Page) -> Iterator[None]:
    """Wait until the fields that a choice brings are there and listen to the next one."""
    with page.expect_response(re.compile("/rounds/new")):
        yield
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


def make_plan(clerk: Watched) -> None:
    """Make a plan of a few days for that team alone; the count follows each choice."""
    page = clerk.page
    clerk.open("/rounds/new")
    with counted_anew(page):
        page.get_by_label("多长时间").select_option("week")
    with counted_anew(page):
        page.get_by_label("从哪天起").fill(TODAY.isoformat())
    for box in page.locator("input[name=team]").all():
        if TEAM not in (box.locator("xpath=..").text_content() or ""):
            with counted_anew(page):
                box.uncheck()
    page.get_by_label("方案名称").fill(PLAN)
    assert int(page.locator(".rounds__count").inner_text().replace(",", "")) > 0
    page.get_by_text("更多：轻重、时间").click()
    page.get_by_label("求解时间").fill("3")
    assert grave_faults(clerk) == []
    page.get_by_role("button", name="新建并求解").click()


def has_round_today(owner: Engine, plan_id: int) -> None:
    """See that some round is driven today, whichever days the search chose."""
    with owner.begin() as connection:
        connection.execute(
            text("""
update inspection_round set day = :today where id = (
    select id from inspection_round where plan_id = :plan order by day limit 1)"""),
            {"plan": plan_id, "today": TODAY},
        )


@pytest.mark.usefixtures("worker")
def test_from_a_team_to_the_inspector_s_phone(
    clerk: Watched, owner: Engine, visit: Callable[[tuple[int, int]], Watched]
) -> None:
    """The whole way that a clerk goes, by mouse; the inspector then sees the round on a phone."""
    make_room(owner)
    make_team(clerk)
    make_plan(clerk)
    page = clerk.page
    board_at_rest(page)
    assert grave_faults(clerk) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    drag_to_another_day(page)
    lock_and_solve_again(page)
    plan_id = int(page.locator("#board").get_attribute("data-plan") or 0)
    has_round_today(owner, plan_id)
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.get_by_text("已发布。队伍成员")).to_be_visible()
    inspector = visit(PHONE)
    inspector.sign_in("inspector")
    inspector.open("/today")
    own = inspector.page.locator(".own-round", has_text=TEAM)
    expect(own).to_be_visible()
    own.get_by_text("路线图").click()
    expect(own.locator("canvas").first).to_be_visible()
    expect(own.locator("summary", has_text="导航").first).to_be_visible()
    put_in_order(inspector)
    own.get_by_role("link", name=re.compile("填报")).first.click()
    inspector.page.wait_for_url("**/today/**")
    inspector.open("/today")
    assert inspector.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert grave_faults(inspector) == []
    page.get_by_role("button", name="撤回", exact=True).click()
    expect(page.get_by_text("已撤回。")).to_be_visible()


def put_in_order(inspector: Watched) -> None:
    """Without a position the day is reckoned all the same; at night the page tells why not."""
    page = inspector.page
    # What the page says late at night comes with the status of a refusal.
    inspector.expected = (*inspector.expected, "status of 422")
    button = page.get_by_role("button", name=re.compile("从这里重排"))
    if not button.count():
        # One stop alone has no order.
        return
    button.first.click()
    expect(page.get_by_role("heading", name="从这里重排")).to_be_visible()
    expect(page.locator(".own-compare, .notice--bad").first).to_be_visible()
    assert grave_faults(inspector) == []
    inspector.open("/today")


def drag_to_another_day(page: Page) -> None:
    """Drag stops onto other days until one will have one, see the price, and accept it."""
    stops = page.locator(".stop[data-stop]")
    home = page.locator("#round").get_attribute("data-day")
    zones = page.locator(f'[data-drop]:not([data-day="{home}"])')
    accept = page.get_by_role("button", name="接受")
    name = ""
    # Which stops a day has room for is the search's choice.
    for pick, number in product(range(min(stops.count(), 4)), range(zones.count())):
        name = stops.nth(pick).locator(".stop__name").inner_text()
        stops.nth(pick).drag_to(zones.nth(number))
        expect(page.locator("#move-body .move__table")).to_be_visible()
        if accept.count():
            break
        page.locator("#move-body").get_by_role("button", name="取消").click()
        expect(page.locator("#move-dialog")).not_to_be_visible()
    expect(page.locator("#move-body")).to_contain_text(name)
    accept.click()
    expect(page.get_by_text(re.compile("已移动。行车"))).to_be_visible()
    expect(page.locator("#move-dialog")).not_to_be_visible()


def lock_and_solve_again(page: Page) -> None:
    """Lock the round by keyboard, solve again, and find it locked and unchanged."""
    lock = page.get_by_role("button", name="锁定这条路线")
    lock.focus()
    with page.expect_response(re.compile("/lock")):
        page.keyboard.press("Enter")
    expect(lock).to_have_attribute("aria-pressed", "true")
    expect(lock).to_be_focused()
    names = page.locator("#round .stop__name").all_inner_texts()
    day = page.locator("#round").get_attribute("data-day")
    page.get_by_label("时间", exact=True).fill("2")
    page.get_by_role("button", name="重新求解").click()
    expect(page.locator("#progress")).to_be_visible()
    board_at_rest(page)
    page.locator(f'.day-cell[data-day="{day}"] .day-cell__link').click()
    expect(page.locator("#round")).to_have_attribute("data-day", day or "")
    assert page.locator("#round .stop__name").all_inner_texts() == names


def test_without_scripts_a_stop_moves_too(clerk: Watched, owner: Engine, address: str) -> None:
    """The same form is a page of its own: choose, see the price, accept."""
    with owner.connect() as connection:
        found = connection.execute(
            text("""
select p.id, s.id from round_plan p join inspection_round r on r.plan_id = p.id
join round_stop s on s.round_id = r.id
where p.division_code = '360222100' and p.state in ('solved', 'withdrawn')
    and not s.locked and not r.locked and s.state = 'planned' and r.day >= :today
    and p.title = :title order by r.day desc, s.ordinal limit 1"""),
            {"today": TODAY, "title": PLAN},
        ).one_or_none()
    if found is None:
        pytest.skip("the plan of the test before is not there")
    storage = clerk.page.context.storage_state()
    browser = clerk.page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False, storage_state=storage)
    page = context.new_page()
    page.goto(f"{address}/rounds/{found[0]}/stops/{found[1]}/move")
    page.get_by_label("次序").select_option("1")
    page.get_by_role("button", name="看看代价").click()
    expect(page.get_by_text(re.compile("行车(增加|减少|时间不变)|不能这样安排"))).to_be_visible()
    expect(page.locator(".move__table")).to_be_visible()
    context.close()


@pytest.mark.parametrize(
    "path",
    [
        "/rounds",
        "/rounds/1",
        "/rounds/1?view=month",
        "/rounds/1/history",
        "/rounds/1/missed",
        "/rounds/compare?a=1&b=2",
        "/rounds/new",
        "/rounds/teams",
        "/rounds/teams/new",
        "/rounds/apart",
        "/rounds/apart/new",
        "/rounds/1/files",
    ],
)
def test_pages_fit_a_phone(visit: Callable[[tuple[int, int]], Watched], path: str) -> None:
    """No sideways scrolling, nothing that shuts anybody out."""
    watched = visit(PHONE)
    watched.sign_in("township")
    watched.open(path)
    watched.page.wait_for_timeout(500)
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert grave_faults(watched) == []
