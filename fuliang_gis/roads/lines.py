"""Read a county's own road layer as a network: fields mapped, lines noded, all reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from fuliang_gis.errors import ImportRefused
from fuliang_gis.geo import crs
from fuliang_gis.roads.line_fields import (
    Fields,
    classes_of,
    direction_of,
    found_fields,
    speed_of,
    text_of,
)
from fuliang_gis.roads.line_files import LineTable, Shapes, read_table
from fuliang_gis.roads.models import ROAD_CLASSES
from fuliang_gis.roads.noding import Noded, node
from fuliang_gis.roads.norms import road_norms
from fuliang_gis.roads.taken import DIGITS, Extent, Notes, Taken, TakenEdge

_TOLD = {
    "not_line": "不是线的要素，未导入",
    "no_length": "没有长度的线，未导入",
    "duplicate": "重复的线，只留一条",
    "assumed_degrees": "文件没有注明坐标系，按 CGCS2000 经纬度读取",
    "blank_class": "等级为空的路，按村道导入",
    "bad_speed": "车速无法识别的路，按等级的常速导入",
    "outside": "超出县域范围的路，已裁去超出的部分",
    "joined": "悬挂的端点，已接到邻近道路",
    "spike": "越过路口的短头，已裁去",
    "ring": "首尾相接的环路，已从中间断开",
    "overlap": "与别的路重叠的长度（米），只留一条",
    "short": "不足 1 米的路段，已保留，请核对",
}

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class LineOptions:
    """How a layer is read: its fields, and what the file does not say itself.

    ``snap_m`` joins loose ends within so many metres; ``crs`` is an EPSG code for a file without
    one; ``encoding`` the one of a shape file's table, found out unless given.
    """

    fields: Fields = field(default_factory=Fields)
    snap_m: float = 5.0
    layer: str | None = None
    crs: int | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class _Road:
    """A line (EPSG:4548) as it is driven, and what is known of it; ``row`` counts from 1."""

    line: shapely.LineString
    name: str | None
    road_class: str
    speed: float
    oneway: bool
    surface: str | None
    row: int


def read_lines(path: Path, options: LineOptions, within: Extent | None = None) -> Taken:
    """Read a layer of road lines as a network.

    Args:
        path: A SHP, GPKG or GeoJSON file.
        options: How it is read.
        within: Roads are cut off where they leave this extent (EPSG:4490).

    Raises:
        ImportRefused: The file cannot be read, holds no lines, or its system cannot be used.
        Invalid: A field is missing, or classes are unknown; each is listed.
    """
    notes = Notes(_TOLD)
    table = read_table(path, options.layer, options.crs, options.encoding)
    chosen = found_fields(options.fields, list(table.values))
    if table.assumed:
        notes.add("assumed_degrees")
    lines, rows = _lines(table.shapes, within, notes)
    if not len(lines):
        outside = any(note.code == "outside" for note in notes.list())
        reason = "道路都在县域范围之外。" if outside else "文件中没有线状的道路。"
        raise ImportRefused(file=path.name, reason=f"{reason}请检查是否选错了文件。")
    roads = _roads(lines, rows, table, chosen, notes)
    noded = node([road.line for road in roads], options.snap_m)
    _tell(noded, notes)
    return Taken(_edges(noded, roads), (), notes.list())


def _lines(shapes: Shapes, within: Extent | None, notes: Notes) -> tuple[Shapes, Ints]:
    """Return lines of some length, each once, inside the extent, and the row each came from."""
    parts, rows = shapely.get_parts(shapes, return_index=True)
    rows += 1
    # What is missing has no parts.
    missing = np.setdiff1d(np.arange(1, len(shapes) + 1), rows)
    is_line = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    _note(notes, "not_line", np.union1d(missing, rows[~is_line]))
    parts, rows = parts[is_line], rows[is_line]
    long = shapely.length(parts) > 0
    _note(notes, "no_length", rows[~long])
    parts, rows = parts[long], rows[long]
    plain = shapely.to_wkb(shapely.normalize(parts))
    first = np.sort(np.unique(plain, return_index=True)[1]) if len(plain) else np.array([], int)
    _note(notes, "duplicate", np.delete(rows, first))
    return _clipped(parts[first], rows[first], within, notes)


def _clipped(lines: Shapes, rows: Ints, within: Extent | None, notes: Notes) -> tuple[Shapes, Ints]:
    if within is None or not len(lines):
        return lines, rows
    # Parallels are bent on the plane.
    box = crs.reproject(shapely.segmentize(shapely.box(*within), 0.01), crs.GEOGRAPHIC, crs.PLANE)
    shapely.prepare(box)
    leaving = ~shapely.contains_properly(box, lines)
    _note(notes, "outside", rows[leaving])
    cut = lines.copy()
    cut[leaving] = shapely.intersection(lines[leaving], box)
    parts, owner = shapely.get_parts(cut, return_index=True)
    kept = shapely.length(parts) > 0
    return parts[kept], rows[owner[kept]]


def _note(notes: Notes, code: str, rows: Ints) -> None:
    for row in np.unique(rows).tolist():
        notes.add(code, f"第 {row} 个要素")


def _roads(
    lines: Shapes, rows: Ints, table: LineTable, chosen: Fields, notes: Notes
) -> list[_Road]:
    """Return the roads, higher classes first: where roads lie on each other, those stay."""
    norms = road_norms()
    classes = classes_of(_values(table, chosen.road_class, rows), chosen.classes, norms)
    told = [
        _values(table, name, rows)
        for name in (chosen.name, chosen.road_class, chosen.speed, chosen.oneway, chosen.surface)
    ]
    roads = []
    for line, row, road_class, name, raw, speed, oneway, surface in zip(
        lines, rows.tolist(), classes, *told, strict=True
    ):
        if not text_of(raw):
            notes.add("blank_class", f"第 {row} 个要素")
        usual = speed_of(speed, road_class, norms)
        if usual is None:
            notes.add("bad_speed", f"第 {row} 个要素“{text_of(speed)}”")
            usual = norms.class_speed[road_class]
        way = direction_of(oneway)
        drawn = line.reverse() if way < 0 else line
        named, paved = text_of(name) or None, text_of(surface) or None
        roads.append(_Road(drawn, named, road_class, usual, way != 0, paved, row))
    ranks = list(ROAD_CLASSES)
    return sorted(roads, key=lambda road: ranks.index(road.road_class))


def _values(table: LineTable, name: str | None, rows: Ints) -> list[object]:
    if name is None:
        return [None] * len(rows)
    column = table.values[name]
    return [column[row - 1] for row in rows.tolist()]


def _tell(noded: Noded, notes: Notes) -> None:
    for each in noded.joined:
        lon, lat = crs.to_geographic(np.array([each.place]))[0]
        notes.add("joined", f"{lon:.6f}, {lat:.6f}（{each.metres:.1f} 米）")
    notes.add("spike", count=noded.spikes)
    notes.add("ring", count=noded.rings)
    notes.add("short", count=noded.short)
    notes.add("overlap", count=round(noded.doubled))


def _edges(noded: Noded, roads: Sequence[_Road]) -> list[TakenEdge]:
    points, owner = shapely.get_coordinates(noded.pieces, return_index=True)
    placed = np.round(crs.to_geographic(points), DIGITS)
    lines = np.atleast_1d(np.asarray(shapely.linestrings(placed, indices=owner)))
    return [
        TakenEdge(
            road.name,
            road.road_class,
            road.speed,
            road.oneway,
            road.surface,
            f"line/{road.row}",
            int(a),
            int(b),
            line,
        )
        for line, road, (a, b) in zip(
            lines, (roads[i] for i in noded.source.tolist()), noded.ends.tolist(), strict=True
        )
    ]
