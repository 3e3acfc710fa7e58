"""What the home page counts over every location, kept until one of them changes.

Both passes over the locations take longer than all else that the page needs, and most readers come
to a county in which nothing has changed since the last one.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.cartography.config import MapConfig, map_config
from fuliang_gis.cartography.versions import BASE_SUBJECTS, stamp
from fuliang_gis.errors import NotFound
from fuliang_gis.locations.queries import Counts, counts
from fuliang_gis.locations.registry import layers
from fuliang_gis.web.context import database, settings

_NAME = "fuliang_home_counts"
#: Readers' divisions and roles whose numbers are kept at a time.
_KEPT = 500


@dataclass(frozen=True)
class HomeCounts:
    """The numbers of the page, and the map's configuration where the division has a boundary."""

    counts: Counts
    config: MapConfig | None


def home_counts(actor: Actor) -> HomeCounts:
    """Return what one reader's page tells, counted anew when a location or division changed."""
    kept: dict[tuple[str, str], tuple[str, HomeCounts]]
    kept = current_app.extensions.setdefault(_NAME, {})
    reader = (actor.scope, actor.role.value)
    with database().session() as session:
        # Read before counting: a change in between is counted, and counted again the next time.
        now = stamp(session, (*layers(), *BASE_SUBJECTS))
        held = kept.get(reader)
        if held and held[0] == now:
            return held[1]
        counted = counts(session, actor)
        try:
            config = map_config(session, actor, settings().basemap)
        except NotFound:
            config = None
    made = HomeCounts(counted, config)
    if len(kept) >= _KEPT:
        kept.clear()
    kept[reader] = (now, made)
    return made
