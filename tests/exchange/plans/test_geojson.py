"""GeoJSON of others: the standard's own system, the older member, and neither."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shapely

from fuliang_gis.exchange.plans.notes import NoteCode
from fuliang_gis.exchange.plans.raw import Reading
from fuliang_gis.exchange.plans.reading import read_plan
from fuliang_gis.geo.crs import reproject
from tests.exchange.plans.files import refused, square, told
from tests.exchange.plans.village import same_shape

E2023 = Reading(edition="2023")


@pytest.mark.parametrize(
    ("crs", "true", "expected"),
    [
        (None, 4490, 4326),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", 4326, 4326),
        ("urn:ogc:def:crs:EPSG::4490", 4490, 4490),
        ("urn:ogc:def:crs:EPSG::4527", 4527, 4527),
    ],
)
def test_geojson_of_others_is_read(
    tmp_path: Path, crs: str | None, true: int, expected: int
) -> None:
    """Without a system RFC 7946's holds, with the older member what it says."""
    geometry = shapely.geometry.mapping(reproject(square(), 4548, true))
    values = {"GHDLDM": "0703", "more": {"a": [1]}}
    feature = {"type": "Feature", "id": 5, "properties": values, "geometry": geometry}
    empty = {"type": "Feature", "properties": None, "geometry": None}
    whole: dict[str, object] = {"type": "FeatureCollection", "features": [feature, empty]}
    if crs is not None:
        whole["crs"] = {"type": "name", "properties": {"name": crs}}
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps(whole), "utf-8-sig")
    read = read_plan(path, E2023)
    same_shape(square(), read.parcels["5"].geom)
    assert read.crs == expected
    assert told(read)[NoteCode.NO_GEOMETRY] == [2]


def test_geojson_on_the_plane_without_a_system_is_confirmed(tmp_path: Path) -> None:
    """Plane coordinates that say nothing must not be taken for degrees."""
    geometry = shapely.geometry.mapping(square())
    feature = {"type": "Feature", "properties": {"GHDLDM": "0703"}, "geometry": geometry}
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    assert refused(lambda: read_plan(path, E2023))[0] == "crs_confirm"


def test_a_ring_left_open_is_closed_and_told(tmp_path: Path) -> None:
    """It has to be confirmed in the preview; what is no ring at all stays without geometry."""
    ring = [list(point) for point in square().exterior.coords]
    path = tmp_path / "a.geojson"
    shapes: tuple[object, ...] = ([ring[:-1]], [ring], [[1, 2]], "x", [[["a"]]], [])
    features = [
        {
            "type": "Feature",
            "properties": {"GHDLDM": "0703"},
            "geometry": {"type": "Polygon", "coordinates": coordinates},
        }
        for coordinates in shapes
    ]
    crs = {"type": "name", "properties": {"name": "EPSG:4548"}}
    whole = {"type": "FeatureCollection", "crs": crs, "features": features}
    path.write_text(json.dumps(whole), "utf-8")
    read = read_plan(path, E2023)
    same_shape(square(), read.parcels["1"].geom)
    notes = told(read)
    assert notes[NoteCode.RING_CLOSED] == [1]
    assert notes[NoteCode.NO_GEOMETRY] == [3, 4, 5, 6]
