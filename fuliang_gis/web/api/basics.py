"""Who is asking, what layers there are, how the map is set up, and the county's divisions."""

from __future__ import annotations

from dataclasses import asdict

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis.accounts.policies import has
from fuliang_gis.accounts.roles import Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.areas.models import Division
from fuliang_gis.cartography.config import map_config
from fuliang_gis.locations.checks import writable_fields
from fuliang_gis.locations.registry import Layer, layers
from fuliang_gis.web.api import schemas
from fuliang_gis.web.api.replies import answers, reply, reply_document
from fuliang_gis.web.context import database, settings
from fuliang_gis.web.session import require_actor

TAGS = [Tag(name="basics", description="账号、图层、行政区划 Account, layers, divisions")]


def register(api: APIBlueprint) -> None:
    """Add the operations."""
    api.get("/me", tags=TAGS, responses=answers(schemas.Me))(get_me)
    api.get("/layers", tags=TAGS, responses=answers(schemas.Layers))(list_layers)
    api.get("/map-config", tags=TAGS, responses=answers(_MAP_CONFIG))(get_map_config)
    api.get("/divisions", tags=TAGS, responses=answers(schemas.Divisions))(list_divisions)
    api.get("/divisions/<code>", tags=TAGS, responses=answers(schemas.DivisionOut))(get_division)


_MAP_CONFIG = {
    "description": "What the map modules need",
    "content": {"application/json": {"schema": {"type": "object"}}},
}


def get_me() -> Response:
    """Tell who is asking, and what that person may do."""
    actor = require_actor()
    return reply(
        schemas.Me(
            username=actor.username,
            display_name=actor.display_name,
            role=actor.role.value,
            role_name=actor.role_name,
            scope=actor.scope,
            scope_name=actor.scope_name,
            permissions=sorted(p.value for p in Permission if has(actor, p)),
        )
    )


def list_layers() -> Response:
    """List every layer with its fields, labels, units, choices and symbols."""
    require_actor()
    return reply(schemas.Layers(layers=[_layer(found) for found in layers().values()]))


def _layer(found: Layer) -> schemas.LayerOut:
    sheet = found.sheet
    return schemas.LayerOut.model_validate(
        {
            "name": found.name,
            "title": asdict(sheet.title),
            "geometry": list(sheet.geometry),
            "asset_class": sheet.asset_class,
            "kind_field": sheet.kind_field,
            "colour": sheet.colour,
            "icon": sheet.icon,
            "legend": [asdict(kind) for kind in sheet.kinds],
            "fields": [asdict(field) for field in writable_fields(found)],
        }
    )


def get_map_config() -> Response:
    """Return what the map modules need: extent, tile addresses, symbols, basemap."""
    actor = require_actor()
    with database().session() as session:
        document = map_config(session, actor, settings().basemap)
    return reply_document(asdict(document))


def list_divisions(query: schemas.DivisionFilter) -> Response:
    """List divisions, of one parent or one level when told."""
    require_actor()
    with database().session() as session:
        found = areas.list_divisions(session, parent=query.parent, level=query.level)
    return reply(schemas.Divisions(divisions=[_division(division) for division in found]))


def get_division(path: schemas.DivisionPath) -> Response:
    """Read one division."""
    require_actor()
    with database().session() as session:
        return reply(_division(areas.get(session, path.code)))


def _division(division: Division) -> schemas.DivisionOut:
    return schemas.DivisionOut.model_validate(
        {
            "code": division.code,
            "name": division.name,
            "level": division.level,
            "parent_code": division.parent_code,
            "invented": division.invented,
        }
    )
