"""Groups of locations that keep apart: made, read, kept by every plan, let go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time

import pytest
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.errors import Forbidden, Invalid, NotFound, OutsideDivision
from fuliang_gis.inspections.models import Obligation, Team
from fuliang_gis.inspections.rounds import apart_groups, moves, operations
from fuliang_gis.inspections.rounds.apart import pairs_among, partners
from fuliang_gis.inspections.rounds.apart_groups import ApartGiven
from fuliang_gis.locations.registry import layer
from tests.factories import COUNTY, FULIANG_TOWN, YAOLI_TOWN, make_actor, make_location
from tests.inspections.rounds.laying_out import MONDAY, QUICK, solved, stop_of, stops_of


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    """Hold the clock on the week's Monday morning."""
    with clock.frozen(datetime.combine(MONDAY, time(8), clock.ZONE)):
        yield


def _given(owed: Sequence[Obligation], reason: str = "同一批次取样") -> ApartGiven:
    return ApartGiven([each.location_id for each in owed], reason)


def test_a_group_keeps_every_plan_to_itself(
    session: Session, actor: Actor, team: Team, owed: list[Obligation]
) -> None:
    """Neither the solver nor a hand puts two of a group on one day; once let go they may."""
    made = apart_groups.keep_apart(session, actor, _given(owed[:3]))
    plan = solved(session, actor, team)
    days = dict(stops_of(session, plan))
    kept = [days[each.id] for each in owed[:3]]
    assert len(set(kept)) == 3
    stop = stop_of(session, plan, owed[0])
    where = (team.id, days[owed[1].id], 1)
    price = moves.price_move(session, actor, plan.id, stop.id, *where)
    assert [each.code for each in price.broken] == ["apart"]
    apart_groups.let_together(session, actor, made.id)
    assert moves.price_move(session, actor, plan.id, stop.id, *where).feasible


def test_a_plans_own_pairs_come_on_top(
    session: Session, actor: Actor, team: Team, owed: list[Obligation]
) -> None:
    """What the office keeps apart and what one plan does hold together."""
    apart_groups.keep_apart(session, actor, _given(owed[:2]))
    plan = solved(session, actor, team)
    pair = (owed[1].location_id, owed[2].location_id)
    operations.set_apart(session, actor, plan.id, [pair], expected_version=plan.version)
    operations.solve(session, plan.id, today=MONDAY, effort=QUICK)
    days = dict(stops_of(session, plan))
    assert days[owed[0].id] != days[owed[1].id]
    assert days[owed[1].id] != days[owed[2].id]


def test_pairs_are_those_of_each_group_alone(
    session: Session, actor: Actor, owed: list[Obligation]
) -> None:
    """Two groups that share a location do not become one."""
    a, b, c = (each.location_id for each in owed[:3])
    apart_groups.keep_apart(session, actor, ApartGiven([a, b], "一"))
    apart_groups.keep_apart(session, actor, ApartGiven([b, c], "二"))
    assert pairs_among(session, [a, b, c]) == sorted([(a, b), (b, c)])
    assert pairs_among(session, [a, c]) == []
    assert partners(session, b) == {a, c}


@pytest.mark.parametrize(
    ("chosen", "reason", "field"),
    [
        (slice(0, 1), "一个", "location_ids"),
        (slice(0, 0), "没有", "location_ids"),
        (slice(0, 2), " ", "reason"),
        (slice(0, 2), "长" * 101, "reason"),
    ],
)
def test_what_cannot_be_a_group_is_refused(
    session: Session,
    actor: Actor,
    owed: list[Obligation],
    chosen: slice,
    reason: str,
    field: str,
) -> None:
    """Too few locations, no reason, one that is too long."""
    with pytest.raises(Invalid) as refused:
        apart_groups.keep_apart(session, actor, _given(owed[chosen], reason))
    assert [problem.field for problem in refused.value.problems] == [field]


def test_a_group_that_is_there_is_not_made_again(
    session: Session, actor: Actor, owed: list[Obligation]
) -> None:
    """Nor is one that a larger one holds."""
    apart_groups.keep_apart(session, actor, _given(owed[:3]))
    with pytest.raises(Invalid) as refused:
        apart_groups.keep_apart(session, actor, _given(owed[1:3]))
    assert [problem.code for problem in refused.value.problems] == ["duplicate"]


def test_one_reads_and_changes_what_is_of_the_own_division(
    session: Session, actor: Actor, owed: list[Obligation]
) -> None:
    """The county keeps townships apart; a township reads what binds it, and lets go its own."""
    county = make_actor(session, Role.COUNTY_STAFF, COUNTY)
    there = make_actor(session, Role.TOWNSHIP_STAFF, YAOLI_TOWN)
    far = make_location(session, county, layer("water_projects"), division_code=YAOLI_TOWN)
    shared = apart_groups.keep_apart(
        session, county, ApartGiven([owed[0].location_id, far.id], "跨乡镇")
    )
    assert shared.division_code == COUNTY
    own = apart_groups.keep_apart(session, county, _given(owed[:2]))
    assert own.division_code == FULIANG_TOWN
    assert {row.id for row in apart_groups.apart_groups(session, actor).rows} == {shared.id, own.id}
    (row,) = apart_groups.apart_groups(session, there).rows
    assert [place.name for place in row.locations if place.code] == [far.name]
    assert "其他辖区的点位" in [place.name for place in row.locations]
    with pytest.raises(OutsideDivision):
        apart_groups.let_together(session, actor, shared.id)
    with pytest.raises(NotFound):
        apart_groups.let_together(session, there, own.id)
    with pytest.raises(Invalid):
        apart_groups.keep_apart(session, actor, ApartGiven([owed[2].location_id, far.id], "外乡镇"))
    inspector = make_actor(session, Role.INSPECTOR, FULIANG_TOWN)
    with pytest.raises(Forbidden):
        apart_groups.keep_apart(session, inspector, _given(owed[2:4]))
    apart_groups.let_together(session, actor, own.id)
    assert [row.id for row in apart_groups.apart_groups(session, actor).rows] == [shared.id]


def test_groups_are_found_and_remembered(
    session: Session, actor: Actor, owed: list[Obligation]
) -> None:
    """By location or reason; what was let go stays in the history with its names."""
    first = apart_groups.keep_apart(session, actor, _given(owed[:2], "一车水样只够一处"))
    apart_groups.keep_apart(session, actor, _given(owed[2:4], "同一位水管员"))
    found = apart_groups.apart_groups(session, actor, text="水样")
    assert [row.id for row in found.rows] == [first.id]
    (place,) = apart_groups.places(session, actor, [owed[0].location_id])
    found = apart_groups.apart_groups(session, actor, text=place.code)
    assert [row.id for row in found.rows] == [first.id]
    assert place in apart_groups.find_places(session, actor, place.name)
    apart_groups.let_together(session, actor, first.id)
    events = apart_groups.apart_history(session, actor)
    assert [each.action for each in events] == ["let_together", "keep_apart", "keep_apart"]
    assert f"{place.name}（{place.code}）" in events[0].detail["locations"]
    elsewhere = make_actor(session, Role.TOWNSHIP_STAFF, YAOLI_TOWN)
    assert apart_groups.apart_history(session, elsewhere) == []
