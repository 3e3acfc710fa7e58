"""The stored year of inspections: true to the rules row by row, marked, and removed whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.demo import operations
from fuliang_gis.demo.inspections.operations import TABLES
from fuliang_gis.demo.inspections.pictures import SCENES
from fuliang_gis.inspections.duties.operations import generate, horizon
from fuliang_gis.inspections.models import Attachment, Defect
from tests.demo.conftest import AS_OF

INVENTED = ("obligation", "visit", "defect", "disposal", "problem_report", "attachment")


def _count(demo: Session, rows: str) -> int:
    return int(demo.scalar(text(f"select count(*) from {rows}")) or 0)  # noqa: S608


def _all(demo: Session, query: str) -> list[Any]:
    return list(demo.execute(text(query)).all())


def test_everything_is_there_and_marked(demo: Session) -> None:
    """Each table must hold rows, and each row that can must say that it is invented."""
    for table in TABLES:
        assert _count(demo, table) > 0, table
    for table in INVENTED:
        assert _count(demo, f"{table} where not invented") == 0, table


def test_the_service_would_owe_the_same(demo: Session) -> None:
    """Generating anew must change nothing: the demo's obligations are those of the rules."""
    places = "select id from location where division_code like '360222103%'"
    ids = list(demo.scalars(text(places)))
    done = generate(demo, horizon(AS_OF), today=AS_OF, location_ids=ids)
    assert (done.made, done.changed, done.removed) == (0, 0, 0)


def test_done_duties_have_their_visit(demo: Session) -> None:
    """Done must be done by the first visit for it since it opened; nothing open had one."""
    first = (
        "obligation o left join lateral"
        " (select min((visited_at at time zone 'Asia/Shanghai')::date) as day from visit v"
        " where v.location_id = o.location_id and v.purpose = o.purpose and superseded_at is null"
        " and (visited_at at time zone 'Asia/Shanghai')::date >= o.opens_on) seen on true"
    )
    assert _count(demo, f"{first} where state = 'done' and done_on is distinct from seen.day") == 0
    assert _count(demo, f"{first} where state = 'open' and seen.day is not null") == 0
    wrong = (
        "obligation o join visit v on v.id = o.visit_id where v.superseded_at is not null"
        " or v.location_id <> o.location_id or v.purpose <> o.purpose"
    )
    assert _count(demo, wrong) == 0


def test_townships_differ_and_improve(demo: Session) -> None:
    """Each township must be in time for 84 to 100 %, and the county better towards the end."""
    judged = "from obligation where state = 'done' or state = 'open' and due_on < :today"
    rate = "100.0 * count(*) filter (where done_on <= due_on) / count(*)"
    today = {"today": AS_OF}
    by_town = text(f"select {rate} {judged} group by left(division_code, 9)")
    rates = [float(each) for each in demo.scalars(by_town, today)]
    assert len(rates) == 18
    assert 84 < min(rates) < 91
    assert 97 < max(rates) <= 100
    halves = text(
        f"select {rate} {judged} group by due_on > :today - 190 order by due_on > :today - 190"
    )
    before, after = demo.scalars(halves, today)
    assert before < after


def test_a_plausible_share_is_abnormal(demo: Session) -> None:
    """Six to ten visits of a hundred must have found something; a few were elsewhere or late."""
    shares = demo.execute(
        text(
            "select avg((result = 'abnormal')::int), avg(off_site::int),"
            " avg((received_at > visited_at + interval '1 hour')::int),"
            " count(*) filter (where revision = 2) from visit where superseded_at is null"
        )
    ).one()
    assert 0.06 < shares[0] < 0.10
    assert 0.003 < shares[1] < 0.03
    assert 0.02 < shares[2] < 0.08
    assert shares[3] > 20


def test_distances_are_measured(demo: Session) -> None:
    """The stored distance must be the way on the ellipsoid, to a metre and a thousandth."""
    far = (
        "visit v join location l on l.id = v.location_id, lateral"
        " (select st_distance(v.geom::geography, l.geom::geography) as m) measured"
        " where v.id % 7 = 0 and abs(measured.m - v.distance_m) > 1 + measured.m / 1000"
    )
    assert _count(demo, far) == 0


def test_meters_never_run_backwards(demo: Session) -> None:
    """Every meter must show at each visit at least what it showed at the one before."""
    backwards = (
        "(select (reading ->> 'value')::numeric - lag((reading ->> 'value')::numeric) over"
        " (partition by location_id, reading ->> 'name' order by visited_at) as grown"
        " from visit, jsonb_array_elements(readings) reading"
        " where superseded_at is null and reading ->> 'name' like 'meter%') as read where grown < 0"
    )
    assert _count(demo, backwards) == 0


def test_no_fixer_judges_and_counts_add_up(demo: Session) -> None:
    """Closed means verified by others; rejections and reopenings are those of the events."""
    assert _count(demo, "defect_measure where verified_by = fixed_by") == 0
    open_in_closed = "defect_measure m join defect d on d.id = m.defect_id"
    assert _count(demo, f"{open_in_closed} where d.state = 'closed' and m.state <> 'verified'") == 0
    for column, action in (("rejections", "reject"), ("reopenings", "reopen")):
        told = f"count(e.id) filter (where e.action = '{action}')"
        differing = (
            "(select from defect d left join defect_event e on e.defect_id = d.id"
            f" group by d.id having d.{column} <> {told}) as differing"
        )
        assert _count(demo, differing) == 0
        assert _count(demo, f"defect where {column} > 0") > 10


def test_problems_are_in_all_states(demo: Session) -> None:
    """Pages must have something to show of every state, some of it overdue."""
    states = {row.state for row in _all(demo, "select distinct state from defect")}
    assert states == {"found", "assigned", "fixed", "verified", "closed"}
    assert _count(demo, "defect where state <> 'closed' and escalated_to is not null") > 0
    assert _count(demo, "obligation where state = 'open' and due_on < '2026-11-25'") > 10
    assert _count(demo, "obligation where state = 'excused'") > 3
    reports = {row.state for row in _all(demo, "select distinct state from problem_report")}
    assert reports == {"waiting", "accepted", "refused"}


def test_each_failed_item_has_its_problem(demo: Session) -> None:
    """What failed must have opened a problem, or be told of in one that was open."""
    lost = (
        "(select v.uuid from visit v, jsonb_array_elements(v.answers) answer"
        " where v.superseded_at is null and answer ->> 'answer' = 'fail'"
        " except select (detail ->> 'visit')::uuid from defect_event"
        " where detail ? 'visit') as untold"
    )
    assert _count(demo, lost) == 0


def test_posts_have_no_password(demo: Session) -> None:
    """No post may be able to sign in before somebody gives it a password."""
    assert _count(demo, "account where not invented or password_hash <> '!'") == 0
    assert _count(demo, "account where role = 'inspector'") == 18


def test_drop_leaves_no_row_and_no_picture(demo: Session, demo_files: Path) -> None:
    """All rows and pictures must go, but for a picture that a real row shows as well."""
    digests = set(demo.scalars(text("select distinct digest from attachment")))
    assert len(digests) >= len(SCENES) - 2
    shared = sorted(digests)[0]
    _show_again(demo, shared)
    gone = operations.drop(demo)
    assert gone.files == digests - {shared}
    left = {table: _count(demo, table) for table in TABLES}
    real = {"defect": 1, "attachment": 1}
    assert left == dict.fromkeys(TABLES, 0) | real
    assert _count(demo, "account") == 0
    stored = {path.name[:64] for path in demo_files.rglob("*") if path.is_file()}
    assert stored >= digests


def _show_again(demo: Session, digest: str) -> None:
    """Let a real problem of the county show the same picture."""
    defect = Defect(
        number="WT-2020-00001",
        division_code="360222",
        title="真实问题",
        category="other",
        severity="minor",
        source="manual",
        found_by_name="县级工作人员",
        due_on=AS_OF,
    )
    demo.add(defect)
    demo.flush()
    demo.add(
        Attachment(
            division_code="360222",
            role="before",
            digest=digest,
            mime="image/jpeg",
            size=1,
            exif={},
            defect_id=defect.id,
        )
    )
    demo.flush()
