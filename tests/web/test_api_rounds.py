"""Teams, plans of rounds, closures and ways over the API: acts, refusals, and what is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import shape
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.clock import ZONE
from fuliang_gis.inspections.models import RoundPlan, RoundStop
from fuliang_gis.inspections.rounds import operations
from fuliang_gis.roads.closures import ClosureGiven, declare
from tests.factories import FULIANG_TOWN, YAOLI_TOWN
from tests.inspections.rounds.laying_out import (
    MONDAY,
    NORTH,
    QUICK,
    WEST,
    lay_owed,
    lay_roads,
    lay_team,
    solved,
)
from tests.web.conftest import World

TEAM = {
    "division_code": FULIANG_TOWN,
    "name": "巡查一队",
    "lon": WEST,
    "lat": NORTH,
    "vehicle": "皮卡",
}
NOTHING: Mapping[str, str] = MappingProxyType({})
NEVER = {"first_day": "9999-12-31", "last_day": "9999-12-31"}
SLIDE: dict[str, Any] = {
    "division_code": FULIANG_TOWN,
    "reason": "山体滑坡",
    "geom": {
        "type": "LineString",
        "coordinates": [[WEST + 0.025, NORTH - 0.001], [WEST + 0.025, NORTH + 0.001]],
    },
    "valid_from": MONDAY.isoformat(),
    "valid_to": (MONDAY + timedelta(days=4)).isoformat(),
}
CLOSED: dict[str, Any] = {
    "division_code": FULIANG_TOWN,
    "reason": "施工",
    "geometry": SLIDE["geom"],
    "valid_from": MONDAY + timedelta(days=60),
}


@pytest.fixture(scope="module")
def tokens(world: World) -> dict[str, dict[str, str]]:
    """One header for each person."""
    return {who: world.token(who) for who in ("county", "fuliang", "yaoli", "viewer")}


@dataclass(frozen=True)
class Caller:
    """Programs that act for people."""

    world: World
    tokens: Mapping[str, dict[str, str]]

    def __call__(
        self,
        who: str,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] = NOTHING,
    ) -> tuple[int, Any]:
        """Send a request; return the status and the document."""
        sent = {**self.tokens[who], **headers}
        client = self.world.app.test_client()
        answer = client.open(f"/api/v1{path}", method=method, headers=sent, json=body)
        return answer.status_code, answer.get_json(force=True)


@pytest.fixture
def call(world: World, tokens: dict[str, dict[str, str]]) -> Caller:
    """Send requests."""
    return Caller(world, tokens)


@pytest.fixture(scope="module", autouse=True)
def roads(world: World) -> None:
    """A straight road of nine stretches."""
    with Session(world.owner) as session, session.begin():
        lay_roads(session)


@pytest.fixture
def week(world: World) -> Iterator[int]:
    """A solved plan of 浮梁镇: one round of five stops, two left over."""
    with (
        clock.frozen(datetime(2026, 11, 23, 9, tzinfo=ZONE)),
        Session(world.owner, expire_on_commit=False) as session,
    ):
        actor = world.actors["fuliang"]
        with session.begin():
            lay_owed(session, actor)
            team = lay_team(session, "一队", actor)
            plan = solved(session, actor, team)
        yield plan.id
    with Session(world.owner) as session, session.begin():
        emptied = "round_plan, team, obligation, location, road_closure, procrastinate_jobs"
        session.execute(text(f"truncate {emptied} cascade"))


def match(version: int) -> dict[str, str]:
    """Return the header that names a row version."""
    return {"If-Match": f'"{version}"'}


def test_a_team_comes_changes_and_goes(call: Caller) -> None:
    """Made, read, listed, replaced, retired, restored; a conflict tells how it stands."""
    status, team = call("fuliang", "POST", "/teams", TEAM | {"weekdays": [1, 3]})
    assert (status, team["weekdays"], team["starts"]) == (201, [1, 3], "08:30:00")
    path = f"/teams/{team['id']}"
    assert call("viewer", "GET", path)[1] == team
    assert call("yaoli", "GET", path)[0] == 404
    assert call("yaoli", "GET", "/teams")[1]["total"] == 0
    changed = {k: v for k, v in TEAM.items() if k != "division_code"} | {
        "name": "巡查甲队",
        "break_from": None,
        "break_to": None,
        "ends": "18:00",
    }
    assert call("fuliang", "PUT", path, changed)[0] == 428
    status, team = call("fuliang", "PUT", path, changed, match(1))
    assert (status, team["name"], team["break_from"], team["version"]) == (200, "巡查甲队", None, 2)
    status, conflict = call("fuliang", "PUT", path, changed, match(1))
    assert (status, conflict["current"]["version"]) == (409, 2)
    assert call("fuliang", "POST", f"{path}/retire", None, match(2))[1]["active"] is False
    assert call("county", "GET", "/teams")[1]["total"] == 0
    assert call("county", "GET", "/teams?retired=true")[1]["total"] == 1
    assert call("fuliang", "POST", f"{path}/restore", None, match(3))[1]["active"] is True


@pytest.mark.parametrize(
    ("who", "changed", "status", "field"),
    [
        ("fuliang", {"name": " "}, 422, "name"),
        ("fuliang", {"starts": "25:00"}, 422, "starts"),
        ("fuliang", {"starts": "18:00"}, 422, "ends"),
        ("fuliang", {"lon": 116.0}, 422, "station"),
        ("fuliang", {"skills": ["flying"]}, 422, "skills"),
        ("fuliang", {"member_ids": [2_000_000_000]}, 422, "members"),
        ("fuliang", {"weekdays": [8]}, 422, "weekdays.0"),
        ("fuliang", {"division_code": YAOLI_TOWN}, 403, None),
        ("viewer", {}, 403, None),
        ("county", {"division_code": "360222999"}, 404, None),
    ],
)
def test_a_team_that_cannot_be(
    call: Caller, who: str, changed: dict[str, Any], status: int, field: str | None
) -> None:
    """Each refusal names its field."""
    answered, problem = call(who, "POST", "/teams", TEAM | {"name": "另一队"} | changed)
    assert answered == status, problem
    if field is not None:
        assert field in {each["field"] for each in problem["errors"]}


def test_a_plan_is_made_queued_and_called_off(call: Caller, world: World, week: int) -> None:
    """A program asks for a plan as an office does; a worker would find its job."""
    _, team = call("fuliang", "POST", "/teams", TEAM | {"name": "接口队"})
    body = {
        "title": "接口方案",
        "division_code": FULIANG_TOWN,
        "first_day": MONDAY.isoformat(),
        "last_day": MONDAY.isoformat(),
        "team_ids": [team["id"]],
        "wishes": {"iterations": 50, "balance": 0.5},
    }
    once = {"Idempotency-Key": "plan-1"}
    status, plan = call("fuliang", "POST", "/round-plans", body, once)
    assert (status, plan["state"], plan["version"]) == (201, "draft", 1)
    assert call("fuliang", "POST", "/round-plans", body, once)[1]["id"] == plan["id"]
    assert call("fuliang", "POST", "/round-plans", body | NEVER)[0] == 422
    path = f"/round-plans/{plan['id']}"
    listed = call("viewer", "GET", "/round-plans?q=接口&state=draft")[1]
    assert [each["id"] for each in listed["items"]] == [plan["id"]]
    later = {k: v for k, v in body.items() if k != "division_code"} | {"title": "改名"}
    status, changed = call("fuliang", "PUT", path, later, match(1))
    assert (status, changed["title"], changed["version"]) == (200, "改名", 2)
    assert call("fuliang", "POST", f"{path}/solve", None, match(1))[0] == 409
    status, queued = call("fuliang", "POST", f"{path}/solve", None, match(2))
    assert (status, queued["state"]) == (200, "solving")
    assert call("viewer", "GET", f"{path}/progress")[1]["state"] == "solving"
    with Session(world.owner) as session:
        jobs = "select count(*) from procrastinate_jobs where task_name = 'solve_plan'"
        assert session.scalar(text(jobs)) == 1
    assert call("fuliang", "POST", f"{path}/cancel")[1]["state"] == "draft"
    assert call("fuliang", "POST", f"{path}/publish", None, match(4))[0] == 409
    events = call("viewer", "GET", f"{path}/history")[1]["events"]
    assert {"create_plan", "solve_plan"} <= {each["action"] for each in events}
    assert week != plan["id"]


def test_a_solved_plan_is_told_whole(call: Caller, week: int) -> None:
    """Rounds with their stops, what is left over with its reason, totals; ETag is the version."""
    path = f"/round-plans/{week}"
    status, plan = call("viewer", "GET", path)
    assert (status, plan["state"], plan["totals"]["stops"]) == (200, "solved", 5)
    (driven,) = plan["plan"]
    assert [stop["ordinal"] for stop in driven["stops"]] == [1, 2, 3, 4, 5]
    assert driven["stops"][0]["status"]["zh"]
    assert {each["reason"] for each in plan["unplanned"]} == {"unreachable", "no_skill"}
    assert all(each["reason_zh"] and each["advice"] for each in plan["unplanned"])
    assert call("viewer", "GET", f"{path}/rounds")[1]["rounds"] == [driven]
    assert call("viewer", "GET", f"{path}/rounds?team_id=1999999")[1]["rounds"] == []
    assert call("viewer", "GET", f"/rounds/{driven['id']}")[1] == driven
    for hidden in (path, f"{path}/rounds", f"/rounds/{driven['id']}", f"{path}/rounds.geojson"):
        assert call("yaoli", "GET", hidden)[0] == 404


def test_rounds_are_geojson_over_real_roads(call: Caller, world: World, week: int) -> None:
    """A line along the road, a station, five numbered stops."""
    client = world.app.test_client()
    headers = call.tokens["viewer"]
    answer = client.get(f"/api/v1/round-plans/{week}/rounds.geojson", headers=headers)
    assert answer.content_type.startswith("application/geo+json")
    features = answer.get_json(force=True)["features"]
    kinds = [each["properties"]["kind"] for each in features]
    assert kinds == ["round", "station", *["stop"] * 5]
    line = shape(features[0]["geometry"])
    assert line.bounds == pytest.approx((WEST, NORTH, WEST + 0.06, NORTH), abs=1e-4)
    assert [each["properties"]["ordinal"] for each in features[2:]] == [1, 2, 3, 4, 5]


def test_a_driver_program_gets_directions(call: Caller, week: int) -> None:
    """Each leg with its steps in Chinese and its line; the last one leads home."""
    (driven,) = call("viewer", "GET", f"/round-plans/{week}/rounds")[1]["rounds"]
    legs = call("fuliang", "GET", f"/rounds/{driven['id']}/directions")[1]["legs"]
    assert [leg["ordinal"] for leg in legs] == [1, 2, 3, 4, 5, None]
    assert "瓷都路" in legs[0]["steps"][0]["text"]
    assert legs[0]["geometry"]["coordinates"][0] == pytest.approx([WEST, NORTH], abs=1e-6)


def test_a_move_is_priced_and_made(call: Caller, week: int) -> None:
    """Its price is that which it has; nothing moves before; a conflict tells the plan."""
    path = f"/round-plans/{week}"
    plan = call("viewer", "GET", path)[1]
    (driven,) = plan["plan"]
    stop = driven["stops"][-1]
    tuesday = (MONDAY + timedelta(days=1)).isoformat()
    move = {"stop_id": stop["id"], "team_id": driven["team_id"], "day": tuesday}
    status, price = call("fuliang", "POST", f"{path}/moves/price", move)
    assert (status, price["feasible"], price["ordinal"]) == (200, True, 1)
    assert price["added_seconds"] > 0
    assert call("viewer", "GET", path)[1]["version"] == plan["version"]
    status, moved = call("fuliang", "POST", f"{path}/moves", move, match(plan["version"]))
    assert (status, moved["price"]) == (200, price)
    assert moved["rounds"] == 2
    status, conflict = call("fuliang", "POST", f"{path}/moves", move, match(plan["version"]))
    assert (status, conflict["current"]["version"]) == (409, moved["version"])
    beyond = move | {"day": (MONDAY + timedelta(days=30)).isoformat()}
    assert call("fuliang", "POST", f"{path}/moves/price", beyond)[0] == 422
    assert call("viewer", "POST", f"{path}/moves/price", move)[0] == 403
    for wrong in ({}, {"stop_id": 1, "obligation_id": 1}):
        body = {"team_id": driven["team_id"], "day": tuesday} | wrong
        assert call("fuliang", "POST", f"{path}/moves/price", body)[0] == 422


def test_a_stop_goes_out_and_comes_back(call: Caller, week: int) -> None:
    """Removed it is left over; taken in again it has a place."""
    path = f"/round-plans/{week}"
    plan = call("viewer", "GET", path)[1]
    (driven,) = plan["plan"]
    stop = driven["stops"][0]
    gone = f"{path}/stops/{stop['id']}"
    assert call("fuliang", "DELETE", gone)[0] == 428
    status, without = call("fuliang", "DELETE", gone, None, match(plan["version"]))
    assert (status, without["stops"], without["left_over"]) == (200, 4, 3)
    back = {
        "obligation_id": stop["obligation_id"],
        "team_id": driven["team_id"],
        "day": driven["day"],
    }
    status, again = call("fuliang", "POST", f"{path}/moves", back, match(without["version"]))
    assert (status, again["stops"], again["left_over"]) == (200, 5, 2)
    assert (
        call("fuliang", "DELETE", f"{path}/stops/1999999", None, match(again["version"]))[0] == 404
    )


def test_locks_copies_and_comparisons(call: Caller, world: World, week: int) -> None:
    """A copy keeps the locks, and differs in what is moved there."""
    path = f"/round-plans/{week}"
    plan = call("viewer", "GET", path)[1]
    (driven,) = plan["plan"]
    first = driven["stops"][0]["id"]
    status, locked = call(
        "fuliang",
        "POST",
        f"{path}/locks",
        {"stop_id": first, "locked": True},
        match(plan["version"]),
    )
    assert status == 200
    both = {"stop_id": first, "round_id": driven["id"], "locked": True}
    assert call("fuliang", "POST", f"{path}/locks", both, match(locked["version"]))[0] == 422
    status, copy = call("fuliang", "POST", f"{path}/copies", {"title": "另一种"})
    assert (status, copy["based_on"], copy["title"]) == (201, week, "另一种")
    other = f"/round-plans/{copy['id']}"
    twin = call("viewer", "GET", other)[1]
    assert twin["plan"][0]["stops"][0]["locked"]
    move = {
        "stop_id": twin["plan"][0]["stops"][4]["id"],
        "team_id": driven["team_id"],
        "day": (MONDAY + timedelta(days=2)).isoformat(),
    }
    assert call("fuliang", "POST", f"{other}/moves", move, match(twin["version"]))[0] == 200
    _, found = call("viewer", "GET", f"{path}/comparison?with={copy['id']}")
    assert [each["kinds"] for each in found["changes"]] == [["day"]]
    assert (found["same"], found["totals_b"]["rounds"]) == (4, 2)
    assert call("yaoli", "GET", f"{path}/comparison?with={copy['id']}")[0] == 404
    with Session(world.owner) as session:
        assert session.scalars(select(RoundStop.locked).where(RoundStop.id == first)).one()


def test_a_plan_is_published_and_withdrawn(call: Caller, week: int) -> None:
    """Published, its obligations have a day; withdrawn, none."""
    path = f"/round-plans/{week}"
    version = call("viewer", "GET", path)[1]["version"]
    status, published = call("fuliang", "POST", f"{path}/publish", None, match(version))
    assert (status, published["state"]) == (200, "published")
    planned = call("fuliang", "GET", "/obligations?state=todo&size=50")[1]["items"]
    assert sum(each["planned_on"] is not None for each in planned) == 5
    status, taken = call("fuliang", "POST", f"{path}/withdraw", None, match(published["version"]))
    assert (status, taken["state"]) == (200, "withdrawn")
    again = call("fuliang", "GET", "/obligations?state=todo&size=50")[1]["items"]
    assert all(each["planned_on"] is None for each in again)


def test_what_was_missed_gets_another_day(call: Caller, world: World, week: int) -> None:
    """On Tuesday nothing of Monday is done: all five get a later day, as the price has told."""
    path = f"/round-plans/{week}"
    version = call("viewer", "GET", path)[1]["version"]
    _, published = call("fuliang", "POST", f"{path}/publish", None, match(version))
    with clock.frozen(datetime(2026, 11, 24, 7, tzinfo=ZONE)):
        status, price = call("fuliang", "POST", f"{path}/missed/price", {})
        assert (status, len(price["missed"]), len(price["inserted"])) == (200, 5, 5)
        assert (price["from_day"], price["moved"], price["left_over"]) == ("2026-11-24", [], [])
        late = {"from_day": "2026-11-26"}
        status, later = call("fuliang", "POST", f"{path}/missed/price", late)
        assert (status, later["from_day"]) == (200, "2026-11-26")
        assert call("fuliang", "POST", f"{path}/missed", {})[0] == 428
        status, done = call("fuliang", "POST", f"{path}/missed", {}, match(published["version"]))
    assert (status, done["replan"]["inserted"]) == (200, price["inserted"])
    assert done["version"] == published["version"] + 1
    assert call("viewer", "POST", f"{path}/missed/price", {})[0] == 403
    with Session(world.owner) as session:
        days = session.scalars(
            text("select distinct planned_on from obligation where planned_on is not null")
        )
        assert min(days).isoformat() >= "2026-11-24"


def test_the_rest_of_a_day_from_where_the_team_is(call: Caller, week: int) -> None:
    """At ten o'clock the team stands at the far end: it works its way back."""
    path = f"/round-plans/{week}"
    plan = call("viewer", "GET", path)[1]
    (driven,) = plan["plan"]
    here = {"team_id": driven["team_id"], "lon": WEST + 0.06, "lat": NORTH}
    with clock.frozen(datetime(2026, 11, 23, 10, tzinfo=ZONE)):
        early = call("fuliang", "POST", f"{path}/rest-of-day", here, match(plan["version"]))
        assert early[0] == 409
        _, published = call("fuliang", "POST", f"{path}/publish", None, match(plan["version"]))
        status, rest = call(
            "fuliang", "POST", f"{path}/rest-of-day", here, match(published["version"])
        )
    assert (status, rest["rest"]["round_id"], rest["rest"]["dropped"]) == (200, driven["id"], [])
    told = call("viewer", "GET", f"{path}/rounds")[1]["rounds"][0]
    assert [stop["id"] for stop in told["stops"]] == rest["rest"]["stops"]
    assert told["stops"][0]["lon"] > told["stops"][-1]["lon"]
    far = here | {"lon": 118.9}
    with clock.frozen(datetime(2026, 11, 23, 11, tzinfo=ZONE)):
        again = call("fuliang", "POST", f"{path}/rest-of-day", far, match(rest["version"]))
    assert again[0] == 422


def test_a_closure_is_declared_kept_to_and_lifted(call: Caller, world: World, week: int) -> None:
    """A landslide on one stretch cuts the way; lifted, the way is there again."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        session.execute(text("update road_closure set lifted_at = now()"))
    way = f"/routes?from={WEST},{NORTH}&to={WEST + 0.05:.3f},{NORTH}&on={MONDAY}"
    assert call("viewer", "GET", way)[0] == 200
    status, closure = call("fuliang", "POST", "/closures", SLIDE)
    assert (status, closure["roads"], closure["factor"]) == (201, 1, None)
    assert closure["declared_by"] == "测试岗位"
    assert call("viewer", "GET", f"/closures/{closure['id']}")[1] == closure
    assert call("yaoli", "GET", f"/closures/{closure['id']}")[0] == 404
    assert call("viewer", "GET", f"/closures?on={MONDAY}")[1]["items"] == [closure]
    far = (MONDAY + timedelta(days=99)).isoformat()
    assert call("viewer", "GET", f"/closures?on={far}")[1]["items"] == []
    assert call("viewer", "GET", way)[0] == 404
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        plan = operations.solve(session, week, today=MONDAY, effort=QUICK)
        assert len(session.scalars(select(RoundStop)).all()) == 1
        assert plan.state == "solved"
    assert call("yaoli", "POST", f"/closures/{closure['id']}/lift")[0] == 403
    assert call("fuliang", "POST", f"/closures/{closure['id']}/lift")[1]["lifted_at"]
    assert call("fuliang", "POST", f"/closures/{closure['id']}/lift")[0] == 409
    assert call("viewer", "GET", way)[0] == 200
    assert call("viewer", "GET", "/closures?lifted=true")[1]["total"] == 1


@pytest.mark.parametrize(
    ("changed", "status", "field"),
    [
        ({"reason": " "}, 422, "reason"),
        ({"geom": {"type": "Point", "coordinates": [WEST, NORTH + 0.2]}}, 422, "geom"),
        ({"geom": {"type": "Point", "coordinates": [2.35, 48.85]}}, 422, "geom"),
        ({"geom": {"type": "LineString", "coordinates": [[WEST, NORTH]]}}, 422, "geom"),
        ({"valid_to": "2026-01-01"}, 422, "valid_to"),
        ({"valid_from": "9999-12-31"}, 422, "valid_from"),
        ({"factor": 0.5}, 422, "factor"),
        ({"division_code": YAOLI_TOWN}, 403, None),
        ({"division_code": "360222999"}, 422, "division_code"),
    ],
)
def test_a_closure_that_cannot_be(
    call: Caller, changed: dict[str, Any], status: int, field: str | None
) -> None:
    """Each refusal names its field; heights are taken for what they are."""
    who = "county" if field == "division_code" else "fuliang"
    answered, problem = call(who, "POST", "/closures", SLIDE | changed)
    assert answered == status, problem
    if field is not None:
        assert field in {each["field"] for each in problem["errors"]}


def test_a_shape_with_heights_is_taken_flat(call: Caller) -> None:
    """Surveyed shapes carry heights, which roads do not."""
    flat = SLIDE["geom"]["coordinates"]
    geom = {"type": "LineString", "coordinates": [[*place, 88.0] for place in flat]}
    status, closure = call("fuliang", "POST", "/closures", SLIDE | {"geom": geom, "factor": 2.0})
    assert status == 201
    assert np.array(closure["geometry"]["coordinates"]) == pytest.approx(np.array(flat), abs=1e-7)
    assert call("fuliang", "POST", f"/closures/{closure['id']}/lift")[0] == 200


def test_the_way_between_two_places(call: Caller) -> None:
    """Three stretches at 35 km/h, beside the road at both ends, told in Chinese."""
    goal = f"{WEST + 0.03:.3f},{NORTH + 0.0005:.4f}"
    status, way = call("viewer", "GET", f"/routes?from={WEST},{NORTH}&to={goal}")
    assert status == 200
    assert way["metres"] == pytest.approx(3 * 970, rel=0.01)
    assert way["driving_seconds"] == pytest.approx(way["metres"] / 35 * 3.6, rel=0.01)
    assert (way["walk_from_metres"], way["walk_to_metres"]) == (0, pytest.approx(55, abs=2))
    assert way["seconds"] == pytest.approx(
        way["driving_seconds"] + way["walk_to_metres"] / 1.2, abs=2
    )
    line = shapely.LineString(way["geometry"]["coordinates"])
    assert line.bounds == pytest.approx((WEST, NORTH, WEST + 0.03, NORTH), abs=1e-4)
    assert way["steps"][0]["text"].startswith("向东沿瓷都路出发")
    here = call("viewer", "GET", f"/routes?from={WEST},{NORTH}&to={WEST},{NORTH}")[1]
    assert (here["metres"], here["steps"], here["geometry"]["coordinates"]) == (0, [], [])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=117.2,29.37", 422),
        ("from=29.37,117.2&to=117.2,29.37", 422),
        ("from=a,b&to=117.2,29.37", 422),
        ("from=117.2,29.37&to=2.35,48.85", 422),
        ("from=117.2,29.37&to=117.3,29.60", 404),
        ("from=117.2,29.37&to=117.3,29.37&via=1", 422),
    ],
)
def test_ways_that_cannot_be(call: Caller, query: str, status: int) -> None:
    """Places that are none, lie elsewhere, or have no road near."""
    assert call("viewer", "GET", f"/routes?{query}")[0] == status


def test_times_between_many_places(call: Caller) -> None:
    """Symmetric along the road; what no road reaches has none."""
    places = [[WEST, NORTH], [WEST + 0.02, NORTH], [117.3, 29.6]]
    status, found = call("viewer", "POST", "/routes/matrix", {"places": places})
    table = found["seconds"]
    assert (status, table[0][0], table[0][1]) == (200, 0, table[1][0])
    assert table[0][1] == pytest.approx(2 * 970 / 35 * 3.6, rel=0.01)
    assert table[0][2] is None
    assert call("viewer", "POST", "/routes/matrix", {"places": places[:1]})[0] == 422


@pytest.mark.parametrize("path", ["/teams", "/round-plans", "/closures", "/round-plans/{week}"])
def test_lists_cost_the_same_few_statements(
    call: Caller,
    world: World,
    week: int,
    path: str,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    """Three times as many rows are read in as many statements."""
    address = path.format(week=week)

    def counted() -> int:
        call("viewer", "GET", address)
        with count_queries(world.database.engine) as seen:
            assert call("viewer", "GET", address)[0] == 200
        return len(seen)

    before = counted()
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        actor = world.actors["fuliang"]
        for number in range(3):
            team = lay_team(session, f"队{number}", actor)
            lay_owed(session, actor)
            solved(session, actor, team, title=f"方案{number}")
            declare(session, actor, ClosureGiven(**CLOSED))
    assert counted() == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/round-plans/1999999"),
        ("PUT", "/teams/1999999"),
        ("POST", "/round-plans/1999999/solve"),
        ("POST", "/round-plans/1999999/cancel"),
        ("GET", "/round-plans/1999999/progress"),
        ("GET", "/round-plans/1999999/history"),
        ("GET", "/rounds/1999999"),
        ("GET", "/rounds/1999999/directions"),
        ("POST", "/closures/1999999/lift"),
    ],
)
def test_what_is_not_there(call: Caller, method: str, path: str) -> None:
    """Nothing of that number."""
    body = {k: v for k, v in TEAM.items() if k != "division_code"} if method == "PUT" else None
    status, problem = call("county", method, path, body, match(1))
    assert (status, problem["code"]) == (404, "not_found")


def test_who_may_not_plan(call: Caller, world: World, week: int) -> None:
    """Viewers and other townships' staff change nothing."""
    path = f"/round-plans/{week}"
    for who in ("viewer", "yaoli"):
        for act in ("solve", "publish", "cancel"):
            assert call(who, "POST", f"{path}/{act}", None, match(1))[0] == 403
    with Session(world.owner) as session:
        assert session.get_one(RoundPlan, week).state == "solved"
