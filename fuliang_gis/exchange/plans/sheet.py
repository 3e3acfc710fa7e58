"""The land-use sheet (用地规划图) on A3: map, legend, balance table, stamps; vector throughout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import shapely

from fuliang_gis.exchange.paper import Frame, svg
from fuliang_gis.exchange.pdf import templates, write_pdf
from fuliang_gis.exchange.plans.colours import Look, line_colour, looks
from fuliang_gis.exchange.plans.drawing import draw, hatch
from fuliang_gis.exchange.plans.imprint import INVENTED_NOTE, Imprint
from fuliang_gis.exchange.plans.options import Scheme
from fuliang_gis.exchange.plans.printed import structure_table
from fuliang_gis.geo.measures import hectares
from fuliang_gis.planning.codes import land_uses
from fuliang_gis.planning.figures import figure
from fuliang_gis.planning.norms import Profile, line_norms
from fuliang_gis.planning.parcels import Draft
from fuliang_gis.planning.tables.apportion import apportion

_TEMPLATES = templates(Path(__file__).parent / "templates")
PLANNED = "用地规划图"
#: The map's room on A3 landscape, and a legend's sample [mm].
FRAME = Frame(296.0, 261.0)
_SWATCH = Frame(8.0, 3.6)
#: More uses than this take the legend two columns.
_ROWS = 26


@dataclass(frozen=True)
class LegendRow:
    """One use or line on the sheet: its sample, its name, and how much land [ha] a use has."""

    sample: str
    label: str
    ha: float | None = None


def write_sheet(
    draft: Draft,
    profile: Profile,
    imprint: Imprint,
    scheme: Scheme = "standard",
    kind: str = PLANNED,
) -> bytes:
    """Return the sheet as PDF.

    Args:
        scheme: The standard colours, or those that village plans have of their own.
        kind: What the sheet is called; of the base year, give a draft whose parcels are its.

    Raises:
        BadParameter: The village fits A3 at no standard scale.
        SetUpError: The system library Pango is missing.
    """
    return write_pdf(sheet_html(draft, profile, imprint, scheme, kind))


def sheet_html(
    draft: Draft,
    profile: Profile,
    imprint: Imprint,
    scheme: Scheme = "standard",
    kind: str = PLANNED,
) -> str:
    """Return the sheet as one HTML page that needs nothing else."""
    found = looks(draft.edition, (each.code for each in draft.parcels.values()), scheme)
    rows = legend(draft, found)
    structure = structure_table(draft, profile)
    return _TEMPLATES.get_template("plan_sheet.html").render(
        imprint=imprint,
        kind=kind,
        invented_note=INVENTED_NOTE,
        drawn=draw(draft, found, FRAME),
        frame=FRAME,
        legend=_in_columns([*rows, *_line_legend(draft)]),
        headings=("用地类型", "基期", "%", "目标", "%", "变化"),
        structure=structure.texts(),
        edition=draft.edition,
        figure=figure,
        area_ha=hectares(float(draft.boundary.area)),
    )


def legend(draft: Draft, found: dict[str, Look]) -> list[LegendRow]:
    """Return a row a use, in the order of codes; their hectares sum to the printed whole."""
    uses = land_uses(draft.edition)
    codes = list(found)
    areas = dict.fromkeys(codes, 0.0)
    for parcel in draft.parcels.values():
        areas[parcel.code] += float(parcel.geom.area)
    printed = apportion([hectares(area) for area in areas.values()], 2)
    return [
        LegendRow(
            _sample(found[code]),
            uses[code].label if code in uses else code or "未定",
            ha,
        )
        for code, ha in zip(codes, printed, strict=True)
    ]


def _sample(look: Look) -> str:
    area = shapely.box(0.1, 0.1, _SWATCH.width - 0.1, _SWATCH.height - 0.1)
    ground = (
        f'<rect x="0.1" y="0.1" width="{_SWATCH.width - 0.2}" height="{_SWATCH.height - 0.2}"'
        f' fill="{look.hex}" stroke="#1f2937" stroke-width="0.1"/>'
    )
    return svg(_SWATCH, [ground, hatch(area, look)])


def _in_columns(rows: list[LegendRow]) -> list[list[LegendRow]]:
    """Return the legend's lines: one row each, or two where there are many."""
    if len(rows) <= _ROWS:
        return [[row] for row in rows]
    half = (len(rows) + 1) // 2
    return [rows[at : at + half + 1 : half] for at in range(half)]


def _line_legend(draft: Draft) -> list[LegendRow]:
    names = line_norms().names
    codes = sorted({line.code for line in draft.lines.values()})
    edge = _line_sample("#000000", "4 0.8 0.6 0.8", 0.6)
    return [
        LegendRow(edge, "村界"),
        *(
            LegendRow(_line_sample(line_colour(code), "2.4 0.8", 0.45), names.get(code, code))
            for code in codes
        ),
    ]


def _line_sample(colour: str, dashes: str, width: float) -> str:
    middle = _SWATCH.height / 2
    line = (
        f'<path d="M0 {middle}L{_SWATCH.width} {middle}" fill="none" stroke="{colour}"'
        f' stroke-width="{width}" stroke-dasharray="{dashes}"/>'
    )
    return svg(_SWATCH, [line])
