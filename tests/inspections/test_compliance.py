"""Compliance for any span is right to the unit: every figure against a count by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.errors import OutsideDivision
from fuliang_gis.inspections.duties import compliance_queries as queries
from fuliang_gis.inspections.duties.compliance import (
    AGES,
    Counts,
    Outcome,
    age_of,
    by_period,
    outcome_of,
    percent,
    total,
    trend_span,
)
from fuliang_gis.inspections.duties.compliance_queries import Listing, Wanted
from fuliang_gis.inspections.duties.periods import PeriodKind, Span, periods
from fuliang_gis.inspections.models import Obligation, Visit
from fuliang_gis.locations.registry import layer
from tests.factories import (
    COUNTY,
    FULIANG_TOWN,
    FULIANG_VILLAGE,
    YAOLI_TOWN,
    make_account,
    make_actor,
    make_location,
)
from tests.inspections.factories import make_obligation, make_visit

TODAY = date(2024, 8, 15)
FIRST = date(2022, 1, 1)
PURPOSES = ("routine", "water_quality", "safety")
YAOLI_VILLAGE = "360222105201"


@dataclass(frozen=True)
class Laid:
    """The rows of one county, and its people."""

    county: Actor
    yaoli: Actor
    rows: list[Obligation]
    visits: dict[int, Visit]


@pytest.fixture
def laid(session: Session) -> Laid:
    """Two layers in three places, 600 obligations of every outcome on any day of three years."""
    county = make_actor(session)
    yaoli = make_actor(session, Role.TOWNSHIP_STAFF, YAOLI_TOWN)
    people = [make_account(session, Role.INSPECTOR).id for _ in range(3)]
    places = [
        make_location(session, county, layer(name), division_code=code, asset_class=owned)
        for name, owned in (("water_projects", "public_welfare"), ("pv_stations", "operating"))
        for code in (FULIANG_VILLAGE, YAOLI_VILLAGE, FULIANG_TOWN)
    ]
    random = Random(20240815)
    rows, visits = [], {}
    for number in range(600):
        place = random.choice(places)
        due = FIRST + timedelta(days=random.randrange(1200))
        given: dict[str, Any] = {"due_on": due, "period_start": due, "period_end": due}
        given |= {"opens_on": due, "ordinal": number, "purpose": random.choice(PURPOSES)}
        given["assignee_id"] = random.choice([None, *people])
        fate = random.choice(("open", "open", "done", "done", "done", "excused"))
        if fate == "done":
            done = due + timedelta(days=random.choice((-30, -1, 0, 0, 1, 40)))
            who = random.choice(people)
            visit = make_visit(session, place, done, inspector_id=who)
            visits[visit.id] = visit
            given |= {"done_on": done, "visit_id": random.choice((visit.id, visit.id, None))}
        if fate == "excused":
            given["excuse"] = "汛期停用"
        rows.append(make_obligation(session, place, due, **given))
    # The days at the edge of "overdue" must be among them.
    for shift in (-1, 0, 1):
        due = TODAY + timedelta(days=shift)
        rows.append(
            make_obligation(
                session, places[0], due, due_on=due, period=PeriodKind.MONTH, ordinal=9 + shift
            )
        )
    return Laid(county, yaoli, rows, visits)


def by_hand(rows: Iterable[Obligation], key: Callable[[Obligation], str]) -> dict[str, Counts]:
    """Count row by row."""
    counted: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row.state == "excused":
            fate = "excused"
        elif row.state == "done":
            assert row.done_on is not None
            fate = "late" if row.done_on > row.due_on else "on_time"
        else:
            fate = "missed" if row.due_on < TODAY else "pending"
        counted[key(row), fate] += 1
    keys = {name for name, _ in counted}
    fates = ("on_time", "late", "missed", "pending", "excused")
    return {name: Counts(*(counted[name, fate] for fate in fates)) for name in keys}


def spans() -> list[Span]:
    """Whole quarters and months, single days, nothing at all, and any other span."""
    random = Random(7)
    whole = Span(FIRST, FIRST + timedelta(days=1300))
    found = [whole, Span(TODAY, TODAY), Span(date(2019, 1, 1), date(2019, 12, 31))]
    found += list(periods(PeriodKind.QUARTER, whole)) + list(periods(PeriodKind.MONTH, whole))[::5]
    for _ in range(15):
        start = FIRST + timedelta(days=random.randrange(1200))
        found.append(Span(start, start + timedelta(days=random.randrange(400))))
    return found


def test_every_breakdown_of_any_span_equals_a_count_by_hand(session: Session, laid: Laid) -> None:
    """By township, village, layer, class, purpose, person and due date; to the unit."""

    def person(row: Obligation) -> str:
        seen = laid.visits.get(row.visit_id or 0)
        who = seen.inspector_id if seen else row.assignee_id
        return "" if who is None else str(who)

    keys: dict[str, Callable[[Obligation], str]] = {
        "layer": lambda row: row.layer,
        "asset_class": lambda row: row.asset_class,
        "purpose": lambda row: row.purpose,
        "person": person,
        "division": lambda _row: "",
    }
    for number, span in enumerate(spans()):
        rows = [row for row in laid.rows if row.due_on in span]
        trend = trend_span(PeriodKind.QUARTER, span.end, years=1 + number % 3)
        for by, key in keys.items():
            level = "village" if by in ("person", "layer") else "township"
            found = queries.tally(
                session, laid.county, Wanted(span, TODAY), trend=trend, level=level, by=by
            )
            digits = queries.DIGITS[level]
            assert found.areas == by_hand(rows, lambda row, d=digits: row.division_code[:d])  # type: ignore[misc]
            assert found.groups == by_hand(rows, key)
            assert total(found.areas.values()).owed == sum(row.state != "excused" for row in rows)
            told = {day.isoformat(): counts for day, counts in found.days}
            then = [row for row in laid.rows if row.due_on in trend]
            assert told == by_hand(then, lambda row: row.due_on.isoformat())


def test_filters_and_the_actors_division_bound_every_figure(session: Session, laid: Laid) -> None:
    """A township sees its own; filters meet; another's division is refused."""
    span = Span(FIRST, date(2025, 6, 30))
    own = [row for row in laid.rows if row.division_code.startswith(YAOLI_TOWN)]
    found = queries.tally(
        session, laid.yaoli, Wanted(span, TODAY), trend=span, level="village", by="layer"
    )
    assert found.areas == by_hand(own, lambda row: row.division_code)
    narrow = Wanted(span, TODAY, FULIANG_TOWN, "pv_stations", "operating", "safety")
    kept = [
        row
        for row in laid.rows
        if row.division_code.startswith(FULIANG_TOWN)
        and (row.layer, row.purpose) == ("pv_stations", "safety")
    ]
    narrowed = queries.tally(session, laid.county, narrow, trend=span, level="village", by="layer")
    assert narrowed.groups == by_hand(kept, lambda row: row.layer)
    for division in (FULIANG_TOWN, COUNTY, "110101001"):
        wanted = Wanted(span, TODAY, division)
        with pytest.raises(OutsideDivision):
            queries.tally(session, laid.yaoli, wanted, trend=span, level="village", by="layer")
        with pytest.raises(OutsideDivision):
            queries.overdue_ages(session, laid.yaoli, wanted)
        with pytest.raises(OutsideDivision):
            queries.count_listed(session, laid.yaoli, wanted, Listing())


def test_the_overdue_are_listed_and_aged_as_by_hand(session: Session, laid: Laid) -> None:
    """The longest due first, each age class to the unit, page after page without loss."""
    span = Span(FIRST, TODAY)
    wanted = Wanted(span, TODAY)
    late = [row for row in laid.rows if row.state == "open" and row.due_on < TODAY]
    ages = Counter(age_of((TODAY - row.due_on).days) for row in late)
    found = queries.overdue_ages(session, laid.county, wanted)
    assert dict(found.counts) == {name: ages[name] for name, *_ in AGES}
    assert found.total == len(late) > 100
    listed = [
        row.id
        for skip in range(0, len(late), 40)
        for row in queries.rows(session, laid.county, wanted, Listing(), skip=skip, most=40)
    ]
    expected = sorted(late, key=lambda row: (row.due_on, row.division_code, row.id))
    assert listed == [row.id for row in expected]
    for name, *_ in AGES:
        aged = Listing(age=name)
        assert queries.count_listed(session, laid.county, wanted, aged) == ages[name]


def test_a_list_holds_one_outcome_or_one_person(session: Session, laid: Laid) -> None:
    """What the list counts is what the breakdown counted."""
    wanted = Wanted(Span(FIRST, date(2025, 6, 30)), TODAY)
    people = queries.tally(
        session, laid.county, wanted, trend=wanted.span, level="township", by="person"
    ).groups
    assert len(people) == 4
    for person, counts in people.items():
        for outcome in Outcome:
            asked = Listing(outcome, person=person)
            number = queries.count_listed(session, laid.county, wanted, asked)
            assert number == getattr(counts, outcome.value)
    every = queries.count_listed(session, laid.county, wanted, Listing(None))
    assert every == len(laid.rows)
    one = next(queries.rows(session, laid.county, wanted, Listing(Outcome.ON_TIME)))
    assert one.done_on is not None
    assert (one.code, one.township) != ("", "")


def test_the_index_is_used_on_a_large_table(session: Session, laid: Laid) -> None:
    """One township's quarter is found by due date and division, without reading the table."""
    session.execute(
        text("""
insert into obligation (location_id, division_code, layer, asset_class, purpose, period,
    period_start, period_end, ordinal, opens_on, warn_on, due_on, state, done_on)
select location_id, :division, layer, asset_class, 'routine', 'week', day, day, 1000 + number, day,
    day, day, 'done', day
from (select location_id, layer, asset_class from obligation limit 1) as one,
    generate_series(1, 60) as number,
    lateral (select date '2020-01-01' + d as day from generate_series(0, 999) as d) as days"""),
        {"division": FULIANG_VILLAGE},
    )
    session.execute(text("analyze obligation"))
    wanted = Wanted(Span(date(2022, 7, 1), date(2022, 9, 30)), TODAY, FULIANG_TOWN)
    asked = queries.tallying(laid.county, wanted, wanted.span, "village", "layer")
    driver = session.connection().connection.driver_connection
    assert driver is not None
    plan = "\n".join(
        line for (line,) in driver.execute(f"explain {asked.sql}".encode(), asked.params)
    )
    assert "ix_obligation_due_division" in plan
    assert "Seq Scan" not in plan
    found = queries.tally(
        session, laid.county, wanted, trend=wanted.span, level="village", by="layer"
    )
    assert found.areas[FULIANG_VILLAGE].on_time > 5000


@given(
    st.sampled_from(["open", "done", "excused"]),
    st.dates(date(2020, 1, 1), date(2026, 1, 1)),
    st.dates(date(2020, 1, 1), date(2026, 1, 1)),
    st.dates(date(2020, 1, 1), date(2026, 1, 1)),
)
def test_each_obligation_has_one_outcome(state: str, due: date, done: date, today: date) -> None:
    """Done is never missed, what is not due is never missed, and the due day is still in time."""
    outcome = outcome_of(state, due, done if state == "done" else None, today)
    assert (outcome in (Outcome.ON_TIME, Outcome.LATE)) == (state == "done")
    assert (outcome is Outcome.MISSED) == (state == "open" and due < today)
    assert (outcome is Outcome.ON_TIME) == (state == "done" and done <= due)


@given(st.integers(0, 10_000), st.integers(1, 10_000))
def test_a_rate_says_all_or_nothing_only_when_it_is(part: int, rest: int) -> None:
    """100 % and 0 % are kept for all and none; what is judged adds up."""
    counts = Counts(on_time=part, late=rest // 2, missed=rest - rest // 2, pending=3, excused=5)
    rate = percent(part, part + rest)
    assert counts.owed == counts.judged + 3 == part + rest + 3
    assert counts.rate == rate
    assert rate is not None
    assert rate < 100
    assert (rate == 0) == (part == 0)
    assert counts.done_rate is not None
    assert counts.done_rate >= rate
    assert Counts(pending=4).rate is None


@pytest.mark.parametrize("kind", [PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR])
def test_a_trend_has_every_period_once_and_loses_nothing(kind: PeriodKind) -> None:
    """Periods without any obligation are there, too."""
    span = trend_span(kind, date(2024, 2, 29))
    days = [span.start, span.start, span.end, date(2022, 5, 5)]
    found = by_period(kind, span, [(day, Counts(on_time=1)) for day in days])
    assert [start for start, _ in found] == [each.start for each in periods(kind, span)]
    assert total(counts for _, counts in found) == Counts(on_time=4)
    assert span.end >= date(2024, 2, 29)
    assert len(found) == {"month": 60, "quarter": 20, "year": 5}[kind.value]
