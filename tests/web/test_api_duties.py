"""Rules, exceptions and obligations over the API: who may, what a list holds, what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Role
from fuliang_gis.clock import ZONE
from fuliang_gis.inspections.duties.states import State
from fuliang_gis.inspections.models import InspectionRule, Obligation
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from tests.factories import FULIANG_TOWN, make_account, make_location
from tests.inspections.factories import make_obligation
from tests.web.conftest import World

RULE = {
    "title": "光伏电站每月巡查",
    "purpose": "routine",
    "period": "month",
    "basis": "县里通知",
    "valid_from": "2022-01-01",
    "layer": "pv_stations",
}


@pytest.fixture
def station(world: World) -> Iterator[Location]:
    """A PV station of 浮梁镇 that has long been there."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        made = make_location(session, world.actors["county"], layer("pv_stations"))
        long_ago = datetime(2020, 1, 1, tzinfo=ZONE)
        session.execute(update(Location).where(Location.id == made.id).values(created_at=long_ago))
    yield made
    with Session(world.owner) as session, session.begin():
        session.execute(delete(Location).where(Location.id == made.id))
        session.execute(delete(InspectionRule))


def _send(
    world: World,
    who: str,
    method: str,
    path: str,
    *,
    json: object = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[int, Any]:
    sent = {**world.token(who), **headers}
    answer = world.app.test_client().open(f"/api/v1{path}", method=method, headers=sent, json=json)
    return answer.status_code, answer.get_json()


@pytest.mark.usefixtures("station")
def test_a_rule_comes_goes_and_comes_back_with_its_obligations(world: World) -> None:
    """Made, changed, withdrawn, restored; each step is in its history."""
    status, rule = _send(world, "county", "POST", "/inspection-rules", json=RULE)
    assert status == 201
    path = f"/inspection-rules/{rule['id']}"
    assert _send(world, "county", "GET", path)[1]["period"] == "month"
    _, tasks = _send(world, "fuliang", "GET", "/obligations?layer=pv_stations")
    assert tasks["total"] >= 4
    assert {task["period"] for task in tasks["items"]} == {"month"}
    weekly = RULE | {"period": "week", "checklist": [{"zh": "逆变器无告警"}]}
    status, changed = _send(world, "county", "PUT", path, json=weekly, headers={"If-Match": '"1"'})
    assert (status, changed["checklist"][0]["name"]) == (200, "q1")
    _send(world, "county", "POST", f"{path}/withdraw", headers={"If-Match": '"2"'})
    assert _send(world, "fuliang", "GET", "/obligations?layer=pv_stations")[1]["total"] == 0
    _send(world, "county", "POST", f"{path}/restore", headers={"If-Match": '"3"'})
    _, tasks = _send(world, "fuliang", "GET", "/obligations?layer=pv_stations")
    assert {task["period"] for task in tasks["items"]} == {"week"}
    _, history = _send(world, "county", "GET", f"{path}/history")
    steps = [change["action"] for change in history["changes"]]
    assert steps == ["restore", "withdraw", "update", "create"]


def test_an_exception_and_a_plan_over_the_api(world: World, station: Location) -> None:
    """A township waives what it cannot reach, plans what it can, and frees one of the rest."""
    _send(world, "county", "POST", "/inspection-rules", json=RULE)
    today = clock.today()
    place = f"/layers/pv_stations/locations/{station.code}"
    body = {
        "reason": "道路施工封闭",
        "valid_from": today.isoformat(),
        "valid_to": (today + timedelta(days=200)).isoformat(),
    }
    status, waiver = _send(world, "fuliang", "POST", f"{place}/exceptions", json=body)
    assert (status, waiver["code"]) == (201, station.code)
    assert _send(world, "county", "GET", "/obligations?layer=pv_stations")[1]["total"] == 0
    listed = _send(world, "county", "GET", "/inspection-exceptions?current=true")[1]
    assert [each["id"] for each in listed["exceptions"]] == [waiver["id"]]
    revoke = f"/inspection-exceptions/{waiver['id']}/revoke"
    assert _send(world, "yaoli", "POST", revoke)[0] == 404
    assert _send(world, "fuliang", "POST", revoke)[1]["revoked_at"]
    _, tasks = _send(world, "fuliang", "GET", "/obligations?state=upcoming")
    first, second = tasks["items"][:2]
    with Session(world.owner) as session, session.begin():
        inspector = make_account(session, Role.INSPECTOR, FULIANG_TOWN).id
    path = f"/obligations/{first['id']}/plan"
    plan = {"planned_on": first["due_on"], "assignee_id": inspector}
    status, planned = _send(world, "fuliang", "POST", path, json=plan, headers={"If-Match": '"1"'})
    assert (status, planned["assignee"], planned["version"]) == (200, "测试岗位", 2)
    status, conflict = _send(world, "fuliang", "POST", path, json=plan, headers={"If-Match": '"1"'})
    assert (status, conflict["current"]["version"]) == (409, 2)
    assert _send(world, "fuliang", "POST", path, json=plan)[0] == 428
    path = f"/obligations/{second['id']}/excuse"
    excuse = {"reason": "封山"}
    status, freed = _send(world, "fuliang", "POST", path, json=excuse, headers={"If-Match": '"1"'})
    assert (status, freed["state"], freed["excuse"]) == (200, "excused", "封山")
    back = f"/obligations/{second['id']}/reinstate"
    key = {"If-Match": '"2"', "Idempotency-Key": "take-it-back"}
    assert _send(world, "yaoli", "POST", back, headers=key)[0] == 404
    status, owed = _send(world, "fuliang", "POST", back, headers=key)
    assert (status, owed["state"], owed["excuse"]) == (200, "upcoming", None)
    assert _send(world, "fuliang", "POST", back, headers=key)[1] == owed
    again = key | {"Idempotency-Key": "once-more", "If-Match": f'"{owed["version"]}"'}
    status, refused = _send(world, "fuliang", "POST", back, headers=again)
    assert (status, refused["code"]) == (409, "wrong_state")
    _, told = _send(world, "viewer", "GET", f"/obligations/{second['id']}/history")
    steps = [step["action"] for step in told["steps"]]
    assert steps == ["reinstate_obligation", "excuse_obligation"]
    _, mine = _send(world, "county", "GET", f"/obligations?assignee_id={inspector}")
    assert [task["id"] for task in mine["items"]] == [first["id"]]


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "status", "code"),
    [
        ("fuliang", "POST", "/inspection-rules", RULE, 403, "forbidden"),
        ("viewer", "POST", "/inspection-rules", RULE, 403, "forbidden"),
        ("county", "POST", "/inspection-rules", RULE | {"period": "day"}, 422, "invalid"),
        ("county", "POST", "/inspection-rules", RULE | {"kind": "moon"}, 422, "invalid"),
        ("county", "GET", "/inspection-rules/2000000", None, 404, "not_found"),
        ("county", "GET", "/inspection-rules/2000000/history", None, 404, "not_found"),
        ("county", "POST", "/inspection-rules/2000000/withdraw", None, 404, "not_found"),
        ("county", "GET", "/obligations/9000000", None, 404, "not_found"),
        ("county", "GET", "/obligations/9000000/history", None, 404, "not_found"),
        ("county", "POST", "/obligations/9000000/reinstate", None, 404, "not_found"),
        ("county", "GET", "/obligations?sort=moon", None, 422, "invalid"),
        ("county", "POST", "/inspection-exceptions/2000000/revoke", None, 404, "not_found"),
    ],
)
def test_what_the_api_refuses(
    world: World,
    who: str,
    method: str,
    path: str,
    body: dict[str, Any] | None,
    status: int,
    code: str,
) -> None:
    """Each refusal has its status and code."""
    version = {"If-Match": '"1"'}
    answered, document = _send(world, who, method, path, json=body, headers=version)
    assert (answered, document["code"]) == (status, code)


def test_the_list_s_states_are_those_of_the_rules(world: World, station: Location) -> None:
    """Every state that the filter knows finds exactly what the pure rule calls so."""
    today = clock.today()
    days = {name: timedelta(days=n) for name, n in (("day", 1), ("week", 7), ("month", 30))}

    def laid(opens: date, warn: date, due: date, **given: object) -> None:
        start = opens - days["month"]
        make_obligation(
            session,
            station,
            today,
            period_start=start + timedelta(days=len(made)),
            period_end=today + 4 * days["month"],
            opens_on=opens,
            warn_on=warn,
            due_on=due,
            **given,  # type: ignore[arg-type]
        )
        made.append(due)

    made: list[date] = []
    with Session(world.owner) as session, session.begin():
        for shift in (-2, -1, 0, 1, 2):
            edge = today + shift * days["day"]
            laid(edge, edge + days["week"], edge + days["month"])
            laid(edge - days["week"], edge, edge + days["week"])
            laid(edge - days["month"], edge - days["week"], edge)
            laid(edge - days["month"], edge - days["week"], edge, done_on=today)
        laid(today, today, today, excuse="封山")
    everything = _send(world, "county", "GET", "/obligations?layer=pv_stations&size=500")[1]
    assert everything["total"] == len(made)
    found = {}
    for state in State:
        path = f"/obligations?layer=pv_stations&size=500&state={state.value}"
        answer = _send(world, "county", "GET", path)[1]
        assert {task["state"] for task in answer["items"]} == {state.value}
        found[state] = {task["id"] for task in answer["items"]}
    assert sum(map(len, found.values())) == everything["total"]
    todo = _send(world, "county", "GET", "/obligations?layer=pv_stations&state=todo&size=500")[1]
    now = found[State.OPEN] | found[State.DUE_SOON] | found[State.OVERDUE]
    assert {task["id"] for task in todo["items"]} == now
    with Session(world.owner) as session, session.begin():
        session.execute(delete(Obligation))
