"""The map of a round on paper: its line over real roads, numbered stops, station, the ground."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from fuliang_gis.cartography.round_badges import RADIUS, STATION, Badge, placed
from fuliang_gis.cartography.round_ground import Extent, Ground, ground
from fuliang_gis.cartography.sheet_map import fitting_scale, scale_bar
from fuliang_gis.exchange.paper import (
    DrawnMap,
    Frame,
    Places,
    group,
    line_path,
    onto,
    svg,
    text,
)
from fuliang_gis.geo.crs import to_plane

#: Colour and width [mm] of the roads of the ground, the least first.
_ROADS = {
    "track": ("#d5d8dc", 0.15),
    "unclassified": ("#c3c8ce", 0.25),
    "tertiary": ("#b3bac2", 0.4),
    "secondary": ("#e2c88f", 0.6),
    "primary": ("#dcb869", 0.75),
    "trunk": ("#d49d4e", 0.9),
}
_LINE, _WALK = "#0b5394", "#7a3b00"
#: Roads that have room only on larger scales than this (1 : n).
_ROADS_TO = {"track": 50_000, "unclassified": 200_000}
#: Nobody sees less than this on paper [mm].
_EYE_MM = 0.12
#: Villages' names have room only on larger scales than this (1 : n).
_NAMES_TO = 150_000
#: Height of names, and what is kept clear of them around stops and the way [mm].
_NAME_MM = {"township": 3.4, "village": 2.4}
_MARK_MM, _WAY_MM = 2.4, 0.8
#: Smallest ground that a map shows [m], so that a round of one stop has surroundings.
_LEAST_M = 600.0


class Driven(Protocol):
    """Where a round is driven, lon/lat (EPSG:4490): its way over roads, station, stops in order."""

    @property
    def line(self) -> Sequence[tuple[float, float]]: ...

    @property
    def station(self) -> tuple[float, float]: ...

    @property
    def stops(self) -> Sequence[tuple[float, float]]: ...


def draw_rounds(session: Session, rounds: Sequence[Driven], frame: Frame) -> list[DrawnMap]:
    """Draw a map of each round at the largest standard scale that fits; two statements in all."""
    if not rounds:
        return []
    views = [_view(each, frame) for each in rounds]
    extents = np.array([view.extent for view in views])
    west, south = extents[:, :2].min(axis=0).tolist()
    east, north = extents[:, 2:].max(axis=0).tolist()
    under = ground(session, (west, south, east, north))
    return [_draw(view, under, frame) for view in views]


@dataclass(frozen=True)
class _View:
    """A round on the plane, and the scale and middle of its map."""

    line: Places
    station: Places
    stops: Places
    scale: int
    middle: Places
    extent: Extent

    def on_paper(self, frame: Frame, places: Places) -> Places:
        """Return places of the plane on the paper [mm]."""
        return onto(frame, self.scale, self.middle)(places)


def _view(driven: Driven, frame: Frame) -> _View:
    line = _plane(driven.line)
    station, stops = _plane([driven.station]), _plane(driven.stops)
    everything = np.concatenate([line, station, stops])
    low, high = everything.min(axis=0), everything.max(axis=0)
    width, height = np.maximum(high - low, _LEAST_M).tolist()
    scale = fitting_scale(width, height, frame)
    middle = (low + high) / 2
    half = np.array([frame.width, frame.height]) / 2 * scale / 1000
    (west, south), (east, north) = (middle - half).tolist(), (middle + half).tolist()
    return _View(line, station, stops, scale, middle, (west, south, east, north))


def _plane(lonlat: Sequence[tuple[float, float]]) -> Places:
    return to_plane(np.array(lonlat, dtype=np.float64).reshape(-1, 2))


def _draw(view: _View, under: Ground, frame: Frame) -> DrawnMap:
    parts = [
        *_areas(view, under, frame),
        *_roads(view, under, frame),
        *_names(view, under, frame),
        *_way(view, frame),
        *_stops(view, frame),
    ]
    return DrawnMap(svg(frame, parts), view.scale, scale_bar(view.scale))


def _areas(view: _View, under: Ground, frame: Frame) -> Iterator[str]:
    for level, width, dashes in (
        ("village", 0.15, "1.2 0.8"),
        ("township", 0.35, "2.5 0.8 0.6 0.8"),
    ):
        edges = [
            shapely.clip_by_rect(area.outline.boundary, *view.extent)
            for area in under.areas
            if area.level == level
        ]
        style = f'stroke="#8b949e" stroke-width="{width}" stroke-dasharray="{dashes}"'
        yield from _lines(view, frame, edges, style)


def _roads(view: _View, under: Ground, frame: Frame) -> Iterator[str]:
    found = under.roads_in(view.extent)
    for road_class, (colour, width) in _ROADS.items():
        if view.scale > _ROADS_TO.get(road_class, view.scale):
            continue
        style = f'stroke="{colour}" stroke-width="{width}" stroke-linecap="round"'
        yield from _lines(view, frame, found.get(road_class, []), style)


def _lines(view: _View, frame: Frame, lines: Sequence[BaseGeometry], style: str) -> Iterator[str]:
    moved = [shapely.transform(line, lambda at: view.on_paper(frame, at)) for line in lines]
    # What no eye sees on paper would still be laid out and printed.
    moved = [line for line in shapely.simplify(moved, _EYE_MM) if line.length > _EYE_MM]
    if path := "".join(line_path(line) for line in moved):
        yield f'<path d="{path}" fill="none" stroke-linejoin="round" {style}/>'


def _names(view: _View, under: Ground, frame: Frame) -> Iterator[str]:
    """Yield the names that find room, townships first, clear of stops, station and way."""
    marks = view.on_paper(frame, np.concatenate([view.station, view.stops]))
    taken = [shapely.Point(mark).buffer(_MARK_MM) for mark in marks.tolist()]
    if len(view.line) > 1:
        taken.append(shapely.LineString(view.on_paper(frame, view.line)).buffer(_WAY_MM))
    for area in sorted(under.areas, key=lambda area: area.level):
        if area.level == "village" and view.scale > _NAMES_TO:
            continue
        x, y = view.on_paper(frame, np.array([area.seat]))[0].tolist()
        size = _NAME_MM[area.level]
        half = size * len(area.name) / 2
        room = shapely.box(x - half, y - size, x + half, y + size / 3)
        inside = half < x < frame.width - half and size < y < frame.height - size
        if inside and not shapely.intersects(room, taken).any():
            taken.append(room)
            yield text(x, y, area.name, size, "#5b6570", halo=0.7)


def _way(view: _View, frame: Frame) -> Iterator[str]:
    if len(view.line) > 1:
        line = shapely.LineString(view.line)
        for colour, width in (("#ffffff", 1.7), (_LINE, 0.9)):
            style = f'stroke="{colour}" stroke-width="{width}" stroke-linecap="round"'
            yield from _lines(view, frame, [line], style)
        walks = [shapely.shortest_line(shapely.Point(stop), line) for stop in view.stops.tolist()]
        style = f'stroke="{_WALK}" stroke-width="0.3" stroke-dasharray="0.8 0.6"'
        yield from _lines(view, frame, [walk for walk in walks if walk.length > 0], style)


def _stops(view: _View, frame: Frame) -> Iterator[str]:
    stops = view.on_paper(frame, view.stops)
    (x, y) = view.on_paper(frame, view.station)[0].tolist()
    for at_x, at_y in stops.tolist():
        yield f'<circle cx="{at_x:.2f}" cy="{at_y:.2f}" r="0.7" fill="{_WALK}"/>'
    badges = placed(stops, (x, y), frame)
    yield from (_leader(badge) for badge in badges if badge.moved)
    yield (
        f'<rect x="{x - STATION:.2f}" y="{y - STATION:.2f}" width="{2 * STATION}"'
        f' height="{2 * STATION}" rx="0.6"'
        ' fill="#1f2937" stroke="#ffffff" stroke-width="0.3"/>'
    )
    yield text(x, y + 1.05, "站", 2.9, "#ffffff", bold=True)
    yield from (_badge(badge) for badge in badges)


def _leader(badge: Badge) -> str:
    return (
        f'<path d="M{badge.from_x:.2f} {badge.from_y:.2f}L{badge.x:.2f} {badge.y:.2f}"'
        f' stroke="{_WALK}" stroke-width="0.2"/>'
    )


def _badge(badge: Badge) -> str:
    return group(
        f'<circle cx="{badge.x:.2f}" cy="{badge.y:.2f}" r="{RADIUS}" fill="#ffffff"'
        f' stroke="{_LINE}" stroke-width="0.45"/>',
        text(badge.x, badge.y + 0.95, badge.label, 2.7, "#111827", bold=True),
    )
