"""The thematic pages: everything chosen stands in the address, and what is wrong is told."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import openpyxl
import pypdf
import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete
from sqlalchemy.orm import Session

from fuliang_gis.cartography.models import MapView
from fuliang_gis.cartography.thematic_table import INVENTED, INVENTED_NOTE
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from tests.factories import YAOLI_TOWN, make_location
from tests.web.conftest import World, csrf_of

SHARE = (
    "level=township&layer=sanitation_facilities&where=is_problem:true"
    "&base=kind:household_toilet&denominator=locations"
)


@pytest.fixture(scope="module")
def laid_out(world: World) -> World:
    """Some toilets, two of three with problems."""
    with Session(world.owner) as session, session.begin():
        for problem in (True, True, False):
            made = make_location(
                session,
                world.actors["county"],
                layer("sanitation_facilities"),
                is_problem=problem,
                built_year=2020,
            )
            made.invented = True
    return world


@pytest.fixture
def staff(laid_out: World) -> FlaskClient:
    """A browser of county staff, on the rows above."""
    return laid_out.browser("county")


@pytest.fixture(autouse=True)
def no_views(world: World) -> Iterator[None]:
    """Each test starts without saved views."""
    yield
    with Session(world.owner) as session, session.begin():
        session.execute(delete(MapView))


def test_the_page_shows_legend_and_table(staff: FlaskClient) -> None:
    """The value with numerator and denominator, the legend with its unit, and the note."""
    answer = staff.get(f"/thematic?{SHARE}")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "66.7" in page
    assert "图例（%）" in page
    assert "示意界线" in page
    assert answer.headers["HX-Push-Url"] == f"/thematic?{SHARE}"


def test_numbers_carry_what_the_map_draws(staff: FlaskClient) -> None:
    """Values, classes with colours, and the series where a time is chosen."""
    got = json.loads(staff.get(f"/thematic/numbers.json?{SHARE}&time=built_year").data)
    (shown,) = got["maps"]
    assert shown["areas"]["360222100"] == ["", "浮梁", 66.7]
    assert shown["years"] == [2020]
    assert shown["series"]["360222100"] == [66.7]
    assert [each["label"] for each in shown["classes"]] == ["66.7"]
    two = json.loads(
        staff.get(f"/thematic/numbers.json?{SHARE}&compare=beside&b.layer=villages").data
    )
    assert len(two["maps"]) == 2


def test_outlines_are_revalidated(staff: FlaskClient) -> None:
    """An unchanged county costs no second transfer; only areas of one's own are sent."""
    first = staff.get("/thematic/areas.json?level=village")
    assert len(json.loads(first.data)["features"]) == 197
    again = staff.get(
        "/thematic/areas.json?level=village", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert again.status_code == 304


def test_township_staff_get_their_own_areas(laid_out: World) -> None:
    """Neither outlines nor numbers of other townships."""
    browser = laid_out.browser("yaoli")
    found = json.loads(browser.get("/thematic/areas.json?level=township").data)
    assert [each["id"] for each in found["features"]] == [YAOLI_TOWN]
    numbers = json.loads(browser.get("/thematic/numbers.json?layer=sanitation_facilities").data)
    assert list(numbers["maps"][0]["areas"]) == [YAOLI_TOWN]


def test_a_form_that_changed_the_layer_drops_what_belonged_to_the_other(
    staff: FlaskClient,
) -> None:
    """Choosing another layer must not end in a refusal about the former one's filter."""
    answer = staff.get(f"/thematic?{SHARE}&layer_was=villages")
    assert answer.status_code == 200
    assert answer.headers["HX-Push-Url"] == "/thematic?level=township&layer=sanitation_facilities"
    mean = staff.get(f"/thematic?{SHARE}&layer_was=sanitation_facilities&measure=mean:seats")
    assert mean.status_code == 200


@pytest.mark.parametrize(
    "wrong", ["measure=sum:nothing", "method=user&breaks=9,1", "level=county", "ramp=x"]
)
def test_a_wrong_choice_comes_back_with_the_form(staff: FlaskClient, wrong: str) -> None:
    """The person is told what is wrong and can go on choosing."""
    answer = staff.get(f"/thematic?layer=villages&{wrong}")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert 'role="alert"' in page
    assert 'id="thematic-form"' in page


@pytest.mark.parametrize(
    "path", ["numbers.json?ramp=x", "areas.json?level=county", "sheet.pdf?paper=A0"]
)
def test_programs_are_told_what_is_wrong(staff: FlaskClient, path: str) -> None:
    """As a problem document."""
    answer = staff.get(f"/thematic/{path}", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_parameter")


@pytest.mark.parametrize(
    "path",
    ["", "/numbers.json", "/areas.json", "/table.csv", "/table.xlsx", "/sheet.pdf", "/views"],
)
def test_nobody_reads_without_signing_in(world: World, path: str) -> None:
    """Maps tell as much as lists do."""
    assert world.browser().get(f"/thematic{path}").status_code in (302, 401)


def test_files_carry_the_mark_of_invented_data(staff: FlaskClient) -> None:
    """CSV and workbook say in themselves that the data is invented."""
    text = staff.get(f"/thematic/table.csv?{SHARE}").data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 19
    assert {row[-1] for row in rows[1:]} == {INVENTED}
    assert rows[1][:6] == ["360222100", "浮梁", "浮梁", "2.0", "3.0", "66.7"]
    book = openpyxl.load_workbook(io.BytesIO(staff.get(f"/thematic/table.xlsx?{SHARE}").data))
    assert book.active is not None
    cells = list(book.active.values)
    assert cells[0][0] == INVENTED_NOTE
    assert cells[2][5] == 66.7
    with_time = staff.get(f"/thematic/table.csv?{SHARE}&compare=beside&b.layer=villages&map=2")
    assert "行政村数" in with_time.data.decode("utf-8-sig")


def test_the_sheet_prints(staff: FlaskClient) -> None:
    """A PDF with the person's title, shown in the browser."""
    answer = staff.get(f"/thematic/sheet.pdf?{SHARE}&paper=A3&title=问题厕所分布")
    assert answer.content_type == "application/pdf"
    first = pypdf.PdfReader(io.BytesIO(answer.data)).pages[0]
    assert "问题厕所分布" in first.extract_text()
    assert "浮梁县" in first.extract_text()


def save(browser: FlaskClient, **form: str) -> int:
    """Save a view through the form; return the answer's status."""
    sent = {"csrf_token": csrf_of(browser), "title": "专题", "state": SHARE} | form
    return browser.post("/thematic/views", data=sent).status_code


def test_a_view_is_saved_opened_renamed_and_deleted(laid_out: World) -> None:
    """The whole round, by the owner."""
    browser = laid_out.browser("county")
    assert save(browser, title="问题厕所") == 303
    listed = browser.get("/thematic/views").get_data(as_text=True)
    assert "问题厕所" in listed
    with Session(laid_out.owner) as session:
        (view,) = session.query(MapView).all()
    opened = browser.get(f"/thematic/views/{view.id}")
    assert opened.headers["Location"] == f"/thematic?{SHARE}"
    assert browser.get(f"/thematic/views/{view.id}/edit").status_code == 200
    token = {"csrf_token": csrf_of(browser), "version": "1"}
    renamed = browser.post(
        f"/thematic/views/{view.id}/edit",
        data={**token, "title": "改名", "shared_with": "everyone"},
    )
    assert renamed.status_code == 303
    stale = browser.post(f"/thematic/views/{view.id}/delete", data=token)
    assert stale.status_code == 409
    assert "不能恢复" in browser.get(f"/thematic/views/{view.id}/delete").get_data(as_text=True)
    assert (
        browser.post(
            f"/thematic/views/{view.id}/delete", data={**token, "version": "2"}
        ).status_code
        == 303
    )
    assert browser.get(f"/thematic/views/{view.id}").status_code == 404


def test_others_may_open_a_shared_view_and_nothing_else(laid_out: World) -> None:
    """A reader sees it read-only; somebody it is not shared with does not find it."""
    assert save(laid_out.browser("county"), shared_with="everyone") == 303
    with Session(laid_out.owner) as session:
        (view,) = session.query(MapView).all()
    reader = laid_out.browser("viewer")
    assert reader.get(f"/thematic/views/{view.id}").status_code == 302
    assert "只读" in reader.get("/thematic/views").get_data(as_text=True)
    for act in ("edit", "delete"):
        assert reader.get(f"/thematic/views/{view.id}/{act}").status_code == 403
        sent = {
            "csrf_token": csrf_of(reader),
            "version": "1",
            "title": "x",
            "shared_with": "nobody",
        }
        assert reader.post(f"/thematic/views/{view.id}/{act}", data=sent).status_code == 403
    assert save(laid_out.browser("fuliang")) == 303
    with Session(laid_out.owner) as session:
        own = session.query(MapView).filter(MapView.shared_with == "nobody").one()
    assert laid_out.browser("yaoli").get(f"/thematic/views/{own.id}").status_code == 404


def test_a_view_without_title_or_token_is_not_saved(world: World) -> None:
    """A refused form comes back with its fault; a forged one is refused outright."""
    browser = world.browser("county")
    answer = browser.post(
        "/thematic/views", data={"csrf_token": csrf_of(browser), "title": " ", "state": SHARE}
    )
    assert answer.status_code == 422
    assert "请填写" in answer.get_data(as_text=True)
    assert browser.post("/thematic/views", data={"title": "x", "state": SHARE}).status_code == 403
    with Session(world.owner) as session:
        assert session.query(MapView).count() == 0


def test_hostile_names_show_as_text(laid_out: World) -> None:
    """A title is never markup."""
    browser = laid_out.browser("county")
    assert save(browser, title="<img src=x onerror=alert(1)>") == 303
    assert "<img src=x" not in browser.get("/thematic/views").get_data(as_text=True)


def test_without_rows_the_page_says_so(world: World) -> None:
    """A mean of nothing is no map, and no failure."""
    with Session(world.owner) as session:
        assert session.query(Location).filter(Location.layer == "pv_stations").count() == 0
    page = world.browser("county").get("/thematic?layer=pv_stations&measure=mean:capacity_kwp")
    assert page.status_code == 200
    assert "没有可显示的数值" in page.get_data(as_text=True)
