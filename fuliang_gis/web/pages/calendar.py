"""The calendar of obligations, by township and person: what is planned, due and done each day."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from fuliang_gis import clock
from fuliang_gis.accounts.policies import has
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import BadParameter, BadRequest, FuliangError
from fuliang_gis.inspections.duties import calendar_queries as queries
from fuliang_gis.inspections.duties import compliance_queries as naming
from fuliang_gis.inspections.duties import moving
from fuliang_gis.inspections.duties.board import UNASSIGNED, labels
from fuliang_gis.inspections.duties.calendar_queries import KINDS, Chip, Group
from fuliang_gis.inspections.duties.moving import MOST, Former, Moved
from fuliang_gis.inspections.duties.planning import KEEP, Kept
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages.asked import read_day
from fuliang_gis.web.pages.calendar_asked import (
    GROUPINGS,
    Asked,
    days_of,
    hours_text,
    lots,
    months_of,
    read,
)
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("calendar", __name__, url_prefix="/inspections/calendar")

#: Rows shown of an opened group.
_ITEMS = 100
#: What one person can do in a day on site [min]; more is marked.
_FULL_DAY = 480


@blueprint.get("")
def show() -> Response:
    """Show a month or a quarter; everything chosen stands in the address."""
    actor = require_actor()
    refusal: FuliangError | None = None
    try:
        asked = read(request.args, actor, clock.today())
    except BadParameter as error:
        note_refusal(error)
        refusal, asked = error, read({}, actor, clock.today())
    response = make_response(_rendered(actor, asked, refusal))
    if refusal is not None:
        response.status = str(int(status_of(type(refusal))))
    return response


def _rendered(actor: Actor, asked: Asked, refusal: FuliangError | None) -> str:
    look = asked.look
    scope = look.division or actor.scope
    with database().reading() as session:
        chips = queries.days(session, actor, look)
        waiting = queries.pool(session, actor, look)
        townships = naming.division_names(session, actor.scope, "township")
        villages = naming.division_names(session, scope[:9], "village") if len(scope) > 6 else {}
        people = queries.inspectors(session, actor, scope)
        names = dict(people)
        unknown = [int(c.key) for c in (*chips, *waiting) if look.by == "person" and c.key]
        names |= naming.account_names(session, unknown) if unknown else {}
    titles = _titles(asked, actor, townships, villages, names, [*chips, *waiting])
    days = days_of(look.span, chips, titles)
    return render_template(
        "calendar/show.html",
        asked=asked,
        look=look,
        refusal=refusal,
        months=months_of(days),
        pool=sorted(lots(waiting, titles), key=lambda lot: (lot.first_due, lot.key)),
        townships=townships,
        villages=villages,
        people=people,
        groupings=GROUPINGS,
        labels=labels,
        hours=hours_text,
        full_day=_FULL_DAY,
        may_plan=has(actor, Permission.MANAGE_ROUNDS),
        most=MOST,
    )


def _titles(
    asked: Asked,
    actor: Actor,
    townships: dict[str, tuple[str, str]],
    villages: dict[str, tuple[str, str]],
    people: dict[int, str],
    chips: list[Chip],
) -> dict[str, str]:
    if asked.look.by == "person":
        return {"": UNASSIGNED} | {str(key): name for key, name in people.items()}
    known = villages if queries.level(actor, asked.look) == "village" else townships
    named = {code: name for code, (_, name) in known.items()}
    own = {chip.key: "县本级" if len(chip.key) < 9 else "乡镇本级" for chip in chips}
    return own | named


@blueprint.get("/items")
def show_items() -> str:
    """Give the obligations of one group, as the panel beside the calendar shows them."""
    actor = require_actor()
    asked = read(request.args, actor, clock.today())
    # The address leaves empty values out; a dash stands for those without a person.
    key = request.args.get("key")
    kind, day = request.args.get("kind"), request.args.get("on")
    group = read_group(kind, day, "" if key == "-" else key)
    with database().reading() as session:
        found = queries.items(session, actor, asked.look, group, most=_ITEMS + 1)
    return render_template(
        "calendar/_items.html",
        asked=asked,
        group=group,
        title=request.args.get("title", "")[:40],
        items=found[:_ITEMS],
        more=len(found) > _ITEMS,
        shown=_ITEMS,
        labels=labels,
        may_plan=has(actor, Permission.MANAGE_ROUNDS) and group.kind != "done",
    )


def read_group(kind: object, day: object, key: object) -> Group:
    """Read which group is meant.

    Raises:
        BadParameter: That cannot be told.
    """
    if kind not in KINDS or not (key is None or isinstance(key, str)):
        raise BadParameter(
            name="kind", reason="没有这种任务组", reason_en="no such group", field="kind"
        )
    found = read_day(str(day or ""), "day")
    if (found is None) != (kind == "pool"):
        raise BadParameter(name="day", reason="请指明日期", reason_en="a date", field="day")
    return Group(str(kind), found, None if key is None else key.replace("\0", "")[:40])


@blueprint.post("/plan")
def plan() -> Response:
    """Plan groups or single obligations for a day or a person; tell how to take it back."""
    actor = require_actor()
    asked = read(request.args, actor, clock.today())
    body = _body()
    planned_on = _planned_on(body)
    assignee = _assignee(body)
    most = body.get("most")
    if not (most is None or (isinstance(most, int) and 0 < most <= MOST)):
        raise BadRequest(reason=f"项数应为 1 至 {MOST}")
    with database().session(actor.account_id) as session:
        wanted: dict[int, int] = {}
        for given in _list(body, "groups"):
            group = read_group(given.get("kind"), given.get("day"), given.get("key"))
            wanted |= dict(queries.members(session, actor, asked.look, group, most=MOST + 1))
        wanted |= dict(queries.versions(session, actor, _ids(body)))
        chosen = list(wanted.items())[:most]
        moved = moving.move(session, actor, chosen, planned_on=planned_on, assignee_id=assignee)
    return _told(moved)


@blueprint.post("/undo")
def undo() -> Response:
    """Plan obligations as they were before an act of this page."""
    actor = require_actor()
    former = [_former(given) for given in _list(_body(), "former")]
    with database().session(actor.account_id) as session:
        moved = moving.undo(session, actor, former)
    return _told(moved)


def _told(moved: Moved) -> Response:
    former = [
        {
            "id": each.id,
            "version": each.version,
            "planned_on": each.planned_on.isoformat() if each.planned_on else None,
            "assignee_id": each.assignee_id,
        }
        for each in moved.done
    ]
    told = {
        "done": len(former),
        "refused": moved.refused,
        "reason": moved.reason,
        "former": former,
    }
    return Response(json.dumps(told, ensure_ascii=False), content_type="application/json")


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BadRequest(reason="应为 JSON 对象")
    return body


def _list(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = body.get(name, [])
    if not (isinstance(found, list) and len(found) <= MOST):
        raise BadRequest(reason=f"{name} 应为不超过 {MOST} 项的数组")
    if not all(isinstance(each, dict) for each in found):
        raise BadRequest(reason=f"{name} 的各项应为对象")
    return found


def _ids(body: dict[str, Any]) -> list[int]:
    found = body.get("ids", [])
    if not (isinstance(found, list) and len(found) <= MOST and all(_is_id(each) for each in found)):
        raise BadRequest(reason=f"ids 应为不超过 {MOST} 个编号的数组")
    return found


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63


def _planned_on(body: dict[str, Any]) -> date | Kept | None:
    if "to" not in body:
        return KEEP
    return read_day(str(body["to"] or ""), "to")


def _assignee(body: dict[str, Any]) -> int | Kept | None:
    if "assignee" not in body:
        return KEEP
    value = body["assignee"]
    if value is None:
        return None
    if not _is_id(value) or value >= 2**31:
        raise BadRequest(reason="assignee 应为账号编号")
    return int(value)


def _former(given: dict[str, Any]) -> Former:
    key, version, assignee = given.get("id"), given.get("version"), given.get("assignee_id")
    whole = _is_id(key) and _is_id(version) and (assignee is None or _is_id(assignee))
    if not whole or not isinstance(key, int) or not isinstance(version, int):
        raise BadRequest(reason="无法识别要撤销的安排")
    return Former(
        key, version, read_day(str(given.get("planned_on") or ""), "planned_on"), assignee
    )
