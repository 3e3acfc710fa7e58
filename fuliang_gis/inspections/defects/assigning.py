"""Giving a problem to whom mends it, and setting right what is said of it until it is fixed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.policies import COUNTY_DIGITS
from fuliang_gis.accounts.roles import ROLE_PERMISSIONS, Actor, Permission, Role
from fuliang_gis.db.base import Json
from fuliang_gis.errors import Forbidden, Invalid, Problem, WrongState
from fuliang_gis.inspections.defects import rules
from fuliang_gis.inspections.defects.given import (
    Assignment,
    Changed,
    MeasureGiven,
    check_assignment,
    check_changed,
)
from fuliang_gis.inspections.defects.handling import Handled, add_measures, measures_of
from fuliang_gis.inspections.defects.rules import Act
from fuliang_gis.inspections.models import Defect, DefectEvent, DefectMeasure

_CHANGEABLE = ("title", "description", "category", "severity", "aspect", "due_on")


def assign(
    session: Session,
    actor: Actor,
    number: str,
    given: Assignment,
    *,
    expected_version: int | None,
) -> Defect:
    """Give a problem to an owner, with a deadline and its measures; or change these.

    Raises:
        Invalid: There is no owner, or the account cannot mend it there.
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict, WrongState: As they say.
    """
    handled = Handled(session, actor, number, Act.ASSIGN, expected_version)
    check_assignment(given)
    defect = handled.defect
    _set_owner(session, defect, given)
    for name in ("responsible_unit", "lead_unit"):
        if (value := getattr(given, name)) is not None:
            setattr(defect, name, value.strip() or None)
    _set_deadline(actor, defect, given.due_on)
    if given.measures is not None:
        _set_measures(handled, given.measures)
    if not (defect.owner_id or defect.owner_name or defect.responsible_unit):
        zh = "请指定整改责任人或责任单位。"
        raise Invalid([Problem("required", zh, "Name an owner or a unit.", "owner")])
    handled.settle(rules.assigned(handled.case))
    detail: Json = {
        "owner": defect.owner_name or defect.responsible_unit,
        "due_on": str(defect.due_on),
        "measures": len(handled.measures),
    }
    handled.tell((given.note or "").strip() or None, detail)
    return handled.done()


def change(
    session: Session, actor: Actor, number: str, given: Changed, *, expected_version: int | None
) -> Defect:
    """Set right what is said of a problem; a new severity without a deadline keeps the old one.

    Raises:
        Invalid: A value cannot be.
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict, WrongState: As they say.
    """
    handled = Handled(session, actor, number, Act.CHANGE, expected_version)
    check_changed(given)
    defect = handled.defect
    before: Json = {}
    after: Json = {}
    for name in _CHANGEABLE:
        old, new = getattr(defect, name), getattr(given, name)
        if new is None or new == old:
            continue
        if name == "due_on":
            _set_deadline(actor, defect, new)
        else:
            setattr(defect, name, new.strip() or None)
        before[name], after[name] = _told(old), _told(new)
    if not after:
        return defect
    handled.tell(None, {"before": before, "after": after})
    return handled.done({"fields": sorted(after)})


def may_mend(account: Account, division_code: str) -> bool:
    """Tell whether an account can be given problems of a division."""
    mends = Permission.FIX_DEFECTS in ROLE_PERMISSIONS[Role(account.role)]
    return account.active and mends and division_code.startswith(account.division_code)


def _set_owner(session: Session, defect: Defect, given: Assignment) -> None:
    if given.owner:
        account = session.scalar(select(Account).where(Account.username == given.owner))
        if account is None or not may_mend(account, defect.division_code):
            zh = f"账号“{given.owner}”不存在、已停用，或不能整改该地的问题，请从列表中选择。"
            en = f"Account '{given.owner}' cannot fix defects there."
            raise Invalid([Problem("unknown_owner", zh, en, "owner")])
        defect.owner_id, defect.owner_name = account.id, account.display_name
    elif given.owner_name is not None:
        defect.owner_id, defect.owner_name = None, given.owner_name.strip() or None


def _set_deadline(actor: Actor, defect: Defect, due_on: date | None) -> None:
    if due_on is None or due_on == defect.due_on:
        return
    if due_on < clock.today():
        zh = "整改期限不能早于今天。"
        raise Invalid([Problem("out_of_range", zh, "The deadline lies in the past.", "due_on")])
    # What has risen to the county is not put off below it.
    if defect.escalated_to == "county" and len(actor.scope) != COUNTY_DIGITS:
        raise Forbidden(role=actor.role_name, act="延长已提级至县的问题的整改期限")
    defect.due_on = due_on


def _set_measures(handled: Handled, given: Sequence[MeasureGiven]) -> None:
    """Change, add and remove open measures; what was reported once stays, with its history."""
    session, defect = handled.session, handled.defect
    named = {each.ordinal: each for each in given if each.ordinal is not None}
    for ordinal in named:
        handled.case.measure(ordinal)
    for row in handled.measures:
        wanted = named.get(row.ordinal)
        if wanted is not None and row.state == "open":
            row.text = wanted.text.strip()
            row.responsible_unit, row.due_on = wanted.responsible_unit, wanted.due_on
        elif wanted is None and row.state == "open":
            _remove(session, defect, row)
    last = max((row.ordinal for row in handled.measures), default=0)
    new = [each for each in given if each.ordinal is None]
    add_measures(session, defect, new, after=last)
    session.flush()
    handled.measures = measures_of(session, defect)


def _remove(session: Session, defect: Defect, row: DefectMeasure) -> None:
    told = select(DefectEvent.id).where(DefectEvent.measure_id == row.id).limit(1)
    if session.scalar(told) is not None:
        raise WrongState(
            name=f"{defect.number} 的第 {row.ordinal} 条整改措施",
            state="已有整改记录",
            act="删除",
            advice="可以修改措施内容后重新整改。",
        )
    session.delete(row)


def _told(value: object) -> str | None:
    return None if value is None else str(value)
