"""Calendar addresses, and the note that a day's mail has gone."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from fuliang_gis.accounts import audit
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.queries import actor_of, division, known
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.inspections.models import CalendarFeed, MailSent

#: Longer addresses are nobody's; hashing them would only cost time.
_LONGEST_SECRET = 100


def make_feed(session: Session, actor: Actor) -> str:
    """Return the secret of a new calendar address; an earlier one ends. It is never shown again."""
    secret = secrets.token_urlsafe(32)
    row = {"account_id": actor.account_id, "digest": _digest(secret)}
    session.execute(delete(CalendarFeed).where(CalendarFeed.account_id == actor.account_id))
    session.execute(insert(CalendarFeed).values(row))
    _note(session, actor, "make_feed")
    return secret


def drop_feed(session: Session, actor: Actor) -> None:
    """End the calendar address."""
    session.execute(delete(CalendarFeed).where(CalendarFeed.account_id == actor.account_id))
    _note(session, actor, "drop_feed")


def feed_of(session: Session, actor: Actor) -> CalendarFeed | None:
    """Return the post's calendar address, as far as it is kept."""
    return session.get(CalendarFeed, actor.account_id)


def owner_of_feed(session: Session, secret: str) -> Actor | None:
    """Return the active account whose calendar address this is."""
    if not 0 < len(secret) <= _LONGEST_SECRET:
        return None
    found = select(CalendarFeed.account_id).where(CalendarFeed.digest == _digest(secret))
    account_id = session.scalar(found)
    person = known(session, account_id) if account_id is not None else None
    return person.actor if person else None


def to_be_mailed(session: Session, day: date) -> Sequence[tuple[Actor, str]]:
    """Return the active accounts with an address that got no mail for the day yet."""
    sent = exists().where(MailSent.account_id == Account.id, MailSent.day == day)
    statement = (
        select(Account, division.c.name)
        .join(division, division.c.code == Account.division_code)
        .where(Account.active, Account.email.is_not(None), ~sent)
        .order_by(Account.id)
    )
    return [
        (actor_of(account, name), account.email or "")
        for account, name in session.execute(statement)
    ]


def claim_mail(session: Session, account_id: int, day: date) -> bool:
    """Note in the open transaction that the day's mail goes out; False when it went already.

    A second job waits here until the first has sent and committed, or has failed and rolled back.
    """
    claimed = insert(MailSent).values(account_id=account_id, day=day).on_conflict_do_nothing()
    return session.execute(claimed.returning(MailSent.id)).scalar_one_or_none() is not None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _note(session: Session, actor: Actor, action: str) -> None:
    subject = f"account:{actor.username}"
    audit.record(session, actor, action, subject, division_code=actor.scope)
