"""Which obligations a visit completes.

Whatever the order in which visits arrive, an obligation is done on the day of the earliest visit
for its purpose that is not before its window opens. So a visit completes the window that holds its
day, and everything overdue before it, late.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.inspections.duties.records import county_date
from fuliang_gis.inspections.models import Visit

#: Somebody else's obligations stay theirs: those from before the location moved to this division.
_FULFIL = text("""
update obligation set state = 'done', done_on = :day, visit_id = :visit,
    version = version + 1, updated_at = now()
where location_id = :location and purpose = :purpose and opens_on <= :day
    and (state = 'open' or state = 'done' and done_on > :day)
    and starts_with(division_code, coalesce(
        (select division_code from account where id = :inspector), ''))
returning id
""")

_UNFULFIL = text("""
update obligation o set version = o.version + 1, updated_at = now(),
    state = case when next.id is null then 'open' else 'done' end,
    done_on = next.day, visit_id = next.id
from obligation owed left join lateral (
    select id, (visited_at at time zone 'Asia/Shanghai')::date as day from visit
    where location_id = owed.location_id and purpose = owed.purpose and id <> :visit
        and superseded_at is null
        and visited_at >= owed.opens_on::timestamp at time zone 'Asia/Shanghai'
    order by visited_at, id limit 1
) next on true
where owed.visit_id = :visit and o.id = owed.id
returning o.id
""")

_CATCH_UP = text("""
update obligation o set state = 'done', done_on = seen.day, visit_id = seen.visit_id,
    version = o.version + 1, updated_at = now()
from (
    select owed.id, v.id as visit_id, (v.visited_at at time zone 'Asia/Shanghai')::date as day
    from obligation owed join visit v on v.location_id = owed.location_id
        and v.purpose = owed.purpose and v.superseded_at is null
        and v.visited_at >= owed.opens_on::timestamp at time zone 'Asia/Shanghai'
    where owed.id = :obligation
    order by v.visited_at, v.id limit 1
) seen
where o.id = seen.id and o.state = 'open'
""")


def fulfil(session: Session, visit: Visit) -> list[int]:
    """Complete what a visit completes, and return the ids of those obligations."""
    session.flush()
    given = {
        "day": county_date(visit.visited_at),
        "visit": visit.id,
        "location": visit.location_id,
        "purpose": visit.purpose,
        "inspector": visit.inspector_id,
    }
    return sorted(session.scalars(_FULFIL, given))


def catch_up(session: Session, obligation_id: int) -> None:
    """Complete an obligation by a visit that was made while it asked for none."""
    session.flush()
    session.execute(_CATCH_UP, {"obligation": obligation_id})


def unfulfil(session: Session, visit: Visit) -> list[int]:
    """Take back what a superseded visit completed, unless another visit completes it.

    Returns:
        The ids of the obligations that it had completed.
    """
    session.flush()
    return sorted(session.scalars(_UNFULFIL, {"visit": visit.id}))
