"""What forms of a plan's procedure send, and how their refusals are told on the page itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus

from flask import flash, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis.accounts.policies import may
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import Conflict, Duplicate, FuliangError, Invalid, SelfApproval, WrongState
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.planning import queries
from fuliang_gis.planning.queries import PlanRow
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages.asked import day_or_none
from fuliang_gis.web.session import require_actor

#: Refusals after which the page is shown again, as it now stands, with what was typed.
_SHOWN_AGAIN = (Invalid, Conflict, Duplicate, WrongState, SelfApproval)
_CONFLICT = "别人刚刚办理或修改过，您的操作未保存。下面是最新情况，请核对后再提交。"
_MOST_DIGITS = 9
_MOST_PAGE_DIGITS = 5


@dataclass(frozen=True)
class Typed:
    """What a refused form held and why it was refused; ``form`` tells which one of the page."""

    form: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    told: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)
    rest: tuple[str, ...] = ()

    def of(self, form: str) -> Typed:
        """Return this where it belongs to a form of the page, else nothing typed."""
        return self if self.form == form else Typed()

    def get(self, name: str, otherwise: object = "") -> str:
        """Return what was typed into a field; what stood there at first where nothing was."""
        if name in self.values:
            return self.values[name]
        return "" if otherwise is None else str(otherwise)


@dataclass(frozen=True)
class Seen:
    """One plan as a page of it begins: its row, and what the person may do where it lies."""

    actor: Actor
    row: PlanRow

    def may(self, *permissions: Permission) -> bool:
        """Tell whether the person holds one of the permissions there."""
        code = self.row.plan.division_code
        return any(may(self.actor, each, code) for each in permissions)

    @property
    def drafts(self) -> bool:
        """Whether the person may change what is drafted now."""
        return self.row.plan.state == "draft" and self.may(Permission.DRAFT_PLANS)


def seen(session: Transaction, actor: Actor, plan_id: int) -> Seen:
    """Read the plan of a page.

    Raises:
        NotFound: There is no such plan in the actor's division.
    """
    return Seen(actor, queries.plan(session, actor, plan_id))


def attempt(
    act: Callable[[Transaction, Actor], object],
    page: Callable[[Typed], str],
    *,
    form: str,
    done: str,
    to: str,
) -> AnyResponse:
    """Do what a form asks; then go on to an address, or show the page again with what was typed.

    Args:
        page: Makes the page that the form is on.
        form: Which of the page's forms it is.
        done: What the next page tells.
    """
    actor = require_actor()
    try:
        with database().session(actor.account_id) as session:
            act(session, actor)
    except _SHOWN_AGAIN as refusal:
        note_refusal(refusal)
        return make_response(page(typed(form, refusal)), status_of(type(refusal)))
    flash(done, "ok")
    return redirect(to, HTTPStatus.SEE_OTHER)


def typed(form: str, refusal: FuliangError) -> Typed:
    """Return what was sent with why it was refused, fault by field."""
    values = {name: text(name) for name in request.form}
    if isinstance(refusal, Conflict):
        # The version typed is an old one; everything else may be sent again.
        values.pop("version", None)
        return Typed(form, values, _CONFLICT)
    if not isinstance(refusal, Invalid):
        marked = {refusal.field: refusal.text_zh} if refusal.field in values else {}
        return Typed(form, values, refusal.text_zh, marked)
    faults: dict[str, str] = {}
    for each in refusal.problems:
        if each.field in values:
            # One field may have several faults, and each has to be told.
            faults[each.field or ""] = faults.get(each.field or "", "") + each.zh
    rest = tuple(each.zh for each in refusal.problems if each.field not in values)
    told = "未保存，请改正标出的内容。" if faults else "未保存。"
    return Typed(form, values, told, faults, rest)


def text(name: str) -> str:
    """Return what was typed into a field, without what no text may hold."""
    return request.form.get(name, "").replace("\0", "").replace("\r\n", "\n").strip()


def whole(name: str) -> int | None:
    """Return a whole number that was typed; None where it is none."""
    given = text(name)
    plain = given.isascii() and given.isdigit() and len(given) <= _MOST_DIGITS
    return int(given) if plain else None


def day(name: str) -> date | None:
    """Return a day that was typed; None where it is none."""
    return day_or_none(text(name))


def page_number() -> int:
    """Return which page of a list the address asks for."""
    given = request.args.get("page", "1")
    plain = given.isascii() and given.isdigit() and len(given) <= _MOST_PAGE_DIGITS
    return max(1, int(given)) if plain else 1


def counted(names: Iterable[str]) -> dict[str, int | None]:
    """Return whole numbers that were typed, by field."""
    return {name: whole(name) for name in names}
