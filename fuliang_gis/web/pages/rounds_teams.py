"""Inspection teams: the list, the form, retiring and taking back."""

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
from werkzeug.datastructures import MultiDict

from fuliang_gis.accounts.policies import has, may
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.errors import Conflict, Duplicate, FuliangError, Invalid, WrongState
from fuliang_gis.inspections.rounds import teams as crews
from fuliang_gis.inspections.rounds.teams import TeamGiven, TeamRow
from fuliang_gis.locations.geometry import as_geojson
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages import rounds_team_forms as forms
from fuliang_gis.web.pages.common import planner
from fuliang_gis.web.pages.rounds_asked import version, whole
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("round_teams", __name__, url_prefix="/rounds/teams")

_CORRECTABLE = (Invalid, Conflict, Duplicate, WrongState)
_CONFLICT = (
    "别人刚刚修改了这支队伍，您的内容未保存。下面保留了您填的内容，并列出与现在不同之处；"
    "核对后再点“保存”，即以您填的为准。"
)


@dataclass(frozen=True)
class Address:
    """Which page of which list."""

    active: bool
    page: int

    def address(self, **changed: object) -> str:
        """Return the address of the same list with something changed."""
        asked = {"retired": "" if self.active else "1", "page": self.page} | changed
        kept = {n: v for n, v in asked.items() if v not in (None, "", 1)}
        return url_for("round_teams.show_list", **kept)  # type: ignore[arg-type]


@blueprint.get("")
def show_list() -> str:
    """Show the teams of one's own division."""
    actor = require_actor()
    chosen = Address("retired" not in request.args, whole(request.args.get("page", "")) or 1)
    with database().reading() as session:
        page = crews.teams(session, actor, active=chosen.active, page=chosen.page)
        others = crews.teams(session, actor, active=not chosen.active, size=1).total
    return render_template(
        "rounds/teams.html",
        chosen=chosen,
        page=page,
        others=others,
        skills=crews.skills(),
        may_plan=has(actor, Permission.MANAGE_ROUNDS),
    )


@blueprint.get("/new")
def show_new() -> str:
    """Show the empty form of a team, with the usual hours."""
    actor = planner()
    asked = request.args.get("division", "")
    division = asked if asked.startswith(actor.scope) and asked.isdigit() else actor.scope
    typed = forms.typed_of(TeamGiven(division, "", 0.0, 0.0))
    with database().reading() as session:
        seat = areas.get(session, division).seat
        # Most stations are in the town; the map then begins there.
        typed["station_was"] = json.dumps(as_geojson(seat)) if seat is not None else ""
    return _form_page(actor, None, typed)


@blueprint.post("/new")
def create() -> Response:
    """Add the team, or show the form again with what is wrong."""
    actor, typed = planner(), request.form
    try:
        with database().session(actor.account_id) as session:
            made = crews.create_team(session, actor, forms.given(typed))
    except _CORRECTABLE as refusal:
        return _refused(_form_page(actor, None, typed, refusal), refusal)
    return _done(f"已新建“{made.name}”。")


@blueprint.get("/<int:team_id>")
def show(team_id: int) -> str:
    """Show a team, as a form to whoever may change it."""
    actor = require_actor()
    with database().reading() as session:
        row = crews.team(session, actor, team_id)
    return _form_page(actor, row, forms.typed_of(forms.given_of(row)))


@blueprint.post("/<int:team_id>")
def change(team_id: int) -> Response:
    """Change the team, or show the form again with what is wrong or what somebody else changed."""
    actor, typed = planner(), request.form
    try:
        with database().session(actor.account_id) as session:
            given = forms.given(typed)
            made = crews.change_team(session, actor, team_id, given, expected_version=version())
    except _CORRECTABLE as refusal:
        with database().reading() as session:
            row = crews.team(session, actor, team_id)
        return _refused(_form_page(actor, row, typed, refusal), refusal)
    return _done(f"已保存“{made.name}”。以后求解的方案按新的内容安排。")


@blueprint.post("/<int:team_id>/retire")
def retire(team_id: int) -> Response:
    """Take the team out of use."""
    return _switch(team_id, active=False)


@blueprint.post("/<int:team_id>/restore")
def restore(team_id: int) -> Response:
    """Put the team to use again."""
    return _switch(team_id, active=True)


def _switch(team_id: int, *, active: bool) -> Response:
    actor = planner()
    act = crews.restore_team if active else crews.retire_team
    try:
        with database().session(actor.account_id) as session:
            made = act(session, actor, team_id, expected_version=version())
    except _CORRECTABLE as refusal:
        with database().reading() as session:
            row = crews.team(session, actor, team_id)
        page = _form_page(actor, row, forms.typed_of(forms.given_of(row)), refusal)
        return _refused(page, refusal)
    told = "已重新启用" if active else "已停用"
    return _done(f"{told}“{made.name}”。")


def _done(message: str) -> Response:
    flash(message, "ok")
    return make_response(redirect(url_for("round_teams.show_list"), HTTPStatus.SEE_OTHER))


def _refused(page: str, refusal: FuliangError) -> Response:
    note_refusal(refusal)
    return make_response(page, status_of(type(refusal)))


def _form_page(
    actor: Actor,
    row: TeamRow | None,
    typed: MultiDict[str, str],
    refusal: FuliangError | None = None,
) -> str:
    asked = row.division_code if row else typed.get("division", "")
    division = asked if asked.startswith(actor.scope) and asked.isdigit() else actor.scope
    with database().reading() as session:
        members = crews.candidates(session, actor, division)
        below = areas.list_divisions(session, parent=actor.scope) if row is None else ()
    problems = refusal.problems if isinstance(refusal, Invalid) else ()
    conflict = isinstance(refusal, Conflict)
    return render_template(
        "rounds/team.html",
        team=row,
        typed=typed,
        division=division,
        divisions={actor.scope: actor.scope_name, **{each.code: each.name for each in below}},
        members=members,
        skills=crews.skills(),
        weekdays=forms.WEEKDAYS,
        geometry=forms.geometry_of(typed),
        may_change=may(actor, Permission.MANAGE_ROUNDS, division)
        and has(actor, Permission.MANAGE_ROUNDS),
        told=_CONFLICT if conflict else (refusal.text_zh if refusal else None),
        differing=forms.differing(row, typed) if conflict and row else [],
        faults={problem.field or "": problem.zh for problem in problems}
        | ({refusal.field or "": refusal.text_zh} if isinstance(refusal, Duplicate) else {}),
    )
