"""Which coordinate system a file is in: as it says, as it looks, and as a person confirms.

Coordinates are compared with what the systems of the county look like by their size alone; a file
that says nothing is never taken on a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from fuliang_gis.areas.reference import county_outline
from fuliang_gis.exchange.plans.notes import refusal
from fuliang_gis.geo.crs import (
    GEOGRAPHIC,
    PLANE,
    PLANE_ZONED,
    WGS84,
    Shape,
    reproject,
    transformer,
)
from fuliang_gis.planning.parcels import DIGITS

#: What a plan may come in.
NAMES = {
    GEOGRAPHIC: "CGCS2000 经纬度",
    PLANE_ZONED: "CGCS2000 3 度带第 39 带（横坐标带带号）",
    PLANE: "CGCS2000 3 度带，中央经线 117°E（横坐标不带带号）",
    WGS84: "WGS 84 经纬度",
}
_DEGREES = (GEOGRAPHIC, WGS84)
_ZONE = 39
_PREFIX = 1_000_000.0
#: Eastings within a 3° zone without its number, and northings of China [m].
_EASTINGS = (300_000.0, 700_000.0)
_NORTHINGS = (1_900_000.0, 6_000_000.0)
_LONGITUDES, _LATITUDES = (73.0, 136.0), (17.0, 54.0)

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Look:
    """What coordinates look like: an EPSG code if it is one of ours, and whether X is north."""

    epsg: int | None
    zh: str
    en: str
    swapped: bool = False


def look(bounds: Bounds) -> Look:
    """Tell by the size of coordinates which system they are of.

    >>> look((39_530_000, 3_260_000, 39_531_000, 3_261_000)).epsg
    4527
    >>> look((29.3, 117.2, 29.4, 117.3)).swapped
    True
    >>> look((40_530_000, 3_260_000, 40_531_000, 3_261_000)).zh
    '第 40 带的平面坐标'
    """
    straight = _looks(bounds)
    if straight is not None:
        return straight
    left, bottom, right, top = bounds
    turned = _looks((bottom, left, top, right))
    if turned is not None:
        return replace(turned, swapped=True)
    return Look(None, "不是国家坐标系的坐标", "no coordinates of a national system")


def _looks(bounds: Bounds) -> Look | None:
    left, bottom, right, top = bounds
    if _within(left, right, _LONGITUDES) and _within(bottom, top, _LATITUDES):
        return Look(GEOGRAPHIC, "经纬度", "longitude and latitude")
    if not _within(bottom, top, _NORTHINGS):
        return None
    if _within(left, right, _EASTINGS):
        return Look(PLANE, "不带带号的平面坐标", "plane coordinates without zone number")
    zone = int(left // _PREFIX)
    if 13 <= zone <= 45 and _within(left - zone * _PREFIX, right - zone * _PREFIX, _EASTINGS):
        epsg = PLANE_ZONED if zone == _ZONE else None
        return Look(epsg, f"第 {zone} 带的平面坐标", f"plane coordinates of zone {zone}")
    if _within(left / 111_319.49, right / 111_319.49, (116.0, 119.0)):
        return Look(None, "网络墨卡托坐标（EPSG:3857）", "Web Mercator coordinates")
    return None


def _within(low: float, high: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= low and high <= limits[1]


def looks_like_degrees(bounds: Bounds) -> bool:
    """Tell whether coordinates are longitude and latitude within China."""
    seen = look(bounds)
    return seen.epsg in _DEGREES


def stated_epsg(stated: str | None) -> int | None:
    """Return the EPSG code of what a file says, 0 if it says one that has none, None if nothing.

    >>> stated_epsg("EPSG:4527"), stated_epsg(None), stated_epsg("")
    (4527, None, None)
    """
    if not stated:
        return None
    try:
        return CRS.from_user_input(stated).to_epsg(min_confidence=25) or 0
    except CRSError:
        return 0


@dataclass(frozen=True)
class Settled:
    """The system that coordinates are read in; ``swapped``: north or latitude comes first."""

    epsg: int
    swapped: bool = False


def settle(stated: str | None, asked: int | None, bounds: Bounds, *, swap: bool = False) -> Settled:
    """Return which system a file is read in.

    Args:
        stated: What the file says: a WKT or an authority's code.
        asked: What a person says; it goes before what the file says.
        bounds: The least and greatest coordinates as they stand.
        swap: A person confirms that north or latitude comes first.

    Raises:
        Invalid: It says nothing, or something else than ours, or the coordinates do not fit it.
    """
    seen = look(bounds)
    if asked is not None and asked not in NAMES:
        raise _unknown(f"EPSG:{asked}", seen)
    said = asked if asked is not None else stated_epsg(stated)
    if said is None:
        raise _missing(seen)
    if said not in NAMES:
        raise _unknown(f"EPSG:{said}" if said else (stated or "")[:60], seen)
    if not _fits(said, seen):
        raise _differs(said, seen)
    if seen.swapped and not swap:
        raise refusal(
            "axes_swapped",
            f"坐标的 X、Y 次序相反：像是{seen.zh}，但北坐标（纬度）写在前面。"
            "请勾选“X、Y 对调”后重新导入，或在原软件中改正次序。",
            "North or latitude comes first. Import again with the axes swapped.",
            "swap",
        )
    return Settled(said, seen.swapped)


def _fits(epsg: int, seen: Look) -> bool:
    return epsg == seen.epsg or (epsg in _DEGREES and seen.epsg in _DEGREES)


def _missing(seen: Look) -> Exception:
    if seen.epsg is None:
        return _unknown("", seen)
    return refusal(
        "crs_confirm",
        f"文件没有写坐标系。按坐标大小像是{seen.zh}，即 EPSG:{seen.epsg}（{NAMES[seen.epsg]}）。"
        f"请向数据提供单位核实，确认后选择 EPSG:{seen.epsg} 重新导入。",
        f"The file names no coordinate system; it looks like EPSG:{seen.epsg}. Confirm it.",
        "crs",
    )


def _unknown(named: str, seen: Look) -> Exception:
    said = f"文件的坐标系是 {named}，不能使用；" if named else "文件没有写坐标系；"
    offered = "、".join(f"EPSG:{code}" for code in NAMES)
    return refusal(
        "crs_unknown",
        f"{said}坐标看起来是{seen.zh}。请在原软件中转换到 CGCS2000（{offered}）后再导入；"
        "西安 80、北京 54 和地方坐标系须用法定转换参数，本系统不代为转换。",
        f"The coordinate system cannot be used ({named or 'none named'}): {seen.en}. "
        f"Convert the file to one of {', '.join(str(code) for code in NAMES)}.",
        "crs",
    )


def _differs(said: int, seen: Look) -> Exception:
    advice = (
        f"请选择 EPSG:{seen.epsg}（{NAMES[seen.epsg]}）重新导入"
        if seen.epsg is not None
        else "请在原软件中核对并转换到 CGCS2000 第 39 带"
    )
    return refusal(
        "crs_differs",
        f"坐标系写作 EPSG:{said}（{NAMES[said]}），坐标却像是{seen.zh}。{advice}，"
        "或在原软件中改正后再导入。",
        f"EPSG:{said} does not fit the coordinates, which look like {seen.en}.",
        "crs",
    )


Geometries = NDArray[np.object_]


def to_plan(shapes: Geometries, settled: Settled) -> Geometries:
    """Return geometries on the plan's plane (EPSG:4548), rounded to what plans are kept to."""
    change = None if settled.epsg == PLANE else transformer(settled.epsg, PLANE).transform

    def placed(points: NDArray[np.float64]) -> NDArray[np.float64]:
        turned = points[:, ::-1] if settled.swapped else points
        moved = turned if change is None else np.column_stack(change(turned[:, 0], turned[:, 1]))
        return np.round(moved, DIGITS)

    return np.asarray(shapely.transform(shapes, placed), dtype=object)


def from_plan(shapes: Shape, epsg: int) -> Shape:
    """Return geometries of the plan's plane in another of our systems, easting first."""
    return shapes if epsg == PLANE else reproject(shapes, PLANE, epsg)


def in_county(bounds: Bounds) -> bool:
    """Tell whether an extent of the plan's plane meets the county's own, roughly."""
    left, bottom, right, top = _county()
    return bounds[0] < right and bounds[2] > left and bounds[1] < top and bounds[3] > bottom


@cache
def _county() -> Bounds:
    west, south, east, north = reproject(county_outline().envelope, GEOGRAPHIC, PLANE).bounds
    return west, south, east, north
