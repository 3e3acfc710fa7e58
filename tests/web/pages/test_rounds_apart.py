"""Pages and API of locations that keep apart: found, chosen, saved, let go, refused."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.inspections.models import KeptApart, Obligation
from fuliang_gis.locations.models import Location
from tests.factories import FULIANG_TOWN
from tests.web.pages.conftest import Ground

NEW = "/rounds/apart/new"


@pytest.fixture(scope="module")
def places(ground: Ground) -> list[Location]:
    """Where works are owed, each once."""
    with Session(ground.world.owner, expire_on_commit=False) as session:
        owed = [session.get_one(Obligation, key).location_id for key in ground.owed[:4]]
        return [session.get_one(Location, key) for key in owed]


def _group(ground: Ground) -> KeptApart | None:
    with Session(ground.world.owner, expire_on_commit=False) as session:
        return session.scalars(select(KeptApart).order_by(KeptApart.id.desc())).first()


def test_a_group_is_found_chosen_saved_and_let_go(ground: Ground, places: list[Location]) -> None:
    """Without any script; what was chosen and typed stays through every step."""
    assert "还没有设置" in ground.page("/rounds/apart")
    first, second = places[:2]
    _, page = ground.post(NEW, {"q": first.code, "find": "1", "reason": "同一批水样"})
    assert f'name="add" value="{first.id}"' in page
    assert 'value="同一批水样"' in page
    form = {"q": second.code, "reason": "同一批水样", "location": [str(first.id)]}
    _, page = ground.post(NEW, form | {"add": str(second.id)})
    assert all(f'name="location" value="{one.id}"' in page for one in (first, second))
    assert f'name="add" value="{second.id}"' not in page
    both = {"location": [str(first.id), str(second.id)], "reason": "同一批水样"}
    _, page = ground.post(NEW, both | {"drop": str(first.id)})
    assert f'name="location" value="{first.id}"' not in page
    status, page = ground.post(NEW, both | {"save": "1"})
    assert (status, "已设置" in page, "同一批水样" in page) == (200, True, True)
    assert first.code in page
    made = _group(ground)
    assert made is not None
    assert made.division_code == FULIANG_TOWN
    assert "没有符合" in ground.page("/rounds/apart?q=无此点位")
    assert first.code in ground.page(f"/rounds/apart?q={second.code}")
    _, page = ground.post(f"/rounds/apart/{made.id}/remove", {})
    assert "可以排在同一天" in page
    assert _group(ground) is None
    history = ground.page("/rounds/apart/history")
    assert "设置不得同日的点位" in history
    assert "解除不得同日的点位" in history
    assert first.code in history


def test_what_is_wrong_is_told_and_nothing_is_lost(ground: Ground, places: list[Location]) -> None:
    """One location alone, no reason; the form comes back as it was."""
    form = {"location": [str(places[0].id)], "reason": "", "q": places[1].code, "save": "1"}
    status, page = ground.post(NEW, form)
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "请选 2～10 个点位" in page
    assert "请填写原因" in page
    assert f'name="location" value="{places[0].id}"' in page
    assert f'name="add" value="{places[1].id}"' in page
    assert _group(ground) is None


def test_who_does_not_plan_only_reads(ground: Ground) -> None:
    """A viewer has the list, no form, and is refused past it."""
    viewer = ground.world.browser("viewer")
    assert "新增一组" not in ground.page("/rounds/apart", viewer)
    assert viewer.get(NEW).status_code == HTTPStatus.FORBIDDEN
    assert ground.post(NEW, {"save": "1"}, viewer)[0] == HTTPStatus.FORBIDDEN
    assert ground.post("/rounds/apart/1/remove", {}, viewer)[0] == HTTPStatus.FORBIDDEN


def test_the_api_does_the_same(ground: Ground, places: list[Location]) -> None:
    """Made, read, found, refused twice, let go."""
    headers = ground.world.token("fuliang")
    client = ground.world.app.test_client()
    body = {"location_ids": [each.id for each in places[:3]], "reason": "同一位水管员"}
    made = client.post("/api/v1/kept-apart", json=body, headers=headers)
    assert made.status_code == HTTPStatus.CREATED
    told = made.get_json()
    assert {each["id"] for each in told["locations"]} == {each.id for each in places[:3]}
    assert client.get(made.headers["Location"], headers=headers).get_json() == told
    address = "/api/v1/kept-apart"
    listed = client.get(f"{address}?q={places[0].code}", headers=headers).get_json()
    assert (listed["total"], listed["items"]) == (1, [told])
    again = client.post(address, json=body, headers=headers)
    assert again.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert again.get_json()["errors"][0]["code"] == "duplicate"
    gone = client.delete(f"{address}/{told['id']}", headers=headers)
    assert (gone.status_code, gone.get_json()) == (HTTPStatus.OK, told)
    assert (
        client.get(f"{address}/{told['id']}", headers=headers).status_code == HTTPStatus.NOT_FOUND
    )
