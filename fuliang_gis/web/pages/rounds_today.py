"""One's own rounds of today: what the page of today's tasks shows of them, and their lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, time
from http import HTTPStatus

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Conflict, FuliangError, Invalid
from fuliang_gis.geo.navigation import NavigationLink, navigation_links
from fuliang_gis.inspections.norms import norms
from fuliang_gis.inspections.rounds import own_day, queries
from fuliang_gis.inspections.rounds import teams as crews
from fuliang_gis.inspections.rounds.lines import lines_of
from fuliang_gis.inspections.rounds.queries import RoundView, StopView
from fuliang_gis.inspections.rounds.travelling import travel_on
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages.rounds_asked import whole
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
    def left(self) -> int:
        """How many stops are still to be made."""
        return len(self.stops) - self.done

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


# --- the rest of the day in another order ---

_MEANWHILE = "刚才又有点被巡查或路线有变，次序已重新算过，请再看一遍。"


@blueprint.get("/<int:round_id>/replan")
def show_replan(round_id: int) -> Response:
    """Show the best order from where one is (``place``, else the last visit) beside today's."""
    return _replan_page(require_actor(), round_id, _place(request.args.get("place", "")))


@blueprint.post("/<int:round_id>/replan")
def replan(round_id: int) -> Response:
    """Take the order that was shown, or show it anew where it is not the best one any more."""
    actor, form = require_actor(), request.form
    place, moment = _place(form.get("place", "")), _moment(form.get("at", ""))
    shown = [number for each in form.get("order", "").split(",") if (number := whole(each))]
    try:
        with database().session(actor.account_id) as session:
            done = own_day.replan_own_day(session, actor, round_id, place, at=moment, shown=shown)
    except (Conflict, Invalid) as refusal:
        note_refusal(refusal)
        return _replan_page(actor, round_id, place, refusal)
    flash(f"已按新的次序排好剩余 {len(done.stops)} 个点。", "ok")
    return make_response(redirect(url_for("today.show"), HTTPStatus.SEE_OTHER))


def _replan_page(
    actor: Actor,
    round_id: int,
    place: tuple[float, float] | None,
    refusal: FuliangError | None = None,
) -> Response:
    """Return the page; where there is nothing to show, it tells why and what can be done."""
    found = None
    with database().reading() as session:
        try:
            found = own_day.price_own_day(session, actor, round_id, place)
        except Invalid as unfit:
            refusal = unfit
        driven = queries.one_round(session, actor, round_id)
    page = render_template(
        "today/replan.html",
        driven=driven,
        found=found,
        stops={stop.id: stop for stop in driven.stops},
        place=request.values.get("place", "")[:60] if place else "",
        asked="place" in request.values,
        told=_MEANWHILE if isinstance(refusal, Conflict) else None,
        problems=refusal.problems if isinstance(refusal, Invalid) else (),
        purposes=norms().purposes,
    )
    return make_response(page, status_of(type(refusal)) if refusal else HTTPStatus.OK)


def _place(text: str) -> tuple[float, float] | None:
    """Read a place as the phone tells it, lon and lat; None where it tells none."""
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None


def _moment(text: str) -> datetime | None:
    """Read when the order was reckoned; None, which is now, where that is no time."""
    try:
        return datetime.combine(clock.today(), time.fromisoformat(text), clock.ZONE)
    except ValueError:
        return None
