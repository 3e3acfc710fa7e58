"""Items as PostgreSQL writes them: one statement a page builds the text of its features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from fuliang_gis.accounts.policies import has
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.db.fragments import Fragment, all_of, fetch_all, identifier
from fuliang_gis.errors import FilterRefused, NotFound
from fuliang_gis.ogc.collections import Collection, Property
from fuliang_gis.ogc.crs import Crs
from fuliang_gis.ogc.requests import ItemsRequest

#: A cell of a CSV table.
Cell = str | int | float | Decimal | bool | date | datetime | list[str] | None


@dataclass(frozen=True)
class Page:
    """One page: its features' text (GeoJSON, joined by commas), and where the next begins."""

    features: bytes
    returned: int
    last: str | int | None
    more: bool


@dataclass(frozen=True)
class Table:
    """One page as rows, for people and spreadsheets."""

    header: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    last: str | int | None
    more: bool


def page(session: Session, actor: Actor, wanted: ItemsRequest) -> Page:
    """Return one page of features.

    Raises:
        FilterRefused: The database cannot compute what the filter asks for.
    """
    features, returned, last, more = _run(session, page_statement(actor, wanted))[0]
    return Page(features, returned, last, more)


def page_statement(actor: Actor, wanted: ItemsRequest) -> Fragment:
    """Compose the statement of one page; its cost does not grow with the pages before it."""
    collection = wanted.collection
    chosen = _chosen(actor, wanted)
    feature = _feature(wanted.properties, wanted.crs, geometry=wanted.geometry)
    columns, source = _rows(wanted.properties, collection)
    on_page = "filter (where place <= %(limit)s)"
    # The rows are ordered below the aggregate, which takes them as they come; one row more than the
    # page tells whether another page follows, and only the page's own rows become text.
    sql = f"""select convert_to(coalesce(string_agg({feature}, ',') {on_page}, ''), 'UTF8'),
       count(*) {on_page}, max(key) {on_page}, count(*) > %(limit)s
from (
    select {columns}, row_number() over (order by {collection.key}) as place
    from {source}
    where {chosen.sql}
    order by {collection.key} limit %(limit)s + 1
) as found"""  # noqa: S608  # Values are bound; names come from the registry.
    return Fragment(sql, {**chosen.params, "limit": wanted.limit})


def count(session: Session, actor: Actor, wanted: ItemsRequest) -> int:
    """Return how many features match, wherever the page begins."""
    chosen = _matching(actor, wanted.collection, wanted.condition)
    source = wanted.collection.source
    sql = f"select count(*) from {source} where {chosen.sql}"  # noqa: S608  # Values are bound.
    number: int = _run(session, Fragment(sql, chosen.params))[0][0]
    return number


def item(session: Session, actor: Actor, collection: Collection, code: str, crs: Crs) -> bytes:
    """Return one feature's text.

    Raises:
        NotFound: There is none of that code that the actor may read.
    """
    columns, source = _rows(collection.properties, collection)
    feature = _feature(collection.properties, crs, geometry=True)
    named = Fragment(f"{collection.code}::text = %(code)s", {"code": code})
    if collection.code == collection.key and collection.key_type == "bigint":
        named = Fragment(
            f"{collection.code} = %(code)s", {"code": int(code) if code.isdecimal() else -1}
        )
    chosen = _matching(actor, collection, named)
    sql = f"""select convert_to({feature}, 'UTF8')
from (select {columns} from {source} where {chosen.sql}) as found"""  # noqa: S608  # Values are bound.
    found = [] if "\0" in code else fetch_all(session, Fragment(sql, chosen.params))
    if not found:
        raise NotFound(what=collection.title.zh, key=code)
    text: bytes = found[0][0]
    return text


def table(session: Session, actor: Actor, wanted: ItemsRequest) -> Table:
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
    sql = f"{column} ~>=~ %(scope)s and {column} ~<~ %(beyond)s"
    return [Fragment(sql, {"scope": scope, "beyond": beyond})]


# --- text ---


def _rows(wanted: Sequence[Property], collection: Collection) -> tuple[str, str]:
    """Return columns and source of rows: key, code, geometry, and properties as one record."""
    columns = f"{collection.key} as key, {collection.code} as code, {collection.geometry} as geom"
    if not wanted:
        return columns, collection.source
    named = ", ".join(f"{each.sql} as {identifier(each.name)}" for each in wanted)
    return f"{columns}, p as properties", f"{collection.source}, lateral (select {named}) as p"


def _feature(wanted: Sequence[Property], crs: Crs, *, geometry: bool) -> str:
    # Text joined around one row_to_json: three quarters of the processor time of joining each value
    # by itself.
    shape = f"ST_AsGeoJSON({crs.geometry_sql('geom')}, {crs.digits}, 0)"
    place = f"coalesce({shape}, 'null')" if geometry else "'null'"
    values = "row_to_json(properties)::text" if wanted else "'{}'"
    return (
        f"""'{{"type":"Feature","id":' || to_json(code)::text || ',"geometry":' || {place}"""
        f""" || ',"properties":' || {values} || '}}'"""
    )


# --- running ---


def _run(session: Session, statement: Fragment) -> list[tuple[Any, ...]]:
    try:
        return fetch_all(session, statement)
    except psycopg.DataError as error:
        raise FilterRefused(
            field="filter",
            reason="数值超出可计算的范围",
            reason_en="a number leaves the range that can be computed",
        ) from error
