"""Coordinate systems: CGCS2000 geographic and plane, and the shifted systems of Chinese web maps.

Every function takes and returns longitude before latitude, easting before northing.
The shift of GCJ-02 is the published approximation (Krasovsky ellipsoid, period functions); BD-09
turns and moves GCJ-02 once more. CGCS2000 and WGS-84 differ by centimetres and count as equal here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

Array = NDArray[np.float64]
Shift = Callable[[Array, Array], tuple[Array, Array]]
#: A geometry, or an array of them.
Shape = TypeVar("Shape", BaseGeometry, NDArray[np.object_])

#: CGCS2000 longitude and latitude: the stored system.
GEOGRAPHIC = 4490
#: CGCS2000, 3-degree Gauss-Krüger, zone 39 (the zone number leads the easting).
PLANE_ZONED = 4527
#: CGCS2000, 3-degree Gauss-Krüger, central meridian 117° E: plane measures of the county.
PLANE = 4548
WGS84 = 4326
WEB_MERCATOR = 3857

# Krasovsky 1940, as the published GCJ-02 formula uses it.
_AXIS = 6378245.0
_ECCENTRICITY2 = 0.00669342162296594323
_BD_TURN = np.pi * 3000.0 / 180.0


@lru_cache(maxsize=32)
def transformer(source: int, target: int) -> Transformer:
    """Return the transformation between two EPSG codes, longitude or easting first.

    >>> east, north = transformer(GEOGRAPHIC, PLANE).transform(117.0, 29.4)
    >>> round(east), round(north / 1000)
    (500000, 3254)
    """
    return Transformer.from_crs(source, target, always_xy=True)


def reproject(geometry: Shape, source: int, target: int) -> Shape:
    """Return a geometry, or an array of them, in another EPSG system.

    >>> point = reproject(shapely.Point(117.3, 29.5), GEOGRAPHIC, PLANE_ZONED)
    >>> int(point.x) // 1_000_000
    39
    >>> reproject(shapely.Point(), GEOGRAPHIC, PLANE).is_empty
    True
    """
    change = transformer(source, target).transform
    return shapely.transform(
        geometry, lambda points: np.column_stack(change(points[:, 0], points[:, 1]))
    )


def to_plane(points: Array) -> Array:
    """Return EPSG:4548 points [m] of lon/lat points, shape ``(n, 2)``."""
    return np.column_stack(transformer(GEOGRAPHIC, PLANE).transform(points[:, 0], points[:, 1]))


def to_geographic(points: Array) -> Array:
    """Return EPSG:4490 lon/lat points of EPSG:4548 points [m], shape ``(n, 2)``."""
    return np.column_stack(transformer(PLANE, GEOGRAPHIC).transform(points[:, 0], points[:, 1]))


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    """Return GCJ-02 longitude and latitude; points outside China stay as they are.

    >>> lon, lat = wgs84_to_gcj02(116.404, 39.915)
    >>> round(float(lon), 3), round(float(lat), 3)
    (116.41, 39.916)
    >>> [float(value) for value in wgs84_to_gcj02(2.35, 48.85)]
    [2.35, 48.85]
    """
    x, y = _arrays(lon, lat)
    east, north = _offset(x, y)
    inside = _in_china(x, y)
    return x + np.where(inside, east, 0.0), y + np.where(inside, north, 0.0)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    """Return WGS-84 longitude and latitude, to better than 1e-7 degrees.

    >>> lon, lat = gcj02_to_wgs84(*wgs84_to_gcj02(117.3, 29.5))
    >>> bool(abs(lon - 117.3) < 1e-7 and abs(lat - 29.5) < 1e-7)
    True
    """
    return _invert(wgs84_to_gcj02, *_arrays(lon, lat))


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    """Return BD-09 longitude and latitude of a GCJ-02 point."""
    x, y = _arrays(lon, lat)
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BD_TURN)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD_TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    """Return GCJ-02 longitude and latitude of a BD-09 point, to better than 1e-7 degrees."""
    return _invert(gcj02_to_bd09, *_arrays(lon, lat))


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    """Return BD-09 longitude and latitude of a WGS-84 point."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    """Return WGS-84 longitude and latitude of a BD-09 point, to better than 1e-7 degrees."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def _arrays(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def _in_china(lon: Array, lat: Array) -> NDArray[np.bool_]:
    return (lon > 72.004) & (lon < 137.8347) & (lat > 0.8293) & (lat < 55.8271)


def _invert(shift: Shift, lon: Array, lat: Array) -> tuple[Array, Array]:
    # The shift hardly changes over its own length, so each step gains about three digits.
    x, y = lon, lat
    for _ in range(10):
        moved_x, moved_y = shift(x, y)
        x, y = x + (lon - moved_x), y + (lat - moved_y)
    return x, y


def _offset(lon: Array, lat: Array) -> tuple[Array, Array]:
    x, y = lon - 105.0, lat - 35.0
    phi = np.radians(lat)
    magic = 1 - _ECCENTRICITY2 * np.sin(phi) ** 2
    meridian = _AXIS * (1 - _ECCENTRICITY2) / (magic * np.sqrt(magic))
    parallel = _AXIS / np.sqrt(magic) * np.cos(phi)
    return np.degrees(_east(x, y) / parallel), np.degrees(_north(x, y) / meridian)


def _waves(value: Array, terms: tuple[tuple[float, float], ...]) -> Array:
    parts = [size * np.sin(value * np.pi * rate) for size, rate in terms]
    return np.asarray(np.sum(parts, axis=0) * 2.0 / 3.0)


def _north(x: Array, y: Array) -> Array:
    trend = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    waves = _waves(x, ((20.0, 6.0), (20.0, 2.0)))
    return trend + waves + _waves(y, ((20.0, 1.0), (40.0, 1 / 3), (160.0, 1 / 12), (320.0, 1 / 30)))


def _east(x: Array, y: Array) -> Array:
    trend = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    waves = _waves(x, ((20.0, 6.0), (20.0, 2.0), (20.0, 1.0), (40.0, 1 / 3)))
    return trend + waves + _waves(x, ((150.0, 1 / 12), (300.0, 1 / 30)))
