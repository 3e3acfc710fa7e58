"""What the public reports is taken in once, judged once, and then a defect like any other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.models import AuditEvent
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.db.session import Database
from fuliang_gis.errors import (
    Forbidden,
    Invalid,
    NotFound,
    OutsideDivision,
    TooManyRequests,
    WrongState,
)
from fuliang_gis.inspections.defects import report_queries, report_rules, reports
from fuliang_gis.inspections.defects.report_rules import (
    ReportGiven,
    new_receipt,
    origin_of,
    receipt_of,
)
from fuliang_gis.inspections.defects.reports import Acceptance
from fuliang_gis.inspections.models import Attachment, Defect, DefectEvent, ProblemReport
from fuliang_gis.inspections.visits.files import FileStore, Kept
from fuliang_gis.locations import operations as locations
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from tests.factories import (
    FULIANG_TOWN,
    YAOLI_TOWN,
    make_actor,
    make_location,
    point,
    sample_values,
)
from tests.inspections.pictures import phone_picture, picture

ACCEPTED = Acceptance("泵房门锁损坏", "unlocked", "ordinary", reply="已安排维修")


@pytest.fixture
def place(session: Session) -> Location:
    """A water project in 浮梁镇."""
    return make_location(session, make_actor(session), layer("water_projects"))


@pytest.fixture
def staff(session: Session) -> Actor:
    """Township staff of 浮梁镇."""
    return make_actor(session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)


def submit(
    session: Session,
    place: Location,
    words: str = "门锁坏了",
    *,
    kept: tuple[Kept, ...] = (),
    origin: str = "o",
) -> ProblemReport:
    """Report something as somebody without an account."""
    given = ReportGiven(words, "unlocked")
    return reports.submit(session, place.layer, place.code, given, kept, origin=origin)


def photo(folder: Path, seed: int = 0) -> Kept:
    """Store a picture and return it."""
    data = folder / f"{seed}.jpg"
    data.write_bytes(picture(seed=seed) if seed else phone_picture())
    with data.open("rb") as stream:
        return FileStore(folder / "files").keep(stream, data.name)


# --- what the public sees ---


def test_the_public_sees_name_and_place_only(session: Session, place: Location) -> None:
    """Nothing else of the location leaves through this door."""
    shown = report_queries.public_place(session, place.layer, place.code)
    assert set(vars(shown)) == {
        "location_id", "division_code", "layer", "layer_title", "code", "name", "places",
        "invented",
    }  # fmt: skip
    assert (shown.name, shown.places[:2]) == (place.name, ("浮梁县", "浮梁镇"))


@pytest.mark.parametrize(
    ("layer_name", "kind", "asset_class"),
    [
        ("sanitation_facilities", "household_toilet", "public_welfare"),
        ("sanitation_facilities", "waste_point", "household"),
        ("pv_stations", "household", "operating"),
        ("pv_stations", "linked_household", "operating"),
        ("assistance_assets", "livestock", "household"),
        ("water_projects", None, "household"),
    ],
)
def test_households_are_not_there(
    session: Session, layer_name: str, kind: str | None, asset_class: str
) -> None:
    """A household's location answers as an unknown code does, to the letter."""
    values = sample_values(layer(layer_name), kind=kind) | {"asset_class": asset_class}
    hidden = locations.create(session, make_actor(session), layer_name, values, point())
    told = []
    for code in (hidden.code, "T-UNKNOWN"):
        with pytest.raises(NotFound) as refusal:
            report_queries.public_place(session, layer_name, code)
        told.append(refusal.value.text_zh.replace(code, ""))
        with pytest.raises(NotFound):
            reports.submit(session, layer_name, code, ReportGiven("坏了"), origin="o")
    assert told[0] == told[1]


def test_what_is_out_of_use_is_not_there(session: Session, place: Location) -> None:
    """A deleted location takes no reports, nor does a layer that does not exist."""
    locations.delete(
        session, make_actor(session), place.layer, place.code, "重复", expected_version=1
    )
    for layer_name in (place.layer, "nothing"):
        with pytest.raises(NotFound):
            report_queries.public_place(session, layer_name, place.code)


# --- taking in ---


def test_the_service_takes_reports_in_without_an_account(
    service_database: Database, owner_session: Session, tmp_path: Path
) -> None:
    """Report and photos are stored under row-level security by nobody in particular."""
    place = make_location(owner_session, make_actor(owner_session), layer("water_projects"))
    owner_session.commit()
    kept = photo(tmp_path)
    with service_database.session() as session:
        receipt = submit(session, place, kept=(kept, kept)).receipt
    report = owner_session.scalars(select(ProblemReport)).one()
    assert (report.receipt, report.state, report.division_code) == (
        receipt, "waiting", place.division_code,
    )  # fmt: skip
    attached = owner_session.scalars(select(Attachment)).one()
    assert (attached.report_id, attached.role, attached.uploaded_by) == (report.id, "report", None)


@pytest.mark.parametrize(
    "statement",
    [
        "update problem_report set state = 'refused', reviewed_at = now()",
        "delete from problem_report",
        """insert into problem_report (location_id, division_code, receipt, text, state, invented,
            reviewed_at)
        select location_id, division_code, 'r', 't', 'accepted', false, now()
        from problem_report""",
        """insert into attachment (division_code, role, digest, mime, size, exif, report_id,
            uploaded_by)
        select division_code, 'report', repeat('a', 64), 'image/jpeg', 1, '{}', id,
            (select min(id) from account) from problem_report""",
    ],
)
def test_the_database_lets_nobody_judge(
    service_database: Database, owner_session: Session, statement: str
) -> None:
    """Raw SQL without an account neither decides, removes, nor signs for somebody."""
    place = make_location(owner_session, make_actor(owner_session), layer("water_projects"))
    submit(owner_session, place)
    owner_session.commit()
    with pytest.raises(Forbidden), service_database.session() as session:
        session.execute(text(statement))


@pytest.mark.parametrize(
    ("given", "photos"),
    [
        (ReportGiven(""), 0),
        (ReportGiven(" 坏 "), 0),
        (ReportGiven("坏" * 1001), 0),
        (ReportGiven("坏了", "no such thing"), 0),
        (ReportGiven("坏了"), 4),
    ],
)
def test_reports_that_say_nothing_are_refused(given: ReportGiven, photos: int) -> None:
    """Too short, too long, no such category, too many photos."""
    with pytest.raises(Invalid):
        report_rules.check_report(given, photos)


def test_the_same_report_is_taken_in_once(session: Session, place: Location) -> None:
    """An impatient finger makes no second report; other words, places and origins do."""
    first = submit(session, place)
    assert submit(session, place).id == first.id
    assert submit(session, place, "门锁坏了，快修").id != first.id
    assert submit(session, place, origin="other").id != first.id


def test_one_origin_reports_so_often_a_day(session: Session, place: Location) -> None:
    """The next one is refused, another origin is not."""
    for number in range(report_rules.MOST_A_DAY):
        submit(session, place, f"问题 {number}")
    with pytest.raises(TooManyRequests):
        submit(session, place, "又一个")
    submit(session, place, "又一个", origin="other")


def test_one_location_gathers_so_many(session: Session, place: Location) -> None:
    """Reports that nobody has judged yet do not pile up without end."""
    for number in range(report_rules.MOST_WAITING):
        submit(session, place, f"问题 {number}", origin=f"o{number}")
    with pytest.raises(TooManyRequests):
        submit(session, place, "又一个", origin="fresh")


def test_origins_are_digests_of_one_day() -> None:
    """No address can be read back, compared between days, or told apart within one IPv6 line."""
    today, key = date(2026, 11, 25), b"k"
    origin = origin_of(key, "203.0.113.9", today)
    assert "203" not in origin
    assert origin == origin_of(key, "203.0.113.9", today)
    assert origin != origin_of(key, "203.0.113.10", today)
    assert origin != origin_of(key, "203.0.113.9", date(2026, 11, 26))
    assert origin != origin_of(b"other", "203.0.113.9", today)
    lines = {
        origin_of(key, f"2001:db8:0:{net}::{host}", today) for net in (1, 2) for host in (1, 2)
    }
    assert len(lines) == 2
    assert origin_of(key, "no address", today)


def test_receipts_survive_being_typed() -> None:
    """Small letters, spaces and a missing dash are understood; no two are alike."""
    receipt = new_receipt()
    assert receipt_of(f" {receipt.lower().replace('-', ' ')} ") == receipt
    assert len({new_receipt() for _ in range(1000)}) == 1000


# --- judging ---


def test_an_accepted_report_is_a_defect(
    session: Session, place: Location, staff: Actor, tmp_path: Path
) -> None:
    """In the same ledger, with the photos as before the repair, and the receipt tells of it."""
    report = submit(session, place, kept=(photo(tmp_path),))
    defect = reports.accept(session, staff, report.id, ACCEPTED)
    assert (defect.source, defect.location_id, defect.description) == (
        "report", place.id, "门锁坏了",
    )  # fmt: skip
    assert defect.found_by_name == "群众反映"
    before = session.scalars(select(Attachment).where(Attachment.defect_id == defect.id)).one()
    assert (before.role, before.uploaded_by) == ("before", staff.account_id)
    told = report_queries.by_receipt(session, report.receipt)
    assert (told.state, told.reply, told.defect_state) == ("accepted", "已安排维修", "found")
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "review_report")).one()
    assert event.detail == {"state": "accepted", "defect": defect.number}


def test_a_report_joins_a_defect_that_is_known(
    session: Session, place: Location, staff: Actor, tmp_path: Path
) -> None:
    """Its words are a comment, its new photos are added, and no second defect is opened."""
    first = submit(session, place, kept=(photo(tmp_path),))
    defect = reports.accept(session, staff, first.id, ACCEPTED)
    again = submit(session, place, "锁还没修", kept=(photo(tmp_path), photo(tmp_path, 1)))
    assert reports.link(session, staff, again.id, defect.number).id == defect.id
    assert session.scalar(select(func.count()).select_from(Defect)) == 1
    photos = select(func.count()).select_from(Attachment).where(Attachment.defect_id == defect.id)
    assert session.scalar(photos) == 2
    said = select(DefectEvent.text).where(DefectEvent.action == "comment")
    assert "锁还没修" in (session.scalars(said).one() or "")


def test_a_report_joins_only_open_defects_of_its_place(
    session: Session, place: Location, staff: Actor
) -> None:
    """Neither another location's nor a closed one, and it goes on waiting."""
    elsewhere = make_location(session, make_actor(session), layer("water_projects"))
    report = submit(session, place)
    other = reports.accept(session, staff, submit(session, elsewhere).id, ACCEPTED)
    with pytest.raises(Invalid):
        reports.link(session, staff, report.id, other.number)
    own = reports.accept(session, staff, submit(session, place, "第二条").id, ACCEPTED)
    own.state, own.closed_at = "closed", clock.now()
    with pytest.raises(WrongState):
        reports.link(session, staff, report.id, own.number)
    assert report.state == "waiting"


def test_a_refused_report_has_a_reason(session: Session, place: Location, staff: Actor) -> None:
    """Without one it is not refused; the receipt tells it."""
    report = submit(session, place)
    with pytest.raises(Invalid):
        reports.refuse(session, staff, report.id, "  ")
    reports.refuse(session, staff, report.id, "不属于此设施")
    told = report_queries.by_receipt(session, report.receipt)
    assert (told.state, told.reply, told.defect_state) == ("refused", "不属于此设施", None)


def test_a_report_is_judged_once(session: Session, place: Location, staff: Actor) -> None:
    """Whatever the second one would do."""
    report = submit(session, place)
    defect = reports.accept(session, staff, report.id, ACCEPTED)
    for act in (
        lambda: reports.accept(session, staff, report.id, ACCEPTED),
        lambda: reports.link(session, staff, report.id, defect.number),
        lambda: reports.refuse(session, staff, report.id, "重复"),
    ):
        with pytest.raises(WrongState):
            act()


@pytest.mark.parametrize(
    ("role", "division", "refusal"),
    [
        (Role.VIEWER, FULIANG_TOWN, Forbidden),
        (Role.INSPECTOR, FULIANG_TOWN, Forbidden),
        (Role.REVIEWER, FULIANG_TOWN, Forbidden),
        (Role.TOWNSHIP_STAFF, YAOLI_TOWN, OutsideDivision),
    ],
)
def test_others_do_not_judge(
    session: Session, place: Location, role: Role, division: str, refusal: type[Exception]
) -> None:
    """Neither another role nor another township."""
    report, actor = submit(session, place), make_actor(session, role, division)
    for act in (
        lambda: reports.accept(session, actor, report.id, ACCEPTED),
        lambda: reports.refuse(session, actor, report.id, "不"),
        lambda: reports.link(session, actor, report.id, "WT-2026-00001"),
    ):
        with pytest.raises(refusal):
            act()


def test_the_service_judges_for_its_post(
    service_database: Database, owner_session: Session, tmp_path: Path
) -> None:
    """The whole way under row-level security."""
    place = make_location(owner_session, make_actor(owner_session), layer("water_projects"))
    actor = make_actor(owner_session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    owner_session.commit()
    kept = photo(tmp_path)
    with service_database.session() as session:
        first, second = (
            submit(session, place, words, kept=(kept,)).id for words in ("一坏", "二坏")
        )
    with service_database.session(actor.account_id) as session:
        number = reports.accept(session, actor, first, ACCEPTED).number
    with service_database.session(actor.account_id) as session:
        reports.link(session, actor, second, number)
    states = owner_session.scalars(select(ProblemReport.state)).all()
    assert states == ["accepted", "accepted"]


# --- the list ---


def test_the_review_shows_the_division_in_few_statements(
    session: Session,
    connection: Connection,
    place: Location,
    staff: Actor,
    count_queries: Callable[[Engine | Connection], AbstractContextManager[list[str]]],
) -> None:
    """Oldest first, with what may be linked to; the number of statements does not grow."""
    reports.accept(session, staff, submit(session, place, "先前的").id, ACCEPTED)
    for number in range(3):
        submit(session, place, f"问题 {number}")
    session.flush()
    session.expire_all()
    with count_queries(connection) as statements:
        page = report_queries.review_page(session, staff)
    assert [row.report.text for row in page.rows] == ["问题 0", "问题 1", "问题 2"]
    assert (page.total, dict(page.counts)) == (3, {"waiting": 3, "accepted": 1})
    assert page.rows[0].open_defects[0][1] == "泵房门锁损坏"
    assert page.rows[0].places.startswith("浮梁镇")
    assert len(statements) <= 5
    assert report_queries.waiting_count(session, staff) == 3
    there = make_actor(session, Role.TOWNSHIP_STAFF, YAOLI_TOWN)
    assert report_queries.review_page(session, there).total == 0
    assert report_queries.waiting_count(session, there) == 0
    assert report_queries.review_page(session, staff, division=YAOLI_TOWN).total == 0
    with pytest.raises(Forbidden):
        report_queries.review_page(session, make_actor(session, Role.VIEWER))
