"""Where houses stand: in rows along the lanes of each hamlet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from fuliang_gis.roads.invented import Plan

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]
House = tuple[float, float]

#: Distance of the rows of houses from their lane [m].
_ROWS = (11.0, 25.0, 40.0)
#: Two houses never share a square of this side [m].
_PLOT = 8.0


def house_slots(
    plan: Plan, polygons: Sequence[BaseGeometry], wanted: Sequence[int], rng: np.random.Generator
) -> list[list[House]]:
    """Return plane points [m] of each hamlet's houses, inside its polygon, nearest rows first."""
    points, owner, row = _along_lanes(plan, len(wanted), rng)
    order = np.lexsort((rng.uniform(size=len(points)), row, owner))
    points, owner = points[order], owner[order]
    free = _one_a_plot(points)
    points, owner = points[free], owner[free]
    bounds = np.searchsorted(owner, np.arange(len(wanted) + 1))
    return [
        _chosen(points[bounds[n] : bounds[n + 1]], plan.mesh.points[n], polygons[n], count, rng)
        for n, count in enumerate(wanted)
    ]


def _along_lanes(
    plan: Plan, hamlets: int, rng: np.random.Generator
) -> tuple[Array, Numbers, Numbers]:
    mesh = plan.mesh
    ends = mesh.settlement[mesh.edges]
    lane = (plan.road_class >= 0) & (ends[:, 0] == ends[:, 1])
    lane &= (ends[:, 0] >= 0) & (ends[:, 0] < hamlets)
    start, end = mesh.points[mesh.edges[lane, 0]], mesh.points[mesh.edges[lane, 1]]
    along = (end - start) / np.hypot(*(end - start).T)[:, None]
    across = np.column_stack([-along[:, 1], along[:, 0]])
    parts, rows = [], []
    for row, distance in enumerate(_ROWS):
        for side in (-distance, distance):
            for share in (0.17, 0.5, 0.83):
                parts.append(start + share * (end - start) + side * across)
                rows.append(np.full(len(start), row))
    points = np.concatenate(parts)
    owner = np.tile(ends[lane, 0], len(parts))
    return points + rng.uniform(-2, 2, points.shape), owner, np.concatenate(rows)


def _one_a_plot(points: Array) -> Numbers:
    plots = np.floor(points / _PLOT).astype(np.int64)
    return np.sort(np.unique(plots, axis=0, return_index=True)[1])


def _chosen(
    slots: Array, centre: Array, polygon: BaseGeometry, count: int, rng: np.random.Generator
) -> list[House]:
    shapely.prepare(polygon)
    inside = slots[shapely.contains_xy(polygon, slots[:, 0], slots[:, 1])]
    found = [(float(x), float(y)) for x, y in inside[:count]]
    while len(found) < count:
        # Where lanes run out of room, houses stand closer around the middle.
        x, y = centre + rng.normal(0, 25, 2)
        if polygon.contains(shapely.Point(x, y)):
            found.append((float(x), float(y)))
    return found
