"""The page and the API of a plan's services: coverage, sites taken up, the sun, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely
from flask.testing import FlaskClient
from geoalchemy2.shape import from_shape
from shapely.geometry import mapping
from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Role
from fuliang_gis.db.base import SRID
from fuliang_gis.geo import crs
from fuliang_gis.locations.registry import layers
from fuliang_gis.planning.models import VillagePlan
from fuliang_gis.planning.projects.models import PlanFacility, PlanProject
from fuliang_gis.roads.models import Road
from tests.factories import COUNTY, FULIANG_VILLAGE, make_actor
from tests.planning.test_operations import X, Y
from tests.web.conftest import World

Headers = dict[str, str]
SIDE = 3000.0
Csrf = Callable[[FlaskClient], str]


def _box(*bounds: float) -> dict[str, Any]:
    left, bottom, right, top = bounds
    return dict(mapping(shapely.box(X + left, Y + bottom, X + right, Y + top)))


#: Homes at both ends of a road of 3 km, fields between; permanent farmland in the middle.
BASE: dict[str, Any] = {
    "parcels": [
        {"id": "west", "code": "0703", "geometry": _box(0, 0, 60, 40)},
        {"id": "east", "code": "0703", "geometry": _box(SIDE - 60, 0, SIDE, 40)},
        {"id": "field", "code": "0101", "geometry": _box(60, 0, 1500, 40)},
        {"id": "yard", "code": "0103", "geometry": _box(1500, 0, SIDE - 60, 40)},
    ],
    "lines": [{"id": "f", "code": "0202", "geometry": _box(60, 0, 1500, 40)}],
}
PLAN: dict[str, Any] = {
    "division_code": FULIANG_VILLAGE,
    "title": "服务测试规划",
    "base_year": 2023,
    "target_year": 2035,
    "boundary": _box(0, 0, SIDE, 40),
}


def _lonlat(*places: tuple[float, float]) -> np.ndarray:
    return crs.to_geographic(np.array([[X + x, Y + y] for x, y in places]))


@pytest.fixture(scope="module", autouse=True)
def ground(world: World) -> None:
    """One road along the village, and a public toilet at its western end."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        session.add(
            Road(
                road_class="unclassified",
                speed_kmh=30,
                length_m=SIDE,
                from_node=1,
                to_node=2,
                geom=from_shape(shapely.LineString(_lonlat((0, 20), (SIDE, 20))), SRID),
            )
        )
        session.add(
            layers()["sanitation_facilities"].cls(
                code="公厕-1",
                name="村口<b>公厕",
                initials="ckgc",
                division_code=FULIANG_VILLAGE,
                geom=from_shape(shapely.Point(_lonlat((30, 20))[0]), SRID),
                asset_class="public_welfare",
                data_source="台账",
                kind="public_toilet",
                condition="normal",
            )
        )


def _token(world: World, role: Role) -> Headers:
    if role.value not in world.actors:
        with Session(world.owner, expire_on_commit=False) as session, session.begin():
            world.actors[role.value] = make_actor(session, role, COUNTY)
    return world.token(role.value)


@pytest.fixture(scope="module")
def planner(world: World) -> Headers:
    """The header of a planner of the county."""
    return _token(world, Role.PLANNER)


@pytest.fixture
def plan(world: World, planner: Headers) -> int:
    """A plan with a base year."""
    client = world.app.test_client()
    made = client.post("/api/v1/village-plans", json=PLAN, headers=planner)
    assert made.status_code == 201
    base = f"{made.headers['Location']}/base"
    told = {"If-Match": made.headers["ETag"]}
    assert client.put(base, json=BASE, headers=planner | told).status_code == 200
    return int(made.json["id"])  # type: ignore[index]


def _get(world: World, headers: Headers, path: str) -> dict[str, Any]:
    answer = world.app.test_client().get(f"/api/v1{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    told: dict[str, Any] = answer.json
    return told


def test_who_lives_near_is_covered(world: World, planner: Headers, plan: int) -> None:
    """The western home is at the toilet, the eastern one 35 minutes away; by car both are near."""
    found = _get(world, planner, f"/village-plans/{plan}/coverage?service=toilet&minutes=15")
    by = {home["parcel"]: home for home in found["homesteads"]}
    assert by["west"]["minutes"] < 1
    assert by["east"]["minutes"] == pytest.approx(2940 / 5000 * 60, abs=1)
    assert (found["households"], found["covered"], found["share"]) == (2, 1, 0.5)
    assert [f["households"] for f in found["facilities"]] == [1]
    assert found["area"]["type"] == "Polygon"
    driving = _get(
        world, planner, f"/village-plans/{plan}/coverage?service=toilet&mode=drive&minutes=10"
    )
    assert driving["covered"] == 2


def test_the_base_year_is_estimated(world: World, planner: Headers, plan: int) -> None:
    """In the base year homes have households, from the scheme where it keeps them."""
    path = f"/village-plans/{plan}/coverage?service=toilet&year=base"
    assert {h["households"] for h in _get(world, planner, path)["homesteads"]} == {1}


def test_sites_avoid_permanent_farmland(world: World, planner: Headers, plan: int) -> None:
    """The one site for the eastern home stands in the yard, not on permanent farmland."""
    path = f"/village-plans/{plan}/siting?service=toilet&minutes=15&model=cover_all"
    found = _get(world, planner, path)
    assert [site["parcel"] for site in found["sites"]] == ["yard"]
    assert (found["before"]["covered"], found["after"]["covered"]) == (1, 2)
    assert found["sites"][0]["homesteads"] == ["east"]
    assert found["optimal"]
    near = _get(world, planner, path.replace("minutes=15", "minutes=2"))
    assert near["after"]["covered"] == 2


def test_the_unreachable_are_named(world: World, planner: Headers, plan: int) -> None:
    """Who no candidate reaches in time is told by parcel."""
    path = f"/village-plans/{plan}/siting?service=clinic&minutes=2&model=cover_all"
    assert _get(world, planner, path)["out_of_reach"] == ["west"]


def test_a_site_becomes_facility_and_project(world: World, planner: Headers, plan: int) -> None:
    """Taken up once for a key; the clinic then serves, and the project names it."""
    client = world.app.test_client()
    body = {
        "service": "clinic",
        "sites": [{"name": "东头卫生室", "parcel": "yard", "x": X + 2900, "y": Y + 20}],
    }
    address = f"/api/v1/village-plans/{plan}/sites"
    assert client.post(address, json=body, headers=planner).status_code == 428
    version = _get(world, planner, f"/village-plans/{plan}")["version"]
    told = planner | {"If-Match": f'"{version}"', "Idempotency-Key": f"sites-{plan}"}
    made = client.post(address, json=body, headers=told)
    assert made.status_code == 201, made.text
    again = client.post(address, json=body, headers=told)
    assert again.headers["Idempotency-Replayed"] == "true"
    late = client.post(address, json=body, headers=planner | {"If-Match": f'"{version}"'})
    assert late.status_code == 409
    with Session(world.owner) as session:
        (project,) = session.scalars(select(PlanProject).where(PlanProject.plan_id == plan))
        facility = session.get_one(PlanFacility, project.facility_id)
        assert (facility.kind, facility.origin, project.kind) == ("clinic", "siting", "公共服务")
        assert (project.parcel, float(project.land_m2 or 0)) == ("yard", 120.0)
    found = _get(world, planner, f"/village-plans/{plan}/coverage?service=clinic")
    assert [f["origin"] for f in found["facilities"]] == ["proposed"]
    assert found["covered"] == 1
    without = f"/village-plans/{plan}/coverage?service=clinic&proposed=false"
    assert _get(world, planner, without)["facilities"] == []


@pytest.mark.parametrize(
    ("site", "told"),
    [
        ({"parcel": "gone", "x": X + 2900, "y": Y + 20}, "没有图斑"),
        ({"parcel": "yard", "x": X + 100, "y": Y + 20}, "不在图斑"),
        ({"parcel": "field", "x": X + 100, "y": Y + 20}, "管控边界"),
    ],
)
def test_sites_that_cannot_be_are_refused(
    world: World, planner: Headers, plan: int, site: dict[str, Any], told: str
) -> None:
    """A parcel that is gone, a place beside it, permanent farmland: none becomes a facility."""
    body = {"service": "toilet", "sites": [{"name": "公厕", **site}]}
    version = _get(world, planner, f"/village-plans/{plan}")["version"]
    headers = planner | {"If-Match": f'"{version}"'}
    address = f"/api/v1/village-plans/{plan}/sites"
    answer = world.app.test_client().post(address, json=body, headers=headers)
    assert answer.status_code == 422
    assert told in answer.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("coverage?service=school", 422),
        ("coverage?mode=swim", 422),
        ("coverage?minutes=1", 422),
        ("coverage?scheme=999999", 404),
        ("coverage?version=99", 404),
        ("siting?sites=0", 422),
        ("siting?model=guess", 422),
    ],
)
def test_what_cannot_be_asked(
    world: World, planner: Headers, plan: int, query: str, status: int
) -> None:
    """Unknown services, modes, models, schemes and versions are refused."""
    client = world.app.test_client()
    answer = client.get(f"/api/v1/village-plans/{plan}/{query}", headers=planner)
    assert answer.status_code == status


def test_others_neither_see_nor_take_up(world: World, planner: Headers, plan: int) -> None:
    """Another township does not find the plan; who only reads takes nothing up."""
    client = world.app.test_client()
    away = client.get(f"/api/v1/village-plans/{plan}/coverage", headers=world.token("yaoli"))
    assert away.status_code == 404
    body = {"service": "toilet", "sites": [{"name": "a", "parcel": "yard", "x": X, "y": Y}]}
    body["sites"] = [{"name": "a", "parcel": "yard", "x": X + 2900, "y": Y + 20}]
    version = _get(world, planner, f"/village-plans/{plan}")["version"]
    headers = world.token("viewer") | {"If-Match": f'"{version}"'}
    answer = client.post(f"/api/v1/village-plans/{plan}/sites", json=body, headers=headers)
    assert answer.status_code == 403


def test_the_sun_over_the_api(world: World, planner: Headers) -> None:
    """An estimate has twelve months that sum to the year; impossible inputs are refused."""
    found = _get(world, planner, "/pv-yield?kw=10")
    assert sum(found["months_kwh"]) == pytest.approx(found["year_kwh"], abs=1)
    refused = world.app.test_client().get("/api/v1/pv-yield?tilt=120", headers=planner)
    assert refused.status_code == 422


@pytest.fixture
def browser(world: World, planner: Headers) -> FlaskClient:  # noqa: ARG001  # Makes the account.
    """A browser in which the planner has signed in."""
    return world.browser(Role.PLANNER.value)


def test_the_page_tells_who_is_missed(browser: FlaskClient, plan: int) -> None:
    """Shares over roads and by straight lines, the missed homes; hostile names are text."""
    page = browser.get(f"/plans/{plan}/services?service=toilet").get_data(as_text=True)
    assert "50.0%" in page
    assert "未覆盖的住户（1 户）" in page
    assert "村口&lt;b&gt;公厕" in page
    assert "没有专门的图层" not in page
    clinic = browser.get(f"/plans/{plan}/services?service=clinic").get_data(as_text=True)
    assert "没有专门的图层" in clinic


def test_the_page_chooses_and_takes_up(
    browser: FlaskClient, world: World, plan: int, csrf: Csrf
) -> None:
    """What the page chose can be taken up with one button; a second time nothing is lost."""
    page = browser.get(f"/plans/{plan}/services?service=toilet&model=most_covered&sites=1")
    text = page.get_data(as_text=True)
    assert "采纳勾选的站点" in text

    def hidden(name: str) -> str:
        return text.partition(f'name="{name}" value="')[2].partition('"')[0]

    names = ("version", "service", "minutes", "parcel-1", "x-1", "y-1", "households-1", "name-1")
    form = {name: hidden(name) for name in names}
    sent = {**form, "pick": "1", "csrf_token": csrf(browser)}
    done = browser.post(f"/plans/{plan}/services/sites", data=sent)
    assert done.status_code == 303
    after = browser.get(done.headers["Location"]).get_data(as_text=True)
    assert "已采纳 1 个站点" in after
    assert "新建公厕1" in after
    assert browser.post(f"/plans/{plan}/services/sites", data=sent).status_code == 409
    with Session(world.owner) as session:
        (row,) = session.scalars(select(PlanFacility).where(PlanFacility.plan_id == plan))
        version = session.get_one(VillagePlan, plan).version
    remove = f"/plans/{plan}/services/facilities/{row.id}/remove"
    gone = browser.post(remove, data={"csrf_token": csrf(browser), "version": str(version)})
    assert gone.status_code == 303
    with Session(world.owner) as session:
        (project,) = session.scalars(select(PlanProject).where(PlanProject.plan_id == plan))
        assert project.facility_id is None


def test_an_estimate_is_taken_up(browser: FlaskClient, world: World, plan: int, csrf: Csrf) -> None:
    """On the page: refused beside its field with everything typed kept, then a project."""
    page = browser.get(f"/plans/{plan}/services?kw=80").get_data(as_text=True)
    assert "采纳为项目" in page
    assert "资金规模留空待填" in page
    angles = {"kw": "80", "tilt": "20", "azimuth": "180", "losses": "14"}
    with Session(world.owner) as session:
        version = session.get_one(VillagePlan, plan).version
    sent = {
        **angles,
        "name": "村部<b>光伏",
        "on": "ground",
        "parcel": "无",
        "version": str(version),
    }
    address = f"/plans/{plan}/services/pv"
    refused = browser.post(address, data=sent | {"csrf_token": csrf(browser)})
    assert refused.status_code == 422
    told = refused.get_data(as_text=True)
    assert "主方案里没有图斑 无" in told
    assert 'value="村部&lt;b&gt;光伏"' in told
    assert '<option value="ground" selected>' in told
    assert 'name="kw" value="80"' in told
    done = browser.post(address, data=sent | {"csrf_token": csrf(browser), "parcel": "yard"})
    assert done.status_code == 303
    after = browser.get(done.headers["Location"]).get_data(as_text=True)
    assert "近期建设项目表第 1 行" in after
    assert "地面，80 kWp，年发电约" in after
    again = browser.post(address, data=sent | {"csrf_token": csrf(browser), "parcel": "yard"})
    assert again.status_code == 409
    table = browser.get(f"/plans/{plan}/projects").get_data(as_text=True)
    assert "装机 80 kWp" in table


def test_an_estimate_is_taken_up_over_the_api(world: World, planner: Headers, plan: int) -> None:
    """Once for a key, upon the version that was seen."""
    client = world.app.test_client()
    body = {"name": "屋顶光伏", "parcel": "west", "on": "roof", "kw": 30}
    seen = client.get(f"/api/v1/village-plans/{plan}", headers=planner).headers["ETag"]
    told = planner | {"If-Match": seen, "Idempotency-Key": "pv-once"}
    path = f"/api/v1/village-plans/{plan}/pv-stations"
    answers = [client.post(path, json=body, headers=told) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    (project,) = answers[0].json["projects"]  # type: ignore[index]
    assert (project["kind"], project["parcel"]) == ("产业发展", "west")
    assert "装机 30 kWp" in project["remark"]
    odd = client.post(path, json=body | {"on": "water"}, headers=planner | {"If-Match": seen})
    assert odd.status_code == 422


def test_nothing_ticked_is_refused(browser: FlaskClient, plan: int, csrf: Csrf) -> None:
    """Without a tick there is nothing to take up, and the page says so."""
    data = {"csrf_token": csrf(browser), "service": "toilet", "minutes": "15", "version": "2"}
    answer = browser.post(f"/plans/{plan}/services/sites", data=data)
    assert answer.status_code == 422
    assert "请至少选择一个站点" in answer.get_data(as_text=True)


@pytest.mark.parametrize("query", ["kw=abc", "tilt=500", "minutes=-1&service=x&mode=y&page=0"])
def test_odd_addresses_still_show_the_page(browser: FlaskClient, plan: int, query: str) -> None:
    """Whatever stands in the address, the page comes and tells what cannot be."""
    assert browser.get(f"/plans/{plan}/services?{query}").status_code == 200


@pytest.mark.parametrize("plan_id", ["999999", "99999999999999"])
def test_a_plan_that_is_not_there(browser: FlaskClient, plan_id: str) -> None:
    """Numbers of no plan, or of none that there can be, are not found."""
    assert browser.get(f"/plans/{plan_id}/services").status_code == 404


def test_a_plan_without_parcels_says_what_to_do(
    browser: FlaskClient, world: World, planner: Headers
) -> None:
    """Before anything is drawn the page says what comes first."""
    made = world.app.test_client().post("/api/v1/village-plans", json=PLAN, headers=planner)
    page = browser.get(f"/plans/{made.json['id']}/services")  # type: ignore[index]
    assert "还没有图斑" in page.get_data(as_text=True)


def test_who_only_reads_sees_no_buttons(world: World, plan: int) -> None:
    """A viewer sees the analysis and cannot take anything up."""
    client = world.browser("viewer")
    page = client.get(f"/plans/{plan}/services?model=cover_all").get_data(as_text=True)
    assert "采纳勾选的站点" not in page
    assert "采纳为项目</button>" not in page
    assert "公厕选址" in page
