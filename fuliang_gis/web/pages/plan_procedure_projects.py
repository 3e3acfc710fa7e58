"""The table of projects: shown with its sums, edited row by row, in and out as XLSX."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import asdict
from decimal import Decimal

from flask import Blueprint, Response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Invalid, NotFound, Problem
from fuliang_gis.exchange.plan_projects import FILE_LIMIT, read_projects, write_projects
from fuliang_gis.exchange.tables import XLSX_TYPE
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.locations import queries as locations
from fuliang_gis.locations.registry import layers
from fuliang_gis.locations.search import Found, search
from fuliang_gis.planning.projects import operations, queries
from fuliang_gis.planning.projects.models import PlanProject
from fuliang_gis.planning.projects.queries import ProjectRow
from fuliang_gis.planning.projects.rules import (
    COLUMNS,
    KINDS,
    LONGEST,
    LONGEST_REMARK,
    MANNERS,
    NUMBERS,
    UNITS,
    ProjectGiven,
    number_of,
)
from fuliang_gis.web.context import database
from fuliang_gis.web.pages.plan_procedure_asked import Typed, attempt, seen, text, whole
from fuliang_gis.web.pages.sending import named_file
from fuliang_gis.web.session import require_actor

#: Assets offered for what was typed.
_MOST_FOUND = 12


def register(blueprint: Blueprint) -> None:
    """Add the pages."""
    one = "/projects/<int:project_id>"
    blueprint.get("/projects")(show_projects)
    blueprint.get("/projects.xlsx")(export_projects)
    blueprint.get("/projects/assets")(find_assets)
    blueprint.get("/projects/new")(show_new_project)
    blueprint.get(one)(show_project)
    blueprint.post("/projects")(add_project)
    blueprint.post("/projects/import")(import_projects)
    blueprint.post(one)(change_project)
    blueprint.post(f"{one}/remove")(remove_project)
    blueprint.post(f"{one}/move")(move_project)


def show_projects(plan_id: int) -> str:
    """Show the whole table with its sums."""
    return _table(plan_id, Typed())


def export_projects(plan_id: int) -> Response:
    """Give the table as a workbook."""
    actor = require_actor()
    with database().session() as session:
        found = seen(session, actor, plan_id)
        rows = [_as_given(row.project) for row in queries.projects(session, plan_id).rows]
    file = io.BytesIO()
    plan = found.row.plan
    write_projects(file, found.row.village, rows, invented=plan.invented)
    name = f"{found.row.village}近期建设项目表{'-演示' if plan.invented else ''}.xlsx"
    return named_file(file.getvalue(), XLSX_TYPE, name, plain="projects.xlsx", rows=len(rows))


def show_new_project(plan_id: int) -> str:
    """Show an empty row; the address may name the proposed facility that it is for."""
    return _form(plan_id, None, Typed())


def show_project(plan_id: int, project_id: int) -> str:
    """Show one row to be changed."""
    return _form(plan_id, project_id, Typed())


def add_project(plan_id: int) -> AnyResponse:
    """Add a row at the end of the table."""

    def act(session: Transaction, actor: Actor) -> None:
        operations.add(session, actor, plan_id, _given(session, actor))

    return _attempt(plan_id, act, lambda typed: _form(plan_id, None, typed), "已新增项目。")


def change_project(plan_id: int, project_id: int) -> AnyResponse:
    """Change a row."""

    def act(session: Transaction, actor: Actor) -> None:
        given, expected = _given(session, actor), whole("version")
        operations.change(session, actor, plan_id, project_id, given, expected=expected)

    def page(typed: Typed) -> str:
        return _form(plan_id, project_id, typed)

    return _attempt(plan_id, act, page, "项目已保存。")


def remove_project(plan_id: int, project_id: int) -> AnyResponse:
    """Take a row away."""

    def act(session: Transaction, actor: Actor) -> None:
        operations.remove(session, actor, plan_id, project_id, expected=whole("version"))

    return _attempt(plan_id, act, lambda typed: _table(plan_id, typed), "项目已删除。")


def move_project(plan_id: int, project_id: int) -> AnyResponse:
    """Move a row up or down, or to a place."""

    def act(session: Transaction, actor: Actor) -> None:
        to, expected = whole("to"), whole("version")
        operations.move(session, actor, plan_id, project_id, to or 1, expected=expected)

    return _attempt(plan_id, act, lambda typed: _table(plan_id, typed), "顺序已调整。")


def import_projects(plan_id: int) -> AnyResponse:
    """Take in a township's workbook: added to the table, or in its place."""

    def act(session: Transaction, actor: Actor) -> None:
        sent = request.files.get("file")
        content = sent.stream.read(FILE_LIMIT + 1) if sent else b""
        if not content:
            told = ("请选择 Excel 文件（.xlsx）。", "Choose a workbook.")
            raise Invalid([Problem("required", *told, "file")])
        rows = read_projects(content)
        replaces = text("manner") == "replace"
        operations.take_in(session, actor, plan_id, rows, replaces=replaces)

    return _attempt(plan_id, act, lambda typed: _table(plan_id, typed), "项目表已导入。", "import")


def find_assets(plan_id: int) -> str:
    """Find standing assets by name or code, as options of the form's list."""
    actor = require_actor()
    asked = request.args.get("asset_q", "").replace("\0", "")[:100]
    with database().session() as session:
        seen(session, actor, plan_id)
        found = _assets(session, actor, asked)
    return render_template("plans/projects_assets.html", found=found, chosen="", asked=asked)


def _attempt(
    plan_id: int,
    act: Callable[[Transaction, Actor], object],
    page: Callable[[Typed], str],
    done: str,
    form: str = "project",
) -> AnyResponse:
    to = url_for("plan_procedure.show_projects", plan_id=plan_id)
    return attempt(act, page, form=form, done=done, to=to)


def _given(session: Transaction, actor: Actor) -> ProjectGiven:
    """Return the row that the form sent.

    Raises:
        Invalid: A number is none, or the asset is not there.
    """
    faults: list[Problem] = []
    numbers = {name: _number(name, faults) for name in NUMBERS}
    location = _location(session, actor, text("location"), faults)
    if faults:
        raise Invalid(faults)
    return ProjectGiven(
        kind=text("kind"),
        name=text("name"),
        place=text("place"),
        land_m2=numbers["land_m2"],
        floor_m2=numbers["floor_m2"],
        funds=numbers["funds"],
        source=text("source"),
        responsible=text("responsible"),
        cooperating=text("cooperating"),
        manner=text("manner"),
        remark=text("remark"),
        parcel=text("parcel") or None,
        facility_id=whole("facility_id"),
        location_id=location,
    )


def _number(name: str, faults: list[Problem]) -> Decimal | None:
    try:
        return number_of(text(name))
    except ValueError:
        zh = f"{COLUMNS[name]}应为数字。"
        faults.append(Problem("bad_number", zh, "Give a number.", name))
        return None


def _location(session: Transaction, actor: Actor, asked: str, faults: list[Problem]) -> int | None:
    """Return the id of an asset that is named by layer and code."""
    if not asked:
        return None
    layer, _, code = asked.partition("/")
    try:
        return locations.get(session, actor, layer, code).id
    except NotFound:
        told = ("没有这处已有设施，请重新查找。", "There is no such asset.")
        faults.append(Problem("unknown_choice", *told, "location"))
        return None


def _table(plan_id: int, typed: Typed) -> str:
    actor = require_actor()
    with database().session() as session:
        found = seen(session, actor, plan_id)
        rows = queries.projects(session, plan_id).rows
        sums = queries.sums(session, plan_id)
    return render_template(
        "plans/projects.html",
        seen=found,
        plan=found.row.plan,
        rows=rows,
        sums=sums,
        columns=COLUMNS,
        units=UNITS,
        numbers=NUMBERS,
        typed=typed,
        limit_mb=FILE_LIMIT // 1_000_000,
    )


def _form(plan_id: int, project_id: int | None, typed: Typed) -> str:
    actor = require_actor()
    with database().session() as session:
        found = seen(session, actor, plan_id)
        row = None if project_id is None else queries.project(session, plan_id, project_id)
        facilities = queries.facilities(session, plan_id)
        location = typed.get("location") if typed.form else _named(row)
        assets = _assets(session, actor, location.partition("/")[2]) if location else []
    return render_template(
        "plans/projects_form.html",
        seen=found,
        plan=found.row.plan,
        row=row,
        project=row.project if row else None,
        facilities=facilities,
        facility=request.args.get("facility", ""),
        assets=[each for each in assets if f"{each.layer}/{each.code}" == location],
        location=location,
        columns=COLUMNS,
        units=UNITS,
        numbers=NUMBERS,
        kinds=KINDS,
        manners=MANNERS,
        longest=LONGEST,
        longest_remark=LONGEST_REMARK,
        typed=typed,
    )


def _named(row: ProjectRow | None) -> str:
    return f"{row.layer}/{row.code}" if row and row.layer and row.code else ""


def _assets(session: Transaction, actor: Actor, asked: str) -> Sequence[Found]:
    found = search(session, actor, asked, _MOST_FOUND)
    return [each for each in found if each.layer in layers()]


def _as_given(project: PlanProject) -> ProjectGiven:
    names = asdict(ProjectGiven())
    return ProjectGiven(**{name: getattr(project, name) for name in names})
