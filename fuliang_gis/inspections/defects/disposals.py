"""Disposals of idle, damaged and lost assets: proposed, decided by another, finished."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import audit
from fuliang_gis.accounts.policies import require
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.db.base import Json
from fuliang_gis.errors import Conflict, NotFound, VersionRequired, WrongState
from fuliang_gis.inspections.defects import disposal_rules as rules
from fuliang_gis.inspections.defects.disposal_rules import Finish, Proposal
from fuliang_gis.inspections.duties import operations as duties
from fuliang_gis.inspections.models import Disposal
from fuliang_gis.locations import operations as locations
from fuliang_gis.locations.fields import USE_STATUS
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.queries import fetch_for_write


def propose(
    session: Session, actor: Actor, layer_name: str, code: str, given: Proposal
) -> Disposal:
    """Propose what becomes of an asset that is not in good use.

    Raises:
        Invalid: Something is missing.
        WrongState: The asset is in use or gone, or another disposal of it is under way.
        NotFound, Forbidden, OutsideDivision: As they say.
    """
    location = fetch_for_write(session, layer_name, code)
    _require(session, actor, "propose", location.division_code)
    rules.check_proposal(given)
    if location.deleted_at is not None or location.use_status not in rules.DISPOSABLE:
        told = "已删除" if location.deleted_at else USE_STATUS.choice_labels[location.use_status]
        advice = "只有低效、闲置、损毁、流失的资产可以处置；请先更新使用状态。"
        raise WrongState(name=location.name, state=told, act="提出处置", advice=advice)
    # The location's row is locked, so that two proposals at once meet here.
    under_way = select(Disposal.id).where(
        Disposal.location_id == location.id, Disposal.state.in_(("proposed", "approved"))
    )
    if session.scalar(under_way) is not None:
        advice = "请先办结或撤回正在进行的处置。"
        raise WrongState(name=location.name, state="处置中", act="再次提出处置", advice=advice)
    disposal = Disposal(
        location_id=location.id,
        division_code=location.division_code,
        act=given.act,
        way=given.way or None,
        class_=given.class_ or None,
        trigger=given.trigger,
        proposal=given.proposal.strip(),
        state="proposed",
        version=1,
        proposed_by=actor.account_id,
    )
    session.add(disposal)
    session.flush()
    _record(session, actor, "propose", disposal, {"act": given.act})
    return disposal


def decide(
    session: Session,
    actor: Actor,
    disposal_id: int,
    *,
    approved: bool,
    approval_no: str | None = None,
    opinion: str | None = None,
    expected_version: int | None,
) -> Disposal:
    """Approve a proposal under its number, or refuse it with a reason.

    Raises:
        Invalid: The number or the reason is missing.
        SelfApproval: The actor proposed it.
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict, WrongState: As they say.
    """
    act = "approve" if approved else "refuse"
    disposal, _ = _fetch(session, actor, disposal_id, act, expected_version)
    rules.require_another(disposal.proposed_by, actor.account_id)
    rules.check_approval(approval_no, opinion, approved=approved)
    disposal.state = "approved" if approved else "refused"
    disposal.decided_by, disposal.decided_at = actor.account_id, clock.now()
    disposal.approval_no = (approval_no or "").strip() or None
    disposal.opinion = (opinion or "").strip() or None
    return _done(session, actor, "decide", disposal)


def finish(
    session: Session,
    actor: Actor,
    disposal_id: int,
    given: Finish,
    *,
    expected_version: int | None,
) -> Disposal:
    """End an approved disposal: income, result, and the asset's new use status.

    Raises:
        Invalid: Result or income is missing.
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict, WrongState: As they say.
    """
    disposal, location = _fetch(session, actor, disposal_id, "finish", expected_version)
    rules.check_finish(given, clock.today())
    disposal.state, disposal.done_on = "done", given.done_on
    disposal.income_yuan, disposal.result = given.income_yuan, given.result.strip()
    locations.update(
        session,
        actor,
        location.layer,
        location.code,
        {"use_status": rules.use_after(disposal.act)},
        expected_version=location.version,
    )
    duties.follow(session, [location.id], clock.today())
    return _done(session, actor, "finish", disposal)


def withdraw(
    session: Session,
    actor: Actor,
    disposal_id: int,
    reason: str | None = None,
    *,
    expected_version: int | None,
) -> Disposal:
    """Take back a disposal that is not done.

    Raises:
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict, WrongState: As they say.
    """
    disposal, _ = _fetch(session, actor, disposal_id, "withdraw", expected_version)
    disposal.state = "withdrawn"
    disposal.result = (reason or "").strip()[: rules.TEXT_LENGTH] or None
    return _done(session, actor, "withdraw", disposal)


def _fetch(
    session: Session, actor: Actor, disposal_id: int, act: str, expected: int | None
) -> tuple[Disposal, Location]:
    location = session.scalar(
        select(Location)
        .join(Disposal, Disposal.location_id == Location.id)
        .where(Disposal.id == disposal_id)
        .with_for_update(of=Location.__table__)
    )
    wanted = select(Disposal).where(Disposal.id == disposal_id).with_for_update()
    disposal = session.scalar(wanted.execution_options(populate_existing=True))
    if disposal is None or location is None:
        raise NotFound(what="资产处置", key=disposal_id)
    _require(session, actor, act, disposal.division_code)
    if expected is None:
        raise VersionRequired
    if disposal.version != expected:
        raise Conflict(name=location.name, current=disposal.version, expected=expected)
    rules.require_state(f"{location.name}的处置", disposal.state, act)
    return disposal, location


def _require(session: Session, actor: Actor, act: str, division_code: str) -> None:
    division = session.get(Division, division_code)
    name = division.name if division else None
    require(actor, rules.PERMISSIONS[act], division_code, name)


def _done(session: Session, actor: Actor, verb: str, disposal: Disposal) -> Disposal:
    disposal.version += 1
    disposal.updated_at = clock.now()
    session.flush()
    _record(session, actor, verb, disposal, {"state": disposal.state})
    return disposal


def _record(session: Session, actor: Actor, verb: str, disposal: Disposal, detail: Json) -> None:
    audit.record(
        session,
        actor,
        f"{verb}_disposal",
        f"disposal/{disposal.id}",
        division_code=disposal.division_code,
        detail={"version": disposal.version, **detail},
    )
    session.flush()
