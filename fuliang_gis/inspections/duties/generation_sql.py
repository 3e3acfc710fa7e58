"""The statements by which obligations are made; see ``generation``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import TextClause, text

from fuliang_gis.locations.registry import layers


@dataclass(frozen=True)
class Alike:
    """What locations that owe the same have in common.

    ``excepted`` is the id of the one location that has exceptions, 0 for those that have none.
    """

    layer: str
    kind: str | None
    asset_class: str
    active_from: date
    excepted: int


#: Columns of the duties, as arrays in this order, with the types that ``unnest`` is told.
DUTY_COLUMNS = {
    "layer": "text",
    "kind": "text",
    "asset_class": "text",
    "active_from": "date",
    "excepted": "bigint",
    "purpose": "text",
    "period": "text",
    "period_start": "date",
    "period_end": "date",
    "ordinal": "integer",
    "opens_on": "date",
    "warn_on": "date",
    "due_on": "date",
    "rule_id": "integer",
    "exception_id": "integer",
}


#: Nothing is known beforehand of how many rows a step in between has; comparing the obligations of
#: a county pair by pair, for the few that were guessed, would take hours.
LOOPS = text("select set_config('enable_nestloop', :how, true)")

#: Furthest day on which something open begins: what was made ahead is looked after as well.
REACH = text("""
select max(opens_on) from obligation where state = 'open' and due_on >= :today
""")
REACH_OF_SOME = text("""
select max(opens_on) from obligation
where state = 'open' and due_on >= :today and location_id = any(:ids)
""")


@cache
def profiles(*, some: bool) -> TextClause:
    """Return the statement that lists the different kinds of locations that are inspected.

    Args:
        some: Whether it looks at the locations ``:ids`` alone.
    """
    return text(f"""
select layer, kind, asset_class, active_from, excepted from ({_profile(some=some)}) profile
group by layer, kind, asset_class, active_from, excepted
""")  # noqa: S608  # Names come from the sheets.


@cache
def kind_columns() -> tuple[str, str]:
    """Return the SQL of a location's kind, and the joins to the layers' own tables it needs."""
    columns, joins = [], []
    for number, layer in enumerate(layers().values()):
        if layer.sheet.kind_field:
            table = layer.cls.__table__.name  # type: ignore[attr-defined]
            columns.append(f"k{number}.{layer.sheet.kind_field}")
            joins.append(f"left join {table} k{number} on k{number}.location_id = l.id")
    kind = f"coalesce({', '.join(columns)})" if columns else "null::text"
    return kind, "\n".join(joins)


def _profile(*, some: bool) -> str:
    kind, joins = kind_columns()
    exempt = [
        f"(l.layer, {kind}) in (values {values})"
        for values in (
            ", ".join(
                f"('{layer.name}', '{name}')"
                for layer in layers().values()
                for name in layer.sheet.inspection.exempt_kinds
            ),
        )
        if values
    ]
    # Null for layers without kinds, which no list of exempt kinds names.
    owes = " and ".join(f"({each}) is not true" for each in exempt) or "true"
    return f"""
    select l.id, l.division_code, l.layer, {kind} as kind, l.asset_class, l.invented,
        greatest((l.created_at at time zone 'Asia/Shanghai')::date, cast(:floor as date))
            as active_from,
        case when l.id = any(cast(:excepted as bigint[])) then l.id else 0 end as excepted
    from location l
    {joins}
    where l.deleted_at is null and l.use_status <> 'disposed' and {owes}
        {"and l.id = any(:ids)" if some else ""}
"""  # noqa: S608


@cache
def reconcile(*, some: bool) -> TextClause:
    """Return the one statement that makes, changes and removes obligations."""
    arrays = ", ".join(f"cast(:d_{name} as {kind}[])" for name, kind in DUTY_COLUMNS.items())
    return text(f"""
with duty as (
    select * from unnest({arrays}) as duty ({", ".join(DUTY_COLUMNS)})
), profile as ({_profile(some=some)}),
wanted as materialized (
    select p.id as location_id, p.division_code, p.layer, p.kind, p.asset_class, p.invented,
        d.purpose, d.period, d.period_start, d.period_end, d.ordinal, d.opens_on, d.warn_on,
        d.due_on, d.rule_id, d.exception_id
    from profile p join duty d
        on d.layer = p.layer and d.kind = coalesce(p.kind, '') and d.asset_class = p.asset_class
        and d.active_from = p.active_from and d.excepted = p.excepted
), standing as materialized (
    select o.id, o.location_id, o.division_code, o.layer, o.kind, o.asset_class, o.purpose,
        o.rule_id, o.exception_id, o.period, o.period_start, o.ordinal, o.opens_on, o.warn_on,
        o.due_on
    from obligation o
    where o.period_end >= :today {"and o.location_id = any(:ids)" if some else ""}
), changed as (
    update obligation o set
        division_code = w.division_code, layer = w.layer, kind = w.kind,
        asset_class = w.asset_class, rule_id = w.rule_id, exception_id = w.exception_id,
        opens_on = w.opens_on, warn_on = w.warn_on, due_on = w.due_on,
        planned_on = case when o.planned_on between w.opens_on and w.due_on then o.planned_on end,
        version = o.version + 1, updated_at = now()
    from wanted w join standing s using (location_id, purpose, period, period_start, ordinal)
    where o.id = s.id and o.state = 'open' and o.due_on >= :today
        and (s.division_code, s.layer, s.kind, s.asset_class, s.rule_id, s.exception_id,
            s.opens_on, s.warn_on, s.due_on)
            is distinct from (w.division_code, w.layer, w.kind, w.asset_class, w.rule_id,
            w.exception_id, w.opens_on, w.warn_on, w.due_on)
    returning o.location_id
), removed as (
    delete from obligation o using standing s
    where o.id = s.id and o.state = 'open' and o.due_on >= :today
        and not exists (
            select from wanted w where w.location_id = s.location_id and w.purpose = s.purpose
            and w.period = s.period and w.period_start = s.period_start and w.ordinal = s.ordinal
        )
    returning o.location_id
), made as (
    insert into obligation (location_id, division_code, layer, kind, asset_class, purpose,
        rule_id, exception_id, period, period_start, period_end, ordinal, opens_on, warn_on,
        due_on, invented)
    select location_id, division_code, layer, kind, asset_class, purpose, rule_id, exception_id,
        period, period_start, period_end, ordinal, opens_on, warn_on, due_on, invented
    from wanted w
    where not exists (
        select from standing s where s.location_id = w.location_id and s.purpose = w.purpose
        and s.period = w.period and s.period_start = w.period_start and s.ordinal = w.ordinal
    )
    -- In one order everywhere, so that two of these never wait for each other.
    order by location_id, due_on
    on conflict do nothing
    returning location_id
)
select (select count(*) from made), (select count(*) from changed), (select count(*) from removed),
    (select array_agg(distinct location_id) from (
        select location_id from made union all select location_id from changed
        union all select location_id from removed) touched)
""")  # noqa: S608


@cache
def settle(*, some: bool) -> TextClause:
    """Return the statement that lets visits made before count for what was made or changed now.

    A class or a rule that changed after a visit asks for no second one in the same window.
    """
    # It begins with the visits of the open periods, which are few beside what they may complete.
    return text(f"""
update obligation o set state = 'done', done_on = seen.day, visit_id = seen.visit_id,
    version = o.version + 1, updated_at = now()
from (
    select distinct on (owed.id) owed.id, v.id as visit_id, v.day
    from (
        select id, location_id, purpose, visited_at,
            (visited_at at time zone 'Asia/Shanghai')::date as day
        from visit where superseded_at is null
            and visited_at >= cast(:floor as date)::timestamp at time zone 'Asia/Shanghai'
            {"and location_id = any(:ids)" if some else ""}
    ) v join obligation owed on owed.location_id = v.location_id and owed.purpose = v.purpose
        and owed.opens_on <= v.day
    where owed.state = 'open' and owed.opens_on <= :today and owed.due_on >= :today
    order by owed.id, v.visited_at, v.id
) seen
where o.id = seen.id and o.state = 'open'
""")  # noqa: S608
