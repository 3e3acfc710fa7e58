"""Locations that must not share a day: the list, the form of a new group, letting go, history."""

from __future__ import annotations

from collections.abc import Sequence
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

from fuliang_gis.accounts.audit import ACTION_NAMES
from fuliang_gis.accounts.policies import has, may
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import Invalid
from fuliang_gis.inspections.rounds import apart_groups
from fuliang_gis.inspections.rounds.apart_groups import ApartGiven, Place
from fuliang_gis.locations.registry import layers
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages.common import planner
from fuliang_gis.web.pages.rounds_asked import whole
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("round_apart", __name__, url_prefix="/rounds/apart")

_LONGEST = 200


@dataclass(frozen=True)
class ApartAsked:
    """What the list is narrowed to, as its address carries it."""

    text: str
    page: int

    def address(self, **changed: object) -> str:
        """Return the address of the same list with something changed."""
        asked: dict[str, object] = {"q": self.text, "page": self.page} | changed
        kept = {n: v for n, v in asked.items() if v not in (None, "", 1)}
        return url_for("round_apart.show_list", **kept)  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Typed:
    """The form of a new group as it stands."""

    location_ids: tuple[int, ...]
    reason: str
    text: str


@blueprint.get("")
def show_list() -> str:
    """Show the groups that bind one's own division."""
    actor = require_actor()
    text = _clean(request.args.get("q", ""))[:100]
    chosen = ApartAsked(text, whole(request.args.get("page", "")) or 1)
    with database().reading() as session:
        page = apart_groups.apart_groups(session, actor, text=chosen.text, page=chosen.page)
    return render_template(
        "rounds/apart.html",
        chosen=chosen,
        page=page,
        layers=layers(),
        may_plan=has(actor, Permission.MANAGE_ROUNDS),
        may_let=lambda row: may(actor, Permission.MANAGE_ROUNDS, row.division_code),
    )


@blueprint.get("/new")
def show_new() -> str:
    """Show the form of a new group."""
    return _form_page(planner(), _Typed((), "", ""))


@blueprint.post("/new")
def create() -> Response:
    """Search, choose and drop locations; save the group, or tell what is wrong with it."""
    actor, typed = planner(), _typed()
    if "save" not in request.form:
        return make_response(_form_page(actor, typed))
    try:
        with database().session(actor.account_id) as session:
            given = ApartGiven(typed.location_ids, typed.reason)
            apart_groups.keep_apart(session, actor, given)
    except Invalid as refusal:
        note_refusal(refusal)
        return make_response(_form_page(actor, typed, refusal), status_of(type(refusal)))
    flash("已设置。以后求解、移动、补排都不会把它们排在同一天；已排好的方案请重新求解。", "ok")
    return _back()


@blueprint.post("/<int:group_id>/remove")
def remove(group_id: int) -> Response:
    """Let the locations of a group share a day again."""
    actor = planner()
    with database().session(actor.account_id) as session:
        row = apart_groups.let_together(session, actor, group_id)
    names = "、".join(place.name for place in row.locations)
    flash(f"已解除：{names}可以排在同一天。", "ok")
    return _back()


@blueprint.get("/history")
def show_history() -> str:
    """Show which groups were made and let go, by whom."""
    actor = require_actor()
    with database().reading() as session:
        events = apart_groups.apart_history(session, actor)
    return render_template("rounds/apart_history.html", events=events, actions=ACTION_NAMES)


def _typed() -> _Typed:
    form = request.form
    chosen = [number for each in form.getlist("location") if (number := whole(each))]
    if added := whole(form.get("add", "")):
        chosen.append(added)
    dropped = whole(form.get("drop", ""))
    kept = tuple(dict.fromkeys(one for one in chosen if one != dropped))
    return _Typed(kept, _clean(form.get("reason", "")), _clean(form.get("q", "")))


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()[:_LONGEST]


def _form_page(actor: Actor, typed: _Typed, refusal: Invalid | None = None) -> str:
    with database().reading() as session:
        chosen = apart_groups.places(session, actor, typed.location_ids)
        found = apart_groups.find_places(session, actor, typed.text)
    return render_template(
        "rounds/apart_new.html",
        typed=typed,
        chosen=chosen,
        found=_others(found, chosen),
        layers=layers(),
        most=apart_groups.MOST_LOCATIONS,
        longest=apart_groups.LONGEST_REASON,
        told=refusal.text_zh if refusal else None,
        faults={each.field or "": each.zh for each in refusal.problems} if refusal else {},
    )


def _others(found: Sequence[Place], chosen: Sequence[Place]) -> list[Place]:
    known = {place.id for place in chosen}
    return [place for place in found if place.id not in known]


def _back() -> Response:
    return make_response(redirect(url_for("round_apart.show_list"), HTTPStatus.SEE_OTHER))
