"""The map of a printed sheet: an SVG in millimetres of paper at a standard scale, and its bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.cartography.area_shapes import AreaShape
from fuliang_gis.cartography.ramps import linear_rgb
from fuliang_gis.exchange.paper import DrawnMap, Frame, area_path, onto, svg, text
from fuliang_gis.geo.crs import GEOGRAPHIC, PLANE, reproject

#: Scales that a sheet may have (1 : n).
SCALES = (
    5_000, 10_000, 20_000, 25_000, 50_000, 75_000, 100_000, 150_000, 200_000, 250_000, 300_000,
    350_000, 400_000, 500_000, 600_000, 750_000, 1_000_000, 1_500_000, 2_000_000,
)  # fmt: skip
#: Space left between the areas and the frame [mm].
_MARGIN = 4.0
#: The scale bar is as long as a round number allows, and no longer than this [mm].
_LONGEST_BAR = 50.0
_TOWNSHIP_DIGITS = 9
#: More areas than this have no room for a name each.
_MOST_NAMES = 30


def draw(
    shapes: Sequence[AreaShape],
    colours: Mapping[str, str],
    frame: Frame,
    townships: Mapping[str, str],
) -> DrawnMap:
    """Draw the areas in their colours at the largest standard scale that fits the frame.

    Args:
        colours: Fill by code, ``#rrggbb``.
        townships: Names by township code, written where areas are too many to be named.
    """
    plane = {shape.code: reproject(shape.outline, GEOGRAPHIC, PLANE) for shape in shapes}
    west, south, east, north = shapely.total_bounds(list(plane.values()))
    scale = fitting_scale(east - west, north - south, frame)
    on_paper = onto(frame, scale, np.array([(west + east) / 2, (south + north) / 2]))
    drawn = {code: shapely.transform(area, on_paper) for code, area in plane.items()}
    parts = [
        f'<path d="{area_path(area)}" fill="{colours[code]}" stroke="#6b7280" stroke-width="0.12"/>'
        for code, area in drawn.items()
    ]
    groups = _townships(drawn)
    parts += _edges(drawn, groups)
    if len(shapes) <= _MOST_NAMES:
        parts += [_label(shape.name, drawn[shape.code], colours[shape.code]) for shape in shapes]
    else:
        parts += [_tag(townships.get(code, ""), area) for code, area in groups.items()]
    return DrawnMap(svg(frame, parts), scale, scale_bar(scale))


def fitting_scale(width: float, height: float, frame: Frame) -> int:
    """Return the largest standard scale at which an extent [m] fits a frame.

    >>> fitting_scale(70_000, 90_000, Frame(180, 200))
    500000
    """
    needed = 1000 * max(width / (frame.width - 2 * _MARGIN), height / (frame.height - 2 * _MARGIN))
    return next((scale for scale in SCALES if scale >= needed), SCALES[-1])


def bar_length(scale: int) -> float:
    """Return the ground length of the scale bar [m]: one, two or five times a power of ten.

    >>> bar_length(500_000), bar_length(25_000)
    (20000.0, 1000.0)
    """
    longest = _LONGEST_BAR / 1000 * scale
    power = 10 ** np.floor(np.log10(longest))
    return float(max(step * power for step in (1, 2, 5) if step * power <= longest))


def scale_bar(scale: int) -> str:
    """Return the scale bar as an SVG in millimetres, in four parts."""
    length = bar_length(scale)
    paper = length * 1000 / scale
    unit, divisor = ("km", 1000) if length >= 1000 else ("m", 1)
    parts = [
        f'<rect x="{4 + at * paper / 4:.3f}" y="4.5" width="{paper / 4:.3f}" height="1.6"'
        f' fill="{"#1f2937" if at % 2 == 0 else "#ffffff"}" stroke="#1f2937" stroke-width="0.2"/>'
        for at in range(4)
    ]
    for at in (0, 2, 4):
        stated = f"{length * at / 4 / divisor:g}" + (f" {unit}" if at == 4 else "")
        parts.append(text(4 + at * paper / 4, 3.2, stated, 2.6, "#1f2937"))
    return svg(Frame(paper + 12, 7), parts, "scale-bar")


def _townships(drawn: Mapping[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    members: dict[str, list[BaseGeometry]] = {}
    for code, area in drawn.items():
        members.setdefault(code[:_TOWNSHIP_DIGITS], []).append(area)
    return {code: shapely.union_all(areas) for code, areas in members.items()}


def _edges(drawn: Mapping[str, BaseGeometry], groups: Mapping[str, BaseGeometry]) -> list[str]:
    """Return the townships' edges above those of villages, and the outer edge above all."""
    outer = shapely.union_all(list(drawn.values()))
    townships = groups.values() if len(groups) < len(drawn) else ()
    return [*(_edge(area, "0.3") for area in townships), _edge(outer, "0.5")]


def _edge(area: BaseGeometry, width: str) -> str:
    return f'<path d="{area_path(area)}" fill="none" stroke="#374151" stroke-width="{width}"/>'


def _label(name: str, area: BaseGeometry, colour: str) -> str:
    dark = float(linear_rgb(colour) @ (0.2126, 0.7152, 0.0722)) < 0.25
    x, y = _middle(area)
    return text(x, y + 1.1, name, 3.2, "#ffffff" if dark else "#111827")


def _tag(name: str, area: BaseGeometry) -> str:
    """Return a name on a pale ground, which reads above colours of any darkness."""
    x, y = _middle(area)
    width = 3.2 * len(name) + 2
    ground = (
        f'<rect x="{x - width / 2:.2f}" y="{y - 2.3:.2f}" width="{width:.2f}" height="4.6" rx="1"'
        ' fill="#ffffff" fill-opacity="0.78"/>'
    )
    return ground + text(x, y + 1.1, name, 3.2, "#111827")


def _middle(area: BaseGeometry) -> tuple[float, float]:
    largest = max(shapely.get_parts(area), key=lambda part: part.area)
    x, y = shapely.maximum_inscribed_circle(largest, 0.2).coords[0]
    return x, y
