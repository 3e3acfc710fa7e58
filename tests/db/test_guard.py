"""The database itself refuses what the policy refuses, whatever SQL the service role runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from fuliang_gis.accounts.policies import may
from fuliang_gis.accounts.roles import (
    COUNTY_PERMISSIONS,
    ROLE_PERMISSIONS,
    Actor,
    Permission,
    Role,
)
from fuliang_gis.db import guard
from fuliang_gis.db.base import Base
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.guard_rules import RULES
from fuliang_gis.db.session import ACTOR_SETTING, Database, act_as, context_token, driver_url
from fuliang_gis.errors import Forbidden
from fuliang_gis.locations.models import HouseholdSurvey
from fuliang_gis.locations.registry import layers
from fuliang_gis.settings import Settings
from tests.conftest import RUN
from tests.factories import (
    COUNTY,
    FULIANG_TOWN,
    FULIANG_VILLAGE,
    YAOLI_TOWN,
    make_actor,
    make_location,
)

OTHER_VILLAGE = "360222105201"
PLACES = {"county": COUNTY, "township": FULIANG_TOWN, "village": FULIANG_VILLAGE}


@dataclass(frozen=True)
class World:
    """A database with people of every role at every level, and rows here and elsewhere."""

    owner: Engine
    service: Engine
    key: bytes
    people: dict[tuple[Role, str], Actor]
    names: dict[str, int]

    def person(self, role: str, level: str) -> Actor:
        """Return the person of that role at that level; ``yaoli`` is another township."""
        return self.people[Role(role), level]


@pytest.fixture(scope="module")
def world(cluster: Cluster, template: str, settings: Settings) -> Iterator[World]:
    """One database for this module; every test rolls back."""
    name = f"{RUN}_guard"
    with cluster.superuser() as connection:
        connection.execute("select pg_advisory_lock(360222)")
        cluster.copy_database(template, name)
    owner = create_engine(driver_url(cluster.owner_url(name)))
    service = create_engine(driver_url(cluster.service_url(name)))
    people, names = _populate(owner)
    yield World(owner, service, settings.secret("context.key"), people, names)
    owner.dispose()
    service.dispose()
    cluster.drop_database(name)


def _populate(owner: Engine) -> tuple[dict[tuple[Role, str], Actor], dict[str, int]]:
    with Session(owner) as session:
        people = {
            (role, level): make_actor(session, role, code)
            for role in Role
            for level, code in {**PLACES, "yaoli": YAOLI_TOWN}.items()
        }
        county = people[Role.COUNTY_STAFF, "county"]
        names = {f"{level}_id": actor.account_id for (_, level), actor in people.items()}
        for where, code in (("here", FULIANG_VILLAGE), ("there", OTHER_VILLAGE)):
            made = make_location(session, county, layers()["pv_stations"], division_code=code)
            survey = _survey(session, code)
            names |= {f"{where}_location": made.id, f"{where}_survey": survey.id}
        for role in (Role.VIEWER, Role.ADMINISTRATOR):
            names[f"county_{role}"] = people[role, "county"].account_id
            names[f"yaoli_{role}"] = people[role, "yaoli"].account_id
        session.execute(text(_ROAD))
        session.commit()
    return people, names


_ROAD = """
insert into road (road_class, speed_kmh, length_m, oneway, from_node, to_node, geom, invented)
values ('tertiary', 40, 100, false, 1, 2,
    ST_GeomFromText('LINESTRING(117.2 29.3, 117.201 29.3)', 4490), false)
"""


def _survey(session: Session, code: str) -> HouseholdSurvey:
    survey = HouseholdSurvey(
        division_code=code, household_no="1", review_state="submitted", surveyed_on="2022-10-31"
    )
    session.add(survey)
    session.flush()
    return survey


@pytest.fixture
def service(world: World) -> Iterator[Connection]:
    """A connection as the service role, rolled back after the test."""
    with world.service.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


def run(
    world: World, service: Connection, statement: str, who: Actor | None, **more: object
) -> int:
    """Run a statement as somebody; return how many rows it touched."""
    if who is not None:
        act_as(service, world.key, who.account_id)
    own = {"own_id": who.account_id if who else None}
    result = service.execute(text(statement), {**world.names, **own, **more})
    return result.rowcount


def sqlstate(world: World, service: Connection, statement: str, who: Actor | None) -> str | None:
    """Run a statement that must fail as somebody; return its SQLSTATE."""
    with pytest.raises(DBAPIError) as caught:
        run(world, service, statement, who)
    return str(getattr(caught.value.orig, "sqlstate", None))


# --- the third form of the policy ---

SEEN_FROM_TOWNSHIP = (
    FULIANG_TOWN,
    FULIANG_VILLAGE,
    COUNTY,
    "360222101",
    YAOLI_TOWN,
    OTHER_VILLAGE,
    "3602221",
    "36022",
    "3602221000",
)


@pytest.mark.parametrize("level", [*PLACES, "yaoli"])
@pytest.mark.parametrize("role", list(Role))
def test_database_and_predicate_agree(
    world: World, service: Connection, role: Role, level: str
) -> None:
    """For every role, permission and place, the database's scope is the predicate's answer."""
    actor = world.people[role, level]
    act_as(service, world.key, actor.account_id)
    query = text("select starts_with(:code, guard.write_scope(:permission)) is true")
    for permission in Permission:
        for code in SEEN_FROM_TOWNSHIP:
            allowed = service.scalar(query, {"code": code, "permission": permission.value})
            assert allowed is may(actor, permission, code), (permission, code)


# --- refused writes ---

NEW_LOCATION = """
insert into location (layer, code, name, initials, division_code, geom, asset_class, use_status,
    review_state, data_source, invented, version)
values ('pv_stations', 'X1', '甲', 'j', '{division}', ST_SetSRID(ST_MakePoint(117.2, 29.4), 4490),
    'operating', 'in_use', '{state}', '测试', false, 1)
"""
NEW_ACCOUNT = """
insert into account (username, display_name, role, division_code, password_hash, stamp,
    must_change_password, totp_confirmed, failed_sign_ins, active, invented)
values ('intruder', '甲', 'administrator', '{division}', 'x', 'x', false, false, 0, true, false)
"""
NEW_TOKEN = """
insert into api_token (account_id, digest, label, expires_at)
values (:{whose}, 'digest', '测试', now() + interval '1 day')
"""
NEW_CHANGE = """
insert into location_change (location_id, version, action, actor_id, before, after)
values (:{which}, 2, 'update', :{whose}, '{{}}', '{{}}')
"""


def moved(table: str, which: str, division: str) -> str:
    """Return the statement that moves a row to another division."""
    return f"update {table} set division_code = '{division}' where id = :{which}"  # noqa: S608


def new_location(division: str, state: str = "draft") -> str:
    """Return the statement that adds a location."""
    return NEW_LOCATION.format(division=division, state=state)


TOWNSHIP = ("township_staff", "township")
VILLAGE = ("village_informant", "village")
REVIEWER = ("reviewer", "county")
VIEWER = ("viewer", "county")
COUNTY_STAFF = ("county_staff", "county")
ADMINISTRATOR = ("administrator", "county")
TOWN_ADMINISTRATOR = ("administrator", "township")
NOBODY = None

REFUSED = [
    # Nobody in particular.
    (NOBODY, new_location(FULIANG_VILLAGE)),
    (NOBODY, "update location set name = 'x' where id = :here_location"),
    (NOBODY, "update household_survey set review_state = 'draft' where id = :here_survey"),
    (NOBODY, "update pv_station set capacity_kwp = 1 where location_id = :here_location"),
    (NOBODY, "update division set name = 'x' where code = '360222100'"),
    (NOBODY, "update road set speed_kmh = 1"),
    (NOBODY, "delete from road"),
    (NOBODY, NEW_ACCOUNT.format(division=COUNTY)),
    (NOBODY, NEW_TOKEN.format(whose="county_administrator")),
    (NOBODY, "update account set password_hash = 'x' where id = :county_administrator"),
    (NOBODY, "update account set role = 'administrator' where id = :county_viewer"),
    (NOBODY, "update account set stamp = 'x', failed_sign_ins = 0"),
    # Outside the division.
    (TOWNSHIP, new_location(OTHER_VILLAGE)),
    (TOWNSHIP, new_location(YAOLI_TOWN)),
    (TOWNSHIP, new_location(COUNTY)),
    (VILLAGE, new_location(FULIANG_TOWN)),
    (TOWNSHIP, "update location set name = 'x' where id = :there_location"),
    (TOWNSHIP, "update location set name = 'x'"),
    (TOWNSHIP, moved("location", "here_location", OTHER_VILLAGE)),
    (TOWNSHIP, moved("location", "there_location", FULIANG_TOWN)),
    (TOWNSHIP, "update pv_station set capacity_kwp = 1 where location_id = :there_location"),
    (TOWNSHIP, "update pv_station set capacity_kwp = 1"),
    (TOWNSHIP, "update household_survey set review_state = 'draft' where id = :there_survey"),
    (TOWNSHIP, NEW_CHANGE.format(which="there_location", whose="own_id")),
    (TOWN_ADMINISTRATOR, NEW_ACCOUNT.format(division=COUNTY)),
    (TOWN_ADMINISTRATOR, NEW_ACCOUNT.format(division=YAOLI_TOWN)),
    (TOWN_ADMINISTRATOR, "update account set active = false where id = :yaoli_viewer"),
    (TOWN_ADMINISTRATOR, moved("account", "own_id", COUNTY)),
    (TOWN_ADMINISTRATOR, "update division set name = 'x' where code = '360222100'"),
    (TOWN_ADMINISTRATOR, "update road set speed_kmh = 1"),
    (TOWN_ADMINISTRATOR, NEW_TOKEN.format(whose="county_administrator")),
    # Outside the role.
    (VIEWER, new_location(FULIANG_VILLAGE)),
    (VIEWER, "update location set name = 'x' where id = :here_location"),
    (VIEWER, "update household_survey set review_state = 'draft' where id = :here_survey"),
    (VIEWER, "update division set name = 'x' where code = '360222100'"),
    (VIEWER, "delete from road"),
    (VIEWER, "update account set role = 'administrator' where id = :own_id"),
    (VIEWER, "update account set role = 'administrator'"),
    (TOWN_ADMINISTRATOR, "update account set active = false"),
    (VIEWER, "update account set display_name = 'x' where id = :yaoli_viewer"),
    (VIEWER, NEW_TOKEN.format(whose="yaoli_viewer")),
    (VIEWER, NEW_CHANGE.format(which="here_location", whose="own_id")),
    (REVIEWER, new_location(FULIANG_VILLAGE)),
    (REVIEWER, "update location set name = 'x' where id = :here_location"),
    (REVIEWER, "update location set review_state = 'submitted' where id = :here_location"),
    (REVIEWER, "update pv_station set capacity_kwp = 1 where location_id = :here_location"),
    (TOWNSHIP, "update location set review_state = 'county_verified' where id = :here_location"),
    (TOWNSHIP, new_location(FULIANG_VILLAGE, "county_verified")),
    (VILLAGE, "update location set review_state = 'township_reviewed' where id = :here_location"),
    (VILLAGE, "update location set review_state = 'returned' where id = :here_location"),
    (VILLAGE, "update household_survey set review_state = 'returned' where id = :here_survey"),
    (COUNTY_STAFF, NEW_ACCOUNT.format(division=COUNTY)),
    # In somebody else's name.
    (COUNTY_STAFF, NEW_CHANGE.format(which="here_location", whose="county_administrator")),
    (
        COUNTY_STAFF,
        (
            "insert into audit_event (actor_id, actor, action, subject, outcome, detail) values"
            " (:county_administrator, 'x', 'x', 'x', 'done', '{}')"
        ),
    ),
    (
        COUNTY_STAFF,
        (
            "insert into idempotency_key (account_id, key, request_digest, headers)"
            " values (:county_administrator, 'k', 'x', '{}')"
        ),
    ),
    # What nobody may, whatever the role.
    (ADMINISTRATOR, "delete from location where id = :here_location"),
    (ADMINISTRATOR, "delete from pv_station where location_id = :here_location"),
    (ADMINISTRATOR, "delete from household_survey"),
    (ADMINISTRATOR, "delete from division where code = '360222100'"),
    (ADMINISTRATOR, "delete from account where id = :county_viewer"),
    (ADMINISTRATOR, "update account set username = 'x' where id = :county_viewer"),
    (ADMINISTRATOR, "update location set invented = true where id = :here_location"),
    (ADMINISTRATOR, "update location set created_by = 1 where id = :here_location"),
    (ADMINISTRATOR, "update pv_station set location_id = 1 where location_id = :here_location"),
    (ADMINISTRATOR, "update api_token set digest = 'x'"),
    (ADMINISTRATOR, "update audit_event set outcome = 'done'"),
    (ADMINISTRATOR, "delete from audit_event"),
    (
        ADMINISTRATOR,
        (
            "insert into audit_event (at, actor, action, subject, outcome, detail)"
            " values ('2020-01-01', 'x', 'x', 'x', 'done', '{}')"
        ),
    ),
    (ADMINISTRATOR, "update location_change set actor_id = 1"),
    (ADMINISTRATOR, "delete from location_change"),
    (ADMINISTRATOR, "truncate location cascade"),
    (ADMINISTRATOR, "truncate audit_event"),
    (ADMINISTRATOR, "update alembic_version set version_num = 'x'"),
    # Round the guard.
    (ADMINISTRATOR, "alter table location disable trigger all"),
    (ADMINISTRATOR, "alter table location disable row level security"),
    (ADMINISTRATOR, "drop policy guard_insert on location"),
    (ADMINISTRATOR, "create policy mine on location for update using (true)"),
    (ADMINISTRATOR, "select * from guard.key"),
    (ADMINISTRATOR, "select * from guard.permission"),
    (ADMINISTRATOR, "update guard.permission set role = 'viewer'"),
    (ADMINISTRATOR, "create table guard.mine (x integer)"),
    (
        ADMINISTRATOR,
        "create function guard.mine() returns integer as '' language sql",
    ),
    (ADMINISTRATOR, "create table public.mine (x integer)"),
    (ADMINISTRATOR, "create function public.mine() returns integer language sql as 'select 1'"),
    (ADMINISTRATOR, "set role fuliang_owner"),
    (ADMINISTRATOR, "set session authorization fuliang_owner"),
    (ADMINISTRATOR, "set session_replication_role = replica"),
    (ADMINISTRATOR, "copy (select 1) to program 'true'"),
]


@pytest.mark.parametrize(("who", "statement"), REFUSED)
def test_a_write_outside_division_or_role_is_refused(
    world: World, service: Connection, who: tuple[str, str] | None, statement: str
) -> None:
    """Each is refused loudly, with the one SQLSTATE, never by touching no row in silence."""
    actor = world.person(*who) if who else None
    assert sqlstate(world, service, statement, actor) == "42501"


ALLOWED = [
    (VILLAGE, new_location(FULIANG_VILLAGE, "submitted")),
    (TOWNSHIP, new_location(FULIANG_TOWN)),
    (COUNTY_STAFF, new_location(OTHER_VILLAGE, "county_verified")),
    (TOWNSHIP, "update location set name = 'x' where id = :here_location"),
    (TOWNSHIP, moved("location", "here_location", FULIANG_TOWN)),
    (TOWNSHIP, "update location set review_state = 'returned' where id = :here_location"),
    (TOWNSHIP, "update pv_station set capacity_kwp = 1 where location_id = :here_location"),
    (
        TOWNSHIP,
        "update household_survey set review_state = 'returned' where id = :here_survey",
    ),
    (REVIEWER, "update location set review_state = 'county_verified' where id = :here_location"),
    (TOWNSHIP, NEW_CHANGE.format(which="here_location", whose="own_id")),
    (COUNTY_STAFF, "update division set invented = false where code = '360222100'"),
    (COUNTY_STAFF, "update road set speed_kmh = 30"),
    (COUNTY_STAFF, "delete from road"),
    (ADMINISTRATOR, NEW_ACCOUNT.format(division=YAOLI_TOWN)),
    (TOWN_ADMINISTRATOR, NEW_ACCOUNT.format(division=FULIANG_VILLAGE)),
    (ADMINISTRATOR, "update account set active = false where id = :yaoli_viewer"),
    (VIEWER, "update account set password_hash = 'x', stamp = 'y' where id = :own_id"),
    (VIEWER, NEW_TOKEN.format(whose="own_id")),
    (NOBODY, "update account set failed_sign_ins = 1 where id = :county_viewer"),
]


@pytest.mark.parametrize(("who", "statement"), ALLOWED)
def test_a_write_inside_division_and_role_is_done(
    world: World, service: Connection, who: tuple[str, str] | None, statement: str
) -> None:
    """The guard refuses no more than the policy does."""
    assert run(world, service, statement, world.person(*who) if who else None) >= 1


# --- the signed context ---


def _say(service: Connection, token: str) -> int | None:
    service.execute(
        text("select set_config(:name, :token, true)"), {"name": ACTOR_SETTING, "token": token}
    )
    found = service.scalar(text("select guard.actor_id()"))
    return None if found is None else int(found)


def _pid(connection: Connection) -> int:
    return int(connection.scalar(text("select pg_backend_pid()")) or 0)


def test_a_signed_context_names_its_account(world: World, service: Connection) -> None:
    """The token that the service signs is the one that the database verifies."""
    account_id = world.names["county_viewer"]
    assert _say(service, context_token(world.key, account_id, _pid(service))) == account_id


def test_a_forged_or_replayed_context_names_nobody(world: World, service: Connection) -> None:
    """Another key, account or connection, and every malformed token count for nothing."""
    mine, pid = world.names["county_viewer"], _pid(service)
    right = context_token(world.key, mine, pid)
    forged = [
        context_token(b"another key" * 3, mine, pid),
        context_token(world.key, mine, pid + 1),
        right.replace(str(mine), str(world.names["county_administrator"]), 1),
        right[:-1],
        right.upper(),
        f"{mine}:",
        str(mine),
        "",
        ":",
        "-1:x",
        f"{mine}' or true:x",
        f"{'9' * 40}:x",
    ]
    assert [_say(service, token) for token in forged] == [None] * len(forged)


def test_a_context_of_one_connection_is_refused_on_another(world: World) -> None:
    """What one connection was told cannot be read there and used here."""
    account_id = world.names["county_administrator"]
    with world.service.connect() as one, world.service.connect() as other:
        act_as(one, world.key, account_id)
        overheard = str(one.scalar(text("select current_setting('fuliang.actor')")))
        assert one.scalar(text("select guard.actor_id()")) == account_id
        assert _say(other, overheard) is None


def test_a_context_ends_with_its_transaction(world: World) -> None:
    """A pooled connection does not act for the last borrower."""
    with world.service.connect() as connection:
        act_as(connection, world.key, world.names["county_administrator"])
        connection.commit()
        assert connection.scalar(text("select guard.actor_id()")) is None


def test_an_account_switched_off_writes_nothing_more_at_once(world: World) -> None:
    """Its context, signed while it was active, counts for nothing in the next statement."""
    actor = world.person("county_staff", "village")
    switch = text("update account set active = :active where id = :id")
    statement = "update location set name = 'x' where id = :here_location"
    with world.service.connect() as service:
        assert run(world, service, statement, actor) == 1
        with world.owner.begin() as owner:
            owner.execute(switch, {"active": False, "id": actor.account_id})
        try:
            assert sqlstate(world, service, statement, None) == "42501"
        finally:
            with world.owner.begin() as owner:
                owner.execute(switch, {"active": True, "id": actor.account_id})


# --- applying ---


def apply_guard(owner: Connection, key: bytes) -> bool:
    """Apply the guard as an upgrade does."""
    return guard.apply(owner, key, ROLE_PERMISSIONS, COUNTY_PERMISSIONS)


def test_applying_again_changes_nothing(world: World, settings: Settings) -> None:
    """A second run finds everything in place and takes no lock on any table."""
    with world.owner.connect() as owner:
        assert not apply_guard(owner, settings.secret("context.key"))
        held = owner.scalar(
            text(
                "select count(*) from pg_locks where mode ~ 'Exclusive' and "
                "relation = 'location'::regclass and pid = pg_backend_pid()"
            )
        )
        assert held == 0


@pytest.mark.parametrize(
    "damage",
    [
        "drop policy guard_insert on location",
        "alter table location disable row level security",
        "alter table location disable trigger guard_update",
        "drop trigger guard_update on account",
        "grant delete on location to fuliang_service",
        "grant update (digest) on api_token to fuliang_service",
        "grant select on guard.key to fuliang_service",
        "insert into guard.permission values ('viewer', 'edit_locations', false)",
        "delete from guard.key",
        "alter table location drop constraint ck_location_county_extent",
        (
            "create or replace function guard.write_scope(wanted text) returns text language sql"
            " as $$ select '360222' $$"
        ),
    ],
)
def test_applying_repairs_what_somebody_changed(
    world: World, settings: Settings, damage: str
) -> None:
    """Protection loosened by hand is found and put back at the next start."""
    key = settings.secret("context.key")
    with world.owner.connect() as owner:
        owner.execute(text(damage))
        assert apply_guard(owner, key)
        assert not apply_guard(owner, key)


def test_the_key_changes_with_the_installations(world: World) -> None:
    """With another key in force, tokens signed with the old one name nobody."""
    with world.owner.connect() as owner:
        token = context_token(world.key, world.names["county_viewer"], _pid(owner))
        assert _say(owner, token) is not None
        apply_guard(owner, b"another key of the installation")
        assert _say(owner, token) is None


def test_every_table_has_its_rule(world: World) -> None:
    """A new table is placed in the rules, or is a layer's own and recognised; none is forgotten."""
    typed = {found.cls.__tablename__ for found in layers().values()}
    assert set(Base.metadata.tables) - typed - {"data_version"} <= set(RULES)
    with world.owner.connect() as owner:
        writable = set(
            owner.scalars(
                text(
                    "select distinct table_name from information_schema.column_privileges"
                    " where grantee = 'fuliang_service' and privilege_type = 'INSERT'"
                    " and table_schema = 'public' and table_name !~ '^procrastinate_'"
                )
            )
        )
    assert writable == {name for name, rule in RULES.items() if rule.insert} | typed


# --- the county's extent ---


@pytest.mark.parametrize(
    ("place", "inside"),
    [
        ("POINT(117.2 29.4)", True),
        ("POINT(116.0 29.4)", False),
        ("POINT(29.4 117.2)", False),
        ("LINESTRING(117.2 29.4, 119.0 29.4)", False),
    ],
)
def test_geometry_lies_in_the_county(world: World, place: str, inside: bool) -> None:  # noqa: FBT001
    """Swapped axes, other counties and lines that lead out of it are refused by the database."""
    statement = text("update location set geom = ST_GeomFromText(:place, 4490) where id = :id")
    facts = {"place": place, "id": world.names["here_location"]}
    with world.owner.connect() as owner:
        if inside:
            assert owner.execute(statement, facts).rowcount == 1
            return
        with pytest.raises(IntegrityError, match="county_extent"):
            owner.execute(statement, facts)


def test_the_extent_is_the_outlines_with_a_margin() -> None:
    """The envelope holds the county and about five kilometres around it."""
    west, south, east, north = guard.county_extent()
    assert 116.9 < west < 117.0
    assert 117.6 < east < 117.85
    assert 28.9 < south < 29.2
    assert 29.8 < north < 30.0


# --- what the application sees ---


def test_the_application_is_told_in_its_own_words(world: World) -> None:
    """A refusal by the database arrives as Forbidden, and nothing of the transaction stays."""

    database = Database(world.service, world.key)
    actor = world.person("viewer", "county")
    with pytest.raises(Forbidden), database.session(actor.account_id) as session:
        session.execute(text("update location set name = 'x'"))
    with world.owner.connect() as owner:
        assert owner.scalar(text("select count(*) from location where name = 'x'")) == 0
