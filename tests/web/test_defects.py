"""The pages of problems: the ledger, one problem, entering one, prints and files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import count

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from fuliang_gis import clock
from fuliang_gis.exchange import defects as tables
from fuliang_gis.inspections.defects import operations, queries
from fuliang_gis.inspections.defects.given import Assignment, Feedback, Given, MeasureGiven
from fuliang_gis.inspections.models import Defect
from fuliang_gis.locations.registry import layer
from tests.factories import COUNTY, FULIANG_TOWN, YAOLI_TOWN, make_location
from tests.inspections.pictures import phone_picture
from tests.web.conftest import World, csrf_of

_serial = count(1)


def found(world: World, **given: object) -> Defect:
    """Enter a problem in 浮梁镇 with a title of its own."""
    actor = world.actors["county"]
    told = {
        "title": f"问题{next(_serial)}号",
        "category": "other",
        "severity": "ordinary",
        "division_code": FULIANG_TOWN,
    }
    with world.database.session(actor.account_id) as session:
        return operations.find(session, actor, Given(**{**told, **given}))  # type: ignore[arg-type]


def post(client: FlaskClient, address: str, **data: object) -> TestResponse:
    """Send a form as the page's own."""
    return client.post(address, data={"csrf_token": csrf_of(client), **data})


def act(client: FlaskClient, defect: Defect, verb: str, **data: object) -> TestResponse:
    """Do one act on a problem as its page does it."""
    return post(client, f"/defects/{defect.number}/{verb}", **data)


def test_the_whole_way_over_the_pages(world: World) -> None:
    """Entered, assigned, mended with a photo, rejected, mended, verified and struck off."""
    county, town = world.browser("county"), world.browser("fuliang")
    entered = post(
        town,
        "/defects/new",
        title="泵房门锁损坏",
        category="unlocked",
        severity="serious",
        division_code=FULIANG_TOWN,
        measures="更换门锁\n加装护栏",
        photos=(io.BytesIO(phone_picture()), "前.jpg"),
    )
    assert entered.status_code == 303, entered.get_data(as_text=True)
    number = entered.headers["Location"].rpartition("/")[2]
    with world.database.session() as session:
        defect = queries.get(session, world.actors["county"], number).defect

    def step(client: FlaskClient, verb: str, version: int, **data: object) -> None:
        answer = act(client, defect, verb, version=version, **data)
        assert answer.status_code == 303, answer.get_data(as_text=True)

    step(
        county, "assign", 1, owner_name="浮梁镇管护员", **{"measure.1": "换锁", "measure.2": "护栏"}
    )
    step(town, "fix", 2, measure=1, text="已换锁", cost_yuan="1,200.5")
    photo = (io.BytesIO(phone_picture()), "后.jpg")
    step(town, "fix", 3, measure=2, text="已装护栏", photos=photo)
    step(county, "reject", 4, measure=2, text="护栏未固定")
    step(town, "fix", 5, measure=2, text="已固定")
    step(county, "verify", 6, measure=1)
    step(county, "verify", 7, measure=2, text="合格")
    step(county, "close", 8, text="同意销号")
    step(county, "comment", 9, text="年底回访")
    page = county.get(f"/defects/{number}").get_data(as_text=True)
    for told in ("已销号", "1,200.50 元", "护栏未固定", "同意销号", "年底回访", "驳回 1 次"):
        assert told in page, told


@pytest.mark.parametrize(
    ("who", "verb", "data", "status", "told"),
    [
        ("county", "close", {}, 409, "还有 1 条整改措施未验收"),
        ("county", "assign", {"measure.1": "x"}, 422, "请指定整改责任人"),
        ("county", "assign", {"owner_name": "岗位", "due_on": "tomorrow"}, 422, "应为日期"),
        ("county", "fix", {"measure": 1, "text": "好"}, 409, "请先交办"),
        ("county", "comment", {"text": " "}, 422, "请填写留言"),
        ("county", "change", {"title": "x", "version": 7}, 409, "别人刚刚更新了"),
        ("county", "change", {"title": "x", "version": ""}, 400, "刷新页面"),
        ("county", "verify", {"text": "x"}, 400, "刷新页面"),
        ("county", "explode", {}, 404, "没有找到"),
        ("viewer", "comment", {"text": "x"}, 403, "不能"),
        ("yaoli", "comment", {"text": "x"}, 403, "不能"),
        ("yaoli", "assign", {"owner_name": "岗位", "measure.1": "x"}, 403, "不能"),
    ],
)
def test_refused_acts_say_why(
    world: World, who: str, verb: str, data: dict[str, object], status: int, told: str
) -> None:
    """Each refusal has its status and words, and changes nothing."""
    defect = found(world)
    answer = act(world.browser(who), defect, verb, **({"version": 1} | data))
    assert answer.status_code == status
    page = answer.get_data(as_text=True)
    assert told in page or (status == 403 and "未能完成" in page)
    with world.database.session() as session:
        kept = queries.get(session, world.actors["county"], defect.number)
    assert (kept.defect.version, len(kept.events)) == (1, 1)


def test_another_township_sees_nothing(world: World) -> None:
    """Problems of one township are not found from another, in list, page and file."""
    defect = found(world)
    away = world.browser("yaoli")
    assert away.get(f"/defects/{defect.number}").status_code == 404
    assert defect.number not in away.get("/defects").get_data(as_text=True)
    assert defect.number not in away.get("/defects/export.csv").get_data(as_text=True)


def test_the_page_offers_only_what_may_be_done(world: World) -> None:
    """Forms follow role and state: a viewer has none, the county may assign, nobody may close."""
    defect = found(world)
    verbs = ("assign", "change", "fix", "verify", "close", "reopen", "return", "comment")

    def offered(who: str) -> set[str]:
        page = world.browser(who).get(f"/defects/{defect.number}").get_data(as_text=True)
        return {verb for verb in verbs if f"/defects/{defect.number}/{verb}" in page}

    assert offered("viewer") == set()
    assert offered("county") == {"assign", "change", "comment"}


def test_who_mends_is_told_to_wait_for_another(world: World) -> None:
    """The page offers no judging of one's own work, and a sent form is refused."""
    defect = found(world)
    actor = world.actors["county"]
    with world.database.session(actor.account_id) as session:
        operations.assign(
            session, actor, defect.number, Assignment(owner_name="岗位"), expected_version=1
        )
    with world.database.session(actor.account_id) as session:
        operations.fix(session, actor, defect.number, 1, Feedback("好"), expected_version=2)
    county = world.browser("county")
    page = county.get(f"/defects/{defect.number}").get_data(as_text=True)
    assert "须由另一位有权限的人员验收" in page
    answer = act(county, defect, "verify", version=3, measure=1)
    assert answer.status_code == 403
    assert "请由另一位有权限的人员办理" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", {"甲", "乙"}),
        ("severity=serious", {"甲"}),
        ("state=found", {"甲", "乙"}),
        ("state=open", {"甲", "乙"}),
        ("state=overdue", set()),
        ("state=closed", set()),
        ("category=idle", {"乙"}),
        ("source=supervision", set()),
        (f"township={YAOLI_TOWN}", {"乙"}),
        ("mine=1", set()),
        ("q=甲", {"甲"}),
        ("sort=due_on&descending=0&size=25", {"甲", "乙"}),
    ],
)
def test_filters_keep_what_they_say(world: World, query: str, kept: set[str]) -> None:
    """Each filter keeps the right ones of two problems that differ."""
    mark = f"批{next(_serial)}次"
    found(world, title=f"{mark}甲", severity="serious")
    found(world, title=f"{mark}乙", category="idle", division_code=YAOLI_TOWN)
    asked = query if "q=" in query else f"{query}&q={mark}"
    page = world.browser("county").get(f"/defects?{asked}").get_data(as_text=True)
    assert {each for each in ("甲", "乙") if f"{mark}{each}</a>" in page} == kept


def test_a_long_ledger_costs_no_more_queries(
    world: World, count_queries: Callable[[Engine], AbstractContextManager[list[str]]]
) -> None:
    """List and page ask as often for many problems and measures as for few."""
    few = found(world)
    county = world.browser("county")
    county.get("/defects")

    def asked(address: str) -> int:
        with count_queries(world.database.engine) as seen:
            assert county.get(address).status_code == 200
        return len(seen)

    before = asked("/defects"), asked(f"/defects/{few.number}")
    many = found(world, measures=[MeasureGiven(f"措施{n}") for n in range(30)])
    for _ in range(10):
        found(world)
    assert (asked("/defects"), asked(f"/defects/{many.number}")) == before


def test_the_workbook_has_the_four_sheets(world: World) -> None:
    """Sheets and columns are the county's own, and no cell becomes a formula."""
    found(world, title="=1+1", description="@evil")
    county = world.browser("county")
    answer = county.get("/defects/export.xlsx")
    book = load_workbook(io.BytesIO(answer.get_data()))
    assert book.sheetnames == ["问题闭环台账", "整改过程记录", "驳回记录", "统计汇总"]
    headings = [[cell.value for cell in sheet[1]] for sheet in book]
    expected = (tables.LEDGER, tables.ATTEMPTS, tables.REJECTIONS, tables.SUMMARY)
    assert headings == [list(each) for each in expected]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert "'=1+1" in [cell.value for cell in cells]
    assert all(cell.data_type != "f" for cell in cells)
    with world.database.session() as session:
        counted = queries.statistics(
            session, world.actors["county"], queries.Filters(), clock.today()
        )
    assert book["统计汇总"]["A2"].value == counted.total
    assert book["问题闭环台账"].max_row == counted.total + 1


def test_the_csv_is_the_ledger(world: World) -> None:
    """The file holds what the list is narrowed to, in the county's columns."""
    defect = found(world, title="只此一件")
    answer = world.browser("county").get("/defects/export.csv?q=只此一件")
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert rows[0] == list(tables.LEDGER)
    assert [row[1] for row in rows[1:]] == [defect.number]
    assert rows[1][11] == "待整改"


def test_the_printed_ledger_has_every_column(world: World) -> None:
    """The print view holds the same cells."""
    defect = found(world)
    page = world.browser("county").get("/defects/print").get_data(as_text=True)
    assert defect.number in page
    assert all(f">{heading}</th>" in page for heading in tables.LEDGER)


def test_the_supervision_ledger_fits_41_problems_with_87_measures(world: World) -> None:
    """Five aspects, 41 problems, 87 measures: one row a measure in the file."""
    aspects = ("responsibility", "policy", "work", "results", "other")
    for number in range(41):
        measures = [MeasureGiven(f"措施{n}") for n in range(2 + (number < 5))]
        found(
            world,
            source="supervision",
            aspect=aspects[number % 5],
            division_code=COUNTY,
            lead_unit="县农业农村局",
            measures=measures,
        )
    county = world.browser("county")
    page = county.get("/defects/supervision").get_data(as_text=True)
    assert "5 个方面，41 个问题，87 条整改措施" in page
    book = load_workbook(io.BytesIO(county.get("/defects/supervision/export.xlsx").get_data()))
    rows = list(book.active.iter_rows(values_only=True))  # type: ignore[union-attr]
    assert rows[0] == tables.SUPERVISION
    assert len(rows) == 1 + 87
    assert sum(row[1] is not None for row in rows[1:]) == 41


def test_a_form_with_faults_comes_back_filled(world: World) -> None:
    """What was typed stays, and each fault stands by its field."""
    answer = post(
        world.browser("county"),
        "/defects/new",
        title="有照片",
        category="nothing",
        severity="ordinary",
        source="supervision",
        division_code=FULIANG_TOWN,
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="有照片"' in page
    assert 'id="category-fault"' in page
    assert 'id="aspect-fault"' in page


def test_a_problem_at_a_location_shows_it(world: World) -> None:
    """Entered from a location's card, it stands at the location."""
    county = world.browser("county")
    actor = world.actors["county"]
    with world.database.session(actor.account_id) as session:
        place = make_location(session, actor, layer("pv_stations"), name="查村光伏电站")
    form = county.get(f"/defects/new?layer=pv_stations&code={place.code}").get_data(as_text=True)
    assert "点位：查村光伏电站" in form
    told = {"title": "积灰", "category": "module", "severity": "minor"}
    answer = post(county, "/defects/new", layer="pv_stations", code=place.code, **told)
    page = county.get(answer.headers["Location"]).get_data(as_text=True)
    assert "data-location-map" in page
    unknown = post(county, "/defects/new", layer="pv_stations", code="NONE", **told)
    assert unknown.status_code == 404
    assert "没有这个编码的点位" in unknown.get_data(as_text=True)


def test_only_posts_that_handle_problems_may_enter_one(world: World) -> None:
    """A viewer is refused the form as well as its sending."""
    viewer = world.browser("viewer")
    assert viewer.get("/defects/new").status_code == 403
    answer = post(
        viewer, "/defects/new", title="x", category="other", severity="minor", division_code=COUNTY
    )
    assert answer.status_code == 403
