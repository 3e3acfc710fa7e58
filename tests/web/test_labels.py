"""The page of QR labels, and the PDF that it leads to."""

from __future__ import annotations

import re
from http import HTTPStatus

import pytest
import segno
from sqlalchemy.orm import Session

from fuliang_gis.locations.registry import layer
from fuliang_gis.web.app import create_app
from tests.factories import make_location
from tests.reporting.qr import codes
from tests.web.conftest import World


@pytest.fixture(scope="module")
def stations(world: World) -> list[str]:
    """Codes of two PV stations of villages and one of a household."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        actor, found = world.actors["county"], layer("pv_stations")
        for code, kind in (("PV-1", "village"), ("PV-2", "joint"), ("PV-3", "household")):
            make_location(session, actor, found, code=code, kind=kind, name=f"{code}电站")
    return ["PV-1", "PV-2"]


def test_labels_lead_to_an_address_that_answers(world: World, stations: list[str]) -> None:
    """From the page to the PDF to the scanned address, without signing in."""
    page = world.browser("viewer").get("/labels?layer=pv_stations").text
    assert "共 2 枚" in page
    address = re.search(r'href="(/labels/sheets\.pdf[^"]*)"', page)
    assert address is not None
    pdf = world.browser("viewer").get(address[1].replace("&amp;", "&"))
    assert pdf.content_type == "application/pdf"
    wanted = [segno.make(f"http://localhost/r/pv_stations/{code}", error="m") for code in stations]
    assert codes(pdf.data) == [[[int(m) for m in row] for row in each.matrix] for each in wanted]
    assert world.browser().get("/r/pv_stations/PV-1").status_code == HTTPStatus.OK


def test_a_setting_names_the_address(world: World, stations: list[str]) -> None:
    """Behind a proxy the codes carry the public address, not the host that was asked."""
    public = world.app.extensions["fuliang"].settings.model_copy(
        update={"public_url": "https://gis.example.cn/county/"}
    )
    client = create_app(public, world.database).test_client()
    with world.browser("viewer").session_transaction() as kept:
        cookies = dict(kept)
    with client.session_transaction() as mine:
        mine.update(cookies)
    pdf = client.get(f"/labels/sheets.pdf?layer=pv_stations&codes={stations[0]}").data
    wanted = segno.make("https://gis.example.cn/county/r/pv_stations/PV-1", error="m")
    assert codes(pdf) == [[[int(module) for module in row] for row in wanted.matrix]]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?layer=nothing", HTTPStatus.NOT_FOUND),
        ("?size=huge", HTTPStatus.BAD_REQUEST),
        (f"?codes={'A,' * 201}{','.join(map(str, range(201)))}", HTTPStatus.BAD_REQUEST),
        (f"?codes={'A' * 8001}", HTTPStatus.BAD_REQUEST),
        ("?layer=pv_stations&codes=PV-3", HTTPStatus.NOT_FOUND),
        ("?layer=pv_stations&part=2", HTTPStatus.NOT_FOUND),
    ],
)
@pytest.mark.usefixtures("stations")
def test_what_cannot_be_printed_is_refused(world: World, query: str, status: HTTPStatus) -> None:
    """No such layer or size, too many codes, a household's, a part beyond the last."""
    assert world.browser("county").get(f"/labels/sheets.pdf{query}").status_code == status


@pytest.mark.parametrize(
    "query", ["?part=x", "?skip=99999999", "?township=%00", "?kind=no", "?layer=villages&village=1"]
)
def test_the_page_takes_any_query(world: World, query: str) -> None:
    """What cannot be read is left out."""
    assert world.browser("county").get(f"/labels{query}").status_code == HTTPStatus.OK


def test_labels_need_a_sign_in(world: World) -> None:
    """Nobody prints the county's labels from outside."""
    for address in ("/labels", "/labels/sheets.pdf"):
        assert world.browser().get(address).status_code == HTTPStatus.FOUND
