"""GPKG, FileGDB and Shapefile as raw layers, read by GDAL as pyogrio brings it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio import raw
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from fuliang_gis.exchange.plans.encodings import Encoding, of_shapefile
from fuliang_gis.exchange.plans.notes import Note, NoteCode, refusal
from fuliang_gis.exchange.plans.raw import RawLayer, RawRow, Reading, Value

#: What a broken file makes the reader raise.
_FAULTS = (
    DataSourceError,
    DataLayerError,
    FeatureError,
    FieldError,
    GeometryError,
    # The reader's own slips over a broken projection or name.
    ValueError,
    NameError,
)
#: Every byte is a letter in it.
_BYTES = "ISO-8859-1"
_T = TypeVar("_T")
#: What files begin with. GDAL goes by content and would follow what others lead to elsewhere.
_MAGIC = {".gpkg": b"SQLite format 3\0", ".shp": b"\0\0\x27\x0a"}


def read_vector(path: Path, reading: Reading) -> list[RawLayer]:
    """Return every layer of a file that has geometry.

    Raises:
        Invalid: GDAL cannot read it.
    """
    shapefile = path.suffix.lower() == ".shp"
    encoding = of_shapefile(path, reading.encoding) if shapefile else None
    if not _is_what_it_says(path):
        raise _unreadable(path, "other content")
    try:
        with warnings.catch_warnings():
            # What GDAL warns of (rings, dates, missing files) is found and noted row by row.
            warnings.simplefilter("ignore")
            layers = [
                _layer(path, str(name), encoding)
                for name, kind in pyogrio.list_layers(path)
                if kind is not None
            ]
    except _FAULTS as error:
        raise _unreadable(path, str(error)) from error
    return layers


def _is_what_it_says(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix == ".gdb":
        return path.is_dir() and any(path.glob("*.gdbtable"))
    with path.open("rb") as file:
        return file.read(16).startswith(_MAGIC[suffix])


def _unreadable(path: Path, reason: str) -> Exception:
    return refusal(
        "unreadable",
        f"文件 {path.name} 无法读取，可能已损坏或缺少配套文件"
        "（Shapefile 须有 .shp、.shx、.dbf、.prj）。请在原软件中重新导出。",
        f"{path.name} cannot be read: {reason}.",
    )


def _layer(path: Path, name: str, encoding: Encoding | None) -> RawLayer:
    # A Shapefile's bytes are taken as they are: letters cut at a field's end would stop the reader.
    plain = _BYTES if encoding else None
    meta, _, wkb, data = raw.read(path, layer=name, encoding=plain, datetime_as_string=True)
    columns = [_decoded(str(each), encoding) for each in meta["fields"]]
    # What cannot be read as a geometry is noted as a row without one; a ring left open is closed.
    shapes = shapely.from_wkb(wkb, on_invalid="fix")
    closed = shapely.is_missing(shapely.from_wkb(wkb, on_invalid="ignore"))
    lists = [[_decoded(value, encoding) for value in _values(column)] for column in data]
    rows = [
        RawRow(
            i + 1,
            geom,
            {column: lists[j][i] for j, column in enumerate(columns)},
            bool(closed[i]) and geom is not None,
        )
        for i, geom in enumerate(shapes)
    ]
    crs = meta["crs"]
    notes = (_encoding_note(name, encoding),) if encoding and encoding.notable else ()
    return RawLayer(name, columns, rows, crs and str(crs), notes)


def _decoded(value: _T, encoding: Encoding | None) -> _T | str:
    if encoding is None or not isinstance(value, str):
        return value
    return value.encode(_BYTES).decode(encoding.name, errors="ignore")


def _values(column: NDArray[np.generic]) -> list[Value]:
    if column.dtype.kind == "f":
        return [None if np.isnan(value) else float(value) for value in column]
    if column.dtype.kind in "iub":
        return [int(value) for value in column]
    return [None if value is None else str(value) for value in column]


def _encoding_note(layer: str, encoding: Encoding) -> Note:
    return Note(
        NoteCode.ENCODING_TAKEN,
        f"图层“{layer}”的文字按 {encoding.name} 读取{encoding.why}。",
        f"Layer '{layer}': text was read as {encoding.name}.",
        layer,
        value=encoding.name,
    )
