"""What people decide about single obligations: plans, excuses, and taking an excuse back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import Enum
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import audit
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.policies import require, within
from fuliang_gis.accounts.roles import ROLE_PERMISSIONS, Actor, Permission, Role
from fuliang_gis.areas.models import Division
from fuliang_gis.errors import (
    Conflict,
    Invalid,
    NotFound,
    PeriodClosed,
    Problem,
    VersionRequired,
    WrongState,
)
from fuliang_gis.inspections.duties.fulfilment import catch_up
from fuliang_gis.inspections.duties.generation import follow
from fuliang_gis.inspections.duties.periods import PeriodKind, label
from fuliang_gis.inspections.models import Obligation
from fuliang_gis.inspections.status.operations import refresh

_LONGEST_REASON = 500

_TAKING_BACK = "撤销免除"

STATE_NAMES = {"open": "待巡查", "done": "已巡查", "excused": "已免除"}


class Keep(Enum):
    """Says of a value that it stays as it is."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP
Kept = Literal[Keep.KEEP]


def plan(
    session: Session,
    actor: Actor,
    obligation_id: int,
    *,
    planned_on: date | Kept | None = KEEP,
    assignee_id: int | Kept | None = KEEP,
    expected_version: int | None,
) -> Obligation:
    """Say on which day an obligation is to be met and by whom; None takes that back.

    Raises:
        Forbidden, OutsideDivision, NotFound, VersionRequired, Conflict: As they say.
        WrongState: It is done or excused.
        PeriodClosed: Its period is over.
        Invalid: The day lies outside its dates, or the account cannot visit there.
    """
    row = _decidable(
        session, actor, obligation_id, Permission.MANAGE_ROUNDS, expected_version, "安排"
    )
    problems = [*_day_problems(row, planned_on), *_assignee_problems(session, row, assignee_id)]
    if problems:
        raise Invalid(problems)
    if planned_on is not KEEP:
        row.planned_on = planned_on
    if assignee_id is not KEEP:
        row.assignee_id = assignee_id
    detail: dict[str, object] = {
        "planned_on": row.planned_on.isoformat() if row.planned_on else None,
        "assignee_id": row.assignee_id,
    }
    _touch(session, actor, row, "plan_obligation", detail)
    return row


def excuse(
    session: Session,
    actor: Actor,
    obligation_id: int,
    reason: str,
    *,
    expected_version: int | None,
) -> Obligation:
    """Free a location of one obligation, for a reason.

    Raises:
        Forbidden, OutsideDivision, NotFound, VersionRequired, Conflict: As they say.
        WrongState: It is done or excused already.
        PeriodClosed: Its period is over.
        Invalid: No reason is given.
    """
    permission = Permission.GRANT_EXCEPTIONS
    row = _decidable(session, actor, obligation_id, permission, expected_version, "免除")
    problems = list(reason_problems(reason))
    if problems:
        raise Invalid(problems)
    row.state, row.excuse, row.excused_by = "excused", reason.strip(), actor.account_id
    _touch(session, actor, row, "excuse_obligation", {"reason": reason.strip()})
    refresh(session, [row.location_id])
    return row


def reinstate(
    session: Session, actor: Actor, obligation_id: int, *, expected_version: int | None
) -> Obligation:
    """Take an excuse back, as though it had never been given.

    The obligation takes on what rules and location ask for today. A visit made meanwhile
    completes it, and a planned day that has passed is dropped.

    Raises:
        Forbidden, OutsideDivision, NotFound, VersionRequired, Conflict: As they say.
        WrongState: It is not excused, or nothing asks for it any more.
        PeriodClosed: Its period is over; its figures are told already.
    """
    permission = Permission.GRANT_EXCEPTIONS
    row = _decidable(
        session, actor, obligation_id, permission, expected_version, _TAKING_BACK, state="excused"
    )
    today, excuse = clock.today(), row.excuse
    row.state, row.excuse, row.excused_by = "open", None, None
    if row.planned_on is not None and row.planned_on < today:
        row.planned_on = None
    _touch(session, actor, row, "reinstate_obligation", {"excuse": excuse})
    name, location_id = (
        f"{label(PeriodKind(row.period), row.period_start)}巡查任务",
        row.location_id,
    )
    follow(session, [location_id], today)
    if session.scalar(select(Obligation.id).where(Obligation.id == obligation_id)) is None:
        advice = "按现行规则，该点位本期已不需要这次巡查。"
        raise WrongState(name=name, state=STATE_NAMES["excused"], act=_TAKING_BACK, advice=advice)
    catch_up(session, obligation_id)
    refresh(session, [location_id])
    session.refresh(row)
    return row


def _decidable(
    session: Session,
    actor: Actor,
    obligation_id: int,
    permission: Permission,
    expected_version: int | None,
    act: str,
    *,
    state: str = "open",
) -> Obligation:
    """Return an obligation in that state that may still be decided about, locked."""
    wanted = (
        select(Obligation)
        .where(Obligation.id == obligation_id, within(actor, Obligation.division_code))
        .with_for_update()
    )
    row = session.scalars(wanted).one_or_none()
    if row is None:
        raise NotFound(what="巡查任务", key=obligation_id)
    require_there(session, actor, permission, row.division_code)
    name = label(PeriodKind(row.period), row.period_start)
    if expected_version is None:
        raise VersionRequired
    if row.version != expected_version:
        raise Conflict(name=f"{name}巡查任务", current=row.version, expected=expected_version)
    if row.period_end < clock.today():
        raise PeriodClosed(name=name, state="已结束", act=act, period=name, advice="")
    if row.state != state:
        told = STATE_NAMES[row.state]
        raise WrongState(name=f"{name}巡查任务", state=told, act=act, advice="")
    return row


def _touch(
    session: Session, actor: Actor, row: Obligation, action: str, detail: dict[str, object]
) -> None:
    row.version, row.updated_at = row.version + 1, clock.now()
    audit.record(
        session,
        actor,
        action,
        f"obligation/{row.id}",
        division_code=row.division_code,
        detail=detail | {"version": row.version},
    )
    session.flush()


def require_there(
    session: Session, actor: Actor, permission: Permission, division_code: str
) -> None:
    """Refuse unless the actor may do this in the division, by its name."""
    division = session.get(Division, division_code)
    require(actor, permission, division_code, division.name if division else None)


def _day_problems(row: Obligation, planned_on: date | Kept | None) -> Iterator[Problem]:
    if planned_on is KEEP or planned_on is None:
        return
    # What is overdue inside an open period is made up for in the rest of it.
    first = max(row.opens_on, clock.today())
    last = row.due_on if row.due_on >= clock.today() else row.period_end
    if not first <= planned_on <= last:
        zh = f"计划日期应在 {first:%Y-%m-%d} 至 {last:%Y-%m-%d} 之间。"
        yield Problem("out_of_range", zh, f"Plan it between {first} and {last}.", "planned_on")


def _assignee_problems(
    session: Session, row: Obligation, assignee_id: int | Kept | None
) -> Iterator[Problem]:
    if assignee_id is KEEP or assignee_id is None:
        return
    account = session.get(Account, assignee_id)
    if (
        account is None
        or not account.active
        or Permission.RECORD_VISITS not in ROLE_PERMISSIONS[Role(account.role)]
        or not row.division_code.startswith(account.division_code)
    ):
        zh = "所选人员不能在该点位所在区划填报巡查记录，请另选一位。"
        yield Problem("not_allowed", zh, "This account cannot record visits there.", "assignee_id")


def reason_problems(reason: str) -> Iterator[Problem]:
    """Yield what is wrong with a reason."""
    if not 0 < len(reason.strip()) <= _LONGEST_REASON:
        zh = f"请填写原因（不超过 {_LONGEST_REASON} 字）。"
        yield Problem("required", zh, "A reason is required.", "reason")
