"""Words that all prints and exports of rounds share: times, distances, titles, names of files."""

from __future__ import annotations

from datetime import date, time
from urllib.parse import quote

from fuliang_gis.inspections.rounds.queries import PlanRow, StopView
from fuliang_gis.reporting.rounds_data import ToldPlan, ToldRound

#: Told in files of rounds that hold generated data.
INVENTED = "演示数据：虚构，不得用于实际工作。"
_WEEKDAYS = "一二三四五六日"


def clock_time(moment: time) -> str:
    """Return a time of day to the minute.

    >>> clock_time(time(8, 30, 59))
    '08:30'
    """
    return f"{moment:%H:%M}"


def day_of(day: date) -> str:
    """Return a day with its weekday.

    >>> day_of(date(2026, 11, 23))
    '2026-11-23（星期一）'
    """
    return f"{day.isoformat()}（星期{_WEEKDAYS[day.weekday()]}）"


def minutes(seconds: int) -> int:
    """Return whole minutes, as people count them."""
    return round(seconds / 60)


def duration(seconds: int) -> str:
    """Return a duration in hours and minutes.

    >>> duration(59 * 60), duration(3600), duration(5400)
    ('59 分钟', '1 小时', '1 小时 30 分')
    """
    hours, rest = divmod(minutes(seconds), 60)
    if not hours:
        return f"{rest} 分钟"
    return f"{hours} 小时 {rest} 分" if rest else f"{hours} 小时"


def kilometres(metres: int) -> float:
    """Return kilometres to one decimal."""
    return round(metres / 1000, 1)


def period_of(plan: PlanRow) -> str:
    """Return the days of a plan."""
    return f"{plan.first_day.isoformat()}～{plan.last_day.isoformat()}"


def card_path(stop: StopView) -> str:
    """Return the path of a location's card."""
    return f"/locations/{quote(stop.layer)}/{quote(stop.code, safe='')}"


def round_title(told: ToldRound) -> str:
    """Return what a round is called."""
    return f"{told.team.name} {told.round.day.isoformat()}"


def round_file(told: ToldRound, ending: str) -> str:
    """Return the name of a round's file; invented ones say so."""
    mark = "-演示" if told.invented else ""
    return f"巡查路线-{_plain(told.team.name)}-{told.round.day:%Y%m%d}{mark}.{ending}"


def plan_file(told: ToldPlan, ending: str) -> str:
    """Return the name of a plan's file; invented ones say so."""
    mark = "-演示" if told.invented else ""
    return f"巡查路线-{_plain(told.plan.title)}-{told.plan.first_day:%Y%m%d}{mark}.{ending}"


def _plain(name: str) -> str:
    """Return a name without the signs that no file system takes."""
    return "".join("_" if sign in '\\/:*?"<>|' or ord(sign) < 32 else sign for sign in name)[:60]
