"""Pages of inspection teams: made, changed, refused, retired, and what a clash looks like."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.inspections.models import Team
from tests.factories import FULIANG_TOWN
from tests.inspections.rounds.laying_out import NORTH, WEST
from tests.web.pages.conftest import Ground

FORM: dict[str, object] = {
    "division": FULIANG_TOWN,
    "name": "三队",
    "vehicle": "面包车",
    "station": json.dumps({"type": "Point", "coordinates": [WEST, NORTH]}),
    "weekdays": ["1", "3", "5"],
    "skills": ["safety"],
    "starts": "08:00",
    "ends": "17:00",
    "break_from": "11:30",
    "break_to": "12:30",
    "break_minutes": "60",
    "most_driving_minutes": "",
}


def _team(ground: Ground, name: str) -> Team:
    with Session(ground.world.owner, expire_on_commit=False) as session:
        return session.scalars(select(Team).where(Team.name == name)).one()


def test_a_team_is_made_changed_retired_and_taken_back(ground: Ground) -> None:
    """Each step says what it did, and the list shows it."""
    member = ground.world.actors["fuliang"].account_id
    status, page = ground.post("/rounds/teams/new", FORM | {"members": [str(member)]})
    assert (status, "已新建“三队”" in page) == (200, True)
    assert "周一、三、五" in page
    assert "安全检查" in page
    made = _team(ground, "三队")
    path = f"/rounds/teams/{made.id}"
    form = ground.page(path)
    assert f'value="{member}" checked' in form
    assert '"coordinates": [117.2, 29.37]' in form.replace("&#34;", '"')
    changed = FORM | {"station": "", "station_was": FORM["station"], "version": "1"}
    status, page = ground.post(path, changed | {"name": "三队甲", "most_driving_minutes": "90"})
    assert (status, "行车不超过 90 分" in page) == (200, True)
    _, page = ground.post(f"{path}/retire", {"version": "2"})
    assert "已停用“三队甲”" in page
    assert f'href="{path}"' not in page
    assert f'href="{path}"' in ground.page("/rounds/teams?retired=1")
    _, page = ground.post(f"{path}/restore", {"version": "3"})
    assert f'href="{path}"' in page


def test_without_scripts_the_station_is_typed(ground: Ground) -> None:
    """Longitude and latitude take the map's place."""
    typed = FORM | {"name": "四队", "station": "", "lon": "117.25", "lat": "29.4"}
    assert ground.post("/rounds/teams/new", typed)[0] == 200
    made = _team(ground, "四队")
    assert "117.250000" in ground.page(f"/rounds/teams/{made.id}")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": ""}, "请填写队伍名称"),
        ({"name": "浮梁镇巡查一队"}, "本区划已有名为"),
        ({"station": ""}, "请在地图上点选工作站"),
        ({"station": "{"}, "请在地图上点选工作站"),
        ({"station": "", "lon": "10", "lat": "20"}, "工作站应在本县范围内"),
        ({"weekdays": []}, "请至少选择一个工作日"),
        ({"starts": "x"}, "应为时间"),
        ({"starts": ""}, "请填写时间"),
        ({"ends": "07:00"}, "下班时间应晚于上班时间"),
        ({"break_to": ""}, "要么都填"),
        ({"break_minutes": "一"}, "应为整数"),
        ({"most_driving_minutes": "0"}, "1～1440 分钟"),
        ({"members": ["999999"]}, "不能加入该队伍"),
        ({"skills": ["flying"]}, "没有这样的技能"),
    ],
)
def test_a_team_s_form_comes_back_with_what_is_wrong(
    ground: Ground, changed: dict[str, object], told: str
) -> None:
    """What was typed stays."""
    status, page = ground.post("/rounds/teams/new", FORM | {"name": "五队"} | changed)
    assert (status, told in page, "面包车" in page) == (422, True, True)


def test_a_clash_shows_what_differs_and_can_be_settled(ground: Ground) -> None:
    """The other's change stands beside one's own; saving again keeps one's own."""
    ground.post("/rounds/teams/new", FORM | {"name": "六队"})
    made = _team(ground, "六队")
    path = f"/rounds/teams/{made.id}"
    ground.post(path, FORM | {"name": "六队", "vehicle": "摩托车", "version": "1"})
    mine = FORM | {"name": "六队", "vehicle": "越野车", "version": "1"}
    status, page = ground.post(path, mine)
    assert status == 409
    assert "<td>摩托车</td><td>越野车</td>" in page
    assert page.count('<tr><th scope="row">') == 1
    assert 'name="version" value="2"' in page
    status, page = ground.post(path, mine | {"version": "2"})
    assert (status, _team(ground, "六队").vehicle) == (200, "越野车")


def test_others_read_teams_but_change_none(ground: Ground) -> None:
    """A viewer has no form; another township does not see them."""
    viewer, yaoli = ground.world.browser("viewer"), ground.world.browser("yaoli")
    page = ground.page(f"/rounds/teams/{ground.team_id}", viewer)
    assert "浮梁镇巡查一队" in page
    assert ">保存<" not in page
    assert ground.post("/rounds/teams/new", FORM, viewer)[0] == 403
    assert yaoli.get(f"/rounds/teams/{ground.team_id}").status_code == 404
    assert ground.post(f"/rounds/teams/{ground.team_id}/retire", {"version": "1"}, yaoli)[0] == 404


def test_names_are_shown_as_text(ground: Ground) -> None:
    """Markup in a name stays text."""
    assert "浮梁镇&lt;二&gt;队" in ground.page("/rounds/teams")
