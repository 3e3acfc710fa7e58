"""The page on plan files names every note and every refusal."""

from __future__ import annotations

import re

from fuliang_gis.exchange.plans.notes import NoteCode
from fuliang_gis.material import ROOT

PAGE = (ROOT / "docs" / "how-to" / "plan-files.md").read_text("utf-8")
SOURCES = (ROOT / "fuliang_gis" / "exchange" / "plans").glob("*.py")


def test_every_code_is_documented() -> None:
    """A code that a person meets must stand on the page."""
    refusals = {
        code
        for path in SOURCES
        for code in re.findall(r'refusal\(\s*"(\w+)"', path.read_text("utf-8"))
    }
    assert len(refusals) > 10
    assert {code for code in {*NoteCode, *refusals} if f"`{code}`" not in PAGE} == set()
