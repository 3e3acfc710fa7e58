"""Reading the numbers of a thematic map: one statement a measure, inside the actor's division."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.cartography.measures import (
    PEOPLE,
    Condition,
    Measure,
    filter_fields,
    people_source,
)
from fuliang_gis.db.fragments import Fragment, all_of, fetch_all, identifier
from fuliang_gis.errors import BadParameter
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import Layer
from fuliang_gis.locations.sheets import Field

#: Levels of areas: digits of their codes, and their names.
DIGITS = {"township": 9, "village": 12}
LEVELS = {"township": "乡镇", "village": "村（社区）"}
#: Years before this are typing errors, and no map runs through more years than this.
FIRST_YEAR, MOST_YEARS = 1950, 151


@dataclass(frozen=True)
class Part:
    """Numerator and denominator of one area (in one year); None where nothing was recorded."""

    numerator: float | None
    denominator: float | None


@dataclass(frozen=True)
class Area:
    """One area with its parts: by year where the measure runs through time, else under None."""

    code: str
    name: str
    township: str
    parts: Mapping[int | None, Part]
    fixed_denominator: float | None


@dataclass(frozen=True)
class Numbers:
    """The areas by code; ``unplaced`` counts locations recorded to no area of this level."""

    areas: Sequence[Area]
    unplaced: int


def levels(actor: Actor) -> dict[str, str]:
    """Return the levels whose areas lie inside the actor's division."""
    return {n: title for n, title in LEVELS.items() if DIGITS[n] >= len(actor.scope)}


def read_numbers(session: Session, actor: Actor, measure: Measure, level: str) -> Numbers:
    """Return the parts of a measure for every area of a level inside the actor's division.

    Raises:
        BadParameter: There is no such level inside the actor's division.
    """
    if level not in levels(actor):
        raise BadParameter(
            name="level",
            reason="您的管辖范围内没有这一级",
            reason_en="no such level",
            field="level",
        )
    return _gather(fetch_all(session, numbers_statement(actor, measure, level)))


def numbers_statement(actor: Actor, measure: Measure, level: str) -> Fragment:
    """Compose the statement: areas, what is counted in them, and what it is divided by."""
    counted, fixed = _counted(measure), _fixed(measure)
    sql = f"""
with area as (
    select a.code, a.short_name, coalesce(p.short_name, '') as township,
           ST_Area(a.boundary::geography) / 1e6 as km2
    from {_DIVISION} a left join {_DIVISION} p on p.code = a.parent_code and p.level = 'township'
    where a.level = %(level)s and {_inside("a.code")}
), counted as ({counted.sql}), fixed as ({fixed.sql})
select area.code, area.short_name, area.township, counted.year,
       counted.numerator::float8, counted.denominator::float8, counted.rows,
       {"area.km2" if measure.denominator == "area" else "fixed.total"}::float8
from area full join counted on counted.code = area.code left join fixed on fixed.code = area.code
order by area.code, counted.year"""  # noqa: S608  # Names come from the registry, values are bound.
    params = {
        "level": level,
        "digits": DIGITS[level],
        "scope": actor.scope,
        "beyond": actor.scope[:-1] + chr(ord(actor.scope[-1]) + 1),
    }
    return Fragment(sql, {**params, **counted.params, **fixed.params})


_DIVISION = identifier(Division.__tablename__)


def _inside(column: str) -> str:
    # The operators of the text_pattern_ops indexes, as in ``accounts.policies.inside``.
    return f"{column} ~>=~ %(scope)s and {column} ~<~ %(beyond)s"


def _source(found: Layer) -> str:
    typed = identifier(found.cls.__table__.name)  # type: ignore[attr-defined]
    location = identifier(Location.__tablename__)
    return (
        f"{location} l join {typed} t on t.location_id = l.id"
        f" where l.layer = %(layer_{found.name})s and l.deleted_at is null"
        f" and {_inside('l.division_code')}"
    )


def _counted(measure: Measure) -> Fragment:
    where = _holding(measure.layer, measure.where, "where")
    base = _holding(measure.layer, measure.base, "base")
    numerator, denominator = _aggregates(measure, where.sql)
    sql = f"""
    select left(l.division_code, %(digits)s) as code, {_year(measure)} as year,
           {numerator} as numerator, {denominator} as denominator, count(*) as rows
    from {_source(measure.layer)} and {base.sql}
    group by 1, 2"""  # noqa: S608  # Names come from the registry, values are bound.
    layer = {f"layer_{measure.layer.name}": measure.layer.name}
    return Fragment(sql, {**where.params, **base.params, **layer})


def _aggregates(measure: Measure, where: str) -> tuple[str, str]:
    if measure.field is None:
        return f"count(*) filter (where {where})", "count(*)"
    column = _column(measure.layer, measure.field)
    known = f"count({column}) filter (where {where})"
    total = f"sum({column}) filter (where {where})"
    if measure.statistic == "mean":
        return total, known
    # Nothing there sums to zero; something there of which no number is known stays unknown.
    return f"coalesce({total}, case when count(*) filter (where {where}) = 0 then 0 end)", known


def _year(measure: Measure) -> str:
    if measure.year_field is None:
        return "null::integer"
    column = _column(measure.layer, measure.year_field)
    if measure.year_field.type == "date":
        column = f"extract(year from {column})::integer"
    return f"coalesce({column}, 0)"


def _fixed(measure: Measure) -> Fragment:
    source = people_source(measure.denominator) if measure.denominator in PEOPLE else None
    if source is None:
        return Fragment("select null::text as code, null::float8 as total where false")
    found, item = source
    sql = f"""
    select left(l.division_code, %(digits)s) as code, sum({_column(found, item)}) as total
    from {_source(found)} group by 1"""  # noqa: S608  # Names come from the registry, values are bound.
    return Fragment(sql, {f"layer_{found.name}": found.name})


def _column(found: Layer, item: Field) -> str:
    own = found.sheet.field(item.name) is not None
    return f"{'t' if own else 'l'}.{identifier(item.name)}"


def _holding(found: Layer, conditions: Sequence[Condition], prefix: str) -> Fragment:
    """Return the condition: alternatives within a field, all of the fields."""
    wanted: dict[str, list[str]] = {}
    for name, value in conditions:
        wanted.setdefault(name, []).append(value)
    fields = {item.name: item for item in filter_fields(found)}
    return all_of(
        _one_of(_column(found, fields[name]), fields[name], values, f"{prefix}_{name}")
        for name, values in wanted.items()
    )


def _one_of(column: str, item: Field, values: list[str], parameter: str) -> Fragment:
    given = [value == "true" for value in values] if item.type == "boolean" else values
    return Fragment(f"{column} = any(%({parameter})s)", {parameter: given})


def _gather(rows: Sequence[tuple[object, ...]]) -> Numbers:
    named: dict[str, tuple[str, str, float | None]] = {}
    parts: dict[str, dict[int | None, Part]] = {}
    unplaced = 0
    for code, name, township, year, numerator, denominator, count, fixed in rows:
        if code is None:
            unplaced += int(str(count))
            continue
        named[str(code)] = (str(name), str(township), _number(fixed))
        of_area = parts.setdefault(str(code), {})
        if count is not None:
            of_area[_number_of_year(year)] = Part(_number(numerator), _number(denominator))
    areas = [Area(code, *texts[:2], parts[code], texts[2]) for code, texts in named.items()]
    return Numbers(areas, unplaced)


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def _number_of_year(value: object) -> int | None:
    return None if value is None else int(str(value))
