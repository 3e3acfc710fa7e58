"""Bring the database's own enforcement up to date: grants, policies, triggers, the extent.

Whatever the service role writes is refused by the database itself (SQLSTATE 42501) unless the
signed acting context names an active account whose role and division allow it. Tables not named in
``guard_rules.RULES`` are read-only to the service, except layers' own tables, which are recognised
by a primary key that is a foreign key to ``location``: a new layer needs nothing here.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

from shapely.geometry import shape
from shapely.ops import unary_union
from sqlalchemy import text
from sqlalchemy.engine import Connection

from fuliang_gis.db import guard_functions, guard_rules
from fuliang_gis.db.base import SRID
from fuliang_gis.db.guard_functions import FUNCTIONS
from fuliang_gis.db.guard_rules import (
    COUNTED,
    COUNTED_ROWS,
    READ_ONLY,
    RULES,
    Rule,
    typed_layer,
)
from fuliang_gis.errors import SetUpError
from fuliang_gis.material import DATA

#: Roles arrive under names of the accounts package's own type.
Name = TypeVar("Name", bound=str)

SERVICE_ROLE = "fuliang_service"

#: Tables whose geometry lies in the county; the margin [degrees] lets works cross its border.
PLACED = ("location", "road")
EXTENT_MARGIN = 0.05

#: Blocks of HMAC-SHA256 [bytes], RFC 2104.
_BLOCK = 64


@dataclass(frozen=True)
class Table:
    """A table of ours, its columns, and the rule it falls under."""

    name: str
    columns: tuple[str, ...]
    rule: Rule


def apply(
    connection: Connection,
    context_key: bytes,
    role_permissions: Mapping[Name, Collection[str]],
    county_permissions: Collection[str] = (),
    service_role: str = SERVICE_ROLE,
) -> bool:
    """Enforce the policy in the database; tell whether anything had to change.

    Runs as the owner of the tables, in the connection's transaction. What is in force is compared
    with what was left by the last run, so that a policy dropped by hand comes back and a run that
    finds everything in place takes no lock.

    Raises:
        SetUpError: The county's outline cannot be read.
    """
    tables = _tables(connection)
    granted = sorted(
        (str(role), str(permission), permission in county_permissions)
        for role, permissions in role_permissions.items()
        for permission in permissions
    )
    extent = county_extent()
    sources = (guard_functions, guard_rules, _Applying)
    source = "".join(inspect.getsource(each) for each in sources)
    wanted = _digest(source, context_key.hex(), granted, extent, service_role, tables)
    applied = _applied(connection)
    if applied is not None and applied == (wanted, _in_force(connection)):
        return False
    _Applying(connection, service_role).everything(tables, context_key, granted, extent)
    connection.execute(text("delete from guard.applied"))
    connection.execute(
        text("insert into guard.applied (wanted, in_force) values (:wanted, :in_force)"),
        {"wanted": wanted, "in_force": _in_force(connection)},
    )
    return True


def county_extent() -> tuple[float, float, float, float]:
    """Return the county outline's envelope with its margin (EPSG:4490, lon/lat) [degrees].

    Raises:
        SetUpError: The outline's file is missing or unreadable.
    """
    path = DATA / "areas" / "county.geojson"
    try:
        features = json.loads(path.read_text("utf-8"))["features"]
        west, south, east, north = unary_union(
            [shape(each["geometry"]) for each in features]
        ).bounds
    except (OSError, ValueError, KeyError) as error:
        raise SetUpError(
            reason=f"无法读取县域范围 {path}：{error}。请恢复该文件后重试。",
            reason_en=f"Cannot read the county outline {path}: {error}. Restore the file.",
        ) from error
    bounds = (
        west - EXTENT_MARGIN,
        south - EXTENT_MARGIN,
        east + EXTENT_MARGIN,
        north + EXTENT_MARGIN,
    )
    return tuple(round(bound, 6) for bound in bounds)  # type: ignore[return-value]


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _tables(connection: Connection) -> list[Table]:
    rows = connection.execute(text(_TABLES)).all()
    return [Table(name, tuple(columns), _rule(name, key)) for name, columns, key in rows]


def _rule(table: str, location_key: str | None) -> Rule:
    if table in RULES:
        return RULES[table]
    return typed_layer(table, location_key) if location_key else READ_ONLY


def _applied(connection: Connection) -> tuple[str, str] | None:
    if connection.scalar(text("select to_regclass('guard.applied')")) is None:
        return None
    row = connection.execute(text("select wanted, in_force from guard.applied")).first()
    return (row.wanted, row.in_force) if row else None


def _in_force(connection: Connection) -> str:
    return str(connection.scalar(text(_IN_FORCE)))


@dataclass(frozen=True)
class _Applying:
    """One application of the rules over one connection."""

    connection: Connection
    service_role: str

    def everything(
        self,
        tables: list[Table],
        context_key: bytes,
        granted: list[tuple[str, str, bool]],
        extent: tuple[float, float, float, float],
    ) -> None:
        self._own_schema()
        self._key(context_key)
        self._permissions(granted)
        for function in FUNCTIONS:
            self._run(function)
        self._run("revoke all on all functions in schema guard from public")
        for callable_ in (
            "actor_id()",
            "write_scope(text)",
            "refuse(text, text)",
            "drives(integer)",
        ):
            self._run(f"grant execute on function guard.{callable_} to {{service}}")
        for table in tables:
            self._protect(table)
            if table.name in PLACED:
                self._confine(table.name, extent)
            if table.name in COUNTED:
                self._count_changes(table.name)

    def _run(self, statement: str) -> None:
        quote = self.connection.dialect.identifier_preparer.quote
        names = {"schema": "public", "service": quote(self.service_role)}
        self.connection.exec_driver_sql(statement.format_map(names))

    def _own_schema(self) -> None:
        self._run("create schema if not exists guard")
        self._run("create table if not exists guard.key (inner_pad bytea, outer_pad bytea)")
        self._run(
            "create table if not exists guard.permission"
            " (role text, permission text, county_only boolean not null,"
            " primary key (role, permission))"
        )
        self._run("create table if not exists guard.applied (wanted text, in_force text)")
        self._run("revoke all on schema guard from public, {service}")
        self._run("revoke all on all tables in schema guard from public, {service}")
        self._run("grant usage on schema guard to {service}")
        self._run("grant usage on schema {schema} to {service}")

    def _key(self, key: bytes) -> None:
        block = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
        self._run("delete from guard.key")
        self.connection.execute(
            text("insert into guard.key (inner_pad, outer_pad) values (:inner, :outer)"),
            {"inner": bytes(x ^ 0x36 for x in block), "outer": bytes(x ^ 0x5C for x in block)},
        )

    def _permissions(self, granted: list[tuple[str, str, bool]]) -> None:
        self._run("delete from guard.permission")
        self.connection.execute(
            text("insert into guard.permission values (:role, :permission, :county_only)"),
            [dict(zip(("role", "permission", "county_only"), row, strict=True)) for row in granted],
        )

    def _protect(self, table: Table) -> None:
        name = f"{{schema}}.{table.name}"
        self._run(f"revoke all on {name} from public, {{service}}")
        self._grant(table, name)
        self._run(f"alter table {name} enable row level security")
        for policy in ("guard_select", "guard_insert", "guard_update", "guard_delete"):
            self._run(f"drop policy if exists {policy} on {name}")
        self._policies(table.rule, name)
        self._judge(table.rule, name)

    def _grant(self, table: Table, name: str) -> None:
        rule = table.rule
        self._run(f"grant select on {name} to {{service}}")
        if rule.insert:
            columns = [c for c in table.columns if c not in rule.server_set]
            self._run(f"grant insert ({', '.join(columns)}) on {name} to {{service}}")
        if rule.update:
            columns = list(rule.updatable or [c for c in table.columns if c not in rule.fixed])
            self._run(f"grant update ({', '.join(columns)}) on {name} to {{service}}")
        if rule.delete:
            self._run(f"grant delete on {name} to {{service}}")

    def _policies(self, rule: Rule, name: str) -> None:
        self._run(f"create policy guard_select on {name} for select to {{service}} using (true)")
        if rule.insert:
            self._run(
                f"create policy guard_insert on {name} for insert to {{service}}"
                f" with check ({rule.insert})"
            )
        if rule.update:
            self._run(
                f"create policy guard_update on {name} for update to {{service}}"
                f" using (true) with check ({rule.update})"
            )
        if rule.delete:
            self._run(
                f"create policy guard_delete on {name} for delete to {{service}}"
                f" using ({rule.delete})"
            )

    def _judge(self, rule: Rule, name: str) -> None:
        for act in ("update", "delete"):
            self._run(f"drop trigger if exists guard_{act} on {name}")
        told = ", ".join(f"'{permission}'" for permission in rule.judge_names)
        for act in rule.judged if rule.judge else ():
            rows = "old table as old_rows" + (" new table as new_rows" if act == "update" else "")
            when, each = "after", f"referencing {rows} for each statement"
            if rule.row_by_row:
                when, each = "before", "for each row"
            self._run(
                f"create trigger guard_{act} {when} {act} on {name} {each}"
                f" execute function guard.{rule.judge}({told})"
            )
        self._run(f"drop trigger if exists guard_closed on {name}")
        if rule.closed:
            self._run(
                f"create trigger guard_closed before update or delete on {name} for each row"
                " execute function guard.judge_closed()"
            )

    def _count_changes(self, table: str) -> None:
        for act, rows in COUNTED_ROWS.items():
            self._run(f"drop trigger if exists count_{act} on {{schema}}.{table}")
            self._run(
                f"create trigger count_{act} after {act} on {{schema}}.{table}"
                f" referencing {rows} table as changed_rows"
                " for each statement execute function guard.count_changes()"
            )

    def _confine(self, table: str, extent: tuple[float, float, float, float]) -> None:
        envelope = f"ST_MakeEnvelope({', '.join(map(str, extent))}, {SRID})"
        name = f"ck_{table}_county_extent"
        if self.connection.scalar(text(_COMMENT), {"name": name}) == envelope:
            return
        self._run(f"alter table {{schema}}.{table} drop constraint if exists {name}")
        self._run(
            f"alter table {{schema}}.{table} add constraint {name}"
            f" check (geom && {envelope} and ST_CoveredBy(geom, {envelope}))"
        )
        # PostgreSQL prints a constraint in its own words; the comment keeps ours to compare.
        self._run(f"comment on constraint {name} on {{schema}}.{table} is '{envelope}'")


_TABLES = """
select relation.relname, array_agg(attribute.attname order by attribute.attnum), (
    select min(key.attname) from pg_constraint primary_key
    join pg_constraint foreign_key on foreign_key.conrelid = primary_key.conrelid
        and foreign_key.contype = 'f' and foreign_key.conkey = primary_key.conkey
        and foreign_key.confrelid = to_regclass('public.location')
    join pg_attribute key
        on key.attrelid = primary_key.conrelid and key.attnum = primary_key.conkey[1]
    where primary_key.conrelid = relation.oid and primary_key.contype = 'p'
)
from pg_class relation
join pg_attribute attribute on attribute.attrelid = relation.oid
    and attribute.attnum > 0 and not attribute.attisdropped
where relation.relkind = 'r' and relation.relnamespace = 'public'::regnamespace
    and pg_get_userbyid(relation.relowner) = current_user
    and not starts_with(relation.relname, 'procrastinate_')
    -- Tables of extensions (PostGIS' own) belong to the extension, even where we own them.
    and not exists (select from pg_depend where objid = relation.oid and deptype = 'e')
group by relation.oid, relation.relname order by relation.relname
"""

_COMMENT = """
select obj_description(oid, 'pg_constraint') from pg_constraint
where conname = :name and connamespace = 'public'::regnamespace
"""

_IN_FORCE = """
select md5(string_agg(fact, '|' order by fact)) from (
    select concat_ws(' ', polrelid::regclass, polname, polcmd, polroles::regrole[],
        pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) fact from pg_policy
    union all select concat_ws(' ', oid::regclass, relrowsecurity, relacl) from pg_class
        where relkind in ('r', 'p')
            and relnamespace in ('public'::regnamespace, to_regnamespace('guard'))
            and not starts_with(relname, 'procrastinate_')
    union all select concat_ws(' ', attrelid::regclass, attname, attacl) from pg_attribute
        where attacl is not null and attrelid > 16384
    union all select concat_ws(' ', oid::regprocedure, proacl, pg_get_functiondef(oid)) from pg_proc
        where pronamespace = to_regnamespace('guard')
    union all select concat_ws(' ', nspname, nspacl) from pg_namespace
        where nspname in ('public', 'guard')
    union all select concat_ws(' ', pg_get_triggerdef(oid), tgenabled) from pg_trigger
        where not tgisinternal
    union all select concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid),
        obj_description(oid, 'pg_constraint')) from pg_constraint
        where conname like '%county_extent'
    union all select concat_ws(' ', role, permission, county_only) from guard.permission
    union all select md5(inner_pad || outer_pad) from guard.key
) facts
"""
