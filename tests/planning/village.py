"""Small villages on the plane, for checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.planning.checks import Finding
from fuliang_gis.planning.parcels import ControlLine, Draft, Parcel, on_grid

BOUNDARY = shapely.box(0, 0, 200, 100)


def parcel(name: str, code: str, *bounds: float, **said: object) -> Parcel:
    """Return a rectangular parcel: left, bottom, right, top [m]."""
    left, bottom, right, top = bounds
    return replace(Parcel(name, code, shapely.box(left, bottom, right, top)), **said)  # type: ignore[arg-type]


def draft(*parcels: Parcel, boundary: BaseGeometry = BOUNDARY, **parts: object) -> Draft:
    """Return a draft of parcels; its base is one field of cropland unless told otherwise."""
    field = Parcel("base", "0101", boundary)
    base = parts.pop("base", (field,))
    lines = parts.pop("lines", ())
    assert isinstance(base, tuple)
    assert isinstance(lines, tuple)
    return Draft(
        boundary,
        {each.id: each for each in parcels},
        {each.id: each for each in base},
        {each.id: each for each in lines},
        **parts,  # type: ignore[arg-type]
    )


def line(name: str, code: str, *bounds: float) -> ControlLine:
    """Return a rectangular control line: left, bottom, right, top [m]."""
    left, bottom, right, top = bounds
    return ControlLine(name, code, shapely.box(left, bottom, right, top))


def cells(number: int, seed: int, boundary: BaseGeometry = BOUNDARY) -> list[BaseGeometry]:
    """Return a boundary cut into cells that share their edges vertex by vertex."""
    rng = np.random.default_rng(seed)
    left, bottom, right, top = boundary.bounds
    points = shapely.multipoints(rng.uniform((left, bottom), (right, top), (number, 2)))
    parts = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=boundary))
    return [on_grid(cell) for cell in shapely.intersection(parts, boundary)]


def found(findings: Iterable[Finding]) -> list[tuple[str, tuple[str, ...]]]:
    """Return code and parcels of findings, sorted."""
    return sorted((each.code, each.parcels) for each in findings)


def areas(findings: Sequence[Finding], code: str) -> list[float]:
    """Return the areas of the findings of a code, rounded to 1 cm²."""
    return sorted(round(each.area_m2 or 0.0, 4) for each in findings if each.code == code)
