"""Two plans side by side: their totals, what moved, and their maps."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis.inspections.rounds import queries
from fuliang_gis.inspections.rounds.queries import CHANGE_NAMES, PlanFilter
from fuliang_gis.locations.registry import layers
from fuliang_gis.web.context import database
from fuliang_gis.web.pages.rounds import TONES
from fuliang_gis.web.pages.rounds_asked import whole
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("round_compare", __name__, url_prefix="/rounds/compare")

#: Changes that the page lists.
_MOST = 200
#: Totals that are compared: name, label, how they are written, and whether less is better.
FIGURES = (
    ("stops", "巡查点", "count", False),
    ("left_over", "未排上", "count", True),
    ("rounds", "路线", "count", True),
    ("driving_seconds", "行车时间", "time", True),
    ("driving_metres", "行车里程", "way", True),
    ("service_seconds", "现场时间", "time", None),
    ("longest_seconds", "最长一天", "time", True),
    ("spread", "最长与最短之差", "time", True),
)


@blueprint.get("")
def show() -> AnyResponse | str:
    """Show two plans; the list sends the two that are ticked as ``plan``."""
    actor = require_actor()
    ticked = [whole(text) for text in request.args.getlist("plan")]
    if ticked:
        if len(ticked) != 2 or None in ticked:
            flash("请勾选两个方案再比较。", "warn")
            return redirect(url_for("rounds.show_list"))
        return redirect(url_for("round_compare.show", a=ticked[0], b=ticked[1]))
    a, b = (whole(request.args.get(name, "")) for name in ("a", "b"))
    with database().reading() as session:
        offered = queries.plans(session, actor, PlanFilter(), size=100).rows
        found = queries.compare(session, actor, a, b) if a and b else None
    return render_template(
        "rounds/compare.html",
        found=found,
        a=a,
        b=b,
        offered=[plan for plan in offered if plan.stops],
        figures=FIGURES,
        changes=found.changes[:_MOST] if found else (),
        most=_MOST,
        names=CHANGE_NAMES,
        tones=TONES,
        layers=layers(),
    )
