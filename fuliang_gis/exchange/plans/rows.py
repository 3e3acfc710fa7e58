"""Rows of a layer as geometries and ids fit for a plan; what is wrong with them is noted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.exchange.plans.coordinates import Settled, to_plan
from fuliang_gis.exchange.plans.fields import Chosen, Role
from fuliang_gis.exchange.plans.notes import Note, NoteCode
from fuliang_gis.exchange.plans.raw import RawLayer, RawRow
from fuliang_gis.exchange.plans.values import text
from fuliang_gis.geo.validity import explain

AREAS = ("Polygon", "MultiPolygon")
_ROLE_ZH = {Role.LINES: "管控边界", Role.BOUNDARY: "村界"}


@dataclass(frozen=True)
class Placed:
    """A row that has an area on the plan's plane, and its id within the file."""

    row: RawRow
    id: str
    geom: BaseGeometry


@dataclass
class Table:
    """A layer with what its columns mean, its role, and the notes that gather on the way."""

    raw: RawLayer
    role: Role
    chosen: Chosen
    settled: Settled
    notes: list[Note]

    def note(self, code: NoteCode, zh: str, en: str, at: RawRow | None = None, **more: str) -> None:
        """Note something of the layer, or of one of its rows."""
        row = None if at is None else at.number
        self.notes.append(Note(code, zh, en, self.raw.name, row, **more))

    def value(self, row: RawRow, field: str) -> str | int | float | None:
        """Return what a row has for a field, None where the layer has no such column."""
        column = self.chosen.columns.get(field)
        return None if column is None else row.values.get(column)


def placed(table: Table, taken: set[str]) -> list[Placed]:
    """Return the rows that have an area, on the plan's plane, each with an id of its own.

    Args:
        taken: Ids in use; the new ones are added.
    """
    rows = [row for row in table.raw.rows if _is_area(table, row)]
    shapes = np.array([row.geom for row in rows], dtype=object)
    flat = shapely.force_2d(shapes) if len(rows) else shapes
    for row in (row for row, deep in zip(rows, shapely.has_z(shapes), strict=True) if deep):
        table.note(
            NoteCode.Z_DROPPED,
            f"第 {row.number} 行有高程，规划图斑不用，已略去。",
            f"Row {row.number}: heights were dropped.",
            row,
        )
    moved = to_plan(flat, table.settled) if len(rows) else flat
    ids = list(_ids(table, rows, taken))
    found = [
        Placed(row, name, _single(geom)) for row, name, geom in zip(rows, ids, moved, strict=True)
    ]
    _note_shapes(table, found)
    return found


def _is_area(table: Table, row: RawRow) -> bool:
    if row.geom is None or row.geom.is_empty:
        table.note(
            NoteCode.NO_GEOMETRY,
            f"第 {row.number} 行没有图形或图形无法读取，未导入。请在原软件中补画或删除该行。",
            f"Row {row.number} has no geometry that can be read; it was left out.",
            row,
        )
        return False
    if row.geom.geom_type not in AREAS:
        table.note(
            NoteCode.NOT_AN_AREA,
            f"第 {row.number} 行不是面（{row.geom.geom_type}），未导入。请改成面后再导入。",
            f"Row {row.number} is a {row.geom.geom_type}, not an area; it was left out.",
            row,
        )
        return False
    return True


def _ids(table: Table, rows: list[RawRow], taken: set[str]) -> Iterator[str]:
    known = "id" in table.chosen.columns
    if rows and not known:
        table.note(
            NoteCode.NO_ID,
            f"图层“{table.raw.name}”没有标识码一列，已按行号编号。",
            f"Layer '{table.raw.name}' has no id column; rows are named by their number.",
        )
    for row in rows:
        said = text(table.value(row, "id"))
        if known and not said:
            table.note(
                NoteCode.NO_ID,
                f"第 {row.number} 行没有标识码，已按行号编号。",
                f"Row {row.number} has no id; it is named by its number.",
                row,
            )
        name = _free(said or str(row.number), taken)
        if said and name != said:
            table.note(
                NoteCode.DUPLICATE_ID,
                f"第 {row.number} 行的标识码 {said} 与前面重复，改为 {name}。",
                f"Row {row.number}: id {said} is taken; renamed to {name}.",
                row,
                parcel=name,
                value=said,
            )
        taken.add(name)
        yield name


def _free(wanted: str, taken: set[str]) -> str:
    name, turn = wanted, 2
    while name in taken:
        name, turn = f"{wanted}-{turn}", turn + 1
    return name


def _single(geom: BaseGeometry) -> BaseGeometry:
    """Return the only part of a geometry that has one: formats write those as many."""
    if geom.geom_type == "MultiPolygon" and shapely.get_num_geometries(geom) == 1:
        only: BaseGeometry = shapely.get_parts(geom)[0]
        return only
    return geom


def _note_shapes(table: Table, found: list[Placed]) -> None:
    seen: dict[bytes, str] = {}
    for each in found:
        row = each.row
        if row.closed:
            table.note(
                NoteCode.RING_CLOSED,
                f"第 {row.number} 行（{each.id}）有环没有闭合，已把末点连到首点。",
                f"Row {row.number} ({each.id}) had an open ring; its end was joined to its start.",
                row,
                parcel=each.id,
            )
        fault = explain(each.geom)
        if fault is not None:
            table.note(
                NoteCode.INVALID_GEOMETRY,
                f"第 {row.number} 行（{each.id}）图形错误：{fault.zh}。"
                "已照原样读取，请在“图形修复”中处理，或在原软件中修复后再导入。",
                f"Row {row.number} ({each.id}) is invalid: {fault.en}. It was read as it is.",
                row,
                parcel=each.id,
                value="" if fault.place is None else "{:.4f} {:.4f}".format(*fault.place),
            )
        if table.role not in _ROLE_ZH and each.geom.geom_type == "MultiPolygon":
            parts = shapely.get_num_geometries(each.geom)
            table.note(
                NoteCode.MULTI_PART,
                f"第 {row.number} 行（{each.id}）由 {parts} 块组成，规划中每块各为一个图斑。",
                f"Row {row.number} ({each.id}) has {parts} parts; each becomes a parcel.",
                row,
                parcel=each.id,
                value=str(parts),
            )
        same = seen.setdefault(shapely.to_wkb(shapely.normalize(each.geom)), each.id)
        if same != each.id:
            table.note(
                NoteCode.DUPLICATE_GEOMETRY,
                f"第 {row.number} 行（{each.id}）与 {same} 的图形完全相同，"
                "两个都已导入，请删去一个。",
                f"Row {row.number} ({each.id}) has the very shape of {same}; both were taken.",
                row,
                parcel=each.id,
                value=same,
            )
