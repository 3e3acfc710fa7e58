"""Write a plan in any of the formats; what a format cannot hold is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from fuliang_gis.exchange.plans.archives import pack
from fuliang_gis.exchange.plans.fields import LAYERS
from fuliang_gis.exchange.plans.notes import Note, NoteCode, refusal
from fuliang_gis.exchange.plans.options import Format, Writing, Written
from fuliang_gis.exchange.plans.txt_writing import write_txt
from fuliang_gis.geo.crs import GEOGRAPHIC, PLANE, PLANE_ZONED
from fuliang_gis.planning.parcels import Draft

#: Formats on offer with their names and what a name ends in; those of several files are zipped.
FORMATS: Mapping[Format, tuple[str, str]] = {
    "gpkg": ("GeoPackage", ".gpkg"),
    "shp": ("ESRI Shapefile", ".zip"),
    "gdb": ("ESRI FileGDB", ".zip"),
    "geojson": ("GeoJSON", ".geojson"),
    "dxf": ("AutoCAD DXF", ".dxf"),
    "txt": ("界址点坐标 TXT", ".txt"),
}

_GOALS = (
    "规划目标、人口和例外登记不在其中，请另存 XLSX。",
    "Goals, population and waivers stay out.",
)
#: What no row of a format can hold, in both languages.
NOT_HELD: Mapping[Format, tuple[tuple[str, str], ...]] = {
    "gpkg": (_GOALS,),
    "gdb": (_GOALS,),
    "geojson": (_GOALS,),
    "shp": (_GOALS, ("文字每栏至多 254 字节。", "Texts are cut at 254 bytes.")),
    "dxf": (
        _GOALS,
        ("文字每项至多 255 字节；多余的列不写。", "Texts are cut at 255 bytes."),
    ),
    "txt": (
        (
            "只有规划图斑的界址点、编号、名称和代码，坐标取到精度；版本、户数、基期和边界不写。",
            "Only parcels' points, ids, names and codes are held, to the stated precision.",
        ),
    ),
}

_SYSTEMS = (PLANE, PLANE_ZONED, GEOGRAPHIC)


def write_plan(draft: Draft, target: Path, form: Format, writing: Writing | None = None) -> Written:
    """Write a plan; a target that ends in ``.zip`` is zipped, a Shapefile else fills a folder.

    A plan that stands there already is replaced.

    Raises:
        Invalid: The format or the coordinate system is not on offer.
    """
    how = writing or Writing()
    if form not in FORMATS:
        offered = "、".join(FORMATS)
        raise refusal("format_unknown", f"不提供“{form}”格式，可用：{offered}。", f"No '{form}'.")
    if how.crs not in _SYSTEMS or (form == "dxf" and how.crs == GEOGRAPHIC):
        raise refusal(
            "crs_not_offered",
            f"{FORMATS[form][0]} 不能用 EPSG:{how.crs}，请选 EPSG:4548 或 4527"
            f"{'' if form == 'dxf' else '、4490'}。",
            f"EPSG:{how.crs} is not on offer for {form}.",
            "crs",
        )
    notes = [_not_held(form, *said) for said in NOT_HELD[form]]
    _remove(target)
    if target.suffix.lower() == ".zip":
        with TemporaryDirectory(prefix="plan-") as folder:
            notes += _write(draft, Path(folder) / _inner(target, form), form, how)
            pack(Path(folder), target)
    else:
        notes += _write(draft, target, form, how)
    return Written(target, tuple(notes))


def _inner(target: Path, form: Format) -> str:
    return {"shp": "", "gdb": f"{target.stem}.gdb"}.get(form, f"{target.stem}{FORMATS[form][1]}")


def _write(draft: Draft, path: Path, form: Format, how: Writing) -> list[Note]:
    # Loaded when first asked for: pyogrio and ezdxf bring pandas and more, and few pages need them.
    from fuliang_gis.exchange.plans import dxf_writing, vector_writing

    if form == "shp":
        path.mkdir(parents=True, exist_ok=True)
    writers: Mapping[Format, Callable[[], list[Note]]] = {
        "gpkg": lambda: vector_writing.write_gpkg(draft, path, how.crs),
        "gdb": lambda: vector_writing.write_gdb(draft, path, how.crs),
        "shp": lambda: vector_writing.write_shapefiles(draft, path, how.crs),
        "geojson": lambda: vector_writing.write_geojson(draft, path),
        "dxf": lambda: dxf_writing.write_dxf(draft, path, how.crs, how.scheme),
        "txt": lambda: write_txt(draft, path, how.txt),
    }
    return writers[form]()


def _not_held(form: Format, zh: str, en: str) -> Note:
    return Note(NoteCode.NOT_HELD, f"{FORMATS[form][0]}：{zh}", f"{FORMATS[form][0]}: {en}")


def _remove(target: Path) -> None:
    """Remove what a plan was written to before; a folder of Shapefiles may hold other things."""
    if target.is_dir() and target.suffix.lower() == ".gdb":
        shutil.rmtree(target)
    elif target.is_dir():
        for name, _ in LAYERS.values():
            for part in target.glob(f"{name}.*"):
                part.unlink()
    else:
        target.unlink(missing_ok=True)
