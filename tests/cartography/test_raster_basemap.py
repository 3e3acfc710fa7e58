"""A basemap of pictures is what the office set, and nothing leaves the machine without it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from fuliang_gis.cartography.grid import TileAddress
from fuliang_gis.cartography.raster_basemap import open_tiles, outside_hosts, pictures_of
from fuliang_gis.errors import SetUpError

PICTURE = b"\x89PNG picture"
PLACE = TileAddress(3, 6, 2)


@pytest.fixture
def mbtiles(tmp_path: Path) -> Path:
    """An .mbtiles file with one picture."""
    path = tmp_path / "county.mbtiles"
    connection = sqlite3.connect(path)
    connection.executescript(
        "create table metadata (name text, value text);"
        "create table tiles (zoom_level int, tile_column int, tile_row int, tile_data blob);"
        "insert into metadata values ('format', 'png');"
    )
    # Rows count from the south in this format: row 2 of 8 from the north is row 5.
    connection.execute("insert into tiles values (3, 6, 5, ?)", [PICTURE])
    connection.commit()
    connection.close()
    return path


@pytest.fixture
def pmtiles(tmp_path: Path) -> Path:
    """A .pmtiles file with one picture."""
    path = tmp_path / "county.pmtiles"
    with path.open("wb") as file:
        # The library carries no types.
        make: Any = Writer
        writer = make(file)
        writer.write_tile(zxy_to_tileid(3, 6, 2), PICTURE)
        header = {
            "tile_type": TileType.PNG,
            "tile_compression": Compression.NONE,
            "min_lon_e7": 0,
            "min_lat_e7": 0,
            "max_lon_e7": 1,
            "max_lat_e7": 1,
            "center_zoom": 3,
            "center_lon_e7": 0,
            "center_lat_e7": 0,
        }
        writer.finalize(header, {})
    return path


@pytest.mark.parametrize("kind", ["mbtiles", "pmtiles"])
def test_file_gives_its_pictures(kind: str, request: pytest.FixtureRequest) -> None:
    """The picture of a tile must be found, rows counted from the north; elsewhere there is none."""
    path = request.getfixturevalue(kind)
    tiles = open_tiles(str(path))
    assert tiles is not None
    assert tiles.read(PLACE) == PICTURE
    assert tiles.read(TileAddress(3, 6, 5)) is None
    assert (tiles.content_type, tiles.max_zoom) == ("image/png", 3)
    (shown,) = pictures_of(str(path))
    assert shown.url == "/tiles/basemap/{z}/{x}/{y}"
    assert outside_hosts(str(path)) == []


def test_nothing_is_set_by_default() -> None:
    """Without the setting there is no basemap and no outside host."""
    assert pictures_of("") == ()
    assert outside_hosts("") == []
    assert open_tiles("") is None


def test_tianditu_is_completed() -> None:
    """The short address of 天地图 must become a whole WMTS request on its own grid, key kept."""
    base = "https://t{0-7}.tianditu.gov.cn"
    setting = f"{base}/vec_c/wmts?tk=KEY {base}/cva_w/wmts?tk=KEY"
    geographic, mercator = pictures_of(setting)
    for part in ("LAYER=vec", "TILEMATRIXSET=c", "TILEMATRIX={z}", "TILEROW={y}", "tk=KEY"):
        assert part in geographic.url
    assert (geographic.projection, mercator.projection) == ("EPSG:4490", "EPSG:3857")
    assert "LAYER=cva" in mercator.url
    assert outside_hosts(setting) == [f"https://t{n}.tianditu.gov.cn" for n in range(8)]


def test_xyz_is_taken_as_it_is() -> None:
    """An XYZ address must be passed on unchanged; only its own host is opened."""
    url = "https://tiles.example.org:8443/{z}/{x}/{y}.png?key=1"
    assert pictures_of(url)[0].url == url
    assert outside_hosts(url) == ["https://tiles.example.org:8443"]


@pytest.mark.parametrize(
    "setting",
    ["https://example.org/tiles.png", "https://example.org/wmts", "/nowhere/a.mbtiles", "a.tif"],
)
def test_unusable_setting_is_told(setting: str) -> None:
    """What cannot be used must be refused with the setting's name."""
    with pytest.raises(SetUpError, match="FULIANG_BASEMAP"):
        pictures_of(setting)


def test_broken_file_is_told(tmp_path: Path) -> None:
    """A file that is no set of pictures must be refused, not fail later."""
    for name in ("broken.mbtiles", "broken.pmtiles"):
        path = tmp_path / name
        path.write_bytes(b"not tiles at all" * 20)
        with pytest.raises(SetUpError):
            open_tiles(str(path))
