"""A road, a team and works along it, all seen from one Monday."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.inspections.models import Obligation, Team
from fuliang_gis.roads.models import Road
from tests.factories import FULIANG_TOWN, make_actor
from tests.inspections.rounds.laying_out import lay_owed, lay_roads, lay_team


@pytest.fixture
def roads(session: Session) -> list[Road]:
    """Lay the road out."""
    return lay_roads(session)


@pytest.fixture
def actor(session: Session) -> Actor:
    """Township staff of 浮梁镇."""
    return make_actor(session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)


@pytest.fixture
def team(session: Session, actor: Actor) -> Team:
    """A team with one member, at the road's western end."""
    return lay_team(session, "浮梁镇巡查一队", actor)


@pytest.fixture
def owed(session: Session, actor: Actor, roads: list[Road]) -> list[Obligation]:
    """Five works along the road, due this week; one beyond any road; one sample."""
    assert roads
    return lay_owed(session, actor)
