"""Tables for spreadsheet programs, written row by row; no cell becomes a formula.

Both writers take rows as they come, so a table of any length needs little memory.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

#: The first line of a table that holds generated rows.
INVENTED_NOTE = "演示数据：以下内容含虚构数据，不得用于实际工作。"
#: What Excel must see before it reads a CSV as UTF-8.
BYTE_ORDER_MARK = "\ufeff"

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

#: What a spreadsheet program takes for the start of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
#: Rows written between two pieces of a stream.
_PIECE = 500
_WIDTHS = (8, 40)

Cell = str | int | float | Decimal | date | None


def safe_cell(value: Cell) -> Cell:
    """Return the value so that no spreadsheet program computes it; numbers stay numbers.

    >>> safe_cell("=1+1"), safe_cell(-5), safe_cell("朱砂岭")
    ("'=1+1", -5, '朱砂岭')
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def safe_rows(rows: Iterable[Sequence[Cell]]) -> Iterator[list[Cell]]:
    """Make every cell of the rows safe."""
    return ([safe_cell(value) for value in row] for row in rows)


def csv_pieces(
    headings: Sequence[str], rows: Iterable[Sequence[Cell]], *, invented: bool
) -> Iterator[bytes]:
    """Write a CSV piece by piece: UTF-8 with its mark, a note first where rows are invented."""
    text = io.StringIO(newline="")
    text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text)
    if invented:
        writer.writerow([INVENTED_NOTE])
    writer.writerow(headings)
    for number, row in enumerate(safe_rows(rows), 1):
        writer.writerow(row)
        if number % _PIECE == 0:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    piece = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return piece


def write_xlsx(
    file: IO[bytes],
    title: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    invented: bool,
) -> None:
    """Write a workbook of one sheet; its headings stay in sight, a note first where invented."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    for number, heading in enumerate(headings, 1):
        narrow, wide = _WIDTHS
        width = min(wide, max(narrow, 2.2 * len(heading) + 2))
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "A3" if invented else "A2"
    bold = Font(bold=True)
    for line in ([INVENTED_NOTE], headings) if invented else (headings,):
        cells = [WriteOnlyCell(sheet, value=text) for text in line]
        for cell in cells:
            cell.font = bold
        sheet.append(cells)
    for row in safe_rows(rows):
        sheet.append(row)
    book.save(file)
