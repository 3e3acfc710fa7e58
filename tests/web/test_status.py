"""One status for a location, the same wherever it is told, and never a stale one."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.inspections.models import Defect
from fuliang_gis.inspections.status.operations import refresh
from fuliang_gis.inspections.status.rules import StatusCode, styles
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layers
from tests.cartography.decoding import Drawn, decode
from tests.cartography.places import tile_at
from tests.factories import FULIANG_VILLAGE, PLACE, make_location, point
from tests.inspections.factories import make_defect, make_obligation, make_visit
from tests.web.conftest import World

TODAY = date(2026, 11, 25)
NOON = datetime(2026, 11, 25, 12, tzinfo=clock.ZONE)
LAYER = "water_projects"
LIST = f"/locations/{LAYER}"
API = f"/api/v1/layers/{LAYER}/locations"


@dataclass(frozen=True)
class Situation:
    """How a location comes to its status."""

    use_status: str = "in_use"
    owed: Mapping[str, Any] | None = None
    defect: Mapping[str, Any] | None = None


DONE = {"done_on": TODAY - timedelta(days=3)}
SITUATIONS: Mapping[StatusCode, Situation] = {
    StatusCode.DANGER: Situation(owed={}, defect={"severity": "serious"}),
    StatusCode.OVERDUE: Situation(owed={"due_on": TODAY - timedelta(days=1)}),
    StatusCode.DEFECT: Situation(owed=DONE, defect={}),
    StatusCode.IDLE: Situation("idle", owed={}),
    StatusCode.DUE_SOON: Situation(owed={"warn_on": TODAY}),
    StatusCode.TO_VISIT: Situation(owed={}),
    StatusCode.FINE: Situation(owed=DONE),
    StatusCode.DISPOSED: Situation("disposed", owed=DONE),
    StatusCode.NO_DUTY: Situation(),
}


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """Hold the clock at noon of one day."""
    with clock.frozen(NOON):
        yield


def lay_out(session: Session, world: World, situation: Situation, **given: object) -> Location:
    """Add a location in a situation."""
    place = make_location(
        session,
        world.actors["county"],
        layers()[LAYER],
        division_code=FULIANG_VILLAGE,
        use_status=situation.use_status,
        **given,
    )
    if situation.owed is not None:
        make_obligation(session, place, TODAY, **situation.owed)
    if situation.defect is not None:
        make_defect(session, place, TODAY - timedelta(days=2), **situation.defect)
    refresh(session, [place.id])
    return place


@pytest.fixture(scope="module")
def places(world: World) -> dict[StatusCode, str]:
    """One location of each status: its code by the status."""
    with (
        clock.frozen(NOON),
        Session(world.owner, expire_on_commit=False) as session,
        session.begin(),
    ):
        return {
            code: lay_out(session, world, situation, name=f"状态样站{code}").code
            for code, situation in SITUATIONS.items()
        }


def exported(client: FlaskClient, query: str = "") -> dict[str, dict[str, str]]:
    """Return the rows of the CSV by code."""
    body = client.get(f"{LIST}/export.csv{query}").get_data().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(body, newline="")))
    return {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[1:]}


def tile_address(z: int, query: str = "") -> str:
    """Return the address of the layer's tile that holds ``PLACE``."""
    tile = tile_at(*PLACE, z)
    return f"/tiles/locations/{LAYER}/{tile.z}/{tile.x}/{tile.y}.mvt{query}"


def drawn(client: FlaskClient, z: int, query: str = "") -> list[Drawn]:
    """Return what the tile shows."""
    return decode(client.get(tile_address(z, query)).data, "locations")


@pytest.mark.parametrize("code", StatusCode)
def test_the_same_everywhere(
    county: FlaskClient, places: Mapping[StatusCode, str], code: StatusCode
) -> None:
    """Map, list, panel, card, export and API tell one colour and one sentence."""
    place, style = places[code], styles()[code]
    shown = {each.properties["code"]: each.properties["inspection"] for each in drawn(county, 14)}
    assert shown[place] == code
    legend = {
        each["value"]: each for each in county.get("/api/v1/map-config").get_json()["inspection"]
    }
    assert (legend[code]["colour"], legend[code]["shape"]) == (style.colour, style.shape)
    told = county.get(f"{API}/{place}").get_json()["status"]
    assert (told["code"], told["zh"], told["colour"]) == (code, style.zh, style.colour)
    sentence = told["sentence"]
    for address in (
        f"{LIST}/{place}",
        f"{LIST}/{place}/card",
        f"{LIST}/{place}/ledger",
        f"{LIST}?q={place}",
        f"{LIST}/in-view?q={place}",
    ):
        page = county.get(address).get_data(as_text=True)
        assert sentence in page, address
        assert f'data-status="{code}"' in page, address
        assert f'fill="{style.colour}" d="{style.shape}"' in page, address
    row = exported(county, f"?q={place}")[place]
    assert (row["状态"], row["状态说明"]) == (style.zh, sentence)
    [item] = county.get(f"{API}?q={place}").get_json()["items"]
    assert item["status"] == told


@pytest.mark.parametrize("code", StatusCode)
def test_lists_narrow_to_a_status(
    county: FlaskClient, places: Mapping[StatusCode, str], code: StatusCode
) -> None:
    """A list, its file and the API hold the locations of the wanted status and no other."""
    asked = f"?q={quote('状态样站')}&status={code}"
    assert set(exported(county, asked)) == {places[code]}
    found = county.get(f"{API}{asked}").get_json()
    assert ([item["code"] for item in found["items"]], found["total"]) == ([places[code]], 1)
    page = county.get(f"{LIST}{asked}").get_data(as_text=True)
    assert f'<option value="{code}" selected>' in page
    assert "共 1 条（已筛选）" in page


@pytest.mark.parametrize("code", StatusCode)
@pytest.mark.parametrize("z", [8, 14])
def test_the_map_narrows_to_a_status(
    county: FlaskClient, places: Mapping[StatusCode, str], code: StatusCode, z: int
) -> None:
    """A tile holds the locations of the wanted status and no other, and counts agree."""
    alone = drawn(county, z, f"?inspection={code}&division={FULIANG_VILLAGE}&graded=1")
    named = {each.properties.get("code") for each in alone}
    assert places[code] in named or sum(each.properties["count"] for each in alone) > 1
    assert {each.properties["inspection"] for each in alone} == {code}
    counted = county.get(f"/map/counts?status={code}").get_json()["counts"][LAYER]
    assert sum(each.properties["count"] for each in alone) == counted


def test_a_cluster_tells_the_gravest(world: World, county: FlaskClient) -> None:
    """Of several statuses in one circle, the gravest is told; only when it is asked for."""
    together = {
        0.06: (StatusCode.IDLE, StatusCode.FINE),
        0.12: (StatusCode.OVERDUE, StatusCode.NO_DUTY, StatusCode.IDLE),
        0.18: (StatusCode.NO_DUTY, StatusCode.NO_DUTY),
        0.24: (StatusCode.NO_DUTY, StatusCode.DISPOSED),
        0.30: (StatusCode.DUE_SOON,),
    }
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        for aside, codes in together.items():
            place = point(PLACE[0] + aside, PLACE[1] + 0.2)
            for code in codes:
                lay_out(session, world, SITUATIONS[code], geometry=place, custodian="聚合样例")
    tiles = {tile_at(PLACE[0] + aside, PLACE[1] + 0.2, 9) for aside in together}
    told = {}
    for query in ("", "?graded=1"):
        told[query] = [
            (each.properties["count"], each.properties.get("inspection"))
            for tile in tiles
            for each in decode(
                county.get(f"/tiles/locations/{LAYER}/{tile.z}/{tile.x}/{tile.y}.mvt{query}").data,
                "locations",
            )
        ]
    expected = {(len(codes), min(codes, key=list(StatusCode).index)) for codes in together.values()}
    assert expected <= set(told["?graded=1"])
    assert {(number, code if number == 1 else None) for number, code in expected} <= set(told[""])


def test_a_tile_is_new_when_a_status_is(world: World, county: FlaskClient) -> None:
    """Closing a defect, and midnight alone, make the tile that a browser holds an old one."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        place = lay_out(session, world, SITUATIONS[StatusCode.DEFECT])
    address = tile_address(14)
    held = county.get(address).headers["ETag"]
    same = county.get(address, headers={"If-None-Match": held})
    assert same.status_code == HTTPStatus.NOT_MODIFIED
    with Session(world.owner) as session, session.begin():
        for defect in session.query(Defect).filter_by(location_id=place.id):
            defect.state, defect.closed_at = "closed", clock.now()
        refresh(session, [place.id])
    again = county.get(address, headers={"If-None-Match": held})
    assert again.status_code == HTTPStatus.OK
    shown = {each.properties["code"]: each.properties for each in decode(again.data, "locations")}
    assert shown[place.code]["inspection"] == "fine"
    with clock.frozen(NOON + timedelta(days=1)):
        tomorrow = county.get(address, headers={"If-None-Match": again.headers["ETag"]})
    assert tomorrow.status_code == HTTPStatus.OK


def test_an_open_map_is_told_of_changes(world: World, county: FlaskClient) -> None:
    """The number of a layer's changes grows with a status, and those of other layers do not."""
    before = county.get("/map/changes").get_json()
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        lay_out(session, world, SITUATIONS[StatusCode.FINE])
    after = county.get("/map/changes").get_json()
    assert (before["today"], set(before["changes"])) == ("2026-11-25", set(layers()))
    changed = {name for name in layers() if before["changes"][name] != after["changes"][name]}
    assert changed == {LAYER}


def test_lists_sort_by_gravity(county: FlaskClient, places: Mapping[StatusCode, str]) -> None:
    """Sorted by status, the gravest come first; descending, last."""
    asked = f"?q={quote('状态样站')}&sort=status"
    assert list(exported(county, asked)) == [places[code] for code in StatusCode]
    items = county.get(f"{API}{asked}&descending=true").get_json()["items"]
    assert [item["code"] for item in items] == [places[code] for code in reversed(StatusCode)]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{LIST}?status=broken", HTTPStatus.BAD_REQUEST),
        (f"{LIST}/in-view?status=broken", HTTPStatus.BAD_REQUEST),
        (f"{LIST}/export.csv?status=broken", HTTPStatus.BAD_REQUEST),
        (f"{API}?status=broken", HTTPStatus.UNPROCESSABLE_ENTITY),
        ("/map/counts?status=broken", HTTPStatus.BAD_REQUEST),
        (tile_address(8, "?inspection=broken"), HTTPStatus.BAD_REQUEST),
    ],
)
def test_an_unknown_status_is_refused(
    county: FlaskClient, address: str, status: HTTPStatus
) -> None:
    """What is no status finds nothing silently."""
    assert county.get(address).status_code == status


def test_at_midnight_it_turns_overdue(world: World, county: FlaskClient) -> None:
    """A new day changes the status without a row being written."""
    last = Situation(owed={"due_on": TODAY, "warn_on": TODAY})
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        place = lay_out(session, world, last).code
    before = datetime(2026, 11, 25, 23, 59, 59, tzinfo=clock.ZONE)
    told = []
    for moment in (before, before + timedelta(seconds=1)):
        with clock.frozen(moment):
            told.append(county.get(f"{API}/{place}").get_json()["status"])
    assert [each["code"] for each in told] == ["due_soon", "overdue"]
    assert "今天到期" in told[0]["sentence"]
    assert "已逾期 1 天" in told[1]["sentence"]


def test_a_card_tells_what_is_open(world: World, county: FlaskClient) -> None:
    """Last visit, next date and the open problems stand on the card, the gravest first."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        place = lay_out(session, world, SITUATIONS[StatusCode.TO_VISIT])
        make_visit(session, place, TODAY - timedelta(days=40), result="abnormal")
        minor = make_defect(session, place, TODAY, title="公示牌缺失", severity="minor")
        grave = make_defect(session, place, TODAY, title="消毒设备停用", severity="serious")
        closed = make_defect(
            session, place, TODAY, title="已补栅栏", state="closed", closed_at=clock.now()
        )
        refresh(session, [place.id])
    card = county.get(f"{LIST}/{place.code}/card").get_data(as_text=True)
    assert "2026-10-16 10:00（发现异常）" in card
    assert "2026-12-31 前" in card
    assert card.index(grave.number) < card.index(minor.number)
    assert closed.number not in card
    assert f"{LIST}/{place.code}/ledger" in card


def test_closing_the_last_defect_makes_it_fine(world: World, county: FlaskClient) -> None:
    """After a closure and a refresh, the next answer is the new status."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        place = lay_out(session, world, SITUATIONS[StatusCode.DEFECT])
    assert county.get(f"{API}/{place.code}").get_json()["status"]["code"] == "defect"
    with Session(world.owner) as session, session.begin():
        for defect in session.query(Defect).filter_by(location_id=place.id):
            defect.state, defect.closed_at = "closed", clock.now()
        refresh(session, [place.id])
    assert county.get(f"{API}/{place.code}").get_json()["status"]["code"] == "fine"


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize(
    "address", [LIST, f"{LIST}/in-view", f"{LIST}?sort=status&status=fine", API]
)
def test_lists_ask_as_often_for_many_as_for_one(
    world: World,
    county: FlaskClient,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
    address: str,
) -> None:
    """Statuses of a page come in one statement, however many rows it has."""
    joint = "&" if "?" in address else "?"
    asked = [f"{address}{joint}size=25&q={text}" for text in (quote("状态样站fine"), "")]
    counted = []
    for each in asked:
        county.get(each)
        with count_queries(world.database.engine) as seen:
            assert county.get(each).status_code == HTTPStatus.OK
        counted.append(len(seen))
    assert counted[0] == counted[1]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", HTTPStatus.OK),
        ("?status=danger", HTTPStatus.UNAUTHORIZED),
        ("?sort=status", HTTPStatus.BAD_REQUEST),
    ],
)
def test_the_public_sees_no_status(
    world: World,
    places: Mapping[StatusCode, str],
    monkeypatch: pytest.MonkeyPatch,
    query: str,
    status: HTTPStatus,
) -> None:
    """Where a setting opens a layer, what was found wrong stays the county's own matter."""
    shared = world.app.extensions["fuliang"]
    opened = shared.settings.model_copy(update={"public_layers": frozenset({LAYER})})
    monkeypatch.setitem(world.app.extensions, "fuliang", replace(shared, settings=opened))
    stranger = world.browser()
    assert stranger.get(f"{API}{query}").status_code == status
    assert stranger.get(f"{API}/{places[StatusCode.DANGER]}").get_json()["status"] is None
    for z in (8, 14):
        assert all("inspection" not in each.properties for each in drawn(stranger, z, "?graded=1"))
    narrowed = stranger.get(tile_address(14, "?inspection=danger"))
    assert narrowed.status_code == HTTPStatus.BAD_REQUEST
