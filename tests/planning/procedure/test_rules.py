"""The road of a plan: no way around vote, notice and answers; every refusal names its article."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from fuliang_gis.accounts.roles import Permission
from fuliang_gis.holidays import is_working_day, working_days_until
from fuliang_gis.planning.models import PLAN_STATES
from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.procedure.rules import (
    ACT_NAMES,
    STEPS,
    ActGiven,
    Course,
    Vote,
    after,
    fits,
    notice_end,
    permissions,
    step_problems,
    vote_problems,
)
from fuliang_gis.planning.procedure.timeline import following, publish_by, timeline

DAY = timedelta(days=1)
TODAY = date(2026, 9, 1)
CARRIED = Vote("villagers", entitled=100, attended=51, in_favour=26, against=20, abstained=5)
NORMS = profile()


def problems(course: Course, given: ActGiven, today: date = TODAY) -> list[str]:
    """Return the codes of what keeps a step from being taken."""
    return [each.code for each in step_problems(course, given, today, NORMS)]


# --- no way around ---

votes = st.builds(
    Vote,
    st.sampled_from(["villagers", "households", "representatives", "nobody"]),
    *[st.integers(0, 12)] * 5,
)
acts = st.tuples(
    st.sampled_from([*STEPS, "return"]),
    st.integers(-40, 40),
    votes,
    st.integers(0, 400),
    st.sampled_from(["", "浮自然资〔2026〕1号"]),
    st.integers(0, 40),
    st.booleans(),
)


@drawn(st.lists(acts, max_size=60))
def test_nothing_is_approved_without_vote_notice_and_answers(
    sequence: list[tuple[str, int, Vote, int, str, int, bool]],
) -> None:
    """Whatever is tried on whatever days: what is approved was voted, shown and answered."""
    course, today = Course(), TODAY
    carried: Vote | None = None
    for kind, offset, vote, length, words, pause, answers in sequence:
        today += pause * DAY
        course = replace(course, unanswered=0 if answers else 1)
        held_on = today + offset * DAY
        until = held_on + length * DAY
        given = ActGiven(kind, held_on, words, vote, until, words)
        if not fits(course, kind) or step_problems(course, given, today, NORMS):
            continue
        if kind == "forward":
            assert course.unanswered == 0
        course = after(course, given)
        carried = {"submit": None, "vote": vote}.get(kind, carried)
        if course.state == "approved":
            assert carried is not None
            assert 2 * carried.in_favour > carried.attended
            assert 2 * carried.attended > carried.entitled
            assert course.notice_from is not None
            assert course.notice_until is not None
            assert course.approved_on is not None
            assert course.submitted_on is not None
            assert course.voted_on is not None
            assert course.submitted_on <= course.voted_on <= course.notice_from
            assert (course.notice_until - course.notice_from).days >= NORMS.notice_days
            assert course.approved_on > course.notice_until


def test_the_steps_lead_from_draft_into_force() -> None:
    """Each step begins where the one before ends; every state is on the road."""
    road = list(STEPS.values())
    assert all(one.after == other.before for one, other in pairwise(road))
    assert ("draft", *(step.after for step in road), "replaced") == PLAN_STATES
    assert set(ACT_NAMES) >= set(STEPS)


@pytest.mark.parametrize("state", PLAN_STATES)
def test_each_state_lets_one_step_forward(state: str) -> None:
    """Decided plans are not given back; they are changed by a plan of their own."""
    course = Course(state=state)
    forward = [kind for kind in STEPS if fits(course, kind)]
    assert len(forward) == (0 if state in ("in_force", "replaced") else 1)
    assert fits(course, "return") == (state in ("assembly", "township", "notice", "county"))
    assert fits(course, "change") == (state == "in_force")


def test_the_county_alone_gives_back_what_lies_with_it() -> None:
    """A township cannot take a plan out of the county's hands."""
    assert permissions(Course(state="county"), "return") == (Permission.REVIEW_PLANS,)
    assert Permission.REVIEW_TOWNSHIP in permissions(Course(state="notice"), "return")


def test_giving_back_forgets_vote_and_notice() -> None:
    """What comes again is voted on and shown again; opinions that wait still wait."""
    course = Course("notice", TODAY, TODAY, None, TODAY, TODAY + 40 * DAY, unanswered=2)
    assert after(course, ActGiven("return", TODAY, "改道路")) == Course(unanswered=2)


# --- refusals, each with its code and its article ---

ASSEMBLY = Course("assembly", submitted_on=TODAY - DAY)
TOWNSHIP = replace(ASSEMBLY, state="township", voted_on=TODAY)
NOTICE = replace(TOWNSHIP, state="notice", notice_from=TODAY, notice_until=date(2026, 10, 8))
COUNTY = replace(NOTICE, state="county", forwarded_on=date(2026, 10, 9))
LATER = date(2026, 10, 20)
REFUSED = [
    (Course(errors=2), ActGiven("submit", TODAY), TODAY, "errors_open", ""),
    (Course(permits=1), ActGiven("submit", TODAY), TODAY, "permits_open", ""),
    (Course(parcels=0), ActGiven("submit", TODAY), TODAY, "no_parcels", ""),
    (ASSEMBLY, ActGiven("vote", TODAY), TODAY, "required", ""),
    (
        ASSEMBLY,
        ActGiven("vote", TODAY - 2 * DAY, vote=CARRIED),
        TODAY,
        "out_of_order",
        "城乡规划法",
    ),
    (ASSEMBLY, ActGiven("vote", TODAY + DAY, vote=CARRIED), TODAY, "out_of_order", "规划法"),
    (
        ASSEMBLY,
        ActGiven("vote", TODAY, vote=replace(CARRIED, attended=50)),
        TODAY,
        "vote_figures",
        "",
    ),
    (TOWNSHIP, ActGiven("notice", TODAY - DAY, until=LATER), TODAY, "notice_start", "第二十六条"),
    (
        TOWNSHIP,
        ActGiven("notice", TODAY, until=date(2026, 10, 7)),
        TODAY,
        "notice_too_short",
        "第二百零三条",
    ),
    (TOWNSHIP, ActGiven("notice", TODAY), TODAY, "notice_too_short", "第二十六条"),
    (NOTICE, ActGiven("forward", TODAY), date(2026, 10, 8), "notice_running", "第二十六条"),
    (
        replace(NOTICE, unanswered=1),
        ActGiven("forward", TODAY),
        LATER,
        "opinions_unanswered",
        "第二十六条",
    ),
    (
        COUNTY,
        ActGiven("approve", date(2026, 10, 8), number="1"),
        LATER,
        "out_of_order",
        "第二十二条",
    ),
    (COUNTY, ActGiven("approve", LATER, number=" "), LATER, "required", ""),
    (COUNTY, ActGiven("return", LATER, " "), LATER, "required", ""),
    (COUNTY, ActGiven("return", LATER, "长" * 2001), LATER, "too_long", ""),
    (
        replace(COUNTY, state="approved", approved_on=LATER),
        ActGiven("publish", LATER - DAY),
        LATER,
        "out_of_order",
        "第八条",
    ),
    (
        replace(COUNTY, state="published", published_on=LATER),
        ActGiven("force", LATER - DAY),
        LATER,
        "out_of_order",
        "第十八条",
    ),
]


@pytest.mark.parametrize(
    ("course", "given", "today", "code", "article"),
    REFUSED,
    ids=[f"{case[1].kind}-{case[3]}-{number}" for number, case in enumerate(REFUSED)],
)
def test_steps_are_refused(
    course: Course, given: ActGiven, today: date, code: str, article: str
) -> None:
    """The code is stable, the text names what the law says."""
    found = [e for e in step_problems(course, given, today, NORMS) if e.code == code]
    assert found
    assert article in found[0].zh


@pytest.mark.parametrize(
    ("vote", "codes"),
    [
        (CARRIED, []),
        (replace(CARRIED, entitled=102), ["no_quorum"]),
        (replace(CARRIED, in_favour=25), ["no_majority"]),
        (replace(CARRIED, attended=52, against=21), ["no_majority"]),
        (replace(CARRIED, assembly="households", entitled=77), ["no_quorum"]),
        (replace(CARRIED, assembly="households", entitled=76), []),
        (replace(CARRIED, assembly="representatives", entitled=76), []),
        (replace(CARRIED, assembly="crowd"), ["unknown_choice"]),
        (replace(CARRIED, attended=0, in_favour=0, against=0, abstained=0), ["vote_figures"]),
        (replace(CARRIED, against=-1), ["vote_figures"]),
        (replace(CARRIED, attended=101), ["vote_figures"]),
    ],
)
def test_votes_are_counted_as_the_law_counts(vote: Vote, codes: list[str]) -> None:
    """More than half must come and more than half of those agree; two thirds may be just met."""
    assemblies = {each.key: each for each in NORMS.assemblies}
    assert [e.code for e in vote_problems(vote, assemblies.get(vote.assembly))] == codes


# --- the clock ---


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (date(2026, 9, 1), date(2026, 10, 8)),  # 1 October and the week after are free.
        (date(2026, 6, 1), date(2026, 7, 1)),
        (date(2025, 12, 2), date(2026, 1, 4)),  # Over the new year; Sunday the 4th is worked.
        (date(2026, 10, 22), date(2026, 11, 23)),  # The 21st is a Saturday.
    ],
)
def test_a_notice_ends_on_a_day_worked(begin: date, end: date) -> None:
    """Thirty days after the first, and moved on where that day is off."""
    assert notice_end(begin, 30) == end


@drawn(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.integers(30, 60))
def test_no_notice_is_shorter_than_stated(begin: date, days: int) -> None:
    """Nor does it end on a day off; nor does a shorter one do."""
    end = notice_end(begin, days)
    assert (end - begin).days >= days
    assert is_working_day(end)
    assert not any(is_working_day(begin + n * DAY) for n in range(days, (end - begin).days))


@drawn(st.dates(date(2020, 1, 1), date(2030, 12, 31)))
def test_publication_is_due_after_twenty_days_worked(approved: date) -> None:
    """The day of approval does not count; the last day does."""
    due = publish_by(approved, NORMS)
    assert working_days_until(approved, due) == 20
    assert is_working_day(due)


def test_publication_is_due_after_a_holiday() -> None:
    """The national holidays do not count; the two days worked in their place do."""
    assert publish_by(date(2026, 9, 30), NORMS) == date(2026, 11, 3)


def test_the_clock_of_a_new_plan_looks_ahead() -> None:
    """As if everything happened as early as it may."""
    stages = {each.step.kind: each for each in timeline(Course(), TODAY, NORMS)}
    assert [each.phase for each in stages.values()] == ["now"] + 6 * ["ahead"]
    assert stages["notice"].earliest == TODAY
    assert stages["forward"].earliest == stages["approve"].earliest == date(2026, 10, 9)


@pytest.mark.parametrize(
    ("today", "left", "earliest"),
    [
        (TODAY, 37, date(2026, 10, 9)),
        (date(2026, 10, 8), 0, date(2026, 10, 9)),
        (date(2026, 10, 12), -4, date(2026, 10, 12)),
    ],
)
def test_a_running_notice_tells_its_days(today: date, left: int, earliest: date) -> None:
    """Days left on notice, and when it can be closed."""
    stage = following(NOTICE, today, NORMS)
    assert stage is not None
    assert (stage.step.kind, stage.days_left, stage.earliest) == ("forward", left, earliest)
    assert not stage.overdue


def test_late_publication_is_told_and_not_refused() -> None:
    """In days worked; also afterwards."""
    approved = replace(COUNTY, state="approved", approved_on=date(2026, 9, 30))
    due = date(2026, 11, 3)
    stage = following(approved, due, NORMS)
    assert stage is not None
    assert (stage.latest, stage.days_left, stage.working) == (due, 0, True)
    assert not stage.overdue
    late = following(approved, due + DAY, NORMS)
    assert late is not None
    assert late.overdue
    given = ActGiven("publish", due + DAY)
    assert problems(approved, given, due + DAY) == []
    published = after(approved, given)
    (told,) = [s for s in timeline(published, due + DAY, NORMS) if s.step.kind == "publish"]
    assert told.overdue


@pytest.mark.parametrize("state", ["in_force", "replaced"])
def test_nothing_is_next_at_the_end(state: str) -> None:
    """Every step is done."""
    assert following(Course(state=state), TODAY, NORMS) is None
