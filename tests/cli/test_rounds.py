"""Planning every township from the terminal: for when, for whom, and what is missing."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Role
from fuliang_gis.cli import rounds
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.errors import NotFound, SetUpError
from fuliang_gis.settings import Settings
from tests.factories import COUNTY, make_actor


@pytest.fixture
def environment(
    cluster: Cluster, fresh_database: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """Let commands find the test's own database."""
    monkeypatch.setenv("FULIANG_DATABASE_URL", cluster.owner_url(fresh_database))
    monkeypatch.setenv("FULIANG_STATE", str(settings.state_dir))
    return monkeypatch


def plan_all(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(rounds.app, ["plan-all", *arguments])


def test_what_is_missing_is_told_one_after_the_other(
    environment: pytest.MonkeyPatch, owner_session: Session
) -> None:
    """Nobody to plan for; then nobody to do the work; then, with a cluster, no teams."""
    assert isinstance(plan_all().exception, NotFound)
    make_actor(owner_session, Role.COUNTY_STAFF, COUNTY)
    owner_session.commit()
    without_worker = plan_all().exception
    assert isinstance(without_worker, SetUpError)
    assert "worker" in without_worker.text_zh
    environment.setenv("FULIANG_DASK_SCHEDULER", "tcp://127.0.0.1:9")
    without_teams = plan_all("--first", "2026-12-01").exception
    assert isinstance(without_teams, SetUpError)
    assert "队伍" in without_teams.text_zh


def test_the_next_month_is_planned_unless_days_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """December leads into January; a first day alone means the rest of its month."""
    monkeypatch.setattr(clock, "today", lambda: date(2026, 12, 9))
    span = rounds.span_of(None, None)
    assert (span.start, span.end) == (date(2027, 1, 1), date(2027, 1, 31))
    rest = rounds.span_of(datetime(2026, 12, 14), None)  # noqa: DTZ001  # As the terminal gives it.
    assert (rest.start, rest.end) == (date(2026, 12, 14), date(2026, 12, 31))
    with pytest.raises(SetUpError, match="before the first"):
        rounds.span_of(datetime(2026, 12, 14), datetime(2026, 12, 1))  # noqa: DTZ001
