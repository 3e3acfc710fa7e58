"""Rounds to take along, one or a whole plan: printed sheets, GPX, calendar, workbook."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from datetime import date

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis import clock
from fuliang_gis.areas import queries as areas
from fuliang_gis.cartography.round_map import draw_rounds
from fuliang_gis.errors import NotFound
from fuliang_gis.exchange.paper import Frame
from fuliang_gis.exchange.pdf import write_pdf
from fuliang_gis.exchange.tables import XLSX_TYPE
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.reporting import rounds_calendar, rounds_gpx, rounds_sheet, rounds_table
from fuliang_gis.reporting.rounds_data import ToldPlan, ToldRound, told_plan, told_round, ways
from fuliang_gis.reporting.rounds_words import plan_file, round_file, round_title
from fuliang_gis.web.context import database, settings, site_address
from fuliang_gis.web.pages.sending import named_file
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("round_exports", __name__, url_prefix="/rounds")

_PDF, _ICS = "application/pdf", "text/calendar; charset=utf-8"
_ROUND, _PLAN = "/rounds/<int:round_id>", "/<int:plan_id>"
_MAP = Frame(rounds_sheet.MAP_WIDTH, rounds_sheet.MAP_HEIGHT)


@blueprint.get(f"{_ROUND}/sheet.pdf")
def sheet(round_id: int) -> Response:
    """Give a round's printed sheet, A4."""
    actor = require_actor()
    with database().session() as session:
        told = told_round(session, actor, round_id)
        page = _sheets(session, [told], told.round.day)
    return named_file(write_pdf(page), _PDF, round_file(told, "pdf"), inline=True)


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
        parts=sheet_parts(len(told.rounds)),
        parts_of=sheet_parts,
        teams=[(team, counted[key]) for key, team in teams.items()],
        most=rounds_sheet.MOST,
        site=site_address(),
    )


@blueprint.get(f"{_PLAN}/sheets.pdf")
def sheets(plan_id: int) -> AnyResponse:
    """Give the printed sheets of a plan as one file; a long plan's in parts (``part``)."""
    actor = require_actor()
    with database().session() as session:
        told = told_plan(session, actor, plan_id, team_id=_team())
        if len(told.rounds) > rounds_sheet.MOST and _number("part") is None:
            return redirect(url_for("round_exports.files", plan_id=plan_id))
        chosen = _part(told)
        page = _sheets(session, chosen, told.plan.first_day)
    return named_file(write_pdf(page), _PDF, plan_file(told, "pdf"), inline=True)


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


def _part(told: ToldPlan) -> Sequence[ToldRound]:
    """Return the rounds of the part that is asked for.

    Raises:
        NotFound: The plan has no rounds, or no such part.
    """
    first = ((_number("part") or 1) - 1) * rounds_sheet.MOST
    chosen = told.rounds[first : first + rounds_sheet.MOST]
    if not chosen:
        raise NotFound(what="可打印的路线", key=_number("part") or told.plan.title)
    return chosen


def _number(name: str) -> int | None:
    given = request.args.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None


def _sheets(session: Transaction, rounds: Sequence[ToldRound], day: date) -> str:
    driven = ways(session, rounds, day)
    county = areas.get(session, settings().county_code).name
    imprint = rounds_sheet.Imprint(county, clock.now(), site_address())
    return rounds_sheet.sheets_html(rounds, driven, draw_rounds(session, driven, _MAP), imprint)


def _domain() -> str:
    return f"{settings().county_code}.fuliang-gis"
