"""The ledger of problems: list, prints, files, a new one, and the page of each."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, render_template

from fuliang_gis import clock
from fuliang_gis.accounts.policies import has
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.db.session import Database
from fuliang_gis.exchange import defects as tables
from fuliang_gis.exchange.defects import Ledger
from fuliang_gis.exchange.tables import CSV_TYPE, XLSX_TYPE, Sheet, csv_pieces
from fuliang_gis.inspections.defects import queries, rules
from fuliang_gis.inspections.norms import norms
from fuliang_gis.web.context import database
from fuliang_gis.web.pages import defect_acts, defect_entry
from fuliang_gis.web.pages.common import in_sight
from fuliang_gis.web.pages.defects_asked import PAGE_SIZES, asked
from fuliang_gis.web.pages.sending import attachment, book_pieces
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("defects", __name__, url_prefix="/defects")


@blueprint.get("")
def show_list() -> str:
    """Show the ledger; everything chosen stands in the address."""
    actor, chosen, today = require_actor(), asked(), clock.today()
    with database().session() as session:
        page = queries.list_page(
            session,
            actor,
            chosen.filters(actor),
            today,
            sort=chosen.sort,
            descending=chosen.descending,
            page=chosen.page,
            size=chosen.size,
        )
        counted = queries.statistics(session, actor, chosen.wider(actor), today)
        townships = areas.list_divisions(session, level="township")
        villages = areas.list_divisions(session, parent=chosen.township) if chosen.township else ()
    own = [in_sight(actor, found) for found in (townships, villages)]
    return render_template(
        "defects/list.html",
        chosen=chosen,
        page=page,
        counted=counted,
        today=today,
        townships=own[0],
        villages=own[1],
        norms=norms(),
        rules=rules,
        percent=tables.percent,
        sizes=PAGE_SIZES,
        may_find=has(actor, Permission.HANDLE_DEFECTS),
    )


@blueprint.get("/print")
def show_print() -> str:
    """Show the ledger with every column of the county's table, for A4 landscape."""
    actor, chosen, today = require_actor(), asked(), clock.today()
    ledger = Ledger(chosen.filters(actor), today)
    with database().session() as session:
        page = queries.list_page(
            session, actor, ledger.filters, today, sort="number", descending=False, size=500
        )
        summary = ledger.summary(session, actor)
        rows = [tables.ledger_row(number, row, today) for number, row in enumerate(page.rows, 1)]
    return render_template(
        "defects/print.html",
        title=tables.LEDGER_TITLE,
        headings=tables.LEDGER,
        rows=rows,
        total=page.total,
        summary=list(zip(tables.SUMMARY, summary, strict=True)),
        chosen=chosen,
        today=today,
    )


@blueprint.get("/supervision")
def show_supervision() -> str:
    """Show the supervision ledger: aspects, problems, measures, and what is struck off."""
    actor, today = require_actor(), clock.today()
    filters = queries.Filters(source="supervision")
    with database().session() as session:
        rows = list(queries.every_row(session, actor, filters, today, sort="number"))
        measures = queries.measures_of(session, [row.defect for row in rows])
        counted = queries.statistics(session, actor, filters, today)
    aspects = [
        (text.zh, [row for row in rows if row.defect.aspect == key])
        for key, text in norms().aspects.items()
    ]
    return render_template(
        "defects/supervision.html",
        aspects=[(title, found) for title, found in aspects if found],
        measures=measures,
        number_of_measures=sum(map(len, measures.values())),
        counted=counted,
        rules=rules,
        today=today,
        percent=tables.percent,
        may_find=has(actor, Permission.HANDLE_DEFECTS),
    )


@blueprint.get("/export.<any(csv, xlsx):kind>")
def export(kind: str) -> Response:
    """Answer the ledger that the address describes: CSV, or the workbook of four sheets."""
    actor, chosen, today = require_actor(), asked(), clock.today()
    ledger = Ledger(chosen.filters(actor), today)
    with database().session() as session:
        invented = queries.has_invented(session, actor, ledger.filters, today)
        rows = queries.count(session, actor, ledger.filters, today)
    if kind == "csv":
        body = _csv(database(), actor, ledger, invented=invented)
        return attachment(body, tables.LEDGER_TITLE, "csv", CSV_TYPE, invented=invented, rows=rows)
    body = book_pieces(database(), actor, ledger.sheets, invented=invented)
    return attachment(body, tables.LEDGER_TITLE, "xlsx", XLSX_TYPE, invented=invented, rows=rows)


@blueprint.get("/supervision/export.xlsx")
def export_supervision() -> Response:
    """Answer the supervision ledger as a workbook, one row a measure."""
    actor, today = require_actor(), clock.today()
    ledger = Ledger(queries.Filters(source="supervision"), today)
    with database().session() as session:
        invented = queries.has_invented(session, actor, ledger.filters, today)
        rows = sum(1 for _ in ledger.supervision(session, actor))
    body = book_pieces(
        database(),
        actor,
        lambda session, reader: [
            Sheet(tables.SUPERVISION_TITLE, tables.SUPERVISION, ledger.supervision(session, reader))
        ],
        invented=invented,
    )
    return attachment(
        body, tables.SUPERVISION_TITLE, "xlsx", XLSX_TYPE, invented=invented, rows=rows
    )


# The session is opened where the rows are sent: the request is over by then.
def _csv(source: Database, actor: Actor, ledger: Ledger, *, invented: bool) -> Iterator[bytes]:
    with source.session() as session:
        yield from csv_pieces(tables.LEDGER, ledger.rows(session, actor), invented=invented)


blueprint.add_url_rule("/new", view_func=defect_entry.show_new)
blueprint.add_url_rule("/new", view_func=defect_entry.create, methods=["POST"])
blueprint.add_url_rule("/<number>", view_func=defect_acts.show)
blueprint.add_url_rule("/<number>/<verb>", view_func=defect_acts.act, methods=["POST"])
