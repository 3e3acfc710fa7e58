"""Readings of a location over time, laid out for an inline drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fuliang_gis.clock import ZONE
from fuliang_gis.inspections.status.history import Visited
from fuliang_gis.locations.registry import Layer
from fuliang_gis.locations.sheets import Reading

WIDTH, HEIGHT = 480, 130
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 12, 22


@dataclass(frozen=True)
class Point:
    """One value read; ``x`` and ``y`` are its place in the drawing."""

    x: float
    y: float
    value: float
    at: datetime
    wrong: bool

    @property
    def words(self) -> str:
        """When and what, as people read it."""
        return f"{self.at.astimezone(ZONE):%Y-%m-%d}：{self.value:g}"


@dataclass(frozen=True)
class Chart:
    """One reading over time; ``limits`` are heights of limit lines with their values."""

    title: str
    points: Sequence[Point]
    limits: Sequence[tuple[float, float]]
    lowest: float
    highest: float

    @property
    def line(self) -> str:
        """The points as an SVG polyline takes them."""
        return " ".join(f"{p.x:.1f},{p.y:.1f}" for p in self.points)


def charts(layer: Layer, visits: Sequence[Visited]) -> list[Chart]:
    """Return a chart for each reading that was ever taken; superseded visits are left out."""
    read: dict[str, list[tuple[datetime, float, bool]]] = {}
    titles: dict[str, str] = {}
    for visit in sorted(visits, key=lambda each: each.visited_at):
        if visit.superseded_at:
            continue
        for each in visit.readings:
            if (value := _number(each)) is None:
                continue
            name = str(each["name"])
            read.setdefault(name, []).append((visit.visited_at, value, bool(each.get("wrong"))))
            titles[name] = (
                f"{each['zh']}（{each['unit']}）" if each.get("unit") else str(each["zh"])
            )
    limits = {reading.name: _limits(reading) for reading in layer.sheet.inspection.readings}
    return [_chart(titles[name], taken, limits.get(name, [])) for name, taken in read.items()]


def _number(reading: Mapping[str, object]) -> float | None:
    value = reading.get("value")
    try:
        return None if value is None or isinstance(value, bool) else float(str(value))
    except ValueError:
        return None


def _limits(reading: Reading) -> list[float]:
    return [limit for limit in (reading.limit_min, reading.limit_max) if limit is not None]


def _chart(title: str, taken: Sequence[tuple[datetime, float, bool]], limits: list[float]) -> Chart:
    values = [value for _, value, _ in taken] + limits
    lowest, highest = min(values), max(values)
    spread = highest - lowest or abs(highest) or 1.0
    first, last = taken[0][0], taken[-1][0]
    seconds = (last - first).total_seconds() or 1.0

    def down(value: float) -> float:
        return _TOP + (highest - value) / spread * (HEIGHT - _TOP - _BOTTOM)

    def across(at: datetime) -> float:
        if len(taken) == 1:
            return WIDTH / 2
        return _LEFT + (at - first).total_seconds() / seconds * (WIDTH - _LEFT - _RIGHT)

    points = [Point(across(at), down(value), value, at, wrong) for at, value, wrong in taken]
    return Chart(title, points, [(down(limit), limit) for limit in limits], lowest, highest)
