"""What published rounds and obligations tell each other: days given, visits made, visits missed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis import clock

#: Only who may visit there is given an obligation.
_GIVE_DAYS = text("""
update obligation o set planned_on = r.day, version = o.version + 1, updated_at = now(),
    assignee_id = coalesce((
        select a.id from account a where a.id = alone.account_id and a.active
            and starts_with(o.division_code, a.division_code)
    ), o.assignee_id)
from round_stop s join inspection_round r on r.id = s.round_id
left join lateral (
    select min(account_id) as account_id from team_member where team_id = r.team_id
    having count(*) = 1
) alone on true
where r.plan_id = :plan and s.state = 'planned' and o.id = s.obligation_id and o.state = 'open'
    and o.period_end >= :today and r.day >= :today and o.planned_on is distinct from r.day
""")

_FREE = text("""
update obligation o set planned_on = null, version = o.version + 1, updated_at = now()
from round_stop s join inspection_round r on r.id = s.round_id
where r.plan_id = :plan and o.id = s.obligation_id and o.state = 'open' and o.planned_on = r.day
    and o.period_end >= :today
""")

_FREE_THESE = text("""
update obligation set planned_on = null, version = version + 1, updated_at = now()
where id = any(:ids) and state = 'open' and planned_on is not null and period_end >= :today
""")

_FOLLOW = text("""
update round_stop s set state = told.state
from (
    -- What was missed stays so when a later round makes up for it.
    select s.id, case
        when o.state = 'done' and (s.state <> 'missed' or o.done_on <= r.day) then 'done'
        when r.day < :today then 'missed' else 'planned' end as state
    from round_stop s join inspection_round r on r.id = s.round_id
    join round_plan p on p.id = r.plan_id join obligation o on o.id = s.obligation_id
    where p.state = 'published' and s.obligation_id = any(:ids)
        and starts_with(s.division_code, :scope)
) as told
where s.id = told.id and s.state <> told.state
""")

_MISSED = text("""
with missed as (
    update round_stop s set state = case when o.state = 'done' then 'done' else 'missed' end
    from inspection_round r, round_plan p, obligation o
    where r.id = s.round_id and p.id = r.plan_id and o.id = s.obligation_id
        and p.state = 'published' and s.state = 'planned'
        -- Nobody misses what was excused.
        and (o.state = 'done' or o.state = 'open' and r.day < :today)
    returning s.obligation_id, r.day, s.state
), freed as (
    update obligation o set planned_on = null, version = o.version + 1, updated_at = now()
    from missed m
    where m.state = 'missed' and o.id = m.obligation_id and o.state = 'open'
        and o.planned_on = m.day and o.period_end >= :today
    returning o.id
)
select count(*) filter (where state = 'missed') from missed
""")

_TAKEN = text("""
select count(distinct s.obligation_id) from round_stop s
join inspection_round r on r.id = s.round_id join round_plan p on p.id = r.plan_id
where p.state = 'published' and p.id <> :plan and s.state = 'planned' and r.day >= :today
    and s.obligation_id in (
        select mine.obligation_id from round_stop mine
        join inspection_round own on own.id = mine.round_id
        where own.plan_id = :plan and own.day >= :today
    )
""")


def give_days(session: Session, plan_id: int) -> None:
    """Give the obligations of a published plan its days, and the only member of a team to them."""
    session.flush()
    session.execute(_GIVE_DAYS, {"plan": plan_id, "today": clock.today()})


def free_all(session: Session, plan_id: int) -> None:
    """Take the days back that a plan gave to obligations not yet met."""
    session.flush()
    session.execute(_FREE, {"plan": plan_id, "today": clock.today()})


def free(session: Session, obligation_ids: Collection[int]) -> None:
    """Take the days of some obligations back, as no round makes them any more."""
    if obligation_ids:
        told = {"ids": sorted(obligation_ids), "today": clock.today()}
        session.execute(_FREE_THESE, told)


def follow(session: Session, scope: str, obligation_ids: Collection[int]) -> None:
    """Tell the stops of published plans whether their obligations are met.

    Only teams inside the scope, that of whoever acts; the nightly upkeep tells the others, and
    whoever reads stops is told by their obligations anyway.
    """
    if obligation_ids:
        session.flush()
        told = {"ids": sorted(obligation_ids), "today": clock.today(), "scope": scope}
        session.execute(_FOLLOW, told)


def note_missed(session: Session, today: date) -> int:
    """Note what visits have met, and what none has on days that are over.

    Obligations of the latter lose their day, and wait to be planned again.

    Runs as the upkeep of the service or as its owner.

    Returns:
        How many stops were missed.
    """
    session.flush()
    return int(session.execute(_MISSED, {"today": today}).scalar_one())


def taken(session: Session, plan_id: int) -> int:
    """Return how many of a plan's obligations other published plans have still to make."""
    session.flush()
    told = {"plan": plan_id, "today": clock.today()}
    return int(session.execute(_TAKEN, told).scalar_one())
