"""Plans are read in few statements; reports follow what is saved."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
import shapely
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.errors import NotFound
from fuliang_gis.planning import operations, queries
from fuliang_gis.planning.checks import Checker
from fuliang_gis.planning.drafts import draft_of
from fuliang_gis.planning.listing import Wanted, plan_page
from fuliang_gis.planning.models import VillagePlan
from fuliang_gis.planning.reports import report
from tests.factories import FULIANG_TOWN, YAOLI_TOWN, make_actor
from tests.planning.edits import recode
from tests.planning.test_operations import EAST, WEST, given, plan, planner, scheme_of

__all__ = ["plan", "planner"]

CountQueries = Callable[[Engine], AbstractContextManager[list[str]]]


@pytest.mark.usefixtures("plan")
def test_plans_are_listed_by_village(
    session: Session, planner: Actor, count_queries: CountQueries
) -> None:
    """With village, township, number of schemes and area, in two statements."""
    for title in ("乙", "丙"):
        operations.create_plan(session, planner, given(title=title))
    session.flush()
    with count_queries(session.get_bind().engine) as statements:
        page = plan_page(session, planner, Wanted(), size=2)
    assert len(statements) == 2
    assert (page.total, [row.title for row in page.rows]) == (3, ["村庄规划", "乙"])
    assert (page.rows[0].schemes, page.rows[0].area_m2) == (1, 20000.0)
    assert page.rows[0].township == "浮梁镇"
    assert plan_page(session, planner, Wanted(state="notice")).total == 0
    assert plan_page(session, planner, Wanted(division=FULIANG_TOWN)).total == 3


def test_plans_of_others_are_not_there(session: Session, plan: VillagePlan) -> None:
    """Another township reads neither the plan nor its schemes."""
    stranger = make_actor(session, Role.PLANNER, YAOLI_TOWN)
    assert plan_page(session, stranger, Wanted()).total == 0
    with pytest.raises(NotFound):
        queries.plan(session, stranger, plan.id)
    with pytest.raises(NotFound):
        queries.scheme(session, stranger, scheme_of(session, plan).id)


def test_a_sketch_holds_every_coordinate_as_it_is(
    session: Session, planner: Actor, plan: VillagePlan
) -> None:
    """One statement; what a name holds cannot leave its quotes."""
    scheme = scheme_of(session, plan)
    hostile = replace(EAST, name='"},{"<img src=x onerror=alert(1)>')
    operations.save(session, planner, scheme.id, {"e": hostile}, expected=1)
    document = json.loads(queries.sketch(session, plan.id, scheme.id, 2))
    shapes = {each["id"]: shapely.geometry.shape(each["geometry"]) for each in document["parcels"]}
    assert shapes["w"].normalize() == WEST.geom.normalize()
    assert shapes["e"].normalize() == EAST.geom.normalize()
    labels = {each["id"]: each["properties"]["label"] for each in document["parcels"]}
    assert labels["e"] == hostile.name
    older = json.loads(queries.sketch(session, plan.id, scheme.id, 1))
    assert {each["properties"]["label"] for each in older["parcels"]} == {""}
    assert [each["properties"] for each in document["lines"]] == [{"code": "0202", "label": ""}]
    assert len(document["base"]) == 2


def test_a_report_follows_what_is_saved(
    session: Session, planner: Actor, plan: VillagePlan
) -> None:
    """Edit by edit it tells what a check from the beginning tells; old versions, too."""
    scheme = scheme_of(session, plan)
    assert report(session, plan, scheme).findings == ()
    start = draft_of(session, plan, scheme)
    saved = operations.save(session, planner, scheme.id, recode(start, "w", "0801"), expected=1)
    told = report(session, plan, scheme)
    assert list(told.findings) == Checker(saved.draft).findings()
    assert {each.code for each in told.findings} == {"line_inside"}
    assert {row.key: row.change_ha for row in told.structure if row.change_ha} == {
        "01": -1.0,
        "construction": 1.0,
        "村庄建设用地": 1.0,
    }
    assert [(each.before, each.after) for each in told.transfers] == [
        ("01", "村庄建设用地"),
        ("03", "03"),
    ]
    assert report(session, plan, scheme, 1).findings == ()
    assert list(report(session, plan, scheme).findings) == list(told.findings)


def test_versions_are_listed_newest_first(
    session: Session, planner: Actor, plan: VillagePlan
) -> None:
    """With their authors; schemes tell what their newest holds."""
    scheme = scheme_of(session, plan)
    start = draft_of(session, plan, scheme)
    operations.save(
        session, planner, scheme.id, recode(start, "w", "0103"), expected=1, message="改旱地"
    )
    page = queries.versions(session, scheme.id)
    assert [(row.version.ordinal, row.version.message) for row in page.rows] == [
        (2, "改旱地"),
        (1, "现状"),
    ]
    assert page.rows[0].author == planner.display_name
    (row,) = queries.schemes(session, plan.id)
    assert (row.parcels, row.scheme.head, row.author) == (2, 2, planner.display_name)
