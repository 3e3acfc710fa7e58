"""What a driver is told on a leg: roads, distances and turns, in Chinese (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import shapely
import shapely.ops

from fuliang_gis.geo import crs
from fuliang_gis.routing.graph import Floats, RoadGraph
from fuliang_gis.routing.snapping import Snap
from fuliang_gis.routing.travel import Leg, Stretch

_CLASS_NAMES = {
    "trunk": "国道",
    "primary": "省道",
    "secondary": "县道",
    "tertiary": "乡道",
    "unclassified": "村道",
    "track": "机耕路",
}
#: Upper ends of the turning angle [degrees, left negative], and what they are called.
_TURNS = (
    (-150.0, "掉头"),
    (-45.0, "左转"),
    (-15.0, "向左前方"),
    (15.0, "直行"),
    (45.0, "向右前方"),
    (150.0, "右转"),
    (180.0, "掉头"),
)
_COMPASS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")


@dataclass(frozen=True)
class Step:
    """One instruction: the sentence, the road it leads onto, and for how far [m]."""

    text: str
    road: str
    metres: float


def distance(metres: float) -> str:
    """Return a distance as people say it.

    >>> distance(86.4), distance(1234)
    ('90 米', '1.2 公里')
    """
    if metres < 1000:
        return f"{max(10, round(metres, -1)):.0f} 米"
    return f"{metres / 1000:.1f} 公里"


def line_of(graph: RoadGraph, stretches: Sequence[Stretch]) -> Floats:
    """Return the places that stretches drive through, lon/lat (EPSG:4490), shape (points, 2)."""
    parts = [_line(graph, stretch) for stretch in stretches]
    if not parts:
        return np.empty((0, 2))
    joined = np.concatenate(parts)
    moved = np.append(True, np.any(np.diff(joined, axis=0) != 0, axis=1))
    return np.asarray(joined[moved], dtype=np.float64)


def directions(graph: RoadGraph, leg: Leg, goal: Snap) -> list[Step]:
    """Return the steps of a leg, the last one telling on which side the place lies."""
    named = [(stretch, road_name(graph, stretch.edge)) for stretch in leg.stretches]
    steps: list[Step] = []
    before: Floats | None = None
    for name, group in groupby(named, key=lambda each: each[1]):
        stretches = [stretch for stretch, _ in group]
        line = crs.to_plane(line_of(graph, stretches))
        metres = sum(abs(s.end - s.start) * graph.edges[s.edge].metres for s in stretches)
        start = f"向{_heading(line)}沿{name}出发" if before is None else ""
        turn = start or f"{_turn(before, line)}进入{name}"
        steps.append(Step(f"{turn}，行驶{distance(metres)}", name, metres))
        before = line
    return [*steps, _arrival(graph, leg, goal)]


def road_name(graph: RoadGraph, edge: int) -> str:
    """Return what a road is called: its name, else its class."""
    found = graph.edges[edge]
    return found.name or _CLASS_NAMES.get(found.road_class, "道路")


def _arrival(graph: RoadGraph, leg: Leg, goal: Snap) -> Step:
    side: str = goal.side
    if leg.stretches and leg.stretches[-1].end < leg.stretches[-1].start:
        side = "right" if side == "left" else "left"
    where = {"left": "左侧", "right": "右侧"}[side]
    road = road_name(graph, goal.edge)
    return Step(f"目的地在道路{where}，步行{distance(goal.offset_m)}", road, goal.offset_m)


def _line(graph: RoadGraph, stretch: Stretch) -> Floats:
    line = shapely.LineString(graph.edges[stretch.edge].line)
    low, high = sorted((stretch.start, stretch.end))
    if (low, high) != (0.0, 1.0):
        cut = shapely.ops.substring(line, low, high, normalized=True)
        line = cut if isinstance(cut, shapely.LineString) else line
    points = shapely.get_coordinates(line)
    return points if stretch.start <= stretch.end else points[::-1]


def _turn(before: Floats | None, after: Floats) -> str:
    assert before is not None  # noqa: S101  # The first step has no turn.
    angle = _bearing(after[0], after[1]) - _bearing(before[-2], before[-1])
    angle = (angle + 180) % 360 - 180
    return next(word for limit, word in _TURNS if angle <= limit)


def _heading(line: Floats) -> str:
    return _COMPASS[round(_bearing(line[0], line[-1]) / 45) % 8]


def _bearing(a: Floats, b: Floats) -> float:
    return float(np.degrees(np.arctan2(b[0] - a[0], b[1] - a[1])))
