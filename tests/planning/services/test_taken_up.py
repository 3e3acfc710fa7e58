"""An estimate of PV yield becomes a facility and a row of the table of projects."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
import shapely
from sqlalchemy import select
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
from fuliang_gis.planning import operations, sun
from fuliang_gis.planning.models import VillagePlan
from fuliang_gis.planning.projects import facilities
from fuliang_gis.planning.projects.models import PlanFacility, PlanProject
from fuliang_gis.planning.services.pv import PvProject, pv_norms, pv_yield
from tests.factories import YAOLI_TOWN, make_actor
from tests.planning.test_operations import BOUNDARY, EAST, WEST, X, Y, given
from tests.planning.village import line

ROOF = sun.PvTaken(" 村部屋顶光伏 ", "e", "roof", 60, 22, 180, 0.14)
GROUND = replace(ROOF, name="地面光伏", parcel="w", on="ground")
SCHOOL = replace(EAST, code="0804")


@pytest.fixture
def planner(session: Session) -> Actor:
    """Return somebody who drafts plans in the county."""
    return make_actor(session, Role.PLANNER)


@pytest.fixture
def plan(session: Session, planner: Actor) -> VillagePlan:
    """Return a plan with a field and a school."""
    made = operations.create_plan(session, planner, given())
    return operations.set_base(session, planner, made.id, [WEST, SCHOOL], [], expected_version=1)


@pytest.mark.parametrize(
    ("taken", "where"),
    [(ROOF, "屋顶光伏，装机 60 kWp"), (GROUND, "地面光伏，装机 60 kWp")],
    ids=["roof", "ground"],
)
def test_an_estimate_becomes_a_project(
    session: Session, planner: Actor, plan: VillagePlan, taken: sun.PvTaken, where: str
) -> None:
    """With the yield that was shown; what nobody has said of it stays empty."""
    made = sun.take_up_pv(session, planner, plan.id, taken, expected=plan.version)
    year = pv_yield(sun.sunlit(BOUNDARY, taken)).year
    assert (made.kind, made.name, made.place) == (
        "产业发展",
        taken.name.strip(),
        f"图斑 {taken.parcel}",
    )
    assert made.remark.startswith(where)
    assert f"年发电量约 {year:,.0f} 千瓦时" in made.remark
    assert "倾角 22°、朝向 180°、系统损失 14%" in made.remark
    assert (made.parcel, made.manner) == (taken.parcel, "新建")
    assert (made.funds, made.land_m2, made.floor_m2) == (None, None, None)
    facility = session.get_one(PlanFacility, made.facility_id)
    assert (facility.kind, facility.origin) == ("pv_station", "estimate")
    assert facility.detail["kw"] == 60
    assert facility.detail["year_kwh"] == round(year)
    facilities.remove(session, planner, plan.id, facility.id, expected=plan.version)
    session.expire(made)
    assert (made.facility_id, made.name) == (None, taken.name.strip())


def test_what_a_kilowatt_costs_is_reckoned_where_the_norms_know(
    session: Session, planner: Actor, plan: VillagePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In 万元, as the table has it."""
    norms = replace(pv_norms(), project=PvProject("基础设施", "1303", 3500))
    monkeypatch.setattr(sun, "pv_norms", lambda: norms)
    made = sun.take_up_pv(session, planner, plan.id, ROOF, expected=plan.version)
    assert (made.kind, made.funds) == ("基础设施", Decimal("21.00"))


@pytest.mark.parametrize(
    ("taken", "field", "told"),
    [
        (replace(ROOF, name=" "), "name", "请填写站点名称"),
        (replace(ROOF, parcel=""), "parcel", "请填写电站所在的图斑编号"),
        (replace(ROOF, parcel="x"), "parcel", "没有图斑 x"),
        (replace(ROOF, parcel="w"), "parcel", "没有屋顶"),
        (replace(ROOF, kw=0), "kw", "装机容量应在"),
        (replace(ROOF, kw=float("nan")), "kw", "装机容量应在"),
        (replace(ROOF, losses=0.9), "losses", "系统损失应在"),
    ],
)
def test_what_cannot_stand_is_refused(
    session: Session,
    planner: Actor,
    plan: VillagePlan,
    taken: sun.PvTaken,
    field: str,
    told: str,
) -> None:
    """Beside its field; nothing is kept."""
    with pytest.raises(Invalid) as refused:
        sun.take_up_pv(session, planner, plan.id, taken, expected=plan.version)
    assert [(each.field, told in each.zh) for each in refused.value.problems] == [(field, True)]
    assert session.scalars(select(PlanFacility)).all() == []
    assert session.scalars(select(PlanProject)).all() == []


def test_no_ground_station_where_a_line_forbids_it(
    session: Session, planner: Actor, plan: VillagePlan
) -> None:
    """On permanent farmland; the roof beside it may carry one."""
    farmland = replace(line("f", "0202", 0, 0, 1, 1), geom=shapely.box(X, Y, X + 100, Y + 100))
    operations.set_base(
        session, planner, plan.id, [WEST, SCHOOL], [farmland], expected_version=plan.version
    )
    with pytest.raises(Invalid) as refused:
        sun.take_up_pv(session, planner, plan.id, GROUND, expected=plan.version)
    assert "不允许建设地面电站" in refused.value.problems[0].zh
    assert sun.take_up_pv(session, planner, plan.id, ROOF, expected=plan.version).ordinal == 1


@pytest.mark.parametrize(
    ("role", "division", "state", "expected", "error"),
    [
        (Role.VIEWER, None, "draft", 0, Forbidden),
        (Role.PLANNER, YAOLI_TOWN, "draft", 0, NotFound),
        (Role.PLANNER, None, "notice", 0, WrongState),
        (Role.PLANNER, None, "draft", 1, Conflict),
        (Role.PLANNER, None, "draft", None, VersionRequired),
    ],
)
def test_only_who_drafts_takes_up(
    session: Session,
    plan: VillagePlan,
    role: Role,
    division: str | None,
    state: str,
    expected: int | None,
    error: type[FuliangError],
) -> None:
    """While the plan is drafted, and as it was seen."""
    actor = make_actor(session, role, *([division] if division else []))
    plan.state = state
    version = None if expected is None else plan.version + expected
    with pytest.raises(error):
        sun.take_up_pv(session, actor, plan.id, ROOF, expected=version)
