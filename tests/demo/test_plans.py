"""Plans of invented villages: true coverages, sound where they should be, gone when dropped."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import shapely
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from fuliang_gis.areas.models import Division
from fuliang_gis.demo.operations import world_of
from fuliang_gis.demo.plans.faces import cells, faces, joined, scattered, thinned
from fuliang_gis.demo.plans.operations import TABLES, drop_plans, write_plans
from fuliang_gis.planning.drafts import digest, draft_of
from fuliang_gis.planning.models import PlanParcel, PlanScheme, PlanVersion, VillagePlan
from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.procedure.models import PlanAct, PlanOpinion, PlanParticipation
from fuliang_gis.planning.procedure.queries import course
from fuliang_gis.planning.procedure.rules import STEPS, Vote, notice_end, vote_problems
from fuliang_gis.planning.projects.models import PlanFacility, PlanProject
from fuliang_gis.planning.reports import report
from tests.demo.conftest import AS_OF


def _plans(session: Session) -> dict[str, VillagePlan]:
    rows = session.scalars(select(VillagePlan).order_by(VillagePlan.id))
    return {plan.state: plan for plan in rows}


def _schemes(session: Session, plan: VillagePlan) -> list[PlanScheme]:
    wanted = select(PlanScheme).where(PlanScheme.plan_id == plan.id).order_by(PlanScheme.id)
    return list(session.scalars(wanted))


def test_three_villages_have_plans(demo: Session) -> None:
    """One is drafted, one on notice, one in force; all marked, in key villages of two townships."""
    plans = _plans(demo)
    assert list(plans) == ["draft", "notice", "in_force"]
    assert all(plan.invented for plan in plans.values())
    key = text("select key_level from village where location_id = :id")
    for plan in plans.values():
        village = demo.get_one(Division, plan.division_code)
        assert village.level == "village"
        where = text("select id from location where layer = 'villages' and division_code = :code")
        location = demo.scalar(where, {"code": plan.division_code})
        assert demo.scalar(key, {"id": location}) != "none"


def test_parcels_fill_the_boundary(demo: Session) -> None:
    """Base and every version of every scheme must be a coverage of just the village."""
    for plan in _plans(demo).values():
        for scheme in _schemes(demo, plan):
            for ordinal in range(1, scheme.head + 1):
                draft = draft_of(demo, plan, scheme, ordinal)
                for parcels in (draft.base, draft.parcels):
                    shapes = np.array([p.geom for p in parcels.values()], dtype=object)
                    assert 300 < len(shapes) < 1000
                    assert shapely.coverage_is_valid(shapes)
                    assert shapely.coverage_union_all(shapes).equals(draft.boundary)
                kept = demo.get_one(PlanVersion, (scheme.id, ordinal))
                assert kept.digest == digest(draft.parcels)
                assert kept.parcels == len(draft.parcels)


def test_households_are_those_of_the_village(demo: Session) -> None:
    """Homesteads of the base year must hold every household, so that siting weighs them."""
    for plan in _plans(demo).values():
        first = _schemes(demo, plan)[0]
        wanted = select(func.sum(PlanParcel.households)).where(
            PlanParcel.scheme_id == first.id, PlanParcel.since == 1, PlanParcel.use_code == "0703"
        )
        told = text(
            "select v.households from village v join location l on l.id = v.location_id"
            " where l.division_code = :code"
        )
        assert demo.scalar(wanted) == demo.scalar(told, {"code": plan.division_code})


def test_sound_schemes_have_no_findings(demo: Session) -> None:
    """What went its way has no errors; what is drafted has some to mend, and a way without them."""
    plans = _plans(demo)
    for state, wrong in (("draft", 0), ("notice", 1), ("in_force", 1)):
        schemes = _schemes(demo, plans[state])
        assert [scheme.chosen for scheme in schemes] == [True, False]
        counts = [
            Counter(str(f.severity) for f in report(demo, plans[state], scheme).findings)
            for scheme in schemes
        ]
        assert counts[1 - wrong] == {}
        assert 2 <= counts[wrong]["error"] <= 6
        assert counts[wrong]["permit"] == 1


def test_acts_follow_the_procedure(demo: Session) -> None:
    """Each act must lead on from the one before, its days as the law has them."""
    for state, plan in _plans(demo).items():
        wanted = select(PlanAct).where(PlanAct.plan_id == plan.id).order_by(PlanAct.id)
        acts = list(demo.scalars(wanted))
        assert [a.kind for a in acts] == list(STEPS)[: len(acts)]
        assert [a.held_on for a in acts] == sorted(a.held_on for a in acts)
        assert all(a.held_on < AS_OF for a in acts)
        assert (acts[-1].to_state if acts else "draft") == state
        told = course(demo, plan)
        if plan.notice_from and plan.notice_until:
            least = notice_end(plan.notice_from, profile().notice_days)
            assert plan.notice_until >= least
            assert (plan.notice_until >= AS_OF) == (state == "notice")
            assert (plan.frozen_scheme, plan.frozen_ordinal) == (acts[0].scheme_id, 2)
        if state == "in_force":
            assert told.unanswered == 0
            assert told.forwarded_on is not None
            assert plan.notice_until is not None
            assert told.forwarded_on > plan.notice_until


def test_votes_carry_the_plan(demo: Session) -> None:
    """Where villagers voted, enough came and more than half were in favour."""
    assemblies = {each.key: each for each in profile().assemblies}
    rows = demo.scalars(select(PlanParticipation).where(PlanParticipation.kind == "vote")).all()
    assert len(rows) == 2
    for row in rows:
        votes = (row.in_favour or 0, row.against or 0, row.abstained or 0)
        vote = Vote("households", row.entitled or 0, row.attended, *votes)
        assert vote_problems(vote, assemblies["households"]) == []


def test_opinions_projects_and_facilities(demo: Session) -> None:
    """Notices have opinions, some answered; every plan has projects on parcels that it holds."""
    plans = _plans(demo)
    found = demo.scalars(select(PlanOpinion).where(PlanOpinion.plan_id == plans["notice"].id)).all()
    assert {opinion.state for opinion in found} == {"waiting", "shown"}
    assert {opinion.verdict is None for opinion in found} == {True, False}
    for plan in plans.values():
        draft = draft_of(demo, plan, _schemes(demo, plan)[0])
        rows = demo.scalars(select(PlanProject).where(PlanProject.plan_id == plan.id)).all()
        assert len(rows) == 6
        assert all(row.parcel in draft.parcels for row in rows)
        sites = demo.scalars(select(PlanFacility).where(PlanFacility.plan_id == plan.id)).all()
        assert {site.kind for site in sites} == {"clinic", "waste_point", "pv_station"}


def _digests(session: Session) -> list[tuple[object, ...]]:
    wanted = text(
        "select p.division_code, s.title, v.ordinal, v.digest from plan_version v"
        " join plan_scheme s on s.id = v.scheme_id join village_plan p on p.id = s.plan_id"
        " order by 1, 2, 3"
    )
    return [tuple(row) for row in session.execute(wanted)]


def test_dropped_and_written_again(demo: Session) -> None:
    """Dropping leaves nothing; the same seed gives the same parcels."""
    before = _digests(demo)
    drop_plans(demo)
    for table in TABLES:
        assert demo.scalar(text(f"select count(*) from {table}")) == 0  # noqa: S608  # Ours.
    write_plans(demo, world_of(demo, 1), as_of=AS_OF)
    assert _digests(demo) == before


@pytest.mark.parametrize("seed", range(5))
def test_faces_fill_what_they_were_cut_from(seed: int) -> None:
    """However lines run, faces joined by any label are a coverage of the whole."""
    rng = np.random.default_rng(seed)
    area = shapely.box(0, 0, 200, 100)
    points = thinned(scattered(area, 20, rng), 12)
    line = shapely.LineString(rng.uniform((-10, -10), (210, 110), (6, 2)))
    cut = faces([area.boundary, line, *cells(points, area)], area)
    parts = joined(cut, rng.integers(3, size=len(cut)).tolist(), 20.0, 1.0)
    shapes = np.array([part for _, part in parts], dtype=object)
    assert shapely.coverage_is_valid(shapes)
    assert shapely.coverage_union_all(shapes).area == pytest.approx(area.area, abs=0.5)
    assert all(part.area >= 20 for part in shapes)


def test_one_point_makes_no_cells() -> None:
    """A single middle, or none, cuts nothing."""
    assert cells(np.array([[1.0, 1.0]]), shapely.box(0, 0, 2, 2)) == []
    assert scattered(shapely.Polygon(), 5, np.random.default_rng(1)).shape == (0, 2)
