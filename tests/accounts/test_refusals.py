"""What the database refused is read back from its log, whatever else stands there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fuliang_gis.accounts.refusals import may_read, read_refusals
from fuliang_gis.accounts.roles import Actor, Role
from tests.factories import COUNTY, FULIANG_TOWN


def entry(second: int, state: str = "42501", **more: object) -> str:
    """Return one line of the server's log."""
    facts = {
        "timestamp": f"2022-10-31 08:00:{second:02d}.123 CST",
        "user": "fuliang_service",
        "state_code": state,
        "message": "guard: write to location refused: outside the division",
        "statement": "update location set name = 'x'",
    }
    return json.dumps(facts | more) + "\n"


def test_refusals_are_found_newest_first(tmp_path: Path) -> None:
    """Over several files, leaving out every other error, half lines and what is no JSON."""
    (tmp_path / "one.json").write_text(entry(1) + entry(2, "23505") + "no json 42501\n")
    (tmp_path / "two.json").write_text(entry(3, message="42501") + entry(5) + entry(4)[:-30])
    (tmp_path / "start.log").write_text(entry(9))
    found = read_refusals(tmp_path)
    assert [refusal.at.second for refusal in found] == [5, 3, 1]
    assert found[0].user == "fuliang_service"
    assert str(found[0].at) == "2022-10-31 08:00:05.123000+08:00"
    assert [refusal.at.second for refusal in read_refusals(tmp_path, 1)] == [5]


def test_a_long_statement_is_cut(tmp_path: Path) -> None:
    """A page of refusals stays readable."""
    (tmp_path / "one.json").write_text(entry(1, statement="x" * 10_000))
    assert len(read_refusals(tmp_path)[0].statement) <= 500


def test_without_a_log_there_is_nothing(tmp_path: Path) -> None:
    """An external server, or one that never ran, is no failure."""
    assert read_refusals(None) == []
    assert read_refusals(tmp_path / "missing") == []


@pytest.mark.parametrize(
    ("role", "scope", "allowed"),
    [
        (Role.ADMINISTRATOR, COUNTY, True),
        (Role.ADMINISTRATOR, FULIANG_TOWN, False),
        (Role.COUNTY_STAFF, COUNTY, False),
    ],
)
def test_only_the_countys_administrators_read_them(
    role: Role, scope: str, *, allowed: bool
) -> None:
    """Statements name rows of the whole county."""
    assert may_read(Actor(1, "x", "x", role, scope, "x")) is allowed
