"""A county's own road layer: formats, encodings, systems, fields, words, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import shapely
from pyproj import CRS
from shapely import LineString
from shapely.geometry.base import BaseGeometry

from fuliang_gis.errors import ImportRefused, Invalid
from fuliang_gis.geo import crs
from fuliang_gis.roads.line_fields import Fields, read_mapping
from fuliang_gis.roads.lines import LineOptions, read_lines
from fuliang_gis.roads.norms import road_norms
from fuliang_gis.roads.taken import Taken

#: A place in the county on the plane (EPSG:4548) [m].
EAST, NORTH = 525_000.0, 3_255_000.0


def line(*points: tuple[float, float]) -> LineString:
    """Return a line [m] from the place."""
    return LineString([(EAST + x, NORTH + y) for x, y in points])


#: A county road crossed by a village road, a little short of a further one.
SHAPES = (
    line((0, 0), (1000, 0)),
    line((500, -300), (500, 300)),
    line((500, 303), (900, 303)),
)
VALUES: Mapping[str, Sequence[object]] = {
    "名称": ["浮景线", "湘湖路", None],
    "等级": ["县道", "村道", "机耕路"],
    "限速": ["60", "", "快"],
    "单行": ["否", "反向", "是"],
    "路面": ["水泥", "砂石", None],
}


def write(
    path: Path,
    shapes: Sequence[BaseGeometry | None] = SHAPES,
    values: Mapping[str, Sequence[object]] = VALUES,
    system: int | str | None = crs.PLANE,
    encoding: str | None = None,
    layer: str | None = None,
    *,
    append: bool = False,
) -> Path:
    """Write a layer, from the plane into a system."""
    if isinstance(system, int) and system != crs.PLANE:
        shapes = [each and crs.reproject(each, crs.PLANE, system) for each in shapes]
    columns = [np.array(column, dtype=object) for column in values.values()]
    told = f"EPSG:{system}" if isinstance(system, int) else system
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(shapes, dtype=object)),
        columns,
        list(values),
        geometry_type="Unknown" if path.suffix == ".geojson" else "LineString",
        crs=told,
        encoding=encoding,
        layer=layer,
        append=append,
    )
    return path


def counts(taken: Taken) -> dict[str, int]:
    """Return what was told, by code."""
    return {note.code: note.count for note in taken.notes}


def named(taken: Taken, name: str | None) -> list[tuple[str, float, bool, str | None]]:
    """Return class, speed, one-way and surface of each piece of a road."""
    return [(e.road_class, e.speed_kmh, e.oneway, e.surface) for e in taken.edges if e.name == name]


def check(taken: Taken) -> None:
    """Hold the three roads to what was written."""
    assert named(taken, "浮景线") == [("secondary", 60.0, False, "水泥")] * 2
    assert named(taken, "湘湖路") == [("unclassified", 25.0, True, "砂石")] * 2
    assert named(taken, None) == [("track", 12.0, True, None)]
    assert taken.lengths().sum() == pytest.approx(2003, abs=1)
    for edge in taken.edges:
        if edge.name == "湘湖路":
            # Driven against the way it is drawn.
            assert edge.geom.coords[0][1] > edge.geom.coords[-1][1]
    assert counts(taken)["joined"] == 1
    assert counts(taken)["bad_speed"] == 1


@pytest.mark.parametrize("system", [4548, 4527, 4490, 4326])
@pytest.mark.parametrize("name", ["roads.gpkg", "roads.shp"])
def test_systems(tmp_path: Path, name: str, system: int) -> None:
    """The plane with and without its zone and degrees give the same roads in the same places."""
    taken = read_lines(write(tmp_path / name, system=system, encoding="UTF-8"), LineOptions())
    check(taken)
    (west, south) = taken.edges[0].geom.coords[0]
    at = crs.to_geographic(np.array([[EAST, NORTH]]))[0]
    assert (west, south) == pytest.approx(tuple(at), abs=2e-6)


def test_geojson(tmp_path: Path) -> None:
    """GeoJSON is in degrees by its standard."""
    check(read_lines(write(tmp_path / "roads.geojson", system=4326), LineOptions()))


@pytest.mark.parametrize("stated", ["cpg", "gbk-cpg", "none", "option"])
def test_shape_files_in_gbk(tmp_path: Path, stated: str) -> None:
    """Chinese text is read whether the code page is stated, stated briefly, or left out."""
    path = write(tmp_path / "道路.shp", encoding="GBK")
    page = path.with_suffix(".cpg")
    assert page.exists()
    if stated == "gbk-cpg":
        page.write_text("936", "ascii")
    elif stated != "cpg":
        page.unlink()
        table = bytearray(path.with_suffix(".dbf").read_bytes())
        table[29] = 0
        path.with_suffix(".dbf").write_bytes(table)
    check(read_lines(path, LineOptions(encoding="GBK" if stated == "option" else None)))


def test_shape_files_in_utf8_without_a_code_page(tmp_path: Path) -> None:
    """A table of UTF-8 is not taken for GBK."""
    path = write(tmp_path / "roads.shp", encoding="UTF-8")
    path.with_suffix(".cpg").unlink()
    check(read_lines(path, LineOptions()))


def test_systems_that_are_not_stated(tmp_path: Path) -> None:
    """Degrees are taken as such and told; the plane asks for its code, naming a likely one."""
    degrees = write(tmp_path / "degrees.shp", system=4490, encoding="UTF-8")
    degrees.with_suffix(".prj").unlink()
    assert counts(read_lines(degrees, LineOptions()))["assumed_degrees"] == 1
    zoned = write(tmp_path / "zoned.shp", system=4527, encoding="UTF-8")
    zoned.with_suffix(".prj").unlink()
    with pytest.raises(ImportRefused, match="EPSG:4527"):
        read_lines(zoned, LineOptions())
    check(read_lines(zoned, LineOptions(crs=4527)))
    with pytest.raises(ImportRefused, match="没有 EPSG:1 这个坐标系"):
        read_lines(zoned, LineOptions(crs=1))


@pytest.mark.parametrize("code", [2386, 2437, 4610])
def test_other_datums_are_refused(tmp_path: Path, code: int) -> None:
    """Xi'an 1980 and Beijing 1954 lie a hundred metres off and are never taken as they are."""
    path = write(tmp_path / "old.gpkg", system=CRS.from_epsg(code).to_wkt())
    with pytest.raises(ImportRefused, match="不是 CGCS2000"):
        read_lines(path, LineOptions())


def test_fields_by_mapping_file(tmp_path: Path) -> None:
    """Offices' own names and words, from a file."""
    mapping = tmp_path / "fields.toml"
    mapping.write_text(
        '[fields]\nname = "MC"\nclass = "DJ"\nspeed = "CS"\n\n[classes]\n"四" = "tertiary"\n',
        "utf-8",
    )
    path = write(
        tmp_path / "roads.gpkg",
        values={"MC": ["甲", "乙", "丙"], "DJ": ["四", "X105", ""], "CS": [33.0, None, -5]},
    )
    taken = read_lines(path, LineOptions(read_mapping(mapping)))
    assert named(taken, "甲")[0][:2] == ("tertiary", 33.0)
    assert named(taken, "乙")[0][:2] == ("secondary", road_norms().class_speed["secondary"])
    assert named(taken, "丙")[0][:2] == ("unclassified", road_norms().class_speed["unclassified"])
    assert counts(taken)["blank_class"] == 1
    assert counts(taken)["bad_speed"] == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[fields", "不是可读的 TOML"),
        ('[fields]\nwidth = "K"', "width"),
        ('[classes]\n"四" = "fourth"', "fourth"),
    ],
)
def test_mapping_files_that_cannot_be_used(tmp_path: Path, text: str, told: str) -> None:
    """What is wrong with a mapping file is told."""
    path = tmp_path / "fields.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ImportRefused, match=told.replace("[", r"\[")):
        read_mapping(path)


def test_missing_fields_and_unknown_classes(tmp_path: Path) -> None:
    """A field that is not there, no class at all, and words that nobody knows, all listed."""
    path = write(tmp_path / "roads.gpkg")
    with pytest.raises(Invalid) as refused:
        read_lines(path, LineOptions(Fields(name="MC", road_class="DJ")))
    assert [(p.code, p.field) for p in refused.value.problems] == [
        ("missing_field", "name"),
        ("missing_field", "road_class"),
    ]
    assert "名称" in refused.value.problems[0].zh
    plain = write(tmp_path / "plain.gpkg", values={"id": [1, 2, 3]})
    with pytest.raises(Invalid) as refused:
        read_lines(plain, LineOptions())
    assert "--class" in refused.value.problems[0].zh
    odd = write(tmp_path / "odd.gpkg", values={"等级": ["大路", "大路", "小路"]})
    with pytest.raises(Invalid) as refused:
        read_lines(odd, LineOptions())
    assert [p.code for p in refused.value.problems] == ["unknown_class"] * 2
    assert "“大路”（2 条）" in refused.value.problems[0].zh


def test_shapes_that_are_no_roads(tmp_path: Path) -> None:
    """Points, nothing, doubled and pointlike lines are counted and left out; parts are taken."""
    shapes = [
        *SHAPES,
        SHAPES[0].reverse(),
        shapely.Point(EAST, NORTH),
        None,
        line((7, 7), (7, 7)),
        shapely.MultiLineString([line((0, 900), (50, 900)), line((0, 950), (50, 950))]),
    ]
    path = write(tmp_path / "roads.geojson", shapes, {"等级": ["县道"] * 8}, 4326)
    taken = read_lines(path, LineOptions())
    told = counts(taken)
    assert (told["duplicate"], told["not_line"], told["no_length"]) == (1, 2, 1)
    assert sum(edge.source_ref == "line/8" for edge in taken.edges) == 2


def test_lines_end_at_the_extent(tmp_path: Path) -> None:
    """What leaves the extent is cut off there."""
    path = write(tmp_path / "roads.gpkg")
    middle = crs.to_geographic(np.array([[EAST + 700, NORTH]]))[0]
    taken = read_lines(path, LineOptions(), (117.0, 29.0, float(middle[0]), 30.0))
    assert counts(taken)["outside"] == 2
    assert taken.lengths().sum() == pytest.approx(700 + 600 + 3 + 200, abs=2)
    with pytest.raises(ImportRefused, match="县域范围之外"):
        read_lines(path, LineOptions(), (100.0, 20.0, 101.0, 21.0))


def test_files_that_are_none(tmp_path: Path) -> None:
    """Another suffix, no such file inside, several layers, no lines: each refused with advice."""
    sheet = tmp_path / "roads.xlsx"
    sheet.write_bytes(b"PK")
    with pytest.raises(ImportRefused, match="不支持这种格式"):
        read_lines(sheet, LineOptions())
    broken = tmp_path / "roads.gpkg"
    broken.write_bytes(b"nothing")
    with pytest.raises(ImportRefused, match="无法读取"):
        read_lines(broken, LineOptions())
    broken.unlink()
    write(broken, layer="a")
    write(broken, layer="b", append=True)
    with pytest.raises(ImportRefused, match="2 个图层（a、b）"):
        read_lines(broken, LineOptions())
    with pytest.raises(ImportRefused, match="没有图层“c”"):
        read_lines(broken, LineOptions(layer="c"))
    check(read_lines(broken, LineOptions(layer="b")))
    points = write(
        tmp_path / "points.geojson", [shapely.Point(EAST, NORTH)], {"等级": ["县道"]}, 4326
    )
    with pytest.raises(ImportRefused, match="没有线状的道路"):
        read_lines(points, LineOptions())
    alone = write(tmp_path / "alone.shp", encoding="UTF-8")
    alone.with_suffix(".shx").unlink()
    with pytest.raises(ImportRefused, match=r"\.shx"):
        read_lines(alone, LineOptions())
