"""A plan's whole road in browsers: several posts, the public with a phone, on the days it takes."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import Database, driver_url
from tests.e2e.conftest import DESKTOP, PHONE, Watched
from tests.e2e.days.windows import Visit, looked, press, signed_in, sound
from tests.planning.procedure.road import DAY, END, START, Road, at, laid_out
from tests.planning.projects.test_projects import TOWNSHIP

pytestmark = pytest.mark.browser

LATER = END + DAY
POSTS = {"planner": "planner", "town": "township", "reviewer": "reviewer"}
WORDS = "路口太窄，<b>建议</b>拓宽"


@pytest.fixture
def road(database: Database, cluster: Cluster) -> Road:
    """The road before a plan in the township of the demo's posts."""
    engine = create_engine(driver_url(cluster.owner_url(f"run_{os.getpid()}_e2e")))
    actors = {}
    with Session(engine) as session:
        for who, username in POSTS.items():
            account = session.scalars(select(Account).where(Account.username == username)).one()
            actors[who] = Actor(
                account.id, username, account.display_name, Role(account.role),
                account.division_code, "",
            )  # fmt: skip
    engine.dispose()
    return laid_out(database, actors)


def test_the_whole_road_in_browsers(window: Visit, road: Road) -> None:
    """Submitted, voted, shown, commented by the public, answered, approved, published, in force."""
    here, notice = f"/plans/{road.plan_id}/procedure", f"/notices/{road.plan_id}"
    with at(START):
        planner, town = signed_in(window, "planner"), signed_in(window, "township")
        planner.open(here)
        sound(planner)
        looked(planner, "draft")
        press(planner, "提交村民会议")
        _vote_and_notice(town, here)
        anybody = window(PHONE)
        receipt = _comment(anybody, notice)
        town.open(f"/plans/{road.plan_id}/opinions")
        card = town.page.locator("article", has_text=receipt)
        card.get_by_label("部分采纳").check()
        card.get_by_label(re.compile("理由")).fill("路口拓宽到 5 米")
        sound(town)
        looked(town, "opinions")
        card.get_by_role("button", name="答复", exact=True).click()
        expect(town.page.get_by_role("status").first).to_contain_text("已答复")
        town.page.get_by_role("button", name=f"公开回执 {receipt} 的意见", exact=True).click()
        expect(town.page.get_by_role("status").first).to_contain_text("已公开")
        anybody.open(notice)
        expect(anybody.page.get_by_text("路口拓宽到 5 米")).to_be_visible()
    with at(LATER):
        town.open(here)
        looked(town, "notice-over")
        press(town, "结束公示并报县")
        reviewer = signed_in(window, "reviewer")
        reviewer.open(here)
        reviewer.page.get_by_label(re.compile("批准文号")).fill("浮府字〔2026〕1号")
        sound(reviewer)
        looked(reviewer, "county")
        press(reviewer, "批准")
        anybody.open(notice)
        expect(anybody.page.get_by_role("heading", name="没有这个公示")).to_be_visible()
        press(reviewer, "公布")
        press(reviewer, "开始实施")
        looked(reviewer, "in-force")
        anybody.open(notice)
        expect(anybody.page.get_by_text("路口拓宽到 5 米")).to_be_visible()
        expect(anybody.page.get_by_text("提交意见")).to_have_count(0)
        sound(anybody)
        planner.open(here)
        planner.page.get_by_text("启动修改").first.click()
        planner.page.get_by_label(re.compile("修改的原因")).fill("新增公厕")
        press(planner, "启动修改")
        expect(planner.page.get_by_text("是对《村庄规划》的修改")).to_be_visible()
    assert road.state == "in_force"


def _vote_and_notice(town: Watched, here: str) -> None:
    """Record a vote that does not carry, then one that does; put the plan on notice."""
    town.open(here)
    for label, number in (("应到人数", 100), ("到会人数", 60), ("赞成", 30), ("反对", 20)):
        town.page.get_by_label(re.compile(f"^{label}")).fill(str(number))
    town.expected = ("409",)
    sound(town)
    town.page.get_by_role("button", name="登记表决").click()
    expect(town.page.get_by_role("alert")).to_contain_text("未超过到会 60 人的一半")
    looked(town, "vote-refused")
    town.page.get_by_label(re.compile("^赞成")).fill("50")
    town.page.get_by_label(re.compile("^反对")).fill("6")
    press(town, "登记表决")
    expect(town.page.get_by_label(re.compile("公示截止日"))).to_have_value(END.isoformat())
    press(town, "同意并公示")
    looked(town, "notice")


def _comment(anybody: Watched, notice: str) -> str:
    """Say something of the plan with a phone, pinned on the map; return the receipt."""
    anybody.expected = ("404",)
    anybody.open("/notices")
    sound(anybody)
    looked(anybody, "notices-phone")
    anybody.page.locator(f'a[href="{notice}"]').click()
    expect(anybody.page.locator("[data-notice-map][data-drawn]")).to_be_visible()
    sound(anybody)
    looked(anybody, "notice-phone")
    anybody.page.locator(".plan-map__canvas").click(position={"x": 150, "y": 120})
    expect(anybody.page.get_by_text("已标在图上")).to_be_visible()
    anybody.page.get_by_label(re.compile("您的意见")).fill(WORDS)
    anybody.page.get_by_role("button", name="提交意见").click()
    expect(anybody.page.get_by_text("已收到，谢谢！")).to_be_visible()
    expect(anybody.page.get_by_text(WORDS)).to_be_visible()
    sound(anybody)
    looked(anybody, "receipt-phone")
    return anybody.page.locator(".receipt").inner_text()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_tables_are_filled_in_browsers(
    window: Visit, road: Road, size: tuple[int, int], tmp_path: Path
) -> None:
    """Projects by form and file, with an asset that is searched for; goals; participation."""
    watched = signed_in(window, "planner", size)
    at_plan = f"/plans/{road.plan_id}"
    kind = "phone" if size == PHONE else "desk"
    watched.open(f"{at_plan}/projects/new")
    watched.page.get_by_label(re.compile("^项目类型")).fill("基础设施")
    watched.page.get_by_label(re.compile("^项目名称")).fill("供水管网改造")
    watched.page.get_by_label(re.compile("^资金规模")).fill("３６．５")
    watched.page.get_by_label("查找已有设施").press_sequentially("水厂")
    options = watched.page.get_by_label("已有设施", exact=True).locator("option")
    expect(options.nth(1)).to_be_attached()
    watched.page.get_by_label("已有设施", exact=True).select_option(index=1)
    sound(watched)
    looked(watched, f"project-{kind}")
    press(watched, "保存")
    file = tmp_path / "项目.xlsx"
    file.write_bytes(TOWNSHIP)
    watched.page.get_by_label(re.compile("^项目表（.xlsx")).set_input_files(str(file))
    press(watched, "导入")
    expect(watched.page.get_by_text("合计 4 项")).to_be_visible()
    watched.page.get_by_role("button", name="上移：公厕").click()
    expect(watched.page.get_by_role("status").first).to_contain_text("顺序已调整")
    sound(watched)
    looked(watched, f"projects-{kind}")
    watched.open(f"{at_plan}/goals")
    watched.page.get_by_label("第 1 行核算指标").select_option("cropland")
    watched.page.get_by_label("第 1 行目标年").fill("1")
    press(watched, "保存目标")
    sound(watched)
    looked(watched, f"goals-{kind}")
    watched.open(f"{at_plan}/participation")
    watched.page.get_by_label(re.compile("^参加人数")).fill("30")
    press(watched, "登记")
    sound(watched)
    looked(watched, f"participation-{kind}")
    for tab in ("procedure", "opinions", "waivers"):
        watched.open(f"{at_plan}/{tab}")
        sound(watched)
        looked(watched, f"{tab}-{kind}")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_demo_shows_its_notices(window: Visit, size: tuple[int, int]) -> None:
    """Real shapes, tables and pins; a pin is found from its opinion."""
    anybody = window(size)
    anybody.open("/notices")
    links = anybody.page.locator(".card__title a")
    expect(links.first).to_be_visible()
    for number in range(links.count()):
        anybody.open("/notices")
        links.nth(number).click()
        expect(anybody.page.locator("[data-notice-map][data-drawn]")).to_be_visible()
        pins = anybody.page.get_by_role("button", name=re.compile("看意见"))
        if pins.count():
            pins.first.click()
        sound(anybody)
        looked(anybody, f"demo-notice-{number}-{size[0]}")
