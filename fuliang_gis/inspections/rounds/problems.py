"""The problem of a plan as it stands: what is fixed or locked, and what must keep apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.inspections.duties.periods import Span
from fuliang_gis.inspections.models import InspectionRound, RoundPlan, RoundStop
from fuliang_gis.inspections.rounds.apart import task_pairs
from fuliang_gis.inspections.rounds.asking import Asked, Wishes, ask, ask_for
from fuliang_gis.inspections.rounds.keeping import kept_plan
from fuliang_gis.routing.rounds import Plan, Task, Team


@dataclass(frozen=True)
class Prepared:
    """What is to be solved, the rounds to begin with, and the ids of the rounds that stay."""

    asked: Asked
    before: Plan
    fixed: frozenset[int]


@dataclass(frozen=True)
class Standing:
    """A round as locks and time see it: ``stays`` when nothing may change it."""

    id: int
    team_id: int
    day: date
    stays: bool


def prepared(session: Session, plan: RoundPlan, today: date) -> Prepared:
    """Compose what is to be solved.

    Rounds that are locked (by themselves, their day or their team), past, or begun stay as they
    are; locked stops keep team and day. Nothing is planned before today.
    """
    asked = ask(session, plan.division_code, span_of(plan), teams_of(plan), wishes_of(plan), today)
    rounds = standings(session, plan, today)
    fixed = frozenset(each.id for each in rounds if each.stays)
    asked = without(asked, plan, rounds, today, _made_in(session, rounds, today))
    asked = with_stop_locks(session, plan, asked, fixed)
    return Prepared(asked, kept_plan(session, plan.id, asked, but=fixed), fixed)


def editing(
    session: Session,
    plan: RoundPlan,
    obligation_ids: Collection[int],
    team_ids: Collection[int],
    today: date,
) -> Asked:
    """Compose the problem of some obligations and teams of a plan, for a change by hand."""
    asked = ask_for(session, obligation_ids, span_of(plan), team_ids, wishes_of(plan), today)
    return _with_apart(asked, plan)


def span_of(plan: RoundPlan) -> Span:
    """Return the days of a plan."""
    return Span(plan.first_day, plan.last_day)


def teams_of(plan: RoundPlan) -> list[int]:
    """Return the ids of the teams that a plan is for."""
    return list(plan.asked.get("teams", ()))


def wishes_of(plan: RoundPlan) -> Wishes:
    """Return what a plan was asked for."""
    known = Wishes.__dataclass_fields__
    return Wishes(**{name: value for name, value in plan.asked.items() if name in known})


def locked_days(plan: RoundPlan) -> set[date]:
    """Return the days that are locked as a whole."""
    return {date.fromisoformat(day) for day in plan.asked.get("locked_days", ())}


def locked_teams(plan: RoundPlan) -> set[int]:
    """Return the ids of the teams that are locked as a whole."""
    return set(plan.asked.get("locked_teams", ()))


def standings(session: Session, plan: RoundPlan, today: date) -> list[Standing]:
    """Return the rounds of a plan, and which of them nothing may change."""
    begun = (
        select(RoundStop.id)
        .where(RoundStop.round_id == InspectionRound.id, RoundStop.state == "done")
        .exists()
    )
    wanted = (
        select(
            InspectionRound.id,
            InspectionRound.team_id,
            InspectionRound.day,
            InspectionRound.locked | begun,
        )
        .where(InspectionRound.plan_id == plan.id)
        .order_by(InspectionRound.day, InspectionRound.team_id)
    )
    days, teams = locked_days(plan), locked_teams(plan)
    return [
        Standing(key, team, day, stays or day < today or day in days or team in teams)
        for key, team, day, stays in session.execute(wanted)
    ]


def without(
    asked: Asked,
    plan: RoundPlan,
    rounds: Iterable[Standing],
    from_day: date,
    made: Collection[int] = (),
) -> Asked:
    """Take out the days that are over or locked, and the obligations that are made on them."""
    closed = {(str(each.team_id), each.day) for each in rounds if each.stays}
    days, teams = locked_days(plan), locked_teams(plan)

    def narrowed(team: Team) -> Team:
        hours = {}
        for number, times in team.hours.items():
            day = asked.first_day + timedelta(days=number)
            free = day >= from_day and day not in days and int(team.id) not in teams
            if free and (team.id, day) not in closed:
                hours[number] = times
        return replace(team, hours=hours)

    tasks = tuple(task for task in asked.problem.tasks if int(task.id) not in made)
    crews = tuple(narrowed(team) for team in asked.problem.teams)
    return _with_apart(
        replace(asked, problem=replace(asked.problem, teams=crews, tasks=tasks)), plan
    )


def with_stop_locks(
    session: Session, plan: RoundPlan, asked: Asked, fixed: Collection[int]
) -> Asked:
    """Bind what is locked by itself to its team and day."""
    rows = session.execute(
        select(RoundStop.obligation_id, InspectionRound.team_id, InspectionRound.day)
        .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
        .where(
            InspectionRound.plan_id == plan.id,
            RoundStop.locked,
            InspectionRound.id.not_in(list(fixed)),
        )
    )
    bound = {str(owed): (str(team), (day - asked.first_day).days) for owed, team, day in rows}
    tasks = tuple(_bound(task, bound.get(task.id)) for task in asked.problem.tasks)
    return replace(asked, problem=replace(asked.problem, tasks=tasks))


def _bound(task: Task, where: tuple[str, int] | None) -> Task:
    if where is None:
        return task
    team, day = where
    days = (min(task.days[0], day), max(task.days[1], day))
    return replace(task, team=team, day=day, days=days)


def _made_in(session: Session, rounds: Iterable[Standing], today: date) -> set[int]:
    """Return the obligations in rounds that stay; what was missed earlier is to be made up."""
    staying = [each.id for each in rounds if each.stays and each.day >= today]
    wanted = select(RoundStop.obligation_id).where(
        RoundStop.round_id.in_(staying), RoundStop.state != "missed"
    )
    return {one for one in session.scalars(wanted) if one is not None}


def _with_apart(asked: Asked, plan: RoundPlan) -> Asked:
    """Keep the obligations of locations apart that the plan names as pairs, beside all others."""
    at = {task.id: asked.obligations[task.id].location_id for task in asked.problem.tasks}
    standing = tuple(pair for pair in asked.problem.apart if at.keys() >= set(pair))
    own = task_pairs([(a, b) for a, b in plan.asked.get("apart", ())], at)
    pairs = tuple(dict.fromkeys((*standing, *own)))
    return replace(asked, problem=replace(asked.problem, apart=pairs))
