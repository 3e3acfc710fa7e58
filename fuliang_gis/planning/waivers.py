"""Waivers (例外登记): findings that a permit allows, granted by who reviews plans, never erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geoalchemy2.shape import from_shape
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from fuliang_gis import clock
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import Duplicate, Invalid, NotFound, Problem, SelfApproval, WrongState
from fuliang_gis.planning.checks import Finding, Severity
from fuliang_gis.planning.drafts import draft_of
from fuliang_gis.planning.fetching import note, undecided
from fuliang_gis.planning.models import PLAN_SRID, PlanScheme, PlanWaiver, VillagePlan
from fuliang_gis.planning.parcels import Draft
from fuliang_gis.planning.procedure.queries import drafters
from fuliang_gis.planning.queries import main_scheme
from fuliang_gis.planning.reach import Void, land_of, reaches
from fuliang_gis.planning.reports import report_of

LONGEST_REASON = 1000
_GRANTING = (Permission.REVIEW_PLANS,)
_Granter, _Revoker = aliased(Account), aliased(Account)

VOID_NAMES: Mapping[Void, tuple[str, str]] = {
    Void.SCHEME: (
        "是为方案“{scheme}”登记的，只用于该方案和登记以后由它复制的方案",
        "It was granted for scheme {scheme} and copies made of it since.",
    ),
    Void.GONE: ("图斑已不在方案中", "The parcel is no longer in the scheme."),
    Void.PARCEL: (
        "登记后图斑已改动（扩大、移动、改变用途或户数）",
        "The parcel grew, moved or changed its use or households since.",
    ),
    Void.GROUND: (
        "登记后管控边界或基期在此图斑上有变化",
        "Control lines or the base year have changed over the parcel since.",
    ),
}


@dataclass(frozen=True)
class WaiverRow:
    """A waiver with its scheme's title, who granted it and who took it back.

    ``void`` is why one that nobody took back does not count for the main scheme; ``asked`` tells
    whether a permit is asked for there.
    """

    waiver: PlanWaiver
    scheme: str
    granter: str | None
    revoker: str | None
    void: Void | None
    asked: bool

    @property
    def holds(self) -> bool:
        """Tell whether it counts for the main scheme."""
        return self.void is None and self.waiver.revoked_at is None

    @property
    def why(self) -> tuple[str, str] | None:
        """Say why it does not count though nobody took it back, in Chinese and English."""
        if self.void is None:
            return None
        zh, en = VOID_NAMES[self.void]
        return zh.format(scheme=self.scheme), en.format(scheme=self.scheme)


@dataclass(frozen=True)
class _Main:
    """The scheme that a plan stands for, at a version, with what its checks found."""

    scheme: PlanScheme
    ordinal: int
    draft: Draft
    permits: Sequence[Finding]

    @property
    def asked(self) -> set[tuple[str, str]]:
        """Return parcels and articles for which a permit is asked."""
        return {(parcel, each.article) for each in self.permits for parcel in each.parcels}


def waivers(session: Session, plan: VillagePlan) -> Sequence[WaiverRow]:
    """Return a plan's waivers, those that hold first, those taken back last."""
    main = _main(session, plan)
    voids = _voids(session, plan, main)
    asked = main.asked if main else set()
    statement = (
        select(PlanWaiver, PlanScheme.title, _Granter.display_name, _Revoker.display_name)
        .join(PlanScheme, PlanScheme.id == PlanWaiver.scheme_id)
        .outerjoin(_Granter, _Granter.id == PlanWaiver.granted_by)
        .outerjoin(_Revoker, _Revoker.id == PlanWaiver.revoked_by)
        .where(PlanWaiver.plan_id == plan.id)
        .order_by(PlanWaiver.revoked_at.is_not(None), PlanWaiver.id)
    )
    rows = [
        WaiverRow(
            waiver,
            scheme,
            granter,
            revoker,
            void=voids.get(waiver.id, Void.SCHEME) if waiver.revoked_at is None else None,
            asked=(waiver.parcel, waiver.article) in asked,
        )
        for waiver, scheme, granter, revoker in session.execute(statement)
    ]
    return sorted(rows, key=lambda each: not each.holds)


def waivable(session: Session, plan: VillagePlan) -> list[Finding]:
    """Return the findings of the scheme on its way, or the chosen one, that a permit allows."""
    main = _main(session, plan)
    return list(main.permits) if main else []


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
    main = _main(session, plan)
    if main is not None and (parcel, article) in main.draft.waivers:
        raise Duplicate(label="例外登记", value=parcel, field="parcel")
    if main is None or (parcel, article) not in main.asked:
        zh = f"图斑 {parcel} 没有须论证报批的问题。必须改正的问题不能登记例外，请退回修改。"
        raise Invalid([Problem("not_waivable", zh, "Nothing to be waived there.", "parcel")])
    made = PlanWaiver(
        plan_id=plan.id,
        division_code=plan.division_code,
        parcel=parcel,
        article=article,
        reason=reason.strip(),
        scheme_id=main.scheme.id,
        land=from_shape(land_of(main.draft, parcel, article, plan.profile), PLAN_SRID),
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


def _main(session: Session, plan: VillagePlan) -> _Main | None:
    standing = main_scheme(session, plan)
    if standing is None:
        return None
    draft = draft_of(session, plan, *standing)
    found = report_of(session, plan, *standing, draft).findings
    permits = [each for each in found if each.severity == Severity.PERMIT and each.parcels]
    return _Main(*standing, draft, permits)


def _voids(session: Session, plan: VillagePlan, main: _Main | None) -> dict[int, Void | None]:
    if main is None:
        return {}
    held = reaches(session, main.scheme, main.ordinal, main.draft, plan.profile)
    return {each.waiver.id: each.void for each in held}
