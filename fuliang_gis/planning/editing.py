"""Edits of parcels that keep the coverage as it is: split, merge, move a corner, recode (pure).

Each returns what changes, ``{id: parcel or None}``; neighbours get the nodes that the edit needs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.planning.parcels import DIGITS, Draft, Parcel, on_grid

Changes = dict[str, Parcel | None]
Place = tuple[float, float]
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


def merge(draft: Draft, names: Collection[str], keep: str) -> Changes:
    """Merge parcels that lie beside each other; one keeps its id, code and name.

    Raises:
        Invalid: They are fewer than two, or do not form one piece.
    """
    chosen = [_parcel(draft, name) for name in names]
    kept = _parcel(draft, keep)
    whole = shapely.coverage_union_all(np.array([each.geom for each in chosen], dtype=object))
    if len(chosen) < 2 or keep not in names or not isinstance(whole, Polygon):
        raise _refusal("not_merged", "只有相邻的两个以上图斑才能合并。")
    changes: Changes = {each.id: None for each in chosen}
    return {**changes, keep: replace(kept, geom=whole)}


def move_corner(draft: Draft, corner: Place, to: Place) -> Changes:
    """Move a corner of every parcel that has it.

    Raises:
        Invalid: No parcel has the corner, it is one of the frozen boundary, or a parcel would cross
            itself or another.
    """
    start, end = np.round(corner, DIGITS), np.round(to, DIGITS)
    if _has(draft.boundary, start):
        raise _refusal("frozen", "村界上的节点已冻结，不能移动。")
    changes: Changes = {}
    for parcel in draft.parcels.values():
        if _has(parcel.geom, start):
            changes[parcel.id] = replace(parcel, geom=_moved(parcel.geom, start, end))
    after = [each.geom for each in changes.values() if each is not None]
    before = [draft.parcels[name].geom for name in changes]
    if not after:
        raise _refusal("no_corner", "这里没有图斑的节点。")
    if not _same_land(before, after):
        raise _refusal("crosses", "这样移动会使图斑自相交或压到相邻图斑，请换一个位置。")
    return changes


def recode(draft: Draft, name: str, code: str) -> Changes:
    """Give a parcel another land use of the plan's edition."""
    return {name: replace(_parcel(draft, name), code=code, edition=draft.edition)}


def cut_hole(draft: Draft, name: str, ring: Polygon, new_id: str) -> Changes:
    """Cut a piece out of a parcel; the piece becomes a parcel of its own.

    Raises:
        Invalid: The piece does not lie inside the parcel.
    """
    parcel, piece = _parcel(draft, name), on_grid(ring)
    if not piece.is_valid or not parcel.geom.contains_properly(piece):
        raise _refusal("not_inside", "挖出的部分必须完全在图斑之内，且不能自相交。")
    rest = parcel.geom.difference(piece)
    return {
        name: replace(parcel, geom=rest),
        new_id: replace(parcel, id=new_id, geom=piece),
    }


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


def _moved(geometry: BaseGeometry, start: Coordinates, end: Coordinates) -> BaseGeometry:
    def shifted(points: Coordinates) -> Coordinates:
        points[(points == start).all(axis=1)] = end
        return points

    return shapely.transform(geometry, shifted)


def _has(geometry: BaseGeometry, place: Coordinates) -> bool:
    return bool((shapely.get_coordinates(geometry) == place).all(axis=1).any())


def _same_land(before: list[BaseGeometry], after: list[BaseGeometry]) -> bool:
    """Tell whether shapes are a coverage of just the land that they were before."""
    if not _is_coverage(after):
        return False
    return shapely.union_all(before).equals(shapely.union_all(after))


def _is_coverage(shapes: list[BaseGeometry]) -> bool:
    found = np.array(shapes, dtype=object)
    return bool(shapely.is_valid(found).all() and shapely.coverage_is_valid(found))


def _parcel(draft: Draft, name: str) -> Parcel:
    if name not in draft.parcels:
        raise _refusal("no_parcel", f"没有图斑 {name}，可能已被他人合并或删除。请刷新后重试。")
    return draft.parcels[name]


def _refusal(code: str, told: str) -> Invalid:
    return Invalid([Problem(code, told, f"The edit is refused: {code}.", "geom")])
