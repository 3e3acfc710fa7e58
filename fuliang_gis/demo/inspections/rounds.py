"""A team in every township, and two plans for the month: one that is driven, one to compare.

What was visited this month is in the rounds of the days on which it was; what is still owed is
planned for the rest of the month, and a little was missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.demo import TOWNSHIP
from fuliang_gis.areas.models import Division
from fuliang_gis.demo.inspections.posts import Posts
from fuliang_gis.inspections.duties.periods import PeriodKind, Span, period_of
from fuliang_gis.inspections.models import Obligation, RoundPlan, Team, TeamMember
from fuliang_gis.inspections.rounds import following
from fuliang_gis.inspections.rounds.asking import Asked, Wishes
from fuliang_gis.inspections.rounds.copying import copy_rows
from fuliang_gis.inspections.rounds.keeping import keep
from fuliang_gis.inspections.rounds.problems import editing
from fuliang_gis.inspections.rounds.solving import solve
from fuliang_gis.inspections.rounds.working_days import working_days
from fuliang_gis.routing.rounds import Task
from fuliang_gis.routing.solving import Effort, plan

TABLES = ("team", "round_plan", "inspection_round", "round_stop", "round_left_over")

#: Enough for a plan that looks planned; the same number gives the same plan.
_ITERATIONS = 120
#: How many visits the team did not get round to on its last day.
_MISSED = 3
_WEEKDAYS = (1, 2, 3, 4, 5)


def write_rounds(session: Session, posts: Posts, *, seed: int, as_of: date) -> int:
    """Write teams and plans in the session's transaction, as the database's owner.

    Returns:
        How many stops the plans have.
    """
    teams = _write_teams(session, posts)
    staff = posts.staff[TOWNSHIP].id
    span = period_of(PeriodKind.MONTH, as_of)
    name = posts.names[TOWNSHIP]
    with clock.frozen(datetime.combine(as_of, time(7), clock.ZONE)):
        driven = _plan(f"{name}{as_of:%Y年%-m月}巡查路线", span, teams[TOWNSHIP], staff, seed)
        session.add(driven)
        session.flush()
        _drive(session, driven, seed, as_of)
        other = _plan(f"{driven.title}（均衡工作量）", span, teams[TOWNSHIP], staff, seed)
        other.asked = other.asked | {"balance": 2.0}
        other.based_on = driven.id
        session.add(other)
        session.flush()
        copy_rows(session, driven, other)
        solve(session, other.id, today=as_of, effort=_effort(seed))
    return session.scalar(text("select count(*) from round_stop")) or 0


def drop_rounds(session: Session) -> None:
    """Remove invented plans and teams; rounds that real plans gave to invented teams go too."""
    invented = "(select id from round_plan where invented)"
    for statement in (
        f"update round_plan set based_on = null where based_on in {invented}",  # noqa: S608  # Ours.
        "delete from round_plan where invented",
        "delete from inspection_round where team_id in (select id from team where invented)",
        "delete from team where invented",
        # One location alone keeps apart from nothing.
        """delete from kept_apart where (
            select count(*) from kept_apart_location o join location l on l.id = o.location_id
            where o.kept_apart_id = kept_apart.id and not l.invented
        ) < 2""",
    ):
        session.execute(text(statement))


def _write_teams(session: Session, posts: Posts) -> Mapping[str, Team]:
    """Add a team at the seat of every township, its inspector its only member."""
    rows = session.execute(select(Division.code, Division.seat).where(Division.level == "township"))
    seats = {code: seat for code, seat in rows if seat is not None}
    teams = {
        code: Team(
            division_code=code,
            name=f"{posts.names[code]}巡查队",
            station=seat,
            skills=["water_quality"],
            vehicle="皮卡车",
            weekdays=list(_WEEKDAYS),
            invented=True,
            created_by=posts.staff[code].id,
        )
        for code, seat in sorted(seats.items())
        if code in posts.inspectors
    }
    session.add_all(teams.values())
    session.flush()
    session.add_all(
        [
            TeamMember(team_id=team.id, account_id=posts.inspectors[code].id)
            for code, team in teams.items()
        ]
    )
    return teams


def _plan(title: str, span: Span, team: Team, staff: int, seed: int) -> RoundPlan:
    wishes = Wishes(seed=seed, iterations=_ITERATIONS)
    return RoundPlan(
        title=title,
        division_code=team.division_code,
        first_day=span.start,
        last_day=span.end,
        state="draft",
        asked={"teams": [team.id], **asdict(wishes)},
        invented=True,
        created_by=staff,
    )


def _effort(seed: int) -> Effort:
    return Effort(seed=seed, iterations=_ITERATIONS)


def _drive(session: Session, driven: RoundPlan, seed: int, as_of: date) -> None:
    """Make the plan that is being driven, and publish it."""
    owed = _owed(session, driven, as_of)
    asked = editing(session, driven, owed, driven.asked["teams"], as_of)
    missed = _missed(asked, driven, as_of)
    tasks = tuple(_bound(task, asked, missed, as_of) for task in asked.problem.tasks)
    asked = replace(asked, problem=replace(asked.problem, tasks=tasks))
    keep(session, driven, asked, plan(asked.problem, _effort(seed)))
    began = datetime.combine(driven.first_day, time(7, 30), clock.ZONE)
    driven.state, driven.solved_at, driven.published_at = "published", began, began
    driven.published_by = driven.created_by
    session.flush()
    session.execute(_SETTLE, {"plan": driven.id, "today": as_of})
    session.execute(_FORGET, {"plan": driven.id})
    following.give_days(session, driven.id)


_SETTLE = text("""
update round_stop s set state = case when o.state = 'done' then 'done' else 'missed' end
from inspection_round r, obligation o
where r.id = s.round_id and o.id = s.obligation_id and r.plan_id = :plan
    and (o.state = 'done' or r.day < :today)
""")
_FORGET = text("""
delete from round_left_over l using obligation o
where l.plan_id = :plan and o.id = l.obligation_id and o.state = 'done'
""")


def _owed(session: Session, driven: RoundPlan, as_of: date) -> list[int]:
    """Return what the township owes until the month ends, and what it has done of it."""
    done = Obligation.done_on.between(driven.first_day, as_of - timedelta(days=1))
    still = (Obligation.state == "open") & (Obligation.opens_on <= driven.last_day)
    # A visit completes what is overdue too: the latest window stands for all of them.
    wanted = (
        select(func.max(Obligation.id))
        .where(
            Obligation.invented,
            Obligation.division_code.startswith(driven.division_code),
            or_(done, still),
        )
        .group_by(Obligation.location_id, Obligation.purpose, Obligation.done_on)
    )
    return sorted(session.scalars(wanted))


def _missed(asked: Asked, driven: RoundPlan, as_of: date) -> Mapping[str, int]:
    """Return what was missed, with the day: the last that was worked on, if there was one."""
    before = Span(driven.first_day, max(as_of - timedelta(days=1), driven.first_day))
    days = [day for day in working_days(before, _WEEKDAYS) if day < as_of]
    if not days:
        return {}
    still = [
        key
        for key, owed in asked.obligations.items()
        if owed.state == "open" and owed.opens_on <= days[-1] and owed.purpose == "routine"
    ]
    return dict.fromkeys(
        still[:: max(len(still) // _MISSED, 1)][:_MISSED], _number(asked, days[-1])
    )


def _bound(task: Task, asked: Asked, missed: Mapping[str, int], as_of: date) -> Task:
    owed = asked.obligations[task.id]
    day = missed.get(task.id)
    if owed.done_on is not None:
        day = _number(asked, owed.done_on)
    if day is not None:
        days = (min(task.days[0], day), max(task.days[1], day))
        return replace(task, days=days, day=day)
    # Nothing is planned for days that are over.
    first = max(task.days[0], _number(asked, as_of))
    return replace(task, days=(first, max(first, task.days[1])), day=None)


def _number(asked: Asked, day: date) -> int:
    return (day - asked.first_day).days
