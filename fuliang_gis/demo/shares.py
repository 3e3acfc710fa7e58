"""Split totals into parts that add up exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def split(total: int, weights: ArrayLike, least: int = 0) -> NDArray[np.int64]:
    """Split a whole number by weights (largest remainders); every part is at least ``least``.

    >>> split(10, [1, 1, 1]).tolist()
    [4, 3, 3]
    >>> split(10, [8, 1, 0], least=1).tolist()
    [7, 2, 1]
    """
    shares = np.asarray(weights, dtype=np.float64)
    spare = total - least * len(shares)
    if spare < 0:
        raise ValueError("the total is too small for the parts")
    exact = shares / shares.sum() * spare
    parts = np.floor(exact).astype(np.int64)
    missing = spare - int(parts.sum())
    parts[np.argsort(parts - exact, kind="stable")[:missing]] += 1
    return np.asarray(parts + least)


def split_within(total: int, weights: ArrayLike, limits: Sequence[int]) -> NDArray[np.int64]:
    """Split a whole number by weights so that no part exceeds its limit.

    >>> split_within(10, [8, 1, 1], [5, 4, 4]).tolist()
    [5, 3, 2]
    """
    most = np.asarray(limits, dtype=np.int64)
    if total > most.sum():
        raise ValueError("the total exceeds the limits")
    shares = np.asarray(weights, dtype=np.float64)
    parts = np.zeros(len(shares), dtype=np.int64)
    while (missing := total - int(parts.sum())) > 0:
        open_ = parts < most
        more = split(missing, np.where(open_, np.maximum(shares, 1e-9), 0.0))
        parts = np.minimum(parts + more, most)
    return parts
