"""Tables open in a spreadsheet program as they were meant, and none of their cells computes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from fuliang_gis.exchange.tables import (
    INVENTED_NOTE,
    Cell,
    Sheet,
    csv_pieces,
    safe_cell,
    write_book,
    write_xlsx,
)

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
    assert sheet["D3"].number_format == "yyyy-mm-dd"
    assert sheet["A3"].data_type == "s"
    assert sheet.freeze_panes == "A3"


def test_workbook_is_one_that_the_library_writes() -> None:
    """Texts of any kind, truths, moments and numbers must be read as they were written."""
    moment = datetime.fromisoformat("2024-05-01T08:30")
    texts = ["a<b & c>d", " 前后空格 ", "一行\n二行\r\n三行", "坏\x07字\ufffe符", "长" * 40_000]
    rows: list[list[Cell]] = [[text, True, moment, 1e300, float("nan"), -7] for text in texts]
    rows += [[None], [], ["末"]]
    file = io.BytesIO()
    write_book(file, [Sheet("甲", ["文"], rows), Sheet("乙", ["数"], [[1]])], invented=False)
    book = load_workbook(file)
    told = [list(row) for row in book["甲"].iter_rows(min_row=2, max_row=6, values_only=True)]
    assert [row[0] for row in told] == [*texts[:3], "坏字符", "长" * 32_767]
    assert all(row[1:] == [True, moment, 1e300, "nan", -7] for row in told)
    assert book["甲"]["C2"].number_format == "yyyy-mm-dd h:mm:ss"
    assert book["甲"]["A9"].value == "末"
    assert book["乙"]["A2"].value == 1


def test_workbook_takes_rows_as_they_come() -> None:
    """Rows of a long table must not be gathered first."""
    held: list[int] = []

    def rows() -> Iterator[list[Cell]]:
        for number in range(3000):
            held.append(file.tell())
            yield [f"{number * 7919 % 3001} 不重复的文字 {number**3}"]

    file = io.BytesIO()
    write_book(file, [Sheet("长", ["文"], rows())], invented=False)
    assert held[-1] > held[0]
