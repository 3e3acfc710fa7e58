"""Mending single shapes as files bring them: what is wrong, what they would be, how sure that is.

Pure, and nothing is mended unasked: what is found here is shown, and taken when a person says so.
How shapes fit their neighbours is ``repair``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from fuliang_gis.geo.validity import explain
from fuliang_gis.planning.norms import Tolerances
from fuliang_gis.planning.parcels import on_grid

#: A spike is at least so many times as long as it is wide.
_SPIKE_RATIO = 20.0
_LEAST_RING = 4

Coordinates = NDArray[np.float64]


class Kind(StrEnum):
    """What can be wrong with a shape."""

    CROSSING = "crossing"
    TOUCHING = "touching"
    NESTED = "nested"
    UNCLOSED = "unclosed"
    SPIKE = "spike"
    REPEATED = "repeated"


#: Kinds in words.
KINDS: Mapping[Kind, str] = {
    Kind.CROSSING: "边界自相交",
    Kind.TOUCHING: "边界在一点自相接",
    Kind.NESTED: "内环绕向错误，没有成为洞",
    Kind.UNCLOSED: "环没有闭合",
    Kind.SPIKE: "有尖刺",
    Kind.REPEATED: "有重复节点",
}


@dataclass(frozen=True)
class Mending:
    """A shape with what is wrong with it, and what it would be.

    ``before_m2`` is what its nodes reckon to, which counts loops of a crossing ring against each
    other; ``would_m2`` is what it encloses. ``dropped_m2`` are loops too small for a parcel.
    ``after`` is None where mending would have to guess.
    """

    shape: BaseGeometry
    kinds: tuple[Kind, ...]
    place: Point
    before_m2: float
    would_m2: float
    after: BaseGeometry | None
    dropped_m2: float = 0.0

    @property
    def must(self) -> bool:
        """Tell whether the shape cannot be taken in as it is."""
        return not self.shape.is_valid or Kind.UNCLOSED in self.kinds

    @property
    def parts(self) -> int:
        """Return of how many areas the mended shape is."""
        return 0 if self.after is None else int(shapely.get_num_geometries(self.after))


def mendings(
    shapes: Mapping[str, BaseGeometry],
    limits: Tolerances,
    stated: Mapping[str, float] | None = None,
    unclosed: Collection[str] = (),
) -> dict[str, Mending]:
    """Return what is to be mended of some areas by name; sound ones are left out.

    Args:
        limits: Its ``mend_m2`` and ``mend_share`` bound how much the area may change, ``spike_m``
            is how wide a spike is at most, ``sliver_m2`` what is too small for a part.
        stated: Areas that the file states [m²], by name, where it states another than ``shapes``.
        unclosed: Names of those whose rings were closed when they were read.

    >>> from fuliang_gis.planning.norms import profile
    >>> eight = Polygon([(0, 0), (10, 0), (5, 5), (10, 10), (0, 10), (5, 5)])
    >>> found = mendings({"8": eight, "4": shapely.box(0, 0, 9, 9)}, profile().tolerances)
    >>> {name: (each.kinds[0].value, each.parts) for name, each in found.items()}
    {'8': ('touching', 2)}
    """
    names = [name for name, shape in shapes.items() if not shape.is_empty]
    geoms = np.array([shapes[name] for name in names], dtype=object)
    if not len(geoms):
        return {}
    broken = ~shapely.is_valid(geoms)
    repeated, spiked = _repeated(geoms), _spiked(geoms, limits.spike_m)
    marked = broken | repeated | spiked | np.isin(names, list(unclosed))
    given = stated or {}
    found = {}
    for at in np.flatnonzero(marked).tolist():
        name = names[at]
        kinds = [
            kind
            for kind, has in (
                (Kind.UNCLOSED, name in unclosed),
                (Kind.SPIKE, spiked[at]),
                (Kind.REPEATED, repeated[at]),
            )
            if has
        ]
        mending = _mending(geoms[at], kinds, limits, given.get(name))
        if mending.must or mending.after is not None:
            found[name] = mending
    return found


def _mending(
    shape: BaseGeometry, kinds: list[Kind], limits: Tolerances, stated: float | None
) -> Mending:
    before = float(shape.area)
    fault = explain(shape)
    place = Point(fault.place) if fault is not None and fault.place else None
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        return Mending(shape, (Kind.CROSSING,), Point(), before, 0.0, None)
    plain = _rebuilt(shape, _without_repeated)
    if Kind.SPIKE in kinds:
        tips: list[Point] = []
        plain = _rebuilt(plain, lambda ring: _without_spikes(ring, limits.spike_m, tips))
        place = place or (tips[0] if tips else None)
    reckoned, readings, least = float(plain.area), [plain], 0.0
    if not plain.is_valid:
        least = limits.sliver_m2
        kind, reckoned, readings = _readings(plain)
        kinds = [kind, *kinds]
    wanted = [each for each in (stated, reckoned) if each is not None]
    after, dropped = _chosen(readings, wanted, limits, least)
    if place is None:
        place = Point(shapely.get_coordinates(shape)[0])
    would = float(readings[0].area) if after is None else float(after.area)
    return Mending(shape, tuple(kinds), place, before, would, after, dropped)


def _readings(shape: BaseGeometry) -> tuple[Kind, float, list[BaseGeometry]]:
    """Return what is wrong with rings that cross, touch or lie in each other, and their meanings.

    Between them stands the area [m²] that the rings as they are reckon to.
    """
    holed = _areas(shapely.make_valid(shape))
    merged = _areas(shapely.make_valid(shape, method="structure", keep_collapsed=False))
    if _is_nested(shape):
        # Rings within rings are holes, as in boundary points and drawings, however they are wound.
        return Kind.NESTED, float(holed.area), [holed, merged]
    reason = explain(shape)
    touching = reason is not None and reason.en == "Ring Self-intersection"
    kind = Kind.TOUCHING if touching else Kind.CROSSING
    return kind, float(shape.area), [merged, holed]


def _is_nested(shape: BaseGeometry) -> bool:
    """Tell whether sound rings lie wholly in each other or apart."""
    parts = list(shapely.get_parts(shape))
    if not all(part.is_valid for part in parts):
        return False
    first, second = shapely.STRtree(parts).query(parts, predicate="intersects")
    meeting = [(parts[a], parts[b]) for a, b in zip(first, second, strict=True) if a < b]
    return bool(meeting) and all(
        one.contains(other) or other.contains(one) or one.touches(other) for one, other in meeting
    )


def _chosen(
    readings: Sequence[BaseGeometry], wanted: Sequence[float], limits: Tolerances, least: float
) -> tuple[BaseGeometry | None, float]:
    """Return the reading that has an area which is known, without loops smaller than ``least``.

    What changes the area by more than the bounds is a guess, and not returned.
    """
    for area in wanted:
        for reading in readings:
            kept, dropped = _without_crumbs(reading, least)
            most = min(limits.mend_m2, limits.mend_share * area)
            if kept is not None and abs(kept.area - area) <= most:
                return kept, dropped
    return None, 0.0


def _without_crumbs(shape: BaseGeometry, least: float) -> tuple[BaseGeometry | None, float]:
    """Return a shape without the small ones of its parts, and how much those were [m²]."""
    parts = sorted(shapely.get_parts(on_grid(shape)), key=lambda part: -part.area)
    if not parts or not all(part.is_valid for part in parts):
        return None, 0.0
    kept = [part for at, part in enumerate(parts) if at == 0 or part.area >= least]
    dropped = float(sum(part.area for part in parts[len(kept) :]))
    whole = kept[0] if len(kept) == 1 else MultiPolygon(kept)
    return (whole if whole.is_valid and not whole.is_empty else None), dropped


def _areas(shape: BaseGeometry) -> BaseGeometry:
    """Return the areas of what making valid gave, which may have lines and points beside them."""
    nested = shapely.get_parts(shapely.get_parts(shape))
    return MultiPolygon([part for part in nested if isinstance(part, Polygon)])


# --- rings ---


def _rings(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return the rings of areas, and of which area each is."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    rings, of_part = shapely.get_rings(parts, return_index=True)
    return rings, owner[of_part]


def _rebuilt(shape: BaseGeometry, act: Callable[[Coordinates], Coordinates]) -> BaseGeometry:
    """Return an area with something done to each of its rings; what is no ring then is left out."""
    parts = []
    for part in shapely.get_parts(shape):
        shell, *holes = (
            act(shapely.get_coordinates(ring)) for ring in (part.exterior, *part.interiors)
        )
        if len(shell) >= _LEAST_RING:
            parts.append(Polygon(shell, [hole for hole in holes if len(hole) >= _LEAST_RING]))
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _repeated(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell which areas have the same node twice in a row."""
    rings, owner = _rings(shapes)
    points, of_ring = shapely.get_coordinates(rings, return_index=True)
    again = (points[1:] == points[:-1]).all(axis=1) & (of_ring[1:] == of_ring[:-1])
    found = np.zeros(len(shapes), dtype=bool)
    found[owner[of_ring[1:][again]]] = True
    return found


def _without_repeated(ring: Coordinates) -> Coordinates:
    first = np.ones(len(ring), dtype=bool)
    first[1:] = (ring[1:] != ring[:-1]).any(axis=1)
    return ring[first]


def _spiked(shapes: NDArray[np.object_], width: float) -> NDArray[np.bool_]:
    """Tell which areas have a node to which the ring runs out and back on nearly the same way."""
    rings, owner = _rings(shapes)
    corners = shapely.bounds(rings)
    with np.errstate(invalid="ignore"):
        extent = np.maximum(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    # Thinned, a ring as small as a spike is wide would be none.
    large = np.isfinite(corners).all(axis=1) & (extent > 2 * width)
    thin = shapely.remove_repeated_points(rings[large], tolerance=width)
    points, of_ring = shapely.get_coordinates(thin, return_index=True)
    found = np.zeros(len(shapes), dtype=bool)
    found[owner[large][of_ring[_tips(points, of_ring, width)]]] = True
    return found


def _tips(points: Coordinates, of_ring: NDArray[np.int64], width: float) -> NDArray[np.bool_]:
    """Tell which points of closed rings are the tips of spikes, shape ``(points,)``."""
    if not len(points):
        return np.zeros(0, dtype=bool)
    before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
    first = np.flatnonzero(np.diff(of_ring, prepend=-1))
    last = np.append(first[1:], len(points)) - 1
    # A ring's last point is its first again: the one before the first is the last but one.
    before[first] = points[last - 1]
    out, back = before - points, after - points
    far = np.hypot(*out.T), np.hypot(*back.T)
    shorter, longer = np.minimum(*far), np.maximum(*far)
    across = np.abs(out[:, 0] * back[:, 1] - out[:, 1] * back[:, 0])
    apart = across / np.maximum(longer, width)
    ahead = (out * back).sum(axis=1) > 0
    found = ahead & (apart <= width) & (shorter >= _SPIKE_RATIO * apart) & (shorter > width)
    found[last] = False
    return np.asarray(found, dtype=np.bool_)


def _without_spikes(ring: Coordinates, width: float, tips: list[Point]) -> Coordinates:
    """Return a ring without its spikes, whose tips are added to ``tips``."""
    points, found = ring[list(_apart(ring, width))], np.zeros(1, dtype=np.int64)
    trimmed = False
    while len(points) >= _LEAST_RING - 1:
        closed = np.concatenate([points, points[:1]])
        found = np.flatnonzero(_tips(closed, np.zeros(len(closed), dtype=np.int64), width))
        if not len(found):
            break
        trimmed = True
        tips.append(Point(points[found[0]]))
        points = np.delete(points, found[0], axis=0)
        # Where the spike began there may be the same node twice.
        points = points[list(_apart(points, width))]
    return np.concatenate([points, points[:1]]) if trimmed else ring


def _apart(points: Coordinates, width: float) -> Iterator[int]:
    """Yield the places of a ring's points that lie apart from the last such before them."""
    last = points[-1]
    for at, point in enumerate(points):
        if np.hypot(*(point - last)) > width:
            last = point
            yield at
