"""Small Voronoi cells inside an outline: cut, grouped in one piece each, merged to a coverage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Voronoi
from shapely.geometry.base import BaseGeometry

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """Pieces of an outline: ``polygons`` in lon/lat, ``centres`` on the plane [m]."""

    polygons: NDArray[np.object_]
    centres: Array
    pairs: NDArray[np.int64]

    def joined(self, labels: Labels) -> Labels:
        """Return labels with every group in one piece: strays go over to the neighbour group."""
        labels = labels.copy()
        for _ in range(10):
            stray = self._strays(labels)
            if not stray.any():
                break
            self._hand_over(labels, stray)
        return labels

    def merged(self, labels: Labels, groups: int, thinning: float) -> list[BaseGeometry]:
        """Return one polygon a group; shared borders are thinned together and stay shared.

        Args:
            labels: Group number of each cell, shape ``(cells,)``.
            groups: How many groups there are; each has cells.
            thinning: Tolerance in units of the polygons' coordinates.
        """
        order = np.argsort(labels, kind="stable")
        starts = np.searchsorted(labels[order], np.arange(groups + 1))
        parts: Sequence[BaseGeometry] = [
            shapely.coverage_union_all(self.polygons[order[a:b]]) for a, b in pairwise(starts)
        ]
        thinned = shapely.coverage_simplify(np.array(parts), thinning, simplify_boundary=False)
        return list(shapely.set_precision(thinned, 1e-7, mode="pointwise"))

    def _strays(self, labels: Labels) -> NDArray[np.bool_]:
        same = self.pairs[labels[self.pairs[:, 0]] == labels[self.pairs[:, 1]]]
        count = len(labels)
        graph = coo_array((np.ones(len(same)), (same[:, 0], same[:, 1])), shape=(count, count))
        _, component = connected_components(graph, directed=False)
        size = np.bincount(component)[component]
        largest = np.zeros(labels.max() + 1, dtype=np.int64)
        np.maximum.at(largest, labels, size)
        return np.asarray(size < largest[labels])

    def _hand_over(self, labels: Labels, stray: NDArray[np.bool_]) -> None:
        both = np.concatenate([self.pairs, self.pairs[:, ::-1]])
        border = both[stray[both[:, 0]] & ~stray[both[:, 1]]]
        labels[border[:, 0]] = labels[border[:, 1]]


def cut(outline: BaseGeometry, centres: Array, unproject: Callable[[Array], Array]) -> Cells:
    """Cut an outline (lon/lat) into the Voronoi cells of plane centres [m].

    Cells of the outline's edge that fall apart are kept as separate cells.
    """
    diagram = Voronoi(centres)
    # Cells at the rim of the lattice reach far beyond any place that can be projected.
    low, high = centres.min(axis=0), centres.max(axis=0)
    near = np.all((diagram.vertices > low) & (diagram.vertices < high), axis=1)
    vertices = unproject(np.clip(diagram.vertices, low, high))
    bounded = [
        (number, region)
        for number, region in enumerate(diagram.regions[i] for i in diagram.point_region)
        if region and -1 not in region and near[region].all()
    ]
    whole = np.array([shapely.Polygon(vertices[region]) for _, region in bounded])
    shapely.prepare(outline)
    clipped = whole.copy()
    edge = np.flatnonzero(~shapely.contains_properly(outline, whole))
    clipped[edge] = shapely.intersection(outline, whole[edge])
    parts, source = shapely.get_parts(clipped, return_index=True)
    solid = (shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 0)
    parts, source = parts[solid], source[solid]
    numbers = np.array([number for number, _ in bounded])[source]
    return Cells(parts, centres[numbers], _neighbours(parts))


def _neighbours(polygons: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return pairs of polygons with two successive vertices in common, shape ``(pairs, 2)``."""
    points, owner = shapely.get_coordinates(polygons, return_index=True)
    _, vertex = np.unique(points, axis=0, return_inverse=True)
    vertex = vertex.ravel()
    inner = owner[:-1] == owner[1:]
    ends = np.sort(np.column_stack([vertex[:-1][inner], vertex[1:][inner]]), axis=1)
    whose = owner[:-1][inner]
    order = np.lexsort(ends.T)
    ends, whose = ends[order], whose[order]
    shared = np.all(ends[:-1] == ends[1:], axis=1)
    return np.column_stack([whose[:-1][shared], whose[1:][shared]])
