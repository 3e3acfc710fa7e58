"""People of the county for the tests of accounts, on a database of each test's own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from fuliang_gis.accounts import passwords
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.queries import actor_of
from fuliang_gis.accounts.roles import Actor, Role
from tests.factories import make_account

#: What the fixture ``count_queries`` gives.
CountQueries = Callable[[Engine | Connection], AbstractContextManager[list[str]]]

PASSWORD = "wukong-baigu-1986"
KEY = bytes(32)


@pytest.fixture
def administrator(owner_session: Session) -> Actor:
    """The county's only administrator, really committed."""
    account = make_account(owner_session, Role.ADMINISTRATOR)
    owner_session.commit()
    return actor_of(account, "浮梁县")


@pytest.fixture
def person(owner_session: Session) -> Account:
    """An account of county staff whose password is ``PASSWORD``, really committed."""
    account = make_account(owner_session)
    account.password_hash = passwords.hashed(PASSWORD)
    owner_session.commit()
    return account
