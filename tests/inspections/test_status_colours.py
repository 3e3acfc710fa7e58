"""Statuses are told apart by everybody: by colour with any sight, and by shape without colour."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from fuliang_gis.inspections.status.rules import StatusCode, styles
from tests.cartography.test_ramps import SIGHT, lab

#: Least distance (CIELAB 1976) of any two; about 2 is what an eye notices side by side.
LEAST = 15.0


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize(("one", "other"), list(combinations(StatusCode, 2)))
def test_colours_are_told_apart(one: StatusCode, other: StatusCode, sight: str) -> None:
    """With normal sight, deuteranopia and protanopia alike."""
    first, second = (lab(styles()[code].colour, SIGHT[sight]) for code in (one, other))
    assert np.linalg.norm(first - second) >= LEAST


def test_no_two_have_one_shape() -> None:
    """Colour is never the only difference."""
    assert len({style.shape for style in styles().values()}) == len(StatusCode)


def test_the_grave_ones_are_marked() -> None:
    """What somebody must act on is told on the map however it is coloured."""
    marked = {code for code, style in styles().items() if style.marked}
    assert {StatusCode.DANGER, StatusCode.OVERDUE, StatusCode.DEFECT} <= marked
