"""One location's ledger as a workbook: a sheet for each part, Chinese headings and labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from fuliang_gis.clock import ZONE
from fuliang_gis.exchange.tables import INVENTED_NOTE, Cell, safe_rows
from fuliang_gis.inspections.defects.disposal_rules import ACT_NAMES as DISPOSAL_ACTS
from fuliang_gis.inspections.defects.disposal_rules import TRIGGERS
from fuliang_gis.inspections.defects.rules import ACT_NAMES, STATE_NAMES, Act
from fuliang_gis.inspections.duties.periods import PeriodKind, label
from fuliang_gis.inspections.norms import norms
from fuliang_gis.inspections.status.history import Ledger
from fuliang_gis.inspections.status.rules import PHASE_NAMES
from fuliang_gis.inspections.visits.rules import CONDITIONS
from fuliang_gis.locations.records import display
from fuliang_gis.locations.registry import Layer

_ANSWERS = {"ok": "正常", "fail": "不正常", "na": "不适用"}
_WIDTH = 18

#: A sheet: its title, its headings, its rows.
Part = tuple[str, Sequence[str], Iterable[Sequence[Cell]]]


def write_ledger(
    file: IO[bytes], layer: Layer, record: Mapping[str, Any], path: str, ledger: Ledger
) -> None:
    """Write the workbook; its first line says so where the location is invented."""
    book = Workbook(write_only=True)
    for title, headings, rows in parts(layer, record, path, ledger):
        sheet = book.create_sheet(title)
        for number in range(1, len(headings) + 1):
            sheet.column_dimensions[get_column_letter(number)].width = _WIDTH
        for line in ([INVENTED_NOTE], headings) if record["invented"] else (headings,):
            cells = [WriteOnlyCell(sheet, value=text) for text in line]
            for cell in cells:
                cell.font = Font(bold=True)
            sheet.append(cells)
        for row in safe_rows(rows):
            sheet.append(row)
    book.save(file)


def parts(layer: Layer, record: Mapping[str, Any], path: str, ledger: Ledger) -> list[Part]:
    """Return the sheets in their order."""
    return [
        ("概况", ("项目", "内容"), _facts(layer, record, path, ledger)),
        _owed(ledger),
        _visits(ledger),
        _readings(ledger),
        _problems(ledger),
        _steps(ledger),
        _disposals(ledger),
        _changes(ledger),
    ]


def _facts(
    layer: Layer, record: Mapping[str, Any], path: str, ledger: Ledger
) -> Iterable[Sequence[Cell]]:
    status = ledger.standing.status
    yield "图层", layer.sheet.title.zh
    yield "编码", record["code"]
    yield "名称", record["name"]
    yield "行政区划", path
    yield "状态", status.zh
    yield "状态说明", status.sentence
    yield "截至", ledger.today
    kind = record.get(layer.sheet.kind_field) if layer.sheet.kind_field else None
    for field in layer.sheet.fields:
        if field.applies_to(kind):
            yield field.label.zh, display(field, record[field.name])


def _owed(ledger: Ledger) -> Part:
    headings = ("巡查事项", "周期", "开始", "应于此前完成", "计划日期", "完成日期", "情况", "说明")
    rows = (
        (
            norms().purposes[o.purpose].zh if o.purpose in norms().purposes else o.purpose,
            label(PeriodKind(o.period), o.period_start),
            o.opens_on,
            o.due_on,
            o.planned_on,
            o.done_on,
            PHASE_NAMES[o.phase][0],
            o.excuse or o.rule,
        )
        for o in ledger.owed
    )
    return "巡查任务", headings, rows


def _visits(ledger: Ledger) -> Part:
    headings = (
        *("巡查时间", "收到时间", "巡查人", "结果", "检查项", "不在现场", "情况", "备注"),
        *("版本", "更正原因", "照片数"),
    )
    rows = (
        (
            _moment(v.visited_at),
            _moment(v.received_at),
            v.inspector,
            "异常" if v.result == "abnormal" else "正常",
            "；".join(f"{a['zh']}：{_ANSWERS.get(a['answer'], a['answer'])}" for a in v.answers),
            "是" if v.off_site else "否",
            _named(CONDITIONS, v.condition) if v.condition else None,
            v.note,
            f"{v.revision}（已更正）" if v.superseded_at else str(v.revision),
            v.revision_reason,
            len(v.photos),
        )
        for v in ledger.visits
    )
    return "巡查记录", headings, rows


def _readings(ledger: Ledger) -> Part:
    rows = (
        (
            _moment(v.visited_at),
            r["zh"],
            r["value"],
            r.get("unit"),
            "是" if r.get("wrong") else "否",
        )
        for v in ledger.visits
        if not v.superseded_at
        for r in v.readings
    )
    return "读数", ("巡查时间", "项目", "数值", "单位", "异常"), rows


def _problems(ledger: Ledger) -> Part:
    headings = (
        *("问题编号", "问题标题", "问题描述", "问题类型", "严重程度", "发现时间", "发现人"),
        *("整改期限", "当前状态", "整改措施", "验收意见", "销号时间", "费用（元）", "驳回次数"),
    )
    rows = (
        (
            p.number,
            p.title,
            p.description,
            norms().categories[p.category].zh if p.category in norms().categories else p.category,
            norms().severities[p.severity].zh,
            _moment(p.found_at),
            p.found_by,
            p.due_on,
            STATE_NAMES[p.state][0],
            "；".join(f"{m.ordinal}. {m.text}" for m in p.measures),
            p.closing_note,
            _moment(p.closed_at),
            p.cost_yuan,
            p.rejections,
        )
        for p in ledger.problems
    )
    return "问题", headings, rows


def _steps(ledger: Ledger) -> Part:
    rows = (
        (p.number, _moment(s.at), ACT_NAMES[Act(s.action)][0], s.actor, s.text)
        for p in ledger.problems
        for s in p.steps
    )
    return "整改过程", ("问题编号", "时间", "动作", "办理人", "内容"), rows


def _disposals(ledger: Ledger) -> Part:
    headings = (
        "提出时间",
        "方式",
        "原因",
        "方案",
        "审批文号",
        "意见",
        "办结日期",
        "收入（元）",
        "结果",
    )
    rows = (
        (
            _moment(d.proposed_at),
            DISPOSAL_ACTS[d.act][0] + (f"（{d.way}）" if d.way else ""),
            _named(TRIGGERS, d.trigger),
            d.proposal,
            d.approval_no,
            d.opinion,
            d.done_on,
            d.income_yuan,
            d.result,
        )
        for d in ledger.disposals
    )
    return "资产处置", headings, rows


def _changes(ledger: Ledger) -> Part:
    rows = (
        (c.version, _moment(c.at), c.actor_name or "系统", "、".join(sorted({*c.before, *c.after})))
        for c in ledger.changes
    )
    return "档案变更", ("版本", "时间", "修改人", "字段"), rows


def _moment(at: datetime | None) -> str | None:
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}" if at else None


def _named(names: Mapping[str, tuple[str, str]], value: str) -> str:
    return names[value][0] if value in names else value
