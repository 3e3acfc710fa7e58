"""Planning again on the way: the rest of today, and what was missed."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.inspections.models import InspectionRound, RoundStop
from tests.inspections.rounds.laying_out import MONDAY, NORTH, WEST
from tests.web.pages.conftest import Ground

HERE = json.dumps({"type": "Point", "coordinates": [WEST + 0.05, NORTH]})


def _published(ground: Ground) -> tuple[int, int]:
    """Return a published plan with a round today, and that round."""
    key = ground.plan(ground.team_id)
    with Session(ground.world.owner) as session, session.begin():
        first = session.scalars(
            select(InspectionRound)
            .where(InspectionRound.plan_id == key)
            .order_by(InspectionRound.day)
        ).first()
        assert first is not None
        first.day, driven = MONDAY, first.id
    assert ground.post(f"/rounds/{key}/publish", {"version": "2"})[0] == 200
    return key, driven


def _withdraw(ground: Ground, key: int) -> None:
    """Free the obligations for the next test's plan."""
    assert ground.post(f"/rounds/{key}/withdraw", {"version": ground.row(key).version})[0] == 200


def test_the_rest_of_today_is_planned_from_where_the_team_is(ground: Ground) -> None:
    """The board offers it today; afterwards the nearest stops come first."""
    key, driven = _published(ground)
    path = f"/rounds/{key}/rounds/{driven}/replan"
    assert path in ground.page(f"/rounds/{key}?round={driven}")
    assert "队伍现在的位置" in ground.page(path)
    form = {"place": HERE, "at": "13:30", "version": "3"}
    status, page = ground.post(path, form)
    assert (status, "已重排：剩余" in page) == (200, True)
    stops = [stop for stop, home in ground.stops(key) if home.id == driven]
    assert min(stop.arrive for stop in stops) >= time(13, 30)
    status, page = ground.post(path, form)
    assert (status, "别人刚刚改动了这个方案" in page) == (409, True)
    _withdraw(ground, key)


def test_a_place_or_time_that_is_none_is_told(ground: Ground) -> None:
    """The form comes back with the reason."""
    key, driven = _published(ground)
    path = f"/rounds/{key}/rounds/{driven}/replan"
    for changed, told in (
        ({"place": ""}, "请在地图上点出队伍现在的位置"),
        ({"place": '{"coordinates": [10, 20]}'}, "内没有道路"),
        ({"at": "noon"}, "应为时间"),
    ):
        form = {"place": HERE, "at": "13:30", "version": "3"} | changed
        status, page = ground.post(path, form)
        assert (status, told in page) == (422, True)
    viewer = ground.world.browser("viewer")
    assert viewer.get(path).status_code == 403
    form = {"place": HERE, "at": "13:30", "version": "3"}
    assert ground.post(path, form, viewer)[0] == 403
    _withdraw(ground, key)


def test_what_was_missed_is_put_into_later_rounds(ground: Ground) -> None:
    """A day later the board tells what was missed; accepting gives it a later day."""
    key, driven = _published(ground)
    with Session(ground.world.owner) as session, session.begin():
        session.execute(
            update(RoundStop).where(RoundStop.round_id == driven).values(state="missed")
        )
    tuesday = datetime.combine(MONDAY + timedelta(days=1), time(7), clock.ZONE)
    with clock.frozen(tuesday):
        assert f"/rounds/{key}/missed" in ground.page(f"/rounds/{key}")
        page = ground.page(f"/rounds/{key}/missed")
        assert "补排漏巡的点" in page
        assert ">接受<" in page
        status, page = ground.post(f"/rounds/{key}/missed", {"version": "3"})
        assert (status, "已排入后面的路线" in page) == (200, True)
        days = {home.day for stop, home in ground.stops(key) if stop.state == "planned"}
        assert days
        assert min(days) > MONDAY
        assert "补排漏巡的" in ground.page(f"/rounds/{key}/history")
        assert "没有漏巡的点" in ground.page(f"/rounds/{key}/missed")
        viewer = ground.world.browser("viewer")
        assert viewer.get(f"/rounds/{key}/missed").status_code == 403
    _withdraw(ground, key)


def test_one_puts_the_rest_of_the_own_day_in_order(ground: Ground) -> None:
    """Shown beside today's order first; accepted or left; without a position from the station."""
    key, driven = _published(ground)
    path = f"/today/rounds/{driven}/replan"
    assert path in ground.page("/today")
    page = ground.page(f"{path}?place={WEST + 0.07},{NORTH}")
    assert "本机现在的位置" in page
    order = page.partition('name="order" value="')[2].partition('"')[0]
    was = [stop.id for stop, home in ground.stops(key) if home.id == driven]
    assert sorted(order.split(",")) == sorted(str(each) for each in was)
    form = {"place": f"{WEST + 0.07},{NORTH}", "at": "09:00", "order": order}
    status, page = ground.post(path, form | {"order": "1,2"})
    assert (status, "请再看一遍" in page) == (409, True)
    assert [stop.id for stop, home in ground.stops(key) if home.id == driven] == was
    status, page = ground.post(path, form)
    assert (status, "已按新的次序排好剩余" in page) == (200, True)
    now = [str(stop.id) for stop, home in ground.stops(key) if home.id == driven]
    assert ",".join(now) == order
    assert "重排自己今天的路线" in ground.page(f"/rounds/{key}/history")
    assert "从<b>工作站</b>出发" in ground.page(path)
    assert "没有取得定位" in ground.page(f"{path}?place=")
    viewer = ground.world.browser("viewer")
    assert viewer.get(path).status_code == 403
    assert ground.world.browser("yaoli").get(path).status_code == 404
    answer = ground.clerk.get(f"{path}?place=118.9,30.9")
    assert answer.status_code == 422
    assert "内没有道路" in answer.get_data(as_text=True)
    _withdraw(ground, key)
    assert ground.clerk.get(path).status_code == 404
