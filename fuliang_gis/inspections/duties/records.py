"""Rules and exceptions as their rows keep them, and as the pure rules take them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.clock import ZONE
from fuliang_gis.inspections.duties.periods import PeriodKind
from fuliang_gis.inspections.duties.rules import Exemption, Interval, Rule
from fuliang_gis.inspections.models import InspectionException, InspectionRule
from fuliang_gis.locations.sheets import ChecklistItem

_DAY = timedelta(days=1)


def load_rules(session: Session) -> tuple[Rule, ...]:
    """Return every rule, in force or not."""
    rows = session.scalars(select(InspectionRule).order_by(InspectionRule.id))
    return tuple(as_rule(row) for row in rows)


def as_rule(row: InspectionRule) -> Rule:
    """Return a rule as the pure rules take it."""
    return Rule(
        id=row.id,
        purpose=row.purpose,
        period=PeriodKind(row.period),
        valid_from=row.valid_from,
        count=row.count,
        layer=row.layer,
        kind=row.kind,
        asset_class=row.asset_class,
        valid_to=row.valid_to,
        withdrawn_on=county_date(row.withdrawn_at),
        title=row.title,
        basis=row.basis,
        norm_key=row.norm_key,
        checklist=checklist_of(row.checklist),
    )


def checklist_of(kept: list[Any] | None) -> tuple[ChecklistItem, ...] | None:
    """Read the questions that a rule's row keeps."""
    if kept is None:
        return None
    return tuple(ChecklistItem(**{**item, "kinds": tuple(item["kinds"])}) for item in kept)


def kept_checklist(items: tuple[ChecklistItem, ...] | None) -> list[Any] | None:
    """Write questions as a rule's row keeps them."""
    if items is None:
        return None
    return [{**asdict(item), "kinds": list(item.kinds)} for item in items]


def load_exemptions(
    session: Session, since: date, location_ids: Collection[int] | None = None
) -> Mapping[int, tuple[Exemption, ...]]:
    """Return by location the exceptions that still say something on or after a day."""
    wanted = select(InspectionException).where(InspectionException.valid_to >= since)
    if location_ids is not None:
        wanted = wanted.where(InspectionException.location_id.in_(location_ids))
    found: defaultdict[int, list[Exemption]] = defaultdict(list)
    for row in session.scalars(wanted.order_by(InspectionException.id)):
        last = last_day(row)
        if last >= row.valid_from:
            interval = Interval(PeriodKind(row.period), row.count or 1) if row.period else None
            found[row.location_id].append(
                Exemption(row.id, row.valid_from, last, interval, row.purpose)
            )
    return {location: tuple(each) for location, each in found.items()}


def last_day(row: InspectionException) -> date:
    """Return the last day of an exception; one that was revoked ends the day before."""
    revoked = county_date(row.revoked_at)
    return min(row.valid_to, revoked - _DAY) if revoked else row.valid_to


def county_date(moment: datetime | None) -> date | None:
    """Return the county's date of a moment."""
    return moment.astimezone(ZONE).date() if moment else None
