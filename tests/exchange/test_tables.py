"""Tables open in a spreadsheet program as they were meant, and none of their cells computes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from fuliang_gis.exchange.tables import INVENTED_NOTE, Cell, csv_pieces, safe_cell, write_xlsx

ROWS: list[list[Cell]] = [
    ["=1+1", -5, Decimal("2.50"), date(2024, 5, 1), None],
    ["朱砂岭，“引号”\n换行", 0, 1.5, None, "@cmd"],
]
HEADINGS = ["名称", "数", "米", "日期", "备注"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_formula_becomes_text(start: str) -> None:
    """A text that a spreadsheet program would compute must begin with an apostrophe."""
    assert safe_cell(f"{start}cmd|calc") == f"'{start}cmd|calc"


@pytest.mark.parametrize("value", [-5, -5.5, Decimal("-1"), date(2024, 1, 1), None, "a=b", ""])
def test_other_values_stay(value: Cell) -> None:
    """Numbers, also negative ones, dates and plain texts must stay what they are."""
    assert safe_cell(value) is value


def test_csv_begins_with_its_mark_and_note() -> None:
    """Excel must read the file as UTF-8; the first line must say that rows are invented."""
    body = b"".join(csv_pieces(HEADINGS, ROWS, invented=True))
    assert body.startswith(b"\xef\xbb\xbf")
    note, headings, first, second = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    assert note == [INVENTED_NOTE]
    assert headings == HEADINGS
    assert first == ["'=1+1", "-5", "2.50", "2024-05-01", ""]
    assert second == ["朱砂岭，“引号”\n换行", "0", "1.5", "", "'@cmd"]


def test_csv_of_real_rows_has_no_note() -> None:
    """Real data must not be called invented."""
    body = b"".join(csv_pieces(HEADINGS, ROWS, invented=False)).decode("utf-8-sig")
    assert body.startswith("名称,")


def test_csv_comes_in_pieces() -> None:
    """A long table must be sent while it is read, not gathered first."""
    read: list[int] = []

    def rows() -> Iterator[list[Cell]]:
        for number in range(2000):
            read.append(number)
            yield ["x"]

    pieces = csv_pieces(["a"], rows(), invented=False)
    next(pieces)
    assert 0 < len(read) < 2000
    assert b"x" in b"".join(pieces)
    assert len(read) == 2000


def test_workbook_keeps_types() -> None:
    """Numbers and dates must stay numbers and dates, and formulas texts; headings stay in sight."""
    file = io.BytesIO()
    write_xlsx(file, "光伏电站", HEADINGS, ROWS, invented=True)
    sheet = load_workbook(file)["光伏电站"]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][0] == INVENTED_NOTE
    assert list(rows[1]) == HEADINGS
    assert rows[2][:3] == ("'=1+1", -5, 2.5)
    assert rows[2][3].date() == date(2024, 5, 1)  # type: ignore[union-attr]
    assert sheet["A3"].data_type == "s"
    assert sheet.freeze_panes == "A3"
