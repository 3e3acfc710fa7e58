"""Words of exports of rounds: file names are such that every system takes them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from fuliang_gis.inspections.rounds.queries import StopView
from fuliang_gis.reporting import rounds_words
from fuliang_gis.reporting.rounds_data import ToldRound
from tests.inspections.rounds.laying_out import MONDAY


@pytest.mark.parametrize(
    ("name", "invented", "wanted"),
    [
        ("一队", False, "巡查路线-一队-20261123.gpx"),
        ("一队", True, "巡查路线-一队-20261123-演示.gpx"),
        ('../甲\\乙:"*?<>|\n', False, "巡查路线-.._甲_乙________-20261123.gpx"),
    ],
)
def test_names_of_files(name: str, *, invented: bool, wanted: str) -> None:
    """Invented data is told in the name; no sign leads out of the folder."""
    told: Any = SimpleNamespace(
        team=SimpleNamespace(name=name), round=SimpleNamespace(day=MONDAY), invented=invented
    )
    assert rounds_words.round_file(cast("ToldRound", told), "gpx") == wanted


def test_codes_are_quoted_in_addresses() -> None:
    """Whatever a code holds, the path leads to its card and nowhere else."""
    stop: Any = SimpleNamespace(layer="villages", code="甲 1?#/")
    path = rounds_words.card_path(cast("StopView", stop))
    assert path == "/locations/villages/%E7%94%B2%201%3F%23%2F"
