"""Assets that are not in good use: the list, its files, and the way of a disposal."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError
from werkzeug.test import TestResponse

from fuliang_gis import clock
from fuliang_gis.exchange import defects as tables
from fuliang_gis.inspections.models import Disposal
from fuliang_gis.locations import queries as locations
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from tests.factories import FULIANG_VILLAGE, make_location
from tests.web.conftest import World, csrf_of

PROPOSAL = {"act": "revive", "trigger": "long_idle", "proposal": "修复后启用", "class": "revive"}


def asset(world: World, use_status: str = "idle", **given: object) -> Location:
    """Add an assistance asset."""
    actor = world.actors["county"]
    with world.database.session(actor.account_id) as session:
        return make_location(
            session, actor, layer("assistance_assets"), use_status=use_status, **given
        )


def act(world: World, who: str, place: Location, verb: str, **data: object) -> TestResponse:
    """Do one act as the asset's page does it; the disposal under way is named by itself."""
    client = world.browser(who)
    with world.database.session() as session:
        latest = session.scalars(
            select(Disposal)
            .where(Disposal.location_id == place.id)
            .order_by(Disposal.id.desc())
            .limit(1)
        ).one_or_none()
    named = {"id": latest.id, "version": latest.version} if latest else {}
    address = f"/disposals/{place.layer}/{place.code}/{verb}"
    return client.post(address, data={"csrf_token": csrf_of(client), **named, **data})


def in_state(world: World, state: str) -> Location:
    """Bring an asset's disposal to a state: the township proposes, the county decides."""
    place = asset(world)
    steps: dict[str, list[tuple[str, str, dict[str, str]]]] = {
        "proposed": [],
        "approved": [("county", "approve", {"approval_no": "浮农发〔2022〕1号"})],
        "refused": [("county", "refuse", {"opinion": "先评估"})],
        "withdrawn": [("fuliang", "withdraw", {})],
    }
    for who, verb, data in [("fuliang", "propose", PROPOSAL), *steps[state]]:
        answer = act(world, who, place, verb, **data)
        assert answer.status_code == 303, answer.get_data(as_text=True)
    return place


@pytest.mark.parametrize(
    ("act_name", "way", "after"),
    [("revive", "出租", "in_use"), ("transfer", "拍卖", "disposed"), ("scrap", "核销", "disposed")],
)
def test_the_whole_way_changes_the_use(world: World, act_name: str, way: str, after: str) -> None:
    """Proposed by the township, approved by the county, finished: the asset's use follows."""
    place = asset(world, "damaged")
    proposal = PROPOSAL | {"act": act_name, "way": way}
    assert act(world, "fuliang", place, "propose", **proposal).status_code == 303
    approval = {"approval_no": "浮农发〔2022〕1号", "opinion": "同意"}
    assert act(world, "county", place, "approve", **approval).status_code == 303
    ended = {"income_yuan": "12,000.50", "result": "已办理", "done_on": clock.today().isoformat()}
    assert act(world, "fuliang", place, "finish", **ended).status_code == 303
    with world.database.session() as session:
        now = locations.get(session, world.actors["county"], place.layer, place.code)
        changes = locations.history(session, now)
        kept = session.scalars(select(Disposal).where(Disposal.location_id == place.id)).one()
    assert now.use_status == after
    assert changes[0].after == {"use_status": after}
    assert (kept.state, kept.income_yuan, kept.version) == ("done", Decimal("12000.50"), 3)
    page = world.browser("county").get(f"/disposals/{place.layer}/{place.code}")
    assert "收入 12,000.50 元" in page.get_data(as_text=True)


@pytest.mark.parametrize(
    ("state", "who", "verb", "data", "status", "told"),
    [
        ("proposed", "fuliang", "propose", PROPOSAL, 409, "先办结或撤回"),
        ("proposed", "fuliang", "approve", {"approval_no": "1"}, 403, "未能完成"),
        ("proposed", "viewer", "withdraw", {}, 403, "未能完成"),
        ("proposed", "yaoli", "withdraw", {}, 404, "没有找到"),
        ("proposed", "county", "approve", {}, 422, "请填写批准文号"),
        ("proposed", "county", "refuse", {}, 422, "请填写不予批准的原因"),
        ("proposed", "county", "approve", {"approval_no": "1", "version": 9}, 409, "别人刚刚"),
        ("proposed", "county", "approve", {"approval_no": "1", "version": ""}, 400, "刷新页面"),
        ("proposed", "fuliang", "finish", {"income_yuan": "0", "result": "x"}, 409, "先由县级审批"),
        ("approved", "fuliang", "finish", {"result": "x"}, 422, "没有收入填 0"),
        ("approved", "fuliang", "finish", {"income_yuan": "much", "result": "x"}, 422, "应为金额"),
        ("approved", "fuliang", "finish", {"income_yuan": "0", "result": ""}, 422, "处置结果"),
        (
            "approved",
            "fuliang",
            "finish",
            {"income_yuan": "0", "result": "x", "done_on": "2099-01-01"},
            422,
            "不能晚于今天",
        ),
        ("approved", "county", "refuse", {"opinion": "x"}, 409, "请完成处置"),
        ("refused", "fuliang", "finish", {"income_yuan": "0", "result": "x"}, 409, "重新提出"),
        ("withdrawn", "county", "approve", {"approval_no": "1"}, 409, "重新提出"),
        ("withdrawn", "fuliang", "propose", PROPOSAL | {"trigger": "x"}, 422, "从列表中选择"),
        ("withdrawn", "fuliang", "propose", PROPOSAL | {"way": "拍卖"}, 422, "从列表中选择"),
        ("withdrawn", "fuliang", "propose", PROPOSAL | {"proposal": ""}, 422, "请填写处置建议"),
        ("withdrawn", "fuliang", "explode", {}, 404, "没有找到"),
    ],
)
def test_refused_acts_say_why(
    world: World,
    state: str,
    who: str,
    verb: str,
    data: dict[str, object],
    status: int,
    told: str,
) -> None:
    """Each refusal has its status and words, and changes nothing."""
    place = in_state(world, state)
    answer = act(world, who, place, verb, **data)
    assert answer.status_code == status
    assert told in answer.get_data(as_text=True)
    with world.database.session() as session:
        kept = session.scalars(select(Disposal).where(Disposal.location_id == place.id)).all()
    assert [each.state for each in kept] == [state]


def test_an_asset_in_use_is_not_disposed_of(world: World) -> None:
    """Only what is idle, underused, damaged or lost may be proposed."""
    answer = act(world, "county", asset(world, "in_use"), "propose", **PROPOSAL)
    assert answer.status_code == 409
    assert "请先更新使用状态" in answer.get_data(as_text=True)


def test_nobody_approves_their_own_proposal(world: World) -> None:
    """The page offers no approving, a sent form is refused, and so is plain SQL."""
    place = asset(world)
    assert act(world, "county", place, "propose", **PROPOSAL).status_code == 303
    page = world.browser("county").get(f"/disposals/{place.layer}/{place.code}")
    assert "须由另一位有权限的县级人员审批" in page.get_data(as_text=True)
    answer = act(world, "county", place, "approve", approval_no="1")
    assert answer.status_code == 403
    statement = "update disposal set decided_by = proposed_by where location_id = :place"
    with (
        pytest.raises(IntegrityError, match="proposer_never_approves"),
        world.database.session(world.actors["county"].account_id) as session,
    ):
        session.execute(text(statement), {"place": place.id})


def test_the_list_shows_what_is_not_in_use(
    world: World, count_queries: Callable[[Engine], AbstractContextManager[list[str]]]
) -> None:
    """Idle ones stand in list, CSV and workbook with their worth; ones in use do not; no N+1."""
    mark = "清单资产"
    idle = asset(world, "idle", name=f"{mark}甲", original_value_yuan=250000)
    asset(world, "in_use", name=f"{mark}乙")
    asset(world, "lost", name=f"{mark}丙", asset_class="household")
    county = world.browser("county")
    # The banner of invented data asks once a minute.
    county.get("/disposals")
    with count_queries(world.database.engine) as first:
        page = county.get(f"/disposals?q={mark}").get_data(as_text=True)
    assert (f"{mark}甲" in page, f"{mark}乙" in page, f"{mark}丙" in page) == (True, False, False)
    assert "合计 25.00 万元" in page
    for number in range(4):
        asset(world, "lost", name=f"{mark}{number}")
    with count_queries(world.database.engine) as second:
        county.get(f"/disposals?q={mark}&sort=value_yuan&descending=1")
    assert len(first) == len(second)
    told = county.get(f"/disposals/export.csv?q={mark}&use_status=idle").get_data()
    rows = list(csv.reader(io.StringIO(told.decode("utf-8-sig"))))
    assert rows[0] == list(tables.DISPOSALS)
    assert [row[2] for row in rows[1:]] == [idle.code]
    book = load_workbook(
        io.BytesIO(county.get(f"/disposals/export.xlsx?q={mark}&use_status=lost").get_data())
    )
    assert book.worksheets[0].max_row == 1 + 4


def test_filters_by_state_of_the_disposal(world: World) -> None:
    """Assets without any, and those waiting for approval, are told apart."""
    waiting = in_state(world, "proposed")
    none = asset(world)
    county = world.browser("county")

    def codes(query: str) -> set[str]:
        page = county.get(f"/disposals?{query}&township={FULIANG_VILLAGE[:9]}&sort=since")
        told = page.get_data(as_text=True)
        return {place.code for place in (waiting, none) if place.code in told}

    assert codes("state=none") == {none.code}
    assert codes("state=proposed") == {waiting.code}


def test_a_place_tells_its_township_once(world: World) -> None:
    """Some villages' official names begin with their township's, which lists put before them."""
    place = asset(world, name="同名样点", division_code="360222101001")
    page = world.browser("county").get("/disposals?q=同名样点").text
    assert place.name in page
    assert "鹅湖镇鹅湖居委会" in page
    assert "鹅湖镇鹅湖镇" not in page
