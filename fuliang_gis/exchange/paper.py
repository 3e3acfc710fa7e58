"""Pieces of maps on paper: SVGs that are drawn in millimetres."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

_FONT = "Noto Sans CJK SC"
_WHITE, _DARK = "#ffffff", "#111827"

Places = NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """The map's place on the paper [mm]."""

    width: float
    height: float


@dataclass(frozen=True)
class DrawnMap:
    """The map, its scale (1 : n) and its scale bar."""

    svg: str
    scale: int
    bar: str


def onto(frame: Frame, scale: int, middle: Places) -> Callable[[Places], Places]:
    """Return what moves places of the plane [m] onto the paper [mm], a middle to the frame's.

    >>> onto(Frame(200, 100), 1_000, np.array([5.0, 5.0]))(np.array([[6.0, 6.0]])).tolist()
    [[101.0, 49.0]]
    """
    towards = np.array([1000 / scale, -1000 / scale])
    centre = np.array([frame.width / 2, frame.height / 2])

    def on_paper(places: Places) -> Places:
        placed: Places = (places - middle) * towards + centre
        return placed

    return on_paper


def svg(frame: Frame, parts: Iterable[str], kind: str = "map") -> str:
    """Return a drawing of a frame's size, of a class for the page's styles."""
    return (
        f'<svg class="{kind}" xmlns="http://www.w3.org/2000/svg" width="{frame.width:.3f}mm"'
        f' height="{frame.height:.3f}mm" viewBox="0 0 {frame.width:.3f} {frame.height:.3f}">'
        + "".join(parts)
        + "</svg>"
    )


def group(*parts: str) -> str:
    """Return pieces as one."""
    return f"<g>{''.join(parts)}</g>"


def line_path(line: BaseGeometry) -> str:
    """Return the path of a line or its parts."""
    return "".join(
        "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in part.coords)
        for part in shapely.get_parts(line)
        if part.length > 0
    )


def area_path(area: BaseGeometry) -> str:
    """Return the path of an area's rings; parts that are no areas have none."""
    return "".join(
        "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in ring.coords[:-1]) + "Z"
        for part in shapely.get_parts(area)
        if isinstance(part, Polygon) and not part.is_empty
        for ring in (part.exterior, *part.interiors)
    )


def text(
    x: float,
    y: float,
    words: str,
    size: float,
    colour: str,
    *,
    bold: bool = False,
    halo: float = 0.0,
) -> str:
    """Return words in the middle of a place; a halo [mm] keeps them readable above lines."""
    weight = ' font-weight="700"' if bold else ""
    written = (
        f'<text x="{x:.2f}" y="{y:.2f}" font-size="{size}" text-anchor="middle"{weight}'
        f' font-family="{_FONT}"'
    )
    above = f'{written} fill="{colour}">{escape(words)}</text>'
    if not halo:
        return above
    ground = _DARK if colour == _WHITE else _WHITE
    below = f'{written} fill="none" stroke="{ground}" stroke-width="{halo}">{escape(words)}</text>'
    return below + above
