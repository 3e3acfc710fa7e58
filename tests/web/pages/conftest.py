"""A straight road with a team and works along it, in a browser, all seen from one Monday."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.inspections.models import (
    InspectionRound,
    RoundLeftOver,
    RoundPlan,
    RoundStop,
    Team,
)
from tests.inspections.rounds.laying_out import MONDAY, lay_owed, lay_roads, lay_team, solved
from tests.web.conftest import World, csrf_of


@dataclass(frozen=True)
class Ground:
    """What is laid out, and a clerk of the township."""

    world: World
    clerk: FlaskClient
    team_id: int
    other_id: int
    owed: tuple[int, ...]

    def plan(self, *team_ids: int) -> int:
        """Return a plan of the week, for both teams if none is named, that has just been solved."""
        wanted = team_ids or (self.team_id, self.other_id)
        with Session(self.world.owner) as session, session.begin():
            teams = [session.get_one(Team, key) for key in wanted]
            return solved(session, self.world.actors["fuliang"], *teams).id

    def row(self, plan_id: int) -> RoundPlan:
        """Return a plan's row as it is now."""
        with Session(self.world.owner, expire_on_commit=False) as session:
            return session.get_one(RoundPlan, plan_id)

    def stops(self, plan_id: int) -> list[tuple[RoundStop, InspectionRound]]:
        """Return a plan's stops with their rounds, by day and order."""
        with Session(self.world.owner, expire_on_commit=False) as session:
            rows = session.execute(
                select(RoundStop, InspectionRound)
                .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
                .where(InspectionRound.plan_id == plan_id)
                .order_by(InspectionRound.day, InspectionRound.team_id, RoundStop.ordinal)
            )
            return [(stop, home) for stop, home in rows]

    def left_over(self, plan_id: int) -> dict[int | None, str]:
        """Return reasons by obligation."""
        with Session(self.world.owner) as session:
            rows = session.execute(
                select(RoundLeftOver.obligation_id, RoundLeftOver.reason).where(
                    RoundLeftOver.plan_id == plan_id
                )
            )
            return {row[0]: row[1] for row in rows}

    def post(
        self,
        path: str,
        form: Mapping[str, object],
        client: FlaskClient | None = None,
        *,
        htmx: bool = False,
    ) -> tuple[int, str]:
        """Send a form as the clerk, and go where the answer leads."""
        headers = {"HX-Request": "true"} if htmx else {}
        client = client or self.clerk
        data = {**form, "csrf_token": csrf_of(client)}
        answer = client.post(path, data=data, headers=headers, follow_redirects=True)
        return answer.status_code, answer.get_data(as_text=True)

    def page(self, path: str, client: FlaskClient | None = None, *, htmx: bool = False) -> str:
        """Return a page as the clerk sees it, or the part of it that htmx asks for."""
        headers = {"HX-Request": "true"} if htmx else {}
        answer = (client or self.clerk).get(path, headers=headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
        return answer.get_data(as_text=True)


@pytest.fixture(scope="module", autouse=True)
def monday() -> Iterator[None]:
    """Hold the clock on a Monday morning."""
    with clock.frozen(datetime.combine(MONDAY, time(9), clock.ZONE)):
        yield


@pytest.fixture(scope="module")
def ground(world: World) -> Ground:
    """The road, two teams and what is owed along it."""
    with Session(world.owner) as session, session.begin():
        lay_roads(session)
        clerk = world.actors["fuliang"]
        team = lay_team(session, "浮梁镇巡查一队", clerk)
        other = lay_team(session, "浮梁镇<二>队", skills=["water_quality"])
        owed = lay_owed(session, clerk)
        ids = (team.id, other.id, tuple(each.id for each in owed))
    return Ground(world, world.browser("fuliang"), *ids)
