"""A waiver counts for the scheme and the ground that it was granted for, and for nothing else."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
import shapely
from alembic.migration import MigrationContext
from alembic.operations import Operations
from geoalchemy2.shape import to_shape
from hypothesis import given as generated
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import driver_url
from fuliang_gis.planning import operations, schemes, waivers
from fuliang_gis.planning.drafts import draft_of
from fuliang_gis.planning.models import PlanScheme, PlanWaiver, VillagePlan
from fuliang_gis.planning.parcels import ControlLine, Parcel
from fuliang_gis.planning.reach import ROUNDING_M2, Void, land_of, same_ground
from tests.factories import make_actor
from tests.planning.test_operations import EAST, WEST, X, Y, given, scheme_of
from tests.planning.test_operations import at as placed
from tests.planning.village import draft, line, parcel

#: The school stands on the eastern half, the ecological redline covers its lower half.
SCHOOL = replace(EAST, code="0804")
REDLINE = ControlLine("r", "0102", shapely.box(X, Y, X + 200, Y + 50), "红线")
BASE = (WEST, EAST)


@dataclass(frozen=True)
class Office:
    """People and a plan whose every act is committed: waivers and versions have times apart."""

    session: Session
    planner: Actor
    reviewer: Actor
    plan: VillagePlan
    scheme: PlanScheme

    def grant(self) -> PlanWaiver:
        """Grant what the school needs."""
        (asked,) = waivers.waivable(self.session, self.plan)
        made = waivers.grant(
            self.session, self.reviewer, self.plan.id, "e", asked.article, "省级论证意见"
        )
        self.session.commit()
        return made

    def base(self, parcels: Sequence[Parcel], lines: Sequence[ControlLine]) -> None:
        """Bring in another base year and other control lines."""
        version = self.plan.version
        operations.set_base(
            self.session, self.planner, self.plan.id, parcels, lines, expected_version=version
        )
        self.session.commit()

    def copy(self, scheme: PlanScheme, title: str) -> PlanScheme:
        """Copy a scheme."""
        made = operations.branch(self.session, self.planner, scheme.id, title)
        self.session.commit()
        return made

    def counts(self, scheme: PlanScheme) -> bool:
        """Tell whether the school's waiver counts in a scheme."""
        return bool(draft_of(self.session, self.plan, scheme).waivers)

    def row(self) -> waivers.WaiverRow:
        """Return the only waiver as its page tells of it."""
        (found,) = waivers.waivers(self.session, self.plan)
        return found


@pytest.fixture
def office(owner_session: Session) -> Office:
    """Return a plan with the school, in a database of its own."""
    planner = make_actor(owner_session, Role.PLANNER)
    plan = operations.create_plan(owner_session, planner, given())
    reviewer = make_actor(owner_session, Role.REVIEWER)
    made = Office(owner_session, planner, reviewer, plan, scheme_of(owner_session, plan))
    made.base(BASE, [REDLINE])
    operations.save(owner_session, planner, made.scheme.id, {"e": SCHOOL}, expected=1)
    owner_session.commit()
    return made


@pytest.mark.parametrize(
    ("parcels", "lines", "void", "asked"),
    [
        pytest.param(BASE, [REDLINE], None, False, id="the same again"),
        pytest.param(
            BASE, [replace(REDLINE, id="n", name="新红线")], None, False, id="under another name"
        ),
        pytest.param(
            BASE,
            [replace(REDLINE, geom=shapely.box(X + 60, Y, X + 200, Y + 50))],
            None,
            False,
            id="changed beside the parcel",
        ),
        pytest.param(
            BASE,
            [
                replace(REDLINE, id="1", geom=shapely.box(X, Y, X + 150, Y + 50)),
                replace(REDLINE, id="2", geom=shapely.box(X + 140, Y, X + 200, Y + 50)),
            ],
            None,
            False,
            id="the same land in two pieces",
        ),
        pytest.param(
            BASE,
            [REDLINE, line("g", "0201", X, Y, X + 200, Y + 100)],
            None,
            False,
            id="a line that the article does not speak of",
        ),
        pytest.param(
            BASE,
            [replace(REDLINE, geom=shapely.box(X, Y, X + 200, Y + 60))],
            Void.GROUND,
            True,
            id="more of the parcel",
        ),
        pytest.param(
            BASE,
            [replace(REDLINE, geom=shapely.box(X, Y, X + 200, Y + 40))],
            Void.GROUND,
            True,
            id="less of the parcel",
        ),
        pytest.param(
            BASE,
            [replace(REDLINE, geom=shapely.box(X, Y + 50, X + 200, Y + 100))],
            Void.GROUND,
            True,
            id="as much of it elsewhere",
        ),
        pytest.param(BASE, [], Void.GROUND, False, id="withdrawn"),
        pytest.param(
            (WEST, placed("e", "0804", 100, 0, 200, 25), placed("n", "0301", 100, 25, 200, 100)),
            [REDLINE],
            Void.GROUND,
            True,
            id="another base year",
        ),
        pytest.param((WEST, SCHOOL), [REDLINE], Void.GROUND, False, id="a school all the time"),
    ],
)
def test_a_waiver_is_for_the_ground_it_was_granted_on(
    office: Office,
    parcels: Sequence[Parcel],
    lines: Sequence[ControlLine],
    void: Void | None,
    *,
    asked: bool,
) -> None:
    """Other lines or another base over the parcel void it; as they were, it counts again."""
    office.grant()
    office.base(parcels, lines)
    assert (office.row().void, office.row().asked) == (void, asked)
    assert office.counts(office.scheme) is (void is None)
    assert bool(waivers.waivable(office.session, office.plan)) is asked
    if asked:
        again = office.grant()
        rows = waivers.waivers(office.session, office.plan)
        assert [(each.waiver.id == again.id, each.holds) for each in rows] == [
            (True, True),
            (False, False),
        ]
    office.base(BASE, [REDLINE])
    first = waivers.waivers(office.session, office.plan)[0]
    assert first.holds


def test_a_waiver_counts_in_copies_made_of_its_scheme_since(office: Office) -> None:
    """Neither in copies made before, nor in the scheme that its own was copied from."""
    before = office.copy(office.scheme, "早")
    of_before = office.copy(before, "早之二")
    office.grant()
    since = office.copy(office.scheme, "晚")
    of_since = office.copy(since, "晚之二")
    late = office.copy(before, "早之三")
    told = {each.title: office.counts(each) for each in (before, of_before, since, of_since, late)}
    assert told == {"早": False, "早之二": False, "晚": True, "晚之二": True, "早之三": False}
    assert office.row().holds
    schemes.choose(office.session, office.planner, before.id)
    office.session.commit()
    row = office.row()
    assert (row.void, row.asked, row.scheme) == (Void.SCHEME, True, office.scheme.title)
    assert row.why is not None
    assert office.scheme.title in row.why[0]
    office.grant()
    assert office.counts(before)
    assert not office.counts(of_before)
    assert office.counts(office.scheme)


def test_a_change_of_a_plan_asks_anew(office: Office) -> None:
    """Its scheme descends from the former plan's, whose waivers are not its own."""
    office.grant()
    made = operations.create_plan(office.session, office.planner, given(title="修改"))
    copy = scheme_of(office.session, made)
    copy.branched_from = office.scheme.id
    operations.set_base(
        office.session, office.planner, made.id, BASE, [REDLINE], expected_version=made.version
    )
    operations.save(office.session, office.planner, copy.id, {"e": SCHOOL}, expected=1)
    office.session.commit()
    assert draft_of(office.session, made, copy).waivers == frozenset()
    assert waivers.waivable(office.session, made)


def _remove(_office: Office) -> dict[str, Parcel | None]:
    return {"e": None, "w": replace(WEST, geom=shapely.box(X, Y, X + 200, Y + 100))}


def _recode(_office: Office) -> dict[str, Parcel | None]:
    return {"e": replace(SCHOOL, code="0703")}


@pytest.mark.parametrize(
    ("edit", "void", "asked"), [(_remove, Void.GONE, False), (_recode, Void.PARCEL, True)]
)
def test_the_record_says_what_became_of_the_parcel(
    office: Office, edit: Callable[[Office], dict[str, Parcel | None]], void: Void, *, asked: bool
) -> None:
    """And whether anything is to be done."""
    office.grant()
    operations.save(
        office.session, office.planner, office.scheme.id, edit(office), expected=office.scheme.head
    )
    office.session.commit()
    row = office.row()
    assert (row.void, row.asked, row.holds) == (void, asked, False)


WHOLE = st.integers(0, 20)


@generated(left=WHOLE, bottom=WHOLE, right=WHOLE, top=WHOLE, cut=st.integers(1, 20))
def test_whatever_the_lines_become_no_permit_is_stretched(
    left: int, bottom: int, right: int, top: int, cut: int
) -> None:
    """A waiver that counts is one for exactly the land that a permit is asked for."""
    house = parcel("e", "0804", 0, 0, 20, 20)
    redline = line("r", "0102", 0, 0, 20, 10)
    article = "自然资发〔2022〕142号（生态保护红线内仅允许有限人为活动）"
    granted = land_of(draft(house, lines=(redline,)), "e", article, "jiangxi")
    later = line(
        "r", "0102", min(left, right), min(bottom, top), max(left, right), max(bottom, top)
    )
    smaller = parcel("e", "0804", 0, 0, cut, 20)
    lines = (later,) if later.geom.area else ()
    now = land_of(draft(smaller, lines=lines), "e", article, "jiangxi")
    counts = same_ground(now, granted, smaller.geom)
    assert counts is (now.symmetric_difference(shapely.box(0, 0, cut, 10)).area < ROUNDING_M2)
    if counts:
        assert now.difference(granted).area < ROUNDING_M2


def test_waivers_from_before_keep_counting(
    office: Office, cluster: Cluster, fresh_database: str
) -> None:
    """An upgrade says for which scheme and land they were; then they are held to it too."""
    made = office.grant()
    assert made.land is not None
    kept = to_shape(made.land)
    copy = office.copy(office.scheme, "晚")
    scripts = "fuliang_gis.migrations.versions"
    migration = importlib.import_module(f"{scripts}.0009_say_what_a_waiver_is_for")
    engine = create_engine(driver_url(cluster.owner_url(fresh_database)))
    with engine.begin() as connection:
        connection.execute(text("alter table plan_waiver drop column scheme_id, drop column land"))
        with Operations.context(MigrationContext.configure(connection)):
            migration.upgrade()
        row = connection.execute(text("select scheme_id, ST_AsBinary(land) from plan_waiver")).one()
    engine.dispose()
    assert row[0] == office.scheme.id
    assert shapely.from_wkb(bytes(row[1])).equals(kept)
    office.session.expire_all()
    assert office.row().holds
    assert office.counts(copy)
    office.base(BASE, [replace(REDLINE, geom=shapely.box(X, Y, X + 200, Y + 60))])
    assert office.row().void is Void.GROUND
