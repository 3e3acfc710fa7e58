"""Rounds as a workbook: the plan, its rounds, every stop in one table, and what is left over.

One table of stops, not a sheet a team: an office filters it by team, day or village, and counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from fuliang_gis.exchange.defects import moment
from fuliang_gis.exchange.tables import Cell, Sheet, write_book
from fuliang_gis.inspections.defects.rules import named
from fuliang_gis.inspections.norms import norms
from fuliang_gis.locations.registry import layer
from fuliang_gis.reporting.rounds_data import ToldPlan, ToldRound
from fuliang_gis.reporting.rounds_words import clock_time, kilometres, minutes, period_of

_ROUND_HEADINGS = (
    *("日期", "队伍", "成员", "车辆", "出发", "返回", "午休", "停靠点数", "已巡查", "未巡查"),
    *("行车（分钟）", "行车（公里）", "现场（分钟）", "工作时长（分钟）", "占班次（%）", "锁定"),
)
_STOP_HEADINGS = (
    *(
        "日期",
        "队伍",
        "序号",
        "到达",
        "开始",
        "离开",
        "点位编码",
        "点位名称",
        "图层",
        "所在行政区划",
    ),
    *("巡查事项", "检查内容", "读数", "应于此前完成", "当前状态", "状态说明", "行车（分钟）"),
    *(
        "行车（公里）",
        "步行（米）",
        "经度（CGCS2000）",
        "纬度（CGCS2000）",
        "情况",
        "锁定",
        "数据说明",
    ),
)
_LEFT_HEADINGS = (
    *("点位编码", "点位名称", "图层", "所在行政区划", "巡查事项", "应于此前完成", "未排入原因"),
    "建议",
)


def write_plan(file: IO[bytes], told: ToldPlan) -> None:
    """Write a plan; a note first on each sheet where anything is invented."""
    sheets = [
        Sheet("方案", ("项目", "内容"), _facts(told)),
        Sheet("路线", _ROUND_HEADINGS, _rounds(told.rounds)),
        Sheet("停靠点", _STOP_HEADINGS, _stops(told.rounds)),
        Sheet("未排入", _LEFT_HEADINGS, _left_over(told)),
    ]
    write_book(file, sheets, invented=told.invented)


def write_round(file: IO[bytes], told: ToldRound) -> None:
    """Write one round."""
    sheets = [
        Sheet("路线", _ROUND_HEADINGS, _rounds([told])),
        Sheet("停靠点", _STOP_HEADINGS, _stops([told])),
    ]
    write_book(file, sheets, invented=told.invented)


def _facts(told: ToldPlan) -> Iterator[Sequence[Cell]]:
    plan = told.plan
    yield "方案", plan.title
    yield "行政区划", plan.division_name
    yield "起止日期", period_of(plan)
    yield "状态", plan.state_name
    yield "路线数", len(told.rounds)
    yield "停靠点数", sum(len(each.stops) for each in told.rounds)
    yield "未排入", len(told.left_over)
    yield "行车（公里）", kilometres(sum(each.round.driving_metres for each in told.rounds))
    yield "行车（分钟）", minutes(sum(each.round.driving_seconds for each in told.rounds))
    for name, at in (("求解时间", plan.solved_at), ("发布时间", plan.published_at)):
        yield name, moment(at)


def _rounds(rounds: Iterable[ToldRound]) -> Iterator[Sequence[Cell]]:
    for told in rounds:
        driven = told.round
        pause = clock_time(driven.pause_at) if driven.pause_at else None
        yield (
            driven.day,
            told.team.name,
            "、".join(member.name for member in told.team.members),
            told.team.vehicle,
            clock_time(driven.starts),
            clock_time(driven.ends),
            f"{pause} 起 {driven.pause_minutes} 分钟" if pause else None,
            len(told.stops),
            sum(each.stop.state == "done" for each in told.stops),
            sum(each.stop.state == "missed" for each in told.stops),
            minutes(driven.driving_seconds),
            kilometres(driven.driving_metres),
            minutes(driven.service_seconds),
            minutes(driven.work_seconds),
            round(100 * driven.share),
            "是" if driven.locked else None,
        )


def _stops(rounds: Iterable[ToldRound]) -> Iterator[Sequence[Cell]]:
    for told in rounds:
        for each in told.stops:
            stop = each.stop
            yield (
                told.round.day,
                told.team.name,
                stop.ordinal,
                clock_time(stop.arrive),
                clock_time(stop.begin),
                clock_time(stop.leave),
                stop.code,
                stop.name,
                each.layer_title,
                stop.division_name,
                each.purpose,
                "；".join(each.checks),
                "；".join(each.readings),
                stop.due_on,
                stop.status.zh,
                stop.status.sentence,
                minutes(stop.drive_seconds),
                kilometres(stop.drive_metres),
                stop.walk_metres,
                stop.lon,
                stop.lat,
                stop.state_name,
                "是" if stop.locked else None,
                "虚构" if each.invented else None,
            )


def _left_over(told: ToldPlan) -> Iterator[Sequence[Cell]]:
    for each in told.left_over:
        yield (
            each.code,
            each.name,
            layer(each.layer).sheet.title.zh,
            each.division_name,
            named(norms().purposes, each.purpose) or None,
            each.due_on,
            each.reason_name,
            each.advice,
        )
