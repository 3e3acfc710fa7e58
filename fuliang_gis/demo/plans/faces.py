"""Land cut into faces by lines, and faces joined into parcels: always a coverage (pure).

Plane of EPSG:4548 [m]; all faces have their corners on one grid and share them exactly.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

Array = NDArray[np.float64]
Shapes = NDArray[np.object_]
Label = TypeVar("Label", bound=Hashable)

#: The grid that corners lie on [m].
GRID_M = 0.01


def faces(lines: Sequence[BaseGeometry], inside: BaseGeometry) -> Shapes:
    """Return the faces between lines, inside an area whose outline is one of them.

    >>> ring, cut = shapely.box(0, 0, 2, 1), shapely.LineString([(1, -1), (1, 2)])
    >>> sorted(face.area for face in faces([ring.boundary, cut], ring))
    [1.0, 1.0]
    """
    every = shapely.get_parts(np.array(lines, dtype=object))
    noded = shapely.union_all(every, grid_size=GRID_M)
    found: Shapes = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded).tolist()))
    middle = shapely.point_on_surface(found)
    within = inside.buffer(GRID_M)
    shapely.prepare(within)
    kept: Shapes = found[shapely.covers(within, middle)]
    return kept


def points_of(places: Array) -> Shapes:
    """Return points at plane places, shape ``(n, 2)``."""
    return np.atleast_1d(np.array(shapely.points(places), dtype=object))


def cells(points: Array, area: BaseGeometry) -> list[BaseGeometry]:
    """Return the lines between the cells nearest to points, as far as they lie in an area."""
    if len(points) < 2 or area.is_empty:
        return []
    edges = shapely.voronoi_polygons(
        shapely.multipoints(points), extend_to=shapely.envelope(area), only_edges=True
    )
    return [shapely.intersection(shapely.union_all(edges), area)]


def thinned(points: Array, apart: float) -> Array:
    """Return points at least so far apart, the first of each group [m].

    >>> thinned(np.array([[0.0, 0], [1, 0], [5, 0]]), 2).tolist()
    [[0.0, 0.0], [5.0, 0.0]]
    """
    kept: list[Array] = []
    for point in points:
        if all(np.hypot(*(point - other)) >= apart for other in kept):
            kept.append(point)
    return np.array(kept).reshape(-1, 2)


def scattered(area: BaseGeometry, apart: float, rng: np.random.Generator) -> Array:
    """Return random points of an area on a loose lattice, about so far apart [m]."""
    if area.is_empty:
        return np.empty((0, 2))
    west, south, east, north = area.bounds
    across = np.arange(west - apart, east + apart, apart)
    along = np.arange(south - apart, north + apart, apart)
    lattice = np.stack(np.meshgrid(across, along), axis=-1).reshape(-1, 2)
    points = lattice + rng.uniform(-0.36 * apart, 0.36 * apart, lattice.shape)
    shapely.prepare(area)
    return np.asarray(points[shapely.contains_xy(area, points[:, 0], points[:, 1])])


def joined(
    shapes: Shapes, labels: Sequence[Label], least_m2: float, least_width: float
) -> list[tuple[Label, Polygon]]:
    """Return faces joined by label, piece by piece; what is too small goes to a neighbour.

    The neighbour is the one that shares the longest edge with it.
    """
    given = list(labels)
    while True:
        groups: dict[Label, list[BaseGeometry]] = {}
        for shape, label in zip(shapes, given, strict=True):
            groups.setdefault(label, []).append(shape)
        pieces = [
            (label, part)
            for label, group in groups.items()
            for part in shapely.get_parts(shapely.coverage_union_all(np.array(group, dtype=object)))
        ]
        shapes = np.array([part for _, part in pieces], dtype=object)
        before = [label for label, _ in pieces]
        given = _given(shapes, before, ~_sound(shapes, least_m2, least_width))
        if given == before:
            return pieces


def _given(shapes: Shapes, labels: Sequence[Label], small: NDArray[np.bool_]) -> list[Label]:
    """Return labels, those of small faces from the neighbour with the longest shared edge."""
    given = list(labels)
    tree = shapely.STRtree(shapes)
    for index in np.flatnonzero(small).tolist():
        near = tree.query(shapes[index], predicate="intersects")
        near = near[~small[near] & (near != index)]
        if len(near):
            shared = shapely.intersection(shapes[index].boundary, shapely.boundary(shapes[near]))
            given[index] = labels[near[int(np.argmax(shapely.length(shared)))]]
    return given


def _sound(shapes: Shapes, least_m2: float, least_width: float) -> NDArray[np.bool_]:
    areas = shapely.area(shapes)
    sound: NDArray[np.bool_] = (areas >= least_m2) & (
        2 * areas / shapely.length(shapes) >= least_width
    )
    return sound
