"""People who work on one plan at the same moment, each in a transaction that really commits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.db.session import Database
from fuliang_gis.errors import Conflict, Duplicate, WrongState
from fuliang_gis.planning import operations, queries, schemes
from fuliang_gis.planning.drafts import draft_of
from fuliang_gis.planning.models import PlanScheme, PlanWaiver, VillagePlan
from tests.factories import make_actor
from tests.planning.edits import recode
from tests.planning.test_operations import EAST, WEST, given, scheme_of


@pytest.fixture
def planner(owner_session: Session) -> Actor:
    """Return somebody who drafts plans in the county."""
    made = make_actor(owner_session, Role.PLANNER)
    owner_session.commit()
    return made


@pytest.fixture
def scheme_id(owner_session: Session, planner: Actor) -> int:
    """Return the scheme of a plan with two parcels, at its first version."""
    made = operations.create_plan(owner_session, planner, given())
    operations.set_base(owner_session, planner, made.id, [WEST, EAST], [], expected_version=1)
    found = scheme_of(owner_session, made).id
    owner_session.commit()
    return found


def test_who_saves_sees_what_was_saved_since_they_looked(
    service_database: Database, planner: Actor, scheme_id: int
) -> None:
    """A transaction that has read the scheme already joins what another one has committed."""
    with service_database.session(planner.account_id) as mine:
        plan, scheme = queries.scheme(mine, planner, scheme_id)
        start = draft_of(mine, plan, scheme)
        with service_database.session(planner.account_id) as other:
            operations.save(other, planner, scheme_id, recode(start, "w", "0801"), expected=1)
        saved = operations.save(mine, planner, scheme_id, recode(start, "e", "0703"), expected=1)
        assert saved.merged
        assert saved.version.ordinal == 3
        assert [saved.draft.parcels[name].code for name in "we"] == ["0801", "0703"]


def test_nobody_saves_into_a_plan_that_went_its_way_meanwhile(
    service_database: Database, owner_session: Session, planner: Actor, scheme_id: int
) -> None:
    """Even where the transaction has seen it as a draft."""
    with service_database.session(planner.account_id) as mine:
        plan, scheme = queries.scheme(mine, planner, scheme_id)
        drawn = recode(draft_of(mine, plan, scheme), "e", "0703")
        owner_session.get_one(VillagePlan, plan.id).state = "assembly"
        owner_session.commit()
        with pytest.raises(WrongState):
            operations.save(mine, planner, scheme_id, drawn, expected=1)


def test_a_waiver_is_not_for_what_was_saved_after_it_by_who_began_before(
    service_database: Database, owner_session: Session, planner: Actor, scheme_id: int
) -> None:
    """Who has waited while it was granted has to look again."""
    with service_database.session(planner.account_id) as mine:
        plan, scheme = queries.scheme(mine, planner, scheme_id)
        drawn = recode(draft_of(mine, plan, scheme), "e", "0703")
        waiver = {"scheme_id": scheme_id, "parcel": "e", "article": "一条", "reason": "论证"}
        made = PlanWaiver(plan_id=plan.id, division_code=plan.division_code, **waiver)
        owner_session.add(made)
        owner_session.commit()
        with pytest.raises(Conflict):
            operations.save(mine, planner, scheme_id, drawn, expected=1)
    with service_database.session(planner.account_id) as mine:
        operations.save(mine, planner, scheme_id, drawn, expected=1)
        plan, scheme = queries.scheme(mine, planner, scheme_id)
        assert draft_of(mine, plan, scheme).waivers == frozenset()
        assert draft_of(mine, plan, scheme, 1).waivers == {("e", "一条")}


def test_one_scheme_is_the_main_one_whoever_chooses(
    service_database: Database, owner_session: Session, planner: Actor, scheme_id: int
) -> None:
    """Two that are chosen at once leave one."""
    offered = [
        operations.branch(owner_session, planner, scheme_id, title).id for title in ("甲", "乙")
    ]
    owner_session.commit()
    ready = Barrier(2)

    def choose(wanted: int) -> None:
        with service_database.session(planner.account_id) as session:
            queries.scheme(session, planner, wanted)
            ready.wait(30)
            schemes.choose(session, planner, wanted)

    with ThreadPoolExecutor(2) as people:
        list(people.map(choose, offered))
    chosen = owner_session.scalars(select(PlanScheme.id).where(PlanScheme.chosen)).all()
    assert len(chosen) == 1
    assert chosen[0] in offered


def test_a_title_is_given_once(service_database: Database, planner: Actor, scheme_id: int) -> None:
    """Two copies of one title at once: the second is told so."""
    ready = Barrier(2)

    def copy(_turn: int) -> str:
        with service_database.session(planner.account_id) as session:
            ready.wait(30)
            try:
                operations.branch(session, planner, scheme_id, "甲")
            except Duplicate as refusal:
                return refusal.code
        return "made"

    with ThreadPoolExecutor(2) as people:
        told = sorted(people.map(copy, range(2)))
    assert told == ["duplicate", "made"]
