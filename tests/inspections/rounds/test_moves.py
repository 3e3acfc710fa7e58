"""Changing rounds by hand: prices, refusals by name, and what follows in the rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.errors import Conflict, Forbidden, Invalid, NotFound, OutsideDivision, WrongState
from fuliang_gis.inspections.models import (
    InspectionRound,
    Obligation,
    RoundLeftOver,
    RoundPlan,
    RoundStop,
    Team,
)
from fuliang_gis.inspections.rounds import moves, operations, queries
from fuliang_gis.locations.registry import layer
from tests.factories import FULIANG_TOWN, YAOLI_TOWN, make_actor, make_location, point
from tests.inspections.factories import make_obligation
from tests.inspections.rounds.laying_out import (
    FRIDAY,
    MONDAY,
    NORTH,
    QUICK,
    WEST,
    lay_team,
    solved,
    stop_of,
)

TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    """It is early on the first day of the plan."""
    with clock.frozen(datetime.combine(MONDAY, time(7), clock.ZONE)):
        yield


@pytest.fixture
def second(session: Session) -> Team:
    """Another team at the same station, which drives little and can sample water."""
    return lay_team(
        session, "二队", skills=["water_quality"], most_driving_minutes=10, weekdays=[1, 2, 3]
    )


@pytest.fixture
def plan(
    session: Session, actor: Actor, team: Team, second: Team, owed: list[Obligation]
) -> RoundPlan:
    """All five works in one round of the first team, on Monday."""
    made = solved(session, actor, team, second)
    others = (
        select(RoundStop.id)
        .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
        .where(InspectionRound.team_id == second.id)
    )
    for stop_id in session.scalars(others).all():
        moves.remove_stop(session, actor, made.id, stop_id, expected_version=made.version)
    for each in owed[:5]:
        _bring(session, actor, made, each, team, MONDAY)
    session.refresh(made)
    return made


def _bring(
    session: Session, actor: Actor, plan: RoundPlan, owed: Obligation, team: Team, day: date
) -> None:
    """Have an obligation made by a team on a day."""
    found = _where(session, plan).get(owed.id)
    if found is None:
        moves.add_left_over(
            session, actor, plan.id, owed.id, team.id, day, expected_version=plan.version
        )
    elif (found[0], found[1]) != (team.id, day):
        stop = stop_of(session, plan, owed)
        moves.move_stop(
            session, actor, plan.id, stop.id, team.id, day, expected_version=plan.version
        )


def _where(session: Session, plan: RoundPlan) -> dict[int, tuple[int, date, int]]:
    """Return team, day and ordinal by obligation."""
    rows = session.execute(
        select(
            RoundStop.obligation_id,
            InspectionRound.team_id,
            InspectionRound.day,
            RoundStop.ordinal,
        )
        .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
        .where(InspectionRound.plan_id == plan.id)
    )
    return {owed: (team, day, ordinal) for owed, team, day, ordinal in rows if owed is not None}


def test_a_move_is_priced_before_it_is_made(
    session: Session, actor: Actor, plan: RoundPlan, team: Team, owed: list[Obligation]
) -> None:
    """The farthest work on a day of its own costs its way out and back, and saves one leg."""
    farthest = owed[4]
    stop = stop_of(session, plan, farthest)
    version, before = plan.version, plan.driving_metres
    price = moves.price_move(session, actor, plan.id, stop.id, team.id, TUESDAY)
    assert price.feasible
    assert [each.stops for each in price.before] == [5, 0]
    assert [each.stops for each in price.after] == [4, 1]
    assert price.after[1].driving_metres == pytest.approx(2 * 5820, rel=0.02)
    assert price.after[0].driving_metres == pytest.approx(2 * 4656, rel=0.02)
    assert price.added_metres == pytest.approx(2 * 4656, rel=0.02)
    assert price.added_seconds == pytest.approx(price.added_metres / 35 * 3.6, rel=0.01)
    assert price.ordinal == 1
    assert (plan.version, plan.driving_metres) == (version, before)
    moved = moves.move_stop(
        session, actor, plan.id, stop.id, team.id, TUESDAY, expected_version=version
    )
    assert moved.price == price
    assert moved.plan.version == version + 1
    assert moved.plan.driving_metres == (before or 0) + price.added_metres
    found = queries.plan_detail(session, actor, plan.id)
    assert [(each.day, len(each.stops)) for each in found.rounds] == [(MONDAY, 4), (TUESDAY, 1)]
    assert found.rounds[1].stops[0].id == stop.id
    assert [each.ordinal for each in found.rounds[0].stops] == [1, 2, 3, 4]


def test_a_stop_moves_within_its_round(
    session: Session, actor: Actor, plan: RoundPlan, team: Team, owed: list[Obligation]
) -> None:
    """Where one says, or where it is best: out and back, nothing costs more than once."""
    near = stop_of(session, plan, owed[0])
    price = moves.price_move(session, actor, plan.id, near.id, team.id, MONDAY, 3)
    assert (len(price.before), len(price.after), price.ordinal) == (1, 1, 3)
    moved = moves.move_stop(
        session, actor, plan.id, near.id, team.id, MONDAY, 3, expected_version=plan.version
    )
    assert _where(session, plan)[owed[0].id] == (team.id, MONDAY, 3)
    best = moves.move_stop(
        session, actor, plan.id, near.id, team.id, MONDAY, expected_version=moved.plan.version
    )
    assert best.price.added_metres <= 0
    assert sorted(o for *_, o in _where(session, plan).values()) == [1, 2, 3, 4, 5]


def test_the_last_stop_takes_its_round_along(
    session: Session, actor: Actor, plan: RoundPlan, team: Team, owed: list[Obligation]
) -> None:
    """A round without stops is none; the move there and back leaves everything as it was."""
    before = plan.driving_metres
    for day in (TUESDAY, MONDAY):
        stop = stop_of(session, plan, owed[2])
        moves.move_stop(
            session, actor, plan.id, stop.id, team.id, day, expected_version=plan.version
        )
    days = session.scalars(select(InspectionRound.day).where(InspectionRound.plan_id == plan.id))
    assert days.all() == [MONDAY]
    assert (plan.driving_metres, len(_where(session, plan))) == (before, 5)


@pytest.mark.parametrize(
    ("number", "to_second", "day", "changed", "broken"),
    [
        (4, True, TUESDAY, {}, {"driving"}),
        (0, True, FRIDAY, {}, {"day_off"}),
        (0, False, TUESDAY, {"due_on": MONDAY, "warn_on": MONDAY}, {"period"}),
        (0, True, TUESDAY, {"ends": time(8, 40)}, {"shift"}),
        (
            0,
            True,
            TUESDAY,
            {"ends": time(9, 30), "break_from": time(8, 30), "break_to": time(8, 31)},
            {"shift", "break"},
        ),
    ],
)
def test_each_broken_condition_is_named(
    session: Session,
    actor: Actor,
    plan: RoundPlan,
    team: Team,
    second: Team,
    owed: list[Obligation],
    number: int,
    to_second: bool,  # noqa: FBT001  # A case of a table.
    day: date,
    changed: dict[str, object],
    broken: set[str],
) -> None:
    """The price tells it, the move refuses for it, and nothing changes."""
    target = second if to_second else team
    for name, value in changed.items():
        setattr(target if hasattr(target, name) else owed[number], name, value)
    session.flush()
    stop = stop_of(session, plan, owed[number])
    price = moves.price_move(session, actor, plan.id, stop.id, target.id, day)
    assert {each.code for each in price.broken} == broken
    assert all(each.zh and each.en for each in price.broken)
    with pytest.raises(Invalid) as refusal:
        moves.move_stop(
            session, actor, plan.id, stop.id, target.id, day, expected_version=plan.version
        )
    assert {each.code for each in refusal.value.problems} == broken
    assert _where(session, plan)[owed[number].id][:2] == (team.id, MONDAY)


def test_skill_and_road_are_asked_for(
    session: Session,
    actor: Actor,
    plan: RoundPlan,
    team: Team,
    second: Team,
    owed: list[Obligation],
) -> None:
    """A sample needs the team that takes samples; what lies beyond any road takes a road."""
    sample, beyond = owed[6], owed[5]
    for each, expected in ((sample, {"skill"}), (beyond, {"unreachable"})):
        price = moves.price_left_over(session, actor, plan.id, each.id, team.id, TUESDAY)
        assert {one.code for one in price.broken} == expected
    made = moves.add_left_over(
        session, actor, plan.id, sample.id, second.id, TUESDAY, expected_version=plan.version
    )
    assert made.price.ordinal == 1
    assert _where(session, plan)[sample.id] == (second.id, TUESDAY, 1)
    left = session.scalars(select(RoundLeftOver.obligation_id)).all()
    assert sample.id not in left
    assert beyond.id in left
    with pytest.raises(NotFound):
        moves.add_left_over(
            session, actor, plan.id, sample.id, second.id, MONDAY, expected_version=plan.version
        )


def test_opening_hours_hold(session: Session, actor: Actor, plan: RoundPlan, team: Team) -> None:
    """A village's office is not visited after it closes."""
    office = make_location(session, actor, layer("villages"), geometry=point(WEST + 0.03, NORTH))
    owed = make_obligation(session, office, MONDAY, due_on=FRIDAY, opens_on=MONDAY)
    price = moves.price_left_over(session, actor, plan.id, owed.id, team.id, TUESDAY)
    assert price.feasible
    team.starts, team.ends, team.break_from, team.break_to = time(20), time(23), None, None
    session.flush()
    price = moves.price_left_over(session, actor, plan.id, owed.id, team.id, TUESDAY)
    assert {each.code for each in price.broken} == {"hours"}


def test_pairs_keep_apart(
    session: Session, actor: Actor, plan: RoundPlan, team: Team, owed: list[Obligation]
) -> None:
    """Neither by hand nor by the solver do two named locations share a day."""
    pair = (owed[0].location_id, owed[1].location_id)
    operations.set_apart(session, actor, plan.id, [pair], expected_version=plan.version)
    stop = stop_of(session, plan, owed[0])
    price = moves.price_move(session, actor, plan.id, stop.id, team.id, MONDAY, 1)
    assert {each.code for each in price.broken} == {"apart"}
    operations.solve(session, plan.id, today=MONDAY, effort=QUICK)
    where = _where(session, plan)
    assert where[owed[0].id][1] != where[owed[1].id][1]
    with pytest.raises(Invalid):
        operations.set_apart(
            session, actor, plan.id, [(pair[0], pair[0])], expected_version=plan.version
        )


def test_what_is_locked_past_or_made_stays(
    session: Session, actor: Actor, plan: RoundPlan, team: Team, owed: list[Obligation]
) -> None:
    """A locked stop, day or team, a day that is over, a visit that was made."""
    stop = stop_of(session, plan, owed[0])

    def against(day: date = TUESDAY) -> set[str]:
        price = moves.price_move(session, actor, plan.id, stop.id, team.id, day)
        return {each.code for each in price.broken}

    assert against() == set()
    locks: list[dict[str, object]] = [
        {"stop_id": stop.id},
        {"round_id": stop.round_id},
        {"day": TUESDAY},
        {"team_id": team.id},
    ]
    for lock in locks:
        for locked in (True, False):
            operations.set_lock(
                session,
                actor,
                plan.id,
                locked=locked,
                expected_version=plan.version,
                **lock,  # type: ignore[arg-type]
            )
            assert against() == ({"locked"} if locked else set())
    stop.state = "done"
    session.flush()
    assert against() == {"begun"}
    stop.state = "planned"
    with clock.frozen(datetime.combine(TUESDAY, time(7), clock.ZONE)):
        assert against(FRIDAY) == {"past"}


def test_a_removed_stop_is_left_over_and_may_come_back(
    session: Session, actor: Actor, plan: RoundPlan, team: Team, owed: list[Obligation]
) -> None:
    """Its round gets new times, the plan tells who took it out."""
    stop = stop_of(session, plan, owed[4])
    gone = moves.remove_stop(session, actor, plan.id, stop.id, expected_version=plan.version)
    assert gone.price.added_metres == pytest.approx(-2 * 1164, rel=0.02)
    left = {
        each.obligation_id: each for each in queries.plan_detail(session, actor, plan.id).left_over
    }
    assert left[owed[4].id].reason_name == "已由人工移出路线"
    assert sorted(o for *_, o in _where(session, plan).values()) == [1, 2, 3, 4]
    moves.add_left_over(
        session, actor, plan.id, owed[4].id, team.id, MONDAY, expected_version=plan.version
    )
    assert owed[4].id in _where(session, plan)
    assert queries.plan_history(session, actor, plan.id)[0].detail["added"] == owed[4].id


def test_published_rounds_carry_their_obligations_along(
    session: Session, actor: Actor, plan: RoundPlan, team: Team, owed: list[Obligation]
) -> None:
    """A move gives the obligation its new day; a removal takes it away."""
    operations.publish(session, actor, plan.id, expected_version=plan.version)
    stop = stop_of(session, plan, owed[4])
    moves.move_stop(
        session, actor, plan.id, stop.id, team.id, TUESDAY, expected_version=plan.version
    )
    session.expire_all()
    assert (owed[4].planned_on, owed[3].planned_on) == (TUESDAY, MONDAY)
    stop = stop_of(session, plan, owed[4])
    moves.remove_stop(session, actor, plan.id, stop.id, expected_version=plan.version)
    session.expire_all()
    assert owed[4].planned_on is None


def test_who_may_not_move_and_when(
    session: Session, actor: Actor, plan: RoundPlan, team: Team, owed: list[Obligation]
) -> None:
    """Others, from an old version, while it is solved, or to where the plan has nothing."""
    stop = stop_of(session, plan, owed[0])
    to = (plan.id, stop.id, team.id, TUESDAY)
    for role, division, refusal in (
        (Role.TOWNSHIP_STAFF, YAOLI_TOWN, OutsideDivision),
        (Role.INSPECTOR, FULIANG_TOWN, Forbidden),
    ):
        other = make_actor(session, role, division)
        with pytest.raises(refusal):
            moves.price_move(session, other, *to)
        with pytest.raises(refusal):
            moves.move_stop(session, other, *to, expected_version=plan.version)
    with pytest.raises(Conflict):
        moves.move_stop(session, actor, *to, expected_version=plan.version - 1)
    with pytest.raises(NotFound):
        moves.price_move(session, actor, plan.id, stop.id, 999_999, TUESDAY)
    with pytest.raises(NotFound):
        moves.price_move(session, actor, plan.id, 999_999, team.id, TUESDAY)
    with pytest.raises(Invalid):
        moves.price_move(session, actor, plan.id, stop.id, team.id, FRIDAY + timedelta(days=9))
    operations.queue_plan(session, actor, plan.id, expected_version=plan.version)
    with pytest.raises(WrongState):
        moves.move_stop(session, actor, *to, expected_version=plan.version)
