"""Files of village plans over HTTP: sent, looked at, told what they are, taken in, given out."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely
from flask.testing import FlaskClient
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fuliang_gis import clock
from fuliang_gis.accounts.models import AuditEvent
from fuliang_gis.accounts.roles import Role
from fuliang_gis.errors import NotFound
from fuliang_gis.exchange.plans.archives import MOST_BYTES
from fuliang_gis.exchange.plans.options import Format
from fuliang_gis.exchange.plans.reading import read_plan
from fuliang_gis.exchange.plans.writing import FORMATS, write_plan
from fuliang_gis.planning import operations
from fuliang_gis.planning.models import (
    PlanBaseParcel,
    PlanControlLine,
    PlanParcel,
    PlanScheme,
    PlanVersion,
    VillagePlan,
)
from fuliang_gis.planning.parcels import ControlLine, Draft
from fuliang_gis.web.context import settings
from fuliang_gis.web.pages import plans_uploads
from tests.factories import COUNTY, FULIANG_VILLAGE, YAOLI_TOWN, make_actor
from tests.planning.test_operations import BOUNDARY, EAST, WEST, X, Y, at, given
from tests.web.conftest import World
from tests.web.test_plan_pages import form

HOSTILE = "<img src=x onerror=1>"
PLAN = {
    "division_code": FULIANG_VILLAGE,
    "base_year": "2023",
    "target_year": "2035",
    "edition": "2023",
    "profile": "jiangxi",
}
LINE = ControlLine("f", "0202", at("x", "0101", 0, 0, 50, 50).geom, "基本农田")
HOUSE = replace(at("h", "0703", 100, 0, 200, 100), name=HOSTILE)
FILE = Draft(
    BOUNDARY,
    {"w": WEST, "h": HOUSE},
    {"w": WEST, "e": EAST},
    {"f": LINE},
)


@pytest.fixture(scope="module")
def people(world: World) -> None:
    """Planners of the county and of another township."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        world.actors["planner"] = make_actor(session, Role.PLANNER, COUNTY)
        world.actors["other"] = make_actor(session, Role.PLANNER, COUNTY)
        world.actors["abroad"] = make_actor(session, Role.PLANNER, YAOLI_TOWN)


@pytest.fixture
def plan(world: World, people: None) -> int:
    """A plan without anything in it."""
    assert people is None
    actor = world.actors["planner"]
    with world.database.session(actor.account_id) as session:
        return operations.create_plan(session, actor, given()).id


@pytest.fixture
def planner(world: World, plan: int) -> FlaskClient:
    """The browser of a planner of the county, who has a plan."""
    assert plan
    return world.browser("planner")


def written(folder: Path, format_name: Format = "gpkg", draft: Draft = FILE) -> Path:
    """Return a plan's file."""
    path = folder / f"data{FORMATS[format_name][1]}"
    write_plan(draft, path, format_name)
    return path


def send(client: FlaskClient, plan: int, path: Path, name: str = "") -> TestResponse:
    """Send a file as a browser does."""
    sent = form(client, "/plans")
    data = {**sent, "file": (io.BytesIO(path.read_bytes()), name or path.name)}
    return client.post(f"/plans/{plan}/files", data=data, content_type="multipart/form-data")


def upload(client: FlaskClient, plan: int, path: Path, name: str = "") -> str:
    """Send a file that is kept; return the address of its preview."""
    answer = send(client, plan, path, name)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"]


def version_of(world: World, plan: int) -> str:
    """Return a plan's row version."""
    with Session(world.owner) as session:
        return str(session.get_one(VillagePlan, plan).version)


@pytest.mark.parametrize("format_name", ["gpkg", "shp", "gdb", "geojson", "dxf"])
def test_a_file_becomes_the_base_year(
    world: World, planner: FlaskClient, plan: int, tmp_path: Path, format_name: Format
) -> None:
    """The preview tells what is in it; the base year and lines come in; the file is gone."""
    address = upload(
        planner, plan, written(tmp_path, format_name), f"{HOSTILE}{FORMATS[format_name][1]}"
    )
    page = planner.get(address).get_data(as_text=True)
    assert HOSTILE not in page
    assert "还不能导入" not in page
    assert "永久基本农田 1 块" in page
    sketch = re.search(r'data-sketch="([^"]+)"', page)
    assert sketch is not None
    drawn = planner.get(sketch[1].replace("&amp;", "&")).get_json()
    assert {each["id"] for each in drawn["parcels"]} == {"w", "h"}
    sent = form(planner, "/plans", version=version_of(world, plan)) | {"as": "base"}
    done = planner.post(address, data=sent)
    assert done.status_code == 303, done.get_data(as_text=True)
    assert planner.get(address).status_code == 404
    with Session(world.owner) as session:
        names = select(PlanBaseParcel.name).where(PlanBaseParcel.plan_id == plan)
        assert set(session.scalars(names)) == {"w", "e"}
        codes = select(PlanControlLine.line_code).where(PlanControlLine.plan_id == plan)
        assert session.scalars(codes).all() == ["0202"]


def test_a_file_becomes_a_new_scheme(
    world: World, planner: FlaskClient, plan: int, tmp_path: Path
) -> None:
    """Parcels come in under a title of their own; a taken title leaves the file waiting."""
    address = upload(planner, plan, written(tmp_path))
    sent = form(planner, "/plans", version="1", title="方案一") | {"as": "scheme"}
    taken = planner.post(address, data=sent)
    assert taken.status_code == 409
    page = taken.get_data(as_text=True)
    assert "已被使用" in page
    assert 'value="方案一"' in page
    done = planner.post(address, data=sent | {"title": "设计院方案"})
    assert done.status_code == 303
    with Session(world.owner) as session:
        titles = select(PlanScheme.title, PlanScheme.head).where(PlanScheme.plan_id == plan)
        assert dict(session.execute(titles).all())["设计院方案"] == 2
    assert "设计院方案" in planner.get(done.headers["Location"]).get_data(as_text=True)


def test_what_overlaps_is_refused_whole_and_waits(
    world: World, planner: FlaskClient, plan: int, tmp_path: Path
) -> None:
    """A scheme that is no coverage names its parcels; nothing of it is left in the plan."""
    bad = replace(FILE, parcels={"w": WEST, "h": at("h", "0703", 60, 0, 200, 100)})
    address = upload(planner, plan, written(tmp_path, draft=bad))
    sent = form(planner, "/plans", version="1", title="重叠的") | {"as": "scheme"}
    refused = planner.post(address, data=sent)
    assert refused.status_code == 422
    assert "重叠" in refused.get_data(as_text=True)
    assert planner.get(address).status_code == 200
    with Session(world.owner) as session:
        titles = select(PlanScheme.title).where(PlanScheme.plan_id == plan)
        assert session.scalars(titles).all() == ["方案一"]


def test_an_old_version_of_the_plan_is_a_conflict(
    world: World, planner: FlaskClient, plan: int, tmp_path: Path
) -> None:
    """Who looked at the plan before somebody else changed it is told, and the file waits."""
    address = upload(planner, plan, written(tmp_path))
    sent = form(planner, "/plans", version=str(int(version_of(world, plan)) + 1)) | {"as": "base"}
    assert planner.post(address, data=sent).status_code == 409
    assert planner.get(address).status_code == 200


def _geojson(
    folder: Path, features: Sequence[tuple[Mapping[str, object], BaseGeometry]], crs: str
) -> Path:
    path = folder / "data.geojson"
    document: dict[str, object] = {
        "crs": {"type": "name", "properties": {"name": crs}},
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": dict(said),
                "geometry": mapping(geom),
            }
            for said, geom in features
        ],
    }
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    return path


def test_what_is_not_plain_has_to_be_said(
    world: World, planner: FlaskClient, plan: int, tmp_path: Path
) -> None:
    """Edition first, then the codes of survey classes that mean several things."""
    shapes = [({"DLBM": "0101"}, WEST.geom), ({"DLBM": "1006"}, EAST.geom)]
    address = upload(planner, plan, _geojson(tmp_path, shapes, "EPSG:4548"))
    page = planner.get(address).get_data(as_text=True)
    assert "请选择版本后重新导入" in page
    page = planner.get(f"{address}?edition=survey").get_data(as_text=True)
    assert 'name="choice.1006"' in page
    sent = form(planner, "/plans", version=version_of(world, plan), edition="survey")
    sent |= {"as": "base"}
    refused = planner.post(address, data=sent)
    assert refused.status_code == 422
    assert "还有 1 个图斑没有用地代码" in refused.get_data(as_text=True)
    done = planner.post(address, data=sent | {"choice.1006": "1207 城镇村道路用地"})
    assert done.status_code == 303
    with Session(world.owner) as session:
        codes = select(PlanBaseParcel.use_code).where(PlanBaseParcel.plan_id == plan)
        assert set(session.scalars(codes)) == {"0101", "1207"}


def test_parcels_of_several_parts_are_taken_apart(
    world: World, planner: FlaskClient, plan: int, tmp_path: Path
) -> None:
    """A row of two areas becomes two parcels, which is told."""
    two = shapely.union(shapely.box(X, Y, X + 40, Y + 100), shapely.box(X + 60, Y, X + 90, Y + 100))
    shapes = [({"BSM": "甲/1", "YDYHFLDM": "0101"}, two)]
    address = upload(planner, plan, _geojson(tmp_path, shapes, "EPSG:4548"))
    page = planner.get(f"{address}?edition=2023").get_data(as_text=True)
    assert "1 个图斑由多块组成，已按块拆成 2 个图斑" in page
    sent = form(planner, "/plans", version=version_of(world, plan), edition="2023") | {"as": "base"}
    assert planner.post(address, data=sent).status_code == 303
    with Session(world.owner) as session:
        names = select(PlanBaseParcel.name).where(PlanBaseParcel.plan_id == plan)
        assert set(session.scalars(names)) == {"甲_1", "甲_1-2"}


#: One ring round two areas of 2,500 m² that meet at a node, and a corner where the pen slipped.
EIGHT = shapely.Polygon([(0, 0), (100, 0), (50, 50), (100, 100), (0, 100), (50, 50)])
SLIP = shapely.Polygon([(200, 0), (200, 100), (100, 100), (100, 2), (99, 0), (99, 2), (100, 0)])
#: Four corners in the wrong order.
BOW = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])


def _broken(
    folder: Path, *shapes: BaseGeometry, areas: Sequence[float | None] = (), role: str = ""
) -> Path:
    """Return a file of shapes that are placed in the village; ids are a, b, …"""
    said: list[dict[str, object]] = [
        {"BSM": name, "YDYHFLDM": "0101", "FLBB": "2023", "TC": role or None} for name in "abc"
    ]
    for values, area in zip(said, areas, strict=False):
        values["MJ"] = area
    features = [
        (
            said[at],
            shapely.transform(shape, lambda points: np.add(points, (X, Y))),
        )
        for at, shape in enumerate(shapes)
    ]
    return _geojson(folder, features, "EPSG:4548")


def _ticks(page: str) -> dict[str, str]:
    """Return what the preview offers to mend: the box's value by what it is called."""
    return {
        label: value
        for value, label in re.findall(r'name="mend" value="(\w+)"[^>]*> <span><b>([^<]+)<', page)
    }


def test_broken_shapes_are_mended_when_they_are_chosen(
    world: World, planner: FlaskClient, plan: int, tmp_path: Path
) -> None:
    """Nothing goes in before every broken shape is chosen; the version and the record tell it."""
    address = upload(planner, plan, _broken(tmp_path, EIGHT, SLIP))
    page = planner.get(address).get_data(as_text=True)
    ticks = _ticks(page)
    assert set(ticks) == {"图斑 a", "图斑 b"}
    assert "面积按节点算 5,000.00 平方米，修复后 5,000.00 平方米（不变）；成为 2 个图斑" in page
    assert "修复后 10,000.50 平方米" in page
    assert page.count('<svg class="plan-mend"') == 2
    sent = form(planner, "/plans", version="1", title="修过的") | {"as": "scheme"}
    refused = planner.post(address, data=sent | {"mend": ticks["图斑 a"]})
    assert refused.status_code == 422
    assert "1 个图形须修复后才能导入" in refused.get_data(as_text=True)
    # Read again by what was chosen: the address says it, without the form's own fields.
    again = planner.post(f"{address}/reading", data=sent | {"mend": list(ticks.values())})
    assert again.status_code == 303
    assert "csrf_token" not in again.headers["Location"]
    assert "version" not in again.headers["Location"]
    page = planner.get(again.headers["Location"]).get_data(as_text=True)
    assert page.count("导入时修复</span>") == 2
    assert 'value="修过的"' in page
    told = re.findall(r'name="moves_told" value="(\d+)"', page)
    done = planner.post(address, data=sent | {"mend_all": "1", "moves_told": told})
    assert done.status_code == 303, done.get_data(as_text=True)
    page = planner.get(done.headers["Location"]).get_data(as_text=True)
    assert "由文件导入；修复图形 2 个（边界在一点自相接 1、边界自相交 1；面积合计变化" in page
    with Session(world.owner) as session:
        names = select(PlanParcel.name).join(PlanScheme, PlanScheme.id == PlanParcel.scheme_id)
        held = session.scalars(
            names.where(PlanScheme.title == "修过的", PlanScheme.plan_id == plan)
        )
        assert set(held) == {"a", "a-2", "b"}
        entries = select(AuditEvent.detail).where(AuditEvent.action == "save_scheme")
        detail = session.scalars(entries.order_by(AuditEvent.id.desc())).first()
        assert detail is not None
        assert [each["id"] for each in detail["mended"]] == ["a", "b"]
        assert detail["mended"][0]["after_m2"] == 5000.0


def test_a_base_year_is_mended_too(
    world: World, planner: FlaskClient, plan: int, tmp_path: Path
) -> None:
    """Its lines as well; a scheme that begins with it tells what was mended."""
    address = upload(planner, plan, _broken(tmp_path, EIGHT, role="GHYDYH"))
    sent = form(planner, "/plans", version=version_of(world, plan)) | {"as": "base"}
    assert planner.post(address, data=sent).status_code == 422
    done = planner.post(address, data=sent | {"mend_all": "1"}, follow_redirects=True)
    assert done.status_code == 200
    assert "已导入现状图斑 2 个；修复图形 1 个" in done.get_data(as_text=True)
    with Session(world.owner) as session:
        messages = select(PlanVersion.message).join(
            PlanScheme, PlanScheme.id == PlanVersion.scheme_id
        )
        (message,) = session.scalars(messages.where(PlanScheme.plan_id == plan))
        assert message.startswith("现状；修复图形 1 个（边界在一点自相接 1；")


def test_what_would_be_a_guess_is_not_mended(
    planner: FlaskClient, plan: int, tmp_path: Path
) -> None:
    """A bow tie goes in once the file's own area tells which land is meant."""
    address = upload(planner, plan, _broken(tmp_path, BOW))
    page = planner.get(address).get_data(as_text=True)
    assert "不能自动修复" in page
    assert _ticks(page) == {}
    sent = form(planner, "/plans", version="1") | {"as": "base", "mend_all": "1"}
    refused = planner.post(address, data=sent)
    assert refused.status_code == 422
    assert "1 个图形不能自动修复" in refused.get_data(as_text=True)
    stated = _broken(tmp_path, BOW, EIGHT, areas=(5000.0, 5000.0))
    page = planner.get(upload(planner, plan, stated)).get_data(as_text=True)
    assert set(_ticks(page)) == {"图斑 a", "图斑 b"}
    assert "文件写 5,000.00 平方米" in page


def test_what_may_stay_may_be_mended(
    world: World, planner: FlaskClient, plan: int, tmp_path: Path
) -> None:
    """A millimetre's spike does not keep a file out; it goes when it is chosen."""
    spike = [(0, 0), (100, 0), (100, 50), (90, 50), (100, 50.001), (100, 100), (0, 100)]
    address = upload(planner, plan, _broken(tmp_path, shapely.Polygon(spike)))
    page = planner.get(address).get_data(as_text=True)
    assert "有尖刺" in page
    sent = form(planner, "/plans", version=version_of(world, plan)) | {"as": "base"}
    assert planner.post(address, data=sent | {"mend_all": "1"}).status_code == 303
    with Session(world.owner) as session:
        shapes = select(PlanBaseParcel.geom).where(PlanBaseParcel.plan_id == plan)
        (geom,) = session.scalars(shapes)
        assert shapely.from_wkb(bytes(geom.data)).area == pytest.approx(10_000)


def test_nothing_is_moved_that_was_not_shown(
    world: World, planner: FlaskClient, plan: int, tmp_path: Path
) -> None:
    """Narrow gaps are told in the preview before parcels are fitted; a base year only if chosen."""
    east = at("e", "0301", 100.05, 0, 200, 100)
    path = written(tmp_path, draft=Draft(BOUNDARY, {"w": WEST, "e": east}))
    address = upload(planner, plan, path)
    page = planner.get(address).get_data(as_text=True)
    assert "1 处与相邻图斑或村界差一点：最宽 0.050 米，共 5.00 平方米" in page
    sent = form(planner, "/plans", version="1", title="有缝的") | {"as": "scheme"}
    refused = planner.post(address, data=sent)
    assert refused.status_code == 422
    assert "请先看“缝隙和重叠”一栏" in refused.get_data(as_text=True)
    done = planner.post(address, data=sent | {"moves_told": "1"}, follow_redirects=True)
    assert "由文件导入；与相邻图斑或村界对齐 1 处" in done.get_data(as_text=True)

    def base(**chosen: str) -> float:
        here = upload(planner, plan, path)
        version = version_of(world, plan)
        data = form(planner, "/plans", version=version, moves_told="1") | {"as": "base"} | chosen
        assert planner.post(here, data=data).status_code == 303
        with Session(world.owner) as session:
            shapes = select(PlanBaseParcel.geom).where(PlanBaseParcel.plan_id == plan)
            return sum(shapely.from_wkb(bytes(g.data)).area for g in session.scalars(shapes))

    assert base() == pytest.approx(19_995)
    assert base(fit="1") == pytest.approx(20_000)


def test_what_cannot_be_fitted_is_shown_with_its_places(
    planner: FlaskClient, plan: int, tmp_path: Path
) -> None:
    """An overlap of metres hinders a scheme, and says where."""
    bad = replace(FILE, parcels={"w": WEST, "h": at("h", "0703", 60, 0, 200, 100)})
    page = planner.get(upload(planner, plan, written(tmp_path, draft=bad))).get_data(as_text=True)
    assert "相差超过 0.2 米，不能自动对齐" in page
    assert "parcels-far-0" in page


def test_other_editions_are_translated_or_refused(
    world: World, planner: FlaskClient, plan: int, tmp_path: Path
) -> None:
    """Codes of 2020 come into a plan of 2023 as what they became; never the other way."""
    old = {name: replace(each, edition="2020") for name, each in FILE.parcels.items()}
    draft = replace(FILE, parcels=old, base=old, edition="2020")
    address = upload(planner, plan, written(tmp_path, draft=draft))
    assert "还不能导入" not in planner.get(address).get_data(as_text=True)
    actor = world.actors["planner"]
    with world.database.session(actor.account_id) as session:
        made = operations.create_plan(session, actor, given(edition="2020", title="老版")).id
    address = upload(planner, made, written(tmp_path))
    assert "不能混用" in planner.get(address).get_data(as_text=True)


def test_boundary_points_ask_for_their_edition(
    planner: FlaskClient, plan: int, tmp_path: Path
) -> None:
    """A TXT has parcels alone; with its edition said it can be taken in."""
    address = upload(planner, plan, written(tmp_path, "txt"))
    assert "请选择版本" in planner.get(address).get_data(as_text=True)
    page = planner.get(f"{address}?edition=2023").get_data(as_text=True)
    assert "还不能导入" not in page
    assert "现状图斑 2 个" in page


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("", b"", "请选择要导入的文件"),
        ("plan.exe", b"MZ", "不能导入"),
        ("plan.zip", b"not a zip", "压缩包无法打开"),
        ("plan.shp", b"", "Shapefile 请连同"),
        ("空的.gpkg", b"", "“空的.gpkg”是空的（0 字节）"),
        ("空的.zip", b"", "“空的.zip”是空的（0 字节）"),
    ],
)
def test_what_is_no_plan_is_refused_at_once(
    planner: FlaskClient, plan: int, name: str, content: bytes, told: str
) -> None:
    """The page says why and what to send."""
    data = {**form(planner, "/plans"), "file": (io.BytesIO(content), name)}
    answer = planner.post(f"/plans/{plan}/files", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert told in answer.get_data(as_text=True)


@pytest.mark.parametrize("content", [b"SQLite format 3\0" + b"\0" * 2000, b"garbage"])
def test_what_cannot_be_read_says_so_in_the_preview(
    planner: FlaskClient, plan: int, tmp_path: Path, content: bytes
) -> None:
    """A broken file is kept and told; it is never a fault of the service."""
    path = tmp_path / "broken.gpkg"
    path.write_bytes(content)
    answer = planner.get(upload(planner, plan, path))
    assert answer.status_code == 200
    assert "还不能导入" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("韩源村 现状.geojson", "文件 韩源村 现状.geojson 不是"),
        ("../upload.json", "文件 upload.json 不是"),
        (f"{HOSTILE}.geojson", "文件 _img src_x onerror_1_.geojson 不是"),
        ("长" * 300 + ".geojson", f"文件 {'长' * 60}.geojson 不是"),
    ],
)
def test_what_is_told_of_a_file_calls_it_as_its_sender_does(
    planner: FlaskClient, plan: int, tmp_path: Path, name: str, told: str
) -> None:
    """Whatever its name is, it names no other place and no markup."""
    path = tmp_path / "broken"
    path.write_bytes(b"garbage")
    page = planner.get(upload(planner, plan, path, name=name)).get_data(as_text=True)
    assert told in page
    assert HOSTILE not in page


def test_a_large_file_is_refused(
    planner: FlaskClient, plan: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is told; nothing is left behind."""
    monkeypatch.setattr(plans_uploads, "LIMIT", 1000)
    path = tmp_path / "large.gpkg"
    path.write_bytes(b"x" * 2000)
    answer = send(planner, plan, path)
    assert answer.status_code == 413
    assert "40 MB" in answer.get_data(as_text=True)


def test_uploads_are_their_sender_s_and_end(
    world: World, planner: FlaskClient, plan: int, tmp_path: Path
) -> None:
    """Neither another planner nor another township opens them; who throws one away loses it."""
    address = upload(planner, plan, written(tmp_path))
    assert world.browser("other").get(address).status_code == 404
    assert world.browser("abroad").get(address).status_code == 404
    assert world.browser("viewer").get(address).status_code == 403
    assert world.browser("viewer").post(
        f"/plans/{plan}/files", data=form(planner, "/plans")
    ).status_code in (400, 403)
    done = planner.post(f"{address}/discard", data=form(planner, "/plans"))
    assert done.status_code == 303
    assert planner.get(address).status_code == 404


def test_a_new_plan_takes_its_boundary_from_a_file(
    world: World, planner: FlaskClient, tmp_path: Path
) -> None:
    """A file with everything gives the boundary and goes on to its preview."""
    sent = form(planner, "/plans/new", **PLAN, title="来自文件")
    content = written(tmp_path).read_bytes()
    data = {**sent, "boundary": (io.BytesIO(content), "村.gpkg")}
    answer = planner.post("/plans/new", data=data, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.get_data(as_text=True)
    assert "导入预览" in planner.get(answer.headers["Location"]).get_data(as_text=True)
    with Session(world.owner) as session:
        made = select(VillagePlan).where(VillagePlan.title == "来自文件")
        boundary = shapely.from_wkb(bytes(session.scalars(made).one().boundary.data))
    assert boundary.equals(BOUNDARY)


def test_a_faulty_form_keeps_its_file(planner: FlaskClient, tmp_path: Path) -> None:
    """Who forgot the title need not choose the file again."""
    sent = form(planner, "/plans/new", **PLAN, title="")
    data = {**sent, "boundary": (io.BytesIO(written(tmp_path).read_bytes()), "村.gpkg")}
    answer = planner.post("/plans/new", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    token = re.search(r'name="upload" value="([^"]+)"', answer.get_data(as_text=True))
    assert token is not None
    again = sent | {"title": "有名称了", "upload": token[1]}
    assert planner.post("/plans/new", data=again).status_code == 302


# --- exports ---


@pytest.fixture
def drawn(world: World, plan: int) -> int:
    """The plan with a base year and its first scheme."""
    actor = world.actors["planner"]
    with world.database.session(actor.account_id) as session:
        operations.set_base(session, actor, plan, [WEST, EAST], [LINE], expected_version=1)
    return plan


@pytest.mark.parametrize("format_name", sorted(FORMATS))
def test_exports_read_back_the_same(
    planner: FlaskClient, drawn: int, tmp_path: Path, format_name: Format
) -> None:
    """What is downloaded is the plan, and the proof says so."""
    answer = planner.get(f"/plans/{drawn}/files/export?format={format_name}")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    path = tmp_path / f"back{FORMATS[format_name][1]}"
    path.write_bytes(answer.data)
    if format_name not in ("txt",):
        assert read_plan(path).parcels.keys() == {"w", "e"}
    for headers in ({}, {"HX-Request": "true"}):
        proof = planner.get(f"/plans/{drawn}/files/proof?format={format_name}", headers=headers)
        assert "<b>一致。</b>" in proof.get_data(as_text=True)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("export?format=gpkg&crs=4527", 200),
        ("export?format=gpkg&crs=3857", 400),
        ("export?format=dxf&crs=4490", 422),
        ("proof?format=dxf&crs=4490", 422),
        ("export?format=txt&prefix=0&zoned=0&north_first=0&decimals=9&area_unit=m2", 200),
        ("export?format=exe", 404),
        ("paper/poster", 404),
    ],
)
def test_options_are_taken_or_refused(
    planner: FlaskClient, drawn: int, path: str, status: int
) -> None:
    """What is not on offer is refused with a reason."""
    assert planner.get(f"/plans/{drawn}/files/{path}").status_code == status


def test_papers_are_made(world: World, drawn: int) -> None:
    """A reader gets the sheet, the tables and the text as well."""
    client = world.browser("viewer")
    begins = {"sheet": b"%PDF", "base_sheet": b"%PDF", "xlsx": b"PK", "docx": b"PK"}
    for kind, first in begins.items():
        answer = client.get(f"/plans/{drawn}/files/paper/{kind}?colours=village")
        assert answer.status_code == 200
        assert answer.data.startswith(first)


def test_a_zip_bomb_is_refused(planner: FlaskClient, plan: int, tmp_path: Path) -> None:
    """What unpacks to more than a plan can be is refused before it is written."""
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("plan.txt", "w") as member,
    ):
        for _ in range(MOST_BYTES // 10_000_000 + 1):
            member.write(b"0" * 10_000_000)
    answer = send(planner, plan, path)
    assert answer.status_code == 422
    assert "解开后超过" in answer.get_data(as_text=True)


def test_an_upload_ends_after_a_day(
    planner: FlaskClient, plan: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody took in is gone the next day, and its room is given back."""
    address = upload(planner, plan, written(tmp_path))
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: later)
    token = address.rpartition("/")[2]
    with planner.application.app_context():
        folder = settings().state_dir / "plan-uploads" / token
        assert folder.is_dir()
        with pytest.raises(NotFound):
            plans_uploads.find(token, 1)
        plans_uploads.forget_old()
        assert not folder.exists()


def test_parts_come_in_one_after_the_other(
    world: World, planner: FlaskClient, plan: int, tmp_path: Path
) -> None:
    """Parcels from one file and lines from another: what a file lacks stays as it is."""
    land = _geojson(tmp_path, [({"YDYHFLDM": "0101"}, BOUNDARY)], "EPSG:4548")
    (tmp_path / "lines").mkdir()
    edge = _geojson(tmp_path / "lines", [({"BJDM": "0202"}, LINE.geom)], "EPSG:4548")
    address = upload(planner, plan, land, "现状.geojson")
    sent = form(planner, "/plans", version=version_of(world, plan), edition="2023")
    sent |= {"as": "base", "parts_told": "1", "parts": "parcels"}
    none = planner.post(address, data={n: v for n, v in sent.items() if n != "parts"})
    assert none.status_code == 422
    assert "请至少选择" in none.get_data(as_text=True)
    assert planner.post(address, data=sent).status_code == 303
    address = upload(planner, plan, edge, "管控.geojson")
    role = {"role.0": "lines"}
    page = planner.get(address, query_string=role).get_data(as_text=True)
    assert "文件中没有，原有的不变" in page
    sent |= {"version": version_of(world, plan), "parts": "lines", **role}
    refused = planner.post(address, data=sent | {"as": "scheme", "title": "空的"})
    assert "没有规划图斑" in refused.get_data(as_text=True)
    assert planner.post(address, data=sent).status_code == 303
    with Session(world.owner) as session:
        names = select(PlanBaseParcel.use_code).where(PlanBaseParcel.plan_id == plan)
        assert session.scalars(names).all() == ["0101"]
        codes = select(PlanControlLine.line_code).where(PlanControlLine.plan_id == plan)
        assert session.scalars(codes).all() == ["0202"]


def test_what_a_file_states_is_held_against_its_shapes(
    planner: FlaskClient, plan: int, tmp_path: Path
) -> None:
    """Another area or name than shape and code have is told before anything is taken in."""
    west = replace(WEST, stated_m2=WEST.geom.area + 12.5, stated_name="农村宅基地")
    right = replace(HOUSE, stated_m2=HOUSE.geom.area)
    path = written(tmp_path, draft=replace(FILE, parcels={"w": west, "h": right}))
    page = planner.get(upload(planner, plan, path)).get_data(as_text=True)
    assert "文件所写与图形、代码不符（2 处）" in page
    assert "相差 +12.50" in page
    assert "名称却写作“农村宅基地”" in page
    same = planner.get(upload(planner, plan, written(tmp_path))).get_data(as_text=True)
    assert "文件所写与图形" not in same
