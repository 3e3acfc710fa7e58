"""DXF drawings as raw layers: closed polylines and hatches, by the layer that they lie on.

Drawings of this project carry ids and codes with each outline; in others the layer's name is the
code, and an area within another is cut out of it.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import shapely
from ezdxf import path as paths
from ezdxf import recover
from ezdxf.document import Drawing
from ezdxf.entities.dxfentity import DXFEntity
from ezdxf.entities.hatch import Hatch
from ezdxf.entities.lwpolyline import LWPolyline
from ezdxf.entities.polyline import Polyline
from ezdxf.lldxf.const import DXFError
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from fuliang_gis.exchange.plans.dxf_layers import APP, CRS_PROPERTY, FILL, LABEL, VALUES, meaning
from fuliang_gis.exchange.plans.fields import LAYERS, Role
from fuliang_gis.exchange.plans.notes import Note, NoteCode, refusal
from fuliang_gis.exchange.plans.raw import RawLayer, RawRow, Reading, Value
from fuliang_gis.exchange.plans.rings import Ring, area_of, closed_ring

#: Arcs are drawn as edges that leave them by this much [m] at most.
_SAG_M = 0.001
_LEAST_RING = 4
#: What a broken drawing makes the library raise, also where it thinks it mended it.
_FAULTS = (
    OSError,
    DXFError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    struct.error,
)


@dataclass
class _Shape:
    """An area on a layer: whose it is, its values, its rings, and whether a hatch drew it."""

    role: Role
    values: Mapping[str, Value]
    layer: str
    rings: list[Ring]
    hatched: bool = False
    named: bool = False
    seen: set[int] = field(default_factory=set)


def read_dxf(path: Path, reading: Reading) -> list[RawLayer]:  # noqa: ARG001  # As all readers.
    """Return the areas of a drawing by what they are.

    Raises:
        Invalid: It is no DXF, or too broken to be read.
    """
    try:
        doc, auditor = recover.readfile(path)
        faults = len(auditor.errors) + len(auditor.fixes)
        notes = [_repaired(faults)] if faults else []
        shapes = list(_shapes(doc, notes))
    except _FAULTS as error:
        raise refusal(
            "unreadable",
            f"DXF 文件 {path.name} 无法读取。请在 CAD 中用“另存为”存成 DXF（R2000 以上）后重试；"
            "DWG 须先转成 DXF。",
            f"The DXF cannot be read: {error}.",
        ) from error
    crs = next((v for tag, v in doc.header.custom_vars if tag == CRS_PROPERTY), None)
    found = [_layer(role, shapes, crs, notes) for role in Role]
    kept = [layer for layer in found if layer.rows]
    if kept:
        kept[0] = replace(kept[0], notes=tuple(notes))
    return kept


def _repaired(faults: int) -> Note:
    return Note(
        NoteCode.DRAWING_REPAIRED,
        f"图形文件有 {faults} 处结构错误，已尽量修复后读取，请核对图斑是否齐全。",
        f"The drawing had {faults} structural faults; it was read as far as it could be mended.",
        value=str(faults),
    )


def _layer(role: Role, shapes: list[_Shape], crs: str | None, notes: list[Note]) -> RawLayer:
    chosen = _without_outlines([each for each in shapes if each.role is role])
    geoms = [area_of(each.rings) if each.rings else None for each in chosen]
    if role is not Role.BOUNDARY and role is not Role.LINES:
        geoms = list(_cut(chosen, geoms, notes))
    rows = [
        RawRow(at, geom, each.values)
        for at, (each, geom) in enumerate(zip(chosen, geoms, strict=True), 1)
    ]
    known = dict.fromkeys(name for each in chosen for name in each.values)
    return RawLayer(LAYERS[role][0], list(known), rows, crs, (), role)


def _shapes(doc: Drawing, notes: list[Note]) -> Iterator[_Shape]:
    own: dict[tuple[str, str], _Shape] = {}
    unused: Counter[str] = Counter()
    for entity in doc.modelspace():
        told = _told(entity)
        layer = entity.dxf.get("layer", "0")
        role, code = meaning(layer)
        if told and told[0] in (FILL, LABEL):
            continue
        if told and told[0] in {each.value for each in Role}:
            yield from _own(entity, told, layer, own, notes)
        elif role is not None and isinstance(entity, Hatch | LWPolyline | Polyline):
            rings = _rings(entity, notes)
            column = "BJDM" if role is Role.LINES else "YDYHFLDM"
            values: dict[str, Value] = {column: code} if code else {}
            if rings:
                yield _Shape(role, values, layer, rings, isinstance(entity, Hatch))
        else:
            unused[f"{entity.dxftype()}（{layer}）"] += 1
    if unused:
        listed = "、".join(f"{name} {count} 个" for name, count in unused.most_common(8))
        notes.append(
            Note(
                NoteCode.ENTITIES_UNUSED,
                f"图形中 {unused.total()} 个对象没有导入"
                "（不是闭合多段线或填充，或图层名没有用地代码）："
                f"{listed}{'等' if len(unused) > 8 else ''}。",
                f"{unused.total()} entities were not taken.",
                value=str(unused.total()),
            )
        )


def _told(entity: DXFEntity) -> list[Value]:
    """Return what a drawing of this project keeps with an entity."""
    if not entity.has_xdata(APP):
        return []
    return [tag.value for tag in entity.get_xdata(APP)]


def _own(
    entity: DXFEntity,
    told: list[Value],
    layer: str,
    own: dict[tuple[str, str], _Shape],
    notes: list[Note],
) -> Iterator[_Shape]:
    """Put a ring to the others of its parcel; a copy of one begins a parcel of its own."""
    role, at, said = Role(str(told[0])), int(told[1] or 0), told[2:]
    key = role.value, str(said[0])
    if key not in own or at in own[key].seen:
        values = dict(zip(VALUES[role], said, strict=False))
        _recode(values, layer, notes)
        own[key] = _Shape(role, values, layer, [], named=True)
        yield own[key]
    own[key].seen.add(at)
    own[key].rings += _rings(entity, notes)


def _recode(values: dict[str, Value], layer: str, notes: list[Note]) -> None:
    """Take the code of the layer where somebody moved an outline to another one."""
    code = meaning(layer)[1]
    column = "BJDM" if "BJDM" in values else "YDYHFLDM"
    if column not in values or not code or code == values[column]:
        return
    notes.append(
        Note(
            NoteCode.LAYER_MOVED,
            f"{values['BSM']} 已移到图层“{layer}”，代码由 {values[column]} 改为 {code}。",
            f"{values['BSM']} lies on layer '{layer}'; its code became {code}.",
            layer,
            parcel=str(values["BSM"]),
            value=str(values[column]),
        )
    )
    values[column] = code


def _rings(entity: DXFEntity, notes: list[Note]) -> list[Ring]:
    layer = entity.dxf.get("layer", "0")
    if isinstance(entity, Hatch):
        found = list(paths.from_hatch(entity))
    else:
        closed = isinstance(entity, LWPolyline | Polyline) and entity.is_closed
        found = [paths.make_path(entity)]
        start, end = found[0].start, found[0].end
        if not closed and not start.isclose(end):
            notes.append(
                Note(
                    NoteCode.NOT_CLOSED,
                    f"图层“{layer}”有一条多段线没有闭合（起点 {start.x:.3f}, {start.y:.3f}），"
                    "未导入。",
                    f"An open polyline on layer '{layer}' was left out.",
                    layer,
                    value=f"{start.x:.3f} {start.y:.3f}",
                )
            )
            return []
    if any(each.has_curves for each in found):
        notes.append(
            Note(
                NoteCode.ARC_FLATTENED,
                f"图层“{layer}”有弧线，已按弦高不超过 {_SAG_M} 米改成折线。",
                f"Arcs on layer '{layer}' became straight edges.",
                layer,
            )
        )
    points = [[(p.x, p.y) for p in each.flattening(_SAG_M)] for each in found if len(each)]
    rings = [closed_ring(np.array(each)) for each in points if each]
    return [ring for ring in rings if len(ring) >= _LEAST_RING]


def _without_outlines(shapes: list[_Shape]) -> list[_Shape]:
    """Leave out polylines that only draw the edge of a hatch on their layer."""
    hatched = {(s.layer, _key(ring)) for s in shapes if s.hatched for ring in s.rings}
    return [s for s in shapes if s.hatched or s.named or (s.layer, _key(s.rings[0])) not in hatched]


def _key(ring: Ring) -> bytes:
    return shapely.to_wkb(shapely.normalize(Polygon(np.round(ring, 3))))


def _cut(
    shapes: list[_Shape], geoms: Iterable[BaseGeometry | None], notes: list[Note]
) -> Iterator[BaseGeometry | None]:
    """Yield areas without those that lie within them, where a drawing does not tell holes."""
    given = list(geoms)
    sound = [g for g in given if g is not None and g.is_valid]
    tree = shapely.STRtree(sound)
    for shape, geom in zip(shapes, given, strict=True):
        if geom is None or shape.named or shape.hatched or not geom.is_valid:
            yield geom
            continue
        near = [sound[i] for i in tree.query(geom, predicate="contains").tolist()]
        inner = [each for each in near if each.area < geom.area - 1e-6]
        if not inner:
            yield geom
            continue
        notes.append(
            Note(
                NoteCode.HOLE_BY_NESTING,
                f"图层“{shape.layer}”的一个图斑内有 {len(inner)} 个其他图斑，已从中扣除。",
                f"{len(inner)} areas within one on layer '{shape.layer}' were cut out of it.",
                shape.layer,
                value=str(len(inner)),
            )
        )
        yield geom.difference(shapely.union_all(inner))
