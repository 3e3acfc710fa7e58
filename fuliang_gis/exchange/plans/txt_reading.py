"""Boundary points (界址点坐标) as a raw layer, in whichever of the usual ways they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fuliang_gis.exchange.plans.encodings import guess
from fuliang_gis.exchange.plans.fields import Role
from fuliang_gis.exchange.plans.notes import Note, NoteCode, refusal
from fuliang_gis.exchange.plans.raw import RawLayer, RawRow, Reading, Value
from fuliang_gis.exchange.plans.rings import Ring, area_of, closed_ring
from fuliang_gis.geo.crs import PLANE, PLANE_ZONED

COLUMNS = ("地块编号", "面积", "地块名称", "图幅号", "用途", "地类编码")
_PREFIX = 1_000_000.0
_LEAST_RING = 4
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass
class _Parcel:
    line: int
    fields: list[str]
    rings: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    points: int = 0


def read_txt(path: Path, reading: Reading) -> list[RawLayer]:
    """Return the parcels of a text as one layer; X is taken for north by its size.

    Raises:
        Invalid: It is no such text, a line cannot be read, or it is in another system or zone.
    """
    content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    try:
        lines = content.decode(reading.encoding or guess(content)).splitlines()
    except (UnicodeDecodeError, LookupError) as error:
        raise refusal(
            "encoding_unknown",
            "文本的编码看不出来，请另存为 GBK 或 UTF-8 后重新导入。",
            "The text's encoding is unknown; save it as GBK or UTF-8.",
            "encoding",
        ) from error
    header = _header(lines)
    _refuse_other_systems(header)
    parcels = list(_parcels(lines))
    east_first, zoned = _order(parcels)
    notes: list[Note] = []
    rows = [_row(at, parcel, notes, east_first=east_first) for at, parcel in enumerate(parcels, 1)]
    crs = _stated(header, zoned=zoned)
    return [RawLayer(path.stem, COLUMNS, rows, crs, tuple(notes), Role.PARCELS)]


def _header(lines: list[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        if line.strip() == "[地块坐标]":
            return found
        key, equals, value = line.partition("=")
        if equals:
            found[key.strip()] = value.strip()
    raise refusal(
        "txt_no_section",
        "文本里没有“[地块坐标]”一行，不是界址点坐标文件。请检查文件，或重新导出。",
        "The text has no line '[地块坐标]'; it holds no boundary points.",
    )


def _refuse_other_systems(header: Mapping[str, str]) -> None:
    system, zone, degrees = (header.get(key, "") for key in ("坐标系", "带号", "几度分带"))
    known = not system or "2000" in system
    if known and zone in ("", "39") and degrees in ("", "3"):
        return
    raise refusal(
        "crs_unknown",
        f"界址点的坐标系写作“{system or '未写'}，{degrees or '?'} 度分带，{zone or '?'} 带”，"
        "不能使用。"
        "请转换到 2000 国家大地坐标系 3 度分带第 39 带后再导入。",
        f"The boundary points are in another system ({system}, zone {zone}). Convert them first.",
        "crs",
    )


def _stated(header: Mapping[str, str], *, zoned: bool) -> str | None:
    """Return the system that the header and the size of eastings tell; without zone, neither."""
    if header.get("带号") == "39" and "2000" in header.get("坐标系", ""):
        return f"EPSG:{PLANE_ZONED if zoned else PLANE}"
    return None


def _parcels(lines: list[str]) -> Iterator[_Parcel]:
    current: _Parcel | None = None
    begun = False
    for number, line in enumerate(lines, 1):
        # Some hands write Chinese commas throughout; within a parcel's name they stay.
        written = line.strip()
        if not (written.endswith("@") and "," in written):
            written = written.replace("，", ",")
        if not begun or not written:
            begun = begun or written == "[地块坐标]"
            continue
        fields = [each.strip() for each in written.split(",")]
        if fields[-1] == "@":
            if current is not None:
                yield current
            current = _Parcel(number, fields)
        elif current is None:
            raise _bad_line(number, line)
        else:
            _add_point(current, fields, number, line)
    if current is not None:
        yield current


def _add_point(parcel: _Parcel, fields: list[str], number: int, line: str) -> None:
    numbers = [each for each in fields[2:4] if _NUMBER.fullmatch(each)]
    if len(numbers) != 2:
        raise _bad_line(number, line)
    parcel.rings.setdefault(fields[1], []).append((float(numbers[0]), float(numbers[1])))
    parcel.points += 1


def _bad_line(number: int, line: str) -> Exception:
    return refusal(
        "txt_bad_line",
        f"第 {number} 行无法识别：“{line.strip()[:40]}”。"
        "地块行应以“,@”结尾，坐标行应为“点号,圈号,X,Y”。请改正后重新导入。",
        f"Line {number} cannot be read: '{line.strip()[:40]}'.",
    )


def _order(parcels: list[_Parcel]) -> tuple[bool, bool]:
    """Tell whether eastings come first, and whether they begin with a zone's number."""
    points = np.array([p for each in parcels for ring in each.rings.values() for p in ring])
    if not len(points):
        return False, True
    first, second = (float(value) for value in np.median(points, axis=0))
    if max(first, second) >= 10 * _PREFIX:
        return first > second, True
    # Without a zone an easting is smaller than any northing of China.
    return first < second, False


def _row(number: int, parcel: _Parcel, notes: list[Note], *, east_first: bool) -> RawRow:
    fields = parcel.fields
    rings = [_ring(points, east_first=east_first) for points in parcel.rings.values()]
    if (said := fields[0]).isdigit() and int(said) != parcel.points:
        notes.append(
            Note(
                NoteCode.COUNT_DIFFERS,
                f"第 {number} 个地块写明 {said} 点，实有 {parcel.points} 点，按实有导入。",
                f"Parcel {number} states {said} points and has {parcel.points}.",
                row=number,
                value=said,
            )
        )
    closed = [ring for ring in rings if len(ring) >= _LEAST_RING]
    if len(closed) < len(rings):
        notes.append(
            Note(
                NoteCode.NOT_CLOSED,
                f"第 {number} 个地块有 {len(rings) - len(closed)} 个圈不足三点，已略去。",
                f"Parcel {number}: rings of fewer than three points were left out.",
                row=number,
            )
        )
    padded = [*fields[1:-1], *[""] * 7][:7]
    area, name_id, name, _, sheet, use, code = padded
    values: dict[str, Value] = dict(
        zip(COLUMNS, (name_id, area, name, sheet, use, code), strict=True)
    )
    return RawRow(number, area_of(closed) if closed else None, values)


def _ring(points: list[tuple[float, float]], *, east_first: bool) -> Ring:
    ring = np.array(points)
    return closed_ring(ring if east_first else ring[:, ::-1])
