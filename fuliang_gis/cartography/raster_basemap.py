"""An optional basemap of pictures: outside tiles by address, or a file beside the service.

Without the setting there is none, and nothing leaves the machine.
"""

from __future__ import annotations

import mmap
import re
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from pmtiles.reader import Reader
from pmtiles.tile import MagicNumberNotFound, SpecVersionUnsupported, TileType

from fuliang_gis.cartography.grid import TileAddress
from fuliang_gis.errors import SetUpError

FILE_TILES = "/tiles/basemap/{z}/{x}/{y}"
MERCATOR, GEOGRAPHIC = "EPSG:3857", "EPSG:4490"

_DEEPEST = 18
_TYPES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp"}
_PMTILES_TYPES = {
    TileType.PNG: "image/png",
    TileType.JPEG: "image/jpeg",
    TileType.WEBP: "image/webp",
    TileType.AVIF: "image/avif",
}
_UNREADABLE = (
    sqlite3.Error,
    ValueError,
    OSError,
    KeyError,
    TypeError,
    MagicNumberNotFound,
    SpecVersionUnsupported,
)
#: A range of servers in an address: {0-7}, {a-d}.
_RANGE = re.compile(r"\{([0-9a-z])-([0-9a-z])\}")


@dataclass(frozen=True)
class Pictures:
    """Tiles of pictures for the map: address with {z}, {x}, {y}; grid; deepest level held."""

    url: str
    projection: str
    max_zoom: int
    attribution: str


class PictureTiles(Protocol):
    """A file of tiles."""

    content_type: str
    max_zoom: int

    def read(self, address: TileAddress) -> bytes | None:
        """Return one picture; None where the file has none."""


def pictures_of(setting: str) -> tuple[Pictures, ...]:
    """Return what the map shows for a setting.

    Raises:
        SetUpError: The setting cannot be used.
    """
    if not setting:
        return ()
    if _is_outside(setting):
        return tuple(_outside(url) for url in setting.split())
    tiles = open_tiles(setting)
    deepest = tiles.max_zoom if tiles else _DEEPEST
    return (Pictures(FILE_TILES, MERCATOR, deepest, ""),)


def outside_hosts(setting: str) -> list[str]:
    """Return the origins that pictures come from, as a content security policy names them.

    >>> outside_hosts("https://t{0-1}.example.org/{z}/{x}/{y}.png")
    ['https://t0.example.org', 'https://t1.example.org']
    """
    hosts: list[str] = []
    for url in setting.split() if _is_outside(setting) else ():
        parts = urlsplit(url)
        hosts += [f"{parts.scheme}://{host}" for host in _expanded(parts.netloc)]
    return list(dict.fromkeys(hosts))


def open_tiles(setting: str) -> PictureTiles | None:
    """Open the file that the setting names; None when it names none.

    Raises:
        SetUpError: There is no such file, or it holds no pictures.
    """
    if not setting or _is_outside(setting):
        return None
    path = Path(setting)
    kinds: dict[str, Callable[[Path], PictureTiles]] = {".mbtiles": MBTiles, ".pmtiles": PMTiles}
    if path.suffix not in kinds:
        raise _refused(setting, "应为 http(s) 地址，或 .mbtiles、.pmtiles 文件")
    if not path.is_file():
        raise _refused(setting, "没有这个文件")
    try:
        return kinds[path.suffix](path)
    except _UNREADABLE as error:
        raise _refused(setting, f"文件不能读取或不是图片瓦片（{error}）") from error


class MBTiles:
    """An .mbtiles file (SQLite), opened for reading only, a connection a request."""

    def __init__(self, path: Path) -> None:
        """Read what the file says of itself."""
        self._address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        with closing(self._connect()) as connection:
            stated = dict(connection.execute("select name, value from metadata"))
            deepest = connection.execute("select max(zoom_level) from tiles").fetchone()[0]
        self.content_type = _TYPES[stated.get("format", "png")]
        self.max_zoom = int(deepest)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._address, uri=True)

    def read(self, address: TileAddress) -> bytes | None:
        """Return one picture; rows count from the south in these files."""
        row = 2**address.z - 1 - address.y
        asked = (address.z, address.x, row)
        with closing(self._connect()) as connection:
            found = connection.execute(
                "select tile_data from tiles"
                " where zoom_level = ? and tile_column = ? and tile_row = ?",
                asked,
            ).fetchone()
        return bytes(found[0]) if found else None


class PMTiles:
    """A .pmtiles file, mapped into memory."""

    def __init__(self, path: Path) -> None:
        """Read the file's header."""
        with path.open("rb") as file:
            held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        # The library carries no types.
        reader: Any = Reader
        self._reader = reader(lambda at, length: held[at : at + length])
        header: Mapping[str, Any] = self._reader.header()
        self.content_type = _PMTILES_TYPES[header["tile_type"]]
        self.max_zoom = int(header["max_zoom"])

    def read(self, address: TileAddress) -> bytes | None:
        """Return one picture."""
        found: bytes | None = self._reader.get(address.z, address.x, address.y)
        return found


def _is_outside(setting: str) -> bool:
    return setting.startswith(("http://", "https://"))


def _refused(setting: str, reason: str) -> SetUpError:
    zh = f"FULIANG_BASEMAP“{setting}”不能用作底图：{reason}。说明见 docs/how-to/basemap.md。"
    en = f"FULIANG_BASEMAP '{setting}' cannot be used. See docs/how-to/basemap.md."
    return SetUpError(reason=zh, reason_en=en)


def _expanded(host: str) -> list[str]:
    found = _RANGE.search(host)
    if not found:
        return [host]
    first, last = (ord(edge) for edge in found.groups())
    return [_RANGE.sub(chr(each), host, count=1) for each in range(first, last + 1)]


def _outside(url: str) -> Pictures:
    attribution = "底图 © 天地图" if ".tianditu.gov.cn" in url else ""
    if all(part in url for part in ("{z}", "{x}", "{y}")) and "wmts" not in url.lower():
        return Pictures(url, MERCATOR, _DEEPEST, attribution)
    if "wmts" not in url.lower():
        raise _refused(url, "XYZ 地址须含 {z}、{x}、{y}")
    return _wmts(url, attribution)


def _wmts(url: str, attribution: str) -> Pictures:
    """Complete a WMTS address; 天地图 names layer and grid in its path, as in /vec_c/wmts?tk=…."""
    address, _, query = url.partition("?")
    given = {name.upper(): value for name, value in parse_qsl(query)}
    layer, grid = _named_in_path(address)
    asked = {
        "SERVICE": "WMTS",
        "REQUEST": "GetTile",
        "VERSION": "1.0.0",
        "LAYER": given.pop("LAYER", layer),
        "STYLE": given.pop("STYLE", "default"),
        "TILEMATRIXSET": given.pop("TILEMATRIXSET", grid),
        "FORMAT": given.pop("FORMAT", "tiles"),
    }
    for name in ("SERVICE", "REQUEST", "VERSION", "TILEMATRIX", "TILEROW", "TILECOL"):
        given.pop(name, None)
    if not asked["LAYER"] or not asked["TILEMATRIXSET"]:
        raise _refused(url, "WMTS 地址须写明 LAYER 与 TILEMATRIXSET")
    place = "TILEMATRIX={z}&TILEROW={y}&TILECOL={x}"
    key = {"tk" if name == "TK" else name: value for name, value in given.items()}
    complete = f"{address}?{urlencode(asked)}&{place}" + (f"&{urlencode(key)}" if key else "")
    projection = GEOGRAPHIC if asked["TILEMATRIXSET"] == "c" else MERCATOR
    return Pictures(complete, projection, _DEEPEST, attribution)


def _named_in_path(address: str) -> tuple[str, str]:
    found = re.search(r"/([a-z]+)_([cw])/wmts$", address)
    return (found[1], found[2]) if found else ("", "")
