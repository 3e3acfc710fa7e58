"""Changing rounds by hand: priced first, then done or not; by keyboard and without scripts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.inspections.rounds.laying_out import FRIDAY, MONDAY
from tests.web.conftest import csrf_of
from tests.web.pages.conftest import Ground


def _elsewhere(ground: Ground, key: int) -> tuple[int, dict[str, object]]:
    """Return a stop, and a team and day that it does not have."""
    rows = ground.stops(key)
    # The last one takes a skill that the team lacks.
    stop, home = next((s, r) for s, r in rows if s.obligation_id in ground.owed[:5])
    day = FRIDAY if home.day != FRIDAY else MONDAY
    return stop.id, {"to_team": str(ground.team_id), "to_day": day.isoformat(), "to": ""}


def test_a_move_is_priced_and_carried_out(ground: Ground) -> None:
    """The form asks where to, tells the cost, and only accepting changes the plan."""
    key = ground.plan()
    stop, where = _elsewhere(ground, key)
    path = f"/rounds/{key}/stops/{stop}/move"
    page = ground.page(path)
    assert "先看代价，再决定是否接受" in page
    assert ">接受<" not in page
    query = "&".join(f"{name}={value}" for name, value in where.items())
    page = ground.page(f"{path}?{query}&view=week")
    assert ">接受<" in page
    assert "行车" in page
    assert "<html" in page
    part = ground.page(f"{path}?{query}", htmx=True)
    assert "<html" not in part
    assert 'hx-target="#board"' in part
    version = ground.row(key).version
    status, page = ground.post(path, where | {"version": version})
    assert (status, "已移动。行车" in page) == (200, True)
    moved = next(home for each, home in ground.stops(key) if each.id == stop)
    assert (moved.team_id, moved.day.isoformat()) == (ground.team_id, where["to_day"])
    # The history names what was moved, and where to.
    assert re.search(rf"移动“[^”]+”，到 {where['to_day']}", ground.page(f"/rounds/{key}/history"))
    status, page = ground.post(path, where | {"version": version})
    assert (status, "别人刚刚改动了这个方案" in page) == (409, True)


def test_htmx_gets_the_board_at_once(ground: Ground) -> None:
    """What was done stands on the board itself, which keeps the week that was looked at."""
    key = ground.plan()
    stop, where = _elsewhere(ground, key)
    data = {**where, "version": "2", "csrf_token": csrf_of(ground.clerk)}
    answer = ground.clerk.post(
        f"/rounds/{key}/stops/{stop}/move?view=month", data=data, headers={"HX-Request": "true"}
    )
    page = answer.get_data(as_text=True)
    assert (answer.status_code, "已移动。行车" in page) == (200, True)
    assert "rb__grid--month" in page
    assert 'name="version" value="3"' in page


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"to_day": (FRIDAY + timedelta(days=1)).isoformat()}, "日期应在方案的"),
        ({"to_team": "999999"}, "没有找到"),
        ({"to_team": ""}, "没有找到"),
        ({"to_day": "soon"}, "没有找到"),
    ],
)
def test_a_move_that_cannot_be_is_told(ground: Ground, where: dict[str, object], told: str) -> None:
    """Nothing changes, and the reason is in words."""
    key = ground.plan()
    stop, usual = _elsewhere(ground, key)
    form = usual | where | {"version": ground.row(key).version}
    status, page = ground.post(f"/rounds/{key}/stops/{stop}/move", form)
    assert (status in (404, 422), told in page) == (True, True)
    assert ground.row(key).version == 2


def test_a_locked_stop_does_not_move(ground: Ground) -> None:
    """The price says so before anybody tries."""
    key = ground.plan()
    stop, where = _elsewhere(ground, key)
    lock = {"what": "stop", "key": str(stop), "locked": "1", "version": "2"}
    assert ground.post(f"/rounds/{key}/lock", lock)[0] == 200
    query = "&".join(f"{name}={value}" for name, value in where.items())
    page = ground.page(f"/rounds/{key}/stops/{stop}/move?{query}")
    assert "不能这样安排" in page
    assert "已锁定" in page
    assert ">接受<" not in page
    status, page = ground.post(f"/rounds/{key}/stops/{stop}/move", where | {"version": "3"})
    assert (status, "已锁定" in page) == (422, True)


def test_a_stop_is_taken_out_and_put_in_again(ground: Ground) -> None:
    """Out of its round it is left over, with a way back in."""
    key = ground.plan()
    stop, _ = ground.stops(key)[0]
    owed = stop.obligation_id
    status, page = ground.post(f"/rounds/{key}/stops/{stop.id}/remove", {"version": "2"})
    assert (status, "已移出" in page, "已由人工移出路线" in page) == (200, True, True)
    assert ground.left_over(key)[owed] == "removed"
    path = f"/rounds/{key}/left-over/{owed}"
    assert path in page
    query = f"to_team={ground.other_id}&to_day={MONDAY}"
    assert ">接受<" in ground.page(f"{path}?{query}")
    form: dict[str, object] = {"to_team": str(ground.other_id), "to_day": str(MONDAY)}
    status, page = ground.post(path, form | {"version": "3"})
    assert (status, "已加入" in page) == (200, True)
    assert owed not in ground.left_over(key)
    assert owed in {each.obligation_id for each, _ in ground.stops(key)}


def test_what_is_not_there_is_not_found(ground: Ground) -> None:
    """Neither stops of other plans nor obligations that are not left over."""
    key, other = ground.plan(), ground.plan()
    foreign = ground.stops(other)[0][0]
    assert ground.clerk.get(f"/rounds/{key}/stops/{foreign.id}/move").status_code == 404
    assert ground.clerk.get(f"/rounds/{key}/left-over/999999").status_code == 404
    assert ground.post(f"/rounds/{key}/stops/{foreign.id}/remove", {"version": "2"})[0] == 404


def test_only_who_plans_moves(ground: Ground) -> None:
    """A viewer has no such form, another township not even the plan."""
    key = ground.plan()
    stop, where = _elsewhere(ground, key)
    path = f"/rounds/{key}/stops/{stop}/move"
    viewer, yaoli = ground.world.browser("viewer"), ground.world.browser("yaoli")
    assert viewer.get(path).status_code == 403
    assert yaoli.get(path).status_code == 404
    assert ground.post(path, where | {"version": "2"}, viewer)[0] == 403
    assert ground.post(f"/rounds/{key}/stops/{stop}/remove", {"version": "2"}, viewer)[0] == 403
