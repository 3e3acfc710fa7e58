"""The explanation text (规划说明) as DOCX: what is planned, its tables, what the checks found."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence

from docx import Document
from docx.document import Document as Text
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt

from fuliang_gis.exchange.papers import set_up
from fuliang_gis.exchange.plans.imprint import INVENTED_NOTE, Imprint
from fuliang_gis.exchange.plans.printed import (
    Printed,
    goals_table,
    lines_table,
    structure_table,
    transfer_table,
)
from fuliang_gis.geo.measures import hectares
from fuliang_gis.planning.checks.checker import Checker
from fuliang_gis.planning.checks.findings import Finding, Severity
from fuliang_gis.planning.figures import figure
from fuliang_gis.planning.norms import Profile
from fuliang_gis.planning.parcels import Draft
from fuliang_gis.planning.tables.structure import structure
from fuliang_gis.planning.tables.transfers import Transfer, transfers

#: Sizes of the styles [pt], and the margin at the sides [mm].
_SIZES, _MARGIN_MM = {"Normal": 12, "Title": 20, "Heading 1": 15}, 22
_SEVERITIES = {
    Severity.ERROR: "须改正",
    Severity.PERMIT: "须论证报批",
    Severity.WARNING: "提示",
}
#: The text names so many findings; the rest is counted.
_MOST_FINDINGS = 60
#: As many changes of use are told in words, the largest first.
_MOST_CHANGES = 5
#: A table of more columns is written smaller, so that it fits the page.
_COLUMNS = 8


def write_explanation(draft: Draft, profile: Profile, imprint: Imprint) -> bytes:
    """Return the text; every number in it comes from the parcels as they stand."""
    document = Document()
    set_up(document, _MARGIN_MM, _SIZES)
    title = document.add_heading(imprint.heading, 0)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    subtitle = document.add_paragraph(f"规划说明　{imprint.printed_on.isoformat()}")
    subtitle.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if imprint.invented:
        document.add_paragraph(INVENTED_NOTE)
    _scope(document, draft, imprint)
    _section(document, "二、规划目标", goals_table(draft, profile), "本规划尚未填写目标指标。")
    document.add_heading("三、国土空间功能结构调整", 1)
    moved = transfers(draft, profile)
    document.add_paragraph(_changes(draft, profile, moved))
    _table(document, structure_table(draft, profile))
    matrix = transfer_table(draft, profile, moved)
    _section(document, "四、用地流量", matrix, "没有基期用地，无法计算流量。")
    _section(document, "五、管控边界", lines_table(draft), "本规划尚未录入管控边界。")
    _findings(document, Checker(draft, profile).findings())
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _scope(document: Text, draft: Draft, imprint: Imprint) -> None:
    document.add_heading("一、规划范围与数据", 1)
    whole = hectares(float(draft.boundary.area))
    people = f"规划人口 {figure(draft.population, 0)} 人。" if draft.population else ""
    document.add_paragraph(
        f"规划范围为{imprint.township}{imprint.village}村域，面积 {figure(whole, 2)} 公顷；"
        f"基期年 {imprint.base_year} 年，目标年 {imprint.target_year} 年。{people}"
        f"规划用地图斑 {len(draft.parcels)} 个，用地分类采用"
        f"《国土空间调查、规划、用途管制用地用海分类》{draft.edition} 年版。"
    )
    document.add_paragraph(
        "坐标系为 2000 国家大地坐标系，3 度分带高斯—克吕格投影，中央经线 117°E；"
        "面积在投影平面上量算，各表合计与图形一致，百分比合计为 100.00%。"
    )


def _changes(draft: Draft, profile: Profile, found: Sequence[Transfer]) -> str:
    if not draft.base:
        return "没有基期用地，下表只列目标年。"
    names = {row.key: row.zh for row in structure(draft, profile)}
    moved = [each for each in found if each.before != each.after]
    if not moved:
        return "目标年与基期年相比，各类用地没有变化。"
    told = "；".join(
        f"{names[each.before]}转为{names[each.after]} {figure(hectares(each.m2), 2)} 公顷"
        for each in moved[:_MOST_CHANGES]
    )
    rest = (
        f"；其余 {len(moved) - _MOST_CHANGES} 类转换见用地流量矩阵"
        if len(moved) > _MOST_CHANGES
        else ""
    )
    total = hectares(sum(each.m2 for each in moved))
    return f"下表为净变化。改变用途的土地共 {figure(total, 2)} 公顷，其中{told}{rest}。"


def _section(document: Text, heading: str, table: Printed, empty: str) -> None:
    document.add_heading(heading, 1)
    if table.rows:
        _table(document, table)
    else:
        document.add_paragraph(empty)


def _table(document: Text, table: Printed) -> None:
    caption = document.add_paragraph(table.title)
    caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _grid(document, table.headings, table.texts())


def _grid(document: Text, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    grid = document.add_table(rows=1 + len(rows), cols=len(headings), style="Table Grid")
    size = Pt(9 if len(headings) <= _COLUMNS else 6.5)
    # Asking a table for its cells one by one walks it anew each time.
    cells = iter(grid._cells)  # noqa: SLF001
    for at, row in enumerate((headings, *rows)):
        for words in row:
            run = next(cells).paragraphs[0].add_run(words)
            run.font.size = size
            run.bold = at == 0


def _findings(document: Text, findings: Sequence[Finding]) -> None:
    document.add_heading("六、规划检查", 1)
    counts = Counter(each.severity for each in findings)
    if not findings:
        document.add_paragraph("图形、用地代码、管控边界和指标检查均未发现问题。")
        return
    told = "，".join(f"{zh} {counts[kind]} 处" for kind, zh in _SEVERITIES.items() if counts[kind])
    more = f"下表列出前 {_MOST_FINDINGS} 处。" if len(findings) > _MOST_FINDINGS else ""
    document.add_paragraph(f"检查发现{told}。{more}")
    rows = [
        (str(at), _SEVERITIES[each.severity], each.zh, each.article or "—")
        for at, each in enumerate(findings[:_MOST_FINDINGS], 1)
    ]
    _grid(document, ("序号", "性质", "内容", "依据"), rows)
