"""The home page: the county's map with its layers, filters, list, search and numbers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, render_template, request

from fuliang_gis.areas import queries as areas
from fuliang_gis.locations import queries
from fuliang_gis.locations.fields import USE_STATUS
from fuliang_gis.locations.queries import Filters
from fuliang_gis.locations.registry import layers
from fuliang_gis.locations.search import search
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
    return render_template(
        "home.html",
        layers=layers(),
        counts=counted,
        townships=own,
        use_statuses=USE_STATUS.choices,
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
    with database().session() as session:
        numbers = {
            name: queries.count(session, actor, name, _filters(asked, name)) for name in layers()
        }
    return {"counts": numbers}


def _filters(asked: dict[str, str], layer_name: str) -> Filters:
    division = asked.get("division", "")
    return Filters(
        division=division if division.isascii() and division.isdigit() else None,
        kind=asked.get(f"kind.{layer_name}") or None,
        use_status=asked.get("use_status") or None,
    )
