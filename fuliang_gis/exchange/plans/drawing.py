"""The land-use map of a plan as an SVG in millimetres of paper, at a standard scale."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.errors import BadParameter
from fuliang_gis.exchange.paper import DrawnMap, Frame, Places, area_path, onto, svg, text
from fuliang_gis.exchange.plans.colours import Look, line_colour
from fuliang_gis.exchange.plans.rings import polygons
from fuliang_gis.planning.parcels import ControlLine, Draft, Parcel

#: Scales that a sheet may have (1 : n).
SCALES = (500, 1_000, 2_000, 5_000, 10_000, 20_000, 25_000, 50_000)
#: Space between the village and the frame [mm].
_MARGIN = 5.0
#: Lines across a use whose colour others have: how far apart, how thick [mm].
_SPACING, _STROKE = 1.5, 0.12
#: No printer shows less [mm].
_FINEST = 0.02
#: Codes are written this high where they have room [mm].
_LETTERS = 2.1
_INK = "#1f2937"
#: Around words above marks [mm].
_HALO = 0.6
_LONGEST_BAR = 60.0


def fitting_scale(width: float, height: float, frame: Frame) -> int:
    """Return the largest standard scale at which an extent [m] fits a frame.

    Raises:
        BadParameter: It fits at none.

    >>> fitting_scale(1_400, 900, Frame(300, 240))
    5000
    """
    needed = 1000 * max(width / (frame.width - 2 * _MARGIN), height / (frame.height - 2 * _MARGIN))
    fits = [scale for scale in SCALES if scale >= needed]
    if not fits:
        raise BadParameter(
            name="paper",
            reason=f"村域太大，1:{SCALES[-1]} 也放不下，请检查村界或分幅",
            reason_en=f"the village does not fit at 1:{SCALES[-1]}",
            field="paper",
        )
    return fits[0]


def draw(draft: Draft, looks: dict[str, Look], frame: Frame) -> DrawnMap:
    """Draw the parcels in their colours, then marks, control lines, the boundary and codes."""
    west, south, east, north = draft.boundary.bounds
    scale = fitting_scale(east - west, north - south, frame)
    on_paper = onto(frame, scale, np.array([(west + east) / 2, (south + north) / 2]))
    drawn = [
        (each, shapely.transform(each.geom, on_paper).simplify(_FINEST))
        for each in draft.parcels.values()
    ]
    parts = [
        f'<path d="{area_path(area)}" fill="{looks[parcel.code].hex}" fill-rule="evenodd"'
        f' stroke="{_INK}" stroke-width="0.1"/>'
        for parcel, area in drawn
    ]
    parts += [_marked(code, look, drawn) for code, look in looks.items() if look.marks]
    parts += _lines(draft.lines.values(), on_paper)
    edge = area_path(shapely.transform(draft.boundary, on_paper))
    parts.append(
        f'<path d="{edge}" fill="none" stroke="#000000" stroke-width="0.6"'
        ' stroke-dasharray="4 0.8 0.6 0.8"/>'
    )
    parts += [_label(parcel, area, looks[parcel.code]) for parcel, area in drawn]
    return DrawnMap(svg(frame, parts), scale, scale_bar(scale))


def hatch(area: BaseGeometry, look: Look) -> str:
    """Return the lines across an area that tell a use from others of its colour."""
    left, top, right, bottom = area.bounds
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    reach = float(np.hypot(right - left, bottom - top)) / 2 + _SPACING
    found: list[str] = []
    for angle in look.marks:
        along = np.array([np.cos(np.radians(angle)), -np.sin(np.radians(angle))])
        across = np.array([-along[1], along[0]])
        # Counted from the paper's corner, so that lines go on from one parcel to the next.
        at = float(middle @ across)
        steps = np.arange(np.ceil((at - reach) / _SPACING) * _SPACING, at + reach, _SPACING) - at
        starts = middle + steps[:, None] * across - reach * along
        ends = middle + steps[:, None] * across + reach * along
        rays = shapely.linestrings(np.stack([starts, ends], axis=1))
        pieces = shapely.get_parts(shapely.intersection(rays, area))
        found += [_stroke(piece) for piece in pieces if piece.length > 0.05]
    if not found:
        return ""
    ink = "#ffffff" if look.dark else _INK
    return f'<path d="{"".join(found)}" fill="none" stroke="{ink}" stroke-width="{_STROKE}"/>'


def _stroke(line: BaseGeometry) -> str:
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in shapely.get_coordinates(line))


def _is_sound(area: BaseGeometry) -> bool:
    return bool(area.is_valid and not area.is_empty)


def _marked(code: str, look: Look, drawn: Sequence[tuple[Parcel, BaseGeometry]]) -> str:
    areas = [area for p, area in drawn if p.code == code and _is_sound(area)]
    return "".join(hatch(area, look) for area in areas)


def _lines(lines: Iterable[ControlLine], on_paper: Callable[[Places], Places]) -> list[str]:
    return [
        f'<path d="{area_path(shapely.transform(line.geom, on_paper))}" fill="none"'
        f' stroke="{line_colour(line.code)}" stroke-width="0.45" stroke-dasharray="2.4 0.8"/>'
        for line in lines
    ]


def _label(parcel: Parcel, area: BaseGeometry, look: Look) -> str:
    """Return a parcel's code and name, each where it has room."""
    largest = max(polygons(area), key=lambda part: part.area, default=None)
    if largest is None or not largest.is_valid or largest.is_empty:
        return ""
    circle = shapely.maximum_inscribed_circle(largest, 0.2)
    x, y = circle.coords[0]
    radius = float(circle.length)
    if radius < 0.31 * _LETTERS * len(parcel.code):
        return ""
    named = parcel.name and radius > 0.55 * _LETTERS * len(parcel.name)
    colour = "#ffffff" if look.dark else "#111827"
    lines = [parcel.code, parcel.name] if named else [parcel.code]
    top = y + 0.36 * _LETTERS - 0.6 * _LETTERS * (len(lines) - 1)
    halo = _HALO if look.marks else 0.0
    return "".join(
        text(x, top + turn * 1.2 * _LETTERS, words, _LETTERS, colour, halo=halo)
        for turn, words in enumerate(lines)
    )


def scale_bar(scale: int) -> str:
    """Return the scale bar in four parts, as long as a round number allows."""
    longest = _LONGEST_BAR / 1000 * scale
    power = 10 ** np.floor(np.log10(longest))
    length = float(max(step * power for step in (1, 2, 4) if step * power <= longest))
    paper = length * 1000 / scale
    parts = [
        f'<rect x="{4 + at * paper / 4:.3f}" y="4.2" width="{paper / 4:.3f}" height="1.4"'
        f' fill="{_INK if at % 2 == 0 else "#ffffff"}" stroke="{_INK}" stroke-width="0.15"/>'
        for at in range(4)
    ]
    for at in (0, 2, 4):
        stated = f"{length * at / 4:g}" + (" m" if at == 4 else "")
        parts.append(text(4 + at * paper / 4, 3.2, stated, 2.6, _INK))
    return svg(Frame(paper + 14, 6.5), parts)
