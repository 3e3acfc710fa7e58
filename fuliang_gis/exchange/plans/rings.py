"""Rings as areas: which is a hole of which, told by how they lie within each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

Ring = NDArray[np.float64]


def polygons(geom: BaseGeometry) -> list[Polygon]:
    """Return the parts of a geometry that are polygons and not empty."""
    parts = shapely.get_parts(geom)
    return [part for part in parts if isinstance(part, Polygon) and not part.is_empty]


def rings_of(geom: BaseGeometry) -> list[Ring]:
    """Return the closed rings of an area, shape ``(n, 2)`` each: each part's outer one, its holes.

    Outer rings run clockwise, holes the other way, from their most northern of western points.
    """
    return [
        _started(np.asarray(ring.coords)[:, :2], clockwise=at == 0)
        for part in polygons(geom)
        for at, ring in enumerate((part.exterior, *part.interiors))
    ]


def _started(ring: Ring, *, clockwise: bool) -> Ring:
    if shapely.is_ccw(shapely.linearrings(ring)) == clockwise:
        ring = ring[::-1]
    first = int(np.lexsort((ring[:-1, 0], -ring[:-1, 1]))[0])
    return np.concatenate([ring[first:-1], ring[: first + 1]])


def closed_ring(ring: Ring) -> Ring:
    """Return a ring that ends where it begins."""
    return ring if np.array_equal(ring[0], ring[-1]) else np.concatenate([ring, ring[:1]])


def area_of(rings: Sequence[Ring]) -> BaseGeometry:
    """Return the area that closed rings bound.

    A ring within an odd number of others is a hole of the smallest of them.

    >>> outer, inner = ([(0, 0), (9, 0), (9, 9), (0, 9), (0, 0)], [(2, 2), (3, 2), (3, 3), (2, 2)])
    >>> area_of([np.array(inner), np.array(outer)]).area
    80.5
    """
    shapes = sorted((Polygon(ring) for ring in rings), key=lambda each: -each.area)
    if not all(shape.is_valid for shape in shapes):
        # The order is all that is left to go by.
        return Polygon(rings[0], rings[1:])
    shells: list[tuple[Polygon, list[Polygon]]] = []
    depth: list[int] = []
    owner: list[int] = []
    for at, shape in enumerate(shapes):
        inside = [i for i in range(at) if shapes[i].contains(shape.representative_point())]
        depth.append(len(inside))
        if depth[at] % 2 == 0:
            owner.append(len(shells))
            shells.append((shape, []))
        else:
            owner.append(owner[inside[-1]])
            shells[owner[at]][1].append(shape)
    parts = [Polygon(shell.exterior, [h.exterior for h in holes]) for shell, holes in shells]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)
