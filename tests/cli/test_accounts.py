"""Accounts are looked after on the host without any policy's bounds, and audited as the host's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

from fuliang_gis.accounts import demo, passwords, queries
from fuliang_gis.accounts.models import Account, AuditEvent
from fuliang_gis.cli.accounts import app
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.errors import FuliangError, NotFound
from fuliang_gis.settings import Settings
from tests.factories import FULIANG_TOWN

Run = Callable[..., Result]


@pytest.fixture
def run(
    cluster: Cluster, fresh_database: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Run one command on the test's own database."""
    monkeypatch.setenv("FULIANG_DATABASE_URL", cluster.owner_url(fresh_database))
    monkeypatch.setenv("FULIANG_STATE", str(settings.state_dir))
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(app, arguments)
        if isinstance(result.exception, FuliangError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result

    return invoke


def test_the_life_of_an_account(run: Run, owner_session: Session) -> None:
    """Created, listed, given a token, reset, switched off; each is recorded as the host's act."""
    run("create", "town-1", "--role", "township_staff", "--division", FULIANG_TOWN)
    assert "浮梁镇" in run("list", "--search", "town-1").stdout
    token = run("token", "town-1", "--days", "2").stdout.strip()
    assert queries.known_by_token(owner_session, token) is not None
    password = run("reset", "town-1").stdout.strip()
    account = owner_session.scalars(select(Account).where(Account.username == "town-1")).one()
    assert passwords.fits(account.password_hash, password)
    for command in ("unlock", "revoke", "deactivate", "activate"):
        run(command, "town-1")
    owner_session.rollback()
    assert queries.known_by_token(owner_session, token) is None
    events = owner_session.execute(select(AuditEvent.action, AuditEvent.actor)).all()
    assert {actor for _, actor in events} == {"cli"}
    assert [action for action, _ in events] == [
        "create_account",
        "create_token",
        "reset_password",
        "unlock_account",
        "revoke_token",
        "deactivate_account",
        "activate_account",
    ]


def test_an_unknown_account_is_named(run: Run) -> None:
    """The refusal says which name was not found."""
    with pytest.raises(NotFound, match="nobody"):
        run("unlock", "nobody")


def test_demo_accounts_are_listed_with_their_passwords(
    run: Run, owner_session: Session, settings: Settings
) -> None:
    """As often as asked for; without any, the person is told what to do."""
    folder = settings.state_dir / "secrets"
    assert "demo load" in run("list-demo").output
    made = demo.create_demo_accounts(owner_session, folder)
    try:
        printed = run("list-demo").stdout
        assert all(each.password in printed for each in made)
    finally:
        demo.drop_demo_accounts(owner_session, folder)


def test_refusals_of_an_external_server_are_elsewhere(run: Run) -> None:
    """The command says where to look."""
    assert "42501" in run("refusals").output
