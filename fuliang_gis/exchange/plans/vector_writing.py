"""GPKG, FileGDB, Shapefile and GeoJSON of a plan: the same layers and fields in each."""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from pyogrio import raw

from fuliang_gis.exchange.plans.coordinates import from_plan
from fuliang_gis.exchange.plans.encodings import GB18030, UTF8
from fuliang_gis.exchange.plans.fields import LAYERS, Role, meanings
from fuliang_gis.exchange.plans.geojson_reading import LAYER_COLUMN
from fuliang_gis.exchange.plans.notes import Note, NoteCode
from fuliang_gis.geo.crs import GEOGRAPHIC
from fuliang_gis.planning.codes import land_uses
from fuliang_gis.planning.norms import line_norms
from fuliang_gis.planning.parcels import ControlLine, Draft, Parcel

#: Decimals of degrees in GeoJSON: a hundredth of a millimetre.
_DEGREE_DIGITS = 10
#: A field of a Shapefile's table holds so many bytes.
_DBF_BYTES = 254
_MEANINGS = "ZDSM"

Column = NDArray[np.generic]


@dataclass(frozen=True)
class Layer:
    """A layer to write: its columns in their order, its geometries on the plan's plane."""

    role: Role
    columns: Mapping[str, Column]
    shapes: NDArray[np.object_]

    @property
    def name(self) -> str:
        """Return its name as written."""
        return LAYERS[self.role][0]


def layers_of(draft: Draft) -> list[Layer]:
    """Return the layers of a plan that have rows."""
    found = [
        _parcels(Role.PARCELS, draft.parcels.values()),
        _parcels(Role.BASE, draft.base.values()),
        _lines(draft.lines.values()),
        Layer(
            Role.BOUNDARY,
            {"BSM": _texts(["1"]), "MC": _texts(["村界"])},
            np.array([draft.boundary], dtype=object),
        ),
    ]
    return [layer for layer in found if len(layer.shapes)]


def _parcels(role: Role, given: Iterable[Parcel]) -> Layer:
    parcels = list(given)
    shapes = np.array([each.geom for each in parcels], dtype=object)
    names = [land_uses(each.edition).get(each.code) for each in parcels]
    stated = [np.nan if each.stated_m2 is None else each.stated_m2 for each in parcels]
    columns: dict[str, Column] = {
        "BSM": _texts(each.id for each in parcels),
        "YDYHFLDM": _texts(each.code for each in parcels),
        "YDYHFLMC": _texts(use.zh if use else "" for use in names),
        "FLBB": _texts(each.edition for each in parcels),
        "MC": _texts(each.name for each in parcels),
        "MJ": np.round(shapely.area(shapes), 2) if parcels else np.array([]),
        "DJMJ": np.array(stated, dtype=np.float64),
        "DJMC": _texts(each.stated_name for each in parcels),
        "HS": np.array([each.households for each in parcels], dtype=np.int32),
    }
    return Layer(role, columns, shapes)


def _lines(given: Iterable[ControlLine]) -> Layer:
    lines = list(given)
    names = line_norms().names
    columns: dict[str, Column] = {
        "BSM": _texts(each.id for each in lines),
        "BJDM": _texts(each.code for each in lines),
        "BJMC": _texts(names.get(each.code, "") for each in lines),
        "MC": _texts(each.name for each in lines),
    }
    return Layer(Role.LINES, columns, np.array([each.geom for each in lines], dtype=object))


def _texts(values: Iterable[str | None]) -> Column:
    return np.array([value or None for value in values], dtype=object)


#: Options of the file that its first layer makes. Older programs warn of what they may not
#: understand in a GeoPackage newer than 1.2, though nothing newer is in it.
_OF_FILE = {"GPKG": {"VERSION": "1.2"}}


def write_gpkg(draft: Draft, path: Path, crs: int) -> list[Note]:
    """Write a GeoPackage; layers carry their Chinese names as identifiers."""
    for layer in layers_of(draft):
        _write(layer, path, "GPKG", crs, layer_options={"IDENTIFIER": LAYERS[layer.role][1]})
    _write_meanings(path, "GPKG")
    return []


def write_gdb(draft: Draft, path: Path, crs: int) -> list[Note]:
    """Write a file geodatabase; layers carry their Chinese names as aliases."""
    for layer in layers_of(draft):
        options = {"LAYER_ALIAS": LAYERS[layer.role][1]}
        if crs == GEOGRAPHIC:
            # By default degrees are kept to a tenth of a millimetre only.
            options |= {"XORIGIN": "-400", "YORIGIN": "-400", "XYSCALE": "1e11"}
        _write(layer, path, "OpenFileGDB", crs, layer_options=options)
    _write_meanings(path, "OpenFileGDB")
    return []


def write_shapefiles(draft: Draft, folder: Path, crs: int) -> list[Note]:
    """Write one Shapefile a layer; GBK with its ``.cpg``, UTF-8 where GBK lacks a letter."""
    notes: list[Note] = []
    for layer in layers_of(draft):
        encoding = "GBK" if _fits_gbk(layer) else UTF8
        if encoding == UTF8:
            notes.append(_rare_letters(layer))
        notes += _cut_texts(layer, GB18030 if encoding == "GBK" else UTF8)
        path = folder / f"{layer.name}.shp"
        _write(layer, path, "ESRI Shapefile", crs, encoding=encoding)
        path.with_suffix(".cpg").write_text(encoding, "ascii")
    with (folder / "字段说明.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([("字段", "含义"), *meanings()])
    return notes


def write_geojson(draft: Draft, path: Path) -> list[Note]:
    """Write one collection in EPSG:4490 degrees; a property tells the layer of each feature.

    RFC 7946 has WGS 84 only; the older member ``crs`` says which system it truly is, and who does
    not read it is off by centimetres at most.
    """
    features = [feature for layer in layers_of(draft) for feature in _features(layer)]
    collection = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{GEOGRAPHIC}"}},
        "features": features,
    }
    path.write_text(json.dumps(collection, ensure_ascii=False, separators=(",", ":")), "utf-8")
    return []


def _features(layer: Layer) -> Iterable[dict[str, object]]:
    shapes = shapely.orient_polygons(from_plan(layer.shapes, GEOGRAPHIC))
    rounded = shapely.transform(shapes, lambda points: np.round(points, _DEGREE_DIGITS))
    columns = {name: _plain(column) for name, column in layer.columns.items()}
    for at, geom in enumerate(rounded):
        values = {name: column[at] for name, column in columns.items()}
        yield {
            "type": "Feature",
            "properties": {LAYER_COLUMN: layer.name, **values},
            "geometry": json.loads(shapely.to_geojson(geom)),
        }


def _plain(column: Column) -> list[object]:
    return [None if value != value else value for value in column.tolist()]


def _write(
    layer: Layer,
    path: Path,
    driver: str,
    crs: int,
    encoding: str | None = None,
    layer_options: Mapping[str, str] | None = None,
) -> None:
    many = driver != "ESRI Shapefile"
    with warnings.catch_warnings():
        # Numbers wider than a table's column are told by the notes of the format.
        warnings.simplefilter("ignore")
        raw.write(
            path,
            np.array(shapely.to_wkb(from_plan(layer.shapes, crs)), dtype=object),
            list(layer.columns.values()),
            np.array(list(layer.columns), dtype=object),
            layer=layer.name,
            driver=driver,
            geometry_type="MultiPolygon" if many else "Polygon",
            promote_to_multi=many,
            crs=f"EPSG:{crs}",
            encoding=encoding,
            dataset_options=_OF_FILE.get(driver, {}),
            layer_options=dict(layer_options or {}),
        )


def _write_meanings(path: Path, driver: str) -> None:
    names, texts = zip(*meanings(), strict=True)
    raw.write(
        path,
        None,
        [_texts(names), _texts(texts)],
        np.array(["ZD", "HY"], dtype=object),
        layer=_MEANINGS,
        driver=driver,
        geometry_type=None,
        crs=None,
    )


def _fits_gbk(layer: Layer) -> bool:
    try:
        for column in layer.columns.values():
            "".join(str(value) for value in column.tolist()).encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def _rare_letters(layer: Layer) -> Note:
    return Note(
        NoteCode.TEXT_CHANGED,
        f"图层 {layer.name} 有 GBK 没有的字，改用 UTF-8 编码（.cpg 已写明）。",
        f"Layer {layer.name} has letters that GBK lacks; it was written as UTF-8.",
        layer.name,
        value=UTF8,
    )


def _cut_texts(layer: Layer, encoding: str) -> Iterable[Note]:
    ids = layer.columns["BSM"].tolist()
    for name, column in layer.columns.items():
        for parcel, value in zip(ids, column.tolist(), strict=True):
            if isinstance(value, str) and len(value.encode(encoding)) > _DBF_BYTES:
                yield Note(
                    NoteCode.TEXT_CHANGED,
                    f"{parcel} 的 {name} 超过 Shapefile 的 {_DBF_BYTES} 字节，已截短。",
                    f"{parcel}: {name} is longer than {_DBF_BYTES} bytes and was cut.",
                    layer.name,
                    parcel=str(parcel),
                    value=value,
                )
