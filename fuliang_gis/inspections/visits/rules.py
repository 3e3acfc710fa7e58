"""What a visit must tell, and what follows from it (pure).

Positions are longitude before latitude in degrees; distances and accuracies in metres.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from fuliang_gis import clock
from fuliang_gis.errors import Problem
from fuliang_gis.geo import crs
from fuliang_gis.inspections.norms import norms

#: How far ahead of the server a device's clock may run, and behind a location's first moment.
CLOCK_TOLERANCE: Final = timedelta(minutes=5)
NOTE_LENGTH: Final = 2000
SHORT_LENGTH: Final = 500
MOST_PHOTOS: Final = 20

ANSWERS: Mapping[str, tuple[str, str]] = {
    "ok": ("正常", "fine"),
    "fail": ("异常", "wrong"),
    "na": ("不适用", "not applicable"),
}
CONDITIONS: Mapping[str, tuple[str, str]] = {
    "good": ("良好", "good"),
    "fair": ("一般", "fair"),
    "poor": ("较差", "poor"),
}
RESULTS: Mapping[str, str] = {"normal": "正常", "abnormal": "异常"}
#: What an inspector may find an asset to be; writing it off takes an approval.
FINDABLE: Mapping[str, str] = {
    "in_use": "在用",
    "underused": "低效",
    "idle": "闲置",
    "damaged": "损毁",
    "lost": "流失",
}

System = Literal["cgcs2000", "wgs84", "gcj02"]


@dataclass(frozen=True)
class Position:
    """Where the device was; ``system`` is the one that its coordinates are in."""

    lon: float
    lat: float
    accuracy_m: float | None = None
    system: System = "wgs84"

    def stored(self) -> tuple[float, float]:
        """Return longitude and latitude in EPSG:4490, to about a centimetre."""
        lon, lat = self.lon, self.lat
        if self.system == "gcj02":
            shifted = crs.gcj02_to_wgs84(lon, lat)
            lon, lat = float(shifted[0]), float(shifted[1])
        return round(lon, 7), round(lat, 7)


@dataclass(frozen=True)
class Answer:
    """The answer to one question of the checklist."""

    name: str
    answer: str
    note: str | None = None


@dataclass(frozen=True)
class Read:
    """One number read on site."""

    name: str
    value: float


@dataclass(frozen=True)
class Given:
    """A visit as it is told; ``visited_at`` None is the moment at which it arrives."""

    uuid: UUID
    layer: str
    code: str
    purpose: str = "routine"
    visited_at: datetime | None = None
    position: Position | None = None
    off_site_reason: str | None = None
    answers: Sequence[Answer] = ()
    readings: Sequence[Read] = ()
    condition: str | None = None
    use_status: str | None = None
    note: str | None = None


def problems_of(given: Given, *, now: datetime, since: datetime) -> list[Problem]:
    """Return what is wrong with time, place and texts.

    Args:
        since: When the location came to be known here.
    """
    found = [*_time_problems(given.visited_at, now, since), *_place_problems(given.position)]
    choices: tuple[tuple[str, str | None, Mapping[str, object]], ...] = (
        ("purpose", given.purpose, norms().purposes),
        ("condition", given.condition, CONDITIONS),
        ("use_status", given.use_status, FINDABLE),
    )
    for field, value, allowed in choices:
        if value is not None and value not in allowed:
            listed = "、".join(allowed)
            text = (f"不在可选值之内（{listed}）。", f"Choose one of {', '.join(allowed)}.")
            found.append(Problem("unknown_choice", *text, field))
    texts = (
        ("note", given.note, NOTE_LENGTH),
        ("off_site_reason", given.off_site_reason, SHORT_LENGTH),
    )
    for field, told, most in texts:
        found += text_problems(told, most, field)
    return found


def _time_problems(at: datetime | None, now: datetime, since: datetime) -> list[Problem]:
    if at is None:
        return []
    if at.tzinfo is None:
        told = ("时间须带时区，如 2026-01-31T09:30:00+08:00。", "The time needs a time zone.")
        return [Problem("no_time_zone", *told, "visited_at")]
    if at > now + CLOCK_TOLERANCE:
        ahead = math.ceil((at - now).total_seconds() / 60)
        zh = f"巡查时间比服务器时间晚 {ahead} 分钟。请校准手机时间（自动设置）后重新填写时间。"
        en = f"The visit lies {ahead} minutes in the future; set the device's clock right."
        return [Problem("future_time", zh, en, "visited_at")]
    # A ledger entered on the day itself may tell of the morning.
    if at < since - CLOCK_TOLERANCE and at.astimezone(clock.ZONE).date() < since.date():
        zh = f"巡查时间早于该点位建档日期（{since:%Y-%m-%d}）。请核对手机日期。"
        en = f"The visit lies before the location was entered ({since:%Y-%m-%d})."
        return [Problem("before_location", zh, en, "visited_at")]
    return []


def _place_problems(position: Position | None) -> list[Problem]:
    if position is None:
        return []
    numbers = (position.lon, position.lat, position.accuracy_m or 0.0)
    inside = abs(position.lon) <= 180 and abs(position.lat) <= 90
    if all(map(math.isfinite, numbers)) and inside and 0 <= numbers[2] <= 1e6:
        return []
    told = ("定位坐标有误，请重新定位，或不带定位提交。", "The position cannot be right.")
    return [Problem("bad_position", *told, "position")]


def text_problems(told: str | None, most: int, field: str) -> list[Problem]:
    """Return what keeps a text from being stored."""
    if told is not None and "\0" in told:
        return [Problem("bad_text", "文字中含有不能保存的字符。", "NUL cannot be kept.", field)]
    if told is not None and len(told) > most:
        zh, en = f"文字过长，最多 {most} 个字。", f"At most {most} characters."
        return [Problem("too_long", zh, en, field)]
    return []


def off_site(distance_m: float | None, accuracy_m: float | None, limit_m: float) -> bool:
    """Tell whether a visit was surely made elsewhere: even the nearest place it may have been at.

    >>> off_site(350, 100, 300), off_site(450, 100, 300), off_site(None, None, 300)
    (False, True, False)
    """
    return distance_m is not None and distance_m - (accuracy_m or 0.0) > limit_m


def clean(text: str | None) -> str | None:
    """Return a text without the space around it; None when nothing is left."""
    return (text or "").strip() or None
