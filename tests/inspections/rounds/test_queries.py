"""Reading plans: in few statements, over real roads, and only what is one's own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.errors import BadParameter, NotFound
from fuliang_gis.inspections.models import InspectionRound, Obligation, RoundPlan, Team, TeamMember
from fuliang_gis.inspections.rounds import moves, operations, queries
from fuliang_gis.inspections.rounds.queries import PlanFilter
from fuliang_gis.locations.models import Location
from tests.factories import FULIANG_TOWN, YAOLI_TOWN, make_actor
from tests.inspections.rounds.laying_out import (
    FRIDAY,
    MONDAY,
    NORTH,
    WEST,
    given,
    lay_team,
    solved,
    stop_of,
)

Counting = Callable[[Connection], AbstractContextManager[list[str]]]


@pytest.fixture
def plan(session: Session, actor: Actor, team: Team, owed: list[Obligation]) -> RoundPlan:
    """A solved plan of one round with five stops, and two left over."""
    assert owed
    return solved(session, actor, team)


def test_plans_are_listed_narrowed_and_paged(
    session: Session, actor: Actor, plan: RoundPlan, team: Team
) -> None:
    """By state, words and days; another township's staff finds none."""
    later = given(team, title="第49周", first_day=FRIDAY, last_day=FRIDAY + timedelta(days=7))
    second = operations.create_plan(session, actor, later)
    page = queries.plans(session, actor, PlanFilter(), size=1)
    assert (page.total, page.pages, page.rows[0].id) == (2, 2, second.id)
    (row,) = queries.plans(session, actor, PlanFilter(state="solved")).rows
    assert (row.id, row.rounds, row.stops, row.left_over) == (plan.id, 1, 5, 2)
    assert (row.division_name, row.state_name) == ("浮梁镇", "已求解")
    found = [
        [each.id for each in queries.plans(session, actor, wanted).rows]
        for wanted in (
            PlanFilter(text="49"),
            PlanFilter(last_day=MONDAY),
            PlanFilter(first_day=FRIDAY + timedelta(days=1)),
            PlanFilter(division=YAOLI_TOWN),
        )
    ]
    assert found == [[second.id], [plan.id], [second.id], []]
    other = make_actor(session, Role.TOWNSHIP_STAFF, YAOLI_TOWN)
    assert queries.plans(session, other, PlanFilter()).total == 0
    with pytest.raises(BadParameter):
        queries.plans(session, actor, PlanFilter(state="gone"))


def test_a_plan_is_read_whole_in_few_statements(
    session: Session,
    actor: Actor,
    plan: RoundPlan,
    team: Team,
    owed: list[Obligation],
    connection: Connection,
    count_queries: Counting,
) -> None:
    """Its rounds, stops, left-overs, loads and totals agree, however many there are."""
    with count_queries(connection) as seen:
        found = queries.plan_detail(session, actor, plan.id)
    assert len(seen) == 5
    (days,) = found.teams
    assert (days.team.id, len(days.rounds)) == (team.id, 1)
    (driven,) = found.rounds
    assert [stop.ordinal for stop in driven.stops] == [1, 2, 3, 4, 5]
    assert {stop.obligation_id for stop in driven.stops} == {each.id for each in owed[:5]}
    places = {each.id: each for each in owed}
    for stop in driven.stops:
        location = session.get_one(Location, places[stop.obligation_id or 0].location_id)
        assert (stop.code, stop.name, stop.due_on) == (location.code, location.name, FRIDAY)
        assert stop.lat == pytest.approx(NORTH + 0.0005)
        assert stop.walk_metres == pytest.approx(55, abs=2)
        assert (stop.state_name, stop.status.zh) == ("待巡查", "不设巡查任务")
    (load,) = found.loads
    # Whoever waits at a closed door is at work too.
    assert load.work_seconds >= driven.service_seconds + driven.driving_seconds
    out = sum(stop.drive_metres for stop in driven.stops)
    assert out + driven.drive_home_metres == driven.driving_metres
    assert min(out, driven.drive_home_metres) > 0
    assert load.share == pytest.approx(load.work_seconds / (8 * 3600))
    assert {
        (each.reason, each.reason_name != "", each.advice != "") for each in found.left_over
    } == {
        ("unreachable", True, True),
        ("no_skill", True, True),
    }
    assert found.totals.driving_metres == plan.driving_metres
    assert (found.totals.stops, found.totals.left_over) == (5, 2)


def test_lines_follow_the_roads(session: Session, actor: Actor, plan: RoundPlan) -> None:
    """A straight road out and back is three places after thinning; stops are beside it."""
    (line,) = queries.round_geometry(session, actor, plan.id)
    assert line.line[0] == line.line[-1] == (WEST, NORTH) == line.station
    assert max(lon for lon, _ in line.line) == pytest.approx(WEST + 0.06, abs=1e-4)
    assert {lat for _, lat in line.line} == {NORTH}
    assert len(line.line) <= 7
    assert [ordinal for _, ordinal, *_ in line.stops] == [1, 2, 3, 4, 5]
    assert not line.broken
    assert queries.round_geometry(session, actor, plan.id, day=FRIDAY + timedelta(days=1)) == []
    assert queries.round_geometry(session, actor, plan.id, team_id=line.team_id) == [line]


def test_a_driver_is_told_every_leg(session: Session, actor: Actor, plan: RoundPlan) -> None:
    """Five legs out, one home; distances add up to what the round says."""
    (driven,) = queries.plan_detail(session, actor, plan.id).rounds
    legs = queries.turn_list(session, actor, driven.id)
    assert [leg.ordinal for leg in legs] == [1, 2, 3, 4, 5, None]
    assert legs[0].start == legs[-1].goal == "工作站"
    assert sum(leg.metres for leg in legs) == pytest.approx(driven.driving_metres, abs=3)
    assert legs[0].steps[0].text.startswith("向东沿瓷都路出发")
    assert "目的地在道路左侧" in legs[0].steps[-1].text
    for earlier, later in pairwise(legs):
        assert earlier.goal == later.start
        assert earlier.arrive <= later.leave


def test_a_member_sees_published_rounds_of_the_day(
    session: Session, actor: Actor, plan: RoundPlan, team: Team
) -> None:
    """Not before they are published, nor on another day; not who is in no team."""
    inspector = make_actor(session, Role.INSPECTOR, FULIANG_TOWN)
    session.add(TeamMember(team_id=team.id, account_id=inspector.account_id))
    session.flush()
    day = session.query(InspectionRound).one().day
    assert queries.my_rounds(session, inspector, day) == []
    with clock.frozen(datetime(2026, 11, 23, 9, tzinfo=clock.ZONE)):
        operations.publish(session, actor, plan.id, expected_version=plan.version)
    (mine,) = queries.my_rounds(session, inspector, day)
    assert len(mine.stops) == 5
    assert queries.one_round(session, inspector, mine.id) == mine
    assert queries.my_rounds(session, inspector, day + timedelta(days=1)) == []
    stranger = make_actor(session, Role.INSPECTOR, YAOLI_TOWN)
    assert queries.my_rounds(session, stranger, day) == []
    with pytest.raises(NotFound):
        queries.turn_list(session, stranger, mine.id)


def test_two_plans_are_compared_stop_by_stop(
    session: Session, actor: Actor, team: Team, plan: RoundPlan, owed: list[Obligation]
) -> None:
    """Another day for one stop, another team for one, one only here: all else is the same."""
    second = lay_team(session, "二队")
    copy = operations.copy_plan(session, actor, plan.id)
    copy.asked = copy.asked | {"teams": [team.id, second.id]}
    day = session.query(InspectionRound).filter_by(plan_id=copy.id).one().day
    later = day + timedelta(days=1)
    with clock.frozen(datetime(2026, 11, 23, 7, tzinfo=clock.ZONE)):
        for each, (to, on) in zip(owed, ((team, later), (second, day)), strict=False):
            stop = stop_of(session, copy, each)
            version = copy.version
            moves.move_stop(session, actor, copy.id, stop.id, to.id, on, expected_version=version)
        stop = stop_of(session, copy, owed[2])
        moves.remove_stop(session, actor, copy.id, stop.id, expected_version=copy.version)
    found = queries.compare(session, actor, plan.id, copy.id)
    assert {each.obligation_id: each.kinds for each in found.changes} == {
        owed[0].id: ("day",),
        owed[1].id: ("team",),
        owed[2].id: ("only_a",),
    }
    assert found.same == 2
    assert ([each.obligation_id for each in found.only_a], found.only_b) == ([owed[2].id], ())
    assert (found.totals_a.stops, found.totals_b.stops) == (5, 4)
    alone = queries.compare(session, actor, plan.id, plan.id)
    assert (alone.changes, alone.same) == ((), 5)
    other = make_actor(session, Role.TOWNSHIP_STAFF, YAOLI_TOWN)
    with pytest.raises(NotFound):
        queries.compare(session, other, plan.id, copy.id)


def test_two_plans_may_differ_in_order_alone(
    session: Session, actor: Actor, plan: RoundPlan
) -> None:
    """The last stop goes first: every stop of the round has another turn, none is new."""
    copy = operations.copy_plan(session, actor, plan.id)
    (driven,) = queries.plan_detail(session, actor, copy.id).rounds
    with clock.frozen(datetime(2026, 11, 23, 7, tzinfo=clock.ZONE)):
        last = driven.stops[-1].id
        to = (driven.team_id, driven.day, 1)
        moves.move_stop(session, actor, copy.id, last, *to, expected_version=copy.version)
    found = queries.compare(session, actor, plan.id, copy.id)
    assert [each.kinds for each in found.moved] == [("order",)] * 5


def test_what_has_no_obligation_any_more_is_compared_by_its_place(
    session: Session, actor: Actor, team: Team, plan: RoundPlan, owed: list[Obligation]
) -> None:
    """A plan made before the obligation went has a stop more than one made after."""
    session.delete(session.get_one(Obligation, owed[1].id))
    session.flush()
    fewer = solved(session, actor, team, title="少一个")
    found = queries.compare(session, actor, plan.id, fewer.id)
    (only,) = found.changes
    assert (only.kinds, only.location_id, only.b) == (("only_a",), owed[1].location_id, None)
    assert found.same == 4


def test_a_plan_s_history_is_told(session: Session, actor: Actor, plan: RoundPlan) -> None:
    """Every act on it, the latest first."""
    with clock.frozen(datetime(2026, 11, 23, 9, tzinfo=clock.ZONE)):
        published = operations.publish(session, actor, plan.id, expected_version=plan.version)
        operations.withdraw(session, actor, plan.id, expected_version=published.version)
    found = queries.plan_history(session, actor, plan.id)
    assert [each.action for each in found] == ["withdraw_plan", "publish_plan", "create_plan"]
    assert found[0].actor == actor.username
    progress = queries.plan_progress(session, actor, plan.id)
    assert (progress.state_name, progress.curve) == ("已撤回", ())
