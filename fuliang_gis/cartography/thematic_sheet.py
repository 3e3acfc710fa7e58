"""The printed sheet of a thematic map: one HTML page with SVG, for ``exchange.pdf`` to lay out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from fuliang_gis.cartography.area_shapes import AreaShape
from fuliang_gis.cartography.classes import METHODS
from fuliang_gis.cartography.ramps import no_data_colour
from fuliang_gis.cartography.sheet_map import draw
from fuliang_gis.cartography.thematic import AreaValue, ThematicMap
from fuliang_gis.cartography.thematic_queries import LEVELS
from fuliang_gis.errors import BadParameter
from fuliang_gis.exchange.paper import Frame
from fuliang_gis.exchange.pdf import templates


@dataclass(frozen=True)
class Paper:
    """A paper size, the room of the map on it [mm], and the table's rows a column."""

    name: str
    width: int
    height: int
    frame: Frame
    rows: int
    columns: int


PAPERS = {
    "A4": Paper("A4", 210, 297, Frame(184, 196), 44, 2),
    "A3": Paper("A3", 297, 420, Frame(269, 310), 66, 3),
}

_TEMPLATES = templates(Path(__file__).parent / "templates")


@dataclass(frozen=True)
class Imprint:
    """What stands on the sheet besides the map."""

    county: str
    printed_on: date
    invented: bool
    title: str = ""


def paper(name: str) -> Paper:
    """Return a paper size.

    Raises:
        BadParameter: There is none of that name.
    """
    if name not in PAPERS:
        raise BadParameter(
            name="paper", reason="应为 A4 或 A3", reason_en="A4 or A3", field="paper"
        )
    return PAPERS[name]


def sheet_html(
    shown: ThematicMap, shapes: Sequence[AreaShape], size: Paper, imprint: Imprint
) -> str:
    """Return the sheet as one HTML page that needs nothing else."""
    colours = {area.code: colour_of(shown, area) for area in shown.areas}
    townships = {area.code[:9]: area.township for area in shown.areas}
    placed = [shape for shape in shapes if shape.code in colours]
    drawn = draw(placed, colours, size.frame, townships)
    return _TEMPLATES.get_template("thematic_sheet.html").render(
        shown=shown,
        measure=shown.choice.measure,
        method=METHODS[shown.choice.method].partition("（")[0],
        level=LEVELS[shown.level],
        legend=legend(shown),
        drawn=drawn,
        paper=size,
        imprint=imprint,
        invented_outlines=any(shape.invented for shape in shapes),
        pages=_pages(ranked(shown.areas), size),
    )


@dataclass(frozen=True)
class LegendRow:
    """One row of the legend."""

    colour: str
    label: str
    count: int


def legend(shown: ThematicMap) -> list[LegendRow]:
    """Return the legend's rows, the highest class first, areas without data last."""
    places = [area.place for area in shown.areas]
    labelled = zip(shown.colours, shown.classification.labels, strict=True)
    rows = [
        LegendRow(colour, label, places.count(at)) for at, (colour, label) in enumerate(labelled)
    ][::-1]
    if shown.no_data:
        rows.append(LegendRow(no_data_colour(), "无数据", shown.no_data))
    return rows


def colour_of(shown: ThematicMap, area: AreaValue) -> str:
    """Return an area's colour."""
    return no_data_colour() if area.place is None else shown.colours[area.place]


def ranked(areas: Sequence[AreaValue]) -> list[AreaValue]:
    """Return the areas from the greatest value down, those without data last."""
    return sorted(areas, key=lambda area: (area.value is None, -(area.value or 0), area.code))


def _pages(areas: Sequence[AreaValue], size: Paper) -> list[list[list[tuple[int, AreaValue]]]]:
    """Divide the table into columns of rows, and those into pages."""
    numbered = list(enumerate(areas, start=1))
    columns = [numbered[at : at + size.rows] for at in range(0, len(numbered), size.rows)]
    return [columns[at : at + size.columns] for at in range(0, len(columns), size.columns)]
