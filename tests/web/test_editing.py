"""Writing through forms: what is typed stays, faults stand by their field, nobody overwrites."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fuliang_gis.locations import queries
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer, layers
from tests.factories import point, sample_values
from tests.web.conftest import World, csrf_of
from tests.web.test_pages import HOSTILE, Inspector, place, read

LAYER = "pv_stations"


class FormReader(Inspector):
    """Collects what a browser would send from a page's last form."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one input, chosen option or text area."""
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self.sent = {}
        elif tag == "select":
            self._select = name
            self.sent[name] = [""]
        elif tag == "option" and self._select and "selected" in given:
            self.sent[self._select] = [given["value"]]
        elif tag == "textarea":
            self._area = name
            self.sent[name] = [""]
        elif (
            tag == "input"
            and name
            and (given.get("type") not in ("checkbox", "radio") or "checked" in given)
        ):
            self.sent.setdefault(name, []).append(given.get("value", ""))

    def handle_data(self, data: str) -> None:
        """Note what stands in a text area."""
        if self._area:
            self.sent[self._area] = [data]

    def handle_endtag(self, tag: str) -> None:
        """Leave a select or text area."""
        self._select = None if tag == "select" else self._select
        self._area = None if tag == "textarea" else self._area


def form_of(page: str) -> dict[str, list[str]]:
    """Return what a browser would send from the page's form as it stands."""
    found = FormReader()
    found.feed(page)
    return found.sent


def current(world: World, code: str, name: str = LAYER) -> Location:
    """Return a location as it is now."""
    with world.database.session() as session:
        return queries.get(session, world.actors["county"], name, code)


def edit(client: FlaskClient, at: str, /, **typed: object) -> TestResponse:
    """Open the form, type over some fields, and send it."""
    sent = form_of(read(client, f"/locations/{LAYER}/{at}/edit"))
    data: dict[str, Any] = sent | typed
    return client.post(f"/locations/{LAYER}/{at}/edit", data=data)


@pytest.mark.parametrize("name", layers())
def test_a_form_sent_as_it_stands_changes_nothing(
    world: World, county: FlaskClient, name: str
) -> None:
    """Opening a form and saving it unchanged makes no new version, in any layer."""
    made = place(world, name)
    at = f"/locations/{name}/{made.code}"
    saved = county.post(f"{at}/edit", data=form_of(read(county, f"{at}/edit")))
    assert saved.status_code == HTTPStatus.SEE_OTHER, saved.get_data(as_text=True)
    assert current(world, made.code, name).version == 1


@pytest.mark.parametrize("name", layers())
def test_a_new_location_is_added_by_its_form(county: FlaskClient, name: str) -> None:
    """The form of each layer adds a location with what was typed."""
    sent = form_of(read(county, f"/locations/{name}/new"))
    values = sample_values(layer(name))
    typed = {n: "true" if v is True else v for n, v in values.items()}
    data = sent | typed | {"geom": json.dumps(point())}
    added = county.post(f"/locations/{name}/new", data=data)
    assert added.status_code == HTTPStatus.SEE_OTHER, added.get_data(as_text=True)
    assert added.headers["Location"] == f"/locations/{name}/{values['code']}"
    assert "已新增" in read(county, added.headers["Location"])


def test_only_what_was_changed_is_written(world: World, county: FlaskClient) -> None:
    """A saved form leaves one history entry with the changed fields alone."""
    made = place(world, name="原名")
    assert edit(county, made.code, name="改名").status_code == HTTPStatus.SEE_OTHER
    with world.database.session() as session:
        entry = queries.history(session, current(world, made.code))[0]
    assert (entry.before, entry.after) == ({"name": "原名"}, {"name": "改名"})
    history = read(county, f"/locations/{LAYER}/{made.code}/history")
    assert "<del>原名</del>" in history
    assert "<ins>改名</ins>" in history


def test_a_faulty_form_keeps_what_was_typed(world: World, county: FlaskClient) -> None:
    """Faults stand next to their field, in Chinese; nothing typed is lost, nothing is saved."""
    made = place(world)
    refused = edit(county, made.code, name=HOSTILE, capacity_kwp="很多", use_status="nonsense")
    page = refused.get_data(as_text=True)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "应为数字" in page.partition('name="capacity_kwp"')[2][:900]
    assert 'value="很多"' in page
    assert form_of(page)["name"] == [HOSTILE]
    assert current(world, made.code).version == 1


def test_full_width_digits_are_taken(world: World, county: FlaskClient) -> None:
    """Numbers typed with a Chinese keyboard are numbers."""
    made = place(world)
    assert edit(county, made.code, capacity_kwp="２８０").status_code == HTTPStatus.SEE_OTHER
    assert current(world, made.code).capacity_kwp == 280  # type: ignore[attr-defined]


def test_unknown_fields_are_refused(world: World, county: FlaskClient) -> None:
    """A field that the layer does not have is refused, not ignored."""
    made = place(world)
    for name in ("invented", "deleted_at", "review_state", "created_by", "nonsense"):
        refused = edit(county, made.code, **{name: "1"})
        assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, name


@pytest.mark.parametrize("geom", ["", "{", '{"type":"Point","coordinates":[1,2]}', "[]", "null"])
def test_a_new_location_needs_a_place(county: FlaskClient, geom: str) -> None:
    """Without a place in the county the form comes back with what was typed."""
    sent = form_of(read(county, f"/locations/{LAYER}/new"))
    values = {n: "true" if v is True else v for n, v in sample_values(layer(LAYER)).items()}
    refused = county.post(f"/locations/{LAYER}/new", data=sent | values | {"geom": geom})
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert form_of(refused.get_data(as_text=True))["code"] == [values["code"]]


def test_a_place_can_be_typed_without_scripts(county: FlaskClient) -> None:
    """Longitude and latitude typed by hand make a point."""
    sent = form_of(read(county, f"/locations/{LAYER}/new"))
    values = {n: "true" if v is True else v for n, v in sample_values(layer(LAYER)).items()}
    typed = {"geom": "", "longitude": "117.247", "latitude": " 29.376 "}
    added = county.post(f"/locations/{LAYER}/new", data=sent | values | typed)
    assert added.status_code == HTTPStatus.SEE_OTHER, added.get_data(as_text=True)


def test_a_taken_code_is_told_beside_the_field(world: World, county: FlaskClient) -> None:
    """A code that somebody else uses is refused where it was typed."""
    made, other = place(world), place(world)
    refused = edit(county, made.code, code=other.code)
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "已被使用" in refused.get_data(as_text=True)


def test_two_people_saving_at_once_choose_field_by_field(world: World) -> None:
    """The second saver sees both values of each field they changed, chooses, and saves that."""
    made = place(world, name="原名", note="原注")
    first, second = world.browser("county"), world.browser("administrator")
    stale = form_of(read(second, f"/locations/{LAYER}/{made.code}/edit"))
    edit(first, made.code, name="甲的名", note="甲的注")
    late = second.post(
        f"/locations/{LAYER}/{made.code}/edit", data=stale | {"name": "乙的名", "note": "乙的注"}
    )
    page = late.get_data(as_text=True)
    assert late.status_code == HTTPStatus.CONFLICT
    for words in ("甲的名", "乙的名", "甲的注", "乙的注"):
        assert words in page
    chosen = form_of(page) | {"pick.note": ["theirs"]}
    saved = second.post(f"/locations/{LAYER}/{made.code}/edit", data=chosen)
    assert saved.status_code == HTTPStatus.SEE_OTHER
    now = current(world, made.code)
    assert (now.name, now.note, now.version) == ("乙的名", "甲的注", 3)


def test_deleting_needs_a_reason_and_can_be_taken_back(world: World, county: FlaskClient) -> None:
    """A deleted location leaves the list, keeps its card and history, and comes back."""
    made = place(world, name="待删样站")
    at = f"/locations/{LAYER}/{made.code}"
    form = form_of(read(county, f"{at}/delete"))
    assert county.post(f"{at}/delete", data=form | {"reason": " "}).status_code == 422
    assert county.post(f"{at}/delete", data=form | {"reason": "重复登记"}).status_code == 303
    assert "共 0 条" in read(county, f"/locations/{LAYER}?q=待删样站")
    assert "重复登记" in read(county, at)
    restored = county.post(f"{at}/restore", data=form_of_restore(read(county, f"{at}/history")))
    assert restored.status_code == HTTPStatus.SEE_OTHER
    assert "共 1 条" in read(county, f"/locations/{LAYER}?q=待删样站")


def form_of_restore(page: str) -> dict[str, list[str]]:
    """Return the form that brings a location back."""
    return form_of(
        page.partition("/restore")[0].rpartition("<form")[1] + page.partition("/restore")[2]
    )


def test_a_version_is_set_back_after_asking(world: World, county: FlaskClient) -> None:
    """Undo asks first, then makes the earlier values the newest version."""
    made = place(world, name="第一版名")
    edit(county, made.code, name="第二版名")
    at = f"/locations/{LAYER}/{made.code}/undo/1"
    undone = county.post(at, data=form_of(read(county, at)))
    assert undone.status_code == HTTPStatus.SEE_OTHER
    now = current(world, made.code)
    assert (now.name, now.version) == ("第一版名", 3)


def test_a_township_may_not_give_a_location_away(world: World) -> None:
    """Writing into another township is refused beside the division, and what was typed stays."""
    made = place(world, who="fuliang")
    refused = edit(world.browser("fuliang"), made.code, name="留着", division_code="360222105")
    page = refused.get_data(as_text=True)
    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert "不在您的管辖范围" in page
    assert form_of(page)["name"] == ["留着"]


@pytest.mark.parametrize("tail", ["edit", "delete", "undo/1", "restore"])
@pytest.mark.parametrize("who", ["yaoli", "viewer"])
def test_nobody_writes_outside_division_or_role(world: World, who: str, tail: str) -> None:
    """A form sent to somebody else's location is refused, whatever the page offered."""
    made, browser = place(world), world.browser(who)
    data = {"csrf_token": csrf_of(browser), "version": "1", "name": "越权", "reason": "越权"}
    refused = browser.post(f"/locations/{LAYER}/{made.code}/{tail}", data=data)
    assert refused.status_code in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
    assert current(world, made.code).version == 1


@pytest.mark.parametrize("tail", ["new", "x/edit", "x/delete", "x/undo/1", "x/restore"])
def test_forms_need_their_token(county: FlaskClient, tail: str) -> None:
    """A form that another site sends in the person's name is refused before anything is read."""
    refused = county.post(f"/locations/{LAYER}/{tail}", data={"name": "伪造"})
    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert "页面已过期" in refused.get_data(as_text=True)
