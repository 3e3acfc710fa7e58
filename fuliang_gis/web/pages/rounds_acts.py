"""What is done with a plan as a whole: solved, stopped, published, withdrawn, copied, locked."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.inspections.rounds import operations, queries
from fuliang_gis.web.context import database
from fuliang_gis.web.pages.asked import day_or_none
from fuliang_gis.web.pages.rounds_asked import given_of, version, whole, wishes_of
from fuliang_gis.web.pages.rounds_board import answered
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("round_acts", __name__, url_prefix="/rounds")


@blueprint.post("/<int:plan_id>/solve")
def solve(plan_id: int) -> Response:
    """Start to solve it, from the rounds that it has; locks stay."""
    actor = require_actor()

    def act() -> None:
        with database().session(actor.account_id) as session:
            expected = version()
            seconds = request.form.get("seconds", "")
            if seconds and expected is not None:
                expected = _take_time(session, actor, plan_id, seconds, expected)
            operations.queue_plan(session, actor, plan_id, expected_version=expected)

    return answered(actor, plan_id, act)


def _take_time(session: Transaction, actor: Actor, plan_id: int, text: str, expected: int) -> int:
    """Note how long the search is to last; return the plan's version then."""
    detail = queries.plan_detail(session, actor, plan_id)
    try:
        given = given_of(detail, seconds=float(text))
    except ValueError:
        zh = "求解时间应为 1～600 秒。"
        raise Invalid([Problem("bad_number", zh, "Not a number.", "seconds")]) from None
    if given.wishes == wishes_of(detail):
        return expected
    changed = operations.change_plan(session, actor, plan_id, given, expected_version=expected)
    return changed.version


@blueprint.post("/<int:plan_id>/cancel")
def cancel(plan_id: int) -> Response:
    """Ask the search to end; what it has found is kept."""
    actor = require_actor()

    def act() -> str:
        with database().session(actor.account_id) as session:
            plan = operations.cancel(session, actor, plan_id)
        if plan.state != "solving":
            return "还没有开始求解，已取消。"
        return "正在停止，已找到的最好方案会保留。"

    return answered(actor, plan_id, act)


@blueprint.post("/<int:plan_id>/publish")
def publish(plan_id: int) -> Response:
    """Publish it: the teams' members see their rounds under Today."""
    actor = require_actor()

    def act() -> str:
        with database().session(actor.account_id) as session:
            operations.publish(session, actor, plan_id, expected_version=version())
        return "已发布。队伍成员在“今日任务”里能看到自己当天的路线。"

    return answered(actor, plan_id, act)


@blueprint.post("/<int:plan_id>/withdraw")
def withdraw(plan_id: int) -> Response:
    """Take a published plan back."""
    actor = require_actor()

    def act() -> str:
        with database().session(actor.account_id) as session:
            operations.withdraw(session, actor, plan_id, expected_version=version())
        return "已撤回。还没有巡查的任务不再有计划日期。"

    return answered(actor, plan_id, act)


@blueprint.post("/<int:plan_id>/copy")
def copy(plan_id: int) -> Response:
    """Make a copy to try something else beside it."""
    actor = require_actor()
    made: list[int] = []

    def act() -> str:
        with database().session(actor.account_id) as session:
            made.append(operations.copy_plan(session, actor, plan_id).id)
        return "这是复制出来的新方案，改动它不影响原方案；改好后可与原方案比较。"

    response = answered(actor, plan_id, act)
    if made:
        response.headers["Location"] = url_for("round_board.show", plan_id=made[0])
    return response


@blueprint.post("/<int:plan_id>/lock")
def lock(plan_id: int) -> Response:
    """Lock or unlock one stop, round, day or team."""
    actor, form = require_actor(), request.form
    key = form.get("key", "")
    number = whole(key) or 0
    wanted = {
        "stop": {"stop_id": number},
        "round": {"round_id": number},
        "team": {"team_id": number},
        "day": {"day": day_or_none(key)},
    }.get(form.get("what", ""), {"stop_id": 0})

    def act() -> None:
        with database().session(actor.account_id) as session:
            operations.set_lock(
                session,
                actor,
                plan_id,
                **wanted,  # type: ignore[arg-type]
                locked=form.get("locked") == "1",
                expected_version=version(),
            )

    return answered(actor, plan_id, act)
