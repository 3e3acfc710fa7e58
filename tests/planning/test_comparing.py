"""Two states laid over each other account for all their land."""

from __future__ import annotations

import math

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from fuliang_gis.planning.comparing import changed, differences, overlay
from fuliang_gis.planning.parcels import Parcel
from tests.planning.village import BOUNDARY, cells, parcel

CODES = ("0101", "0301", "0703", "1207")


def _state(number: int, seed: int, prefix: str) -> dict[str, Parcel]:
    shapes = cells(number, seed)
    return {
        f"{prefix}{i}": Parcel(f"{prefix}{i}", CODES[(i + seed) % len(CODES)], shape)
        for i, shape in enumerate(shapes)
    }


@settings(max_examples=25, deadline=None)
@given(st.integers(3, 25), st.integers(3, 25), st.integers(0, 10_000), st.sampled_from("ab"))
def test_pieces_are_all_the_land_of_both(one: int, two: int, seed: int, prefix: str) -> None:
    """Whatever the cuts, pieces sum to the village, and by code to each side's own sums."""
    left = _state(one, seed, "a")
    right = _state(two, seed + 1, prefix)
    pieces = overlay(left, right, 0.0)
    assert math.fsum(p.m2 for p in pieces) == pytest.approx(BOUNDARY.area, abs=0.1)
    for code in CODES:
        was = math.fsum(p.geom.area for p in left.values() if p.code == code)
        is_now = math.fsum(p.geom.area for p in right.values() if p.code == code)
        assert math.fsum(p.m2 for p in pieces if p.before == code) == pytest.approx(was, abs=0.1)
        assert math.fsum(p.m2 for p in pieces if p.after == code) == pytest.approx(is_now, abs=0.1)


def test_the_same_twice_differs_in_nothing() -> None:
    """A state laid over itself has its parcels as pieces, none changed."""
    state = _state(12, 3, "a")
    pieces = overlay(state, dict(state))
    assert len(pieces) == 12
    assert changed(pieces) == []
    assert differences(state, dict(state)) == []


def test_land_without_a_parcel_is_told() -> None:
    """What only one side covers has no code on the other."""
    left = {"a": parcel("a", "0101", 0, 0, 100, 100)}
    right = {"b": parcel("b", "0703", 50, 0, 150, 100)}
    found = [(p.before, p.after, p.left, p.right, p.m2) for p in changed(overlay(left, right))]
    assert sorted(found) == [
        ("", "0703", "", "b", 5000.0),
        ("0101", "", "a", "", 5000.0),
        ("0101", "0703", "a", "b", 5000.0),
    ]
    assert overlay({}, {}) == []


def test_differences_name_every_kind() -> None:
    """Added, removed, recoded, reshaped, renamed: each by its parcel's id."""
    left = {
        "gone": parcel("gone", "0101", 0, 0, 10, 10),
        "use": parcel("use", "0101", 10, 0, 20, 10),
        "shape": parcel("shape", "0101", 20, 0, 30, 10),
        "name": parcel("name", "0703", 30, 0, 40, 10),
        "same": parcel("same", "0703", 40, 0, 50, 10),
    }
    right = {
        "use": parcel("use", "0703", 10, 0, 20, 10),
        "shape": parcel("shape", "0601", 20, 0, 35, 10),
        "name": parcel("name", "0703", 30, 0, 40, 10, households=2),
        "same": Parcel("same", "0703", shapely.box(40, 0, 50, 10).reverse()),
        "new": parcel("new", "0101", 0, 0, 10, 10),
    }
    found = {each.id: each for each in differences(left, right)}
    assert {name: each.kinds for name, each in found.items()} == {
        "gone": ("removed",),
        "use": ("recoded",),
        "shape": ("recoded", "reshaped"),
        "name": ("renamed",),
        "new": ("added",),
    }
    assert (found["shape"].m2, found["gone"].m2) == (50.0, -100.0)
    assert "name" not in {each.id for each in differences(left, right, names=False)}
