"""Rows as control lines; layers that hold one kind only tell it by their name."""

from __future__ import annotations

from collections.abc import Mapping

from fuliang_gis.exchange.plans.notes import NoteCode
from fuliang_gis.exchange.plans.rows import Placed, Table
from fuliang_gis.exchange.plans.values import code, text
from fuliang_gis.planning.norms import line_norms
from fuliang_gis.planning.parcels import ControlLine

#: Layer names that say which control line all their rows are.
_KINDS: Mapping[str, str] = {
    "YJJBNT": "0202",
    "永久基本农田": "0202",
    "STBHHX": "0102",
    "生态保护红线": "0102",
    "村庄集中建设区": "0301",
    "村庄弹性发展区": "0302",
}


def lines_of(table: Table, found: list[Placed]) -> dict[str, ControlLine]:
    """Return the control lines of a layer's rows by id; unknown codes are kept and noted."""
    return {each.id: _line(table, each) for each in found}


def _line(table: Table, each: Placed) -> ControlLine:
    row = each.row
    written = text(table.value(row, "line_code"))
    meant = written if written in line_norms().names else _by_name(table, each)
    if meant not in line_norms().names:
        table.note(
            NoteCode.UNKNOWN_CODE,
            f"第 {row.number} 行（{each.id}）的管控边界代码“{written}”不认识，请改选。",
            f"Row {row.number} ({each.id}): control line '{written}' is unknown.",
            row,
            parcel=each.id,
            value=written,
        )
    return ControlLine(each.id, meant, each.geom, text(table.value(row, "name")))


def _by_name(table: Table, each: Placed) -> str:
    """Return the code by the row's own name of it, or the layer's; as written if neither tells."""
    named = text(table.value(each.row, "line_name"))
    by_name = {name: key for key, name in line_norms().names.items()}
    if named in by_name:
        return by_name[named]
    layer = table.raw.name.upper()
    found = next((kind for word, kind in _KINDS.items() if word in layer), None)
    written = table.value(each.row, "line_code")
    padded = code(written).meant
    if padded in line_norms().names:
        return padded
    return found or text(written)
