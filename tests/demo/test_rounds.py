"""The demo county's teams and plans: there, marked, the same each time, and gone when it goes."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from fuliang_gis.demo.inspections.posts import posts_of
from fuliang_gis.demo.inspections.rounds import TABLES, drop_rounds, write_rounds
from fuliang_gis.inspections.models import (
    InspectionRound,
    Obligation,
    RoundPlan,
    RoundStop,
    Team,
    TeamMember,
)
from tests.demo.conftest import AS_OF


def _stops(session: Session) -> list[tuple[object, ...]]:
    """Return every stop of the invented plans, but for its keys."""
    rows = session.execute(
        select(
            RoundPlan.title,
            InspectionRound.day,
            RoundStop.ordinal,
            RoundStop.location_id,
            RoundStop.arrive,
            RoundStop.state,
        )
        .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
        .join(RoundPlan, RoundPlan.id == InspectionRound.plan_id)
        .order_by(RoundPlan.id, InspectionRound.day, RoundStop.ordinal)
    )
    return [tuple(row) for row in rows]


def test_every_township_has_its_team(demo: Session) -> None:
    """Eighteen teams at the seats, each with the township's inspector, all marked."""
    teams = demo.scalars(select(Team)).all()
    assert len({team.division_code for team in teams}) == len(teams) == 18
    assert all(team.invented for team in teams)
    assert demo.scalar(select(func.count()).select_from(TeamMember)) == 18


def test_the_month_is_driven_and_compared(demo: Session) -> None:
    """One plan is published, one is not; what is over was made or missed, the rest is to come."""
    driven, other = demo.scalars(select(RoundPlan).order_by(RoundPlan.id)).all()
    assert (driven.state, other.state, other.based_on) == ("published", "solved", driven.id)
    assert driven.invented
    assert other.invented
    states = demo.execute(
        select(RoundStop.state, InspectionRound.day < AS_OF, func.count())
        .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
        .where(InspectionRound.plan_id == driven.id)
        .group_by(text("1, 2"))
    )
    counts = {(state, over): count for state, over, count in states}
    assert counts.keys() == {("done", True), ("missed", True), ("planned", False)}
    assert counts["missed", True] == 3
    assert counts["done", True] > 20
    assert counts["planned", False] > 20
    wrong = (
        select(func.count())
        .select_from(RoundStop)
        .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
        .join(Obligation, Obligation.id == RoundStop.obligation_id)
        .where(InspectionRound.plan_id == driven.id)
    )
    made = (RoundStop.state == "done") & (Obligation.done_on != InspectionRound.day)
    # A closed period stays as it is, its day too.
    given = (
        (RoundStop.state == "planned")
        & (Obligation.period_end >= AS_OF)
        & Obligation.planned_on.is_distinct_from(InspectionRound.day)
    )
    assert demo.scalar(wrong.where(made)) == 0
    assert demo.scalar(wrong.where(given)) == 0


def test_the_same_seed_gives_the_same_rounds(demo: Session) -> None:
    """Dropped and written again, stop by stop; on the first of a month nothing is over yet."""
    before = _stops(demo)
    drop_rounds(demo)
    assert all(demo.scalar(text(f"select count(*) from {n}")) == 0 for n in TABLES)  # noqa: S608  # Ours.
    posts = posts_of(demo)
    write_rounds(demo, posts, seed=1, as_of=AS_OF)
    assert _stops(demo) == before
    drop_rounds(demo)
    first = AS_OF.replace(day=1) + timedelta(days=31)
    write_rounds(demo, posts, seed=1, as_of=first.replace(day=1))
    assert {state for *_, state in _stops(demo)} <= {"planned"}
