"""One's own rounds of today: what the page of today's tasks shows of them, and their lines."""

from __future__ import annotations

import json
from dataclasses import dataclass

from flask import Blueprint, Response

from fuliang_gis.geo.navigation import NavigationLink, navigation_links
from fuliang_gis.inspections.rounds import queries
from fuliang_gis.inspections.rounds import teams as crews
from fuliang_gis.inspections.rounds.lines import lines_of
from fuliang_gis.inspections.rounds.queries import RoundView, StopView
from fuliang_gis.inspections.rounds.travelling import travel_on
from fuliang_gis.web.context import database
from fuliang_gis.web.pages.rounds_view import map_line
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("round_today", __name__, url_prefix="/today/rounds")


@dataclass(frozen=True)
class OwnStop:
    """One stop of an own round, and the links by which a phone finds the way there."""

    stop: StopView
    links: tuple[NavigationLink, ...]

    @property
    def done(self) -> bool:
        """Whether somebody has been there."""
        return self.stop.state == "done" or self.stop.obligation_state == "done"


@dataclass(frozen=True)
class OwnRound:
    """One's own round."""

    round: RoundView
    stops: tuple[OwnStop, ...]

    @property
    def done(self) -> int:
        """How many stops are done."""
        return sum(each.done for each in self.stops)

    @property
    def next(self) -> OwnStop | None:
        """The stop that comes next."""
        return next((each for each in self.stops if not each.done), None)


def own(rounds: list[RoundView]) -> list[OwnRound]:
    """Return rounds as their team uses them."""
    return [OwnRound(each, tuple(_own(stop) for stop in each.stops)) for each in rounds]


def _own(stop: StopView) -> OwnStop:
    return OwnStop(stop, navigation_links(stop.lon, stop.lat, stop.name))


@blueprint.get("/<int:round_id>/lines.json")
def lines(round_id: int) -> Response:
    """Give the round's line over the roads, as the map of rounds takes it."""
    actor = require_actor()
    with database().reading() as session:
        driven = queries.one_round(session, actor, round_id)
        team = crews.teams_by_id(session, [driven.team_id])[driven.team_id]
        travel = travel_on(session, driven.day)
    (line,) = lines_of(travel, [driven], {team.id: (team.lon, team.lat)})
    return Response(
        json.dumps([map_line(line, 0)], ensure_ascii=False), content_type="application/json"
    )
