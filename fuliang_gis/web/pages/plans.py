"""Village plans: the list, and one plan with its schemes and their versions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from http import HTTPStatus

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask import url_for as address_of
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis.accounts.policies import has
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.cartography import villages
from fuliang_gis.errors import Conflict, Duplicate, FuliangError, Invalid, NotFound, WrongState
from fuliang_gis.exchange.plans.colours import colour_of, line_colour
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.planning import listing, operations, queries, schemes
from fuliang_gis.planning.codes import EDITIONS, land_uses
from fuliang_gis.planning.norms import line_norms
from fuliang_gis.planning.standing import report_at
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages import (
    plans_asked,
    plans_compare,
    plans_files,
    plans_findings,
    plans_import,
    plans_new,
    plans_tables,
)
from fuliang_gis.web.pages.common import in_sight
from fuliang_gis.web.pages.plans_asked import SEVERITIES
from fuliang_gis.web.pages.plans_view import look
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("plans", __name__, url_prefix="/plans")

#: The tabs of a plan's pages in their order; those that the service has are shown.
TABS = (
    ("plans.show", "概览与方案"),
    ("plans.show_findings", "问题"),
    ("plans.show_tables", "表格"),
    ("plans.show_compare", "对比"),
    ("plan_procedure.show_goals", "目标"),
    ("plan_procedure.show_projects", "项目"),
    ("plan_services.show", "设施服务"),
    ("plan_procedure.show_participation", "参与"),
    ("plan_procedure.show", "流程"),
    ("plan_procedure.show_opinions", "意见"),
    ("plans.show_files", "文件"),
)
#: Colour of the word that tells how far a plan got.
TONES = {
    "draft": "info",
    "assembly": "warn",
    "township": "warn",
    "notice": "warn",
    "county": "warn",
    "approved": "ok",
    "published": "ok",
    "in_force": "ok",
    "replaced": "plain",
}
PAGE_SIZE = 25
VERSIONS_SIZE = 10
#: What never changes while the service runs may be kept by browsers for a day [s].
_A_DAY = "public, max-age=86400"
#: Refusals that are told on the plan's page, above its schemes.
_TOLD = (Invalid, Duplicate, Conflict, WrongState)

for module in (plans_new, plans_findings, plans_tables, plans_files, plans_import, plans_compare):
    module.register(blueprint)


@blueprint.get("")
def show_list() -> str:
    """List the plans inside one's division, or the key villages that have none."""
    actor, chosen = require_actor(), plans_asked.list_asked()
    with database().session() as session:
        townships = in_sight(actor, areas.list_divisions(session, level="township"))
        counts = listing.states(session, actor)
        without = listing.unplanned_count(session, actor)
        page = (
            listing.unplanned(session, actor, chosen.wanted, chosen.page, PAGE_SIZE)
            if chosen.without
            else listing.plan_page(session, actor, chosen.wanted, chosen.page, PAGE_SIZE)
        )
    return render_template(
        "plans/list.html",
        page=page,
        chosen=chosen,
        townships=townships,
        counts=counts,
        without=without,
        columns=_COLUMNS,
        levels=villages.key_levels(),
        may_draft=has(actor, Permission.DRAFT_PLANS),
    )


#: Columns of the list: what it sorts by, heading, whether it is a number.
_COLUMNS = (
    ("village", "村", False),
    ("title", "规划名称", False),
    ("state", "状态", False),
    ("years", "基期—目标年", False),
    ("area", "村域面积（公顷）", True),
    ("schemes", "方案", True),
    ("saved", "最近保存", False),
)


@blueprint.get("/codes.json")
def codes() -> Response:
    """Give the land-use codes of an edition with their colours; anybody may read them."""
    edition = request.args.get("edition", EDITIONS[0])
    if edition not in EDITIONS:
        raise NotFound(what="用地分类版本", key=edition)
    return _kept(_codes(edition))


@blueprint.get("/control-lines.json")
def control_lines() -> Response:
    """Give the kinds of control lines with their colours; anybody may read them."""
    names = line_norms().names
    return _kept([{"code": c, "zh": zh, "colour": line_colour(c)} for c, zh in names.items()])


@cache
def _codes(edition: str) -> list[dict[str, object]]:
    return [
        {
            "code": use.code,
            "zh": use.zh,
            "en": use.en,
            "parent": use.parent,
            "level": use.level,
            "construction": use.construction,
            "colour": colour_of(edition, use.code, "standard"),
            "village_colour": use.village_colour,
        }
        for use in land_uses(edition).values()
    ]


def _kept(found: list[dict[str, object]]) -> Response:
    response = make_response(found)
    response.headers["Cache-Control"] = _A_DAY
    return response


@blueprint.get("/<int:plan_id>")
def show(plan_id: int) -> str:
    """Show one plan: its facts, the map of a scheme, all schemes, the versions of the one shown."""
    return _page(require_actor(), plan_id)


def _page(actor: Actor, plan_id: int, refusal: FuliangError | None = None) -> str:
    at = plans_asked.whole(request.args.get("vpage", "")) or 1
    with database().session() as session:
        looked = look(session, actor, plan_id)
        versions = queries.versions(session, looked.scheme.id, at, VERSIONS_SIZE)
    told = [p.zh for p in refusal.problems] if isinstance(refusal, Invalid) else []
    return render_template(
        "plans/show.html",
        looked=looked,
        versions=versions,
        faults=told or ([refusal.text_zh] if refusal else []),
        longest=schemes.LONGEST_TITLE,
        typed=request.form.get("title", ""),
    )


@blueprint.get("/<int:plan_id>/counts")
def show_counts(plan_id: int) -> str:
    """Give how many findings the scheme has by severity, for the plan's page."""
    actor = require_actor()
    with database().session() as session:
        looked = look(session, actor, plan_id)
        _, told = report_at(session, looked.plan, looked.scheme, looked.ordinal)
    counts = dict.fromkeys(SEVERITIES, 0)
    for each in told.findings:
        counts[each.severity] += 1
    return render_template(
        "plans/_counts.html", looked=looked, counts=counts, severities=SEVERITIES
    )


# --- schemes ---


@blueprint.post("/<int:plan_id>/schemes/<int:scheme_id>/copy")
def copy_scheme(plan_id: int, scheme_id: int) -> AnyResponse:
    """Add a scheme that begins as another one is."""
    actor, title = require_actor(), _title()

    def act() -> tuple[str, int]:
        with database().session(actor.account_id) as session:
            _belongs(session, actor, plan_id, scheme_id)
            made = operations.branch(session, actor, scheme_id, title)
            return f"已复制为方案“{made.title}”。", made.id

    return _answered(actor, plan_id, act)


@blueprint.post("/<int:plan_id>/schemes/<int:scheme_id>/name")
def rename_scheme(plan_id: int, scheme_id: int) -> AnyResponse:
    """Call a scheme otherwise."""
    actor, title = require_actor(), _title()

    def act() -> tuple[str, int]:
        with database().session(actor.account_id) as session:
            _belongs(session, actor, plan_id, scheme_id)
            done = schemes.rename(session, actor, scheme_id, title)
            return f"方案已改名为“{done.title}”。", done.id

    return _answered(actor, plan_id, act)


@blueprint.post("/<int:plan_id>/schemes/<int:scheme_id>/choose")
def choose_scheme(plan_id: int, scheme_id: int) -> AnyResponse:
    """Make a scheme the one that the plan stands for."""
    actor = require_actor()

    def act() -> tuple[str, int]:
        with database().session(actor.account_id) as session:
            _belongs(session, actor, plan_id, scheme_id)
            done = schemes.choose(session, actor, scheme_id)
            return f"“{done.title}”现为主方案。", done.id

    return _answered(actor, plan_id, act)


@blueprint.post("/<int:plan_id>/schemes/<int:scheme_id>/restore")
def restore_scheme(plan_id: int, scheme_id: int) -> AnyResponse:
    """Make a scheme again what it was at a version; the versions between stay."""
    actor = require_actor()
    ordinal = plans_asked.whole(request.form.get("ordinal", ""))
    expected = plans_asked.whole(request.form.get("head", ""))

    def act() -> tuple[str, int]:
        with database().session(actor.account_id) as session:
            _belongs(session, actor, plan_id, scheme_id)
            kept = operations.restore(session, actor, scheme_id, ordinal or 0, expected=expected)
            told = f"已恢复到第 {ordinal} 版的内容，保存为第 {kept.ordinal} 版；中间各版仍可查看。"
            return told, scheme_id

    return _answered(actor, plan_id, act)


def _belongs(session: Transaction, actor: Actor, plan_id: int, scheme_id: int) -> None:
    plan, _ = queries.scheme(session, actor, scheme_id)
    if plan.id != plan_id:
        raise NotFound(what="规划方案", key=scheme_id)


def _title() -> str:
    return request.form.get("title", "").replace("\0", "").strip()


def _answered(actor: Actor, plan_id: int, act: Callable[[], tuple[str, int]]) -> AnyResponse:
    """Act, then go back to the scheme; what is refused is told on the plan's page."""
    try:
        told, scheme_id = act()
    except _TOLD as refusal:
        note_refusal(refusal)
        return make_response(_page(actor, plan_id, refusal), status_of(type(refusal)))
    flash(told, "ok")
    back = address_of("plans.show", plan_id=plan_id, scheme=scheme_id)
    return redirect(back, HTTPStatus.SEE_OTHER)
