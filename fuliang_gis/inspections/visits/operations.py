"""Recording and correcting visits: one transaction each, with everything that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import audit
from fuliang_gis.accounts.policies import has, require
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas.models import Division
from fuliang_gis.errors import BadRequest, Forbidden, Invalid, NotFound, Problem, WrongState
from fuliang_gis.inspections.defects import operations as defects
from fuliang_gis.inspections.duties import operations as duties
from fuliang_gis.inspections.models import Visit
from fuliang_gis.inspections.rounds import following as rounds
from fuliang_gis.inspections.status import operations as status
from fuliang_gis.inspections.visits.attachments import attach, attach_new
from fuliang_gis.inspections.visits.checklist import Checked
from fuliang_gis.inspections.visits.files import Kept
from fuliang_gis.inspections.visits.finding import set_use_status
from fuliang_gis.inspections.visits.repeats import refuse_difference
from fuliang_gis.inspections.visits.rules import SHORT_LENGTH, Given, clean
from fuliang_gis.inspections.visits.writing import write
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.queries import fetch_for_write

__all__ = ["Recorded", "add_photos", "attach", "correct", "record"]


@dataclass(frozen=True)
class Recorded:
    """A stored visit; ``repeated`` when it had been stored before, then nothing was done."""

    visit: Visit
    location: Location
    repeated: bool = False


def record(
    session: Session,
    actor: Actor,
    given: Given,
    kept: Sequence[Kept] = (),
    signature: Kept | None = None,
) -> Recorded:
    """Store a visit once, with what follows: duties done, defects opened, use status, status.

    The same visit sent again, even at the same moment, is answered as the first time.

    Raises:
        NotFound: There is no such location.
        Forbidden, OutsideDivision: The actor may not record visits there.
        Invalid: Something told is missing, unknown or implausible.
        VisitDiffers: Another visit is stored under this UUID.
    """
    if (before := _stored(session, given.uuid)) is not None:
        return _again(session, actor, before, given, kept, signature)
    location = _location(session, actor, given)
    visit, checked = write(session, actor, location, given)
    _follow(session, actor, location, visit, checked)
    attach_new(session, actor, visit, kept, signature)
    _audit(session, actor, location, visit, "record_visit")
    return Recorded(visit, location)


def correct(
    session: Session,
    actor: Actor,
    uuid: UUID,
    given: Given,
    reason: str,
    kept: Sequence[Kept] = (),
    signature: Kept | None = None,
) -> Recorded:
    """Store a corrected visit beside the one it corrects, which stays and is marked.

    Only its inspector, or township and county staff, may correct a visit, and only the latest of
    its versions. Photos of the version before stay with it; new ones belong to the new version.

    Raises:
        NotFound: There is no such visit.
        Forbidden, OutsideDivision: The actor may not correct it.
        WrongState: It has been corrected already.
        Invalid, VisitDiffers: As ``record``.
    """
    if (before := _stored(session, given.uuid)) is not None:
        if before.revises_id != session.scalar(select(Visit.id).where(Visit.uuid == uuid)):
            refuse_difference(session, actor, before, given, differs=True)
        return _again(session, actor, before, given, kept, signature)
    old = _correctable(session, actor, uuid)
    if not clean(reason) or len(reason) > SHORT_LENGTH or "\0" in reason:
        told = (f"请填写更正原因（不超过 {SHORT_LENGTH} 字）。", "A reason is required.")
        raise Invalid([Problem("required", *told, "reason")])
    location = _location(session, actor, given)
    if location.id != old.location_id:
        raise BadRequest(reason="更正不能改到另一个点位；请在正确的点位另行填报")
    visit, checked = write(session, actor, location, given, corrects=(old, reason.strip()))
    undone = duties.unfulfil(session, old)
    _follow(session, actor, location, visit, _newly_wrong(old, checked), undone)
    attach_new(session, actor, visit, kept, signature)
    _audit(session, actor, location, visit, "correct_visit")
    return Recorded(visit, location)


def add_photos(
    session: Session,
    actor: Actor,
    uuid: UUID,
    kept: Sequence[Kept],
    signature: Kept | None = None,
) -> Visit:
    """Add photos or the signature to a visit of one's own; the same one is kept once.

    Raises:
        NotFound: There is no such visit.
        Forbidden, OutsideDivision: It is another person's, or lies elsewhere.
        WrongState: It is signed already, has a later version, or holds as many photos as it may.
    """
    visit = _stored(session, uuid)
    if visit is None:
        raise NotFound(what="巡查记录", key=uuid)
    _require(session, actor, visit.division_code)
    if visit.inspector_id != actor.account_id:
        raise Forbidden(role=actor.role_name, act="为他人的巡查记录添加照片")
    attach_new(session, actor, visit, kept, signature)
    return visit


def _stored(session: Session, uuid: UUID) -> Visit | None:
    """Return the visit of that UUID; from here on nobody else stores or corrects it."""
    key = func.hashtextextended(f"visit/{uuid}", 0)
    session.execute(select(func.pg_advisory_xact_lock(key)))
    return session.scalar(select(Visit).where(Visit.uuid == uuid))


def _again(
    session: Session,
    actor: Actor,
    before: Visit,
    given: Given,
    kept: Sequence[Kept],
    signature: Kept | None,
) -> Recorded:
    refuse_difference(session, actor, before, given)
    # What an interrupted sending had not brought yet is taken now.
    attach_new(session, actor, before, kept, signature)
    location = fetch_for_write(session, given.layer, given.code)
    return Recorded(before, location, repeated=True)


def _location(session: Session, actor: Actor, given: Given) -> Location:
    location = fetch_for_write(session, given.layer, given.code)
    _require(session, actor, location.division_code)
    if location.deleted_at is not None:
        raise WrongState(
            name=location.name,
            state="已删除",
            act="填报巡查记录",
            advice="请核对编码，或先恢复该点位。",
        )
    return location


def _require(session: Session, actor: Actor, division_code: str) -> None:
    division = session.get(Division, division_code)
    require(actor, Permission.RECORD_VISITS, division_code, division.name if division else None)


def _correctable(session: Session, actor: Actor, uuid: UUID) -> Visit:
    old = _stored(session, uuid)
    if old is None:
        raise NotFound(what="巡查记录", key=uuid)
    _require(session, actor, old.division_code)
    if not may_correct(actor, old):
        raise Forbidden(role=actor.role_name, act="更正他人的巡查记录")
    if old.superseded_at is not None:
        raise WrongState(
            name="巡查记录", state="已更正", act="再次更正旧版本", advice="请打开最新版本后更正。"
        )
    return old


def may_correct(actor: Actor, visit: Visit) -> bool:
    """Tell whether the actor may correct a visit: one's own, or as township or county staff."""
    own = visit.inspector_id == actor.account_id
    return (
        has(actor, Permission.RECORD_VISITS)
        and visit.division_code.startswith(actor.scope)
        and (own or has(actor, Permission.MANAGE_ROUNDS))
    )


def _newly_wrong(old: Visit, checked: Checked) -> Checked:
    """Leave out what the version before had found wrong too: its defect is open already."""
    known = {each["name"] for each in old.answers if each["answer"] == "fail"}
    known |= {each["name"] for each in old.readings if each["wrong"]}
    failures = [each for each in checked.failures if each.item not in known]
    return Checked(checked.answers, checked.readings, failures)


def _follow(
    session: Session,
    actor: Actor,
    location: Location,
    visit: Visit,
    checked: Checked,
    undone: Sequence[int] = (),
) -> None:
    done = duties.fulfil(session, visit)
    rounds.follow(session, actor.scope, {*undone, *done})
    if visit.use_status and set_use_status(session, actor, location, visit):
        duties.follow(session, [location.id], clock.today())
    if checked.failures:
        defects.open_from_visit(session, visit, location, checked.failures)
    status.refresh(session, [location.id])


def _audit(session: Session, actor: Actor, location: Location, visit: Visit, action: str) -> None:
    audit.record(
        session,
        actor,
        action,
        f"{location.layer}/{location.code}",
        division_code=location.division_code,
        detail={"uuid": str(visit.uuid), "result": visit.result, "revision": visit.revision},
    )
    session.flush()
    # As the database holds it, so that the first answer is like every later one.
    session.refresh(visit)
