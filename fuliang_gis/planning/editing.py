"""Changes of a draft's parcels, ``{id: parcel or None}``, and a split that keeps a coverage (pure).

Planners edit in the browser, which sends the parcels it changed; ``repair`` fits them here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.planning.parcels import DIGITS, Draft, Parcel, on_grid

Changes = dict[str, Parcel | None]
Coordinates = NDArray[np.float64]

#: A node closer to an edge lies on it [m]: rounding moves it by 0.71 of a step at most.
NEAR_M = 0.75 * 10.0**-DIGITS


def split(draft: Draft, name: str, along: LineString, new_ids: Iterator[str]) -> Changes:
    """Split a parcel along a line; the largest part keeps its id.

    Raises:
        Invalid: The line does not part it, or passes a node too closely.
    """
    parcel = _parcel(draft, name)
    edges = shapely.union_all([parcel.geom.boundary, on_grid(along)])
    faces = shapely.get_parts(shapely.polygonize([edges]))
    inside = [f for f in faces if parcel.geom.covers(f.representative_point())]
    parts = sorted((on_grid(face) for face in inside), key=lambda part: -part.area)
    if len(parts) < 2:
        raise _refusal("not_split", "分割线没有把图斑分开，请画一条两端都在图斑之外的线。")
    changes: Changes = {name: replace(parcel, geom=parts[0])}
    for part in parts[1:]:
        other = next(new_ids)
        changes[other] = replace(parcel, id=other, geom=part)
    changes |= _noded(draft, changes)
    after = applied(draft, changes)
    beside = shapely.box(*parcel.geom.bounds)
    if not _is_coverage([p.geom for p in after.parcels.values() if p.geom.intersects(beside)]):
        # A part thinner than coordinates are kept to would be left over.
        raise _refusal("too_close", "分割线与已有节点相距太近，请对准该节点，或离开一点再画。")
    return changes


def applied(draft: Draft, changes: Mapping[str, Parcel | None]) -> Draft:
    """Return the draft with changes in it."""
    kept = {**draft.parcels}
    for name, parcel in changes.items():
        if parcel is None:
            kept.pop(name, None)
        else:
            kept[name] = parcel
    return replace(draft, parcels=kept)


def _noded(draft: Draft, changes: Changes) -> Changes:
    """Return neighbours with the nodes that parts of a split put on their edges."""
    shapes = np.array([each.geom for each in changes.values() if each is not None], dtype=object)
    nodes = np.unique(shapely.get_coordinates(shapes), axis=0)
    tree = shapely.STRtree(_points(nodes))
    found: Changes = {}
    for parcel in draft.parcels.values():
        if parcel.id in changes:
            continue
        close = nodes[tree.query(parcel.geom.boundary, predicate="dwithin", distance=NEAR_M)]
        fresh = [node for node in close if not _has(parcel.geom, node)]
        if fresh:
            found[parcel.id] = replace(parcel, geom=_with_nodes(parcel.geom, np.array(fresh)))
    return found


def _with_nodes(geometry: BaseGeometry, nodes: Coordinates) -> BaseGeometry:
    """Return a polygon with further nodes, each put into the edge that it lies on."""
    assert isinstance(geometry, Polygon)  # noqa: S101
    shell, *holes = [
        _noded_ring(LineString(ring.coords), nodes)
        for ring in (geometry.exterior, *geometry.interiors)
    ]
    return Polygon(shell, holes)


def _noded_ring(ring: LineString, nodes: Coordinates) -> Coordinates:
    own = shapely.get_coordinates(ring)
    points = _points(nodes)
    near = shapely.distance(points, ring) <= NEAR_M
    own_along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(own, axis=0).T))])
    along = np.concatenate([own_along, shapely.line_locate_point(ring, points[near])])
    every: Coordinates = np.concatenate([own, nodes[near]])
    # The last of its own closes the ring, however a node beside it is measured.
    along[len(own) - 1] = np.inf
    return every[np.argsort(along, kind="stable")]


def _points(nodes: Coordinates) -> NDArray[np.object_]:
    found = shapely.points(nodes)
    assert isinstance(found, np.ndarray)  # noqa: S101
    return found


def _has(geometry: BaseGeometry, place: Coordinates) -> bool:
    return bool((shapely.get_coordinates(geometry) == place).all(axis=1).any())


def _is_coverage(shapes: list[BaseGeometry]) -> bool:
    found = np.array(shapes, dtype=object)
    return bool(shapely.is_valid(found).all() and shapely.coverage_is_valid(found))


def _parcel(draft: Draft, name: str) -> Parcel:
    if name not in draft.parcels:
        raise _refusal("no_parcel", f"没有图斑 {name}，可能已被他人合并或删除。请刷新后重试。")
    return draft.parcels[name]


def _refusal(code: str, told: str) -> Invalid:
    return Invalid([Problem(code, told, f"The edit is refused: {code}.", "geom")])
