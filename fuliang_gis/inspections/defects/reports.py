"""Reports of the public: taken in without an account, judged by a post, then defects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import audit
from fuliang_gis.accounts.policies import require
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas.models import Division
from fuliang_gis.errors import Invalid, NotFound, Problem, TooManyRequests, WrongState
from fuliang_gis.inspections.defects import operations as defects
from fuliang_gis.inspections.defects.given import Given
from fuliang_gis.inspections.defects.handling import fetch, keep_photos
from fuliang_gis.inspections.defects.opening import find
from fuliang_gis.inspections.defects.report_queries import photos_of, public_place
from fuliang_gis.inspections.defects.report_rules import (
    MOST_A_DAY,
    MOST_WAITING,
    STATE_NAMES,
    ReportGiven,
    check_report,
    new_receipt,
)
from fuliang_gis.inspections.models import Attachment, Defect, ProblemReport
from fuliang_gis.inspections.visits.attachments import attach
from fuliang_gis.inspections.visits.files import Kept

#: The same words about the same place from the same origin within this time are one report.
REPEAT = timedelta(minutes=15)
LONGEST_REPLY = 500
#: Who found what the public reported; nobody's name is asked for.
FINDER = "群众反映"


@dataclass(frozen=True)
class Acceptance:
    """The defect that a post makes of a report, and what the person with the receipt reads."""

    title: str
    category: str
    severity: str
    due_on: date | None = None
    reply: str | None = None


def submit(
    session: Session,
    layer_name: str,
    code: str,
    given: ReportGiven,
    kept: Sequence[Kept] = (),
    *,
    origin: str,
) -> ProblemReport:
    """Take in what somebody reports about a location; sent twice, it is taken in once.

    Args:
        origin: The keyed digest that ``report_rules.origin_of`` makes.

    Raises:
        NotFound: There is no such location for the public.
        Invalid: Nothing, or too much, is said.
        TooManyRequests: The origin, or all together about this location, reported too often.
    """
    place = public_place(session, layer_name, code)
    check_report(given, len(kept))
    # Two requests of one origin meet here, so that the second sees what the first has stored.
    key = func.hashtextextended(f"report/{origin}", 0)
    session.execute(select(func.pg_advisory_xact_lock(key)))
    words = given.text.strip()
    if (same := _repeated(session, place.location_id, origin, words)) is not None:
        return same
    _refuse_too_many(session, place.location_id, origin)
    report = ProblemReport(
        location_id=place.location_id,
        division_code=place.division_code,
        receipt=new_receipt(),
        category=given.category,
        text=words,
        origin=origin,
        state="waiting",
    )
    session.add(report)
    session.flush()
    for each in {one.digest: one for one in kept}.values():
        attach(
            session,
            each,
            role="report",
            division_code=place.division_code,
            uploaded_by=None,
            report_id=report.id,
        )
    return report


def accept(session: Session, actor: Actor, report_id: int, given: Acceptance) -> Defect:
    """Make a defect of a report; its photos become those of before the repair.

    Raises:
        NotFound, Forbidden, OutsideDivision, Invalid: As they say.
        WrongState: Somebody has judged it already.
    """
    report = _fetch(session, actor, report_id, "受理")
    _check_reply(given.reply)
    entered = Given(
        given.title,
        given.category,
        given.severity,
        description=report.text,
        location_id=report.location_id,
        source="report",
        due_on=given.due_on,
        found_by_name=FINDER,
    )
    defect = find(session, actor, entered, _kept(session, report))
    _judge(session, actor, report, "accepted", given.reply, defect)
    return defect


def link(
    session: Session, actor: Actor, report_id: int, number: str, reply: str | None = None
) -> Defect:
    """Add a report to a defect of the same location that is known already.

    Raises:
        NotFound, Forbidden, OutsideDivision: As they say.
        WrongState: The report was judged, or the defect closed, already.
        Invalid: The defect is another location's.
    """
    report = _fetch(session, actor, report_id, "受理")
    _check_reply(reply)
    defect = fetch(session, number)
    if defect.location_id != report.location_id:
        zh = f"问题“{number}”不在同一处设施，请另选一个。"
        raise Invalid([Problem("other_location", zh, "Of another location.", "defect_number")])
    if defect.state == "closed":
        raise WrongState(
            name=number,
            state="已销号",
            act="并入新的反映",
            advice="请另立问题，或先重新打开它。",
        )
    defects.comment(session, actor, number, f"又有群众反映：{report.text}")
    keep_photos(session, actor, defect, _new_photos(session, report, defect), "before")
    _judge(session, actor, report, "accepted", reply, defect)
    return defect


def refuse(session: Session, actor: Actor, report_id: int, reply: str) -> ProblemReport:
    """Decline a report, with a reason for the person who holds the receipt.

    Raises:
        Invalid: No reason is given.
        NotFound, Forbidden, OutsideDivision: As they say.
        WrongState: Somebody has judged it already.
    """
    report = _fetch(session, actor, report_id, "退回")
    if not reply.strip():
        zh = "请填写不受理的原因，反映人凭回执可以看到。"
        raise Invalid([Problem("required", zh, "Give the reason.", "reply")])
    _check_reply(reply)
    _judge(session, actor, report, "refused", reply, None)
    return report


def _repeated(session: Session, location_id: int, origin: str, words: str) -> ProblemReport | None:
    return session.scalar(
        select(ProblemReport)
        .where(
            ProblemReport.location_id == location_id,
            ProblemReport.origin == origin,
            ProblemReport.text == words,
            ProblemReport.received_at > clock.now() - REPEAT,
        )
        .limit(1)
    )


def _refuse_too_many(session: Session, location_id: int, origin: str) -> None:
    recent = ProblemReport.received_at > clock.now() - timedelta(days=1)
    here = ProblemReport.location_id == location_id
    for condition, most in (
        ((ProblemReport.origin == origin, recent), MOST_A_DAY),
        ((here, ProblemReport.state == "waiting"), MOST_WAITING),
    ):
        count = select(func.count()).select_from(ProblemReport).where(*condition)
        if (session.scalar(count) or 0) >= most:
            raise TooManyRequests


def _fetch(session: Session, actor: Actor, report_id: int, act: str) -> ProblemReport:
    """Return a waiting report, locked, so that two posts never judge it both."""
    wanted = select(ProblemReport).where(ProblemReport.id == report_id).with_for_update()
    report = session.scalar(wanted.execution_options(populate_existing=True))
    if report is None:
        raise NotFound(what="群众反映", key=report_id)
    division = session.get(Division, report.division_code)
    name = division.name if division else None
    require(actor, Permission.HANDLE_DEFECTS, report.division_code, name)
    if report.state != "waiting":
        raise WrongState(
            name=report.receipt,
            state=STATE_NAMES[report.state][0],
            act=act,
            advice="可能刚由他人审核，请刷新页面。",
        )
    return report


def _check_reply(reply: str | None) -> None:
    if reply is not None and len(reply) > LONGEST_REPLY:
        zh = f"答复最多 {LONGEST_REPLY} 字。"
        raise Invalid([Problem("too_long", zh, f"At most {LONGEST_REPLY} characters.", "reply")])


def _kept(session: Session, report: ProblemReport) -> list[Kept]:
    return [_as_kept(each) for each in photos_of(session, [report.id])[report.id]]


def _new_photos(session: Session, report: ProblemReport, defect: Defect) -> list[Kept]:
    known = select(Attachment.digest).where(Attachment.defect_id == defect.id)
    held = set(session.scalars(known))
    return [each for each in _kept(session, report) if each.digest not in held]


def _as_kept(photo: Attachment) -> Kept:
    return Kept(
        photo.digest,
        photo.mime,
        photo.size,
        photo.width or 0,
        photo.height or 0,
        photo.taken_at,
        photo.exif,
    )


def _judge(
    session: Session,
    actor: Actor,
    report: ProblemReport,
    state: str,
    reply: str | None,
    defect: Defect | None,
) -> None:
    report.state = state
    report.reviewed_by, report.reviewed_at = actor.account_id, clock.now()
    report.reply = (reply or "").strip() or None
    report.defect_id = defect.id if defect else None
    audit.record(
        session,
        actor,
        "review_report",
        f"report/{report.id}",
        division_code=report.division_code,
        detail={"state": state, "defect": defect.number if defect else None},
    )
    session.flush()
