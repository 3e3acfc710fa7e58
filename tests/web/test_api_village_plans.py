"""Village plans over the API: made, drawn upon, checked, and what is refused."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
import shapely
from geoalchemy2 import Geography
from shapely.geometry import mapping, shape
from sqlalchemy import cast, func, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Role
from fuliang_gis.areas.models import Division
from fuliang_gis.db.base import SRID
from fuliang_gis.web.security import JSON_LIMIT, PLAN_JSON_LIMIT
from tests.factories import FULIANG_VILLAGE, YAOLI_TOWN, make_actor
from tests.planning.test_operations import BOUNDARY, X, Y
from tests.web.conftest import World

Headers = dict[str, str]
ALL = "/api/v1/village-plans"
PLAN: dict[str, Any] = {
    "division_code": FULIANG_VILLAGE,
    "title": "村庄规划",
    "base_year": 2023,
    "target_year": 2035,
    "boundary": mapping(BOUNDARY),
}


def polygon(*bounds: float) -> dict[str, Any]:
    """Return a rectangle of the village, counted from its corner."""
    left, bottom, right, top = bounds
    return dict(mapping(shapely.box(X + left, Y + bottom, X + right, Y + top)))


def parcel(code: str, *bounds: float) -> dict[str, Any]:
    """Return a rectangular parcel as a change names it."""
    return {"code": code, "geometry": polygon(*bounds)}


def drawn_as(coordinates: list[Any]) -> dict[str, Any]:
    """Return a parcel of any coordinates."""
    return {"code": "0101", "geometry": {"type": "Polygon", "coordinates": coordinates}}


BASE = {
    "parcels": [
        {"id": "w", **parcel("0101", 0, 0, 100, 100)},
        {"id": "e", **parcel("0301", 100, 0, 200, 100)},
    ],
    "lines": [{"id": "f", "code": "0202", "geometry": polygon(0, 0, 50, 50)}],
}


@pytest.fixture(scope="module")
def planner(world: World) -> Headers:
    """The header of a planner of the county."""
    return _token(world, Role.PLANNER)


def _token(world: World, role: Role, division: str = "360222") -> Headers:
    name = f"{role.value}-{division}"
    if name not in world.actors:
        with Session(world.owner, expire_on_commit=False) as session, session.begin():
            world.actors[name] = make_actor(session, role, division)
    return world.token(name)


@pytest.fixture
def scheme(world: World, planner: Headers) -> str:
    """The address of the first scheme of a plan with a base year."""
    client = world.app.test_client()
    made = client.post(ALL, json=PLAN, headers=planner)
    assert made.status_code == 201
    address = made.headers["Location"]
    based = client.put(
        f"{address}/base", json=BASE, headers=planner | {"If-Match": made.headers["ETag"]}
    )
    assert based.status_code == 200, based.get_json()
    (found,) = based.get_json()["schemes"]
    assert (found["version"], found["parcels"]) == (1, 2)
    return f"/api/v1/plan-schemes/{found['id']}"


def _save(
    world: World, who: Headers, scheme: str, changes: dict[str, Any], version: int
) -> tuple[int, dict[str, Any]]:
    answer = world.app.test_client().post(
        f"{scheme}/changes",
        json={"changes": changes},
        headers=who | {"If-Match": f'"{version}"'},
    )
    return answer.status_code, answer.get_json()


def test_a_plan_is_drawn_and_checked(world: World, planner: Headers, scheme: str) -> None:
    """A slightly misdrawn house is fitted; the report tells what it does to the farmland."""
    status, saved = _save(
        world,
        planner,
        scheme,
        {"w": parcel("0801", 0, 0, 100, 100), "e": parcel("0301", 100.1, 0, 200, 100)},
        1,
    )
    assert (status, saved["version"], saved["merged"]) == (200, 2, False)
    assert [each["parcel"] for each in saved["moved"]] == ["e"]
    (fitted,) = saved["parcels"]
    assert shape(fitted["geometry"]).area == pytest.approx(10_000)
    client = world.app.test_client()
    sketch = client.get(f"{scheme}/sketch", headers=planner)
    assert sketch.headers["ETag"] == '"2"'
    drawn = {each["id"]: each for each in sketch.get_json()["parcels"]}
    assert shape(drawn["e"]["geometry"]).area == pytest.approx(10_000)
    assert drawn["w"]["properties"] == {"code": "0801", "label": "", "households": 1}
    report = client.get(f"{scheme}/report", headers=planner).get_json()
    (finding,) = report["findings"]
    assert (finding["code"], finding["severity"], finding["area_m2"]) == (
        "line_inside",
        "error",
        2500.0,
    )
    assert finding["article"] == "土地管理法第三十五条"
    rows = {row["key"]: row for row in report["structure"]}
    assert rows["01"]["base"]["parcels"] == ["w"]
    assert rows["total"]["target"]["percent"] == 100.0
    versions = client.get(f"{scheme}/versions", headers=planner).get_json()
    assert [(each["version"], each["changed"]) for each in versions["items"]] == [(2, 2), (1, 2)]
    older = client.get(f"{scheme}/report?version=1", headers=planner).get_json()
    assert older["findings"] == []


def strips(code: str, count: int, nodes: int) -> dict[str, Any]:
    """Return parcels side by side from west to east, a border of so many nodes between two."""
    wide, tall = 60.0, 1000.0

    def border(number: int) -> list[list[float]]:
        bend = 3.3333 if 0 < number < count else 0.0
        return [
            [round(X + number * wide + bend * (i % 2), 4), round(Y + tall * i / (nodes - 1), 4)]
            for i in range(nodes)
        ]

    borders = [border(number) for number in range(count + 1)]
    return {
        f"p{number}": drawn_as([[*left[::-1], *right, left[-1]]]) | {"code": code}
        for number, (left, right) in enumerate(itertools.pairwise(borders))
    }


def test_a_whole_plan_goes_in_at_once(world: World, planner: Headers) -> None:
    """Base year and changes of 48,000 nodes, more than any other operation takes, are kept."""
    client = world.app.test_client()
    boundary = mapping(shapely.box(X, Y, X + 6000, Y + 1000))
    made = client.post(ALL, json=PLAN | {"boundary": boundary}, headers=planner)
    base, changes = strips("0101", 100, 240), strips("0801", 100, 240)
    body = json.dumps({"parcels": [{"id": name, **each} for name, each in base.items()]})
    assert len(body) > JSON_LIMIT
    based = client.put(
        f"{made.headers['Location']}/base",
        data=body,
        content_type="application/json",
        headers=planner | {"If-Match": made.headers["ETag"]},
    )
    assert based.status_code == 200, based.get_json()
    (scheme,) = based.get_json()["schemes"]
    address = f"/api/v1/plan-schemes/{scheme['id']}"
    status, saved = _save(world, planner, address, changes, scheme["version"])
    assert (status, saved.get("version")) == (200, scheme["version"] + 1), saved
    drawn = client.get(f"{address}/sketch", headers=planner).get_json()["parcels"]
    assert sum(len(each["geometry"]["coordinates"][0]) - 1 for each in drawn) == 48_000
    assert {each["properties"]["code"] for each in drawn} == {"0801"}


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        ("POST", "/changes", PLAN_JSON_LIMIT),
        ("POST", "/branches", JSON_LIMIT),
        ("POST", "/restore", JSON_LIMIT),
        ("PUT", "/base", PLAN_JSON_LIMIT),
        ("POST", "", JSON_LIMIT),
    ],
)
def test_a_body_larger_than_its_operation_takes_is_refused(
    world: World, planner: Headers, scheme: str, method: str, path: str, most: int
) -> None:
    """Only what draws a whole plan takes more than 1 MB, and the refusal names the limit."""
    client = world.app.test_client()
    address = {"/base": f"{ALL}/1/base", "": ALL}.get(path, scheme + path)
    headers = planner | {"Content-Type": "application/json"}
    refused = client.open(address, method=method, headers=headers, data=b" " * (most + 1))
    assert (refused.status_code, refused.get_json()["code"]) == (413, "too_large")
    assert f"{most // 1_000_000} MB" in refused.get_json()["detail"]
    body = b"{" + b" " * (most - 1)
    read = client.open(address, method=method, headers=headers, data=body)
    assert read.status_code == 400


def test_who_saves_upon_an_old_version_is_joined_or_told(
    world: World, planner: Headers, scheme: str
) -> None:
    """Other parcels go in beside; the same are a conflict that tells the newest version."""
    west, east = parcel("0103", 0, 0, 100, 100), parcel("0401", 100, 0, 200, 100)
    assert _save(world, planner, scheme, {"w": west}, 1)[0] == 200
    status, joined = _save(world, planner, scheme, {"e": east}, 1)
    assert (status, joined["version"], joined["merged"]) == (200, 3, True)
    status, refused = _save(world, planner, scheme, {"w": parcel("0801", 0, 0, 100, 100)}, 1)
    assert (status, refused["code"], refused["current_version"]) == (409, "conflict", 3)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (parcel("9999", 0, 0, 100, 100), "unknown_code"),
        (parcel("0101", 0, 0, 120, 100), "repair_refused"),
        (drawn_as([[[0, 0]]]), "bad_geometry"),
        (drawn_as([]), "bad_geometry"),
    ],
)
def test_what_cannot_be_kept_is_refused_whole(
    world: World, planner: Headers, scheme: str, changed: dict[str, Any], code: str
) -> None:
    """The field is the parcel's id; the scheme stays as it was."""
    status, refused = _save(world, planner, scheme, {"w": changed}, 1)
    assert status == 422
    assert {(each["field"], each["code"]) for each in refused["errors"]} == {("w", code)}
    kept = world.app.test_client().get(scheme, headers=planner).get_json()
    assert kept["version"] == 1


def test_branches_and_old_versions_come_back(world: World, planner: Headers, scheme: str) -> None:
    """A branch is a scheme of the same plan; an old version returns as a new one."""
    client = world.app.test_client()
    branch = client.post(f"{scheme}/branches", json={"title": "方案二"}, headers=planner)
    assert branch.status_code == 201
    again = client.post(f"{scheme}/branches", json={"title": "方案二"}, headers=planner)
    assert (again.status_code, again.get_json()["code"]) == (409, "duplicate")
    other = branch.headers["Location"]
    assert _save(world, planner, other, {"w": parcel("0103", 0, 0, 100, 100)}, 1)[0] == 200
    back = client.post(
        f"{other}/restore", json={"ordinal": 1}, headers=planner | {"If-Match": '"2"'}
    )
    assert (back.status_code, back.get_json()["version"]) == (200, 3)
    drawn = client.get(f"{other}/sketch", headers=planner).get_json()["parcels"]
    assert {each["id"]: each["properties"]["code"] for each in drawn} == {"w": "0101", "e": "0301"}


def test_only_planners_of_the_place_draw(world: World, planner: Headers, scheme: str) -> None:
    """County staff read; another township's planner finds nothing; without a version, 428."""
    change = {"w": parcel("0103", 0, 0, 100, 100)}
    client = world.app.test_client()
    assert client.get(f"{scheme}/report", headers=world.token("county")).status_code == 200
    assert _save(world, world.token("county"), scheme, change, 1)[0] == 403
    stranger = _token(world, Role.PLANNER, YAOLI_TOWN)
    assert _save(world, stranger, scheme, change, 1)[0] == 404
    assert client.get(f"{scheme}/sketch", headers=stranger).status_code == 404
    assert client.get(ALL, headers=stranger).get_json()["total"] == 0
    assert client.post(ALL, json=PLAN, headers=stranger).status_code == 403
    bare = client.post(f"{scheme}/changes", json={"changes": change}, headers=planner)
    assert bare.status_code == 428


def test_a_plan_takes_the_village_s_own_boundary(world: World, planner: Headers) -> None:
    """Where the service knows one; on the plane it is as large as on the ellipsoid."""
    client = world.app.test_client()
    unbounded = {**PLAN, "title": "按村界", "boundary": None}
    made = client.post(ALL, json=unbounded, headers=planner)
    assert made.status_code == 201
    with Session(world.owner) as session:
        measured = session.scalar(
            select(func.ST_Area(cast(Division.boundary, Geography(srid=SRID)))).where(
                Division.code == FULIANG_VILLAGE
            )
        )
    assert made.get_json()["area_m2"] == pytest.approx(measured, rel=2e-4)
    listed = client.get(f"{ALL}?state=draft&size=1", headers=planner).get_json()
    assert len(listed["items"]) == 1
