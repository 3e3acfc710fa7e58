"""The page of the editor: who may edit, who looks only, and what the script begins with."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import escape, unescape

import pytest
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Role
from fuliang_gis.planning import operations
from fuliang_gis.planning.codes import land_uses
from fuliang_gis.planning.models import PlanScheme, VillagePlan
from tests.factories import COUNTY, FULIANG_TOWN, make_actor
from tests.planning.test_operations import EAST, WEST, given
from tests.web.conftest import World

HOSTILE = "<script>alert(1)</script>"


@dataclass(frozen=True)
class Made:
    """A plan with two schemes."""

    plan: int
    scheme: int
    other: int


@pytest.fixture(scope="module")
def made(world: World) -> Made:
    """A plan whose titles are hostile, and people who draft or do not."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        for name, role, division in (
            ("planner", Role.PLANNER, COUNTY),
            ("town planner", Role.PLANNER, FULIANG_TOWN),
        ):
            world.actors[name] = make_actor(session, role, division)
        actor = world.actors["planner"]
        plan = operations.create_plan(session, actor, given(title=HOSTILE))
        operations.set_base(
            session, actor, plan.id, [WEST, EAST], [], expected_version=plan.version
        )
        scheme = session.query(PlanScheme).filter_by(plan_id=plan.id).one()
        other = operations.branch(session, actor, scheme.id, f"另 {HOSTILE}")
        return Made(plan.id, scheme.id, other.id)


def opened(world: World, who: str, scheme: int) -> str:
    """Return the editor as somebody sees it."""
    answer = world.browser(who).get(f"/plan-schemes/{scheme}/edit")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def begun(page: str) -> dict[str, object]:
    """Return what the script begins with."""
    (given,) = re.findall(r'data-given="([^"]*)"', page)
    found: dict[str, object] = json.loads(unescape(given))
    return found


@pytest.mark.parametrize("who", ["planner", "town planner"])
def test_planners_edit_drafts(world: World, made: Made, who: str) -> None:
    """Tools are there; the script is told where everything is, whatever titles hold."""
    page = opened(world, who, made.scheme)
    assert 'data-tool="draw"' in page
    assert 'id="pe-keyboard"' in page
    told = begun(page)
    assert (told["editable"], told["scheme"]) == (True, made.scheme)
    assert told["api"] == f"/api/v1/plan-schemes/{made.scheme}"
    assert told["others"] == [
        {"title": f"另 {HOSTILE}", "api": f"/api/v1/plan-schemes/{made.other}"}
    ]
    assert HOSTILE not in page
    assert escape(HOSTILE) in page


def test_each_code_names_its_row_of_the_table(world: World, made: Made) -> None:
    """The balance is reckoned in the browser by the server's own rows."""
    rows = begun(opened(world, "planner", made.scheme))["rows"]
    assert isinstance(rows, dict)
    assert rows.keys() == land_uses("2023").keys()
    assert [rows[code] for code in ("0101", "0703", "1202")] == [
        "01",
        "村庄建设用地",
        "区域基础设施用地",
    ]


@pytest.mark.parametrize("who", ["viewer", "county", "fuliang"])
def test_others_look_only(world: World, made: Made, who: str) -> None:
    """No tools; the page says whom to ask."""
    page = opened(world, who, made.scheme)
    assert "data-tool" not in page
    assert begun(page)["editable"] is False
    assert "没有编制村庄规划的权限" in page


def test_a_plan_on_its_way_is_looked_at_only(world: World, made: Made) -> None:
    """The page says what to do to change it."""
    with Session(world.owner) as session, session.begin():
        plan = session.get_one(VillagePlan, made.plan)
        plan.state = "notice"
    try:
        page = opened(world, "planner", made.scheme)
        assert "data-tool" not in page
        assert "图斑已不能修改" in page
    finally:
        with Session(world.owner) as session, session.begin():
            session.get_one(VillagePlan, made.plan).state = "draft"


@pytest.mark.parametrize(("who", "status"), [("yaoli", 404), (None, 302)])
def test_plans_of_others_are_not_there(
    world: World, made: Made, who: str | None, status: int
) -> None:
    """Another township's scheme is not found; nobody in particular signs in first."""
    assert world.browser(who).get(f"/plan-schemes/{made.scheme}/edit").status_code == status


def test_unknown_schemes_are_not_there(world: World) -> None:
    """An id that nobody gave."""
    assert world.browser("county").get("/plan-schemes/999999/edit").status_code == 404
