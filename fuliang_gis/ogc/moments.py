"""Instants and intervals in queries: how they are read, and how two of them relate in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from fuliang_gis.clock import ZONE
from fuliang_gis.errors import BadParameter
from fuliang_gis.ogc.cql2 import Node, refuse

#: The temporal functions, with ``a`` before and ``b`` behind the comma; bounds are inclusive.
RELATIONS: Mapping[str, str] = {
    "t_after": "{a.start} > {b.end}",
    "t_before": "{a.end} < {b.start}",
    "t_equals": "{a.start} = {b.start} and {a.end} = {b.end}",
    "t_disjoint": "{a.start} > {b.end} or {a.end} < {b.start}",
    "t_intersects": "{a.start} <= {b.end} and {a.end} >= {b.start}",
    "t_during": "{a.start} >= {b.start} and {a.end} <= {b.end}",
    "t_contains": "{a.start} <= {b.start} and {a.end} >= {b.end}",
}
_OPEN = ("", "..")
_PAIR = 2


@dataclass(frozen=True)
class Moment:
    """Start and end in SQL; the same for an instant."""

    start: str
    end: str


def relation(name: str, a: Moment, b: Moment) -> str:
    """Return the condition that two moments are so related."""
    return RELATIONS[name].format(a=a, b=b)


def instant(given: Node, *, dates: bool) -> str:
    """Read one instant as ISO text.

    Raises:
        FilterRefused: It is no date, or no timestamp.
    """
    try:
        return _as_date(str(given)) if dates else _as_timestamp(str(given), last=False)
    except (ValueError, OverflowError):
        refuse(f"“{given}”不是日期或时间", f"'{given}' is no date or timestamp")


def literal(node: Node, *, dates: bool) -> tuple[str, str]:
    """Read a date, timestamp or interval of a filter as start and end.

    Raises:
        FilterRefused: It is none of them.
    """
    if isinstance(node, Mapping) and isinstance(pair := node.get("interval"), list):
        ends = [_plain(each) for each in pair]
    else:
        ends = [_plain(node)] * _PAIR
    if len(ends) != _PAIR:
        refuse("时间段需要起止两端", "an interval has a start and an end")
    try:
        return _span(ends[0], ends[1], dates=dates)
    except (ValueError, OverflowError):
        refuse(f"“{ends[0]}/{ends[1]}”不是时间", f"'{ends[0]}/{ends[1]}' is no moment")


def datetime_parameter(given: str) -> tuple[str, str]:
    """Read ``datetime=…`` (an instant, or two with a slash between) as first and last date.

    Raises:
        BadParameter: It is neither.
    """
    ends = given.split("/")
    if given not in _OPEN and len(ends) <= _PAIR:
        with suppress(ValueError, OverflowError):
            return _span(ends[0], ends[-1], dates=True)
    raise BadParameter(
        name="datetime",
        field="datetime",
        reason=f"“{given}”不是时间，写作 2022-10-31 或 2022-01-01/2022-12-31，一端可为 ..",
        reason_en=f"'{given}' is no moment; write 2022-10-31 or 2022-01-01/2022-12-31",
    )


def _plain(node: Node) -> str:
    if isinstance(node, Mapping):
        node = node.get("date", node.get("timestamp"))
    return str(node)


def _span(start: str, end: str, *, dates: bool) -> tuple[str, str]:
    first = "-infinity" if start in _OPEN else _as(start, dates=dates, last=False)
    final = "infinity" if end in _OPEN else _as(end, dates=dates, last=True)
    if "infinity" not in (first.lstrip("-"), final) and first > final:
        raise ValueError("ends before it starts")
    return first, final


def _as(given: str, *, dates: bool, last: bool) -> str:
    return _as_date(given) if dates else _as_timestamp(given, last=last)


def _as_date(given: str) -> str:
    """Return the county's calendar date of a date or timestamp."""
    if "T" not in given:
        return date.fromisoformat(given).isoformat()
    return _zoned(datetime.fromisoformat(given)).date().isoformat()


def _as_timestamp(given: str, *, last: bool) -> str:
    """Return a timestamp; a date stands for the first, or the last, moment of its day."""
    if "T" in given:
        return _zoned(datetime.fromisoformat(given)).isoformat()
    day = datetime.combine(date.fromisoformat(given), time(), ZONE)
    moment = day + timedelta(days=1) - timedelta(microseconds=1) if last else day
    return moment.isoformat()


def _zoned(moment: datetime) -> datetime:
    stated = moment if moment.tzinfo else moment.replace(tzinfo=ZONE)
    return stated.astimezone(ZONE)
