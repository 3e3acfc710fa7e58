"""Recording visits: what is checked, stored once, and follows from it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import shapely
from pyproj import Geod
from sqlalchemy import Connection, func, select, text
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.clock import ZONE
from fuliang_gis.db.session import Database
from fuliang_gis.errors import (
    Forbidden,
    FuliangError,
    Invalid,
    NotFound,
    OutsideDivision,
    VisitDiffers,
    WrongState,
)
from fuliang_gis.geo.crs import wgs84_to_gcj02
from fuliang_gis.inspections.duties.periods import PeriodKind
from fuliang_gis.inspections.models import (
    Attachment,
    Defect,
    InspectionRule,
    LocationState,
    Obligation,
    Visit,
)
from fuliang_gis.inspections.visits import queries
from fuliang_gis.inspections.visits.files import FileStore
from fuliang_gis.inspections.visits.operations import add_photos, correct, record
from fuliang_gis.inspections.visits.rules import FINDABLE, Answer, Given, Position, Read
from fuliang_gis.locations.models import USE_STATUSES, Location, LocationChange
from fuliang_gis.locations.operations import create
from fuliang_gis.locations.registry import layer
from tests.factories import (
    FULIANG_TOWN,
    PLACE,
    YAOLI_TOWN,
    make_actor,
    make_location,
    sample_values,
)
from tests.inspections.factories import make_obligation
from tests.inspections.pictures import phone_picture, picture

#: CGCS2000's ellipsoid, for distances told independently of the database.
ELLIPSOID = Geod(a=6378137.0, rf=298.257222101)


@pytest.fixture
def inspector(session: Session) -> Actor:
    """An inspector of 浮梁镇."""
    return make_actor(session, Role.INSPECTOR, FULIANG_TOWN)


@pytest.fixture
def station(session: Session) -> Location:
    """A PV station in 浮梁镇, known here for a year."""
    made = make_location(session, make_actor(session), layer("pv_stations"), use_status="in_use")
    made.created_at = clock.now() - timedelta(days=365)
    session.flush()
    return made


def earlier_today() -> datetime:
    """Return ten minutes ago, or the day's beginning where that was yesterday."""
    begun = datetime.combine(clock.today(), time(), clock.ZONE)
    return max(begun, clock.now() - timedelta(minutes=10))


def told(location: Location, **given: Any) -> Given:  # noqa: ANN401  # Any field of it.
    """Return a visit on site at which everything was all right."""
    items = layer(location.layer).sheet.inspection.checklist
    usual: dict[str, Any] = {
        "uuid": uuid4(),
        "visited_at": earlier_today(),
        "position": Position(*PLACE, accuracy_m=8),
        "answers": [Answer(item.name, "ok") for item in items],
        "readings": [Read("meter_kwh", 123456.7)],
        "condition": "good",
        "note": " 一切正常 ",
    }
    return Given(layer=location.layer, code=location.code, **usual | given)


def failing(given: Given, *names: str) -> Given:
    """Return the same visit with some answers turned."""
    answers = [Answer(a.name, "fail", "见照片") if a.name in names else a for a in given.answers]
    return replace(given, answers=answers)


def test_a_visit_is_stored_with_what_follows(
    session: Session, inspector: Actor, station: Location
) -> None:
    """The duty is done, nothing is wrong, and the location's status knows of the visit."""
    owed = make_obligation(session, station, clock.today())
    recorded = record(session, inspector, told(station))
    visit = recorded.visit
    assert not recorded.repeated
    assert (visit.result, visit.note) == ("normal", "一切正常")
    assert (visit.off_site, visit.revision) == (False, 1)
    assert visit.distance_m == 0
    assert visit.readings == [
        {
            "name": "meter_kwh",
            "zh": "发电计量表读数",
            "unit": "kWh",
            "value": 123456.7,
            "wrong": False,
        }
    ]
    session.refresh(owed)
    assert (owed.state, owed.visit_id, owed.done_on) == ("done", visit.id, clock.today())
    state = session.get_one(LocationState, station.id)
    assert (state.last_visit_at, state.last_result) == (visit.visited_at, "normal")
    assert session.scalar(select(func.count()).where(Defect.visit_id == visit.id)) == 0


def test_a_failed_answer_and_a_broken_limit_open_defects(
    session: Session, inspector: Actor
) -> None:
    """Each failed question and each reading out of its limits is one defect with its severity."""
    works = make_location(
        session, make_actor(session), layer("water_projects"), use_status="in_use"
    )
    given = failing(
        told(works, readings=[Read("chlorine_mg_l", 0.01), Read("ph", 7.0)]), "fence_locked"
    )
    visit = record(session, inspector, given).visit
    assert visit.result == "abnormal"
    found = session.scalars(select(Defect).where(Defect.visit_id == visit.id)).all()
    assert {(d.checklist_item, d.severity, d.category) for d in found} == {
        ("fence_locked", "ordinary", "unlocked"),
        ("chlorine_mg_l", "serious", "no_disinfection"),
    }
    assert any("0.01 mg/L，超出限值（≥ 0.05 mg/L）" in d.title for d in found)
    assert session.get_one(LocationState, works.id).open_defects == 2


def test_the_same_visit_is_stored_once(
    session: Session, inspector: Actor, station: Location
) -> None:
    """Sent again, it is answered as before: no second row, defect, photo or audit event."""
    given = failing(told(station), "inverter_ok")
    first = record(session, inspector, given)
    events = session.scalar(text("select count(*) from audit_event"))
    again = record(session, inspector, given)
    assert again.repeated
    assert again.visit.id == first.visit.id
    assert session.scalar(select(func.count()).select_from(Visit)) == 1
    assert session.scalar(select(func.count()).select_from(Defect)) == 1
    assert session.scalar(text("select count(*) from audit_event")) == events


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("note", {"note": "另一段话"}),
    ("time", {"visited_at": datetime(2026, 11, 1, 9, tzinfo=ZONE)}),
    ("place", {"position": Position(117.2471, 29.376, accuracy_m=8)}),
    ("accuracy", {"position": Position(*PLACE, accuracy_m=9)}),
    ("no place", {"position": None}),
    ("answers", {"answers": ()}),
    ("readings", {"readings": [Read("meter_kwh", 1)]}),
    ("condition", {"condition": "poor"}),
    ("use status", {"use_status": "idle"}),
    ("reason", {"off_site_reason": "路断"}),
    ("purpose", {"purpose": "safety"}),
]


@pytest.mark.parametrize("changed", [c[1] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_another_content_under_the_same_number_is_refused(
    session: Session, inspector: Actor, station: Location, changed: dict[str, Any]
) -> None:
    """Whatever differs, the stored visit stays as it is and the sender is told."""
    given = told(station)
    kept = record(session, inspector, given).visit
    with pytest.raises(VisitDiffers) as refusal:
        record(session, inspector, replace(given, **changed))
    assert str(given.uuid) in refusal.value.text_zh
    assert session.scalars(select(Visit)).all() == [kept]


def test_another_persons_number_is_refused(
    session: Session, inspector: Actor, station: Location
) -> None:
    """The same content under the same UUID by another account is another visit."""
    given = told(station)
    record(session, inspector, given)
    with pytest.raises(VisitDiffers):
        record(session, make_actor(session, Role.INSPECTOR, FULIANG_TOWN), given)


INVALID: list[tuple[str, dict[str, Any], str]] = [
    ("future", {"visited_at": lambda: clock.now() + timedelta(minutes=7)}, "future_time"),
    ("past", {"visited_at": lambda: clock.now() - timedelta(days=500)}, "before_location"),
    ("no zone", {"visited_at": lambda: datetime(2026, 11, 20, 9)}, "no_time_zone"),  # noqa: DTZ001
    ("place", {"position": Position(517.2, 29.3)}, "bad_position"),
    ("no number", {"position": Position(float("nan"), 29.3)}, "bad_position"),
    ("accuracy", {"position": Position(117.2, 29.3, -5)}, "bad_position"),
    ("unanswered", {"answers": ()}, "unanswered"),
    ("unknown answer", {"answers": [Answer("no_shade", "maybe")]}, "unanswered"),
    ("unknown item", {"answers": [Answer("painted_blue", "ok")]}, "unknown_item"),
    ("twice", {"answers": [Answer("no_shade", "ok"), Answer("no_shade", "fail")]}, "twice"),
    ("unknown reading", {"readings": [Read("ph", 7)]}, "unknown_item"),
    ("implausible", {"readings": [Read("meter_kwh", -1)]}, "implausible"),
    ("not finite", {"readings": [Read("meter_kwh", float("inf"))]}, "implausible"),
    ("condition", {"condition": "splendid"}, "unknown_choice"),
    ("disposed", {"use_status": "disposed"}, "unknown_choice"),
    ("purpose", {"purpose": "tea"}, "unknown_choice"),
    ("long note", {"note": "长" * 2001}, "too_long"),
    ("NUL", {"note": "a\0b"}, "bad_text"),
]


@pytest.mark.parametrize(("changed", "code"), [r[1:] for r in INVALID], ids=[r[0] for r in INVALID])
def test_what_cannot_be_is_refused(
    session: Session, inspector: Actor, station: Location, changed: dict[str, Any], code: str
) -> None:
    """Each fault is told by its code; nothing is stored."""
    called = {name: value() if callable(value) else value for name, value in changed.items()}
    with pytest.raises(Invalid) as refusal:
        record(session, inspector, told(station, **called))
    assert code in {problem.code for problem in refusal.value.problems}
    assert session.scalar(select(func.count()).select_from(Visit)) == 0


def _deleted(location: Location) -> None:
    location.deleted_at, location.delete_reason = clock.now(), "重复"


REFUSED: list[tuple[str, Role, str, Callable[[Location], None], type[FuliangError]]] = [
    ("viewer", Role.VIEWER, FULIANG_TOWN, lambda _: None, Forbidden),
    ("reviewer", Role.REVIEWER, FULIANG_TOWN, lambda _: None, Forbidden),
    ("elsewhere", Role.INSPECTOR, YAOLI_TOWN, lambda _: None, OutsideDivision),
    ("deleted", Role.INSPECTOR, FULIANG_TOWN, _deleted, WrongState),
]


@pytest.mark.parametrize(
    ("role", "division", "change", "refusal"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_who_may_not_record_is_refused(
    session: Session,
    station: Location,
    role: Role,
    division: str,
    change: Callable[[Location], None],
    refusal: type[FuliangError],
) -> None:
    """Role, division and a deleted location each stop a visit."""
    change(station)
    with pytest.raises(refusal):
        record(session, make_actor(session, role, division), told(station))


def test_an_unknown_location_is_not_found(
    session: Session, inspector: Actor, station: Location
) -> None:
    """A code of no location is told."""
    with pytest.raises(NotFound):
        record(session, inspector, replace(told(station), code="NONE"))


SHAPES = {
    "point": shapely.Point(117.25, 29.38),
    "line": shapely.LineString([(117.25, 29.38), (117.26, 29.38)]),
    "polygon": shapely.box(117.25, 29.37, 117.26, 29.39),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_distance_is_that_of_the_ellipsoid(
    session: Session, inspector: Actor, shape: str
) -> None:
    """To a point, and to the nearest place of a line or polygon, within a decimetre."""
    found = layer("sanitation_facilities")
    values = sample_values(found, kind="black_water")
    geometry = shapely.geometry.mapping(SHAPES[shape])
    place = create(session, make_actor(session), found.name, values, geometry)
    items = [i for i in found.sheet.inspection.checklist if i.applies_to(place.kind)]  # type: ignore[attr-defined]
    here = (117.249, 29.38)
    visit = record(
        session,
        inspector,
        told(
            place,
            visited_at=None,
            position=Position(*here),
            answers=[Answer(item.name, "ok") for item in items],
            readings=[],
        ),
    ).visit
    expected = ELLIPSOID.inv(*here, 117.25, 29.38)[2]
    assert abs(float(visit.distance_m or 0) - expected) < 0.2


@pytest.mark.parametrize(
    ("metres", "accuracy", "flagged"), [(400, 5, False), (600, 5, True), (600, 150, False)]
)
def test_a_visit_elsewhere_is_flagged(
    session: Session,
    inspector: Actor,
    station: Location,
    metres: float,
    accuracy: float,
    flagged: bool,  # noqa: FBT001
) -> None:
    """A PV station allows 500 m; what the accuracy may explain is not held against anybody."""
    lon, lat, _ = ELLIPSOID.fwd(*PLACE, 90, metres)
    given = told(station, position=Position(lon, lat, accuracy), off_site_reason="桥在修")
    visit = record(session, inspector, given).visit
    assert (visit.off_site, visit.off_site_reason) == (flagged, "桥在修")


def test_a_shifted_position_is_set_right(
    session: Session, inspector: Actor, station: Location
) -> None:
    """GCJ-02, said to be so, is turned back; half a kilometre of shift would be off site."""
    lon, lat = wgs84_to_gcj02(*PLACE)
    shifted = Position(float(lon), float(lat), 5, "gcj02")
    visit = record(session, inspector, told(station, position=shifted)).visit
    assert visit.distance_m is not None
    assert float(visit.distance_m) < 0.2
    raw = Position(float(lon), float(lat), 5)
    assert (
        float(record(session, inspector, told(station, position=raw)).visit.distance_m or 0) > 300
    )


def test_a_rules_own_questions_are_asked(
    session: Session, inspector: Actor, station: Location
) -> None:
    """The checklist of the rule that counts stands in place of the sheet's."""
    session.add(
        InspectionRule(
            title="防雷检查",
            purpose="safety",
            layer="pv_stations",
            period="year",
            basis="试行",
            valid_from=clock.today() - timedelta(days=9),
            checklist=[
                {
                    "name": "earthed",
                    "zh": "接地良好",
                    "en": "Earthed",
                    "severity": "serious",
                    "kinds": [],
                }
            ],
        )
    )
    with pytest.raises(Invalid):
        record(session, inspector, told(station, purpose="safety"))
    given = told(station, purpose="safety", answers=[Answer("earthed", "fail")])
    visit = record(session, inspector, given).visit
    defect = session.scalars(select(Defect).where(Defect.visit_id == visit.id)).one()
    assert (defect.checklist_item, defect.severity) == ("earthed", "serious")


def test_a_visit_tells_the_use_status(
    session: Session, inspector: Actor, station: Location
) -> None:
    """Another use status goes through the location's history; an older visit undoes nothing."""
    record(session, inspector, told(station, use_status="damaged"))
    assert station.use_status == "damaged"
    change = session.scalars(
        select(LocationChange).where(LocationChange.location_id == station.id)
    ).all()[-1]
    assert (change.before, change.after) == ({"use_status": "in_use"}, {"use_status": "damaged"})
    assert change.actor_id == inspector.account_id
    early = clock.now() - timedelta(days=3)
    record(session, inspector, told(station, visited_at=early, use_status="in_use"))
    assert station.use_status == "damaged"


def test_what_is_written_off_stays_so(
    session: Session, inspector: Actor, station: Location
) -> None:
    """A visit cannot bring a disposed asset back."""
    station.use_status = "disposed"
    with pytest.raises(WrongState, match="state"):
        record(session, inspector, told(station, use_status="in_use"))


def test_findable_is_every_status_but_disposed() -> None:
    """What an inspector may find is what there is, less what takes an approval."""
    assert {k: v for k, v in USE_STATUSES.items() if k != "disposed"} == FINDABLE


def test_a_correction_keeps_both(session: Session, inspector: Actor, station: Location) -> None:
    """The old version stays and is marked; duties point at the new one; old defects stay one."""
    owed = make_obligation(session, station, clock.today())
    given = failing(told(station), "inverter_ok")
    old = record(session, inspector, given).visit
    better = replace(failing(given, "meter_ok"), uuid=uuid4(), note="更正")
    new = correct(session, inspector, old.uuid, better, "漏填一项").visit
    session.refresh(owed)
    assert (new.revision, new.revises_id, new.revision_reason) == (2, old.id, "漏填一项")
    assert (new.visited_at, old.note) == (given.visited_at, "一切正常")
    assert old.superseded_at is not None
    assert (owed.state, owed.visit_id) == ("done", new.id)
    items = session.scalars(select(Defect.checklist_item).order_by(Defect.id)).all()
    assert items == ["inverter_ok", "meter_ok"]
    again = correct(session, inspector, old.uuid, better, "漏填一项")
    assert again.repeated
    detail = queries.one(session, inspector, old.uuid)
    assert [v.revision for v in detail.versions] == [1, 2]


def _correction(given: Given) -> Given:
    return replace(given, uuid=uuid4(), note="更正")


def test_corrections_that_may_not_be_are_refused(
    session: Session, inspector: Actor, station: Location
) -> None:
    """Another inspector, an old version, no reason, another location: each is refused."""
    given = told(station)
    old = record(session, inspector, given).visit
    other = make_actor(session, Role.INSPECTOR, FULIANG_TOWN)
    yaoli = make_actor(session, Role.TOWNSHIP_STAFF, YAOLI_TOWN)
    with pytest.raises(Forbidden):
        correct(session, other, old.uuid, _correction(given), "因故")
    with pytest.raises(OutsideDivision):
        correct(session, yaoli, old.uuid, _correction(given), "因故")
    with pytest.raises(Invalid):
        correct(session, inspector, old.uuid, _correction(given), "  ")
    with pytest.raises(NotFound):
        correct(session, inspector, uuid4(), _correction(given), "因故")
    with pytest.raises(VisitDiffers):
        correct(session, inspector, old.uuid, given, "因故")
    staff = make_actor(session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    new = correct(session, staff, old.uuid, _correction(given), "核对后更正").visit
    assert (new.inspector_id, new.inspector_name) == (staff.account_id, old.inspector_name)
    with pytest.raises(WrongState):
        correct(session, inspector, old.uuid, _correction(given), "再更正")


def test_photos_belong_to_their_visit_once(
    session: Session, inspector: Actor, station: Location, tmp_path: Path
) -> None:
    """The same photo sent twice is one; a second signature is refused; others may add none."""
    store = FileStore(tmp_path)
    photo = store.keep(BytesIO(phone_picture()), "a.jpg")
    signed = store.keep(BytesIO(picture("PNG", (60, 20))), "s.png")
    given = told(station)
    visit = record(session, inspector, given, [photo, photo], signed).visit
    record(session, inspector, given, [photo], signed)
    add_photos(session, inspector, visit.uuid, [photo])
    kept = session.scalars(select(Attachment).where(Attachment.visit_id == visit.id)).all()
    assert sorted(each.role for each in kept) == ["signature", "visit"]
    assert next(k for k in kept if k.role == "visit").exif["make"] == "PhoneMaker"
    another = store.keep(BytesIO(picture("PNG", (61, 20))), "s.png")
    with pytest.raises(WrongState):
        add_photos(session, inspector, visit.uuid, [], another)
    with pytest.raises(Forbidden):
        add_photos(session, make_actor(session), visit.uuid, [another])
    with pytest.raises(NotFound):
        add_photos(session, inspector, uuid4(), [photo])


def test_lists_need_few_statements(
    session: Session,
    connection: Connection,
    inspector: Actor,
    station: Location,
    count_queries: Callable[[Connection], AbstractContextManager[list[str]]],
) -> None:
    """Twenty visits cost as many statements as one; filters and other divisions narrow the list."""
    for number in range(20):
        given = told(station, note=f"第{number}次")
        record(session, inspector, failing(given, "meter_ok") if number % 2 else given)
    with count_queries(connection) as seen:
        page = queries.list_page(session, inspector, queries.Filters(layer="pv_stations"))
    assert (page.total, len(page.rows), len(seen)) == (20, 20, 2)
    assert {row.township_name for row in page.rows} == {"浮梁镇"}
    for filters, total in (
        (queries.Filters(result="abnormal"), 10),
        (queries.Filters(text=station.name[:2]), 20),
        (queries.Filters(code="NONE"), 0),
        (queries.Filters(inspector_id=inspector.account_id, since=clock.today()), 20),
        (queries.Filters(until=clock.today() - timedelta(days=1)), 0),
        (queries.Filters(off_site=True), 0),
        (queries.Filters(division=YAOLI_TOWN), 0),
    ):
        assert queries.list_page(session, inspector, filters).total == total, filters
    yaoli = make_actor(session, Role.INSPECTOR, YAOLI_TOWN)
    assert queries.list_page(session, yaoli, queries.Filters()).total == 0
    with pytest.raises(NotFound):
        queries.one(session, yaoli, page.rows[0].visit.uuid)
    with count_queries(connection) as seen:
        queries.one(session, inspector, page.rows[0].visit.uuid)
    assert len(seen) <= 6


def test_the_database_lets_an_inspector_tell_the_use_status_alone(
    service_database: Database, owner_session: Session
) -> None:
    """Under row-level security the whole act goes through; another column by hand does not."""
    with owner_session.begin():
        inspector = make_actor(owner_session, Role.INSPECTOR, FULIANG_TOWN)
        yaoli = make_actor(owner_session, Role.INSPECTOR, YAOLI_TOWN)
        station = make_location(
            owner_session, make_actor(owner_session), layer("pv_stations"), use_status="in_use"
        )
        make_obligation(owner_session, station, clock.today(), period=PeriodKind.MONTH)
    given = failing(told(station, visited_at=None, use_status="idle"), "inverter_ok")
    with service_database.session(inspector.account_id) as session:
        record(session, inspector, given)
    with service_database.session(inspector.account_id) as session:
        better = replace(given, uuid=uuid4(), use_status="in_use", note=None)
        correct(session, inspector, given.uuid, better, "看错了")
    owner_session.expire_all()
    assert owner_session.scalars(select(Visit.revision).order_by(Visit.id)).all() == [1, 2]
    assert owner_session.scalars(select(Obligation.state)).all() == ["done"]
    assert owner_session.get_one(Location, station.id).use_status == "in_use"
    for actor, statement in (
        (inspector, "update location set name = 'x'"),
        (inspector, "update location set review_state = 'county_verified'"),
        (yaoli, "update location set use_status = 'lost'"),
    ):
        with pytest.raises(Forbidden), service_database.session(actor.account_id) as session:
            session.execute(text(statement))
