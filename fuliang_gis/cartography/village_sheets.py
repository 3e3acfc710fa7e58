"""The list of villages as CSV and XLSX: invented rows are marked, no cell becomes a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from fuliang_gis.cartography.village_figures import VILLAGES
from fuliang_gis.cartography.villages import ListedVillage
from fuliang_gis.locations.registry import layer

INVENTED = "虚构的演示数据，不得用于实际工作"

HEADINGS = (
    "行政村代码",
    "行政村",
    "乡镇",
    "重点村级别",
    "农户数（户）",
    "户籍人口（人）",
    "村庄规划状态",
    "乡村振兴工作室",
    "设施数",
    "问题户厕数",
    "帮扶资产原值（元）",
    "经度（CGCS2000）",
    "纬度（CGCS2000）",
    "数据说明",
)
#: What a spreadsheet program takes for the start of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WIDTHS = (15, 14, 12, 13, 12, 13, 13, 14, 8, 11, 18, 15, 15, 32)

Cell = str | int | float | Decimal


def safe_cell(value: Cell) -> Cell:
    """Return the value so that no spreadsheet program runs it; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def rows_of(villages: Iterable[ListedVillage]) -> list[tuple[Cell, ...]]:
    """Return the rows below the headings."""
    return [tuple(safe_cell(value) for value in _row(village)) for village in villages]


def _row(village: ListedVillage) -> tuple[Cell, ...]:
    return (
        village.code,
        village.name,
        village.township,
        choice_label("key_level", village.level),
        village.households,
        village.population,
        choice_label("plan_status", village.plan_status),
        "有" if village.workroom else "无",
        village.facilities,
        village.problem_toilets,
        village.assets_yuan,
        round(village.lon, 6),
        round(village.lat, 6),
        INVENTED if village.invented else "",
    )


def choice_label(field: str, value: str) -> str:
    """Return the Chinese label of a choice of the villages layer."""
    found = layer(VILLAGES).sheet.field(field)
    return found.choice_labels.get(value, value) if found else value


def as_csv(villages: Sequence[ListedVillage]) -> bytes:
    """Return the list as CSV, in UTF-8 with the mark that Excel needs to read it so."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    writer.writerows(rows_of(villages))
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(villages: Sequence[ListedVillage]) -> bytes:
    """Return the list as a workbook with one sheet; codes are text, so that no digit is lost."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101  # A new workbook has a sheet; this narrows the type.
    sheet.title = "重点村"
    sheet.append(HEADINGS)
    for row in rows_of(villages):
        sheet.append(row)
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for number, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "C2"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
