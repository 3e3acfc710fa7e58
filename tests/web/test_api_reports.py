"""Reports over the API: open to all, judged by posts, answered once for each key."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis.inspections.models import Defect, ProblemReport
from fuliang_gis.locations.registry import layer
from tests.factories import make_location
from tests.web.conftest import World

JUDGEMENT = {"title": "门锁损坏", "category": "unlocked", "severity": "ordinary"}


@pytest.fixture(scope="module")
def address(world: World) -> str:
    """Where problems of a water project in 浮梁镇 are reported."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        found = make_location(session, world.actors["county"], layer("water_projects"))
    return f"/api/v1/layers/water_projects/locations/{found.code}/reports"


def report(world: World, address: str) -> dict[str, Any]:
    """Report a problem; return the receipt's document with the report's id."""
    answer = world.app.test_client().post(
        address,
        json={"text": f"门锁坏了 {uuid4().hex}"},
        environ_base={"REMOTE_ADDR": f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"},
    )
    assert answer.status_code == HTTPStatus.CREATED
    document: dict[str, Any] = answer.get_json()
    with Session(world.owner) as session:
        wanted = select(ProblemReport.id).where(ProblemReport.receipt == document["receipt"])
        return document | {"id": session.scalars(wanted).one()}


def test_anybody_reports_and_asks(world: World, address: str) -> None:
    """No account, no forgery token; the receipt answers at its address."""
    told = report(world, address)
    found = world.app.test_client().get(f"/api/v1/reports/receipts/{told['receipt']}")
    assert found.get_json() == {name: value for name, value in told.items() if name != "id"}
    assert "origin" not in found.text


def test_a_judgement_with_a_key_is_made_once(world: World, address: str) -> None:
    """Sent again it is answered the same; another one is refused."""
    told, header = report(world, address), world.token("fuliang")
    path, key = f"/api/v1/reports/{told['id']}/accept", {"Idempotency-Key": uuid4().hex}
    client = world.app.test_client()
    first, second = (client.post(path, json=JUDGEMENT, headers=header | key) for _ in range(2))
    assert first.get_json() == second.get_json()
    assert second.headers["Idempotency-Replayed"] == "true"
    with Session(world.owner) as session:
        same = (
            select(func.count())
            .select_from(Defect)
            .where(Defect.number == first.get_json()["defect_number"])
        )
        assert session.scalar(same) == 1
    again = client.post(path, json=JUDGEMENT, headers=header)
    assert (again.status_code, again.get_json()["code"]) == (HTTPStatus.CONFLICT, "wrong_state")


def test_the_list_is_the_divisions(world: World, address: str) -> None:
    """Its own post sees the report, another township's does not, a viewer may not ask."""
    told, client = report(world, address), world.app.test_client()

    def listed(who: str) -> set[int]:
        answer = client.get("/api/v1/reports", headers=world.token(who))
        return {item["id"] for item in answer.get_json()["items"]}

    assert told["id"] in listed("fuliang")
    assert listed("yaoli") == set()
    one = f"/api/v1/reports/{told['id']}"
    for who, status in (
        ("fuliang", HTTPStatus.OK),
        ("yaoli", HTTPStatus.NOT_FOUND),
        ("viewer", HTTPStatus.FORBIDDEN),
    ):
        assert client.get(one, headers=world.token(who)).status_code == status
    assert client.get(one).status_code == HTTPStatus.UNAUTHORIZED


def test_a_report_joins_a_defect_over_the_api(world: World, address: str) -> None:
    """And another is declined with its reason."""
    header, client = world.token("county"), world.app.test_client()
    first, second, third = (report(world, address)["id"] for _ in range(3))
    made = client.post(f"/api/v1/reports/{first}/accept", json=JUDGEMENT, headers=header)
    number = made.get_json()["defect_number"]
    body = {"defect_number": number}
    joined = client.post(f"/api/v1/reports/{second}/link", json=body, headers=header)
    assert joined.get_json()["defect_number"] == number
    declined = client.post(
        f"/api/v1/reports/{third}/refuse", json={"reply": "重复"}, headers=header
    )
    assert (declined.get_json()["state"], declined.get_json()["reply"]) == ("refused", "重复")


def test_reminders_are_counted_over_the_api(world: World, address: str) -> None:
    """The number of reports that wait for the post is among them."""
    before = world.app.test_client().get("/api/v1/reminders", headers=world.token("fuliang"))
    report(world, address)
    after = world.app.test_client().get("/api/v1/reminders", headers=world.token("fuliang"))
    assert after.get_json()["reports"] == before.get_json()["reports"] + 1
