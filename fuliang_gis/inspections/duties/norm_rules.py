"""Bringing the default rules of ``data/norms`` and the layers' sheets into the table of rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.db.base import Json
from fuliang_gis.inspections.models import InspectionRule, InspectionRuleChange
from fuliang_gis.inspections.norms import norms
from fuliang_gis.locations.registry import layers

#: What a rule says, as its history keeps it.
FIELDS = (
    "title",
    "purpose",
    "layer",
    "kind",
    "asset_class",
    "period",
    "count",
    "checklist",
    "basis",
    "valid_from",
    "valid_to",
)


def synchronise_norms(session: Session) -> int:
    """Let the rules that come from files follow them, as the database's owner.

    A rule that a file no longer has is withdrawn; one that the county withdrew stays so. Rules of
    the county's own are left alone.

    Returns:
        How many rules were changed.
    """
    rows = session.scalars(select(InspectionRule).where(InspectionRule.norm_key.is_not(None)))
    present = {str(row.norm_key): row for row in rows}
    wanted = dict(_wanted())
    changed = 0
    for key, values in wanted.items():
        if key not in present:
            row = InspectionRule(norm_key=key, **values)
            session.add(row)
            session.flush()
            note(session, row, "create", None, {}, stated(row))
            changed += 1
        else:
            changed += _follow(session, present[key], values)
    for key in present.keys() - wanted.keys():
        if present[key].withdrawn_at is None:
            _withdraw(session, present[key])
            changed += 1
    session.flush()
    return changed


def stated(row: InspectionRule) -> Json:
    """Return what a rule says, as JSON keeps it; what it leaves open is left out."""
    found = {name: getattr(row, name) for name in FIELDS}
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in found.items()
        if value is not None
    }


def differences(before: Json, after: Json) -> tuple[Json, Json]:
    """Return what changed, as it was and as it is."""
    names = [name for name in FIELDS if before.get(name) != after.get(name)]
    return ({name: before.get(name) for name in names}, {name: after.get(name) for name in names})


def note(
    session: Session,
    row: InspectionRule,
    action: str,
    actor_id: int | None,
    before: Json,
    after: Json,
) -> None:
    """Keep one change of a rule in its history."""
    session.add(
        InspectionRuleChange(
            rule_id=row.id,
            version=row.version,
            action=action,
            actor_id=actor_id,
            before=before,
            after=after,
        )
    )


def _follow(session: Session, row: InspectionRule, values: Mapping[str, Any]) -> bool:
    before = stated(row)
    for name, value in values.items():
        setattr(row, name, value)
    old, new = differences(before, stated(row))
    # Withdrawn by a file that lacked it, not by a person.
    back = row.withdrawn_at is not None and row.updated_by is None
    if not new and not back:
        return False
    row.version, row.updated_at = row.version + 1, clock.now()
    if back:
        row.withdrawn_at = None
    note(session, row, "restore" if back else "update", None, old, new)
    return True


def _withdraw(session: Session, row: InspectionRule) -> None:
    row.version, row.updated_at, row.updated_by = row.version + 1, clock.now(), None
    row.withdrawn_at = clock.now()
    note(session, row, "withdraw", None, {}, {})


def _wanted() -> Iterator[tuple[str, dict[str, Any]]]:
    for rule in norms().rules:
        yield (
            rule.key,
            {
                **{name: getattr(rule, name) for name in FIELDS if name != "checklist"},
                "period": rule.period.value,
            },
        )
    for layer in layers().values():
        for each in layer.sheet.inspection.rules:
            told = {name: getattr(each, name, None) for name in FIELDS if name != "checklist"}
            yield f"{layer.name}.{each.key}", told | {"layer": layer.name}
