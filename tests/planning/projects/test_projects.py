"""The table of projects: rows written and ordered, sums, a township's workbook taken in."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.errors import (
    Conflict,
    Forbidden,
    FuliangError,
    Invalid,
    NotFound,
    VersionRequired,
    WrongState,
)
from fuliang_gis.exchange.plan_projects import read_projects, write_projects
from fuliang_gis.locations.registry import layer
from fuliang_gis.planning import operations as plans
from fuliang_gis.planning.models import VillagePlan
from fuliang_gis.planning.projects import operations, queries
from fuliang_gis.planning.projects.models import PlanFacility
from fuliang_gis.planning.projects.rules import ProjectGiven, project_problems
from tests.factories import FULIANG_TOWN, YAOLI_TOWN, make_actor, make_location
from tests.planning.test_operations import EAST, WEST, given

ROAD = ProjectGiven("基础设施", "村道硬化", "查村至祠堂", Decimal(1200), None, Decimal("36.5"))
TOILET = ProjectGiven("环境整治", "公厕改造", "老屋里", Decimal(60), Decimal(48), Decimal("12.25"))


@pytest.fixture
def planner(session: Session) -> Actor:
    """Return somebody who drafts plans in the county."""
    return make_actor(session, Role.PLANNER)


@pytest.fixture
def plan(session: Session, planner: Actor) -> VillagePlan:
    """Return a plan with two parcels."""
    made = plans.create_plan(session, planner, given())
    return plans.set_base(
        session, planner, made.id, [WEST, EAST], [], expected_version=made.version
    )


def names(session: Session, plan: VillagePlan) -> list[str]:
    """Return the names of a plan's projects in their order."""
    session.expire_all()
    rows = queries.projects(session, plan.id).rows
    assert [row.project.ordinal for row in rows] == list(range(1, len(rows) + 1))
    return [row.project.name for row in rows]


def test_rows_are_added_changed_moved_and_removed(
    session: Session, planner: Actor, plan: VillagePlan
) -> None:
    """Numbers follow the order; sums follow the rows."""
    one = operations.add(session, planner, plan.id, ROAD)
    two = operations.add(session, planner, plan.id, TOILET)
    assert queries.sums(session, plan.id).funds == Decimal("48.75")
    operations.move(session, planner, plan.id, two.id, 1, expected=1)
    assert names(session, plan) == ["公厕改造", "村道硬化"]
    operations.move(session, planner, plan.id, two.id, 99, expected=2)
    assert names(session, plan) == ["村道硬化", "公厕改造"]
    changed = replace(ROAD, name="村道拓宽", funds=Decimal("40.005"))
    operations.change(session, planner, plan.id, one.id, changed, expected=1)
    assert queries.sums(session, plan.id).funds == Decimal("52.25")
    operations.remove(session, planner, plan.id, one.id, expected=2)
    assert names(session, plan) == ["公厕改造"]
    assert queries.sums(session, plan.id).land_m2 == Decimal(60)


def test_a_row_belongs_to_parcel_facility_and_asset(
    session: Session, planner: Actor, plan: VillagePlan
) -> None:
    """A gap of service, its proposed site, its project."""
    facility = PlanFacility(
        plan_id=plan.id,
        division_code=plan.division_code,
        kind="toilet",
        name="新公厕",
        geom="SRID=4548;POINT(520010 3252010)",
    )
    session.add(facility)
    county = make_actor(session, Role.COUNTY_STAFF)
    asset = make_location(session, county, layer("water_projects"), name="查村水厂")
    session.flush()
    linked = replace(ROAD, parcel=" e ", facility_id=facility.id, location_id=asset.id)
    made = operations.add(session, planner, plan.id, linked)
    row = queries.project(session, plan.id, made.id)
    assert (row.project.parcel, row.facility, row.location) == ("e", "新公厕", "查村水厂")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"parcel": "nowhere"}, "parcel"),
        ({"facility_id": 999}, "facility_id"),
        ({"location_id": 999_999_999}, "location_id"),
        ({"name": " "}, "name"),
        ({"kind": ""}, "kind"),
        ({"funds": Decimal(-1)}, "funds"),
        ({"land_m2": Decimal(10) ** 11}, "land_m2"),
        ({"remark": "长" * 1001}, "remark"),
    ],
)
def test_rows_that_cannot_be_are_refused(
    session: Session, planner: Actor, plan: VillagePlan, said: dict[str, object], field: str
) -> None:
    """Beside the field that is wrong."""
    with pytest.raises(Invalid) as refused:
        operations.add(session, planner, plan.id, replace(ROAD, **said))  # type: ignore[arg-type]
    assert [each.field for each in refused.value.problems] == [field]


def test_an_asset_of_another_township_is_none(session: Session) -> None:
    """Whoever drafts for a township points to nothing outside it."""
    planner = make_actor(session, Role.PLANNER, FULIANG_TOWN)
    made = plans.create_plan(session, planner, given())
    county = make_actor(session, Role.COUNTY_STAFF)
    away = make_location(session, county, layer("water_projects"), division_code=f"{YAOLI_TOWN}200")
    with pytest.raises(Invalid):
        operations.add(session, planner, made.id, replace(ROAD, location_id=away.id))


@pytest.mark.parametrize(
    ("role", "division", "error"),
    [
        (Role.TOWNSHIP_STAFF, FULIANG_TOWN, Forbidden),
        (Role.REVIEWER, "360222", Forbidden),
        (Role.PLANNER, YAOLI_TOWN, NotFound),
    ],
)
def test_others_write_no_rows(
    session: Session, plan: VillagePlan, role: Role, division: str, error: type[FuliangError]
) -> None:
    """Who does not draft plans there."""
    with pytest.raises(error):
        operations.add(session, make_actor(session, role, division), plan.id, ROAD)


def test_rows_follow_their_version_and_their_plan(
    session: Session, planner: Actor, plan: VillagePlan
) -> None:
    """An old version, none, another plan's row, a plan on its way."""
    row = operations.add(session, planner, plan.id, ROAD)
    other = plans.create_plan(session, planner, given(title="另一个"))
    change: Callable[..., object] = operations.change
    for plan_id, expected, error in (
        (plan.id, 2, Conflict),
        (plan.id, None, VersionRequired),
        (other.id, 1, NotFound),
    ):
        with pytest.raises(error):
            change(session, planner, plan_id, row.id, TOILET, expected=expected)
    plan.state = "assembly"
    session.flush()
    with pytest.raises(WrongState):
        operations.remove(session, planner, plan.id, row.id, expected=1)


# --- workbooks ---


def book(lines: list[list[object]], merged: tuple[str, ...] = ()) -> bytes:
    """Return a workbook of one sheet."""
    made = Workbook()
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    for line in lines:
        sheet.append(line)
    for area in merged:
        sheet.merge_cells(area)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


TOWNSHIP = book(
    [
        ["浮梁镇查村村近期建设项目表"],
        ["序 号", "项目类型", "项目名称", "建设地点", "面 积", None, "资金规模（万元）", "备注"],
        [None, None, None, None, "用地面积（亩）", "建筑面积（㎡）", None, None],
        ["１", "基础设施", "村道硬化", "查村", "１．５", "／", "１，２００．５", "分两期\n实施"],
        [2, None, "路灯", "查村", None, None, 8, None],
        [None] * 8,
        ["３", "环境整治", "公厕", "老屋里", "0.09", 48, "12.25", "=1+1"],
        ["合计", None, None, None, 1.59, 48, 1220.75, None],
        ["注：以上为初步估算"],
    ],
    (
        "A1:H1", "A2:A3", "B2:B3", "C2:C3", "D2:D3", "E2:F2", "G2:G3", "H2:H3", "B4:B5", "A8:D8",
    ),
)  # fmt: skip


def test_a_townships_workbook_is_understood() -> None:
    """Merged headings of two rows, merged cells, full-width digits, other units, sums."""
    rows = read_projects(TOWNSHIP)
    assert [row.name for row in rows] == ["村道硬化", "路灯", "公厕"]
    road, lamp, toilet = rows
    assert (road.kind, road.place, road.floor_m2) == ("基础设施", "查村", None)
    assert road.land_m2 is not None
    assert abs(road.land_m2 - 1000) < Decimal("0.01")
    assert (road.funds, road.remark) == (Decimal("1200.5"), "分两期\n实施")
    assert (lamp.kind, lamp.land_m2) == ("基础设施", None)
    assert toilet.land_m2 is not None
    assert abs(toilet.land_m2 - 60) < Decimal("0.01")
    assert not any(problem for row in rows for problem in project_problems(row))


def test_what_is_written_reads_back_the_same() -> None:
    """Also texts that a spreadsheet program would compute."""
    rows = [ROAD, replace(TOILET, remark="=HYPERLINK(1)", name="+公厕"), replace(ROAD, funds=None)]
    file = io.BytesIO()
    write_projects(file, "查村村", rows, invented=True)
    assert read_projects(file.getvalue()) == rows
    sheet = load_workbook(io.BytesIO(file.getvalue())).worksheets[0]
    assert all(cell.data_type != "f" for line in sheet.iter_rows() for cell in line)
    last = [cell.value for cell in sheet[sheet.max_row]]
    assert (last[0], last[4], last[6]) == ("合计", 2460, 48.75)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "bad_file"),
        (b"PK\x03\x04 no workbook", "bad_file"),
        (book([["项目", "钱"], ["路", 1]]), "no_table"),
        (
            book([["项目类型", "项目名称", "位置", "资金（万元）"], ["基础", "路", "村", "很多"]]),
            "bad_number",
        ),
        (b"x" * 5_000_001, "too_large"),
    ],
    ids=["empty", "broken", "other", "number", "large"],
)
def test_workbooks_that_cannot_be_read_are_refused(content: bytes, code: str) -> None:
    """With a code; a number with its row and column."""
    with pytest.raises(Invalid) as refused:
        read_projects(content)
    (problem,) = refused.value.problems
    assert problem.code == code
    if code == "bad_number":
        assert (problem.row, problem.column) == (2, "资金规模")


def test_a_file_is_taken_in_whole_or_not(
    session: Session, planner: Actor, plan: VillagePlan
) -> None:
    """Added to the table, or put in its place; a bad row keeps all of them out."""
    operations.add(session, planner, plan.id, ROAD)
    operations.take_in(session, planner, plan.id, [TOILET], replaces=False)
    assert names(session, plan) == ["村道硬化", "公厕改造"]
    with pytest.raises(Invalid) as refused:
        operations.take_in(
            session, planner, plan.id, [TOILET, replace(ROAD, name="")], replaces=True
        )
    assert [each.row for each in refused.value.problems] == [2]
    operations.take_in(session, planner, plan.id, [TOILET, ROAD], replaces=True)
    assert names(session, plan) == ["公厕改造", "村道硬化"]
    with pytest.raises(Invalid):
        operations.take_in(session, planner, plan.id, [], replaces=True)
    with pytest.raises(Invalid):
        operations.take_in(session, planner, plan.id, [ROAD] * 501, replaces=False)
