"""Classes must be a true partition: every told number in exactly one class, the legend included."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuliang_gis.cartography.classes import MAX_CLASSES, METHODS, classify, told
from fuliang_gis.errors import BadParameter

AUTOMATIC = [method for method in METHODS if method != "user"]
VALUES = st.lists(
    st.floats(min_value=-1e6, max_value=1e6, allow_nan=False), min_size=1, max_size=60
)


@pytest.mark.parametrize("method", AUTOMATIC)
@given(values=VALUES, count=st.integers(3, 7), digits=st.integers(0, 2))
@settings(deadline=None, max_examples=60)
def test_every_value_falls_into_exactly_one_class(
    method: str, values: list[float], count: int, digits: int
) -> None:
    """Whatever the values, classes hold each once, ascend and neither overlap nor leave gaps."""
    found = classify(values, method, count, digits=digits)
    step = 10**-digits
    assert 1 <= len(found.classes) <= MAX_CLASSES
    assert sum(each.count for each in found.classes) == len(values)
    for value in values:
        shown = told(value, digits)
        holding = [
            at
            for at, each in enumerate(found.classes)
            if each.lower - step / 4 <= shown <= each.upper + step / 4
        ]
        assert holding == [found.of(value)]
    for lower, upper in pairwise(found.classes):
        assert lower.upper < upper.upper
        assert upper.lower == pytest.approx(lower.upper + step, abs=step / 4)


@pytest.mark.parametrize("method", AUTOMATIC)
def test_equal_values_make_one_class(method: str) -> None:
    """Values that are all equal must not be split, nor fail."""
    found = classify([4.0] * 18, method, 5)
    assert [(c.lower, c.upper, c.count) for c in found.classes] == [(4, 4, 18)]


@pytest.mark.parametrize("method", AUTOMATIC)
def test_few_different_values_have_a_class_each(method: str) -> None:
    """Three different values never make five classes."""
    found = classify([0, 0, 0, 1, 7, 7], method, 5)
    assert [c.count for c in found.classes] == [3, 1, 2]
    assert found.labels == ("0", "1 – 6", "7") or found.labels == ("0", "1", "2 – 7")


def test_no_values_make_no_classes() -> None:
    """A map without data has an empty legend."""
    assert classify([], "jenks", 5).classes == ()


def test_quantiles_hold_about_as_many_areas_each() -> None:
    """Fifty different values in five quantiles are ten a class."""
    assert [c.count for c in classify(range(50), "quantiles", 5).classes] == [10] * 5


def test_equal_interval_breaks_are_even() -> None:
    """From 0 to 100 in four steps: 25, 50, 75."""
    found = classify([0, 1, 2, 30, 60, 100], "equal", 4)
    assert [c.upper for c in found.classes] == [25, 50, 75, 100]


def test_natural_breaks_separate_clusters() -> None:
    """Fisher-Jenks must find three far clusters."""
    values = [1, 2, 3, 50, 51, 52, 200, 201, 203]
    assert [c.count for c in classify(values, "jenks", 3).classes] == [3, 3, 3]


def test_own_breaks_are_kept_and_completed() -> None:
    """A person's breaks stand even where no value lies; what is above them gets a class."""
    found = classify([5, 60], "user", 5, limits=[10, 20])
    assert found.labels == ("5 – 10", "11 – 20", "21 – 60")
    assert [c.count for c in found.classes] == [1, 0, 1]


def test_classes_reach_the_values_of_other_years() -> None:
    """Classes of the last year hold the smaller numbers of earlier ones."""
    found = classify([10, 20, 30, 40, 50], "equal", 4, reach=(0, 55))
    assert found.classes[0].lower == 0
    assert found.classes[-1].upper == 55
    assert sum(c.count for c in found.classes) == 5


@pytest.mark.parametrize(
    ("method", "count", "limits"),
    [
        ("nonsense", 5, []),
        ("equal", 2, []),
        ("equal", 8, []),
        ("user", 5, []),
        ("user", 5, [3, 3]),
        ("user", 5, [9, 1]),
        ("user", 5, [1, 2, 3, 4, 5, 6, 7]),
        ("user", 5, [float("nan")]),
    ],
)
def test_what_cannot_be_classed_is_refused(method: str, count: int, limits: list[float]) -> None:
    """Wrong methods, numbers of classes and breaks are refused, not repaired."""
    with pytest.raises(BadParameter):
        classify([1, 2, 3], method, count, limits=limits)
