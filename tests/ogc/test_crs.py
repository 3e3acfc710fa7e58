"""Coordinates come and go in the axis order that the authority of their system defines."""

from __future__ import annotations

import pyproj
import pytest
import shapely

from fuliang_gis.errors import BadParameter
from fuliang_gis.geo import crs as systems
from fuliang_gis.ogc.crs import CRS84, Crs, find, offered, stored


@pytest.mark.parametrize(
    ("name", "flipped"),
    [
        (None, False),
        (CRS84, False),
        ("OGC:CRS84", False),
        ("EPSG:4490", True),
        ("[EPSG:4326]", True),
        ("EPSG:4548", True),
        ("EPSG:4527", True),
        ("http://www.opengis.net/def/crs/EPSG/0/3857", False),
    ],
)
def test_each_name_has_its_axis_order(name: str | None, *, flipped: bool) -> None:
    """Latitude and northing come first where EPSG says so."""
    assert find(name, "crs").flipped is flipped


@pytest.mark.parametrize("crs", offered().values(), ids=lambda crs: crs.uri)
def test_literals_come_back_to_the_stored_place(crs: Crs) -> None:
    """A point in any system, axes as its authority orders them, is the same place."""
    authority = pyproj.Transformer.from_crs(4490, crs.epsg, always_xy=not crs.flipped)
    given = (29.376, 117.247) if crs.flipped else (117.247, 29.376)
    moved = shapely.Point(authority.transform(*given))
    back = crs.to_stored(moved)
    assert shapely.get_coordinates(back)[0].tolist() == pytest.approx((117.247, 29.376), abs=1e-9)


@pytest.mark.parametrize("name", ["EPSG:32650", "EPSG:0", "4490", "urn:ogc:def:crs:EPSG::4490"])
def test_other_systems_are_refused_by_parameter(name: str) -> None:
    """The refusal names the parameter and what is on offer."""
    with pytest.raises(BadParameter) as refused:
        find(name, "bbox-crs")
    assert refused.value.field == "bbox-crs"
    assert CRS84 in refused.value.text_zh


def test_storage_is_cgcs2000() -> None:
    """What is stored is said to be EPSG:4490."""
    assert stored().epsg == systems.GEOGRAPHIC
