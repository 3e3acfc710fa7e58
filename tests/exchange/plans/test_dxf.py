"""DXF: drawings that CAD opens as planners expect, and drawings of others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from ezdxf.document import Drawing
from ezdxf.entities.hatch import Hatch
from ezdxf.entities.lwpolyline import LWPolyline
from ezdxf.entities.text import Text
from ezdxf.filemanagement import new, readfile
from ezdxf.layouts.layout import Modelspace
from shapely import Polygon

from fuliang_gis.errors import Invalid
from fuliang_gis.exchange.plans.dxf_layers import LABELS
from fuliang_gis.exchange.plans.notes import NoteCode
from fuliang_gis.exchange.plans.raw import Reading
from fuliang_gis.exchange.plans.reading import Read, read_plan
from fuliang_gis.exchange.plans.rings import rings_of
from fuliang_gis.exchange.plans.writing import write_plan
from tests.exchange.plans.files import square, told
from tests.exchange.plans.village import same_parcels, same_shape, village

E = TypeVar("E", Hatch, LWPolyline, Text)

CONFIRMED = Reading(edition="2023", crs=4548)


def foreign() -> tuple[Drawing, Modelspace]:
    """Return a drawing as others make them."""
    doc = new("R2010")
    return doc, doc.modelspace()


def drawn(doc: Drawing, kind: type[E]) -> list[E]:
    """Return what a drawing has of a kind."""
    return [each for each in doc.modelspace() if isinstance(each, kind)]


def outline(space: Modelspace, layer: str, shape: Polygon, *, close: bool = True) -> None:
    """Draw a shape's outer edge."""
    points = list(shape.exterior.coords)[:-1]
    space.add_lwpolyline(points, close=close, dxfattribs={"layer": layer})


def read(doc: Drawing, folder: Path, reading: Reading = CONFIRMED) -> Read:
    """Save a drawing and read it."""
    path = folder / "a.dxf"
    doc.saveas(path)
    return read_plan(path, reading)


def test_drawing_has_a_layer_a_class(tmp_path: Path) -> None:
    """Each class must have its layer in its standard colour, hatched with holes, with labels."""
    draft = village()
    write_plan(draft, tmp_path / "a.dxf", "dxf")
    doc = readfile(tmp_path / "a.dxf")
    layer = doc.layers.get("0703农村宅基地")
    assert layer.rgb == (255, 211, 128)
    assert {"0101水田", "1704坑塘水面", "管控-0202永久基本农田", "村界", LABELS} <= {
        each.dxf.name for each in doc.layers
    }
    assert not doc.layers.get("现状-0101水田").is_on()
    holed = max(draft.parcels.values(), key=lambda each: len(rings_of(each.geom)))
    hatches = [h for h in drawn(doc, Hatch) if h.dxf.layer.startswith(holed.code)]
    assert max(len(each.paths) for each in hatches) == 2
    labels = [t.dxf.text for t in drawn(doc, Text)]
    assert "1704 门前塘" in labels
    assert doc.audit().errors == []


def test_layer_names_are_codes(tmp_path: Path) -> None:
    """Closed polylines and hatches must become parcels by the name of their layer."""
    doc, space = foreign()
    outline(space, "0703", square(0))
    outline(space, "YD-0101水田", square(1))
    hatch = space.add_hatch(dxfattribs={"layer": "1207_道路"})
    hatch.paths.add_polyline_path(list(square(2).exterior.coords)[:-1])
    outline(space, "1207_道路", square(2))
    outline(space, "永久基本农田", square(1))
    outline(space, "村界", square(0, 40))
    found = read(doc, tmp_path)
    assert [each.code for each in found.parcels.values()] == ["0703", "0101", "1207"]
    assert [each.code for each in found.lines.values()] == ["0202"]
    assert found.boundary is not None
    same_shape(square(0, 40), found.boundary)
    assert found.crs == 4548


def test_drawings_without_a_system_are_confirmed(tmp_path: Path) -> None:
    """A drawing says no system: what it looks like must be confirmed."""
    doc, space = foreign()
    outline(space, "0703", square())
    with pytest.raises(Invalid) as caught:
        read(doc, tmp_path, Reading(edition="2023"))
    assert caught.value.problems[0].code == "crs_confirm"


def test_areas_within_are_cut_out(tmp_path: Path) -> None:
    """A parcel drawn within another must be taken out of it, and that is told."""
    doc, space = foreign()
    outline(space, "0101", square(0, 50))
    outline(space, "0703", square(2))
    outer, inner = read(doc, tmp_path).parcels.values()
    inside = square(2)
    assert inner.geom.equals(inside)
    assert outer.geom.area == pytest.approx(50 * 50 - 100)
    doc, space = foreign()
    outline(space, "0101", square(0, 50))
    outline(space, "0703", inside)
    assert told(read(doc, tmp_path))[NoteCode.HOLE_BY_NESTING] == [None]


def test_what_is_not_taken_is_told(tmp_path: Path) -> None:
    """Open lines, arcs, words and layers without a code must be told, with how many."""
    doc, space = foreign()
    outline(space, "0703", square(0))
    outline(space, "0703", square(1), close=False)
    space.add_text("说明", dxfattribs={"layer": "图框"})
    space.add_circle((0, 0), 5, dxfattribs={"layer": "0101"})
    corner = square(3).exterior.coords[0]
    x, y = corner[0], corner[1]
    space.add_lwpolyline(
        [(x, y, 0, 0, 1.0), (x + 10, y, 0, 0, 1.0)], close=True, dxfattribs={"layer": "1401"}
    )
    found = read(doc, tmp_path)
    notes = told(found)
    assert {NoteCode.NOT_CLOSED, NoteCode.ARC_FLATTENED, NoteCode.ENTITIES_UNUSED} <= set(notes)
    assert [n.value for n in found.notes if n.code is NoteCode.ENTITIES_UNUSED] == ["2"]
    park = next(each for each in found.parcels.values() if each.code == "1401")
    assert park.geom.area == pytest.approx(3.14159 * 25, rel=0.001)


def test_edits_in_cad_come_back(tmp_path: Path) -> None:
    """What is moved, copied or deleted in CAD must be read as it stands then."""
    draft = village(6)
    write_plan(draft, tmp_path / "a.dxf", "dxf")
    doc = readfile(tmp_path / "a.dxf")
    lines = [e for e in drawn(doc, LWPolyline) if e.dxf.layer == "0703农村宅基地"]
    copy = lines[0].copy()
    copy.translate(0, 700, 0)
    copy.dxf.layer = "0704农村社区服务设施用地"
    doc.modelspace().add_entity(copy)
    for hatch in drawn(doc, Hatch):
        doc.modelspace().delete_entity(hatch)
    found = read(doc, tmp_path, Reading())
    (extra,) = set(found.parcels) - set(draft.parcels)
    assert extra == "T003-2"
    assert told(found)[NoteCode.DUPLICATE_ID]
    assert found.parcels[extra].code == "0704"
    moved = [note for note in found.notes if note.code is NoteCode.LAYER_MOVED]
    assert [(note.parcel, note.value) for note in moved] == [("T003", "0703")]
    kept = {name: each for name, each in found.parcels.items() if name != extra}
    same_parcels(draft.parcels, kept)


def test_long_names_are_cut_and_told(tmp_path: Path) -> None:
    """What extended data cannot hold must be told."""
    draft = village(3)
    first = next(iter(draft.parcels.values()))
    long = {**draft.parcels, first.id: replace(first, name="甲" * 100)}
    written = write_plan(replace(draft, parcels=long), tmp_path / "a.dxf", "dxf")
    assert NoteCode.TEXT_CHANGED in [note.code for note in written.notes]
    assert read_plan(tmp_path / "a.dxf").parcels[first.id].name == "甲" * 85


def test_mended_drawings_are_told(tmp_path: Path) -> None:
    """A drawing that had to be mended must say so."""
    path = tmp_path / "a.dxf"
    write_plan(village(3), path, "dxf")
    path.write_bytes(path.read_bytes().replace(b"3262400.0", b"3262400.x", 1))
    assert NoteCode.DRAWING_REPAIRED in told(read_plan(path))


def test_cut_drawings_are_refused(tmp_path: Path) -> None:
    """A drawing that ends early must not be read as a smaller plan."""
    path = tmp_path / "a.dxf"
    write_plan(village(3), path, "dxf")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(Invalid):
        read_plan(path)
