"""Tables for spreadsheet programs, written row by row; no cell becomes a formula.

Both writers take rows as they come, so a table of any length needs little memory.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.styles.numbers import FORMAT_DATE_YYYYMMDD2
from openpyxl.utils import get_column_letter

from fuliang_gis import clock
from fuliang_gis.exchange.sheet_rows import DateStyles, row_pieces

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


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook; its rows are taken as they come."""

    title: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def write_xlsx(
    file: IO[bytes],
    title: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    invented: bool,
) -> None:
    """Write a workbook of one sheet; its headings stay in sight, a note first where invented."""
    write_book(file, [Sheet(title, headings, rows)], invented=invented)


def write_book(file: IO[bytes], sheets: Iterable[Sheet], *, invented: bool) -> None:
    """Write a workbook; on each sheet the headings stay in sight, a note first where invented."""
    given = list(sheets)
    with tempfile.TemporaryFile() as bare:
        styles = _write_frame(bare, given, invented=invented)
        with ZipFile(bare) as frame, ZipFile(file, "w", ZIP_DEFLATED, compresslevel=3) as book:
            for part in frame.namelist():
                number = _SHEET.fullmatch(part)
                with book.open(part, "w") as whole:
                    if number is None:
                        whole.write(frame.read(part))
                        continue
                    # The rows go where those of the headings end.
                    head, end, tail = frame.read(part).partition(b"</sheetData>")
                    whole.write(head)
                    rows = safe_rows(given[int(number[1]) - 1].rows)
                    for piece in row_pieces(rows, 3 if invented else 2, styles):
                        whole.write(piece)
                    whole.write(end + tail)


_SHEET = re.compile(r"xl/worksheets/sheet(\d+)\.xml")


def _write_frame(file: IO[bytes], given: Sequence[Sheet], *, invented: bool) -> DateStyles:
    """Write the workbook without its rows; return the styles that they need."""
    book = Workbook(write_only=True)
    for each in given:
        _write_sheet(book, each, invented=invented)
    # A cell's style is in the workbook once it is asked for, whether or not the cell is written.
    now = clock.now().replace(tzinfo=None)
    moment, day = (WriteOnlyCell(book.worksheets[0], value=now) for _ in range(2))
    day.number_format = FORMAT_DATE_YYYYMMDD2
    styles = DateStyles(day.style_id, moment.style_id)
    book.save(file)
    return styles


def _write_sheet(book: Workbook, given: Sheet, *, invented: bool) -> None:
    sheet = book.create_sheet(given.title[:31])
    for number, heading in enumerate(given.headings, 1):
        narrow, wide = _WIDTHS
        width = min(wide, max(narrow, 2.2 * len(heading) + 2))
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "A3" if invented else "A2"
    bold = Font(bold=True)
    for line in ([INVENTED_NOTE], given.headings) if invented else (given.headings,):
        cells = [WriteOnlyCell(sheet, value=text) for text in line]
        for cell in cells:
            cell.font = bold
        sheet.append(cells)
