"""Saved map views: the list, saving, opening, renaming, sharing and deleting."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qs, urlencode

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

from fuliang_gis.accounts.roles import ROLE_NAMES
from fuliang_gis.cartography.models import MapView
from fuliang_gis.cartography.view_operations import (
    LONGEST_TITLE,
    SHARING,
    change_view,
    delete_view,
    parameters_of,
    save_view,
)
from fuliang_gis.cartography.view_queries import get_view, list_views, may_change
from fuliang_gis.errors import Forbidden, Invalid
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("map_views", __name__, url_prefix="/thematic/views")


@blueprint.get("")
def show_list() -> str:
    """Show the views that the person owns or that others share."""
    actor = require_actor()
    with database().session() as session:
        listed = list_views(session, actor)
    return render_template(
        "thematic/views.html", listed=listed, sharing=SHARING, role_names=ROLE_NAMES
    )


@blueprint.post("")
def save() -> Response:
    """Save the map that the form's ``state`` describes."""
    actor = require_actor()
    form = request.form
    given = parse_qs(form.get("state", ""), max_num_fields=200)
    try:
        with database().session(actor.account_id) as session:
            view = save_view(
                session,
                actor,
                form.get("title", ""),
                given,
                form.get("shared_with", "nobody"),
                form.getlist("roles"),
            )
    except Invalid as refusal:
        return _again(None, refusal)
    flash(f"已保存专题图“{view.title}”。", "ok")
    return make_response(redirect(url_for("map_views.show_list"), HTTPStatus.SEE_OTHER))


@blueprint.get("/<int:view_id>")
def open_view(view_id: int) -> Response:
    """Show the saved map."""
    actor = require_actor()
    with database().session() as session:
        view = get_view(session, actor, view_id)
    query = urlencode(parameters_of(view), safe=":")
    return make_response(redirect(f"{url_for('thematic.show')}?{query}"))


@blueprint.get("/<int:view_id>/edit")
def show_edit(view_id: int) -> str:
    """Show the form that renames and shares a view."""
    return _form(_changeable(view_id), None)


@blueprint.post("/<int:view_id>/edit")
def edit(view_id: int) -> Response:
    """Rename the view and share it anew."""
    actor = require_actor()
    form = request.form
    try:
        with database().session(actor.account_id) as session:
            view = change_view(
                session,
                actor,
                view_id,
                title=form.get("title", ""),
                shared_with=form.get("shared_with", ""),
                roles=form.getlist("roles"),
                expected_version=_version(),
            )
    except Invalid as refusal:
        return _again(_changeable(view_id), refusal)
    flash(f"已保存“{view.title}”的名称和共享范围。", "ok")
    return make_response(redirect(url_for("map_views.show_list"), HTTPStatus.SEE_OTHER))


@blueprint.get("/<int:view_id>/delete")
def show_delete(view_id: int) -> str:
    """Ask before deleting."""
    return render_template("thematic/view_delete.html", view=_changeable(view_id))


@blueprint.post("/<int:view_id>/delete")
def delete(view_id: int) -> Response:
    """Delete the view."""
    actor = require_actor()
    with database().session(actor.account_id) as session:
        delete_view(session, actor, view_id, _version())
    flash("已删除该专题图。", "ok")
    return make_response(redirect(url_for("map_views.show_list"), HTTPStatus.SEE_OTHER))


def _changeable(view_id: int) -> MapView:
    actor = require_actor()
    with database().session() as session:
        view = get_view(session, actor, view_id)
    if not may_change(actor, view):
        raise Forbidden(role=actor.role_name, act=f"修改他人保存的专题图“{view.title}”")
    return view


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _again(view: MapView | None, refusal: Invalid) -> Response:
    note_refusal(refusal)
    return make_response(_form(view, refusal), HTTPStatus.UNPROCESSABLE_ENTITY)


def _form(view: MapView | None, refusal: Invalid | None) -> str:
    sent = request.form if refusal else None
    return render_template(
        "thematic/view_form.html",
        view=view,
        title=sent.get("title", "") if sent else view.title if view else "",
        shared_with=sent.get("shared_with") if sent else view.shared_with if view else "nobody",
        roles=sent.getlist("roles") if sent else view.roles if view else [],
        state=sent.get("state", "") if sent else "",
        problem=refusal.problems[0] if refusal else None,
        sharing=SHARING,
        role_names=ROLE_NAMES,
        longest_title=LONGEST_TITLE,
    )
