"""Plans for every township: made, queued, counted; and solved by processes of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from geoalchemy2 import WKTElement
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.db.base import SRID
from fuliang_gis.errors import NotFound, SetUpError
from fuliang_gis.inspections.duties.periods import Span
from fuliang_gis.inspections.models import InspectionRound, RoundPlan, Team
from fuliang_gis.inspections.rounds import operations, solving
from fuliang_gis.inspections.rounds.asking import Wishes
from fuliang_gis.inspections.rounds.problems import prepared
from fuliang_gis.inspections.rounds.work import Work
from fuliang_gis.jobs import everywhere, province
from fuliang_gis.locations.registry import layer
from fuliang_gis.routing.rounds import Plan
from fuliang_gis.routing.searching import Effort
from fuliang_gis.routing.solving import plan as plan_rounds
from tests.factories import COUNTY, FULIANG_TOWN, YAOLI_TOWN, make_actor, make_location, point
from tests.inspections.factories import make_obligation
from tests.inspections.rounds.laying_out import FRIDAY, MONDAY, NORTH, WEST, lay_roads
from tests.routing.test_processes import scattered

WEEK = Span(MONDAY, FRIDAY)
WISHES = Wishes(iterations=50)


@pytest.fixture
def actor(session: Session) -> Actor:
    """County staff."""
    return make_actor(session, Role.COUNTY_STAFF, COUNTY)


@pytest.fixture
def teams(session: Session, actor: Actor) -> list[Team]:
    """Two teams of one township, one of another, one that is no longer at work; some duties."""
    lay_roads(session)
    made = [
        Team(
            division_code=code,
            name=f"{n}队",
            station=WKTElement(f"POINT({WEST} {NORTH})", SRID),
            weekdays=[1, 2, 3, 4, 5],
            active=active,
        )
        for n, (code, active) in enumerate(
            [(FULIANG_TOWN, True), (FULIANG_TOWN, True), (YAOLI_TOWN, True), (YAOLI_TOWN, False)]
        )
    ]
    session.add_all(made)
    session.flush()
    for n in range(3):
        place = point(WEST + 0.012 * (n + 1), NORTH + 0.0005)
        works = make_location(session, actor, layer("water_projects"), geometry=place)
        make_obligation(session, works, MONDAY, due_on=FRIDAY, opens_on=MONDAY)
    return made


def test_each_township_with_a_team_gets_a_plan(
    session: Session, actor: Actor, teams: list[Team]
) -> None:
    """Two townships have teams at work: two plans, each queued with its job, of its own teams."""
    ids = everywhere.make_plans(session, actor, WEEK, WISHES, queued=True)
    plans = [session.get_one(RoundPlan, each) for each in ids]
    assert [(plan.division_code, plan.state) for plan in plans] == [
        (FULIANG_TOWN, "solving"),
        (YAOLI_TOWN, "solving"),
    ]
    assert [plan.asked["teams"] for plan in plans] == [
        [teams[0].id, teams[1].id],
        [teams[2].id],
    ]
    jobs = session.scalars(text("select id from procrastinate_jobs where status = 'todo'")).all()
    assert {plan.job_id for plan in plans} <= set(jobs)
    found = everywhere.standing(session, ids)
    assert (found.waiting, found.solved, found.failed) == (2, 0, 0)


def test_without_a_worker_nobody_waits(session: Session) -> None:
    """A queue that nobody works on is told at once, with what to do."""
    with pytest.raises(SetUpError, match="worker"):
        everywhere.require_worker(session)
    session.execute(text("select procrastinate_register_worker_v1()"))
    everywhere.require_worker(session)


def test_plans_are_made_for_somebody(session: Session, actor: Actor) -> None:
    """The named account, or the county's first clerk; an unknown one is told."""
    assert everywhere.acting(session, actor.username).account_id == actor.account_id
    assert everywhere.acting(session, None).role is Role.COUNTY_STAFF
    with pytest.raises(NotFound):
        everywhere.acting(session, "nobody-here")


def test_what_a_cluster_finds_is_kept(session: Session, actor: Actor, teams: list[Team]) -> None:
    """A plan searched for outside the queue gets its rounds; a published one keeps its own."""
    assert teams
    first, second = everywhere.make_plans(session, actor, WEEK, WISHES, queued=False)
    plan = session.get_one(RoundPlan, first)
    ready = prepared(session, plan, MONDAY)
    made = plan_rounds(ready.asked.problem, Effort(iterations=50))
    assert solving.keep_found(session, first, ready, made)
    rounds = session.scalars(select(InspectionRound).where(InspectionRound.plan_id == first)).all()
    assert len(rounds) == 1
    found = everywhere.standing(session, [first, second])
    assert (found.waiting, found.solved) == (1, 1)
    assert found.driving_metres > 0
    operations.publish(session, actor, first, expected_version=plan.version)
    assert not solving.keep_found(session, first, ready, Plan((), ()))


def test_an_unreachable_scheduler_is_told(
    session: Session, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is named; no plan changes."""
    monkeypatch.setattr(province, "PATIENCE", "1s")
    ids = everywhere.make_plans(session, actor, WEEK, WISHES, queued=False)

    @contextmanager
    def sessions() -> Iterator[Session]:
        yield session

    with pytest.raises(SetUpError, match="Cannot reach the Dask scheduler"):
        everywhere.solve_on_dask(sessions, ids, "tcp://127.0.0.1:9", MONDAY, lambda _done: None)


# The libraries of the cluster close their sockets when they are collected.
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_cluster_plans_as_this_process_does() -> None:
    """Searches done by another process give the same plans, each told with its number."""
    effort = Effort(iterations=60, seed=2)
    problems = [scattered(12, stations=1), scattered(20, stations=1)]
    found: dict[int, Plan] = {}
    works = [Work(problem, None, replace(effort, workers=2)) for problem in problems]
    with province.connected(None, workers=1) as client:
        province.search_on(client, works, found.__setitem__)
    assert found == {n: plan_rounds(problem, effort) for n, problem in enumerate(problems)}
