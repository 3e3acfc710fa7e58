"""Teams: what they may be, who may make them, and how they are read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.errors import (
    Conflict,
    Forbidden,
    FuliangError,
    Invalid,
    NotFound,
    OutsideDivision,
    VersionRequired,
    WrongState,
)
from fuliang_gis.inspections.models import Obligation, Team
from fuliang_gis.inspections.rounds import operations, teams
from fuliang_gis.inspections.rounds.teams import TeamGiven
from tests.factories import COUNTY, FULIANG_TOWN, FULIANG_VILLAGE, YAOLI_TOWN, make_actor
from tests.inspections.rounds.laying_out import MONDAY, NORTH, WEST, solved

GIVEN = TeamGiven(FULIANG_TOWN, " 浮梁镇巡查二队 ", WEST, NORTH)


def test_a_team_is_made_changed_and_read(session: Session, actor: Actor) -> None:
    """Everything told is kept, and a change replaces it whole, members too."""
    first = make_actor(session, Role.INSPECTOR, FULIANG_TOWN)
    second = make_actor(session, Role.VILLAGE_INFORMANT, FULIANG_VILLAGE)
    told = replace(GIVEN, member_ids=(second.account_id, first.account_id), vehicle="皮卡")
    made = teams.create_team(session, actor, told)
    row = teams.team(session, actor, made.id)
    assert (row.name, row.lon, row.lat, row.vehicle) == ("浮梁镇巡查二队", WEST, NORTH, "皮卡")
    assert [each.id for each in row.members] == [first.account_id, second.account_id]
    told = replace(
        told, name="采样队", member_ids=(second.account_id,), skills=("water_quality",), lon=117.3
    )
    told = replace(told, weekdays=(7, 6), break_from=None, break_to=None, starts=time(7))
    teams.change_team(session, actor, made.id, told, expected_version=row.version)
    row = teams.team(session, actor, made.id)
    assert (row.name, row.lon, row.skills) == ("采样队", 117.3, ("water_quality",))
    assert (row.weekdays, row.break_from, row.starts, row.version) == ((6, 7), None, time(7), 2)
    assert [each.id for each in row.members] == [second.account_id]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "浮梁镇巡查一队"}, "name"),
        ({"name": "长" * 61}, "name"),
        ({"vehicle": "长" * 61}, "vehicle"),
        ({"lon": 29.37, "lat": 117.2}, "station"),
        ({"lat": float("nan")}, "station"),
        ({"member_ids": (999_999,)}, "members"),
        ({"member_ids": tuple(range(60))}, "members"),
        ({"skills": ("routine",)}, "skills"),
        ({"skills": ("diving",)}, "skills"),
        ({"weekdays": ()}, "weekdays"),
        ({"weekdays": (0, 1)}, "weekdays"),
        ({"starts": time(18)}, "ends"),
        ({"break_to": None}, "break_from"),
        ({"break_to": time(11)}, "break_to"),
        ({"break_from": time(6), "break_to": time(7)}, "break_from"),
        ({"break_minutes": 241}, "break_minutes"),
        ({"most_driving_minutes": 0}, "most_driving_minutes"),
    ],
)
def test_what_a_team_cannot_be(
    session: Session, actor: Actor, team: Team, changed: dict[str, object], field: str
) -> None:
    """Each refusal names its field."""
    assert team.name == "浮梁镇巡查一队"
    with pytest.raises(Invalid) as refusal:
        teams.create_team(session, actor, replace(GIVEN, **changed))  # type: ignore[arg-type]
    assert {each.field for each in refusal.value.problems} == {field}


@pytest.mark.parametrize(
    ("role", "division", "fits"),
    [
        (Role.INSPECTOR, FULIANG_TOWN, True),
        (Role.VILLAGE_INFORMANT, FULIANG_VILLAGE, True),
        (Role.INSPECTOR, YAOLI_TOWN, False),
        (Role.INSPECTOR, COUNTY, False),
        (Role.VIEWER, FULIANG_TOWN, False),
    ],
)
def test_who_may_be_a_member(
    session: Session, actor: Actor, role: Role, division: str, *, fits: bool
) -> None:
    """Only who may record visits and belongs to the division; the form offers the same."""
    person = make_actor(session, role, division).account_id
    offered = {each.id for each in teams.candidates(session, actor, FULIANG_TOWN)}
    assert (person in offered) is fits
    told = replace(GIVEN, member_ids=(person,))
    if fits:
        teams.create_team(session, actor, told)
    else:
        with pytest.raises(Invalid):
            teams.create_team(session, actor, told)


def test_the_county_lends_its_inspectors(session: Session) -> None:
    """County staff may put a county inspector into a township's team."""
    county, inspector = make_actor(session), make_actor(session, Role.INSPECTOR)
    teams.create_team(session, county, replace(GIVEN, member_ids=(inspector.account_id,)))


@pytest.mark.parametrize(
    ("role", "division", "refusal"),
    [
        (Role.TOWNSHIP_STAFF, YAOLI_TOWN, OutsideDivision),
        (Role.INSPECTOR, FULIANG_TOWN, Forbidden),
        (Role.VIEWER, FULIANG_TOWN, Forbidden),
    ],
)
def test_who_may_not_make_teams(
    session: Session, role: Role, division: str, refusal: type[FuliangError]
) -> None:
    """Only those who manage rounds, inside their own division."""
    with pytest.raises(refusal):
        teams.create_team(session, make_actor(session, role, division), GIVEN)


def test_others_neither_see_nor_change_a_team(session: Session, actor: Actor, team: Team) -> None:
    """Another township's staff does not find it; an older version is refused."""
    other = make_actor(session, Role.TOWNSHIP_STAFF, YAOLI_TOWN)
    with pytest.raises(NotFound):
        teams.team(session, other, team.id)
    with pytest.raises(NotFound):
        teams.change_team(session, other, team.id, GIVEN, expected_version=1)
    with pytest.raises(Conflict):
        teams.change_team(session, actor, team.id, GIVEN, expected_version=7)
    with pytest.raises(VersionRequired):
        teams.retire_team(session, actor, team.id, expected_version=None)
    assert teams.teams(session, other).total == 0


def test_teams_are_listed_by_page_in_one_go(
    session: Session,
    actor: Actor,
    connection: Connection,
    count_queries: Callable[[Connection], AbstractContextManager[list[str]]],
) -> None:
    """A page costs two statements, however many teams and members it has."""
    for n in range(4):
        people = [make_actor(session, Role.INSPECTOR, FULIANG_TOWN).account_id for _ in range(n)]
        teams.create_team(session, actor, replace(GIVEN, name=f"{n} 队", member_ids=tuple(people)))
    with count_queries(connection) as seen:
        page = teams.teams(session, actor, page=2, size=3)
    assert (page.total, page.pages, [each.name for each in page.rows]) == (4, 2, ["3 队"])
    assert len(page.rows[0].members) == 3
    assert len(seen) == 2


def test_a_team_retires_when_it_has_nothing_ahead(
    session: Session, actor: Actor, team: Team, owed: list[Obligation]
) -> None:
    """Published rounds keep it; afterwards it goes, is listed no more, and comes back."""
    assert owed
    with clock.frozen(datetime(2026, 11, 23, 9, tzinfo=clock.ZONE)):
        plan = solved(session, actor, team)
        plan = operations.publish(session, actor, plan.id, expected_version=plan.version)
        with pytest.raises(WrongState):
            teams.retire_team(session, actor, team.id, expected_version=team.version)
        with pytest.raises(WrongState):
            teams.restore_team(session, actor, team.id, expected_version=team.version)
    with clock.frozen(datetime.combine(MONDAY + timedelta(days=9), time(9), clock.ZONE)):
        teams.retire_team(session, actor, team.id, expected_version=team.version)
    assert teams.teams(session, actor).total == 0
    assert teams.teams(session, actor, active=None).total == 1
    with pytest.raises(WrongState):
        teams.retire_team(session, actor, team.id, expected_version=team.version)
    assert teams.restore_team(session, actor, team.id, expected_version=team.version).active
