"""A planner's edits for tests, each as ``{id: parcel or None}``; they keep a coverage as it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from fuliang_gis.planning.editing import Changes
from fuliang_gis.planning.parcels import DIGITS, Draft, on_grid

Place = tuple[float, float]
Coordinates = NDArray[np.float64]


class NoEdit(Exception):
    """The edit cannot be made here."""


def merge(draft: Draft, names: Collection[str], keep: str) -> Changes:
    """Merge parcels that lie beside each other; one keeps its id, code and name.

    Raises:
        NoEdit: They are fewer than two, or do not form one piece.
    """
    chosen = [draft.parcels[name] for name in names]
    kept = draft.parcels[keep]
    whole = shapely.coverage_union_all(np.array([each.geom for each in chosen], dtype=object))
    if len(chosen) < 2 or keep not in names or not isinstance(whole, Polygon):
        raise NoEdit("not_merged")
    changes: Changes = {each.id: None for each in chosen}
    return {**changes, keep: replace(kept, geom=whole)}


def move_corner(draft: Draft, corner: Place, to: Place) -> Changes:
    """Move a corner of every parcel that has it.

    Raises:
        NoEdit: No parcel has the corner, it is one of the frozen boundary, or a parcel would cross
            itself or another.
    """
    start, end = np.round(corner, DIGITS), np.round(to, DIGITS)
    if _has(draft.boundary, start):
        raise NoEdit("frozen")
    changes: Changes = {}
    for parcel in draft.parcels.values():
        if _has(parcel.geom, start):
            changes[parcel.id] = replace(parcel, geom=_moved(parcel.geom, start, end))
    after = [each.geom for each in changes.values() if each is not None]
    before = [draft.parcels[name].geom for name in changes]
    if not after:
        raise NoEdit("no_corner")
    if not _same_land(before, after):
        raise NoEdit("crosses")
    return changes


def recode(draft: Draft, name: str, code: str) -> Changes:
    """Give a parcel another land use of the plan's edition."""
    return {name: replace(draft.parcels[name], code=code, edition=draft.edition)}


def cut_hole(draft: Draft, name: str, ring: Polygon, new_id: str) -> Changes:
    """Cut a piece out of a parcel; the piece becomes a parcel of its own.

    Raises:
        NoEdit: The piece does not lie inside the parcel.
    """
    parcel, piece = draft.parcels[name], on_grid(ring)
    if not piece.is_valid or not parcel.geom.contains_properly(piece):
        raise NoEdit("not_inside")
    rest = parcel.geom.difference(piece)
    return {
        name: replace(parcel, geom=rest),
        new_id: replace(parcel, id=new_id, geom=piece),
    }


def _moved(geometry: BaseGeometry, start: Coordinates, end: Coordinates) -> BaseGeometry:
    def shifted(points: Coordinates) -> Coordinates:
        points[(points == start).all(axis=1)] = end
        return points

    return shapely.transform(geometry, shifted)


def _same_land(before: list[BaseGeometry], after: list[BaseGeometry]) -> bool:
    """Tell whether shapes are a coverage of just the land that they were before."""
    if not _is_coverage(after):
        return False
    return shapely.union_all(before).equals(shapely.union_all(after))


def _has(geometry: BaseGeometry, place: Coordinates) -> bool:
    return bool((shapely.get_coordinates(geometry) == place).all(axis=1).any())


def _is_coverage(shapes: list[BaseGeometry]) -> bool:
    found = np.array(shapes, dtype=object)
    return bool(shapely.is_valid(found).all() and shapely.coverage_is_valid(found))
