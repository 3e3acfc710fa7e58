"""GDAL's own client reads the collections from a server that really listens, as QGIS does."""

from __future__ import annotations

import warnings
from typing import Any

import geopandas
import numpy as np
import pyogrio
import pyproj
import pytest
from pyogrio.errors import DataSourceError

from tests.ogc.conftest import IN_YAOLI, PASSWORD, STATIONS, place
from tests.web.conftest import World

PLACES = np.array([place(number) for number in range(STATIONS)])


def read(
    address: str,
    world: World,
    name: str = "pv_stations",
    **options: Any,  # noqa: ANN401  # What the driver takes.
) -> geopandas.GeoDataFrame:
    """Read a collection with the driver for OGC API Features and Basic credentials."""
    who = f"{world.actors['county'].username}:{PASSWORD}"
    with warnings.catch_warnings():
        # GDAL warns that a server's choice of page size is only a hint.
        warnings.simplefilter("ignore", RuntimeWarning)
        frame: geopandas.GeoDataFrame = pyogrio.read_dataframe(
            f"OAPIF:{address}", layer=name, USERPWD=who, **options
        )
    return frame


def test_the_wheel_has_the_driver() -> None:
    """The tests below need no system package."""
    assert "OAPIF" in pyogrio.list_drivers()


def test_every_feature_comes_over_several_pages(address: str, stations: World) -> None:
    """The client follows the next links to the end."""
    frame = read(address, stations, PAGE_SIZE="5")
    assert sorted(frame["code"]) == [f"S-{number:02}" for number in range(STATIONS)]
    assert frame["capacity_kwp"].dtype.kind in "if"
    assert frame["in_subsidy_catalogue"].dtype == bool
    assert frame["survey_date"].dtype.kind == "M"


@pytest.mark.parametrize("epsg", [4490, 4326, 4548, 4527, 3857])
def test_systems_agree_with_proj(address: str, stations: World, epsg: int) -> None:
    """Within a millimetre or a millionth of a degree, axes in the right order."""
    frame = read(address, stations, CRS=f"EPSG:{epsg}").sort_values("code")
    assert pyproj.CRS.from_epsg(epsg).name in str(getattr(frame.crs, "name", ""))
    move = pyproj.Transformer.from_crs(4490, epsg, always_xy=True)
    expected = np.column_stack(move.transform(PLACES[:, 0], PLACES[:, 1]))
    found = frame.geometry.get_coordinates().to_numpy()
    assert np.abs(found - expected).max() < (1e-6 if epsg in (4490, 4326) else 1e-3)


def test_boxes_are_asked_of_the_server(address: str, stations: World) -> None:
    """A spatial filter keeps what lies in it, in the layer's own axis order."""
    inside = read(address, stations, bbox=(117.195, 29.0, 117.225, 30.0))
    assert sorted(inside["code"]) == ["S-00", "S-01", "S-02"]
    plane = read(address, stations, CRS="EPSG:4548")
    west, south, east, north = plane.sort_values("code").iloc[:3].total_bounds
    box = (west - 1, south - 1, east + 1, north + 1)
    assert len(read(address, stations, CRS="EPSG:4548", bbox=box)) == 3


def test_attribute_filters_work(address: str, stations: World) -> None:
    """What the client filters agrees with what is there."""
    where = "use_status = 'idle' AND capacity_kwp > 200"
    assert sorted(read(address, stations, where=where)["code"]) == ["S-21"]
    assert len(read(address, stations, where="division_code = '360222105200'")) == IN_YAOLI


def test_the_base_map_is_listed(address: str, stations: World) -> None:
    """Divisions come as polygons, with the layers beside them."""
    frame = read(address, stations, "divisions", where="level = 'township'")
    assert len(frame) == 18
    assert set(frame.geometry.geom_type) == {"MultiPolygon"}
    assert (frame.geometry.is_valid).all()


def test_wrong_credentials_open_nothing(address: str, stations: World) -> None:
    """No password, no layer."""
    with pytest.raises(DataSourceError):
        pyogrio.read_dataframe(f"OAPIF:{address}", layer="pv_stations", USERPWD="nobody:nothing")
    assert stations.actors
