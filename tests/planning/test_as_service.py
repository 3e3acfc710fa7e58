"""Drawing a plan under the service's own role, whose every write the database judges."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.db.session import Database
from fuliang_gis.errors import Forbidden
from fuliang_gis.planning import operations
from fuliang_gis.planning.drafts import draft_of
from fuliang_gis.planning.models import PlanScheme, VillagePlan
from tests.factories import YAOLI_TOWN, make_actor
from tests.planning.edits import recode
from tests.planning.test_operations import EAST, WEST, given


@pytest.fixture
def planner(owner_session: Session) -> Actor:
    """Return somebody who drafts plans in the county."""
    actor = make_actor(owner_session, Role.PLANNER)
    owner_session.commit()
    return actor


def _drawn(database: Database, planner: Actor) -> int:
    with database.session(planner.account_id) as session:
        plan = operations.create_plan(session, planner, given())
        operations.set_base(session, planner, plan.id, [WEST, EAST], [], expected_version=1)
        return plan.id


def test_a_planner_draws(service_database: Database, planner: Actor) -> None:
    """Everything that is done with a draft is let through."""
    plan_id = _drawn(service_database, planner)
    with service_database.session(planner.account_id) as session:
        plan = session.get_one(VillagePlan, plan_id)
        scheme = session.scalars(select(PlanScheme)).one()
        start = draft_of(session, plan, scheme)
        operations.save(session, planner, scheme.id, recode(start, "e", "0801"), expected=1)
        other = operations.branch(session, planner, scheme.id, "方案二")
        operations.restore(session, planner, scheme.id, 1, expected=2)
        operations.set_base(session, planner, plan_id, [WEST, EAST], [], expected_version=2)
        assert draft_of(session, plan, other).parcels["e"].code == "0801"


@pytest.mark.parametrize(
    "statement",
    [
        "update village_plan set title = 'x'",
        "update plan_parcel set until = 9",
        "delete from plan_scheme",
        "delete from plan_base_parcel",
    ],
)
def test_others_change_nothing_past_the_operations(
    service_database: Database, owner_session: Session, planner: Actor, statement: str
) -> None:
    """A planner of another township, by SQL of the service role itself."""
    _drawn(service_database, planner)
    stranger = make_actor(owner_session, Role.PLANNER, YAOLI_TOWN)
    owner_session.commit()
    with pytest.raises(Forbidden), service_database.session(stranger.account_id) as session:
        session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "update plan_version set digest = 'x'",
        "delete from plan_version",
        "update plan_parcel set use_code = '0801'",
        "delete from plan_parcel",
    ],
)
def test_what_a_version_held_stays(
    service_database: Database, planner: Actor, statement: str
) -> None:
    """Not even its author rewrites it."""
    _drawn(service_database, planner)
    with (
        pytest.raises((Forbidden, DBAPIError)),
        service_database.session(planner.account_id) as session,
    ):
        session.execute(text(statement))
