"""What the public says of a plan on notice: taken in, throttled, shown, answered, never lost."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from fuliang_gis.errors import (
    Conflict,
    Forbidden,
    FuliangError,
    Invalid,
    NotFound,
    PlanStepRefused,
    TooManyRequests,
    VersionRequired,
    WrongState,
)
from fuliang_gis.planning.procedure import opinion_queries, opinions, public
from fuliang_gis.planning.procedure.models import PlanOpinion
from fuliang_gis.planning.procedure.opinion_rules import MOST_A_DAY, OpinionGiven
from fuliang_gis.planning.procedure.rules import ActGiven
from tests.planning.procedure.road import DAY, END, START, Road, at
from tests.planning.test_operations import X, Y

HERE = (X + 20, Y + 20)
GIVEN = OpinionGiven("路口太窄，<b>建议</b>拓宽", "一位村民", "e", HERE)


def say(road: Road, given: OpinionGiven = GIVEN, on: date = START, origin: str = "") -> PlanOpinion:
    """Say something of the plan as nobody in particular."""
    with at(on), road.database.session() as session:
        return opinions.submit(
            session,
            road.plan_id,
            given,
            origin=origin or uuid4().hex,
            receipt=uuid4().hex[:11],
        )


def answer(
    road: Road, opinion: PlanOpinion, who: str = "town", verdict: str = "adopted", **how: int | None
) -> PlanOpinion:
    """Answer an opinion as it was taken in."""
    actor = road.actors[who]
    expected = how.get("expected", opinions.opinion_stamp(opinion))
    with at(START), road.database.session(actor.account_id) as session:
        return opinions.answer(
            session, actor, road.plan_id, opinion.id, verdict, "已拓宽", expected=expected
        )


def judge(road: Road, opinion: PlanOpinion, who: str, state: str = "shown") -> PlanOpinion:
    """Show or hide an opinion."""
    actor = road.actors[who]
    with road.database.session(actor.account_id) as session:
        return opinions.judge(
            session,
            actor,
            road.plan_id,
            opinion.id,
            state,
            expected=opinions.opinion_stamp(opinion),
        )


def test_an_opinion_is_taken_in_shown_and_answered(road: Road) -> None:
    """The public sees it once a post let it; the receipt tells from the start."""
    road.walk("notice")
    said = say(road)
    with road.database.session() as session:
        assert opinion_queries.shown(session, road.plan_id).rows == []
        assert opinion_queries.by_receipt(session, said.receipt).verdict is None
    seen = judge(road, said, "planner")
    answered = answer(road, seen, verdict="partly")
    with road.database.session() as session:
        (one,) = opinion_queries.shown(session, road.plan_id).rows
        told = opinion_queries.by_receipt(session, said.receipt)
        counts = opinion_queries.counts(session, road.plan_id)
    assert (one.text, one.place, one.parcel, one.verdict) == (GIVEN.text, HERE, "e", "partly")
    assert (told.reply, told.plan) == ("已拓宽", "村庄规划")
    assert (counts.states, counts.unanswered) == ({"shown": 1}, 0)
    judge(road, answered, "town", "hidden")
    with road.database.session() as session:
        assert opinion_queries.shown(session, road.plan_id).rows == []


@pytest.mark.parametrize(
    ("state", "day"),
    [
        ("draft", START),
        ("assembly", START),
        ("township", START),
        ("notice", START - DAY),
        ("county", END + DAY),
        ("approved", END + DAY),
    ],
)
def test_the_public_sees_no_plan_before_and_after(road: Road, state: str, day: date) -> None:
    """Nor says anything of it."""
    road.walk(state)
    with pytest.raises(NotFound):
        say(road, on=day)
    with road.database.session() as session:
        assert public.public_plans(session, day).rows == []


@pytest.mark.parametrize(("state", "day"), [("notice", END + DAY), ("in_force", END + DAY)])
def test_the_form_closes_with_the_notice(road: Road, state: str, day: date) -> None:
    """The plan can be seen, nothing more is taken in, and the reason is told."""
    road.walk(state)
    with road.database.session() as session:
        seen = public.public_plan(session, road.plan_id, day)
    assert (seen.open, seen.days_left) == (False, None)
    with pytest.raises(WrongState):
        say(road, on=day)


def test_the_last_day_still_counts(road: Road) -> None:
    """Until its end."""
    road.walk("notice")
    say(road, on=END)
    with road.database.session() as session:
        assert public.public_plan(session, road.plan_id, END).days_left == 0


def test_the_public_sketch_holds_nothing_else(road: Road) -> None:
    """Boundary, parcels and lines; neither base year nor households."""
    road.walk("notice")
    with road.database.session() as session:
        drawn = json.loads(public.public_sketch(session, road.plan))
    assert set(drawn) == {"version", "crs", "boundary", "parcels", "lines", "base"}
    assert drawn["base"] == []
    assert {frozenset(each["properties"]) for each in drawn["parcels"]} == {
        frozenset({"code", "label"})
    }


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "长" * 1001}, "text"),
        ({"signed": "名" * 41}, "signed"),
        ({"parcel": "nowhere"}, "parcel"),
        ({"place": (X + 5000, Y)}, "place"),
    ],
)
def test_what_cannot_be_said_is_refused(road: Road, said: dict[str, object], field: str) -> None:
    """Beside its field."""
    road.walk("notice")
    with pytest.raises(Invalid) as refused:
        say(road, replace(GIVEN, **said))  # type: ignore[arg-type]
    assert [each.field for each in refused.value.problems] == [field]


def test_one_origin_says_so_much_a_day(road: Road) -> None:
    """The same words are taken in once; others do not suffer."""
    road.walk("notice")
    first = say(road, origin="somebody")
    assert say(road, origin="somebody").id == first.id
    for number in range(MOST_A_DAY - 1):
        say(road, replace(GIVEN, text=f"意见 {number}"), origin="somebody")
    with pytest.raises(TooManyRequests):
        say(road, replace(GIVEN, text="还有"), origin="somebody")
    say(road, replace(GIVEN, text="还有"))


def test_a_plan_goes_on_when_every_opinion_is_answered(road: Road) -> None:
    """Hidden ones too; afterwards answers stay as they went up."""
    road.walk("notice")
    said = say(road)
    hidden = judge(road, said, "town", "hidden")
    forward = ActGiven("forward", END + DAY)
    with pytest.raises(PlanStepRefused) as refused:
        road.take("town", forward, END + DAY)
    assert [each.code for each in refused.value.problems] == ["opinions_unanswered"]
    answered = answer(road, hidden, "planner", "not_adopted")
    road.take("town", forward, END + DAY)
    with pytest.raises(WrongState):
        answer(road, answered)


def test_answers_name_what_they_saw(road: Road) -> None:
    """Two posts at once; an answer without a version; one without a reason."""
    road.walk("notice")
    said = say(road)
    answer(road, said)
    with pytest.raises(Conflict):
        answer(road, said, "planner")
    with pytest.raises(VersionRequired):
        answer(road, said, expected=None)
    with pytest.raises(Invalid):
        answer(road, said, verdict="perhaps", expected=_now(road, said))
    with pytest.raises(Invalid):
        judge(road, _kept(road, said), "town", "waiting")


@pytest.mark.parametrize(
    ("who", "error"),
    [("reviewer", None), ("viewer", Forbidden), ("elsewhere", NotFound)],
)
def test_others_answer_nothing(road: Road, who: str, error: type[FuliangError] | None) -> None:
    """A reviewer of the county also works for townships; others do not."""
    road.walk("notice")
    said = say(road)
    if error is None:
        answer(road, said, who)
        return
    with pytest.raises(error):
        answer(road, said, who)
    with pytest.raises(error):
        judge(road, said, who)


def test_an_opinion_belongs_to_its_plan(road: Road) -> None:
    """Its number means nothing beside another plan's."""
    road.walk("notice")
    said = say(road)
    actor = road.actors["town"]
    with pytest.raises(NotFound), road.database.session(actor.account_id) as session:
        opinions.judge(session, actor, road.plan_id + 1, said.id, "shown", expected=1)
    with pytest.raises(NotFound), road.database.session() as session:
        opinion_queries.by_receipt(session, "AAAAA-AAAAA")


def _kept(road: Road, opinion: PlanOpinion) -> PlanOpinion:
    with road.database.session() as session:
        return session.get_one(PlanOpinion, opinion.id)


def _now(road: Road, opinion: PlanOpinion) -> int:
    return opinions.opinion_stamp(_kept(road, opinion))
