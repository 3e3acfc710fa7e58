"""Totals split into parts add up again, whatever the weights."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuliang_gis.demo.shares import split, split_within

PAIRS = st.lists(st.tuples(st.floats(0, 9), st.integers(0, 500)), min_size=1, max_size=40)
WEIGHTS = st.lists(st.floats(0.01, 1000), min_size=1, max_size=40)


@given(st.integers(0, 100_000), WEIGHTS)
def test_parts_add_up(total: int, weights: list[float]) -> None:
    """Parts must add up to the total and stay within one of their exact share."""
    parts = split(total, weights)
    assert parts.sum() == total
    assert all(abs(p - w / sum(weights) * total) <= 1 for p, w in zip(parts, weights, strict=True))


@given(PAIRS, st.data())
def test_limits_hold(pairs: list[tuple[float, int]], data: st.DataObject) -> None:
    """Parts must add up and never exceed their limits."""
    limits = [limit for _, limit in pairs]
    total = data.draw(st.integers(0, sum(limits)))
    parts = split_within(total, [weight for weight, _ in pairs], limits)
    assert parts.sum() == total
    assert all(0 <= p <= limit for p, limit in zip(parts, limits, strict=True))


def test_impossible_splits_are_refused() -> None:
    """A total below the least parts, or above the limits, must raise."""
    with pytest.raises(ValueError, match="too small"):
        split(3, [1, 1], least=2)
    with pytest.raises(ValueError, match="exceeds"):
        split_within(9, [1, 1], [4, 4])
