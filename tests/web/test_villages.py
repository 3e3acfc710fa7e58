"""The pages of key villages over HTTP: who may see them, what they send, under which policy."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from fuliang_gis.locations.registry import layer
from tests.factories import make_location, point
from tests.web.conftest import World

VILLAGE = "360222100205"
ABROAD = "360222105201"
PATHS = ("", "/map", "/saved-map")
HOSTILE = "<script>window.hit=1</script>"


@pytest.fixture(scope="module", autouse=True)
def laid_out(world: World) -> None:
    """Two key villages in two townships, one of them with a hostile name."""
    with Session(world.owner) as session, session.begin():
        actor = world.actors["county"]
        for code, level, name in ((VILLAGE, "province", HOSTILE), (ABROAD, "city", "示例村")):
            make_location(session, actor, layer("villages"), division_code=code, key_level=level,
                          name=name, geometry=point())  # fmt: skip


def test_list_tells_computed_counts(county: FlaskClient) -> None:
    """The page must tell what there is, level by level, and escape every name."""
    page = county.get("/villages").get_data(as_text=True)
    assert "省定重点村 1" in page
    assert "县级重点村 0" in page
    assert HOSTILE not in page
    assert page.count("data-village=") == 2


def test_list_without_match_says_so(county: FlaskClient) -> None:
    """An empty result must say why and offer the way back."""
    page = county.get("/villages?q=没有这个村").get_data(as_text=True)
    assert "没有符合条件的村" in page
    assert "显示全部重点村" in page


def test_township_sees_its_own(world: World) -> None:
    """A township must see its own villages, and get another's pages in no form."""
    client = world.browser("yaoli")
    assert client.get("/villages").get_data(as_text=True).count("data-village=") == 1
    assert VILLAGE not in client.get("/villages/list.csv").get_data(as_text=True)
    for path in PATHS:
        assert client.get(f"/villages/{VILLAGE}{path}").status_code == 404
        assert client.get(f"/villages/{ABROAD}{path}").status_code == 200


@pytest.mark.parametrize("path", ["/villages", "/villages/list.csv", f"/villages/{VILLAGE}/map"])
def test_strangers_are_sent_to_sign_in(world: World, path: str) -> None:
    """Nobody may read without signing in."""
    assert world.browser().get(path).status_code in (302, 401)


@pytest.mark.parametrize("code", ["360222", "360222100999", "x", "1' or '1'='1"])
@pytest.mark.parametrize("path", PATHS)
def test_unknown_village_is_not_found(county: FlaskClient, code: str, path: str) -> None:
    """What is no village must be answered 404 by page, map and file alike."""
    assert county.get(f"/villages/{code}{path}").status_code == 404


def test_frame_has_a_policy_of_its_own(county: FlaskClient) -> None:
    """The map may be framed by us alone and run nothing but our files and its own nonce's."""
    first, second = (county.get(f"/villages/{VILLAGE}/map") for _ in range(2))
    policy = first.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy
    assert first.headers["X-Frame-Options"] == "SAMEORIGIN"
    nonce = nonce_of(first.headers["Content-Security-Policy"])
    assert f'<script nonce="{nonce}">' in first.get_data(as_text=True)
    assert nonce != nonce_of(second.headers["Content-Security-Policy"])


def nonce_of(policy: str) -> str:
    """Return the nonce that the policy lets run."""
    found = re.search(r"script-src [^;]*'nonce-([^']+)'", policy)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("path", ["/villages", f"/villages/{VILLAGE}"])
def test_other_pages_keep_the_site_policy(county: FlaskClient, path: str) -> None:
    """The frame's policy must not loosen that of the pages around it."""
    answer = county.get(path)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "nonce" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_saved_map_is_a_file(county: FlaskClient) -> None:
    """The map must come as a file named after the village, without anything to load."""
    answer = county.get(f"/villages/{VILLAGE}/saved-map")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
    body = answer.get_data(as_text=True)
    assert HOSTILE not in body
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=\"(?!data:)", body)


@pytest.mark.parametrize(
    ("form", "check"),
    [
        ("csv", lambda body: body.startswith(b"\xef\xbb\xbf") and b"360222105201" in body),
        ("xlsx", lambda body: load_workbook(BytesIO(body)).worksheets[0].max_row == 2),
    ],
)
def test_export_follows_the_filter(
    county: FlaskClient, form: str, check: Callable[[bytes], bool]
) -> None:
    """CSV and Excel must hold what the page shows, and no more."""
    answer = county.get(f"/villages/list.{form}?level=city")
    assert answer.status_code == 200
    assert check(answer.data)


def test_village_page_tells_its_figures(county: FlaskClient) -> None:
    """The page must frame the map, offer the file and carry tables for those who see no charts."""
    page = county.get(f"/villages/{ABROAD}").get_data(as_text=True)
    assert f'src="/villages/{ABROAD}/map"' in page
    assert f'href="/villages/{ABROAD}/saved-map"' in page
    assert "市级重点村" in page
    assert "还没有登记。" in page
