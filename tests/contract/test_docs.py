"""The documents point at things that are there, in both languages alike."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fuliang_gis.material import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "data" / "README.md"])
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """A link to a file of ours names a file that exists."""
    for target in LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_the_twins_point_at_the_same_things() -> None:
    """Whoever reads one README misses nothing of the other."""
    chinese, english = (
        {*LINK.findall((ROOT / name).read_text("utf-8"))} - {"README.md", "README.en.md"}
        for name in ("README.md", "README.en.md")
    )
    assert chinese == english
