"""Vector tiles of the base map: divisions, their labels and roads, from the county's own tables."""

from __future__ import annotations

from sqlalchemy.orm import Session

from fuliang_gis.cartography.grid import TileAddress
from fuliang_gis.cartography.sql import Fragment, fetch_tile

#: Zoom level of the tile from which a level of divisions is drawn, and named.
BOUNDARIES_FROM = {"county": 0, "township": 8, "village": 11}
LABELS_FROM = {"county": 0, "township": 8, "village": 11}
#: Zoom level of the tile from which a class of roads is drawn.
ROADS_FROM = {
    "trunk": 7,
    "primary": 8,
    "secondary": 9,
    "tertiary": 10,
    "unclassified": 12,
    "track": 13,
}
#: Units along each side of a tile, and beyond it on each side.
EXTENT = 4096
BUFFER = 64

_WORLD_WIDTH_M = 40_075_016.686


def base_tile(session: Session, address: TileAddress) -> bytes:
    """Return one tile with the vector layers ``division``, ``label`` and ``road``."""
    return fetch_tile(session, base_statement(address))


def base_statement(address: TileAddress) -> Fragment:
    """Compose the statement that builds one tile."""
    params = {
        **address.params,
        "margin": BUFFER / EXTENT,
        "tolerance": _tolerance(address.z),
        "boundary_levels": _drawn(BOUNDARIES_FROM, address.z),
        "label_levels": _drawn(LABELS_FROM, address.z),
        "road_classes": _drawn(ROADS_FROM, address.z),
    }
    return Fragment(_STATEMENT, params)


def _drawn(first: dict[str, int], z: int) -> list[str]:
    return [name for name, zoom in first.items() if z >= zoom]


def _tolerance(z: int) -> float:
    """Return half a pixel of a 512-pixel tile [m in EPSG:3857]; less is not seen."""
    return _WORLD_WIDTH_M / float(2**z) / 512 / 2


# The box is a literal in EPSG:4490, made once, so that the indexes on the stored geometry are used.
_BOUNDS = """bounds as not materialized (
    select ST_TileEnvelope(%(z)s, %(x)s, %(y)s) as mercator,
           ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => %(margin)s), 4490) as box
)"""

_DIVISIONS = f"""divisions as (
    select ST_AsMVTGeom(
               ST_Simplify(ST_Transform(boundary, 3857), %(tolerance)s, true),
               mercator, {EXTENT}, {BUFFER}, true) as geom,
           level, code, short_name as name
    from bounds, division
    where level = any(%(boundary_levels)s) and boundary && box
)"""  # noqa: S608  # Constants of this module.

_LABELS = f"""labels as (
    select ST_AsMVTGeom(ST_Transform(coalesce(seat, ST_PointOnSurface(boundary)), 3857),
                        mercator, {EXTENT}, {BUFFER}, true) as geom,
           level, code, short_name as name
    from bounds, division
    where level = any(%(label_levels)s) and boundary && box
)"""  # noqa: S608  # Constants of this module.

# Edges end at every junction; joined by class and name they make long lines, which keep their
# shape when simplified, are a fraction of the bytes and carry a name along the way.
_ROADS = f"""roads as (
    select ST_AsMVTGeom(
               ST_Simplify(ST_Transform(ST_LineMerge(ST_Collect(geom)), 3857), %(tolerance)s, true),
               mercator, {EXTENT}, {BUFFER}, true) as geom,
           road_class as class, name
    from bounds, road
    where road_class = any(%(road_classes)s) and geom && box
    group by road_class, name, mercator
)"""  # noqa: S608  # Constants of this module.

_STATEMENT = f"""with {_BOUNDS}, {_DIVISIONS}, {_LABELS}, {_ROADS}
select (select coalesce(ST_AsMVT(divisions, 'division', {EXTENT}, 'geom'), '') from divisions)
    || (select coalesce(ST_AsMVT(roads, 'road', {EXTENT}, 'geom'), '') from roads)
    || (select coalesce(ST_AsMVT(labels, 'label', {EXTENT}, 'geom'), '') from labels) as tile"""  # noqa: S608  # Constants of this module.
