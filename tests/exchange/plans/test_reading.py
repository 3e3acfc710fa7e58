"""Files of others: what they do not say is asked for, what they lack is told, nothing is lost."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyogrio import raw

from fuliang_gis.exchange.plans.fields import Role
from fuliang_gis.exchange.plans.notes import NoteCode
from fuliang_gis.exchange.plans.options import Format, Writing
from fuliang_gis.exchange.plans.raw import Reading
from fuliang_gis.exchange.plans.reading import read_plan
from fuliang_gis.exchange.plans.writing import write_plan
from fuliang_gis.geo.crs import reproject
from tests.exchange.plans.files import layer, refused, square, told
from tests.exchange.plans.village import same_shape, village

E2023 = Reading(edition="2023")


def plain(
    folder: Path, *, crs: str | None = "EPSG:4548", at: int = 4548, swap: bool = False
) -> Path:
    """Write one homestead in a system, said to be in another or none."""
    shape = reproject(square(), 4548, at)
    if swap:
        shape = shapely.transform(shape, lambda points: points[:, ::-1])
    return layer(folder / "a.gpkg", [shape], {"GHDLDM": ["0703"]}, crs=crs)


SYSTEMS = [
    # said, is, what a person says, expected code, expected words
    (None, 4548, None, "crs_confirm", "EPSG:4548"),
    (None, 4527, None, "crs_confirm", "EPSG:4527"),
    (None, 4490, None, "crs_confirm", "EPSG:4490"),
    ("EPSG:4527", 4548, None, "crs_differs", "EPSG:4548"),
    ("EPSG:4548", 4527, None, "crs_differs", "EPSG:4527"),
    ("EPSG:4490", 4548, None, "crs_differs", "EPSG:4548"),
    (None, 4548, 4490, "crs_differs", "EPSG:4548"),
    ("EPSG:3857", 3857, None, "crs_unknown", "墨卡托"),
    (None, 3857, None, "crs_unknown", "墨卡托"),
    ("EPSG:2363", 4548, None, "crs_unknown", "西安 80"),
    ("EPSG:4528", 4528, None, "crs_unknown", "EPSG:4528"),
    ("EPSG:4548", 4548, 2363, "crs_unknown", "EPSG:2363"),
]


@pytest.mark.parametrize(("said", "true", "asked", "code", "words"), SYSTEMS)
def test_doubtful_systems_are_refused(
    tmp_path: Path, said: str | None, true: int, asked: int | None, code: str, words: str
) -> None:
    """A system that is missing, wrong or not ours must be refused, with what to choose instead."""
    path = plain(tmp_path, crs=said, at=true)
    found, text = refused(lambda: read_plan(path, Reading(edition="2023", crs=asked)))
    assert found == code
    assert words in text
    assert "请" in text


@pytest.mark.parametrize("true", [4548, 4527, 4490, 4326])
def test_confirmed_systems_are_read(tmp_path: Path, true: int) -> None:
    """What a person confirms must be taken, and noted."""
    path = plain(tmp_path, crs=None, at=true)
    read = read_plan(path, Reading(edition="2023", crs=true))
    same_shape(square(), read.parcels["1"].geom)
    assert read.crs == true
    assert [n.value for n in read.notes if n.code is NoteCode.CRS_TAKEN] == [str(true)]


@pytest.mark.parametrize("true", [4548, 4527, 4490])
def test_exchanged_axes_are_confirmed_first(tmp_path: Path, true: int) -> None:
    """North before east must be noticed, and turned when a person says so."""
    path = plain(tmp_path, crs=f"EPSG:{true}", at=true, swap=True)
    assert refused(lambda: read_plan(path, E2023))[0] == "axes_swapped"
    read = read_plan(path, Reading(edition="2023", swap=True))
    same_shape(square(), read.parcels["1"].geom)


def test_places_outside_the_county_are_noted(tmp_path: Path) -> None:
    """A plan that lies elsewhere in the zone is read, with a warning."""
    far = shapely.box(450_000, 3_500_000, 450_010, 3_500_010)
    read = read_plan(layer(tmp_path / "a.gpkg", [far], {"GHDLDM": ["0703"]}), E2023)
    assert NoteCode.OUTSIDE_COUNTY in told(read)


def test_edition_is_asked_for(tmp_path: Path) -> None:
    """Codes without an edition must be refused, told how many fit which."""
    path = layer(tmp_path / "a.gpkg", [square(), square(1)], {"DLBM": ["0703", "0603"]})
    code, text = refused(lambda: read_plan(path))
    assert code == "edition_missing"
    assert re.search(r"2023 年版（1/2.*2020 年版（2/2", text)
    assert {each.edition for each in read_plan(path, Reading(edition="2020")).parcels.values()} == {
        "2020"
    }


def test_survey_classes_become_codes(tmp_path: Path) -> None:
    """Survey classes must be translated; those that need a person are listed, never guessed."""
    path = layer(
        tmp_path / "a.gpkg",
        [square(at) for at in range(4)],
        {
            "BSM": ["a", "b", "c", "d"],
            "DLBM": ["0601", "1006", "0101", "9999"],
            "DLMC": ["工业用地", "农村道路", "水田", "怪"],
        },
    )
    read = read_plan(path, Reading(edition="survey"))
    assert [each.code for each in read.parcels.values()] == ["1001", "", "0101", ""]
    assert [(note.row, note.parcel, note.value) for note in read.to_choose] == [
        (2, "b", "1006"),
        (4, "d", "9999"),
    ]
    translated = [note.value for note in read.notes if note.code is NoteCode.TRANSLATED]
    assert translated == ["0101 0101", "0601 1001"]
    assert read.edition == "2023"
    assert read.parcels["b"].stated_name == "农村道路", "What the file said of it is kept."


def test_rows_that_lack_something_are_told(tmp_path: Path) -> None:
    """Each fault must be told with its code and row; only rows without area are left out."""
    bow = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    shapes = [
        square(0),
        None,
        shapely.force_3d(square(1), 55.0),
        shapely.transform(bow, lambda points: points + square(2).bounds[:2]),
        shapely.MultiPolygon([square(4), square(6)]),
        square(0),
        shapely.Point(square(9).bounds[:2]),
        square(11),
    ]
    path = layer(
        tmp_path / "a.gpkg",
        shapes,
        {
            "BSM": ["a", "b", "c", "d", "e", "a", "g", None],
            "GHDLDM": ["0703", "0703", "703", None, "0199", "0703", "0703", "0703 农村宅基地"],
            "MJ": ["100", "1", "约100", "50", "200", "120", "0", "100.0"],
            "HS": ["2", "", "两户", "0", "1", "1", "1", ""],
        },
    )
    read = read_plan(path, E2023)
    assert told(read) == {
        NoteCode.NO_GEOMETRY: [2],
        NoteCode.NOT_AN_AREA: [7],
        NoteCode.Z_DROPPED: [3],
        NoteCode.DUPLICATE_ID: [6],
        NoteCode.NO_ID: [8],
        NoteCode.INVALID_GEOMETRY: [4],
        NoteCode.MULTI_PART: [5],
        NoteCode.DUPLICATE_GEOMETRY: [6],
        NoteCode.CODE_PADDED: [3, 8],
        NoteCode.NO_CODE: [4],
        NoteCode.UNKNOWN_CODE: [5],
        NoteCode.BAD_NUMBER: [3, 3, 4],
    }
    assert list(read.parcels) == ["a", "c", "d", "e", "a-2", "8"]
    assert read.parcels["a-2"].stated_m2 == 120
    assert read.parcels["a"].stated_m2 is None, "What agrees says nothing more."
    assert not read.parcels["c"].geom.has_z
    assert all(note.zh and note.en for note in read.notes)


@pytest.mark.parametrize(("size", "unit"), [(10_000.0, "ha"), (10_000 / 15, "mu"), (1.0, "m2")])
def test_units_of_areas_are_found(tmp_path: Path, size: float, unit: str) -> None:
    """Hectares and mu must become square metres, and rounding alone is no difference."""
    sides = (100.0, 173.3, 251.7)
    shapes = [square(2 * at, side) for at, side in enumerate(sides)]
    areas = [round(shape.area / size, 4) for shape in shapes]
    areas[2] *= 1.1
    path = layer(tmp_path / "a.gpkg", shapes, {"GHDLDM": ["0101"] * 3, "面积": areas})
    read = read_plan(path, E2023)
    first, second, third = read.parcels.values()
    assert (first.stated_m2, second.stated_m2) == (None, None)
    assert third.stated_m2 == pytest.approx(shapes[2].area * 1.1, abs=0.001 * size)
    notes = [note.value for note in read.notes if note.code is NoteCode.AREA_UNIT]
    assert notes == ([] if unit == "m2" else [unit])


def test_columns_are_chosen_and_told(tmp_path: Path) -> None:
    """Of two columns the planned one counts, and a person may choose; what is not used is told."""
    path = layer(
        tmp_path / "a.gpkg",
        [square()],
        {"XH": [7], "dlbm": ["0101"], "GHDLDM": ["0703"], "我的码": ["0704"], "BZ": ["旧"]},
    )
    read = read_plan(path, E2023)
    assert (read.parcels["7"].code, told(read)) == (
        "0703",
        {NoteCode.FIELD_CHOSEN: [None], NoteCode.FIELDS_UNUSED: [None]},
    )
    chosen = read_plan(path, Reading(edition="2023", columns={"code": "我的码"}))
    assert chosen.parcels["7"].code == "0704"


def test_layers_are_found_by_name_or_asked_for(tmp_path: Path) -> None:
    """Layers with known names must be taken for what they are; else a person is asked."""
    path = tmp_path / "a.gpkg"
    layer(path, [square()], {"DM": ["0703"]}, name="图层1")
    layer(path, [square(1)], {"DM": ["0101"]}, name="图层2")
    layer(path, [square(0, 30)], {"BZ": ["x"]}, name="永久基本农田YJJBNT")
    assert refused(lambda: read_plan(path, E2023))[0] == "layer_missing"
    reading = Reading(edition="2023", columns={"code": "DM"}, roles={"图层1": Role.PARCELS})
    read = read_plan(path, reading)
    assert [each.code for each in read.parcels.values()] == ["0703"]
    assert [each.code for each in read.lines.values()] == ["0202"]
    unused = [note.layer for note in read.notes if note.code is NoteCode.LAYER_UNUSED]
    assert unused == ["图层2"]


@pytest.mark.parametrize("cpg", ["GBK", "UTF-8", None])
@pytest.mark.parametrize("written", ["GBK", "UTF-8"])
def test_encoding_is_told_by_the_bytes(tmp_path: Path, written: str, cpg: str | None) -> None:
    """Chinese must be read right whatever the code page file says, and doubt is noted."""
    path = layer(
        tmp_path / "a.shp",
        [square()],
        {"地类编码": ["0703"], "MC": ["王家坞老屋"]},
        kind="Polygon",
        encoding=written,
    )
    path.with_suffix(".cpg").unlink()
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg, "ascii")
    read = read_plan(path, E2023)
    assert (read.parcels["1"].name, read.parcels["1"].code) == ("王家坞老屋", "0703")
    assert (NoteCode.ENCODING_TAKEN in told(read)) == (cpg != written)


def test_files_without_parcels_are_refused(tmp_path: Path) -> None:
    """A file with no area at all must be refused, not read as an empty plan."""
    path = layer(tmp_path / "GHYDYH.gpkg", [shapely.Point(square().bounds[:2])], {"BSM": ["a"]})
    assert refused(lambda: read_plan(path, E2023))[0] == "no_parcels"


@pytest.mark.parametrize("form", ["dxf", "gpkg"])
def test_systems_that_are_not_on_offer(tmp_path: Path, form: Format) -> None:
    """Nothing may be written in a system that receivers do not take."""
    path = tmp_path / f"a.{form}"
    code, _ = refused(lambda: write_plan(village(3), path, form, Writing(crs=3857)))
    assert code == "crs_not_offered"
    assert not path.exists()


def test_cut_names_of_columns_are_known(tmp_path: Path) -> None:
    """A Shapefile keeps ten bytes of a name: what only one field begins with is taken for it."""
    columns = {"用地用海分类代码": ["0703"], "地类编码": ["0101"], "标识码": ["a"]}
    path = layer(tmp_path / "a.shp", [square()], columns, kind="Polygon", encoding="GBK")
    assert read_plan(path, E2023).parcels["a"].code == "0101"
    chosen = Reading(edition="2023", columns={"code": "用地用海分"})
    assert read_plan(path, chosen).parcels["a"].code == "0703"


@pytest.mark.parametrize(
    ("reading", "code"),
    [
        (Reading(edition="2023", columns={"code": "没有"}), "column_missing"),
        (Reading(edition="2023", roles={"没有": Role.BASE}), "layer_missing"),
    ],
)
def test_choices_that_the_file_lacks_are_refused(
    tmp_path: Path, reading: Reading, code: str
) -> None:
    """A chosen column or layer that is not there must not be passed over."""
    assert refused(lambda: read_plan(plain(tmp_path), reading))[0] == code


def test_a_ring_left_open_is_closed_and_told(tmp_path: Path) -> None:
    """GDAL hands it on as it is; what is no geometry at all stays a row without one."""
    corners = shapely.get_coordinates(square())[:-1]
    ring = struct.pack("<BIII", 1, 3, 1, len(corners)) + corners.astype("<f8").tobytes()
    path = tmp_path / "a.gpkg"
    raw.write(
        path,
        np.array([ring, shapely.to_wkb(square(1))], dtype=object),
        [np.array(["0703", "0703"], dtype=object)],
        np.array(["GHDLDM"], dtype=object),
        layer="a",
        driver="GPKG",
        geometry_type="Polygon",
        crs="EPSG:4548",
    )
    read = read_plan(path, E2023)
    same_shape(square(), read.parcels["1"].geom)
    assert told(read)[NoteCode.RING_CLOSED] == [1]
