"""API tokens: bearer secrets that are shown once; only their SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import audit
from fuliang_gis.accounts.models import Account, ApiToken
from fuliang_gis.accounts.policies import require
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import Forbidden, Invalid, NotFound, Problem

PREFIX = "flg_"

#: Longest life of a token [days]; a forgotten one ends by itself.
LONGEST_LIFE = 366
LONGEST_LABEL = 60


def create(session: Session, by: Actor | None, account: Account, label: str, days: int = 90) -> str:
    """Return a new token for one's own account, or on the host for any; it is never shown again.

    Raises:
        Forbidden: The account is somebody else's.
        Invalid: Label or life is out of bounds.
    """
    # A token is as good as the person: an administrator who wants to help resets the password.
    if by is not None and by.account_id != account.id:
        raise Forbidden(role=by.role_name, act="为他人签发令牌")
    _check(label, days)
    token = PREFIX + secrets.token_urlsafe(32)
    expires_at = clock.now() + timedelta(days=days)
    digest = hashlib.sha256(token.encode()).hexdigest()
    session.add(
        ApiToken(account_id=account.id, digest=digest, label=label.strip(), expires_at=expires_at)
    )
    _note(session, by, "create_token", account, label.strip())
    return token


def revoke(session: Session, by: Actor | None, account: Account, token_id: int) -> None:
    """End one token at once.

    Raises:
        Forbidden, OutsideDivision: The account is somebody else's whom the actor does not manage.
        NotFound: The account has no such token.
    """
    _manage(by, account)
    token = session.scalar(
        select(ApiToken).where(ApiToken.id == token_id, ApiToken.account_id == account.id)
    )
    if token is None:
        raise NotFound(what="令牌", key=token_id)
    token.revoked_at = clock.now()
    _note(session, by, "revoke_token", account, token.label)


def revoke_all(session: Session, by: Actor | None, account: Account) -> int:
    """End every token of an account; return how many there were."""
    _manage(by, account)
    ended = session.scalars(
        update(ApiToken)
        .where(ApiToken.account_id == account.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .returning(ApiToken.id)
    ).all()
    _note(session, by, "revoke_token", account, "*")
    return len(ended)


def _manage(by: Actor | None, account: Account) -> None:
    if by is not None and by.account_id != account.id:
        require(by, Permission.MANAGE_ACCOUNTS, account.division_code)


def _check(label: str, days: int) -> None:
    if not 0 < len(label.strip()) <= LONGEST_LABEL:
        text = (f"请填写用途，最多 {LONGEST_LABEL} 个字。", "Say what the token is for.")
        raise Invalid([Problem("label", *text, field="label")])
    if not 0 < days <= LONGEST_LIFE:
        text = (f"有效期为 1 至 {LONGEST_LIFE} 天。", f"1 to {LONGEST_LIFE} days.")
        raise Invalid([Problem("days", *text, field="days")])


def _note(session: Session, by: Actor | None, action: str, account: Account, label: str) -> None:
    audit.record(
        session,
        by or audit.HOST,
        action,
        f"account:{account.username}",
        division_code=account.division_code,
        detail={"label": label},
    )
