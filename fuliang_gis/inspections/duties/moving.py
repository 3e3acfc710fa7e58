"""Planning many obligations at once: each through ``planning.plan``, all in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import BadRequest, Conflict, Invalid, PeriodClosed, WrongState
from fuliang_gis.inspections.duties.planning import KEEP, Kept, plan
from fuliang_gis.inspections.models import Obligation

_Refusal: TypeAlias = Invalid | WrongState | PeriodClosed | Conflict

#: Most obligations planned by one act; each gets its entry in the audit record.
MOST = 500


@dataclass(frozen=True)
class Former:
    """How an obligation was planned before, and the version that it has since."""

    id: int
    version: int
    planned_on: date | None
    assignee_id: int | None


@dataclass(frozen=True)
class Moved:
    """What was planned, as it was before; how many could not be, and why the first could not."""

    done: tuple[Former, ...]
    refused: int = 0
    reason: str = ""


def move(
    session: Session,
    actor: Actor,
    wanted: Sequence[tuple[int, int]],
    *,
    planned_on: date | Kept | None = KEEP,
    assignee_id: int | Kept | None = KEEP,
) -> Moved:
    """Plan obligations (id and expected version) for a day or a person; None takes it back.

    Those that cannot take the day or the person, or were done meanwhile, stay as they are; when
    none can, the first refusal is raised.

    Raises:
        BadRequest: There are none, or too many.
        Forbidden, OutsideDivision, NotFound, Conflict, Invalid, WrongState, PeriodClosed: As
            ``planning.plan`` says.
    """

    def act(key: int, version: int) -> Obligation:
        return plan(
            session,
            actor,
            key,
            planned_on=planned_on,
            assignee_id=assignee_id,
            expected_version=version,
        )

    return _each(session, wanted, act)


def undo(session: Session, actor: Actor, former: Sequence[Former]) -> Moved:
    """Plan obligations as they were before.

    What somebody changed since, or cannot be planned so any more, stays as it is; when that is
    true of all, the first refusal is raised.

    Raises:
        BadRequest, Forbidden, OutsideDivision, NotFound, Conflict, Invalid, WrongState,
            PeriodClosed: As for ``move``.
    """
    asked = {each.id: each for each in former}

    def again(key: int, version: int) -> Obligation:
        was = asked[key]
        return plan(
            session,
            actor,
            key,
            planned_on=was.planned_on,
            assignee_id=was.assignee_id,
            expected_version=version,
        )

    return _each(session, [(each.id, each.version) for each in former], again)


def _each(
    session: Session, wanted: Sequence[tuple[int, int]], act: Callable[[int, int], Obligation]
) -> Moved:
    if not 0 < len(wanted) <= MOST:
        none = "没有可安排的任务，请刷新后重选"
        raise BadRequest(reason=f"一次最多安排 {MOST} 项，请分批选择" if wanted else none)
    before = _before(session, [key for key, _ in wanted])
    done: list[Former] = []
    refusals: list[_Refusal] = []
    # In one order everywhere, so that two acts on the same rows never wait for each other.
    for key, version in sorted(wanted):
        try:
            row = act(key, version)
        except (Invalid, WrongState, PeriodClosed, Conflict) as refusal:
            refusals.append(refusal)
        else:
            done.append(Former(key, row.version, *before[key]))
    if not done:
        raise refusals[0]
    return Moved(tuple(done), len(refusals), _reason(refusals[0]) if refusals else "")


def _before(session: Session, ids: Sequence[int]) -> dict[int, tuple[date | None, int | None]]:
    columns = select(Obligation.id, Obligation.planned_on, Obligation.assignee_id)
    rows = session.execute(columns.where(Obligation.id.in_(ids)))
    return {key: (planned, assignee) for key, planned, assignee in rows}


def _reason(refusal: _Refusal) -> str:
    if isinstance(refusal, Invalid):
        return refusal.problems[0].zh
    return refusal.text_zh
