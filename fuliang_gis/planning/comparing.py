"""Two states of a village laid over each other: what became what, parcel by parcel (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from fuliang_gis.planning.parcels import Parcel

Geometries = NDArray[np.object_]
Parcels = Mapping[str, Parcel]

#: What may have happened to a parcel, in the order in which it is told.
ADDED, REMOVED, RECODED, RESHAPED, RENAMED = "added", "removed", "recoded", "reshaped", "renamed"
KINDS: Mapping[str, str] = {
    ADDED: "新增",
    REMOVED: "减少",
    RECODED: "改用途",
    RESHAPED: "改图形",
    RENAMED: "改名称或户数",
}
#: Smaller pieces are rounding of shared edges [m²].
LEAST_M2 = 0.01


@dataclass(frozen=True)
class Piece:
    """Land of one use on either side; a code is empty where that side has no parcel."""

    before: str
    after: str
    left: str
    right: str
    geom: BaseGeometry

    @property
    def m2(self) -> float:
        """Return its area on the plane [m²]."""
        return float(self.geom.area)

    @property
    def changed(self) -> bool:
        """Tell whether its use differs."""
        return self.before != self.after


@dataclass(frozen=True)
class Difference:
    """A parcel that is not the same on both sides, by id; ``kinds`` are keys of ``KINDS``."""

    id: str
    kinds: tuple[str, ...]
    left: Parcel | None
    right: Parcel | None

    @property
    def m2(self) -> float:
        """Return by how much its area grew [m²]."""
        areas = [0.0 if each is None else float(each.geom.area) for each in (self.left, self.right)]
        return areas[1] - areas[0]


def overlay(left: Parcels, right: Parcels, least_m2: float = LEAST_M2) -> list[Piece]:
    """Return the pieces that two states of one place cut each other into.

    Pieces of the left's land together are the left's land, and so with the right's, as long as
    neither overlaps itself; whatever is smaller than ``least_m2`` is left out.

    >>> from shapely import box
    >>> field = Parcel("a", "0101", box(0, 0, 10, 10))
    >>> house = Parcel("b", "0703", box(6, 0, 10, 10))
    >>> [(p.before, p.after, p.m2) for p in overlay({"a": field}, {"b": house})]
    [('0101', '0703', 40.0), ('0101', '', 60.0)]
    """
    same = [name for name, each in left.items() if name in right and _same_place(each, right[name])]
    kept = set(same)
    first = [each for name, each in left.items() if name not in kept and each.geom.is_valid]
    second = [each for name, each in right.items() if name not in kept and each.geom.is_valid]
    found = [Piece(left[n].code, right[n].code, n, n, left[n].geom) for n in same]
    return [each for each in (*found, *_crossed(first, second)) if each.m2 > least_m2]


def changed(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces whose use differs, the largest first."""
    return sorted((p for p in pieces if p.changed), key=lambda p: (-p.m2, p.left, p.right))


def differences(left: Parcels, right: Parcels, *, names: bool = True) -> list[Difference]:
    """Return the parcels that are not the same, in the order of the left, then what is new.

    Args:
        names: Names and households count too; the base year has none.

    >>> from shapely import box
    >>> one = {"a": Parcel("a", "0101", box(0, 0, 1, 1)), "b": Parcel("b", "0301", box(1, 0, 2, 1))}
    >>> other = {"a": Parcel("a", "0703", box(0, 0, 1, 1))}
    >>> [(each.id, each.kinds) for each in differences(one, other)]
    [('a', ('recoded',)), ('b', ('removed',))]
    """
    ids = [*left, *(name for name in right if name not in left)]
    found = [Difference(n, _kinds(left.get(n), right.get(n)), left.get(n), right.get(n))
             for n in ids]  # fmt: skip
    return [each for each in found if each.kinds and (names or each.kinds != (RENAMED,))]


def _kinds(one: Parcel | None, other: Parcel | None) -> tuple[str, ...]:
    if one is None or other is None:
        return (ADDED,) if one is None else (REMOVED,)
    told = {
        RECODED: one.code != other.code,
        RESHAPED: not _same_place(one, other),
        RENAMED: (one.name, one.households) != (other.name, other.households),
    }
    return tuple(kind for kind, differs in told.items() if differs)


def _same_place(one: Parcel, other: Parcel) -> bool:
    return bool(one.geom is other.geom or one.geom.normalize().equals_exact(other.geom.normalize()))


def _crossed(first: Sequence[Parcel], second: Sequence[Parcel]) -> Iterator[Piece]:
    old, new = _shapes(first), _shapes(second)
    if len(old) and len(new):
        after, before = shapely.STRtree(old).query(new, predicate="intersects")
        parts = shapely.intersection(old[before], new[after])
        for i, j, part in zip(before.tolist(), after.tolist(), parts, strict=True):
            one, other = first[i], second[j]
            yield from _pieces(Piece(one.code, other.code, one.id, other.id, part))
    for each, rest in _uncovered(first, old, new):
        yield from _pieces(Piece(each.code, "", each.id, "", rest))
    for each, rest in _uncovered(second, new, old):
        yield from _pieces(Piece("", each.code, "", each.id, rest))


def _uncovered(
    parcels: Sequence[Parcel], shapes: Geometries, others: Geometries
) -> Iterator[tuple[Parcel, BaseGeometry]]:
    """Yield the parcels that others do not cover, each with what is left of it."""
    tree = shapely.STRtree(others)
    for each, shape in zip(parcels, shapes, strict=True):
        near = tree.query(shape, predicate="intersects")
        rest = shape.difference(shapely.union_all(others[near])) if len(near) else shape
        if not rest.is_empty:
            yield each, rest


def _pieces(piece: Piece) -> Iterator[Piece]:
    """Yield the areas of a piece: what only touches has lines and points too."""
    areas = [g for g in shapely.get_parts(piece.geom) if g.geom_type == "Polygon"]
    if areas:
        whole = areas[0] if len(areas) == 1 else shapely.MultiPolygon(areas)
        yield Piece(piece.before, piece.after, piece.left, piece.right, whole)


def _shapes(parcels: Sequence[Parcel]) -> Geometries:
    found = np.empty(len(parcels), dtype=object)
    found[:] = [each.geom for each in parcels]
    return found
