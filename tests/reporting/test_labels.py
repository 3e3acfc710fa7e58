"""A printed label must scan: its squares are the address, its paper the sheet that is sold."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager

import pypdf
import pytest
import segno
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Role
from fuliang_gis.errors import BadParameter, NotFound
from fuliang_gis.exchange.pdf import write_pdf
from fuliang_gis.locations import operations
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from fuliang_gis.reporting import label_queries
from fuliang_gis.reporting.label_queries import Labelled, Wanted
from fuliang_gis.reporting.labels import SIZES, scan_path, sheets_html, size_named
from tests.factories import (
    COUNTY,
    FULIANG_TOWN,
    YAOLI_TOWN,
    make_actor,
    make_location,
    point,
    sample_values,
)
from tests.reporting.qr import codes

SITE = "https://gis.example.cn"
MILLIMETRES_A_POINT = 25.4 / 72
HOSTILE = "<img src=x>{{ 7*7 }}"


def label(number: int, name: str = "查村水厂", *, invented: bool = True) -> Labelled:
    """Return what stands on a label."""
    return Labelled("water_projects", "供水工程", f"GS-{number}", name, "浮梁镇", "查村", invented)


def modules(address: str) -> list[list[int]]:
    """Return the squares that an address should have."""
    return [[int(module) for module in row] for row in segno.make(address, error="m").matrix]


@pytest.mark.parametrize("size", SIZES)
def test_the_printed_squares_are_the_addresses(size: str) -> None:
    """Read back from the PDF's drawing, every code is that of its location, on A4 paper."""
    chosen = size_named(size)
    number = chosen.a_sheet + 1
    labels = [label(each) for each in range(number)]
    pdf = write_pdf(sheets_html(labels, chosen, site=SITE, county="浮梁县"))
    expected = [modules(f"{SITE}/r/water_projects/GS-{each}") for each in range(number)]
    assert codes(pdf) == expected
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) == 2
    for page in pages:
        assert float(page.mediabox.width) * MILLIMETRES_A_POINT == pytest.approx(210, abs=0.5)
        assert float(page.mediabox.height) * MILLIMETRES_A_POINT == pytest.approx(297, abs=0.5)
    text = pages[1].extract_text()
    for stated in (
        "查村水厂",
        f"GS-{number - 1}",
        "浮梁县浮梁镇查村",
        "扫码查看或报告问题",
        "虚构",
    ):
        assert stated in text


def test_used_labels_are_skipped() -> None:
    """A sheet begun before goes on where it was left, and then on the next one."""
    labels = [label(each, invented=False) for each in range(3)]
    pdf = write_pdf(sheets_html(labels, SIZES["small"], site=SITE, county="浮梁县", skip=22))
    first, second = (page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    assert ("GS-1" in first, "GS-2" in first, "GS-2" in second) == (True, False, True)
    assert "虚构" not in first + second


def test_hostile_names_are_text() -> None:
    """A name is neither markup nor a template."""
    html = sheets_html([label(1, HOSTILE)], SIZES["large"], site=SITE, county="浮梁县")
    assert "<img" not in html
    assert "{{ 7*7 }}" in html


def test_codes_are_quoted_in_addresses() -> None:
    """Whatever a code holds, the path leads to it and nowhere else."""
    assert scan_path("villages", "甲 1?#") == "/r/villages/%E7%94%B2%201%3F%23"


def test_there_is_no_other_size() -> None:
    """A size that is not sold is refused."""
    with pytest.raises(BadParameter):
        size_named("huge")


def test_labels_are_of_public_things_in_the_division(session: Session) -> None:
    """Households get none; a township's staff prints its own; codes, kinds and order hold."""
    county = make_actor(session)
    sanitation = layer("sanitation_facilities")

    def made(kind: str, **given: str) -> Location:
        values = sample_values(sanitation, kind=kind) | {"asset_class": "public_welfare"} | given
        return operations.create(session, county, sanitation.name, values, point())

    toilet, public = made("household_toilet"), made("public_toilet", code="B")
    waste = made("waste_point", code="A")
    private = made("waste_point", asset_class="household")
    everything = Wanted(sanitation.name)

    def printed(wanted: Wanted, division: str = COUNTY) -> list[str]:
        actor = make_actor(session, Role.TOWNSHIP_STAFF, division)
        found = label_queries.labelled(session, actor, wanted, first=0, number=50)
        assert len(found) == label_queries.count(session, actor, wanted)
        return [each.code for each in found]

    assert printed(everything) == [waste.code, public.code]
    assert printed(everything, FULIANG_TOWN) == [waste.code, public.code]
    assert printed(everything, YAOLI_TOWN) == []
    assert printed(Wanted(sanitation.name, kind="public_toilet")) == [public.code]
    asked = (toilet.code, private.code, waste.code, "nothing")
    assert printed(Wanted(sanitation.name, codes=asked)) == [waste.code]
    with pytest.raises(NotFound):
        printed(Wanted("nothing"))


def test_a_part_costs_one_statement(
    session: Session,
    connection: Connection,
    count_queries: Callable[[Engine | Connection], AbstractContextManager[list[str]]],
) -> None:
    """However many labels, they are read at once."""
    actor = make_actor(session)
    for _ in range(5):
        make_location(session, actor, layer("pv_stations"))
    with count_queries(connection) as statements:
        found = label_queries.labelled(session, actor, Wanted("pv_stations"), first=1, number=3)
    assert (len(found), len(statements)) == (3, 1)
