"""A token is its owner's, is kept as a digest alone, and ends when it should."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import operations, queries, tokens
from fuliang_gis.accounts.models import Account, ApiToken
from fuliang_gis.accounts.roles import Role
from fuliang_gis.db.session import Database
from fuliang_gis.errors import Forbidden, Invalid, NotFound, OutsideDivision
from tests.factories import FULIANG_TOWN, YAOLI_TOWN, make_account, make_actor


def test_a_token_names_its_owner(service_database: Database, person: Account) -> None:
    """The service makes and reads it under its own rights; a changed letter names nobody."""
    actor = queries.actor_of(person, "浮梁县")
    with service_database.session(person.id) as session:
        token = tokens.create(session, actor, session.get_one(Account, person.id), "测试")
    with service_database.session() as session:
        known = queries.known_by_token(session, token)
        assert known is not None
        assert known.actor == actor
        assert queries.known_by_token(session, token[:-1]) is None
        stored = session.scalars(select(ApiToken)).one()
        assert token not in (stored.digest, stored.label)


def test_a_token_ends(session: Session) -> None:
    """It ends by its date, by revoking and with its account."""
    account = make_account(session)
    dated, revoked, orphan = (tokens.create(session, None, account, "测试", 1) for _ in range(3))
    with clock.frozen(clock.now() + timedelta(days=1, seconds=1)):
        assert queries.known_by_token(session, dated) is None
    assert queries.known_by_token(session, dated) is not None
    newest = queries.tokens(session, account.id)[1]
    tokens.revoke(session, None, account, newest.id)
    assert queries.known_by_token(session, revoked) is None
    account.active = False
    assert queries.known_by_token(session, orphan) is None


def test_nobody_makes_a_token_for_somebody_else(session: Session) -> None:
    """Not even an administrator, who could then act in another's name."""
    by = make_actor(session, Role.ADMINISTRATOR)
    with pytest.raises(Forbidden):
        tokens.create(session, by, make_account(session), "测试")


def test_tokens_are_revoked_by_owner_or_administrator(session: Session) -> None:
    """A stranger is refused, another division's administrator too; a foreign id is not found."""
    account = make_account(session, Role.VIEWER, FULIANG_TOWN)
    other = make_account(session, Role.VIEWER, FULIANG_TOWN)
    for _ in range(2):
        tokens.create(session, None, account, "测试")
    held = queries.tokens(session, account.id)[0].id
    with pytest.raises(Forbidden):
        tokens.revoke(session, make_actor(session, Role.VIEWER), account, held)
    elsewhere = make_actor(session, Role.ADMINISTRATOR, YAOLI_TOWN)
    with pytest.raises(OutsideDivision):
        tokens.revoke(session, elsewhere, account, held)
    with pytest.raises(NotFound):
        tokens.revoke(session, None, other, held)
    by = make_actor(session, Role.ADMINISTRATOR, FULIANG_TOWN)
    assert tokens.revoke_all(session, by, account) == 2
    assert not queries.tokens(session, account.id)


@pytest.mark.parametrize(("label", "days"), [("", 1), ("x" * 61, 1), ("x", 0), ("x", 367)])
def test_label_and_life_are_bounded(session: Session, label: str, days: int) -> None:
    """A token without a purpose, or without an end, is refused."""
    with pytest.raises(Invalid):
        tokens.create(session, None, make_account(session), label, days)


def test_the_host_is_named_in_the_audit_record(session: Session) -> None:
    """What the owner of the machine does is recorded under its own name."""
    account = make_account(session)
    make_account(session, Role.ADMINISTRATOR)
    operations.unlock(session, None, account)
    session.flush()
    by = make_actor(session, Role.ADMINISTRATOR)
    event = queries.audit_events(session, by, queries.AuditFilter()).rows[0]
    assert (event.actor, event.actor_id, event.action) == ("cli", None, "unlock_account")
