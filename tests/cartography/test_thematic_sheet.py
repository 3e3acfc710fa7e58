"""The printed sheet must be a real map: on its paper, to scale, with text that can be selected."""

from __future__ import annotations

import io
import re
from datetime import date

import pypdf
import pytest
from sqlalchemy.orm import Session

from fuliang_gis.cartography.area_shapes import area_shapes
from fuliang_gis.cartography.sheet_map import SCALES, bar_length, fitting_scale, scale_bar
from fuliang_gis.cartography.thematic import build, read_page
from fuliang_gis.cartography.thematic_sheet import Imprint, paper, sheet_html
from fuliang_gis.errors import BadParameter
from fuliang_gis.exchange.paper import Frame
from fuliang_gis.exchange.pdf import write_pdf
from fuliang_gis.locations.registry import layer
from tests.factories import FULIANG_TOWN, make_actor, make_location

MILLIMETRES_A_POINT = 25.4 / 72


def html(session: Session, size: str, division: str = "360222", title: str = "") -> str:
    """Return a sheet of the villages' households by village."""
    actor = make_actor(session, division=division)
    make_location(session, actor, layer("villages"), households=321)
    page = read_page({"level": ["village"], "measure": ["sum:households"]}, actor)
    shown = build(session, actor, page.first, page.level)
    shapes = area_shapes(session, actor, page.level)
    imprint = Imprint("浮梁县", date(2022, 10, 31), invented=True, title=title)
    return sheet_html(shown, shapes, paper(size), imprint)


@pytest.mark.parametrize(("size", "width", "height"), [("A4", 210, 297), ("A3", 297, 420)])
def test_a_sheet_has_its_paper_size_and_selectable_text(
    session: Session, size: str, width: int, height: int
) -> None:
    """Title, legend, scale, north, notes, values and page number, as text."""
    written = pypdf.PdfReader(io.BytesIO(write_pdf(html(session, size, title="户数分布图"))))
    for sheet in written.pages:
        assert float(sheet.mediabox.width) * MILLIMETRES_A_POINT == pytest.approx(width, abs=0.5)
        assert float(sheet.mediabox.height) * MILLIMETRES_A_POINT == pytest.approx(height, abs=0.5)
    first = written.pages[0].extract_text()
    for stated in (
        "户数分布图",
        "图例（户）",
        "1 : ",
        "北",
        "2022-10-31",
        "演示数据",
        "示意界线",
        "km",
    ):
        assert stated in first, stated
    assert f"第 1 页，共 {len(written.pages)} 页" in first
    rest = "".join(page.extract_text() for page in written.pages[1:])
    assert "321" in rest
    assert "城南" in rest


def test_the_map_is_vector_and_lies_inside_its_frame(session: Session) -> None:
    """Nothing is a picture, and no area leaves the frame."""
    page = html(session, "A4")
    assert "<img" not in page
    frame = paper("A4").frame
    (drawn,) = re.findall(r'<svg class="map".*?</svg>', page, re.DOTALL)
    places = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", drawn)
    assert len(places) > 1000
    assert all(0 <= float(x) <= frame.width and 0 <= float(y) <= frame.height for x, y in places)


def test_a_smaller_area_comes_at_a_larger_scale(session: Session) -> None:
    """A township fills the sheet at a larger standard scale than the county does."""

    def scale(division: str) -> int:
        stated = re.search(r"1 : ([\d,]+)", html(session, "A4", division))
        assert stated
        return int(stated[1].replace(",", ""))

    assert scale(FULIANG_TOWN) < scale("360222")
    assert scale("360222") in SCALES


@pytest.mark.parametrize("scale", SCALES)
def test_the_scale_bar_is_as_long_as_it_says(scale: int) -> None:
    """Its length on paper times the scale is the round number at its end."""
    bar = scale_bar(scale)
    widths = [
        float(width) for width in re.findall(r'<rect x="[\d.]+" y="4.5" width="([\d.]+)"', bar)
    ]
    stated = re.findall(r">([\d.]+) (km|m)<", bar)
    (number, unit) = stated[0]
    metres = float(number) * (1000 if unit == "km" else 1)
    assert sum(widths) / 1000 * scale == pytest.approx(metres, rel=1e-3)
    assert metres == bar_length(scale)
    assert str(int(metres)).rstrip("0") in ("1", "2", "5")
    assert 15 <= sum(widths) <= 50


def test_the_scale_is_the_largest_that_fits() -> None:
    """At the next larger scale the extent would leave the frame."""
    frame = Frame(184, 196)
    scale = fitting_scale(70_000, 88_000, frame)
    assert 88_000 * 1000 / scale <= frame.height
    larger = SCALES[SCALES.index(scale) - 1]
    assert 88_000 * 1000 / larger > frame.height - 8


def test_hostile_text_shows_as_text(session: Session) -> None:
    """What somebody types as a title is never markup."""
    assert "<script>" not in html(session, "A4", title="<script>alert(1)</script>")


def test_nothing_is_fetched_for_a_sheet(session: Session, caplog: pytest.LogCaptureFixture) -> None:
    """Not even when markup asks for it: neither the network nor a file of the host is read."""
    page = html(session, "A4").replace(
        "<h1>", '<img src="http://127.0.0.1:9/x.png"><img src="file:///etc/hostname"><h1>'
    )
    caplog.set_level("ERROR", "weasyprint")
    assert write_pdf(page).startswith(b"%PDF")
    refused = [record.getMessage() for record in caplog.records]
    assert len(refused) == 2
    assert all("disallowed protocol" in message for message in refused)


def test_an_unknown_paper_is_refused() -> None:
    """Two sizes are offered."""
    with pytest.raises(BadParameter):
        paper("A0")
