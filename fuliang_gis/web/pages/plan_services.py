"""Services of a plan: who reaches them, where further ones fit, what the sun yields."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from shapely.geometry.base import BaseGeometry
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.paging import Page
from fuliang_gis.errors import Conflict, FuliangError, Invalid, WrongState
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.planning.projects import facilities
from fuliang_gis.planning.projects.models import PlanFacility
from fuliang_gis.planning.projects.queries import facilities as proposed_facilities
from fuliang_gis.planning.services.coverage import Coverage, Reach
from fuliang_gis.planning.services.norms import service_norms
from fuliang_gis.planning.services.siting import MODELS
from fuliang_gis.planning.services.ways import MODES
from fuliang_gis.planning.serving import Ground, Laid, ground_of
from fuliang_gis.planning.siting import MOST_SITES, Siting, siting_of, take_up
from fuliang_gis.planning.sun import ON, take_up_pv
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages.plan_services_asked import (
    LONGEST_NAME,
    Chosen,
    Taking,
    chosen,
    pv_taken,
    sites_taken,
    sun,
)
from fuliang_gis.web.pages.plan_services_pv import Sunshine, sunshine
from fuliang_gis.web.pages.plans_asked import whole
from fuliang_gis.web.pages.plans_view import Looked, look
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("plan_services", __name__, url_prefix="/plans")

#: Addresses name no plan beyond what keys can hold.
_PLAN = "/<int:plan_id>"
PAGE_SIZE = 20
#: As many facilities are listed; those that serve most come first.
_LISTED = 20
_TOLD = (Invalid, Conflict, WrongState)
#: Kinds of proposed facilities that no service of its own speaks of.
_OTHER_KINDS = {"pv_station": "光伏电站", "other": "其他"}


@dataclass(frozen=True)
class Shown:
    """What the page shows of one scheme; ``told`` is why there is nothing."""

    ground: Ground | None
    siting: Siting | None
    told: str = ""


@blueprint.get(f"{_PLAN}/services")
def show(plan_id: int) -> str:
    """Show who reaches a service in time, and sites where they were asked for."""
    return _page(require_actor(), plan_id)


@blueprint.post(f"{_PLAN}/services/sites")
def adopt(plan_id: int) -> AnyResponse:
    """Take up the ticked sites: a proposed facility and a project each."""
    actor, (service, minutes, sites) = require_actor(), sites_taken()
    expected = whole(request.form.get("version", ""))
    try:
        with database().session(actor.account_id) as session:
            made = take_up(
                session, actor, plan_id, service, sites, minutes=minutes, expected=expected
            )
    except _TOLD as refusal:
        note_refusal(refusal)
        return make_response(_page(actor, plan_id, refusal), status_of(type(refusal)))
    flash(f"已采纳 {len(made)} 个站点：已记入规划设施，并加入近期建设项目表。", "ok")
    return _back(plan_id, service=service, minutes=minutes or None)


@blueprint.post(f"{_PLAN}/services/pv")
def adopt_pv(plan_id: int) -> AnyResponse:
    """Take an estimated PV station up: a proposed facility and a project."""
    actor, taking = require_actor(), pv_taken()
    expected = whole(request.form.get("version", ""))
    try:
        with database().session(actor.account_id) as session:
            made = take_up_pv(session, actor, plan_id, taking.taken, expected=expected)
    except _TOLD as refusal:
        note_refusal(refusal)
        page = _page(actor, plan_id, refusal, taking)
        return make_response(page, status_of(type(refusal)))
    flash(f"已采纳“{made.name}”：已记入规划设施，并加入近期建设项目表第 {made.ordinal} 行。", "ok")
    return _back(plan_id, _anchor="proposed-facilities")


@blueprint.post(f"{_PLAN}/services/facilities/<int:facility_id>/remove")
def remove(plan_id: int, facility_id: int) -> AnyResponse:
    """Take a proposed facility away."""
    actor = require_actor()
    expected = whole(request.form.get("version", ""))
    try:
        with database().session(actor.account_id) as session:
            facilities.remove(session, actor, plan_id, facility_id, expected=expected)
    except _TOLD as refusal:
        note_refusal(refusal)
        return make_response(_page(actor, plan_id, refusal), status_of(type(refusal)))
    flash("已删除规划设施；项目表中的项目仍在。", "ok")
    return _back(plan_id)


def _back(plan_id: int, **asked: object) -> AnyResponse:
    address = url_for("plan_services.show", plan_id=plan_id, **asked)  # type: ignore[arg-type]
    return redirect(address, HTTPStatus.SEE_OTHER)


def _page(
    actor: Actor, plan_id: int, refusal: FuliangError | None = None, taking: Taking | None = None
) -> str:
    wanted = chosen()
    with database().session() as session:
        looked = look(session, actor, plan_id)
        shown = _shown(session, actor, looked, wanted)
        proposed = list(proposed_facilities(session, plan_id))
        shining = _sunshine(session, actor, looked, taking)
    norms = service_norms()
    return render_template(
        "plans/services.html",
        looked=looked,
        chosen=wanted,
        shown=shown,
        coverage=shown.ground.coverage if shown.ground else None,
        missed=_missed(shown.ground.coverage, wanted.page) if shown.ground else None,
        serving=_serving(shown.ground) if shown.ground else [],
        sites=_for_map(shown.siting),
        proposed=proposed,
        kind_name=_kind_name,
        shining=shining,
        norms=norms,
        service=norms.services[wanted.asked.service],
        modes=MODES,
        models=MODELS,
        most_sites=MOST_SITES,
        longest=LONGEST_NAME,
        faults=_faults(refusal),
        taking=taking.typed if taking else {},
        taking_faults=_by_field(refusal) if taking else {},
        on=ON,
    )


def _shown(session: Transaction, actor: Actor, looked: Looked, wanted: Chosen) -> Shown:
    if looked.shown is None or not looked.ordinal:
        return Shown(None, None, "这个方案还没有图斑。请先导入现状或绘制方案，再分析设施服务。")
    try:
        laid = Laid(looked.plan, looked.scheme, looked.ordinal)
        ground = ground_of(session, actor, laid, wanted.asked)
        if not ground.demands:
            return Shown(ground, None, "没有宅基地图斑（0703），无法计算住户。请检查方案或现状。")
        if wanted.model is None:
            return Shown(ground, None)
        found = siting_of(
            session,
            looked.plan,
            ground,
            wanted.model,
            wanted.sites,
            with_permits=wanted.permits,
        )
    except Invalid as refusal:
        return Shown(None, None, "".join(problem.zh for problem in refusal.problems))
    return Shown(ground, found)


def _sunshine(
    session: Transaction, actor: Actor, looked: Looked, taking: Taking | None
) -> Sunshine:
    middle: BaseGeometry = looked.boundary.centroid
    x, y = middle.bounds[:2]
    form = request.form if taking else None
    return sunshine(session, actor, looked.plan.division_code, sun(x, y, form))


def _missed(found: Coverage, page: int) -> Page[Reach]:
    late = found.missed
    begin = (page - 1) * PAGE_SIZE
    return Page(late[begin : begin + PAGE_SIZE], len(late), page, PAGE_SIZE)


def _serving(ground: Ground) -> list[tuple[object, int]]:
    both = list(zip(ground.facilities, ground.coverage.load, strict=True))
    return sorted(both, key=lambda each: -each[1])[:_LISTED]  # type: ignore[return-value]


def _for_map(siting: Siting | None) -> list[dict[str, object]]:
    if siting is None:
        return []
    return [
        {"x": each.candidate.x, "y": each.candidate.y, "homesteads": list(each.parcels)}
        for each in siting.sites
    ]


def _kind_name(facility: PlanFacility) -> str:
    service = service_norms().services.get(facility.kind)
    return service.zh if service else _OTHER_KINDS.get(facility.kind, facility.kind)


def _by_field(refusal: FuliangError | None) -> dict[str, str]:
    problems = refusal.problems if isinstance(refusal, Invalid) else ()
    return {str(problem.field): problem.zh for problem in problems}


def _faults(refusal: FuliangError | None) -> list[str]:
    if refusal is None:
        return []
    if isinstance(refusal, Invalid):
        return [problem.zh for problem in refusal.problems]
    return [refusal.text_zh]
