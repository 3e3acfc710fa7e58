"""Items as PostgreSQL writes them: one statement a page builds the text of its features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg

from fuliang_gis.accounts.policies import has
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.db.fragments import (
    Fragment,
    Reading,
    all_of,
    digits,
    fetch_all,
    fetch_undecoded,
    identifier,
)
from fuliang_gis.errors import FilterRefused, NotFound
from fuliang_gis.ogc.collections import Collection, Property
from fuliang_gis.ogc.crs import Crs
from fuliang_gis.ogc.requests import ItemsRequest

#: A cell of a CSV table.
Cell = str | int | float | Decimal | bool | date | datetime | list[str] | None


@dataclass(frozen=True)
class Page:
    """One page: its features' texts (GeoJSON), and where the next begins."""

    features: list[bytes]
    last: str | int | None
    more: bool


@dataclass(frozen=True)
class Table:
    """One page as rows, for people and spreadsheets."""

    header: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    last: str | int | None
    more: bool


def page(session: Reading, actor: Actor, wanted: ItemsRequest) -> Page:
    """Return one page of features.

    Raises:
        FilterRefused: The database cannot compute what the filter asks for.
    """
    # Who reads on without a filter will do so again, from another key, by the same plan. With one,
    # the best plan hangs on its values.
    again = wanted.after is not None and wanted.condition is None
    with _computed():
        found = fetch_undecoded(session, page_statement(actor, wanted), prepared=again)
    features = found.column(0)
    more = len(features) > wanted.limit
    if more:
        features.pop()
    last = _key(found.value(len(features) - 1, 1), wanted.collection) if features else None
    return Page(features, last, more)


def _key(value: bytes, collection: Collection) -> str | int:
    return int.from_bytes(value, signed=True) if collection.key_type == "bigint" else value.decode()


def page_statement(actor: Actor, wanted: ItemsRequest) -> Fragment:
    """Compose the statement of one page; its cost does not grow with the pages before it."""
    collection = wanted.collection
    chosen = _chosen(actor, wanted)
    feature = _feature(collection, wanted.properties, wanted.crs, geometry=wanted.geometry)
    columns = _columns(wanted.properties, collection)
    # One row more than the page tells whether another page follows. Joining the features here, not
    # there, spares the server copies of all their text.
    # The limit is written out: a plan that is kept would else be made for any.
    sql = f"""select {feature}, key
from (
    select {columns} from {collection.source}
    where {chosen.sql} order by {collection.key} limit {wanted.limit + 1:d}
) as found"""  # noqa: S608  # Values are bound; names come from the registry.
    return Fragment(sql, chosen.params)


def count(session: Reading, actor: Actor, wanted: ItemsRequest) -> int:
    """Return how many features match, wherever the page begins."""
    chosen = _matching(actor, wanted.collection, wanted.condition)
    source = wanted.collection.source
    sql = f"select count(*) from {source} where {chosen.sql}"  # noqa: S608  # Values are bound.
    number: int = _run(session, Fragment(sql, chosen.params))[0][0]
    return number


def item(session: Reading, actor: Actor, collection: Collection, code: str, crs: Crs) -> bytes:
    """Return one feature's text.

    Raises:
        NotFound: There is none of that code that the actor may read.
    """
    columns = _columns(collection.properties, collection)
    feature = _feature(collection, collection.properties, crs, geometry=True)
    named = Fragment(f"{collection.code}::text = %(code)s", {"code": code})
    if collection.code == collection.key and collection.key_type == "bigint":
        named = Fragment(
            f"{collection.code} = %(code)s", {"code": int(code) if code.isdecimal() else -1}
        )
    chosen = _matching(actor, collection, named)
    sql = f"""select {feature}
from (select {columns} from {collection.source} where {chosen.sql}) as found"""  # noqa: S608  # Values are bound.
    # No text of the database's holds a NUL, and asking for one is an error.
    found = None if "\0" in code else fetch_undecoded(session, Fragment(sql, chosen.params))
    if not found:
        raise NotFound(what=collection.title.zh, key=code)
    return found.value(0, 0)


def table(session: Reading, actor: Actor, wanted: ItemsRequest) -> Table:
    """Return one page as rows: id, longitude and latitude, properties, and shapes as WKT."""
    collection = wanted.collection
    chosen = _chosen(actor, wanted)
    header, columns = zip(*_table_columns(wanted), strict=True)
    sql = f"""select {collection.key}, {", ".join(columns)} from {collection.source}
where {chosen.sql} order by {collection.key} limit %(limit)s + 1"""  # noqa: S608  # Values are bound.
    rows = _run(session, Fragment(sql, {**chosen.params, "limit": wanted.limit}))
    kept = rows[: wanted.limit]
    last = kept[-1][0] if kept else None
    return Table(tuple(header), [row[1:] for row in kept], last, len(rows) > wanted.limit)


def _table_columns(wanted: ItemsRequest) -> list[tuple[str, str]]:
    collection = wanted.collection
    columns = [("id", collection.code)]
    if wanted.geometry:
        place = f"ST_PointOnSurface({collection.geometry})"
        columns += [
            (axis, f"round(ST_{of}({place})::numeric, 7)")
            for axis, of in (("lon", "X"), ("lat", "Y"))
        ]
    shown = wanted.properties
    if (mark := collection.by_name["invented"]) not in shown:
        # A table travels without its description, so invented rows say so themselves.
        shown = (*shown, mark)
    columns += [(each.name, each.sql) for each in shown]
    if wanted.geometry and set(collection.geometry_types) != {"Point"}:
        columns.append(("wkt", f"ST_AsText({collection.geometry}, 7)"))
    return columns


# --- conditions ---


def _chosen(actor: Actor, wanted: ItemsRequest) -> Fragment:
    matching = _matching(actor, wanted.collection, wanted.condition)
    if wanted.after is None:
        return matching
    collection = wanted.collection
    # Said of the joined table too: the planner does not carry it over, and a merge of both tables
    # would read the second one from its beginning.
    bounds = " and ".join(
        f"{column} > %(after)s::{collection.key_type}"
        for column in (collection.key, *collection.key_copies)
    )
    return matching & Fragment(bounds, {"after": wanted.after})


def _matching(actor: Actor, collection: Collection, condition: Fragment | None) -> Fragment:
    conditions = [*collection.conditions, *_readable(actor, collection)]
    return all_of(conditions if condition is None else [*conditions, condition])


def _readable(actor: Actor, collection: Collection) -> list[Fragment]:
    """Return the actor's bound in the form of ``policies.inside``: two comparisons."""
    if not has(actor, Permission.READ):
        return [Fragment("false")]
    column, scope = collection.division, actor.scope
    if column is None:
        return []
    beyond = scope[:-1] + chr(ord(scope[-1]) + 1)
    return [Fragment(f"{column} ~>=~ {digits(scope)} and {column} ~<~ '{beyond}'")]


# --- text ---


def _columns(wanted: Sequence[Property], collection: Collection) -> str:
    """Return what rows carry: key, code, geometry, and properties by names that never clash."""
    # Written as JSON here, where it is done once though a feature tells its code twice.
    code = f"to_json({collection.code})::text as code"
    shared = f"{collection.key} as key, {code}, {collection.geometry} as geom"
    return ", ".join([shared, *(f"{each.sql} as {_alias(each)}" for each in wanted)])


def _alias(item: Property) -> str:
    return identifier(f"p_{item.name}")


def _feature(
    collection: Collection, wanted: Sequence[Property], crs: Crs, *, geometry: bool
) -> str:
    shape = f"ST_AsGeoJSON({crs.geometry_sql('geom')}, {crs.digits}, 0)"
    members = [
        _member(collection, each, "," if number else "") for number, each in enumerate(wanted)
    ]
    return _joined(
        [
            """'{"type":"Feature","id":'""",
            "code",
            """',"geometry":'""",
            f"coalesce({shape}, 'null')" if geometry else "'null'",
            """',"properties":{'""",
            *members,
            "'}}'",
        ]
    )


def _joined(pieces: Sequence[str]) -> str:
    """Join texts by halves: each byte is copied a few times only, and no function is variadic."""
    if len(pieces) == 1:
        return pieces[0]
    middle = len(pieces) // 2
    return f"({_joined(pieces[:middle])} || {_joined(pieces[middle:])})"


def _member(collection: Collection, item: Property, comma: str) -> str:
    """Return the text of one property, never null.

    ``to_json`` looks up the type of its argument for each value, so what needs no escaping is
    written without it: numbers, truth values, and choices and codes of divisions, plain words.
    """
    name, column = f'{comma}"{item.name}":', _alias(item)
    if item.type == "boolean":
        arms = f"when true then '{name}true' when false then '{name}false'"
        return f"case {column} {arms} else '{name}null' end"
    if item.sql == collection.code:
        value = f"'{name}' || code"
    elif item.type == "integer":
        value = f"'{name}' || {column}::text"
    elif item.type == "decimal":
        # JSON has no word for what is not a number or without end.
        finite = f"{column} > '-infinity' and {column} < 'infinity'"
        return f"case when {finite} then '{name}' || {column}::text else '{name}null' end"
    elif item.type == "choice" or item.sql == collection.division:
        value = f"""'{name}"' || {column} || '"'"""
    else:
        value = f"'{name}' || to_json({column})::text"
    return f"coalesce({value}, '{name}null')"


# --- running ---


@contextmanager
def _computed() -> Iterator[None]:
    try:
        yield
    except psycopg.DataError as error:
        raise FilterRefused(
            field="filter",
            reason="数值超出可计算的范围",
            reason_en="a number leaves the range that can be computed",
        ) from error


def _run(session: Reading, statement: Fragment) -> list[tuple[Any, ...]]:
    with _computed():
        return fetch_all(session, statement)
