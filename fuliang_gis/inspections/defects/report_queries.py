"""Reading what the public reported, and what the public may know of a location."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.policies import inside, require_role, within
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.errors import NotFound
from fuliang_gis.inspections.models import Attachment, Defect, ProblemReport
from fuliang_gis.locations.households import of_household
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layers

#: Reports of one page of the review.
PAGE = 20
#: Open defects offered to link a report to.
MOST_OFFERED = 20


@dataclass(frozen=True)
class PublicPlace:
    """What anybody may know of a location: what it is called and roughly where it is."""

    location_id: int
    division_code: str
    layer: str
    layer_title: str
    code: str
    name: str
    places: tuple[str, ...]
    invented: bool


@dataclass(frozen=True)
class ReportState:
    """What somebody with the receipt is told."""

    receipt: str
    location: str
    category: str | None
    text: str
    state: str
    received_at: datetime
    reviewed_at: datetime | None
    reply: str | None
    defect_state: str | None


@dataclass(frozen=True)
class Review:
    """One report as a post judges it; photos are digests, ``open_defects`` number and title."""

    report: ProblemReport
    layer: str
    code: str
    location: str
    places: str
    reviewer: str | None
    defect_number: str | None
    photos: Sequence[str] = ()
    open_defects: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class ReviewPage:
    """One page of reports; ``counts`` are those of every state in the division."""

    rows: Sequence[Review]
    total: int
    page: int
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        """Number of pages, at least one."""
        return max(1, -(-self.total // PAGE))


def public_place(session: Session, layer_name: str, code: str) -> PublicPlace:
    """Return what is public about a location.

    Raises:
        NotFound: There is none of that code, or it is a household's, or it was taken out of use.
    """
    location = session.scalar(_located(layer_name, code)) if layer_name in layers() else None
    if location is None or of_household(location):
        raise NotFound(what="设施", key=code)
    path = areas.path(session, location.division_code)
    return PublicPlace(
        location.id,
        location.division_code,
        location.layer,
        layers()[location.layer].sheet.title.zh,
        location.code,
        location.name,
        tuple(division.name for division in path),
        location.invented,
    )


def _located(layer_name: str, code: str) -> Select[Location]:
    return select(layers()[layer_name].cls).where(
        Location.layer == layer_name, Location.code == code, Location.deleted_at.is_(None)
    )


def by_receipt(session: Session, receipt: str) -> ReportState:
    """Return what became of a report.

    Raises:
        NotFound: There is no such receipt.
    """
    row = session.execute(
        select(ProblemReport, Location.name, Defect.state)
        .join(Location, Location.id == ProblemReport.location_id)
        .outerjoin(Defect, Defect.id == ProblemReport.defect_id)
        .where(ProblemReport.receipt == receipt)
    ).one_or_none()
    if row is None:
        raise NotFound(what="回执", key=receipt)
    report, location, defect_state = row
    return ReportState(
        report.receipt,
        location,
        report.category,
        report.text,
        report.state,
        report.received_at,
        report.reviewed_at,
        report.reply,
        defect_state,
    )


def waiting_count(session: Session, actor: Actor) -> int:
    """Count the reports that wait for the post's review."""
    waiting = ProblemReport.state == "waiting"
    return session.scalar(_counting(_reviewable(actor), waiting)) or 0


def review_page(
    session: Session, actor: Actor, *, state: str = "waiting", division: str = "", page: int = 1
) -> ReviewPage:
    """Return reports of one state, waiting ones the oldest first, others the newest first.

    Raises:
        Forbidden: The role does not review reports.
    """
    require_role(actor, Permission.HANDLE_DEFECTS)
    bound = [_reviewable(actor)]
    if division:
        bound.append(inside(division, ProblemReport.division_code))
    grouped = select(ProblemReport.state, func.count()).where(*bound)
    rows = session.execute(grouped.group_by(ProblemReport.state))
    counts: dict[str, int] = {value: number for value, number in rows}  # noqa: C416  # Rows are no pairs.
    columns = (ProblemReport.received_at, ProblemReport.id)
    order = columns if state == "waiting" else [column.desc() for column in columns]
    statement = _reviews().where(*bound, ProblemReport.state == state).order_by(*order)
    found = session.execute(statement.limit(PAGE).offset((page - 1) * PAGE)).all()
    return ReviewPage(_filled(session, found), counts.get(state, 0), page, counts)


def review(session: Session, actor: Actor, report_id: int) -> Review:
    """Return one report as a post judges it.

    Raises:
        Forbidden: The role does not review reports.
        NotFound: There is none of that number in the division.
    """
    require_role(actor, Permission.HANDLE_DEFECTS)
    statement = _reviews().where(ProblemReport.id == report_id, _reviewable(actor))
    rows = session.execute(statement).all()
    if not rows:
        raise NotFound(what="群众反映", key=report_id)
    return _filled(session, rows)[0]


def photos_of(session: Session, report_ids: Sequence[int]) -> dict[int, list[Attachment]]:
    """Return the photos of reports, by report."""
    statement = (
        select(Attachment).where(Attachment.report_id.in_(report_ids)).order_by(Attachment.id)
    )
    found: dict[int, list[Attachment]] = {each: [] for each in report_ids}
    for attachment in session.scalars(statement):
        found[attachment.report_id or 0].append(attachment)
    return found


def _reviewable(actor: Actor) -> ColumnElement[bool]:
    return within(actor, ProblemReport.division_code, Permission.HANDLE_DEFECTS)


def _counting(*wanted: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(ProblemReport).where(*wanted)


def _reviews() -> Select[*tuple[Any, ...]]:
    return (
        select(ProblemReport, Location, Account.display_name, Defect.number)
        .join(Location, Location.id == ProblemReport.location_id)
        .outerjoin(Account, Account.id == ProblemReport.reviewed_by)
        .outerjoin(Defect, Defect.id == ProblemReport.defect_id)
    )


def _filled(session: Session, rows: Sequence[Any]) -> list[Review]:
    photos = photos_of(session, [report.id for report, *_ in rows])
    offered = _open_defects(session, {location.id for _, location, *_ in rows})
    named = _names(session, {location.division_code for _, location, *_ in rows})
    return [
        Review(
            report,
            location.layer,
            location.code,
            location.name,
            named.get(location.division_code, ""),
            reviewer,
            number,
            tuple(each.digest for each in photos[report.id]),
            offered.get(location.id, ()),
        )
        for report, location, reviewer, number in rows
    ]


def _open_defects(session: Session, location_ids: set[int]) -> dict[int, list[tuple[str, str]]]:
    statement = (
        select(Defect.location_id, Defect.number, Defect.title)
        .where(Defect.location_id.in_(location_ids), Defect.state != "closed")
        .order_by(Defect.id.desc())
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for location_id, number, title in session.execute(statement):
        listed = found.setdefault(location_id or 0, [])
        if len(listed) < MOST_OFFERED:
            listed.append((number, title))
    return found


def _names(session: Session, codes: set[str]) -> dict[str, str]:
    """Return township and village of division codes, in one statement."""
    wanted = {code[:digits] for code in codes for digits in (9, 12)}
    names = {each.code: each.name for each in areas.by_codes(session, wanted)}
    return {
        code: "".join(names.get(part, "") for part in dict.fromkeys((code[:9], code)))
        for code in codes
    }
