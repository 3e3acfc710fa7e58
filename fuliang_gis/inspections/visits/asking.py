"""Reading what is asked at a location: the questions of the rule that counts, or of the sheet."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from fuliang_gis.inspections.duties.records import load_rules
from fuliang_gis.inspections.duties.rules import strongest
from fuliang_gis.inspections.visits.checklist import Asked
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer


def kind_of(location: Location) -> str | None:
    """Return a location's kind, where its layer has kinds."""
    name = layer(location.layer).sheet.kind_field
    return getattr(location, name) if name else None


def asked_at(session: Session, location: Location, purpose: str, on: date) -> Asked:
    """Return what a visit of that purpose and day has to answer at a location."""
    sheet = layer(location.layer).sheet.inspection
    kind = kind_of(location)
    rule = strongest(load_rules(session), location.layer, kind, location.asset_class, purpose, on)
    items = sheet.checklist if rule is None or rule.checklist is None else rule.checklist
    return Asked(
        tuple(item for item in items if item.applies_to(kind)),
        tuple(item for item in sheet.readings if item.applies_to(kind)),
    )
