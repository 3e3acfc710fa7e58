"""Control lines against land uses (管控边界 × 用地): how much of which lies where, and may it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from fuliang_gis.planning.codes import land_uses, top
from fuliang_gis.planning.norms import LineNorms, LineRule, Profile, line_norms
from fuliang_gis.planning.parcels import Draft, Parcel

#: What a cell says, the worst first: not allowed, by a permit only, as in the base year, free.
FORBIDDEN, PERMIT, KEPT, FREE = "forbidden", "permit", "kept", "free"
_WORST = (FORBIDDEN, PERMIT, KEPT, FREE)

Geometries = NDArray[np.object_]


@dataclass(frozen=True)
class LineCell:
    """Land [m²] of one class inside one kind of line, with its parcels.

    ``against_m2`` is the part that a rule speaks of, ``added_m2`` the part of that which was of no
    such use in the base year; ``articles`` are those of the rules.
    """

    line: str
    use: str
    m2: float
    verdict: str
    parcels: tuple[str, ...]
    against_m2: float = 0.0
    added_m2: float = 0.0
    articles: tuple[str, ...] = ()


@dataclass(frozen=True)
class LineMatrix:
    """Lines (rows) and first-level classes (columns) that a plan has, and the cells with land."""

    lines: tuple[tuple[str, str], ...]
    uses: tuple[tuple[str, str], ...]
    cells: tuple[LineCell, ...]

    def cell(self, line: str, use: str) -> LineCell | None:
        """Return the cell of a line and a class; None where no such land lies inside."""
        return next((c for c in self.cells if (c.line, c.use) == (line, use)), None)

    def total(self, line: str) -> float:
        """Return all land [m²] inside a line."""
        return math.fsum(each.m2 for each in self.cells if each.line == line)


def line_matrix(draft: Draft, profile: Profile, norms: LineNorms | None = None) -> LineMatrix:
    """Return how much of which class lies inside which kind of control line.

    Lines of a kind count once where they overlap. Land that was in the base year already what a
    rule forbids is ``kept``: the plan does not add it.

    >>> from shapely import box
    >>> from fuliang_gis.planning.norms import profile
    >>> from fuliang_gis.planning.parcels import ControlLine
    >>> house = Parcel("a", "0703", box(0, 0, 10, 10))
    >>> line = ControlLine("f", "0202", box(0, 0, 5, 10))
    >>> found = line_matrix(Draft(box(0, 0, 10, 10), {"a": house}, lines={"f": line}), profile())
    >>> [(each.line, each.use, each.m2, each.verdict) for each in found.cells]
    [('0202', '07', 50.0, 'forbidden')]
    """
    used = norms or line_norms()
    parcels = [each for each in draft.parcels.values() if each.geom.is_valid]
    shapes = np.array([each.geom for each in parcels], dtype=object)
    kinds = sorted({line.code for line in draft.lines.values()})
    cells: list[LineCell] = []
    before = _Before(draft.base.values())
    for kind in kinds:
        inside = shapely.union_all([x.geom for x in draft.lines.values() if x.code == kind])
        cells += list(_cells(before, profile, used, kind, _cut(parcels, shapes, inside)))
    uses = land_uses(draft.edition)
    found = sorted({each.use for each in cells})
    return LineMatrix(
        tuple((kind, used.names.get(kind, kind)) for kind in kinds),
        tuple((code, uses[code].zh if code in uses else "") for code in found),
        tuple(cells),
    )


_Cut = tuple[Parcel, BaseGeometry]


class _Before:
    """The base year's parcels, found by place."""

    def __init__(self, parcels: Iterable[Parcel]) -> None:
        self._parcels = [each for each in parcels if each.geom.is_valid]
        self._shapes = np.array([each.geom for each in self._parcels], dtype=object)
        self._tree = shapely.STRtree(self._shapes)

    def added(self, profile: Profile, rule: LineRule, part: BaseGeometry) -> float:
        """Return the area [m²] of a place that was of no use that a rule speaks of."""
        kept = [
            index
            for index in self._tree.query(part, predicate="intersects").tolist()
            if rule.concerns(profile, self._parcels[index].edition, self._parcels[index].code)
        ]
        if not kept:
            return float(part.area)
        return float(part.difference(shapely.union_all(self._shapes[kept])).area)


def _cut(parcels: Sequence[Parcel], shapes: Geometries, inside: BaseGeometry) -> list[_Cut]:
    """Return the parcels that meet an area, each with its part inside."""
    if not parcels:
        return []
    shapely.prepare(inside)
    met = np.flatnonzero(shapely.intersects(inside, shapes))
    parts = shapely.intersection(shapes[met], inside)
    return [(parcels[i], part) for i, part in zip(met.tolist(), parts, strict=True)]


def _cells(
    before: _Before, profile: Profile, norms: LineNorms, kind: str, cut: Sequence[_Cut]
) -> Iterator[LineCell]:
    least = profile.tolerances.area_m2
    by_use: dict[str, list[_Cut]] = {}
    for parcel, part in cut:
        if part.area > least:
            by_use.setdefault(top(parcel.code), []).append((parcel, part))
    rules = [rule for rule in norms.rules if rule.inside and kind in rule.lines]
    for use in sorted(by_use):
        yield _cell(before, profile, rules, kind, use, by_use[use])


def _cell(
    before: _Before,
    profile: Profile,
    rules: Sequence[LineRule],
    kind: str,
    use: str,
    found: Sequence[_Cut],
) -> LineCell:
    verdicts = [FREE]
    articles: dict[str, None] = {}
    against: dict[str, float] = {}
    added: dict[str, float] = {}
    for rule in rules:
        for parcel, part in found:
            if not rule.concerns(profile, parcel.edition, parcel.code):
                continue
            new = before.added(profile, rule, part)
            against[parcel.id] = float(part.area)
            added[parcel.id] = max(new, added.get(parcel.id, 0.0))
            articles[rule.article] = None
            if new <= profile.tolerances.area_m2:
                verdicts.append(KEPT)
            else:
                verdicts.append(FORBIDDEN if rule.forbidden else PERMIT)
    return LineCell(
        kind,
        use,
        math.fsum(part.area for _, part in found),
        min(verdicts, key=_WORST.index),
        tuple(parcel.id for parcel, _ in found),
        math.fsum(against.values()),
        math.fsum(added.values()),
        tuple(articles),
    )
