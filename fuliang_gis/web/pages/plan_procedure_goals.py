"""The table of goals: set whole, beside what geometry has for every indicator."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.planning import goals, queries
from fuliang_gis.planning.drafts import draft_of
from fuliang_gis.planning.goals import INDICATORS
from fuliang_gis.planning.models import VillagePlan
from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.parcels import Goal
from fuliang_gis.planning.projects.rules import number_of
from fuliang_gis.planning.tables.goals import Reckoned
from fuliang_gis.web.context import database
from fuliang_gis.web.pages.plan_procedure_asked import Typed, attempt, seen, text, whole
from fuliang_gis.web.session import require_actor

_SIDES = {"least": True, "most": False, "exact": None}
_FIELDS = ("key", "zh", "unit", "base", "target", "binding", "side")
#: Columns of numbers, as they are headed.
_NUMBERS = {"base": "基期年", "target": "目标年"}
#: Empty rows under those that there are.
_MORE = 2
#: Digits of a row's number, and decimals of what geometry suggests.
_ROW_DIGITS, _DIGITS = 3, 4


def register(blueprint: Blueprint) -> None:
    """Add the pages."""
    blueprint.get("/goals")(show_goals)
    blueprint.post("/goals")(set_goals)


def show_goals(plan_id: int) -> str:
    """Show the goals beside geometry; who drafts the plan may set them."""
    return _page(plan_id, Typed())


def set_goals(plan_id: int) -> AnyResponse:
    """Put the goals of the form in place of those there are."""

    def act(session: Transaction, actor: Actor) -> None:
        sent = _sent()
        if text("fill"):
            told = _reckoned(session, queries.plan(session, actor, plan_id).plan)
            sent = [_filled(each, told.get(each.key)) for each in sent]
        goals.set_goals(session, actor, plan_id, sent, expected=whole("version"))

    def page(typed: Typed) -> str:
        return _page(plan_id, typed)

    to = url_for("plan_procedure.show_goals", plan_id=plan_id)
    return attempt(act, page, form="goals", done="规划目标已保存。", to=to)


def _sent() -> list[Goal]:
    """Return the rows of the form that hold anything; chosen indicators bring name and unit."""
    faults: list[Problem] = []
    found: list[Goal] = []
    for row in _rows():
        if not (text(f"{row}.zh") or text(f"{row}.key")) or text(f"{row}.remove"):
            continue
        numbers = {name: _number(f"{row}.{name}", faults) for name in _NUMBERS}
        known = INDICATORS.get(text(f"{row}.key"))
        if numbers["target"] is None and not faults:
            told = (f"第 {row + 1} 行：请填写目标年的数值。", "Give the target.")
            faults.append(Problem("required", *told, f"{row}.target"))
        found.append(
            Goal(
                text(f"{row}.key"),
                text(f"{row}.zh") or (known.zh if known else ""),
                text(f"{row}.unit") or (known.unit if known else ""),
                numbers["base"],
                numbers["target"] or 0.0,
                text(f"{row}.binding") == "1",
                _SIDES.get(text(f"{row}.side")),
            )
        )
    if faults:
        raise Invalid(faults)
    return found


def _filled(goal: Goal, told: Reckoned | None) -> Goal:
    """Return a goal whose base, where none is stated, is what geometry has."""
    if goal.base is not None or told is None or told.base is None:
        return goal
    return replace(goal, base=round(told.base, _DIGITS))


def _rows() -> list[int]:
    """Return the numbers of the rows that the form sent, in their order."""
    named = {name.partition(".")[0] for name in request.form}
    plain = [
        each for each in named if each.isascii() and each.isdigit() and len(each) <= _ROW_DIGITS
    ]
    return sorted(map(int, plain))


def _number(name: str, faults: list[Problem]) -> float | None:
    try:
        found = number_of(text(name))
    except ValueError:
        row, _, column = name.partition(".")
        zh = f"第 {int(row) + 1} 行{_NUMBERS[column]}不是数字，请改正。"
        faults.append(Problem("bad_number", zh, "Give a number.", name))
        return None
    return None if found is None else float(found)


def _page(plan_id: int, typed: Typed) -> str:
    actor = require_actor()
    with database().session() as session:
        found = seen(session, actor, plan_id)
        plan = found.row.plan
        told = _reckoned(session, plan)
    known = Goal.__dataclass_fields__
    stated = [Goal(**{k: v for k, v in each.items() if k in known}) for each in plan.goals]
    return render_template(
        "plans/goals.html",
        seen=found,
        plan=plan,
        rows=_shown(stated, typed),
        stated=stated,
        indicators=INDICATORS,
        told=told,
        typed=typed,
        sides={"least": "不低于", "most": "不高于", "exact": "等于"},
    )


def _shown(stated: list[Goal], typed: Typed) -> list[dict[str, str]]:
    """Return the rows of the form: what was typed, or what is kept and two more."""
    if typed.form:
        return [{name: typed.get(f"{row}.{name}") for name in _FIELDS} for row in _rows()]
    side = {value: name for name, value in _SIDES.items()}
    kept = [
        {
            "key": each.key,
            "zh": each.zh,
            "unit": each.unit,
            "base": "" if each.base is None else f"{each.base:.10g}",
            "target": f"{each.target:.10g}",
            "binding": "1" if each.binding else "0",
            "side": side[each.at_least],
        }
        for each in stated
    ]
    return kept + [dict.fromkeys(_FIELDS, "") | {"binding": "1", "side": "least"}] * _MORE


def _reckoned(session: Transaction, plan: VillagePlan) -> dict[str, Reckoned]:
    """Return what geometry has in the chosen scheme, or in the version that is on its way."""
    standing = queries.main_scheme(session, plan)
    if standing is None:
        return {}
    draft = draft_of(session, plan, *standing)
    return goals.suggested(draft, profile(plan.profile))
