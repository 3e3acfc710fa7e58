"""What the database itself enforces, as SQL: functions, and the rule of each table.

Every statement is written for ``str.format_map`` with the names that ``guard.apply`` quotes; SQL
here therefore holds no other braces.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Verified identity. The key is stored as the two padded halves of HMAC-SHA256, so that no
#: extension is needed; comparing digests of digests keeps the duration from telling anything.
ACTOR_ID = """
create or replace function guard.actor_id() returns integer
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    given text := current_setting('fuliang.actor', true);
    named text := split_part(given, ':', 1);
    stated bytea := convert_to(named || ':' || pg_backend_pid(), 'UTF8');
    expected text;
    found integer;
begin
    if given is null or named !~ '^[0-9]+$' or length(named) > 9 then
        return null;
    end if;
    select encode(sha256(outer_pad || sha256(inner_pad || stated)), 'hex')
        into expected from guard.key;
    if sha256(convert_to(split_part(given, ':', 2), 'UTF8'))
            is distinct from sha256(convert_to(expected, 'UTF8')) then
        return null;
    end if;
    select id into found from {schema}.account where id = named::integer and active;
    return found;
end
$$
"""

WRITE_SCOPE = """
create or replace function guard.write_scope(wanted text) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select account.division_code
    from {schema}.account join guard.permission on permission.role = account.role
    where account.id = guard.actor_id() and permission.permission = wanted
        and (not permission.county_only or length(account.division_code) = 6)
$$
"""

REFUSE = """
create or replace function guard.refuse(relation text, reason text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception using errcode = 'insufficient_privilege',
        message = 'guard: write to ' || relation || ' refused: ' || reason;
end
$$
"""

#: Row-level security hides old rows silently; judged after the statement instead, a refused change
#: is loud, and the actor is verified once a statement, not once a row.
#: Loops are off because a plan cached from a change of one row would pair thousands row by row.
JUDGE_REVIEWED = """
create or replace function guard.judge_reviewed() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp set enable_nestloop = off as $$
declare
    edit text := guard.write_scope('edit_locations');
    township text := guard.write_scope('review_township');
    county text := guard.write_scope('review_county');
    scope text := coalesce(edit, township, county);
    reviewable text[] := array['review_state', 'version', 'updated_by', 'updated_at'];
begin
    if not row_security_active(tg_relid) then
        return null;
    end if;
    if exists (select from old_rows where starts_with(division_code, scope) is not true) then
        perform guard.refuse(tg_table_name, 'outside the division');
    end if;
    if edit is null and exists (
        select from old_rows before join new_rows after using (id)
        where to_jsonb(before) - reviewable <> to_jsonb(after) - reviewable
    ) then
        perform guard.refuse(tg_table_name, 'this role may only review');
    end if;
    if exists (
        select from old_rows before join new_rows after using (id)
        where before.review_state <> after.review_state and case after.review_state
            when 'township_reviewed' then township is null
            when 'county_verified' then county is null
            when 'returned' then coalesce(township, county) is null
            else edit is null end
    ) then
        perform guard.refuse(tg_table_name, 'this role may not set the review state');
    end if;
    return null;
end
$$
"""

#: Judged before each row is written: afterwards the actor's own row would already carry the role
#: and division that it gives itself.
JUDGE_ACCOUNT = """
create or replace function guard.judge_account() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    manage text := guard.write_scope('manage_accounts');
    kept text[] := array['failed_sign_ins', 'locked_until', 'last_sign_in_at', 'totp_last_step'];
    own text[] := array[
        'password_hash', 'stamp', 'must_change_password', 'totp_secret', 'totp_confirmed'
    ];
    before jsonb := to_jsonb(old) - kept;
    after jsonb := to_jsonb(new) - kept;
begin
    if row_security_active(tg_relid) and before <> after
        and not (old.id is not distinct from guard.actor_id() and before - own = after - own)
        and (starts_with(old.division_code, manage)
            and starts_with(new.division_code, manage)) is not true
    then
        perform guard.refuse(tg_table_name, 'not this account''s manager');
    end if;
    return new;
end
$$
"""

JUDGE_COUNTY = """
create or replace function guard.judge_county() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if row_security_active(tg_relid)
            and guard.write_scope('import_divisions') is null then
        perform guard.refuse(tg_table_name, 'needs the county''s import permission');
    end if;
    return null;
end
$$
"""

JUDGE_VIEW = """
create or replace function guard.judge_view() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    actor integer := guard.actor_id();
    manage text := guard.write_scope('manage_accounts');
begin
    if row_security_active(tg_relid) and exists (
        select from old_rows
        where (owner_id = actor or starts_with(scope, manage)) is not true
    ) then
        perform guard.refuse(tg_table_name, 'neither its owner nor the division''s administrator');
    end if;
    return null;
end
$$
"""

#: Counts what maps draw: in the writer's transaction, in a slot of its own: nobody waits.
COUNT_CHANGES = """
create or replace function guard.count_changes() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    subjects text[];
begin
    if tg_table_name = 'location' then
        select array_agg(distinct layer) into subjects from changed_rows;
    elsif exists (select from changed_rows) then
        subjects := array[tg_table_name];
    end if;
    insert into {schema}.data_version as counted (subject, slot, changes)
    select subject, mod(pg_backend_pid(), 1024), 1 from unnest(subjects) subject
    on conflict (subject, slot) do update set changes = counted.changes + 1;
    return null;
end
$$
"""

#: Tables whose changes are counted, and the rows that an act leaves to look at.
COUNTED = ("location", "division", "road")
COUNTED_ROWS = {"insert": "new", "update": "new", "delete": "old"}

FUNCTIONS = (
    ACTOR_ID,
    WRITE_SCOPE,
    REFUSE,
    JUDGE_REVIEWED,
    JUDGE_ACCOUNT,
    JUDGE_COUNTY,
    JUDGE_VIEW,
    COUNT_CHANGES,
)

_EDIT = "(select guard.write_scope('edit_locations'))"
_TOWNSHIP = "(select guard.write_scope('review_township'))"
_COUNTY = "(select guard.write_scope('review_county'))"
_ANY = f"coalesce({_EDIT}, {_TOWNSHIP}, {_COUNTY})"
_IMPORT = "(select guard.write_scope('import_divisions'))"
_MANAGE = "(select guard.write_scope('manage_accounts'))"
_ACTOR = "(select guard.actor_id())"

_NEW_REVIEWED = (
    f"starts_with(division_code, {_EDIT}) and case review_state"
    f" when 'township_reviewed' then {_TOWNSHIP} is not null"
    f" when 'county_verified' then {_COUNTY} is not null"
    f" when 'returned' then coalesce({_TOWNSHIP}, {_COUNTY}) is not null else true end"
)
_OWN_OR_MANAGED = (
    f"account_id = {_ACTOR} or exists (select from {{schema}}.account"
    f" where account.id = account_id and starts_with(account.division_code, {_MANAGE}))"
)
_OF_LOCATION = (
    "exists (select from {{schema}}.location"
    " where location.id = {table}.{column} and starts_with(location.division_code, {scope}))"
)


@dataclass(frozen=True)
class Rule:
    """What the service role may do with one table beyond reading it.

    ``insert``, ``update`` are the checks that a new row must pass and ``delete`` the condition of
    an old one; None means no such right at all. ``judge`` names the function that judges whole
    statements, or each row beforehand with ``row_by_row``. ``updatable`` lists the only columns
    that may be set (None: every one but ``fixed``); ``server_set`` are columns that an insert
    leaves to the database.
    """

    insert: str | None = None
    update: str | None = None
    delete: str | None = None
    judge: str | None = None
    judged: tuple[str, ...] = ("update",)
    row_by_row: bool = False
    updatable: tuple[str, ...] | None = None
    fixed: tuple[str, ...] = ("id",)
    server_set: tuple[str, ...] = ("id",)


READ_ONLY = Rule()

RULES: dict[str, Rule] = {
    "location": Rule(
        insert=_NEW_REVIEWED,
        update=f"starts_with(division_code, {_ANY})",
        judge="judge_reviewed",
        fixed=("id", "layer", "invented", "created_by", "created_at"),
    ),
    "household_survey": Rule(
        insert=_NEW_REVIEWED,
        update=f"starts_with(division_code, {_ANY})",
        judge="judge_reviewed",
        fixed=("id", "invented"),
    ),
    "location_change": Rule(
        insert=f"actor_id = {_ACTOR} and "
        + _OF_LOCATION.format(table="location_change", column="location_id", scope=_ANY),
        server_set=("id", "at"),
    ),
    "division": Rule(
        insert=f"starts_with(code, {_IMPORT})",
        update=f"starts_with(code, {_IMPORT})",
        fixed=("code",),
        server_set=(),
    ),
    "road": Rule(
        insert=f"{_IMPORT} is not null",
        update=f"{_IMPORT} is not null",
        delete="true",
        judge="judge_county",
        judged=("delete",),
    ),
    "account": Rule(
        insert=f"starts_with(division_code, {_MANAGE})",
        update="true",
        judge="judge_account",
        row_by_row=True,
        fixed=("id", "username", "created_at", "invented"),
        server_set=("id", "created_at"),
    ),
    "api_token": Rule(
        insert=_OWN_OR_MANAGED,
        update=_OWN_OR_MANAGED,
        updatable=("revoked_at",),
        server_set=("id", "created_at"),
    ),
    # A name typed at sign-in belongs to nobody yet; a row that names an account is that account's.
    "audit_event": Rule(insert=f"actor_id is null or actor_id = {_ACTOR}", server_set=("id", "at")),
    "idempotency_key": Rule(
        insert=f"account_id = {_ACTOR}",
        update=f"account_id = {_ACTOR}",
        delete=f"account_id = {_ACTOR} or created_at < now() - interval '1 day'",
        updatable=("status", "body", "headers"),
        server_set=("created_at",),
    ),
    # A saved map is its owner's; an administrator of the division where it was saved keeps order.
    "map_view": Rule(
        insert=f"owner_id = {_ACTOR} and scope = (select guard.write_scope('read'))",
        update="true",
        delete="true",
        judge="judge_view",
        judged=("update", "delete"),
        fixed=("id", "owner_id", "scope", "created_at"),
        server_set=("id", "created_at", "updated_at"),
    ),
    "alembic_version": READ_ONLY,
}


def typed_layer(table: str, key: str) -> Rule:
    """Return the rule of a layer's own table: its rows belong to their location's division."""
    check = _OF_LOCATION.format(table=table, column=key, scope=_EDIT)
    # The key is fixed, so that the old row's location is always the new row's, which is checked.
    return Rule(insert=check, update=check, fixed=(key,), server_set=())
