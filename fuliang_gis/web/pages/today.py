"""What an inspector has to do today, and the form of a visit."""

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
from flask_wtf.csrf import generate_csrf

from fuliang_gis import clock
from fuliang_gis.accounts.policies import require_role
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.errors import NotFound
from fuliang_gis.inspections.norms import norms
from fuliang_gis.inspections.rounds import queries as rounds
from fuliang_gis.inspections.visits import operations
from fuliang_gis.inspections.visits.asking import asked_at
from fuliang_gis.inspections.visits.checklist import Asked, limits_of
from fuliang_gis.inspections.visits.rules import ANSWERS, CONDITIONS, FINDABLE, MOST_PHOTOS
from fuliang_gis.inspections.visits.today import URGENCIES, Owed, Wanted, owed_at, tasks
from fuliang_gis.locations import queries as locations
from fuliang_gis.locations.registry import layers
from fuliang_gis.web.assets import text_of
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages import visit_forms
from fuliang_gis.web.pages.common import Shown, shown
from fuliang_gis.web.pages.rounds_today import own
from fuliang_gis.web.session import require_actor
from fuliang_gis.web.uploads import keep_all

blueprint = Blueprint("today", __name__, url_prefix="/today")

_WORKER = "maps/src/today-worker.ts"
_TONES = {"overdue": "bad", "due_soon": "warn", "open": "info"}


@dataclass(frozen=True)
class Choosing:
    """What is asked of the page; ``wanted`` is the same for the query."""

    wanted: Wanted
    page: int

    def address(self, **changed: object) -> str:
        """Return the address of the same page with something changed."""
        wanted = self.wanted
        near = ",".join(f"{part:.5f}" for part in wanted.near or ())
        asked: dict[str, object] = {
            "show": wanted.urgency or "",
            "mine": "1" if wanted.mine else "",
            "division": wanted.division or "",
            "layer": wanted.layer or "",
            "near": near,
            "page": self.page if self.page > 1 else "",
        }
        kept = {n: v for n, v in (asked | {"page": ""} | changed).items() if v not in ("", None)}
        return url_for("today.show", **kept)  # type: ignore[arg-type]


def _choosing() -> Choosing:
    asked = request.args
    division = asked.get("division", "")[:12]
    number = asked.get("page", "")
    return Choosing(
        Wanted(
            urgency=asked.get("show") if asked.get("show") in URGENCIES else None,
            mine=asked.get("mine") == "1",
            division=division if division.isascii() and division.isdigit() else None,
            layer=asked.get("layer") if asked.get("layer") in layers() else None,
            near=_near(asked.get("near", "")),
        ),
        int(number) if number.isascii() and number.isdigit() and int(number[:6]) > 0 else 1,
    )


def _near(text: str) -> tuple[float, float] | None:
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None


@blueprint.get("")
def show() -> str:
    """Show what is overdue, due soon and open in one's own division."""
    actor = require_actor()
    require_role(actor, Permission.RECORD_VISITS)
    chosen = _choosing()
    with database().session() as session:
        found = tasks(session, actor, chosen.wanted, clock.today(), page=chosen.page)
        divisions = areas.list_divisions(session, parent=actor.scope)
        driven = rounds.my_rounds(session, actor, clock.today())
    return render_template(
        "today/show.html",
        rounds=own(driven),
        chosen=chosen,
        found=found,
        divisions=divisions,
        urgencies=URGENCIES,
        tones=_TONES,
        purposes=norms().purposes,
        layers=layers(),
        today=clock.today(),
    )


@blueprint.get("/token")
def token() -> Response:
    """Give a fresh token to a page that has been offline, and tell who is signed in."""
    actor = require_actor()
    body = json.dumps({"token": generate_csrf(), "account": actor.username})
    return Response(body, content_type="application/json")


@blueprint.get("/worker.js")
def worker() -> Response:
    """Give the service worker that keeps forms usable without a network."""
    require_actor()
    source = text_of(_WORKER)
    if source is None:
        raise NotFound(what="脚本", key="worker.js")
    headers = {"Service-Worker-Allowed": "/today", "Cache-Control": "no-cache"}
    return Response(source, headers=headers, content_type="text/javascript; charset=utf-8")


@dataclass(frozen=True)
class _Place:
    """A location as the form of a visit needs it."""

    card: Shown
    asked: Asked
    owed: list[Owed]
    purpose: str


def _place(actor: Actor, layer_name: str, code: str, purpose: str) -> _Place:
    require_role(actor, Permission.RECORD_VISITS)
    card = shown(actor, layer_name, code)
    with database().session() as session:
        location = locations.get(session, actor, layer_name, code)
        owed = owed_at(session, location.id, clock.today())
        usual = owed[0].purpose if owed else "routine"
        purpose = purpose if purpose in norms().purposes else usual
        asked = asked_at(session, location, purpose, clock.today())
    return _Place(card, asked, owed, purpose)


@blueprint.get("/<layer_name>/<code>")
def show_form(layer_name: str, code: str) -> str:
    """Show the form of a visit."""
    place = _place(require_actor(), layer_name, code, request.args.get("purpose", ""))
    use_status = str(place.card.record["use_status"])
    return _form_page(place, visit_forms.empty(place.asked, place.purpose, use_status))


@blueprint.post("/<layer_name>/<code>")
def record(layer_name: str, code: str) -> Response:
    """Store the visit as a browser without scripts sends it, or show the form again."""
    actor = require_actor()
    place = _place(actor, layer_name, code, request.form.get("purpose", ""))
    try:
        given = visit_forms.given(layer_name, code, place.asked, request.form)
        kept = keep_all("photos")
        with database().session(actor.account_id) as session:
            visit = operations.record(session, actor, given, kept).visit
    except visit_forms.CORRECTABLE as refusal:
        form = visit_forms.again(place.asked, place.purpose, request.form, refusal)
        note_refusal(refusal)
        return make_response(_form_page(place, form), status_of(type(refusal)))
    flash(f"已保存“{place.card.record['name']}”的巡查记录。", "ok")
    return make_response(redirect(url_for("visits.show", uuid=visit.uuid), HTTPStatus.SEE_OTHER))


def _form_page(place: _Place, form: visit_forms.VisitForm) -> str:
    inspection = place.card.layer.sheet.inspection
    return render_template(
        "today/form.html",
        card=place.card,
        form=form,
        owed=place.owed,
        inspection=inspection,
        **form_words(),
    )


def form_words() -> dict[str, object]:
    """Return the words that the fields of a visit need."""
    return {
        "answers": ANSWERS,
        "conditions": CONDITIONS,
        "findable": FINDABLE,
        "purposes": norms().purposes,
        "limits_of": limits_of,
        "most_photos": MOST_PHOTOS,
        "today": clock.today(),
    }
