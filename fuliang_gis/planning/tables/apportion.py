"""Rounding so that the parts still sum to the whole."""

from __future__ import annotations

import math
from collections.abc import Sequence


def apportion(values: Sequence[float], digits: int, whole: float | None = None) -> list[float]:
    """Round values so that they sum to the rounded whole (largest remainders first).

    Args:
        values: Not negative.
        digits: Decimals kept.
        whole: What they are to sum to; by default their own sum.

    >>> apportion([1, 1, 1], 2, whole=100 / 1)
    [33.34, 33.33, 33.33]
    >>> apportion([0.004, 0.004, 0.004], 2)
    [0.01, 0.0, 0.0]
    """
    total = math.fsum(values)
    scale = 10**digits
    goal = round((total if whole is None else whole) * scale)
    if total <= 0:
        return [0.0] * len(values)
    exact = [value * scale if whole is None else value / total * whole * scale for value in values]
    floors = [math.floor(value) for value in exact]
    # A share of nothing stays nothing, however the rest is spread.
    order = sorted(range(len(values)), key=lambda i: (floors[i] - exact[i], i))
    order = [i for i in order if values[i] > 0]
    for i in order[: goal - sum(floors)]:
        floors[i] += 1
    return [floor / scale for floor in floors]


def percentages(values: Sequence[float]) -> list[float]:
    """Return shares in percent with two decimals that sum to 100.00.

    >>> sum(percentages([17.66, 5.21, 3.33])), percentages([0, 0])
    (100.0, [0.0, 0.0])
    """
    return apportion(values, 2, 100.0)
