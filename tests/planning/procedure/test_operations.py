"""A plan's steps as posts take them: the whole road, who is refused, changes, participation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from fuliang_gis.accounts.models import AuditEvent
from fuliang_gis.errors import (
    Conflict,
    Forbidden,
    FuliangError,
    Invalid,
    NotFound,
    PlanStepRefused,
    SelfApproval,
    VersionRequired,
    WrongState,
)
from fuliang_gis.planning import operations
from fuliang_gis.planning.drafts import draft_of
from fuliang_gis.planning.models import PlanScheme, VillagePlan
from fuliang_gis.planning.procedure import participation, queries
from fuliang_gis.planning.procedure.changing import begin_change
from fuliang_gis.planning.procedure.models import PlanParticipation
from fuliang_gis.planning.procedure.participation import ParticipationGiven
from fuliang_gis.planning.procedure.rules import ActGiven
from fuliang_gis.planning.projects.models import PlanFacility, PlanProject
from tests.planning.edits import recode
from tests.planning.procedure.road import CARRIED, DAY, END, START, Road, at, laid_out

LATER = END + DAY


def test_a_plan_goes_its_whole_way(road: Road) -> None:
    """Each step leaves its act, its days and its version."""
    road.walk("in_force")
    plan = road.plan
    assert (plan.state, plan.notice_from, plan.notice_until) == ("in_force", START, END)
    assert (plan.approval_number, plan.approved_on) == ("浮府字〔2026〕1号", LATER)
    assert (plan.published_on, plan.frozen_ordinal) == (LATER, 1)
    with road.database.session() as session:
        acts = queries.acts(session, road.plan_id).rows
        kinds = [row.act.kind for row in reversed(acts)]
        assert kinds == ["submit", "vote", "notice", "forward", "approve", "publish", "force"]
        assert {row.act.ordinal for row in acts} == {1}
        (vote,) = queries.participation(session, road.plan_id)
        assert (vote.row.kind, vote.row.attended, vote.row.in_favour) == ("vote", 60, 50)
        audited = select(AuditEvent.action).where(AuditEvent.action == "plan_step")
        assert len(session.scalars(audited).all()) == 7


@pytest.mark.parametrize("state", [state for state, *_ in Road.steps()])
def test_steps_are_for_their_posts(road: Road, state: str) -> None:
    """Whoever does not hold the permission is refused, and nothing has changed."""
    road.walk(state)
    (rightful, act, on), *_ = [each[1:] for each in Road.steps() if each[0] == state]
    # A reviewer of the county also reviews for townships.
    allowed = {rightful, "reviewer"} if rightful == "town" else {rightful}
    for who in {"viewer", "planner", "town", "reviewer"} - allowed:
        with pytest.raises(Forbidden):
            road.take(who, act, on)
        assert road.state == state
    road.take(rightful, act, on)
    assert road.state != state


@pytest.mark.parametrize("who", ["elsewhere", "planner_elsewhere"])
@pytest.mark.parametrize("act", [ActGiven("submit", START), ActGiven("return", START, "x")])
def test_another_township_sees_no_plan(road: Road, who: str, act: ActGiven) -> None:
    """Not even that there is one."""
    with pytest.raises(NotFound):
        road.take(who, act)


@pytest.mark.parametrize("state", ["township", "county"])
def test_nobody_judges_what_they_drafted(road: Road, state: str) -> None:
    """Not even an administrator, who may do everything else."""
    own = laid_out(road.database, road.actors, "administrator")
    own.walk("draft")
    for begin, who, act, on in Road.steps():
        if begin == state:
            break
        own.take("administrator" if begin == "draft" else who, act, on)
    (act, on), *_ = [each[2:] for each in Road.steps() if each[0] == state]
    with pytest.raises(SelfApproval):
        own.take("administrator", act, on)
    assert own.state == state


def test_whoever_saved_a_version_has_drafted(road: Road) -> None:
    """Also when somebody else made the plan and submitted it."""
    admin = road.actors["administrator"]
    with road.database.session(admin.account_id) as session:
        scheme = session.scalars(select(PlanScheme)).one()
        draft = draft_of(session, road.plan, scheme)
        operations.save(session, admin, scheme.id, recode(draft, "e", "0302"), expected=1)
    road.walk("township")
    with pytest.raises(SelfApproval):
        road.take("administrator", ActGiven("notice", START, until=END))


def test_a_scheme_with_errors_is_not_submitted(road: Road) -> None:
    """Gaps must be closed before villagers vote."""
    planner = road.actors["planner"]
    with road.database.session(planner.account_id) as session:
        scheme = session.scalars(select(PlanScheme)).one()
        operations.save(session, planner, scheme.id, {"e": None}, expected=1)
    with pytest.raises(PlanStepRefused) as refused:
        road.take("planner", ActGiven("submit", START))
    assert [each.code for each in refused.value.problems] == ["errors_open"]
    assert road.state == "draft"


def test_another_scheme_is_chosen_by_submitting_it(road: Road) -> None:
    """It is what goes on its way; a scheme of another plan is none."""
    planner = road.actors["planner"]
    with road.database.session(planner.account_id) as session:
        first = session.scalars(select(PlanScheme)).one()
        other = operations.branch(session, planner, first.id, "方案二")
    stranger = laid_out(road.database, road.actors)
    with road.database.session() as session:
        theirs = select(PlanScheme.id).where(PlanScheme.plan_id == stranger.plan_id)
        foreign = session.scalars(theirs).one()
    with pytest.raises(NotFound):
        road.take("planner", ActGiven("submit", START), scheme_id=foreign)
    road.take("planner", ActGiven("submit", START), scheme_id=other.id)
    assert road.plan.frozen_scheme == other.id
    with road.database.session() as session:
        of_plan = select(PlanScheme).where(PlanScheme.plan_id == road.plan_id)
        chosen = {each.title: each.chosen for each in session.scalars(of_plan)}
    assert chosen == {"方案一": False, "方案二": True}


def test_a_plan_on_its_way_is_not_drawn_upon(road: Road) -> None:
    """Until it is given back; its versions go on."""
    road.walk("notice")
    planner = road.actors["planner"]

    def draw() -> None:
        with road.database.session(planner.account_id) as session:
            scheme = session.scalars(select(PlanScheme)).one()
            draft = draft_of(session, road.plan, scheme)
            operations.save(session, planner, scheme.id, recode(draft, "e", "0302"), expected=1)

    with pytest.raises(WrongState):
        draw()
    road.take("town", ActGiven("return", START, "调整道路"))
    plan = road.plan
    assert (plan.state, plan.frozen_scheme, plan.notice_from) == ("draft", None, None)
    draw()
    road.walk("assembly")
    assert road.plan.frozen_ordinal == 2
    with road.database.session() as session:
        (back,) = [r.act for r in queries.acts(session, plan.id).rows if r.act.kind == "return"]
    assert (back.note, back.detail["notice_from"]) == ("调整道路", START.isoformat())


@pytest.mark.parametrize(("expected", "error"), [(1, Conflict), (None, VersionRequired)])
def test_steps_name_the_version_that_was_seen(
    road: Road, expected: int | None, error: type[FuliangError]
) -> None:
    """Somebody else was faster."""
    with pytest.raises(error):
        road.take("planner", ActGiven("submit", START), expected=expected)


@pytest.mark.parametrize("kind", ["approve", "force", "return", "notice"])
def test_no_step_is_left_out(road: Road, kind: str) -> None:
    """A draft is neither approved nor given back."""
    with pytest.raises(WrongState):
        road.take("administrator", ActGiven(kind, START, "因为", number="1", until=END))


def test_an_unknown_step_is_refused(road: Road) -> None:
    """Not an error of the service."""
    with pytest.raises(PlanStepRefused):
        road.take("administrator", ActGiven("drop", START))


def test_a_notice_is_closed_after_its_last_day(road: Road) -> None:
    """The refusal tells the earliest day."""
    road.walk("notice")
    with pytest.raises(PlanStepRefused, match="still runs") as refused:
        road.take("town", ActGiven("forward", END), END)
    assert LATER.isoformat() in refused.value.text_zh


# --- changes ---


def _change(road: Road, who: str = "planner", reason: str = "新增公厕") -> int:
    actor = road.actors[who]
    with at(LATER), road.database.session(actor.account_id) as session:
        version = session.get_one(VillagePlan, road.plan_id).version
        return begin_change(session, actor, road.plan_id, reason, expected=version).id


def test_a_change_begins_as_a_copy_and_takes_the_place(road: Road) -> None:
    """Parcels, base, goals, projects with their facilities; the old plan is replaced at the end."""
    planner = road.actors["planner"]
    with road.database.session(planner.account_id) as session:
        where = "SRID=4548;POINT(520010 3252010)"
        shared = {"plan_id": road.plan_id, "division_code": road.plan.division_code}
        facility = PlanFacility(kind="toilet", name="公厕", geom=where, **shared)
        session.add(facility)
        session.flush()
        session.add(
            PlanProject(ordinal=1, kind="环卫", name="公厕", facility_id=facility.id, **shared)
        )
    road.walk("in_force")
    made = Road(road.database, road.actors, _change(road))
    with road.database.session() as session:
        old, new = session.get_one(VillagePlan, road.plan_id), made.plan
        schemes = {each.plan_id: each for each in session.scalars(select(PlanScheme))}
        before = draft_of(session, old, schemes[old.id], old.frozen_ordinal)
        after = draft_of(session, new, schemes[new.id])
        assert (after.parcels, after.base) == (before.parcels, before.base)
        assert (new.state, new.replaces_id) == ("draft", old.id)
        of_new = select(PlanProject).where(PlanProject.plan_id == new.id)
        copied = session.scalars(of_new).one()
        assert copied.facility_id is not None
        assert session.get_one(PlanFacility, copied.facility_id).plan_id == new.id
    days = [(state, who, act, LATER) for state, who, act, _ in Road.steps()]
    end = LATER + 40 * DAY
    for state, who, act, _ in days:
        on = end if state in ("notice", "county", "approved", "published") else LATER
        until = end - DAY if act.kind == "notice" else act.until
        made.take(who, replace(act, held_on=on, until=until), on)
    assert (road.state, made.state) == ("replaced", "in_force")
    with road.database.session() as session:
        assert queries.acts(session, road.plan_id).rows[0].act.kind == "replaced"


def test_a_plan_is_changed_once_at_a_time(road: Road) -> None:
    """And only when in force, for a reason, by who drafts."""
    with pytest.raises(WrongState):
        _change(road)
    road.walk("in_force")
    with pytest.raises(Forbidden):
        _change(road, "town")
    with pytest.raises(Invalid):
        _change(road, reason=" ")
    _change(road)
    with pytest.raises(WrongState, match="state"):
        _change(road)


# --- participation ---

SURVEY = ParticipationGiven("survey", START, 30, "查村", summary="走访 30 户")


@pytest.mark.parametrize("who", ["planner", "town", "reviewer"])
def test_posts_write_down_and_take_away(road: Road, who: str) -> None:
    """Whoever has to do with the plan."""
    actor = road.actors[who]
    with at(START), road.database.session(actor.account_id) as session:
        row = participation.add(session, actor, road.plan_id, SURVEY)
    with at(START), road.database.session(actor.account_id) as session:
        participation.remove(session, actor, road.plan_id, row.id)
    with road.database.session() as session:
        assert queries.participation(session, road.plan_id) == []


@pytest.mark.parametrize(("who", "error"), [("viewer", Forbidden), ("elsewhere", NotFound)])
def test_others_write_down_nothing(road: Road, who: str, error: type[FuliangError]) -> None:
    """Neither here nor of another township."""
    actor = road.actors[who]
    with pytest.raises(error), at(START), road.database.session(actor.account_id) as session:
        participation.add(session, actor, road.plan_id, SURVEY)


def test_the_vote_that_carried_the_plan_stays(road: Road) -> None:
    """Another plan's row is none of this one's; after approval nothing is added."""
    road.walk("township")
    town = road.actors["town"]
    with at(START), road.database.session(town.account_id) as session:
        vote = session.scalars(select(PlanParticipation)).one()
        with pytest.raises(WrongState):
            participation.remove(session, town, road.plan_id, vote.id)
        with pytest.raises(NotFound):
            participation.remove(session, town, road.plan_id, vote.id + 1)
    road.walk("approved")
    with (
        pytest.raises(WrongState),
        at(LATER),
        road.database.session(town.account_id) as session,
    ):
        participation.add(session, town, road.plan_id, SURVEY)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"kind": "feast"}, "unknown_choice"),
        ({"held_on": START + DAY}, "out_of_order"),
        ({"held_on": None}, "out_of_order"),
        ({"attended": None}, "required"),
        ({"attended": -1}, "out_of_range"),
        ({"attended": 2_000_000_000}, "out_of_range"),
        ({"entitled": 29}, "vote_figures"),
        ({"in_favour": 20, "against": 11}, "vote_figures"),
        ({"summary": "长" * 2001}, "too_long"),
    ],
)
def test_what_cannot_be_is_not_written_down(said: dict[str, object], code: str) -> None:
    """Each fault has its code."""
    given = replace(SURVEY, **said)  # type: ignore[arg-type]
    found = participation.participation_problems(given, START)
    assert code in [each.code for each in found]


def test_votes_may_also_fail_and_be_written_down(road: Road) -> None:
    """A vote that did not carry the plan is no step, and yet a record."""
    road.walk("assembly")
    with pytest.raises(PlanStepRefused) as refused:
        road.take("town", ActGiven("vote", START, vote=replace(CARRIED, in_favour=30)))
    assert [each.code for each in refused.value.problems] == ["no_majority"]
    town = road.actors["town"]
    lost = ParticipationGiven("vote", START, 60, "", 100, 30, 20, 10, "未通过")
    with at(START), road.database.session(town.account_id) as session:
        participation.add(session, town, road.plan_id, lost)
    road.take("town", ActGiven("return", START, "表决未通过"))
    assert road.state == "draft"
