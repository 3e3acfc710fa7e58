"""Plans are made, drawn upon and saved; nobody's work is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely
from shapely import LineString
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import AuditEvent
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.errors import (
    Conflict,
    Duplicate,
    Forbidden,
    Invalid,
    NotFound,
    VersionRequired,
    WrongState,
)
from fuliang_gis.planning import operations
from fuliang_gis.planning.drafts import digest, draft_of
from fuliang_gis.planning.editing import split
from fuliang_gis.planning.given import PlanGiven
from fuliang_gis.planning.models import PlanParcel, PlanScheme, PlanVersion, VillagePlan
from fuliang_gis.planning.parcels import Parcel
from tests.factories import FULIANG_VILLAGE, YAOLI_TOWN, make_actor
from tests.planning.edits import merge, recode
from tests.planning.test_editing import is_coverage
from tests.planning.village import line, parcel

#: Where the village lies on the plane of EPSG:4548 [m].
X, Y = 520_000.0, 3_252_000.0
BOUNDARY = shapely.box(X, Y, X + 200, Y + 100)


def at(name: str, code: str, *bounds: float, **said: object) -> Parcel:
    """Return a rectangular parcel of the village, counted from its corner."""
    left, bottom, right, top = bounds
    return parcel(name, code, X + left, Y + bottom, X + right, Y + top, **said)


WEST, EAST = at("w", "0101", 0, 0, 100, 100), at("e", "0301", 100, 0, 200, 100)


@pytest.fixture
def planner(session: Session) -> Actor:
    """Return somebody who drafts plans in the county."""
    return make_actor(session, Role.PLANNER)


def given(**said: object) -> PlanGiven:
    """Return what a plan is made from."""
    usual = PlanGiven(FULIANG_VILLAGE, "村庄规划", 2023, 2035, BOUNDARY)
    return replace(usual, **said)  # type: ignore[arg-type]


@pytest.fixture
def plan(session: Session, planner: Actor) -> VillagePlan:
    """Return a plan with two parcels of the base year and one control line."""
    made = operations.create_plan(session, planner, given())
    lines = [replace(line("f", "0202", 0, 0, 1, 1), geom=shapely.box(X, Y, X + 50, Y + 50))]
    return operations.set_base(
        session, planner, made.id, [WEST, EAST], lines, expected_version=made.version
    )


def scheme_of(session: Session, plan: VillagePlan) -> PlanScheme:
    """Return the plan's first scheme."""
    found = select(PlanScheme).where(PlanScheme.plan_id == plan.id).order_by(PlanScheme.id)
    return session.scalars(found).first()  # type: ignore[return-value]


def test_a_scheme_begins_with_the_base_year(session: Session, plan: VillagePlan) -> None:
    """Geometry comes back to the last digit, in the plan's own coordinates."""
    draft = draft_of(session, plan, scheme_of(session, plan))
    assert draft.parcels == {"w": WEST, "e": EAST}
    assert draft.base == draft.parcels
    assert draft.boundary.equals(BOUNDARY)
    assert [each.code for each in draft.lines.values()] == ["0202"]


def test_a_save_is_a_version_and_older_ones_stay(
    session: Session, planner: Actor, plan: VillagePlan
) -> None:
    """Split, recode, merge: every version can be read as it was."""
    scheme = scheme_of(session, plan)
    start = draft_of(session, plan, scheme)
    cut = LineString([(X - 10, Y + 40), (X + 110, Y + 40)])
    first = operations.save(
        session, planner, scheme.id, split(start, "w", cut, iter(["n"])), expected=1
    )
    second = operations.save(
        session, planner, scheme.id, recode(first.draft, "n", "0801"), expected=2
    )
    third = operations.save(
        session,
        planner,
        scheme.id,
        merge(second.draft, ["w", "n"], "w"),
        expected=3,
        message="合并",
    )
    assert [first.version.ordinal, second.version.ordinal, third.version.ordinal] == [2, 3, 4]
    assert second.version.changed == 1
    for ordinal, draft in ((1, start), (2, first.draft), (3, second.draft), (4, third.draft)):
        read = draft_of(session, plan, scheme, ordinal)
        assert read.parcels == draft.parcels
        assert is_coverage(read)
        kept = session.get_one(PlanVersion, (scheme.id, ordinal))
        assert kept.digest == digest(draft.parcels)
    # What did not change is not written again.
    east = select(func.count()).where(PlanParcel.scheme_id == scheme.id, PlanParcel.name == "e")
    assert session.scalar(east) == 2
    actions = select(AuditEvent.action).where(AuditEvent.actor_id == planner.account_id)
    assert list(session.scalars(actions)).count("save_scheme") == 3


def test_small_misfits_are_fitted_and_large_ones_refused(
    session: Session, planner: Actor, plan: VillagePlan
) -> None:
    """Refused, nothing is kept; the problem names the parcel."""
    scheme = scheme_of(session, plan)
    wide = at("e", "0301", 100.1, 0, 200, 100)
    saved = operations.save(session, planner, scheme.id, {"e": wide}, expected=1)
    assert is_coverage(saved.draft)
    assert [each.parcel for each in saved.moved] == ["e"]
    far = at("e", "0301", 95, 0, 200, 100)
    with pytest.raises(Invalid) as refusal:
        operations.save(session, planner, scheme.id, {"e": far}, expected=2)
    assert [(each.code, each.field) for each in refusal.value.problems] == [("repair_refused", "e")]
    assert scheme.head == 2
    assert draft_of(session, plan, scheme).parcels == saved.draft.parcels


def test_two_planners_are_joined_when_they_draw_apart(
    session: Session, planner: Actor, plan: VillagePlan
) -> None:
    """The second saves upon an older version: other parcels go in, the same are a conflict."""
    scheme = scheme_of(session, plan)
    start = draft_of(session, plan, scheme)
    operations.save(session, planner, scheme.id, recode(start, "w", "0103"), expected=1)
    joined = operations.save(session, planner, scheme.id, recode(start, "e", "0401"), expected=1)
    assert joined.merged
    assert {each.code for each in joined.draft.parcels.values()} == {"0103", "0401"}
    with pytest.raises(Conflict):
        operations.save(session, planner, scheme.id, recode(start, "w", "0801"), expected=1)
    with pytest.raises(VersionRequired):
        operations.save(session, planner, scheme.id, recode(start, "w", "0801"), expected=None)


def test_a_save_that_no_longer_fits_another_is_a_conflict(
    session: Session, planner: Actor, plan: VillagePlan
) -> None:
    """One moves the shared edge of both; the other had drawn upon the old one."""
    scheme = scheme_of(session, plan)
    moved = {"w": at("w", "0101", 0, 0, 90, 100), "e": at("e", "0301", 90, 0, 200, 100)}
    operations.save(session, planner, scheme.id, moved, expected=1)
    with pytest.raises(Conflict):
        operations.save(
            session, planner, scheme.id, {"x": at("x", "0801", 95, 0, 100, 100)}, expected=1
        )


def test_branches_and_restored_versions(
    session: Session, planner: Actor, plan: VillagePlan
) -> None:
    """A branch goes its own way; an old version comes back as a new one."""
    scheme = scheme_of(session, plan)
    start = draft_of(session, plan, scheme)
    other = operations.branch(session, planner, scheme.id, "方案二")
    operations.save(session, planner, other.id, recode(start, "w", "0801"), expected=1)
    assert draft_of(session, plan, scheme).parcels == start.parcels
    with pytest.raises(Duplicate):
        operations.branch(session, planner, scheme.id, " 方案二 ")
    back = operations.restore(session, planner, other.id, 1, expected=2)
    assert back.ordinal == 3
    assert draft_of(session, plan, other).parcels == start.parcels
    with pytest.raises(NotFound):
        operations.restore(session, planner, other.id, 9, expected=3)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"title": " "}, "title"),
        ({"target_year": 2020}, "target_year"),
        ({"edition": "2017"}, "edition"),
        ({"division_code": "360222100"}, "division_code"),
        ({"boundary": shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])}, "boundary"),
    ],
)
def test_plans_are_made_from_sound_things(
    session: Session, planner: Actor, said: dict[str, object], field: str
) -> None:
    """Each fault names its field."""
    with pytest.raises(Invalid) as refusal:
        operations.create_plan(session, planner, given(**said))
    assert [each.field for each in refusal.value.problems] == [field]


@pytest.mark.parametrize(
    "changed",
    [
        at("w", "9999", 0, 0, 100, 100),
        at("w", "0101", 0, 0, 100, 100, households=0),
        Parcel("w", "0101", shapely.Polygon()),
        Parcel("w", "0101", shapely.MultiPolygon([BOUNDARY])),
    ],
)
def test_broken_parcels_are_refused(
    session: Session, planner: Actor, plan: VillagePlan, changed: Parcel
) -> None:
    """With the parcel's id as the field."""
    scheme = scheme_of(session, plan)
    with pytest.raises(Invalid) as refusal:
        operations.save(session, planner, scheme.id, {"w": changed}, expected=1)
    assert {each.field for each in refusal.value.problems} == {"w"}


def test_only_planners_of_the_division_draw(session: Session, plan: VillagePlan) -> None:
    """Others are refused, and so is anybody once the plan is under review."""
    scheme = scheme_of(session, plan)
    change = {"e": replace(EAST, code="0401")}
    with pytest.raises(Forbidden):
        operations.save(session, make_actor(session, Role.VIEWER), scheme.id, change, expected=1)
    stranger = make_actor(session, Role.PLANNER, YAOLI_TOWN)
    with pytest.raises(NotFound):
        operations.save(session, stranger, scheme.id, change, expected=1)
    plan.state = "notice"
    session.flush()
    with pytest.raises(WrongState):
        operations.save(session, make_actor(session, Role.PLANNER), scheme.id, change, expected=1)
