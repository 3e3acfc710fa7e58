"""Proof that a written plan reads back as it was: what differs, to the last corner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.exchange.plans.fields import LAYERS, Role
from fuliang_gis.exchange.plans.options import Format, Writing
from fuliang_gis.exchange.plans.raw import Edition, Reading
from fuliang_gis.exchange.plans.reading import Read, read_plan
from fuliang_gis.planning.parcels import DIGITS, ControlLine, Draft, Parcel

Things = Mapping[str, Parcel] | Mapping[str, ControlLine]


@dataclass(frozen=True)
class Difference:
    """One thing that came back otherwise: of which layer, which id, and what of it."""

    role: Role
    id: str
    zh: str
    en: str


def prove(
    draft: Draft, path: Path, form: Format, writing: Writing | None = None
) -> tuple[Difference, ...]:
    """Read a written plan again and return everything that differs from what was written.

    Nothing differs when it holds the same parcels, base, lines and boundary, coordinates to 0.1 mm;
    of boundary points (TXT) parcels, codes and names count, coordinates to their precision.
    """
    # Boundary points alone do not tell it by themselves.
    edition: Edition = "2020" if draft.edition == "2020" else "2023"
    read = read_plan(path, Reading(edition=edition))
    if form == "txt":
        digits = (writing or Writing()).txt.decimals
        return tuple(_things(Role.PARCELS, _as_points(draft), _as_points(read), digits))
    return tuple(_whole(draft, read))


def _as_points(plan: Draft | Read) -> dict[str, Parcel]:
    """Return parcels with no more than boundary points hold."""
    return {
        name: replace(each, stated_m2=None, stated_name=None, households=1)
        for name, each in plan.parcels.items()
    }


def _whole(draft: Draft, read: Read) -> Iterator[Difference]:
    yield from _things(Role.PARCELS, draft.parcels, read.parcels, DIGITS)
    yield from _things(Role.BASE, draft.base, read.base, DIGITS)
    yield from _things(Role.LINES, draft.lines, read.lines, DIGITS)
    if read.boundary is None or not _same(draft.boundary, read.boundary, DIGITS):
        yield Difference(Role.BOUNDARY, "", "村界不同。", "The boundary differs.")


def _things(role: Role, before: Things, after: Things, digits: int) -> Iterator[Difference]:
    zh = LAYERS[role][1]
    for name in before.keys() - after.keys():
        yield Difference(role, name, f"{zh} {name} 没有读回。", f"{name} did not come back.")
    for name in after.keys() - before.keys():
        yield Difference(role, name, f"{zh} {name} 是多出来的。", f"{name} is one too many.")
    for name in (name for name in before if name in after):
        one, other = before[name], after[name]
        if not _same(one.geom, other.geom, digits):
            yield Difference(role, name, f"{zh} {name} 图形不同。", f"{name}: geometry differs.")
        if _plain(one) != _plain(other):
            yield Difference(role, name, f"{zh} {name} 属性不同。", f"{name}: values differ.")


def _plain(thing: Parcel | ControlLine) -> Parcel | ControlLine:
    """Return a thing without its geometry; an empty stated name is none."""
    bare = replace(thing, geom=shapely.Point())
    return replace(bare, stated_name=bare.stated_name or None) if isinstance(bare, Parcel) else bare


def _same(one: BaseGeometry, other: BaseGeometry, digits: int) -> bool:
    def rounded(shape: BaseGeometry) -> BaseGeometry:
        return shapely.normalize(shapely.transform(shape, lambda p: np.round(p, digits)))

    first, second = rounded(one), rounded(other)
    if first.equals_exact(second, 0.0):
        return True
    # A single part is written as one of many, and points that rounding makes one are left out.
    tidy = [shapely.normalize(shapely.union_all([_unrepeated(each)])) for each in (first, second)]
    return bool(tidy[0].equals_exact(tidy[1], 0.0))


def _unrepeated(shape: BaseGeometry) -> BaseGeometry:
    return shapely.remove_repeated_points(shape, 0.0)
