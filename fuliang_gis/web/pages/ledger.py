"""One location's whole history of duties, visits, defects, disposals and changes."""

from __future__ import annotations

import io

from flask import Blueprint, Response, render_template, request

from fuliang_gis import clock
from fuliang_gis.exchange.ledger import write_ledger
from fuliang_gis.exchange.tables import XLSX_TYPE
from fuliang_gis.inspections.status.history import Ledger
from fuliang_gis.inspections.status.ledger import ledger
from fuliang_gis.inspections.status.rules import PHASE_NAMES
from fuliang_gis.locations import queries
from fuliang_gis.web.context import database
from fuliang_gis.web.pages.common import Shown, shown
from fuliang_gis.web.pages.ledger_charts import HEIGHT, WIDTH, charts
from fuliang_gis.web.pages.ledger_view import KINDS, PHASE_SIGNS, strips, timeline
from fuliang_gis.web.pages.sending import named_file
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("ledger", __name__, url_prefix="/locations")


def _read(layer_name: str, code: str) -> tuple[Shown, Ledger]:
    actor = require_actor()
    card = shown(actor, layer_name, code)
    with database().session() as session:
        location = queries.get(session, actor, layer_name, code)
        return card, ledger(session, location, clock.today())


@blueprint.get("/<layer_name>/<code>/ledger")
def show(layer_name: str, code: str) -> str:
    """Show everything that is known about a location, on one page."""
    card, found = _read(layer_name, code)
    chosen = [kind for kind in KINDS if kind in request.args.getlist("kind")]
    everything = timeline(card.layer, found, KINDS)
    return render_template(
        "ledger/show.html",
        card=card,
        ledger=found,
        strips=strips(found),
        charts=charts(card.layer, found.visits),
        chart_size=(WIDTH, HEIGHT),
        phases=[(phase, PHASE_SIGNS[phase], name) for phase, (name, _) in PHASE_NAMES.items()],
        kinds=KINDS,
        chosen=chosen,
        counts={kind: sum(entry.kind == kind for entry in everything) for kind in KINDS},
        entries=[entry for entry in everything if not chosen or entry.kind in chosen],
    )


@blueprint.get("/<layer_name>/<code>/ledger.xlsx")
def export(layer_name: str, code: str) -> Response:
    """Answer the ledger as a workbook, one sheet a part."""
    card, found = _read(layer_name, code)
    file = io.BytesIO()
    path = " › ".join(division.name for division in card.path)
    write_ledger(file, card.layer, card.record, path, found)
    mark = "-演示" if card.record["invented"] else ""
    name = f"台账-{card.record['name']}-{found.today:%Y%m%d}{mark}.xlsx"
    return named_file(file.getvalue(), XLSX_TYPE, name)
