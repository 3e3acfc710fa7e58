"""The ledger of problems as the county's own tables: four sheets, and the supervision ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.exchange.tables import Cell, Sheet
from fuliang_gis.inspections.defects import disposal_queries, disposal_rules, queries
from fuliang_gis.inspections.defects.queries import Filters, Row
from fuliang_gis.inspections.defects.rules import MEASURE_NAMES, STATE_NAMES, named
from fuliang_gis.inspections.models import DefectMeasure
from fuliang_gis.inspections.norms import norms
from fuliang_gis.locations.fields import USE_STATUS
from fuliang_gis.locations.registry import layer

LEDGER_TITLE = "问题闭环台账"
LEDGER = (
    "序号",
    "问题编号",
    "问题标题",
    "问题详情描述",
    "问题位置",
    "问题类型",
    "严重程度",
    "所属部门",
    "上报人",
    "整改责任人",
    "整改截止日期",
    "当前状态",
    "最新整改反馈",
    "整改反馈时间",
    "验收意见",
    "完成时间",
    "整改照片数量",
    "驳回次数",
    "创建时间",
    "最后更新时间",
)
ATTEMPTS = (
    "序号",
    "问题编号",
    "问题标题",
    "措施序号",
    "整改措施",
    "整改人",
    "整改时间",
    "整改反馈",
    "整改费用（元）",
    "照片数量",
)
REJECTIONS = (
    "序号",
    "问题编号",
    "问题标题",
    "措施序号",
    "整改措施",
    "驳回人",
    "驳回时间",
    "驳回原因",
    "被驳回的整改反馈",
)
SUMMARY = ("总数", "已完成", "完成率", "待反馈", "整改中/待验收", "已超期")
SUPERVISION_TITLE = "考核巡视反馈问题台账"
SUPERVISION = (
    "方面",
    "问题编号",
    "问题表述",
    "牵头单位",
    "责任单位",
    "责任人",
    "整改措施",
    "整改时限",
    "整改进展",
    "佐证材料",
    "是否销号",
    "销号日期",
)
DISPOSALS_TITLE = "闲置损毁流失资产"
DISPOSALS = (
    "序号",
    "类别",
    "编码",
    "名称",
    "乡镇",
    "村",
    "使用状态",
    "起始日期",
    "天数",
    "管护责任人",
    "资产原值（元）",
    "处置方式",
    "具体途径",
    "盘活分类",
    "处置状态",
    "批准文号",
    "完成日期",
    "处置收入（元）",
    "处置结果",
)


def moment(at: datetime | None) -> str | None:
    """Return a moment as the county's tables write it, in county time."""
    return f"{at.astimezone(clock.ZONE):%Y-%m-%d %H:%M}" if at else None


@dataclass(frozen=True)
class Ledger:
    """What of the ledger is wanted, as of which day."""

    filters: Filters
    today: date

    def sheets(self, session: Session, actor: Actor) -> list[Sheet]:
        """Return the four sheets; their rows are read as they are written."""
        return [
            Sheet(LEDGER_TITLE, LEDGER, self.rows(session, actor)),
            Sheet("整改过程记录", ATTEMPTS, self.attempts(session, actor)),
            Sheet("驳回记录", REJECTIONS, self.rejections(session, actor)),
            Sheet("统计汇总", SUMMARY, [self.summary(session, actor)]),
        ]

    def rows(self, session: Session, actor: Actor) -> Iterator[list[Cell]]:
        """Give the ledger, one row a problem."""
        found = queries.every_row(session, actor, self.filters, self.today)
        return (ledger_row(number, row, self.today) for number, row in enumerate(found, 1))

    def attempts(self, session: Session, actor: Actor) -> Iterator[list[Cell]]:
        """Give one row for each time that a measure was reported as carried out."""
        found = queries.attempts(session, actor, self.filters, self.today, "fix")
        for number, each in enumerate(found, 1):
            cost = each.detail.get("cost_yuan")
            yield [
                number,
                each.number,
                each.title,
                each.ordinal,
                each.measure,
                each.actor_name,
                moment(each.at),
                each.text,
                Decimal(cost) if cost is not None else None,
                len(each.detail.get("photos", ())),
            ]

    def rejections(self, session: Session, actor: Actor) -> Iterator[list[Cell]]:
        """Give one row for each rejection."""
        found = queries.attempts(session, actor, self.filters, self.today, "reject")
        for number, each in enumerate(found, 1):
            yield [
                number,
                each.number,
                each.title,
                each.ordinal,
                each.measure,
                each.actor_name,
                moment(each.at),
                each.text,
                each.detail.get("feedback"),
            ]

    def summary(self, session: Session, actor: Actor) -> list[Cell]:
        """Return the totals."""
        counted = queries.statistics(session, actor, self.filters, self.today)
        return [
            counted.total,
            counted.closed,
            percent(counted.rate),
            counted.awaiting,
            counted.under_way,
            counted.overdue,
        ]

    def supervision(self, session: Session, actor: Actor) -> Iterator[list[Cell]]:
        """Give the supervision ledger, one row a measure; a problem's own cells stand once."""
        found = list(queries.every_row(session, actor, self.filters, self.today, sort="aspect"))
        measures = queries.measures_of(session, [row.defect for row in found])
        for row in found:
            yield from supervision_rows(row, measures.get(row.defect.id, []))


def percent(rate: float | None) -> str | None:
    """Return a rate as people read it; None when there is nothing to rate.

    >>> percent(0.5), percent(None)
    ('50.0%', None)
    """
    return f"{rate:.1%}" if rate is not None else None


def state_text(row: Row, today: date) -> str:
    """Return the state of a problem, with how long it is overdue."""
    late = row.overdue_days(today)
    name = STATE_NAMES[row.defect.state][0]
    return f"{name}（超期 {late} 天）" if late else name


def ledger_row(number: int, row: Row, today: date) -> list[Cell]:
    """Return one problem's cells, in the order of ``LEDGER``."""
    defect = row.defect
    township, village = row.township_name, row.division_name
    return [
        number,
        defect.number,
        defect.title,
        defect.description,
        "".join([township, village if village != township else "", row.place or ""]),
        named(norms().categories, defect.category),
        named(norms().severities, defect.severity),
        defect.responsible_unit or defect.lead_unit,
        defect.found_by_name,
        defect.owner_name,
        defect.due_on,
        state_text(row, today),
        row.feedback,
        moment(row.feedback_at),
        defect.closing_note,
        moment(defect.closed_at),
        row.photos,
        defect.rejections,
        moment(defect.found_at),
        moment(defect.updated_at),
    ]


def supervision_rows(row: Row, measures: list[DefectMeasure]) -> Iterator[list[Cell]]:
    """Give one problem's rows, one a measure, in the order of ``SUPERVISION``."""
    defect = row.defect
    head: list[Cell] = [
        named(norms().aspects, defect.aspect) or None,
        defect.number,
        defect.title,
        defect.lead_unit,
        defect.responsible_unit,
        defect.owner_name,
    ]
    for place, measure in enumerate(measures):
        first = place == 0
        yield [
            *(head if first else [None] * len(head)),
            f"{measure.ordinal}. {measure.text}",
            measure.due_on or defect.due_on,
            MEASURE_NAMES[measure.state][0] + (f"：{measure.feedback}" if measure.feedback else ""),
            (f"照片 {row.photos} 张" if row.photos else None) if first else None,
            ("是" if defect.state == "closed" else "否") if first else None,
            defect.closed_at.astimezone(clock.ZONE).date() if first and defect.closed_at else None,
        ]


def disposal_rows(
    session: Session, actor: Actor, filters: disposal_queries.Filters
) -> Iterator[list[Cell]]:
    """Give the assets that are not in good use, in the order of ``DISPOSALS``."""
    found = disposal_queries.every_row(session, actor, filters)
    for number, row in enumerate(found, 1):
        plan = row.disposal
        village = row.division_name if row.division_name != row.township_name else None
        since = row.since.astimezone(clock.ZONE).date()
        yield [
            number,
            layer(row.layer).sheet.title.zh,
            row.code,
            row.name,
            row.township_name,
            village,
            USE_STATUS.choice_labels[row.use_status],
            since,
            (clock.today() - since).days,
            row.custodian,
            row.value_yuan,
            *(
                [
                    disposal_rules.ACT_NAMES[plan.act][0],
                    plan.way,
                    disposal_rules.CLASSES[plan.class_][0] if plan.class_ else None,
                    disposal_rules.STATE_NAMES[plan.state][0],
                    plan.approval_no,
                    plan.done_on,
                    plan.income_yuan,
                    plan.result,
                ]
                if plan
                else [None] * 8
            ),
        ]
