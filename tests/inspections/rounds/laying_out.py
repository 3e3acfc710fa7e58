"""A straight road with a team and works along it, as every test of rounds lays them out."""

from __future__ import annotations

from datetime import date, timedelta

from geoalchemy2 import WKTElement
from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import SRID
from fuliang_gis.inspections.models import (
    InspectionRound,
    Obligation,
    RoundPlan,
    RoundStop,
    Team,
    TeamMember,
)
from fuliang_gis.inspections.rounds import operations
from fuliang_gis.inspections.rounds.asking import Wishes
from fuliang_gis.inspections.rounds.operations import PlanGiven
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from fuliang_gis.roads.models import Road
from fuliang_gis.routing.solving import Effort
from tests.factories import FULIANG_TOWN, make_location, point
from tests.inspections.factories import make_obligation

MONDAY = date(2026, 11, 23)
FRIDAY = MONDAY + timedelta(days=4)
QUICK = Effort(iterations=80)
#: A straight road of ten junctions eastwards, 0.01 degrees (about 970 m) apart.
WEST, NORTH, STEP = 117.20, 29.37, 0.01


def lay_roads(session: Session) -> list[Road]:
    """Lay the road out."""
    found = []
    for n in range(9):
        a, b = WEST + n * STEP, WEST + (n + 1) * STEP
        line = WKTElement(f"LINESTRING({a} {NORTH}, {b} {NORTH})", SRID)
        found.append(
            Road(
                name="瓷都路",
                road_class="tertiary",
                speed_kmh=35.0,
                length_m=970.0,
                from_node=n + 1,
                to_node=n + 2,
                geom=line,
            )
        )
    session.add_all(found)
    session.flush()
    return found


def lay_team(session: Session, name: str, *members: Actor, **changed: object) -> Team:
    """Add a team at the road's western end."""
    usual: dict[str, object] = {
        "division_code": FULIANG_TOWN,
        "station": WKTElement(f"POINT({WEST} {NORTH})", SRID),
        "weekdays": [1, 2, 3, 4, 5],
    }
    made = Team(name=name, **usual | changed)
    session.add(made)
    session.flush()
    session.add_all([TeamMember(team_id=made.id, account_id=one.account_id) for one in members])
    session.flush()
    session.refresh(made)
    return made


def lay_owed(session: Session, actor: Actor) -> list[Obligation]:
    """Add five works along the road, due this week; one beyond any road; one sample."""
    found = []
    for n, lat in enumerate([0.0005] * 5 + [0.2]):
        place = point(WEST + 0.012 * (n + 1), NORTH + lat)
        made = make_location(session, actor, layer("water_projects"), geometry=place)
        found.append(make_obligation(session, made, MONDAY, due_on=FRIDAY, opens_on=MONDAY))
    first = session.get_one(Location, found[0].location_id)
    found.append(
        make_obligation(
            session, first, MONDAY, purpose="water_quality", due_on=FRIDAY, opens_on=MONDAY
        )
    )
    return found


def given(*teams: Team, **changed: object) -> PlanGiven:
    """Return what is asked of a plan for the week."""
    usual: dict[str, object] = {
        "title": "第48周",
        "division_code": FULIANG_TOWN,
        "first_day": MONDAY,
        "last_day": FRIDAY,
        "team_ids": [team.id for team in teams],
        "wishes": Wishes(seconds=1),
    }
    return PlanGiven(**usual | changed)  # type: ignore[arg-type]


def solved(session: Session, actor: Actor, *teams: Team, **changed: object) -> RoundPlan:
    """Make a plan and solve it."""
    plan = operations.create_plan(session, actor, given(*teams, **changed))
    return operations.solve(session, plan.id, today=MONDAY, effort=QUICK)


def stops_of(session: Session, plan: RoundPlan) -> list[tuple[int | None, date]]:
    """Return obligation and day of each stop of a plan, in order."""
    rows = session.execute(
        select(RoundStop.obligation_id, InspectionRound.day)
        .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
        .where(InspectionRound.plan_id == plan.id)
        .order_by(InspectionRound.day, RoundStop.ordinal)
    )
    return [(owed, day) for owed, day in rows]


def stop_of(session: Session, plan: RoundPlan, owed: Obligation) -> RoundStop:
    """Return the stop at which a plan meets an obligation."""
    return session.scalars(
        select(RoundStop)
        .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
        .where(InspectionRound.plan_id == plan.id, RoundStop.obligation_id == owed.id)
    ).one()
