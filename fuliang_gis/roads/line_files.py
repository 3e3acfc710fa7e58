"""Open a county's own line file (SHP, GPKG, GeoJSON): its fields, and its shapes on the plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FieldError
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from fuliang_gis.errors import ImportRefused
from fuliang_gis.geo import crs

SUFFIXES = (".shp", ".gpkg", ".geojson", ".json")
#: How a datum may be written that counts as CGCS2000.
_DATUMS = ("china2000", "cgcs2000", "chinageodetic", "wgs84", "wgs1984", "worldgeodeticsystem1984")
_ASK = "请用 --crs 指明，例如 --crs 4548（117° E）、--crs 4527（39 带）"

Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class LineTable:
    """A layer: values by field, and shapes on the plane (EPSG:4548), None where there is none.

    ``assumed`` tells that the file states no coordinate system and was read as degrees.
    """

    values: Mapping[str, Sequence[object]]
    shapes: Shapes
    assumed: bool


def read_table(
    path: Path, layer: str | None = None, epsg: int | None = None, encoding: str | None = None
) -> LineTable:
    """Read one layer of a file.

    Args:
        path: The file.
        layer: Which of several layers.
        epsg: The system of a file that states none, or a wrong one.
        encoding: That of a shape file's table; found out unless given.

    Raises:
        ImportRefused: The file cannot be read, or its coordinate system cannot be used.
    """
    if path.suffix.lower() not in SUFFIXES:
        reason = f"不支持这种格式（应为 {'、'.join(SUFFIXES)}，或 OSM 的 .osm.pbf）。"
        raise ImportRefused(file=path.name, reason=reason)
    if encoding is None and path.suffix.lower() == ".shp":
        encoding = encoding_of(path)
    try:
        wanted = _layer(path, layer)
        meta, _, wkb, columns = pyogrio.raw.read(
            path, layer=wanted, encoding=encoding, force_2d=True
        )
    except (DataSourceError, DataLayerError, FieldError, LookupError, ValueError) as error:
        reason = (
            f"无法读取（{str(error).strip() or '文件损坏'}）。"
            "SHP 须同时有 .shp、.shx、.dbf、.prj；请用 GIS 软件另存后再导入。"
        )
        raise ImportRefused(file=path.name, reason=reason) from error
    if wkb is None:
        raise ImportRefused(file=path.name, reason="文件中没有图形。请检查是否选错了文件。")
    shapes: Shapes = shapely.from_wkb(wkb, on_invalid="ignore")
    stated = _system(meta.get("crs"), epsg, path)
    system = stated or _guessed(shapes, path)
    values = {
        str(name): column.tolist() for name, column in zip(meta["fields"], columns, strict=True)
    }
    return LineTable(values, _on_plane(shapes, system, path), stated is None)


def _layer(path: Path, wanted: str | None) -> str | None:
    layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
    if wanted is not None and wanted not in layers:
        reason = f"没有图层“{wanted}”；有：{'、'.join(layers) or '（无）'}。"
        raise ImportRefused(file=path.name, reason=reason)
    if wanted is None and len(layers) > 1:
        reason = f"文件中有 {len(layers)} 个图层（{'、'.join(layers)}），请用 --layer 指明一个。"
        raise ImportRefused(file=path.name, reason=reason)
    return wanted or (layers[0] if layers else None)


def encoding_of(shape: Path) -> str | None:
    """Return the encoding of a shape file's table where nothing states one; None: it is stated."""
    beside = {each.suffix.lower(): each for each in shape.parent.glob(f"{shape.stem}.*")}
    table = beside.get(".dbf")
    if ".cpg" in beside or table is None:
        return None
    content = table.read_bytes()
    # Byte 29 names the code page; offices' programs often leave it out and write GBK.
    if len(content) < 32 or content[29] != 0:
        return None
    try:
        content[32:].decode("utf-8")
    except UnicodeDecodeError:
        return "GB18030"
    return "UTF-8"


def _system(stated: object, epsg: int | None, path: Path) -> CRS | None:
    try:
        if epsg is not None:
            return CRS.from_epsg(epsg)
        return CRS.from_user_input(stated) if stated else None
    except CRSError as error:
        told = f"没有 EPSG:{epsg} 这个坐标系" if epsg else "坐标系的说明（.prj）无法识别"
        raise ImportRefused(file=path.name, reason=f"{told}。{_ASK}。") from error


def _guessed(shapes: Shapes, path: Path) -> CRS:
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    if max(abs(west), abs(east)) <= 180 and max(abs(south), abs(north)) <= 90:
        return CRS.from_epsg(crs.GEOGRAPHIC)
    zone = int(west // 1_000_000)
    like = f"，像是 3 度带第 {zone} 带（EPSG:{4488 + zone}）" if 25 <= zone <= 45 else ""
    raise ImportRefused(
        file=path.name, reason=f"没有注明坐标系（缺 .prj），坐标是平面坐标{like}。{_ASK}。"
    )


def _on_plane(shapes: Shapes, system: CRS, path: Path) -> Shapes:
    if not _usable(system):
        reason = (
            f"坐标系是“{system.name}”，不是 CGCS2000。请先用测绘部门的参数转换到 CGCS2000 再导入。"
        )
        raise ImportRefused(file=path.name, reason=reason)
    try:
        change = Transformer.from_crs(system, crs.PLANE, always_xy=True).transform
        moved = shapely.transform(
            shapes, lambda points: np.column_stack(change(points[:, 0], points[:, 1]))
        )
    except ProjError as error:
        reason = f"无法从“{system.name}”转换坐标（{error}）。{_ASK}。"
        raise ImportRefused(file=path.name, reason=reason) from error
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        reason = f"坐标超出“{system.name}”的范围，坐标系可能注明有误。{_ASK}。"
        raise ImportRefused(file=path.name, reason=reason)
    return np.asarray(moved, dtype=object)


def _usable(system: CRS) -> bool:
    known = system.geodetic_crs
    names = f"{known.name} {known.datum.name if known.datum else ''}" if known else system.name
    plain = "".join(each for each in names.lower() if each.isalnum())
    return any(datum in plain for datum in _DATUMS)
