"""Read a plan's file of any of the formats: parcels, base year, control lines, village boundary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.exchange.plans.archives import data_in, unpack
from fuliang_gis.exchange.plans.coordinates import NAMES, in_county, settle
from fuliang_gis.exchange.plans.fields import LAYERS, Role, choose, role_of
from fuliang_gis.exchange.plans.geojson_reading import read_geojson
from fuliang_gis.exchange.plans.lines import lines_of
from fuliang_gis.exchange.plans.notes import Note, NoteCode, refusal
from fuliang_gis.exchange.plans.parcels import parcels_of
from fuliang_gis.exchange.plans.raw import RawLayer, Reading
from fuliang_gis.exchange.plans.rows import Placed, Table, placed
from fuliang_gis.exchange.plans.txt_reading import read_txt
from fuliang_gis.exchange.plans.values import text
from fuliang_gis.planning.codes import EDITIONS
from fuliang_gis.planning.parcels import ControlLine, Draft, Parcel


def _vector(path: Path, reading: Reading) -> list[RawLayer]:
    # Loaded when first asked for, as ezdxf is: with what they bring they take a while.
    from fuliang_gis.exchange.plans.vector_reading import read_vector

    return read_vector(path, reading)


def _dxf(path: Path, reading: Reading) -> list[RawLayer]:
    from fuliang_gis.exchange.plans.dxf_reading import read_dxf

    return read_dxf(path, reading)


_READERS: Mapping[str, Callable[[Path, Reading], list[RawLayer]]] = {
    ".gpkg": _vector,
    ".gdb": _vector,
    ".shp": _vector,
    ".geojson": read_geojson,
    ".json": read_geojson,
    ".dxf": _dxf,
    ".txt": read_txt,
}


@dataclass(frozen=True)
class Read:
    """What a file holds, on the plan's plane, and everything there is to tell of it.

    ``crs`` is the EPSG code that it came in, ``edition`` the one of the planned parcels.
    """

    parcels: Mapping[str, Parcel]
    base: Mapping[str, Parcel]
    lines: Mapping[str, ControlLine]
    boundary: BaseGeometry | None
    edition: str
    crs: int
    notes: tuple[Note, ...]

    @property
    def to_choose(self) -> tuple[Note, ...]:
        """Return the rows whose code a person has to choose."""
        codes = (NoteCode.CHOOSE_CODE, NoteCode.NO_CODE, NoteCode.UNKNOWN_CODE)
        return tuple(note for note in self.notes if note.code in codes)

    def draft(self, boundary: BaseGeometry | None = None) -> Draft:
        """Return the plan that the file holds.

        Args:
            boundary: The village's own; by default the file's, and without one the parcels' land.
        """
        frozen = boundary or self.boundary
        if frozen is None:
            frozen = shapely.union_all([each.geom for each in self.parcels.values()])
        return Draft(frozen, self.parcels, self.base, self.lines, edition=self.edition)


def read_plan(path: Path, reading: Reading | None = None, *, lines_alone: bool = False) -> Read:
    """Read a plan's file, or a zip of one: GPKG, Shapefile, FileGDB, GeoJSON, DXF, 界址点 TXT.

    Coordinates are brought to EPSG:4548 and rounded to 0.1 mm; nothing is repaired.

    Args:
        reading: What a person says of it: edition, coordinate system, columns, layers, encoding.
        lines_alone: A file without parcels will do, as long as it has control lines.

    Raises:
        Invalid: It cannot be read, or something has to be said or confirmed first; each problem has
            its code and says what to do.
    """
    said = reading or Reading()
    if path.suffix.lower() == ".zip":
        with TemporaryDirectory(prefix="plan-") as folder:
            unpack(path, Path(folder))
            return _read(data_in(Path(folder)), said, lines_alone=lines_alone)
    paths = data_in(path) if path.is_dir() and path.suffix.lower() != ".gdb" else [path]
    return _read(paths, said, lines_alone=lines_alone)


def layers_of(path: Path, reading: Reading | None = None) -> list[RawLayer]:
    """Return the layers of a file as they stand, for a person to say what they are."""
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise refusal(
            "format_unknown",
            f"不认识的文件格式“{path.suffix or path.name}”。可导入：GPKG、Shapefile（zip）、"
            "FileGDB（zip）、GeoJSON、DXF、界址点 TXT。",
            f"Unknown format '{path.suffix or path.name}'.",
        )
    if not path.exists():
        raise refusal("no_file", f"没有文件 {path.name}。", f"There is no file {path.name}.")
    return _READERS[suffix](path, reading or Reading())


def _read(paths: Sequence[Path], said: Reading, *, lines_alone: bool) -> Read:
    raw = [layer for path in paths for layer in layers_of(path, said)]
    _refuse_unknown(raw, said)
    gathered = _Gathered([note for layer in raw for note in layer.notes])
    for layer, role in _with_roles(raw, said, gathered.notes, lines_alone=lines_alone):
        _take(layer, role, said, gathered)
    if not gathered.parcels and not (lines_alone and gathered.lines):
        raise refusal(
            "no_parcels",
            "文件里没有可用的规划图斑。请检查图层是否为面、是否选对了图层。",
            "The file holds no planned parcels.",
        )
    return Read(
        gathered.parcels,
        gathered.base,
        gathered.lines,
        gathered.boundary,
        next((each.edition for each in gathered.parcels.values()), EDITIONS[0]),
        gathered.crs,
        tuple(gathered.notes),
    )


def _refuse_unknown(raw: Sequence[RawLayer], said: Reading) -> None:
    """Refuse what a person chose that the file does not have, rather than go on without it."""
    columns = {column.upper() for layer in raw for column in layer.columns}
    for column in said.columns.values():
        if column.upper() not in columns:
            raise refusal(
                "column_missing",
                f"文件里没有“{column}”一列。请从文件已有的列中选择。",
                f"The file has no column '{column}'.",
                "columns",
            )
    for name in said.roles.keys() - {layer.name for layer in raw}:
        raise refusal(
            "layer_missing",
            f"文件里没有图层“{name}”。请从文件已有的图层中选择。",
            f"The file has no layer '{name}'.",
            "roles",
        )


@dataclass
class _Gathered:
    notes: list[Note]
    parcels: dict[str, Parcel] = field(default_factory=dict)
    base: dict[str, Parcel] = field(default_factory=dict)
    lines: dict[str, ControlLine] = field(default_factory=dict)
    boundary: BaseGeometry | None = None
    crs: int = 0


def _with_roles(
    raw: Sequence[RawLayer], said: Reading, notes: list[Note], *, lines_alone: bool
) -> list[tuple[RawLayer, Role]]:
    roles = {
        layer.name: said.roles.get(layer.name) or layer.role or role_of(layer.name) for layer in raw
    }
    areas = [layer for layer in raw if _has_areas(layer)]
    if len(areas) == 1 and roles[areas[0].name] is None:
        roles[areas[0].name] = Role.PARCELS
    wanted = {Role.PARCELS, Role.LINES} if lines_alone else {Role.PARCELS}
    if areas and wanted.isdisjoint(roles.values()):
        names = "、".join(layer.name for layer in areas)
        raise refusal(
            "layer_missing",
            f"看不出哪个图层是规划用地。文件里有：{names}。请选择图层后重新导入。",
            f"It is not plain which layer holds the planned parcels: {names}. Choose one.",
            "roles",
        )
    exact = {role for role, (name, _) in LAYERS.items() if any(each.name == name for each in raw)}
    found: list[tuple[RawLayer, Role]] = []
    for layer in raw:
        role = roles[layer.name]
        if role is None:
            notes.append(_unused(layer))
        elif role in exact and layer.name != LAYERS[role][0] and layer.name not in said.roles:
            # Beside a layer of the very name, others that only sound alike are not meant.
            notes.append(_unused(layer))
        else:
            found.append((layer, role))
    return found


def _has_areas(layer: RawLayer) -> bool:
    return any(row.geom is not None and "Polygon" in row.geom.geom_type for row in layer.rows)


def _unused(layer: RawLayer) -> Note:
    return Note(
        NoteCode.LAYER_UNUSED,
        f"图层“{layer.name}”（{len(layer.rows)} 行）没有导入。如需要，请指定它是什么。",
        f"Layer '{layer.name}' ({len(layer.rows)} rows) was not taken.",
        layer.name,
    )


def _take(layer: RawLayer, role: Role, said: Reading, gathered: _Gathered) -> None:
    shapes = np.array([row.geom for row in layer.rows if row.geom is not None], dtype=object)
    shapes = shapes[~shapely.is_empty(shapes)] if len(shapes) else shapes
    if not len(shapes):
        return
    left, bottom, right, top = shapely.total_bounds(shapes)
    bounds = float(left), float(bottom), float(right), float(top)
    settled = settle(layer.crs, said.crs, bounds, swap=said.swap)
    table = Table(layer, role, choose(role, layer.columns, said.columns), settled, gathered.notes)
    _note_layer(table)
    rows = placed(table, _taken(role, gathered))
    if rows:
        _note_place(table, rows)
    gathered.crs = gathered.crs or settled.epsg
    if role is Role.PARCELS:
        gathered.parcels |= parcels_of(table, rows, said.edition)
    elif role is Role.BASE:
        gathered.base |= parcels_of(table, rows, said.base_edition)
    elif role is Role.LINES:
        gathered.lines |= lines_of(table, rows)
    elif rows:
        gathered.boundary = _boundary(table, rows)


def _taken(role: Role, gathered: _Gathered) -> set[str]:
    """Return the ids in use among those of the same kind."""
    if role is Role.PARCELS:
        return set(gathered.parcels)
    if role is Role.BASE:
        return set(gathered.base)
    return set(gathered.lines) if role is Role.LINES else set()


def _note_layer(table: Table) -> None:
    name = table.raw.name
    table.note(
        NoteCode.CRS_TAKEN,
        f"图层“{name}”按 EPSG:{table.settled.epsg}（{NAMES[table.settled.epsg]}）读取。",
        f"Layer '{name}' was read as EPSG:{table.settled.epsg}.",
        value=str(table.settled.epsg),
    )
    for key, rivals in table.chosen.rivals.items():
        taken = table.chosen.columns[key]
        others = "、".join(each for each in rivals if each != taken)
        table.note(
            NoteCode.FIELD_CHOSEN,
            f"图层“{name}”取“{taken}”一列，没有取{others}。如不对，请指定对应的列。",
            f"Layer '{name}': column {taken} was taken for {key}, not {others}.",
            value=taken,
        )
    rows = table.raw.rows
    unused = "、".join(c for c in table.chosen.unused if any(text(r.values.get(c)) for r in rows))
    if unused:
        table.note(
            NoteCode.FIELDS_UNUSED,
            f"图层“{name}”中这些列没有导入：{unused}。",
            f"Layer '{name}': these columns were not taken: {unused}.",
            value=unused,
        )


def _note_place(table: Table, rows: Sequence[Placed]) -> None:
    left, bottom, right, top = shapely.total_bounds(np.array([r.geom for r in rows], dtype=object))
    if not in_county((float(left), float(bottom), float(right), float(top))):
        table.note(
            NoteCode.OUTSIDE_COUNTY,
            f"图层“{table.raw.name}”的位置不在本县，可能选错了坐标系或分带，请核对。",
            f"Layer '{table.raw.name}' lies outside the county; check its coordinate system.",
        )


def _boundary(table: Table, rows: Sequence[Placed]) -> BaseGeometry:
    if len(rows) == 1:
        return rows[0].geom
    table.note(
        NoteCode.MULTI_PART,
        f"村界由 {len(rows)} 行组成，已合并。",
        f"The boundary has {len(rows)} rows; they were joined.",
        value=str(len(rows)),
    )
    return shapely.union_all(np.array([each.geom for each in rows], dtype=object))
