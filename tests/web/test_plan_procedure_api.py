"""A plan's road over the API: steps, refusals with their articles, tables, opinions, waivers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fuliang_gis.locations.registry import layer
from tests.factories import make_location
from tests.planning.procedure.road import END, START, Road, at, laid_out
from tests.planning.procedure.test_opinions import say
from tests.web.conftest import World
from tests.web.test_plan_procedure import LATER, people

__all__ = ["people"]

Call = Callable[..., TestResponse]
VOTE = {
    "assembly": "villagers",
    "entitled": 100,
    "attended": 60,
    "in_favour": 50,
    "against": 6,
    "abstained": 4,
}
STEPS: list[tuple[str, dict[str, Any], date]] = [
    ("planner", {"kind": "submit"}, START),
    ("town", {"kind": "vote", "held_on": START.isoformat(), "vote": VOTE}, START),
    ("town", {"kind": "notice", "until": END.isoformat()}, START),
    ("town", {"kind": "forward"}, LATER),
    ("reviewer", {"kind": "approve", "number": "浮府字〔2026〕1号"}, LATER),
    ("reviewer", {"kind": "publish"}, LATER),
    ("reviewer", {"kind": "force"}, LATER),
]


@pytest.fixture
def road(people: World) -> Road:
    """The road before a new plan."""
    return laid_out(people.database, people.actors)


@pytest.fixture
def call(people: World, road: Road) -> Call:
    """Ask the API for something of the plan as somebody on a day."""

    def ask(
        method: str,
        path: str,
        who: str = "planner",
        body: object = None,
        version: object = None,
        on: date = START,
    ) -> TestResponse:
        headers = people.token(who)
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        address = f"/api/v1/village-plans/{road.plan_id}/{path}"
        with at(on):
            return people.app.test_client().open(address, method=method, json=body, headers=headers)

    return ask


def test_the_whole_road_over_the_api(road: Road, call: Call) -> None:
    """Each answer names the version for the next step and what it is."""
    version = road.plan.version
    for who, body, on in STEPS:
        answer = call("POST", "acts", who, body, version, on)
        assert answer.status_code == 200, answer.text
        version = answer.get_json()["version"]
    told = call("GET", "road", "viewer", on=LATER)
    assert told.get_json()["state"] == "in_force"
    assert told.get_json()["next"] is None
    assert told.headers["ETag"] == f'"{version}"'
    acts = call("GET", "acts?size=3", "viewer").get_json()
    assert (acts["total"], [each["kind"] for each in acts["items"]]) == (
        7,
        ["force", "publish", "approve"],
    )
    assert acts["items"][2]["number"] == "浮府字〔2026〕1号"
    changed = call("POST", "changes", "planner", {"note": "新增公厕"}, version, LATER)
    assert changed.status_code == 201
    assert changed.get_json()["replaces"] == road.plan_id
    assert changed.headers["Location"].endswith(f"/{changed.get_json()['id']}/road")


@pytest.mark.parametrize(
    ("who", "body", "version", "status", "code"),
    [
        ("planner", {"kind": "submit"}, None, 428, "version_required"),
        ("planner", {"kind": "submit"}, 1, 409, "conflict"),
        ("viewer", {"kind": "submit"}, 2, 403, "forbidden"),
        ("elsewhere", {"kind": "submit"}, 2, 404, "not_found"),
        ("town", {"kind": "notice", "until": END.isoformat()}, 2, 409, "wrong_state"),
        ("planner", {"kind": "submit", "scheme": 999_999}, 2, 404, "not_found"),
        ("planner", {"kind": "submit", "held_on": "0001-01-01"}, 2, 422, "invalid"),
    ],
)
def test_steps_are_refused_with_their_code(
    call: Call, who: str, body: dict[str, Any], version: int | None, status: int, code: str
) -> None:
    """A conflict tells how the plan stands."""
    answer = call("POST", "acts", who, body, version)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    if code == "conflict":
        assert answer.get_json()["current"]["state"] == "draft"


def test_a_step_that_the_law_does_not_let_through(road: Road, call: Call) -> None:
    """Each problem has its code, field and article."""
    road.walk("township")
    version = road.plan.version
    answer = call("POST", "acts", "town", {"kind": "notice", "until": "2026-09-20"}, version)
    assert answer.status_code == 409
    told = answer.get_json()
    assert told["code"] == "plan_step_refused"
    assert [each["code"] for each in told["errors"]] == ["notice_too_short"]
    assert "第二十六条" in told["errors"][0]["zh"]
    road.walk("notice")
    late = call("POST", "acts", "town", {"kind": "forward"}, road.plan.version, END)
    assert [each["code"] for each in late.get_json()["errors"]] == ["notice_running"]


def test_opinions_are_answered(road: Road, call: Call) -> None:
    """Shown and answered at once; an old version is told."""
    road.walk("notice")
    said = say(road)
    (one,) = call("GET", "opinions?answered=false", "viewer").get_json()["items"]
    body = {"state": "shown", "verdict": "partly", "reply": "拓宽到 5 米"}
    path = f"opinions/{said.id}"
    done = call("PATCH", path, "town", body, one["version"])
    assert done.status_code == 200, done.text
    told = done.get_json()
    assert (told["state"], told["verdict"], told["reply"]) == ("shown", "partly", "拓宽到 5 米")
    assert told["version"] != one["version"]
    old = call("PATCH", path, "town", body, one["version"])
    assert old.status_code == 409
    assert old.get_json()["current"]["verdict"] == "partly"
    assert call("PATCH", path, "town", {}, told["version"]).status_code == 422
    assert call("PATCH", path, "viewer", body, told["version"]).status_code == 403
    assert call("PATCH", path, "elsewhere", body, told["version"]).status_code == 404
    assert call("GET", "opinions", "elsewhere").status_code == 404


def test_projects_over_the_api(people: World, call: Call) -> None:
    """Added with an asset, changed, moved, removed; sums of all."""
    with Session(people.owner, expire_on_commit=False) as session, session.begin():
        asset = make_location(session, people.actors["county"], layer("water_projects"))
    named = f"water_projects/{asset.code}"
    body = {"kind": "基础设施", "name": "村道", "land_m2": 1200.5, "parcel": "e", "location": named}
    made = call("POST", "projects", "planner", body)
    assert made.status_code == 201, made.text
    one = made.get_json()
    assert (one["location"], one["ordinal"], one["land_m2"]) == (named, 1, "1200.50")
    other = call("POST", "projects", "planner", {"kind": "环卫", "name": "公厕", "funds": 10})
    moved = call("POST", f"projects/{other.get_json()['id']}/move", "planner", {"to": 1}, 1)
    assert moved.get_json()["ordinal"] == 1
    path = f"projects/{one['id']}"
    assert call("GET", path, "viewer").get_json()["ordinal"] == 2
    put = call("PUT", path, "planner", body | {"name": "村道拓宽", "location": None}, 1)
    assert (put.get_json()["name"], put.get_json()["location"]) == ("村道拓宽", None)
    assert call("PUT", path, "planner", body, 1).status_code == 409
    assert call("PUT", path, "planner", body | {"location": "x/y"}, 2).status_code == 404
    listed = call("GET", "projects", "viewer").get_json()
    assert [each["name"] for each in listed["items"]] == ["公厕", "村道拓宽"]
    assert listed["sums"]["funds"] == "10.00"
    gone = call("DELETE", path, "planner", None, 2)
    assert gone.get_json()["projects"] == 1
    assert call("GET", path, "planner").status_code == 404
    assert call("POST", "projects", "town", body).status_code == 403
    assert call("POST", "projects", "planner_elsewhere", body).status_code == 404


def test_participation_goals_and_waivers_over_the_api(road: Road, call: Call) -> None:
    """Each written, read and refused."""
    row = {"kind": "survey", "held_on": START.isoformat(), "attended": 30}
    added = call("POST", "participation", "town", row)
    assert added.status_code == 201
    (one,) = added.get_json()["items"]
    assert (one["attended"], one["bound"]) == (30, False)
    assert call("POST", "participation", "town", row | {"entitled": 3}).status_code == 422
    gone = call("DELETE", f"participation/{one['id']}", "town")
    assert gone.get_json() == {"items": []}
    goal = {"key": "cropland", "zh": "耕地保有量", "unit": "公顷", "target": 1.0}
    version = road.plan.version
    put = call("PUT", "goals", "planner", {"goals": [goal]}, version)
    assert put.get_json()["version"] == version + 1
    assert put.get_json()["goals"][0]["base"] is None
    twice = call("PUT", "goals", "planner", {"goals": [goal, goal]}, version + 1)
    assert [each["code"] for each in twice.get_json()["errors"]] == ["duplicate", "duplicate"]
    assert call("PUT", "goals", "planner", {"goals": []}, version).status_code == 409
    waived = call("POST", "waivers", "reviewer", {"parcel": "e", "article": "x", "reason": "论证"})
    assert [each["code"] for each in waived.get_json()["errors"]] == ["not_waivable"]
    assert call("GET", "waivers", "viewer").get_json() == {"items": []}
    assert call("POST", "waivers/1/revoke", "reviewer").status_code == 404
    for path in ("road", "acts", "participation", "projects", "goals", "waivers"):
        assert call("GET", path, "elsewhere").status_code == 404
