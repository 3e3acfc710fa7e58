"""A whole plan in browsers: from the base file over drawing and notice to what is handed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from shapely import Polygon
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import Database, driver_url
from fuliang_gis.exchange.plans.reading import Read, read_plan
from fuliang_gis.exchange.plans.writing import write_plan
from fuliang_gis.planning.models import VillagePlan
from fuliang_gis.planning.parcels import ControlLine, Draft, Parcel
from tests.e2e.conftest import PHONE, Watched
from tests.e2e.days.windows import Visit, looked, press, signed_in, sound
from tests.e2e.plan_editing import BOUNDARY, Editor, box, nodes
from tests.factories import FULIANG_VILLAGE
from tests.planning.procedure.road import DAY, END, START, at

pytestmark = pytest.mark.browser

TITLE = "从现状到公布（测试）"
#: The border between west and east, which a line traces.
BENT = [(100.0, 0.0), (110.0, 20.0), (95.0, 40.0), (108.0, 60.0), (100.0, 100.0)]
#: All but the farmland's corner and the one north of it may be built on.
BUILT = nodes((40, 0), (200, 0), (200, 100), (40, 100), (40, 80), (0, 80), (0, 40), (40, 40))


@pytest.fixture
def owner(own_address: str, cluster: Cluster, database: Database) -> Iterator[Engine]:
    """The served database, as its owner."""
    assert own_address.startswith("http")
    engine = create_engine(driver_url(cluster.owner_url(str(database.engine.url.database))))
    yield engine
    engine.dispose()


def base_year() -> Draft:
    """Return a village of two fields and a lane, with permanent farmland in its corner."""
    parcels = {
        "west": Parcel("west", "0103", nodes((0, 0), *BENT, (0, 100))),
        "east": Parcel("east", "0301", nodes((170, 0), (170, 100), *reversed(BENT))),
        "lane": Parcel("lane", "1207", box((170, 0, 200, 100))),
    }
    lines = {
        "farmland": ControlLine("farmland", "0202", box((0, 0, 40, 40)), "永久基本农田"),
        "built": ControlLine("built", "0301", BUILT, "村庄集中建设区"),
    }
    return Draft(BOUNDARY, parcels, parcels, lines)


def test_a_whole_plan(window: Visit, owner: Engine, tmp_path: Path) -> None:
    """Import, draw, trace, split, merge, undo, mend, submit, comment, publish, export."""
    with at(START):
        planner = signed_in(window, "planner")
        home = new_plan(planner, tmp_path)
        editor = draw(planner, owner, home)
        fix(editor)
        reviewer = signed_in(window, "reviewer")
        waive(reviewer, home)
        planner.open(f"{home}/procedure")
        press(planner, "提交村民会议")
        town = signed_in(window, "township")
        vote_and_notice(town, f"{home}/procedure")
        receipt = comment(window(PHONE), f"/notices{home.removeprefix('/plans')}")
        town.open(f"{home}/opinions")
        card = town.page.locator("article", has_text=receipt)
        card.get_by_label("采纳", exact=True).check()
        card.get_by_label(re.compile("理由")).fill("路灯列入项目")
        card.get_by_role("button", name="答复", exact=True).click()
        expect(town.page.get_by_role("status").first).to_contain_text("已答复")
    with at(END + DAY):
        town.open(f"{home}/procedure")
        press(town, "结束公示并报县")
        reviewer.open(f"{home}/procedure")
        reviewer.page.get_by_label(re.compile("批准文号")).fill("浮府规〔2026〕9号")
        for step in ("批准", "公布", "开始实施"):
            press(reviewer, step)
        looked(reviewer, "whole-in-force")
        handed = exported(planner, home, tmp_path)
    drawn = editor.draft()
    assert handed.parcels.keys() == drawn.parcels.keys()
    for name, parcel in drawn.parcels.items():
        assert handed.parcels[name].geom.normalize().equals_exact(parcel.geom.normalize(), 1e-4)
        assert handed.parcels[name].code == parcel.code
    with Session(owner) as session:
        plan = session.scalars(select(VillagePlan).where(VillagePlan.title == TITLE)).one()
        assert (plan.state, plan.notice_until) == ("in_force", END)


def new_plan(planner: Watched, folder: Path) -> str:
    """Make a plan from its base file; return its address."""
    page, source = planner.page, folder / "base.gpkg"
    write_plan(base_year(), source, "gpkg")
    planner.open(f"/plans/new?division={FULIANG_VILLAGE}")
    page.get_by_label("规划名称").fill(TITLE)
    page.get_by_label("村界文件").set_input_files(source)
    page.get_by_role("button", name="建立规划").click()
    expect(page.get_by_role("heading", name="导入预览：base.gpkg")).to_be_visible()
    # The button stands below the map, which grows while it is drawn.
    expect(page.locator("[data-plan-map][data-drawn]")).to_be_attached()
    page.get_by_role("button", name="导入", exact=True).click()
    expect(page.get_by_text("已导入现状图斑 3 个、管控边界 2 块")).to_be_visible()
    sound(planner)
    looked(planner, "whole-imported")
    return page.url.removeprefix(planner.address).split("?")[0].split("#")[0]


def draw(planner: Watched, owner: Engine, home: str) -> Editor:
    """Trace a lane along the border, split, merge and take back; return the editor."""
    page = planner.page
    page.get_by_role("link", name="编辑图斑").click()
    scheme = int(re.findall(r"/plan-schemes/(\d+)/edit", page.url)[0])
    editor = Editor(planner, owner, scheme)
    editor.ready()
    page.get_by_role("combobox", name="新画图斑的用地").fill("0704")
    page.keyboard.press("Enter")
    editor.tool("追踪")
    editor.draw("画图斑", (100, 0), (100, 100), (150, 50))
    draft = editor.saved(2)
    (hall,) = [each for each in draft.parcels.values() if each.code == "0704"]
    assert isinstance(hall.geom, Polygon)
    assert set(corners(hall)) >= set(BENT)
    editor.tool("追踪")
    editor.click(30, 60)
    editor.draw("分割", (0, 60), (112, 60))
    assert len(editor.saved(3).parcels) == 5
    page.keyboard.press("Control+z")
    assert editor.saved(4).parcels == draft.parcels
    page.keyboard.press("Control+Shift+z")
    assert len(editor.saved(5).parcels) == 5
    editor.click(160, 90)
    editor.click(185, 50, shift=True)
    expect(page.locator("#pe-parcels h2")).to_have_text("已选 2 个图斑")
    page.keyboard.press("m")
    assert len(editor.saved(6).parcels) == 4
    looked(planner, "whole-drawn")
    assert home
    return editor


def corners(parcel: Parcel) -> list[tuple[float, float]]:
    """Return a parcel's corners, counted from the village's."""
    assert isinstance(parcel.geom, Polygon)
    left, bottom = BOUNDARY.bounds[:2]
    return [(round(x - left, 4), round(y - bottom, 4)) for x, y in parcel.geom.exterior.coords]


def fix(editor: Editor) -> None:
    """Open two faults, and mend both from the list of findings."""
    page = editor.page
    editor.click(50, 20)
    page.get_by_role("combobox", name="用地", exact=True).fill("0704")
    page.keyboard.press("Enter")
    editor.saved(7)
    editor.tab("问题")
    farmland = page.locator(".pe-finding", has_text="永久基本农田")
    farmland.get_by_role("button", name="沿管控边界分开").click()
    editor.saved(8)
    editor.click(20, 20)
    editor.tab("图斑")
    page.get_by_role("combobox", name="用地", exact=True).fill("0103")
    page.keyboard.press("Enter")
    editor.saved(9)
    editor.click(20, 80)
    page.get_by_label("删除后土地划归").select_option("")
    page.get_by_role("button", name="删除图斑").click()
    editor.saved(10)
    editor.tab("问题")
    looked(editor.watched, "whole-faults")
    page.get_by_role("button", name=re.compile("^并入")).first.click()
    editor.saved(11)
    expect(page.locator(".pe-finding")).to_have_count(1)
    expect(page.locator(".pe-finding")).to_contain_text("须报批")
    looked(editor.watched, "whole-mended")


def waive(reviewer: Watched, home: str) -> None:
    """Grant what was built outside of the built-up area, and argued for."""
    reviewer.open(f"{home}/waivers")
    reviewer.page.get_by_label(re.compile("批准的依据和理由")).fill("已论证")
    press(reviewer, "登记例外")
    expect(reviewer.page.get_by_text("没有须论证报批的用地")).to_be_visible()


def vote_and_notice(town: Watched, here: str) -> None:
    """Record the assembly's vote and put the plan on notice."""
    town.open(here)
    for label, number in (("应到人数", 100), ("到会人数", 60), ("赞成", 50), ("反对", 6)):
        town.page.get_by_label(re.compile(f"^{label}")).fill(str(number))
    press(town, "登记表决")
    press(town, "同意并公示")


def comment(anybody: Watched, notice: str) -> str:
    """Say something of the plan with a phone, without an account; return the receipt."""
    anybody.open(notice)
    expect(anybody.page.locator("[data-notice-map][data-drawn]")).to_be_visible()
    anybody.page.locator(".plan-map__canvas").click(position={"x": 150, "y": 120})
    expect(anybody.page.get_by_text("已标在图上")).to_be_visible()
    anybody.page.get_by_label(re.compile("您的意见")).fill("村口请装路灯 <script>alert(1)</script>")
    looked(anybody, "whole-notice-phone")
    anybody.page.get_by_role("button", name="提交意见").click()
    expect(anybody.page.get_by_text("已收到，谢谢！")).to_be_visible()
    return anybody.page.locator(".receipt").inner_text()


def exported(planner: Watched, home: str, folder: Path) -> Read:
    """Take the files that are handed in; return what the data file holds."""
    planner.open(f"{home}/files")
    page = planner.page
    card = page.locator("form.card", has_text="GeoPackage")
    card.get_by_role("button", name="往返校验").click()
    expect(card.get_by_text("一致。")).to_be_visible()
    download(page, "GeoPackage", folder / "plan.gpkg")
    looked(planner, "whole-files")
    return read_plan(folder / "plan.gpkg")


def download(page: Page, name: str, target: Path) -> None:
    """Download one of the files on offer."""
    card = page.locator("form.card", has_text=name)
    with page.expect_download() as given:
        card.get_by_role("button", name="下载").click()
    given.value.save_as(target)
