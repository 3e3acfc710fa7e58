"""Locations as plain records: for the API, the history and the pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from fuliang_gis.db.base import Json
from fuliang_gis.locations.checks import writable_fields
from fuliang_gis.locations.geometry import as_geojson
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import Layer
from fuliang_gis.locations.sheets import Field


def plain(value: object) -> object:
    """Return a column value as JSON takes it; a number keeps its digits."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value


def values_of(layer: Layer, location: Location) -> dict[str, object]:
    """Return the values a person may write, as columns hold them."""
    return {field.name: getattr(location, field.name) for field in writable_fields(layer)}


def as_record(layer: Layer, location: Location) -> Json:
    """Return everything about a location that may be shown, as JSON takes it."""
    record = {name: plain(value) for name, value in values_of(layer, location).items()}
    return record | {
        "layer": layer.name,
        "geom": as_geojson(location.geom),
        "review_state": location.review_state,
        "invented": location.invented,
        "version": location.version,
        "created_at": plain(location.created_at),
        "updated_at": plain(location.updated_at),
        "deleted_at": plain(location.deleted_at),
        "delete_reason": location.delete_reason,
    }


def display(field: Field, value: object) -> str:
    """Return a value as people read it: labels for choices, 是/否, units."""
    if value is None or value == []:
        return "—"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, (list, tuple)):
        return "、".join(field.choice_labels.get(item, str(item)) for item in value)
    if field.type == "choice":
        return field.choice_labels.get(str(value), str(value))
    if isinstance(value, (int, Decimal, float)) and field.unit != "年":
        return f"{value:,} {field.unit or ''}".strip()
    return str(value)


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[Json, Json]:
    """Return the two sides of what differs, as JSON takes it."""
    names = [name for name in after if before.get(name) != after[name]]
    return ({n: plain(before.get(n)) for n in names}, {n: plain(after[n]) for n in names})
