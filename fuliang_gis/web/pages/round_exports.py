"""Rounds to take along, one or a whole plan: printed sheets, GPX, calendar, workbook."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from datetime import date
from http import HTTPStatus

from flask import (
    Blueprint,
    Response,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis.exchange.tables import XLSX_TYPE
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.inspections.rounds.queries import plan_row
from fuliang_gis.jobs import printing
from fuliang_gis.jobs.sheets import bound, drawn_sheets
from fuliang_gis.reporting import rounds_calendar, rounds_gpx, rounds_sheet, rounds_table
from fuliang_gis.reporting.rounds_data import ToldPlan, ToldRound, told_plan, told_round, ways
from fuliang_gis.reporting.rounds_words import plan_file, round_file, round_title
from fuliang_gis.web.context import database, settings, site_address
from fuliang_gis.web.pages.rounds_asked import whole
from fuliang_gis.web.pages.sending import named_file
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("round_exports", __name__, url_prefix="/rounds")

_PDF, _ICS = "application/pdf", "text/calendar; charset=utf-8"
_ROUND, _PLAN = "/rounds/<int:round_id>", "/<int:plan_id>"


@blueprint.get(f"{_ROUND}/sheet.pdf")
def sheet(round_id: int) -> Response:
    """Give a round's printed sheet, A4."""
    actor = require_actor()
    with database().session() as session:
        told = told_round(session, actor, round_id)
        pages = _sheets(session, [told], told.round.day)
    return named_file(bound(pages), _PDF, round_file(told, "pdf"), inline=True)


@blueprint.get(f"{_ROUND}/round.gpx")
def gpx(round_id: int) -> Response:
    """Give a round as GPX: its stops, its route and the track along its roads."""
    actor = require_actor()
    with database().session() as session:
        told = told_round(session, actor, round_id)
        driven = ways(session, [told], told.round.day)
    title = f"巡查路线 {round_title(told)}"
    body = rounds_gpx.gpx(title, [told], driven, site=site_address())
    return named_file(body, rounds_gpx.GPX_TYPE, round_file(told, "gpx"))


@blueprint.get(f"{_ROUND}/round.ics")
def ics(round_id: int) -> Response:
    """Give a round as a calendar file, an entry a stop."""
    told = _round(round_id)
    body = rounds_calendar.round_calendar(told, domain=_domain(), site=site_address())
    return named_file(body, _ICS, round_file(told, "ics"))


@blueprint.get(f"{_ROUND}/round.xlsx")
def xlsx(round_id: int) -> Response:
    """Give a round as a workbook."""
    told = _round(round_id)
    file = io.BytesIO()
    rounds_table.write_round(file, told)
    return named_file(file.getvalue(), XLSX_TYPE, round_file(told, "xlsx"))


@blueprint.get(f"{_PLAN}/files")
def files(plan_id: int) -> str:
    """Offer all files of a plan: sheets in parts and by team, calendar, GPX, workbook."""
    told = _plan(plan_id)
    counted = Counter(each.team.id for each in told.rounds)
    teams = {each.team.id: each.team for each in told.rounds}
    return render_template(
        "round_exports/files.html",
        told=told,
        parts_of=sheet_parts,
        teams=[(team, counted[key]) for key, team in teams.items()],
        most=rounds_sheet.MOST,
        at_once=rounds_sheet.MOST_AT_ONCE,
        site=site_address(),
    )


@blueprint.get(f"{_PLAN}/sheets.pdf")
def sheets(plan_id: int) -> AnyResponse:
    """Give a plan's few printed sheets as one file; where they are many, where to ask for them."""
    actor = require_actor()
    with database().session() as session:
        told = told_plan(session, actor, plan_id, team_id=_number("team"))
        chosen = rounds_sheet.part_of(told, _number("part") or 1)
        if len(chosen) > rounds_sheet.MOST_AT_ONCE:
            return redirect(url_for("round_exports.files", plan_id=plan_id))
        pages = _sheets(session, chosen, told.plan.first_day)
    return named_file(bound(pages), _PDF, plan_file(told, "pdf"), inline=True)


# --- many sheets, which a worker prints ---


@blueprint.post(f"{_PLAN}/prints")
def ask(plan_id: int) -> AnyResponse:
    """Have a worker print a plan's sheets, or those of one team."""
    actor = require_actor()
    team, part = (whole(request.form.get(name, "")) for name in ("team", "part"))
    wanted = printing.Wanted(plan_id, team, part or 1, site_address())
    with database().session(actor.account_id) as session:
        job_id = printing.ask_to_print(session, actor, wanted)
    return redirect(url_for("round_exports.show_print", job_id=job_id), HTTPStatus.SEE_OTHER)


@blueprint.get("/prints/<int:job_id>")
def show_print(job_id: int) -> Response:
    """Show how far the printing is, then the file; htmx asks for the part that changes."""
    actor = require_actor()
    with database().session() as session:
        found = printing.printing(session, actor, settings().state_dir, job_id)
        told = plan_row(session, actor, found.wanted.plan_id)
    inside = "HX-Request" in request.headers
    if inside and found.state in ("done", "failed"):
        # The page is read anew as a whole: what it has told so far is over.
        return Response("", headers={"HX-Refresh": "true"})
    page = render_template(
        "round_exports/_printing.html" if inside else "round_exports/printing.html",
        job_id=job_id,
        found=found,
        plan=told,
    )
    return make_response(page)


@blueprint.get("/prints/<int:job_id>/sheets.pdf")
def take_print(job_id: int) -> Response:
    """Give the sheets that a worker has printed."""
    actor, folder = require_actor(), settings().state_dir
    with database().session() as session:
        found = printing.printing(session, actor, folder, job_id)
        told = told_plan(session, actor, found.wanted.plan_id, team_id=found.wanted.team_id)
    return named_file(
        printing.printed(folder, found.key), _PDF, plan_file(told, "pdf"), inline=True
    )


@blueprint.get(f"{_PLAN}/rounds.gpx")
def plan_gpx(plan_id: int) -> Response:
    """Give all rounds of a plan as GPX."""
    actor = require_actor()
    with database().session() as session:
        told = told_plan(session, actor, plan_id, team_id=_team())
        driven = ways(session, told.rounds, told.plan.first_day)
    body = rounds_gpx.gpx(told.plan.title, told.rounds, driven, site=site_address())
    return named_file(body, rounds_gpx.GPX_TYPE, plan_file(told, "gpx"))


@blueprint.get(f"{_PLAN}/sheets.ics")
def plan_ics(plan_id: int) -> Response:
    """Give a plan as a calendar file, an entry a round."""
    told = _plan(plan_id)
    body = rounds_calendar.plan_calendar(told, domain=_domain(), site=site_address())
    return named_file(body, _ICS, plan_file(told, "ics"))


@blueprint.get(f"{_PLAN}/sheets.xlsx")
def plan_xlsx(plan_id: int) -> Response:
    """Give a plan as a workbook: rounds, stops, what is left over."""
    told = _plan(plan_id)
    file = io.BytesIO()
    rounds_table.write_plan(file, told)
    return named_file(file.getvalue(), XLSX_TYPE, plan_file(told, "xlsx"))


def sheet_parts(rounds: int) -> list[tuple[int, int, int]]:
    """Return the parts into which a plan's sheets are divided: number, first and last round."""
    most = rounds_sheet.MOST
    return [
        (number, first + 1, min(first + most, rounds))
        for number, first in enumerate(range(0, rounds, most), 1)
    ]


def _round(round_id: int) -> ToldRound:
    actor = require_actor()
    with database().session() as session:
        return told_round(session, actor, round_id)


def _plan(plan_id: int) -> ToldPlan:
    actor = require_actor()
    with database().session() as session:
        return told_plan(session, actor, plan_id, team_id=_team())


def _team() -> int | None:
    return _number("team")


def _number(name: str) -> int | None:
    given = request.args.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None


def _sheets(session: Transaction, rounds: Sequence[ToldRound], day: date) -> list[str]:
    county = settings().county_code
    return drawn_sheets(session, rounds, day, county_code=county, site=site_address())


def _domain() -> str:
    return f"{settings().county_code}.fuliang-gis"
