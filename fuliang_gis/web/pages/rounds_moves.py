"""Changing the rounds of a plan by hand: what a move costs, then doing it or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, make_response, render_template, request, url_for

from fuliang_gis import clock
from fuliang_gis.accounts.policies import require
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import NotFound
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.inspections.duties.periods import Span
from fuliang_gis.inspections.norms import norms
from fuliang_gis.inspections.rounds import moves, queries
from fuliang_gis.inspections.rounds.moves import MovePrice
from fuliang_gis.inspections.rounds.queries import LeftOver, PlanDetail, RoundView, StopView
from fuliang_gis.inspections.rounds.working_days import working_days
from fuliang_gis.locations.registry import layers
from fuliang_gis.web.context import database
from fuliang_gis.web.pages.asked import day_or_none
from fuliang_gis.web.pages.rounds_asked import version, whole
from fuliang_gis.web.pages.rounds_board import answered
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("round_moves", __name__, url_prefix="/rounds/<int:plan_id>")


@dataclass(frozen=True)
class Target:
    """Where something is to go; ``ordinal`` None takes the best place."""

    team_id: int | None
    day: date | None
    ordinal: int | None


def _target(given: dict[str, str]) -> Target:
    return Target(
        whole(given.get("to_team", "")),
        day_or_none(given.get("to_day", "")),
        whole(given.get("to", "")),
    )


@blueprint.get("/stops/<int:stop_id>/move")
def show_move(plan_id: int, stop_id: int) -> Response:
    """Show where a stop may go and, once that is told, what it costs."""
    actor, to = require_actor(), _target(request.args.to_dict())
    with database().reading() as session:
        detail = _detail(session, actor, plan_id)
        home, stop = _stop(detail, stop_id)
        price = None
        if to.team_id and to.day:
            price = moves.price_move(
                session, actor, plan_id, stop_id, to.team_id, to.day, to.ordinal
            )
    return _page(detail, to, price, stop=stop, home=home)


@blueprint.post("/stops/<int:stop_id>/move")
def move(plan_id: int, stop_id: int) -> Response:
    """Move a stop."""
    actor, to = require_actor(), _target(request.form.to_dict())

    def act(session: Transaction) -> MovePrice:
        return moves.move_stop(
            session,
            actor,
            plan_id,
            stop_id,
            *_told(to),
            to.ordinal,
            expected_version=version(),
        ).price

    return _done(actor, plan_id, "已移动", act)


@blueprint.post("/stops/<int:stop_id>/remove")
def remove(plan_id: int, stop_id: int) -> Response:
    """Take a stop out of its round."""
    actor = require_actor()

    def act(session: Transaction) -> MovePrice:
        return moves.remove_stop(session, actor, plan_id, stop_id, expected_version=version()).price

    return _done(actor, plan_id, "已移出，任务列在“未排上”", act)


@blueprint.get("/left-over/<int:obligation_id>")
def show_add(plan_id: int, obligation_id: int) -> Response:
    """Show where something left over may go and, once that is told, what it costs."""
    actor, to = require_actor(), _target(request.args.to_dict())
    with database().reading() as session:
        detail = _detail(session, actor, plan_id)
        left = _left_over(detail, obligation_id)
        price = None
        if to.team_id and to.day:
            price = moves.price_left_over(
                session, actor, plan_id, obligation_id, to.team_id, to.day, to.ordinal
            )
    return _page(detail, to, price, left=left)


@blueprint.post("/left-over/<int:obligation_id>")
def add(plan_id: int, obligation_id: int) -> Response:
    """Take something left over into a round."""
    actor, to = require_actor(), _target(request.form.to_dict())

    def act(session: Transaction) -> MovePrice:
        return moves.add_left_over(
            session,
            actor,
            plan_id,
            obligation_id,
            *_told(to),
            to.ordinal,
            expected_version=version(),
        ).price

    return _done(actor, plan_id, "已加入", act)


def _told(to: Target) -> tuple[int, date]:
    if to.team_id is None or to.day is None:
        raise NotFound(what="要移到的队伍和日期", key="")
    return to.team_id, to.day


def _done(
    actor: Actor, plan_id: int, words: str, carry_out: Callable[[Transaction], MovePrice]
) -> Response:
    def act() -> str:
        with database().session(actor.account_id) as session:
            price = carry_out(session)
        minutes = round(price.added_seconds / 60)
        change = "不变" if not minutes else f"{'增加' if minutes > 0 else '减少'} {abs(minutes)} 分"
        return f"{words}。行车{change}。"

    return answered(actor, plan_id, act)


def _detail(session: Transaction, actor: Actor, plan_id: int) -> PlanDetail:
    detail = queries.plan_detail(session, actor, plan_id)
    plan = detail.plan
    require(actor, Permission.MANAGE_ROUNDS, plan.division_code, plan.division_name)
    return detail


def _stop(detail: PlanDetail, stop_id: int) -> tuple[RoundView, StopView]:
    for each in detail.rounds:
        for stop in each.stops:
            if stop.id == stop_id:
                return each, stop
    raise NotFound(what="停靠点", key=stop_id)


def _left_over(detail: PlanDetail, obligation_id: int) -> LeftOver:
    for each in detail.left_over:
        if each.obligation_id == obligation_id:
            return each
    raise NotFound(what="未排上的任务", key=obligation_id)


def _page(
    detail: PlanDetail,
    to: Target,
    price: MovePrice | None,
    *,
    stop: StopView | None = None,
    home: RoundView | None = None,
    left: LeftOver | None = None,
) -> Response:
    plan, today = detail.plan, clock.today()
    span = Span(max(plan.first_day, min(today, plan.last_day)), plan.last_day)
    days = sorted({day for each in detail.teams for day in working_days(span, each.team.weekdays)})
    team_id = to.team_id or (home.team_id if home else None)
    day = to.day or (home.day if home else None)
    there = next((r for r in detail.rounds if (r.team_id, r.day) == (team_id, day)), None)
    others = [each for each in there.stops if stop is None or each.id != stop.id] if there else []
    inside = "HX-Request" in request.headers
    kept = {name: request.args[name] for name in ("view", "day", "round") if name in request.args}
    back = url_for("round_board.show", plan_id=plan.id, **kept)  # type: ignore[arg-type]
    page = render_template(
        "rounds/_move.html" if inside else "rounds/move.html",
        plan=plan,
        detail=detail,
        moved=stop or left,
        stop=stop,
        home=home,
        left=left,
        price=price,
        days=days,
        team_id=team_id,
        day=day,
        ordinal=to.ordinal,
        others=others,
        kept=kept,
        back=back,
        inside=inside,
        layers=layers(),
        purposes=norms().purposes,
    )
    return make_response(page)
