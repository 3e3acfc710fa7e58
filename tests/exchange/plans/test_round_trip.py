"""What is written comes back as the same plan: to 0.1 mm, or to what the format says it holds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from fuliang_gis.exchange.plans.notes import NoteCode
from fuliang_gis.exchange.plans.options import Format, TxtOptions, Writing
from fuliang_gis.exchange.plans.raw import Reading
from fuliang_gis.exchange.plans.reading import Read, read_plan
from fuliang_gis.exchange.plans.writing import FORMATS, NOT_HELD, write_plan
from fuliang_gis.planning.parcels import Draft, Parcel
from tests.exchange.plans.village import same_parcels, same_plan, same_shape, village

WHOLE: tuple[tuple[Format, str], ...] = (
    ("gpkg", "plan.gpkg"),
    ("gdb", "plan.gdb"),
    ("gdb", "plan.zip"),
    ("shp", "plan.zip"),
    ("shp", "plan"),
    ("geojson", "plan.geojson"),
    ("dxf", "plan.dxf"),
)

#: Names as people write them, with letters that GBK lacks, quotes and commas.
NAMES = st.text(st.sampled_from("甲乙村路塘𬇙“”、,'\"& aZ09-."), max_size=12).map(str.strip)
STATED = st.none() | st.floats(0.01, 1e6).map(lambda value: round(value, 4))


@st.composite
def plans(draw: st.DrawFn) -> Draft:
    """Return a plan of any cut, with any names, areas and households."""
    draft = village(draw(st.integers(3, 12)), draw(st.integers(0, 10_000)))
    parcels = {
        name: replace(
            parcel,
            name=draw(NAMES),
            stated_m2=draw(STATED),
            stated_name=draw(NAMES) or None,
            households=draw(st.integers(1, 9)),
        )
        for name, parcel in draft.parcels.items()
    }
    return replace(draft, parcels=parcels)


def back(draft: Draft, form: Format, name: str, writing: Writing, reading: Reading) -> Read:
    """Write a plan and read it again."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        write_plan(draft, path, form, writing)
        return read_plan(path, reading)


@pytest.mark.parametrize(("form", "name"), WHOLE)
@settings(max_examples=6, deadline=None)
@given(draft=plans())
def test_whole_plan_comes_back(form: Format, name: str, draft: Draft) -> None:
    """Parcels, base, lines and boundary must be equal, their coordinates to 0.1 mm."""
    same_plan(draft, back(draft, form, name, Writing(), Reading()).draft())


@pytest.mark.parametrize(
    ("form", "name", "crs"),
    # A drawing has no degrees.
    [(*each, crs) for each in WHOLE for crs in (4527, 4490) if (each[0], crs) != ("dxf", 4490)],
)
def test_other_systems_come_back(form: Format, name: str, crs: int) -> None:
    """The zone's number in front, or degrees, must not move a corner by 0.1 mm."""
    draft = village()
    read = back(draft, form, name, Writing(crs=crs), Reading())
    same_plan(draft, read.draft())
    assert read.crs == (4490 if form == "geojson" else crs)


@settings(max_examples=25, deadline=None)
@given(
    draft=plans(),
    options=st.builds(
        TxtOptions,
        repeat_first=st.booleans(),
        prefix=st.sampled_from(["J", ""]),
        north_first=st.booleans(),
        zoned=st.booleans(),
        area_unit=st.sampled_from(["ha", "m2"]),
    ),
)
def test_boundary_points_come_back(draft: Draft, options: TxtOptions) -> None:
    """However they are written, every corner must come back to the precision that is stated."""
    writing = Writing(txt=options)
    read = back(draft, "txt", "points.txt", writing, Reading(edition="2023"))
    assert list(read.parcels) == list(draft.parcels)
    for name, parcel in draft.parcels.items():
        found = read.parcels[name]
        same_shape(parcel.geom, found.geom, 3)
        assert (found.code, found.name) == (parcel.code, parcel.name.replace(",", "，"))
    assert read.crs == (4527 if options.zoned else 4548)


@pytest.mark.parametrize("form", FORMATS)
def test_editions_come_back(form: Format) -> None:
    """A plan of 2020 must not become one of 2023, and each format must tell what it lacks."""
    draft = village(edition="2020")
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"plan{FORMATS[form][1]}"
        written = write_plan(draft, path, form)
        read = read_plan(path, Reading(edition="2020"))
    assert {parcel.edition for parcel in read.parcels.values()} == {"2020"}
    told = [note.zh for note in written.notes if note.code is NoteCode.NOT_HELD]
    assert len(told) == len(NOT_HELD[form]) > 0


def test_many_parts_and_holes_come_back() -> None:
    """A parcel of two parts, one with an island in its hole, must come back in every format."""
    draft = village(4)
    x, y = 521_000.0, 3_262_000.0
    hole = shapely.box(x + 20, y + 20, x + 70, y + 70).exterior
    outer = shapely.Polygon(shapely.box(x, y, x + 90, y + 90).exterior, [hole])
    island = shapely.box(x + 30, y + 30, x + 60, y + 60)
    both = shapely.MultiPolygon([outer, island, shapely.box(x + 100, y, x + 120, y + 20)])
    draft = replace(draft, parcels={"A": Parcel("A", "0101", both)})
    points: tuple[Format, str] = ("txt", "points.txt")
    for form, name in (*WHOLE, points):
        read = back(draft, form, name, Writing(), Reading(edition="2023"))
        if form == "txt":
            same_shape(both, read.parcels["A"].geom, 3)
        else:
            same_parcels(draft.parcels, read.parcels)
        assert [note.value for note in read.notes if note.code is NoteCode.MULTI_PART] == ["3"]


def test_rewriting_replaces_only_the_plan(tmp_path: Path) -> None:
    """Writing again into a folder must replace the plan's files and leave others alone."""
    other = tmp_path / "notes.docx"
    other.write_bytes(b"kept")
    write_plan(village(12), tmp_path, "shp")
    write_plan(village(5), tmp_path, "shp")
    assert other.read_bytes() == b"kept"
    same_plan(village(5), read_plan(tmp_path).draft())


def test_coverage_stays_a_coverage() -> None:
    """Neighbours that share every corner must still do so after boundary points were rounded."""
    draft = village(40)
    read = back(draft, "txt", "points.txt", Writing(), Reading(edition="2023"))
    shapes = np.array([parcel.geom for parcel in read.parcels.values()], dtype=object)
    assert shapely.coverage_is_valid(shapes)


@pytest.mark.parametrize("form", FORMATS)
def test_broken_parcels_are_written_and_told(form: Format) -> None:
    """A draft on the way may hold a crossing or empty parcel: both must be written, none lost."""
    draft = village(4)
    x, y = 521_400.0, 3_262_500.0
    bow = shapely.Polygon([(x, y), (x + 10, y + 10), (x + 10, y), (x, y + 10)])
    odd = {"bow": Parcel("bow", "0101", bow), "none": Parcel("none", "0101", shapely.Polygon())}
    draft = replace(draft, parcels={**draft.parcels, **odd})
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"plan{FORMATS[form][1]}"
        written = write_plan(draft, path, form)
        read = read_plan(path, Reading(edition="2023"))
    found = read.parcels["bow"].geom
    # Which way a crossing ring runs has no meaning; its corners have.
    assert not found.is_valid
    assert set(map(tuple, shapely.get_coordinates(found))) == set(bow.exterior.coords)
    told = {note.code: note.parcel for note in read.notes}
    assert told[NoteCode.INVALID_GEOMETRY] == "bow"
    # A drawing has nothing to draw, and says so when it is written.
    lost = {note.parcel for note in written.notes if note.code is NoteCode.NOT_HELD}
    assert (NoteCode.NO_GEOMETRY in told) != ("none" in lost)


def test_old_programs_open_the_geopackage(tmp_path: Path) -> None:
    """Nothing newer than GeoPackage 1.2 is in it, and its header says so, whatever GDAL prefers."""
    write_plan(village(), tmp_path / "a.gpkg", "gpkg")
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as opened:
        assert opened.execute("pragma user_version").fetchone() == (10200,)
