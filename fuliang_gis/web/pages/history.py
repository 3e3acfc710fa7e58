"""A location's history: who changed what and when; back to a version, back from deletion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from fuliang_gis.inspections.duties import locations as operations
from fuliang_gis.locations import queries
from fuliang_gis.locations.checks import writable_fields
from fuliang_gis.locations.queries import Change
from fuliang_gis.locations.records import display
from fuliang_gis.locations.registry import Layer, layer
from fuliang_gis.locations.sheets import Field
from fuliang_gis.web.context import database
from fuliang_gis.web.pages import forms
from fuliang_gis.web.pages.common import shown
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("history", __name__, url_prefix="/locations")

ACTIONS = {
    "create": "新增",
    "update": "修改",
    "delete": "删除",
    "restore": "恢复",
    "undo": "撤销到旧版",
}


@dataclass(frozen=True)
class Line:
    """One changed field, before and after, as people read it."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """One change."""

    change: Change
    action: str
    lines: list[Line]


def lines_of(found: Layer, change: Change) -> list[Line]:
    """Return a change's fields in the order of the form."""
    fields = {item.name: item for item in writable_fields(found)}
    lines = [
        Line(item.label.zh, _told(item, change.before), _told(item, change.after))
        for item in fields.values()
        if item.name in change.before or item.name in change.after
    ]
    if "geom" in change.after:
        lines.append(Line("位置", _place(change.before.get("geom")), _place(change.after["geom"])))
    if change.action in ("delete", "restore"):
        before, after = (side.get("delete_reason") for side in (change.before, change.after))
        lines.append(Line("删除原因", before or "—", after or "—"))
    return lines


def _told(item: Field, side: Mapping[str, Any]) -> str:
    return display(item, side.get(item.name))


def _place(geom: Mapping[str, Any] | None) -> str:
    if geom is None:
        return "—"
    if geom["type"] != "Point":
        return "图形"
    longitude, latitude = geom["coordinates"][:2]
    return f"{longitude:.6f}, {latitude:.6f}"


@blueprint.get("/<layer_name>/<code>/history")
def show(layer_name: str, code: str) -> str:
    """Show every change."""
    actor = require_actor()
    card = shown(actor, layer_name, code)
    with database().session() as session:
        location = queries.get(session, actor, layer_name, code)
        changes = queries.history(session, location)
    entries = [Entry(c, ACTIONS[c.action], lines_of(card.layer, c)) for c in changes]
    return render_template("locations/history.html", card=card, entries=entries)


@blueprint.get("/<layer_name>/<code>/undo/<int:version>")
def ask_undo(layer_name: str, code: str, version: int) -> str:
    """Ask before setting the location back."""
    card = shown(require_actor(), layer_name, code)
    return render_template("locations/undo.html", card=card, version=version)


@blueprint.post("/<layer_name>/<code>/undo/<int:version>")
def undo(layer_name: str, code: str, version: int) -> Response:
    """Set the location back to the version."""
    actor = require_actor()
    expected = forms.submitted(layer(layer_name), request.form).version
    with database().session(actor.account_id) as session:
        location = operations.undo(
            session, actor, layer_name, code, version, expected_version=expected
        )
    return _done(layer_name, location.code, f"已恢复到第 {version} 版的内容。")


@blueprint.post("/<layer_name>/<code>/restore")
def restore(layer_name: str, code: str) -> Response:
    """Bring a deleted location back."""
    actor = require_actor()
    expected = forms.submitted(layer(layer_name), request.form).version
    with database().session(actor.account_id) as session:
        operations.restore(session, actor, layer_name, code, expected_version=expected)
    return _done(layer_name, code, "已恢复。")


def _done(layer_name: str, code: str, message: str) -> Response:
    flash(message, "ok")
    address = url_for("history.show", layer_name=layer_name, code=code)
    return make_response(redirect(address, HTTPStatus.SEE_OTHER))
