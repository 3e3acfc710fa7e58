"""Boundary points of parcels (界址点坐标) as the text that land offices exchange."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.exchange.plans.coordinates import from_plan
from fuliang_gis.exchange.plans.encodings import GB18030
from fuliang_gis.exchange.plans.notes import Note, NoteCode
from fuliang_gis.exchange.plans.options import TxtOptions
from fuliang_gis.exchange.plans.rings import Ring, rings_of
from fuliang_gis.exchange.plans.values import UNITS
from fuliang_gis.geo.crs import PLANE, PLANE_ZONED
from fuliang_gis.planning.codes import land_uses
from fuliang_gis.planning.parcels import Draft, Parcel

_NEWLINE = "\r\n"
_AREA_DECIMALS = {"ha": 4, "m2": 2}
#: What would end a field or a line; a comma becomes the Chinese one.
_BREAKS = re.compile(r"[\r\n\t]+")


def write_txt(draft: Draft, path: Path, options: TxtOptions) -> list[Note]:
    """Write the parcels' boundary points; return what was changed for it.

    GBK with CRLF; letters that GBK lacks are written as GB18030 has them.
    """
    notes: list[Note] = []
    lines = [*_header(options), "[地块坐标]"]
    for parcel in draft.parcels.values():
        lines += _parcel(parcel, options, notes)
    path.write_bytes((_NEWLINE.join(lines) + _NEWLINE).encode(GB18030))
    return notes


def _header(options: TxtOptions) -> Iterator[str]:
    yield "[属性描述]"
    said = {
        **options.header,
        "坐标系": "2000国家大地坐标系",
        "几度分带": "3",
        "投影类型": "高斯克吕格",
        "计量单位": "米",
        "带号": "39",
        "精度": f"{10.0**-options.decimals:.{options.decimals}f}",
        "转换参数": ",,,,,,",
    }
    yield from (f"{key}={_BREAKS.sub(' ', value)}" for key, value in said.items())


def _parcel(parcel: Parcel, options: TxtOptions, notes: list[Note]) -> Iterator[str]:
    rings = [_points(ring, options) for ring in rings_of(_placed(parcel, options))]
    count = sum(len(ring) for ring in rings)
    use = land_uses(parcel.edition).get(parcel.code)
    area = parcel.geom.area / UNITS[options.area_unit]
    fields = (
        str(count),
        f"{area:.{_AREA_DECIMALS[options.area_unit]}f}",
        _field(parcel, parcel.id, notes),
        _field(parcel, parcel.name, notes),
        "面",
        "",
        use.zh if use else "",
        parcel.code,
        "@",
    )
    yield ",".join(fields)
    begun = 1
    for at, ring in enumerate(rings, 1):
        own = len(ring) - options.repeat_first
        for turn, (east, north) in enumerate(ring):
            # The point that closes a ring is its first one again, by its number too.
            yield _point(options, begun + turn % own, at, east, north)
        begun += own


def _placed(parcel: Parcel, options: TxtOptions) -> BaseGeometry:
    epsg = PLANE_ZONED if options.zoned else PLANE
    # Rounded before they move, so that neighbours and both systems round alike.
    exact = shapely.transform(parcel.geom, lambda points: np.round(points, options.decimals))
    return from_plan(exact, epsg)


def _points(ring: Ring, options: TxtOptions) -> list[tuple[float, float]]:
    rounded = np.round(ring, options.decimals)
    # Points that rounding makes one would count twice.
    kept = [True, *np.any(rounded[1:] != rounded[:-1], axis=1)]
    points = [(float(x), float(y)) for x, y in rounded[kept]]
    return points if options.repeat_first else points[:-1]


def _point(options: TxtOptions, number: int, ring: int, east: float, north: float) -> str:
    pair = (north, east) if options.north_first else (east, north)
    first, second = (f"{value:.{options.decimals}f}" for value in pair)
    return f"{options.prefix}{number},{ring},{first},{second}"


def _field(parcel: Parcel, given: str, notes: list[Note]) -> str:
    written = _BREAKS.sub(" ", given).replace(",", "，").replace("@", "＠")
    if written != given:
        notes.append(
            Note(
                NoteCode.TEXT_CHANGED,
                f"图斑 {parcel.id} 的“{given}”含有界址点格式不能写的符号，写作“{written}”。",
                f"Parcel {parcel.id}: '{given}' was written as '{written}'.",
                parcel=parcel.id,
                value=given,
            )
        )
    return written
