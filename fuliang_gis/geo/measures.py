"""Areas and lengths, on the ellipsoid of CGCS2000 and on its plane, in the units offices use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from fuliang_gis.geo import crs

#: CGCS2000's ellipsoid differs from GRS80 by a tenth of a millimetre in the minor axis.
GEOD = Geod(a=6378137.0, rf=298.257222101)

_HECTARE = 10_000.0
#: 15 mu are one hectare.
_MU = _HECTARE / 15


def ellipsoid_area(geometry: BaseGeometry) -> float:
    """Return the area [m²] of an EPSG:4490 geometry on the ellipsoid; holes count off.

    >>> round(ellipsoid_area(shapely.box(117.0, 29.0, 117.01, 29.01)))
    1079920
    >>> ellipsoid_area(shapely.Polygon())
    0.0
    """
    oriented = [shapely.orient_polygons(part) for part in shapely.get_parts(geometry)]
    return float(sum(abs(GEOD.geometry_area_perimeter(part)[0]) for part in oriented))


def ellipsoid_length(geometry: BaseGeometry) -> float:
    """Return the length [m] of an EPSG:4490 line on the ellipsoid.

    >>> round(ellipsoid_length(shapely.LineString([(117.0, 29.0), (117.0, 29.01)])), 1)
    1108.4
    """
    return float(sum(GEOD.geometry_length(part) for part in shapely.get_parts(geometry)))


def line_lengths(lines: Sequence[BaseGeometry]) -> NDArray[np.float64]:
    """Return the length [m] of each of many EPSG:4490 lines on the ellipsoid, shape ``(lines,)``.

    >>> line_lengths([shapely.LineString([(117.0, 29.0), (117.0, 29.01)])]).round(1).tolist()
    [1108.4]
    """
    points, owner = shapely.get_coordinates(np.asarray(lines), return_index=True)
    same = owner[:-1] == owner[1:]
    (x, y), (to_x, to_y) = points[:-1][same].T, points[1:][same].T
    steps = GEOD.inv(x, y, to_x, to_y)[2]
    return np.bincount(owner[:-1][same], steps, len(lines)).astype(np.float64)


def plane_area(geometry: BaseGeometry) -> float:
    """Return the area [m²] of an EPSG:4490 geometry on the plane of EPSG:4548.

    >>> box = shapely.box(117.0, 29.0, 117.01, 29.01)
    >>> abs(plane_area(box) / ellipsoid_area(box) - 1) < 1e-5
    True
    """
    return float(crs.reproject(geometry, crs.GEOGRAPHIC, crs.PLANE).area)


def plane_length(geometry: BaseGeometry) -> float:
    """Return the length [m] of an EPSG:4490 line on the plane of EPSG:4548."""
    return float(crs.reproject(geometry, crs.GEOGRAPHIC, crs.PLANE).length)


def hectares(square_metres: float) -> float:
    """Return hectares (公顷) of square metres.

    >>> hectares(15_000.0)
    1.5
    """
    return square_metres / _HECTARE


def mu(square_metres: float) -> float:
    """Return mu (亩) of square metres; 15 mu are one hectare.

    >>> round(mu(10_000.0), 9)
    15.0
    """
    return square_metres / _MU
