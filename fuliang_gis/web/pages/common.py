"""What several pages need: a location with its division's path, and what may be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fuliang_gis.accounts.policies import may
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.areas.models import Division
from fuliang_gis.locations import queries
from fuliang_gis.locations.checks import writable_fields
from fuliang_gis.locations.fields import REVIEW_STATE
from fuliang_gis.locations.records import as_record
from fuliang_gis.locations.registry import Layer, layer
from fuliang_gis.locations.sheets import Field
from fuliang_gis.web.context import database

#: Colour of the word that tells the use status.
STATUS_TONES = {
    "in_use": "ok",
    "underused": "warn",
    "idle": "warn",
    "damaged": "bad",
    "lost": "bad",
    "disposed": "info",
}


@dataclass(frozen=True)
class Shown:
    """A location as a page shows it."""

    layer: Layer
    record: dict[str, Any]
    path: Sequence[Division]
    may_edit: bool

    @property
    def groups(self) -> dict[str, list[Field]]:
        """The fields that locations of this kind carry, by group."""
        return groups_of(self.layer, self.record)

    def field(self, name: str) -> Field:
        """Return one field of the layer."""
        return next(f for f in (*writable_fields(self.layer), REVIEW_STATE) if f.name == name)


def groups_of(found: Layer, record: dict[str, Any]) -> dict[str, list[Field]]:
    """Return the fields that a location of the record's kind carries, by group."""
    kind = record.get(found.sheet.kind_field) if found.sheet.kind_field else None
    groups: dict[str, list[Field]] = {}
    for item in (*writable_fields(found), REVIEW_STATE):
        if item.applies_to(kind) and item.name not in ("name", "code", "division_code"):
            groups.setdefault(item.group, []).append(item)
    return groups


def shown(actor: Actor, layer_name: str, code: str) -> Shown:
    """Read one location with its division's path.

    Raises:
        NotFound: There is none of that code that the actor may read.
    """
    found = layer(layer_name)
    with database().session() as session:
        location = queries.get(session, actor, layer_name, code)
        path = areas.path(session, location.division_code)
        record = as_record(found, location)
    allowed = may(actor, Permission.EDIT_LOCATIONS, record["division_code"])
    return Shown(found, record, path, allowed)
