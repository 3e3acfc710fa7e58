"""Recorded visits and their files."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

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

from fuliang_gis import clock
from fuliang_gis.accounts.policies import has
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.errors import Forbidden
from fuliang_gis.inspections.norms import norms
from fuliang_gis.inspections.visits import operations, queries
from fuliang_gis.inspections.visits.asking import asked_at
from fuliang_gis.inspections.visits.checklist import Asked
from fuliang_gis.inspections.visits.files import Form
from fuliang_gis.inspections.visits.places import place_of
from fuliang_gis.inspections.visits.rules import ANSWERS, CONDITIONS, RESULTS
from fuliang_gis.locations.geometry import as_geojson
from fuliang_gis.locations.models import USE_STATUSES
from fuliang_gis.locations.registry import layers
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages import visit_forms
from fuliang_gis.web.pages.asked import day_or_none
from fuliang_gis.web.pages.today import form_words
from fuliang_gis.web.pictures import in_office, send_picture
from fuliang_gis.web.session import require_actor
from fuliang_gis.web.uploads import keep_all

blueprint = Blueprint("visits", __name__)


@dataclass(frozen=True)
class Choosing:
    """What is asked of the list; everything chosen stands in the address."""

    filters: queries.Filters
    values: dict[str, str]
    page: int

    def address(self, **changed: object) -> str:
        """Return the address of the same list with something changed."""
        kept = {n: v for n, v in (self.values | changed).items() if v not in ("", 1)}
        return url_for("visits.show_list", **kept)  # type: ignore[arg-type]

    @property
    def narrowed(self) -> bool:
        """Whether the list shows less than everything."""
        return any(self.values.values())


def _choosing(actor: Actor) -> Choosing:
    names = ("q", "division", "layer", "result", "purpose", "since", "until", "mine", "off_site")
    asked = {name: request.args.get(name, "").replace("\0", "").strip()[:100] for name in names}
    allowed = {"result": RESULTS, "purpose": norms().purposes, "layer": layers()}
    chosen = {n: "" if n in allowed and v not in allowed[n] else v for n, v in asked.items()}
    division = chosen["division"]
    chosen["division"] = division[:12] if division.isascii() and division.isdigit() else ""
    number = request.args.get("page", "")[:6]
    filters = queries.Filters(
        division=chosen["division"] or None,
        layer=chosen["layer"] or None,
        inspector_id=actor.account_id if chosen["mine"] == "1" else None,
        result=chosen["result"] or None,
        purpose=chosen["purpose"] or None,
        off_site=True if chosen["off_site"] == "1" else None,
        since=day_or_none(chosen["since"]),
        until=day_or_none(chosen["until"]),
        text=chosen["q"] or None,
    )
    page = int(number) if number.isascii() and number.isdigit() else 1
    return Choosing(filters, chosen, max(1, page))


@blueprint.get("/visits")
def show_list() -> str:
    """Show recorded visits, the latest first."""
    actor = require_actor()
    chosen = _choosing(actor)
    with database().session() as session:
        page = queries.list_page(session, actor, chosen.filters, page=chosen.page)
        divisions = areas.list_divisions(session, parent=actor.scope)
    return render_template(
        "visits/list.html",
        chosen=chosen,
        page=page,
        divisions=divisions,
        layers=layers(),
        results=RESULTS,
        purposes=norms().purposes,
        may_record=has(actor, Permission.RECORD_VISITS),
    )


@blueprint.get("/visits/<uuid:uuid>")
def show(uuid: UUID) -> str:
    """Show one visit: where and when, answers, photos, versions, and what followed."""
    actor = require_actor()
    with database().session() as session:
        detail = queries.one(session, actor, uuid)
    return render_template(
        "visits/show.html",
        detail=detail,
        visit=detail.visit,
        place=place_of(detail.visit),
        shape=as_geojson(detail.location.geom),
        may_correct=operations.may_correct(actor, detail.visit),
        may_see_original=in_office(actor),
        answers=ANSWERS,
        conditions=CONDITIONS,
        use_statuses=USE_STATUSES,
        purposes=norms().purposes,
    )


@blueprint.get("/visits/<uuid:uuid>/correct")
def show_correct(uuid: UUID) -> str:
    """Show the form of a correction, with what the visit tells."""
    detail, asked = _correctable(require_actor(), uuid)
    return _correct_page(detail, visit_forms.of_visit(asked, detail.visit))


@blueprint.post("/visits/<uuid:uuid>/correct")
def correct(uuid: UUID) -> Response:
    """Store the corrected version, or show the form again."""
    actor = require_actor()
    detail, asked = _correctable(actor, uuid)
    location, visit = detail.location, detail.visit
    try:
        given = visit_forms.given(location.layer, location.code, asked, request.form, visit)
        kept = keep_all("photos")
        reason = request.form.get("reason", "")
        with database().session(actor.account_id) as session:
            new = operations.correct(session, actor, uuid, given, reason, kept).visit
    except visit_forms.CORRECTABLE as refusal:
        note_refusal(refusal)
        form = visit_forms.again(asked, visit.purpose, request.form, refusal)
        return make_response(_correct_page(detail, form), status_of(type(refusal)))
    flash(f"已更正，现为第 {new.revision} 版；原版本保留。", "ok")
    return make_response(redirect(url_for("visits.show", uuid=new.uuid), HTTPStatus.SEE_OTHER))


def _correctable(actor: Actor, uuid: UUID) -> tuple[queries.Detail, Asked]:
    with database().session() as session:
        detail = queries.one(session, actor, uuid)
        day = detail.visit.visited_at.astimezone(clock.ZONE).date()
        asked = asked_at(session, detail.location, detail.visit.purpose, day)
    if not operations.may_correct(actor, detail.visit):
        raise Forbidden(role=actor.role_name, act="更正他人的巡查记录")
    return detail, asked


def _correct_page(detail: queries.Detail, form: visit_forms.VisitForm) -> str:
    return render_template("visits/correct.html", detail=detail, form=form, **form_words())


@blueprint.get("/files/<digest>/<form>")
def show_file(digest: str, form: Form) -> Response:
    """Give a picture in one of its forms to those who may read its division."""
    return send_picture(require_actor(), digest, form)
