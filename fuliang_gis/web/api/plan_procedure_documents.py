"""A plan's road, opinions, projects, goals, participation and waivers as plain documents."""

from __future__ import annotations

from fuliang_gis.db.base import Json
from fuliang_gis.planning.models import PLAN_STATE_NAMES, VillagePlan
from fuliang_gis.planning.parcels import Goal
from fuliang_gis.planning.procedure.opinion_queries import OpinionRow
from fuliang_gis.planning.procedure.opinions import opinion_stamp
from fuliang_gis.planning.procedure.participation import KIND_NAMES
from fuliang_gis.planning.procedure.queries import ActRow, ParticipationRow
from fuliang_gis.planning.procedure.rules import ACT_NAMES, Course
from fuliang_gis.planning.procedure.timeline import Stage
from fuliang_gis.planning.projects.queries import ProjectRow
from fuliang_gis.planning.projects.rules import COLUMNS, Totals
from fuliang_gis.planning.waivers import WaiverRow

_SHOWN_OF_ROW = (
    "kind", "held_on", "place", "entitled", "attended", "in_favour", "against", "abstained",
    "summary",
)  # fmt: skip


def road(plan: VillagePlan, course: Course, stages: list[Stage]) -> Json:
    """Return how far a plan got, with its clock."""
    now = next((each.step.kind for each in stages if each.phase == "now"), None)
    return {
        "id": plan.id,
        "version": plan.version,
        "title": plan.title,
        "state": plan.state,
        "state_name": PLAN_STATE_NAMES[plan.state][0],
        "replaces": plan.replaces_id,
        "notice_from": plan.notice_from,
        "notice_until": plan.notice_until,
        "approval_number": plan.approval_number,
        "approved_on": plan.approved_on,
        "published_on": plan.published_on,
        "unanswered": course.unanswered,
        "next": now,
        "stages": [_stage(each) for each in stages],
    }


def _stage(each: Stage) -> Json:
    return {
        "kind": each.step.kind,
        "name": each.step.zh,
        "who": each.who,
        "article": each.step.article,
        "phase": each.phase,
        "on": each.on,
        "earliest": each.earliest,
        "latest": each.latest,
        "days_left": each.days_left,
        "working": each.working,
        "overdue": each.overdue,
    }


def act(row: ActRow) -> Json:
    """Return one act."""
    one = row.act
    return {
        "id": one.id,
        "kind": one.kind,
        "name": ACT_NAMES[one.kind][0],
        "from_state": one.from_state,
        "to_state": one.to_state,
        "held_on": one.held_on,
        "scheme": one.scheme_id,
        "scheme_version": one.ordinal,
        "note": one.note,
        "until": one.detail.get("until"),
        "number": one.detail.get("number"),
        "actor": row.actor,
        "at": one.at.isoformat(),
    }


def opinion(row: OpinionRow) -> Json:
    """Return one opinion as posts see it."""
    one = row.opinion
    return {
        "id": one.id,
        "version": opinion_stamp(one),
        "receipt": one.receipt,
        "parcel": one.parcel,
        "place": None if row.place is None else list(row.place),
        "text": one.text,
        "signed": one.signed,
        "state": one.state,
        "received_at": one.received_at.isoformat(),
        "verdict": one.verdict,
        "reply": one.reply,
        "replied_at": one.replied_at.isoformat() if one.replied_at else None,
        "replier": row.replier,
    }


def participation(row: ParticipationRow, bound: set[int]) -> Json:
    """Return one row of the participation record."""
    one = row.row
    return {
        "id": one.id,
        "name": KIND_NAMES[one.kind][0],
        **{name: getattr(one, name) for name in _SHOWN_OF_ROW},
        "recorder": row.recorder,
        "bound": one.id in bound,
    }


def project(row: ProjectRow) -> Json:
    """Return one project."""
    one = row.project
    return {
        "id": one.id,
        "version": one.version,
        **{name: getattr(one, name) for name in COLUMNS},
        "parcel": one.parcel,
        "facility": one.facility_id,
        "location": f"{row.layer}/{row.code}" if row.layer else None,
    }


def sums(told: Totals) -> Json:
    """Return the sums of a table of projects."""
    return {
        "projects": told.projects,
        "land_m2": told.land_m2,
        "floor_m2": told.floor_m2,
        "funds": told.funds,
    }


def goals(plan: VillagePlan) -> Json:
    """Return the goals of a plan as it states them."""
    names = Goal.__dataclass_fields__
    free = {"base": None, "binding": True, "at_least": None}
    told = [{name: ({**free, **each})[name] for name in names} for each in plan.goals]
    return {"version": plan.version, "goals": told}


def waiver(row: WaiverRow) -> Json:
    """Return one waiver."""
    one = row.waiver
    zh, en = row.why or ("", "")
    return {
        "id": one.id,
        "scheme_id": one.scheme_id,
        "scheme": row.scheme,
        "parcel": one.parcel,
        "article": one.article,
        "reason": one.reason,
        "granter": row.granter,
        "granted_at": one.granted_at.isoformat(),
        "revoker": row.revoker,
        "revoked_at": one.revoked_at.isoformat() if one.revoked_at else None,
        "holds": row.holds,
        "void": {"code": row.void, "zh": zh, "en": en} if row.void else None,
        "asked": row.asked,
    }
