"""The invented year obeys the service's rules on whatever day it ends (pure, a few places)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
import shapely

from fuliang_gis.accounts.roles import Role
from fuliang_gis.clock import ZONE
from fuliang_gis.demo.inspections.defects import Defect, Event
from fuliang_gis.demo.inspections.ledger import problems
from fuliang_gis.demo.inspections.places import Place
from fuliang_gis.demo.inspections.posts import Post, Posts
from fuliang_gis.demo.inspections.times import Year
from fuliang_gis.demo.inspections.year import Invented, Inventor
from fuliang_gis.inspections.defects import rules as steps
from fuliang_gis.inspections.defects.rules import Act, Case, MeasureFacts
from fuliang_gis.inspections.duties.periods import PeriodKind
from fuliang_gis.inspections.duties.rules import Rule
from fuliang_gis.inspections.visits.checklist import check_answers
from fuliang_gis.inspections.visits.rules import problems_of
from fuliang_gis.locations.registry import layers

TOWNS = ("360222100", "360222101")
AS_OF = date(2026, 11, 25)
#: Leap days, ends of months, quarters and years, and the days after them.
DAYS = [
    date(2024, 2, 28),
    date(2024, 2, 29),
    date(2024, 3, 1),
    date(2025, 2, 28),
    date(2025, 3, 31),
    date(2025, 12, 31),
    date(2026, 1, 1),
    date(2026, 7, 1),
    AS_OF,
]
RULES = (
    Rule(1, "routine", PeriodKind.QUARTER, date(2020, 1, 1), asset_class="public_welfare"),
    Rule(2, "routine", PeriodKind.MONTH, date(2020, 1, 1), asset_class="operating"),
    Rule(3, "water_quality", PeriodKind.YEAR, date(2022, 1, 1), layer="water_projects"),
)


def _post(number: int, role: Role, code: str) -> Post:
    return Post(number, f"post-{number}", f"虚构岗位{number}", role, code)


POSTS = Posts(
    {town: _post(10 + n, Role.INSPECTOR, town) for n, town in enumerate(TOWNS)},
    {town: _post(20 + n, Role.TOWNSHIP_STAFF, town) for n, town in enumerate(TOWNS)},
    _post(1, Role.VILLAGE_INFORMANT, "360222100201"),
    _post(2, Role.COUNTY_STAFF, "360222"),
    _post(3, Role.REVIEWER, "360222"),
    {
        "360222": "浮梁县",
        "360222100": "浮梁镇",
        "360222101": "鹅湖镇",
        "360222100201": "查村村委会",
        "360222101201": "鹅湖村委会",
    },
)


def _place(number: int, layer: str, kind: str | None, use: str, asset_class: str) -> Place:
    town = TOWNS[number % 2]
    here = shapely.Point(500_000 + number * 40, 3_250_000)
    return Place(
        number,
        layers()[layer].sheet,
        f"T-{number:03d}",
        f"虚构{number}",
        kind,
        asset_class,
        use,
        f"{town}201",
        "管护员",
        date(2022, 5, 1),
        here,
        here,
        {"capacity_kwp": 100, "original_value_yuan": 200_000},
    )


def _places() -> list[Place]:
    wanted = [
        *[("water_projects", "small", "in_use", "public_welfare")] * 40,
        *[("pv_stations", "village", "in_use", "operating")] * 12,
        *[("sanitation_facilities", "public_toilet", "in_use", "public_welfare")] * 30,
        *[("villages", "none", "in_use", "public_welfare")] * 4,
        *[
            ("assistance_assets", "tourism", use, "operating")
            for use in ("idle", "damaged", "lost", "disposed", "in_use", "underused")
            for _ in range(5)
        ],
    ]
    return [_place(number, *each) for number, each in enumerate(wanted, 1)]


def _invent(as_of: date = AS_OF, seed: int = 1) -> Invented:
    return Inventor(_places(), POSTS, RULES, Year(as_of), seed).invent()


@pytest.fixture(scope="module", params=DAYS, ids=str)
def told(request: pytest.FixtureRequest) -> tuple[Year, Invented]:
    """A year as of each of the days."""
    return Year(request.param), _invent(request.param)


def test_same_seed_and_day_same_year() -> None:
    """Everything must be equal, the UUIDs of visits included; another seed or day gives another."""
    first = _invent()
    assert first == _invent()
    assert first != _invent(seed=2)
    assert first.visits != _invent(AS_OF + timedelta(days=1)).visits


def test_nothing_lies_in_the_future(told: tuple[Year, Invented]) -> None:
    """Whatever happened must have happened before the day, and after the year began."""
    year, invented = told
    start = datetime.combine(year.start, datetime.min.time(), ZONE)
    moments = [m for v in invented.visits for m in (v.visited_at, v.received_at)]
    moments += [event.at for defect in invented.defects for event in defect.events]
    moments += [each.updated_at for each in invented.disposals]
    moments += [each.received_at for each in invented.reports]
    assert start <= min(moments)
    assert max(moments) <= year.now
    assert all(visit.visited_at < year.now for visit in invented.visits)


def test_done_duties_have_their_visit(told: tuple[Year, Invented]) -> None:
    """Each must be done on the day of the first visit since it opened, as the service has it."""
    _, invented = told
    days: dict[tuple[int, str], list[date]] = {}
    for visit in invented.visits:
        if visit.superseded_at is None:
            key = visit.place.id, visit.finding.given.purpose
            days.setdefault(key, []).append(visit.visited_at.date())
    assert any(task.state == "done" for task in invented.tasks)
    for task in invented.tasks:
        since = [
            day
            for day in days.get((task.place.id, task.duty.purpose), [])
            if day >= task.duty.opens_on
        ]
        if task.state == "done":
            assert task.done_on == min(since)
        elif task.state == "open":
            assert since == []


def test_open_duties_are_planned_ahead(told: tuple[Year, Invented]) -> None:
    """A plan must name a day to come and who goes there."""
    year, invented = told
    planned = [task for task in invented.tasks if task.planned_on]
    assert planned
    for task in planned:
        assert (task.state, task.assignee is None) == ("open", False)
        assert task.planned_on is not None
        assert task.planned_on >= year.as_of


def test_visits_are_what_the_form_takes(told: tuple[Year, Invented]) -> None:
    """Every answer and reading must pass the checks of the form, and give what is stored."""
    year, invented = told
    since = datetime(2022, 5, 1, tzinfo=ZONE)
    for visit in invented.visits:
        checked, problems = check_answers(visit.place.asked, visit.finding.given)
        assert problems + problems_of(visit.finding.given, now=year.now, since=since) == []
        assert checked == visit.finding.checked


def test_one_inspector_is_at_one_place_at_a_time() -> None:
    """No two visits of a post may begin at the same moment."""
    first = [visit for visit in _invent().visits if visit.revision == 1]
    moments = {(visit.inspector.id, visit.visited_at) for visit in first}
    assert len(moments) == len(first)


def _replayed(defect: Defect) -> Case:
    """Go the way of a problem again by its events alone."""
    case = Case(
        defect.number, "found", tuple(MeasureFacts(each.ordinal) for each in defect.measures)
    )

    def on(event: Event, step: Callable[[Case, int, int], Case]) -> Case:
        assert event.measure is not None
        assert event.actor is not None
        return step(case, event.measure, event.actor.id)

    for event in defect.events:
        if event.act is Act.ASSIGN:
            case = steps.assigned(case)
        elif event.act is Act.FIX:
            case = on(event, steps.fixed)
        elif event.act is Act.VERIFY:
            case = on(event, steps.verified)
        elif event.act is Act.REJECT:
            case = on(event, steps.rejected)
        elif event.act is Act.CLOSE:
            case = steps.closed(case)
        elif event.act is Act.REOPEN:
            case = steps.reopened(case)
    return case


def test_problems_went_a_possible_way(told: tuple[Year, Invented]) -> None:
    """Replayed by the rules, the events must lead to the stored state; permissions included."""
    _, invented = told
    for defect in invented.defects:
        assert defect.events[0].act is Act.FIND
        assert _replayed(defect) == defect.case
        assert (defect.closed_at is not None) == (defect.case.state == "closed")
        assert all(a.at <= b.at for a, b in pairwise(defect.events))
        for event in defect.events:
            if event.actor and event.act in steps.ACT_PERMISSIONS and event.act is not Act.FIND:
                assert defect.division_code.startswith(event.actor.division_code)


def test_problems_have_numbers_without_gaps() -> None:
    """Numbers must go on behind those that are there, each year for itself."""
    places, numbers = _places(), {2026: 17}
    found = Inventor(places, POSTS, RULES, Year(AS_OF), 1, numbers).invent().defects
    of_2026 = sorted(d.number for d in found if d.number.startswith("WT-2026-"))
    assert of_2026 == [f"WT-2026-{n:05d}" for n in range(18, 18 + len(of_2026))]


def test_the_ledger_has_its_form(told: tuple[Year, Invented]) -> None:
    """Five aspects, 41 problems, 87 measures, struck off in time, nothing rejected."""
    _, invented = told
    ledger = [defect for defect in invented.defects if defect.source == "supervision"]
    assert len({defect.aspect for defect in ledger}) == 5
    assert len(ledger) == 41
    assert sum(len(defect.measures) for defect in ledger) == 87
    for defect in ledger:
        assert defect.closed_at is not None
        assert defect.closed_at.date() <= defect.due_on
        assert all("虚构" in text for text in (defect.title, *(m.text for m in defect.measures)))
    assert len({problem.title for problem in problems()}) == 41


def test_disposals_fit_their_assets(told: tuple[Year, Invented]) -> None:
    """Done ones must leave assets disposed or in use; what is disposed owes nothing after."""
    _, invented = told
    assert {each.state for each in invented.disposals} >= {"proposed", "approved", "done"}
    under_way = [d.place.id for d in invented.disposals if d.state in ("proposed", "approved")]
    assert len(under_way) == len(set(under_way))
    for each in invented.disposals:
        assert each.decided_by is None or each.decided_by.id != each.proposed_by.id
        if each.state == "done":
            assert each.place.use_status == ("in_use" if each.act == "revive" else "disposed")
        if each.place.use_status == "disposed":
            assert each.done_on is not None
            due = [t.duty.due_on for t in invented.tasks if t.place.id == each.place.id]
            assert all(day < each.done_on for day in due)
