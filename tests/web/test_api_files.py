"""Photos of problems and papers of disposals over the API and the pages: who, when, how often."""

from __future__ import annotations

import io
from collections.abc import Mapping
from io import BytesIO
from types import MappingProxyType
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fuliang_gis.inspections.defects import operations
from fuliang_gis.inspections.defects.given import Assignment, Feedback, MeasureGiven
from fuliang_gis.inspections.models import Attachment, Defect, Disposal
from fuliang_gis.inspections.visits.files import FILE_LIMIT
from tests.inspections.pictures import MAKER, multipart, phone_picture, picture
from tests.web.conftest import World, csrf_of
from tests.web.test_defects import found
from tests.web.test_disposals import in_state

NOTHING: Mapping[str, str] = MappingProxyType({})


def send(
    world: World,
    who: str,
    address: str,
    content: bytes,
    name: str = "IMG.jpg",
    *,
    headers: Mapping[str, str] = NOTHING,
    **fields: object,
) -> TestResponse:
    """Send one picture for a person."""
    body, kind = multipart(content, name, **fields)
    sent = {**world.token(who), **headers}
    return world.app.test_client().post(
        f"/api/v1{address}", data=body, content_type=kind, headers=sent
    )


def read(world: World, who: str, address: str) -> dict[str, Any]:
    """Read a document for a person."""
    answer = world.app.test_client().get(f"/api/v1{address}", headers=world.token(who))
    document: dict[str, Any] = answer.get_json()
    return document


def assigned(world: World) -> Defect:
    """A problem of 浮梁镇 with two measures, given to its owner."""
    defect = found(world, measures=[MeasureGiven("换锁"), MeasureGiven("护栏")])
    actor, given = world.actors["county"], Assignment(owner_name="浮梁镇管护员")
    with world.database.session(actor.account_id) as session:
        return operations.assign(session, actor, defect.number, given, expected_version=1)


def report(world: World, who: str, defect: Defect, ordinal: int, version: int) -> None:
    """Report one measure as carried out."""
    actor = world.actors[who]
    with world.database.session(actor.account_id) as session:
        operations.fix(
            session, actor, defect.number, ordinal, Feedback("已办"), expected_version=version
        )


def test_photos_before_and_after_are_listed_by_measure(world: World) -> None:
    """What the township sends is listed, told in the way, shown on the page, and fetched bare."""
    defect = assigned(world)
    address = f"/defects/{defect.number}/photos"
    before = send(world, "fuliang", address, phone_picture(), role="before")
    assert before.status_code == 201, before.get_json()
    after = send(world, "fuliang", address, picture(seed=7), role="after", measure=2)
    assert (after.status_code, after.get_json()["measures"]) == (201, [2])
    report(world, "fuliang", defect, 2, 2)
    late = send(world, "fuliang", address, picture(seed=8), role="after", measure=2)
    assert late.status_code == 201
    listed = read(world, "viewer", address)["photos"]
    assert [(each["role"], each["measures"]) for each in listed] == [
        ("before", []),
        ("after", [2]),
        ("after", [2]),
    ]
    document = read(world, "viewer", f"/defects/{defect.number}")
    assert document["photos"] == listed
    assert document["version"] == 3
    assert [each["text"] for each in document["events"] if each["action"] == "comment"] == [
        "补充整改前照片 1 张",
        "补充整改后照片 1 张",
        "补充整改后照片 1 张",
    ]
    page = world.browser("county").get(f"/defects/{defect.number}").get_data(as_text=True)
    assert all(f"/files/{each['digest']}/thumbnail" in page for each in listed)
    assert "整改后" in page


def test_copies_carry_no_metadata_and_the_original_is_for_the_office(world: World) -> None:
    """A token fetches what a browser would; another township finds nothing."""
    defect = found(world)
    sent = send(
        world, "fuliang", f"/defects/{defect.number}/photos", phone_picture(), role="before"
    ).get_json()
    assert sent["taken_at"].startswith("2026-11-20T09:30:00")
    assert "exif" not in sent

    def fetch(who: str, form: str) -> TestResponse:
        client = world.app.test_client()
        return client.get(sent[form], headers=world.token(who), buffered=True)

    public = fetch("viewer", "public")
    assert (public.status_code, public.mimetype) == (200, "image/jpeg")
    assert MAKER.encode() not in public.data
    assert max(Image.open(BytesIO(fetch("viewer", "thumbnail").data)).size) <= 320
    assert fetch("viewer", "original").get_json()["code"] == "forbidden"
    assert MAKER.encode() in fetch("fuliang", "original").data
    assert fetch("yaoli", "public").status_code == 404


def test_an_upload_sent_again_is_kept_once(world: World) -> None:
    """By its key it is answered alike; without one the same picture still counts once."""
    defect = assigned(world)
    address, key = f"/defects/{defect.number}/photos", {"Idempotency-Key": "photo-1"}
    told: dict[str, Any] = {"role": "after", "measure": 1}
    first = send(world, "fuliang", address, picture(seed=9), headers=key, **told)
    again = send(world, "fuliang", address, picture(seed=9), headers=key, **told)
    assert again.get_json() == first.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = send(world, "fuliang", address, picture(seed=10), headers=key, **told)
    assert (other.status_code, other.get_json()["code"]) == (422, "key_reused")
    send(world, "fuliang", address, picture(seed=9), **told)
    second = send(world, "fuliang", address, picture(seed=9), role="after", measure=2)
    assert second.get_json()["measures"] == [1, 2]
    with world.database.session() as session:
        kept = select(func.count()).where(Attachment.defect_id == defect.id)
        assert session.scalar(kept) == 1
    assert len(read(world, "fuliang", f"/defects/{defect.number}")["events"]) == 4


def test_heic_is_taken_over_the_api(world: World) -> None:
    """As iPhones take it; its copies are JPEG."""
    defect = found(world)
    sent = send(
        world,
        "fuliang",
        f"/defects/{defect.number}/photos",
        picture("HEIF"),
        "IMG_1.HEIC",
        role="before",
    )
    assert (sent.status_code, sent.get_json()["mime"]) == (201, "image/heic")


_FINE = picture(seed=11)


@pytest.mark.parametrize(
    ("who", "content", "fields", "status", "code"),
    [
        ("viewer", _FINE, {"role": "before"}, 403, "forbidden"),
        ("yaoli", _FINE, {"role": "before"}, 403, "outside_division"),
        ("fuliang", _FINE, {"role": "after"}, 422, "invalid"),
        ("fuliang", _FINE, {"role": "before", "measure": 1}, 422, "invalid"),
        ("fuliang", _FINE, {"role": "after", "measure": 9}, 404, "not_found"),
        ("fuliang", _FINE, {"role": "sideways"}, 422, "invalid"),
        ("fuliang", b"<svg/>", {"role": "before"}, 422, "file_refused"),
        ("fuliang", phone_picture((900, 900))[:9000], {"role": "before"}, 422, "file_refused"),
        ("fuliang", phone_picture() + bytes(FILE_LIMIT), {"role": "before"}, 413, "too_large"),
    ],
    ids=[
        "a viewer",
        "another township",
        "after what",
        "before a measure",
        "no such measure",
        "no such side",
        "no picture",
        "cut off",
        "too large",
    ],
)
def test_photos_that_are_refused(
    world: World, who: str, content: bytes, fields: dict[str, Any], status: int, code: str
) -> None:
    """Each refusal has its status and code, and leaves nothing."""
    defect = assigned(world)
    answer = send(world, who, f"/defects/{defect.number}/photos", content, **fields)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert read(world, "county", f"/defects/{defect.number}/photos") == {"photos": []}


@pytest.mark.parametrize(
    "address", ["/defects/WT-2020-99999/photos", "/disposals/99999/attachments"]
)
def test_what_is_not_there_takes_no_file(world: World, address: str) -> None:
    """Whether it is asked for its files or sent one."""
    assert read(world, "county", address)["code"] == "not_found"
    answer = send(world, "county", address, _FINE, role="before")
    assert answer.get_json()["code"] == "not_found"


def test_a_verified_measure_and_a_closed_problem_take_no_more_photos(world: World) -> None:
    """What has been judged stays as it was judged."""
    defect = assigned(world)
    address = f"/defects/{defect.number}/photos"
    report(world, "fuliang", defect, 1, 2)
    report(world, "fuliang", defect, 2, 3)
    county = world.actors["county"]
    with world.database.session(county.account_id) as session:
        operations.verify(session, county, defect.number, 1, expected_version=4)
    refused = send(world, "fuliang", address, _FINE, role="after", measure=1)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "wrong_state")
    assert send(world, "fuliang", address, _FINE, role="after", measure=2).status_code == 201
    with world.database.session(county.account_id) as session:
        operations.verify(session, county, defect.number, 2, expected_version=5)
        operations.close(session, county, defect.number, expected_version=6)
    refused = send(world, "fuliang", address, _FINE, role="before")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "wrong_state")


def test_the_page_of_a_problem_takes_further_photos(world: World) -> None:
    """From those whom it shows the form; the refusal of none chosen says what to do."""
    defect = assigned(world)
    report(world, "fuliang", defect, 1, 2)
    client = world.browser("fuliang")
    page = client.get(f"/defects/{defect.number}").get_data(as_text=True)
    assert page.count("补充照片") == 2
    viewed = world.browser("viewer").get(f"/defects/{defect.number}").get_data(as_text=True)
    assert "补充照片" not in viewed
    form = {"csrf_token": csrf_of(client), "version": "3", "measure": "1"}
    address = f"/defects/{defect.number}/photos"
    none = client.post(address, data=form)
    assert (none.status_code, "请选择照片" in none.get_data(as_text=True)) == (422, True)
    two = [(io.BytesIO(picture(seed=seed)), "后.jpg") for seed in (12, 13)]
    assert client.post(address, data=form | {"photos": two}).status_code == 303
    assert [each["measures"] for each in read(world, "fuliang", address)["photos"]] == [[1], [1]]
    events = read(world, "fuliang", f"/defects/{defect.number}")["events"]
    assert [each["text"] for each in events if each["action"] == "comment"] == [
        "补充整改后照片 2 张"
    ]


# --- papers of disposals ---


def disposal_of(world: World, state: str) -> tuple[int, str]:
    """Return the id of a disposal in that state, and the address of its asset's page."""
    place = in_state(world, state)
    with Session(world.owner) as session:
        wanted = select(Disposal.id).where(Disposal.location_id == place.id)
        return session.scalars(wanted).one(), f"/disposals/{place.layer}/{place.code}"


def test_papers_of_a_disposal_are_added_listed_and_shown(world: World) -> None:
    """Once each, with what they show and who added them; on the page as well."""
    key, page = disposal_of(world, "approved")
    address = f"/disposals/{key}/attachments"
    told: dict[str, Any] = {"headers": {"Idempotency-Key": "paper-1"}, "caption": "批准文件"}
    first = send(world, "fuliang", address, picture(seed=20), "批文.jpg", **told)
    assert first.status_code == 201, first.get_json()
    again = send(world, "fuliang", address, picture(seed=20), "批文.jpg", **told)
    assert again.headers["Idempotency-Replayed"] == "true"
    send(world, "county", address, picture(seed=20))
    listed = read(world, "viewer", address)["attachments"]
    assert [(each["caption"], each["uploaded_by"]) for each in listed] == [("批准文件", "测试岗位")]
    shown = world.browser("viewer").get(page).get_data(as_text=True)
    assert f"/files/{listed[0]['digest']}/thumbnail" in shown
    assert "批准文件" in shown
    assert "添加附件" not in shown
    client = world.browser("fuliang")
    assert "添加附件" in client.get(page).get_data(as_text=True)
    form: dict[str, Any] = {"csrf_token": csrf_of(client), "id": str(key), "caption": "收据"}
    none = client.post(f"{page}/attach", data=form)
    assert (none.status_code, "请选择要上传的图片" in none.get_data(as_text=True)) == (422, True)
    form["files"] = (io.BytesIO(b"no picture"), "收据.jpg")
    assert client.post(f"{page}/attach", data=form).status_code == 422
    form["files"] = (io.BytesIO(picture(seed=21)), "收据.jpg")
    assert client.post(f"{page}/attach", data=form).status_code == 303
    assert len(read(world, "viewer", address)["attachments"]) == 2


@pytest.mark.parametrize(
    ("state", "who", "status", "code"),
    [
        ("proposed", "viewer", 403, "forbidden"),
        ("proposed", "yaoli", 403, "outside_division"),
        ("refused", "fuliang", 409, "wrong_state"),
        ("withdrawn", "county", 409, "wrong_state"),
    ],
)
def test_papers_that_are_refused(
    world: World, state: str, who: str, status: int, code: str
) -> None:
    """By role, division and state."""
    key, _ = disposal_of(world, state)
    answer = send(world, who, f"/disposals/{key}/attachments", _FINE)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert read(world, "county", f"/disposals/{key}/attachments") == {"attachments": []}
