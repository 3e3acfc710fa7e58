"""Where an account's daily reminders go: its own matter and its manager's, nobody else's."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from fuliang_gis.accounts import operations
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.db.session import Database
from fuliang_gis.errors import Forbidden, Invalid, OutsideDivision
from tests.factories import COUNTY, FULIANG_TOWN, YAOLI_TOWN, make_account, make_actor


def test_one_sets_and_clears_the_own_address(
    service_database: Database, owner_session: Session
) -> None:
    """The service role may write it for the account itself; spaces around it are typing."""
    actor = make_actor(owner_session, Role.INSPECTOR, FULIANG_TOWN)
    owner_session.commit()
    for typed, kept in ((" post@example.cn ", "post@example.cn"), ("", None)):
        with service_database.session(actor.account_id) as session:
            account = session.get_one(Account, actor.account_id)
            operations.set_email(session, actor, account, typed)
        owner_session.expire_all()
        assert owner_session.get_one(Account, actor.account_id).email == kept


@pytest.mark.parametrize(
    "typed",
    ["post", "post@example", "@example.cn", "a b@example.cn", "a@b@example.cn",
     "a\n@example.cn", "a@example.cn\nBcc: b@example.cn", f"{'a' * 250}@b.cn"],
)  # fmt: skip
def test_what_is_no_address_is_refused(session: Session, typed: str) -> None:
    """Nothing is kept that could not be delivered to, or that would add a header to a mail."""
    account = make_account(session)
    with pytest.raises(Invalid):
        operations.set_email(session, None, account, typed)
    assert account.email is None


@pytest.mark.parametrize(
    ("role", "division", "refusal"),
    [
        (Role.COUNTY_STAFF, COUNTY, Forbidden),
        (Role.ADMINISTRATOR, YAOLI_TOWN, OutsideDivision),
    ],
)
def test_others_addresses_are_their_managers_matter(
    session: Session, role: Role, division: str, refusal: type[Exception]
) -> None:
    """Only an administrator of the division may set somebody else's."""
    account = make_account(session, Role.VIEWER, FULIANG_TOWN)
    with pytest.raises(refusal):
        operations.set_email(session, make_actor(session, role, division), account, "a@b.cn")
    by: Actor = make_actor(session, Role.ADMINISTRATOR, FULIANG_TOWN)
    operations.set_email(session, by, account, "a@b.cn")
    assert account.email == "a@b.cn"


def test_the_database_holds_both_rules(service_database: Database, owner_session: Session) -> None:
    """Raw SQL sets neither another's address nor one that is none."""
    actor = make_actor(owner_session, Role.VIEWER)
    other = make_account(owner_session)
    owner_session.commit()
    change = text("update account set email = :email where id = :id")
    with pytest.raises(DBAPIError), service_database.session(actor.account_id) as session:
        session.execute(change, {"email": "a b@c.cn", "id": actor.account_id})
    with pytest.raises(Forbidden), service_database.session(actor.account_id) as session:
        session.execute(change, {"email": "a@b.cn", "id": other.id})
    with pytest.raises(IntegrityError):
        owner_session.execute(change, {"email": "none", "id": other.id})
