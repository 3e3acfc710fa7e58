"""Explanations: every broken geometry is named in Chinese, with its place."""

from __future__ import annotations

import pytest
import shapely

from fuliang_gis.geo import validity

COUNTY = shapely.box(117.0, 29.1, 117.8, 30.0)
SHELL = [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)]


@pytest.mark.parametrize(
    ("wkt", "zh"),
    [
        ("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))", "边界自相交"),
        ("POLYGON ((0 0, 4 0, 4 4, 2 4, 3 2, 1 2, 2 4, 0 4, 0 0))", "环自相接"),
        ("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (5 5, 6 5, 6 6, 5 5))", "洞落在外环之外"),
        (
            "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 8 1, 8 8, 1 8, 1 1), (2 2, 3 2, 3 3, 2 2))",
            "洞互相嵌套",
        ),
        ("MULTIPOLYGON (((0 0, 9 0, 9 9, 0 9, 0 0)), ((1 1, 2 1, 2 2, 1 1)))", "外环互相嵌套"),
        ("POLYGON EMPTY", "没有坐标"),
    ],
)
def test_reasons(wkt: str, zh: str) -> None:
    """Each kind of fault must be told apart."""
    fault = validity.explain(shapely.from_wkt(wkt))
    assert fault is not None
    assert fault.zh == zh
    assert (fault.place is None) == (wkt == "POLYGON EMPTY")


def test_valid_geometry_has_no_fault() -> None:
    """A valid polygon must pass."""
    assert validity.explain(shapely.Polygon(SHELL)) is None


def test_swapped_axes() -> None:
    """Latitude before longitude must be noticed, and only that."""
    place = shapely.Point(117.3, 29.5)
    assert validity.looks_swapped(shapely.Point(29.5, 117.3), COUNTY)
    assert not validity.looks_swapped(place, COUNTY)
    assert not validity.looks_swapped(shapely.Point(10, 10), COUNTY)


def test_projected_coordinates() -> None:
    """Metres must not pass for degrees."""
    assert validity.looks_projected(shapely.Point(39_500_000, 3_264_000))
    assert not validity.looks_projected(shapely.Point(117.3, 29.5))
    assert not validity.looks_projected(shapely.Point())


def test_gap_between_neighbours_but_not_an_enclave() -> None:
    """A hole left between polygons is a gap; a hole one polygon has by itself is not."""
    hole = shapely.box(117.01, 29.01, 117.02, 29.02)
    ring = shapely.box(117.0, 29.0, 117.03, 29.03).difference(hole)
    west = ring.intersection(shapely.box(117.0, 29.0, 117.015, 29.03))
    east = ring.intersection(shapely.box(117.015, 29.0, 117.03, 29.03))
    assert [f.kind for f in validity.coverage_faults({"west": west, "east": east})] == ["gap"]
    assert validity.coverage_faults({"ring": ring}) == []


def test_nothing_covers_nothing() -> None:
    """Without polygons there must be no fault."""
    assert validity.coverage_faults({}) == []
    assert validity.coverage_valid({})


def test_tolerance() -> None:
    """An overlap smaller than the tolerance must not count."""
    pair = {"a": shapely.box(117, 29, 117.01, 29.01), "b": shapely.box(117.0099, 29, 117.02, 29.01)}
    area = validity.coverage_faults(pair)[0].area
    assert validity.coverage_faults(pair, area * 1.01) == []
    assert not validity.coverage_valid(pair)
