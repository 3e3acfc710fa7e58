"""The pages of rules, tasks and exceptions: what they show, take, refuse, and to whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Role
from fuliang_gis.clock import ZONE
from fuliang_gis.inspections.models import InspectionException, InspectionRule, Obligation
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from tests.factories import FULIANG_TOWN, make_account, make_location
from tests.inspections.factories import make_obligation
from tests.web.conftest import World

FORM = {
    "title": "光伏电站每月巡查",
    "purpose": "routine",
    "period": "month",
    "count": "1",
    "target": "pv_stations",
    "basis": "县里通知",
    "valid_from": "2022-01-01",
    "checklist": "【严重】逆变器无告警\n围栏完好\n",
}
Csrf = Callable[[FlaskClient], str]


@pytest.fixture
def station(world: World) -> Iterator[Location]:
    """A PV station of 浮梁镇 that has long been there."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        made = make_location(
            session, world.actors["county"], layer("pv_stations"), name="查村光伏电站"
        )
        long_ago = datetime(2020, 1, 1, tzinfo=ZONE)
        session.execute(update(Location).where(Location.id == made.id).values(created_at=long_ago))
    yield made
    with Session(world.owner) as session, session.begin():
        session.execute(delete(Location).where(Location.id == made.id))
        session.execute(delete(InspectionRule))


def _post(client: FlaskClient, csrf: Csrf, path: str, form: dict[str, str]) -> tuple[int, str]:
    answer = client.post(path, data=form | {"csrf_token": csrf(client)}, follow_redirects=True)
    return answer.status_code, answer.get_data(as_text=True)


def _page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def _rule(world: World) -> InspectionRule:
    with Session(world.owner, expire_on_commit=False) as session:
        return session.scalars(select(InspectionRule)).one()


@pytest.mark.usefixtures("station")
def test_a_rule_is_made_changed_and_withdrawn_in_the_browser(
    world: World, county: FlaskClient, csrf: Csrf
) -> None:
    """Each step says what it did; history, the table of who is inspected, and tasks follow."""
    status, page = _post(county, csrf, "/inspections/rules/new", FORM)
    assert (status, "已新增规则" in page) == (200, True)
    rule = _rule(world)
    assert rule.checklist is not None
    assert [(item["zh"], item["severity"]) for item in rule.checklist] == [
        ("逆变器无告警", "serious"),
        ("围栏完好", "ordinary"),
    ]
    overview = _page(county, "/inspections/rules")
    assert "每月 1 次" in overview
    assert "光伏电站每月巡查" in overview
    path = f"/inspections/rules/{rule.id}"
    assert "【严重】逆变器无告警" in _page(county, path)
    changed = FORM | {"period": "week", "version": "1"}
    _, page = _post(county, csrf, path, changed)
    assert "每月 → 每周" in page
    status, page = _post(county, csrf, path, changed)
    assert (status, "刚被他人修改" in page) == (409, True)
    _, page = _post(county, csrf, f"{path}/withdraw", {"version": "2"})
    assert "已停用" in page
    with Session(world.owner) as session:
        assert session.scalars(select(Obligation.id)).all() == []
    _, page = _post(county, csrf, f"{path}/restore", {"version": "3"})
    assert "巡查任务已同步更新" in page


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"title": ""}, "请填写规则名称"),
        ({"count": "x"}, "次数应为整数"),
        ({"count": "29"}, "每个周期的次数应为 1～28"),
        ({"valid_from": ""}, "请填写日期"),
        ({"valid_to": "soon"}, "应为日期"),
        ({"valid_to": "2021-01-01"}, "截止日期不能早于起始日期"),
        ({"target": "moons"}, "这一图层"),
        ({"purpose": "<b>"}, "&lt;b&gt;"),
    ],
)
def test_a_rule_s_form_comes_back_with_what_is_wrong(
    county: FlaskClient, csrf: Csrf, changed: dict[str, str], told: str
) -> None:
    """What was typed stays."""
    status, page = _post(county, csrf, "/inspections/rules/new", FORM | changed)
    assert (status, told in page, "围栏完好" in page) == (422, True, True)


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("fuliang", "/inspections/rules/new"),
        ("viewer", "/inspections/rules/new"),
    ],
)
def test_only_county_staff_make_rules(world: World, csrf: Csrf, who: str, path: str) -> None:
    """Others see the rules, without a form."""
    client = world.browser(who)
    assert client.get(path).status_code == 403
    assert _post(client, csrf, path, FORM)[0] == 403
    assert "新增规则" not in _page(client, "/inspections/rules")


def test_tasks_are_listed_narrowed_planned_and_excused(
    world: World, station: Location, csrf: Csrf
) -> None:
    """The list says what is late; the page of a task takes its plan or its excuse."""
    today = clock.today()
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        late = make_obligation(session, station, today - timedelta(days=200))
        now = make_obligation(session, station, today)
        inspector = make_account(session, Role.INSPECTOR, FULIANG_TOWN).id
    client = world.browser("fuliang")
    page = _page(client, "/inspections/obligations")
    assert "共 2 条" in page
    assert f"逾期 {(today - late.due_on).days} 天" in page
    assert "共 1 条" in _page(client, "/inspections/obligations?state=overdue")
    assert "没有符合条件" in _page(client, "/inspections/obligations?layer=villages")
    assert "共 0 条" in _page(world.browser("yaoli"), "/inspections/obligations?state=all")
    path = f"/inspections/obligations/{now.id}"
    plan = {"version": "1", "planned_on": now.due_on.isoformat(), "assignee": str(inspector)}
    assert "已安排" in _post(client, csrf, f"{path}/plan", plan)[1]
    assert "共 1 条" in _page(client, f"/inspections/obligations?assignee={inspector}")
    outside = plan | {"version": "2", "planned_on": "2099-01-01"}
    status, page = _post(client, csrf, f"{path}/plan", outside)
    assert (status, "计划日期应在" in page) == (422, True)
    status, page = _post(client, csrf, f"{path}/excuse", {"version": "2", "reason": ""})
    assert (status, "请填写原因" in page) == (422, True)
    assert "封山" in _post(client, csrf, f"{path}/excuse", {"version": "2", "reason": "封山"})[1]
    closed = f"/inspections/obligations/{late.id}"
    assert "免除这一次" not in _page(client, closed)
    status, page = _post(client, csrf, f"{closed}/excuse", {"version": "1", "reason": "封山"})
    assert (status, "已结束" in page) == (409, True)
    assert client.get("/inspections/obligations/999999").status_code == 404


def test_an_excuse_is_taken_back_on_the_task_s_page(
    world: World, station: Location, county: FlaskClient, csrf: Csrf
) -> None:
    """By whoever may excuse, while the period is open; its way is told below."""
    _post(county, csrf, "/inspections/rules/new", FORM)
    client = world.browser("fuliang")
    with Session(world.owner) as session, session.begin():
        owed = select(Obligation).where(Obligation.due_on >= clock.today())
        row = session.scalars(owed.order_by(Obligation.due_on)).first()
        past = make_obligation(session, station, clock.today() - timedelta(days=400), excuse="封山")
        assert row is not None
        key, closed = row.id, past.id
    path = f"/inspections/obligations/{key}"
    assert "撤销免除" not in _page(client, path)
    _post(client, csrf, f"{path}/excuse", {"version": "1", "reason": "封山"})
    assert 'data-confirm="撤销免除' in _page(client, path)
    assert 'data-confirm="撤销免除' not in _page(world.browser("viewer"), path)
    status, page = _post(client, csrf, f"{path}/reinstate", {"version": "1"})
    assert (status, "撤销免除" in page) == (409, True)
    status, page = _post(client, csrf, f"{path}/reinstate", {"version": "2"})
    assert (status, "已撤销免除，任务恢复" in page) == (200, True)
    assert page.index("原免除原因：封山") < page.index('<td data-label="内容">原因：封山')
    assert "免除这一次" in page
    path = f"/inspections/obligations/{closed}"
    assert "免除不能再撤销" in _page(client, path)
    status, page = _post(client, csrf, f"{path}/reinstate", {"version": "1"})
    assert (status, "已结束" in page) == (409, True)


def test_the_list_goes_out_as_a_file(world: World, station: Location, county: FlaskClient) -> None:
    """CSV and Excel hold the rows of the list, with words instead of codes."""
    with Session(world.owner) as session, session.begin():
        make_obligation(session, station, clock.today())
    table = county.get("/inspections/obligations/export.csv?state=all")
    lines = table.get_data(as_text=True).splitlines()
    assert len(lines) == 2
    assert "查村光伏电站" in lines[1]
    assert "日常巡查" in lines[1]
    book = county.get("/inspections/obligations/export.xlsx")
    assert book.get_data()[:2] == b"PK"


def test_a_location_is_excepted_and_the_exception_revoked(
    world: World, station: Location, county: FlaskClient, csrf: Csrf
) -> None:
    """With a reason and an end; the form comes back without them."""
    _post(county, csrf, "/inspections/rules/new", FORM)
    client, today = world.browser("fuliang"), clock.today()
    path = f"/inspections/exceptions/pv_stations/{station.code}"
    form = {
        "reason": "道路施工封闭",
        "valid_from": today.isoformat(),
        "valid_to": (today + timedelta(days=200)).isoformat(),
    }
    status, page = _post(client, csrf, path, form | {"reason": "", "valid_to": ""})
    assert (status, "请填写日期" in page) == (422, True)
    status, page = _post(client, csrf, path, form | {"reason": ""})
    assert (status, "请填写原因" in page) == (422, True)
    _, page = _post(client, csrf, path, form)
    assert "道路施工封闭" in page
    assert "没有巡查任务" in page
    assert "查村光伏电站" in _page(client, "/inspections/exceptions")
    with Session(world.owner) as session:
        made = session.scalars(select(InspectionException.id)).one()
    assert world.browser("viewer").get(path).status_code == 200
    viewer = world.browser("viewer")
    revoke = f"/inspections/exceptions/{made}/revoke"
    assert _post(viewer, csrf, revoke, {})[0] == 403
    assert "已取消" in _post(client, csrf, revoke, {})[1]
    assert "没有免检或调整周期的点位" in _page(client, "/inspections/exceptions")


@pytest.mark.parametrize(
    "path",
    [
        "/inspections/obligations?page=x&size=7&sort=moon&state=moon&assignee=x&due_from=soon",
        "/inspections/obligations?township=abc&village=36022210020",
        "/inspections/obligations?assignee=99999999999999999999",
        "/inspections/obligations?layer=%00moon&purpose=%27",
    ],
)
def test_an_odd_address_shows_a_list(county: FlaskClient, path: str) -> None:
    """Whatever somebody typed, there is a page."""
    assert "巡查任务" in _page(county, path)


def test_the_list_asks_as_much_of_the_database_however_long_it_is(
    world: World, station: Location, county: FlaskClient, count_queries: Callable[..., object]
) -> None:
    """No statement for each row."""
    counted = []
    for number in range(2):
        with Session(world.owner) as session, session.begin():
            for back in range(4):
                day = clock.today() - timedelta(days=100 * (back + 4 * number))
                make_obligation(session, station, day)
        with count_queries(world.database.engine) as seen:  # type: ignore[attr-defined]
            _page(county, "/inspections/obligations?state=all")
        counted.append(len(seen))
    assert counted[0] == counted[1]
