"""Coordinate systems: round trips, known points, order of axes."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from fuliang_gis.geo import crs

LON = st.floats(73.5, 135.0)
LAT = st.floats(18.0, 53.5)


@given(LON, LAT)
def test_gcj02_round_trip(lon: float, lat: float) -> None:
    """Shifting to GCJ-02 and back must return within 1e-7 degrees anywhere in China."""
    back = crs.gcj02_to_wgs84(*crs.wgs84_to_gcj02(lon, lat))
    assert np.abs(np.array(back) - (lon, lat)).max() < 1e-7


@given(LON, LAT)
def test_bd09_round_trip(lon: float, lat: float) -> None:
    """Shifting to BD-09 and back must return within 1e-7 degrees."""
    back = crs.bd09_to_wgs84(*crs.wgs84_to_bd09(lon, lat))
    assert np.abs(np.array(back) - (lon, lat)).max() < 1e-7


@given(LON, LAT)
def test_shift_is_hundreds_of_metres(lon: float, lat: float) -> None:
    """The shift itself must be there: between 10 m and 1.5 km, or the round trip proves nothing."""
    shifted = crs.wgs84_to_gcj02(lon, lat)
    distance = np.hypot((shifted[0] - lon) * np.cos(np.radians(lat)), shifted[1] - lat) * 111_000
    assert 10 < distance < 1500


def test_nothing_shifts_outside_china() -> None:
    """Points outside China must stay as they are."""
    assert [float(x) for x in crs.wgs84_to_gcj02(-0.12, 51.5)] == [-0.12, 51.5]


@given(st.floats(117.0, 117.75), st.floats(29.1, 30.0))
def test_plane_round_trip(lon: float, lat: float) -> None:
    """To the plane and back must return within a tenth of a millimetre."""
    back = crs.to_geographic(crs.to_plane(np.array([[lon, lat]])))[0]
    assert np.abs(back - (lon, lat)).max() < 1e-9


@pytest.mark.parametrize(("target", "east"), [(crs.PLANE, 500_000), (crs.PLANE_ZONED, 39_500_000)])
def test_longitude_comes_first(target: int, east: int) -> None:
    """On the central meridian the easting must be 500 km, with the zone number where it has one."""
    moved = crs.reproject(shapely.Point(117.0, 29.5), crs.GEOGRAPHIC, target)
    x, y = shapely.get_coordinates(moved)[0]
    assert abs(x - east) < 0.001
    assert 3_260_000 < y < 3_270_000
