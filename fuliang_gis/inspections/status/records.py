"""Locations as plain records with their status, as the API gives them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import Json
from fuliang_gis.inspections.status.queries import statuses
from fuliang_gis.inspections.status.rules import Status
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.records import as_record
from fuliang_gis.locations.registry import layer


def with_status(session: Session, actor: Actor, locations: Sequence[Location]) -> list[Json]:
    """Return locations with their statuses, as JSON takes them; one statement for all.

    What is found wrong is the county's own matter: the public (account 0) sees no status.
    """
    ids = [location.id for location in locations] if actor.account_id else []
    found = statuses(session, ids, clock.today()) if ids else {}
    return [
        as_record(layer(location.layer), location) | {"status": _told(found.get(location.id))}
        for location in locations
    ]


def _told(status: Status | None) -> Json | None:
    if status is None:
        return None
    return {
        "code": status.code.value,
        "zh": status.zh,
        "en": status.en,
        "colour": status.colour,
        "sentence": status.sentence,
    }
