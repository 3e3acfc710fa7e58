"""Broken shapes of a file in its preview: what each would be, what was chosen, what was done."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import shapely
from shapely import Point
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from werkzeug.datastructures import MultiDict

from fuliang_gis.exchange.plans.fields import Role
from fuliang_gis.planning.figures import figure
from fuliang_gis.planning.mending import KINDS, Mending, mendings
from fuliang_gis.planning.norms import Tolerances
from fuliang_gis.planning.parcels import ControlLine, Parcel

#: Room of a picture, and the margin in it [px].
WIDTH, HEIGHT, _MARGIN = 112, 84, 6
#: Decimals [m] of places told to the map.
_FINE = 2
#: A stated area that is off by a larger part of it is worth a word.
_DISPUTED = 0.01
_ROLES = {Role.PARCELS: "图斑", Role.BASE: "现状图斑", Role.LINES: "管控边界"}
_Held = TypeVar("_Held", bound=Parcel | ControlLine)


@dataclass(frozen=True)
class Mend:
    """A broken shape in the preview; ``key`` is what the form names it by."""

    key: str
    role: Role
    id: str
    stated_m2: float | None
    mending: Mending
    chosen: bool

    @property
    def label(self) -> str:
        """Return what it is called."""
        return f"{_ROLES[self.role]} {self.id}"

    @property
    def fault(self) -> str:
        """Return what is wrong, in words."""
        return "、".join(KINDS[kind] for kind in self.mending.kinds)

    @property
    def may(self) -> bool:
        """Tell whether it can be mended here."""
        return self.mending.after is not None

    @property
    def left(self) -> bool:
        """Tell whether it keeps the file from being taken in as it is chosen now."""
        return self.mending.must and not (self.chosen and self.may)

    @property
    def disputed(self) -> bool:
        """Tell whether the file states another area than the shape would have."""
        stated, would = self.stated_m2, self.mending.would_m2
        return stated is not None and abs(stated - would) > _DISPUTED * would

    @property
    def areas(self) -> str:
        """Return the area before and after, and what becomes of loops and parts."""
        before, after = self.mending.before_m2, self.mending.would_m2
        change = _change(after - before)
        told = [
            f"面积按节点算 {figure(before, 2)} 平方米，修复后 {figure(after, 2)} 平方米（{change}）"
        ]
        if self.stated_m2 is not None:
            told.append(f"文件写 {figure(self.stated_m2, 2)} 平方米")
            if self.disputed:
                told.append("与修复后不符，请核对")
        if self.mending.dropped_m2:
            told.append(f"略去小块 {figure(self.mending.dropped_m2, 2)} 平方米")
        if self.mending.parts > 1 and self.role is not Role.LINES:
            told.append(f"成为 {self.mending.parts} 个图斑（编号加 -2、-3）")
        return "；".join(told) + "。"

    @property
    def picture(self) -> Sequence[tuple[str, str]]:
        """Return what a small picture draws: a class and a path each, in px."""
        after = self.mending.after
        shapes = [self.mending.shape] if after is None else [self.mending.shape, after]
        placed = _fitted_in([*shapes, self.mending.place])
        place = placed.pop()
        drawn = [("after", _path(shape)) for shape in placed[1:]]
        drawn.append(("before", _path(placed[0])))
        if isinstance(place, Point) and not place.is_empty:
            ring = f"M{place.x - 5:.1f} {place.y:.1f}a5 5 0 1 0 10 0a5 5 0 1 0-10 0z"
            drawn.append(("place", ring))
        return drawn


@dataclass(frozen=True)
class Held:
    """What a file holds of each kind, by id."""

    parcels: Mapping[str, Parcel]
    base: Mapping[str, Parcel]
    lines: Mapping[str, ControlLine]


def mended(
    held: Held,
    unclosed: Iterable[tuple[Role | None, str]],
    said: MultiDict[str, str],
    limits: Tolerances,
) -> tuple[list[Mend], Held]:
    """Return the broken shapes, those that must be mended first, and what is held with those
    mended that were chosen.

    Args:
        unclosed: Role and id of what had an open ring.
    """
    opened = set(unclosed)
    found: list[Mend] = []
    parcels = _mended(Role.PARCELS, held.parcels, opened, said, limits, found)
    base = _mended(Role.BASE, held.base, opened, said, limits, found)
    lines = _mended(Role.LINES, held.lines, opened, said, limits, found)
    found.sort(key=lambda each: (not each.mending.must, each.may))
    return found, Held(parcels, base, lines)


def _mended(
    role: Role,
    held: Mapping[str, _Held],
    unclosed: set[tuple[Role | None, str]],
    said: MultiDict[str, str],
    limits: Tolerances,
    found: list[Mend],
) -> dict[str, _Held]:
    stated = {
        each.id: each.stated_m2
        for each in held.values()
        if isinstance(each, Parcel) and each.stated_m2
    }
    opened = {name for of, name in unclosed if of is role}
    shapes = {name: each.geom for name, each in held.items()}
    named, every = set(said.getlist("mend")), bool(said.get("mend_all"))
    after = dict(held)
    for name, mending in mendings(shapes, limits, stated, opened).items():
        key = hashlib.sha256(f"{role}/{name}".encode()).hexdigest()[:6]
        each = Mend(key, role, name, stated.get(name), mending, every or key in named)
        found.append(each)
        if each.chosen and mending.after is not None:
            after[name] = replace(held[name], geom=mending.after)
    return after


def story(mends: Iterable[Mend], moved: int = 0) -> str:
    """Return what was mended and fitted, as the version tells it; nothing if nothing was."""
    done = [each for each in mends if each.chosen and each.may]
    told = []
    if done:
        kinds = Counter(KINDS[kind] for each in done for kind in each.mending.kinds)
        change = sum(each.mending.would_m2 - each.mending.before_m2 for each in done)
        told.append(
            f"修复图形 {len(done)} 个（{'、'.join(f'{zh} {n}' for zh, n in kinds.items())}；"
            f"面积合计变化 {figure(change, 2, signed=True)} 平方米）"
        )
    if moved:
        told.append(f"与相邻图斑或村界对齐 {moved} 处")
    return "；".join(told)


def record(mends: Iterable[Mend]) -> dict[str, object]:
    """Return the same for the audit record, shape by shape."""
    done = [
        {
            "id": each.id,
            "role": each.role.value,
            "kinds": [kind.value for kind in each.mending.kinds],
            "before_m2": round(each.mending.before_m2, 2),
            "after_m2": round(each.mending.would_m2, 2),
        }
        for each in mends
        if each.chosen and each.may
    ]
    return {"mended": done} if done else {}


def place_of(key: str, words: str, place: BaseGeometry) -> dict[str, object]:
    """Return a place for the map to show."""
    at = shapely.transform(place, lambda points: np.round(points, _FINE))
    return {"key": key, "severity": "error", "zh": words, "geometry": mapping(at)}


def _change(m2: float) -> str:
    told = figure(m2, 2, signed=True)
    return "不变" if told == figure(0.0, 2) else told


# --- pictures ---


def _fitted_in(shapes: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    """Return shapes on the picture, north up."""
    given = np.array(shapes, dtype=object)
    left, bottom, right, top = shapely.total_bounds(given)
    wide, high = max(right - left, 1e-3), max(top - bottom, 1e-3)
    scale = min((WIDTH - 2 * _MARGIN) / wide, (HEIGHT - 2 * _MARGIN) / high)
    aside, above = (WIDTH - scale * wide) / 2, (HEIGHT - scale * high) / 2
    return [
        shapely.transform(
            each,
            lambda at: np.column_stack(
                [aside + (at[:, 0] - left) * scale, above + (top - at[:, 1]) * scale]
            ),
        )
        for each in shapes
    ]


def _path(shape: BaseGeometry) -> str:
    """Return an area's rings as an SVG path."""
    rings = shapely.get_rings(shapely.get_parts(shape))
    # What lies within half a pixel is not seen.
    plain = shapely.simplify(rings, 0.5, preserve_topology=False)
    return "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(ring)) + "Z"
        for ring in plain
        if not ring.is_empty
    )
