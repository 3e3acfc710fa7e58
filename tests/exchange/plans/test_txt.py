"""Boundary points: the exact text, and every usual way in which others write it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from fuliang_gis.errors import Invalid
from fuliang_gis.exchange.plans.notes import NoteCode
from fuliang_gis.exchange.plans.options import TxtOptions, Writing
from fuliang_gis.exchange.plans.raw import Reading
from fuliang_gis.exchange.plans.reading import Read, read_plan
from fuliang_gis.exchange.plans.writing import write_plan
from fuliang_gis.planning.parcels import Draft, Parcel
from tests.exchange.plans.files import square, told
from tests.exchange.plans.village import EAST, NORTH, same_shape

RING = shapely.Polygon(
    square(0, 30).exterior, [square(1, 10).buffer(-2, join_style="mitre").exterior]
)
DRAFT = Draft(RING, {"P-1": Parcel("P-1", "0703", RING, name="老屋,一号")})

EXPECTED = """[属性描述]
数据产生单位=某单位
坐标系=2000国家大地坐标系
几度分带=3
投影类型=高斯克吕格
计量单位=米
带号=39
精度=0.001
转换参数=,,,,,,
[地块坐标]
10,0.0864,P-1,老屋，一号,面,,农村宅基地,0703,@
J1,1,3262430.000,39521300.000
J2,1,3262430.000,39521330.000
J3,1,3262400.000,39521330.000
J4,1,3262400.000,39521300.000
J1,1,3262430.000,39521300.000
J5,2,3262408.000,39521312.000
J6,2,3262402.000,39521312.000
J7,2,3262402.000,39521318.000
J8,2,3262408.000,39521318.000
J5,2,3262408.000,39521312.000
"""


def test_text_is_written_to_the_letter(tmp_path: Path) -> None:
    """Header, parcel line, rings and numbers must stand as receivers expect: GBK with CRLF."""
    options = TxtOptions(header={"数据产生单位": "某单位"})
    written = write_plan(DRAFT, tmp_path / "a.txt", "txt", Writing(txt=options))
    assert (tmp_path / "a.txt").read_bytes() == EXPECTED.replace("\n", "\r\n").encode("gbk")
    assert [n.value for n in written.notes if n.code is NoteCode.TEXT_CHANGED] == ["老屋,一号"]


def test_options_change_the_text(tmp_path: Path) -> None:
    """Without repeat, prefix and zone, and with the east first, rows must say so."""
    options = TxtOptions(
        repeat_first=False, prefix="", north_first=False, zoned=False, area_unit="m2", decimals=2
    )
    write_plan(DRAFT, tmp_path / "a.txt", "txt", Writing(txt=options))
    lines = (tmp_path / "a.txt").read_text("gbk").splitlines()
    assert "精度=0.01" in lines
    start = lines.index("[地块坐标]") + 1
    assert lines[start : start + 2] == [
        "8,864.00,P-1,老屋，一号,面,,农村宅基地,0703,@",
        "1,1,521300.00,3262430.00",
    ]
    assert len(lines) == start + 9


def read(folder: Path, content: bytes) -> Read:
    """Read a text of a homestead."""
    path = folder / "a.txt"
    path.write_bytes(content)
    return read_plan(path, Reading(edition="2023"))


WAYS: dict[str, tuple[Callable[[str], str], str]] = {
    "as written": (lambda text: text, "gbk"),
    "UTF-8": (lambda text: text, "utf-8"),
    "UTF-8 with a mark": (lambda text: text, "utf-8-sig"),
    "no J": (lambda text: text.replace("\nJ", "\n"), "gbk"),
    "not closed": (lambda text: _without_closing(text), "gbk"),
    "blank lines": (lambda text: text.replace("\n", "\n\n"), "gbk"),
    "blanks": (lambda text: text.replace(",", " , "), "gbk"),
    "without zone": (lambda text: text.replace(",39521", ",521"), "gbk"),
    "Chinese commas": (
        lambda text: text.replace("0,395", "0，395"),
        "gbk",
    ),
}


def _without_closing(text: str) -> str:
    lines = text.splitlines()
    del lines[-1], lines[15]
    return "\n".join(lines)


@pytest.mark.parametrize("way", WAYS)
def test_usual_ways_are_read(tmp_path: Path, way: str) -> None:
    """However others write the same parcel, it must come out the same."""
    change, encoding = WAYS[way]
    found = read(tmp_path, change(EXPECTED).encode(encoding)).parcels["P-1"]
    same_shape(RING, found.geom, 3)
    assert (found.code, found.name, found.stated_m2) == ("0703", "老屋，一号", None)


def test_east_first_is_seen_by_its_size(tmp_path: Path) -> None:
    """With or without a zone's number, the order of X and Y must be found."""
    for prefix in ("39", ""):
        lines = EXPECTED.replace(",39521", f",{prefix}521").splitlines()
        turned = [_turned(line) for line in lines]
        same_shape(RING, read(tmp_path, "\n".join(turned).encode()).parcels["P-1"].geom, 3)


def _turned(line: str) -> str:
    parts = line.split(",")
    return ",".join([*parts[:2], parts[3], parts[2]]) if line.startswith("J") else line


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("[地块坐标]", "[坐标]", "txt_no_section", "地块坐标"),
        ("2000国家大地坐标系", "80国家大地坐标系", "crs_unknown", "80国家大地坐标系"),
        ("带号=39", "带号=40", "crs_unknown", "40 带"),
        ("几度分带=3", "几度分带=6", "crs_unknown", "6 度分带"),
        ("带号=39\n", "", "crs_confirm", "EPSG:4527"),
        ("J2,1,3262430.000", "J2,1,三百", "txt_bad_line", "第 13 行"),
        ("10,0.0864,P-1", "J0,1,1.0,2.0\n10,0.0864,P-1", "txt_bad_line", "第 11 行"),
        (",39521", ",40521", "crs_differs", "第 40 带"),
    ],
)
def test_doubtful_texts_are_refused(
    tmp_path: Path, old: str, new: str, code: str, words: str
) -> None:
    """Other systems, other zones and lines that cannot be read must be refused with their place."""
    assert old in EXPECTED
    with pytest.raises(Invalid) as caught:
        read(tmp_path, EXPECTED.replace(old, new).encode("gbk"))
    (problem,) = caught.value.problems
    assert (problem.code, words in problem.zh) == (code, True)


def test_counts_and_short_rings_are_told(tmp_path: Path) -> None:
    """A parcel that has other points than it states, or a ring of two, must be told."""
    lines = EXPECTED.replace("10,0.0864", "12,0.0900").splitlines()
    found = read(tmp_path, "\n".join([*lines, "J9,3,3262401.000,39521301.000"]).encode("gbk"))
    assert told(found) == {
        NoteCode.COUNT_DIFFERS: [1],
        NoteCode.NOT_CLOSED: [1],
        NoteCode.AREA_UNIT: [None],
    }
    assert found.parcels["P-1"].stated_m2 == pytest.approx(900)


def test_rare_letters_are_kept(tmp_path: Path) -> None:
    """A letter that GBK lacks must come back."""
    parcel = replace(DRAFT.parcels["P-1"], name="𬇙村")
    write_plan(replace(DRAFT, parcels={"P-1": parcel}), tmp_path / "a.txt", "txt")
    assert read(tmp_path, (tmp_path / "a.txt").read_bytes()).parcels["P-1"].name == "𬇙村"


def test_parcels_lie_in_the_county() -> None:
    """The expected text above must be of the place that the village of these tests is at."""
    assert (EAST, NORTH) == (521_300.0, 3_262_400.0)
