"""Accounts are looked after inside one's division, audited, and never down to the last one."""

from __future__ import annotations

from dataclasses import replace

import pyotp
import pytest
from pyotp.totp import TOTP
from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import operations, passwords, queries
from fuliang_gis.accounts.models import Account, AuditEvent
from fuliang_gis.accounts.operations import Post
from fuliang_gis.accounts.queries import AuditFilter
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.db.session import Database
from fuliang_gis.errors import (
    Duplicate,
    Forbidden,
    FuliangError,
    Invalid,
    LastAdministrator,
    NotFound,
    OutsideDivision,
    OwnAccount,
    SignInFailed,
)
from tests.accounts.conftest import KEY, PASSWORD, CountQueries
from tests.factories import COUNTY, FULIANG_TOWN, YAOLI_TOWN, make_account, make_actor

STAFF = Post("浮梁镇工作人员", "township_staff", FULIANG_TOWN)


def test_a_created_account_signs_in_with_its_one_time_password(
    service_database: Database, owner_session: Session, administrator: Actor
) -> None:
    """The password fits, must be changed, and the act is in the audit record."""
    with service_database.session(administrator.account_id) as session:
        account, password = operations.create(session, administrator, "Town-1", STAFF)
    assert account.username == "town-1"
    assert passwords.fits(account.password_hash, password)
    assert account.must_change_password
    event = owner_session.scalars(select(AuditEvent)).one()
    assert (event.action, event.actor_id) == ("create_account", administrator.account_id)
    assert event.subject == "account:town-1"


@pytest.mark.parametrize(
    ("username", "post", "refusal"),
    [
        ("X Y", STAFF, Invalid),
        ("x", STAFF, Invalid),
        ("-xx", STAFF, Invalid),
        ("fine", replace(STAFF, display_name="  "), Invalid),
        ("fine", replace(STAFF, display_name="名" * 61), Invalid),
        ("fine", replace(STAFF, role="king"), Invalid),
        ("fine", replace(STAFF, division_code="360222999"), NotFound),
        ("fine", replace(STAFF, division_code="360229"), OutsideDivision),
        ("taken", STAFF, Duplicate),
    ],
)
def test_a_wrong_account_is_refused(
    session: Session, username: str, post: Post, refusal: type[FuliangError]
) -> None:
    """Each value that breaks a rule is refused by its class."""
    by = make_actor(session, Role.ADMINISTRATOR)
    operations.create(session, by, "taken", STAFF)
    with pytest.raises(refusal):
        operations.create(session, by, username, post)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_administrators_manage_accounts(session: Session, role: Role) -> None:
    """No other role creates, lists, resets, unlocks or switches off."""
    by, account = make_actor(session, role), make_account(session, Role.VIEWER)
    for act in (
        lambda: operations.create(session, by, "someone", STAFF),
        lambda: operations.change(session, by, account, STAFF),
        lambda: operations.reset_password(session, by, account),
        lambda: operations.unlock(session, by, account),
        lambda: operations.deactivate(session, by, account),
        lambda: operations.activate(session, by, account),
        lambda: queries.accounts(session, by),
    ):
        with pytest.raises(Forbidden):
            act()


def test_a_townships_administrator_stays_in_the_township(session: Session) -> None:
    """Accounts elsewhere are neither seen nor touched, and none is moved out or made elsewhere."""
    make_account(session, Role.ADMINISTRATOR)
    by = make_actor(session, Role.ADMINISTRATOR, FULIANG_TOWN)
    inside = make_account(session, Role.VIEWER, FULIANG_TOWN)
    outside = make_account(session, Role.VIEWER, YAOLI_TOWN)
    seen = {row.account.username for row in queries.accounts(session, by).rows}
    assert seen == {by.username, inside.username}
    with pytest.raises(NotFound):
        queries.account(session, outside.username, by)
    for act in (
        lambda: operations.deactivate(session, by, outside),
        lambda: operations.change(session, by, outside, STAFF),
        lambda: operations.change(session, by, inside, replace(STAFF, division_code=COUNTY)),
        lambda: operations.create(session, by, "someone", replace(STAFF, division_code=COUNTY)),
    ):
        with pytest.raises(OutsideDivision):
            act()


def test_nobody_takes_away_the_own_access(session: Session) -> None:
    """One's own account is neither switched off nor given another role; its name may change."""
    make_account(session, Role.ADMINISTRATOR)
    by = make_actor(session, Role.ADMINISTRATOR)
    own = session.get_one(Account, by.account_id)
    with pytest.raises(OwnAccount):
        operations.deactivate(session, by, own)
    with pytest.raises(OwnAccount):
        operations.change(session, by, own, Post("甲", "viewer", COUNTY))
    operations.change(session, by, own, Post("县管理岗", "administrator", COUNTY))
    assert own.display_name == "县管理岗"


def test_the_last_county_administrator_stays(session: Session) -> None:
    """Not even the host switches the last one off; inactive and township ones do not count."""
    last = make_account(session, Role.ADMINISTRATOR)
    make_account(session, Role.ADMINISTRATOR, FULIANG_TOWN)
    make_account(session, Role.ADMINISTRATOR).active = False
    session.flush()
    with pytest.raises(LastAdministrator):
        operations.deactivate(session, None, last)
    with pytest.raises(LastAdministrator):
        operations.change(session, None, last, STAFF)
    make_account(session, Role.ADMINISTRATOR)
    operations.deactivate(session, None, last)
    assert not last.active


def test_switching_off_ends_sessions(session: Session) -> None:
    """The stamp changes, and the account is recognised no more."""
    account = make_account(session)
    stamp = account.stamp
    operations.deactivate(session, None, account)
    session.flush()
    assert account.stamp != stamp
    assert queries.known(session, account.id) is None


# --- one's own password and second factor ---


@pytest.mark.parametrize(
    ("current", "new", "refusal"),
    [
        ("wrong-password", "laoshan-daoshi-88", SignInFailed),
        (PASSWORD, "short", Invalid),
        (PASSWORD, "password1234", Invalid),
        (PASSWORD, "aaaaaaaaaaaa", Invalid),
        (PASSWORD, "x" * 257, Invalid),
        (PASSWORD, PASSWORD, Invalid),
        (PASSWORD, "own user name", Invalid),
    ],
)
def test_a_poor_password_is_refused(
    service_database: Database, person: Account, current: str, new: str, refusal: type[FuliangError]
) -> None:
    """Too short, too long, common, the name, the old one again, or without the current one."""
    actor = queries.actor_of(person, "浮梁县")
    new = f"{person.username}-1" if new == "own user name" else new
    with pytest.raises(refusal), service_database.session(person.id) as session:
        operations.change_password(session, actor, current, new)


def test_a_good_password_replaces_the_old_one(
    service_database: Database, owner_session: Session, person: Account
) -> None:
    """The service role may change one's own password, and other sessions end by the new stamp."""
    stamp, actor = person.stamp, queries.actor_of(person, "浮梁县")
    with service_database.session(person.id) as session:
        renewed = operations.change_password(session, actor, PASSWORD, "laoshan-daoshi-88")
    owner_session.refresh(person)
    assert person.stamp == renewed != stamp
    assert passwords.fits(person.password_hash, "laoshan-daoshi-88")
    assert not passwords.fits(person.password_hash, PASSWORD)


@pytest.mark.parametrize("second_factor", [False, True])
def test_a_reset_gives_a_password_for_one_use(session: Session, *, second_factor: bool) -> None:
    """It fits, must be changed, ends the rest and, only when asked, the second factor."""
    account = make_account(session)
    held = {"locked_until": clock.now(), "totp_confirmed": True, "totp_secret": "sealed"}
    for name, value in held.items():
        setattr(account, name, value)
    password = operations.reset_password(session, None, account, second_factor=second_factor)
    assert passwords.fits(account.password_hash, password)
    assert account.must_change_password
    assert account.locked_until is None
    assert (account.totp_secret is None) is second_factor
    assert account.totp_confirmed is not second_factor


def test_a_second_factor_counts_after_its_first_code(
    service_database: Database, owner_session: Session, person: Account
) -> None:
    """It is stored sealed, a wrong code changes nothing, the right one puts it in force."""
    actor = queries.actor_of(person, "浮梁县")
    with service_database.session(person.id) as session:
        address = operations.begin_totp(session, actor, KEY)
    secret = pyotp.parse_uri(address).secret
    owner_session.refresh(person)
    assert secret not in str(person.totp_secret)
    assert not person.totp_confirmed
    with pytest.raises(Invalid), service_database.session(person.id) as session:
        operations.confirm_totp(session, actor, "000000", KEY)
    with service_database.session(person.id) as session:
        assert operations.pending_totp(session, actor, KEY) == address
        operations.confirm_totp(session, actor, TOTP(secret).at(clock.now()), KEY)
    with service_database.session(person.id) as session:
        assert operations.pending_totp(session, actor, KEY) is None
        with pytest.raises(Invalid):
            operations.begin_totp(session, actor, KEY)
    with pytest.raises(SignInFailed), service_database.session(person.id) as session:
        operations.remove_totp(session, actor, "wrong-password")
    with service_database.session(person.id) as session:
        operations.remove_totp(session, actor, PASSWORD)
    owner_session.refresh(person)
    assert person.totp_secret is None


def test_random_passwords_pass_our_own_rule() -> None:
    """What we hand out is readable, long enough and never refused."""
    for _ in range(20):
        password = passwords.random_password()
        passwords.require_good(password, "admin")
        assert set(password) <= set("abcdefghijklmnopqrstuvwxyz-0123456789")


# --- lists ---


def test_lists_are_searched_and_cost_one_query(
    session: Session, count_queries: CountQueries
) -> None:
    """Name, display name and division are searched; rows do not cost further queries."""
    for _ in range(3):
        make_account(session, Role.VIEWER, YAOLI_TOWN)
    by = make_actor(session, Role.ADMINISTRATOR)
    session.flush()
    with count_queries(session.connection()) as seen:
        page = queries.accounts(session, by, "瑶里")
        assert [row.division_name for row in page.rows] == ["瑶里镇"] * 3
    assert len(seen) == 1
    assert not queries.accounts(session, by, "%").rows


def test_pages_follow_each_other(session: Session) -> None:
    """A page tells whether another follows, and no row is on both."""
    for _ in range(queries.PAGE + 3):
        make_account(session, Role.VIEWER)
    by = make_actor(session, Role.ADMINISTRATOR)
    first, second = (queries.accounts(session, by, "", number) for number in (1, 2))
    names = [{row.account.username for row in page.rows} for page in (first, second)]
    assert (first.more, second.more) == (True, False)
    assert not names[0] & names[1]
    assert len(names[0] | names[1]) == queries.PAGE + 4


def test_the_audit_record_is_bounded_and_filtered(session: Session) -> None:
    """A township's administrator sees the township's events; the county's sees everybody's."""
    county = make_actor(session, Role.ADMINISTRATOR)
    town = make_actor(session, Role.ADMINISTRATOR, FULIANG_TOWN)
    operations.create(session, county, "yaoli-1", replace(STAFF, division_code=YAOLI_TOWN))
    operations.create(session, town, "town-1", STAFF)
    session.flush()

    def subjects(actor: Actor, kept: AuditFilter = AuditFilter()) -> list[str]:  # noqa: B008
        return [event.subject for event in queries.audit_events(session, actor, kept).rows]

    assert subjects(town) == ["account:town-1"]
    assert subjects(county) == ["account:town-1", "account:yaoli-1"]
    assert subjects(county, AuditFilter(actor=town.username)) == ["account:town-1"]
    assert subjects(county, AuditFilter(subject="yaoli")) == ["account:yaoli-1"]
    assert subjects(county, AuditFilter(outcome="refused")) == []
    with pytest.raises(Forbidden):
        subjects(make_actor(session, Role.VIEWER))
