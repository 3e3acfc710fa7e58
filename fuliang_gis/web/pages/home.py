"""The home page: the county's map, its layers and townships with their numbers."""

from __future__ import annotations

from flask import Blueprint, render_template

from fuliang_gis.areas import queries as areas
from fuliang_gis.locations import queries
from fuliang_gis.locations.registry import layers
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def show() -> str:
    """Show the county."""
    actor = require_actor()
    with database().session() as session:
        counted = queries.counts(session, actor)
        townships = areas.list_divisions(session, level="township")
    own = [t for t in townships if t.code.startswith(actor.scope) or actor.scope.startswith(t.code)]
    return render_template("home.html", layers=layers(), counts=counted, townships=own)
