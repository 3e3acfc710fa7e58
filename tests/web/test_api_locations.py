"""The API on locations: read, write with the row version, history, refusals."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from fuliang_gis.locations.registry import layer, layers
from tests.factories import FULIANG_VILLAGE, point, sample_values
from tests.web.conftest import World

LAYER = "pv_stations"
LIST = f"/api/v1/layers/{LAYER}/locations"
YAOLI = "360222105"
_BOW_TIE = [[117.2, 29.3], [117.3, 29.4], [117.2, 29.4], [117.3, 29.3], [117.2, 29.3]]


def values(**given: object) -> dict[str, Any]:
    """Return values for a new station."""
    return sample_values(layer(LAYER)) | given


def add(client: FlaskClient, world: World, who: str = "county", **given: object) -> dict[str, Any]:
    """Add a station and return its record."""
    body = {"values": values(**given), "geom": point()}
    response = client.post(LIST, json=body, headers=world.token(who))
    assert response.status_code == HTTPStatus.CREATED, response.get_data(as_text=True)
    record: dict[str, Any] = response.get_json()
    return record


def patch(
    client: FlaskClient,
    world: World,
    code: str,
    version: int | None,
    who: str = "county",
    **new: object,
) -> TestResponse:
    """Change values of a station."""
    headers = world.token(who) | ({"If-Match": f'"{version}"'} if version else {})
    return client.patch(f"{LIST}/{code}", json={"values": new}, headers=headers)


@pytest.mark.parametrize("name", layers())
def test_every_layer_is_created_and_read_back(world: World, name: str) -> None:
    """What is created through the API reads back equal, with its version as ETag."""
    client, token = world.app.test_client(), world.token("county")
    body = {"values": sample_values(layer(name)), "geom": point()}
    made = client.post(f"/api/v1/layers/{name}/locations", json=body, headers=token)
    assert made.status_code == HTTPStatus.CREATED
    read = client.get(made.headers["Location"], headers=token)
    assert read.status_code == HTTPStatus.OK
    assert read.get_json() == made.get_json()
    assert read.headers["ETag"] == made.headers["ETag"] == '"1"'
    assert read.get_json()["geom"] == point()


def test_a_held_version_is_sent_again(world: World) -> None:
    """The status changes while the version stays: who holds the version gets it whole again."""
    client = world.app.test_client()
    code = add(client, world)["code"]
    headers = world.token("county") | {"If-None-Match": '"1"'}
    again = client.get(f"{LIST}/{code}", headers=headers)
    assert again.status_code == HTTPStatus.OK
    assert again.get_json()["status"]["code"] == "no_duty"


def test_list_filters_sorts_and_pages(world: World) -> None:
    """A list holds the matches alone, in order, a page at a time, and counts all of them."""
    client, token = world.app.test_client(), world.token("county")
    for number in (3, 1, 2):
        add(client, world, name=f"分页样站{number}号")
    first = client.get(f"{LIST}?q=fyyz&sort=name&size=2", headers=token).get_json()
    second = client.get(f"{LIST}?q=分页样站&sort=name&size=2&page=2", headers=token).get_json()
    names = [item["name"] for item in first["items"] + second["items"]]
    assert names == ["分页样站1号", "分页样站2号", "分页样站3号"]
    assert first["total"] == second["total"] == 3
    down = client.get(f"{LIST}?q=分页样站&sort=name&descending=true", headers=token).get_json()
    assert [item["name"] for item in down["items"]] == names[::-1]
    nowhere = client.get(f"{LIST}?division={YAOLI}&q=分页样站", headers=token)
    assert nowhere.get_json()["total"] == 0


def test_a_township_reads_its_own_alone(world: World) -> None:
    """Another township's list, record and history do not exist for a township."""
    client = world.app.test_client()
    code = add(client, world)["code"]
    token = world.token("yaoli")
    assert client.get(f"{LIST}?q={code}", headers=token).get_json()["total"] == 0
    for address in (f"{LIST}/{code}", f"{LIST}/{code}/history"):
        assert client.get(address, headers=token).status_code == HTTPStatus.NOT_FOUND


def test_change_move_delete_restore_undo_are_all_in_the_history(world: World) -> None:
    """Each write raises the version by one and leaves who, what before and what after."""
    client, token = world.app.test_client(), world.token("county")
    record = add(client, world, name="旧名")
    at = f"{LIST}/{record['code']}"

    def headers(version: int) -> dict[str, str]:
        return token | {"If-Match": f'"{version}"'}

    assert (
        client.patch(at, json={"values": {"name": "新名"}}, headers=headers(1)).status_code == 200
    )
    place = {"geom": point(117.25, 29.37)}
    assert client.post(f"{at}/move", json=place, headers=headers(2)).get_json()["version"] == 3
    assert client.delete(f"{at}?reason=重复", headers=headers(3)).get_json()["deleted_at"]
    assert client.post(f"{at}/restore", headers=headers(4)).get_json()["deleted_at"] is None
    undone = client.post(f"{at}/undo", json={"to_version": 1}, headers=headers(5)).get_json()
    assert (undone["name"], undone["geom"], undone["version"]) == ("旧名", record["geom"], 6)
    changes = client.get(f"{at}/history", headers=token).get_json()["changes"]
    actions = [change["action"] for change in changes]
    assert actions == ["undo", "restore", "delete", "update", "update", "create"]
    assert changes[4]["before"] == {"name": "旧名"}
    assert changes[4]["after"] == {"name": "新名"}
    assert changes[4]["actor"] == world.actors["county"].display_name


def test_writing_needs_the_version_it_is_based_on(world: World) -> None:
    """Without If-Match nothing is written, and the answer says what is missing."""
    client = world.app.test_client()
    code = add(client, world)["code"]
    refused = patch(client, world, code, None, name="无版本")
    assert refused.status_code == HTTPStatus.PRECONDITION_REQUIRED
    assert refused.get_json()["code"] == "version_required"


def test_the_second_of_two_savers_sees_what_the_first_saved(world: World) -> None:
    """A stale version is refused with the record as it is now; nothing of it is written."""
    client = world.app.test_client()
    code = add(client, world)["code"]
    assert patch(client, world, code, 1, name="先保存").status_code == HTTPStatus.OK
    late = patch(client, world, code, 1, name="后保存", who="administrator")
    problem = late.get_json()
    assert (late.status_code, problem["code"]) == (HTTPStatus.CONFLICT, "conflict")
    assert (problem["current_version"], problem["current"]["name"]) == (2, "先保存")


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"nonsense": 1}, "nonsense", "unknown_field"),
        ({"name": ""}, "name", "required"),
        ({"name": None}, "name", "required"),
        ({"name": {"$ne": 1}}, None, None),
        ({"capacity_kwp": "很多"}, "capacity_kwp", "not_number"),
        ({"capacity_kwp": -1}, "capacity_kwp", "out_of_range"),
        ({"capacity_kwp": 10**400}, "capacity_kwp", "out_of_range"),
        ({"use_status": "flying"}, "use_status", "not_a_choice"),
        ({"survey_date": "2022-02-30"}, "survey_date", "not_date"),
        ({"division_code": "360222999999"}, "division_code", "unknown_division"),
        ({"version": 9}, "version", "unknown_field"),
        ({"review_state": "county_verified"}, "review_state", "unknown_field"),
    ],
)
def test_bad_values_are_refused_with_field_and_code(
    world: World, given: dict[str, object], field: str | None, code: str | None
) -> None:
    """Each bad value is named with its field, its code and words in both languages."""
    client = world.app.test_client()
    body = {"values": values() | given, "geom": point()}
    refused = client.post(LIST, json=body, headers=world.token("county"))
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    faults = refused.get_json()["errors"]
    assert all(fault["zh"] and fault["en"] for fault in faults)
    if field:
        assert (field, code) in {(fault["field"], fault["code"]) for fault in faults}


@pytest.mark.parametrize(
    "geom",
    [
        {"type": "Point", "coordinates": [29.3, 117.2]},
        {"type": "Point", "coordinates": [0, 0]},
        {"type": "Point", "coordinates": []},
        {"type": "Point", "coordinates": ["a", "b"]},
        {"type": "Blob", "coordinates": [1, 2]},
        {"type": "Polygon", "coordinates": [_BOW_TIE]},
        None,
    ],
)
def test_bad_places_are_refused(world: World, geom: object) -> None:
    """A place that is none, or not in the county, is refused and nothing is written."""
    body = {"values": values(), "geom": geom}
    client = world.app.test_client()
    refused = client.post(LIST, json=body, headers=world.token("county"))
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_full_width_digits_are_numbers(world: World) -> None:
    """Numbers typed with a Chinese keyboard are numbers."""
    client = world.app.test_client()
    assert add(client, world, capacity_kwp="３００")["capacity_kwp"] == 300


def test_a_taken_code_is_refused(world: World) -> None:
    """A code is used once in a layer."""
    client = world.app.test_client()
    code = add(client, world)["code"]
    body = {"values": values(code=code), "geom": point()}
    refused = client.post(LIST, json=body, headers=world.token("county"))
    assert (refused.status_code, refused.get_json()["field"]) == (HTTPStatus.CONFLICT, "code")


@pytest.mark.parametrize("who", ["yaoli", "viewer"])
@pytest.mark.parametrize("act", ["create", "update", "move", "delete", "restore", "undo"])
def test_writes_outside_ones_division_or_role_are_refused_and_audited(
    world: World, who: str, act: str
) -> None:
    """Nobody writes outside their division or role, and each try stands in the audit record."""
    client = world.app.test_client()
    at = f"{LIST}/{add(client, world)['code']}"
    headers = world.token(who) | {"If-Match": '"1"', "X-Request-ID": f"refusal-{who}-{act}"}
    requests = {
        "create": ("POST", LIST, {"values": values(), "geom": point()}),
        "update": ("PATCH", at, {"values": {"name": "越权"}}),
        "move": ("POST", f"{at}/move", {"geom": point()}),
        "delete": ("DELETE", f"{at}?reason=越权", None),
        "restore": ("POST", f"{at}/restore", None),
        "undo": ("POST", f"{at}/undo", {"to_version": 1}),
    }
    method, address, body = requests[act]
    refused = client.open(address, method=method, json=body, headers=headers)
    assert refused.status_code == HTTPStatus.FORBIDDEN
    query = text("select actor, outcome from audit_event where request_id = :id")
    with world.owner.connect() as connection:
        events = connection.execute(query, {"id": f"refusal-{who}-{act}"}).all()
    assert [tuple(event) for event in events] == [(world.actors[who].username, "refused")]
    unchanged = client.get(at, headers=world.token("county")).get_json()
    assert (unchanged["version"], unchanged["deleted_at"]) == (1, None)


def test_moving_a_location_into_another_township_is_refused(world: World) -> None:
    """A township may not hand its own location to a division that is not its own."""
    client = world.app.test_client()
    code = add(client, world, who="fuliang", division_code=FULIANG_VILLAGE)["code"]
    refused = patch(client, world, code, 1, who="fuliang", division_code="360222105")
    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert refused.get_json()["code"] == "outside_division"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", HTTPStatus.BAD_REQUEST),
        (b"[]", "application/json", HTTPStatus.BAD_REQUEST),
        (b'"{}"', "application/json", HTTPStatus.BAD_REQUEST),
        (b"\xff\xfe", "application/json", HTTPStatus.BAD_REQUEST),
        (b"values=1", "application/x-www-form-urlencoded", HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        (b"", "application/json", HTTPStatus.UNPROCESSABLE_ENTITY),
        (b" " * 1_000_001, "application/json", HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    ],
)
def test_unreadable_bodies_are_refused(
    world: World, body: bytes, content_type: str, status: HTTPStatus
) -> None:
    """A body that is no JSON object of at most 1 MB is refused for what it is."""
    client = world.app.test_client()
    token = world.token("county")
    refused = client.post(LIST, data=body, content_type=content_type, headers=token)
    assert refused.status_code == status
    assert refused.content_type.startswith("application/problem+json")


@pytest.mark.parametrize(
    "address", ["nowhere/locations", f"{LAYER}/locations/没有", "x%00y/locations"]
)
def test_unknown_things_are_not_found(world: World, address: str) -> None:
    """An unknown layer or code is 404 or an invalid name, never a failure."""
    response = world.app.test_client().get(
        f"/api/v1/layers/{address}", headers=world.token("county")
    )
    assert response.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
