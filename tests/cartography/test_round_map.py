"""Maps of rounds on paper: what is drawn, where, and that numbers do not cover each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import combinations
from math import hypot
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from fuliang_gis.cartography.round_badges import RADIUS, placed
from fuliang_gis.cartography.round_map import draw_rounds
from fuliang_gis.exchange.paper import Frame, text
from tests.inspections.rounds.laying_out import NORTH, STEP, WEST, lay_roads

FRAME = Frame(184, 100)
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>&"


@dataclass(frozen=True)
class Driven:
    """A round, lon/lat."""

    line: tuple[tuple[float, float], ...]
    station: tuple[float, float]
    stops: tuple[tuple[float, float], ...]


def out_and_back(*stops: tuple[float, float]) -> Driven:
    """Return a round along the road to its last junction but three and back."""
    far = (WEST + 6 * STEP, NORTH)
    return Driven(((WEST, NORTH), far, (WEST, NORTH)), (WEST, NORTH), stops)


STOPS = tuple((WEST + 0.012 * n, NORTH + 0.002) for n in (1, 2, 3, 4, 5))


def numbers(svg: str) -> dict[str, tuple[float, float]]:
    """Return where the numbers of stops stand."""
    found = ET.fromstring(svg).iter(f"{SVG}text")  # noqa: S314
    return {
        each.text: (float(each.get("x", "")), float(each.get("y", "")))
        for each in found
        if each.text and each.text.isdigit()
    }


def test_stops_stand_where_they_are(session: Session) -> None:
    """Distances on paper are those on the ground over the scale; the way is drawn."""
    lay_roads(session)
    (drawn,) = draw_rounds(session, [out_and_back(*STOPS)], FRAME)
    found = numbers(drawn.svg)
    assert list(found) == ["1", "2", "3", "4", "5"]
    # 0.012 degrees of longitude are 1,165 m at this latitude.
    for n in range(1, 5):
        step = found[str(n + 1)][0] - found[str(n)][0]
        assert step == pytest.approx(1_165_000 / drawn.scale, rel=0.01)
    root = ET.fromstring(drawn.svg)  # noqa: S314
    colours = {each.get("stroke") for each in root.iter(f"{SVG}path")}
    # The way, the walks to its stops, and the road below.
    assert {"#0b5394", "#7a3b00", "#b3bac2"} <= colours
    assert drawn.scale == 50_000
    assert "scale-bar" in drawn.bar


def test_nothing_lies_outside_the_frame(session: Session) -> None:
    """Roads that run on beyond the map are cut at its edge."""
    lay_roads(session)
    (drawn,) = draw_rounds(session, [Driven((), (WEST + 0.04, NORTH), ())], FRAME)
    paths = re.findall(r' d="([^"]+)"', drawn.svg)
    places = [place for path in paths for place in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]
    assert len(places) >= 2, "The road is drawn."
    for x, y in places:
        assert -0.1 <= float(x) <= FRAME.width + 0.1
        assert -0.1 <= float(y) <= FRAME.height + 0.1


def test_a_round_without_a_way_shows_its_stops(session: Session) -> None:
    """Roads are gone, and one place is at the station itself: no failure, all numbers."""
    (drawn,) = draw_rounds(session, [Driven((), (WEST, NORTH), ((WEST, NORTH),) * 3)], FRAME)
    assert list(numbers(drawn.svg)) == ["1", "2", "3"]
    assert draw_rounds(session, [], FRAME) == []


def test_a_plan_of_maps_costs_two_statements(
    session: Session,
    connection: Connection,
    count_queries: Callable[[Engine | Connection], AbstractContextManager[list[str]]],
) -> None:
    """However many rounds, roads and divisions are read once."""
    lay_roads(session)
    with count_queries(connection) as seen:
        drawn = draw_rounds(session, [out_and_back(*STOPS[:n]) for n in (1, 3, 5)], FRAME)
    assert (len(drawn), len(seen)) == (3, 2)


PAPER = st.tuples(st.floats(5, 179), st.floats(5, 95))


@given(st.lists(PAPER, min_size=1, max_size=15))
def test_numbers_keep_apart(stops: list[tuple[float, float]]) -> None:
    """However close the stops, each number stands clear of the others, within the frame."""
    badges = placed(np.array(stops), (90.0, 50.0), FRAME)
    assert [badge.label for badge in badges] == [str(n) for n in range(1, len(stops) + 1)]
    for a, b in combinations(badges, 2):
        assert hypot(a.x - b.x, a.y - b.y) >= 2 * RADIUS
    for badge, (x, y) in zip(badges, stops, strict=True):
        assert (badge.from_x, badge.from_y) == (x, y)
        assert RADIUS <= badge.x <= FRAME.width - RADIUS
        assert RADIUS <= badge.y <= FRAME.height - RADIUS


def test_names_are_text() -> None:
    """A name is no markup."""
    assert "<script>" not in text(1, 1, HOSTILE, 3, "#000000", halo=0.7)
