"""The home page: the county's map with its layers, filters, list, search and numbers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, render_template, request

from fuliang_gis import clock
from fuliang_gis.areas import queries as areas
from fuliang_gis.cartography.config import layer_changes
from fuliang_gis.inspections.status.queries import beside
from fuliang_gis.inspections.status.rules import styles
from fuliang_gis.locations import queries
from fuliang_gis.locations.fields import USE_STATUS
from fuliang_gis.locations.geometry import county_extent
from fuliang_gis.locations.queries import Filters
from fuliang_gis.locations.registry import layers
from fuliang_gis.locations.search import search
from fuliang_gis.web.context import database
from fuliang_gis.web.home_counts import home_counts
from fuliang_gis.web.pages.common import in_sight
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def show() -> str:
    """Show the county."""
    actor = require_actor()
    # Before all else: what changes meanwhile is told to the open map as new.
    known, told = _changes(), home_counts(actor)
    with database().session() as session:
        townships = areas.list_divisions(session, level="township")
    own = in_sight(actor, townships)
    return render_template(
        "home.html",
        layers=layers(),
        counts=told.counts,
        townships=own,
        use_statuses=USE_STATUS.choices,
        styles=styles(),
        # Carried by the page itself: a question less before the map can draw.
        map_config=asdict(told.config) if told.config else None,
        changes=known,
        county=county_extent(),
    )


@blueprint.get("/map/search")
def find() -> dict[str, Any]:
    """Give the places that what is typed may mean."""
    actor = require_actor()
    text = request.args.get("q", "").replace("\0", "")[:100]
    with database().session() as session:
        found = search(session, actor, text)
    return {"found": [asdict(each) for each in found]}


@blueprint.get("/map/counts")
def count() -> dict[str, Any]:
    """Give the number of locations of each layer that the map's filters let through."""
    actor = require_actor()
    asked = {name: value.replace("\0", "")[:100] for name, value in request.args.items()}
    narrowed = beside(clock.today(), asked.get("status") or None)
    with database().session() as session:
        numbers = {
            name: queries.count(session, actor, name, _filters(asked, name), narrowed)
            for name in layers()
        }
    return {"counts": numbers}


@blueprint.get("/map/changes")
def tell_changes() -> dict[str, Any]:
    """Give the day and the number of each layer's changes, so that an open map stays right."""
    require_actor()
    return _changes()


def _changes() -> dict[str, Any]:
    with database().session() as session:
        return {"today": clock.today().isoformat(), "changes": layer_changes(session)}


def _filters(asked: dict[str, str], layer_name: str) -> Filters:
    division = asked.get("division", "")
    return Filters(
        division=division if division.isascii() and division.isdigit() else None,
        kind=asked.get(f"kind.{layer_name}") or None,
        use_status=asked.get("use_status") or None,
    )
