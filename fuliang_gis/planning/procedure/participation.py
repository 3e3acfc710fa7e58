"""What villagers took part in (村民参与): mobilising, survey, consultation, vote, notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Invalid, NotFound, Problem, WrongState
from fuliang_gis.planning.fetching import PLAN_POSTS, note, undecided
from fuliang_gis.planning.procedure.models import PARTICIPATION_KINDS, PlanParticipation
from fuliang_gis.planning.procedure.queries import bound
from fuliang_gis.planning.procedure.rules import LONGEST_NOTE

KIND_NAMES: Mapping[str, tuple[str, str]] = {
    "mobilise": ("宣传发动", "mobilising"),
    "survey": ("入户调查", "survey"),
    "consult": ("方案征求意见", "consultation"),
    "vote": ("会议表决", "vote"),
    "notice": ("公示", "public notice"),
}
_OLDEST = timedelta(days=20 * 365)
_MOST_PEOPLE = 1_000_000
_LONGEST_PLACE = 200


@dataclass(frozen=True)
class ParticipationGiven:
    """One thing that villagers took part in; numbers are of people."""

    kind: str
    held_on: date | None
    attended: int | None
    place: str = ""
    entitled: int | None = None
    in_favour: int | None = None
    against: int | None = None
    abstained: int | None = None
    summary: str = ""


def add(
    session: Session, actor: Actor, plan_id: int, given: ParticipationGiven
) -> PlanParticipation:
    """Write down what villagers took part in.

    Raises:
        NotFound, Forbidden, OutsideDivision: As they say.
        WrongState: The plan is decided.
        Invalid: Something is missing, or numbers do not fit.
    """
    plan = undecided(session, actor, plan_id, PLAN_POSTS, "登记村民参与")
    if problems := participation_problems(given, clock.today()):
        raise Invalid(problems)
    said = asdict(given) | {"place": given.place.strip(), "summary": given.summary.strip()}
    row = PlanParticipation(
        **said,
        plan_id=plan.id,
        division_code=plan.division_code,
        recorded_by=actor.account_id,
    )
    session.add(row)
    session.flush()
    note(session, actor, plan, "record_participation", {"kind": given.kind, "row": row.id})
    return row


def remove(session: Session, actor: Actor, plan_id: int, row_id: int) -> None:
    """Take away what was written down by mistake; the vote that carried the plan stays.

    Raises:
        NotFound, Forbidden, OutsideDivision: As they say.
        WrongState: The plan is decided, or a step stands on the row.
    """
    plan = undecided(session, actor, plan_id, PLAN_POSTS, "删除村民参与记录")
    wanted = select(PlanParticipation).where(
        PlanParticipation.id == row_id, PlanParticipation.plan_id == plan.id
    )
    row = session.scalar(wanted)
    if row is None:
        raise NotFound(what="村民参与记录", key=row_id)
    if row.id in bound(session, plan.id):
        raise WrongState(
            name=KIND_NAMES[row.kind][0],
            state="规划程序的依据",
            act="删除",
            advice="它随“登记表决”一步留存。",
        )
    detail = {"kind": row.kind, "held_on": row.held_on.isoformat(), "attended": row.attended}
    session.delete(row)
    note(session, actor, plan, "remove_participation", detail)
    session.flush()


def participation_problems(given: ParticipationGiven, today: date) -> list[Problem]:
    """Return what is wrong with a row of the participation record."""
    found = []
    if given.kind not in PARTICIPATION_KINDS:
        told = ("请选择参与方式。", "Choose what it was.")
        found.append(Problem("unknown_choice", *told, "kind"))
    if given.held_on is None or not today - _OLDEST <= given.held_on <= today:
        told = ("请填写日期，不晚于今天。", "Give a day, today at the latest.")
        found.append(Problem("out_of_order", *told, "held_on"))
    if given.attended is None:
        told = ("请填写参加人数。", "Say how many took part.")
        found.append(Problem("required", *told, "attended"))
    numbers = (
        given.entitled, given.attended, given.in_favour, given.against, given.abstained,
    )  # fmt: skip
    stated = [each for each in numbers if each is not None]
    if any(not 0 <= each <= _MOST_PEOPLE for each in stated):
        told = ("人数应为不小于 0 的整数。", "Numbers of people are 0 or more.")
        found.append(Problem("out_of_range", *told, "attended"))
    came = given.attended or 0
    cast = sum(each or 0 for each in (given.in_favour, given.against, given.abstained))
    if cast > came or (given.entitled is not None and came > given.entitled):
        zh = "人数对不上：到会不超过应到，赞成、反对、弃权合计不超过到会。"
        found.append(Problem("vote_figures", zh, "The figures do not fit.", "attended"))
    if len(given.summary) > LONGEST_NOTE or len(given.place) > _LONGEST_PLACE:
        zh = f"地点最多 {_LONGEST_PLACE} 字，情况说明最多 {LONGEST_NOTE} 字。"
        found.append(Problem("too_long", zh, "The text is too long.", "summary"))
    return found
