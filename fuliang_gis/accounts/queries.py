"""Reading accounts, tokens and the audit record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, bindparam, column, func, or_, select, table, true
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.models import Account, ApiToken, AuditEvent
from fuliang_gis.accounts.policies import COUNTY_DIGITS, require_role, within
from fuliang_gis.accounts.roles import Actor, Permission, Role
from fuliang_gis.db.fragments import Fragment
from fuliang_gis.db.glances import Glances
from fuliang_gis.errors import NotFound

#: Rows a page of a list.
PAGE = 50

#: Divisions are a package above this one; of them only code and name are needed here.
division = table("division", column("code"), column("name"))

_DIALECT = psycopg.dialect()  # type: ignore[no-untyped-call]

Row = TypeVar("Row")
AnySelect = TypeVar("AnySelect", bound=Select[*tuple[Any, ...]])


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a list; ``number`` starts at one."""

    rows: Sequence[Row]
    number: int
    more: bool


@dataclass(frozen=True)
class Known:
    """A recognised account: the actor, and what decides whether the session still stands."""

    actor: Actor
    stamp: str
    must_change_password: bool
    has_totp: bool


@dataclass(frozen=True)
class AccountRow:
    """An account with its division's name."""

    account: Account
    division_name: str


@dataclass(frozen=True)
class AuditFilter:
    """What to keep of the audit record; empty values keep everything."""

    actor: str = ""
    action: str = ""
    outcome: str = ""
    subject: str = ""
    since: date | None = None
    until: date | None = None


def actor_of(account: Account, division_name: str) -> Actor:
    """Reduce an account to what decisions need."""
    return Actor(
        account.id,
        account.username,
        account.display_name,
        Role(account.role),
        account.division_code,
        division_name,
    )


def _named() -> Select[Account, str]:
    return select(Account, division.c.name).join(division, division.c.code == Account.division_code)


# Made once: every request asks one of these, and composing them anew would cost more than asking.
_KNOWN = (
    select(
        Account.id,
        Account.username,
        Account.display_name,
        Account.role,
        Account.division_code,
        division.c.name.label("division_name"),
        Account.stamp,
        Account.must_change_password,
        Account.totp_confirmed,
    )
    .join(division, division.c.code == Account.division_code)
    .where(Account.active)
)
_OF_KNOWN = len(_KNOWN.selected_columns)
_KNOWN_BY_ID = _KNOWN.where(Account.id == bindparam("account_id"))
_KNOWN_BY_TOKEN = _KNOWN.join(ApiToken, ApiToken.account_id == Account.id).where(
    ApiToken.digest == bindparam("digest"),
    ApiToken.revoked_at.is_(None),
    ApiToken.expires_at > bindparam("now"),
)


def known(session: Session, account_id: int) -> Known | None:
    """Return the account if it exists and is active."""
    return _one_known(session, _KNOWN_BY_ID, {"account_id": account_id})


def known_by_token(session: Session, token: str) -> Known | None:
    """Return the active account whose unexpired, unrevoked API token this is."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    return _one_known(session, _KNOWN_BY_TOKEN, {"digest": digest, "now": clock.now()})


def _one_known(
    session: Session, statement: Select[*tuple[Any, ...]], given: Mapping[str, object]
) -> Known | None:
    row = session.execute(statement, given).one_or_none()
    return None if row is None else _known_of(tuple(row))


def glance_at(
    glances: Glances, who: int | str, *beside: Fragment
) -> tuple[Known, tuple[Any, ...]] | None:
    """Return what ``known`` (an account's id) or ``known_by_token`` (a token) would, in one look.

    Args:
        beside: Statements of one value each that are read in the same look, and returned; the
            account's row is ``known`` to them.

    Raises:
        Unavailable: The database does not answer.
    """
    if isinstance(who, int):
        given: dict[str, object] = {"account_id": who}
    else:
        given = {"digest": hashlib.sha256(who.encode()).hexdigest(), "now": clock.now()}
    for each in beside:
        given |= each.params
    row = glances.row(
        Fragment(_beside(isinstance(who, int), *(each.sql for each in beside)), given)
    )
    return None if row is None else (_known_of(row[:_OF_KNOWN]), row[_OF_KNOWN:])


@lru_cache(maxsize=256)
def _beside(by_id: bool, *beside: str) -> str:  # noqa: FBT001  # A key of the cache.
    statement = _KNOWN_BY_ID if by_id else _KNOWN_BY_TOKEN
    asked = statement.compile(dialect=_DIALECT)
    read = ", ".join(["known.*", *(f"({each})" for each in beside)])
    return f"select {read} from ({asked}) as known"  # noqa: S608  # Texts of our own.


def _known_of(row: tuple[Any, ...]) -> Known:
    account_id, username, display_name, role, scope, scope_name, *rest = row
    actor = Actor(account_id, username, display_name, Role(role), scope, scope_name)
    return Known(actor, *rest)


def account(session: Session, username: str, actor: Actor | None = None) -> Account:
    """Return an account by its user name.

    Args:
        actor: Bounds the search to the accounts that the actor manages.

    Raises:
        NotFound: There is none, or not inside the actor's division.
    """
    bound = within(actor, Account.division_code, Permission.MANAGE_ACCOUNTS) if actor else true()
    found = session.scalar(select(Account).where(Account.username == username, bound))
    if found is None:
        raise NotFound(what="账号", key=username)
    return found


def accounts(
    session: Session, actor: Actor | None, search: str = "", number: int = 1
) -> Page[AccountRow]:
    """Return a page of the accounts inside the actor's division, by user name.

    Raises:
        Forbidden: The actor does not manage accounts.
    """
    wanted = _named().order_by(Account.username)
    if actor is not None:
        require_role(actor, Permission.MANAGE_ACCOUNTS)
        wanted = wanted.where(within(actor, Account.division_code, Permission.MANAGE_ACCOUNTS))
    if search:
        matches = (Account.username, Account.display_name, division.c.name)
        wanted = wanted.where(or_(*(each.icontains(search, autoescape=True) for each in matches)))
    found = session.execute(_paged(wanted, number)).all()
    return _page([AccountRow(*row) for row in found], number)


def tokens(session: Session, account_id: int) -> Sequence[ApiToken]:
    """Return an account's tokens that still count, newest first."""
    wanted = select(ApiToken).where(
        ApiToken.account_id == account_id,
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at > clock.now(),
    )
    return session.scalars(wanted.order_by(ApiToken.id.desc())).all()


def divisions(session: Session, actor: Actor) -> Sequence[tuple[str, str]]:
    """Return code and name of every division inside the actor's own, by code."""
    wanted = select(division.c.code, division.c.name).where(within(actor, division.c.code))
    return [(code, name) for code, name in session.execute(wanted.order_by(division.c.code))]


def audit_events(
    session: Session, actor: Actor, kept: AuditFilter, number: int = 1
) -> Page[AuditEvent]:
    """Return a page of the audit record, newest first, bounded to the actor's division.

    Events that belong to no division (failed sign-ins, work on the host) are the county's.

    Raises:
        Forbidden: The actor may not read the audit record.
    """
    require_role(actor, Permission.READ_AUDIT)
    bound = within(actor, AuditEvent.division_code, Permission.READ_AUDIT)
    if len(actor.scope) == COUNTY_DIGITS:
        bound = or_(bound, AuditEvent.division_code.is_(None))
    wanted = select(AuditEvent).where(bound, *_conditions(kept)).order_by(AuditEvent.id.desc())
    return _page(session.scalars(_paged(wanted, number)).all(), number)


def _conditions(kept: AuditFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column_, value in (
        (AuditEvent.actor, kept.actor),
        (AuditEvent.action, kept.action),
        (AuditEvent.outcome, kept.outcome),
    ):
        if value:
            found.append(column_ == value)
    if kept.subject:
        found.append(AuditEvent.subject.icontains(kept.subject, autoescape=True))
    if kept.since:
        found.append(AuditEvent.at >= _midnight(kept.since))
    if kept.until:
        found.append(AuditEvent.at < _midnight(kept.until + timedelta(days=1)))
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.ZONE)


def failures_of(session: Session, name: str, minutes: int) -> int:
    """Return how often a sign-in under this name failed in the last minutes."""
    recent = func.now() - timedelta(minutes=minutes)
    count = select(func.count()).where(
        AuditEvent.action == "sign_in",
        AuditEvent.outcome == "failed",
        AuditEvent.actor == name,
        AuditEvent.at > recent,
    )
    return session.scalar(count) or 0


def _paged(wanted: AnySelect, number: int) -> AnySelect:
    # One row more than shown tells whether another page follows, without counting everything.
    return wanted.limit(PAGE + 1).offset((max(number, 1) - 1) * PAGE)


def _page(rows: Sequence[Row], number: int) -> Page[Row]:
    return Page(rows[:PAGE], max(number, 1), len(rows) > PAGE)
