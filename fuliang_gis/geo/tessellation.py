"""An invented but plausible division of a county: two nested levels, no gaps, no overlaps.

The outline is cut into thousands of small Voronoi cells; each cell goes to a township and then to a
village through a warped distance. Neighbours therefore share every vertex, borders wind as natural
ones do, and thinning the shared lines keeps them shared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from fuliang_gis.geo import crs
from fuliang_gis.geo.cells import Cells, cut
from fuliang_gis.geo.noise import SmoothField

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

#: Mean distance between the small cells [m]; near seats they are denser.
_SPACING = 420.0
#: How far a border winds from the straight bisector [m].
_WARP = 650.0
#: Borders are thinned by this much [degrees], about 100 m.
_THINNING = 0.001


@dataclass(frozen=True)
class Unit:
    """A village-level division to place: ``urban`` ones are small and lie at the seat."""

    code: str
    parent: str
    urban: bool
    at_seat: bool = False


@dataclass(frozen=True)
class Area:
    """A placed division: polygon and centre, EPSG:4490 lon/lat; the centre lies inside."""

    code: str
    polygon: BaseGeometry
    centre: shapely.Point


@dataclass(frozen=True)
class Tessellation:
    """County, townships and villages by code; each level nests exactly in the one above."""

    county: BaseGeometry
    townships: Mapping[str, Area]
    villages: Mapping[str, Area]


def tessellate(
    outline: BaseGeometry, seats: Mapping[str, shapely.Point], units: Sequence[Unit], seed: int
) -> Tessellation:
    """Divide an outline (EPSG:4490) among townships, and each township among its units."""
    rng = np.random.default_rng(seed)
    codes = sorted(seats)
    towns = crs.to_plane(np.array([[seats[code].x, seats[code].y] for code in codes]))
    cells = cut(outline, _cell_centres(outline, towns, rng), crs.to_geographic)
    plane = cells.centres
    winding = plane + _WARP * np.column_stack(
        [SmoothField.seeded(rng, 5000.0, octaves=3)(plane) for _ in range(2)]
    )
    township = cells.joined(_nearest(winding, towns))
    village = np.full(len(plane), -1)
    centres: dict[int, int] = {}
    ordered = sorted(units, key=lambda unit: unit.code)
    for index, code in enumerate(codes):
        members = np.flatnonzero(township == index)
        own = [(number, unit) for number, unit in enumerate(ordered) if unit.parent == code]
        village[members] = _share(plane, winding, members, towns[index], own, rng)
    village = cells.joined(village)
    for number in range(len(ordered)):
        centres[number] = _central(plane, np.flatnonzero(village == number))
    polygons = cells.merged(village, len(ordered), _THINNING)
    return _assembled(codes, seats, ordered, polygons, cells, centres)


def _assembled(
    codes: Sequence[str],
    seats: Mapping[str, shapely.Point],
    units: Sequence[Unit],
    polygons: Sequence[BaseGeometry],
    cells: Cells,
    centres: Mapping[int, int],
) -> Tessellation:
    middles = [_inside(polygon, cells, centres[n]) for n, polygon in enumerate(polygons)]
    villages = {unit.code: Area(unit.code, polygons[n], middles[n]) for n, unit in enumerate(units)}
    townships = {
        code: Area(code, _union([villages[u.code] for u in units if u.parent == code]), seats[code])
        for code in codes
    }
    return Tessellation(_union(list(townships.values())), townships, villages)


def _union(areas: Sequence[Area]) -> BaseGeometry:
    return shapely.coverage_union_all([area.polygon for area in areas])


def _inside(polygon: BaseGeometry, cells: Cells, cell: int) -> shapely.Point:
    lon, lat = crs.to_geographic(cells.centres[[cell]])[0]
    point = shapely.Point(round(float(lon), 6), round(float(lat), 6))
    return point if polygon.contains(point) else shapely.point_on_surface(polygon)


def _cell_centres(outline: BaseGeometry, towns: Array, rng: np.random.Generator) -> Array:
    """Return jittered lattice points over the outline, and denser ones around each seat [m]."""
    west, south, east, north = crs.reproject(outline, crs.GEOGRAPHIC, crs.PLANE).bounds
    margin = 4 * _SPACING
    box = (west - margin, south - margin, east + margin, north + margin)
    parts = [_lattice(*box, _SPACING, rng)]
    for x, y in towns:
        near = _lattice(x - 2000, y - 2000, x + 2000, y + 2000, _SPACING / 3, rng)
        parts[0] = parts[0][np.hypot(*(parts[0] - (x, y)).T) > 2000]
        parts.append(near[np.hypot(*(near - (x, y)).T) < 1900])
    return np.concatenate(parts)


def _lattice(
    west: float, south: float, east: float, north: float, spacing: float, rng: np.random.Generator
) -> Array:
    x, y = np.meshgrid(np.arange(west, east, spacing), np.arange(south, north, spacing))
    points = np.column_stack([x.ravel(), y.ravel()])
    return points + rng.uniform(-0.42, 0.42, points.shape) * spacing


def _nearest(points: Array, targets: Array) -> Labels:
    return np.asarray(cKDTree(targets).query(points)[1], dtype=np.int64)


def _share(
    plane: Array,
    winding: Array,
    members: Labels,
    town: Array,
    own: Sequence[tuple[int, Unit]],
    rng: np.random.Generator,
) -> Labels:
    """Return the unit number of each member cell of one township."""
    rural = [pair for pair in own if not pair[1].urban]
    rural.sort(key=lambda pair: not pair[1].at_seat)
    urban = [pair for pair in own if pair[1].urban]
    centres = _spread(winding[members], town, len(rural), rng)
    shares = np.array([number for number, _ in rural])[_nearest(winding[members], centres)]
    quarters = _quarters(town, len(urban), rng)
    if urban:
        distance, index = cKDTree(quarters).query(plane[members])
        small = np.asarray(distance) < _quarter_radius(len(urban))
        shares[small] = np.array([number for number, _ in urban])[np.asarray(index)[small]]
    return shares


def _spread(points: Array, town: Array, count: int, rng: np.random.Generator) -> Array:
    """Return village centres, closer together near the seat; the seat's own comes first."""
    weights = 1 / (2500 + np.hypot(*(points - town).T))
    centres = points[rng.choice(len(points), count, replace=False, p=weights / weights.sum())]
    centres[0] = town
    for _ in range(12):
        label = _nearest(points, centres)
        total = np.bincount(label, weights, count)
        sums = [np.bincount(label, weights * points[:, axis], count) for axis in range(2)]
        filled = total > 0
        centres[filled] = np.column_stack(sums)[filled] / total[filled, None]
        centres[0] = 0.5 * (centres[0] + town)
    return centres


def _quarter_radius(count: int) -> float:
    return 420.0 if count > 3 else 520.0


def _quarters(town: Array, count: int, rng: np.random.Generator) -> Array:
    """Return centres of the urban quarters [m]: a loose sunflower around the seat."""
    turn = np.pi * (3 - np.sqrt(5))
    number = np.arange(count)
    angle = rng.uniform(0, 2 * np.pi) + turn * number
    radius = 420.0 * np.sqrt(number + 0.3)
    offsets = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return np.asarray(town + offsets)


def _central(plane: Array, members: Labels) -> int:
    middle = plane[members].mean(axis=0)
    return int(members[np.argmin(np.hypot(*(plane[members] - middle).T))])
