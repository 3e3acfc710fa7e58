"""Demo accounts: one a role, posts instead of people, listed again at will, gone whole."""

from __future__ import annotations

import stat
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.accounts import demo, passwords
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Role
from tests.factories import make_account


def test_there_is_one_for_each_role_with_its_own_password(session: Session, tmp_path: Path) -> None:
    """Each signs in with the listed password, at once; the file is the owner's alone."""
    made = demo.create_demo_accounts(session, tmp_path)
    accounts = {account.username: account for account in session.scalars(select(Account))}
    assert {account.role for account in accounts.values()} == set(Role)
    assert len({each.password for each in made}) == len(made)
    for each in made:
        assert passwords.fits(accounts[each.username].password_hash, each.password)
        assert accounts[each.username].invented
        assert not accounts[each.username].must_change_password
    assert demo.demo_accounts(tmp_path) == made
    assert stat.S_IMODE((tmp_path / demo.FILE).stat().st_mode) == 0o600


def test_making_them_again_changes_nothing(session: Session, tmp_path: Path) -> None:
    """A second load keeps the passwords that people have written down."""
    assert demo.create_demo_accounts(session, tmp_path) == demo.create_demo_accounts(
        session, tmp_path
    )


def test_a_lost_list_is_made_good(session: Session, tmp_path: Path) -> None:
    """Without the file new passwords are given to the accounts that are there."""
    demo.create_demo_accounts(session, tmp_path)
    (tmp_path / demo.FILE).unlink()
    made = demo.create_demo_accounts(session, tmp_path)
    admin = session.scalars(select(Account).where(Account.username == "admin")).one()
    listed = {each.username: each.password for each in made}
    assert passwords.fits(admin.password_hash, listed["admin"])


def test_dropping_them_leaves_everybody_else(session: Session, tmp_path: Path) -> None:
    """Exactly the demo accounts go, and their passwords with them."""
    real = make_account(session, Role.ADMINISTRATOR)
    made = demo.create_demo_accounts(session, tmp_path)
    assert demo.drop_demo_accounts(session, tmp_path) == len(made)
    assert session.scalars(select(Account)).all() == [real]
    assert demo.demo_accounts(tmp_path) == []
