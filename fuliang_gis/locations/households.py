"""Telling what belongs to one household: never shown without a sign-in, never labelled."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_

from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import Layer, layer

#: Kinds that belong to one household although their asset class may be another.
HOUSEHOLD_KINDS = ("household_toilet", "household", "linked_household")


def of_household(location: Location) -> bool:
    """Tell whether a location belongs to one household."""
    kind_field = layer(location.layer).sheet.kind_field
    kind = getattr(location, kind_field) if kind_field else None
    return location.asset_class == "household" or kind in HOUSEHOLD_KINDS


def of_households(found: Layer) -> ColumnElement[bool]:
    """Return the filter that keeps the locations of a layer that belong to one household."""
    asset_class = Location.asset_class == "household"
    if not found.sheet.kind_field:
        return asset_class
    kind: ColumnElement[str] = getattr(found.cls, found.sheet.kind_field)
    return or_(asset_class, kind.in_(HOUSEHOLD_KINDS))
