"""Add, change and delete a location in a form made from the layer's sheet."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus

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

from fuliang_gis.accounts.policies import require_role
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.errors import Conflict, Forbidden, FuliangError, Invalid
from fuliang_gis.inspections.duties import locations as operations
from fuliang_gis.locations.checks import writable_fields
from fuliang_gis.locations.records import display
from fuliang_gis.locations.registry import Layer, layer
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages import forms
from fuliang_gis.web.pages.common import Shown, shown
from fuliang_gis.web.pages.forms import CORRECTABLE, Submitted
from fuliang_gis.web.session import require_actor

#: How much of a geometry the comparison shows [characters].
_SHOWN_GEOMETRY = 80

blueprint = Blueprint("editing", __name__, url_prefix="/locations")


@blueprint.get("/<layer_name>/new")
def show_new(layer_name: str) -> str:
    """Show the empty form."""
    actor = require_actor()
    require_role(actor, Permission.EDIT_LOCATIONS)
    found = layer(layer_name)
    defaults = {
        "asset_class": found.sheet.asset_class,
        "use_status": "in_use",
        "division_code": request.args.get("division", actor.scope),
    }
    return _form_page(found, forms.blank(found, defaults))


@blueprint.post("/<layer_name>/new")
def create(layer_name: str) -> Response:
    """Add the location, or show the form again with what is wrong."""
    actor = require_actor()
    found = layer(layer_name)
    sent = forms.submitted(found, request.form)
    try:
        with database().session(actor.account_id) as session:
            location = operations.create(session, actor, layer_name, sent.changed, sent.geom)
    except CORRECTABLE as refusal:
        return _again(found, sent, refusal)
    return _saved(layer_name, location.code, f"已新增“{location.name}”。")


@blueprint.get("/<layer_name>/<code>/edit")
def show_edit(layer_name: str, code: str) -> str:
    """Show the form with the location's present values."""
    card = _editable(require_actor(), layer_name, code)
    return _form_page(card.layer, forms.of_record(card.layer, card.record), card)


@blueprint.post("/<layer_name>/<code>/edit")
def update(layer_name: str, code: str) -> Response:
    """Save what was changed; else show the form again, or both versions after a conflict."""
    actor = require_actor()
    found = layer(layer_name)
    sent = forms.submitted(found, request.form)
    try:
        with database().session(actor.account_id) as session:
            location = operations.update(
                session,
                actor,
                layer_name,
                code,
                sent.changed,
                geometry=sent.geom,
                expected_version=sent.version,
            )
    except Conflict as refusal:
        return _conflict(shown(actor, layer_name, code), sent, refusal)
    except CORRECTABLE as refusal:
        return _again(found, sent, refusal, shown(actor, layer_name, code))
    return _saved(
        layer_name, location.code, f"已保存“{location.name}”（第 {location.version} 版）。"
    )


def _editable(actor: Actor, layer_name: str, code: str) -> Shown:
    card = shown(actor, layer_name, code)
    if not card.may_edit:
        raise Forbidden(role=actor.role_name, act=f"修改“{card.record['name']}”")
    return card


def _form_page(found: Layer, form: forms.Form, card: Shown | None = None) -> str:
    return render_template(
        "locations/form.html", layer=found, form=form, card=card, divisions=_divisions()
    )


def _divisions() -> list[tuple[str, str]]:
    """Return code and indented name of every division in which the person may write."""
    actor = require_actor()
    with database().session() as session:
        found = areas.list_divisions(session)
    indents = {6: "", 9: "", 12: "　"}
    return [
        (d.code, f"{indents[len(d.code)]}{d.name}") for d in found if d.code.startswith(actor.scope)
    ]


def _again(
    found: Layer, sent: Submitted, refusal: FuliangError, card: Shown | None = None
) -> Response:
    note_refusal(refusal)
    page = _form_page(found, forms.again(found, sent, refusal), card)
    return make_response(page, status_of(type(refusal)))


def _saved(layer_name: str, code: str, message: str) -> Response:
    flash(message, "ok")
    address = url_for("locations.show_card", layer_name=layer_name, code=code)
    return make_response(redirect(address, HTTPStatus.SEE_OTHER))


@dataclass(frozen=True)
class Difference:
    """One field that both persons gave another value, or that only one of them changed."""

    name: str
    label: str
    mine: str
    theirs: str
    sent: tuple[str, ...]
    was: str


def _conflict(card: Shown, sent: Submitted, refusal: Conflict) -> Response:
    page = render_template(
        "locations/conflict.html",
        card=card,
        refusal=refusal,
        differences=_differences(card, sent),
    )
    return make_response(page, HTTPStatus.CONFLICT)


def _differences(card: Shown, sent: Submitted) -> list[Difference]:
    """Compare what this person changed with what stands now; equal values are no difference."""
    found: list[Difference] = []
    for item in writable_fields(card.layer):
        mine, theirs = sent.changed.get(item.name), card.record.get(item.name)
        if item.name not in sent.changed or forms.text_of(mine) == forms.text_of(theirs):
            continue
        values = tuple(map(str, mine)) if isinstance(mine, list) else (forms.text_of(mine),)
        found.append(
            Difference(
                item.name,
                item.label.zh,
                display(item, _read(item.type, mine)),
                display(item, theirs),
                values,
                forms.text_of(theirs),
            )
        )
    if sent.geom is not None and sent.geom != card.record["geom"]:
        mine, theirs = json.dumps(sent.geom), json.dumps(card.record["geom"])
        found.append(Difference("geom", "位置", _place(mine), _place(theirs), (mine,), theirs))
    return found


def _place(geom: str) -> str:
    return geom if len(geom) < _SHOWN_GEOMETRY else f"{geom[:_SHOWN_GEOMETRY]}…"


def _read(field_type: str, typed: object) -> object:
    if typed == "":
        return None
    return {"true": True, "false": False}.get(str(typed)) if field_type == "boolean" else typed


@blueprint.get("/<layer_name>/<code>/delete")
def show_delete(layer_name: str, code: str) -> str:
    """Ask for the reason."""
    card = _editable(require_actor(), layer_name, code)
    return render_template("locations/delete.html", card=card, fault=None, reason="")


@blueprint.post("/<layer_name>/<code>/delete")
def delete(layer_name: str, code: str) -> Response:
    """Take the location out of use."""
    actor = require_actor()
    reason = request.form.get("reason", "").replace("\0", "")[:500]
    version = forms.submitted(layer(layer_name), request.form).version
    try:
        with database().session(actor.account_id) as session:
            operations.delete(session, actor, layer_name, code, reason, expected_version=version)
    except Invalid as refusal:
        card = shown(actor, layer_name, code)
        page = render_template(
            "locations/delete.html", card=card, fault=refusal.problems[0].zh, reason=reason
        )
        return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY)
    return _saved(layer_name, code, "已删除。记录和历史仍然保留，可在历史页恢复。")
