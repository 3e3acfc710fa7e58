"""Files as other programs write them, for reading."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyogrio import raw
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from fuliang_gis.errors import Invalid
from fuliang_gis.exchange.plans.notes import NoteCode
from fuliang_gis.exchange.plans.reading import Read
from tests.exchange.plans.village import EAST, NORTH

Values = Sequence[str | int | float | None]


def square(at: int = 0, side: float = 10.0) -> Polygon:
    """Return one of squares in a row, in the county (EPSG:4548)."""
    return shapely.box(EAST + at * side, NORTH, EAST + (at + 1) * side, NORTH + side)


def layer(
    path: Path,
    shapes: Sequence[BaseGeometry | None],
    columns: Mapping[str, Values],
    *,
    name: str | None = None,
    crs: str | None = "EPSG:4548",
    kind: str = "Unknown",
    encoding: str | None = None,
) -> Path:
    """Write a layer by the driver that the path's name asks for, another beside what is there."""
    drivers = {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".gdb": "OpenFileGDB"}
    with warnings.catch_warnings():
        # Names that a Shapefile cuts, and files without a system, are what is wanted.
        warnings.simplefilter("ignore")
        _write(path, shapes, columns, name or path.stem, drivers[path.suffix], crs, kind, encoding)
    return path


def _write(
    path: Path,
    shapes: Sequence[BaseGeometry | None],
    columns: Mapping[str, Values],
    name: str,
    driver: str,
    crs: str | None,
    kind: str,
    encoding: str | None,
) -> None:
    raw.write(
        path,
        np.array([None if each is None else shapely.to_wkb(each) for each in shapes], dtype=object),
        [_column(values) for values in columns.values()],
        np.array(list(columns), dtype=object),
        layer=name,
        driver=driver,
        geometry_type=kind,
        crs=crs,
        encoding=encoding,
    )


def _column(values: Values) -> np.typing.NDArray[np.generic]:
    if all(isinstance(value, str) or value is None for value in values):
        return np.array(values, dtype=object)
    return np.array([np.nan if value is None else value for value in values])


def told(read: Read) -> dict[NoteCode, list[int | None]]:
    """Return the rows of every kind of note, save the system that was taken."""
    found: dict[NoteCode, list[int | None]] = {}
    for note in read.notes:
        if note.code is not NoteCode.CRS_TAKEN:
            found.setdefault(note.code, []).append(note.row)
    return found


def refused(call: Callable[[], object]) -> tuple[str, str]:
    """Return code and Chinese text of a refusal."""
    with pytest.raises(Invalid) as caught:
        call()
    (problem,) = caught.value.problems
    assert problem.field
    assert problem.en
    return problem.code, problem.zh
