"""Entering a problem by hand: at a location, or in a division as a whole."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus

from flask import Response, flash, make_response, redirect, render_template, request, url_for

from fuliang_gis.accounts.policies import require_role
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.errors import FileRefused, FuliangError, Invalid, NotFound, Problem, TooLarge
from fuliang_gis.inspections.defects import operations
from fuliang_gis.inspections.defects.given import Given, MeasureGiven
from fuliang_gis.inspections.norms import norms
from fuliang_gis.locations import queries as locations
from fuliang_gis.locations.registry import layers
from fuliang_gis.web import uploads
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages.asked import day_or_none
from fuliang_gis.web.session import require_actor

#: Refusals after which the form is shown again.
CORRECTABLE = (Invalid, NotFound, FileRefused, TooLarge)
_INDENT = {6: "", 9: "", 12: "　"}


def show_new() -> str:
    """Show the empty form; a location named in the address is its place."""
    actor = require_actor()
    require_role(actor, Permission.HANDLE_DEFECTS)
    typed = {name: value.replace("\0", "")[:200] for name, value in request.args.items()}
    return _form(actor, {"severity": "ordinary", "source": "manual"} | typed)


def create() -> Response:
    """Enter the problem, or show the form again with what is wrong."""
    actor = require_actor()
    typed = {name: value.replace("\0", "").strip() for name, value in request.form.items()}
    try:
        given = _given(typed)
        kept = uploads.keep_all("photos")
        with database().session(actor.account_id) as session:
            defect = operations.find(session, actor, given, kept)
    except CORRECTABLE as refusal:
        note_refusal(refusal)
        page = _form(actor, typed, refusal)
        return make_response(page, status_of(type(refusal)))
    flash(f"已登记问题 {defect.number}。", "ok")
    return make_response(
        redirect(url_for("defects.show", number=defect.number), HTTPStatus.SEE_OTHER)
    )


def day(typed: str, field: str) -> date | None:
    """Read a date from a form; nothing typed is none.

    Raises:
        Invalid: It is no date.
    """
    if not typed:
        return None
    found = day_or_none(typed)
    if found is None:
        zh = "应为日期，如 2022-10-31。"
        raise Invalid([Problem("bad_date", zh, "Not a date.", field)])
    return found


def lines(typed: str) -> list[MeasureGiven]:
    """Read one measure a line."""
    return [MeasureGiven(line.strip()) for line in typed.splitlines() if line.strip()]


def _given(typed: dict[str, str]) -> Given:
    at_location = bool(typed.get("code"))
    return Given(
        title=typed.get("title", ""),
        category=typed.get("category", ""),
        severity=typed.get("severity", ""),
        description=typed.get("description") or None,
        layer=typed.get("layer") or None if at_location else None,
        code=typed.get("code") if at_location else None,
        division_code=None if at_location else typed.get("division_code") or None,
        aspect=typed.get("aspect") or None,
        source="supervision" if typed.get("source") == "supervision" else "manual",
        lead_unit=typed.get("lead_unit") or None,
        responsible_unit=typed.get("responsible_unit") or None,
        owner_name=typed.get("owner_name") or None,
        due_on=day(typed.get("due_on", ""), "due_on"),
        measures=lines(typed.get("measures", "")),
    )


def _form(actor: Actor, typed: dict[str, str], refusal: FuliangError | None = None) -> str:
    faults: dict[str, list[str]] = {}
    for problem in refusal.problems if isinstance(refusal, Invalid) else ():
        faults.setdefault(problem.field or "", []).append(problem.zh)
    if isinstance(refusal, NotFound):
        faults["code"] = ["没有这个编码的点位，请检查所选图层和编码。"]
    elif isinstance(refusal, (FileRefused, TooLarge)):
        faults["photos"] = [refusal.text_zh]
    with database().session() as session:
        divisions = areas.list_divisions(session)
        named = None
        if typed.get("layer") in layers() and typed.get("code"):
            try:
                named = locations.get(session, actor, typed["layer"], typed["code"]).name
            except NotFound:
                named = None
    own = [(d.code, _INDENT[len(d.code)] + d.name) for d in divisions]
    return render_template(
        "defects/new.html",
        typed=typed,
        faults=faults,
        named=named,
        norms=norms(),
        layers=layers(),
        divisions=[each for each in own if each[0].startswith(actor.scope)],
    )
