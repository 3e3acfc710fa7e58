"""Inspection rules and the list of tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import groupby

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for

from fuliang_gis import clock
from fuliang_gis.accounts.audit import ACTION_NAMES
from fuliang_gis.accounts.policies import has, may, require_role
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.db.session import Database
from fuliang_gis.errors import Conflict, FuliangError, Invalid, PeriodClosed, Problem, WrongState
from fuliang_gis.exchange.tables import CSV_TYPE, XLSX_TYPE, Cell, Sheet, csv_pieces
from fuliang_gis.inspections.duties import operations, queries, rule_queries
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.inspections.duties.periods import PERIOD_NAMES, PeriodKind, label
from fuliang_gis.inspections.duties.queries import TODO, Filters, Task
from fuliang_gis.inspections.duties.states import STATE_NAMES, State
from fuliang_gis.inspections.models import InspectionRule
from fuliang_gis.inspections.norms import norms
from fuliang_gis.locations import queries as locations
from fuliang_gis.locations.models import ASSET_CLASSES
from fuliang_gis.locations.registry import layer, layers
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages import duties_asked as forms
from fuliang_gis.web.pages.common import in_sight
from fuliang_gis.web.pages.duties_asked import PAGE_SIZES, Asked, asked
from fuliang_gis.web.pages.sending import attachment, book_pieces
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("duties", __name__, url_prefix="/inspections")

#: Refusals after which the page is shown again with what was typed.
CORRECTABLE = (Invalid, Conflict, WrongState)
TITLE = "巡查任务"
HEADINGS = (
    "图层", "编码", "名称", "乡镇", "村", "资产类别", "巡查事项", "周期", "起始", "截止",
    "计划日期", "巡查人员", "状态", "完成日期", "免除原因",
)  # fmt: skip
TONES = {
    State.OVERDUE: "bad",
    State.DUE_SOON: "warn",
    State.OPEN: "info",
    State.UPCOMING: "",
    State.DONE: "ok",
    State.DONE_LATE: "warn",
    State.EXCUSED: "",
}
ACTIONS = {"create": "新增", "update": "修改", "withdraw": "停用", "restore": "启用"}
FIELD_NAMES = {
    "title": "名称",
    "purpose": "巡查事项",
    "layer": "图层",
    "kind": "类型",
    "asset_class": "资产类别",
    "period": "周期",
    "count": "次数",
    "checklist": "检查项",
    "basis": "依据",
    "valid_from": "起始",
    "valid_to": "截止",
}


@blueprint.app_template_filter("interval")
def interval(rule: object) -> str:
    """Say how often: of a rule or an exception."""
    period, count = getattr(rule, "period", None), getattr(rule, "count", None)
    return f"{PERIOD_NAMES[PeriodKind(period)][0]} {count} 次" if period else "免检"


@blueprint.app_template_filter("kind_title")
def kind_title(kind: str | None, layer_name: str | None) -> str:
    """Return the Chinese name of a layer's kind."""
    found = layers().get(layer_name or "")
    names = {choice.value: choice.zh for choice in found.sheet.kinds} if found else {}
    return names.get(kind or "", kind or "")


# --- rules ---


@blueprint.get("/rules")
def show_rules() -> str:
    """Show who is inspected how often, and every rule."""
    actor, today = require_actor(), clock.today()
    with database().session() as session:
        rows = rule_queries.list_rules(session)
        covered = rule_queries.coverage(session, today)
    by_layer = [(name, list(found)) for name, found in groupby(covered, lambda row: row.layer)]
    return render_template(
        "duties/rules.html",
        rows=rows,
        coverage=by_layer,
        today=today,
        may_manage=has(actor, Permission.MANAGE_RULES),
        **_words(),
    )


@blueprint.get("/rules/new")
def show_new_rule() -> str:
    """Show the empty form of a rule."""
    require_role(require_actor(), Permission.MANAGE_RULES)
    empty = {"purpose": "routine", "period": "quarter", "count": "1"}
    return _rule_page(None, empty | {"valid_from": clock.today().isoformat()})


@blueprint.post("/rules/new")
def create_rule() -> Response:
    """Add the rule, or show the form again with what is wrong."""
    actor, given = require_actor(), forms.typed()
    try:
        with database().session(actor.account_id) as session:
            row = operations.create_rule(session, actor, forms.rule_given(given))
    except CORRECTABLE as refusal:
        return _refused(_rule_page(None, given, refusal), refusal)
    return _done(
        f"已新增规则“{row.title}”，巡查任务已同步更新。", "duties.show_rule", rule_id=row.id
    )


@blueprint.get("/rules/<int:rule_id>")
def show_rule(rule_id: int) -> str:
    """Show a rule with its history, and to county staff its form."""
    require_actor()
    return _rule_page(rule_id)


@blueprint.post("/rules/<int:rule_id>")
def update_rule(rule_id: int) -> Response:
    """Change the rule, or show the form again with what is wrong."""
    given = forms.typed()
    return _act_on_rule(
        rule_id,
        given,
        lambda session, actor: operations.update_rule(
            session,
            actor,
            rule_id,
            forms.rule_given(given),
            expected_version=forms.version(given),
        ),
        "已保存，尚未到期的巡查任务已同步更新。",
    )


@blueprint.post("/rules/<int:rule_id>/withdraw")
def withdraw_rule(rule_id: int) -> Response:
    """Let the rule count no longer."""
    given = forms.typed()
    return _act_on_rule(
        rule_id,
        {},
        lambda session, actor: operations.withdraw_rule(
            session, actor, rule_id, expected_version=forms.version(given)
        ),
        "已停用，由它产生的未到期任务已收回。",
    )


@blueprint.post("/rules/<int:rule_id>/restore")
def restore_rule(rule_id: int) -> Response:
    """Let the rule count again."""
    given = forms.typed()
    return _act_on_rule(
        rule_id,
        {},
        lambda session, actor: operations.restore_rule(
            session, actor, rule_id, expected_version=forms.version(given)
        ),
        "已启用，巡查任务已同步更新。",
    )


def _act_on_rule(
    rule_id: int,
    given: dict[str, str],
    act: Callable[[Transaction, Actor], InspectionRule],
    message: str,
) -> Response:
    actor = require_actor()
    try:
        with database().session(actor.account_id) as session:
            act(session, actor)
    except CORRECTABLE as refusal:
        return _refused(_rule_page(rule_id, given or None, refusal), refusal)
    return _done(message, "duties.show_rule", rule_id=rule_id)


def _rule_page(
    rule_id: int | None,
    given: Mapping[str, str] | None = None,
    refusal: FuliangError | None = None,
) -> str:
    actor = require_actor()
    row: InspectionRule | None = None
    history: Sequence[rule_queries.RuleChange] = ()
    if rule_id is not None:
        with database().session() as session:
            row = rule_queries.get_rule(session, rule_id)
            history = rule_queries.rule_history(session, rule_id)
        given = given or forms.rule_typed(row)
    return render_template(
        "duties/rule.html",
        rule=row,
        history=history,
        typed=given or {},
        actions=ACTIONS,
        field_names=FIELD_NAMES,
        may_manage=has(actor, Permission.MANAGE_RULES),
        **_told(refusal),
        **_words(),
    )


# --- tasks ---


@blueprint.get("/obligations")
def show_obligations() -> str:
    """Show the list of tasks; everything chosen stands in the address."""
    actor, chosen, today = require_actor(), asked(), clock.today()
    with database().session() as session:
        page = queries.list_obligations(
            session,
            actor,
            chosen.filters,
            today,
            sort=chosen.sort,
            descending=chosen.descending,
            page=chosen.page,
            size=chosen.size,
        )
        people = queries.assignable(session, actor)
        townships = areas.list_divisions(session, level="township")
        villages = areas.list_divisions(session, parent=chosen.township) if chosen.township else ()
    own = [in_sight(actor, found) for found in (townships, villages)]
    return render_template(
        "duties/tasks.html",
        chosen=chosen,
        page=page,
        people=people,
        townships=own[0],
        villages=own[1],
        sizes=PAGE_SIZES,
        todo=TODO,
        today=today,
        **_words(),
    )


@blueprint.get("/obligations/export.<any(csv, xlsx):kind>")
def export(kind: str) -> Response:
    """Answer the list that the address describes as a file."""
    actor, chosen = require_actor(), asked()
    with database().session() as session:
        first = queries.list_obligations(session, actor, chosen.filters, clock.today(), size=1)
    invented = any(task.obligation.invented for task in first.rows)
    if kind == "csv":
        body = _csv(database(), actor, chosen, invented=invented)
        return attachment(body, TITLE, "csv", CSV_TYPE, invented=invented, rows=first.total)
    body = book_pieces(
        database(),
        actor,
        lambda session, reader: [Sheet(TITLE, HEADINGS, _rows(session, reader, chosen))],
        invented=invented,
    )
    return attachment(body, TITLE, "xlsx", XLSX_TYPE, invented=invented, rows=first.total)


# The session is opened where the rows are sent: the request is over by then.
def _csv(source: Database, actor: Actor, chosen: Asked, *, invented: bool) -> Iterator[bytes]:
    with source.session() as session:
        yield from csv_pieces(HEADINGS, _rows(session, actor, chosen), invented=invented)


def _rows(session: Transaction, actor: Actor, chosen: Asked) -> Iterator[list[Cell]]:
    found = queries.every_obligation(
        session,
        actor,
        chosen.filters,
        clock.today(),
        sort=chosen.sort,
        descending=chosen.descending,
    )
    return (_cells(task) for task in found)


def _cells(task: Task) -> list[Cell]:
    row = task.obligation
    return [
        layers()[task.layer].sheet.title.zh,
        task.code,
        task.name,
        task.township_name,
        task.division_name if task.division_name != task.township_name else "",
        ASSET_CLASSES[row.asset_class],
        norms().purposes[row.purpose].zh if row.purpose in norms().purposes else row.purpose,
        label(PeriodKind(row.period), row.period_start),
        row.opens_on,
        row.due_on,
        row.planned_on,
        task.assignee_name,
        STATE_NAMES[task.state][0],
        row.done_on,
        row.excuse,
    ]


@blueprint.get("/obligations/<int:obligation_id>")
def show_task(obligation_id: int) -> str:
    """Show one task, with what may be decided about it."""
    return _task_page(obligation_id)


@blueprint.post("/obligations/<int:obligation_id>/plan")
def plan_task(obligation_id: int) -> Response:
    """Say when the task is to be done, and by whom."""
    given = forms.typed()

    def act(session: Transaction, actor: Actor) -> None:
        assignee = given.get("assignee", "")
        operations.plan(
            session,
            actor,
            obligation_id,
            planned_on=forms.required_day(given, "planned_on") if given.get("planned_on") else None,
            assignee_id=int(assignee) if assignee.isdecimal() and len(assignee) < 10 else None,
            expected_version=forms.version(given),
        )

    return _act_on_task(obligation_id, given, act, "已安排。")


@blueprint.post("/obligations/<int:obligation_id>/excuse")
def excuse_task(obligation_id: int) -> Response:
    """Free the location of the task."""
    given = forms.typed()

    def act(session: Transaction, actor: Actor) -> None:
        reason, expected = given.get("reason", ""), forms.version(given)
        operations.excuse(session, actor, obligation_id, reason, expected_version=expected)

    return _act_on_task(obligation_id, given, act, "已免除本次巡查任务。")


@blueprint.post("/obligations/<int:obligation_id>/reinstate")
def reinstate_task(obligation_id: int) -> Response:
    """Take the excuse back."""
    given = forms.typed()

    def act(session: Transaction, actor: Actor) -> None:
        operations.reinstate(session, actor, obligation_id, expected_version=forms.version(given))

    return _act_on_task(obligation_id, given, act, "已撤销免除，任务恢复。")


def _act_on_task(
    obligation_id: int,
    given: Mapping[str, str],
    act: Callable[[Transaction, Actor], None],
    message: str,
) -> Response:
    actor = require_actor()
    try:
        with database().session(actor.account_id) as session:
            act(session, actor)
    except CORRECTABLE as refusal:
        return _refused(_task_page(obligation_id, given, refusal), refusal)
    return _done(message, "duties.show_task", obligation_id=obligation_id)


def _task_page(
    obligation_id: int,
    given: Mapping[str, str] | None = None,
    refusal: FuliangError | None = None,
) -> str:
    actor, today = require_actor(), clock.today()
    with database().session() as session:
        task = queries.obligation(session, actor, obligation_id, today)
        people = queries.assignable(session, actor)
        row = task.obligation
        steps = queries.history(session, row) if row.version > 1 else []
    current = row.period_end >= today
    undecided, excused = row.state == "open" and current, row.state == "excused"
    may_free = may(actor, Permission.GRANT_EXCEPTIONS, row.division_code)
    return render_template(
        "duties/task.html",
        task=task,
        row=row,
        typed=given or {},
        people=people,
        today=today,
        may_plan=undecided and may(actor, Permission.MANAGE_ROUNDS, row.division_code),
        may_excuse=undecided and may_free,
        may_reinstate=excused and current and may_free,
        too_late=excused and not current and may_free,
        steps=steps,
        names=dict(people),
        step_names=ACTION_NAMES,
        closed=isinstance(refusal, PeriodClosed),
        **_told(refusal),
        **_words(),
    )


# --- exceptions ---


@blueprint.get("/exceptions")
def show_exceptions() -> str:
    """List the exceptions in force."""
    actor, today = require_actor(), clock.today()
    with database().session() as session:
        rows = rule_queries.list_exceptions(session, actor, today, current=True)
    return render_template("duties/exceptions.html", rows=rows, today=today, **_words())


@blueprint.get("/exceptions/<layer_name>/<code>")
def show_location_exceptions(layer_name: str, code: str) -> str:
    """Show a location's tasks and exceptions, and the form for another one."""
    return _exceptions_page(layer_name, code, {"valid_from": clock.today().isoformat()})


@blueprint.post("/exceptions/<layer_name>/<code>")
def grant_exception(layer_name: str, code: str) -> Response:
    """Except the location for a limited time."""
    actor, given = require_actor(), forms.typed()
    try:
        with database().session(actor.account_id) as session:
            operations.grant(session, actor, layer_name, code, forms.exception_given(given))
    except CORRECTABLE as refusal:
        return _refused(_exceptions_page(layer_name, code, given, refusal), refusal)
    at = {"layer_name": layer_name, "code": code}
    return _done("已批准，巡查任务已同步更新。", "duties.show_location_exceptions", **at)


@blueprint.post("/exceptions/<int:exception_id>/revoke")
def revoke_exception(exception_id: int) -> Response:
    """End an exception today."""
    actor = require_actor()
    with database().session(actor.account_id) as session:
        row = operations.revoke(session, actor, exception_id)
        found = rule_queries.get_exception(session, actor, row.id)
    at = {"layer_name": found.layer, "code": found.code}
    return _done("已取消，恢复按规则巡查。", "duties.show_location_exceptions", **at)


def _exceptions_page(
    layer_name: str,
    code: str,
    given: Mapping[str, str],
    refusal: FuliangError | None = None,
) -> str:
    actor, today = require_actor(), clock.today()
    with database().session() as session:
        location = locations.get(session, actor, layer(layer_name).name, code)
        rows = rule_queries.list_exceptions(session, actor, today, location_id=location.id)
        owed = queries.list_obligations(
            session, actor, Filters(location_id=location.id), today, descending=True, size=20
        )
    allowed = may(actor, Permission.GRANT_EXCEPTIONS, location.division_code)
    return render_template(
        "duties/location.html",
        layer=layer(layer_name),
        location=location,
        rows=rows,
        owed=owed,
        typed=given,
        today=today,
        may_grant=allowed and location.deleted_at is None,
        **_told(refusal),
        **_words(),
    )


# --- what the pages share ---


def _words() -> dict[str, object]:
    return {
        "purposes": norms().purposes,
        "periods": PERIOD_NAMES,
        "asset_classes": ASSET_CLASSES,
        "layers": layers(),
        "states": STATE_NAMES,
        "tones": TONES,
        "period_label": lambda row: label(PeriodKind(row.period), row.period_start),
    }


def _told(refusal: FuliangError | None) -> dict[str, object]:
    """Return what is wrong: as a whole, and by field."""
    problems: tuple[Problem, ...] = refusal.problems if isinstance(refusal, Invalid) else ()
    faults = {problem.field: problem.zh for problem in reversed(problems)}
    return {"told": refusal.text_zh if refusal else None, "faults": faults}


def _refused(page: str, refusal: FuliangError) -> Response:
    note_refusal(refusal)
    return make_response(page, status_of(type(refusal)))


def _done(message: str, endpoint: str, **at: object) -> Response:
    flash(message, "ok")
    address = url_for(endpoint, **at)  # type: ignore[arg-type]
    return make_response(redirect(address, HTTPStatus.SEE_OTHER))
