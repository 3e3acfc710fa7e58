"""CSV for spreadsheets: UTF-8 with its mark, and no cell that a spreadsheet would compute."""

from __future__ import annotations

import csv
import io
from datetime import date

from fuliang_gis.ogc.queries import Cell, Table

#: What Excel needs to see before it reads UTF-8.
_MARK = "\ufeff"
#: Spreadsheets compute a text that begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(table: Table) -> bytes:
    """Write a page as CSV."""
    out = io.StringIO()
    out.write(_MARK)
    writer = csv.writer(out)
    writer.writerow(table.header)
    writer.writerows([shown(cell) for cell in row] for row in table.rows)
    return out.getvalue().encode()


def shown(cell: Cell) -> str:
    """Return a cell as text; a text that would be computed begins with an apostrophe."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, date):
        return cell.isoformat()
    text = ";".join(cell) if isinstance(cell, list) else str(cell)
    is_text = isinstance(cell, (str, list))
    return f"'{text}" if is_text and text.startswith(_FORMULA) else text
