"""Neighbouring classes must be told apart by everybody, in every number of classes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from fuliang_gis.cartography.ramps import linear_rgb, no_data_colour, ramp, ramps
from fuliang_gis.errors import BadParameter

Matrix = NDArray[np.float64]

#: Machado, Oliveira and Fernandes (2009), severity 1, on linear light.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
#: Least distance (CIELAB 1976) of neighbours; about 2 is what an eye notices side by side.
LEAST = 8.0

_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])


def lab(colour: str, sight: Matrix) -> Matrix:
    """Return CIELAB of a colour as somebody of that sight sees it."""
    seen = np.clip(sight @ linear_rgb(colour), 0, 1)
    ratio = _TO_XYZ @ seen / _WHITE
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("count", range(2, 8))
@pytest.mark.parametrize("name", list(ramps()))
def test_neighbours_are_told_apart(name: str, count: int, sight: str) -> None:
    """With normal sight, deuteranopia and protanopia alike."""
    seen = [lab(colour, SIGHT[sight]) for colour in ramp(name).colours(count)]
    gaps = [float(np.linalg.norm(b - a)) for a, b in pairwise(seen)]
    assert min(gaps) >= LEAST


@pytest.mark.parametrize("name", [n for n, r in ramps().items() if not r.diverging])
def test_sequential_ramps_darken_steadily(name: str) -> None:
    """Dark means much: lightness falls from class to class, in grey print too."""
    lightness = [lab(colour, SIGHT["normal"])[0] for colour in ramp(name).colours(7)]
    assert all(b < a - 4 for a, b in pairwise(lightness))


@pytest.mark.parametrize("name", [n for n, r in ramps().items() if r.diverging])
@pytest.mark.parametrize("sight", SIGHT)
def test_the_two_ends_of_a_diverging_ramp_differ(name: str, sight: str) -> None:
    """Very low must not look like very high."""
    first, *_, last = ramp(name).colours(5)
    assert np.linalg.norm(lab(first, SIGHT[sight]) - lab(last, SIGHT[sight])) > 25


@pytest.mark.parametrize("name", list(ramps()))
def test_no_class_looks_like_no_data(name: str) -> None:
    """Grey for "no data" must differ from every class."""
    grey = lab(no_data_colour(), SIGHT["normal"])
    for count in (1, 3, 5, 7):
        for colour in ramp(name).colours(count):
            assert np.linalg.norm(lab(colour, SIGHT["normal"]) - grey) > 4, colour


def test_ends_are_the_stated_colours() -> None:
    """Mixing must leave the stated ends alone."""
    found = ramp("porcelain")
    assert (found.colours(5)[0], found.colours(5)[-1]) == (found.stops[0], found.stops[-1])


def test_an_unknown_ramp_is_refused() -> None:
    """A mistyped address is told."""
    with pytest.raises(BadParameter):
        ramp("rainbow")
