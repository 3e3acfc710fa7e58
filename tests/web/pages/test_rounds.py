"""Pages of plans: the list, the form, the board, solving, publishing, comparing; and for whom."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from fuliang_gis.inspections.models import InspectionRound, RoundPlan, RoundStop
from fuliang_gis.inspections.rounds import operations
from fuliang_gis.roads.closures import ClosureGiven, declare
from fuliang_gis.roads.models import RoadClosure
from fuliang_gis.web.pages.rounds import hours_text, way_text
from tests.factories import FULIANG_TOWN
from tests.inspections.rounds.laying_out import MONDAY, NORTH, QUICK, WEST
from tests.web.pages.conftest import Ground


def _form(ground: Ground, **changed: object) -> dict[str, object]:
    usual = {
        "horizon": "week",
        "horizon_was": "week",
        "first_day": MONDAY.isoformat(),
        "title": "第48周巡查",
        "team": [str(ground.team_id), str(ground.other_id)],
        "early": "1",
        "balance": "0.3",
        "late_counts": "3",
        "early_counts": "0.4",
        "seconds": "1",
        "seed": "1",
    }
    return {**usual, **changed}


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, "—"), (0, "0 分"), (59 * 60 + 29, "59 分"), (3599, "1 时"), (26_700, "7 时 25 分")],
)
def test_lengths_of_time_are_told_in_words(seconds: float | None, told: str) -> None:
    """Hours and minutes, rounded to the minute."""
    assert hours_text(seconds) == told


@pytest.mark.parametrize(
    ("metres", "told"),
    [(None, "—"), (80, "80 米"), (999.6, "1.0 公里"), (1234, "1.2 公里"), (123_456, "123 公里")],
)
def test_distances_are_told_in_words(metres: float | None, told: str) -> None:
    """Metres for what is near, kilometres for the rest."""
    assert way_text(metres) == told


def test_an_empty_list_says_what_to_do(ground: Ground) -> None:
    """To whoever plans: make a plan, or first a team; to the others: who plans."""
    yaoli, viewer = ground.world.browser("yaoli"), ground.world.browser("viewer")
    assert "第一步：新建队伍" in ground.page("/rounds", yaoli)
    assert "没有符合条件的方案" in ground.page("/rounds?state=withdrawn", viewer)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("", ("2026-12-01", "2026-12-31", "浮梁镇2026年12月巡查路线")),
        (
            "?horizon=day&horizon_was=month",
            ("2026-11-23", "2026-11-23", "浮梁镇2026-11-23巡查路线"),
        ),
        (
            "?horizon=week&horizon_was=month",
            ("2026-11-23", "2026-11-29", "浮梁镇2026年第48周巡查路线"),
        ),
        (
            "?horizon=quarter&horizon_was=month",
            ("2027-01-01", "2027-03-31", "浮梁镇2027年第1季度巡查路线"),
        ),
        (
            "?horizon=month&horizon_was=month&first_day=2027-01-31",
            ("2027-01-31", "2027-02-27", "浮梁镇01-31至02-27巡查路线"),
        ),
        (
            "?horizon=custom&horizon_was=custom&first_day=2026-11-24&last_day=2026-11-26",
            ("2026-11-24", "2026-11-26", "浮梁镇11-24至11-26巡查路线"),
        ),
        (
            "?horizon=day&horizon_was=day&first_day=9999-12-31",
            ("2026-11-23", "2026-11-23", "浮梁镇2026-11-23巡查路线"),
        ),
        (
            "?horizon=week&horizon_was=week&first_day=2026-11-23&title=我的&proposed=别的",
            ("2026-11-23", "2026-11-29", "我的"),
        ),
    ],
)
def test_the_form_proposes(ground: Ground, asked: str, told: tuple[str, ...]) -> None:
    """Dates follow from how long, the title from the dates until somebody types another."""
    page = ground.page(f"/rounds/new{asked}")
    first, last, title = told
    assert f'name="first_day" type="date" value="{first}"' in page
    assert f'name="last_day" type="date" value="{last}"' in page
    assert f'name="title" value="{title}"' in page


def test_the_form_counts_what_waits(ground: Ground) -> None:
    """Open obligations, what takes a skill nobody has, and how much time the teams have."""
    week = "horizon=week&horizon_was=week&first_day=2026-11-23&early=1"
    page = ground.page(f"/rounds/new?{week}&team={ground.team_id}")
    assert '<b class="rounds__count">7</b> 项待巡查' in page
    assert "共 5 个工作日、40 时" in page
    assert "水质检测 1 项没有队伍会做" in page
    both = f"{week}&team={ground.team_id}&team={ground.other_id}"
    page = ground.page(f"/rounds/new?{both}")
    assert "没有队伍会做" not in page
    assert "共 10 个工作日" in page
    late = ground.page("/rounds/new?horizon=week&horizon_was=week&first_day=2026-11-30&early=1")
    assert '<b class="rounds__late">7</b> 项已逾期' in late
    none = ground.page("/rounds/new?horizon=day&horizon_was=day&first_day=2026-11-01")
    assert "这段时间没有要排的任务" in none


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"title": " " * 3, "proposed": "x", "horizon": "custom", "last_day": ""}, "起止日期"),
        ({"team": []}, "请选择本区划内在用的巡查队伍"),
        ({"balance": "-1"}, "均衡程度应为 0～100"),
        ({"seconds": "9999"}, "求解时间应为 1～600"),
        ({"seed": "x"}, "随机种子应为"),
        ({"early_counts": "nan"}, "可提前任务的分量应为"),
        ({"title": "长" * 81}, "请填写方案名称"),
        ({"horizon": "custom", "first_day": "9999-12-31", "last_day": "9999-12-31"}, "起止日期"),
    ],
)
def test_the_form_comes_back_with_what_is_wrong(
    ground: Ground, changed: dict[str, object], told: str
) -> None:
    """Nothing is made, and what was typed stays."""
    status, page = ground.post("/rounds/new", _form(ground) | changed)
    assert (status, told in page) == (422, True)


def test_a_plan_is_made_solved_and_watched(ground: Ground) -> None:
    """Saved for later it waits; queued it tells how far it is; ended the page is read anew."""
    status, page = ground.post("/rounds/new", _form(ground, later="1"))
    assert (status, "这个方案还没有算过" in page) == (200, True)
    with Session(ground.world.owner) as session:
        key = session.scalars(select(RoundPlan.id).order_by(RoundPlan.id.desc())).first()
    assert key is not None
    status, page = ground.post(f"/rounds/{key}/solve", {"version": "1", "seconds": "2"})
    assert (status, "正在求解" in page) == (200, True)
    assert ground.row(key).asked["seconds"] == 2
    with Session(ground.world.owner) as session, session.begin():
        curve = [[0.5, 9000.0], [1.0, 7200.0]]
        session.execute(update(RoundPlan).where(RoundPlan.id == key).values(curve=curve))
    part = ground.page(f"/rounds/{key}/progress?cancel=1", htmx=True)
    assert "综合代价 <b>2.0</b>，比最初减少 20%" in part
    assert 'points="150.0,4.0 300.0,116.0"' in part
    assert "<html" not in part
    assert "停止，用目前最好的" in part
    with Session(ground.world.owner) as session, session.begin():
        # As if a worker had it in hand already; one that waits is called off at once.
        session.execute(update(RoundPlan).where(RoundPlan.id == key).values(job_id=None))
    assert "正在停止，保留已找到的最好方案" in ground.post(f"/rounds/{key}/cancel", {})[1]
    assert ground.row(key).cancel_asked
    with Session(ground.world.owner) as session, session.begin():
        operations.solve(session, key, today=MONDAY, effort=QUICK)
    answer = ground.clerk.get(f"/rounds/{key}/progress", headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"
    assert "已求解" in ground.page(f"/rounds/{key}")


def test_a_failed_plan_says_why(ground: Ground) -> None:
    """The reason and what to do stand on the board."""
    key = ground.plan()
    with Session(ground.world.owner) as session, session.begin():
        told = {"state": "failed", "fault": "没有道路<数据>。"}
        session.execute(update(RoundPlan).where(RoundPlan.id == key).values(**told))
    page = ground.page(f"/rounds/{key}")
    assert "没有道路&lt;数据&gt;。" in page
    assert "原有的路线没有变" in page


def test_the_board_shows_rounds_stops_and_what_is_left(ground: Ground) -> None:
    """A row a team, a column a day; the chosen round's stops with a link to each card."""
    key = ground.plan()
    page = ground.page(f"/rounds/{key}")
    stops = ground.stops(key)
    assert "浮梁镇&lt;二&gt;队" in page
    assert page.count('class="rb__day') == 5
    chosen = stops[0][1].id
    own = [stop for stop, home in stops if home.id == chosen]
    assert page.count("data-stop=") == len(own)
    assert page.count('href="/locations/water_projects/') >= len(own)
    assert "道路不通，无法到达" in page
    assert "核对点位位置和道路" in page
    month = ground.page(f"/rounds/{key}?view=month")
    assert "rb__grid--month" in month
    assert month.count('class="rb__day') == 5
    week = ground.clerk.get(f"/rounds/{key}/lines.json?from={MONDAY}&to={MONDAY}").get_json()
    assert {each["id"] for each in week} == {r.id for _, r in stops if r.day == MONDAY}
    found = ground.clerk.get(f"/rounds/{key}/lines.json?v=1")
    assert found.headers["Cache-Control"] == "private, max-age=86400"
    lines = found.get_json()
    assert {each["id"] for each in lines} == {home.id for _, home in stops}
    assert sum(len(each["stops"]) for each in lines) == len(stops)
    turns = ground.page(f"/rounds/{key}/turns/{chosen}")
    assert "沿瓷都路" in turns
    assert "<html" not in ground.page(f"/rounds/{key}/turns/{chosen}", htmx=True)


def test_locks_hold_and_a_stale_board_is_told(ground: Ground) -> None:
    """Stop, round, day and team; whoever looks at an older version sees the newer one."""
    key = ground.plan()
    stop, home = ground.stops(key)[0]
    version = ground.row(key).version
    for number, (what, what_key) in enumerate(
        [("stop", stop.id), ("round", home.id), ("day", MONDAY), ("team", ground.team_id)]
    ):
        form: dict[str, object] = {"what": what, "key": str(what_key), "locked": "1"}
        status, page = ground.post(f"/rounds/{key}/lock", form | {"version": version + number})
        assert (status, page.count('aria-pressed="true"') >= number + 1) == (200, True)
    asked = ground.row(key).asked
    assert (asked["locked_days"], asked["locked_teams"]) == ([MONDAY.isoformat()], [ground.team_id])
    form = {"what": "stop", "key": str(stop.id), "locked": "0", "version": version}
    status, page = ground.post(f"/rounds/{key}/lock", form)
    assert (status, "别人刚刚改动了这个方案" in page) == (409, True)
    assert ground.post(f"/rounds/{key}/lock", form, htmx=True)[0] == 409
    unknown = {"what": "moon", "key": "1", "version": str(ground.row(key).version)}
    assert ground.post(f"/rounds/{key}/lock", unknown)[0] == 404


def test_a_plan_is_published_seen_today_and_withdrawn(ground: Ground) -> None:
    """The member of the team sees it in order under Today, with ways to navigate."""
    key = ground.plan(ground.team_id)
    with Session(ground.world.owner) as session, session.begin():
        # Whatever day the search took, the first round is driven today.
        first = session.scalars(
            select(InspectionRound)
            .where(InspectionRound.plan_id == key, InspectionRound.team_id == ground.team_id)
            .order_by(InspectionRound.day)
        ).first()
        assert first is not None
        first.day = MONDAY
        driven = first.id
    version = ground.row(key).version
    status, page = ground.post(f"/rounds/{key}/publish", {"version": str(version)})
    assert (status, "已发布" in page, ">撤回<" in page) == (200, True, True)
    mine = ground.page("/today")
    assert "我的路线：浮梁镇巡查一队" in mine
    assert "https://uri.amap.com/navigation" in mine
    assert "0 / " in mine
    line = ground.clerk.get(f"/today/rounds/{driven}/lines.json").get_json()
    assert [each["id"] for each in line] == [driven]
    assert "我的路线" not in ground.page("/today", ground.world.browser("county"))
    status, page = ground.post(f"/rounds/{key}/solve", {"version": str(version + 1)})
    assert (status, "请先撤回" in page) == (409, True)
    status, page = ground.post(f"/rounds/{key}/withdraw", {"version": str(version + 1)})
    assert (status, "已撤回" in page) == (200, True)
    assert "我的路线" not in ground.page("/today")
    history = ground.page(f"/rounds/{key}/history")
    assert "发布巡查路线方案" in history
    assert "撤回巡查路线方案" in history


def test_a_way_that_is_cut_is_told_under_today(ground: Ground) -> None:
    """A closure between the stops: the member's own map says so as the board's does."""
    key = ground.plan(ground.team_id)
    driven = ground.stops(key)[0][1]
    board = f"/rounds/{key}/lines.json?from={driven.day}&to={driven.day}"
    own = f"/today/rounds/{driven.id}/lines.json"

    def told(address: str) -> dict[str, object]:
        (each,) = ground.clerk.get(address).get_json()
        return dict(each)

    assert told(own) == told(board)
    assert told(own)["broken"] is False
    across = [[WEST + 0.015, NORTH - 0.001], [WEST + 0.015, NORTH + 0.001]]
    slide = ClosureGiven(
        FULIANG_TOWN, "山体滑坡", {"type": "LineString", "coordinates": across}, MONDAY
    )
    with Session(ground.world.owner) as session, session.begin():
        made = declare(session, ground.world.actors["fuliang"], slide).id
    try:
        assert told(own) == told(board)
        assert told(own)["broken"] is True
    finally:
        with Session(ground.world.owner) as session, session.begin():
            session.delete(session.get_one(RoadClosure, made))


def test_a_copy_is_changed_and_compared(ground: Ground) -> None:
    """The copy names what it is based on; asked for less, it shows what moved."""
    key = ground.plan()
    status, page = ground.post(f"/rounds/{key}/copy", {})
    assert (status, f"方案 {key}</a>" in page, "（副本）" in page) == (200, True, True)
    with Session(ground.world.owner) as session:
        copy = session.scalars(select(RoundPlan.id).where(RoundPlan.based_on == key)).one()
    assert "两个方案的安排完全一样" in ground.page(f"/rounds/compare?a={key}&b={copy}")
    form = ground.page(f"/rounds/{copy}/edit")
    assert f'value="{ground.team_id}" checked' in form
    changed = _form(
        ground,
        later="1",
        horizon="custom",
        horizon_was="custom",
        last_day=(MONDAY + timedelta(days=1)).isoformat(),
        team=[str(ground.other_id)],
        version=str(ground.row(copy).version),
    )
    status, page = ground.post(f"/rounds/{copy}/edit", changed)
    assert (status, "已保存" in page) == (200, True)
    assert ground.row(copy).asked["teams"] == [ground.other_id]
    status, page = ground.post(f"/rounds/{copy}/edit", changed)
    assert (status, "别人刚刚改动了这个方案" in page) == (409, True)
    with Session(ground.world.owner) as session, session.begin():
        stop = session.scalars(
            select(RoundStop)
            .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
            .where(InspectionRound.plan_id == copy)
            .order_by(RoundStop.id)
        ).first()
        session.delete(stop)
    page = ground.page(f"/rounds/compare?a={key}&b={copy}")
    assert "仅前者有" in page
    assert page.count("data-rounds-map") == 2
    answer = ground.clerk.get(f"/rounds/compare?plan={key}&plan={copy}")
    assert answer.headers["Location"] == f"/rounds/compare?a={key}&b={copy}"
    assert ground.clerk.get(f"/rounds/compare?plan={key}").headers["Location"] == "/rounds"


@pytest.mark.parametrize("path", ["solve", "cancel", "publish", "withdraw", "copy", "lock", "edit"])
def test_who_may_not_plan_changes_nothing(ground: Ground, path: str) -> None:
    """A viewer reads the board without forms; another township does not find it."""
    key = ground.plan()
    viewer, yaoli = ground.world.browser("viewer"), ground.world.browser("yaoli")
    page = ground.page(f"/rounds/{key}", viewer)
    assert 'method="post"' not in page.partition("<main")[2].partition("</main")[0]
    form = _form(ground, version="2", what="day", key=MONDAY.isoformat(), locked="1")
    assert ground.post(f"/rounds/{key}/{path}", form, viewer)[0] == 403
    assert ground.post(f"/rounds/{key}/{path}", form, yaoli)[0] in (403, 404)
    assert yaoli.get(f"/rounds/{key}").status_code == 404
    assert yaoli.get(f"/rounds/{key}/lines.json").status_code == 404
    assert ground.row(key).version == 2


@pytest.mark.parametrize(
    "query",
    ["?view=x&day=x&round=x", "?day=0001-01-01", "?day=9999-12-31&view=month", "?round=999999"],
)
def test_an_address_that_makes_no_sense_shows_the_plan(ground: Ground, query: str) -> None:
    """Old links and typing errors show the usual."""
    assert "rb__grid" in ground.page(f"/rounds/{ground.plan()}{query}")


def test_pages_ask_the_database_as_often_however_much_there_is(
    ground: Ground, count_queries: Callable[[Engine], AbstractContextManager[list[str]]]
) -> None:
    """A plan of a day and a plan of a week, one plan and several: the same statements."""
    key = ground.plan()
    engine = ground.world.database.engine
    counts = []
    with Session(ground.world.owner) as session, session.begin():
        few = session.scalars(
            select(RoundStop.id)
            .join(InspectionRound, InspectionRound.id == RoundStop.round_id)
            .where(InspectionRound.plan_id == key)
        ).all()
    for _ in range(2):
        seen: dict[str, int] = {}
        for path in (
            f"/rounds/{key}",
            "/rounds",
            "/rounds/teams",
            f"/rounds/compare?a={key}&b={key}",
        ):
            ground.page(path)
            with count_queries(engine) as statements:
                ground.page(path)
            seen[path] = len(statements)
        counts.append(seen)
        with Session(ground.world.owner) as session, session.begin():
            for number in few[1:] if len(counts) == 1 else ():
                session.delete(session.get_one(RoundStop, number))
        ground.plan()
    assert counts[0] == counts[1]
    assert counts[0][f"/rounds/{key}"] <= 8


def test_the_menu_leads_here(ground: Ground) -> None:
    """Everybody who reads finds the plans in the menu of inspections."""
    assert '<a href="/rounds" aria-current="page">巡查路线</a>' in ground.page("/rounds")


def test_the_list_is_sorted_and_narrowed_by_its_address(ground: Ground) -> None:
    """Every column, both ways round, with the filters kept; what is no column is left aside."""
    one, both = ground.plan(ground.team_id), ground.plan()
    with Session(ground.world.owner) as session, session.begin():
        first, second = session.get_one(RoundPlan, one), session.get_one(RoundPlan, both)
        first.title, second.title = "排序甲：安全", "排序乙：北线"
        first.first_day = MONDAY - timedelta(days=7)
        second.driving_seconds, second.created_by = None, None

    def listed(query: str) -> list[int]:
        page = ground.page(f"/rounds?q=排序&{query}")
        found = {key: page.find(f'href="/rounds/{key}"') for key in (one, both)}
        return sorted((key for key in found if found[key] >= 0), key=lambda key: found[key])

    assert listed("") == [both, one]
    assert listed("descending=0") == [one, both]
    assert listed("sort=title&descending=0") == [one, both]
    assert listed("sort=title") == [both, one]
    assert listed("sort=left_over&descending=0") == [both, one]
    assert listed("sort=nothing") == [both, one]
    # What has no driving yet comes last, whichever way round.
    assert listed("sort=driving_seconds") == listed("sort=driving_seconds&descending=0")
    for name in ("state", "division_code", "rounds", "stops", "created_at"):
        assert len(listed(f"sort={name}")) == 2
    assert listed(f"team={ground.other_id}") == [both]
    assert listed("mine=1") == [one]
    page = ground.page("/rounds?q=排序&mine=1&sort=stops")
    assert 'aria-sort="descending"' in page
    turned = "sort=stops&amp;descending=0"
    assert turned in page
    assert "mine=1" in page.partition(turned)[0].rpartition('href="')[2]
    assert '<input type="hidden" name="sort" value="stops">' in page


def test_the_api_sorts_plans_too(ground: Ground) -> None:
    """As the list does; what is no column is refused."""
    client, headers = ground.world.app.test_client(), ground.world.token("fuliang")
    plain = client.get("/api/v1/round-plans?sort=created_at&descending=false", headers=headers)
    told = [each["created_at"] for each in plain.get_json()["items"]]
    assert told == sorted(told)
    of_team = client.get(f"/api/v1/round-plans?team_id={ground.other_id}", headers=headers)
    assert 0 < of_team.get_json()["total"] < plain.get_json()["total"]
    assert client.get("/api/v1/round-plans?sort=id", headers=headers).status_code == 422
