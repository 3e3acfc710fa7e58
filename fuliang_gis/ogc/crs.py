"""Coordinate systems that clients may ask for, with the axis order of their authority."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.errors import BadParameter
from fuliang_gis.geo import crs as systems

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/%d"
_OFFERED = (
    systems.GEOGRAPHIC,
    systems.PLANE,
    systems.PLANE_ZONED,
    systems.WEB_MERCATOR,
    systems.WGS84,
)
_SHORT = re.compile(r"\[?(EPSG|OGC):(\w+)\]?")

#: Digits after the point: about a centimetre in degrees, a tenth of a millimetre in metres.
_DEGREE_DIGITS = 7
_METRE_DIGITS = 4


@dataclass(frozen=True)
class Crs:
    """One coordinate system as a client names it.

    ``flipped`` says that northing or latitude comes first; PostGIS and shapely keep it second.
    """

    uri: str
    epsg: int
    flipped: bool
    geographic: bool

    @property
    def digits(self) -> int:
        """Decimals to write."""
        return _DEGREE_DIGITS if self.geographic else _METRE_DIGITS

    def geometry_sql(self, column: str) -> str:
        """Return the SQL that turns a stored geometry (EPSG:4490, lon/lat) into this system."""
        # CGCS2000 and WGS 84 differ by centimetres and count as equal in the whole project.
        same = self.epsg in (systems.GEOGRAPHIC, systems.WGS84)
        moved = column if same else f"ST_Transform({column}, {self.epsg})"
        return f"ST_FlipCoordinates({moved})" if self.flipped else moved

    def to_stored(self, geometry: BaseGeometry) -> BaseGeometry:
        """Return a geometry written in this system as EPSG:4490, lon/lat."""
        ordered = shapely.transform(geometry, lambda xy: xy[:, ::-1]) if self.flipped else geometry
        if self.epsg in (systems.GEOGRAPHIC, systems.WGS84):
            return ordered
        return systems.reproject(ordered, self.epsg, systems.GEOGRAPHIC)


@cache
def offered() -> Mapping[str, Crs]:
    """Return every system on offer by its address; the default first."""
    made = [Crs(CRS84, systems.WGS84, flipped=False, geographic=True)]
    made += [_by_authority(code) for code in _OFFERED]
    return {each.uri: each for each in made}


def _by_authority(code: int) -> Crs:
    defined = pyproj.CRS.from_epsg(code)
    first = defined.axis_info[0].direction
    return Crs(_EPSG % code, code, flipped=first == "north", geographic=defined.is_geographic)


def stored() -> Crs:
    """Return the system that coordinates are stored in."""
    return offered()[_EPSG % systems.GEOGRAPHIC]


def find(given: str | None, parameter: str) -> Crs:
    """Return the system of that address or short name (``EPSG:4548``); CRS84 where none is given.

    Raises:
        BadParameter: It is not on offer.
    """
    name = given or CRS84
    if short := _SHORT.fullmatch(name):
        authority, code = short.groups()
        name = CRS84 if authority == "OGC" else f"http://www.opengis.net/def/crs/EPSG/0/{code}"
    try:
        return offered()[name]
    except KeyError:
        raise BadParameter(
            name=parameter,
            field=parameter,
            reason=f"不支持坐标系“{given}”，可用：{'、'.join(offered())}",
            reason_en=f"'{given}' is not offered; choose one of {', '.join(offered())}",
        ) from None
