"""The functions by which the database judges writes, as SQL.

Every statement is written for ``str.format_map`` with the names that ``guard.apply`` quotes; SQL
here therefore holds no other braces.
"""

from __future__ import annotations

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
    -- The service's own upkeep signs for nobody; only rules that name it let it write.
    if named = '0' then
        return 0;
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
    visits text := guard.write_scope('record_visits');
    scope text := coalesce(edit, township, county, visits);
    reviewable text[] := array['version', 'updated_by', 'updated_at']
        || case when coalesce(township, county) is null then '{{}}' else array['review_state'] end
        || case when visits is null then '{{}}' else array['use_status'] end;
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
        perform guard.refuse(tg_table_name, 'this role may only review or tell the use status');
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
        'password_hash', 'stamp', 'must_change_password', 'totp_secret', 'totp_confirmed', 'email'
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

#: For tables with a division code: every old row must lie in the scope of one of the permissions
#: that the trigger names.
JUDGE_DIVISION = """
create or replace function guard.judge_division() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp set enable_nestloop = off as $$
declare
    scopes text[];
begin
    if not row_security_active(tg_relid) or guard.actor_id() = 0 then
        return null;
    end if;
    select array_agg(distinct scope) into scopes
        from unnest(tg_argv) permission, guard.write_scope(permission) scope
        where scope is not null;
    if exists (
        select from old_rows where not exists (
            select from unnest(scopes) scope where starts_with(division_code, scope)
        )
    ) then
        perform guard.refuse(tg_table_name, 'outside the division or role');
    end if;
    return null;
end
$$
"""

#: Whoever works in a team drives its rounds.
DRIVES = """
create or replace function guard.drives(team integer) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select guard.write_scope('record_visits') is not null and exists (
        select from {schema}.team_member
        where team_id = team and account_id = guard.actor_id()
    )
$$
"""

#: As judge_division; beyond that, whoever drives a round may put its stops in another order, with
#: the times and ways that follow from it: in its stops, itself, and its plan.
JUDGE_ROUNDS = """
create or replace function guard.judge_rounds() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp set enable_nestloop = off as $$
declare
    scopes text[];
    told text[] := array['driving_seconds', 'driving_metres'] || case tg_table_name
        when 'round_plan' then array['version']
        when 'inspection_round' then array['starts', 'ends', 'pause_at']
        else array['ordinal', 'arrive', 'begin', 'leave', 'drive_seconds', 'drive_metres',
            'walk_metres'] end;
begin
    if not row_security_active(tg_relid) or guard.actor_id() = 0 then
        return null;
    end if;
    select array_agg(distinct scope) into scopes
        from unnest(tg_argv) permission, guard.write_scope(permission) scope
        where scope is not null;
    if not exists (
        select from old_rows where not exists (
            select from unnest(scopes) scope where starts_with(division_code, scope)
        )
    ) then
        return null;
    end if;
    if tg_op = 'DELETE' then
        perform guard.refuse(tg_table_name, 'outside the division or role');
    -- A statement that deletes has no new rows, so this is not looked at before it is reached.
    elsif exists (
        select from old_rows before left join new_rows after using (id)
        where not exists (
            select from unnest(scopes) scope where starts_with(before.division_code, scope)
        ) and (
            to_jsonb(before) - told is distinct from to_jsonb(after) - told
            or not exists (
                select from {schema}.inspection_round driven
                where guard.drives(driven.team_id) and case tg_table_name
                    when 'round_plan' then driven.plan_id = (to_jsonb(before) ->> 'id')::bigint
                    when 'inspection_round' then driven.id = (to_jsonb(before) ->> 'id')::bigint
                    else driven.id = (to_jsonb(before) ->> 'round_id')::bigint end
            )
        )
    ) then
        perform guard.refuse(tg_table_name, 'outside the division or role');
    end if;
    return null;
end
$$
"""

#: A closed period never changes: what was owed stays owed. That it was done may be told later.
JUDGE_CLOSED = """
create or replace function guard.judge_closed() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    told text[] := array['state', 'visit_id', 'done_on', 'version', 'updated_at'];
    today date := (now() at time zone 'Asia/Shanghai')::date;
begin
    if old.period_end < today and (
        tg_op = 'DELETE' or old.state = 'excused' or new.state = 'excused'
        or to_jsonb(old) - told <> to_jsonb(new) - told
    ) and row_security_active(tg_relid) then
        perform guard.refuse(tg_table_name, 'the period is closed');
    end if;
    return case tg_op when 'DELETE' then old else new end;
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
    if tg_table_name in ('location', 'location_state') then
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

FUNCTIONS = (
    ACTOR_ID,
    WRITE_SCOPE,
    REFUSE,
    JUDGE_REVIEWED,
    JUDGE_ACCOUNT,
    JUDGE_COUNTY,
    JUDGE_VIEW,
    JUDGE_DIVISION,
    DRIVES,
    JUDGE_ROUNDS,
    JUDGE_CLOSED,
    COUNT_CHANGES,
)
