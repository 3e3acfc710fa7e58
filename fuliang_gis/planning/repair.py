"""Keeping parcels a coverage: what was changed is fitted to what stands, within a tolerance (pure).

The village boundary never moves. Where fitting would move more than the tolerance, nothing is
changed and the places are told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from fuliang_gis.planning.checks.findings import Finding, Severity
from fuliang_gis.planning.checks.ground import Ground, parts_over
from fuliang_gis.planning.figures import figure
from fuliang_gis.planning.norms import Profile, line_norms, profile
from fuliang_gis.planning.parcels import DIGITS, Draft, Parcel, on_grid

#: Nodes closer together are one [m]; well under what coordinates are kept to.
SNAP_M = 1e-6


@dataclass(frozen=True)
class Moved:
    """Land that fitting gave to a parcel or took from it: where, how wide [m], how much [m²]."""

    parcel: str
    place: BaseGeometry
    width_m: float
    area_m2: float


@dataclass(frozen=True)
class Repaired:
    """Parcels to keep, by id, and what moved; ``refused`` tells why nothing may be kept."""

    parcels: Mapping[str, Parcel]
    moved: tuple[Moved, ...]
    refused: tuple[Finding, ...] = ()


def repair(draft: Draft, changed: Collection[str], given: Profile | None = None) -> Repaired:
    """Fit changed parcels to their neighbours and the village boundary.

    Overlaps go to what stood there before; narrow gaps go to the parcel with the longest border.

    Args:
        draft: The plan with the changes in it.
        changed: Ids of the parcels drawn or changed; of removed ones, those that stood beside.
        given: Whose tolerances hold; by default the county's own province.
    """
    ground = Ground(draft, given or profile(), line_norms())
    near = _near(ground, changed)
    broken = [i for i in near if not ground.sound[i]]
    if broken:
        return Repaired({}, (), tuple(_invalid(ground.parcels[i]) for i in broken))
    if not near:
        return Repaired({}, ())
    before = [ground.parcels[i] for i in near]
    fitted = _fitted(ground, [each.geom for each in before])
    moved = tuple(
        each
        for old, shape in zip(before, fitted, strict=True)
        for each in _moves(ground, old, shape)
    )
    most = ground.profile.tolerances.repair_m
    too_far = tuple(_too_far(each, most) for each in moved if each.width_m > most)
    lost = tuple(_vanished(old) for old, now in zip(before, fitted, strict=True) if now is None)
    if too_far or lost:
        return Repaired({}, moved, (*too_far, *lost))
    parcels = {
        old.id: replace(old, geom=shape)
        for old, shape in zip(before, fitted, strict=True)
        if shape is not None and not _same(shape, old.geom)
    }
    return Repaired(parcels, moved)


def _near(ground: Ground, changed: Collection[str]) -> list[int]:
    """Return changed parcels and two rings around them: the outer one holds still, but for nodes.

    What stood there comes first, so that it keeps its land.
    """
    mine = np.flatnonzero(np.isin(ground.ids, list(changed)))
    ring = ground.near(ground.geoms[[i for i in mine if ground.sound[i]]])
    if len(ring):
        ring = ground.near(ground.geoms[ring])
    stood = [i for i in ring.tolist() if i not in set(mine.tolist())]
    return [*stood, *mine.tolist()]


def _fitted(ground: Ground, shapes: Sequence[BaseGeometry]) -> list[BaseGeometry | None]:
    """Return shapes that fit each other and the boundary; None for one of which nothing is left."""
    boundary = ground.draft.boundary
    left, bottom, right, top = shapely.total_bounds(np.array([boundary, *shapes], dtype=object))
    frame = shapely.box(left - 10, bottom - 10, right + 10, top + 10).difference(boundary)
    width = ground.profile.tolerances.repair_m
    clean = _clean([frame, *shapes], width)
    # Checks call a millimetre rounding; here the village's land is filled as far as coordinates go.
    back = [
        part
        for part in shapely.get_parts(clean[0].intersection(boundary))
        if isinstance(part, Polygon) and part.area > 10.0**-DIGITS * part.length / 2
    ]
    if back:
        # Narrow gaps along the boundary went to the outside: they are the village's.
        for part in back:
            borders = [shape.intersection(part).length for shape in clean[1:]]
            taker = int(np.argmax(borders)) + 1
            clean[taker] = clean[taker].union(part)
        clean = _clean([frame, *clean[1:]], 0.0)
    return [None if shape.is_empty else on_grid(shape) for shape in clean[1:]]


def _same(one: BaseGeometry, other: BaseGeometry) -> bool:
    """Tell whether polygons have the same nodes, wherever their rings begin."""
    return bool(one.normalize().equals_exact(other.normalize(), 0.0))


def _clean(shapes: list[BaseGeometry], width: float) -> list[BaseGeometry]:
    cleaned = shapely.coverage_clean(  # type: ignore[attr-defined]  # Newer than its stubs.
        np.array(shapes, dtype=object),
        gap_width=width,
        snapping_distance=SNAP_M,
        merge_strategy="min_index",
    )
    return list(cleaned)


def _moves(ground: Ground, old: Parcel, shape: BaseGeometry | None) -> Iterator[Moved]:
    if shape is None:
        return
    least = ground.profile.tolerances.area_m2
    for part in parts_over(old.geom.symmetric_difference(shape), least):
        yield Moved(old.id, part, width_of(part), part.area)


def width_of(part: Polygon) -> float:
    """Return how wide a polygon is where it is widest [m].

    >>> round(width_of(shapely.box(0, 0, 100, 0.1)), 2)
    0.1
    """
    return 2 * float(shapely.maximum_inscribed_circle(part, tolerance=0.005).length)


def _too_far(moved: Moved, most: float) -> Finding:
    return Finding(
        "repair_refused",
        Severity.ERROR,
        f"图斑 {moved.parcel} 与相邻图斑或村界相差最宽 {figure(moved.width_m, 2)} 米，超过自动"
        f"修补的 {most:g} 米。请在标出的位置手工调整后再保存。",
        f"Fitting parcel {moved.parcel} would move it by {figure(moved.width_m, 2)} m, "
        f"over {most:g} m.",
        (moved.parcel,),
        place=moved.place,
        area_m2=moved.area_m2,
    )


def _vanished(parcel: Parcel) -> Finding:
    return Finding(
        "parcel_covered",
        Severity.ERROR,
        f"图斑 {parcel.id} 完全落在其他图斑内或村界外。请先从原图斑中分割，或改画位置。",
        f"Parcel {parcel.id} lies wholly in others or outside the village.",
        (parcel.id,),
        place=parcel.geom,
        area_m2=parcel.geom.area,
    )


def _invalid(parcel: Parcel) -> Finding:
    return Finding(
        "invalid",
        Severity.ERROR,
        f"图斑 {parcel.id} 图形错误，无法修补。请重画出错处。",
        f"Parcel {parcel.id} is invalid and cannot be fitted.",
        (parcel.id,),
        place=parcel.geom if not parcel.geom.is_empty else None,
    )
