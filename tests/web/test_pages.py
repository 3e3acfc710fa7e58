"""The pages: what a person sees, finds and can follow, without scripts too."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from html.parser import HTMLParser
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from fuliang_gis.locations import operations
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer, layers
from tests.factories import YAOLI_TOWN, point, sample_values
from tests.web.conftest import World, csrf_of

HOSTILE = "<img src=x onerror=alert(1)>\"'&"
PAGES = ["/", "/help", "/areas", *(f"/locations/{name}" for name in layers())]


class Inspector(HTMLParser):
    """Collects what the house forbids or wants of every page."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.outside: list[str] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.controls: list[dict[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        given = dict(attrs)
        self.inline += [n for n in given if n == "style" or n.startswith("on")]
        self.inline += [tag] if tag == "style" or (tag == "script" and "src" not in given) else []
        for name in ("src", "href", "action"):
            if (given.get(name) or "").startswith(("http:", "https:", "//")):
                self.outside.append(str(given[name]))
        if "id" in given:
            self.ids.append(str(given["id"]))
        if tag == "label" and given.get("for"):
            self.labelled.add(str(given["for"]))
        if tag in ("input", "select", "textarea") and given.get("type") not in (
            "hidden",
            "checkbox",
            "radio",
        ):
            self.controls.append(given)

    def handle_data(self, data: str) -> None:
        """Note what is read."""
        self.text += data


def inspect(page: str) -> Inspector:
    """Read one page."""
    found = Inspector()
    found.feed(page)
    return found


def place(
    world: World, of: str = "pv_stations", /, who: str = "county", **given: object
) -> Location:
    """Add a location of a layer."""
    actor = world.actors[who]
    with world.database.session(actor.account_id) as session:
        values: dict[str, Any] = sample_values(layer(of)) | given
        return operations.create(session, actor, of, values, point())


def read(client: FlaskClient, address: str) -> str:
    """Open a page."""
    response = client.get(address)
    assert response.status_code == HTTPStatus.OK, response.get_data(as_text=True)
    return response.get_data(as_text=True)


@pytest.fixture(scope="module")
def card_pages(world: World) -> list[str]:
    """Addresses of every page about one location of each layer."""
    tails = ("", "/card", "/edit", "/delete", "/history", "/undo/1")
    made = [(name, place(world, name).code) for name in layers()]
    cards = [f"/locations/{name}/{code}{tail}" for name, code in made for tail in tails]
    return cards + [f"/locations/{name}/new" for name in layers()]


def test_no_page_needs_anything_inline_or_from_outside(
    county: FlaskClient, card_pages: list[str]
) -> None:
    """Every page works under the strict policy: nothing inline, nothing from another host."""
    for address in PAGES + card_pages:
        page = inspect(read(county, address))
        assert (address, page.inline, page.outside) == (address, [], [])
        assert len(page.ids) == len(set(page.ids)), address


def test_every_input_has_a_label(county: FlaskClient, card_pages: list[str]) -> None:
    """Whoever hears a form instead of seeing it is told what each input is."""
    for address in PAGES + card_pages:
        page = inspect(read(county, address))
        unnamed = [c for c in page.controls if c.get("id") not in page.labelled]
        assert not [c for c in unnamed if "aria-label" not in c], address


@pytest.mark.parametrize("address", PAGES[:1] + PAGES[2:])
def test_a_stranger_is_sent_to_sign_in(world: World, address: str) -> None:
    """Pages show nothing before signing in, and the way back is kept."""
    response = world.browser().get(address)
    assert response.status_code == HTTPStatus.FOUND
    assert response.headers["Location"].startswith("/sign-in?next=")


def test_list_finds_by_name_code_and_initials(world: World, county: FlaskClient) -> None:
    """The search box takes part of a name, part of a code, or the pinyin initials."""
    found = place(world, name="瑶里高岭样站")
    for asked in ("高岭样", found.code[2:9], "ylgl", "YLGL"):
        page = read(county, f"/locations/pv_stations?q={quote(asked)}")
        assert "瑶里高岭样站" in page, asked
    assert "没有符合条件的" in read(county, "/locations/pv_stations?q=zzzz")


def test_list_filters_by_division_kind_and_status(world: World, county: FlaskClient) -> None:
    """Each filter narrows the list, and its choice stays chosen in the form."""
    kinds = [kind.value for kind in layer("water_projects").sheet.kinds]
    values = sample_values(layer("water_projects"), kind=kinds[1])
    place(world, "water_projects", **values | {"name": "筛选样点", "use_status": "idle"})
    wanted = f"?q=筛选样点&township=360222100&village=360222100201&kind={kinds[1]}&use_status=idle"
    page = read(county, f"/locations/water_projects{wanted}")
    assert "共 1 条" in page
    for value in ("360222100", "360222100201", kinds[1], "idle"):
        assert f'<option value="{value}" selected>' in page
    others = (
        f"kind={kinds[0]}",
        "use_status=lost",
        f"township={YAOLI_TOWN}",
        "review_state=returned",
    )
    for other in others:
        assert "共 0 条" in read(county, f"/locations/water_projects?q=筛选样点&{other}"), other


def test_list_sorts_and_pages_by_links_alone(world: World, county: FlaskClient) -> None:
    """Sorting and paging are links that keep the filter; the pages together hold every row."""
    for number in range(26):
        place(world, name=f"翻页{number:02d}")
    address = "/locations/pv_stations?q=翻页&size=25&sort=name"
    first, second = read(county, address), read(county, f"{address}&page=2")
    assert "第 1 / 2 页" in first
    assert 'rel="next"' in first
    assert ("翻页24" in first, "翻页25" in first, "翻页25" in second) == (True, False, True)
    down = read(county, f"{address}&descending=1")
    assert 'aria-sort="descending"' in down
    assert down.index("翻页25") < down.index("翻页24")
    assert "q=%E7%BF%BB%E9%A1%B5" in first.partition('rel="next"')[2][:200]


@pytest.mark.parametrize("sort", ["version", "geom", "password_hash", "name;drop table x", ""])
def test_a_list_is_not_sorted_by_what_it_does_not_show(county: FlaskClient, sort: str) -> None:
    """An unknown column is refused in words, or ignored when empty."""
    status = county.get(f"/locations/villages?sort={quote(sort)}").status_code
    assert status == (HTTPStatus.BAD_REQUEST if sort else HTTPStatus.OK)


def test_lists_and_cards_ask_the_database_a_fixed_number_of_times(
    world: World,
    county: FlaskClient,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    """However many rows a list has, it costs the same few statements; so does a card."""
    code = max(place(world, "water_projects", name=f"查询{n}").code for n in range(12))
    county.get("/help")
    counted = {}
    for size, address in ((0, "?q=nothing-here"), (12, "?q=查询")):
        with count_queries(world.database.engine) as seen:
            read(county, f"/locations/water_projects{address}")
        counted[size] = len(seen)
    with count_queries(world.database.engine) as seen:
        read(county, f"/locations/water_projects/{code}")
    assert counted[0] == counted[12] <= 6
    assert len(seen) <= 6


def test_card_shows_labels_units_and_path_in_chinese(world: World, county: FlaskClient) -> None:
    """A card shows every field by its label, choices by their words, numbers with their unit."""
    made = place(world, "water_projects", name="卡片样点")
    words = inspect(read(county, f"/locations/water_projects/{made.code}")).text
    sheet = layer("water_projects").sheet
    kind = made.kind  # type: ignore[attr-defined]
    for field in sheet.fields:
        assert (field.label.zh in words) is field.applies_to(kind), field.name
    assert "浮梁县 › 浮梁镇 › " in words
    assert "在用" in words
    assert "草稿" in words
    assert "m³/d" in words
    assert "water_projects" not in words


@pytest.mark.parametrize("tail", ["", "/card", "/edit", "/history", "/delete", "/undo/1"])
def test_hostile_names_show_as_text(world: World, county: FlaskClient, tail: str) -> None:
    """A name that is markup is shown, never run."""
    made = place(world, name=HOSTILE, note=HOSTILE)
    page = read(county, f"/locations/pv_stations/{made.code}{tail}")
    assert "<img src=x" not in page
    assert inspect(page).inline == []
    assert "<img src=x" not in read(county, "/locations/pv_stations?q=onerror")


def test_another_townships_location_is_not_found(world: World) -> None:
    """A township's people find neither the card nor its row of another township."""
    made = place(world, name="他镇样站")
    browser = world.browser("yaoli")
    for tail in ("", "/card", "/edit", "/history", "/delete", "/undo/1"):
        address = f"/locations/pv_stations/{made.code}{tail}"
        assert browser.get(address).status_code == HTTPStatus.NOT_FOUND
    assert "共 0 条" in read(browser, "/locations/pv_stations?q=他镇样站")
    assert "浮梁镇" not in read(browser, "/locations/pv_stations")


def test_a_viewer_sees_no_way_to_write(world: World) -> None:
    """Who may not write is offered no button for it."""
    made = place(world)
    page = read(world.browser("viewer"), f"/locations/pv_stations/{made.code}")
    assert "/edit" not in page
    assert "/delete" not in page
    assert "新增" not in inspect(read(world.browser("viewer"), "/locations/pv_stations")).text


def test_every_page_says_when_data_is_invented(world: World, county: FlaskClient) -> None:
    """While invented rows are held, each page says so."""
    made = place(world)
    world.app.extensions.pop("fuliang_invented", None)
    assert "演示数据" not in read(county, "/help")
    with world.owner.begin() as connection:
        row = {"id": made.id}
        connection.execute(text("update location set invented = true where id = :id"), row)
    world.app.extensions.pop("fuliang_invented", None)
    for address in PAGES:
        assert "演示数据" in read(county, address), address
    refused = county.post("/locations/pv_stations/new", data={"csrf_token": csrf_of(county)})
    assert refused.status_code == 422
    assert "演示数据" in refused.get_data(as_text=True)
    assert "虚构" in read(county, f"/locations/pv_stations/{made.code}")
    with world.owner.begin() as connection:
        connection.execute(text("update location set invented = false where id = :id"), row)
    world.app.extensions.pop("fuliang_invented", None)


def test_areas_lists_every_division_and_says_what_is_invented(county: FlaskClient) -> None:
    """The tree holds the 18 townships and 197 villages, and says that boundaries are invented."""
    page = read(county, "/areas")
    assert (page.count('<details class="panel"'), page.count("<li>")) == (18, 197)
    assert "并非勘定界线" in page


@pytest.mark.filterwarnings("error")
def test_an_unchanged_file_is_closed_again(world: World) -> None:
    """A static file that a browser still has is answered without a body, and without a leak."""
    client = world.app.test_client()
    first = client.get("/static/icon.svg")
    first.close()
    tagged = {"If-None-Match": first.headers["ETag"]}
    with world.app.test_request_context("/static/icon.svg", headers=tagged):
        answer = world.app.send_static_file("icon.svg")
    assert answer.status_code == HTTPStatus.NOT_MODIFIED
    opened = answer.response.file  # type: ignore[union-attr]  # What the library wraps.
    assert opened.closed
