"""The county's divisions as a tree."""

from __future__ import annotations

from collections import defaultdict

from flask import Blueprint, render_template

from fuliang_gis.areas import queries
from fuliang_gis.areas.models import Division
from fuliang_gis.areas.names import place_name
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("areas", __name__)
blueprint.add_app_template_global(place_name)


@blueprint.get("/areas")
def show() -> str:
    """Show every township with its villages."""
    require_actor()
    with database().session() as session:
        divisions = queries.list_divisions(session)
    children: dict[str | None, list[Division]] = defaultdict(list)
    for division in divisions:
        children[division.parent_code].append(division)
    invented = any(division.invented for division in divisions)
    return render_template("areas.html", children=children, invented=invented)
