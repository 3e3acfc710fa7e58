"""Problems on a real database, as the service role acts for each post."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.models import AuditEvent
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import UPKEEP, Database, driver_url
from fuliang_gis.errors import (
    Conflict,
    Forbidden,
    FuliangError,
    Invalid,
    MeasuresOpen,
    NotFound,
    OutsideDivision,
    SelfApproval,
    VersionRequired,
    WrongState,
)
from fuliang_gis.inspections.defects import operations
from fuliang_gis.inspections.defects.given import (
    Assignment,
    Changed,
    Feedback,
    Given,
    MeasureGiven,
)
from fuliang_gis.inspections.defects.rules import Failure
from fuliang_gis.inspections.models import (
    Defect,
    DefectEvent,
    DefectMeasure,
    LocationState,
    Visit,
)
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from fuliang_gis.settings import Settings
from tests.conftest import RUN
from tests.factories import COUNTY, FULIANG_TOWN, FULIANG_VILLAGE, YAOLI_TOWN, make_actor
from tests.factories import make_location as new_location

POSTS = {
    "county": (Role.COUNTY_STAFF, COUNTY),
    "reviewer": (Role.REVIEWER, COUNTY),
    "viewer": (Role.VIEWER, COUNTY),
    "planner": (Role.PLANNER, COUNTY),
    "township": (Role.TOWNSHIP_STAFF, FULIANG_TOWN),
    "other": (Role.TOWNSHIP_STAFF, YAOLI_TOWN),
    "inspector": (Role.INSPECTOR, FULIANG_TOWN),
    "informant": (Role.VILLAGE_INFORMANT, FULIANG_VILLAGE),
}


@dataclass
class Office:
    """A database as the service sees it, one person a post, and one location."""

    database: Database
    people: dict[str, Actor]
    location_id: int

    def act(self, who: str, run: Callable[[Session, Actor], Defect]) -> Defect:
        """Do one act as the post, in a transaction of its own."""
        actor = self.people[who]
        with self.database.session(actor.account_id) as session:
            return run(session, actor)

    def find(self, who: str = "township", **given: object) -> Defect:
        """Enter a problem at the location."""
        told = {"title": "围栏破损", "category": "unlocked", "severity": "ordinary"}
        place = {} if "division_code" in given else {"location_id": self.location_id}
        made = Given(**{**told, **place, **given})  # type: ignore[arg-type]
        return self.act(who, lambda s, a: operations.find(s, a, made))

    def in_state(self, state: str, measures: int = 1) -> Defect:
        """Bring a problem to a state: the inspector mends it, the township judges, the county ends.

        Its first measure is done by the inspector.
        """
        named = [MeasureGiven(f"措施{number}") for number in range(1, measures + 1)]
        defect = self.find(measures=named)
        order = ("found", "assigned", "fixed", "verified", "closed")
        for step in order[1 : order.index(state) + 1]:
            if step == "assigned":
                defect = self.step("assign", "township", defect)
            elif step == "closed":
                defect = self.step("close", "county", defect)
            else:
                act, who = ("fix", "inspector") if step == "fixed" else ("verify", "township")
                for ordinal in range(1, measures + 1):
                    defect = self.step(act, who, defect, ordinal)
        return defect

    def step(self, act: str, who: str, defect: Defect, ordinal: int = 1) -> Defect:
        """Do one act with plain words, based on the version that the defect holds."""
        number, at = defect.number, defect.version
        acts: dict[str, Callable[[Session, Actor], Defect]] = {
            "assign": lambda s, a: operations.assign(
                s, a, number, Assignment(owner=self.people["inspector"].username),
                expected_version=at,
            ),
            "change": lambda s, a: operations.change(
                s, a, number, Changed(title="围栏倒塌"), expected_version=at
            ),
            "fix": lambda s, a: operations.fix(
                s, a, number, ordinal, Feedback("已修复", Decimal("120.50")), expected_version=at
            ),
            "verify": lambda s, a: operations.verify(
                s, a, number, ordinal, "合格", expected_version=at
            ),
            "reject": lambda s, a: operations.reject(
                s, a, number, ordinal, "照片不清", expected_version=at
            ),
            "close": lambda s, a: operations.close(s, a, number, "同意", expected_version=at),
            "send_back": lambda s, a: operations.send_back(
                s, a, number, "不属本单位", expected_version=at
            ),
            "reopen": lambda s, a: operations.reopen(
                s, a, number, "问题复发", expected_version=at
            ),
            "comment": lambda s, a: operations.comment(s, a, number, "已联系厂家"),
        }  # fmt: skip
        return self.act(who, acts[act])


def _office(session: Session, database: Database) -> Office:
    people = {who: make_actor(session, *post) for who, post in POSTS.items()}
    place = new_location(session, people["county"], layer("pv_stations"))
    session.commit()
    return Office(database, people, place.id)


@pytest.fixture
def office(owner_session: Session, service_database: Database) -> Office:
    """The posts, and a PV station in 浮梁镇, on a database of the test's own."""
    return _office(owner_session, service_database)


@pytest.fixture(scope="module")
def shared(cluster: Cluster, template: str, settings: Settings) -> Iterator[Office]:
    """The same on one database for the tables of refusals, which leave no more than problems."""
    name = f"{RUN}_defects"
    with cluster.superuser() as connection:
        connection.execute("select pg_advisory_lock(360222)")
        cluster.copy_database(template, name)
    database = Database.connect(cluster.service_url(name), settings.secret("context.key"))
    engine = create_engine(driver_url(cluster.owner_url(name)))
    with Session(engine, expire_on_commit=False) as session:
        yield _office(session, database)
    database.dispose()
    engine.dispose()
    cluster.drop_database(name)


def test_the_whole_way_is_kept(office: Office, owner_session: Session) -> None:
    """Rejected twice, mended three times, closed: every step stands in its way, once."""
    defect = office.in_state("fixed")
    defect = office.step("reject", "township", defect)
    defect = office.step("fix", "inspector", defect)
    defect = office.step("send_back", "township", defect)
    defect = office.step("fix", "inspector", defect)
    defect = office.step("verify", "township", defect)
    defect = office.step("close", "county", defect)
    kept = owner_session.scalars(select(Defect)).one()
    assert (kept.state, kept.rejections, kept.version) == ("closed", 2, 9)
    assert kept.cost_yuan == Decimal("120.50")
    assert kept.closed_at is not None
    actions = owner_session.scalars(select(DefectEvent.action).order_by(DefectEvent.id)).all()
    assert actions == [
        "find", "assign", "fix", "reject", "fix", "return", "reject", "fix", "verify", "close",
    ]  # fmt: skip
    told = owner_session.scalars(
        select(AuditEvent.action).where(AuditEvent.subject == f"defect/{kept.number}")
    ).all()
    assert len(told) == 9
    state = owner_session.get_one(LocationState, office.location_id)
    assert state.open_defects == 0


def test_an_open_problem_shows_in_the_status_of_its_location(
    office: Office, owner_session: Session
) -> None:
    """The facts of the location follow with every act."""
    office.find(severity="serious")
    second = office.in_state("verified")
    state = owner_session.get_one(LocationState, office.location_id)
    assert (state.open_defects, state.worst_severity) == (2, "serious")
    office.step("close", "county", second)
    owner_session.refresh(state)
    assert state.open_defects == 1


#: Act, state, who, and what is said to them.
REFUSED = [
    ("assign", "found", "inspector", Forbidden),
    ("assign", "found", "informant", Forbidden),
    ("assign", "found", "reviewer", Forbidden),
    ("assign", "found", "viewer", Forbidden),
    ("assign", "found", "other", OutsideDivision),
    ("assign", "fixed", "township", WrongState),
    ("change", "found", "inspector", Forbidden),
    ("change", "fixed", "township", WrongState),
    ("change", "closed", "county", WrongState),
    ("fix", "found", "inspector", WrongState),
    ("fix", "assigned", "reviewer", Forbidden),
    ("fix", "assigned", "planner", Forbidden),
    ("fix", "assigned", "other", OutsideDivision),
    ("fix", "fixed", "inspector", WrongState),
    ("verify", "assigned", "township", WrongState),
    ("verify", "fixed", "inspector", Forbidden),
    ("verify", "fixed", "informant", Forbidden),
    ("verify", "fixed", "other", OutsideDivision),
    ("verify", "verified", "township", WrongState),
    ("reject", "assigned", "township", WrongState),
    ("reject", "fixed", "inspector", Forbidden),
    ("reject", "fixed", "other", OutsideDivision),
    ("close", "found", "county", MeasuresOpen),
    ("close", "assigned", "county", MeasuresOpen),
    ("close", "fixed", "county", MeasuresOpen),
    ("close", "verified", "township", Forbidden),
    ("close", "verified", "inspector", Forbidden),
    ("close", "closed", "county", WrongState),
    ("send_back", "found", "township", WrongState),
    ("send_back", "fixed", "inspector", Forbidden),
    ("send_back", "assigned", "viewer", Forbidden),
    ("send_back", "closed", "county", WrongState),
    ("reopen", "closed", "township", Forbidden),
    ("reopen", "verified", "county", WrongState),
    ("comment", "found", "viewer", Forbidden),
    ("comment", "found", "planner", Forbidden),
    ("comment", "found", "other", OutsideDivision),
]


@pytest.mark.parametrize(("act", "state", "who", "refusal"), REFUSED)
def test_who_may_do_what_when(
    shared: Office, act: str, state: str, who: str, refusal: type[FuliangError]
) -> None:
    """Role, division and state decide; a refused act leaves nothing."""
    defect = shared.in_state(state)
    with pytest.raises(refusal) as refused:
        shared.step(act, who, defect)
    assert type(refused.value) is refusal
    with shared.database.session() as session:
        kept = session.scalars(select(Defect).where(Defect.number == defect.number)).one()
    assert (kept.version, kept.state) == (defect.version, state)


@pytest.mark.parametrize("act", ["verify", "reject", "send_back"])
def test_who_mends_never_judges(shared: Office, act: str) -> None:
    """Township staff who mended it themselves are refused, in their own name alone."""
    defect = shared.step("fix", "township", shared.in_state("assigned"))
    with pytest.raises(SelfApproval):
        shared.step(act, "township", defect)
    shared.step(act, "county", defect)


def test_the_database_refuses_a_fixer_who_verifies(office: Office) -> None:
    """Plain SQL as the service role cannot make one person both."""
    office.in_state("fixed")
    statement = text(
        "update defect_measure set state = 'verified', verified_at = now(), verified_by = fixed_by"
    )
    inspector = office.people["inspector"].account_id
    with (
        pytest.raises(IntegrityError, match="fixer_never_verifies"),
        office.database.session(inspector) as session,
    ):
        session.execute(statement)


def test_the_database_refuses_another_township(office: Office) -> None:
    """Plain SQL for a post elsewhere changes nothing."""
    office.find()
    other = office.people["other"].account_id
    with pytest.raises(Forbidden), office.database.session(other) as session:
        session.execute(text("update defect set title = 'x'"))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "长" * 201}, "title"),
        ({"category": "nothing"}, "category"),
        ({"severity": "awful"}, "severity"),
        ({"source": "visit"}, "source"),
        ({"source": "supervision"}, "aspect"),
        ({"aspect": "nothing"}, "aspect"),
        ({"measures": [MeasureGiven("")]}, "measures"),
        ({"measures": [MeasureGiven("修")] * 101}, "measures"),
        ({"division_code": "999999"}, "division_code"),
    ],
)
def test_what_is_missing_is_named(shared: Office, given: dict[str, object], field: str) -> None:
    """Each fault names its field, and nothing is entered."""
    with pytest.raises(Invalid) as refused:
        shared.find("county", **given)
    assert [each.field for each in refused.value.problems] == [field]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (Assignment(), "owner"),
        (Assignment(owner="nobody"), "owner"),
        (Assignment(owner_name="养护队", measures=[]), "measures"),
        (Assignment(owner_name="养护队", due_on=clock.today() - timedelta(1)), "due_on"),
    ],
)
def test_an_assignment_needs_an_owner(shared: Office, given: Assignment, field: str) -> None:
    """Nobody, an unknown account and a day gone by are refused."""
    defect = shared.find()
    with pytest.raises(Invalid) as refused:
        shared.act(
            "township",
            lambda s, a: operations.assign(
                s, a, defect.number, given, expected_version=defect.version
            ),
        )
    assert [each.field for each in refused.value.problems] == [field]


def test_measures_change_until_they_are_reported(office: Office) -> None:
    """Open ones are changed, removed and added; one with a history stays."""
    defect = office.in_state("assigned", measures=2)
    assignment = Assignment(measures=[MeasureGiven("改写", ordinal=1), MeasureGiven("新增")])

    def assign(defect: Defect, given: Assignment) -> Defect:
        return office.act(
            "township",
            lambda s, a: operations.assign(
                s, a, defect.number, given, expected_version=defect.version
            ),
        )

    defect = assign(defect, assignment)
    with office.database.session() as session:
        rows = session.scalars(select(DefectMeasure).order_by(DefectMeasure.ordinal)).all()
    assert [(row.ordinal, row.text) for row in rows] == [(1, "改写"), (3, "新增")]
    defect = office.step("reject", "township", office.step("fix", "inspector", defect, 1), 1)
    with pytest.raises(WrongState):
        assign(defect, Assignment(measures=[MeasureGiven("只剩", ordinal=3)]))
    with pytest.raises(NotFound):
        assign(defect, Assignment(measures=[MeasureGiven("没有", ordinal=9)]))


def test_the_version_decides(office: Office) -> None:
    """No version, or an old one, changes nothing."""
    defect = office.in_state("verified")
    office.step("close", "county", defect)
    with pytest.raises(Conflict):
        office.step("close", "reviewer", defect)
    defect.version = None  # type: ignore[assignment]
    with pytest.raises(VersionRequired):
        office.step("close", "county", defect)


def test_reopening_counts_and_gives_time(office: Office) -> None:
    """A reopened problem has a new deadline and all its measures open."""
    defect = office.step("reopen", "county", office.in_state("closed", measures=2))
    assert (defect.state, defect.reopenings, defect.closed_at) == ("assigned", 1, None)
    assert defect.due_on > clock.today()
    with office.database.session() as session:
        states = session.scalars(select(DefectMeasure.state)).all()
    assert states == ["open", "open"]


def test_numbers_have_no_gaps(office: Office) -> None:
    """A refused entry takes no number; supervision problems name a division alone."""
    year = clock.today().year
    first = office.find()
    with pytest.raises(OutsideDivision):
        office.find("other")
    second = office.find(
        "county", source="supervision", aspect="work", division_code=COUNTY, title="台账不全"
    )
    assert [first.number, second.number] == [f"WT-{year}-00001", f"WT-{year}-00002"]
    assert second.location_id is None


def _visit(session: Session, actor: Actor, location: Location) -> Visit:
    visit = Visit(
        uuid=uuid4(),
        location_id=location.id,
        division_code=location.division_code,
        purpose="routine",
        inspector_id=actor.account_id,
        inspector_name=actor.display_name,
        visited_at=clock.now(),
        answers=[],
        readings=[],
        result="abnormal",
    )
    session.add(visit)
    session.flush()
    return visit


def test_a_failed_item_opens_its_problem_once(office: Office, owner_session: Session) -> None:
    """A second visit that finds the same adds to the first problem, until that is closed."""
    inspector = office.people["inspector"]
    failures = [
        Failure("fence", "围栏破损", "ordinary", "unlocked", "东侧倒塌"),
        Failure("inverter", "逆变器红灯", "serious", "inverter"),
    ]

    def visited(*found: Failure) -> list[Defect]:
        with office.database.session(inspector.account_id) as session:
            location = session.get_one(Location, office.location_id)
            visit = _visit(session, inspector, location)
            return operations.open_from_visit(session, visit, location, found)

    opened = visited(*failures)
    assert [each.severity for each in opened] == ["ordinary", "serious"]
    assert opened[1].due_on < opened[0].due_on
    assert visited(failures[0]) == []
    assert visited() == []
    events = owner_session.scalars(
        select(DefectEvent).where(DefectEvent.defect_id == opened[0].id).order_by(DefectEvent.id)
    ).all()
    assert [(each.action, each.detail["again"]) for each in events] == [
        ("find", False),
        ("comment", True),
    ]
    defect = opened[0]
    for act, who in (("assign", "township"), ("fix", "inspector"), ("verify", "township"),
                     ("close", "county")):  # fmt: skip
        defect = office.step(act, who, defect)
    assert len(visited(failures[0])) == 1


def test_what_is_overdue_rises_once(office: Office) -> None:
    """A problem goes to the township, later to the county, and no night raises it twice."""
    minor = office.find(severity="minor")
    serious = office.find(severity="serious")
    office.find(severity="ordinary", due_on=clock.today() + timedelta(90))

    def night(days: int) -> int:
        with office.database.session(UPKEEP) as session:
            return operations.escalate(session, clock.today() + timedelta(days))

    def levels() -> list[str | None]:
        with office.database.session() as session:
            return list(session.scalars(select(Defect.escalated_to).order_by(Defect.id)))

    assert night(0) == 0
    late = (minor.due_on - clock.today()).days + 1
    assert night((serious.due_on - clock.today()).days + 1) == 1
    assert levels() == [None, "county", None]
    assert night(late) == 1
    assert night(late) == 0
    assert levels() == ["township", "county", None]
    assert night(late + 7) == 1
    assert levels() == ["county", "county", None]


def test_below_the_county_nothing_risen_is_put_off(office: Office) -> None:
    """The township may not move the deadline of what the county looks after."""
    defect = office.find(severity="serious")
    with office.database.session(UPKEEP) as session:
        operations.escalate(session, defect.due_on + timedelta(1))
    put_off = Changed(due_on=defect.due_on + timedelta(30))

    def change(who: str) -> Defect:
        return office.act(
            who, lambda s, a: operations.change(s, a, defect.number, put_off, expected_version=2)
        )

    with pytest.raises(Forbidden):
        change("township")
    assert change("county").due_on == put_off.due_on


def test_the_deadline_follows_the_county_date(office: Office) -> None:
    """At 00:30 in the county it is already the next day, whatever UTC says."""
    with clock.frozen(datetime(2026, 1, 1, 0, 30, tzinfo=clock.ZONE)):
        defect = office.find(severity="serious")
    assert defect.number == "WT-2026-00001"
    assert str(defect.due_on) == "2026-01-08"
