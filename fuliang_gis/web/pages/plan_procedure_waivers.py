"""Waivers of a plan: the findings that a permit allows, what was granted and what taken back."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.planning import waivers
from fuliang_gis.planning.models import UNDECIDED
from fuliang_gis.web.context import database
from fuliang_gis.web.pages.plan_procedure_asked import Typed, attempt, seen, text
from fuliang_gis.web.session import require_actor


def register(blueprint: Blueprint) -> None:
    """Add the pages."""
    blueprint.get("/waivers")(show_waivers)
    blueprint.post("/waivers")(grant_waiver)
    blueprint.post("/waivers/<int:waiver_id>/revoke")(revoke_waiver)


def show_waivers(plan_id: int) -> str:
    """Show what waits for a waiver, and the record of those granted."""
    return _page(plan_id, Typed())


def grant_waiver(plan_id: int) -> AnyResponse:
    """Grant what a finding says needs a permit."""

    def act(session: Transaction, actor: Actor) -> None:
        waivers.grant(session, actor, plan_id, text("parcel"), text("article"), text("reason"))

    form = f"{text('parcel')}|{text('article')}"
    return _attempt(plan_id, act, form, "已登记例外。")


def revoke_waiver(plan_id: int, waiver_id: int) -> AnyResponse:
    """Take a waiver back."""

    def act(session: Transaction, actor: Actor) -> None:
        waivers.revoke(session, actor, plan_id, waiver_id)

    return _attempt(plan_id, act, f"revoke-{waiver_id}", "已撤销例外，记录仍然保留。")


def _attempt(
    plan_id: int, act: Callable[[Transaction, Actor], object], form: str, done: str
) -> AnyResponse:
    def page(typed: Typed) -> str:
        return _page(plan_id, typed)

    to = url_for("plan_procedure.show_waivers", plan_id=plan_id)
    return attempt(act, page, form=form, done=done, to=to)


def _page(plan_id: int, typed: Typed) -> str:
    actor = require_actor()
    with database().session() as session:
        found = seen(session, actor, plan_id)
        plan = found.row.plan
        undecided = plan.state in UNDECIDED
        permits = waivers.waivable(session, plan) if undecided else []
        rows = waivers.waivers(session, plan)
    return render_template(
        "plans/procedure_waivers.html",
        seen=found,
        plan=plan,
        permits=permits,
        rows=rows,
        undecided=undecided,
        grants=undecided and found.may(Permission.REVIEW_PLANS),
        longest=waivers.LONGEST_REASON,
        typed=typed,
    )
