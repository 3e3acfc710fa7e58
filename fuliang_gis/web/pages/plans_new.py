"""The form of a new village plan; a file with its boundary or base year may come along."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask import url_for as address_of
from shapely.geometry.base import BaseGeometry
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis import clock
from fuliang_gis.accounts.policies import require_role
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.areas.models import Division
from fuliang_gis.errors import FuliangError, Invalid, OutsideDivision, Problem, TooLarge
from fuliang_gis.planning import operations, queries
from fuliang_gis.planning.codes import EDITIONS
from fuliang_gis.planning.given import PlanGiven
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages import plans_asked as asked
from fuliang_gis.web.pages import plans_uploads as uploads
from fuliang_gis.web.pages.plans_asked import Typed
from fuliang_gis.web.pages.plans_incoming import boundary_in
from fuliang_gis.web.session import require_actor

#: Refusals that are told inside the form.
_CORRECTABLE = (Invalid, OutsideDivision, TooLarge)


def register(blueprint: Blueprint) -> None:
    """Add the pages."""
    blueprint.get("/new")(show_new)
    blueprint.post("/new")(create)


def show_new() -> AnyResponse:
    """Show the form of a new plan."""
    actor = _planner()
    return make_response(_form(actor, asked.new_asked(request.args, clock.today().year)))


def create() -> AnyResponse:
    """Make the plan, or show the form again with what is wrong; a file that came waits."""
    actor = _planner()
    typed = asked.new_asked(request.form, clock.today().year)
    try:
        kept = _file(actor, typed)
        if kept is not None:
            typed = Typed({**typed.values, "upload": kept.token}, {})
        made = _made(actor, typed, kept)
    except _CORRECTABLE as refusal:
        note_refusal(refusal)
        shown = typed.faulty(*_problems(refusal))
        return make_response(_form(actor, shown), status_of(type(refusal)))
    flash("规划已建立。下一步：导入现状图斑和管控边界。", "ok")
    if kept is not None:
        return redirect(address_of("plans.show_upload", plan_id=made, token=kept.token))
    return redirect(address_of("plans.show_files", plan_id=made))


def _planner() -> Actor:
    actor = require_actor()
    require_role(actor, Permission.DRAFT_PLANS)
    return actor


def _file(actor: Actor, typed: Typed) -> uploads.Upload | None:
    """Return the file that came with the form, or the one that waits from before."""
    sent = request.files.get("boundary")
    if sent is not None and sent.filename:
        try:
            return uploads.keep(sent, actor.account_id)
        except Invalid as refusal:
            raise _beside_boundary(refusal) from refusal
    return uploads.find(typed["upload"], actor.account_id) if typed["upload"] else None


def _beside_boundary(refusal: Invalid) -> Invalid:
    return Invalid([Problem(p.code, p.zh, p.en, "boundary") for p in refusal.problems])


def _made(actor: Actor, typed: Typed, kept: uploads.Upload | None) -> int:
    if problems := asked.year_problems(typed):
        raise Invalid(problems)
    with database().session(actor.account_id) as session:
        code = _village_code(areas.list_divisions(session, level="village"), typed)
        boundary = queries.village_boundary(session, code) if kept is None else _boundary(kept)
        given = PlanGiven(
            code,
            typed["title"],
            int(typed["base_year"]),
            int(typed["target_year"]),
            boundary,
            typed["edition"],
            typed["profile"],
            asked.whole(typed["population"]),
        )
        return operations.create_plan(session, actor, given).id


def _boundary(kept: uploads.Upload) -> BaseGeometry:
    try:
        return boundary_in(kept.data, MultiDict({**request.form}))
    except Invalid as refusal:
        raise _beside_boundary(refusal) from refusal


def _village_code(villages: Sequence[Division], typed: Typed) -> str:
    """Return the village that was typed: by its code, by code and name, or by its own name.

    Raises:
        Invalid: There is none such, or several.
    """
    written = typed["division_code"]
    named = [v.code for v in villages if written in (v.code, v.name, f"{v.code} {v.name}")]
    if len(named) != 1:
        told = (
            f"有 {len(named)} 个村叫“{written}”，请从列表中选择。"
            if named
            else "请选择一个村级区划。输入村名后从列表中选。"
        )
        raise Invalid([Problem("no_village", told, "Choose a village.", "division_code")])
    return named[0]


def _problems(refusal: FuliangError) -> tuple[Problem, ...]:
    if isinstance(refusal, Invalid):
        return refusal.problems
    field = "division_code" if isinstance(refusal, OutsideDivision) else "boundary"
    return (Problem(refusal.code, refusal.text_zh, refusal.text_en, field),)


def _form(actor: Actor, typed: Typed) -> str:
    with database().session() as session:
        found = areas.list_divisions(session, level="village")
        townships = {d.code: d.name for d in areas.list_divisions(session, level="township")}
    villages = [v for v in found if v.code.startswith(actor.scope)]
    chosen = next((v for v in villages if v.code == typed["division_code"]), None)
    if chosen is not None and not typed["title"]:
        years = f"{typed['base_year']}—{typed['target_year']} 年"
        typed = Typed({**typed.values, "title": f"{chosen.name}村庄规划（{years}）"}, typed.faults)
    return render_template(
        "plans/new.html",
        typed=typed,
        villages=villages,
        townships=townships,
        chosen=chosen,
        editions=EDITIONS,
        profiles=asked.profiles(),
        limit_mb=uploads.LIMIT_MB,
    )
