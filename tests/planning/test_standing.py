"""What is kept of a scheme is what it is: every change of it is seen at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.planning import operations
from fuliang_gis.planning.drafts import draft_of
from fuliang_gis.planning.models import PlanScheme, PlanWaiver, VillagePlan
from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.reports import report
from fuliang_gis.planning.standing import draft_at, matrix_at, report_at
from fuliang_gis.planning.tables.line_matrix import line_matrix
from tests.factories import make_actor
from tests.planning.edits import recode
from tests.planning.test_operations import EAST, WEST, given, scheme_of
from tests.planning.village import line


@dataclass
class Case:
    """A plan that somebody changes."""

    session: Session
    actor: Actor
    plan: VillagePlan
    scheme: PlanScheme


def _save(case: Case) -> None:
    changes = recode(draft_of(case.session, case.plan, case.scheme), "e", "0703")
    operations.save(case.session, case.actor, case.scheme.id, changes, expected=case.scheme.head)


def _base(case: Case) -> None:
    lines = [line("f", "0202", *WEST.geom.bounds)]
    version = case.plan.version
    operations.set_base(
        case.session, case.actor, case.plan.id, [WEST], lines, expected_version=version
    )


def _goals(case: Case) -> None:
    goal = {"key": "cropland", "zh": "耕地", "unit": "ha", "base": 9.0, "target": 99.0}
    case.plan.goals = [goal]


def _people(case: Case) -> None:
    case.plan.population = 512


def _waiver(case: Case) -> None:
    waiver = PlanWaiver(
        plan_id=case.plan.id,
        division_code=case.plan.division_code,
        scheme_id=case.scheme.id,
        parcel="w",
        article="一条",
        reason="有批复",
    )
    case.session.add(waiver)


@pytest.mark.parametrize("change", [_save, _base, _goals, _people, _waiver])
def test_every_change_is_seen(session: Session, change: Callable[[Case], None]) -> None:
    """Kept drafts and reports are those that are read anew, before and after a change."""
    planner = make_actor(session, Role.PLANNER)
    plan = operations.create_plan(session, planner, given())
    operations.set_base(session, planner, plan.id, [WEST, EAST], [], expected_version=1)
    scheme = scheme_of(session, plan)
    for turn in range(2):
        session.flush()
        draft, told = report_at(session, plan, scheme, scheme.head)
        again = report_at(session, plan, scheme, scheme.head)
        assert again[0] is draft
        assert again[1] is told
        assert draft_at(session, plan, scheme, scheme.head) is draft
        matrix = matrix_at(session, plan, scheme, scheme.head)
        assert matrix == line_matrix(draft, profile())
        assert matrix_at(session, plan, scheme, scheme.head) is matrix
        assert draft == draft_of(session, plan, scheme)
        assert told == report(session, plan, scheme)
        if turn == 0:
            change(Case(session, planner, plan, scheme))
