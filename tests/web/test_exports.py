"""A list is exported as it is shown: its filters, its order, all its pages, in Chinese."""

from __future__ import annotations

import csv
import io
from http import HTTPStatus
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import text

from fuliang_gis.locations import operations
from fuliang_gis.locations.registry import layer, layers
from tests.factories import PLACE, point, sample_values
from tests.web.conftest import World

LIST = "/locations/pv_stations"


@pytest.fixture(scope="module")
def stations(world: World) -> list[str]:
    """Names of three stations, one of them elsewhere and one hostile."""
    actor = world.actors["county"]
    lon, lat = PLACE
    places = {"导出甲站": (lon, lat), "导出乙站": (lon + 0.05, lat), "=导出丙站": (lon, lat)}
    with world.database.session(actor.account_id) as session:
        for name, place in places.items():
            given = sample_values(layer("pv_stations")) | {"name": name}
            operations.create(session, actor, "pv_stations", given, point(*place))
    return list(places)


def table(client: FlaskClient, query: str = "") -> list[list[str]]:
    """Return the rows of the CSV."""
    response = client.get(f"{LIST}/export.csv{query}")
    assert response.status_code == HTTPStatus.OK
    body = response.get_data()
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


@pytest.mark.usefixtures("stations")
def test_headings_and_values_are_chinese(county: FlaskClient) -> None:
    """The sheet's labels must head the columns; choices must be told by their labels."""
    headings, *rows = table(county, f"?q={quote('导出甲')}")
    assert headings[:3] == ["编码", "名称", "行政区划"]
    assert "装机容量（kWp）" in headings
    row = dict(zip(headings, rows[0], strict=True))
    kinds = layer("pv_stations").sheet.field("kind").choice_labels.values()  # type: ignore[union-attr]
    assert row["电站类型"] in kinds
    assert row["数据性质"] == "实际"
    assert float(row["经度（CGCS2000）"]) == pytest.approx(PLACE[0])


@pytest.mark.usefixtures("stations")
def test_export_is_what_the_list_shows(county: FlaskClient) -> None:
    """Search, box and order must be those of the list, and every page in the file."""
    lon, lat = PLACE
    found = table(county, f"?q={quote('导出')}&sort=name&descending=1&size=25")
    assert [row[1] for row in found[1:]] == ["导出乙站", "导出甲站", "'=导出丙站"]
    box = f"{lon - 0.01},{lat - 0.01},{lon + 0.01},{lat + 0.01}"
    inside = table(county, f"?q={quote('导出')}&bbox={box}")
    assert {row[1] for row in inside[1:]} == {"导出甲站", "'=导出丙站"}
    shown = county.get(f"{LIST}/in-view?q={quote('导出')}&bbox={box}").get_data(as_text=True)
    assert "<strong>2</strong>" in shown
    assert "导出乙站" not in shown


@pytest.mark.usefixtures("stations")
def test_workbook_holds_the_same(county: FlaskClient) -> None:
    """The workbook must hold the CSV's rows."""
    response = county.get(f"{LIST}/export.xlsx?q={quote('导出')}")
    assert response.status_code == HTTPStatus.OK
    sheet = load_workbook(io.BytesIO(response.get_data())).worksheets[0]
    names = [row[1] for row in sheet.iter_rows(values_only=True)]
    assert names == [row[1] for row in table(county, f"?q={quote('导出')}")]


@pytest.mark.usefixtures("stations")
def test_invented_rows_are_told_first(world: World, county: FlaskClient) -> None:
    """A file with any invented row must say so in its first line, and in that row."""
    mark = text("update location set invented = :to where name = '导出甲站'")
    with world.owner.begin() as connection:
        connection.execute(mark, {"to": True})
    note, _, *rows = table(county, f"?q={quote('导出')}")
    assert "虚构" in note[0]
    assert sorted(row[-1] for row in rows) == ["实际", "实际", "演示（虚构）"]
    with world.owner.begin() as connection:
        connection.execute(mark, {"to": False})


@pytest.mark.usefixtures("stations")
def test_export_is_bounded_to_the_readers_division(world: World) -> None:
    """Who belongs to another township must not export these rows."""
    assert table(world.browser("yaoli"), f"?q={quote('导出')}")[1:] == []


@pytest.mark.parametrize("name", layers())
def test_every_layer_can_be_exported(county: FlaskClient, name: str) -> None:
    """Every layer of the registry must be exported in both forms."""
    for kind in ("csv", "xlsx"):
        assert county.get(f"/locations/{name}/export.{kind}").status_code == HTTPStatus.OK


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/locations/pv_stations/export.csv?sort=secret", HTTPStatus.BAD_REQUEST),
        ("/locations/nothing/export.csv", HTTPStatus.NOT_FOUND),
        ("/locations/pv_stations/export.pdf", HTTPStatus.NOT_FOUND),
    ],
)
def test_what_cannot_be_exported_is_refused(
    county: FlaskClient, address: str, status: HTTPStatus
) -> None:
    """A refusal must come before the first byte of a file."""
    assert county.get(address).status_code == status


def test_stranger_gets_no_file(world: World) -> None:
    """Nothing may be exported before signing in."""
    assert world.browser().get(f"{LIST}/export.csv").status_code == HTTPStatus.FOUND
