"""Pages of village plans: who may read them, what they tell, what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Role
from fuliang_gis.areas.models import Division
from fuliang_gis.locations.registry import layer
from fuliang_gis.planning import operations
from fuliang_gis.planning.models import PlanScheme, VillagePlan
from tests.factories import COUNTY, FULIANG_VILLAGE, YAOLI_TOWN, make_actor, make_location, point
from tests.planning.test_operations import BOUNDARY, EAST, WEST, at, given
from tests.planning.village import line
from tests.web.conftest import World

HOSTILE = "<script>window.hit=1</script>"
ABROAD = "360222105201"
Forms = dict[str, str]


@pytest.fixture(scope="module")
def plan(world: World) -> int:
    """A plan with a base year, a line and three versions; its title and labels are hostile."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        for name, role, scope in (
            ("planner", Role.PLANNER, COUNTY),
            ("reviewer", Role.REVIEWER, COUNTY),
            ("abroad", Role.PLANNER, YAOLI_TOWN),
        ):
            world.actors[name] = make_actor(session, role, scope)
        for code, level in ((FULIANG_VILLAGE, "province"), (ABROAD, "city")):
            make_location(session, world.actors["county"], layer("villages"), division_code=code,
                          key_level=level, name="示例村", geometry=point())  # fmt: skip
    planner = world.actors["planner"]
    with world.database.session(planner.account_id) as session:
        made = operations.create_plan(session, planner, given(title=HOSTILE))
        lines = [line("f", "0202", *BOUNDARY.bounds)]
        operations.set_base(session, planner, made.id, [WEST, EAST], lines, expected_version=1)
        scheme = session.scalars(select(PlanScheme).where(PlanScheme.plan_id == made.id)).one()
        house = replace(at("e", "0703", 100, 0, 200, 100), name=HOSTILE)
        operations.save(
            session, planner, scheme.id, {"e": house}, expected=1, message=HOSTILE + " 改为宅基地"
        )
        back = at("w", "0201", 0, 0, 100, 100)
        operations.save(session, planner, scheme.id, {"w": back}, expected=2)
        return made.id


@pytest.fixture
def planner(world: World, plan: int) -> FlaskClient:
    """The browser of a planner of the county, who has a plan."""
    assert plan
    return world.browser("planner")


def form(client: FlaskClient, path: str, **values: str) -> Forms:
    """Return a form with the token of a page."""
    page = client.get(path).get_data(as_text=True)
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found is not None
    return {"csrf_token": found[1], **values}


def scheme_of(world: World, plan_id: int, title: str = "方案一") -> int:
    """Return the id of a plan's scheme."""
    with Session(world.owner) as session:
        wanted = select(PlanScheme.id).where(
            PlanScheme.plan_id == plan_id, PlanScheme.title == title
        )
        return session.scalars(wanted).one()


PAGES = ("", "/findings", "/tables", "/files", "/compare", "/counts")


@pytest.mark.parametrize("path", PAGES)
def test_whoever_may_read_reads(world: World, plan: int, path: str) -> None:
    """Every role of the place sees every page; hostile names are words; no style is inline."""
    for who in ("planner", "reviewer", "viewer", "fuliang"):
        answer = world.browser(who).get(f"/plans/{plan}{path}")
        assert answer.status_code == 200, who
        page = answer.get_data(as_text=True)
        assert HOSTILE not in page
        assert " style=" not in page


@pytest.mark.parametrize("path", [*PAGES, "/tables.xlsx", "/files/export?format=gpkg"])
def test_another_township_s_plan_is_not_found(world: World, plan: int, path: str) -> None:
    """Ids are never trusted."""
    assert world.browser("abroad").get(f"/plans/{plan}{path}").status_code == 404
    assert world.browser("yaoli").get(f"/plans/{plan}{path}").status_code == 404


@pytest.mark.parametrize("path", ["/plans", "/plans/new", "/plans/1", "/plans/1/files"])
def test_strangers_are_sent_to_sign_in(world: World, path: str) -> None:
    """Nobody may read without signing in."""
    assert world.browser().get(path).status_code in (302, 401)


@pytest.mark.parametrize(
    "path",
    [
        "?scheme=9999",
        "?scheme=x",
        "?version=99",
        "?version=-1",
        "/compare?left=x",
        "/compare?left=1@9",
        "/files/export?format=doc",
        "/files/nothing-here",
    ],
)
def test_what_is_not_there_is_not_found(planner: FlaskClient, plan: int, path: str) -> None:
    """Odd addresses are answered 404, never 500."""
    assert planner.get(f"/plans/{plan}{path}").status_code == 404


# --- the list ---


def test_the_list_tells_and_narrows(planner: FlaskClient) -> None:
    """Village, state, years, area; search by village and township; an empty result says so."""
    page = planner.get("/plans").get_data(as_text=True)
    assert '<a href="/plans" aria-current="page">村庄规划</a>' in page
    assert "2023—2035" in page
    assert ">2.00<" in page
    assert "尚无规划的重点村 1" in page
    for sort in ("title", "state", "years", "area", "schemes", "saved"):
        assert "2023—2035" in planner.get(f"/plans?sort={sort}&descending=1").get_data(as_text=True)
    assert "1 个规划" in planner.get("/plans?q=浮梁镇").get_data(as_text=True)
    assert "1 个规划" in planner.get("/plans?state=draft").get_data(as_text=True)
    for nothing in ("q=没有这个村", "state=approved", f"township={YAOLI_TOWN}", "q=%25"):
        assert "没有符合条件的规划" in planner.get(f"/plans?{nothing}").get_data(as_text=True)


def test_key_villages_without_a_plan_are_listed(world: World, planner: FlaskClient) -> None:
    """Each leads to a new plan of its own; who may not draft sees them without the way."""
    page = planner.get("/plans?without=1").get_data(as_text=True)
    assert f"/plans/new?division={ABROAD}" in page
    assert FULIANG_VILLAGE not in page
    assert "/plans/new" not in world.browser("viewer").get("/plans?without=1").get_data(
        as_text=True
    )
    assert "没有符合条件的村" in planner.get("/plans?without=1&q=无").get_data(as_text=True)


@pytest.mark.usefixtures("plan")
def test_an_empty_list_says_what_to_do(world: World) -> None:
    """A planner is led to a new plan, a reader is told who makes them."""
    page = world.browser("abroad").get("/plans").get_data(as_text=True)
    assert "先为一个村新建规划" in page
    assert "规划由规划员编制" in world.browser("yaoli").get("/plans").get_data(as_text=True)


def test_the_list_costs_the_same_few_statements(
    world: World,
    planner: FlaskClient,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    """Three plans more are read in as many statements, none of which reads a shape."""
    seen: list[list[str]] = []
    for _ in range(2):
        with count_queries(world.database.engine) as asked:
            assert planner.get("/plans").status_code == 200
        seen.append([each for each in asked if "village_plan" in each])
        actor = world.actors["planner"]
        with world.database.session(actor.account_id) as session:
            for turn in range(3):
                operations.create_plan(session, actor, given(title=f"又一个 {turn}"))
    assert len(seen[0]) == len(seen[1]) == 4
    assert not any("AsEWKB" in each or "ST_AsBinary" in each for each in seen[1])
    with Session(world.owner) as session, session.begin():
        for made in session.scalars(select(VillagePlan).where(VillagePlan.title.like("又一个%"))):
            session.delete(made)


# --- a new plan ---


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"division_code": ""}, "请选择一个村级区划"),
        ({"title": " "}, "请填写规划名称"),
        ({"base_year": "二〇二三"}, "基期年应为四位年份"),
        ({"target_year": "2000"}, "目标年应晚于基期年"),
        ({"population": "-3"}, "规划人口应为正整数"),
        ({"edition": "1999"}, "用地分类版本应为"),
        ({"profile": "../x"}, "请选择省份规则"),
    ],
)
def test_a_faulty_form_comes_back_whole(
    planner: FlaskClient, wrong: dict[str, str], told: str
) -> None:
    """Faults stand beside their field, and what was typed is still there."""
    usual = {
        "division_code": FULIANG_VILLAGE,
        "title": "我的规划",
        "base_year": "2023",
        "target_year": "2035",
        "edition": "2023",
        "profile": "jiangxi",
        "population": "512",
    }
    sent = form(planner, "/plans/new", **(usual | wrong))
    answer = planner.post("/plans/new", data=sent)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert told in page
    if "title" not in wrong:
        assert 'value="我的规划"' in page


@pytest.mark.usefixtures("plan")
def test_only_planners_of_the_place_begin(world: World) -> None:
    """Others are refused; a planner of another township is told beside the village."""
    assert world.browser("viewer").get("/plans/new").status_code == 403
    abroad = world.browser("abroad")
    sent = form(abroad, "/plans/new", division_code=FULIANG_VILLAGE, title="越界", base_year="2023",
                target_year="2035", edition="2023", profile="jiangxi")  # fmt: skip
    assert abroad.post("/plans/new", data=sent).status_code == 403


def test_a_plan_begins_from_the_village_s_own_boundary(world: World, planner: FlaskClient) -> None:
    """The page that follows asks for the base year; a proposed title names village and years."""
    page = planner.get(f"/plans/new?division={FULIANG_VILLAGE}").get_data(as_text=True)
    assert "村庄规划（" in page
    with Session(world.owner) as session:
        village = session.get_one(Division, FULIANG_VILLAGE)
        name, has_boundary = village.name, village.boundary is not None
    place = f"{FULIANG_VILLAGE} {name}"
    sent = form(planner, "/plans/new", division_code=place, title="自有村界", base_year="2023",
                target_year="2035", edition="2023", profile="jiangxi")  # fmt: skip
    answer = planner.post("/plans/new", data=sent)
    if not has_boundary:
        assert answer.status_code == 422
        assert "村界图形有误" in answer.get_data(as_text=True)
        return
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/files")


# --- schemes ---


def test_schemes_are_copied_named_chosen(world: World, planner: FlaskClient, plan: int) -> None:
    """A copy is named, becomes the main one, and the first can be it again."""
    first = scheme_of(world, plan)
    sent = form(planner, f"/plans/{plan}", title="方案二")
    copied = planner.post(f"/plans/{plan}/schemes/{first}/copy", data=sent)
    assert copied.status_code == 303
    second = scheme_of(world, plan, "方案二")
    again = planner.post(f"/plans/{plan}/schemes/{first}/copy", data=sent)
    assert again.status_code == 409
    assert "已被使用" in again.get_data(as_text=True)
    for title, status in ((HOSTILE, 303), ("方案一", 409), ("", 422), ("长" * 61, 422)):
        named = planner.post(f"/plans/{plan}/schemes/{second}/name", data=sent | {"title": title})
        assert named.status_code == status
    page = planner.get(f"/plans/{plan}").get_data(as_text=True)
    assert HOSTILE not in page
    for scheme in (second, first):
        done = planner.post(f"/plans/{plan}/schemes/{scheme}/choose", data=sent)
        assert done.status_code == 303
        with Session(world.owner) as session:
            chosen = select(PlanScheme.id).where(PlanScheme.plan_id == plan, PlanScheme.chosen)
            assert session.scalars(chosen).all() == [scheme]


def test_an_old_version_comes_back(world: World, planner: FlaskClient, plan: int) -> None:
    """Versions are told with their messages; restoring upon an old page is a conflict."""
    scheme = scheme_of(world, plan)
    page = planner.get(f"/plans/{plan}").get_data(as_text=True)
    assert "改为宅基地" in page
    old = planner.get(f"/plans/{plan}?version=1").get_data(as_text=True)
    assert "旧版本" in old
    with Session(world.owner) as session:
        head = session.get_one(PlanScheme, scheme).head
    sent = form(planner, f"/plans/{plan}", ordinal="1", head=str(head - 1))
    address = f"/plans/{plan}/schemes/{scheme}/restore"
    assert planner.post(address, data=sent).status_code == 409
    for ordinal in ("1", "3"):
        sent |= {"ordinal": ordinal, "head": str(head)}
        assert planner.post(address, data=sent).status_code == 303
        head += 1


@pytest.mark.parametrize("act", ["copy", "name", "choose", "restore"])
def test_readers_change_nothing(world: World, plan: int, act: str) -> None:
    """Who may read but not draft is refused, and so is a scheme of another plan."""
    scheme = scheme_of(world, plan)
    for who, status in (("viewer", 403), ("reviewer", 403), ("abroad", 404)):
        client = world.browser(who)
        sent = form(client, "/plans", title="不行", ordinal="1", head="3")
        address = f"/plans/{plan}/schemes/{scheme}/{act}"
        assert client.post(address, data=sent).status_code == status
    client = world.browser("planner")
    sent = form(client, "/plans", title="不行", ordinal="1", head="3")
    address = f"/plans/{plan + 999}/schemes/{scheme}/{act}"
    assert client.post(address, data=sent).status_code == 404


# --- findings and tables ---


def test_findings_are_told_and_narrowed(planner: FlaskClient, plan: int) -> None:
    """A house on farmland is an error with its article; filters take it or leave it."""
    page = planner.get(f"/plans/{plan}/findings").get_data(as_text=True)
    assert "土地管理法第三十五条" in page
    assert "占用管控边界" in page
    assert 'data-show-place="0"' in page
    assert "10,000.00" in page
    assert "verdict--forbidden" in page
    one = planner.get(f"/plans/{plan}/findings?severity=error&code=line_inside&least=9999")
    assert "finding--error" in one.get_data(as_text=True)
    none = planner.get(f"/plans/{plan}/findings?least=99999999").get_data(as_text=True)
    assert "没有符合条件的问题" in none
    cell = planner.get(f"/plans/{plan}/findings?cell=0202-07").get_data(as_text=True)
    assert 'data-parcels="[&#34;e&#34;]"' in cell
    counts = planner.get(f"/plans/{plan}/counts").get_data(as_text=True)
    assert re.search(r"错误 [1-9]", counts)


@pytest.mark.parametrize(
    ("cell", "ids", "year"),
    [
        ("structure.01.base", "w", "base"),
        ("structure.村庄建设用地.target", "e", "target"),
        ("structure.total.target", "w", "target"),
        ("transfer.03.村庄建设用地", "e", "target"),
        ("homestead", "e", "target"),
    ],
)
def test_every_number_leads_to_its_parcels(
    planner: FlaskClient, plan: int, cell: str, ids: str, year: str
) -> None:
    """A number's own address lists its parcels with their areas; the table links to it."""
    page = planner.get(f"/plans/{plan}/tables?cell={cell}").get_data(as_text=True)
    found = re.search(
        r'<section id="cell" class="panel" data-parcels="([^"]*)" data-year="(\w+)"', page
    )
    assert found is not None
    assert f"&#34;{ids}&#34;" in found[1]
    assert found[2] == year


@pytest.mark.parametrize(
    "cell", ["x", "structure.01", "goal.7", "transfer.a.b", "structure..", "goal.²"]
)
def test_a_number_that_is_not_there_is_told(planner: FlaskClient, plan: int, cell: str) -> None:
    """An old link to a number says that it is gone."""
    page = planner.get(f"/plans/{plan}/tables?cell={cell}").get_data(as_text=True)
    assert "没有这一格" in page


def test_tables_add_up(planner: FlaskClient, plan: int) -> None:
    """Percentages sum to 100.00, the transfer matrix to the village."""
    page = planner.get(f"/plans/{plan}/tables").get_data(as_text=True)
    assert page.count(">100.00<") == 2
    assert ">20,000.00<" in page
    assert "heat--4" in page
    book = load_workbook(BytesIO(planner.get(f"/plans/{plan}/tables.xlsx").data))
    assert "国土空间功能结构调整表" in book.sheetnames


def test_codes_are_public_and_kept(world: World) -> None:
    """Land-use codes are no secret; browsers may keep them for a day."""
    client = world.browser()
    answer = client.get("/plans/codes.json")
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    codes = {each["code"]: each for each in answer.get_json()}
    assert codes["0703"]["zh"] == "农村宅基地"
    assert codes["0703"]["construction"] is True
    assert len(codes["0703"]["colour"]) == 3
    assert {each["code"] for each in client.get("/plans/control-lines.json").get_json()} >= {"0202"}
    assert client.get("/plans/codes.json?edition=2020").get_json() != list(codes.values())
    assert client.get("/plans/codes.json?edition=x").status_code == 404


# --- comparing ---


def test_two_states_are_compared(world: World, planner: FlaskClient, plan: int) -> None:
    """The base year against the scheme by default; versions by their numbers; the same: nothing."""
    scheme = scheme_of(world, plan)
    page = planner.get(f"/plans/{plan}/compare").get_data(as_text=True)
    assert "基期现状（2023 年）" in page
    assert "20,000.00" in page
    address = f"/plans/{plan}/compare?left={scheme}@1&right={scheme}@2"
    page = planner.get(address).get_data(as_text=True)
    assert "10,000.00 平方米" in page
    assert "改用途 1" in page
    changes = planner.get(address.replace("compare?", "compare/changes.json?")).get_json()
    assert [(each["from"], each["to"]) for each in changes] == [("0301", "0703")]
    assert changes[0]["parcels"] == ["e", "e"]
    same = planner.get(f"/plans/{plan}/compare?left={scheme}@2&right={scheme}@2")
    assert "两边的用途处处相同" in same.get_data(as_text=True)


@pytest.mark.usefixtures("plan")
@pytest.mark.parametrize("path", PAGES)
def test_a_plan_without_anything_has_its_pages(world: World, path: str) -> None:
    """What is not there yet is said, with the way to it for who may go it."""
    actor = world.actors["planner"]
    with world.database.session(actor.account_id) as session:
        made = operations.create_plan(session, actor, given(title="空的")).id
    answer = world.browser("planner").get(f"/plans/{made}{path}")
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    if path in ("", "/tables", "/files"):
        assert "导入现状" in page
    # A scheme before its first version is drawn as it begins: the boundary alone.
    for address in re.findall(r'data-(?:sketch|changes)="([^"]+)"', page):
        drawn = world.browser("planner").get(address.replace("&amp;", "&"))
        assert drawn.status_code == 200
    assert world.browser("viewer").get(f"/plans/{made}{path}").status_code == 200
