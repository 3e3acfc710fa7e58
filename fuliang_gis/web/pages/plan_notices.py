"""Plans as anybody sees them, without an account: on notice, with opinions; and published."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis import clock
from fuliang_gis.db.paging import Page
from fuliang_gis.errors import (
    BadRequest,
    FuliangError,
    Invalid,
    NotFound,
    TooManyRequests,
    WrongState,
)
from fuliang_gis.inspections.defects.report_rules import new_receipt, receipt_of
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.planning.codes import land_uses
from fuliang_gis.planning.procedure import opinion_queries, opinions, public
from fuliang_gis.planning.procedure.opinion_queries import PublicOpinion
from fuliang_gis.planning.procedure.opinion_rules import (
    LONGEST,
    LONGEST_NAME,
    SHORTEST,
    STATE_NAMES,
    VERDICT_NAMES,
    OpinionGiven,
)
from fuliang_gis.planning.projects import queries as projects
from fuliang_gis.planning.projects.rules import COLUMNS, NUMBERS, UNITS
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages.plan_procedure_asked import page_number, text
from fuliang_gis.web.pages.reports import HONEYPOT, origin
from fuliang_gis.web.security import limiter

blueprint = Blueprint("plan_notices", __name__, url_prefix="/notices")

_ONE = "/<int:plan_id>"
#: What one address may say, and what all together may say of one plan.
ADDRESS_LIMIT = "10 per 10 minutes"
PLAN_LIMIT = "120 per hour"
#: Receipts asked for from one address.
RECEIPT_LIMIT = "60 per minute"
#: Parcels offered to choose from; others can be typed or pointed at.
_MOST_OFFERED = 1000
_MOST_DIGITS = 20

_TOLD = (Invalid, WrongState, TooManyRequests, BadRequest)


@blueprint.get("")
def show_list() -> str:
    """List the plans that are on notice or published."""
    with database().session() as session:
        page = public.public_plans(session, clock.today(), page_number())
    return render_template(
        "notices/list.html",
        page=page,
        page_address=lambda number: url_for("plan_notices.show_list", page=number),
    )


@blueprint.get(_ONE)
def show(plan_id: int) -> AnyResponse:
    """Show a plan: its map and tables, what people said of it, and the form to say something."""
    try:
        return make_response(_page(plan_id))
    except NotFound as refusal:
        return _hidden(refusal)


@blueprint.get(f"{_ONE}/sketch")
def sketch(plan_id: int) -> AnyResponse:
    """Give what the map draws: boundary, parcels and control lines of the version on its way."""
    with database().session() as session:
        found = public.public_plan(session, plan_id, clock.today())
        drawn = public.public_sketch(session, found.plan)
    response = Response(drawn, content_type="application/json; charset=utf-8")
    response.set_etag(f"{found.plan.frozen_scheme}-{found.plan.frozen_ordinal}")
    # What was taken back must not be shown any longer, so each time it is asked whether it holds.
    response.headers["Cache-Control"] = "no-cache"
    return response.make_conditional(request)


@blueprint.post(_ONE)
@limiter.limit(ADDRESS_LIMIT)
@limiter.limit(PLAN_LIMIT, key_func=lambda: f"opinion {request.path}")
def submit(plan_id: int) -> AnyResponse:
    """Take in an opinion; the answer leads to its receipt."""
    try:
        receipt = _submit(plan_id)
    except NotFound as refusal:
        return _hidden(refusal)
    except _TOLD as refusal:
        note_refusal(refusal)
        return make_response(_page(plan_id, refusal), status_of(type(refusal)))
    to = url_for("plan_notices.show_receipt", receipt=receipt, new="1")
    return redirect(to, HTTPStatus.SEE_OTHER)


@blueprint.get("/opinion")
@limiter.limit(RECEIPT_LIMIT)
def find_receipt() -> AnyResponse:
    """Ask for a receipt, or go on to the one that was typed."""
    typed = request.args.get("receipt", "")
    if typed.strip():
        receipt = receipt_of(typed)
        return redirect(url_for("plan_notices.show_receipt", receipt=receipt))
    return make_response(render_template("notices/receipt.html", found=None, asked=""))


@blueprint.get("/opinion/<receipt>")
@limiter.limit(RECEIPT_LIMIT)
def show_receipt(receipt: str) -> AnyResponse:
    """Show what became of an opinion."""
    asked = receipt_of(receipt)
    try:
        with database().session() as session:
            found = opinion_queries.by_receipt(session, asked)
            seen = _seen(session, found.plan_id)
    except NotFound as refusal:
        note_refusal(refusal)
        page = render_template("notices/receipt.html", found=None, asked=asked)
        return make_response(page, HTTPStatus.NOT_FOUND)
    return make_response(
        render_template(
            "notices/receipt.html",
            found=found,
            asked=asked,
            seen=seen,
            states=STATE_NAMES,
            verdicts=VERDICT_NAMES,
            new=request.args.get("new") == "1",
        )
    )


def _seen(session: Transaction, plan_id: int) -> bool:
    """Tell whether the public may see a plan now."""
    try:
        public.public_plan(session, plan_id, clock.today())
    except NotFound:
        return False
    return True


def _submit(plan_id: int) -> str:
    if request.form.get(HONEYPOT):
        raise BadRequest(reason="请不要填写隐藏的栏目")
    given = OpinionGiven(text("text"), text("signed"), text("parcel"), _place())
    with database().session() as session:
        kept = opinions.submit(session, plan_id, given, origin=origin(), receipt=new_receipt())
        return kept.receipt


def _place() -> tuple[float, float] | None:
    """Return the place that was pointed at; none where nothing readable was sent."""
    try:
        east, north = (float(text(name)[:_MOST_DIGITS]) for name in ("east", "north"))
    except ValueError:
        return None
    plausible = abs(east) < 1e8 and abs(north) < 1e8
    return (round(east, 2), round(north, 2)) if plausible else None


def _hidden(refusal: NotFound) -> AnyResponse:
    """Answer for what the public does not see: whether there is such a plan is not told."""
    note_refusal(refusal)
    return make_response(render_template("notices/unknown.html"), HTTPStatus.NOT_FOUND)


def _page(plan_id: int, refusal: FuliangError | None = None) -> str:
    faults = {}
    if isinstance(refusal, Invalid):
        faults = {problem.field or "": problem.zh for problem in refusal.problems}
    number = page_number() if request.method == "GET" else 1
    with database().session() as session:
        found = public.public_plan(session, plan_id, clock.today())
        tables = public.public_tables(session, found.plan)
        rows = projects.projects(session, plan_id).rows
        sums = projects.sums(session, plan_id)
        said = opinion_queries.shown(session, plan_id, number)
        names = public.parcel_names(session, found.plan)[:_MOST_OFFERED] if found.open else []
    uses = land_uses(found.plan.edition)
    return render_template(
        "notices/show.html",
        found=found,
        plan=found.plan,
        tables=tables,
        projects=[row.project for row in rows],
        sums=sums,
        columns=COLUMNS,
        units=UNITS,
        numbers=NUMBERS,
        said=said,
        pins=_pins(said),
        parcels=[
            (name, label or (uses[code].zh if code in uses else code))
            for name, code, label in names
        ],
        verdicts=VERDICT_NAMES,
        faults=faults,
        refusal="" if refusal is None else refusal.text_zh,
        typed=text,
        honeypot=HONEYPOT,
        shortest=SHORTEST,
        longest=LONGEST,
        longest_name=LONGEST_NAME,
        page_address=lambda page: url_for("plan_notices.show", plan_id=plan_id, page=page),
    )


def _pins(said: Page[PublicOpinion]) -> list[dict[str, object]]:
    """Return where the opinions of the page point, for the map."""
    return [
        {"number": each.number, "place": each.place, "parcel": each.parcel}
        for each in said.rows
        if each.place is not None or each.parcel
    ]
