"""Measures: ellipsoid and plane agree where they must, units convert."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from fuliang_gis.areas.reference import county_outline
from fuliang_gis.geo import measures


def test_county_area() -> None:
    """The generalised outline must measure within 0.5 % of the official 2,851 km²."""
    square_kilometres = measures.ellipsoid_area(county_outline()) / 1e6
    assert square_kilometres == pytest.approx(2851, rel=0.005)


@given(st.floats(117.0, 117.7), st.floats(29.1, 29.9), st.floats(0.0005, 0.05))
def test_plane_and_ellipsoid_agree(lon: float, lat: float, size: float) -> None:
    """In the county the plane must not distort areas by more than 0.03 %."""
    box = shapely.box(lon, lat, lon + size, lat + size)
    assert measures.plane_area(box) == pytest.approx(measures.ellipsoid_area(box), rel=3e-4)


def test_holes_count_off() -> None:
    """A hole's area must be missing, whatever way its ring turns."""
    shell, hole = shapely.box(117, 29, 117.1, 29.1), shapely.box(117.02, 29.02, 117.05, 29.05)
    ring = list(hole.exterior.coords)
    expected = measures.ellipsoid_area(shell) - measures.ellipsoid_area(hole)
    for turned in (ring, ring[::-1]):
        holed = shapely.Polygon(shell.exterior.coords, [turned])
        assert measures.ellipsoid_area(holed) == pytest.approx(expected)


def test_parts_add_up() -> None:
    """A multipolygon must measure what its parts measure together."""
    parts = [shapely.box(117, 29, 117.01, 29.01), shapely.box(117.1, 29, 117.11, 29.01)]
    total = sum(map(measures.ellipsoid_area, parts))
    assert measures.ellipsoid_area(shapely.MultiPolygon(parts)) == pytest.approx(total)


def test_many_lines_at_once() -> None:
    """Lengths of many lines must equal those of each alone."""
    lines = [
        shapely.LineString([(117, 29), (117.01, 29.01), (117.03, 29.0)]),
        shapely.LineString([(117.2, 29.3), (117.2, 29.4)]),
    ]
    alone = [measures.ellipsoid_length(line) for line in lines]
    assert measures.line_lengths(lines).tolist() == pytest.approx(alone)
    assert measures.plane_length(lines[1]) == pytest.approx(alone[1], rel=1e-3)


def test_units() -> None:
    """One hectare must be fifteen mu."""
    assert measures.hectares(10_000) == 1
    assert measures.mu(10_000) == pytest.approx(15)
