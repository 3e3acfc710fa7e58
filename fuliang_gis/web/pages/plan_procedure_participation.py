"""What villagers took part in: the report of five kinds, written down and taken away."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.planning.fetching import PLAN_POSTS
from fuliang_gis.planning.models import UNDECIDED
from fuliang_gis.planning.procedure import participation, queries
from fuliang_gis.planning.procedure.participation import KIND_NAMES, ParticipationGiven
from fuliang_gis.web.context import database
from fuliang_gis.web.pages.plan_procedure_asked import (
    Typed,
    attempt,
    counted,
    day,
    seen,
    text,
)
from fuliang_gis.web.session import require_actor

_NUMBERS = ("entitled", "attended", "in_favour", "against", "abstained")


def register(blueprint: Blueprint) -> None:
    """Add the pages."""
    blueprint.get("/participation")(show_participation)
    blueprint.post("/participation")(add_participation)
    blueprint.post("/participation/<int:row_id>/remove")(remove_participation)


def show_participation(plan_id: int) -> str:
    """Show the report of participation, by day, and the form to add to it."""
    return _page(plan_id, Typed())


def add_participation(plan_id: int) -> AnyResponse:
    """Write down what villagers took part in."""

    def act(session: Transaction, actor: Actor) -> None:
        given = ParticipationGiven(
            text("kind"), day("held_on"), **counted(_NUMBERS), place=text("place"),
            summary=text("summary"),
        )  # fmt: skip
        participation.add(session, actor, plan_id, given)

    return _attempt(plan_id, act, "add", "已登记。")


def remove_participation(plan_id: int, row_id: int) -> AnyResponse:
    """Take away what was written down by mistake."""

    def act(session: Transaction, actor: Actor) -> None:
        participation.remove(session, actor, plan_id, row_id)

    return _attempt(plan_id, act, "remove", "已删除。")


def _attempt(
    plan_id: int, act: Callable[[Transaction, Actor], object], form: str, done: str
) -> AnyResponse:
    def page(typed: Typed) -> str:
        return _page(plan_id, typed)

    to = url_for("plan_procedure.show_participation", plan_id=plan_id)
    return attempt(act, page, form=form, done=done, to=to)


def _page(plan_id: int, typed: Typed) -> str:
    actor = require_actor()
    with database().session() as session:
        found = seen(session, actor, plan_id)
        rows = queries.participation(session, plan_id)
        bound = queries.bound(session, plan_id)
    return render_template(
        "plans/participation.html",
        seen=found,
        plan=found.row.plan,
        rows=rows,
        bound=bound,
        kinds=KIND_NAMES,
        writes=found.row.plan.state in UNDECIDED and found.may(*PLAN_POSTS),
        typed=typed,
        today=clock.today(),
    )
