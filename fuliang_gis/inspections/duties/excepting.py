"""Exceptions of single locations from the rules, for a limited time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import audit
from fuliang_gis.accounts.policies import within
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import BadRequest, Invalid, NotFound, Problem, WrongState
from fuliang_gis.inspections.duties.generation import follow
from fuliang_gis.inspections.duties.periods import PeriodKind
from fuliang_gis.inspections.duties.planning import reason_problems, require_there
from fuliang_gis.inspections.duties.ruling import EARLIEST, LATEST, MOST
from fuliang_gis.inspections.models import InspectionException
from fuliang_gis.inspections.norms import norms
from fuliang_gis.locations.queries import get
from fuliang_gis.locations.registry import layer

#: The longest that one location can be excepted.
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class ExceptionGiven:
    """Another interval for one location, or none at all (``period`` and ``count`` of None)."""

    reason: str
    valid_from: date
    valid_to: date
    purpose: str | None = None
    period: str | None = None
    count: int | None = None


def grant(
    session: Session, actor: Actor, layer_name: str, code: str, given: ExceptionGiven
) -> InspectionException:
    """Except a location from the rules for a limited time.

    Raises:
        Forbidden, OutsideDivision, NotFound: As they say.
        BadRequest: The location is deleted.
        Invalid: No reason, or dates or interval that cannot be.
    """
    location = get(session, actor, layer(layer_name).name, code)
    require_there(session, actor, Permission.GRANT_EXCEPTIONS, location.division_code)
    if location.deleted_at is not None:
        raise BadRequest(reason="该点位已被删除，请先恢复")
    today = clock.today()
    problems = list(_exception_problems(given, today))
    if problems:
        raise Invalid(problems)
    row = InspectionException(
        location_id=location.id,
        division_code=location.division_code,
        purpose=given.purpose,
        period=given.period,
        count=given.count,
        reason=given.reason.strip(),
        valid_from=given.valid_from,
        valid_to=given.valid_to,
        created_by=actor.account_id,
    )
    session.add(row)
    session.flush()
    _audit_exception(session, actor, row, "grant_exception", f"{layer_name}/{code}")
    follow(session, [location.id], today)
    return row


def revoke(session: Session, actor: Actor, exception_id: int) -> InspectionException:
    """End an exception today; the rules count again.

    Raises:
        Forbidden, OutsideDivision, NotFound: As they say.
        WrongState: It is revoked already, or over.
    """
    wanted = (
        select(InspectionException)
        .where(
            InspectionException.id == exception_id, within(actor, InspectionException.division_code)
        )
        .with_for_update()
    )
    row = session.scalars(wanted).one_or_none()
    if row is None:
        raise NotFound(what="免检或调整", key=exception_id)
    require_there(session, actor, Permission.GRANT_EXCEPTIONS, row.division_code)
    today = clock.today()
    if row.revoked_at is not None or row.valid_to < today:
        state = "已取消" if row.revoked_at is not None else "已到期"
        raise WrongState(name=row.reason, state=state, act="取消", advice="")
    row.revoked_by, row.revoked_at = actor.account_id, clock.now()
    session.flush()
    _audit_exception(session, actor, row, "revoke_exception", f"exception/{row.id}")
    follow(session, [row.location_id], today)
    return row


def _audit_exception(
    session: Session, actor: Actor, row: InspectionException, action: str, subject: str
) -> None:
    detail = {
        "reason": row.reason,
        "from": row.valid_from.isoformat(),
        "to": row.valid_to.isoformat(),
    }
    audit.record(session, actor, action, subject, division_code=row.division_code, detail=detail)


def _exception_problems(given: ExceptionGiven, today: date) -> Iterator[Problem]:
    yield from reason_problems(given.reason)
    if given.purpose is not None and given.purpose not in norms().purposes:
        yield Problem("unknown_choice", "没有这一巡查事项。", "Unknown purpose.", "purpose")
    if (given.period is None) != (given.count is None) or (
        given.period is not None
        and (
            given.period not in set(PeriodKind)
            or not 1 <= (given.count or 0) <= MOST[PeriodKind(given.period)]
        )
    ):
        zh = "调整周期须同时给出周期和次数；免检则都不填。"
        yield Problem("out_of_range", zh, "Give both period and count, or neither.", "period")
    if not EARLIEST <= given.valid_from <= LATEST:
        zh, en = "日期应在 2000 年至 2199 年之间。", "Dates lie between 2000 and 2199."
        yield Problem("out_of_range", zh, en, "valid_from")
    if given.valid_to < max(given.valid_from, today):
        zh = "截止日期不能早于起始日期，也不能早于今天。"
        yield Problem("out_of_range", zh, "The end lies before the start or today.", "valid_to")
    elif given.valid_to - given.valid_from > LONGEST:
        zh = f"一次最多批准 {LONGEST.days} 天，到期可再批。"
        yield Problem("out_of_range", zh, f"At most {LONGEST.days} days.", "valid_to")
