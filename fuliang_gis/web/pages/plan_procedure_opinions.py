"""Opinions on a plan as posts judge and answer them, and the annex that goes up with the plan."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.planning.fetching import PLAN_POSTS
from fuliang_gis.planning.procedure import opinion_queries, opinions
from fuliang_gis.planning.procedure.opinion_rules import (
    LONGEST_REPLY,
    STATE_NAMES,
    VERDICT_NAMES,
)
from fuliang_gis.reporting.plan_annex import DOCX_TYPE, annex_of, write_annex
from fuliang_gis.web.context import database
from fuliang_gis.web.pages.plan_procedure_asked import (
    Typed,
    attempt,
    page_number,
    seen,
    text,
    whole,
)
from fuliang_gis.web.pages.sending import named_file
from fuliang_gis.web.session import require_actor

#: What the list may be narrowed to: state, and whether it was answered.
SIEVES: dict[str, tuple[str, str | None, bool | None]] = {
    "": ("全部", None, None),
    "unanswered": ("待答复", None, False),
    "waiting": ("待审核", "waiting", None),
    "shown": ("已公开", "shown", None),
    "hidden": ("不公开", "hidden", None),
}


def register(blueprint: Blueprint) -> None:
    """Add the pages."""
    one = "/opinions/<int:opinion_id>"
    blueprint.get("/opinions")(show_opinions)
    blueprint.post(f"{one}/judge")(judge_opinion)
    blueprint.post(f"{one}/answer")(answer_opinion)
    blueprint.get("/annex.docx")(annex)


def show_opinions(plan_id: int) -> str:
    """List the opinions on a plan, those first that wait for an answer."""
    return _page(plan_id, Typed())


def judge_opinion(plan_id: int, opinion_id: int) -> AnyResponse:
    """Let the public see an opinion, or not."""

    def act(session: Transaction, actor: Actor) -> None:
        state, expected = text("state"), whole("version")
        opinions.judge(session, actor, plan_id, opinion_id, state, expected=expected)

    done = "已公开，公众可以看到。" if text("state") == "shown" else "已设为不公开。"
    return _attempt(plan_id, act, f"judge-{opinion_id}", done)


def answer_opinion(plan_id: int, opinion_id: int) -> AnyResponse:
    """Answer an opinion with verdict and reason."""

    def act(session: Transaction, actor: Actor) -> None:
        verdict, reply, expected = text("verdict"), text("reply"), whole("version")
        opinions.answer(session, actor, plan_id, opinion_id, verdict, reply, expected=expected)

    return _attempt(plan_id, act, f"answer-{opinion_id}", "已答复。")


def annex(plan_id: int) -> Response:
    """Give the annex: the dates of the procedure, the vote, each opinion and its answer."""
    actor = require_actor()
    with database().session() as session:
        found = seen(session, actor, plan_id)
        told = annex_of(session, found.row, clock.today())
    plan = found.row.plan
    name = f"{found.row.village}规划公众参与说明{'-演示' if plan.invented else ''}.docx"
    return named_file(write_annex(told), DOCX_TYPE, name, plain="annex.docx")


def _attempt(
    plan_id: int, act: Callable[[Transaction, Actor], object], form: str, done: str
) -> AnyResponse:
    def page(typed: Typed) -> str:
        return _page(plan_id, typed)

    asked = {"only": text("only") or None, "page": whole("page")}
    to = url_for("plan_procedure.show_opinions", plan_id=plan_id, **asked)  # type: ignore[arg-type]
    return attempt(act, page, form=form, done=done, to=to)


def _page(plan_id: int, typed: Typed) -> str:
    actor = require_actor()
    only = request.values.get("only", "")
    only = only if only in SIEVES else ""
    page = page_number() if request.method == "GET" else (whole("page") or 1)
    _, state, answered = SIEVES[only]
    with database().session() as session:
        found = seen(session, actor, plan_id)
        rows = opinion_queries.opinions(session, plan_id, state=state, answered=answered, page=page)
        counts = opinion_queries.counts(session, plan_id)
    plan = found.row.plan
    return render_template(
        "plans/opinions.html",
        seen=found,
        plan=plan,
        page=rows,
        counts=counts,
        numbers={
            "": counts.total,
            "unanswered": counts.unanswered,
            **{name: counts.states.get(name, 0) for name in STATE_NAMES},
        },
        only=only,
        sieves=SIEVES,
        states=STATE_NAMES,
        verdicts=VERDICT_NAMES,
        stamp=opinions.opinion_stamp,
        judges=found.may(*PLAN_POSTS),
        answers=plan.state in opinions.ANSWERABLE and found.may(*opinions.ANSWERING),
        longest=LONGEST_REPLY,
        typed=typed,
        page_address=lambda number: url_for(
            "plan_procedure.show_opinions", plan_id=plan_id, only=only or None, page=number
        ),
    )
