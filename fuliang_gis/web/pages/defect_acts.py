"""The page of one problem, and what people do to it there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for

from fuliang_gis import clock
from fuliang_gis.accounts.policies import may
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import (
    BadRequest,
    Conflict,
    FileRefused,
    FuliangError,
    Invalid,
    NotFound,
    Problem,
    SelfApproval,
    TooLarge,
    WrongState,
)
from fuliang_gis.inspections.defects import evidence, operations, queries, rules
from fuliang_gis.inspections.defects.given import Assignment, Changed, Feedback, MeasureGiven
from fuliang_gis.inspections.defects.queries import Shown
from fuliang_gis.inspections.defects.rules import ACT_STATES, Act
from fuliang_gis.inspections.models import DefectMeasure
from fuliang_gis.inspections.norms import norms
from fuliang_gis.locations.geometry import as_geojson
from fuliang_gis.web import uploads
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages.defect_entry import day, lines
from fuliang_gis.web.session import require_actor

#: Refusals after which the page is shown again, as it now stands, with what was typed.
_SHOWN_AGAIN = (Invalid, Conflict, WrongState, SelfApproval, FileRefused, TooLarge)
#: Acts that are no step of a problem's way, and what is said when they are done.
_DONE = {"photos": "补充照片"}
_CONFLICT = "别人刚刚更新了这个问题，您的操作未保存。下面是最新情况，请核对后再提交。"


@dataclass(frozen=True)
class Acts:
    """What the person may do to a problem now."""

    actor: Actor
    shown: Shown

    def __contains__(self, verb: object) -> bool:
        act, defect = Act(str(verb)), self.shown.defect
        if act is Act.SEND_BACK and defect.state != "assigned" and self.mended:
            return False
        return defect.state in ACT_STATES[act] and any(
            may(self.actor, each, defect.division_code)
            for each in rules.permissions_of(act, defect.state)
        )

    @property
    def mended(self) -> bool:
        """Whether the person carried out one of the measures."""
        return any(each.fixed_by == self.actor.account_id for each in self.shown.measures)

    @property
    def mends(self) -> bool:
        """Whether the person may add photos to a measure that waits for its judge."""
        defect = self.shown.defect
        return defect.state in ("assigned", "fixed") and any(
            may(self.actor, each, defect.division_code) for each in rules.ACT_PERMISSIONS[Act.FIX]
        )

    def fixes(self, measure: DefectMeasure) -> bool:
        """Whether the person may report this measure as carried out."""
        return measure.state == "open" and "fix" in self

    def judges(self, measure: DefectMeasure) -> bool:
        """Whether the person may accept or refuse this measure."""
        mine = measure.fixed_by == self.actor.account_id
        return measure.state == "fixed" and not mine and "verify" in self

    @property
    def adds_before(self) -> bool:
        """Whether the person may add photos of before the repair."""
        may_find = any(
            may(self.actor, each, self.shown.defect.division_code)
            for each in rules.permissions_of(Act.FIND, self.shown.defect.state)
        )
        return self.shown.defect.state != "closed" and may_find

    def waits_for_another(self, measure: DefectMeasure) -> bool:
        """Whether only having carried it out keeps the person from judging it."""
        mine = measure.fixed_by == self.actor.account_id
        return measure.state == "fixed" and mine and "verify" in self


def show(number: str) -> str:
    """Show one problem: what is wrong, its measures, its way, and what may be done now."""
    return _page(require_actor(), number, {}, None)


def act(number: str, verb: str) -> Response:
    """Do one act; show the page again when it is refused, with what was typed."""
    actor = require_actor()
    if verb not in {*_ACTS, *_DONE}:
        raise NotFound(what="操作", key=verb)
    try:
        _do(actor, number, verb)
    except _SHOWN_AGAIN as refusal:
        note_refusal(refusal)
        typed = {name: value.replace("\0", "") for name, value in request.form.items()}
        page = _page(actor, number, typed | {"verb": verb}, refusal)
        return make_response(page, status_of(type(refusal)))
    flash(f"{number}：{_DONE.get(verb) or rules.ACT_NAMES[Act(verb)][0]}成功。", "ok")
    return make_response(redirect(url_for("defects.show", number=number), HTTPStatus.SEE_OTHER))


def _page(actor: Actor, number: str, typed: dict[str, str], refusal: FuliangError | None) -> str:
    with database().session() as session:
        shown = queries.get(session, actor, number)
        acts = Acts(actor, shown)
        owners = queries.owners(session, shown.defect.division_code) if "assign" in acts else []
    told = None
    if refusal is not None:
        told = _CONFLICT if isinstance(refusal, Conflict) else refusal.text_zh
    return render_template(
        "defects/show.html",
        shown=shown,
        defect=shown.defect,
        acts=acts,
        owners=owners,
        norms=norms(),
        rules=rules,
        today=clock.today(),
        geometry=as_geojson(shown.geom) if shown.geom is not None else None,
        typed=typed,
        told=told,
        problems=refusal.problems if isinstance(refusal, Invalid) else (),
    )


def _do(actor: Actor, number: str, verb: str) -> None:
    if verb == "photos":
        _add_photos(actor, number)
        return
    sent = {name: value.replace("\0", "").strip() for name, value in request.form.items()}
    kept = uploads.keep_all("photos") if verb == "fix" else []
    named: dict[str, Any] = (
        {} if verb == "comment" else {"expected_version": _whole(sent, "version")}
    )
    if verb == "fix":
        named["kept"] = kept
    run, arguments = _ACTS[verb]
    given = arguments(sent)
    with database().session(actor.account_id) as session:
        run(session, actor, number, *given, **named)


def _add_photos(actor: Actor, number: str) -> None:
    """Add photos of before, or of after where a measure is named."""
    ordinal = _whole(request.form, "measure") if "measure" in request.form else None
    side: evidence.Side = "before" if ordinal is None else "after"
    with database().session(actor.account_id) as session:
        evidence.may_add_photos(session, actor, number, side)
    kept = uploads.keep_all("photos")
    if not kept:
        zh = "请选择照片。"
        raise Invalid([Problem("required", zh, "Choose a photo.", "photos")])
    with database().session(actor.account_id) as session:
        evidence.add_photos(session, actor, number, kept, side, ordinal)


def _whole(sent: Mapping[str, str], name: str) -> int:
    text = sent.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequest(reason=f"表单缺少 {name}，请刷新页面后重试")
    return int(text)


def _money(sent: Mapping[str, str]) -> Decimal | None:
    text = sent.get("cost_yuan", "").replace(",", "")
    if not text:
        return None
    try:
        return Decimal(text).quantize(Decimal("0.01"))
    except InvalidOperation:
        zh = "整改费用应为金额（元），如 1200 或 1200.50。"
        raise Invalid([Problem("bad_number", zh, "Not an amount.", "cost_yuan")]) from None


def _assignment(sent: Mapping[str, str]) -> tuple[object, ...]:
    measures = [
        MeasureGiven(
            sent[name],
            sent.get(f"unit.{ordinal}") or None,
            day(sent.get(f"due.{ordinal}", ""), "measures"),
            int(ordinal),
        )
        for name in sent
        if name.startswith("measure.") and (ordinal := name.partition(".")[2]).isdigit()
        if f"drop.{ordinal}" not in sent
    ]
    owner = sent.get("owner") or None
    return (
        Assignment(
            owner=owner,
            owner_name=None if owner else sent.get("owner_name"),
            responsible_unit=sent.get("responsible_unit"),
            lead_unit=sent.get("lead_unit"),
            due_on=day(sent.get("due_on", ""), "due_on"),
            measures=[*measures, *lines(sent.get("new_measures", ""))],
            note=sent.get("note"),
        ),
    )


def _changed(sent: Mapping[str, str]) -> tuple[object, ...]:
    return (
        Changed(
            title=sent.get("title"),
            description=sent.get("description"),
            category=sent.get("category"),
            severity=sent.get("severity"),
            due_on=day(sent.get("due_on", ""), "due_on"),
        ),
    )


def _reopening(sent: Mapping[str, str]) -> tuple[object, ...]:
    ordinals = [int(each) for each in request.form.getlist("measures") if each.isdigit()]
    return (sent.get("text", ""), ordinals, day(sent.get("due_on", ""), "due_on"))


def _judgement(sent: Mapping[str, str]) -> tuple[object, ...]:
    return (_whole(sent, "measure"), sent.get("text", ""))


#: What each act of the page calls, and how its arguments are read from the form.
_ACTS: Mapping[
    str, tuple[Callable[..., object], Callable[[dict[str, str]], tuple[object, ...]]]
] = {
    "assign": (operations.assign, _assignment),
    "change": (operations.change, _changed),
    "fix": (
        operations.fix,
        lambda sent: (_whole(sent, "measure"), Feedback(sent.get("text", ""), _money(sent))),
    ),
    "verify": (operations.verify, _judgement),
    "reject": (operations.reject, _judgement),
    "close": (operations.close, lambda sent: (sent.get("text"),)),
    "return": (operations.send_back, lambda sent: (sent.get("text", ""),)),
    "reopen": (operations.reopen, _reopening),
    "comment": (operations.comment, lambda sent: (sent.get("text", ""),)),
}
