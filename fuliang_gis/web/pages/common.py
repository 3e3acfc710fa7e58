"""What several pages need: a location with its division's path, and what may be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fuliang_gis import clock
from fuliang_gis.accounts.policies import may, require_role
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.areas.models import Division
from fuliang_gis.inspections.status.queries import Standing, standing
from fuliang_gis.locations import queries
from fuliang_gis.locations.checks import writable_fields
from fuliang_gis.locations.fields import REVIEW_STATE
from fuliang_gis.locations.records import as_record
from fuliang_gis.locations.registry import Layer, layer
from fuliang_gis.locations.sheets import Field
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

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
    may_visit: bool
    standing: Standing

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
        stands = standing(session, location, clock.today())
    may_edit, may_visit = (
        may(actor, permission, record["division_code"])
        for permission in (Permission.EDIT_LOCATIONS, Permission.RECORD_VISITS)
    )
    return Shown(found, record, path, may_edit, may_visit, stands)


def in_sight(actor: Actor, divisions: Sequence[Division]) -> list[Division]:
    """Return the divisions that lie in the actor's own one, or around it."""
    scope = actor.scope
    return [d for d in divisions if d.code.startswith(scope) or scope.startswith(d.code)]


def planner() -> Actor:
    """Return who is asking, who must hold a post that plans rounds.

    Raises:
        SignInRequired: Nobody has signed in.
        Forbidden: The post does not plan rounds.
    """
    actor = require_actor()
    require_role(actor, Permission.MANAGE_ROUNDS)
    return actor
