"""The table of projects as a workbook: written with two heading rows, read however merged."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO
from zipfile import ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.exchange.tables import INVENTED_NOTE, Cell, safe_cell
from fuliang_gis.planning.projects.rules import (
    COLUMNS,
    MOST_PROJECTS,
    NUMBERS,
    UNITS,
    ProjectGiven,
    number_of,
    plain,
    totals,
)

#: Largest workbook, packed and unpacked [bytes].
FILE_LIMIT, UNPACKED_LIMIT = 5_000_000, 30_000_000
#: Rows in which the headings are looked for, columns that are looked at.
_HEADING_ROWS, _MOST_COLUMNS = 12, 40
#: As many headings make a heading row.
_ENOUGH = 4
#: What ends a table.
_SUMS = ("合计", "总计", "小计", "共计")
_HECTARE, _MU, _ONE = Decimal(10_000), Decimal(2000) / 3, Decimal(1)
_UNIT_WORDS = ("平方米", "m2", "公顷", "亩", "元", "万元", "亿元")

#: Other words that townships use for a column.
_WORDS = {
    "ordinal": ("序号", "编号"),
    "kind": ("项目类型", "项目类别", "类型", "类别"),
    "name": ("项目名称", "名称"),
    "place": ("空间位置", "建设地点", "位置", "地点"),
    "land_m2": ("用地面积", "占地面积", "用地规模"),
    "floor_m2": ("建筑面积", "建设规模"),
    "funds": ("资金规模", "投资规模", "投资估算", "总投资", "资金"),
    "source": ("筹措方式", "资金来源", "资金筹措"),
    "responsible": ("责任主体", "责任单位", "实施主体"),
    "cooperating": ("协作部门", "配合单位", "协作单位"),
    "manner": ("建设方式", "建设性质"),
    "remark": ("备注", "说明"),
}
#: Factors to the units that are kept, by what stands in the heading.
_FACTORS = {
    "land_m2": (("公顷", _HECTARE), ("亩", _MU)),
    "floor_m2": (("公顷", _HECTARE), ("万平方米", _HECTARE)),
    "funds": (
        ("亿元", Decimal(10_000)),
        ("万元", _ONE),
        ("千元", Decimal("0.1")),
        ("(元", Decimal("0.0001")),
    ),
}


@dataclass(frozen=True)
class _Column:
    field: str
    heading: str

    @property
    def factor(self) -> Decimal:
        """What a number is multiplied by to be in the unit that is kept."""
        found = (f for word, f in _FACTORS.get(self.field, ()) if word in self.heading)
        return next(found, _ONE)


def write_projects(
    file: IO[bytes], title: str, rows: Sequence[ProjectGiven], *, invented: bool
) -> None:
    """Write the table with title, headings, units and sums; no cell becomes a formula."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # noqa: S101  # A new workbook has one; narrows its type.
    sheet.title = "近期建设项目表"
    lines: list[Sequence[Cell]] = [[INVENTED_NOTE]] if invented else []
    lines += [[f"{title}近期建设项目表"], list(COLUMNS.values())]
    lines += [[f"（{UNITS[name]}）" if name in UNITS else "" for name in COLUMNS]]
    first = len(lines) + 1
    lines += [_line(number, row) for number, row in enumerate(rows, 1)]
    lines += [_sum_line(rows)]
    for line in lines:
        sheet.append([safe_cell(value) for value in line])
    _dress(sheet, first)
    book.save(file)


def _line(number: int, row: ProjectGiven) -> list[Cell]:
    return [number, *(getattr(row, name) for name in COLUMNS if name != "ordinal")]


def _sum_line(rows: Sequence[ProjectGiven]) -> list[Cell]:
    sums = totals(rows)
    told: list[Cell] = [getattr(sums, name) if name in NUMBERS else "" for name in COLUMNS]
    return ["合计", *told[1:]]


def _dress(sheet: Worksheet, first: int) -> None:
    """Merge title and headings, draw lines, set widths."""
    last = get_column_letter(len(COLUMNS))
    title, heading = first - 3, first - 2
    sheet.merge_cells(f"A{title}:{last}{title}")
    middle = Alignment(horizontal="center", vertical="center", wrap_text=True)
    thin = Side(style="thin")
    for number, name in enumerate(COLUMNS, 1):
        letter = get_column_letter(number)
        if name not in UNITS:
            sheet.merge_cells(f"{letter}{heading}:{letter}{heading + 1}")
        wide = {"ordinal": 6, "name": 26, "place": 20, "remark": 20}.get(name, 12)
        sheet.column_dimensions[letter].width = wide
    for number, row in enumerate(sheet.iter_rows(min_row=title), title):
        for cell in row:
            cell.alignment = middle
            if number > title:
                cell.border = Border(thin, thin, thin, thin)
            if number < first:
                cell.font = Font(bold=True)
    sheet.freeze_panes = f"A{first}"


def read_projects(content: bytes) -> list[ProjectGiven]:
    """Read the table of a workbook: headings of one row or two, merged or not, full-width digits.

    Raises:
        Invalid: It is no workbook, holds no such table, or a number cannot be read; the problems
            name row and column as the spreadsheet program shows them.
    """
    sheet = _open(content)
    grid = _unmerged(sheet)
    at, columns = _headings(grid)
    faults: list[Problem] = []
    rows = []
    for number, line in enumerate(grid[at:], at + 1):
        given = {column.field: line[i] for i, column in columns.items() if i < len(line)}
        words = [plain(text) for text in given.values()]
        if any(word.replace(" ", "") in _SUMS for word in words[:3]):
            break
        if not any(plain(text) for field, text in given.items() if field != "ordinal"):
            continue
        rows.append(_given(given, {c.field: c for c in columns.values()}, number, faults))
    if len(rows) > MOST_PROJECTS:
        zh = f"项目表最多 {MOST_PROJECTS} 行。"
        faults = [Problem("too_many", zh, f"{MOST_PROJECTS} rows at most.", "file")]
    if faults:
        raise Invalid(faults)
    return rows


def _open(content: bytes) -> Worksheet:
    """Return the first sheet that has a heading, of a workbook that is not out of all bounds."""
    bad = Problem(
        "bad_file", "文件不是 Excel 工作簿（.xlsx），或已损坏。", "No workbook (.xlsx).", "file"
    )
    if len(content) > FILE_LIMIT:
        zh = f"文件超过 {FILE_LIMIT // 1_000_000} MB，请只保留项目表。"
        raise Invalid([Problem("too_large", zh, "The file is too large.", "file")])
    try:
        with ZipFile(io.BytesIO(content)) as packed:
            if sum(each.file_size for each in packed.infolist()) > UNPACKED_LIMIT:
                raise Invalid([bad])
        book = load_workbook(io.BytesIO(content), data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError, TypeError) as error:
        raise Invalid([bad]) from error
    for sheet in book.worksheets:
        if any(_fields(line) for line in _lines(sheet, _HEADING_ROWS)):
            return sheet
    raise Invalid([_no_table()])


def _lines(sheet: Worksheet, most: int) -> Iterable[list[str]]:
    last = min(sheet.max_column, _MOST_COLUMNS)
    for row in sheet.iter_rows(max_row=min(sheet.max_row, most), max_col=last, values_only=True):
        yield [_text(value) for value in row]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    # A cell that this service wrote safe reads back as it was.
    text = str(value)
    return text[1:] if text[:1] == "'" and safe_cell(text[1:]) == text else text


def _unmerged(sheet: Worksheet) -> list[list[str]]:
    """Return the cells as texts; what is merged says the same in each of its cells."""
    grid = list(_lines(sheet, _HEADING_ROWS + 3 * MOST_PROJECTS))
    for area in sheet.merged_cells.ranges:
        left, top, right, bottom = area.bounds
        if top > len(grid) or left > _MOST_COLUMNS:
            continue
        said = grid[top - 1][left - 1]
        for row in range(top - 1, min(bottom, len(grid))):
            for column in range(left - 1, min(right, len(grid[row]))):
                grid[row][column] = said
    return grid


def _headings(grid: Sequence[Sequence[str]]) -> tuple[int, dict[int, _Column]]:
    """Return where the rows begin, and the columns by their place."""
    for number, line in enumerate(grid[:_HEADING_ROWS]):
        fields = _fields(line)
        if not fields:
            continue
        below = grid[number + 1] if number + 1 < len(grid) else []
        second = _continues(line, below, fields)
        columns = {
            i: _Column(field, plain(line[i]) + (plain(below[i]) if second else ""))
            for i, field in fields.items()
        }
        if second:
            columns = {**_under(line, below), **columns}
        return number + (2 if second else 1), columns
    raise Invalid([_no_table()])


def _fields(line: Sequence[str]) -> dict[int, str]:
    """Return which columns a heading row names; nothing when it names too few."""
    found: dict[int, str] = {}
    for i, text in enumerate(line):
        field = _field(text)
        if field is not None and field not in found.values():
            found[i] = field
    enough = len(found) >= _ENOUGH and "name" in found.values()
    return found if enough else {}


def _field(text: str) -> str | None:
    word = plain(text).replace(" ", "").replace("\n", "")
    bare = word.partition("(")[0]
    return next((field for field, words in _WORDS.items() if bare in words), None)


def _continues(line: Sequence[str], below: Sequence[str], fields: dict[int, str]) -> bool:
    """Tell whether the next row belongs to the heading: merged with it, units, or more headings."""
    if not below:
        return False
    same = sum(1 for i in fields if plain(below[i]) == plain(line[i]))
    units = sum(
        1 for text in below if plain(text).strip("()") in ("平方米", "m2", "公顷", "亩", "万元")
    )
    more = sum(1 for text in below if _field(text) is not None)
    return same >= _ENOUGH - 1 or units > 0 or more >= _ENOUGH - 1


def _under(line: Sequence[str], below: Sequence[str]) -> dict[int, _Column]:
    """Return columns that only the second heading row names, such as areas under one heading."""
    found = {}
    for i, text in enumerate(below):
        field = _field(text)
        if field is not None:
            found[i] = _Column(field, plain(line[i]) + plain(text))
    return found


def _given(
    line: dict[str, str], columns: dict[str, _Column], number: int, faults: list[Problem]
) -> ProjectGiven:
    texts = {f: plain(t) for f, t in line.items() if f not in NUMBERS and f != "ordinal"}
    numbers: dict[str, Decimal] = {}
    for field in NUMBERS:
        if field not in line:
            continue
        try:
            value = number_of(line[field])
        except ValueError:
            zh = f"第 {number} 行“{COLUMNS[field]}”不是数字：{plain(line[field])[:40]}。"
            faults.append(Problem("bad_number", zh, "No number.", "file", number, COLUMNS[field]))
            continue
        if value is not None:
            numbers[field] = value * columns[field].factor
    return ProjectGiven(**texts, **numbers)  # type: ignore[arg-type]


def _no_table() -> Problem:
    zh = "没有找到项目表：表头应有“项目名称”和其他至少三列（如项目类型、空间位置、资金规模）。"
    return Problem("no_table", zh, "No heading of a table of projects was found.", "file")
