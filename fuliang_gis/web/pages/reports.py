"""Problems reported without an account: the page behind a QR label, the receipt, the review."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import (
    Blueprint,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis import clock
from fuliang_gis.accounts.policies import has
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.errors import (
    BadRequest,
    FileRefused,
    FuliangError,
    Invalid,
    NotFound,
    TooLarge,
    WrongState,
)
from fuliang_gis.inspections.defects import report_queries, report_rules, reports
from fuliang_gis.inspections.defects.report_queries import PublicPlace
from fuliang_gis.inspections.defects.report_rules import ReportGiven, origin_of
from fuliang_gis.inspections.defects.reports import Acceptance
from fuliang_gis.inspections.defects.rules import STATE_NAMES as DEFECT_STATES
from fuliang_gis.inspections.models import Defect, ProblemReport
from fuliang_gis.inspections.norms import norms
from fuliang_gis.locations import queries as locations
from fuliang_gis.web.context import database, settings
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.security import limiter
from fuliang_gis.web.session import current_actor, require_actor
from fuliang_gis.web.uploads import keep_all

blueprint = Blueprint("reports", __name__)

#: What one address may report, and what all together may report about one location.
ADDRESS_LIMIT = "10 per 10 minutes"
LOCATION_LIMIT = "30 per hour"
#: Receipts asked for from one address.
RECEIPT_LIMIT = "60 per minute"
#: A field that people do not see; only programs fill it in.
HONEYPOT = "website"


# --- the page behind a label ---


@blueprint.get("/r/<layer>/<code>")
def show_form(layer: str, code: str) -> AnyResponse:
    """Show what is public about a location, and the form to report a problem."""
    actor = current_actor()
    try:
        place = _place(layer, code)
    except NotFound as refusal:
        return _hidden(actor, layer, code, refusal)
    return make_response(_form_page(place, actor))


@blueprint.post("/r/<layer>/<code>")
@limiter.limit(ADDRESS_LIMIT)
@limiter.limit(LOCATION_LIMIT, key_func=lambda: f"report {request.path}")
def submit(layer: str, code: str) -> AnyResponse:
    """Take in a report; the answer leads to its receipt."""
    try:
        place = _place(layer, code)
    except NotFound as refusal:
        return _hidden(None, layer, code, refusal)
    try:
        receipt = _submit(place)
    except (Invalid, FileRefused, TooLarge, BadRequest) as refusal:
        note_refusal(refusal)
        page = _form_page(place, current_actor(), refusal)
        return make_response(page, status_of(type(refusal)))
    flash("已收到，谢谢！请记下回执编号，可随时查询处理结果。", "ok")
    return redirect(url_for("reports.show_receipt", receipt=receipt))


def _place(layer: str, code: str) -> PublicPlace:
    with database().session() as session:
        return report_queries.public_place(session, layer, code.replace("\0", ""))


def _hidden(actor: Actor | None, layer: str, code: str, refusal: NotFound) -> AnyResponse:
    """Answer for what the public does not see: staff go on to the card, others are told nothing."""
    if actor is not None:
        with database().session() as session:
            location = locations.get(session, actor, layer, code.replace("\0", ""))
        return redirect(
            url_for("locations.show_card", layer_name=location.layer, code=location.code)
        )
    note_refusal(refusal)
    here = url_for("accounts.sign_in", next=request.path)
    return make_response(render_template("reports/unknown.html", sign_in=here), 404)


def _submit(place: PublicPlace) -> str:
    if request.form.get(HONEYPOT):
        raise BadRequest(reason="请不要填写隐藏的栏目")
    given = ReportGiven(_typed("text"), _typed("category") or None)
    sent = [each for each in request.files.getlist("photos") if each.filename]
    # Looked at before any photo is taken in.
    report_rules.check_report(given, len(sent))
    kept = keep_all("photos")
    with database().session() as session:
        report = reports.submit(session, place.layer, place.code, given, kept, origin=origin())
        return report.receipt


def origin() -> str:
    """Return what the asking address is remembered as today."""
    key = settings().secret("reports.key")
    return origin_of(key, request.remote_addr or "", clock.today())


def _form_page(place: PublicPlace, actor: Actor | None, refusal: FuliangError | None = None) -> str:
    faults: dict[str, str] = {}
    if isinstance(refusal, Invalid):
        faults = {problem.field or "": problem.zh for problem in refusal.problems}
    elif refusal is not None:
        files = isinstance(refusal, (FileRefused, TooLarge))
        faults = {"photos" if files else "": refusal.text_zh}
    staff = actor is not None and place.division_code.startswith(actor.scope)
    visiting = staff and actor is not None and has(actor, Permission.RECORD_VISITS)
    return render_template(
        "reports/form.html",
        place=place,
        staff=staff,
        visit=_visit_address(place) if visiting else None,
        faults=faults,
        text=_typed("text"),
        category=_typed("category"),
        categories=norms().categories,
        honeypot=HONEYPOT,
        longest=report_rules.LONGEST,
        most_photos=report_rules.MOST_PHOTOS,
        sign_in=url_for("accounts.sign_in", next=request.path),
    )


def _visit_address(place: PublicPlace) -> str | None:
    if "visits.show_form" not in current_app.view_functions:
        return None
    return url_for("visits.show_form", layer_name=place.layer, code=place.code)


# --- the receipt ---


@blueprint.get("/r/receipt")
@limiter.limit(RECEIPT_LIMIT)
def find_receipt() -> AnyResponse:
    """Ask for a receipt, or go on to the one that was typed."""
    typed = request.args.get("receipt", "")
    if typed.strip():
        receipt = report_rules.receipt_of(typed)
        return redirect(url_for("reports.show_receipt", receipt=receipt))
    return make_response(render_template("reports/receipt.html", found=None, asked=""))


@blueprint.get("/r/receipt/<receipt>")
@limiter.limit(RECEIPT_LIMIT)
def show_receipt(receipt: str) -> AnyResponse:
    """Show what became of a report."""
    asked = report_rules.receipt_of(receipt)
    try:
        with database().session() as session:
            found = report_queries.by_receipt(session, asked)
    except NotFound as refusal:
        note_refusal(refusal)
        page = render_template("reports/receipt.html", found=None, asked=asked)
        return make_response(page, 404)
    return make_response(
        render_template(
            "reports/receipt.html",
            found=found,
            asked=asked,
            state=report_rules.STATE_NAMES[found.state][0],
            defect_state=DEFECT_STATES[found.defect_state][0] if found.defect_state else None,
            categories=norms().categories,
        )
    )


# --- the review ---


@blueprint.get("/reports")
def show_review() -> str:
    """List the reports of the division, those first that wait."""
    return _review_page(require_actor())


@blueprint.post("/reports/<int:report_id>/accept")
def accept(report_id: int) -> AnyResponse:
    """Make a defect of a report."""
    given = Acceptance(
        _typed("title"), _typed("category"), _typed("severity"), reply=_typed("reply") or None
    )
    return _judge(report_id, partial(reports.accept, report_id=report_id, given=given))


@blueprint.post("/reports/<int:report_id>/link")
def link(report_id: int) -> AnyResponse:
    """Add a report to a defect that is known already."""
    number, reply = _typed("defect_number"), _typed("reply") or None
    return _judge(report_id, partial(reports.link, report_id=report_id, number=number, reply=reply))


@blueprint.post("/reports/<int:report_id>/refuse")
def refuse(report_id: int) -> AnyResponse:
    """Decline a report with a reason."""
    return _judge(report_id, partial(reports.refuse, report_id=report_id, reply=_typed("reply")))


def _judge(report_id: int, act: Callable[..., Defect | ProblemReport]) -> AnyResponse:
    actor = require_actor()
    try:
        with database().session(actor.account_id) as session:
            done = act(session, actor)
            number = getattr(done, "number", None)
    except (Invalid, WrongState) as refusal:
        note_refusal(refusal)
        return make_response(_review_page(actor, report_id, refusal), status_of(type(refusal)))
    flash(f"已受理，问题编号 {number}。" if number else "已退回，反映人凭回执可见原因。", "ok")
    return redirect(url_for("reports.show_review", division=_typed("division") or None))


def _review_page(
    actor: Actor, report_id: int | None = None, refusal: FuliangError | None = None
) -> str:
    state = request.args.get("state", "waiting")
    state = state if state in report_rules.STATE_NAMES else "waiting"
    division = request.values.get("division", "")
    division = division if division.isascii() and division.isdigit() else ""
    page = request.args.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 6 else 1
    with database().session() as session:
        found = report_queries.review_page(
            session, actor, state=state, division=division, page=max(number, 1)
        )
        townships = areas.list_divisions(session, level="township")
    told = [p.zh for p in refusal.problems] if isinstance(refusal, Invalid) else []
    return render_template(
        "reports/review.html",
        page=found,
        state=state,
        division=division,
        states=report_rules.STATE_NAMES,
        townships=[d for d in townships if d.code.startswith(actor.scope)],
        categories=norms().categories,
        severities=norms().severities,
        refused_id=report_id,
        faults=told or ([refusal.text_zh] if refusal else []),
        longest=reports.LONGEST_REPLY,
        shows_files="visits.show_file" in current_app.view_functions,
        shows_defects="defects.show" in current_app.view_functions,
    )


def _typed(name: str) -> str:
    return request.form.get(name, "").replace("\0", "").strip()
