"""Signing in tells nothing of what was wrong, counts failures, and keeps a record of all of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pyotp.totp import TOTP
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import operations, queries, totp
from fuliang_gis.accounts.models import Account, AuditEvent
from fuliang_gis.accounts.queries import Known
from fuliang_gis.accounts.sign_in import FAILURES, REST_MINUTES, sign_in
from fuliang_gis.db.session import Database
from fuliang_gis.errors import LockedOut, SignInFailed
from tests.accounts.conftest import KEY, PASSWORD, CountQueries


def attempt(database: Database, name: str, password: str = PASSWORD, code: str = "") -> Known:
    """Try to sign in."""
    return sign_in(database, name, password, code, KEY)


def fail(database: Database, name: str, times: int) -> None:
    """Fail so many times, each with the one answer for everything."""
    for _ in range(times):
        with pytest.raises(SignInFailed):
            attempt(database, name, "wrong-password")


def recorded(session: Session, name: str) -> list[tuple[str, str]]:
    """Return action and outcome of what the audit record holds of this name."""
    session.rollback()
    rows = session.execute(
        select(AuditEvent.action, AuditEvent.outcome)
        .where(AuditEvent.actor == name)
        .order_by(AuditEvent.id)
    )
    return [(action, outcome) for action, outcome in rows]


def set_columns(session: Session, account: Account, **values: object) -> None:
    """Change an account behind the service's back."""
    session.execute(update(Account).where(Account.id == account.id).values(**values))
    session.commit()


def test_the_right_password_signs_in(
    service_database: Database, owner_session: Session, person: Account
) -> None:
    """Name (in any case, with blanks around) and password are enough, and are recorded."""
    known = attempt(service_database, f"  {person.username.upper()} ")
    assert known.actor.account_id == person.id
    assert recorded(owner_session, person.username) == [("sign_in", "done")]
    owner_session.refresh(person)
    assert person.last_sign_in_at is not None


@pytest.mark.parametrize("name", ["", "nobody", "x" * 5000, "a\0b", "' or true --", "浮梁"])
def test_an_unknown_name_is_refused_like_a_wrong_password(
    service_database: Database, person: Account, name: str
) -> None:
    """Whatever is typed as a name, the refusal is that of a wrong password, word for word."""
    with pytest.raises(SignInFailed) as unknown:
        attempt(service_database, name)
    with pytest.raises(SignInFailed) as wrong:
        attempt(service_database, person.username, "wrong-password")
    assert unknown.value.text_zh == wrong.value.text_zh


def test_failures_are_recorded_although_the_sign_in_is_refused(
    service_database: Database, owner_session: Session, person: Account
) -> None:
    """Count and record are committed, not rolled back with the refusal."""
    fail(service_database, person.username, 2)
    owner_session.refresh(person)
    assert person.failed_sign_ins == 2
    assert recorded(owner_session, person.username) == [("sign_in", "failed")] * 2


def test_an_account_rests_after_too_many_failures(
    service_database: Database, owner_session: Session, person: Account
) -> None:
    """The right password too is refused while it rests, and signs in again afterwards."""
    fail(service_database, person.username, FAILURES)
    with pytest.raises(LockedOut) as refusal:
        attempt(service_database, person.username)
    assert refusal.value.facts["minutes"] == REST_MINUTES
    assert ("lock_out", "refused") in recorded(owner_session, person.username)
    later = clock.now() + timedelta(minutes=REST_MINUTES, seconds=1)
    with clock.frozen(later):
        assert attempt(service_database, person.username).actor.account_id == person.id


def test_a_name_that_nobody_has_rests_too(service_database: Database) -> None:
    """A rest does not tell which names exist."""
    fail(service_database, "nobody", FAILURES)
    with pytest.raises(LockedOut):
        attempt(service_database, "nobody")


def test_success_clears_the_count(service_database: Database, person: Account) -> None:
    """Four failures, a success and four failures more lock nobody out."""
    for _ in range(2):
        fail(service_database, person.username, FAILURES - 1)
        attempt(service_database, person.username)


def test_an_administrator_ends_the_rest(
    service_database: Database, owner_session: Session, person: Account
) -> None:
    """Unlocking lets the person in at once."""
    fail(service_database, person.username, FAILURES)
    owner_session.refresh(person)
    operations.unlock(owner_session, None, person)
    owner_session.commit()
    assert attempt(service_database, person.username).actor.account_id == person.id


def test_an_account_switched_off_is_unknown(
    service_database: Database, owner_session: Session, person: Account
) -> None:
    """Its right password is refused like any wrong one."""
    set_columns(owner_session, person, active=False)
    fail(service_database, person.username, 1)


def test_a_code_is_needed_once_and_never_taken_twice(
    service_database: Database, owner_session: Session, person: Account
) -> None:
    """With a second factor the password alone fails, and a seen code is worthless."""
    secret = totp.new_secret()
    set_columns(owner_session, person, totp_secret=totp.seal(secret, KEY), totp_confirmed=True)
    now = clock.now()
    code = TOTP(secret).at(now)
    earlier = TOTP(secret).at(now - timedelta(seconds=totp.PERIOD))
    with clock.frozen(now):
        for wrong in ("", "000000", code[::-1] + "1"):
            with pytest.raises(SignInFailed):
                attempt(service_database, person.username, PASSWORD, wrong)
        spaced = f"{code[:3]} {code[3:]}"
        assert attempt(service_database, person.username, PASSWORD, spaced).has_totp
        with pytest.raises(SignInFailed):
            attempt(service_database, person.username, PASSWORD, code)
        with pytest.raises(SignInFailed):
            attempt(service_database, person.username, PASSWORD, earlier)
    with clock.frozen(now + timedelta(seconds=totp.PERIOD)):
        following = TOTP(secret).at(clock.now())
        assert attempt(service_database, person.username, PASSWORD, following)


def test_a_weaker_hash_is_renewed_at_sign_in(
    service_database: Database, owner_session: Session, person: Account
) -> None:
    """The library's parameters grow; a stored hash follows when its password is seen."""
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    set_columns(owner_session, person, password_hash=weak)
    attempt(service_database, person.username)
    owner_session.refresh(person)
    assert person.password_hash != weak
    assert attempt(service_database, person.username)


def test_recognising_somebody_costs_one_query(
    service_database: Database, person: Account, count_queries: CountQueries
) -> None:
    """A request learns who asks, with the division's name, in one statement."""
    with count_queries(service_database.engine) as seen, service_database.session() as session:
        known = queries.known(session, person.id)
    assert known is not None
    assert known.actor.scope_name == "浮梁县"
    assert len(seen) == 1
