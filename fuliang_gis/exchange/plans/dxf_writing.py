"""A plan as DXF: a layer a class in its colour, hatches with holes, outlines, Chinese labels.

Outlines are closed polylines that carry ids and names as extended data, so that the drawing can be
read back; hatches and labels are only seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import shapely
from ezdxf import colors, units
from ezdxf.document import Drawing
from ezdxf.enums import TextEntityAlignment
from ezdxf.filemanagement import new
from ezdxf.layouts.layout import Modelspace
from shapely.geometry.base import BaseGeometry

from fuliang_gis.exchange.plans.colours import colour_of, line_colour
from fuliang_gis.exchange.plans.coordinates import from_plan
from fuliang_gis.exchange.plans.dxf_layers import (
    APP,
    BOUNDARY,
    CRS_PROPERTY,
    FILL,
    LABEL,
    LABELS,
    line_layer,
    parcel_layer,
)
from fuliang_gis.exchange.plans.fields import Role
from fuliang_gis.exchange.plans.notes import Note, NoteCode
from fuliang_gis.exchange.plans.options import Scheme
from fuliang_gis.exchange.plans.rings import Ring, polygons, rings_of
from fuliang_gis.planning.codes import Colour, land_uses
from fuliang_gis.planning.parcels import Draft, Parcel

_STYLE, _FONT = "汉字", "simsun.ttc"
#: Letters are as high as their parcel has room, within these [m].
_LEAST_M, _MOST_M = 1.0, 8.0
_EXTERNAL, _OUTERMOST = 1, 16
#: Extended data holds so many bytes a text.
_MOST_BYTES = 255

Value = str | float | int


def write_dxf(draft: Draft, path: Path, crs: int, scheme: Scheme) -> list[Note]:
    """Write a drawing (R2010, metres); the base year's layers are there but switched off.

    Args:
        crs: 4548 or 4527; a drawing has no degrees.
    """
    doc = new("R2010")
    doc.units = units.M
    doc.appids.add(APP)
    doc.styles.add(_STYLE, font=_FONT)
    doc.header.custom_vars.append(CRS_PROPERTY, f"EPSG:{crs}")
    space = doc.modelspace()
    notes: list[Note] = []
    _draw_parcels(doc, draft.base.values(), crs, scheme, notes, base=True)
    _draw_parcels(doc, draft.parcels.values(), crs, scheme, notes, base=False)
    for line in draft.lines.values():
        layer = _layer(doc, line_layer(line.code), _rgb(line_colour(line.code)), weight=50)
        values = (line.id, line.code, _held(line.name, line.id, notes))
        _outline(space, from_plan(line.geom, crs), layer, Role.LINES, values)
    layer = _layer(doc, BOUNDARY, (0, 0, 0), weight=70)
    _outline(space, from_plan(draft.boundary, crs), layer, Role.BOUNDARY, ("1",))
    doc.saveas(path)
    return notes


def _draw_parcels(
    doc: Drawing,
    parcels: Iterable[Parcel],
    crs: int,
    scheme: Scheme,
    notes: list[Note],
    *,
    base: bool,
) -> None:
    space = doc.modelspace()
    for parcel in parcels:
        if parcel.geom.is_empty:
            notes.append(_nothing_to_draw(parcel))
            continue
        colour = colour_of(parcel.edition, parcel.code, scheme)
        name = parcel_layer(parcel.edition, parcel.code, base=base)
        layer = _layer(doc, name, colour, off=base)
        geom = from_plan(parcel.geom, crs)
        if not base:
            _fill(space, geom, layer, colour)
        _outline(space, geom, layer, Role.BASE if base else Role.PARCELS, _values(parcel, notes))
        if not base:
            _label(doc, parcel, geom)


def _nothing_to_draw(parcel: Parcel) -> Note:
    return Note(
        NoteCode.NOT_HELD,
        f"图斑 {parcel.id} 没有图形，DXF 中没有它。",
        f"Parcel {parcel.id} has no geometry; the DXF lacks it.",
        parcel=parcel.id,
    )


def _values(parcel: Parcel, notes: list[Note]) -> tuple[Value, ...]:
    return (
        parcel.id,
        parcel.code,
        parcel.edition,
        _held(parcel.name, parcel.id, notes),
        "" if parcel.stated_m2 is None else repr(parcel.stated_m2),
        _held(parcel.stated_name or "", parcel.id, notes),
        str(parcel.households),
    )


def _held(text: str, name: str, notes: list[Note]) -> str:
    held = " ".join(text.split("\n")).encode()[:_MOST_BYTES].decode(errors="ignore")
    if held != text:
        notes.append(
            Note(
                NoteCode.TEXT_CHANGED,
                f"{name} 的文字过长或有换行，在 DXF 中写作“{held}”。",
                f"{name}: its text was written as '{held}' in the DXF.",
                parcel=name,
                value=text,
            )
        )
    return held


def _rgb(written: str) -> Colour:
    red, green, blue = bytes.fromhex(written[1:])
    return red, green, blue


def _layer(doc: Drawing, name: str, rgb: Colour, *, weight: int = 18, off: bool = False) -> str:
    if name not in doc.layers:
        layer = doc.layers.add(name, true_color=colors.rgb2int(rgb), lineweight=weight)
        if off:
            layer.off()
    return name


def _fill(space: Modelspace, geom: BaseGeometry, layer: str, colour: Colour) -> None:
    hatch = space.add_hatch(dxfattribs={"layer": layer, "hatch_style": 0})
    hatch.rgb = colors.RGB(*colour)
    for part in shapely.get_parts(geom):
        for at, ring in enumerate(rings_of(part)):
            hatch.paths.add_polyline_path(
                _points(ring), is_closed=True, flags=_OUTERMOST if at else _EXTERNAL
            )
    hatch.set_xdata(APP, [(1000, FILL)])


def _outline(
    space: Modelspace, geom: BaseGeometry, layer: str, role: Role, values: Sequence[Value]
) -> None:
    for at, ring in enumerate(rings_of(geom)):
        line = space.add_lwpolyline(_points(ring), close=True, dxfattribs={"layer": layer})
        told = [(1000, str(value)) for value in values]
        line.set_xdata(APP, [(1000, role.value), (1071, at), *told])


def _points(ring: Ring) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in ring[:-1]]


def _label(doc: Drawing, parcel: Parcel, geom: BaseGeometry) -> None:
    use = land_uses(parcel.edition).get(parcel.code)
    words = f"{parcel.code} {parcel.name or (use.zh if use else '')}".strip()
    if not words or not geom.is_valid:
        return
    place, radius = _room(geom)
    height = min(_MOST_M, max(_LEAST_M, 2.4 * radius / max(len(words), 2)))
    _layer(doc, LABELS, (0, 0, 0))
    text = doc.modelspace().add_text(
        words, height=height, dxfattribs={"layer": LABELS, "style": _STYLE}
    )
    text.set_placement(place, align=TextEntityAlignment.MIDDLE_CENTER)
    text.set_xdata(APP, [(1000, LABEL)])


def _room(geom: BaseGeometry) -> tuple[tuple[float, float], float]:
    polygon = max(polygons(geom), key=lambda part: part.area)
    circle = shapely.maximum_inscribed_circle(polygon, max(0.5, polygon.length / 500))
    x, y = circle.coords[0]
    return (float(x), float(y)), float(circle.length)
