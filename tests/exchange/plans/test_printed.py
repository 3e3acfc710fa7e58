"""Tables, sheet and text say what the parcels are, to the last digit."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace
from datetime import date

import numpy as np
import pypdf
import pytest
import shapely
from docx import Document
from openpyxl import load_workbook

from fuliang_gis.errors import BadParameter
from fuliang_gis.exchange.paper import Frame
from fuliang_gis.exchange.plans.colours import MARKS, looks
from fuliang_gis.exchange.plans.drawing import SCALES, fitting_scale
from fuliang_gis.exchange.plans.explanation import write_explanation
from fuliang_gis.exchange.plans.imprint import INVENTED_NOTE, Imprint
from fuliang_gis.exchange.plans.printed import structure_table, transfer_table
from fuliang_gis.exchange.plans.sheet import legend, sheet_html, write_sheet
from fuliang_gis.exchange.plans.workbook import write_workbook
from fuliang_gis.exchange.tables import INVENTED_NOTE as TABLE_NOTE
from fuliang_gis.geo.measures import hectares
from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.parcels import Draft, Goal, Parcel
from fuliang_gis.planning.tables.structure import structure
from tests.exchange.plans.village import EAST, NORTH, village

IMPRINT = Imprint("浮梁县", "瑶里镇", "甲村", 2020, 2035, date(2026, 11, 26), "某编制单位")
GOALS = (
    Goal("cropland", "耕地保有量", "公顷", 9.0, 3.0, at_least=True),
    Goal("income", "=人均收入", "元", None, 30_000.0, binding=False),
)


def plan(number: int = 30) -> Draft:
    """Return a village with goals and people."""
    return replace(village(number), goals=GOALS, population=860.0)


def book(draft: Draft, *, invented: bool = False) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of each sheet of the plan's workbook."""
    file = io.BytesIO()
    write_workbook(file, draft, profile(), invented=invented)
    sheets = load_workbook(io.BytesIO(file.getvalue()))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in sheets}


def test_workbook_has_every_table() -> None:
    """Goals, structure, transfers, lines and parcels must each have a sheet, numbers as numbers."""
    draft = plan()
    sheets = book(draft)
    assert list(sheets) == [
        "规划目标表", "国土空间功能结构调整表", "用地流量矩阵", "管控边界", "规划图斑一览表",
    ]  # fmt: skip
    parcels = sheets["规划图斑一览表"][1:]
    assert [row[1] for row in parcels] == list(draft.parcels)
    assert parcels[0][6] == round(draft.parcels["T000"].geom.area, 2)
    assert {len(str(row[2])) % 2 for row in parcels} == {0}, "Codes keep their leading nought."


def test_percentages_sum_to_a_hundred() -> None:
    """Printed percentages and hectares must sum to the printed total, whatever the cut."""
    for number in (3, 7, 31):
        rows = structure_table(plan(number), profile()).rows
        leaves = [row for row in rows if row[0] not in ("村域建设用地", "合计")]
        total = rows[-1]
        for column in (1, 2, 3, 4):
            parts = [row[column] for row in leaves]
            assert round(math.fsum(p for p in parts if isinstance(p, float)), 2) == total[column]
        assert (total[2], total[4]) == (100.0, 100.0)


def test_structure_of_a_plan_without_base_leaves_its_columns_empty() -> None:
    """A base that nobody gave must not be told as nothing."""
    table = structure_table(replace(plan(), base={}), profile())
    assert {(row[1], row[2], row[5]) for row in table.rows} == {(None, None, None)}
    assert table.texts()[-1][1] == "—"


def test_changes_have_their_sign_and_thousands_stand_apart() -> None:
    """The sheet's column of changes must tell gains from losses at a glance."""
    table = structure_table(plan(), profile())
    changes = {
        row[0]: (row[5], text[5]) for row, text in zip(table.rows, table.texts(), strict=True)
    }
    gains = {text for value, text in changes.values() if isinstance(value, float) and value > 0}
    losses = {text for value, text in changes.values() if isinstance(value, float) and value < 0}
    assert gains
    assert losses
    assert {text[0] for text in gains} == {"+"}
    assert {text[0] for text in losses} == {"−"}
    assert changes["合计"][1] == "0.00"
    page = sheet_html(plan(), profile(), IMPRINT)
    assert all(f"<td>{text}</td>" in page for text in gains | losses)
    moved = transfer_table(plan(), profile()).texts()
    assert moved[-1][-1] == f"{plan().boundary.area:,.2f}"


def test_transfer_totals_are_those_of_the_structure() -> None:
    """Row and column totals of the matrix must be what the structure table has before and after."""
    draft = plan()
    table = transfer_table(draft, profile())
    rows = {row.zh: row for row in structure(draft, profile())}
    for row in table.rows[:-1]:
        assert isinstance(row[-1], float)
        assert abs(row[-1] - rows[str(row[0])].base.m2) < 1.0
    assert table.rows[-1][-1] == round(draft.boundary.area, 2)
    for name, total in zip(table.headings[1:-1], table.rows[-1][1:-1], strict=True):
        assert isinstance(total, float)
        assert abs(total - rows[name].target.m2) < 1.0


def test_goals_tell_what_geometry_has() -> None:
    """A goal must stand beside what is measured; what geometry does not tell is said to be so."""
    rows = book(plan())["规划目标表"]
    cropland = sum(each.geom.area for each in plan().parcels.values() if each.code.startswith("01"))
    assert rows[1][6] == round(hectares(cropland), 2)
    assert rows[1][7] in ("达到；基期数与图形不符", "未达到；基期数与图形不符")
    assert rows[2][0] == "'=人均收入", "No cell computes."
    assert rows[2][7] == "须另行核对"


def test_invented_plans_say_so_everywhere() -> None:
    """Demo plans must be marked in the workbook, on the sheet and in the text."""
    invented = replace(IMPRINT, invented=True)
    assert {rows[0][0] for rows in book(plan(), invented=True).values()} == {TABLE_NOTE}
    assert INVENTED_NOTE in sheet_html(plan(), profile(), invented)
    assert INVENTED_NOTE not in sheet_html(plan(), profile(), IMPRINT)
    assert "<span>用地现状图</span>" in sheet_html(plan(), profile(), IMPRINT, kind="用地现状图")
    text = Document(io.BytesIO(write_explanation(plan(), profile(), invented)))
    assert INVENTED_NOTE in [each.text for each in text.paragraphs]


def test_sheet_is_one_page_of_a3_in_vectors() -> None:
    """The sheet must be one A3 page whose Chinese can be searched and that holds no picture."""
    reader = pypdf.PdfReader(io.BytesIO(write_sheet(plan(), profile(), IMPRINT)))
    (page,) = reader.pages
    assert (round(page.mediabox.width / 72 * 25.4), round(page.mediabox.height / 72 * 25.4)) == (
        420,
        297,
    )
    assert list(page.images) == []
    text = re.sub(r"\s", "", page.extract_text())
    for words in (
        "甲村村庄规划",
        "用地规划图",
        "1:5,000",
        "0703农村宅基地",
        "编制单位",
        "永久基本农田",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("width", "height", "scale"), [(140, 40, 500), (600, 400, 5_000), (570, 100, 2_000)]
)
def test_scale_is_the_largest_standard_one_that_fits(width: int, height: int, scale: int) -> None:
    """A sheet must be at a standard scale, as large as the paper allows."""
    assert fitting_scale(width, height, Frame(296, 100)) == scale
    assert scale in SCALES


def test_village_too_large_for_the_paper_is_refused() -> None:
    """No scale of one's own may be made up."""
    with pytest.raises(BadParameter):
        fitting_scale(40_000, 40_000, Frame(296, 261))


def test_equal_colours_are_told_apart() -> None:
    """Of uses with one colour only one may be plain, and the rest must have marks of their own."""
    codes = ["1301", "1302", "1303", "1304", "1305", "0703", "0704", "0803"]
    found = looks("2023", codes, "standard")
    assert len({(look.colour, look.marks) for look in found.values()}) == len(codes)
    assert sum(look.marks == () for look in found.values()) == 3
    assert len(MARKS) >= 11, "1301 to 1311 share a colour."


def test_legend_sums_to_the_village() -> None:
    """Hectares of the legend must sum to the land of all parcels as it is printed."""
    draft = plan()
    rows = legend(draft, looks("2023", (p.code for p in draft.parcels.values()), "village"))
    whole = hectares(math.fsum(p.geom.area for p in draft.parcels.values()))
    assert round(math.fsum(row.ha or 0 for row in rows), 2) == round(whole, 2)
    assert [row.label for row in rows] == sorted(row.label for row in rows)


def test_names_on_the_sheet_are_escaped() -> None:
    """A name from a file must not become a part of the page."""
    square = shapely.box(EAST, NORTH, EAST + 300, NORTH + 200)
    draft = Draft(square, {"a": Parcel("a", "0703", square, name="<script>甲</script>")})
    html = sheet_html(draft, profile(), replace(IMPRINT, title="<b>乙"))
    assert "<script>" not in html
    assert "<b>" not in html


def test_unknown_codes_and_broken_parcels_are_drawn() -> None:
    """A draft on the way may hold both; sheet, tables and text must not fail."""
    bow = shapely.Polygon([(0, 0), (40, 40), (40, 0), (0, 40)])
    broken = shapely.transform(bow, lambda points: points + np.array((EAST, NORTH)))
    draft = plan(5)
    odd = {
        "x": Parcel("x", "", broken),
        "y": Parcel("y", "9999", shapely.box(EAST, NORTH, EAST + 9, NORTH + 9)),
    }
    odd["z"] = Parcel("z", "0102", shapely.Polygon())
    draft = replace(draft, parcels={**draft.parcels, **odd})
    assert "未定" in sheet_html(draft, profile(), IMPRINT)
    assert write_explanation(draft, profile(), IMPRINT)
    assert book(draft)


def test_explanation_tells_tables_and_findings() -> None:
    """The text must have its sections, every table in full, and what the checks found."""
    document = Document(io.BytesIO(write_explanation(plan(), profile(), IMPRINT)))
    headings = [p.text for p in document.paragraphs if p.style and "Heading" in str(p.style.name)]
    assert headings == [
        "一、规划范围与数据", "二、规划目标", "三、国土空间功能结构调整", "四、用地流量",
        "五、管控边界", "六、规划检查",
    ]  # fmt: skip
    texts = structure_table(plan(), profile()).texts()
    written = [[cell.text for cell in row.cells] for row in document.tables[1].rows]
    assert written[1:] == texts
    assert any("土地管理法" in cell.text for row in document.tables[-1].rows for cell in row.cells)
    assert any("检查发现" in each.text for each in document.paragraphs)
