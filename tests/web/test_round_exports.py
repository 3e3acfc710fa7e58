"""Files of rounds as programs of others read them: PDF, GPX, iCalendar, Excel."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import openpyxl
import pyogrio
import pypdf
import pytest
import segno
from icalendar import Calendar
from procrastinate import App
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Role
from fuliang_gis.clock import ZONE
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.exchange.tables import INVENTED_NOTE
from fuliang_gis.inspections.models import InspectionRound, RoundPlan, RoundStop, TeamMember
from fuliang_gis.inspections.rounds import operations
from fuliang_gis.jobs.printing import forget_old
from fuliang_gis.jobs.queue import build
from fuliang_gis.jobs.sheets import bound
from fuliang_gis.jobs.tasks import KEPT_HOURS
from fuliang_gis.locations.models import Location
from fuliang_gis.reporting.rounds_sheet import MOST_AT_ONCE
from fuliang_gis.settings import Settings
from fuliang_gis.web.pages.round_exports import sheet_parts
from tests.factories import FULIANG_TOWN, YAOLI_TOWN, make_actor
from tests.inspections.rounds.laying_out import (
    MONDAY,
    NORTH,
    WEST,
    lay_owed,
    lay_roads,
    lay_team,
    solved,
)
from tests.jobs import working
from tests.reporting.qr import codes
from tests.web.conftest import World, csrf_of

GPX = "{http://www.topografix.com/GPX/1/1}"
HOSTILE = "=1+1<b>水厂</b>"
#: A page that counts itself, as the sheets do.
SHEET = """<style>@page { @bottom-right {
content: "第 " counter(page) " 页，共 " counter(pages) " 页"; font-family: "Noto Sans CJK SC" } }
</style><p>路线单</p>"""
#: What our elements hold, in the schema's order.
ORDER = {
    "gpx": ("metadata", "wpt", "rte", "trk"),
    "metadata": ("name", "desc"),
    "wpt": ("name", "desc", "link", "sym", "type"),
    "rte": ("name", "desc", "rtept"),
    "trk": ("name", "trkseg"),
}


@dataclass(frozen=True)
class Laid:
    """A published plan of one round: its ids, its day, the codes of its stops in order."""

    plan: int
    round: int
    codes: list[str]
    member: str


@pytest.fixture(scope="module")
def laid(world: World) -> Laid:
    """A week of 浮梁镇, planned and published; one member of the team belongs to 瑶里镇."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        actor = world.actors["fuliang"]
        lay_roads(session)
        first, *_ = lay_owed(session, actor)
        session.get_one(Location, first.location_id).name = HOSTILE
        helper = make_actor(session, Role.INSPECTOR, YAOLI_TOWN)
        world.actors["helper"] = helper
        team = lay_team(session, "一队/甲", actor, vehicle="皮卡")
        session.add(TeamMember(team_id=team.id, account_id=helper.account_id))
        plan = solved(session, actor, team)
        driven = session.scalars(select(InspectionRound)).one()
        rows = session.execute(
            select(Location.code)
            .join(RoundStop, RoundStop.location_id == Location.id)
            .order_by(RoundStop.ordinal)
        )
        return Laid(plan.id, driven.id, [code for (code,) in rows], "helper")


def read(world: World, path: str, who: str = "fuliang") -> bytes:
    """Return a file that somebody takes."""
    answer = world.browser(who).get(path)
    assert answer.status_code == HTTPStatus.OK, answer.text
    return bytes(answer.data)


def text_of(pdf: bytes) -> str:
    """Return the words of a PDF."""
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_the_sheet_tells_the_whole_round(world: World, laid: Laid) -> None:
    """Team, day, plan, totals, every stop with its checks, a code that opens its card, A4."""
    pdf = read(world, f"/rounds/rounds/{laid.round}/sheet.pdf")
    words = text_of(pdf)
    for told in (
        "浮梁县巡查路线单",
        "一队/甲",
        "2026-11-23（星期一）",
        "第48周",
        "皮卡",
        "测试岗位",
    ):
        assert told in words
    for told in ("5 个点", "11.6 公里", "尚未发布", "情况记录", "签名", "1 : 50,000", "2 km"):
        assert told in words, told
    assert HOSTILE in words.replace("\n", "")
    assert "水源周边无污染" in words.replace("\n", "")
    # The road is marked as it is nowhere invented here.
    assert "演示数据" not in words
    for code in laid.codes:
        assert code in words
    wanted = [
        segno.make(f"http://localhost/locations/water_projects/{code}", error="m").matrix
        for code in laid.codes
    ]
    assert codes(pdf)[-5:] == [[[int(m) for m in row] for row in each] for each in wanted]
    page = pypdf.PdfReader(io.BytesIO(pdf)).pages[0]
    assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(
        (595, 842), abs=1
    )


def test_the_code_of_a_sheet_opens_the_card(world: World, laid: Laid) -> None:
    """The address is one that the service has."""
    card = world.browser("fuliang").get(f"/locations/water_projects/{laid.codes[0]}")
    assert (card.status_code, laid.codes[0] in card.text) == (HTTPStatus.OK, True)


def test_a_plan_is_one_file(world: World, laid: Laid) -> None:
    """The whole plan's sheets are the same as the round's, named for the plan."""
    answer = world.browser("fuliang").get(f"/rounds/{laid.plan}/sheets.pdf")
    assert answer.content_type == "application/pdf"
    name = unquote(answer.headers["Content-Disposition"].partition("''")[2])
    assert name == "巡查路线-第48周-20261123.pdf"
    assert "一队/甲" in text_of(answer.data)


def test_invented_rounds_say_so_on_every_page(world: World, laid: Laid) -> None:
    """One invented stop marks the sheet, the tables and the names of files."""
    with Session(world.owner) as session, session.begin():
        one = session.scalars(select(Location).where(Location.code == laid.codes[2])).one()
        one.invented = True
    try:
        pdf = read(world, f"/rounds/rounds/{laid.round}/sheet.pdf")
        pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
        assert all("不得用于实际工作" in page.extract_text() for page in pages)
        assert text_of(pdf).count("虚构\n") >= 1
        answer = world.browser("fuliang").get(f"/rounds/{laid.plan}/sheets.xlsx")
        assert "演示.xlsx" in unquote(answer.headers["Content-Disposition"])
        book = openpyxl.load_workbook(io.BytesIO(answer.data))
        assert [sheet.cell(1, 1).value for sheet in book] == [INVENTED_NOTE] * 4
        assert "演示数据" in read(world, f"/rounds/{laid.plan}/rounds.gpx").decode()
        assert "演示数据" in read(world, f"/rounds/{laid.plan}/sheets.ics").decode()
    finally:
        with Session(world.owner) as session, session.begin():
            one = session.scalars(select(Location).where(Location.code == laid.codes[2])).one()
            one.invented = False


def test_gpx_is_what_the_schema_says(world: World, laid: Laid) -> None:
    """Elements stand in the schema's order, places are WGS-84, links lead to cards."""
    root = ET.fromstring(read(world, f"/rounds/rounds/{laid.round}/round.gpx"))  # noqa: S314
    assert (root.tag, root.get("version"), root.get("creator")) == (
        f"{GPX}gpx",
        "1.1",
        "fuliang-gis",
    )
    for element in root.iter():
        if (allowed := ORDER.get(element.tag.removeprefix(GPX))) is not None:
            found = [allowed.index(child.tag.removeprefix(GPX)) for child in element]
            assert found == sorted(found)
    stops = root.findall(f"{GPX}wpt")[1:]
    assert (stops[0].findtext(f"{GPX}name") or "").startswith("01 ")
    assert {float(stop.get("lat", "")) for stop in stops} == {NORTH + 0.0005}
    for stop in stops:
        # The schema's ``time`` tells when a waypoint was made, not when to be there.
        assert (stop.findtext(f"{GPX}desc") or "").startswith("2026-11-23 ")
    linked = [stop.find(f"{GPX}link") for stop in stops]
    assert [link.get("href") for link in linked if link is not None] == [
        f"http://localhost/locations/water_projects/{code}" for code in laid.codes
    ]


def test_gpx_is_read_by_gdal(world: World, laid: Laid, tmp_path: Path) -> None:
    """A GIS finds five stops with the station, one route, one track along the road."""
    file = tmp_path / "round.gpx"
    file.write_bytes(read(world, f"/rounds/{laid.plan}/rounds.gpx"))
    points = pyogrio.read_dataframe(file, layer="waypoints")
    assert len(points) == 6
    assert points.crs.to_epsg() == 4326
    (route,) = pyogrio.read_dataframe(file, layer="routes").geometry
    assert len(route.coords) == 7
    (track,) = pyogrio.read_dataframe(file, layer="tracks").geometry
    assert track.bounds == pytest.approx((WEST, NORTH, WEST + 0.06, NORTH), abs=1e-4)


def test_a_rounds_calendar_has_an_entry_a_stop(world: World, laid: Laid) -> None:
    """In the county's time, with the zone beside it, where it is, and what to check there."""
    body = read(world, f"/rounds/rounds/{laid.round}/round.ics")
    calendar = Calendar.from_ical(body)
    events: list[Any] = calendar.walk("VEVENT")
    assert len(events) == 5
    assert [zone["TZID"] for zone in calendar.walk("VTIMEZONE")] == ["Asia/Shanghai"]
    first = events[0]
    assert b"DTSTART;TZID=Asia/Shanghai:20261123T" in body
    assert first["DTSTART"].dt.astimezone(ZONE).date() == MONDAY
    assert first["DTEND"].dt > first["DTSTART"].dt
    assert first["URL"].endswith(f"/locations/water_projects/{laid.codes[0]}")
    assert (first["GEO"].latitude, first["STATUS"]) == (NORTH + 0.0005, "TENTATIVE")
    assert "水源周边无污染" in first["DESCRIPTION"]


def test_a_calendar_taken_again_doubles_nothing(world: World, laid: Laid) -> None:
    """Solved again, rounds and stops are new rows; their entries are the same, and later ones."""

    def entries(path: str) -> dict[str, int]:
        events: list[Any] = Calendar.from_ical(read(world, path)).walk("VEVENT")
        return {str(event["UID"]): int(event["SEQUENCE"]) for event in events}

    before = entries(f"/rounds/{laid.plan}/sheets.ics")
    assert len(before) == 1
    with Session(world.owner) as session, session.begin():
        plan = session.get_one(RoundPlan, laid.plan)
        plan.version += 1
    after = entries(f"/rounds/{laid.plan}/sheets.ics")
    assert after.keys() == before.keys()
    assert [after[uid] - before[uid] for uid in before] == [1]
    stops = entries(f"/rounds/rounds/{laid.round}/round.ics")
    assert all(uid.endswith("@360222.fuliang-gis") and "obligation" in uid for uid in stops)


def test_a_plans_workbook_is_what_an_office_wants(world: World, laid: Laid) -> None:
    """The plan, its rounds, all stops in one table, what is left over and why; no formulas."""
    data = read(world, f"/rounds/{laid.plan}/sheets.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["方案", "路线", "停靠点", "未排入"]
    facts = {row[0]: row[1] for row in book["方案"].iter_rows(min_row=2, values_only=True)}
    assert (facts["停靠点数"], facts["未排入"], facts["行车（公里）"]) == (5, 2, 11.6)
    heads, *rows = book["停靠点"].iter_rows(values_only=True)
    assert len(rows) == 5
    first = dict(zip(heads, rows[0], strict=True))
    assert (first["点位编码"], first["序号"], first["队伍"]) == (laid.codes[0], 1, "一队/甲")
    names = [dict(zip(heads, row, strict=True))["点位名称"] for row in rows]
    assert f"'{HOSTILE}" in names
    (left_heads, *left) = book["未排入"].iter_rows(values_only=True)
    assert left_heads[-2:] == ("未排入原因", "建议")
    assert len(left) == 2
    assert all(row[-1] for row in left)
    one = openpyxl.load_workbook(io.BytesIO(read(world, f"/rounds/rounds/{laid.round}/round.xlsx")))
    assert one.sheetnames == ["路线", "停靠点"]


@pytest.mark.parametrize(
    "path",
    [
        "/rounds/rounds/{round}/sheet.pdf",
        "/rounds/rounds/{round}/round.gpx",
        "/rounds/rounds/{round}/round.ics",
        "/rounds/rounds/{round}/round.xlsx",
        "/rounds/{plan}/sheets.pdf",
        "/rounds/{plan}/rounds.gpx",
        "/rounds/{plan}/sheets.ics",
        "/rounds/{plan}/sheets.xlsx",
    ],
)
def test_only_who_may_read_the_division_takes_files(world: World, laid: Laid, path: str) -> None:
    """A viewer of the county does, another township's staff finds nothing, strangers sign in."""
    address = path.format(round=laid.round, plan=laid.plan)
    assert world.browser("viewer").get(address).status_code == HTTPStatus.OK
    assert world.browser("yaoli").get(address).status_code == HTTPStatus.NOT_FOUND
    assert world.browser().get(address).status_code == HTTPStatus.FOUND
    gone = path.format(round=2_000_000, plan=2_000_000)
    assert world.browser("county").get(gone).status_code == HTTPStatus.NOT_FOUND


def test_a_member_from_elsewhere_takes_a_published_round(world: World, laid: Laid) -> None:
    """Who helps out in another township reads the own round once it is published, not the plan."""
    address = f"/rounds/rounds/{laid.round}/sheet.pdf"
    assert world.browser("helper").get(address).status_code == HTTPStatus.NOT_FOUND
    actor = world.actors["fuliang"]
    with Session(world.owner) as session, session.begin():
        version = session.get_one(RoundPlan, laid.plan).version
        operations.publish(session, actor, laid.plan, expected_version=version)
    assert "尚未发布" not in text_of(read(world, address, "helper"))
    assert world.browser("helper").get(f"/rounds/{laid.plan}/sheets.pdf").status_code == 404
    with Session(world.owner) as session, session.begin():
        version = session.get_one(RoundPlan, laid.plan).version
        operations.withdraw(session, actor, laid.plan, expected_version=version)


@pytest.mark.parametrize("query", ["?part=2", "?team=999999"])
def test_what_a_plan_has_not_is_not_found(world: World, laid: Laid, query: str) -> None:
    """A part beyond the last, a team that is not in it."""
    answer = world.browser("county").get(f"/rounds/{laid.plan}/sheets.pdf{query}")
    assert answer.status_code == HTTPStatus.NOT_FOUND


def test_a_stop_without_its_duty_is_still_told(world: World, laid: Laid) -> None:
    """Its obligation is gone: no deadline, the routine questions, an identifier of its own."""
    with Session(world.owner) as session, session.begin():
        wanted = select(RoundStop).where(RoundStop.round_id == laid.round).order_by("ordinal")
        stop = session.scalars(wanted).first()
        assert stop is not None
        key, kept, stop.obligation_id = stop.id, stop.obligation_id, None
    try:
        for ending in ("sheet.pdf", "round.gpx", "round.xlsx"):
            assert read(world, f"/rounds/rounds/{laid.round}/{ending}")
        calendar = read(world, f"/rounds/rounds/{laid.round}/round.ics")
        assert f"plan-{laid.plan}-stop-".encode() in calendar.replace(b"\r\n ", b"")
    finally:
        with Session(world.owner) as session, session.begin():
            session.get_one(RoundStop, key).obligation_id = kept


@pytest.mark.usefixtures("laid")
def test_a_plan_without_rounds_prints_nothing(world: World) -> None:
    """It is told so, and its table is empty but whole."""
    with Session(world.owner) as session, session.begin():
        empty = RoundPlan(
            title="空",
            division_code=FULIANG_TOWN,
            first_day=MONDAY,
            last_day=MONDAY + timedelta(days=1),
            asked={"teams": []},
        )
        session.add(empty)
        session.flush()
        key = empty.id
    assert world.browser("county").get(f"/rounds/{key}/sheets.pdf").status_code == 404
    for ending in ("sheets.xlsx", "sheets.ics", "rounds.gpx"):
        assert world.browser("county").get(f"/rounds/{key}/{ending}").status_code == 200


def test_files_cost_the_same_few_statements(
    world: World,
    laid: Laid,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    """However many stops, a sheet is read in a constant number of statements."""
    browser = world.browser("county")
    for path in (f"/rounds/{laid.plan}/sheets.pdf", f"/rounds/rounds/{laid.round}/round.xlsx"):
        browser.get(path)
        with count_queries(world.database.engine) as seen:
            browser.get(path)
        assert len([s for s in seen if "select" in s.lower()]) <= 16


def test_a_page_offers_every_file(world: World, laid: Laid) -> None:
    """Each link on it leads to a file; it is read by whoever reads the plan."""
    path = f"/rounds/{laid.plan}/files"
    page = world.browser("viewer").get(path)
    assert page.status_code == HTTPStatus.OK
    found = set(re.findall(rf'href="(/rounds/{laid.plan}/[^"]+)"', page.text))
    assert {each.partition("?")[0].rpartition("/")[2] for each in found} >= {
        "sheets.pdf",
        "sheets.xlsx",
        "sheets.ics",
        "rounds.gpx",
    }
    for each in found:
        answer = world.browser("viewer").get(each.replace("&amp;", "&"))
        assert answer.status_code == HTTPStatus.OK, each
    assert world.browser("yaoli").get(path).status_code == HTTPStatus.NOT_FOUND


@pytest.fixture(scope="module")
def long_plan(world: World, laid: Laid) -> int:
    """A plan of so many rounds, all without stops, that its sheets are more than one waits for."""
    with Session(world.owner) as session, session.begin():
        source = session.get_one(RoundPlan, laid.plan)
        plan = RoundPlan(
            title="长方案",
            division_code=FULIANG_TOWN,
            first_day=MONDAY,
            last_day=MONDAY + timedelta(days=60),
            asked=source.asked,
        )
        session.add(plan)
        session.flush()
        driven = session.get_one(InspectionRound, laid.round)
        session.add_all(
            InspectionRound(
                plan_id=plan.id,
                division_code=FULIANG_TOWN,
                team_id=driven.team_id,
                day=MONDAY + timedelta(days=number),
                starts=driven.starts,
                ends=driven.ends,
                driving_seconds=0,
                driving_metres=0,
            )
            for number in range(MOST_AT_ONCE + 1)
        )
        return plan.id


@pytest.fixture
def queue(world: World, cluster: Cluster) -> App:
    """The queue of the application's database."""
    with world.owner.connect() as connection:
        name = connection.scalar(text("select current_database()"))
    return build(cluster.service_url(str(name)))


def _ask(world: World, plan: int, who: str = "viewer", **form: object) -> str:
    """Ask for the sheets of a plan; return the address of their page."""
    browser = world.browser(who)
    data = {**form, "csrf_token": csrf_of(browser)}
    answer = browser.post(f"/rounds/{plan}/prints", data=data)
    assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text
    return answer.headers["Location"]


def test_many_sheets_are_printed_by_a_worker(
    world: World, long_plan: int, queue: App, settings: Settings
) -> None:
    """Who asks for them is told how far they are, and takes one file; nobody else does."""
    browser = world.browser("viewer")
    answer = browser.get(f"/rounds/{long_plan}/sheets.pdf", follow_redirects=True)
    assert answer.request.path == f"/rounds/{long_plan}/files"
    assert f"制作全部 {MOST_AT_ONCE + 1} 份" in answer.text
    address = _ask(world, long_plan, part=1)
    assert _ask(world, long_plan, part=1) == address
    assert "正在排队" in browser.get(address).text
    assert browser.get(f"{address}/sheets.pdf").status_code == HTTPStatus.NOT_FOUND
    part = browser.get(address, headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith("<section")
    working.work(queue, world.database, settings)
    assert browser.get(address, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    page = browser.get(address).text
    assert "做好了" in page
    assert f"{address}/sheets.pdf" in page
    file = read(world, f"{address}/sheets.pdf", "viewer")
    assert len(pypdf.PdfReader(io.BytesIO(file)).pages) == MOST_AT_ONCE + 1
    last = MONDAY + timedelta(days=MOST_AT_ONCE)
    assert last.isoformat() in text_of(file)
    for who in ("county", "fuliang"):
        assert world.browser(who).get(address).status_code == HTTPStatus.NOT_FOUND
        other = world.browser(who).get(f"{address}/sheets.pdf")
        assert other.status_code == HTTPStatus.NOT_FOUND
    assert _ask(world, long_plan, part=1) != address


def test_each_sheet_counts_its_own_pages() -> None:
    """They are torn apart for the teams: every one begins at its own page one."""
    assert text_of(bound([SHEET, SHEET])).count("第 1 页，共 1 页") == 2
    assert bound([]) == b""


def test_what_cannot_be_printed_is_told(
    world: World, long_plan: int, queue: App, settings: Settings
) -> None:
    """An unknown plan, team or part at once; what fails later on its page, with another try."""
    browser = world.browser("viewer")
    token = csrf_of(browser)
    for path, form in (
        ("/rounds/2000000/prints", {}),
        (f"/rounds/{long_plan}/prints", {"team": 999_999}),
        (f"/rounds/{long_plan}/prints", {"part": 2}),
    ):
        answer = browser.post(path, data={**form, "csrf_token": token})
        assert answer.status_code == HTTPStatus.NOT_FOUND
    assert browser.get("/rounds/prints/2000000").status_code == HTTPStatus.NOT_FOUND
    address = _ask(world, long_plan)
    with Session(world.owner) as session, session.begin():
        # Who asked has no longer an account when its turn comes.
        account = session.get_one(Account, world.actors["viewer"].account_id)
        account.active = False
    try:
        working.work(queue, world.database, settings)
    finally:
        with Session(world.owner) as session, session.begin():
            session.get_one(Account, world.actors["viewer"].account_id).active = True
    page = world.browser("viewer").get(address).text
    assert "没有做成" in page
    assert "再试一次" in page


def test_old_prints_are_removed(tmp_path: Path) -> None:
    """With the jobs that made them; young ones stay."""
    folder = tmp_path / "prints"
    folder.mkdir()
    for name, hours in (("1.pdf", KEPT_HOURS + 1), ("1.json", KEPT_HOURS + 1), ("2.pdf", 1)):
        (folder / name).write_bytes(b"x")
        then = clock.now().timestamp() - hours * 3600
        os.utime(folder / name, (then, then))
    assert forget_old(tmp_path) == 2
    assert [each.name for each in folder.iterdir()] == ["2.pdf"]


def test_long_plans_are_printed_in_parts() -> None:
    """A hundred rounds a file; none is lost between them."""
    assert sheet_parts(0) == []
    assert sheet_parts(44) == [(1, 1, 44)]
    assert sheet_parts(201) == [(1, 1, 100), (2, 101, 200), (3, 201, 201)]
