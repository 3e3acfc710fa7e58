"""Signing in: the same work and words whatever is wrong, and a rest after too many failures."""

from __future__ import annotations

import math
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import audit, passwords, queries, totp
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.queries import Known
from fuliang_gis.db.session import Database
from fuliang_gis.errors import FuliangError, LockedOut, SignInFailed

#: Failures in a row after which an account rests, and how long [minutes].
FAILURES = 5
REST_MINUTES = 15


def sign_in(database: Database, username: str, password: str, code: str, totp_key: bytes) -> Known:
    """Recognise a person and note it; a failure is noted too, though the sign-in is refused.

    Raises:
        SignInFailed: Name, password or one-time code do not fit.
        LockedOut: The name has failed too often of late.
    """
    name = username.replace("\0", "").strip().lower()[: audit.NAME_LENGTH]
    with database.session() as session:
        outcome = _attempt(session, name, password, code, totp_key)
    if isinstance(outcome, FuliangError):
        raise outcome
    _renew_hash(database, outcome, password)
    return outcome


def _attempt(
    session: Session, name: str, password: str, code: str, totp_key: bytes
) -> Known | FuliangError:
    # The row stays locked meanwhile, so that a volley of guesses is counted one by one.
    account = session.scalar(
        select(Account).where(Account.username == name, Account.active).with_for_update()
    )
    now = clock.now()
    if (rest := _rest(session, account, name, now)) is not None:
        passwords.fits(None, password)
        audit.record(session, name, "sign_in", "sign_in", outcome="refused", detail={"rest": rest})
        return LockedOut(minutes=rest)
    right = passwords.fits(account.password_hash if account else None, password)
    if account is None or not right or not _code_fits(account, code, now, totp_key):
        return _fail(session, account, name, now)
    return _succeed(session, account, now)


def _rest(session: Session, account: Account | None, name: str, now: datetime) -> int | None:
    if account is None:
        # A name that nobody has rests just the same, so that a rest does not tell who exists.
        failed = queries.failures_of(session, name, REST_MINUTES)
        return REST_MINUTES if failed >= FAILURES else None
    if account.locked_until is None or account.locked_until <= now:
        return None
    return math.ceil((account.locked_until - now).total_seconds() / 60)


def _code_fits(account: Account, code: str, now: datetime, totp_key: bytes) -> bool:
    if not account.totp_confirmed or account.totp_secret is None:
        return True
    secret = totp.unseal(account.totp_secret, totp_key)
    step = secret and totp.matching_step(secret, code, now, account.totp_last_step)
    if not isinstance(step, int):
        return False
    account.totp_last_step = step
    return True


def _fail(session: Session, account: Account | None, name: str, now: datetime) -> FuliangError:
    audit.record(session, name, "sign_in", "sign_in", outcome="failed")
    if account is not None:
        account.failed_sign_ins += 1
        if account.failed_sign_ins >= FAILURES:
            account.failed_sign_ins = 0
            account.locked_until = now + timedelta(minutes=REST_MINUTES)
            audit.record(session, name, "lock_out", f"account:{name}", outcome="refused")
    return SignInFailed()


def _succeed(session: Session, account: Account, now: datetime) -> Known | FuliangError:
    account.failed_sign_ins = 0
    account.locked_until = None
    account.last_sign_in_at = now
    audit.record(
        session, account.username, "sign_in", "sign_in", division_code=account.division_code
    )
    return queries.known(session, account.id) or SignInFailed()


def _renew_hash(database: Database, known: Known, password: str) -> None:
    """Store a stronger hash when the library's parameters have grown since this one was made."""
    with database.session(known.actor.account_id) as session:
        account = session.get_one(Account, known.actor.account_id)
        if passwords.is_outdated(account.password_hash):
            account.password_hash = passwords.hashed(password)


def new_stamp() -> str:
    """Return a stamp; sessions that carry another one end."""
    return secrets.token_hex(16)
