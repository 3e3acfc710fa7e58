"""One factory a model of inspections: obligations, visits and defects, laid out as they are told.

They write rows as the owner of the database does, past the operations; a test of an operation calls
the operation.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import count
from typing import cast
from uuid import uuid4

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from fuliang_gis.clock import ZONE
from fuliang_gis.inspections.duties.periods import PeriodKind, period_of
from fuliang_gis.inspections.models import Defect, Obligation, Visit
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer

_numbers = count(1)


def kind_of(location: Location) -> str | None:
    """Return the location's kind, where its layer has kinds."""
    name = layer(location.layer).sheet.kind_field
    return getattr(location, name) if name else None


def make_obligation(
    session: Session,
    location: Location,
    day: date,
    *,
    period: PeriodKind = PeriodKind.QUARTER,
    purpose: str = "routine",
    **given: object,
) -> Obligation:
    """Add what a location owes in the period that holds a day: one visit, due at its end.

    ``done_on`` makes it done, ``excuse`` makes it excused; every column may be given.
    """
    span = period_of(period, day)
    told = {"done": "done_on" in given, "excused": "excuse" in given}
    usual: dict[str, object] = {
        "division_code": location.division_code,
        "layer": location.layer,
        "kind": kind_of(location),
        "asset_class": location.asset_class,
        "period_start": span.start,
        "period_end": span.end,
        "opens_on": span.start,
        "warn_on": span.end,
        "due_on": span.end,
        "state": next((state for state, so in told.items() if so), "open"),
    }
    values = usual | {"purpose": purpose, "period": period.value} | given
    if "due_on" in given and "warn_on" not in given:
        values["warn_on"] = given["due_on"]
    made = Obligation(location_id=location.id, **values)
    session.add(made)
    session.flush()
    return made


def make_visit(session: Session, location: Location, day: date, **given: object) -> Visit:
    """Add a visit at ten in the morning of a day: everything was all right, on site."""
    usual: dict[str, object] = {
        "uuid": uuid4(),
        "division_code": location.division_code,
        "purpose": "routine",
        "inspector_name": "浮梁镇管护员",
        "visited_at": datetime.combine(day, time(10), ZONE),
        "answers": [],
        "readings": [],
        "result": "normal",
    }
    made = Visit(location_id=location.id, **usual | given)
    session.add(made)
    session.flush()
    return made


def make_defect(session: Session, location: Location, found_on: date, **given: object) -> Defect:
    """Add an ordinary defect as it is found: nobody has it yet."""
    usual: dict[str, object] = {
        "number": f"T{found_on:%Y}-{next(_numbers):04d}",
        "division_code": location.division_code,
        "title": "围栏破损",
        "category": "unlocked",
        "severity": "ordinary",
        "source": "manual",
        "found_by_name": "浮梁镇管护员",
        "found_at": datetime.combine(found_on, time(11), ZONE),
        "due_on": found_on + timedelta(days=15),
        "state": "found",
    }
    made = Defect(location_id=location.id, **usual | given)
    session.add(made)
    session.flush()
    return made


_YEARS = text("""
insert into obligation (location_id, division_code, layer, asset_class, purpose, period,
    period_start, period_end, ordinal, opens_on, warn_on, due_on, planned_on, state, done_on,
    excuse, invented)
select id, division_code, layer, asset_class, 'routine', period, start, finish, 1, start,
    finish - 7, finish,
    case when state <> 'excused' and a % 3 = 0 then start + b % (finish - start) end,
    state, case when state = 'done' then done_on end,
    case when state = 'excused' then '停用检修' end, true
from (
    select l.*, period, start, finish, a, b, case when done_on >= :today then 'open'
        when a < 20 and finish < :today then 'excused'
        when a < 55 + c and finish < :today then 'open' else 'done' end as state, done_on
    from location l
    cross join (values ('quarter', interval '3 months'), ('month', interval '1 month'))
        as kinds (period, long)
    cross join lateral generate_series(:first, :last, long) as moment
    cross join lateral (select moment::date as start, (moment + long)::date - 1 as finish) as dates
    cross join lateral (select abs(hashtext(l.id || ':' || start)) % 1000 as a,
        abs(hashtext(start || '/' || l.id)) as b, abs(hashtext(left(l.division_code, 9))) % 150 as c
    ) as dice
    cross join lateral (select case when a < 100 + c then finish + 1 + b % 40
        else start + b % (finish - start + 1) end as done_on) as done
    where l.deleted_at is null and l.asset_class <> 'household'
        and (period = 'month') = (l.asset_class = 'operating')
) as laid
on conflict do nothing
""")


def lay_out_years(session: Session, first: date, last: date, today: date) -> int:
    """Add what every location owes from one day to another, most of it done; return how many.

    Both days begin a quarter; what is there already stays. Which were late, missed or excused
    follows from the rows' numbers.
    """
    days = {"first": first, "last": last, "today": today}
    found = cast("CursorResult[tuple[()]]", session.execute(_YEARS, days))
    return int(found.rowcount)
