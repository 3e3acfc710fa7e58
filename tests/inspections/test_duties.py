"""What is owed when: examples of each doubtful case, and what holds for every one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuliang_gis.inspections.duties.periods import PeriodKind, Span, periods, windows
from fuliang_gis.inspections.duties.rules import (
    Duty,
    DutyBook,
    Exemption,
    Interval,
    Profile,
    Rule,
    duties,
    strongest,
)
from fuliang_gis.inspections.norms import norms

_DAY = timedelta(days=1)
LONG_AGO = date(2015, 1, 1)
QUARTERLY = Rule(1, "routine", PeriodKind.QUARTER, date(2020, 1, 1), asset_class="public_welfare")
MONTHLY = Rule(2, "routine", PeriodKind.MONTH, date(2020, 1, 1), asset_class="operating")
WELFARE = Profile("assistance_assets", "road", "public_welfare", LONG_AGO)
OPERATING = replace(WELFARE, asset_class="operating")
YEAR = Span(date(2024, 1, 1), date(2024, 12, 31))


def _shown(owed: Sequence[Duty]) -> list[tuple[str, str]]:
    return [(f"{duty.opens_on:%m-%d}", f"{duty.due_on:%m-%d}") for duty in owed]


def _whole(*months: tuple[int, int]) -> list[tuple[str, str]]:
    spans = [
        next(periods(PeriodKind.MONTH, Span(date(2024, last, 1), date(2024, last, 1))))
        for _, last in months
    ]
    return [
        (f"{first:02}-01", f"{span.end:%m-%d}")
        for (first, _), span in zip(months, spans, strict=True)
    ]


def test_public_welfare_owes_a_visit_every_quarter_and_operating_every_month() -> None:
    """The county's rule of 2020."""
    rules = [QUARTERLY, MONTHLY]
    assert _shown(duties(WELFARE, rules, YEAR)) == _whole((1, 3), (4, 6), (7, 9), (10, 12))
    assert _shown(duties(OPERATING, rules, YEAR)) == _whole(*((m, m) for m in range(1, 13)))


def test_february_of_a_leap_year_ends_on_its_29th() -> None:
    """Both February and the first quarter count it."""
    found = duties(OPERATING, [MONTHLY], Span(date(2024, 2, 29), date(2024, 2, 29)))
    assert [duty.due_on for duty in found] == [date(2024, 2, 29)]


def test_due_soon_begins_so_many_days_before_the_end_and_never_before_the_window() -> None:
    """Three visits a month leave ten days, five of a week fewer than the days of warning."""
    first = duties(WELFARE, [QUARTERLY], YEAR)[0]
    assert first.warn_on == date(2024, 3, 31) - timedelta(days=norms().due_soon_days[first.period])
    daily = Rule(3, "routine", PeriodKind.WEEK, date(2020, 1, 1), count=7)
    assert all(duty.warn_on == duty.opens_on for duty in duties(WELFARE, [daily], YEAR))


@pytest.mark.parametrize(
    ("added", "first"),
    [
        (date(2024, 1, 1), ("01-01", "03-31")),
        (date(2024, 3, 2), ("03-02", "03-31")),
        (date(2024, 3, 3), ("04-01", "06-30")),
        (date(2024, 3, 31), ("04-01", "06-30")),
        (date(2024, 4, 1), ("04-01", "06-30")),
    ],
    ids=["first day", "thirty days left", "29 days left", "last day", "next quarter"],
)
def test_an_asset_added_inside_a_period_starts_there_when_days_enough_are_left(
    added: date, first: tuple[str, str]
) -> None:
    """Thirty days of grace for a quarter."""
    found = duties(replace(WELFARE, active_from=added), [QUARTERLY], YEAR)
    assert _shown(found)[0] == first


@pytest.mark.parametrize(
    ("gone", "last"),
    [(date(2024, 6, 30), "03-31"), (date(2024, 7, 1), "06-30")],
    ids=["on the last day", "on the day after"],
)
def test_what_is_disposed_of_or_deleted_owes_nothing_for_the_period_it_does_not_outlast(
    gone: date, last: str
) -> None:
    """The period that it did outlast stays owed."""
    found = duties(replace(WELFARE, ended_on=gone), [QUARTERLY], YEAR)
    assert _shown(found)[-1][1] == last


def test_a_changed_class_asks_by_its_own_rule() -> None:
    """The class is the profile's; nothing else about a location matters."""
    assert duties(replace(WELFARE, asset_class="household"), [QUARTERLY, MONTHLY], YEAR) == ()


@pytest.mark.parametrize(
    ("rules", "shown"),
    [
        (
            [replace(QUARTERLY, valid_to=date(2024, 5, 15))],
            [("01-01", "03-31")],
        ),
        (
            [replace(QUARTERLY, valid_from=date(2024, 5, 16))],
            [("05-16", "06-30"), ("07-01", "09-30"), ("10-01", "12-31")],
        ),
        (
            [replace(QUARTERLY, valid_from=date(2024, 6, 10))],
            [("07-01", "09-30"), ("10-01", "12-31")],
        ),
        (
            [replace(QUARTERLY, withdrawn_on=date(2024, 7, 1))],
            [("01-01", "03-31"), ("04-01", "06-30")],
        ),
        (
            [
                replace(QUARTERLY, valid_to=date(2024, 5, 15)),
                replace(QUARTERLY, id=9, valid_from=date(2024, 5, 16)),
            ],
            [("01-01", "03-31"), ("04-01", "06-30"), ("07-01", "09-30"), ("10-01", "12-31")],
        ),
        (
            [
                replace(QUARTERLY, valid_to=date(2024, 11, 9)),
                replace(QUARTERLY, id=9, period=PeriodKind.MONTH, valid_from=date(2024, 11, 10)),
            ],
            [
                ("01-01", "03-31"),
                ("04-01", "06-30"),
                ("07-01", "09-30"),
                ("11-10", "11-30"),
                ("12-01", "12-31"),
            ],
        ),
        (
            [
                replace(MONTHLY, asset_class=None, valid_to=date(2024, 11, 9)),
                QUARTERLY,
            ],
            [*_whole(*((m, m) for m in range(1, 11))), ("11-10", "12-31")],
        ),
    ],
    ids=[
        "ends inside",
        "begins inside",
        "begins late",
        "withdrawn",
        "followed by its like",
        "followed by a stricter one",
        "leaves a milder one",
    ],
)
def test_a_rule_that_changes_inside_a_period(
    rules: list[Rule], shown: list[tuple[str, str]]
) -> None:
    """The last day decides, and days enough must be left."""
    assert _shown(duties(WELFARE, rules, YEAR)) == shown


def test_the_rule_that_follows_its_like_is_the_one_named() -> None:
    """A new document with the same interval does not interrupt the quarter."""
    rules = [
        replace(QUARTERLY, valid_to=date(2024, 5, 15)),
        replace(QUARTERLY, id=9, valid_from=date(2024, 5, 16)),
    ]
    assert [duty.rule_id for duty in duties(WELFARE, rules, YEAR)] == [1, 9, 9, 9]


@pytest.mark.parametrize(
    ("exemption", "shown"),
    [
        (
            Exemption(5, date(2024, 6, 1), date(2024, 6, 30)),
            _whole((1, 3), (7, 9), (10, 12)),
        ),
        (
            Exemption(5, date(2024, 4, 1), date(2024, 5, 15)),
            [("01-01", "03-31"), ("05-16", "06-30"), ("07-01", "09-30"), ("10-01", "12-31")],
        ),
        (
            Exemption(5, date(2024, 5, 1), date(2024, 6, 15)),
            _whole((1, 3), (7, 9), (10, 12)),
        ),
        (
            Exemption(5, date(2024, 1, 1), date(2024, 12, 31), purpose="safety"),
            _whole((1, 3), (4, 6), (7, 9), (10, 12)),
        ),
        (
            Exemption(
                5, date(2024, 7, 1), date(2024, 9, 30), Interval(PeriodKind.MONTH, 1), "routine"
            ),
            _whole((1, 3), (4, 6), (7, 7), (8, 8), (9, 9), (10, 12)),
        ),
    ],
    ids=["covers the end", "ends early", "ends late", "another purpose", "another interval"],
)
def test_an_exception_that_begins_or_ends_inside_a_period(
    exemption: Exemption, shown: list[tuple[str, str]]
) -> None:
    """Waived to the last day, or to too few days before it, the period is not owed."""
    found = duties(replace(WELFARE, exemptions=(exemption,)), [QUARTERLY], YEAR)
    assert _shown(found) == shown


def test_another_interval_for_every_purpose_calls_none_into_being() -> None:
    """Only an exception that names the purpose asks for what no rule asks."""
    monthly = Interval(PeriodKind.MONTH, 1)
    bare = Exemption(5, YEAR.start, YEAR.end, monthly)
    assert duties(replace(WELFARE, exemptions=(bare,)), [], YEAR) == ()
    named = replace(bare, purpose="safety")
    found = duties(replace(WELFARE, exemptions=(named,)), [], YEAR)
    assert {(duty.purpose, duty.rule_id, duty.exception_id) for duty in found} == {
        ("safety", None, 5)
    }
    assert len(found) == 12


def test_a_waiver_beats_another_interval() -> None:
    """What somebody decided to be impossible is not asked for more often."""
    given_ = (
        Exemption(5, YEAR.start, YEAR.end),
        Exemption(6, YEAR.start, YEAR.end, Interval(PeriodKind.MONTH, 1), "routine"),
    )
    assert duties(replace(WELFARE, exemptions=given_), [QUARTERLY], YEAR) == ()


@pytest.mark.parametrize(
    ("rules", "winner"),
    [
        ([QUARTERLY, replace(QUARTERLY, id=3, count=3)], 3),
        ([QUARTERLY, replace(QUARTERLY, id=3, period=PeriodKind.MONTH)], 3),
        ([replace(QUARTERLY, id=4, count=3), replace(QUARTERLY, id=3, period=PeriodKind.MONTH)], 3),
        ([QUARTERLY, replace(QUARTERLY, id=3, layer="assistance_assets")], 3),
        ([replace(QUARTERLY, id=4), replace(QUARTERLY, id=3)], 3),
        ([replace(QUARTERLY, id=3, count=3, valid_from=date(2025, 1, 1)), QUARTERLY], 1),
        ([replace(QUARTERLY, id=3, count=3, kind="bridge"), QUARTERLY], 1),
        ([replace(QUARTERLY, id=3, purpose="safety")], None),
    ],
    ids=[
        "more visits",
        "shorter period",
        "equal, the older",
        "equal, the more specific",
        "the same twice",
        "not yet in force",
        "another kind",
        "another purpose",
    ],
)
def test_the_most_demanding_rule_wins(rules: list[Rule], winner: int | None) -> None:
    """Of equal ones the more specific, then the older."""
    found = strongest(
        rules, "assistance_assets", "road", "public_welfare", "routine", date(2024, 6, 1)
    )
    assert (found.id if found else None) == winner


# --- what holds for every set of rules ---

_DAYS = st.dates(date(2023, 6, 1), date(2026, 6, 30))
_KINDS = st.sampled_from(PeriodKind)


@st.composite
def _rules(draw: st.DrawFn) -> list[Rule]:
    found = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        first = draw(_DAYS)
        force = draw(st.none() | st.integers(0, 500))
        last = None if force is None else first + timedelta(days=force)
        found.append(
            Rule(
                number,
                draw(st.sampled_from(["routine", "safety"])),
                draw(_KINDS),
                first,
                draw(st.integers(1, 5)),
                asset_class=draw(st.sampled_from([None, "public_welfare"])),
                valid_to=last,
                withdrawn_on=draw(st.none() | _DAYS),
            )
        )
    return found


@st.composite
def _profiles(draw: st.DrawFn) -> Profile:
    exemptions = []
    for number in range(draw(st.integers(0, 2))):
        first = draw(_DAYS)
        interval = draw(st.none() | st.builds(Interval, _KINDS, st.integers(1, 3)))
        last = first + timedelta(days=draw(st.integers(0, 200)))
        exemptions.append(
            Exemption(number, first, last, interval, draw(st.sampled_from([None, "routine"])))
        )
    begun = draw(_DAYS)
    life = draw(st.none() | st.integers(0, 900))
    ended = None if life is None else begun + timedelta(days=life)
    return replace(WELFARE, active_from=begun, ended_on=ended, exemptions=tuple(exemptions))


_WITHIN = st.builds(
    lambda start, days: Span(start, start + timedelta(days=days)),
    st.dates(date(2023, 10, 1), date(2025, 3, 1)),
    st.integers(0, 500),
)


@settings(max_examples=200, deadline=None)
@given(_profiles(), _rules(), _WITHIN)
def test_duties_of_one_purpose_never_overlap(
    profile: Profile, rules: list[Rule], within: Span
) -> None:
    """However rules and exceptions change, no day belongs to two duties of the same purpose."""
    found = duties(profile, rules, within)
    for purpose in {duty.purpose for duty in found}:
        mine = sorted(
            (duty for duty in found if duty.purpose == purpose), key=lambda duty: duty.opens_on
        )
        for former, later in pairwise(mine):
            assert former.due_on < later.opens_on


@settings(max_examples=200, deadline=None)
@given(_profiles(), _rules(), _WITHIN)
def test_every_duty_is_what_the_table_takes(
    profile: Profile, rules: list[Rule], within: Span
) -> None:
    """Dates in their order inside the period and the asset's life, one key each."""
    found = duties(profile, rules, within)
    keys = Counter((d.purpose, d.period, d.span.start, d.ordinal) for d in found)
    assert all(number == 1 for number in keys.values())
    for duty in found:
        assert duty.span.start <= duty.opens_on <= duty.warn_on <= duty.due_on <= duty.span.end
        assert profile.active_from <= duty.opens_on
        assert profile.ended_on is None or duty.due_on < profile.ended_on
        assert duty.window.start <= within.end
        assert duty.window.end >= within.start


@settings(max_examples=100, deadline=None)
@given(_profiles(), _rules(), _WITHIN, st.integers(0, 500))
def test_a_duty_does_not_depend_on_the_days_asked_for(
    profile: Profile, rules: list[Rule], within: Span, more: int
) -> None:
    """A longer span gives the same duties and further ones, so that generating is repeatable."""
    longer = Span(within.start - timedelta(days=more), within.end + timedelta(days=more))
    wide = [
        duty
        for duty in duties(profile, rules, longer)
        if duty.window.end >= within.start and duty.window.start <= within.end
    ]
    assert wide == list(duties(profile, rules, within))


@settings(max_examples=100, deadline=None)
@given(_KINDS, st.integers(1, 6), _WITHIN, st.dates(date(2023, 1, 1), date(2024, 12, 31)))
def test_every_full_period_is_covered_exactly_count_times(
    kind: PeriodKind, count: int, within: Span, added: date
) -> None:
    """Day by day, without gap, in periods that the asset and the span cover whole."""
    rule = Rule(1, "routine", kind, LONG_AGO, count)
    found = duties(replace(WELFARE, active_from=added), [rule], within)
    for period in periods(kind, within):
        if period.start < max(within.start, added) or period.end > within.end:
            continue
        mine = [duty for duty in found if duty.span == period]
        assert [Span(duty.opens_on, duty.due_on) for duty in mine] == windows(period, count)
        assert [duty.ordinal for duty in mine] == list(range(1, min(count, period.days) + 1))


@settings(max_examples=100, deadline=None)
@given(_KINDS, st.dates(date(2023, 1, 1), date(2028, 12, 31)))
def test_what_is_added_on_the_last_day_of_a_period_starts_with_the_next(
    kind: PeriodKind, day: date
) -> None:
    """Quarter ends, year ends and leap days alike; it owes its first visit the day after."""
    within = Span(date(2022, 12, 1), date(2030, 12, 31))
    last = next(periods(kind, Span(day, day))).end
    rule = Rule(1, "routine", kind, LONG_AGO)
    found = duties(replace(WELFARE, active_from=last), [rule], within)
    assert found[0].opens_on == last + _DAY


def test_locations_alike_share_what_they_owe() -> None:
    """Working out fifty thousand costs what the different ones among them cost."""
    book = DutyBook([QUARTERLY, MONTHLY], YEAR)
    assert book.of(WELFARE) is book.of(replace(WELFARE))
