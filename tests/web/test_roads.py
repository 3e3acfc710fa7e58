"""The pages of roads: the report, closures drawn and lifted, what maps are given, who may."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fuliang_gis import clock
from fuliang_gis.accounts.audit import ACTION_NAMES
from fuliang_gis.roads.operations import bring_in
from fuliang_gis.roads.taken import Taken
from tests.factories import COUNTY, FULIANG_TOWN, YAOLI_TOWN
from tests.roads.test_closures import across, around
from tests.roads.test_connectivity import ROADS, lay_out
from tests.web.conftest import World, csrf_of

TODAY = clock.today()
#: What the form sends for a landslide on the road from 10 to 11.
SENT = {
    "geom": json.dumps(across(10, 11)),
    "shape": "line",
    "reason": "山体滑坡",
    "kind": "closed",
    "factor": "2",
    "valid_from": TODAY.isoformat(),
    "valid_to": "",
    "division_code": COUNTY,
}


@pytest.fixture(autouse=True)
def roads(world: World) -> None:
    """The roads and locations of the report's tests, the same for every test."""
    with Session(world.owner) as session, session.begin():
        session.execute(text("delete from road_closure"))
        if not session.scalar(text("select count(*) from location")):
            lay_out(session)
        if session.scalar(text("select count(*) from road")) != len(ROADS):
            bring_in(session, Taken(ROADS), "test")


def declare(world: World, who: str = "county", **changed: str) -> TestResponse:
    """Send the form of a closure."""
    client = world.browser(who)
    data = {"csrf_token": csrf_of(client), **SENT, **changed}
    return client.post("/roads/closures", data=data)


def kept(world: World) -> list[Any]:
    """Return the closures that there are."""
    with world.database.session() as session:
        return list(session.execute(text("select * from road_closure order by id")).all())


# --- the report ---


def test_the_report_tells_figures_parts_and_locations(world: World) -> None:
    """Parts with a place to look at, the table by township, links to the locations."""
    page = world.browser("county").get("/roads").get_data(as_text=True)
    assert "分成几片</dt><dd>2<" in page
    assert "40–41" in page
    assert "11–12" in page
    assert "#map=15/117.24" in page
    for code, why in (("FAR", "离路太远"), ("AT-TRAP", "只进不出"), ("AT-ISLAND", "孤立路段")):
        assert f"/pv_stations/{code}" in page
        assert why in page
    assert "AT-MAIN" not in page
    assert f'href="/roads?township={FULIANG_TOWN}"' in page


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ("?farther=5000", {"AT-TRAP", "AT-ISLAND"}),
        ("?layer=villages", set()),
        (f"?township={YAOLI_TOWN}", set()),
        (f"?township={FULIANG_TOWN}&layer=pv_stations", {"FAR", "AT-TRAP", "AT-ISLAND"}),
        ("?farther=nan&township=x&layer=no&page=0", {"FAR", "AT-TRAP", "AT-ISLAND"}),
        ("?page=9", set()),
    ],
)
def test_the_list_is_narrowed(world: World, asked: str, codes: set[str]) -> None:
    """What cannot be meant counts as not asked; the map shows the same locations."""
    client = world.browser("county")
    page = client.get(f"/roads{asked}").get_data(as_text=True)
    every = ("FAR", "AT-TRAP", "AT-ISLAND", "AT-MAIN")
    assert {code for code in every if f"/pv_stations/{code}" in page} == codes
    if "page=9" not in asked:
        found = client.get(f"/roads/report.json{asked}").get_json(force=True)["features"]
        cards = {f["properties"]["card"] for f in found if f["properties"]["kind"] == "place"}
        assert {card.rpartition("/")[2] for card in cards} == codes
        kinds = {f["properties"]["kind"] for f in found}
        assert {"island", "trap"} <= kinds


def test_a_township_sees_its_own_locations(world: World) -> None:
    """The network is everybody's, the list is the township's."""
    assert "/pv_stations/FAR" in world.browser("fuliang").get("/roads").get_data(as_text=True)
    page = world.browser("yaoli").get("/roads").get_data(as_text=True)
    assert "/pv_stations/FAR" not in page
    assert "没有离路" in page


def test_without_roads_it_says_what_to_do(world: World) -> None:
    """The empty state names the command."""
    with Session(world.owner) as session, session.begin():
        session.execute(text("delete from road"))
    answer = world.browser("county").get("/roads")
    assert answer.status_code == 200
    assert "fuliang roads import" in answer.get_data(as_text=True)


def test_its_statements_do_not_grow_with_the_list(
    world: World,
    count_queries: Callable[[Engine | Connection], AbstractContextManager[list[str]]],
) -> None:
    """Asked again the report costs a handful of statements, whatever it lists."""
    client = world.browser("county")
    client.get("/roads")
    numbers = []
    for asked in ("", "?farther=5000", "?layer=villages"):
        with count_queries(world.database.engine) as seen:
            client.get(f"/roads{asked}")
        numbers.append(len(seen))
    assert len(set(numbers)) == 1
    assert numbers[0] < 25


# --- closures ---


def test_a_closure_is_declared_and_lifted(world: World) -> None:
    """It is listed with its roads, changes what maps are given, and leaves its record."""
    client = world.browser("county")
    assert "现在没有道路管制" in client.get("/roads/closures").get_data(as_text=True)
    answer = declare(world)
    assert answer.status_code == 303
    page = client.get("/roads/closures").get_data(as_text=True)
    assert "山体滑坡" in page
    assert "解除为止" in page
    assert "正在管制" in page
    features = client.get("/roads/closures/shapes.json").get_json(force=True)["features"]
    assert [f["properties"]["kind"] for f in features] == ["closure", "road"]
    assert features[1]["properties"] == {"kind": "road", "title": "10–11", "slow": False}
    (row,) = kept(world)
    lifted = client.post(
        f"/roads/closures/{row.id}/lift",
        data={"csrf_token": csrf_of(client)},
        follow_redirects=True,
    )
    assert "已解除道路管制“山体滑坡”" in lifted.get_data(as_text=True)
    assert "现在没有道路管制" in client.get("/roads/closures").get_data(as_text=True)
    every = client.get("/roads/closures?show=all").get_data(as_text=True)
    assert "已解除" in every
    assert client.get("/roads/closures/shapes.json?show=all").get_json(force=True)["features"] == []
    again = client.post(f"/roads/closures/{row.id}/lift", data={"csrf_token": csrf_of(client)})
    assert again.status_code == 409
    assert "已解除" in again.get_data(as_text=True)


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({"valid_from": (TODAY + timedelta(days=2)).isoformat()}, "尚未开始"),
        (
            {
                "valid_from": (TODAY - timedelta(days=9)).isoformat(),
                "valid_to": (TODAY - timedelta(days=1)).isoformat(),
            },
            "已到期",
        ),
        ({"kind": "slow", "factor": "2.5"}, "2.5 倍用时"),
    ],
)
def test_states_and_kinds_are_told(world: World, changed: dict[str, str], state: str) -> None:
    """What is to come and what is over; slow roads say by how much."""
    assert declare(world, **changed).status_code == 303
    page = world.browser("county").get("/roads/closures?show=all").get_data(as_text=True)
    assert state in page


@pytest.mark.parametrize(
    ("geom", "shape"),
    [
        ("117.2099,29.355; 117.2101,29.355", "line"),
        ("117.2090，29.355 117.2110，29.355", "line"),
        ("117.209 29.354 117.211 29.354 117.211 29.356 117.209 29.356", "area"),
        (json.dumps({"type": "Feature", "geometry": across(10, 11), "properties": {}}), "line"),
        (
            json.dumps(
                {
                    "type": "FeatureCollection",
                    "features": [{"type": "Feature", "geometry": around(10, 11)}],
                }
            ),
            "line",
        ),
    ],
)
def test_places_are_typed_without_scripts(world: World, geom: str, shape: str) -> None:
    """Pairs of degrees in any notation, and GeoJSON."""
    assert declare(world, geom=geom, shape=shape).status_code == 303
    assert len(kept(world)) == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"reason": ""}, "请填写管制原因"),
        ({"geom": ""}, "请在地图上画出"),
        ({"geom": "117.2,29.3,117.3"}, "请在地图上画出"),
        ({"geom": "{"}, "请在地图上画出"),
        ({"geom": "[" * 100_000}, "请在地图上画出"),
        ({"geom": '{"type":' * 60_000}, "请在地图上画出"),
        ({"geom": "117.2,29.3 117.21,29.31", "shape": "area"}, "请在地图上画出"),
        ({"geom": json.dumps(across(50, 51))}, "没有道路"),
        ({"kind": "slow", "factor": "快"}, "缓行倍数"),
        ({"valid_from": "明天"}, "应为日期"),
        ({"valid_to": "2020-01-01"}, "结束日期早于开始日期"),
        ({"division_code": "999"}, "行政区划"),
    ],
)
def test_a_refused_form_comes_back_as_it_was_typed(
    world: World, changed: dict[str, str], told: str
) -> None:
    """What is wrong stands beside its field; nothing is kept."""
    answer = declare(world, **changed)
    page = answer.get_data(as_text=True)
    assert told in page
    if changed.get("division_code"):
        # Outside everybody's division: the refusal has a page of its own.
        assert answer.status_code == 403
    else:
        assert answer.status_code == 422
        assert changed.get("reason", "山体滑坡") in page
    assert kept(world) == []


def test_what_a_shape_touches_is_told_before(world: World) -> None:
    """The roads, their number, length and names; a shape that is none is refused as a problem."""
    client = world.browser("county")
    data = {"csrf_token": csrf_of(client), "geom": json.dumps(around(0, 10, 11)), "shape": "area"}
    found = client.post("/roads/closures/touched", data=data).get_json(force=True)
    assert (found["count"], found["names"]) == (4, ["0–10", "10–11", "11–0", "11–12"])
    assert len(found["features"]) == 4
    refused = client.post(
        "/roads/closures/touched",
        data={**data, "geom": "nowhere"},
        headers={"Accept": "application/json"},
    )
    assert refused.status_code == 422
    assert refused.get_json(force=True)["errors"][0]["code"] == "bad_geometry"
    assert kept(world) == []


@pytest.mark.parametrize(
    "address", ["/roads", "/roads/report.json", "/roads/closures", "/roads/closures/shapes.json"]
)
def test_who_may_see(world: World, address: str) -> None:
    """Those who manage rounds; others are refused, strangers sign in."""
    assert world.browser("viewer").get(address).status_code == 403
    assert world.browser().get(address).status_code in (302, 303, 401)
    assert world.browser("fuliang").get(address).status_code == 200
    assert "道路与管制" in world.browser("fuliang").get("/areas").get_data(as_text=True)
    assert "道路与管制" not in world.browser("viewer").get("/areas").get_data(as_text=True)


def test_who_may_declare_and_lift(world: World) -> None:
    """Viewers not at all, a township in its own place alone."""
    assert declare(world, "viewer").status_code == 403
    assert declare(world, "fuliang").status_code == 403
    assert declare(world, "yaoli", division_code=YAOLI_TOWN).status_code == 422
    assert kept(world) == []
    assert declare(world, "fuliang", division_code=FULIANG_TOWN).status_code == 303
    (row,) = kept(world)
    for who, status in (("yaoli", 403), ("viewer", 403), ("fuliang", 303)):
        client = world.browser(who)
        data = {"csrf_token": csrf_of(client)}
        assert client.post(f"/roads/closures/{row.id}/lift", data=data).status_code == status
    assert world.browser("fuliang").get("/roads/closures").status_code == 200


def test_the_audit_record_names_what_was_done(world: World) -> None:
    """Every act of roads has its Chinese name."""
    declare(world)
    with world.database.session() as session:
        actions = set(session.scalars(text("select distinct action from audit_event")))
    assert {"declare_closure", "import_roads"} <= actions <= set(ACTION_NAMES)


def test_names_cannot_become_markup(world: World) -> None:
    """A reason such as an image with a script shows as text."""
    declare(world, reason='<img src=x onerror="alert(1)">')
    page = world.browser("county").get("/roads/closures").get_data(as_text=True)
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_the_list_is_paged_with_few_statements(
    world: World,
    count_queries: Callable[[Engine | Connection], AbstractContextManager[list[str]]],
) -> None:
    """Many closures cost as many statements as one."""
    declare(world)
    client = world.browser("county")
    client.get("/roads/closures")
    with count_queries(world.database.engine) as one:
        client.get("/roads/closures")
    with Session(world.owner) as session, session.begin():
        session.execute(
            text("""insert into road_closure (division_code, reason, geom, valid_from)
            select division_code, reason || n, geom, valid_from from road_closure,
            generate_series(1, 60) n""")
        )
    with count_queries(world.database.engine) as many:
        page = client.get("/roads/closures").get_data(as_text=True)
    assert len(many) == len(one)
    assert "第 1 / 3 页" in page
    assert client.get("/roads/closures?page=3").status_code == 200
