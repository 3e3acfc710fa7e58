"""Waivers (例外登记): findings that a permit allows, granted by who reviews plans, never erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from fuliang_gis import clock
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import Duplicate, Invalid, NotFound, Problem, SelfApproval, WrongState
from fuliang_gis.planning.checks import Finding, Severity
from fuliang_gis.planning.drafts import waived
from fuliang_gis.planning.fetching import note, undecided
from fuliang_gis.planning.models import (
    PlanWaiver,
    VillagePlan,
)
from fuliang_gis.planning.procedure.queries import drafters
from fuliang_gis.planning.queries import main_scheme
from fuliang_gis.planning.reports import report

LONGEST_REASON = 1000
_GRANTING = (Permission.REVIEW_PLANS,)
_Granter, _Revoker = aliased(Account), aliased(Account)


@dataclass(frozen=True)
class WaiverRow:
    """A waiver with who granted it, who took it back, and whether it holds for the main scheme.

    One that nobody took back holds no more once its parcel grew, moved or changed its use.
    """

    waiver: PlanWaiver
    granter: str | None
    revoker: str | None
    holds: bool


def waivers(session: Session, plan: VillagePlan) -> Sequence[WaiverRow]:
    """Return a plan's waivers, those that hold first, those taken back last."""
    standing = main_scheme(session, plan)
    holding = {each.id for each in waived(session, *standing)} if standing else set()
    statement = (
        select(PlanWaiver, _Granter.display_name, _Revoker.display_name)
        .outerjoin(_Granter, _Granter.id == PlanWaiver.granted_by)
        .outerjoin(_Revoker, _Revoker.id == PlanWaiver.revoked_by)
        .where(PlanWaiver.plan_id == plan.id)
        .order_by(PlanWaiver.revoked_at.is_not(None), PlanWaiver.id)
    )
    rows = [WaiverRow(*row, holds=row[0].id in holding) for row in session.execute(statement)]
    return sorted(rows, key=lambda each: not each.holds)


def waivable(session: Session, plan: VillagePlan) -> list[Finding]:
    """Return the findings of the scheme on its way, or the chosen one, that a permit allows."""
    standing = main_scheme(session, plan)
    if standing is None:
        return []
    found = report(session, plan, *standing).findings
    return [each for each in found if each.severity == Severity.PERMIT and each.parcels]


def grant(
    session: Session, actor: Actor, plan_id: int, parcel: str, article: str, reason: str
) -> PlanWaiver:
    """Grant what a finding of a parcel says needs a permit, with the reason.

    Raises:
        NotFound, Forbidden, OutsideDivision: As they say.
        SelfApproval: The actor drafted the plan.
        WrongState: The plan is decided.
        Invalid: No reason is given, or no finding asks for a permit there; errors are never waived.
        Duplicate: It is granted already, and holds.
    """
    plan = undecided(session, actor, plan_id, _GRANTING, "登记例外")
    if actor.account_id in drafters(session, plan):
        raise SelfApproval(act="为例外登记")
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        zh = f"请写明批准的依据和理由，最多 {LONGEST_REASON} 字。"
        raise Invalid([Problem("required", zh, "Give the reason.", "reason")])
    standing = main_scheme(session, plan)
    holding = waived(session, *standing) if standing else ()
    if any((each.parcel, each.article) == (parcel, article) for each in holding):
        raise Duplicate(label="例外登记", value=parcel, field="parcel")
    asked = [each for each in waivable(session, plan) if each.article == article]
    if not any(parcel in each.parcels for each in asked):
        zh = f"图斑 {parcel} 没有须论证报批的问题。必须改正的问题不能登记例外，请退回修改。"
        raise Invalid([Problem("not_waivable", zh, "Nothing to be waived there.", "parcel")])
    made = PlanWaiver(
        plan_id=plan.id,
        division_code=plan.division_code,
        parcel=parcel,
        article=article,
        reason=reason.strip(),
        granted_by=actor.account_id,
    )
    session.add(made)
    session.flush()
    note(session, actor, plan, "grant_waiver", {"parcel": parcel, "article": article})
    return made


def revoke(session: Session, actor: Actor, plan_id: int, waiver_id: int) -> PlanWaiver:
    """Take a waiver back; the record stays.

    Raises:
        NotFound, Forbidden, OutsideDivision: As they say.
        WrongState: The plan is decided, or it was taken back already.
    """
    plan = undecided(session, actor, plan_id, _GRANTING, "撤销例外")
    wanted = select(PlanWaiver).where(PlanWaiver.id == waiver_id, PlanWaiver.plan_id == plan.id)
    waiver = session.scalar(wanted)
    if waiver is None:
        raise NotFound(what="例外登记", key=waiver_id)
    if waiver.revoked_at is not None:
        told = "可能刚由他人撤销，请刷新页面。"
        raise WrongState(name=waiver.parcel, state="已撤销", act="撤销例外", advice=told)
    waiver.revoked_by, waiver.revoked_at = actor.account_id, clock.now()
    detail = {"parcel": waiver.parcel, "article": waiver.article}
    note(session, actor, plan, "revoke_waiver", detail)
    session.flush()
    return waiver
