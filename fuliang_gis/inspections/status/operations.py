"""Keeping the facts of statuses: called in the transaction of every act that changes them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis import clock

_REFRESH = text("""
insert into location_state as kept (
    location_id, layer, next_opens_on, next_warn_on, next_due_on, has_duty, last_visit_at,
    last_result, open_defects, worst_severity, defect_due_on
)
select l.id, l.layer, o.opens_on, o.warn_on, o.due_on,
    exists (select from obligation
        where location_id = l.id and state <> 'excused' and period_end >= :today),
    v.visited_at, v.result, d.number, d.worst, d.due_on
from location l
left join lateral (
    -- Each the earliest by itself: what is due last may be open, or warned of, first.
    select min(opens_on) as opens_on, min(warn_on) as warn_on, min(due_on) as due_on
    from obligation where location_id = l.id and state = 'open'
) o on true
left join lateral (
    select visited_at, result from visit
    where location_id = l.id and superseded_at is null order by visited_at desc, id desc limit 1
) v on true
cross join lateral (
    select count(*) as number, min(due_on) as due_on,
        case when count(*) = 0 then null when bool_or(severity = 'serious') then 'serious'
            when bool_or(severity = 'ordinary') then 'ordinary' else 'minor' end as worst
    from defect where location_id = l.id and state <> 'closed'
) d
where l.id = any(:ids)
on conflict (location_id) do update set
    layer = excluded.layer, next_opens_on = excluded.next_opens_on,
    next_warn_on = excluded.next_warn_on, next_due_on = excluded.next_due_on,
    has_duty = excluded.has_duty, last_visit_at = excluded.last_visit_at,
    last_result = excluded.last_result, open_defects = excluded.open_defects,
    worst_severity = excluded.worst_severity, defect_due_on = excluded.defect_due_on
-- What stays as it was must not make every map ask for its tiles again.
where (kept.layer, kept.next_opens_on, kept.next_warn_on, kept.next_due_on, kept.has_duty,
    kept.last_visit_at, kept.last_result, kept.open_defects, kept.worst_severity,
    kept.defect_due_on) is distinct from (excluded.layer, excluded.next_opens_on,
    excluded.next_warn_on, excluded.next_due_on, excluded.has_duty, excluded.last_visit_at,
    excluded.last_result, excluded.open_defects, excluded.worst_severity, excluded.defect_due_on)
""")


def refresh(session: Session, location_ids: Iterable[int]) -> None:
    """Work out anew the facts of some locations from their obligations, visits and defects."""
    ids = sorted(set(location_ids))
    if ids:
        session.flush()
        # In one order everywhere, so that two acts on the same places never wait for each other.
        session.execute(_REFRESH, {"ids": ids, "today": clock.today()})
