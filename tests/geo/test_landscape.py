"""The invented relief: mountains in the north-east, seats in valleys, smooth, repeatable."""

from __future__ import annotations

import numpy as np

from fuliang_gis.geo.landscape import Landscape

BOUNDS = (500_000.0, 3_225_000.0, 566_000.0, 3_312_000.0)
SEATS = np.array([[520_000.0, 3_250_000.0], [545_000.0, 3_290_000.0]])


def _landscape(seed: int) -> Landscape:
    return Landscape.seeded(np.random.default_rng(seed), BOUNDS, SEATS)


def _places(count: int) -> np.ndarray:
    return np.random.default_rng(9).uniform(BOUNDS[:2], BOUNDS[2:], (count, 2))


def test_mountains_rise_to_the_north_east() -> None:
    """The north-eastern quarter must lie higher than the south-western one."""
    points = _places(4000)
    height = _landscape(1).height(points)
    middle = points.mean(axis=0)
    up, down = np.all(points > middle, axis=1), np.all(points < middle, axis=1)
    assert height[up].mean() > 2 * height[down].mean()
    assert height.min() >= 25
    assert height.max() < 1700


def test_seats_lie_low() -> None:
    """A seat must lie lower than the land five kilometres around it."""
    land = _landscape(1)
    angle = np.linspace(0, 2 * np.pi, 36)
    for seat in SEATS:
        around = seat + 5000 * np.column_stack([np.cos(angle), np.sin(angle)])
        assert land.height(seat[None])[0] < land.height(around).mean()


def test_slope_faces_downhill() -> None:
    """A step in the direction that a slope faces must lead down."""
    land, points = _landscape(1), _places(200)
    slope, facing = land.slope(points)
    steep = slope > 0.1
    turned = np.radians(facing)
    below = points + 60 * np.column_stack([np.sin(turned), np.cos(turned)])
    assert steep.sum() > 20
    assert (land.height(below)[steep] < land.height(points)[steep]).mean() > 0.9


def test_same_seed_same_land() -> None:
    """The same seed must give the same heights, another seed others."""
    points = _places(50)
    assert np.array_equal(_landscape(1).height(points), _landscape(1).height(points))
    assert not np.allclose(_landscape(1).height(points), _landscape(2).height(points))
