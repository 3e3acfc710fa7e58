"""However people act on a defect, in whatever order, what must hold of it holds."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuliang_gis.errors import FuliangError, MeasuresOpen, NotFound, SelfApproval, WrongState
from fuliang_gis.inspections.defects import rules
from fuliang_gis.inspections.defects.models import DEFECT_STATES, MEASURE_STATES, SOURCES
from fuliang_gis.inspections.defects.rules import Act, Case, MeasureFacts

KEYS = (1, 2, 3)
PEOPLE = (7, 8)

_steps = st.lists(
    st.tuples(
        st.sampled_from(["assign", "fix", "verify", "reject", "close", "send_back", "reopen"]),
        st.sampled_from(KEYS),
        st.sampled_from(PEOPLE),
    ),
    max_size=40,
)


def _new(*states: str) -> Case:
    measures = tuple(MeasureFacts(key) for key in KEYS[: len(states) or 2])
    return Case("WT-2026-00001", "found", measures)


def _done(case: Case, act: str, key: int, by: int) -> Case:
    acts = {
        "assign": lambda: rules.assigned(case),
        "fix": lambda: rules.fixed(case, key, by),
        "verify": lambda: rules.verified(case, key, by),
        "reject": lambda: rules.rejected(case, key, by),
        "close": lambda: rules.closed(case),
        "send_back": lambda: rules.sent_back(case, by),
        "reopen": lambda: rules.reopened(case, [key]),
    }
    return acts[act]()


@given(_steps)
def test_any_order_of_acts_keeps_what_must_hold(steps: list[tuple[str, int, int]]) -> None:
    """Closed means all verified; counts never shrink; nobody judges their own work."""
    case = _new()
    for act, key, by in steps:
        before = case
        try:
            case = _done(case, act, key, by)
        except FuliangError:
            continue
        states = [each.state for each in case.measures]
        if case.state in ("verified", "closed"):
            assert set(states) == {"verified"}
        if case.state == "fixed":
            assert "open" not in states
            assert "fixed" in states
        assert case.rejections >= before.rejections
        assert case.reopenings >= before.reopenings
        assert case.rejections == sum(each.rejections for each in case.measures)
        for each in case.measures:
            assert (each.state == "open") == (each.fixed_by is None)
            assert (each.state == "verified") == (each.verified_by is not None)
            assert each.verified_by is None or each.verified_by != each.fixed_by


def test_the_whole_way_to_closure() -> None:
    """Found, assigned, fixed, rejected, fixed again, verified, closed, reopened."""
    case = rules.assigned(_new())
    case = rules.fixed(case, 1, by=7)
    assert case.state == "assigned"
    case = rules.fixed(case, 2, by=7)
    assert case.state == "fixed"
    case = rules.rejected(case, 2, by=8)
    assert (case.state, case.rejections) == ("assigned", 1)
    case = rules.verified(rules.fixed(case, 2, by=7), 1, by=8)
    assert case.state == "fixed"
    case = rules.verified(case, 2, by=8)
    assert case.state == "verified"
    case = rules.closed(case)
    assert case.state == "closed"
    case = rules.reopened(case, [2])
    assert (case.state, case.reopenings) == ("assigned", 1)
    assert [each.state for each in case.measures] == ["verified", "open"]


REFUSED = [
    ("found", "fix", WrongState),
    ("found", "verify", WrongState),
    ("found", "close", MeasuresOpen),
    ("found", "send_back", WrongState),
    ("found", "reopen", WrongState),
    ("assigned", "close", MeasuresOpen),
    ("assigned", "verify", WrongState),
    ("assigned", "reopen", WrongState),
    ("fixed", "assign", WrongState),
    ("fixed", "close", MeasuresOpen),
    ("fixed", "fix", WrongState),
    ("verified", "assign", WrongState),
    ("verified", "reject", WrongState),
    ("verified", "reopen", WrongState),
    ("closed", "close", WrongState),
    ("closed", "assign", WrongState),
    ("closed", "fix", WrongState),
    ("closed", "send_back", WrongState),
]


def _in_state(state: str) -> Case:
    case = _new()
    for step in ("assigned", "fixed", "verified", "closed")[
        : ("found", "assigned", "fixed", "verified", "closed").index(state)
    ]:
        if step == "assigned":
            case = rules.assigned(case)
        elif step == "fixed":
            case = rules.fixed(rules.fixed(case, 1, by=7), 2, by=7)
        elif step == "verified":
            case = rules.verified(rules.verified(case, 1, by=8), 2, by=8)
        else:
            case = rules.closed(case)
    return case


@pytest.mark.parametrize(("state", "act", "refusal"), REFUSED)
def test_acts_out_of_place_are_refused(state: str, act: str, refusal: type[FuliangError]) -> None:
    """Each state lets through only its own acts."""
    case = _in_state(state)
    assert case.state == state
    with pytest.raises(refusal):
        _done(case, act, 1, 9)


@pytest.mark.parametrize("act", ["verify", "reject", "send_back"])
def test_nobody_judges_their_own_work(act: str) -> None:
    """The one who fixed it is refused, another one is not."""
    case = _in_state("fixed")
    with pytest.raises(SelfApproval):
        _done(case, act, 1, 7)
    assert _done(case, act, 1, 8) != case


def test_sending_back_counts_each_measure() -> None:
    """Sent back by its judges, every reported measure is rejected once."""
    case = rules.sent_back(_in_state("fixed"), 8)
    assert (case.state, case.rejections) == ("assigned", 2)
    assert rules.sent_back(case, 7).state == "found"


def test_an_unknown_measure_is_not_found() -> None:
    """A measure of another problem cannot be named."""
    with pytest.raises(NotFound):
        rules.fixed(_in_state("assigned"), 99, by=7)


def test_deadlines_and_escalation() -> None:
    """Grave problems have less time, and go to the county at once when late."""
    found = date(2022, 10, 1)
    assert (
        rules.deadline("serious", found)
        < rules.deadline("ordinary", found)
        < rules.deadline("minor", found)
    )
    assert rules.escalation("serious", found, found) is None
    assert rules.escalation("serious", found, date(2022, 10, 2)) == "county"
    assert rules.escalation("ordinary", found, date(2022, 10, 2)) == "township"


def test_everything_has_a_name() -> None:
    """No state, source or act is shown to people as code."""
    assert set(rules.STATE_NAMES) == set(DEFECT_STATES)
    assert set(rules.MEASURE_NAMES) == set(MEASURE_STATES)
    assert set(rules.SOURCE_NAMES) == set(SOURCES)
    assert set(rules.ACT_NAMES) == set(Act)
