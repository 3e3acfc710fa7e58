"""Rows of a workbook's sheet as its file holds them (ECMA-376), without an object for each cell.

The library that writes workbooks makes an object and several XML nodes of each cell, which takes
five times as long. It still writes everything else: styles, headings, what stays in sight.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from itertools import islice

from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

#: Rows written at a time.
_PIECE = 500
#: What a cell may hold [characters].
_LONGEST = 32_767
#: What must not stand in XML as it is, and what must not stand there at all.
_SPECIAL = re.compile("[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class DateStyles:
    """The numbers of the styles in which days and moments are shown."""

    day: int
    moment: int


def row_pieces(rows: Iterable[Sequence[object]], first: int, styles: DateStyles) -> Iterator[bytes]:
    """Yield the rows' XML piece by piece.

    Args:
        first: Number of the first row, from one.
    """
    numbered = enumerate(rows, first)
    columns: list[str] = []
    while piece := list(islice(numbered, _PIECE)):
        widest = max(len(row) for _, row in piece)
        columns += [get_column_letter(at) for at in range(len(columns) + 1, widest + 1)]
        yield "".join([_row(number, row, columns, styles) for number, row in piece]).encode()


def _row(number: int, row: Sequence[object], columns: Sequence[str], styles: DateStyles) -> str:
    cells = [
        _cell(f"{column}{number}", value, styles)
        for column, value in zip(columns, row, strict=False)
        if value is not None
    ]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, value: object, styles: DateStyles) -> str:
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{value:d}</v></c>'
    if isinstance(value, date):
        style = styles.moment if isinstance(value, datetime) else styles.day
        return f'<c r="{place}" s="{style}"><v>{_serial(value)}</v></c>'
    if not isinstance(value, str) and math.isfinite(value):  # type: ignore[arg-type]
        return f'<c r="{place}"><v>{value}</v></c>'
    text = _text(str(value))
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _serial(value: date) -> float:
    serial: float = to_excel(value)  # type: ignore[no-untyped-call]
    return serial


def _text(value: str) -> str:
    text = value[:_LONGEST]
    if _SPECIAL.search(text) is None:
        return text
    # A carriage return would be read as a line's end unless it is written by its number.
    return escape(_FORBIDDEN.sub("", text), quote=False).replace("\r", "&#13;")
