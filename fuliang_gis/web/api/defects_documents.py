"""Problems and disposals as the API gives them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from fuliang_gis import clock
from fuliang_gis.inspections.defects import disposal_rules, rules
from fuliang_gis.inspections.defects.disposal_queries import Row as AssetRow
from fuliang_gis.inspections.defects.disposal_queries import Shown as ShownAsset
from fuliang_gis.inspections.defects.queries import Row, Shown
from fuliang_gis.inspections.models import Attachment, DefectMeasure, Disposal
from fuliang_gis.web.api import files


def summary(row: Row, today: date) -> dict[str, Any]:
    """Return one problem of the ledger."""
    defect = row.defect
    return {
        "number": defect.number,
        "title": defect.title,
        "description": defect.description,
        "location": _place(row.layer, row.code, row.place),
        "division_code": defect.division_code,
        "division": row.division_name,
        "category": defect.category,
        "severity": defect.severity,
        "source": defect.source,
        "aspect": defect.aspect,
        "state": defect.state,
        "state_name": _names(rules.STATE_NAMES[defect.state]),
        "overdue_days": row.overdue_days(today),
        "lead_unit": defect.lead_unit,
        "responsible_unit": defect.responsible_unit,
        "owner": defect.owner_name,
        "due_on": defect.due_on.isoformat(),
        "found_by": defect.found_by_name,
        "found_at": defect.found_at.isoformat(),
        "closed_at": _moment(defect.closed_at),
        "closing_note": defect.closing_note,
        "cost_yuan": defect.cost_yuan,
        "measures_total": row.measures,
        "measures_verified": row.measures_verified,
        "photos_total": row.photos,
        "rejections": defect.rejections,
        "reopenings": defect.reopenings,
        "escalated_to": defect.escalated_to,
        "invented": defect.invented,
        "version": defect.version,
        "updated_at": defect.updated_at.isoformat(),
    }


def document(shown: Shown) -> dict[str, Any]:
    """Return one problem with everything about it."""
    events = [
        {
            "action": each.action,
            "actor": each.actor_name,
            "at": each.at.isoformat(),
            "text": each.text,
            "measure": each.ordinal,
            "detail": each.detail,
        }
        for each in shown.events
    ]
    return summary(shown.row, clock.today()) | {
        "visit": shown.visit.uuid if shown.visit else None,
        "measures": [_measure(each, shown.people) for each in shown.measures],
        "events": events,
        "photos": [photo(shown, each) for each in shown.photos],
    }


def asset(row: AssetRow) -> dict[str, Any]:
    """Return one asset that is not in good use."""
    return {
        "location": _place(row.layer, row.code, row.name),
        "use_status": row.use_status,
        "asset_class": row.asset_class,
        "division": row.division_name,
        "since": row.since.isoformat(),
        "original_value_yuan": row.value_yuan,
        "disposal_id": row.disposal.id if row.disposal else None,
        "disposal_state": row.disposal.state if row.disposal else None,
    }


def disposal(found: Disposal, shown: ShownAsset) -> dict[str, Any]:
    """Return one disposal of an asset."""
    location = shown.location
    return {
        "id": found.id,
        "location": _place(location.layer, location.code, location.name),
        "division_code": found.division_code,
        "act": found.act,
        "way": found.way,
        "class": found.class_,
        "trigger": found.trigger,
        "proposal": found.proposal,
        "state": found.state,
        "state_name": _names(disposal_rules.STATE_NAMES[found.state]),
        "proposed_by": shown.people.get(found.proposed_by or 0),
        "proposed_at": found.proposed_at.isoformat(),
        "decided_by": shown.people.get(found.decided_by or 0),
        "decided_at": _moment(found.decided_at),
        "approval_no": found.approval_no,
        "opinion": found.opinion,
        "done_on": found.done_on and found.done_on.isoformat(),
        "income_yuan": found.income_yuan,
        "result": found.result,
        "invented": found.invented,
        "version": found.version,
    }


def _measure(each: DefectMeasure, people: dict[int, str]) -> dict[str, Any]:
    return {
        "ordinal": each.ordinal,
        "text": each.text,
        "responsible_unit": each.responsible_unit,
        "due_on": each.due_on and each.due_on.isoformat(),
        "state": each.state,
        "feedback": each.feedback,
        "cost_yuan": each.cost_yuan,
        "fixed_by": people.get(each.fixed_by or 0),
        "fixed_at": _moment(each.fixed_at),
        "verified_by": people.get(each.verified_by or 0),
        "verified_at": _moment(each.verified_at),
        "opinion": each.opinion,
        "rejections": each.rejections,
    }


def photo(shown: Shown, each: Attachment) -> dict[str, Any]:
    """Return one photo of a problem, with the measures that it shows carried out."""
    return files.document(each) | {
        "caption": each.caption,
        "uploaded_at": each.uploaded_at.isoformat(),
        "measures": shown.measures_of(each),
    }


def paper(shown: ShownAsset, each: Attachment) -> dict[str, Any]:
    """Return one paper of a disposal."""
    return files.document(each) | {
        "caption": each.caption,
        "uploaded_at": each.uploaded_at.isoformat(),
        "uploaded_by": shown.people.get(each.uploaded_by or 0),
    }


def _place(layer: str | None, code: str | None, name: str | None) -> dict[str, Any] | None:
    return {"layer": layer, "code": code, "name": name} if code else None


def _names(names: tuple[str, str]) -> dict[str, str]:
    return {"zh": names[0], "en": names[1]}


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
