"""The board of one plan: while it is solved, and its rounds by team and day."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
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
from fuliang_gis.accounts.audit import ACTION_NAMES
from fuliang_gis.accounts.policies import may
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import Conflict, FuliangError, Invalid, VersionRequired, WrongState
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.inspections.norms import norms
from fuliang_gis.inspections.rounds import queries
from fuliang_gis.inspections.rounds.queries import RoundLine, SolvingProgress
from fuliang_gis.locations.registry import layers
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages.asked import day_or_none
from fuliang_gis.web.pages.rounds import TONES
from fuliang_gis.web.pages.rounds_view import (
    FULL,
    VIEWS,
    board_of,
    look_at,
    map_line,
    numbered,
)
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("round_board", __name__, url_prefix="/rounds")

#: Refusals that are told on the board.
CORRECTABLE = (Invalid, Conflict, WrongState, VersionRequired)
_CONFLICT = "别人刚刚改动了这个方案，您的这一步没有执行。下面已是最新内容，请核对后重新操作。"
#: Spans shorter than this are asked for day by day, longer ones as a whole [days].
_BY_DAY = 8
_STOP_TONES: Mapping[str, str] = {"planned": "", "done": "ok", "missed": "bad"}


@blueprint.get("/<int:plan_id>")
def show(plan_id: int) -> str:
    """Show a plan; which week and which round stand in the address."""
    return board_page(require_actor(), plan_id)


def board_page(
    actor: Actor, plan_id: int, refusal: FuliangError | None = None, done: str | None = None
) -> str:
    """Return the board, with a refusal or what was done told above it."""
    today = clock.today()
    with database().reading() as session:
        detail = queries.plan_detail(session, actor, plan_id)
        progress = None
        if detail.plan.state == "solving":
            progress = queries.plan_progress(session, actor, plan_id)
    look = look_at(detail.plan, request.args, today)
    board = board_of(detail, look, today)
    return render_template(
        "rounds/board.html",
        detail=detail,
        plan=detail.plan,
        board=board,
        look=look,
        progress=progress,
        curve=curve_of(progress) if progress else None,
        views=VIEWS,
        tones=TONES,
        stop_tones=_STOP_TONES,
        full=FULL,
        layers=layers(),
        purposes=norms().purposes,
        today=today,
        may_plan=may(actor, Permission.MANAGE_ROUNDS, detail.plan.division_code),
        told=told_of(refusal),
        done=done,
        problems=refusal.problems if isinstance(refusal, Invalid) else (),
    )


def told_of(refusal: FuliangError | None) -> str | None:
    """Return what is said above a page about a refusal."""
    if isinstance(refusal, (Conflict, VersionRequired)):
        return _CONFLICT
    return refusal.text_zh if refusal else None


def answered(
    actor: Actor, plan_id: int, act: Callable[[], str | None], address: str | None = None
) -> Response:
    """Do an act and go back to the board, or show the board with why it was not done.

    htmx gets the board at once, a refusal as a problem, which the page shows as a message.
    """
    inside = "HX-Request" in request.headers
    try:
        message = act()
    except CORRECTABLE as refusal:
        if inside:
            raise
        note_refusal(refusal)
        return make_response(board_page(actor, plan_id, refusal), status_of(type(refusal)))
    if inside:
        return make_response(board_page(actor, plan_id, done=message))
    if message:
        flash(message, "ok")
    where = address or url_for("round_board.show", plan_id=plan_id, **request.args)  # type: ignore[arg-type]
    return make_response(redirect(where, HTTPStatus.SEE_OTHER))


# --- what the board asks for by itself ---


@blueprint.get("/<int:plan_id>/progress")
def show_progress(plan_id: int) -> Response:
    """Give how far the search is; once it has ended, the whole page is to be read again."""
    actor = require_actor()
    with database().reading() as session:
        progress = queries.plan_progress(session, actor, plan_id)
    if "HX-Request" not in request.headers:
        return make_response(redirect(url_for("round_board.show", plan_id=plan_id)))
    if progress.state != "solving":
        return Response("", headers={"HX-Refresh": "true"})
    page = render_template(
        "rounds/_progress.html",
        plan_id=plan_id,
        progress=progress,
        curve=curve_of(progress),
        may_plan="cancel" in request.args,
    )
    return make_response(page)


@blueprint.get("/<int:plan_id>/lines.json")
def lines(plan_id: int) -> Response:
    """Give the rounds in sight as lines over the roads, for the map.

    The address names the plan's version, so a browser may keep the answer.
    """
    actor = require_actor()
    first, last = (day_or_none(request.args.get(name, "")) for name in ("from", "to"))
    with database().reading() as session:
        found = _lines(session, actor, plan_id, first, last)
    numbers = numbered((each.day, each.team_name, each.team_id, each.round_id) for each in found)
    told = [map_line(each, numbers[each.round_id]) for each in found]
    headers = {"Cache-Control": "private, max-age=86400"} if "v" in request.args else {}
    return Response(json.dumps(told, ensure_ascii=False), 200, headers, "application/json")


def _lines(
    session: Transaction, actor: Actor, plan_id: int, first: date | None, last: date | None
) -> list[RoundLine]:
    """Return the lines of some days of a plan, or of all its days."""
    if first is None or last is None or not 0 <= (last - first).days < _BY_DAY:
        found = queries.round_geometry(session, actor, plan_id)
        return [each for each in found if (first or each.day) <= each.day <= (last or each.day)]
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [
        each for day in days for each in queries.round_geometry(session, actor, plan_id, day=day)
    ]


@blueprint.get("/<int:plan_id>/history")
def show_history(plan_id: int) -> str:
    """Show what was done with a plan, by whom."""
    actor = require_actor()
    with database().reading() as session:
        events = queries.plan_history(session, actor, plan_id)
        names = queries.moved_names(session, events)
    title = next((str(each.detail["title"]) for each in events if "title" in each.detail), "方案")
    return render_template(
        "rounds/history.html",
        plan_id=plan_id,
        title=title,
        events=events,
        names=names,
        actions=ACTION_NAMES,
    )


@blueprint.get("/<int:plan_id>/turns/<int:round_id>")
def show_turns(plan_id: int, round_id: int) -> str:
    """Show the directions of one round."""
    actor = require_actor()
    with database().reading() as session:
        driven = queries.one_round(session, actor, round_id)
        turns = queries.turn_list(session, actor, round_id)
    inside = "HX-Request" in request.headers
    return render_template(
        "rounds/_turns.html" if inside else "rounds/turns.html",
        plan_id=plan_id,
        driven=driven,
        turns=turns,
        inside=inside,
    )


#: Size of the drawing of a curve.
CURVE_WIDTH, CURVE_HEIGHT = 600, 120


def curve_of(progress: SolvingProgress) -> dict[str, object]:
    """Return a search's curve as a drawing's points, with what it says."""
    points = progress.curve
    if not points:
        return {"points": "", "elapsed": 0, "best": None, "saved": None, "part": 0}
    elapsed = points[-1][0]
    wide = max(progress.seconds, elapsed, 1.0)
    costs = [cost for _, cost in points]
    low, high = min(costs), max(costs)
    # The first find is often far off; all of it is shown, on a scale from the best one.
    tall = (high - low) or 1.0
    room = CURVE_HEIGHT - 8
    drawn = [
        f"{CURVE_WIDTH * seconds / wide:.1f},{4 + room * (1 - (cost - low) / tall):.1f}"
        for seconds, cost in points
    ]
    saved = 100 * (high - low) / high if high else 0.0
    return {
        "points": " ".join(drawn),
        "elapsed": elapsed,
        "best": low,
        "saved": saved,
        "part": min(100.0, 100 * elapsed / wide),
    }
