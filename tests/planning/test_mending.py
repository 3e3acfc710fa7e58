"""Broken shapes: what each would be, and which are left to the person who drew them."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from fuliang_gis.planning.mending import Kind, Mending, mendings
from fuliang_gis.planning.norms import profile
from tests.planning.village import cells

LIMITS = profile().tolerances
#: Four corners in the wrong order.
BOW = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
#: Two areas that one ring goes round, meeting at a node.
EIGHT = Polygon([(0, 0), (10, 0), (5, 5), (10, 10), (0, 10), (5, 5)])
#: A loop of 0.5 m² beside a field: the pen slipped at a corner.
SLIP = Polygon([(0, 0), (100, 0), (100, 100), (0, 100), (0, 2), (-1, 0), (-1, 2)])
SQUARE = shapely.box(0, 0, 100, 100)


def mend(shape: BaseGeometry, stated: float | None = None) -> Mending:
    """Return what is to be mended of one shape."""
    return mendings({"a": shape}, LIMITS, {} if stated is None else {"a": stated})["a"]


@pytest.mark.parametrize(
    ("shape", "kinds", "before", "after", "parts"),
    [
        # Loops that go round the same way keep their land: two parcels.
        (EIGHT, [Kind.TOUCHING], 50, 50, 2),
        # A small loop the other way round is left out.
        (SLIP, [Kind.CROSSING], 10_000, 10_000.5, 1),
        # A hole whose ring is wound as an outer one.
        (MultiPolygon([SQUARE, shapely.box(20, 20, 40, 40)]), [Kind.NESTED], 10_400, 9_600, 1),
        # Out and back on the very same way, and a millimetre apart; outwards and inwards.
        (
            Polygon([(0, 0), (100, 0), (100, 50), (150, 50), (100, 50), (100, 100), (0, 100)]),
            [Kind.SPIKE], 10_000, 10_000, 1,
        ),
        (
            Polygon([(0, 0), (100, 0), (100, 50), (150, 50), (100, 50.001), (100, 100), (0, 100)]),
            [Kind.SPIKE], 10_000.025, 10_000, 1,
        ),
        (
            Polygon([(0, 0), (100, 0), (100, 50), (50, 50), (100, 50.001), (100, 100), (0, 100)]),
            [Kind.SPIKE], 9_999.975, 10_000, 1,
        ),
        # With a blunt end: two nodes at its tip.
        (
            Polygon(
                [(0, 0), (100, 0), (100, 50), (150, 50), (150, 50.001), (100, 50.001), (100, 100),
                 (0, 100)]
            ),
            [Kind.SPIKE], 10_000.05, 10_000, 1,
        ),
        (
            Polygon([(0, 0), (100, 0), (100, 0), (100, 100), (0, 100)]),
            [Kind.REPEATED], 10_000, 10_000, 1,
        ),
        # A hole that reaches a centimetre over the edge.
        (
            Polygon(SQUARE.exterior, [[(20, 20), (100.01, 20), (100.01, 40), (20, 40)]]),
            [Kind.CROSSING], 8_399.8, 8_400, 1,
        ),
    ],
)  # fmt: skip
def test_what_is_meant_is_plain(
    shape: BaseGeometry, kinds: list[Kind], before: float, after: float, parts: int
) -> None:
    """The area stays within the bounds, and the shape becomes valid parts."""
    found = mend(shape)
    assert list(found.kinds) == kinds
    assert found.before_m2 == pytest.approx(before, abs=0.01)
    assert found.after is not None
    assert found.after.is_valid
    assert found.after.area == pytest.approx(after, abs=0.01)
    assert found.parts == parts
    assert not found.place.is_empty


def test_a_bow_tie_is_a_guess_unless_its_area_is_known() -> None:
    """Its loops count against each other; an area that the file states tells which is meant."""
    assert mend(BOW).after is None
    assert mend(BOW).would_m2 == 50
    assert mend(BOW, 100.0).after is None
    told = mend(BOW, 50.4)
    assert told.parts == 2
    assert told.place.equals(shapely.Point(5, 5))


def test_nested_rings_are_a_hole_unless_the_area_says_otherwise() -> None:
    """As in boundary points and drawings; a stated area of the whole fills it."""
    nested = MultiPolygon([SQUARE, shapely.box(20, 20, 40, 40)])
    assert mend(nested, 9_601.0).would_m2 == 9_600
    filled = mend(nested, 10_000.0)
    assert filled.would_m2 == 10_000
    assert filled.parts == 1


@pytest.mark.parametrize(
    "shape",
    [
        # Twice round the same land.
        Polygon([*SQUARE.exterior.coords[:-1], *SQUARE.exterior.coords[:-1]]),
        # Nothing of it is left.
        Polygon([(0, 0), (10, 0), (0, 0)]),
        Polygon([(0, 0), (10, 0), (20, 0), (5, 0)]),
        Polygon([(5, 5), (5, 5), (5, 5)]),
    ],
)
def test_what_cannot_be_known_is_left(shape: BaseGeometry) -> None:
    """It keeps the file out, and nothing is made of it."""
    found = mend(shape)
    assert found.must
    assert found.after is None


def test_a_shape_without_numbers_is_told_not_raised() -> None:
    """Files have such coordinates; there is no place to show."""
    with np.errstate(invalid="ignore"):
        broken = shapely.transform(SQUARE, lambda points: np.where(points > 50, np.inf, points))
    found = mend(broken)
    assert (found.must, found.after, found.place.is_empty) == (True, None, True)


def test_what_may_stay_need_not_be_mended() -> None:
    """Spikes and repeated nodes are valid; crossings and open rings are not taken in."""
    spike = Polygon([(0, 0), (100, 0), (100, 50), (150, 50), (100, 50.001), (100, 100), (0, 100)])
    assert not mend(spike).must
    assert not mend(Polygon([(0, 0), (100, 0), (100, 0), (100, 100)])).must
    assert mend(EIGHT).must
    (opened,) = mendings({"a": SQUARE}, LIMITS, unclosed=["a"]).values()
    assert opened.must
    assert opened.kinds == (Kind.UNCLOSED,)
    assert opened.after is not None
    assert opened.after.equals(SQUARE)


def test_narrow_land_is_no_spike() -> None:
    """A wedge, a road of two metres and a parcel of several areas are what they are."""
    wedge = Polygon([(0, 0), (100, 0), (0, 1)])
    road = shapely.LineString([(0, 0), (50, 20), (100, 0)]).buffer(1)
    far = MultiPolygon([SQUARE, shapely.box(200, 0, 201, 1)])
    speck = Polygon([(0, 0), (0.001, 0), (0.001, 0.001), (0.001, 0.001), (0.002, -1e-9)])
    assert mendings({"w": wedge, "r": road, "f": far, "s": speck}, LIMITS) == {}
    assert mendings({}, LIMITS) == {}


@settings(max_examples=60)
@given(st.integers(0, 50), st.integers(0, 19), st.floats(0.02, 1.5), st.floats(0.02, 1.5))
def test_mending_keeps_the_area_within_the_bounds(
    seed: int, number: int, aside: float, along: float
) -> None:
    """Whatever loop the pen made at a corner."""
    corners = shapely.get_coordinates(cells(20, seed)[number % 20])[:-1]
    way = corners[1] - corners[0]
    way /= np.hypot(*way)
    across = np.array([-way[1], way[0]])
    loop = [corners[0] + across * aside + way * along, corners[0] - across * aside]
    shape = Polygon([*corners, *loop])
    for found in mendings({"a": shape}, LIMITS).values():
        if found.after is not None:
            change = abs(found.after.area - found.before_m2)
            assert change <= min(LIMITS.mend_m2, LIMITS.mend_share * found.before_m2) + 1e-6
            assert found.after.is_valid
            assert not any(each.must for each in mendings({"a": found.after}, LIMITS).values())
