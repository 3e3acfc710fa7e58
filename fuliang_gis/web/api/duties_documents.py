"""Rules, exceptions and obligations as the API tells them."""

from __future__ import annotations

from fuliang_gis.accounts.audit import ACTION_NAMES
from fuliang_gis.db.base import Json
from fuliang_gis.inspections.duties.periods import PeriodKind, label
from fuliang_gis.inspections.duties.queries import Step, Task
from fuliang_gis.inspections.duties.rule_queries import ExceptionRow, RuleChange
from fuliang_gis.inspections.models import InspectionRule


def rule(row: InspectionRule) -> Json:
    """Return a rule."""
    names = (
        "id",
        "norm_key",
        "title",
        "purpose",
        "layer",
        "kind",
        "asset_class",
        "period",
        "count",
        "basis",
        "valid_from",
        "valid_to",
        "checklist",
        "version",
    )
    return {name: getattr(row, name) for name in names} | {
        "withdrawn_at": row.withdrawn_at.isoformat() if row.withdrawn_at else None,
        "updated_at": row.updated_at.isoformat(),
    }


def change(each: RuleChange) -> Json:
    """Return one change of a rule."""
    return {
        "version": each.version,
        "action": each.action,
        "actor": each.actor_name,
        "at": each.at.isoformat(),
        "before": each.before,
        "after": each.after,
    }


def exception(row: ExceptionRow) -> Json:
    """Return an exception with its location."""
    found = row.exception
    names = ("id", "division_code", "purpose", "period", "count", "reason")
    return {name: getattr(found, name) for name in names} | {
        "layer": row.layer,
        "code": row.code,
        "name": row.name,
        "valid_from": found.valid_from,
        "valid_to": found.valid_to,
        "granted_by": row.granted_by,
        "revoked_at": found.revoked_at.isoformat() if found.revoked_at else None,
    }


def task(row: Task) -> Json:
    """Return an obligation with its location."""
    found = row.obligation
    names = (
        "id",
        "division_code",
        "asset_class",
        "purpose",
        "period",
        "period_start",
        "period_end",
        "ordinal",
        "opens_on",
        "warn_on",
        "due_on",
        "planned_on",
        "assignee_id",
        "done_on",
        "excuse",
        "rule_id",
        "exception_id",
        "invented",
        "version",
    )
    return {name: getattr(found, name) for name in names} | {
        "layer": row.layer,
        "code": row.code,
        "name": row.name,
        "assignee": row.assignee_name,
        "state": row.state.value,
        "period_label": label(PeriodKind(found.period), found.period_start),
    }


def step(each: Step) -> Json:
    """Return one thing that somebody decided about an obligation."""
    return {
        "at": each.at.isoformat(),
        "actor": each.actor,
        "action": each.action,
        "action_name": ACTION_NAMES[each.action],
        "detail": each.detail,
    }
