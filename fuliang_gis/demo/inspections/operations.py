"""Write the invented year, and remove it again."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.db.bulk import connection_of
from fuliang_gis.demo.inspections import copying, rounds
from fuliang_gis.demo.inspections.pictures import Shown, drawn, fitting
from fuliang_gis.demo.inspections.places import inspected
from fuliang_gis.demo.inspections.posts import Posts, posts_of
from fuliang_gis.demo.inspections.times import Year
from fuliang_gis.demo.inspections.year import Invented, Inventor
from fuliang_gis.demo.rows import Row
from fuliang_gis.errors import NotFound
from fuliang_gis.inspections.duties.operations import synchronise_norms
from fuliang_gis.inspections.duties.records import load_rules
from fuliang_gis.inspections.status import operations as status
from fuliang_gis.inspections.visits.files import FileStore, Form, Kept

#: Every table that the year is written to.
TABLES = (
    "obligation",
    "visit",
    "defect",
    "defect_measure",
    "defect_event",
    "disposal",
    "problem_report",
    "attachment",
    "location_state",
    *rounds.TABLES,
)
#: One visit in so many has a picture; so has one abnormal visit, and one problem.
_PICTURED, _PICTURED_WRONG, _MENDED = 90, 4, 5


@dataclass(frozen=True)
class Written:
    """How much was written."""

    obligations: int
    visits: int
    defects: int
    stops: int


def invented_year(
    session: Session, rows: Sequence[Row], ids: Mapping[str, int], seed: int, as_of: date
) -> tuple[Invented, Posts]:
    """Invent a year around locations that were written; default rules are brought in first."""
    synchronise_norms(session)
    posts = posts_of(session)
    session.flush()
    numbers = copying.first_numbers(connection_of(session))
    places, rules = inspected(rows, ids), load_rules(session)
    return Inventor(places, posts, rules, Year(as_of), seed, numbers).invent(), posts


def write_year(
    session: Session,
    rows: Sequence[Row],
    ids: Mapping[str, int],
    *,
    seed: int,
    as_of: date,
    files_folder: Path | None = None,
) -> Written:
    """Write a year of inspections in the session's transaction, as the database's owner.

    Args:
        ids: The id of each location by its code.
        as_of: The county's date on which it is shown; everything has happened before.
        files_folder: Where pictures are kept; without it there are none.
    """
    year, posts = invented_year(session, rows, ids, seed, as_of)
    connection = connection_of(session)
    by_uuid = copying.copy_visits(connection, year.visits)
    answers = {v.call: by_uuid[v.uuid] for v in year.visits if v.superseded_at is None}
    staff = {town: post.id for town, post in posts.staff.items()}
    copying.copy_obligations(connection, year.tasks, answers, staff)
    visits = {str(uuid): key for uuid, key in by_uuid.items()}
    defects = copying.copy_defects(connection, year.defects, visits)
    numbers = {d.number: key for d, key in zip(year.defects, defects, strict=True)}
    disposals = copying.copy_disposals(connection, year.disposals)
    reports = copying.copy_reports(connection, year.reports, numbers)
    if files_folder is not None:
        kept = _keep(FileStore(files_folder))
        told = _Pictures(kept, year)
        shown = (
            *told.of_visits(visits),
            *told.of_defects(defects),
            *told.of_reports(reports),
            *told.of_disposals(disposals),
        )
        copying.copy_attachments(connection, shown)
    with clock.frozen(datetime.combine(as_of, datetime.min.time(), clock.ZONE)):
        status.refresh(session, {task.place.id for task in year.tasks} | _defective(year))
    # Rounds read what was written above, a whole year of it.
    session.execute(text("analyze obligation"))
    stops = rounds.write_rounds(session, posts, seed=seed, as_of=as_of)
    return Written(len(year.tasks), len(year.visits), len(year.defects), stops)


def pictured(session: Session) -> set[str]:
    """Return the digests of the files that invented rows show."""
    return set(session.scalars(text("select distinct digest from attachment where invented")))


def drop_rest(session: Session) -> None:
    """Remove what is invented and hangs on no location: what does has gone with its location."""
    rounds.drop_rounds(session)
    for table in ("attachment", "problem_report", "disposal", "defect", "obligation", "visit"):
        session.execute(text(f"delete from {table} where invented"))  # noqa: S608  # named above


def unused(session: Session, digests: set[str]) -> set[str]:
    """Return those of the files that no row shows any more."""
    used = session.scalars(
        text("select distinct digest from attachment where digest = any(:digests)"),
        {"digests": sorted(digests)},
    )
    return digests - set(used)


def remove_files(folder: Path, digests: Collection[str]) -> None:
    """Remove stored files with their copies."""
    store = FileStore(folder)
    forms: tuple[Form, ...] = ("original", "public", "thumbnail")
    for digest in digests:
        for form in forms:
            with suppress(NotFound):
                store.path(digest, form).unlink()


def _defective(year: Invented) -> set[int]:
    return {each.place.id for each in year.defects if each.place}


def _keep(store: FileStore) -> dict[str, Kept]:
    return {
        scene.name: store.keep(io.BytesIO(content), f"{scene.name}.jpg")
        for scene, content in drawn()
    }


@dataclass(frozen=True)
class _Pictures:
    """Chooses pictures for what happened; they are few, and shown again and again."""

    kept: Mapping[str, Kept]
    year: Invented

    def of_visits(self, ids: Mapping[str, int]) -> Iterator[Shown]:
        """Show some visits, and more of those that found something wrong."""
        for number, visit in enumerate(self.year.visits):
            wrong = visit.finding.checked.result == "abnormal"
            if number % (_PICTURED_WRONG if wrong else _PICTURED):
                continue
            for scene, kept in fitting(self.kept, visit.place.layer, wrong=wrong)[number % 2 :][:1]:
                yield Shown(
                    kept,
                    "visit",
                    visit.place.division_code,
                    f"{scene.caption}（虚构）",
                    visit.inspector,
                    visit.received_at,
                    visit_id=ids[str(visit.uuid)],
                )

    def of_defects(self, ids: Sequence[int]) -> Iterator[Shown]:
        """Show some problems as they were, and once they were mended."""
        for number, (key, defect) in enumerate(zip(ids, self.year.defects, strict=True)):
            if defect.place is None or number % _MENDED:
                continue
            fixed = next((m.fixed_at for m in defect.measures if m.fixed_at), None)
            moments = (("before", True, defect.opened_at), ("after", False, fixed))
            for role, wrong, at in moments:
                chosen = fitting(self.kept, defect.place.layer, wrong=wrong)
                if at is None or not chosen:
                    continue
                scene, kept = chosen[number % len(chosen)]
                by = defect.found_by if wrong else defect.owner
                caption = f"{scene.caption}（虚构）"
                yield Shown(kept, role, defect.division_code, caption, by, at, defect_id=key)

    def of_reports(self, ids: Sequence[int]) -> Iterator[Shown]:
        """Show every other report."""
        for number, (key, report) in enumerate(zip(ids, self.year.reports, strict=True)):
            chosen = fitting(self.kept, report.place.layer, wrong=True)
            if number % 2 == 0 and chosen:
                scene, kept = chosen[number % len(chosen)]
                code, at = report.place.division_code, report.received_at
                caption = f"{scene.caption}（虚构）"
                yield Shown(kept, "report", code, caption, None, at, report_id=key)

    def of_disposals(self, ids: Sequence[int]) -> Iterator[Shown]:
        """Show what some proposals are about."""
        for number, (key, disposal) in enumerate(zip(ids, self.year.disposals, strict=True)):
            if number % 6 == 0:
                kept, code = self.kept["rail"], disposal.place.division_code
                by, at = disposal.proposed_by, disposal.proposed_at
                yield Shown(kept, "evidence", code, "现状（虚构）", by, at, disposal_id=key)
