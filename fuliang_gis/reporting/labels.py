"""QR labels on A4 sheets: one HTML page for ``exchange.pdf`` to lay out, codes drawn as vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import segno

from fuliang_gis.errors import BadParameter
from fuliang_gis.exchange.pdf import templates
from fuliang_gis.reporting.label_queries import Labelled

#: Labels of one file: ten sheets of the small size, some seconds of work.
MOST = 240

_TEMPLATES = templates(Path(__file__).parent / "templates")


@dataclass(frozen=True)
class Size:
    """A label sheet as it is sold: label [mm], columns and rows, code [mm], longest name."""

    name: str
    title: str
    width: float
    height: float
    columns: int
    rows: int
    code: float
    longest: int

    @property
    def a_sheet(self) -> int:
        """Labels a sheet."""
        return self.columns * self.rows

    @property
    def top(self) -> float:
        """Margin above the first row of an A4 sheet [mm]."""
        return (297 - self.rows * self.height) / 2


SIZES = {
    size.name: size
    for size in (
        Size("small", "70 × 37 毫米，每张 24 枚（3 × 8）", 70, 37, 3, 8, 27, 20),
        Size("large", "105 × 57 毫米，每张 10 枚（2 × 5）", 105, 57, 2, 5, 43, 30),
    )
}


def size_named(name: str) -> Size:
    """Return a size of labels.

    Raises:
        BadParameter: There is none of that name.
    """
    if name not in SIZES:
        raise BadParameter(
            name="size", reason="应为 small 或 large", reason_en="small or large", field="size"
        )
    return SIZES[name]


def scan_path(layer: str, code: str) -> str:
    """Return the path that a label's code leads to.

    >>> scan_path("pv_stations", "光伏 1")
    '/r/pv_stations/%E5%85%89%E4%BC%8F%201'
    """
    return f"/r/{quote(layer)}/{quote(code, safe='')}"


def code_svg(address: str) -> str:
    """Return the QR code of an address as an SVG element without margin, 1 unit a module."""
    drawn: str = segno.make(address, error="m", micro=False).svg_inline(
        border=0, omitsize=True, svgclass=None, lineclass=None
    )
    return drawn


def sheets_html(
    labels: Sequence[Labelled], size: Size, *, site: str, county: str, skip: int = 0
) -> str:
    """Return the sheets as one HTML page that needs nothing else.

    Args:
        site: The service's address that the codes start with, without a slash at its end.
        skip: Labels of the first sheet that have been used already.
    """
    placed = list(enumerate(labels, start=skip % size.a_sheet))
    sheets: dict[int, list[dict[str, object]]] = {}
    for place, each in placed:
        sheet, at = divmod(place, size.a_sheet)
        row, column = divmod(at, size.columns)
        sheets.setdefault(sheet, []).append(
            {
                "label": each,
                "name": _shortened(each.name, size.longest),
                "left": column * size.width,
                "top": size.top + row * size.height,
                "code": code_svg(site + scan_path(each.layer, each.code)),
            }
        )
    page = _TEMPLATES.get_template("labels.html")
    return page.render(sheets=sheets.values(), size=size, county=county)


def _shortened(name: str, longest: int) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
