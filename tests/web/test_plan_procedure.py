"""Pages of a plan's procedure: the whole road on forms, who is refused, tables, opinions, annex."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from http import HTTPStatus

import pytest
from docx import Document
from flask.testing import FlaskClient
from shapely import box
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fuliang_gis.accounts.roles import Role
from fuliang_gis.exchange.plan_projects import read_projects
from fuliang_gis.locations.registry import layer
from fuliang_gis.planning import operations, waivers
from fuliang_gis.planning.drafts import draft_of
from fuliang_gis.planning.models import PlanScheme, VillagePlan
from fuliang_gis.planning.parcels import ControlLine
from fuliang_gis.planning.procedure.models import PlanOpinion, PlanParticipation
from fuliang_gis.planning.procedure.waiting import waiting_count
from fuliang_gis.planning.projects.models import PlanProject
from tests.factories import COUNTY, FULIANG_TOWN, YAOLI_TOWN, make_actor, make_location
from tests.inspections.factories import make_defect
from tests.planning.edits import recode
from tests.planning.procedure.road import DAY, END, START, Road, at, laid_out
from tests.planning.procedure.test_opinions import say
from tests.planning.projects.test_projects import TOWNSHIP
from tests.planning.test_operations import EAST, WEST, X, Y, scheme_of
from tests.web.conftest import World, csrf_of

HOSTILE = "<img src=x onerror=alert(1)>{{ 7*7 }}"
LATER = END + DAY
PEOPLE = {
    "planner": (Role.PLANNER, COUNTY),
    "town": (Role.TOWNSHIP_STAFF, FULIANG_TOWN),
    "reviewer": (Role.REVIEWER, COUNTY),
    "elsewhere": (Role.TOWNSHIP_STAFF, YAOLI_TOWN),
    "planner_elsewhere": (Role.PLANNER, YAOLI_TOWN),
}
TABS = ("procedure", "participation", "projects", "goals", "opinions", "waivers", "annex.docx")


@pytest.fixture(scope="module")
def people(world: World) -> World:
    """The application with the posts that have to do with plans."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        for who, place in PEOPLE.items():
            if who not in world.actors:
                world.actors[who] = make_actor(session, *place)
    return world


@pytest.fixture
def road(people: World) -> Road:
    """The road before a new plan."""
    return laid_out(people.database, people.actors)


@pytest.fixture
def post(people: World, road: Road) -> Callable[..., TestResponse]:
    """Send a form of the plan's pages as somebody, upon the newest version."""

    def send(who: str, path: str, on: date = START, **form: object) -> TestResponse:
        client = people.browser(who)
        data = {"csrf_token": csrf_of(client), "version": str(road.plan.version), **form}
        with at(on):
            return client.post(f"/plans/{road.plan_id}/{path}", data=data)

    return send


def page(world: World, who: str, road: Road, tab: str, on: date = START) -> str:
    """Return a page of the plan as somebody sees it."""
    with at(on):
        answer = world.browser(who).get(f"/plans/{road.plan_id}/{tab}")
    assert answer.status_code == HTTPStatus.OK
    return answer.get_data(as_text=True)


VOTE = {
    "assembly": "villagers",
    "held_on": START.isoformat(),
    "entitled": "100",
    "attended": "60",
    "in_favour": "50",
    "against": "6",
    "abstained": "4",
}
FORMS = [
    ("planner", "submit", START, {}),
    ("town", "vote", START, VOTE),
    ("town", "notice", START, {"held_on": START.isoformat(), "until": END.isoformat()}),
    ("town", "forward", LATER, {}),
    ("reviewer", "approve", LATER, {"number": "浮府字〔2026〕1号", "held_on": LATER.isoformat()}),
    ("reviewer", "publish", LATER, {"held_on": LATER.isoformat()}),
    ("reviewer", "force", LATER, {"held_on": LATER.isoformat()}),
]


def test_the_whole_road_is_walked_on_forms(
    people: World, road: Road, post: Callable[..., TestResponse]
) -> None:
    """Each form is there for who takes the step, and for nobody else."""
    for who, kind, on, form in FORMS:
        button = f'/plans/{road.plan_id}/procedure/{kind}"'
        for other in PEOPLE.keys() - {who, "elsewhere", "planner_elsewhere"}:
            seen = page(people, other, road, "procedure", on)
            reviews = other == "reviewer" and who == "town"
            assert (button in seen) == reviews
        assert button in page(people, who, road, "procedure", on)
        answer = post(who, f"procedure/{kind}", on, **form)
        assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text
    told = page(people, "viewer", road, "procedure", LATER)
    assert "浮府字〔2026〕1号" in told
    assert told.count("clock__step--done") == 7
    assert post("planner", "procedure/change", LATER, note="新增公厕").status_code == 303
    assert "正在办理" in post("planner", "procedure/change", LATER, note="再次").text


@pytest.mark.parametrize("tab", TABS)
def test_another_township_sees_nothing(people: World, road: Road, tab: str) -> None:
    """Nor does anybody without an account."""
    for who in ("elsewhere", "planner_elsewhere"):
        answer = people.browser(who).get(f"/plans/{road.plan_id}/{tab}")
        assert answer.status_code == HTTPStatus.NOT_FOUND
    answer = people.browser().get(f"/plans/{road.plan_id}/{tab}")
    assert answer.status_code == HTTPStatus.FOUND
    assert "/sign-in" in answer.location
    assert people.browser("viewer").get(f"/plans/9999999999/{tab}").status_code == 404


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("elsewhere", "procedure/submit", 404),
        ("viewer", "procedure/submit", 403),
        ("town", "procedure/submit", 403),
        ("planner", "procedure/approve", 403),
        ("reviewer", "procedure/approve", 409),
        ("reviewer", "procedure/feast", 404),
        ("viewer", "participation", 403),
        ("viewer", "projects", 403),
        ("town", "projects", 403),
        ("town", "goals", 403),
        ("planner", "waivers", 403),
        ("planner_elsewhere", "goals", 404),
        ("planner_elsewhere", "projects", 404),
        ("elsewhere", "participation", 404),
        ("viewer", "opinions/1/answer", 403),
        ("elsewhere", "opinions/1/judge", 404),
    ],
)
def test_wrong_posts_are_refused(
    post: Callable[..., TestResponse], road: Road, who: str, path: str, status: int
) -> None:
    """And the plan stays as it was."""
    form = {"held_on": START.isoformat(), "kind": "survey", "name": "路", "attended": "1"}
    assert post(who, path, **form).status_code == status
    assert road.state == "draft"


def test_forms_need_their_token(people: World, road: Road) -> None:
    """Another site cannot send them."""
    client = people.browser("planner")
    answer = client.post(f"/plans/{road.plan_id}/procedure/submit", data={"version": "2"})
    assert answer.status_code == HTTPStatus.FORBIDDEN


def test_a_refused_step_keeps_what_was_typed(post: Callable[..., TestResponse]) -> None:
    """The fault stands beside its field, with the article; an old version is told."""
    post("planner", "procedure/submit")
    answer = post("town", "procedure/vote", **(VOTE | {"in_favour": "30", "summary": HOSTILE}))
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "第二十二条" in answer.text
    assert HOSTILE not in answer.text
    assert "&lt;img src=x" in answer.text
    assert 'value="30"' in answer.text
    assert 'aria-describedby="vote-in_favour-fault"' in answer.text
    missing = post("town", "procedure/vote", **(VOTE | {"attended": "许多"}))
    assert missing.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    old = post("town", "procedure/vote", **VOTE, version="1")
    assert old.status_code == HTTPStatus.CONFLICT
    assert "别人刚刚" in old.text
    none = post("town", "procedure/vote", **VOTE, version="")
    assert none.status_code == HTTPStatus.PRECONDITION_REQUIRED
    assert post("town", "procedure/return").status_code == HTTPStatus.CONFLICT


def test_nobody_approves_their_own(people: World) -> None:
    """Not even an administrator; the page says why."""
    own = laid_out(people.database, people.actors, "administrator")
    own.take("administrator", Road.steps()[0][2])
    for _, who, act, on in Road.steps()[1:4]:
        own.take(who, act, on)
    told = page(people, "administrator", own, "procedure", LATER)
    assert "由另一位" in told
    assert "/procedure/approve" not in told
    client = people.browser("administrator")
    form = {"csrf_token": csrf_of(client), "version": str(own.plan.version), **FORMS[4][3]}
    with at(LATER):
        answer = client.post(f"/plans/{own.plan_id}/procedure/approve", data=form)
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert own.state == "county"


# --- tables ---


def test_participation_is_written_down_and_taken_away(
    people: World, road: Road, post: Callable[..., TestResponse]
) -> None:
    """Hostile text stays text."""
    form = {"kind": "survey", "held_on": START.isoformat(), "attended": "30", "summary": HOSTILE}
    assert post("town", "participation", **form).status_code == HTTPStatus.SEE_OTHER
    told = page(people, "viewer", road, "participation")
    assert "入户调查" in told
    assert HOSTILE not in told
    assert "删除" not in told.partition("<main")[2]
    bad = post("town", "participation", **(form | {"attended": ""}))
    assert bad.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "请填写参加人数" in bad.text
    with people.database.session() as session:
        of_plan = select(PlanParticipation.id).where(PlanParticipation.plan_id == road.plan_id)
        row = session.scalars(of_plan).one()
    assert post("planner", f"participation/{row}/remove").status_code == HTTPStatus.SEE_OTHER
    assert post("planner", f"participation/{row}/remove").status_code == HTTPStatus.NOT_FOUND


def test_projects_are_edited_on_pages(
    people: World, road: Road, post: Callable[..., TestResponse]
) -> None:
    """Added with links, changed, moved, exported, removed."""
    with Session(people.owner, expire_on_commit=False) as session, session.begin():
        asset = make_location(
            session, people.actors["county"], layer("water_projects"), name=f"水厂{road.plan_id}"
        )
    found = people.browser("planner").get(
        f"/plans/{road.plan_id}/projects/assets?asset_q=水厂{road.plan_id}"
    )
    assert f"water_projects/{asset.code}" in found.text
    form = {"kind": "基础设施", "name": HOSTILE, "land_m2": "１，２００．５", "funds": "36.5"}
    linked = form | {"parcel": "e", "location": f"water_projects/{asset.code}"}
    assert post("planner", "projects", **linked).status_code == HTTPStatus.SEE_OTHER
    assert post("planner", "projects", kind="环卫", name="公厕", funds="10").status_code == 303
    told = page(people, "viewer", road, "projects")
    assert HOSTILE not in told
    assert "1,200.50" in told
    assert "46.50" in told
    assert f"水厂{road.plan_id}" in told
    with people.database.session() as session:
        rows = select(PlanProject).where(PlanProject.plan_id == road.plan_id)
        first, second = session.scalars(rows.order_by(PlanProject.ordinal)).all()
    shown = page(people, "planner", road, f"projects/{first.id}")
    assert f'value="water_projects/{asset.code}" selected' in shown
    changed = form | {"name": "村道", "land_m2": "很多"}
    bad = post("planner", f"projects/{first.id}", **changed, version="1")
    assert bad.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "很多" in bad.text
    good = post("planner", f"projects/{first.id}", **(form | {"name": "村道"}), version="1")
    assert good.status_code == HTTPStatus.SEE_OTHER
    old = post("planner", f"projects/{first.id}", **form, version="1")
    assert old.status_code == HTTPStatus.CONFLICT
    moved = post("planner", f"projects/{second.id}/move", to="1", version="1")
    assert moved.status_code == HTTPStatus.SEE_OTHER
    sent = people.browser("viewer").get(f"/plans/{road.plan_id}/projects.xlsx")
    assert [row.name for row in read_projects(sent.data)] == ["公厕", "村道"]
    removed = post("planner", f"projects/{second.id}/remove", version="2")
    assert removed.status_code == HTTPStatus.SEE_OTHER


def test_a_townships_file_is_taken_in(road: Road, post: Callable[..., TestResponse]) -> None:
    """A bad one is refused whole, and told."""

    def send(content: bytes) -> TestResponse:
        file = (io.BytesIO(content), "项目.xlsx")
        return post("planner", "projects/import", file=file, manner="replace")

    assert send(TOWNSHIP).status_code == HTTPStatus.SEE_OTHER
    with road.database.session() as session:
        rows = select(func.count()).where(PlanProject.plan_id == road.plan_id)
        assert session.scalar(rows) == 3
    bad = send(b"nothing")
    assert bad.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "不是 Excel 工作簿" in bad.text
    none = post("planner", "projects/import", manner="add")
    assert "请选择 Excel 文件" in none.text


def test_goals_are_set_on_the_page(
    people: World, road: Road, post: Callable[..., TestResponse]
) -> None:
    """A chosen indicator brings its name and unit; full-width digits are read; free rows stay."""
    form = {
        "0.key": "cropland",
        "0.target": "１．０",
        "0.binding": "1",
        "0.side": "least",
        "1.zh": HOSTILE,
        "1.unit": "%",
        "1.target": "100",
        "1.binding": "0",
        "1.side": "exact",
        "2.zh": "",
        "3.zh": "要删的",
        "3.remove": "1",
    }
    assert post("planner", "goals", **form).status_code == HTTPStatus.SEE_OTHER
    goals = road.plan.goals
    assert [each["zh"] for each in goals] == ["耕地保有量", HOSTILE]
    assert (goals[0]["target"], goals[0]["at_least"], goals[1]["at_least"]) == (1.0, True, None)
    told = page(people, "viewer", road, "goals")
    assert HOSTILE not in told
    assert "1 → 1" in told
    assert goals[0]["base"] is None
    assert post("planner", "goals", **form, fill="1").status_code == HTTPStatus.SEE_OTHER
    assert [each["base"] for each in road.plan.goals] == [1.0, None]
    bad = post("planner", "goals", **(form | {"1.target": "许多"}))
    assert bad.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'value="许多"' in bad.text
    assert "第 2 行目标年不是数字" in bad.text
    assert bad.text.count('aria-invalid="true"') == 1
    old = post("planner", "goals", **form, version="1")
    assert old.status_code == HTTPStatus.CONFLICT


def test_the_page_of_reminders_tells_what_is_next(people: World, road: Road) -> None:
    """Which plan, which step, by when; its number is that of plans, not of all that waits."""
    road.walk("approved")
    client, today = people.browser("reviewer"), date(2026, 11, 15)
    with Session(people.owner) as session, session.begin():
        place = make_location(session, make_actor(session), layer("water_projects"))
        make_defect(session, place, today, state="fixed")
    people.app.extensions.pop("fuliang_reminders", None)
    with at(today), people.database.session() as session:
        waiting = waiting_count(session, people.actors["reviewer"], today)
        found = client.get("/reminders").get_data(as_text=True)
    assert f'待我办理的村庄规划 <span class="badge badge--bad">{waiting}</span>' in found
    assert "最晚 2026-11-05（批准后 20 个工作日内，《城乡规划法》第八条）" in found
    assert "已逾期</span>" in found
    assert f'提醒 <span class="badge">{waiting + 1}<' in found


def test_waivers_are_granted_on_their_page(
    people: World, road: Road, post: Callable[..., TestResponse]
) -> None:
    """By a reviewer, with a reason; what is granted opens the way, taken back it closes it."""
    assert "没有须论证报批的用地" in page(people, "reviewer", road, "waivers")
    none = post("reviewer", "waivers", parcel="e", article="x", reason="论证")
    assert none.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert post("reviewer", "waivers/1/revoke").status_code == HTTPStatus.NOT_FOUND
    named = _school_in_the_redline(people, road)
    told = page(people, "reviewer", road, "waivers")
    assert f'name="article" value="{named}"' in told
    assert 'name="article"' not in page(people, "planner", road, "waivers")
    assert post("planner", "procedure/submit").status_code == HTTPStatus.CONFLICT
    form = {"parcel": "e", "article": named}
    empty = post("reviewer", "waivers", **form, reason=" ")
    assert empty.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert post("reviewer", "waivers", **form, reason=HOSTILE).status_code == 303
    seen = page(people, "viewer", road, "waivers")
    assert HOSTILE not in seen
    assert "&lt;img src=x" in seen
    assert "有效</span>" in seen
    with people.database.session(road.actors["planner"].account_id) as session:
        scheme = scheme_of(session, road.plan)
        drawn = recode(draft_of(session, road.plan, scheme), "e", "0803")
        operations.save(session, road.actors["planner"], scheme.id, drawn, expected=2)
    changed = page(people, "reviewer", road, "waivers")
    assert "登记后图斑已改动" in changed
    assert "适用的在上面重新登记" in changed
    assert "请县级审核员重新登记" in page(people, "planner", road, "waivers")
    assert f'name="article" value="{named}"' in changed
    assert post("reviewer", "waivers", **form, reason="论证").status_code == HTTPStatus.SEE_OTHER
    waiver = page(people, "reviewer", road, "waivers").partition("/revoke")[0].rpartition("/")[2]
    assert post("reviewer", f"waivers/{waiver}/revoke").status_code == HTTPStatus.SEE_OTHER
    assert post("planner", "procedure/submit").status_code == HTTPStatus.CONFLICT
    assert post("reviewer", "waivers", **form, reason="论证").status_code == HTTPStatus.SEE_OTHER
    with people.database.session(road.actors["planner"].account_id) as session:
        planner, version = road.actors["planner"], road.plan.version
        operations.set_base(
            session, planner, road.plan_id, [WEST, EAST], [], expected_version=version
        )
    withdrawn = page(people, "reviewer", road, "waivers")
    assert "登记后管控边界或基期在此图斑上有变化" in withdrawn
    assert "不用再登记" in withdrawn
    assert post("planner", "procedure/submit").status_code == HTTPStatus.SEE_OTHER


def _school_in_the_redline(world: World, road: Road) -> str:
    """Draw what needs a permit; return the article that says so."""
    planner = road.actors["planner"]
    redline = ControlLine("r", "0102", box(X, Y, X + 200, Y + 50))
    with world.database.session(planner.account_id) as session:
        version = road.plan.version
        plan = operations.set_base(
            session, planner, road.plan_id, [WEST, EAST], [redline], expected_version=version
        )
        scheme = scheme_of(session, plan)
        drawn = recode(draft_of(session, plan, scheme), "e", "0804")
        operations.save(session, planner, scheme.id, drawn, expected=1)
    with world.database.session() as session:
        (found,) = waivers.waivable(session, session.get_one(VillagePlan, road.plan_id))
    return found.article


def test_all_that_keeps_a_plan_from_its_step_is_told(
    people: World, road: Road, post: Callable[..., TestResponse]
) -> None:
    """Two faults of one field do not hide each other."""
    _school_in_the_redline(people, road)
    planner = road.actors["planner"]
    with people.database.session(planner.account_id) as session:
        scheme = scheme_of(session, session.get_one(VillagePlan, road.plan_id))
        operations.save(session, planner, scheme.id, {"w": None}, expected=2)
    refused = post("planner", "procedure/submit", scheme=str(scheme.id))
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "处必须改正的问题" in refused.text
    assert "未登记例外" in refused.text


# --- opinions and annex ---


def _stamp(told: str, form: str) -> str:
    """Return the version that a form of the page carries."""
    hidden = told.partition(f'{form}"')[2].partition('name="version" value="')[2]
    assert hidden
    return hidden.partition('"')[0]


def test_opinions_are_shown_answered_and_annexed(
    people: World, road: Road, post: Callable[..., TestResponse]
) -> None:
    """As the county reads them before it approves."""
    road.walk("notice")
    said = say(road)
    told = page(people, "town", road, "opinions")
    assert "路口太窄，&lt;b&gt;建议" in told
    stamp = _stamp(told, f"opinions/{said.id}/answer")
    answer = {"verdict": "partly", "reply": f"拓宽到 5 米\x0b{HOSTILE}", "version": stamp}
    assert post("town", f"opinions/{said.id}/answer", **answer).status_code == 303
    assert post("town", f"opinions/{said.id}/answer", **answer).status_code == 409
    stamp = _stamp(page(people, "planner", road, "opinions"), f"opinions/{said.id}/judge")
    judged = post("planner", f"opinions/{said.id}/judge", state="shown", version=stamp)
    assert judged.status_code == HTTPStatus.SEE_OTHER
    assert "没有符合条件" in page(people, "town", road, "opinions?only=unanswered")
    with people.database.session() as session:
        assert session.get_one(PlanOpinion, said.id).state == "shown"
    road.walk("county")
    sent = people.browser("reviewer").get(f"/plans/{road.plan_id}/annex.docx")
    document = Document(io.BytesIO(sent.data))
    words = "\n".join(each.text for each in document.paragraphs)
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert "共收到意见 1 条：采纳 0 条，部分采纳 1 条，未采纳 0 条" in words
    assert "公示 37 日" in words
    assert HOSTILE in words
    assert "50/6/4" in cells
    assert "登记表决" in cells
    late = post("town", f"opinions/{said.id}/answer", LATER, **answer)
    assert late.status_code == HTTPStatus.CONFLICT


def test_an_empty_plan_has_an_annex_too(people: World, road: Road) -> None:
    """Which says that nothing has happened yet."""
    sent = people.browser("viewer").get(f"/plans/{road.plan_id}/annex.docx")
    words = "\n".join(p.text for p in Document(io.BytesIO(sent.data)).paragraphs)
    assert "本规划尚未公示" in words


def test_no_page_shows_what_is_not_chosen(people: World, road: Road) -> None:
    """The goals' page reckons the scheme that goes on its way."""
    road.walk("notice")
    with people.database.session() as session:
        plan = session.get_one(VillagePlan, road.plan_id)
        scheme = session.get_one(PlanScheme, plan.frozen_scheme)
        assert scheme.chosen
    client: FlaskClient = people.browser("viewer")
    assert client.get(f"/plans/{road.plan_id}/goals").status_code == HTTPStatus.OK
