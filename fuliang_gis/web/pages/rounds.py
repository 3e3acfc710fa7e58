"""Plans of inspection rounds: the list, the form of a new one, and what is done with one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from werkzeug.datastructures import MultiDict

from fuliang_gis import clock
from fuliang_gis.accounts.policies import has
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.errors import Conflict, FuliangError, Invalid, WrongState
from fuliang_gis.inspections.duties.compliance_queries import division_names
from fuliang_gis.inspections.norms import norms
from fuliang_gis.inspections.rounds import counting, operations, queries
from fuliang_gis.inspections.rounds import teams as crews
from fuliang_gis.inspections.rounds.queries import PLAN_STATE_NAMES, PlanRow
from fuliang_gis.inspections.rounds.teams import TeamRow
from fuliang_gis.locations.registry import layers
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages.common import planner
from fuliang_gis.web.pages.rounds_asked import (
    HORIZONS,
    PAGE_SIZES,
    Typed,
    asked,
    given_of,
    plan_given,
    plan_typed,
    typed,
    version,
)
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("rounds", __name__, url_prefix="/rounds")

_CONFLICT = "别人刚刚改动了这个方案，您的修改未保存。再点一次保存，即以下面的内容为准。"
#: Teams on offer for one plan.
_MOST_TEAMS = 200
#: Colour of the word for each state of a plan.
TONES: Mapping[str, str] = {
    "draft": "",
    "solving": "info",
    "solved": "warn",
    "failed": "bad",
    "published": "ok",
    "withdrawn": "",
}


@blueprint.app_template_filter("hours")
def hours_text(seconds: float | None) -> str:
    """Return a length of time as people say it.

    >>> hours_text(59 * 60), hours_text(3600), hours_text(7 * 3600 + 1500)
    ('59 分', '1 时', '7 时 25 分')
    """
    if seconds is None:
        return "—"
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return f"{minutes} 分"
    return f"{hours} 时 {minutes} 分" if minutes else f"{hours} 时"


@blueprint.app_template_filter("way")
def way_text(metres: float | None) -> str:
    """Return a distance as people say it.

    >>> way_text(80), way_text(1234), way_text(123_456)
    ('80 米', '1.2 公里', '123 公里')
    """
    if metres is None:
        return "—"
    if round(metres) < 1000:
        return f"{metres:.0f} 米"
    return f"{metres / 1000:.1f} 公里" if metres < 100_000 else f"{metres / 1000:,.0f} 公里"


@blueprint.get("")
def show_list() -> str:
    """Show the plans of one's own division, the latest days first."""
    actor = require_actor()
    chosen = asked(actor)
    with database().reading() as session:
        page = queries.plans(
            session,
            actor,
            chosen.filters,
            page=chosen.page,
            size=chosen.size,
            sort=chosen.sort,
            descending=chosen.descending,
        )
        townships = division_names(session, actor.scope, "township")
        # Plans of teams that are retired are looked for too.
        teams = crews.teams(session, actor, active=None, size=_MOST_TEAMS).rows
    return render_template(
        "rounds/list.html",
        chosen=chosen,
        page=page,
        townships=townships,
        states=PLAN_STATE_NAMES,
        tones=TONES,
        teams=teams,
        sizes=PAGE_SIZES,
        may_plan=has(actor, Permission.MANAGE_ROUNDS),
    )


@blueprint.get("/new")
def show_new() -> str:
    """Show the form of a plan, with proposals and with what waits to be planned."""
    actor = planner()
    return _form_page(actor, _typed(actor))


@blueprint.post("/new")
def create() -> Response:
    """Add the plan and start to solve it, or show the form again with what is wrong."""
    actor = planner()
    form = _typed(actor)
    try:
        with database().session(actor.account_id) as session:
            plan = operations.create_plan(session, actor, plan_given(form))
            if "later" not in request.form:
                operations.queue_plan(session, actor, plan.id, expected_version=plan.version)
    except Invalid as refusal:
        note_refusal(refusal)
        return make_response(_form_page(actor, form, refusal), status_of(type(refusal)))
    flash(f"已新建“{plan.title}”。", "ok")
    address = url_for("round_board.show", plan_id=plan.id)
    return make_response(redirect(address, HTTPStatus.SEE_OTHER))


@blueprint.get("/<int:plan_id>/edit")
def show_edit(plan_id: int) -> str:
    """Show what a plan is asked for, to be changed."""
    actor = planner()
    with database().reading() as session:
        detail = queries.plan_detail(session, actor, plan_id)
    given = request.args if "horizon_was" in request.args else plan_typed(detail)
    form = _typed(actor, given, detail.plan)
    return _form_page(actor, form, plan=detail.plan)


@blueprint.post("/<int:plan_id>/edit")
def edit(plan_id: int) -> Response:
    """Change what a plan is asked for; its rounds stay until it is solved again."""
    actor = planner()
    with database().reading() as session:
        detail = queries.plan_detail(session, actor, plan_id)
    form = _typed(actor, request.form, detail.plan)
    try:
        with database().session(actor.account_id) as session:
            given = replace(plan_given(form), apart=given_of(detail).apart)
            plan = operations.change_plan(
                session, actor, plan_id, given, expected_version=version()
            )
            if "later" not in request.form:
                operations.queue_plan(session, actor, plan_id, expected_version=plan.version)
    except (Invalid, Conflict, WrongState) as refusal:
        note_refusal(refusal)
        page = _form_page(actor, form, refusal, plan=detail.plan)
        return make_response(page, status_of(type(refusal)))
    flash("已保存。" if "later" in request.form else "已保存，正在按新的要求求解。", "ok")
    address = url_for("round_board.show", plan_id=plan_id)
    return make_response(redirect(address, HTTPStatus.SEE_OTHER))


def _typed(
    actor: Actor, given: MultiDict[str, str] | None = None, plan: PlanRow | None = None
) -> Typed:
    if given is None:
        given = request.form if request.method == "POST" else request.args
    offered = {plan.division_code: plan.division_name} if plan else _divisions(actor)
    scope = plan.division_code if plan else actor.scope
    return typed(given, clock.today(), scope, offered)


def _divisions(actor: Actor) -> dict[str, str]:
    """Return the divisions that a plan of the actor may be for: the own one and its townships."""
    with database().reading() as session:
        below = areas.list_divisions(session, parent=actor.scope) if len(actor.scope) == 6 else ()
    return {actor.scope: actor.scope_name, **{each.code: each.name for each in below}}


def _form_page(
    actor: Actor,
    form: Typed,
    refusal: FuliangError | None = None,
    *,
    plan: PlanRow | None = None,
) -> str:
    today = clock.today()
    with database().reading() as session:
        found = crews.teams(session, actor, division=form.division, size=_MOST_TEAMS).rows
        chosen = _chosen(found, form)
        waits = None
        if form.span is not None:
            waits = counting.waiting(
                session, actor, form.division, form.span, today, early=form.early
            )
    days, seconds = counting.team_days(chosen, form.span) if form.span else (0, 0)
    problems = refusal.problems if isinstance(refusal, Invalid) else ()
    return render_template(
        "rounds/new.html",
        form=form,
        plan=plan,
        horizons=HORIZONS,
        divisions={plan.division_code: plan.division_name} if plan else _divisions(actor),
        teams=found,
        chosen={team.id for team in chosen},
        waits=waits,
        lacking=_lacking(chosen, waits),
        days=days,
        seconds=seconds,
        skills=crews.skills(),
        purposes=norms().purposes,
        layers=layers(),
        today=today,
        told=_CONFLICT if isinstance(refusal, Conflict) else refusal and refusal.text_zh,
        faults={problem.field or "": problem.zh for problem in problems},
    )


def _chosen(found: Sequence[TeamRow], form: Typed) -> list[TeamRow]:
    return [team for team in found if form.team_ids is None or team.id in form.team_ids]


def _lacking(chosen: Sequence[TeamRow], waits: counting.Waiting | None) -> dict[str, int]:
    """Return what waits but takes a skill that none of the teams has, by purpose."""
    held = {skill for team in chosen for skill in team.skills}
    return {
        name: count for name, count in (waits.skilled if waits else {}).items() if name not in held
    }
