"""Writes with an Idempotency-Key are done exactly once, whoever asks how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from uuid import uuid4

import pytest
from sqlalchemy import text

from fuliang_gis.locations.registry import layer
from tests.factories import point, sample_values
from tests.web.conftest import World

LAYER = "pv_stations"
LIST = f"/api/v1/layers/{LAYER}/locations"


def body() -> dict[str, object]:
    """Return a request for a new station."""
    return {"values": sample_values(layer(LAYER)), "geom": point()}


def count(world: World, code: object) -> int:
    """Count the rows and the history of a code."""
    query = text(
        "select count(*) from location l join location_change c on c.location_id = l.id "
        "where l.code = :code"
    )
    with world.owner.connect() as connection:
        return int(connection.execute(query, {"code": code}).scalar_one())


def test_the_same_key_and_request_give_the_first_answer_again(world: World) -> None:
    """A repeated write is not done again; its answer is the first one, marked as replayed."""
    headers = world.token("county") | {"Idempotency-Key": uuid4().hex}
    client, sent = world.app.test_client(), body()
    first = client.post(LIST, json=sent, headers=headers)
    again = client.post(LIST, json=sent, headers=headers)
    assert first.status_code == again.status_code == HTTPStatus.CREATED
    assert again.get_json() == first.get_json()
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert count(world, first.get_json()["code"]) == 1


@pytest.mark.parametrize("changed", ["body", "version", "address"])
def test_the_same_key_with_another_request_is_refused(world: World, changed: str) -> None:
    """A key stands for one request: another body, version or address is refused unwritten."""
    client, token = world.app.test_client(), world.token("county")
    codes = [client.post(LIST, json=body(), headers=token).get_json()["code"] for _ in "ab"]
    key = {"Idempotency-Key": uuid4().hex}
    sent = {"address": codes[0], "version": '"1"', "name": "一"}
    other = (
        sent
        | {"body": {"name": "二"}, "version": {"version": '"2"'}, "address": {"address": codes[1]}}[
            changed
        ]
    )

    def patch(asked: dict[str, str]) -> tuple[int, str | None]:
        headers = token | key | {"If-Match": asked["version"]}
        values = {"values": {"name": asked["name"]}}
        response = client.patch(f"{LIST}/{asked['address']}", json=values, headers=headers)
        return response.status_code, response.get_json().get("code")

    assert patch(sent)[0] == HTTPStatus.OK
    assert patch(other) == (HTTPStatus.UNPROCESSABLE_ENTITY, "key_reused")
    assert count(world, codes[0]) == 2


def test_a_refused_write_keeps_no_answer(world: World) -> None:
    """After a refusal the same key may carry the corrected request."""
    client, sent = world.app.test_client(), body()
    headers = world.token("county") | {"Idempotency-Key": uuid4().hex}
    wrong = {**sent, "values": {**sent["values"], "name": ""}}  # type: ignore[dict-item]
    assert client.post(LIST, json=wrong, headers=headers).status_code == 422
    assert client.post(LIST, json=sent, headers=headers).status_code == HTTPStatus.CREATED


def test_two_people_may_use_the_same_key(world: World) -> None:
    """A key belongs to its account."""
    key, client = {"Idempotency-Key": uuid4().hex}, world.app.test_client()
    answers = [
        client.post(LIST, json=body(), headers=world.token(who) | key)
        for who in ("county", "administrator")
    ]
    assert [answer.status_code for answer in answers] == [HTTPStatus.CREATED] * 2


def test_many_at_once_are_done_once(world: World) -> None:
    """Eight equal requests at the same moment write one row and get one answer."""
    headers, sent = world.token("county") | {"Idempotency-Key": uuid4().hex}, body()
    with ThreadPoolExecutor(8) as pool:
        tries = [
            pool.submit(lambda: world.app.test_client().post(LIST, json=sent, headers=headers))
            for _ in range(8)
        ]
        answers = [each.result() for each in tries]
    assert {answer.status_code for answer in answers} == {HTTPStatus.CREATED}
    assert len({answer.get_data() for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 7
    assert count(world, answers[0].get_json()["code"]) == 1


def test_many_savers_of_one_version_have_one_winner(world: World) -> None:
    """Of eight people who save the same version at once, one saves and seven see the conflict."""
    client, token = world.app.test_client(), world.token("county")
    code = client.post(LIST, json=body(), headers=token).get_json()["code"]

    def save(number: int) -> int:
        headers = token | {"If-Match": '"1"'}
        values = {"values": {"name": f"第{number}人"}}
        return (
            world.app.test_client()
            .patch(f"{LIST}/{code}", json=values, headers=headers)
            .status_code
        )

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(save, range(8)))
    assert statuses == [HTTPStatus.OK] + [HTTPStatus.CONFLICT] * 7
    assert count(world, code) == 2


def test_many_creators_of_one_code_have_one_winner(world: World) -> None:
    """Of eight people who take the same new code at once, one gets it and seven are told."""
    token, sent = world.token("county"), body()
    with ThreadPoolExecutor(8) as pool:
        tries = [
            pool.submit(lambda: world.app.test_client().post(LIST, json=sent, headers=token))
            for _ in range(8)
        ]
        statuses = sorted(each.result().status_code for each in tries)
    assert statuses == [HTTPStatus.CREATED] + [HTTPStatus.CONFLICT] * 7
