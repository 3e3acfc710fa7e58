"""A location's ledger tells everything that happened to it, on a page, as a file and as JSON."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from http import HTTPStatus

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.inspections.models import (
    DefectEvent,
    DefectMeasure,
    Disposal,
    InspectionException,
    ProblemReport,
)
from fuliang_gis.inspections.status.operations import refresh
from fuliang_gis.inspections.status.rules import Phase
from fuliang_gis.locations import operations
from fuliang_gis.locations.registry import layers
from tests.factories import FULIANG_VILLAGE, make_location
from tests.inspections.factories import make_defect, make_obligation, make_visit
from tests.web.conftest import World

TODAY = date(2026, 11, 25)
LAYER = "water_projects"


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """Hold the clock at noon of one day."""
    with clock.frozen(datetime(2026, 11, 25, 12, tzinfo=clock.ZONE)):
        yield


def lay_out(world: World, name: str, times: int) -> str:
    """Add a location and let everything happen to it so many times; return its code."""
    county = world.actors["county"]
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        place = make_location(
            session, county, layers()[LAYER], division_code=FULIANG_VILLAGE, name=name
        )
        for number in range(times):
            day = date(2025 - number, 2, 10)
            reading = {"name": "chlorine_mg_l", "zh": "余氯", "unit": "mg/L", "wrong": number == 0}
            visit = make_visit(
                session,
                place,
                day,
                answers=[{"name": "lock", "zh": "门锁完好", "answer": "fail", "note": "锁坏"}],
                readings=[reading | {"value": 0.1 + number}],
                result="abnormal",
                condition="poor",
            )
            make_obligation(session, place, day, done_on=day, visit_id=visit.id)
            defect = make_defect(session, place, day, title=f"门锁损坏{number}", visit_id=visit.id)
            session.add(
                DefectMeasure(
                    defect_id=defect.id,
                    division_code=place.division_code,
                    ordinal=1,
                    text="更换门锁",
                )
            )
            session.add(
                DefectEvent(
                    defect_id=defect.id,
                    division_code=place.division_code,
                    action="assign",
                    actor_name="浮梁镇管护员",
                    at=defect.found_at + timedelta(days=1),
                    text="三日内更换",
                    detail={},
                )
            )
            session.add(
                ProblemReport(
                    location_id=place.id,
                    division_code=place.division_code,
                    receipt=f"{name}{number}",
                    text="水压不足",
                )
            )
            session.add(
                Disposal(
                    location_id=place.id,
                    division_code=place.division_code,
                    act="revive",
                    trigger="disaster",
                    proposal="改作备用水源",
                    state="withdrawn",
                )
            )
            session.add(
                InspectionException(
                    location_id=place.id,
                    division_code=place.division_code,
                    purpose="routine",
                    reason="汛期停用",
                    valid_from=day,
                    valid_to=day + timedelta(days=30),
                )
            )
            operations.update(
                session,
                county,
                LAYER,
                place.code,
                {"note": f"第 {number} 次核对"},
                expected_version=place.version,
            )
        refresh(session, [place.id])
        return place.code


@pytest.fixture(scope="module")
def place(world: World) -> str:
    """The code of a location to which everything happened once."""
    return lay_out(world, "台账样站", 1)


def page(code: str) -> str:
    """Return the address of a location's ledger."""
    return f"/locations/{LAYER}/{code}/ledger"


KIND_WORDS = {
    "visit": "门锁完好：不正常（锁坏）",
    "defect": "发现问题：门锁损坏0",
    "disposal": "提出盘活",
    "exception": "日常巡查免检",
    "report": "水压不足",
    "change": "第 0 次核对",
}


def test_everything_is_told(county: FlaskClient, place: str) -> None:
    """Visits, defects with their steps, disposals, exceptions, reports and changes are there."""
    shown = county.get(page(place)).get_data(as_text=True)
    for words in KIND_WORDS.values():
        assert words in shown
    assert "三日内更换" in shown
    assert "自然灾害" in shown
    assert "状况：较差" in shown
    assert "措施1：更换门锁" in shown
    assert "余氯（mg/L），1 次读数" in shown
    assert "reading__point--wrong" in shown


@pytest.mark.parametrize("kind", KIND_WORDS)
def test_the_timeline_narrows_to_a_kind(county: FlaskClient, place: str, kind: str) -> None:
    """Only what is of the wanted kind stays in the timeline."""
    shown = county.get(f"{page(place)}?kind={kind}").get_data(as_text=True)
    listed = shown.partition('<ol class="timeline">')[2]
    assert [name for name, words in KIND_WORDS.items() if words in listed] == [kind]


def test_periods_stand_as_they_were_met(world: World, county: FlaskClient) -> None:
    """Each obligation shows whether it was done, late, missed, excused, is open or to come."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        made = make_location(session, world.actors["county"], layers()[LAYER])
        make_obligation(session, made, date(2025, 8, 1), done_on=date(2025, 8, 2))
        make_obligation(session, made, date(2025, 11, 1), done_on=date(2026, 1, 3))
        make_obligation(session, made, date(2026, 2, 1))
        make_obligation(session, made, date(2026, 5, 1), excuse="汛期停用")
        make_obligation(session, made, TODAY, planned_on=date(2026, 12, 1))
        make_obligation(session, made, date(2027, 1, 1))
    told = county.get(f"/api/v1/layers/{LAYER}/locations/{made.code}/ledger").get_json()
    phases = [each["phase"] for each in told["obligations"]]
    assert phases == ["upcoming", "open", "excused", "missed", "late", "done"]
    shown = county.get(page(made.code)).get_data(as_text=True)
    strip = shown.partition("日常巡查（每季度）")[2].partition("<details")[0]
    # The newest year first, inside a year in the order of time.
    order = ["upcoming", "missed", "excused", "open", "done", "late"]
    at = [strip.index(f'class="phase phase--{Phase(each)}"') for each in order]
    assert at == sorted(at)
    assert "计划 12-01" in strip


def test_the_file_holds_the_parts(county: FlaskClient, place: str) -> None:
    """The workbook has a sheet for each part, with the rows of the page."""
    answer = county.get(f"{page(place)}.xlsx")
    assert answer.status_code == HTTPStatus.OK
    book = load_workbook(io.BytesIO(answer.get_data()))
    assert book.sheetnames == [
        *("概况", "巡查任务", "巡查记录", "读数", "问题", "整改过程", "资产处置", "档案变更")
    ]
    facts = {str(row[0]): row[1] for row in book["概况"].iter_rows(values_only=True)}
    assert facts["状态"] == "严重问题"
    assert book["问题"].max_row == book["读数"].max_row == book["资产处置"].max_row == 2
    cells = {str(cell) for row in book["问题"].iter_rows(values_only=True) for cell in row}
    assert {"门锁损坏0", "1. 更换门锁"} <= cells


def test_the_api_tells_the_same(county: FlaskClient, place: str) -> None:
    """The JSON holds each part, with the status that the page shows."""
    told = county.get(f"/api/v1/layers/{LAYER}/locations/{place}/ledger").get_json()
    sizes = {name: len(part) for name, part in told.items() if isinstance(part, list)}
    assert sizes == {
        "obligations": 1,
        "visits": 1,
        "defects": 1,
        "disposals": 1,
        "exceptions": 1,
        "reports": 1,
        "changes": 2,
    }
    assert told["status"]["sentence"] in county.get(page(place)).get_data(as_text=True)
    assert told["defects"][0]["measures"][0]["text"] == "更换门锁"


@pytest.mark.parametrize(
    "address",
    [
        f"/locations/{LAYER}/{{}}/ledger",
        f"/locations/{LAYER}/{{}}/ledger.xlsx",
        f"/api/v1/layers/{LAYER}/locations/{{}}/ledger",
    ],
)
def test_nobody_reads_another_divisions_ledger(world: World, place: str, address: str) -> None:
    """Another township finds nothing; a stranger is asked to sign in."""
    assert world.browser("yaoli").get(address.format(place)).status_code == HTTPStatus.NOT_FOUND
    stranger = world.browser().get(address.format(place))
    assert stranger.status_code in (HTTPStatus.FOUND, HTTPStatus.UNAUTHORIZED)


def test_a_long_history_costs_no_more_statements(
    world: World,
    county: FlaskClient,
    place: str,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    """Ten years ask the database as often as one."""
    long = lay_out(world, "台账长站", 5)
    counted = []
    for code in (place, long):
        county.get(page(code))
        with count_queries(world.database.engine) as seen:
            assert county.get(page(code)).status_code == HTTPStatus.OK
        counted.append(len(seen))
    assert counted[0] == counted[1]
