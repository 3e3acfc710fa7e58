"""A week of rounds under the service's own role, whose every write the database judges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.db.session import UPKEEP, Database
from fuliang_gis.errors import Forbidden
from fuliang_gis.inspections.models import InspectionRound, Obligation, RoundPlan, RoundStop, Team
from fuliang_gis.inspections.rounds import moves, operations, queries, teams
from fuliang_gis.inspections.rounds.following import note_missed
from fuliang_gis.inspections.rounds.operations import PlanGiven
from fuliang_gis.inspections.rounds.own_day import price_own_day, replan_own_day
from fuliang_gis.inspections.rounds.replanning import replan_missed, replan_today
from fuliang_gis.inspections.rounds.teams import TeamGiven
from fuliang_gis.inspections.visits import operations as visits
from fuliang_gis.inspections.visits.rules import Answer, Given, Position, Read
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from tests.factories import COUNTY, FULIANG_TOWN, FULIANG_VILLAGE, make_actor
from tests.inspections.factories import kind_of
from tests.inspections.rounds.laying_out import NORTH, QUICK, WEST, lay_owed, lay_roads


def _today() -> date:
    """Return today if it is a Monday, else the next one: the database knows the real day."""
    today = datetime.now(clock.ZONE).date()
    return today + timedelta(days=-today.weekday() % 7)


MONDAY = _today()


@pytest.fixture
def people(owner_session: Session) -> tuple[Actor, Actor, Actor]:
    """Township staff, an inspector and a village informant, with works along a road."""
    lay_roads(owner_session)
    staff = make_actor(owner_session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    inspector = make_actor(owner_session, Role.INSPECTOR, FULIANG_TOWN)
    informant = make_actor(owner_session, Role.VILLAGE_INFORMANT, FULIANG_VILLAGE)
    for owed in lay_owed(owner_session, staff):
        owed.period_start = owed.opens_on = MONDAY
        owed.period_end = owed.due_on = owed.warn_on = MONDAY + timedelta(days=13)
        # As long known as the visits need it.
        owner_session.get_one(Location, owed.location_id).created_at = clock.now() - timedelta(30)
    owner_session.commit()
    return staff, inspector, informant


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    """It is the first morning of the plan."""
    with clock.frozen(datetime.combine(MONDAY, time(9), clock.ZONE)):
        yield


def test_a_week_of_rounds(
    service_database: Database, owner_session: Session, people: tuple[Actor, Actor, Actor]
) -> None:
    """Everything that staff, inspectors and the upkeep do with rounds is let through."""
    staff, inspector, informant = people
    team_id, plan_id = _planned(service_database, staff, inspector)
    with service_database.session(staff.account_id) as session:
        stop = session.scalars(select(RoundStop).order_by(RoundStop.id)).all()[-1]
        later = MONDAY + timedelta(days=1)
        version = session.get_one(RoundPlan, plan_id).version
        moved = moves.move_stop(
            session, staff, plan_id, stop.id, team_id, later, expected_version=version
        )
        operations.publish(session, staff, plan_id, expected_version=moved.plan.version)
    _visited(service_database, owner_session, inspector, 0)
    # Of another scope than the team: told at night, never refused.
    _visited(service_database, owner_session, informant, 1)
    with service_database.session(staff.account_id) as session:
        version = session.get_one(RoundPlan, plan_id).version
        replan_today(session, staff, plan_id, team_id, (WEST, NORTH), expected_version=version)
    with clock.frozen(datetime.combine(later, time(0, 10), clock.ZONE)):
        with service_database.session(UPKEEP) as session:
            missed = note_missed(session, later)
        with service_database.session(staff.account_id) as session:
            version = session.get_one(RoundPlan, plan_id).version
            found = replan_missed(session, staff, plan_id, expected_version=version)
            assert len(found.inserted) == missed
            row = queries.plan_detail(session, staff, plan_id).plan
            assert (row.done, row.missed) == (2, missed)


def test_an_inspector_plans_nothing(
    service_database: Database, people: tuple[Actor, Actor, Actor]
) -> None:
    """Neither by the operations nor past them."""
    staff, inspector, _ = people
    _planned(service_database, staff, inspector)
    with service_database.session(inspector.account_id) as session:
        team = session.scalars(select(Team)).one()
        given = TeamGiven(FULIANG_TOWN, "二队", WEST, NORTH)
        with pytest.raises(Forbidden):
            teams.change_team(session, inspector, team.id, given, expected_version=team.version)
    with pytest.raises(Forbidden), service_database.session(inspector.account_id) as session:
        session.scalars(select(Team)).one().name = "三队"


def test_an_inspector_orders_the_own_day_and_nothing_else(
    service_database: Database, owner_session: Session, people: tuple[Actor, Actor, Actor]
) -> None:
    """The database lets through a new order of the own round, no other change of it."""
    staff, inspector, informant = people
    _, plan_id = _planned(service_database, staff, inspector)
    with service_database.session(staff.account_id) as session:
        version = session.get_one(RoundPlan, plan_id).version
        operations.publish(session, staff, plan_id, expected_version=version)
        (driven,) = queries.my_rounds(session, inspector, MONDAY)
    with service_database.session(inspector.account_id) as session:
        east = (WEST + 0.07, NORTH)
        found = price_own_day(session, inspector, driven.id, east)
        replan_own_day(session, inspector, driven.id, east, shown=found.order)
    assert owner_session.get_one(RoundPlan, plan_id).version == version + 2

    def plan_title(session: Session) -> None:
        session.get_one(RoundPlan, plan_id).title = "我的"

    def round_day(session: Session) -> None:
        session.get_one(InspectionRound, driven.id).day = MONDAY + timedelta(days=1)

    for act in (plan_title, round_day):
        with pytest.raises(Forbidden), service_database.session(inspector.account_id) as session:
            act(session)
    with service_database.session(inspector.account_id) as session:
        # Rows that one may not delete are out of a deletion's sight.
        session.execute(delete(InspectionRound).where(InspectionRound.id == driven.id))
    assert owner_session.get(InspectionRound, driven.id) is not None
    # Of the same division, but not of the team.
    with pytest.raises(Forbidden), service_database.session(informant.account_id) as session:
        session.get_one(InspectionRound, driven.id).driving_metres = 1


def test_a_member_from_below_orders_a_round_of_the_county(
    service_database: Database, owner_session: Session, people: tuple[Actor, Actor, Actor]
) -> None:
    """Whoever works in a team drives its rounds, though the team is of a wider division."""
    _, inspector, _ = people
    county = make_actor(owner_session, Role.COUNTY_STAFF, COUNTY)
    owner_session.commit()
    _, plan_id = _planned(service_database, county, inspector, COUNTY)
    with service_database.session(county.account_id) as session:
        version = session.get_one(RoundPlan, plan_id).version
        operations.publish(session, county, plan_id, expected_version=version)
        (driven,) = queries.my_rounds(session, inspector, MONDAY)
    with service_database.session(inspector.account_id) as session:
        east = (WEST + 0.07, NORTH)
        found = price_own_day(session, inspector, driven.id, east)
        replan_own_day(session, inspector, driven.id, east, shown=found.order)
    with pytest.raises(Forbidden), service_database.session(inspector.account_id) as session:
        session.get_one(RoundStop, found.order[0]).state = "done"


def _planned(
    database: Database, staff: Actor, inspector: Actor, division: str = FULIANG_TOWN
) -> tuple[int, int]:
    """Make a team and a plan as staff, solve it as the upkeep."""
    with database.session(staff.account_id) as session:
        given = TeamGiven(division, "一队", WEST, NORTH, (inspector.account_id,))
        team_id = teams.create_team(session, staff, given).id
        last = MONDAY + timedelta(days=4)
        plan = PlanGiven("一周", division, MONDAY, last, [team_id])
        plan_id = operations.create_plan(session, staff, plan).id
    with database.session(UPKEEP) as session:
        operations.solve(session, plan_id, today=MONDAY, effort=QUICK)
    return team_id, plan_id


def _visited(database: Database, owner: Session, actor: Actor, number: int) -> None:
    """Record a visit of one of the works."""
    owed = owner.scalars(select(Obligation).order_by(Obligation.id)).all()[number]
    location = owner.get_one(Location, owed.location_id)
    kind, sheet = kind_of(location), layer(location.layer).sheet.inspection
    given = Given(
        uuid4(),
        location.layer,
        location.code,
        position=Position(WEST + 0.012 * (number + 1), NORTH + 0.0005, 5.0),
        condition="good",
        answers=[Answer(each.name, "ok") for each in sheet.checklist if each.applies_to(kind)],
        readings=[
            Read(each.name, each.minimum or 0.0) for each in sheet.readings if each.applies_to(kind)
        ],
    )
    with database.session(actor.account_id) as session:
        visits.record(session, actor, given)
