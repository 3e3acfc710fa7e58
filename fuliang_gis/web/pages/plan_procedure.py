"""The road of a plan: what is next, who takes it and by when; its steps and their record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.db.paging import Page
from fuliang_gis.errors import Invalid, NotFound, Problem
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.planning import queries as plans
from fuliang_gis.planning.models import VillagePlan
from fuliang_gis.planning.norms import Profile, profile
from fuliang_gis.planning.procedure import operations, queries
from fuliang_gis.planning.procedure.changing import begin_change
from fuliang_gis.planning.procedure.public import is_public
from fuliang_gis.planning.procedure.queries import ActRow
from fuliang_gis.planning.procedure.rules import (
    ACT_NAMES,
    STEPS,
    ActGiven,
    Course,
    Vote,
    fits,
    notice_end,
    permissions,
)
from fuliang_gis.planning.procedure.timeline import Stage, timeline
from fuliang_gis.planning.queries import SchemeRow
from fuliang_gis.web.context import database
from fuliang_gis.web.pages import (
    plan_procedure_goals,
    plan_procedure_opinions,
    plan_procedure_participation,
    plan_procedure_projects,
    plan_procedure_waivers,
)
from fuliang_gis.web.pages.plan_procedure_asked import (
    Seen,
    Typed,
    attempt,
    counted,
    day,
    page_number,
    seen,
    text,
    whole,
)
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("plan_procedure", __name__, url_prefix="/plans/<int:plan_id>")

_VOTED = ("entitled", "attended", "in_favour", "against", "abstained")
#: Days on which a step takes place, as its form names them; the others happen today.
_DATED = ("vote", "notice", "approve", "publish", "force")

for module in (
    plan_procedure_participation,
    plan_procedure_projects,
    plan_procedure_goals,
    plan_procedure_opinions,
    plan_procedure_waivers,
):
    module.register(blueprint)


@dataclass(frozen=True)
class Road:
    """What the page of a plan's road shows; ``next_kind`` is the step that can be taken now."""

    seen: Seen
    course: Course
    stages: list[Stage]
    acts: Page[ActRow]
    schemes: list[SchemeRow]
    profile: Profile
    today: date
    own: bool
    former: VillagePlan | None

    @property
    def now(self) -> Stage | None:
        """The step that is next."""
        return next((each for each in self.stages if each.phase == "now"), None)

    def can(self, kind: str) -> bool:
        """Tell whether the person may take a step now."""
        step = STEPS.get(kind)
        judged = step is not None and step.judges and self.own
        return not judged and self.holds(kind)

    def holds(self, kind: str) -> bool:
        """Tell whether the person holds what a step needs, whoever drafted the plan."""
        return fits(self.course, kind) and self.seen.may(*permissions(self.course, kind))

    @property
    def notice_end(self) -> date:
        """The earliest last day of a notice that begins today."""
        return notice_end(self.today, self.profile.notice_days)

    @property
    def notice_address(self) -> str:
        """The public page; empty where the public does not see the plan."""
        plan = self.seen.row.plan
        public = is_public(plan, self.today)
        return url_for("plan_notices.show", plan_id=plan.id) if public else ""


@blueprint.get("/procedure")
def show(plan_id: int) -> str:
    """Show the road of a plan with its clock, the step that is next, and what was done."""
    return _page(plan_id, Typed())


@blueprint.post("/procedure/<kind>")
def act(plan_id: int, kind: str) -> AnyResponse:
    """Take a step; the page is shown again where it is refused."""
    if kind not in ACT_NAMES:
        raise NotFound(what="规划程序", key=kind)
    made: list[int] = []

    def take(session: Transaction, actor: Actor) -> None:
        if kind == "change":
            expected = whole("version")
            changed = begin_change(session, actor, plan_id, text("note"), expected=expected)
            made.append(changed.id)
            return
        operations.take_step(
            session,
            actor,
            plan_id,
            _given(kind),
            expected=whole("version"),
            scheme_id=whole("scheme"),
        )

    def page(typed: Typed) -> str:
        return _page(plan_id, typed)

    done = f"已{ACT_NAMES[kind][0]}。" if kind != "return" else "已退回编制，原因已记录。"
    answer = attempt(take, page, form=kind, done=done, to=_here(plan_id))
    if made:
        answer.headers["Location"] = _here(made[0])
    return answer


def _given(kind: str) -> ActGiven:
    """Return the step as its form tells it.

    Raises:
        Invalid: A day that it needs is missing.
    """
    held_on = day("held_on") if kind in _DATED else clock.today()
    if held_on is None:
        told = ("请填写日期，如 2026-11-25。", "Give a day.")
        raise Invalid([Problem("required", *told, "held_on")])
    vote = _vote() if kind == "vote" else None
    until = day("until") if kind == "notice" else None
    return ActGiven(kind, held_on, text("note"), vote, until, text("number"))


def _vote() -> Vote:
    numbers = counted(_VOTED)
    missing = [name for name in _VOTED if numbers[name] is None]
    if missing:
        told = ("请填写人数，不小于 0 的整数。", "Give a number of people.")
        raise Invalid([Problem("required", *told, name) for name in missing])
    figures = {name: number or 0 for name, number in numbers.items()}
    return Vote(text("assembly"), **figures, place=text("place"), summary=text("summary"))


def _page(plan_id: int, typed: Typed) -> str:
    actor = require_actor()
    with database().session() as session:
        road = _road(session, actor, plan_id)
    return render_template(
        "plans/procedure.html",
        road=road,
        seen=road.seen,
        plan=road.seen.row.plan,
        typed=typed,
        act_names=ACT_NAMES,
        steps=STEPS,
        reviews=road.seen.may(Permission.REVIEW_PLANS),
        page_address=lambda number: url_for(
            "plan_procedure.show", plan_id=plan_id, page=number if number > 1 else None
        ),
    )


def _road(session: Transaction, actor: Actor, plan_id: int) -> Road:
    found = seen(session, actor, plan_id)
    plan = found.row.plan
    course, norms, today = queries.course(session, plan), profile(plan.profile), clock.today()
    page = 1 if request.method == "POST" else page_number()
    return Road(
        found,
        course,
        timeline(course, today, norms),
        queries.acts(session, plan.id, page, 20),
        plans.schemes(session, plan.id),
        norms,
        today,
        actor.account_id in queries.drafters(session, plan),
        session.get(VillagePlan, plan.replaces_id) if plan.replaces_id else None,
    )


def _here(plan_id: int) -> str:
    return url_for("plan_procedure.show", plan_id=plan_id)
