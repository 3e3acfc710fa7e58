"""What the database itself enforces: the rule of each table.

Every statement is written for ``str.format_map`` with the names that ``guard.apply`` quotes; SQL
here therefore holds no other braces.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Tables whose changes are counted, and the rows that an act leaves to look at.
COUNTED = ("location", "location_state", "division", "road")
COUNTED_ROWS = {"insert": "new", "update": "new", "delete": "old"}

_EDIT = "(select guard.write_scope('edit_locations'))"
_TOWNSHIP = "(select guard.write_scope('review_township'))"
_COUNTY = "(select guard.write_scope('review_county'))"
_VISIT = "(select guard.write_scope('record_visits'))"
_ANY = f"coalesce({_EDIT}, {_TOWNSHIP}, {_COUNTY})"
#: Whoever visits a location may tell its use status, and nothing else of it.
_ANY_OR_VISIT = (
    f"coalesce({_EDIT}, {_TOWNSHIP}, {_COUNTY}, (select guard.write_scope('record_visits')))"
)
_IMPORT = "(select guard.write_scope('import_divisions'))"
_MANAGE = "(select guard.write_scope('manage_accounts'))"
_ACTOR = "(select guard.actor_id())"

_UPKEEP = f"{_ACTOR} = 0"


def _in_scope(*permissions: str, column: str = "division_code", upkeep: bool = False) -> str:
    """Return the check that a row lies in the scope of one of the permissions."""
    scopes = [
        f"starts_with({column}, (select guard.write_scope('{permission}')))"
        for permission in permissions
    ]
    # A scope that is null would make the whole check null, and null lets nothing through.
    checks = [f"coalesce({scope}, false)" for scope in scopes]
    return " or ".join([*checks, *([f"coalesce({_UPKEEP}, false)"] if upkeep else [])])


_DEFECT_ACTS = ("handle_defects", "fix_defects", "verify_defects", "close_defects")
_DUTY_ACTS = ("edit_locations", "record_visits", "manage_rounds", "grant_exceptions")

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
    statements, or each row beforehand with ``row_by_row``; ``judge_names`` are the permissions
    it is told. ``closed`` keeps rows of a closed period as they are. ``updatable`` lists the only
    columns that may be set (None: every one but ``fixed``); ``server_set`` are columns that an
    insert leaves to the database.
    """

    insert: str | None = None
    update: str | None = None
    delete: str | None = None
    judge: str | None = None
    judge_names: tuple[str, ...] = ()
    judged: tuple[str, ...] = ("update",)
    row_by_row: bool = False
    closed: bool = False
    updatable: tuple[str, ...] | None = None
    fixed: tuple[str, ...] = ("id",)
    server_set: tuple[str, ...] = ("id",)


READ_ONLY = Rule()

_OF_STATE = (
    f"coalesce({_UPKEEP}, false) or exists (select from {{schema}}.location"
    " where location.id = location_state.location_id and"
    f" ({_in_scope(*_DUTY_ACTS, *_DEFECT_ACTS, column='location.division_code')}))"
)

_OF_TEAM = (
    "exists (select from {schema}.team where team.id = team_member.team_id and"
    f" ({_in_scope('manage_rounds', column='team.division_code')}))"
)

_OF_APART = (
    "exists (select from {schema}.kept_apart where kept_apart.id = kept_apart_id and"
    f" ({_in_scope('manage_rounds', column='kept_apart.division_code')}))"
)


#: Of the rows of each table of rounds, those of whoever drives them.
_DRIVEN = {
    "round_plan": "exists (select from {schema}.inspection_round driven"
    " where driven.plan_id = round_plan.id and guard.drives(driven.team_id))",
    "inspection_round": "guard.drives(team_id)",
    "round_stop": "exists (select from {schema}.inspection_round driven"
    " where driven.id = round_stop.round_id and guard.drives(driven.team_id))",
}


def _of_rounds(
    *,
    kept: tuple[str, ...],
    upkeep: bool,
    visited: bool = False,
    driven: str | None = None,
) -> Rule:
    """Return the rule of a table of plans: theirs who manage rounds, and of the solver's upkeep.

    ``visited`` lets those who record visits set whether a stop was made; ``driven`` tells which
    rows are of a round that the actor drives, who may put its stops in another order.
    """
    acts = ("manage_rounds", "record_visits") if visited else ("manage_rounds",)
    update = _in_scope(*acts, upkeep=upkeep)
    return Rule(
        insert=_in_scope("manage_rounds", upkeep=upkeep),
        update=update if driven is None else f"{update} or {driven}",
        delete=_in_scope("manage_rounds", upkeep=upkeep),
        judge="judge_division" if driven is None else "judge_rounds",
        judge_names=acts,
        judged=("update", "delete"),
        fixed=("id", *kept),
        server_set=("id", *(name for name in kept if name == "created_at")),
    )


_PLAN_ACTS = ("draft_plans", "review_township", "review_plans")


def _of_plans(*, updatable: tuple[str, ...] | None = None, erasable: bool = True) -> Rule:
    """Return the rule of a table of village plans: theirs who draft plans in the division."""
    draws = _in_scope("draft_plans")
    return Rule(
        insert=draws,
        update=draws,
        # Judged after the statement, so that a refusal is loud.
        delete="true" if erasable else None,
        judge="judge_division",
        judge_names=("draft_plans",),
        judged=("update", "delete") if erasable else ("update",),
        updatable=updatable,
        fixed=("id", "division_code"),
    )


RULES: dict[str, Rule] = {
    "location": Rule(
        insert=_NEW_REVIEWED,
        update=f"starts_with(division_code, {_ANY_OR_VISIT})",
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
        + _OF_LOCATION.format(table="location_change", column="location_id", scope=_ANY_OR_VISIT),
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
    "inspection_rule": Rule(
        insert="(select guard.write_scope('manage_rules')) is not null",
        update="(select guard.write_scope('manage_rules')) is not null",
        fixed=("id", "norm_key", "created_by", "created_at"),
        server_set=("id", "norm_key", "created_at", "updated_at"),
    ),
    "inspection_rule_change": Rule(
        insert=f"actor_id = {_ACTOR} and (select guard.write_scope('manage_rules')) is not null",
        server_set=("id", "at"),
    ),
    "inspection_exception": Rule(
        insert=f"created_by = {_ACTOR} and ({_in_scope('grant_exceptions')})",
        update=_in_scope("grant_exceptions"),
        judge="judge_division",
        judge_names=("grant_exceptions",),
        updatable=("revoked_by", "revoked_at"),
        server_set=("id", "created_at"),
    ),
    "obligation": Rule(
        insert=_in_scope(*_DUTY_ACTS, upkeep=True),
        update=_in_scope(*_DUTY_ACTS, upkeep=True),
        delete=_in_scope(*_DUTY_ACTS, upkeep=True),
        judge="judge_division",
        judge_names=_DUTY_ACTS,
        judged=("update", "delete"),
        closed=True,
        fixed=("id", "location_id", "created_at", "invented"),
        server_set=("id", "created_at", "updated_at"),
    ),
    # A visit is a record of what was seen: corrected by another row, never changed.
    "visit": Rule(
        insert=f"inspector_id = {_ACTOR} and ({_in_scope('record_visits')})",
        update=_in_scope("record_visits"),
        judge="judge_division",
        judge_names=("record_visits",),
        updatable=("superseded_at",),
        server_set=("id", "received_at"),
    ),
    "attachment": Rule(
        insert=f"(report_id is not null and uploaded_by is null) or (uploaded_by = {_ACTOR} and"
        f" ({_in_scope('record_visits', 'propose_disposal', *_DEFECT_ACTS)}))",
        server_set=("id", "uploaded_at"),
    ),
    "defect": Rule(
        insert=_in_scope("record_visits", "handle_defects"),
        update=_in_scope(*_DEFECT_ACTS, upkeep=True),
        judge="judge_division",
        judge_names=_DEFECT_ACTS,
        fixed=(
            "id",
            "number",
            "location_id",
            "visit_id",
            "checklist_item",
            "source",
            "found_by",
            "found_at",
            "invented",
        ),
        server_set=("id",),
    ),
    "defect_measure": Rule(
        insert=_in_scope("record_visits", "handle_defects"),
        update=_in_scope(*_DEFECT_ACTS),
        delete=_in_scope("handle_defects"),
        judge="judge_division",
        judge_names=_DEFECT_ACTS,
        judged=("update", "delete"),
        fixed=("id", "defect_id", "division_code"),
        server_set=("id",),
    ),
    "defect_event": Rule(
        insert=f"coalesce(actor_id = {_ACTOR}, false) and"
        f" ({_in_scope('record_visits', *_DEFECT_ACTS)})"
        f" or actor_id is null and coalesce({_UPKEEP}, false)",
        server_set=("id", "at"),
    ),
    "disposal": Rule(
        insert=f"proposed_by = {_ACTOR} and ({_in_scope('propose_disposal')})",
        update=_in_scope("propose_disposal", "approve_disposal"),
        judge="judge_division",
        judge_names=("propose_disposal", "approve_disposal"),
        fixed=("id", "location_id", "division_code", "proposed_by", "proposed_at", "invented"),
        server_set=("id", "proposed_at", "updated_at"),
    ),
    # Anybody may report, nobody but a post decides.
    "problem_report": Rule(
        insert="state = 'waiting' and reviewed_by is null and defect_id is null",
        update=f"reviewed_by = {_ACTOR} and ({_in_scope('handle_defects')})",
        judge="judge_division",
        judge_names=("handle_defects",),
        updatable=("state", "reviewed_by", "reviewed_at", "reply", "defect_id"),
        server_set=("id", "received_at"),
    ),
    "location_state": Rule(
        insert=_OF_STATE,
        update=_OF_STATE,
        fixed=("location_id",),
        server_set=(),
    ),
    "calendar_feed": Rule(
        insert=f"account_id = {_ACTOR}",
        update=f"account_id = {_ACTOR}",
        delete=f"account_id = {_ACTOR}",
        fixed=("account_id",),
        server_set=("created_at",),
    ),
    "mail_sent": Rule(
        insert=f"coalesce({_UPKEEP}, false)",
        delete=f"coalesce({_UPKEEP}, false)",
        server_set=("id", "sent_at"),
    ),
    "road_turn": Rule(
        insert=f"{_IMPORT} is not null",
        update=f"{_IMPORT} is not null",
        delete="true",
        judge="judge_county",
        judged=("delete",),
    ),
    "road_closure": Rule(
        insert=f"created_by = {_ACTOR} and ({_in_scope('manage_rounds')})",
        update=_in_scope("manage_rounds"),
        judge="judge_division",
        judge_names=("manage_rounds",),
        fixed=("id", "division_code", "created_by", "created_at", "invented"),
        server_set=("id", "created_at"),
    ),
    "team": _of_rounds(kept=("created_by", "created_at"), upkeep=False),
    "team_member": Rule(
        insert=_OF_TEAM,
        delete=_OF_TEAM,
        server_set=(),
    ),
    # What two locations keep apart for does not change: it is let go, and another one made.
    "kept_apart": Rule(
        insert=f"created_by = {_ACTOR} and ({_in_scope('manage_rounds')})",
        delete="true",
        judge="judge_division",
        judge_names=("manage_rounds",),
        judged=("delete",),
        server_set=("id", "created_at"),
    ),
    "kept_apart_location": Rule(insert=_OF_APART, server_set=()),
    "round_plan": _of_rounds(
        kept=("created_by", "created_at"), upkeep=True, driven=_DRIVEN["round_plan"]
    ),
    "inspection_round": _of_rounds(kept=(), upkeep=True, driven=_DRIVEN["inspection_round"]),
    "round_stop": _of_rounds(kept=(), upkeep=True, visited=True, driven=_DRIVEN["round_stop"]),
    "round_left_over": _of_rounds(kept=(), upkeep=True),
    "village_plan": Rule(
        insert=f"created_by = {_ACTOR} and ({_in_scope('draft_plans')})",
        update=_in_scope(*_PLAN_ACTS),
        judge="judge_division",
        judge_names=_PLAN_ACTS,
        fixed=("id", "division_code", "created_by", "created_at", "invented"),
        server_set=("id", "created_at"),
    ),
    "plan_scheme": _of_plans(),
    # A version is a record: what it held can be read for ever.
    "plan_version": Rule(
        insert=f"author_id = {_ACTOR} and ({_in_scope('draft_plans')})",
        server_set=("created_at",),
    ),
    "plan_parcel": _of_plans(updatable=("until",), erasable=False),
    "plan_base_parcel": _of_plans(),
    "plan_control_line": _of_plans(),
    "plan_waiver": Rule(
        insert=f"granted_by = {_ACTOR} and ({_in_scope('review_plans')})",
        update=_in_scope("review_plans"),
        judge="judge_division",
        judge_names=("review_plans",),
        updatable=("revoked_by", "revoked_at"),
        server_set=("id", "granted_at"),
    ),
    # What happened is a record; whoever drafts, forwards or reviews a plan writes of it.
    "plan_act": Rule(
        insert=f"actor_id = {_ACTOR} and ({_in_scope(*_PLAN_ACTS)})",
        server_set=("id", "at"),
    ),
    "plan_participation": Rule(
        insert=f"recorded_by = {_ACTOR} and ({_in_scope(*_PLAN_ACTS)})",
        delete="true",
        judge="judge_division",
        judge_names=_PLAN_ACTS,
        judged=("delete",),
        server_set=("id", "recorded_at"),
    ),
    # Anybody may say something of a plan on notice, nobody but a post shows and answers it.
    "plan_opinion": Rule(
        insert="state = 'waiting' and verdict is null and replied_by is null",
        update=_in_scope(*_PLAN_ACTS),
        judge="judge_division",
        judge_names=_PLAN_ACTS,
        updatable=("state", "verdict", "reply", "replied_by", "replied_at"),
        server_set=("id", "received_at"),
    ),
    "plan_facility": _of_plans(),
    "plan_project": _of_plans(),
    "alembic_version": READ_ONLY,
}


def typed_layer(table: str, key: str) -> Rule:
    """Return the rule of a layer's own table: its rows belong to their location's division."""
    check = _OF_LOCATION.format(table=table, column=key, scope=_EDIT)
    # The key is fixed, so that the old row's location is always the new row's, which is checked.
    return Rule(insert=check, update=check, fixed=(key,), server_set=())
