"""A small village in the county, for files: parcels with holes and odd names, base, lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.planning.parcels import ControlLine, Draft, Parcel, on_grid
from tests.planning.village import cells

#: The south-west corner of the village (EPSG:4548) [m].
EAST, NORTH = 521_300.0, 3_262_400.0
BOUNDARY = shapely.box(EAST, NORTH, EAST + 600, NORTH + 400)
CODES = ("0101", "0103", "0301", "0703", "0704", "1207", "16", "1701", "0601")


def village(number: int = 30, seed: int = 1, edition: str = "2023") -> Draft:
    """Return a plan of cells that share their edges, one with a parcel inside it."""
    parcels = {each.id: each for each in _parcels(cells(number, seed, BOUNDARY), edition)}
    largest = max(parcels.values(), key=lambda each: each.geom.area)
    middle = largest.geom.centroid
    room = middle.distance(largest.geom.boundary)
    pond = on_grid(middle.buffer(room / 3, quad_segs=3))
    parcels[largest.id] = replace(largest, geom=largest.geom.difference(pond))
    parcels["pond"] = Parcel("pond", "1704", pond, edition, name="门前塘")
    base = {each.id: each for each in _parcels(cells(8, seed + 1, BOUNDARY), edition)}
    return Draft(BOUNDARY, parcels, base, _lines(), edition=edition)


def _parcels(shapes: Iterable[BaseGeometry], edition: str) -> Iterable[Parcel]:
    for at, shape in enumerate(shapes):
        stated = float(np.round(shape.area + 1.25, 4)) if at % 3 == 0 else None
        yield Parcel(
            f"T{at:03}",
            CODES[at % len(CODES)],
            shape,
            edition,
            name=("", "王家坞“老屋”", "村委会")[at % 3],
            stated_m2=stated,
            stated_name="农村宅基地" if at % 4 == 0 else None,
            households=1 + at % 2,
        )


def _lines() -> Mapping[str, ControlLine]:
    square = shapely.box(EAST + 20, NORTH + 20, EAST + 320, NORTH + 220)
    ring = square.difference(shapely.box(EAST + 100, NORTH + 100, EAST + 150, NORTH + 150))
    lines = (
        ControlLine("L1", "0202", ring, "基本农田一片"),
        ControlLine("L2", "0301", shapely.box(EAST + 330, NORTH, EAST + 600, NORTH + 200)),
    )
    return {each.id: each for each in lines}


def same_parcels(one: Mapping[str, Parcel], other: Mapping[str, Parcel], digits: int = 4) -> None:
    """Assert that parcels are equal in everything, their coordinates to some decimals."""
    assert list(other) == list(one)
    for name, parcel in one.items():
        found = other[name]
        assert replace(found, geom=parcel.geom) == parcel
        same_shape(parcel.geom, found.geom, digits)


def same_shape(one: BaseGeometry, other: BaseGeometry, digits: int = 4) -> None:
    """Assert that two areas have the same corners, wherever their rings begin."""
    assert _plain(one, digits) == _plain(other, digits)


def _plain(shape: BaseGeometry, digits: int) -> BaseGeometry:
    return shapely.normalize(shapely.transform(shape, lambda p: np.round(p, digits)))


def same_plan(one: Draft, other: Draft) -> None:
    """Assert that two plans are equal: parcels, base, lines and boundary."""
    same_parcels(one.parcels, other.parcels)
    same_parcels(one.base, other.base)
    assert list(other.lines) == list(one.lines)
    for name, line in one.lines.items():
        assert replace(other.lines[name], geom=line.geom) == line
        same_shape(line.geom, other.lines[name].geom)
    same_shape(one.boundary, other.boundary)
    assert one.edition == other.edition
