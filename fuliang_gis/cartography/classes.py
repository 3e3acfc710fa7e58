"""Dividing numbers into the classes of a map.

Numbers are told in some decimal places, and it is the told numbers that are classed: each class is
a range of them, the next begins one last digit further on, so that what the legend says decides.
"""

from __future__ import annotations

import math
import warnings
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fuliang_gis.errors import BadParameter

MIN_CLASSES, MAX_CLASSES = 3, 7
METHODS = {
    "quantiles": "分位数（各级地区数相近）",
    "equal": "等间距",
    "jenks": "自然断点（Fisher-Jenks）",
    "pretty": "整数断点",
    "deviation": "标准差",
    "user": "自定断点",
}
_Method = Callable[[NDArray[np.float64], int], Sequence[float]]

#: Most classes whose limits a person may set; colours of more cannot be told apart.
MAX_LIMITS = MAX_CLASSES - 1


@dataclass(frozen=True)
class Class:
    """One class: the told numbers from ``lower`` to ``upper``, both included; its areas."""

    lower: float
    upper: float
    count: int


@dataclass(frozen=True)
class Classification:
    """Classes from low to high; numbers of ``digits`` decimal places fall in exactly one."""

    classes: tuple[Class, ...]
    digits: int

    def of(self, value: float) -> int:
        """Return the place of the class that holds a value; beyond the ends, the nearest one."""
        grid = [_to_grid(each.upper, self.digits) for each in self.classes]
        return min(bisect_left(grid, _to_grid(value, self.digits)), len(grid) - 1)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes as a legend says them."""
        return tuple(label(each.lower, each.upper, self.digits) for each in self.classes)


def label(lower: float, upper: float, digits: int) -> str:
    """Return a range in words.

    >>> label(1, 12, 0), label(13, 13, 0), label(0.5, 1234.25, 2)
    ('1 – 12', '13', '0.50 – 1,234.25')
    """
    ends = [f"{end:,.{digits}f}" for end in (lower, upper)]
    return ends[0] if lower == upper else " – ".join(ends)


def classify(
    values: Sequence[float],
    method: str,
    count: int,
    *,
    digits: int = 0,
    limits: Sequence[float] = (),
    reach: tuple[float, float] | None = None,
) -> Classification:
    """Divide values into classes.

    Fewer than ``count`` come out where fewer different values exist, or where ties leave classes
    without room; the standard deviation and a person's own limits decide the number by themselves.

    Args:
        values: One a counted area; without any, there are no classes.
        digits: Decimal places in which the values are told.
        limits: Upper ends of the classes but the last, for the method ``user``.
        reach: The least and greatest value that the classes must hold besides, such as those of
            other years.

    Raises:
        BadParameter: The method, the number of classes or the limits cannot be used.
    """
    if method not in METHODS:
        raise _bad("method", "没有这种分级方法", "no such method")
    if not MIN_CLASSES <= count <= MAX_CLASSES:
        raise _bad("classes", f"级数须为 {MIN_CLASSES}～{MAX_CLASSES}", "3 to 7 classes")
    told = sorted(_to_grid(value, digits) for value in values)
    if not told:
        return Classification((), digits)
    held = [*told, *(_to_grid(value, digits) for value in reach or ())]
    uppers = _stated(limits, digits) if method == "user" else _uppers(told, method, count)
    return _classes(told, uppers, min(held), max(held), digits)


def _uppers(told: Sequence[int], method: str, count: int) -> list[int]:
    different = sorted(set(told))
    if len(different) <= count:
        return different
    for wanted in range(count, 1, -1):
        found = _METHODS[method](np.array(told, dtype=float), wanted)
        # A break between two told numbers holds the same ones as the lower of them.
        floors = {math.floor(limit + 1e-9 * max(1.0, abs(limit))) for limit in found}
        uppers = [*sorted(each for each in floors if told[0] <= each < told[-1]), told[-1]]
        # Round breaks come in as many classes as they like.
        if len(uppers) <= MAX_CLASSES:
            return uppers
    return [told[-1]]


def _classes(
    told: Sequence[int], uppers: Sequence[int], least: int, greatest: int, digits: int
) -> Classification:
    ends = list(uppers)
    if ends[-1] == told[-1]:
        ends[-1] = greatest
    elif ends[-1] < greatest:
        ends.append(greatest)
    held = Counter(bisect_left(ends, value) for value in told)
    lowest = least if least <= ends[0] else min(0, ends[0])
    begins = [lowest, *(end + 1 for end in ends[:-1])]
    scale = _steps(digits)
    return Classification(
        tuple(
            Class(begin / scale, end / scale, held[place])
            for place, (begin, end) in enumerate(zip(begins, ends, strict=True))
        ),
        digits,
    )


def _stated(limits: Sequence[float], digits: int) -> list[int]:
    if not 1 <= len(limits) <= MAX_LIMITS or not all(map(math.isfinite, limits)):
        raise _bad(
            "breaks", f"请填写 1～{MAX_LIMITS} 个断点数值", f"give 1 to {MAX_LIMITS} numbers"
        )
    if any(b <= a for a, b in pairwise(limits)):
        raise _bad("breaks", "断点须从小到大、互不相同", "the breaks must ascend")
    return sorted({math.floor(limit * _steps(digits) + 1e-9) for limit in limits})


def _to_grid(value: float, digits: int) -> int:
    # Halves away from zero, as people round, after binary noise is cut.
    scaled = round(value * _steps(digits), 6)
    return math.floor(abs(scaled) + 0.5) * (1 if scaled >= 0 else -1)


def told(value: float, digits: int) -> float:
    """Return a value as it is told.

    >>> told(2.345, 2), told(0.5, 0), told(-0.04, 1)
    (2.35, 1.0, 0.0)
    """
    return _to_grid(value, digits) / _steps(digits) + 0.0


def _steps(digits: int) -> int:
    """Return how many told numbers lie in one."""
    return int(10**digits)


def _breaks(kind: str, **options: Sequence[float]) -> _Method:
    def found(values: NDArray[np.float64], count: int) -> Sequence[float]:
        # Loaded when first asked for: with what it brings it takes seconds, and few pages need it.
        import mapclassify

        given: dict[str, object] = dict(options) or {"k": count}
        with warnings.catch_warnings():
            # Few different values are expected here; classes that stay empty are left out.
            warnings.simplefilter("ignore")
            return list(getattr(mapclassify, kind)(values, **given).bins)

    return found


_METHODS: dict[str, _Method] = {
    "quantiles": _breaks("Quantiles"),
    "equal": _breaks("EqualInterval"),
    "jenks": _breaks("FisherJenks"),
    "pretty": _breaks("PrettyBreaks"),
    "deviation": _breaks("StdMean", multiples=[-1.5, -0.5, 0.5, 1.5]),
}


def _bad(name: str, reason: str, reason_en: str) -> BadParameter:
    return BadParameter(name=name, reason=reason, reason_en=reason_en, field=name)
