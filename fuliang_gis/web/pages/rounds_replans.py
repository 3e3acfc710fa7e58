"""Planning again while rounds are driven: the rest of today, and what was missed."""

from __future__ import annotations

import json
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
from fuliang_gis.accounts.policies import require
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import FuliangError, Invalid, NotFound, Problem
from fuliang_gis.inspections.rounds import queries, replanning
from fuliang_gis.inspections.rounds import teams as crews
from fuliang_gis.inspections.rounds.queries import PlanDetail, RoundView
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages.rounds_asked import version
from fuliang_gis.web.pages.rounds_board import CORRECTABLE, answered, told_of
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("round_replans", __name__, url_prefix="/rounds/<int:plan_id>")


@blueprint.get("/rounds/<int:round_id>/replan")
def show(plan_id: int, round_id: int) -> str:
    """Ask where the team is now."""
    return _page(require_actor(), plan_id, round_id)


@blueprint.post("/rounds/<int:round_id>/replan")
def replan(plan_id: int, round_id: int) -> Response:
    """Put the rest of the team's day in the best order from where it is."""
    actor = require_actor()
    with database().reading() as session:
        driven = _round(queries.plan_detail(session, actor, plan_id), round_id)
    try:
        place, at = _place(), _at()
        with database().session(actor.account_id) as session:
            done = replanning.replan_today(
                session,
                actor,
                plan_id,
                driven.team_id,
                place,
                at=at,
                expected_version=version(),
            )
    except CORRECTABLE as refusal:
        note_refusal(refusal)
        page = _page(actor, plan_id, round_id, refusal)
        return make_response(page, status_of(type(refusal)))
    out = f"；有 {len(done.dropped)} 个今天做不完，列在“未排上”" if done.dropped else ""
    flash(f"已重排：剩余 {len(done.stops)} 个点，{done.ends:%H:%M} 回到工作站{out}。", "ok")
    address = url_for("round_board.show", plan_id=plan_id, day=driven.day, round=round_id)
    return make_response(redirect(f"{address}#round", HTTPStatus.SEE_OTHER))


def _round(detail: PlanDetail, round_id: int) -> RoundView:
    for each in detail.rounds:
        if each.id == round_id:
            return each
    raise NotFound(what="巡查路线", key=round_id)


def _page(actor: Actor, plan_id: int, round_id: int, refusal: FuliangError | None = None) -> str:
    with database().reading() as session:
        detail = queries.plan_detail(session, actor, plan_id)
        plan, driven = detail.plan, _round(detail, round_id)
        require(actor, Permission.MANAGE_ROUNDS, plan.division_code, plan.division_name)
        team = crews.teams_by_id(session, [driven.team_id])[driven.team_id]
    made = [stop for stop in driven.stops if stop.state == "done"]
    last = (made[-1].lon, made[-1].lat) if made else (team.lon, team.lat)
    typed = request.form.get("place", "")
    geometry = typed or json.dumps({"type": "Point", "coordinates": last})
    problems = refusal.problems if isinstance(refusal, Invalid) else ()
    return render_template(
        "rounds/replan.html",
        plan=plan,
        driven=driven,
        ahead=[stop for stop in driven.stops if stop.state == "planned"],
        geometry=geometry,
        last=last,
        at=request.form.get("at") or f"{clock.now():%H:%M}",
        told=told_of(refusal),
        problems=problems,
    )


def _place() -> tuple[float, float]:
    """Read where the team is: from the map or the phone, else as typed, else as proposed."""
    form = request.form
    try:
        if form.get("place"):
            lon, lat = json.loads(form["place"])["coordinates"]
        else:
            lon, lat = form.get("lon", ""), form.get("lat", "")
        return float(lon), float(lat)
    except (ValueError, TypeError, KeyError):
        zh = "请在地图上点出队伍现在的位置，或填写经纬度。"
        raise Invalid([Problem("required", zh, "Tell where the team is.", "place")]) from None


def _at() -> datetime:
    try:
        moment = time.fromisoformat(request.form.get("at", ""))
    except ValueError:
        raise Invalid([Problem("bad_time", "应为时间，如 14:30。", "Not a time.", "at")]) from None
    return datetime.combine(clock.today(), moment, clock.ZONE)


@blueprint.get("/missed")
def show_missed(plan_id: int) -> str:
    """Show what putting the missed visits into later rounds would change."""
    actor = require_actor()
    # Pricing holds the plan's row for a moment, which only somebody who may change it can.
    with database().session(actor.account_id) as session:
        detail = queries.plan_detail(session, actor, plan_id)
        found = replanning.price_missed(session, actor, plan_id)
    teams = {each.team.id: each.team.name for each in detail.teams}
    stops = {stop.obligation_id: stop for each in detail.rounds for stop in each.stops}
    return render_template(
        "rounds/missed.html",
        plan=detail.plan,
        found=found,
        teams=teams,
        stops=stops,
        left={each.obligation_id: each for each in detail.left_over},
    )


@blueprint.post("/missed")
def replan_missed(plan_id: int) -> Response:
    """Put the missed visits into later rounds."""
    actor = require_actor()

    def act() -> str:
        with database().session(actor.account_id) as session:
            done = replanning.replan_missed(session, actor, plan_id, expected_version=version())
        out = f"，{len(done.left_over)} 项后面排不下" if done.left_over else ""
        return (
            f"漏巡的 {len(done.inserted)} 项已排入后面的路线，另调动 {len(done.moved)} 个点{out}。"
        )

    return answered(actor, plan_id, act, url_for("round_board.show", plan_id=plan_id))
